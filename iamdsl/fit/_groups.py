"""What statements have in common that may become rectangles together, and which demands follow.

A group is an effect, principals and a condition in canonical form. It is weaker than another
one when it applies to every request that the other applies to.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from iamdsl.iam import Entry, Principals, variables
from iamdsl.iam.implication import Implications, as_like, implies

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.iam import Condition, Statement

    _Pair: TypeAlias = tuple[str, str]


class Group(NamedTuple):
    """What the statements that may become rectangles together have in common."""

    effect: Literal["Allow", "Deny"]
    principals: Principals | None
    condition: Condition
    sid: str | None
    # Of a Deny, the variables that its resources and its condition need: see `needed`.
    needed: frozenset[str] = frozenset()
    # Statements with a name of their own never share a group.
    number: int = -1


def group_order(group: Group) -> tuple[object, ...]:
    """Return a key that sorts groups by what they say."""
    who = group.principals
    named = () if who is None else (who.negated, who.by_type)
    entries = [(e.operator, e.key, e.values) for e in group.condition]
    return group.effect, named, entries, group.sid or "", group.number


def canonical_principals(principals: Principals | None) -> Principals | None:
    """Return principals with types and values sorted, each once."""
    if principals is None:
        return None
    by_type = tuple((t, tuple(sorted(set(v)))) for t, v in sorted(principals.by_type))
    return Principals(by_type, principals.negated)


def needed(effect: str, values: Iterable[str]) -> frozenset[str]:
    """Return the variables without a default in values of a Deny, in lower case.

    A statement may be invalid for a request that gives one of them no value; values that need
    none must not fall with it (`variables`), so a Deny joins values of equal needs only.
    """
    if effect == "Allow":
        return frozenset()
    return frozenset(name.lower() for value in values for name in variables(value))


class Conditions:
    """The canonical form of the conditions of a policy, and how each is written.

    Keys have one spelling, values are sorted, what other entries imply is left out. Exact
    operators count as the pattern operators that mean the same, so that they can share a list or
    a block; where that joins nothing they are written as they were.
    """

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._keys: dict[str, str] = {}
        for statement in statements:
            for entry in statement.condition:
                spell(self._keys, entry.key)
        self._plain = {c: self._sorted(c) for c in {s.condition for s in statements}}
        # Entries of documents with principals stay as they are: services look at them.
        free = {self._plain[s.condition] for s in statements if s.principals is None}
        self._kept = _unlike(free)
        self._patterns = {
            (e.operator, e.key, value)
            for condition in free
            for e in condition
            if as_like(e) is e
            for value in e.values
        }

    def _sorted(self, condition: Condition) -> Condition:
        entries = [
            Entry(e.operator, self._keys[e.key.lower()], tuple(sorted(set(e.values))))
            for e in condition
        ]
        if len(entries) < 2:
            return tuple(entries)
        return tuple(_without_implied(sorted(entries, key=_entry_key)))

    def canonical(self, statement: Statement) -> Condition:
        """Return the condition of a statement in canonical form."""
        plain = self._plain[statement.condition]
        if statement.principals is not None or not plain:
            return plain
        entries = [e if _pair(e) in self._kept else as_like(e) for e in plain]
        return tuple(sorted(entries, key=_entry_key)) if len(entries) > 1 else tuple(entries)

    def written(self, condition: Condition, principals: Principals | None) -> Condition:
        """Return a condition in canonical form as it is to be written."""
        if principals is not None or not condition:
            return condition
        exact = {e.operator: _EXACT.get(e.operator) for e in condition}
        for e in condition:
            # Patterns need their operator, and one block is shorter than two.
            if exact[e.operator] is not None and any(
                (e.operator, e.key, value) in self._patterns for value in e.values
            ):
                exact[e.operator] = None
        entries = [Entry(exact[e.operator] or e.operator, e.key, e.values) for e in condition]
        return tuple(sorted(entries, key=_entry_key)) if len(entries) > 1 else tuple(entries)


def spell(known: dict[str, str], text: str) -> None:
    """Note one spelling of a name: of several the one with the most capitals, as AWS has it."""
    lower = text.lower()
    known[lower] = min(known.get(lower, text), text)


def _exact_operators() -> dict[str, str]:
    found = {}
    for base in ("String", "StringNot", "Arn", "ArnNot"):
        for prefix in ("", "ForAllValues:", "ForAnyValue:"):
            for suffix in ("", "IfExists"):
                found[f"{prefix}{base}Like{suffix}"] = f"{prefix}{base}Equals{suffix}"
    return found


_EXACT = _exact_operators()


def _unlike(conditions: Iterable[Condition]) -> set[_Pair]:
    """Return operator and key of exact entries that stay: not all of them have a pattern's form."""
    kept: set[_Pair] = set()
    for condition in conditions:
        there = {_pair(e) for e in condition}
        for e in condition:
            like = as_like(e)
            if e.operator in _EXACT_ONES and (like is e or _pair(like) in there):
                kept.add(_pair(e))
    return kept


_EXACT_ONES = frozenset(_EXACT.values())


def _without_implied(entries: list[Entry]) -> list[Entry]:
    keys = Counter(e.key for e in entries)
    if len(keys) == len(entries):
        return entries
    left = list(entries)
    for entry in entries:
        own = needed("Deny", entry.values)
        others = [e for e in left if e is not entry and e.key == entry.key]
        if any(implies(e, entry) and own <= needed("Deny", e.values) for e in others):
            left.remove(entry)
    return left


def _pair(entry: Entry) -> _Pair:
    return entry.operator, entry.key


def _entry_key(entry: Entry) -> _Pair:
    return entry.operator, entry.key.lower()


class Weaker:
    """Finds the groups of a list whose demands follow from those of a group."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups
        self._conditions = Implications([g.condition for g in groups])

    def of(self, number: int) -> list[int]:
        """Return the numbers of the groups that are weaker than that one."""
        narrow = self._groups[number]
        found = self._conditions.by(narrow.condition)
        return [i for i in found if i != number and _may_stand_for(self._groups[i], narrow)]


def _may_stand_for(wide: Group, narrow: Group) -> bool:
    return (
        wide.effect == narrow.effect
        and wide.needed <= narrow.needed
        and _more_principals(wide.principals, narrow.principals)
    )


def _more_principals(wide: Principals | None, narrow: Principals | None) -> bool:
    if wide == narrow:
        return True
    if wide is None or narrow is None or wide.negated or narrow.negated:
        return False
    types = dict(wide.by_type)
    return all(set(values) <= set(types.get(t, ())) for t, values in narrow.by_type)
