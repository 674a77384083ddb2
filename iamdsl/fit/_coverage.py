"""What of a statement other statements say, and what they do not.

A statement is all pairs of its actions and resources, for those and when it applies. A pair is
said by another statement of the same effect that has the action, or a wider one, and the
resource, or a wider one, for as many principals and under the same or a weaker condition.
Lists of alternatives (principals, values of positive operators) are parted where that decides.

Invariant: what is said and what is left come to the whole statement again, never to more.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl.iam import (
    Elements,
    Principals,
    Statement,
    split_operator,
    values_are_alternatives,
    variables,
)
from iamdsl.iam.covering import (
    Cover,
    action_atom_covers,
    action_atoms,
    normal,
    order,
    resource_atom_covers,
    resource_atoms,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from iamdsl.iam.covering import Atom, Atoms

# How often one statement is parted along its values before the rest of it counts as not said.
_PARTED = 5_000
_NONE: frozenset[int] = frozenset()


class Demand(NamedTuple):
    """To whom and when a statement applies.

    Attributes:
        who: the types and values of the principals, and whether it is all but those.
        values: the values of each pair of operator and key, keys in lower case.
        needs: of a Deny, the variables without which AWS may hold the statement invalid.
    """

    effect: str
    who: tuple[bool, frozenset[tuple[str, str]]] | None
    values: tuple[tuple[tuple[str, str], frozenset[str]], ...]
    needs: frozenset[str]


class Part(NamedTuple):
    """A statement, and its lists and demand as they are compared."""

    statement: Statement
    demand: Demand
    actions: Atoms
    resources: Atoms


def part(statement: Statement) -> Part:
    """Return a statement as it is compared."""
    return Part(
        statement,
        demand(statement),
        action_atoms(statement.actions),
        resource_atoms(statement.resources),
    )


def demand(statement: Statement) -> Demand:
    """Return to whom and when a statement applies."""
    values = sorted(((e.operator, e.key.lower()), frozenset(e.values)) for e in statement.condition)
    needs: frozenset[str] = frozenset()
    if statement.effect == "Deny":
        texts = [v for e in statement.condition for v in e.values]
        texts += statement.resources.values if statement.resources is not None else ()
        needs = frozenset(name.lower() for text in texts for name in variables(text))
    who = statement.principals
    named = None
    if who is not None:
        named = who.negated, frozenset((t, v) for t, some in who.by_type for v in some)
    return Demand(statement.effect, named, tuple(values), needs)


def is_weaker(wide: Demand, narrow: Demand) -> bool:
    """Tell whether `wide` applies to each request that `narrow` applies to."""
    if wide == narrow:
        return True
    if wide.effect != narrow.effect or not wide.needs <= narrow.needs:
        return False
    if not _is_wider(wide, narrow):
        return False
    there = dict(narrow.values)
    return all(
        (values := there.get(pair)) is not None and _is_weaker_test(pair[0], some, values)
        for pair, some in wide.values
    )


def _is_weaker_test(operator: str, wide: frozenset[str], narrow: frozenset[str]) -> bool:
    if wide == narrow:
        return True
    if values_are_alternatives(operator):
        return wide >= narrow
    prefix, base, _ = split_operator(operator)
    return not prefix and base not in {"Null", "Bool"} and wide <= narrow


def _is_wider(wide: Demand, narrow: Demand) -> bool:
    """Tell whether all principals of one demand are among those of the other."""
    if wide.who == narrow.who:
        return True
    if wide.who is None or narrow.who is None or wide.who[0] or narrow.who[0]:
        return False
    return wide.who[1] >= narrow.who[1]


class Said:
    """Statements, to be asked what of another one they say."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = list(parts)
        self._actions = _Holders([p.actions for p in self._parts], action_atom_covers)
        self._resources = _Holders([p.resources for p in self._parts], resource_atom_covers)

    def divide(self, whole: Part) -> tuple[list[Part], list[Part]]:
        """Return what of a statement these say and what they do not, each as statements.

        The one that is all said comes back as it is, and so does the one that is all left.
        """
        said: list[Part] = []
        left: list[Part] = []
        todo, parted = [whole], 0
        while todo:
            one = todo.pop()
            near = self._near(one)
            wide = frozenset(i for i in near if is_weaker(self._parts[i].demand, one.demand))
            held, open_ = self._pairs(one, wide)
            said += held
            others = sorted(near - wide)
            for rest in open_:
                halves = self._halves(rest, others) if parted < _PARTED else None
                if halves is None:
                    left.append(rest)
                else:
                    todo += halves
                    parted += 1
        if not left or not said:
            return ([], [whole]) if left else ([whole], [])
        return [_written(p) for p in said], [_written(p) for p in left]

    def says(self, one: Part, but: int = -1) -> int | None:
        """Return the number of a statement, other than `but`, that says all of a part."""
        near: frozenset[int] | None = None
        for holders, atoms in ((self._actions, one.actions), (self._resources, one.resources)):
            for atom in atoms:
                near = holders.of(atom) if near is None else near & holders.of(atom)
                if not near:
                    return None
        found = (
            i
            for i in sorted(near or _NONE)
            if i != but and is_weaker(self._parts[i].demand, one.demand)
        )
        return next(found, None)

    def overlapping(self, one: Part) -> list[int]:
        """Return the numbers of those that say some of a statement."""
        found = []
        for i in sorted(self._near(one)):
            wide = self._parts[i].demand
            if is_weaker(wide._replace(needs=frozenset()), one.demand) or _parting(wide, one):
                found.append(i)
        return found

    def _near(self, one: Part) -> frozenset[int]:
        """Return the numbers of those that have some action and some resource of a part."""
        actions = frozenset().union(*(self._actions.of(a) for a in one.actions))
        return actions & frozenset().union(*(self._resources.of(r) for r in one.resources))

    def _pairs(self, one: Part, wide: frozenset[int]) -> tuple[list[Part], list[Part]]:
        """Return the parts whose pairs are among those of the numbered statements, and the others."""
        if not wide:
            return [], [one]
        columns: dict[frozenset[int], Atoms] = {}
        rows: dict[Atoms, list[Atom]] = defaultdict(list)
        for action in sorted(one.actions, key=order):
            holding = self._actions.of(action) & wide
            if holding not in columns:
                columns[holding] = frozenset(
                    r for r in one.resources if not holding.isdisjoint(self._resources.of(r))
                )
            rows[columns[holding]].append(action)
        held, left = [], []
        for there, actions in rows.items():
            some = one._replace(actions=frozenset(actions))
            if there:
                held.append(some._replace(resources=there))
            if len(there) < len(one.resources):
                left.append(some._replace(resources=one.resources - there))
        return held, left

    def _halves(self, one: Part, others: Sequence[int]) -> list[Part] | None:
        """Return a part in two along a list that one of the others has some values of."""
        for i in others:
            other = self._parts[i]
            way = _parting(other.demand, one)
            if way is None:
                continue
            held = self._actions.holds(i, one.actions) and self._resources.holds(i, one.resources)
            if held:
                return [Part(s, demand(s), one.actions, one.resources) for s in way(one.statement)]
        return None


class _Holders:
    """Which statements have an atom, or a wider one, in one of their lists."""

    def __init__(self, lists: list[Atoms], covers: Callable[[Atom, Atom], bool]) -> None:
        self._by_atom: dict[Atom, list[int]] = defaultdict(list)
        for i, atoms in enumerate(lists):
            for atom in atoms:
                self._by_atom[atom].append(i)
        self._covers = covers
        self._wild: Cover | None = None
        self._known: dict[Atom, frozenset[int]] = {}

    def of(self, atom: Atom) -> frozenset[int]:
        """Return the numbers of those that have it."""
        found = self._known.get(atom)
        if found is None:
            if self._wild is None:
                self._wild = Cover(self._by_atom, self._covers)
            numbers = set(self._by_atom.get(atom, ()))
            for wider in self._wild.wider(atom):
                numbers.update(self._by_atom[wider])
            found = self._known[atom] = frozenset(numbers)
        return found

    def holds(self, number: int, atoms: Atoms) -> bool:
        """Tell whether one statement has one of the atoms."""
        return any(number in self.of(a) for a in atoms)


def _parting(wide: Demand, one: Part) -> Callable[[Statement], tuple[Statement, Statement]] | None:
    """Return how a statement is parted by what `wide` has of one of its lists of alternatives.

    None when the two do not meet, or when no list can be parted.
    """
    narrow = one.demand
    if wide.effect != narrow.effect:
        return None
    there = dict(narrow.values)
    way: tuple[tuple[str, str], frozenset[str]] | None = None
    for pair, values in wide.values:
        have = there.get(pair)
        if have is None:
            return None
        if _is_weaker_test(pair[0], values, have):
            continue
        if not values_are_alternatives(pair[0]) or values.isdisjoint(have):
            return None
        way = way or (pair, values)
    if not _is_wider(wide, narrow):
        if wide.who is None or narrow.who is None or wide.who[0] or narrow.who[0]:
            return None
        those = wide.who[1]
        return None if those.isdisjoint(narrow.who[1]) else lambda s: _by_principals(s, those)
    if way is None:
        return None
    pair, values = way
    return lambda s: _by_values(s, pair, values)


def _by_principals(
    statement: Statement, those: frozenset[tuple[str, str]]
) -> tuple[Statement, Statement]:
    who = statement.principals
    if who is None:
        raise AssertionError("nobody to part")

    def only(inside: bool) -> Statement:
        by_type = (
            (t, tuple(v for v in values if ((t, v) in those) == inside))
            for t, values in who.by_type
        )
        return attrs.evolve(statement, principals=Principals(tuple(p for p in by_type if p[1])))

    return only(inside=True), only(inside=False)


def _by_values(
    statement: Statement, pair: tuple[str, str], those: frozenset[str]
) -> tuple[Statement, Statement]:
    def only(inside: bool) -> Statement:
        condition = tuple(
            attrs.evolve(e, values=tuple(v for v in e.values if (v in those) == inside))
            if (e.operator, e.key.lower()) == pair
            else e
            for e in statement.condition
        )
        return attrs.evolve(statement, condition=condition)

    return only(inside=True), only(inside=False)


def _written(one: Part) -> Part:
    """Return a part of a statement with a statement of its own, in the same spelling and order."""
    statement = one.statement
    actions = _listed(statement.actions, one.actions, str.lower)
    if actions is None:
        raise AssertionError("a statement without actions")
    resources = _listed(statement.resources, one.resources, str)
    return one._replace(statement=attrs.evolve(statement, actions=actions, resources=resources))


def _listed(
    elements: Elements | None, atoms: Atoms, spelled: Callable[[str], str]
) -> Elements | None:
    if elements is None or elements.negated:
        return elements
    found = {normal(spelled(v)): v for v in reversed(elements.values)}
    return Elements(tuple(v for a, v in reversed(found.items()) if a in atoms))
