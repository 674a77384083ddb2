"""Compile-time values: what an expression is worth once params and arguments are known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.model.types import Type
    from iamdsl.source import Span


@attrs.frozen(repr=False)
class Value:
    """A value with its type.

    Attributes:
        type: of a list, `List`; the items have their own.
        data: text for String, Arn, Region, AccountId, Key, Action (`s3:Get*`, `s3:@read`) and
            for literals as written (Int, Decimal, Date, Network); seconds for a Duration; bool;
            a `Formula` for a Condition; a tuple of values for a List; a dict for a Record;
            a pair (type, value) for a Principal; an entity's kind and name for an Entity.
        outside: the part of the text that came from a param or from data and holds `*`, `?` or
            `$`, "" if there is none: it may not stand where it would act as a pattern.
        verbatim: quoted: not looked up in the catalogue.
        span: where it was written; of a value from data, a `Borrowed`: where it is used, and the
            way to where it was written.
    """

    type: Type
    data: Any
    outside: str = ""
    verbatim: bool = False
    span: Span | None = attrs.field(default=None, eq=False, repr=False)


_HARMFUL = frozenset("*?$")
_FORBIDDEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\ue001]"


def forbidden(text: str) -> bool:
    """Tell whether a text holds what no policy may hold: controls, or our own marks."""
    return re.search(_FORBIDDEN, text) is not None


def from_outside(kind: Type, data: Any, span: Span | None) -> Value:
    """Return a value that a param or data gives; text that could act as a pattern is marked."""
    harmful = kind.name != "Pattern" and isinstance(data, str) and bool(_HARMFUL & set(data))
    return Value(kind, data, outside=data if harmful else "", span=span)


def leaves(value: Value) -> Iterator[Value]:
    """Yield the items of a list, lists in lists flattened; any other value itself."""
    if value.type.name == "List":
        for item in value.data:
            yield from leaves(item)
    else:
        yield value
