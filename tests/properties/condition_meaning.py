"""What formulas and condition blocks mean, decided request by request.

Written from AWS's operator pages, apart from the compiler: nothing here looks at its modules. A
context maps case-folded keys to a string (single-valued) or to a tuple of strings (multivalued); an
empty tuple is a missing key.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from iamdsl.model.formula import And, Not, Or, Test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from iamdsl.iam import Condition, Entry
    from iamdsl.model.formula import Formula

    Context = Mapping[str, str | tuple[str, ...]]

_VARIABLE = re.compile(r"\$\{([^}]*)\}|(\ue000[^\ue001]*\ue001)")
_STAR, _MARK = "\x01", "\x02"


def formula_holds(formula: Formula, context: Context) -> bool:
    """Tell whether the formula is true of a request."""
    match formula:
        case And(parts):
            return all(formula_holds(part, context) for part in parts)
        case Or(parts):
            return any(formula_holds(part, context) for part in parts)
        case Not(part):
            return not formula_holds(part, context)
        case Test():
            return _test_holds(formula, context)


def blocks_hold(blocks: Iterable[Condition], context: Context) -> bool:
    """Tell whether one of several statements' condition blocks holds for a request."""
    return any(all(entry_holds(entry, context) for entry in block) for block in blocks)


def _values(key: str, context: Context) -> tuple[str, ...]:
    value = context.get(key.casefold(), ())
    return (value,) if isinstance(value, str) else tuple(value)


def _test_holds(test: Test, context: Context) -> bool:
    values = _values(test.key, context)
    if test.relation == "exists":
        return (not values) if test.negated else (bool(values) or test.optional)
    operator = (
        test.family
        + {
            "equals": "EqualsIgnoreCase" if test.ignoring_case else "Equals",
            "like": "Like",
            "less": "LessThan",
            "less-equals": "LessThanEquals",
            "greater": "GreaterThan",
            "greater-equals": "GreaterThanEquals",
        }[test.relation]
    )
    operator = {"BoolEquals": "Bool", "IpAddressEquals": "IpAddress"}.get(operator, operator)

    def holds(value: str) -> bool:
        fits = any(_fits(operator, v, value, context, written=True) for v in test.values)
        return fits is not test.negated

    if test.quantifier == "any":
        return any(map(holds, values)) or (test.optional and not values)
    if test.quantifier == "all":
        return all(map(holds, values))
    if not values:
        return test.optional or test.negated
    assert len(values) == 1, "a set on a single-valued key"
    return holds(values[0])


def entry_holds(entry: Entry, context: Context) -> bool:
    """Tell whether one entry of a condition block holds, by AWS's rules."""
    values = _values(entry.key, context)
    prefix, _, name = entry.operator.rpartition(":")
    optional = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    assert entry.values, "an empty list of values"
    if name == "Null":
        assert not prefix
        assert not optional
        assert len(entry.values) == 1
        return (not values) is (entry.values[0] == "true")
    negated = "Not" in name
    base = name.replace("Not", "", 1)
    if base.startswith("Bool"):
        assert len(entry.values) == 1, "an error of Access Analyzer"

    def holds(value: str) -> bool:
        return any(_fits(base, v, value, context) for v in entry.values) is not negated

    if prefix == "ForAllValues":
        return all(map(holds, values))
    if prefix == "ForAnyValue":
        if not values and optional:
            raise DisputedMeaningError(entry.operator)
        return any(map(holds, values))
    assert not prefix, prefix
    if not values:
        return optional or negated
    assert len(values) == 1, "no set operator on a multivalued key"
    return holds(values[0])


class DisputedMeaningError(Exception):
    """ForAnyValue with IfExists on a missing key: sources disagree, so it must not decide."""


def blocks_hold_undisputed(blocks: Iterable[Condition], context: Context) -> bool:
    """As `blocks_hold`, with disputed entries decided by none: another entry must be false."""
    for block in blocks:
        results: list[bool | None] = []
        for entry in block:
            try:
                results.append(entry_holds(entry, context))
            except DisputedMeaningError:
                results.append(None)
        if False in results:
            continue
        if None in results:
            raise DisputedMeaningError(str(block))
        return True
    return False


def blocks_hold_at_worst(blocks: Iterable[Condition], context: Context) -> bool:
    """As `blocks_hold_undisputed`, where a block that AWS's pages leave in doubt does not hold.

    In doubt is a block with a variable that has neither a value nor a default, whatever else it
    says, and a negated ForAllValues on a missing key.
    """
    certain = [block for block in blocks if not any(_doubtful(e, context) for e in block)]
    return blocks_hold_undisputed(certain, context)


def _doubtful(entry: Entry, context: Context) -> bool:
    names = [m[1] for value in entry.values for m in _VARIABLE.finditer(value) if m[1]]
    needed = [name for name in names if "," not in name and name not in ("*", "?", "$")]
    valueless = any(not _values(name, context) for name in needed)
    negated_set = entry.operator.startswith("ForAllValues:") and "Not" in entry.operator
    return valueless or (negated_set and not _values(entry.key, context))


def _fits(base: str, listed: str, value: str, context: Context, *, written: bool = False) -> bool:
    """Tell whether a request's `value` fits one listed value under a positive operator.

    `written`: the text is in the source's notation, where `${*}` is an escape under `==` too.
    """
    if base in ("StringEquals", "StringEqualsIgnoreCase"):
        text = _replaced(listed, context, escapes=True)
        if text is None:
            return False
        text = text.replace(_STAR, "*").replace(_MARK, "?")
        return text.lower() == value.lower() if base.endswith("Case") else text == value
    if base == "StringLike":
        pattern = _replaced(listed, context, escapes=True)
        return pattern is not None and _glob(pattern, value)
    if base in ("ArnEquals", "ArnLike"):
        return _arn_fits(base, listed, value, context, written=written)
    if base == "Bool":
        return _plain(listed, context).lower() == value.lower()
    if base == "IpAddress":
        address, network = _address(value), _network(_plain(listed, context))
        return address.version == network.version and address in network
    if base == "BinaryEquals":
        return listed == value
    family = "Date" if base.startswith("Date") else "Numeric"
    compare = _COMPARE[base.removeprefix(family)]
    read: Callable[[str], object] = _instant if family == "Date" else _number
    return compare(read(value), read(_plain(listed, context)))


_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,  # type: ignore[operator]
    "LessThanEquals": lambda a, b: a <= b,  # type: ignore[operator]
    "GreaterThan": lambda a, b: a > b,  # type: ignore[operator]
    "GreaterThanEquals": lambda a, b: a >= b,  # type: ignore[operator]
}


_address = lru_cache(maxsize=4096)(ip_address)
_number = lru_cache(maxsize=4096)(Decimal)


@lru_cache(maxsize=4096)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)


@lru_cache(maxsize=4096)
def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _plain(listed: str, context: Context) -> str:
    return _replaced(listed, context, escapes=False) or ""


def _arn_fits(base: str, listed: str, value: str, context: Context, *, written: bool) -> bool:
    if written and base == "ArnEquals":
        if _VARIABLE.fullmatch(listed) and listed not in ("${*}", "${?}", "${$}"):
            return _replaced(listed, context, escapes=True) == value
        listed = _literal_wildcards(listed)
    found = _replaced(listed, context, escapes=True)
    if found is None:
        return False
    patterns, parts = found.split(":", 5), value.split(":", 5)
    return len(patterns) == len(parts) == 6 and all(map(_glob, patterns, parts))


def _literal_wildcards(text: str) -> str:
    """Protect the wildcards of a text under `==` that stand outside its variables."""
    out, at = "", 0
    for found in _VARIABLE.finditer(text):
        out += text[at : found.start()].replace("*", _STAR).replace("?", _MARK) + found[0]
        at = found.end()
    return out + text[at:].replace("*", _STAR).replace("?", _MARK)


def _replaced(text: str, context: Context, *, escapes: bool) -> str | None:
    """Replace variables by their values; None when one has no value.

    Escaped wildcards become private characters that stand for themselves only.
    """
    out, at = "", 0
    for found in _VARIABLE.finditer(text):
        out += text[at : found.start()]
        at = found.end()
        name = found[1]
        if name is None:
            name = found[2]
        elif name in ("*", "?", "$"):
            special = {"*": _STAR, "?": _MARK, "$": "$"}[name]
            out += special if escapes else found[0]
            continue
        name, _, default = name.partition(",")
        values = _values(name.strip(), context)
        value = values[0] if values else default.strip().strip("'") if default else None
        if value is None:
            return None
        out += value
    return out + text[at:]


@lru_cache(maxsize=65536)
def _glob_regex(pattern: str) -> re.Pattern[str]:
    special = {"*": ".*", "?": ".", _STAR: re.escape("*"), _MARK: re.escape("?")}
    return re.compile("".join(special.get(c, re.escape(c)) for c in pattern), re.DOTALL)


def _glob(pattern: str, value: str) -> bool:
    return _glob_regex(pattern).fullmatch(value) is not None
