"""The check after every fit: what goes out grants and denies what came in.

Both sides are taken apart into rows, (effect, principal, condition, action) with the set of
their resources, without any of the reductions that `minimize` and `pack` do. A side covers the
other when each pair of row and resource is in one of its own rows, or under a wider action, a
wider resource or a weaker condition there. Sound: a yes is a yes; near-linear.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from iamdsl.fit._cover import (
    Cover,
    action_atom_covers,
    action_atoms,
    resource_atom_covers,
    resource_atoms,
)
from iamdsl.iam import NEGATED, values_are_alternatives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iamdsl.fit._cover import Atom
    from iamdsl.iam import Condition, Principals, Statement

# One test of a key: operator, key in lower case, and the values that are alternatives.
_Test: TypeAlias = tuple[str, str, frozenset[str]]
_Pair: TypeAlias = tuple[str, str]

_NOR = NEGATED | {operator + "IfExists" for operator in NEGATED}

# Rows beyond which conditions are not taken apart value by value.
_ROWS = 2_000_000


class MeaningChangedError(Exception):
    """A bug of ours: the fitted statements do not mean what the given ones do.

    Attributes:
        where: what was being fitted.
        lost: a statement whose meaning is not in `there`, told in words.
    """

    def __init__(self, where: str, lost: str) -> None:
        super().__init__(f"{where}: {lost}")
        self.where = where
        self.lost = lost


class _Demand(NamedTuple):
    """To whom and when a row applies."""

    effect: str
    principal: object
    condition: frozenset[_Test]


_Rows: TypeAlias = dict[_Demand, dict["Atom", set["Atom"]]]


def verify(before: Iterable[Statement], after: Iterable[Statement], where: str = "policy") -> None:
    """Raise `MeaningChangedError` unless both lists of statements mean the same.

    `where` says in the message what is being checked.
    """
    given, made = _distinct(before), _distinct(after)
    if given.keys() == made.keys():
        return
    # What is on both sides is covered there; but it may cover other things, so it stays.
    first, second = list(given.values()), list(made.values())
    lost = ""
    for apart in (_changed(first, second), _joinable(first) | _joinable(second)):
        left, right = _rows(first, apart), _rows(second, apart)
        if left is None or right is None:
            break
        lost = _uncovered(left, right)
        if not lost:
            added = _uncovered(right, left)
            if not added:
                return
            lost = added + " is only in the output"
        else:
            lost += " is not in the output"
    raise MeaningChangedError(where, lost or "too many combinations of condition values to check")


def _distinct(statements: Iterable[Statement]) -> dict[object, Statement]:
    """Return the statements by what they say; order, names and origins say nothing."""
    return {(s.effect, s.principals, s.condition, s.actions, s.resources): s for s in statements}


def _changed(first: Sequence[Statement], second: Sequence[Statement]) -> frozenset[_Pair]:
    """Return operator and key of the entries whose value lists differ between the sides."""
    sides: list[dict[_Pair, set[frozenset[str]]]] = []
    for statements in (first, second):
        lists: dict[_Pair, set[frozenset[str]]] = defaultdict(set)
        for s in statements:
            for e in s.condition:
                lists[e.operator, e.key.lower()].add(frozenset(e.values))
        sides.append(lists)
    both = sides[0].keys() | sides[1].keys()
    return frozenset(
        p for p in both if values_are_alternatives(p[0]) and sides[0].get(p) != sides[1].get(p)
    )


def _joinable(statements: Sequence[Statement]) -> frozenset[_Pair]:
    return frozenset(
        (e.operator, e.key.lower())
        for s in statements
        for e in s.condition
        if values_are_alternatives(e.operator)
    )


def _rows(statements: Sequence[Statement], apart: frozenset[_Pair]) -> _Rows | None:
    """Return all rows; entries in `apart` are taken apart; None when there would be too many."""
    rows: _Rows = defaultdict(lambda: defaultdict(set))
    count = 0
    for s in statements:
        actions, resources = action_atoms(s.actions), resource_atoms(s.resources)
        tests = [list(_tests(s.condition, i, apart)) for i in range(len(s.condition))]
        whom = _principals(s.principals)
        combinations = len(whom)
        for some in tests:
            combinations *= len(some)
        count += combinations * len(actions)
        if count > _ROWS:
            return None
        for principal in whom:
            for condition in product(*tests):
                here = rows[_Demand(s.effect, principal, frozenset(condition))]
                for a in actions:
                    here[a].update(resources)
    return rows


def _tests(condition: Condition, at: int, apart: frozenset[_Pair]) -> Iterator[_Test]:
    entry = condition[at]
    pair = entry.operator, entry.key.lower()
    if pair in apart:
        for value in entry.values:
            yield (*pair, frozenset((value,)))
    else:
        yield (*pair, frozenset(entry.values))


def _principals(principals: Principals | None) -> list[object]:
    if principals is None:
        return [None]
    if principals.negated:
        return [frozenset((t, v) for t, values in principals.by_type for v in values)]
    return [(t, v) for t, values in principals.by_type for v in values]


def _uncovered(narrow: _Rows, wide: _Rows) -> str:
    """Return, in words, something of `narrow` that `wide` does not have; "" when it has all."""
    weaker = _Weaker(wide)
    indexes: dict[_Demand, Cover] = {}
    columns: dict[tuple[_Demand, Atom], Cover] = {}
    for demand, by_action in narrow.items():
        there = wide.get(demand, {})
        for action, resources in by_action.items():
            left = resources - there.get(action, set())
            if not left:
                continue
            for other in weaker(demand):
                if other not in indexes:
                    indexes[other] = Cover(wide[other], action_atom_covers)
                actions = indexes[other].wider(action)
                if action in wide[other]:
                    actions.append(action)
                for row in actions:
                    held, at = wide[other][row], (other, row)
                    if at not in columns:
                        columns[at] = Cover(held, resource_atom_covers)
                    left = {r for r in left if r not in held and not columns[at].wider(r)}
                if not left:
                    break
            if left:
                return _told(demand, action, left)
    return ""


class _Weaker:
    """Finds the demands that follow from a demand, itself included."""

    def __init__(self, rows: _Rows) -> None:
        self._by_whom: dict[tuple[str, object], dict[frozenset[_Test], _Demand]] = defaultdict(dict)
        for demand in rows:
            self._by_whom[demand.effect, demand.principal][demand.condition] = demand

    def __call__(self, demand: _Demand) -> Iterator[_Demand]:
        known = self._by_whom.get((demand.effect, demand.principal), {})
        tests = sorted(demand.condition, key=lambda t: (t[0], t[1], sorted(t[2])))
        if 1 << len(tests) < len(known):
            # The likely ones first, each found at once; the caller stops when it has enough.
            for bits in range(1 << len(tests)):
                some = frozenset(t for i, t in enumerate(tests) if bits >> i & 1)
                if some in known:
                    yield known[some]
        for condition, other in known.items():
            if all(any(_follows(w, t) for t in tests) for w in condition):
                yield other


def _follows(wide: _Test, narrow: _Test) -> bool:
    """Tell whether `wide` holds whenever `narrow` does."""
    if wide == narrow:
        return True
    # Fewer values under a negated operator forbid less.
    return wide[:2] == narrow[:2] and wide[0] in _NOR and wide[2] <= narrow[2]


def _told(demand: _Demand, action: Atom, resources: Iterable[Atom]) -> str:
    condition = sorted((o, k, sorted(v)) for o, k, v in demand.condition)
    some = sorted(map(str, resources))[:3]
    return f"{demand.effect} {action} on {some} for {demand.principal} when {condition}"
