"""Operators of conditions: whether they suit the key and the values, and what a missing key does.

What the compiler says of sources is said here of documents, in like words. AWS takes all of it, so
that what no source can say is a warning here.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import TYPE_CHECKING

from iamdsl.aws.key_values import FORMS
from iamdsl.diagnostics import Severity, codes
from iamdsl.iam import NEGATED, PLACEHOLDER_OPEN, split_operator, variables
from iamdsl.lint.conditions import (
    TO_FILL_IN,
    Found,
    about_entries,
    conditioned,
    holds_without_key,
    say,
)
from iamdsl.simulate import instant, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.aws import Catalogue, Key
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Condition, Entry, Statement
    from iamdsl.lint.items import Item, World

_FAMILIES = ("String", "Numeric", "Date", "Bool", "Binary", "Arn", "Null")
_OF_TYPE = {"String": "String", "ARN": "Arn", "Numeric": "Numeric", "Bool": "Bool", "Date": "Date",
            "IPAddress": "IpAddress", "Binary": "Binary"}  # fmt: skip
_VALUES = {
    "Numeric": "a number", "Date": "a date", "Bool": "`true` or `false`", "Null": "`true` or `false`",
    "Binary": "text in base64", "IpAddress": "an address or network",
}  # fmt: skip
_EVENTS = ("events:source", "events:detail-type")
"""Keys that the reference lists with many values, and EventBridge's pages compare without a
quantifier ("eb-use-conditions")."""
_TAGS = frozenset({"aws:tagkeys", "s3:requestobjecttagkeys"})
"""Keys whose lack is what an `all` of them means: a request that brings no tags is let through."""
_MFA_SPELT = "aws:MultiFactorAuthPresent"
_MFA = _MFA_SPELT.lower()
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_FIELDS_BEFORE_THE_LAST = 5


def check(world: World, report: Report) -> None:
    """Report operators that do not suit, and missing keys that decide."""
    catalogue = world.catalogue
    about_entries(
        world,
        report,
        lambda entry, effect: _of_operator(entry, effect, catalogue),
        documents=True,
    )
    if not (world.on(codes.MISSING_KEY_DECIDES) or world.on(codes.VALUELESS_VARIABLE)):
        return
    for item, statement in conditioned(world):
        for entry in statement.condition:
            if statement.effect == "Deny":
                for found in _mfa(entry, statement.condition, item):
                    say(item, statement, entry, found, report)
            elif not item.written:
                for found in _of_missing(entry, statement, catalogue):
                    say(item, statement, entry, found, report)


def family_of(base: str) -> str:
    """Return the family of a base operator: `Numeric` of `NumericLessThan`."""
    if base.endswith("IpAddress"):
        return "IpAddress"
    return next(family for family in _FAMILIES if base.startswith(family))


def is_of_kind(family: str, text: str) -> bool:
    """Tell whether a text is a value of a family: `2026-01-01` of `Date`."""
    try:
        match family:
            case "Numeric":
                number(text)
            case "Date":
                instant(text)
            case "IpAddress":
                from ipaddress import ip_network  # noqa: PLC0415  # few policies hold addresses

                ip_network(text, strict=False)
            case "Binary":
                b64decode(text, validate=True)
            case "Bool" | "Null":
                return text.lower() in {"true", "false"}
            case _:
                return True
    except (ValueError, OverflowError, binascii.Error):
        return False
    return True


def _of_operator(entry: Entry, effect: str, catalogue: Catalogue) -> Iterator[Found]:
    prefix, base, _ = split_operator(entry.operator)
    key = catalogue.condition_key(entry.key)
    family = family_of(base)
    yield from _bad_values(entry, family)
    if family == "Bool" and len(set(map(str.lower, entry.values))) > 1:
        yield Found(
            codes.OPERATOR_MISMATCH,
            f"`{entry.operator}` of `{entry.key}` takes one truth value, and here are both",
            "every request that has the key meets it",
            "write the one that is meant",
        )
    if family in {"Numeric", "Date", "Bool", "Binary", "IpAddress", "Null"}:
        yield from _variables(entry, family)
    if base in {"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase"} or (
        base == "StringNotEqualsIgnoreCase"
    ):
        yield from _wildcards(entry, base)
    if base in {"DateEquals", "DateNotEquals"}:
        yield from _days(entry, base)
    if key is not None and base != "Null":
        yield from _quantifier(entry, prefix, base, key, effect)
        yield from _mismatch(entry, base, family, key)


def _bad_values(entry: Entry, family: str) -> Iterator[Found]:
    """Yield values that are none of what the operator compares (TYPE_MISMATCH_…, INVALID_DATE_VALUE).

    AWS compares them all the same, and they fit nothing.
    """
    for value in entry.values:
        if "${" in value or TO_FILL_IN.search(value):
            continue
        if family == "Arn" and entry.key.lower() not in FORMS:
            bad = not value.startswith(("arn:", "*", "a*", "ar*", "arn*", "?"))
            if bad:
                yield Found(
                    codes.OPERATOR_MISMATCH,
                    f"`{value}` is no ARN, and `{entry.operator}` compares ARNs",
                    "matches no request",
                    "write an ARN, or compare by a `String` operator",
                    value,
                )
        elif family in _VALUES and not is_of_kind(family, value):
            yield Found(
                codes.OPERATOR_MISMATCH,
                f"`{value}` is not {_VALUES[family]}, as `{entry.operator}` compares",
                "matches no request",
                f"write {_VALUES[family]}",
                value,
            )


def _variables(entry: Entry, family: str) -> Iterator[Found]:
    """Yield variables under operators without any (INVALID_VARIABLE_FOR_OPERATOR)."""
    for value in entry.values:
        if "${" in value and ":" in value:
            yield Found(
                codes.OPERATOR_MISMATCH,
                f"`{value}` is compared by `{entry.operator}`, which knows no variables",
                "IAM has variables in text and ARNs only",
                f"write {_VALUES[family]}",
                value,
            )


def _wildcards(entry: Entry, base: str) -> Iterator[Found]:
    """Yield wildcards where they are ordinary characters (WILDCARD_WITHOUT_LIKE_OPERATOR)."""
    like = "StringNotLike" if base in NEGATED else "StringLike"
    for value in entry.values:
        bare = re.sub(r"\$\{[^}]*\}", "", value)
        if "*" in bare or "?" in bare:
            yield Found(
                codes.WILDCARD_IN_EQUALS,
                f"the `{'*' if '*' in bare else '?'}` is an ordinary character under `{base}`",
                "",
                f"write `{like}` where it is to match anything",
                value,
            )


def _days(entry: Entry, base: str) -> Iterator[Found]:
    for value in entry.values:
        if _DAY.fullmatch(value):
            yield Found(
                codes.DATE_IS_AN_INSTANT,
                f"`{value}` is the first instant of that day, and `{base}` compares instants",
                "",
                f"the whole day is from `DateGreaterThanEquals` `{value}` to `DateLessThan` the"
                " next",
                value,
            )


def _quantifier(entry: Entry, prefix: str, base: str, key: Key, effect: str) -> Iterator[Found]:
    """Yield set operators that are missing, or stand where there is no set.

    MISSING_QUALIFIER, FORALLVALUES_WITH_SINGLE_VALUED_KEY, FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE.
    A negated operator is met without the key anyway, so that `ForAllValues` adds nothing to it.
    """
    if key.multivalued and not prefix and key.name.lower() not in _EVENTS:
        yield Found(
            codes.QUANTIFIER_MISMATCH,
            f"a request can hold many values of `{key.name}`",
            "AWS does not say what it means",
            f"write `ForAnyValue:{entry.operator}` (one value is enough) or"
            f" `ForAllValues:{entry.operator}` (every value must)",
            severity=Severity.WARNING,
        )
    elif key.multivalued or not prefix:
        return
    elif prefix == "ForAllValues" and base not in NEGATED:
        yield Found(
            codes.QUANTIFIER_MISMATCH,
            f"`{key.name}` has one value, and `ForAllValues` is met without any",
            "a request without the key is allowed"
            if effect == "Allow"
            else "a request without the key is denied",
            _without_set(entry.operator.removeprefix("ForAllValues:")),
            severity=Severity.WARNING if effect == "Allow" else Severity.NOTE,
        )
    elif prefix == "ForAnyValue" and entry.key.lower().endswith(":aud"):
        yield Found(
            codes.QUANTIFIER_MISMATCH,
            f"`{key.name}` has one value, and `ForAnyValue` is for keys with many",
            "",
            f"write `{entry.operator.removeprefix('ForAnyValue:')}`",
            severity=Severity.WARNING,
        )


def _without_set(operator: str) -> str:
    if operator.endswith("IfExists") or operator == "Null":
        return f"write `{operator}`"
    return f"write `{operator}`, or `{operator}IfExists` where such a request is meant"


def _mismatch(entry: Entry, base: str, family: str, key: Key) -> Iterator[Found]:
    """Yield operators of another family than the key's type asks for (TYPE_MISMATCH).

    Text works on ARNs, and on truth values as they are written; ARN operators work on text that
    holds ARNs, which has been looked at value by value; `aws:EpochTime` is a number too.
    """
    wanted = _OF_TYPE.get(key.value_type, "String")
    if family == wanted or (family == "Arn" and wanted == "String"):
        return
    if family in {"Numeric", "Date"} and key.name.lower() == "aws:epochtime":
        return
    if family == "String" and wanted == "Arn":
        yield from _like_on_arn(entry, base, key)
        return
    usable = family == "String" and wanted in {"Bool", "Numeric"}
    fits = usable and all(is_of_kind(wanted, value) for value in entry.values)
    yield Found(
        codes.OPERATOR_MISMATCH,
        f"`{key.name}` is of type {key.type}, and is compared as {family}",
        "works for values written just so" if fits else "",
        f"write an operator for {wanted}"
        + (f", such as `{wanted if wanted == 'Bool' else wanted + 'Equals'}`" if usable else ""),
        severity=Severity.NOTE if fits else None,
    )


def _like_on_arn(entry: Entry, base: str, key: Key) -> Iterator[Found]:
    """Yield `StringLike` whose `*` runs over the fields of an ARN.

    Access Analyzer's STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS; at the end of an ARN both
    operators mean the same.
    """
    if base not in {"StringLike", "StringNotLike"}:
        return
    for value in entry.values:
        fields = value.split(":", _FIELDS_BEFORE_THE_LAST)
        if value.startswith("arn:") and any("*" in field for field in fields[1:-1]):
            other = base.replace("String", "Arn")
            yield Found(
                codes.OPERATOR_MISMATCH,
                f"`{key.name}` holds an ARN, and the `*` of `{base}` runs across its colons",
                f"`{other}` compares field by field",
                f"write `{other}`",
                value,
                severity=Severity.NOTE,
            )
            return


def _of_missing(entry: Entry, statement: Statement, catalogue: Catalogue) -> Iterator[Found]:
    """Yield entries of an `Allow` that requests without a key meet, as nobody would expect."""
    prefix, base, _ = split_operator(entry.operator)
    if prefix != "ForAllValues" and base not in NEGATED:
        return
    there = {e.key.lower() for e in statement.condition if not holds_without_key(e)}
    if prefix == "ForAllValues" and entry.key.lower() not in there | _TAGS:
        yield from _vacuous(entry, there, catalogue)
    if base in NEGATED and prefix != "ForAnyValue":
        yield from _valueless(entry, there, catalogue)


def _mfa(entry: Entry, condition: Condition, item: Item) -> Iterator[Found]:
    """Yield a `deny` of requests without a second factor that long-term keys escape.

    AWS "reference_policies_condition-keys": such requests have no `aws:MultiFactorAuthPresent`.
    Parliament's BAD_PATTERN_FOR_MFA. A policy that denies requests without the key by another
    statement means it.
    """
    if entry.key.lower() != _MFA or entry.operator != "Bool" or _is(entry, "true"):
        return
    if any(e is not entry and e.key.lower() == _MFA for e in condition):
        return
    others = (e for s in item.policy.statements if s.effect == "Deny" for e in s.condition)
    if not any(e.key.lower() == _MFA and e.operator == "Null" for e in others):
        yield Found(
            codes.MISSING_KEY_DECIDES,
            f"a request without `{entry.key}` escapes this `deny`",
            "requests by access keys of users have no such key",
            f"write `unless {_MFA_SPELT}`" if item.written else "write `BoolIfExists`",
        )


def _is(entry: Entry, value: str) -> bool:
    return value in map(str.lower, entry.values)


def _vacuous(entry: Entry, there: set[str], catalogue: Catalogue) -> Iterator[Found]:
    """Yield a `ForAllValues` that a request without the key meets.

    Of keys of a service only those that callers may leave out are told: most of the others are
    parameters that the action always has.
    """
    key = catalogue.condition_key(entry.key)
    if key is None or not key.multivalued:
        return
    context = key.name.lower() == "kms:encryptioncontextkeys" and not any(
        name.startswith("kms:encryptioncontext:") for name in there
    )
    if key.is_global or context or "." in key.name:
        yield Found(
            codes.MISSING_KEY_DECIDES,
            f"a request without `{key.name}` meets this condition",
            "and is allowed",
            f'add `"Null": {{"{key.name}": "false"}}` where such a request is not meant',
        )


def _valueless(entry: Entry, there: set[str], catalogue: Catalogue) -> Iterator[Found]:
    """Yield a negated comparison with a variable that may have no value, and then differs."""
    for value in entry.values:
        for name in variables(value):
            key = catalogue.condition_key(name)
            if name.lower() in there or key is None or key.always or PLACEHOLDER_OPEN in value:
                continue
            yield Found(
                codes.VALUELESS_VARIABLE,
                f"a `${{{name}}}` without a value differs from everything",
                "a request without that key is allowed",
                f'add `"Null": {{"{name}": "false"}}` where such a request is not meant',
                value,
            )
