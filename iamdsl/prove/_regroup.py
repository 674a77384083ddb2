"""Two lists of statements compared row by row: a quick yes where one only regroups the other.

Both are taken apart into rows, (effect, principal, condition, action) with the set of their
resources. A side covers the other when each pair of row and resource is in one of its own rows, or
under a wider action, a wider resource or a weaker condition there. A yes is a yes; a no says
nothing. Near-linear, where the cells of the prover are many.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

from iamdsl.iam import Entry, values_are_alternatives
from iamdsl.iam.covering import (
    Cover,
    action_atom_covers,
    action_atoms,
    resource_atom_covers,
    resource_atoms,
)
from iamdsl.iam.implication import Implications, as_like

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from iamdsl.iam import Condition, Principals, Statement
    from iamdsl.iam.covering import Atom

_Pair: TypeAlias = tuple[str, str]

# Rows beyond which conditions are not taken apart value by value.
_ROWS = 2_000_000


class _Demand(NamedTuple):
    """To whom and when a row applies."""

    effect: str
    principal: object
    condition: frozenset[Entry]


_Rows: TypeAlias = dict[_Demand, dict["Atom", set["Atom"]]]


def regroups(first: Iterable[Statement], second: Iterable[Statement]) -> bool:
    """Tell whether each of two lists of statements surely says all that the other one says."""
    given, made = _distinct(first), _distinct(second)
    if given.keys() == made.keys():
        return True
    # What is on both sides is covered there; but it may cover other things, so it stays.
    one, other = list(given.values()), list(made.values())
    return _agree(one, other, lambda a, b: _is_covered(a, b) and _is_covered(b, a))


def allows_no_more(first: Iterable[Statement], second: Iterable[Statement]) -> bool:
    """Tell whether surely whatever a list of statements allows, a second one does.

    The second one says all that the first one allows, and denies nothing that the first does not.
    """
    one, other = list(_distinct(first).values()), list(_distinct(second).values())
    return _agree(
        one,
        other,
        lambda a, b: (
            _is_covered(_of_effect(a, "Allow"), b) and _is_covered(_of_effect(b, "Deny"), a)
        ),
    )


def _agree(
    one: Sequence[Statement], other: Sequence[Statement], test: Callable[[_Rows, _Rows], bool]
) -> bool:
    """Try a test on the rows of both sides, with entries taken apart by value as that needs."""
    for apart in (_changed(one, other), _joinable(one) | _joinable(other)):
        left, right = _rows(one, apart), _rows(other, apart)
        if left is None or right is None:
            return False
        if test(left, right):
            return True
    return False


def _of_effect(rows: _Rows, effect: str) -> _Rows:
    return {demand: by_action for demand, by_action in rows.items() if demand.effect == effect}


def _distinct(statements: Iterable[Statement]) -> dict[object, Statement]:
    """Return the statements by what they say; order, names and origins say nothing."""
    canonical = [
        attrs.evolve(s, condition=tuple(map(_canonical, s.condition))) if s.condition else s
        for s in statements
    ]
    return {(s.effect, s.principals, s.condition, s.actions, s.resources): s for s in canonical}


def _canonical(entry: Entry) -> Entry:
    """Return an entry that means the same, in the form in which entries are compared."""
    like = as_like(entry)
    return Entry(like.operator, like.key.lower(), tuple(sorted(set(like.values))))


def _changed(first: Sequence[Statement], second: Sequence[Statement]) -> frozenset[_Pair]:
    """Return operator and key of the entries whose value lists differ between the sides."""
    sides: list[dict[_Pair, set[frozenset[str]]]] = []
    for statements in (first, second):
        lists: dict[_Pair, set[frozenset[str]]] = defaultdict(set)
        for s in statements:
            for e in s.condition:
                lists[e.operator, e.key].add(frozenset(e.values))
        sides.append(lists)
    both = sides[0].keys() | sides[1].keys()
    return frozenset(
        p for p in both if values_are_alternatives(p[0]) and sides[0].get(p) != sides[1].get(p)
    )


def _joinable(statements: Sequence[Statement]) -> frozenset[_Pair]:
    return frozenset(
        (e.operator, e.key)
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


def _tests(condition: Condition, at: int, apart: frozenset[_Pair]) -> Iterator[Entry]:
    entry = condition[at]
    if (entry.operator, entry.key) in apart:
        for value in entry.values:
            yield as_like(Entry(entry.operator, entry.key, (value,)))
    else:
        yield entry


def _principals(principals: Principals | None) -> list[object]:
    if principals is None:
        return [None]
    if principals.negated:
        return [frozenset((t, v) for t, values in principals.by_type for v in values)]
    return [(t, v) for t, values in principals.by_type for v in values]


def _is_covered(narrow: _Rows, wide: _Rows) -> bool:
    """Tell whether `wide` has all that `narrow` has."""
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
                return False
    return True


class _Weaker:
    """Finds the demands that follow from a demand, itself included."""

    def __init__(self, rows: _Rows) -> None:
        self._by_whom: dict[tuple[str, object], list[_Demand]] = defaultdict(list)
        for demand in rows:
            self._by_whom[demand.effect, demand.principal].append(demand)
        self._implications: dict[tuple[str, object], Implications] = {}

    def __call__(self, demand: _Demand) -> Iterator[_Demand]:
        whom = demand.effect, demand.principal
        known = self._by_whom.get(whom, [])
        if whom not in self._implications:
            self._implications[whom] = Implications([d.condition for d in known])
        for number in self._implications[whom].by(demand.condition):
            yield known[number]
