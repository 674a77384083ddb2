"""Codes about sources: text and syntax, names, types and AWS's facts, what IAM can hold."""

from __future__ import annotations

from iamdsl.diagnostics._core import Code, Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


# 0: text and syntax
SYNTAX_ERROR = Code(
    "IAM001", "syntax-error", _ERROR, "A token stands where the grammar has no place for it."
)
UNTERMINATED_STRING = Code(
    "IAM002", "unterminated-string", _ERROR, "A string has no closing quote on its line."
)
UNCLOSED_BRACKET = Code(
    "IAM003",
    "unclosed-bracket",
    _ERROR,
    "A bracket is opened and never closed, or closed and never opened.",
)
BAD_ESCAPE = Code(
    "IAM004",
    "bad-escape",
    _ERROR,
    "A backslash in a string is followed by something that is no escape.",
)
BAD_LITERAL = Code(
    "IAM005", "bad-literal", _ERROR, "A number, date, duration, address or network cannot be read."
)
FORBIDDEN_CHARACTER = Code(
    "IAM006",
    "forbidden-character",
    _ERROR,
    "A control, bidirectional or reserved character stands in a source.",
)
MIXED_UP_INTERPOLATION = Code(
    "IAM007",
    "mixed-up-interpolation",
    _ERROR,
    "`{…}` holds a condition key, or `${…}` holds a name of the source.",
)
MIXED_AND_OR = Code(
    "IAM008", "mixed-and-or", _ERROR, "`and` and `or` stand side by side without parentheses."
)
REPEATED_CLAUSE = Code("IAM009", "repeated-clause", _ERROR, "A clause or setting is written twice.")
MISPLACED = Code(
    "IAM010",
    "misplaced",
    _ERROR,
    "A statement, clause or declaration stands where its kind has no place for it.",
)
NESTED_TOO_DEEP = Code(
    "IAM011", "nested-too-deep", _ERROR, "Brackets or blocks are nested deeper than 64 levels."
)
NOT_TEXT = Code("IAM012", "not-text", _ERROR, "A source is not UTF-8 text.")
FILE_TOO_LARGE = Code("IAM013", "file-too-large", _ERROR, "A source is larger than 4 MB.")
MISSING_CLAUSE = Code(
    "IAM014", "missing-clause", _ERROR, "A statement lacks a clause that its place requires."
)

# IAM016 (unchecked) was what tests and guards got before they were run and proved.
FOREIGN_PATTERN = Code(
    "IAM018",
    "foreign-pattern",
    _WARNING,
    "A pattern under `like` is written as a regular expression or as SQL.",
)

# 1: names and modules
UNKNOWN_NAME = Code(
    "IAM101", "unknown-name", _ERROR, "A name is not declared anywhere it could be seen from here."
)
DUPLICATE_NAME = Code(
    "IAM102", "duplicate-name", _ERROR, "Two declarations in one place have one name."
)
IMPORT_NOT_FOUND = Code(
    "IAM103",
    "import-not-found",
    _ERROR,
    "An import names no file, standard module or installed package.",
)
CYCLIC_DEFINITION = Code(
    "IAM104", "cyclic-definition", _ERROR, "Imports, values or templates lead back to themselves."
)
IMPORT_OUTSIDE = Code(
    "IAM105", "import-outside", _ERROR, "An import leaves the roots of the project."
)
WRONG_ARGUMENTS = Code(
    "IAM106",
    "wrong-arguments",
    _ERROR,
    "A template, builder or function is called with other arguments than it takes.",
)
PRIVATE_NAME = Code(
    "IAM107", "private-name", _ERROR, "A name beginning with `_` is used outside its module."
)
MISSING_PARAM = Code(
    "IAM108", "missing-param", _ERROR, "A param without a default has no value in this build."
)
UNKNOWN_PARAM = Code(
    "IAM109", "unknown-param", _ERROR, "A value is set for a param that no source declares."
)
UNUSED_NAME = Code(
    "IAM110",
    "unused-name",
    _WARNING,
    "A param, let, import, template, parameter or loop variable is never used.",
)
BAD_DATA = Code("IAM111", "bad-data", _ERROR, "Imported data does not have its declared type.")
SHADOWED_NAME = Code(
    "IAM112", "shadowed-name", _WARNING, "A name hides another that could be meant in its place."
)
BAD_PACKAGE = Code(
    "IAM113",
    "bad-package",
    _ERROR,
    "An installed package claims a name of modules that it does not have, or that another claims.",
)

AMBIGUOUS_NAME = Code(
    "IAM117", "ambiguous-name", _ERROR, "A name stands for several things; one ARN is asked for."
)

# 2: types, and what AWS knows
BAD_PLACE = Code(
    "IAM115",
    "bad-place",
    _ERROR,
    "An organization, ou or account has an id that AWS could not have given, or stands too deep.",
)
OTHER_ACCOUNT = Code(
    "IAM116", "other-account", _ERROR, "What is joined is in two accounts, and IAM cannot join it."
)

UNKNOWN_ACTION = Code("IAM201", "unknown-action", _ERROR, "An action is not in the catalogue.")
UNKNOWN_SERVICE = Code(
    "IAM202", "unknown-service", _ERROR, "A service prefix is not in the catalogue."
)
RETIRED_ACTION = Code("IAM203", "retired-action", _WARNING, "AWS has removed an action.")
EMPTY_WILDCARD = Code("IAM204", "empty-wildcard", _ERROR, "An action pattern matches nothing.")
UNKNOWN_KEY = Code("IAM205", "unknown-key", _ERROR, "A condition key is not in the catalogue.")
WRONG_TYPE = Code("IAM206", "wrong-type", _ERROR, "A value has another type than its place needs.")
OPERATOR_MISMATCH = Code(
    "IAM207",
    "operator-mismatch",
    _WARNING,
    "A value's type is not the one AWS gives the condition key.",
)
UNKNOWN_RESOURCE_TYPE = Code(
    "IAM208", "unknown-resource-type", _ERROR, "A service has no resource type of that name."
)
QUANTIFIER_MISMATCH = Code(
    "IAM209",
    "quantifier-mismatch",
    _ERROR,
    "`any` or `all` is missing on a many-valued key, or stands on a single-valued one.",
)
WILDCARD_IN_EQUALS = Code(
    "IAM210",
    "wildcard-in-equals",
    _WARNING,
    "A `*` or `?` stands under `==`, where it is an ordinary character.",
)
UNKNOWN_MANAGED_POLICY = Code(
    "IAM211", "unknown-managed-policy", _ERROR, "AWS has no managed policy of that name."
)
WIDENING_DATA = Code(
    "IAM212",
    "widening-data",
    _ERROR,
    "A value from outside holds `*`, `?` or `${` where a pattern stands.",
)
RESOURCE_MISMATCH = Code(
    "IAM213",
    "resource-mismatch",
    _WARNING,
    "No action of the statement applies to that kind of resource.",
)
BAD_ARN = Code("IAM214", "bad-arn", _ERROR, "An ARN or resource is not of a form that IAM accepts.")
MISSING_KEY_DECIDES = Code(
    "IAM215",
    "missing-key-decides",
    _WARNING,
    "A condition of an `allow` is met by requests that lack the key.",
)
BAD_PRINCIPAL = Code(
    "IAM216", "bad-principal", _ERROR, "A principal is not of a form that IAM accepts."
)

FOLDED_AWAY = Code(
    "IAM217", "folded-away", _NOTE, "A statement says nothing in this build, and is left out."
)

UNKNOWN_SERVICE_PRINCIPAL = Code(
    "IAM218",
    "unknown-service-principal",
    _WARNING,
    "A service principal looks like a slip of a well-known one.",
)

OPEN_TRUST = Code(
    "IAM219", "open-trust", _WARNING, "Anyone in AWS may assume a role: its trust has no condition."
)

ALWAYS_MET = Code(
    "IAM220", "always-met", _WARNING, "A condition or `except` of an `allow` keeps nothing out."
)

VALUELESS_VARIABLE = Code(
    "IAM221",
    "valueless-variable",
    _WARNING,
    "A comparison in an `allow` holds where its variable has no value.",
)
GUESSED_TYPE = Code(
    "IAM222",
    "guessed-type",
    _WARNING,
    "A key that the catalogue does not know is compared by the kind of its value.",
)
DATE_IS_AN_INSTANT = Code(
    "IAM223",
    "date-is-an-instant",
    _WARNING,
    "A day stands under `==` or `in`, where it is only its first instant.",
)

UNTESTED_CLAIM = Code(
    "IAM224",
    "untested-claim",
    _ERROR,
    "A trust of a shared identity provider does not test the claim that IAM insists on.",
)
OPEN_PROVIDER = Code(
    "IAM225",
    "open-provider",
    _WARNING,
    "A trust of an identity provider lets in tokens of anyone whom it serves.",
)
NO_RESOURCE_POLICY = Code(
    "IAM226", "no-resource-policy", _ERROR, "A resource has no policy of its own."
)
NOT_PRINCIPAL = Code(
    "IAM227",
    "not-principal",
    _WARNING,
    "Exceptions from `to anyone` deny more principals than they seem to.",
)

ALTERNATIVES_IN_A_LOOP = Code(
    "IAM228",
    "alternatives-in-a-loop",
    _NOTE,
    "A loop makes statements that allow the same, each by a condition of its own.",
)

PINNED = Code(
    "IAM229",
    "pinned",
    _NOTE,
    "A class of actions is kept as it was first built, and this catalogue has another answer.",
)

KEPT_AS_WRITTEN = Code(
    "IAM230",
    "kept-as-written",
    _WARNING,
    "A test, or a resource, has no meaning that AWS's pages tell, and is emitted as it is written.",
)

# 3: what IAM can hold
TOO_LARGE = Code(
    "IAM301", "too-large", _ERROR, "A document is over its size limit and cannot be split."
)
TOO_MANY_ATTACHMENTS = Code(
    "IAM302", "too-many-attachments", _ERROR, "More policies would be attached than quotas allow."
)
BAD_NAME = Code("IAM303", "bad-name", _ERROR, "AWS would refuse a name, path or other setting.")
INEXPRESSIBLE_CONDITION = Code(
    "IAM304", "inexpressible-condition", _ERROR, "No IAM condition says just what the formula says."
)
TOO_MANY_STATEMENTS = Code(
    "IAM305", "too-many-statements", _ERROR, "A condition needs more statements than the bound."
)
ELEMENT_NOT_ALLOWED = Code(
    "IAM306", "element-not-allowed", _ERROR, "The kind of policy has no place for an element."
)
BAD_SID = Code(
    "IAM307",
    "bad-sid",
    _ERROR,
    "A Sid has characters that IAM refuses, or is used twice in one document.",
)
UNRESOLVED_VALUE = Code(
    "IAM308",
    "unresolved-value",
    _ERROR,
    "A value known only at deployment stands in output that cannot hold it.",
)
EXPANSION_LIMIT = Code(
    "IAM309", "expansion-limit", _ERROR, "Loops and templates expand past the bound."
)
INEXACT_SET = Code(
    "IAM310",
    "inexact-set",
    _ERROR,
    "A set of actions, resources or principals has no exact form in IAM.",
)
EMPTY_DOCUMENT = Code(
    "IAM311", "empty-document", _ERROR, "A policy has no statement, or a role no trust."
)
UNPUBLISHED_LIMIT = Code(
    "IAM312",
    "unpublished-limit",
    _NOTE,
    "A resource's policy is large, and AWS publishes no limit for its service.",
)
DISPUTED_FORM = Code(
    "IAM313",
    "disputed-form",
    _WARNING,
    "AWS's own pages disagree whether a kind of policy takes what is written.",
)
PLACED_ANEW = Code(
    "IAM314",
    "placed-anew",
    _NOTE,
    "Statements do not fit into the documents that they were in, and all are placed anew.",
)
DEPLOYMENT_GAP = Code(
    "IAM315",
    "deployment-gap",
    _WARNING,
    "No order of deploying the documents of a build keeps all that is granted in between.",
)
WILDCARD_GREW = Code(
    "IAM316",
    "wildcard-grew",
    _WARNING,
    "A pattern that a build wrote matches actions that AWS has added since.",
)
