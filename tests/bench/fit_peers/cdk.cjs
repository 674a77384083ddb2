// node cdk.cjs MODULES WHAT IN OUT: what aws-cdk-lib makes of policies.
//   minimize  IN: documents by name.   OUT: {seconds, slowest, documents}
//   roles     IN: documents by name.   OUT: {seconds, slowest, roles: {name: {inline, managed}}}
//   edits     IN: {statements, edits}, each edit [at, how many go, [what comes]].
//             OUT: {seconds, slowest, steps: [inline, managed] before all and after each,
//             [characters, a hash] by name}
// Seconds are of CPU, without those of starting node and loading the library.
const crypto = require('crypto');
const fs = require('fs');
const [, , modules, what, input, output] = process.argv;
const require_ = require('module').createRequire(`${modules}/here.js`);
const { App, Stack } = require_('aws-cdk-lib');
const { PolicyDocument, PolicyStatement, Role, ServicePrincipal } = require_('aws-cdk-lib/aws-iam');

const given = JSON.parse(fs.readFileSync(input, 'utf8'));
const outdir = fs.mkdtempSync(`${output}-synth-`);
const list = value => (Array.isArray(value) ? value : [value]);
const seconds = used => (used.user + used.system) / 1e6;
const stackOf = () => new Stack(
  new App({ outdir, context: { '@aws-cdk/aws-iam:minimizePolicies': true } }), 'stack');

function minimized(document) {
  const statements = list(document.Statement).map(s => PolicyStatement.fromJson(s));
  return stack.resolve(new PolicyDocument({ statements, minimize: true }));
}

function role(statements) {
  const stack = stackOf();
  const made = new Role(stack, 'role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  for (const s of statements) made.addToPrincipalPolicy(PolicyStatement.fromJson(s));
  const assembly = stack.node.root.synth();
  const resources = assembly.getStackArtifact(stack.artifactId).template.Resources;
  const found = { inline: {}, managed: {} };
  for (const [name, { Type, Properties }] of Object.entries(resources)) {
    if (Type === 'AWS::IAM::Policy') found.inline[name] = Properties.PolicyDocument;
    if (Type === 'AWS::IAM::ManagedPolicy') found.managed[name] = Properties.PolicyDocument;
  }
  return found;
}

let slowest = [0, ''];
function timed(name, make) {
  const began = process.cpuUsage();
  const made = make();
  const took = seconds(process.cpuUsage(began));
  if (took > slowest[0]) slowest = [took, name];
  return made;
}

function edits({ statements, edits }) {
  const steps = [[0, 0, []], ...edits].map(([at, gone, come], i) => {
    statements.splice(at, gone, ...come);
    const { inline, managed } = timed(`step ${i}`, () => role(statements));
    return ['inline', 'managed'].map(kind => Object.fromEntries(
      Object.entries(kind === 'inline' ? inline : managed).map(([name, document]) => {
        const text = JSON.stringify(document);
        return [name, [text.length, crypto.createHash('sha1').update(text).digest('hex')]];
      })));
  });
  return { steps };
}

const stack = stackOf();
const each = make => Object.fromEntries(
  Object.entries(given).map(([name, document]) => [name, timed(name, () => make(document))]));
const began = process.cpuUsage();
const made =
  what === 'minimize' ? { documents: each(minimized) }
  : what === 'roles' ? { roles: each(document => role(list(document.Statement))) }
  : edits(given);
const used = seconds(process.cpuUsage(began));
fs.writeFileSync(output, JSON.stringify({ seconds: used, slowest, ...made }));
fs.rmSync(outdir, { recursive: true });
