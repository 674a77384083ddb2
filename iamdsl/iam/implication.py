"""Which condition entries surely hold when another one does.

Both are about one key. A yes holds for every request: for missing keys, and for keys of several
values. A no says nothing.

Source: AWS "reference_policies_elements_condition_operators" (operators of one family, missing
keys, `IfExists`) and "reference_policies_condition-single-vs-multi-valued-context-keys".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from iamdsl.iam._operators import NEGATED, split_operator
from iamdsl.iam._pattern import glob_covers, resource_covers
from iamdsl.iam._policy import Entry
from iamdsl.iam.covering import Cover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from iamdsl.iam.covering import Atom

    Covers = Callable[[str, str], bool]
    Values = tuple[str, ...]

_LIKE = {
    "StringEquals": "StringLike",
    "StringNotEquals": "StringNotLike",
    "ArnEquals": "ArnLike",
    "ArnNotEquals": "ArnNotLike",
}
# Operators whose alternatives are found by a text that they share or cover.
_BY_VALUE = {"StringEquals", "StringLike", "ArnEquals", "ArnLike"}
# Entries about one key up to which each is compared with each.
_ALL_PAIRS = 48
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def as_like(entry: Entry) -> Entry:
    """Return an entry that means the same, `…Equals` written as `…Like` where that is certain.

    The ARN operators are alike in pairs. Of strings that holds for texts that have no wildcard
    and nothing that a request or a deployment fills in.
    """
    prefix, base, optional = split_operator(entry.operator)
    like = _LIKE.get(base)
    if like is None or (base[0] == "S" and not all(map(_is_plain, entry.values))):
        return entry
    operator = (f"{prefix}:" if prefix else "") + like + ("IfExists" if optional else "")
    return Entry(operator, entry.key, entry.values)


def _is_plain(text: str) -> bool:
    return not any(c in text for c in "*?$\ue000")


def implies(narrow: Entry, wide: Entry) -> bool:
    """Tell whether `wide` surely holds for every request for which `narrow` does."""
    if narrow.key != wide.key and narrow.key.lower() != wide.key.lower():
        return False
    if narrow == wide:
        return True
    (set_of, base, optional), wanted = _split(narrow.operator), _split(wide.operator)
    if wanted[1] == "Null":
        # A value was found there. An empty one may count as none.
        present = set_of != "ForAllValues" and not optional and base not in NEGATED
        present = present and base != "Null" and all(map(_is_some, narrow.values))
        return wide.values == ("false",) and present
    negated = base in NEGATED
    # `IfExists` adds nothing to a negated operator, which holds on a missing key anyway.
    stays = not optional or wanted[2] or (negated and not set_of)
    if set_of != wanted[0] or not stays or negated != (wanted[1] in NEGATED):
        return False
    if negated:
        return _each_covered((wanted[1], wide.values), (base, narrow.values))
    return _each_covered((base, narrow.values), (wanted[1], wide.values))


_split = lru_cache(maxsize=256)(split_operator)


def _is_some(text: str) -> bool:
    """Tell whether a text, or what it matches as a pattern, is not empty and known."""
    return "$" not in text and "\ue000" not in text and text.strip("*") != ""


def _each_covered(narrow: tuple[str, Values], wide: tuple[str, Values]) -> bool:
    """Tell whether each value under one operator is taken by some value under the other.

    Negated operators are compared by what they except.
    """
    covers = _value_covers(narrow[0], wide[0])
    if covers is None:
        return False
    # Equal texts are the same under one operator; an exact text is one of any pattern like it.
    certain = narrow[0] == wide[0] or _STRINGS.get(narrow[0]) == "" or narrow[0][:3] == "Arn"
    known = frozenset(wide[1] if certain else ())
    return all(n in known or any(covers(w, n) for w in wide[1]) for n in narrow[1])


def _value_covers(narrow: str, wide: str) -> Covers | None:
    """Return the test whether one value takes another under two base operators, None for no way.

    It need not say so of equal texts.
    """
    strings = _STRINGS.get(narrow), _STRINGS.get(wide)
    if strings[0] is not None and strings[1] is not None:
        covers = _TEXTS[strings[1]]
        if strings[0] in {"", strings[1]}:
            return covers
        if strings[0] == "case":
            return None
        return lambda w, n: _is_plain(n) and (w == n or covers(w, n))
    if narrow[:3] == "Arn" == wide[:3]:
        return _arn_covers
    if narrow == wide and "IpAddress" in narrow:
        return _network_covers
    if narrow[:4] == wide[:4] and narrow[:4] in {"Nume", "Date"} and narrow not in NEGATED:
        return lambda w, n: _bound_covers(wide, w, narrow, n)
    return _nothing if narrow == wide and narrow not in {"Null", "Bool"} else None


# An exact text is one of the texts of a pattern, and one of those in any case.
_STRINGS = {
    "StringEquals": "",
    "StringNotEquals": "",
    "StringLike": "wild",
    "StringNotLike": "wild",
    "StringEqualsIgnoreCase": "case",
    "StringNotEqualsIgnoreCase": "case",
}


def _nothing(_wide: str, _narrow: str) -> bool:
    return False


def _same_letters(wide: str, narrow: str) -> bool:
    return wide.isascii() and narrow.isascii() and wide.lower() == narrow.lower()


_TEXTS: dict[str, Covers] = {"": _nothing, "wild": glob_covers, "case": _same_letters}


def _arn_covers(wide: str, narrow: str) -> bool:
    whole = wide.count(":") >= 5 and narrow.count(":") >= 5
    return whole and resource_covers(wide, narrow)


def _network_covers(wide: str, narrow: str) -> bool:
    outer, inner = _network(wide), _network(narrow)
    if outer is None or inner is None or outer.version != inner.version:
        return False
    answer: bool = inner.subnet_of(outer)
    return answer


@lru_cache(maxsize=1024)
def _network(text: str) -> Any:
    """Return the network of a text, None where it is not certain which one is meant."""
    # A build without addresses does not need the module.
    from ipaddress import ip_network  # noqa: PLC0415

    if ":" in text and "/" not in text:
        return None
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _bound_covers(wide: str, bound: str, narrow: str, value: str) -> bool:
    """Tell whether what compares to `value` as `narrow` says compares to `bound` as `wide` says."""
    outer, inner = _ordinal(bound), _ordinal(value)
    if outer is None or inner is None:
        return False
    ways = [re.sub("^(Numeric|Date)", "", base) for base in (narrow, wide)]
    sides = [way.removesuffix("Equals") for way in ways]
    if sides[0] not in {"", sides[1]} or (sides[1] == "" and ways[1] != "Equals"):
        return False
    if outer == inner:
        return ways[0] == ways[1] or ways[1].endswith("Equals")
    if sides[1] == "":
        return False
    less: bool = inner < outer
    return less == (sides[1] == "LessThan")


@lru_cache(maxsize=1024)
def _ordinal(text: str) -> Any:
    """Return what numbers, or moments written in full, are ordered by; None for other texts."""
    if _NUMBER.fullmatch(text):
        from decimal import Decimal  # noqa: PLC0415  # few conditions are about numbers

        return 0, Decimal(text)
    return (1, text) if _MOMENT.fullmatch(text) else None


class Implications:
    """Some conditions, and which of them surely hold when another condition does.

    Each is found by its rarest entry, so that a condition is not compared with all others.
    """

    def __init__(self, conditions: Sequence[Iterable[Entry]]) -> None:
        self._conditions = [frozenset(c) for c in conditions]
        count = Counter(e for c in self._conditions for e in c)
        self._implied = _Implied(count)
        self._listed: dict[Entry | None, list[int]] = defaultdict(list)
        for i, condition in enumerate(self._conditions):
            rarest = min(condition, key=lambda e: (count[e], _entry_order(e)), default=None)
            self._listed[rarest].append(i)

    def by(self, condition: Iterable[Entry]) -> list[int]:
        """Return the numbers of the conditions that hold whenever `condition` does."""
        follow: set[Entry] = set()
        for entry in condition:
            follow.update(self._implied.by(entry))
        found = list(self._listed.get(None, ()))
        for entry in follow:
            found += [i for i in self._listed.get(entry, ()) if self._conditions[i] <= follow]
        return sorted(found)


class _Implied:
    """Finds the entries among some that one of them implies, itself included."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_key: dict[str, list[Entry]] = defaultdict(list)
        for entry in sorted(entries, key=_entry_order):
            self._by_key[entry.key].append(entry)
        self._known: dict[Entry, list[Entry]] = {}
        self._by_value: dict[str, tuple[dict[str, list[Entry]], Cover, list[Entry]]] = {}

    def by(self, entry: Entry) -> list[Entry]:
        """Return the entries that hold whenever `entry` does."""
        found = self._known.get(entry)
        if found is None:
            alike = self._by_key.get(entry.key, [])
            if len(alike) > _ALL_PAIRS:
                alike = self._likely(entry, alike)
            found = self._known[entry] = [w for w in alike if implies(entry, w)]
        return found

    def _likely(self, entry: Entry, alike: list[Entry]) -> list[Entry]:
        """Return the few of many entries about one key that may follow from one of them."""
        if entry.key not in self._by_value:
            by_value: dict[str, list[Entry]] = defaultdict(list)
            others: list[Entry] = []
            for e in alike:
                if split_operator(e.operator)[1] in _BY_VALUE:
                    for value in e.values:
                        by_value[value].append(e)
                else:
                    others.append(e)
            few = others if len(others) <= _ALL_PAIRS else []
            self._by_value[entry.key] = by_value, Cover(by_value, _text_covers), few
        by_value, wild, others = self._by_value[entry.key]
        value = entry.values[0]
        found = {e for w in (value, *wild.wider(value)) for e in by_value.get(str(w), ())}
        return sorted({entry, *found, *others}, key=_entry_order)


def _text_covers(wide: Atom, narrow: Atom) -> bool:
    return isinstance(wide, str) and isinstance(narrow, str) and glob_covers(wide, narrow)


def _entry_order(entry: Entry) -> tuple[str, str, tuple[str, ...]]:
    return entry.operator, entry.key, entry.values
