"""What a condition key can hold, as far as the entries about it can tell: one value for each class.

A key is missing, holds a value, or, where the catalogue or a set operator says so, a set of values.
Each kind of value has points at which an entry about it can change its mind: texts are cut by
patterns, numbers, dates and addresses by the ends of intervals. Which class a value is in is then
asked of `simulate` itself, so that the two cannot differ.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, Inexact, localcontext
from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl.iam import NEGATED, split_operator
from iamdsl.prove._automata import Pattern, TooLargeError
from iamdsl.prove._texts import Classes, Domain
from iamdsl.simulate import holds
from iamdsl.simulate import instant as read_instant
from iamdsl.simulate import number as read_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.iam import Entry

MOST_SETS = 2_048
"""Classes of sets of values of one key; past them the question is not decided."""

_ARNS: Final = Domain(
    Pattern("arn", "arn:*:*:*:*:*"), (), ("arn:aws:iam::999999999999:role/other",)
)
_TEXTS: Final = Domain(None, (), ("other", "something-else"))
_FRESH_ARN = "arn:aws:iam::999999999999:role/other"
_EXAMPLES = {
    "Bool": "true",
    "Date": "2026-01-01T00:00:00Z",
    "IPAddress": "203.0.113.7",
    "Numeric": "1",
}
_FAMILIES = ("String", "Arn", "Numeric", "Date", "Bool", "IpAddress", "Binary")


class UnknownClassesError(Exception):
    """The classes of a key's values are not known; says in words how it is compared."""


class KeyType(NamedTuple):
    """What is known of a key.

    Attributes:
        many: whether a request can carry several values.
        type: AWS's word for the type of one value; "" where nobody knows it.
    """

    many: bool
    type: str = ""


class Class(NamedTuple):
    """Values that the entries cannot tell apart: one of them, and which entries hold."""

    values: tuple[str, ...]
    truths: tuple[bool, ...]


def family(operator: str) -> str:
    """Return the kind of value that an operator compares; "" for `Null`."""
    base = split_operator(operator)[1]
    if base == "NotIpAddress":
        return "IpAddress"
    return next((name for name in _FAMILIES if base.startswith(name)), "")


def key_classes(key: str, entries: Sequence[Entry], kind: KeyType) -> list[Class]:
    """Return the classes of what a key can hold, `missing` first.

    Raises:
        UnknownClassesError: its entries compare it as several kinds of value, or with values that
            are out of the ordinary.
        TooLargeError: there are too many classes.
    """
    found: dict[tuple[bool, ...], Class] = {}

    def add(values: tuple[str, ...]) -> bool:
        truths = tuple(holds(entry, {key: values}) for entry in entries)
        if truths in found:
            return False
        found[truths] = Class(values, truths)
        return True

    add(())
    single = [value for value in _values(entries, kind) if add((value,)) or kind.many]
    if kind.many:
        # What holds of a set follows from what holds of it without one of its values, and of
        # that value alone: so the classes of sets are found by adding values one at a time.
        waiting: list[tuple[str, ...]] = [(value,) for value in single]
        while waiting:
            some = waiting.pop()
            for one in single:
                if one not in some and add((*some, one)):
                    waiting.append((*some, one))
                    if len(found) > MOST_SETS:
                        raise TooLargeError
    return list(found.values())


def _values(entries: Sequence[Entry], kind: KeyType) -> list[str]:
    families = {family(e.operator) for e in entries} - {""}
    texts = families <= {"String", "Arn"}
    if not texts and len(families) > 1:
        raise UnknownClassesError("as values of different kinds")
    listed = [value for e in entries if family(e.operator) for value in e.values]
    match next(iter(families)) if not texts else "String":
        case "Numeric":
            return _numbers(listed)
        case "Date":
            return _dates(listed)
        case "Bool":
            return ["true", "false"]
        case "IpAddress":
            return _addresses(listed)
        case "Binary":
            return _bytes(listed)
        case _:
            return _texts(entries, families, kind)


def _texts(entries: Sequence[Entry], families: set[str], kind: KeyType) -> list[str]:
    patterns = list(
        dict.fromkeys(
            pattern_of(e.operator, value)
            for e in entries
            if family(e.operator)
            for value in e.values
        )
    )
    arns = kind.type == "ARN" or families == {"Arn"}
    if any(p.mode == "nocase" and not p.text.isascii() for p in patterns):
        raise UnknownClassesError("without case, with letters beyond ASCII")
    if not patterns:
        return [_FRESH_ARN if arns else _EXAMPLES.get(kind.type, "x")]
    found = Classes(patterns, _ARNS if arns else _TEXTS).all()
    return [text for _, text in found if text is not None]


def pattern_of(operator: str, text: str) -> Pattern:
    """Return the pattern that a value is under a String or Arn operator."""
    base = split_operator(operator)[1]
    if base.startswith("Arn"):
        return Pattern("arn" if text.count(":") >= 5 else "glob", text)
    if base.endswith("IgnoreCase"):
        return Pattern("nocase", unescaped(text))
    if base.endswith("Like"):
        return Pattern("glob", text)
    return Pattern("exact", unescaped(text))


def unescaped(text: str) -> str:
    """Return a text with `${*}`, `${?}` and `${$}` as the characters that they stand for."""
    if "${" not in text:
        return text
    for character in "*?":
        text = text.replace(f"${{{character}}}", character)
    return text.replace("${$}", "$")


def is_negated(operator: str) -> bool:
    """Tell whether an operator's values are those that must not be."""
    return split_operator(operator)[1] in NEGATED


def _between(points: Iterable[Decimal], step: Decimal) -> list[Decimal]:
    """Return points, one between each two, one below and one above all of them."""
    ordered = sorted(set(points))
    if not ordered:
        return [Decimal(1)]
    made = [ordered[0] - step]
    for point, following in zip(ordered, [*ordered[1:], ordered[-1] + 2 * step], strict=True):
        made += [point, (point + following) * _HALF]
    return made


_HALF = Decimal("0.5")
_EXACTLY = Context(prec=1_000, traps=[Inexact])
"""Rounded numbers may be no longer where they have to be: between two others."""


def _numbers(listed: Iterable[str]) -> list[str]:
    points, odd = [], []
    for text in listed:
        try:
            points.append(read_number(text))
        except ValueError:
            odd.append(text)
    try:
        with localcontext(_EXACTLY):
            made = [format(p.normalize(), "f") for p in _between(points, Decimal(1))]
    except Inexact:
        raise UnknownClassesError("with numbers of too many digits") from None
    return [*made, *odd]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _TICK
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _TICK
# Before the first and after the last, by their zones.
_BEYOND = ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59")


def _dates(listed: Iterable[str]) -> list[str]:
    points, odd = [], []
    for text in listed:
        try:
            points.append((read_instant(text) - _EPOCH) // _TICK)
        except (ValueError, OverflowError):
            odd.append(text)
    if any(not _FIRST <= point <= _LAST for point in points):
        raise UnknownClassesError("with dates beyond the calendar")
    made = []
    for point in _between(map(Decimal, points), Decimal(1_000_000)):
        moment = _EPOCH + min(max(int(point), _FIRST), _LAST) * _TICK
        made.append(moment.isoformat().replace("+00:00", "Z"))
    return [*made, *odd, *_BEYOND]


def _bytes(listed: Sequence[str]) -> list[str]:
    """Return the listed ones, and some that are longer than all of them."""
    longest = max(map(len, listed), default=0)
    return [*dict.fromkeys(listed), b64encode(b"other" + b"-" * longest).decode()]


def _addresses(listed: Iterable[str]) -> list[str]:
    """Return the first address of each run that networks cut out, of both kinds."""
    from ipaddress import IPv4Address, IPv6Address, ip_network  # noqa: PLC0415  # few policies hold addresses

    starts: dict[int, set[int]] = {4: {int(IPv4Address("8.8.8.8"))}, 6: {1 << 125}}
    odd = []
    for text in listed:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            odd.append(text)
            continue
        first, last = int(network.network_address), int(network.broadcast_address)
        starts[network.version] |= {first, last + 1, 0}
    made = [str(IPv4Address(n)) for n in sorted(starts[4]) if n < 1 << 32]
    made += [str(IPv6Address(n)) for n in sorted(starts[6]) if n < 1 << 128]
    return [*made, *odd]
