"""Codes of the review: nothing that fails a build, but what a careful reader would say."""

from __future__ import annotations

from iamdsl.diagnostics._core import Code, Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

# What AWS's reference says of a statement, as far as the compiler has not said it
IDLE_RESOURCE = Code(
    "IAM801",
    "idle-resource",
    _NOTE,
    "No action of a statement applies to one of its resources.",
    strict=True,
)
UNSUPPORTED_KEY = Code(
    "IAM802",
    "unsupported-key",
    _WARNING,
    "Requests for an action never carry a condition key that its statement tests.",
)
MISSING_DEPENDENT = Code(
    "IAM803",
    "missing-dependent",
    _NOTE,
    "An action is allowed without another that its calls need as well.",
)
PRIVATE_ADDRESS = Code(
    "IAM804",
    "private-address",
    _WARNING,
    "A private address stands where AWS sees public ones only.",
)
WRONG_PARTITION = Code(
    "IAM805",
    "wrong-partition",
    _WARNING,
    "An ARN or a service principal is of another partition than what stands beside it.",
)
IMPOSSIBLE_VALUE = Code(
    "IAM806",
    "impossible-value",
    _WARNING,
    "A condition key can never have the value that it is compared with.",
)
HOST_BITS = Code("IAM807", "host-bits", _NOTE, "A network has bits set behind its mask.")
SERVICE_PATTERN = Code(
    "IAM808", "service-pattern", _NOTE, "A wildcard stands in the name of a service."
)
OLD_LANGUAGE = Code(
    "IAM809",
    "old-language",
    _WARNING,
    "A document is written in the policy language of 2008, or does not say in which.",
)
DEPRECATED_KEY = Code(
    "IAM810", "deprecated-key", _WARNING, "AWS has replaced a condition key by another."
)
UNPAIRED_KEY = Code(
    "IAM811",
    "unpaired-key",
    _WARNING,
    "A condition key keeps nothing out without another beside it.",
)
UNTRUSTWORTHY_KEY = Code(
    "IAM812",
    "untrustworthy-key",
    _WARNING,
    "Whoever asks can write into a condition key what they like.",
)
LOOSE_VALUE = Code(
    "IAM813",
    "loose-value",
    _WARNING,
    "A wildcard or variable in a value lets in more than one party.",
)

# What somebody could do with it
ESCALATION = Code(
    "IAM820",
    "escalation",
    _WARNING,
    "Somebody can give themselves more permissions than they were given.",
)
OPEN_PASS_ROLE = Code(
    "IAM821", "open-pass-role", _WARNING, "Any role can be passed to any service."
)
OPEN_SERVICE_LINKED_ROLE = Code(
    "IAM822",
    "open-service-linked-role",
    _WARNING,
    "Service-linked roles of any service can be made.",
)
ALLOW_ALL_BUT = Code(
    "IAM823",
    "allow-all-but",
    _WARNING,
    "An `allow` names what it leaves out, so that everything else is in it.",
)
FULL_ACCESS = Code("IAM824", "full-access", _WARNING, "Everything is allowed on everything.")
PUBLIC_ACCESS = Code("IAM825", "public-access", _WARNING, "Anyone in the world is let in.")
OTHER_ACCOUNT_ACCESS = Code(
    "IAM826", "other-account-access", _NOTE, "Another account is let in.", strict=True
)
CONFUSED_DEPUTY = Code(
    "IAM827", "confused-deputy", _WARNING, "A service is let in whoever it works for."
)
NO_EXTERNAL_ID = Code(
    "IAM828",
    "no-external-id",
    _WARNING,
    "Everyone in another account may assume a role, and no external id is asked for.",
)
CREDENTIALS_EXPOSED = Code(
    "IAM829",
    "credentials-exposed",
    _NOTE,
    "An `allow` without limits gives out credentials.",
    strict=True,
)
NO_MFA = Code(
    "IAM830", "no-mfa", _WARNING, "People may assume a powerful role without a second factor."
)
OWN_ACCOUNT_TRUSTED = Code(
    "IAM831",
    "own-account-trusted",
    _NOTE,
    "A role trusts its whole account, the root user included.",
    strict=True,
)
RESOURCE_POLICIES_WRITABLE = Code(
    "IAM832",
    "resource-policies-writable",
    _NOTE,
    "The policies of all resources of a service can be rewritten.",
    strict=True,
)
UNGUARDED_RCP = Code(
    "IAM833", "unguarded-rcp", _WARNING, "An RCP denies what AWS's own services do for the account."
)
WAY_TO_ADMINISTRATOR = Code(
    "IAM834",
    "way-to-administrator",
    _WARNING,
    "An identity can become another of the project that may do everything.",
)
DATA_EXPOSED = Code(
    "IAM835",
    "data-exposed",
    _NOTE,
    "An `allow` without limits reads the data of a whole service.",
    strict=True,
)

# What AWS calls best practice
USER_WITH_POLICIES = Code(
    "IAM840",
    "user-with-policies",
    _NOTE,
    "A user has policies of their own, and not by a group.",
    strict=True,
)
USER_DECLARED = Code(
    "IAM841",
    "user-declared",
    _NOTE,
    "A user has long-lived credentials; a role has none.",
    strict=True,
)
SERVICE_WILDCARD = Code(
    "IAM842",
    "service-wildcard",
    _NOTE,
    "All actions of a service are allowed, those of tomorrow too.",
    strict=True,
)
ANY_RESOURCE = Code(
    "IAM843",
    "any-resource",
    _NOTE,
    "What can be limited to resources is allowed on all of them.",
    strict=True,
)
NO_BOUNDARY = Code(
    "IAM844",
    "no-boundary",
    _NOTE,
    "Identities can be made without a permissions boundary.",
    strict=True,
)
UNCONDITIONED_ADMINISTRATION = Code(
    "IAM845",
    "unconditioned-administration",
    _NOTE,
    "Permissions can be changed from anywhere, without a second factor.",
    strict=True,
)
ADMINISTRATOR_ATTACHED = Code(
    "IAM846",
    "administrator-attached",
    _WARNING,
    "A policy of AWS's that allows nearly everything is attached.",
)
NAME_STYLE = Code(
    "IAM847", "name-style", _NOTE, "A name is not written as names of its kind are.", strict=True
)
UNATTACHED_POLICY = Code(
    "IAM848",
    "unattached-policy",
    _NOTE,
    "A policy is attached to nothing in the project.",
    strict=True,
)

# What a program says twice, or in vain
REDUNDANT_STATEMENT = Code(
    "IAM860", "redundant-statement", _NOTE, "Other statements say all that a statement does."
)
INEFFECTIVE_STATEMENT = Code(
    "IAM861",
    "ineffective-statement",
    _WARNING,
    "A boundary, an SCP or a `deny` takes away all that a statement allows.",
)
NEVER_TRUE = Code("IAM862", "never-true", _WARNING, "No request meets a condition.")
ALWAYS_TRUE = Code(
    "IAM863", "always-true", _WARNING, "Every request meets a test, so that it keeps nothing out."
)
REDUNDANT_VALUE = Code(
    "IAM864", "redundant-value", _NOTE, "Another value of the same list says all that one does."
)

# What was to be passed over
NEEDLESS_SUPPRESSION = Code(
    "IAM880", "needless-suppression", _WARNING, "A finding is to be passed over, and there is none."
)
UNEXPLAINED_SUPPRESSION = Code(
    "IAM881",
    "unexplained-suppression",
    _WARNING,
    "A finding is to be passed over, and nobody said why.",
)
BAD_SUPPRESSION = Code(
    "IAM882",
    "bad-suppression",
    _ERROR,
    "What is to be passed over is no finding, or one that cannot be.",
)
BAD_BASELINE = Code(
    "IAM883", "bad-baseline", _ERROR, "The baseline cannot be read, or is of another form."
)
