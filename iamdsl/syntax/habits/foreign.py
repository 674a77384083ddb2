"""Words of JSON, Terraform, Cedar, Python and SQL, and how each is said in this language.

Only looked at when a source has a mistake: what stands here is neither reserved nor refused.
"""

from __future__ import annotations

import re

ELEMENTS = {
    "effect": "the verb says it: `allow service:Action on …`, or `deny …`",
    "action": "actions follow the verb: `allow s3:GetObject, s3:PutObject on …`",
    "notaction": "write `allow * except service:Action on …`",
    "resource": "resources follow `on`: `allow s3:GetObject on arn:aws:s3:::bucket/*`",
    "notresource": "write `on * except …`",
    "principal": "principals follow `to`, and in a role `trust`: `trust service lambda`",
    "notprincipal": "write `to anyone`, and in `unless` who is meant: `aws:PrincipalArn like …`",
    "condition": 'conditions follow `when`: `when aws:PrincipalOrgID == "o-abc1234567"`',
    "sid": "a name follows `as`, at the end of the statement: `allow … as Name`",
    "version": "leave it out: what is written is always of version 2012-10-17",
    "statement": "write the statements one after another in the body of a `policy`",
}
"""Elements of a JSON policy, lower case and singular: Terraform has them as well."""

CLAUSES = {"resource": "on", "principal": "to"}
"""Elements for which a preposition can be written in their place."""

PRINCIPALS = {
    "aws": "write `account 111122223333`, or the ARN of a role or user alone",
    "federated": 'write `oidc "host"`, or the ARN of the provider alone',
    "canonicaluser": 'write `canonical "…"`',
}
"""Kinds of principals in JSON that are no words of ours; `Service` is one."""

_LOOP = 'a loop has a body: `for b in ["photos", "films"] { … }`'
_LET = 'a value gets its name by `let`: `let bucket = "photos"`'
_TEMPLATE = "statements that are used again are a `template`: `template read(b: String) { … }`"
_RUN = "remove it: a source says what is allowed, and nothing in it is run"
BEGINNINGS = {
    "variable": 'a value for each build is a `param`: `param env: String = "dev"`',
    "locals": _LET,
    "data": "nothing is looked up: write `policy name { … }`, or the ARN of what is there already",
    "module": 'write `import "./file.iam" as name`, and `use name.template(…)`',
    "output": "remove it: whatever is declared is built",
    "provider": "remove it: account, region and partition stand under `[aws]` in `iamdsl.toml`",
    "terraform": "remove it: settings stand in `iamdsl.toml`",
    "depends_on": "remove it: declarations may stand in any order",
    "for_each": _LOOP,
    "foreach": _LOOP,
    "dynamic": _LOOP,
    "count": "a choice is `if prod { … }`, a repetition `for x in xs { … }`",
    "while": _LOOP,
    "assume_role_policy": "who may assume a role is said by `trust`: `trust service lambda`",
    "assumerolepolicydocument": "who may assume a role is said by `trust`: `trust service lambda`",
    "managed_policy_arns": 'policies follow `attach`: `attach audit, aws_managed("ReadOnlyAccess")`',
    "managedpolicyarns": 'policies follow `attach`: `attach audit, aws_managed("ReadOnlyAccess")`',
    "inline_policy": "a role's own statements stand in its body: `allow s3:GetObject on …`",
    "permissions_boundary": "write `boundary name`",
    "max_session_duration": "write `max_session 1h`",
    "name": "a name stands in the head of a declaration: `policy photos { … }`",
    "permit": "write `allow service:Action on …`, in the body of a `policy`",
    "forbid": "write `deny service:Action on …`, in the body of a `policy`",
    "elif": "write `else if`",
    "elseif": "write `else if`",
    "elsif": "write `else if`",
    "const": _LET,
    "var": _LET,
    "val": _LET,
    "def": _TEMPLATE,
    "function": _TEMPLATE,
    "func": _TEMPLATE,
    "fn": _TEMPLATE,
    "print": _RUN,
    "return": _RUN,
    "include": 'write `import "./file.iam" as name`',
    "require": 'write `import "./file.iam" as name`',
}
"""What begins a statement, block or argument elsewhere."""

REPLACED = {
    "permit": "allow", "forbid": "deny", "elif": "else if", "elseif": "else if",
    "elsif": "else if", "const": "let", "var": "let", "val": "let",
    "permissions_boundary": "boundary", "max_session_duration": "max_session",
}  # fmt: skip
"""Those of `BEGINNINGS` that one of our words replaces."""

_PATTERN = '`*` and `?` in a pattern match anything: `key like "x*"`'
COMPARISONS = {
    "has": "write `key exists`: `aws:PrincipalTag/team exists`",
    "contains": 'one of many values is asked for by `any`: `any key == "value"`',
    "includes": 'one of many values is asked for by `any`: `any key == "value"`',
    "between": "write both ends: `key >= … and key <= …`",
    "matches": _PATTERN,
    "regex": _PATTERN,
    "rlike": _PATTERN,
    "ilike": _PATTERN,
    "startswith": _PATTERN,
    "endswith": _PATTERN,
    "equals": 'write `key == "value"`',
    "eq": 'write `key == "value"`',
    "ne": 'write `key != "value"`',
    "lt": "write `key < value`",
    "le": "write `key <= value`",
    "gt": "write `key > value`",
    "ge": "write `key >= value`",
}
"""What compares elsewhere."""

COMPARED = {
    "matches": "like", "equals": "==", "eq": "==", "ne": "!=", "lt": "<", "le": "<=",
    "gt": ">", "ge": ">=",
}  # fmt: skip
"""Those of `COMPARISONS` that one of our operators replaces."""

_JOINED = 'text is put together inside a string: `"photos-{env}"`'
FUNCTIONS = {
    "jsonencode": "statements are written out: `policy name { allow service:Action on … }`",
    "concat": "lists inside a list become one: `[a, b]`",
    "flatten": "lists inside a list become one: `[a, b]`",
    "merge": "write one record with all fields",
    "toset": "a list is taken as it is",
    "tolist": "a list is taken as it is",
    "set": "a list is taken as it is",
    "tostring": _JOINED,
    "str": _JOINED,
    "format": _JOINED,
    "join": _JOINED,
    "lookup": "a field of a record is read by a dot: `names.dev`",
    "exists": "write `key exists`",
    "missing": "write `key missing`",
    "has": "write `key exists`",
    "null": "write `key missing` or `key exists`",
    "none": "write `key missing` or `key exists`",
    "nil": "write `key missing` or `key exists`",
    "undefined": "write `key missing` or `key exists`",
    "principal": "who asks is known by keys such as `aws:PrincipalArn` and `aws:PrincipalTag/team`",
    "resource": "what is asked for is known by `on`, and by keys such as `aws:ResourceTag/team`",
    "context": "what a request holds is known by condition keys, such as `aws:SourceIp`",
    "var": "a param is written by its name alone",
    "local": "a value is written by its name alone",
    "locals": "a value is written by its name alone",
    "module": 'write `import "./file.iam" as name`, and then `name.value`',
    "data": "nothing is looked up: write the ARN of what is there already",
    "each": "the variable of a loop is written by its name alone",
}
"""Names that stand for something elsewhere, lower case."""

TYPES = {
    "number": "Int", "integer": "Int", "float": "Decimal", "str": "String", "text": "String",
    "boolean": "Bool", "list": "List[String]", "array": "List[String]", "set": "List[String]",
    "cidr": "Network", "account": "AccountId", "time": "Duration",
}  # fmt: skip
"""Types of elsewhere, lower case."""

_IAM_OPERATOR = re.compile(
    r"(?i)(?:(ForAnyValue|ForAllValues):)?"
    r"(?:(?:String|Numeric|Date|Arn|Binary)(?=(?:Not)?(?:Equals|Like|LessThan|GreaterThan))"
    r"|(?:Not)?IpAddress|Bool|Null)"
    r"(Not)?(Equals|Like|LessThanEquals|LessThan|GreaterThanEquals|GreaterThan)?"
    r"(IgnoreCase)?(IfExists)?"
)
_WRITTEN = {
    "equals": "==", "like": "like", "lessthan": "<", "lessthanequals": "<=",
    "greaterthan": ">", "greaterthanequals": ">=", "": "==",
}  # fmt: skip
_NEGATED = {"==": "!=", "like": "not like"}


def of_iam_operator(name: str) -> tuple[str, str, str, str] | None:
    """Return what one of IAM's operators is here, None when it is none.

    Returns:
        the quantifier ("any", "all" or ""), what follows the key ("?" or ""), the operator, and
        what follows the value.
    """
    found = _IAM_OPERATOR.fullmatch(name)
    if found is None:
        return None
    prefix, negated, base, folded, optional = found.groups()
    operator = _WRITTEN[(base or "").lower()]
    lowered = name.lower()
    if "null" in lowered:
        operator = "missing"
    elif "ipaddress" in lowered:
        operator = "not in" if lowered.partition("not")[1] else "in"
    elif negated:
        operator = _NEGATED.get(operator, operator)
    quantifier = {"foranyvalue": "any ", "forallvalues": "all "}.get((prefix or "").lower(), "")
    return quantifier, "?" if optional else "", operator, " ignoring case" if folded else ""


def iam_operator_hint(name: str) -> str:
    """Return how a comparison by one of IAM's operators is written."""
    quantifier, optional, operator, ending = of_iam_operator(name) or ("", "", "==", "")
    family = next((f for f in _VALUES if f in name.lower()), "")
    value = _VALUES.get(family, '"a*"' if "like" in operator else '"value"')
    if operator == "missing":
        return "write `key missing` or `key exists`"
    written = f"{quantifier}key{optional} {operator} {value}{ending}"
    return f"the operator follows from the value: write `{written}`"


_VALUES = {
    "numeric": "10", "date": "2026-12-31", "bool": "true", "ipaddress": "10.0.0.0/8",
    "arn": "arn:aws:s3:::photos",
}  # fmt: skip
