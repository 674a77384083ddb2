"""Text from outside (params, externs, data) as values of the types that ask for it.

Texts are marked as coming from outside, so that they cannot widen a pattern.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.analysis.resource_types import is_of_type
from iamdsl.model import Value
from iamdsl.model.values import forbidden, from_outside
from iamdsl.syntax import read_literal

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.model import Type
    from iamdsl.source import Span

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
NOT_AS_TEXT = {"Principal", "Key", "Condition"}
"""Types whose values are written in a source only: they are parts of sentences, not data."""

_LITERALS = {
    "Int": ({"int", "account"}, "a whole number of at most 15 digits"),
    "Decimal": ({"int", "account", "decimal"}, "a number of at most 15 digits"),
    "Duration": ({"duration"}, "a duration such as `4h`"),
    "Date": ({"date"}, "a date such as `2026-12-31`"),
    "Network": ({"network"}, "an address or a network such as `203.0.113.0/24`"),
    "AccountId": ({"account"}, "a 12-digit account id"),
}
_FORMS = {
    "Region": (r"(?a)[a-z]{2,}(-[a-z]+)+-\d+", "a region such as `eu-west-1`"),
    "Action": (r"(?a)[A-Za-z0-9][A-Za-z0-9.-]*:[A-Za-z0-9*?_-]+", "an action such as `s3:GetObject`"),
}  # fmt: skip


def problem(text: str, kind: Type, catalogue: Catalogue) -> str:
    """Return what a text ought to be to have a type, "" when it is that."""
    if forbidden(text):
        return "text without control characters and private ones"
    if kind.name in _LITERALS:
        kinds, form = _LITERALS[kind.name]
        found, wrong = read_literal(text)
        return "" if found in kinds and not wrong else form
    if kind.name in _FORMS:
        pattern, form = _FORMS[kind.name]
        return "" if re.fullmatch(pattern, text) else form
    match kind.name:
        case "Choice":
            return "" if text in kind.options else f"one of {kind}"
        case "Bool":
            return "" if text in {"true", "false"} else "`true` or `false`"
        case "Arn":
            return "" if _is_arn(text) else "an ARN (`arn:…`, six fields)"
        case "Resource":
            return "" if _is_of(text, kind, catalogue) else f"the ARN of such a resource, {kind}"
        case "String" | "Pattern" | "Any" | "Unknown":
            return ""
        case _:
            return f"of a type that text can give; {kind} is none"


def value(text: str, kind: Type, span: Span | None) -> Value:
    """Return the value that a text is, one that `problem` has nothing to say of."""
    if kind.name == "Bool":
        return Value(kind, text == "true", span=span)
    if kind.name == "Duration":
        return Value(kind, seconds(text), span=span)
    return from_outside(kind, text, span)


def seconds(duration: str) -> int:
    """Return the seconds of a duration literal, e.g. of `4h`."""
    return int(duration[:-1]) * SECONDS[duration[-1]]


def _is_arn(text: str) -> bool:
    return text.startswith("arn:") and text.count(":") >= 5


def _is_of(text: str, kind: Type, catalogue: Catalogue) -> bool:
    """Tell whether a text is an ARN that can be of a resource type."""
    service, _, name = kind.options[0].partition(":")
    found = catalogue.resource_type(service, name)
    return _is_arn(text) and (found is None or is_of_type(text, service, (found.name,), catalogue))
