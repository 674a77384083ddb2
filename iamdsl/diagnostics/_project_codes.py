"""Codes about a project: its promises, its machine, what it imports; and a bug of ours."""

from __future__ import annotations

from iamdsl.diagnostics._core import Code, Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

# 4: what a project promises of itself (401 to 429: tests and guards)
CHECK_FAILED = Code("IAM401", "check-failed", _ERROR, "A check of a test does not hold.")
GUARD_BROKEN = Code(
    "IAM402", "guard-broken", _ERROR, "An identity may do what a guard says that it never may."
)
UNKNOWN_PERMISSIONS = Code(
    "IAM403",
    "unknown-permissions",
    _ERROR,
    "What a check or guard asks hangs on a policy whose document is not at hand.",
)
UNDECIDED = Code(
    "IAM404",
    "undecided",
    _ERROR,
    "Whether a check or guard holds could be neither proved nor refuted.",
)
NEEDLESS_EXCEPTION = Code(
    "IAM405",
    "needless-exception",
    _WARNING,
    "A guard excepts an identity that does not break it.",
)
NO_TESTS = Code("IAM406", "no-tests", _ERROR, "There is no test to run.")
UNANSWERABLE_CHECK = Code(
    "IAM407", "unanswerable-check", _ERROR, "A check asks what its subject has no answer to."
)
NEVER_DECIDES = Code(
    "IAM408", "never-decides", _NOTE, "No test is decided by a statement (`test --coverage`)."
)
SURVIVING_MUTANT = Code(
    "IAM409",
    "surviving-mutant",
    _WARNING,
    "A policy was damaged and no test failed (`test --mutate`).",
)

# 430 to 439: simulating
MISPLACED_POLICY = Code(
    "IAM430",
    "misplaced-policy",
    _ERROR,
    "A policy is given where AWS takes none like it: with principals, or without.",
)

# 440 to 449: what was built, and what is asked of it
NO_BUILD = Code(
    "IAM440", "no-build", _ERROR, "A folder holds no build that this version of iamdsl can read."
)
CHANGED_BUILD = Code(
    "IAM441",
    "changed-build",
    _ERROR,
    "A file of a build is missing, or is not as it was built.",
)
DAMAGED_BUILD = Code(
    "IAM442", "damaged-build", _ERROR, "A build holds something that no build is written with."
)
UNKNOWN_SUBJECT = Code(
    "IAM443",
    "unknown-subject",
    _ERROR,
    "A question names somebody or something that the project does not have.",
)
AMBIGUOUS_SUBJECT = Code(
    "IAM444", "ambiguous-subject", _ERROR, "A question names what could be several things."
)
UNKNOWN_PLACE = Code(
    "IAM445",
    "unknown-place",
    _ERROR,
    "A question needs an account that neither the project nor the question tells.",
)
UNSURE_ANSWER = Code(
    "IAM446", "unsure-answer", _ERROR, "An answer hangs on a policy that is not at hand."
)

# 450 to 459: comparing
NO_COMMIT = Code("IAM450", "no-commit", _ERROR, "What is to be compared with is no commit.")
NO_REPOSITORY = Code(
    "IAM451", "no-repository", _ERROR, "There is no git repository that can be read."
)
NOT_IN_COMMIT = Code(
    "IAM452", "not-in-commit", _ERROR, "A commit does not have yet what is to be compared."
)
NOTHING_TO_COMPARE = Code(
    "IAM453", "nothing-to-compare", _ERROR, "What is to be compared holds nothing of IAM's."
)
OPEN_DOCUMENT = Code(
    "IAM454",
    "open-document",
    _ERROR,
    "A document that is to be compared leaves open what only a deployment knows.",
)
NOTHING_IN_COMMON = Code(
    "IAM455", "nothing-in-common", _WARNING, "Two things that are compared have no name in common."
)
UNLIKE_DOCUMENTS = Code(
    "IAM456",
    "unlike-documents",
    _WARNING,
    "The policy of a resource is compared with that of an identity.",
)

# 460 to 469: proving
UNPROVED = Code(
    "IAM460", "unproved", _WARNING, "A build is not proved to mean what its sources do."
)

# 470 to 479: documenting
BROKEN_EXAMPLE = Code(
    "IAM470", "broken-example", _WARNING, "The example in a doc comment does not compile."
)

# 5: project and machine
BAD_CONFIG = Code(
    "IAM501", "bad-config", _ERROR, "The configuration file cannot be read or has an unknown key."
)
NO_SOURCES = Code("IAM502", "no-sources", _ERROR, "There is nothing to compile.")
UNREADABLE_FILE = Code("IAM503", "unreadable-file", _ERROR, "A file cannot be read.")
UNWRITABLE_OUTPUT = Code("IAM504", "unwritable-output", _ERROR, "The output cannot be written.")
BAD_CATALOGUE = Code("IAM505", "bad-catalogue", _ERROR, "The catalogue file cannot be used.")
UNOWNED_OUTPUT = Code(
    "IAM506", "unowned-output", _ERROR, "A file in the way of the output was not written by iamdsl."
)
BAD_LOCK = Code("IAM507", "bad-lock", _ERROR, "The lock file is damaged, or would have to change.")

# 6: import
NOT_A_POLICY = Code(
    "IAM601", "not-a-policy", _ERROR, "What is to be imported is no policy document of IAM's."
)
NOT_SAYABLE = Code(
    "IAM602", "not-sayable", _ERROR, "What is to be imported has no exact form in the language."
)
KEPT_VERBATIM = Code(
    "IAM603",
    "kept-verbatim",
    _WARNING,
    "An imported name is not in the catalogue, and is kept as it was written.",
)
NOTHING_TO_IMPORT = Code(
    "IAM604", "nothing-to-import", _ERROR, "What is to be imported holds nothing of IAM's."
)
NOT_JSON = Code("IAM605", "not-json", _ERROR, "What is to be imported is no JSON, or no sound one.")
UNCLEAR_KIND = Code(
    "IAM606",
    "unclear-kind",
    _ERROR,
    "What kind of policy a document is, or of which resource, cannot be told from it.",
)
WRONG_KIND = Code(
    "IAM607", "wrong-kind", _ERROR, "A document is not of the kind that it is to be imported as."
)
MADE_BY_AWS = Code(
    "IAM609",
    "made-by-aws",
    _WARNING,
    "Roles that only AWS can make stand in what is imported, and are left out.",
)
LEFT_OUT = Code(
    "IAM630",
    "left-out",
    _WARNING,
    "A part of what is imported has no place in the language, and is left out.",
)
BAD_ANSWER = Code(
    "IAM631", "bad-answer", _ERROR, "An answer of AWS's lacks a part, or has it in another form."
)
ONE_PAGE = Code("IAM632", "one-page", _WARNING, "An answer of AWS's is one page of several.")
FOUND_TWICE = Code(
    "IAM633", "found-twice", _ERROR, "Two things that are to be imported have one name."
)
SEVERAL_ACCOUNTS = Code(
    "IAM651", "several-accounts", _ERROR, "Files of several accounts are imported as one."
)
OPEN_BLANK = Code(
    "IAM650", "open-blank", _WARNING, "An imported document has a blank, which becomes an extern."
)
# 610 to 619: templates of CloudFormation and SAM
INEXACT_INTRINSIC = Code(
    "IAM610",
    "inexact-intrinsic",
    _ERROR,
    "A function of a template decides at deployment what a policy says, and has no exact form.",
)
CONDITIONAL_RESOURCE = Code(
    "IAM611",
    "conditional-resource",
    _WARNING,
    "A resource of a template is there under a condition only, and is imported without it.",
)
NAME_NOT_KEPT = Code(
    "IAM612",
    "name-not-kept",
    _WARNING,
    "A name in a template is made at deployment, or taken already, and another one stands for it.",
)
BAD_TEMPLATE = Code(
    "IAM614",
    "bad-template",
    _ERROR,
    "A template has not the form that CloudFormation asks for, or speaks of what it does not hold.",
)
NEEDS_EXTRA = Code(
    "IAM615", "needs-extra", _ERROR, "A package that reads this kind of file is not installed."
)
BAD_YAML = Code("IAM616", "bad-yaml", _ERROR, "A YAML file cannot be read.")
SAM_TEMPLATE = Code(
    "IAM617",
    "sam-policy-template",
    _ERROR,
    "A policy template of SAM is not known here, or not given what it asks for.",
)
# 620 to 629: Terraform
COMPUTED_EXPRESSION = Code(
    "IAM620",
    "computed-expression",
    _ERROR,
    "What an expression of Terraform's comes to is known to Terraform alone.",
)
UNKNOWN_UNTIL_APPLY = Code(
    "IAM621", "unknown-until-apply", _ERROR, "A plan of Terraform's does not know what is needed."
)
NOT_HCL = Code("IAM622", "not-hcl", _ERROR, "A file of Terraform's cannot be read.")
NOT_PLACED = Code(
    "IAM623",
    "not-placed",
    _WARNING,
    "What a policy belongs to, or is attached to, is not part of what is imported.",
)
NOT_A_STATE = Code(
    "IAM624",
    "not-a-state",
    _ERROR,
    "JSON of Terraform's has not the form of a state or a plan, or of a resource that is known.",
)

# 9: ourselves
INTERNAL_ERROR = Code("IAM901", "internal-error", _ERROR, "A bug in iamdsl.")
