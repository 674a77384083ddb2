"""What the condition operators are, and which of their value lists are alternatives.

Source: AWS "reference_policies_elements_condition_operators" and
"reference_policies_condition-logic-multiple-context-keys-or-values".
"""

from __future__ import annotations

NEGATED = frozenset(
    {
        "StringNotEquals",
        "StringNotEqualsIgnoreCase",
        "StringNotLike",
        "NumericNotEquals",
        "DateNotEquals",
        "NotIpAddress",
        "ArnNotEquals",
        "ArnNotLike",
    }
)
"""Base operators whose value list is a NOR: the request's value must match none of it."""

OPERATORS = NEGATED | {
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "NumericEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "ArnEquals",
    "ArnLike",
    "Null",
}
"""All 27 base operators."""

_PREFIXES = {"": "", "forallvalues": "ForAllValues:", "foranyvalue": "ForAnyValue:"}
_BY_LOWER = {operator.lower(): operator for operator in OPERATORS}
_IF_EXISTS = "IfExists"


def split_operator(operator: str) -> tuple[str, str, bool]:
    """Return set prefix (without colon, or ""), base operator, and whether `IfExists` follows."""
    prefix, colon, rest = operator.rpartition(":")
    base = rest.removesuffix(_IF_EXISTS)
    return (prefix if colon else ""), base, base != rest


def canonical_operator(operator: str) -> str | None:
    """Return an operator as AWS spells it, from any case, or None when AWS has none like it.

    AWS's own samples have `Stringlike`, so case is forgiven where policies are read.
    """
    prefix, _, rest = operator.lower().rpartition(":")
    base = rest.removesuffix("ifexists")
    if base not in _BY_LOWER or prefix not in _PREFIXES:
        return None
    if base == "null" and (prefix or base != rest):
        return None
    return _PREFIXES[prefix] + _BY_LOWER[base] + (_IF_EXISTS if base != rest else "")


def values_are_alternatives(operator: str) -> bool:
    """Tell whether an entry holds exactly when it holds for one of its values alone.

    Only then may its value list be split over statements, or joined from several. Not so for
    negated operators (a NOR) and for `ForAllValues` (every request value needs some policy
    value). `Null` and `Bool` are left out: a list of both truth values is a trap for readers.
    """
    prefix, base, _ = split_operator(operator)
    return prefix != "ForAllValues" and base not in NEGATED and base not in {"Null", "Bool"}
