"""Fewer characters, the same meaning.

From a policy to one that allows and denies exactly the same requests and is never larger:

1. conditions come into a canonical form, without what other entries imply (`_groups`);
2. lists lose members that another member covers;
3. statements with one effect, principals and condition become rectangles (`_rectangles`), without
   the pairs that are said under a weaker condition, or for more principals;
4. statements equal but for their principals are joined;
5. statements equal but for the values of one condition entry are joined, where its value list
   is a list of alternatives;
6. rectangles are joined and dissolved where what that adds is said anyway (`_improve`), or, when
   that is asked for, never meets by the catalogue (`_crossing`).

In a Deny, resources and values are joined only where they need the same policy variables.

Invariants: a `Not…` list stays whole, and so does the value list of a negated operator, for
they are conjunctions. A statement that the author named (`as X`) is kept under its name.
Nothing here consults the catalogue, but for joins across services: the result is the same
whatever AWS adds. Which statements come out does not depend on the order of those given.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from iamdsl.fit._groups import (
    Conditions,
    Group,
    Weaker,
    canonical_principals,
    group_order,
    needed,
    spell,
)
from iamdsl.fit._improve import improved
from iamdsl.fit._rectangles import Axes, Box, Boxes, Elsewhere, contents, recover
from iamdsl.iam import (
    Elements,
    Entry,
    Policy,
    Principals,
    Statement,
    statement_size,
    value_size,
    values_are_alternatives,
)
from iamdsl.iam.covering import (
    Wider,
    action_atom_covers,
    action_atoms,
    normal,
    order,
    resource_atom_covers,
    resource_atoms,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from iamdsl.fit._crossing import Meeting
    from iamdsl.iam import Condition
    from iamdsl.iam.covering import Atom, Atoms

    _Groups: TypeAlias = dict[Group, list[Box]]

__all__ = ["Sids", "canonical_principals", "minimize"]

Sids: TypeAlias = Literal["keep", "drop"]

_ROUNDS = 4
# Combinations of condition values in one statement beyond which lists are not joined, so that
# the check afterwards can take them apart.
_COMBINATIONS = 10_000
_NO_LENGTHS: Mapping[str, int] = {}


def minimize(
    policy: Policy,
    *,
    sids: Sids = "keep",
    lengths: Mapping[str, int] = _NO_LENGTHS,
    meeting: Meeting | None = None,
) -> Policy:
    """Return the policy with the same meaning in the fewest characters that were found.

    Args:
        policy: what is to be said.
        sids: with `drop` all names of statements go, and the statements are joined like others.
        lengths: the greatest lengths of placeholders, by name.
        meeting: when given, statements may be joined across resources where by the catalogue
            no action of one applies to a resource of the other; see `_crossing.possible`.

    Lists come out sorted, statements in the order of the first input statement that they hold
    something of. Which statements come out does not depend on the order of those that go in.
    """
    given = policy.statements
    if not given:
        return policy
    writer = _Writer(given, lengths)
    groups: _Groups = defaultdict(list)
    for i, statement in enumerate(given):
        keep = sids == "keep" and statement.sid is not None
        condition = writer.conditions.canonical(statement)
        values = [v for e in condition for v in e.values]
        if statement.resources is not None:
            values += statement.resources.values
        group = Group(
            statement.effect,
            canonical_principals(statement.principals),
            condition,
            statement.sid if keep else None,
            needed(statement.effect, values),
            i if keep else -1,
        )
        actions = action_atoms(statement.actions, absorbing=False)
        resources = resource_atoms(statement.resources, absorbing=False)
        groups[group].append(Box(actions, resources, frozenset((i,))))
    groups = _Reducing(writer, _axes(groups), meeting).reduced(groups)
    made = [(group, box) for group, boxes in groups.items() for box in boxes]
    if len(made) > 1:
        made = _in_order(made)
    return attrs.evolve(policy, statements=tuple(writer.statement(g, b) for g, b in made))


def _in_order(made: list[tuple[Group, Box]]) -> list[tuple[Group, Box]]:
    """Return boxes by their first source, those of one source by what they say."""
    by_source: dict[int, list[tuple[Group, Box]]] = defaultdict(list)
    for one in made:
        by_source[min(one[1].sources)].append(one)
    for same in by_source.values():
        if len(same) > 1:
            same.sort(key=lambda one: (contents(one[1]), group_order(one[0])))
    return [one for first in sorted(by_source) for one in by_source[first]]


def _axes(groups: _Groups) -> Axes:
    actions: set[Atom] = set()
    resources: set[Atom] = set()
    for boxes in groups.values():
        for box in boxes:
            actions |= box.actions
            resources |= box.resources
    return Axes(Wider(actions, action_atom_covers), Wider(resources, resource_atom_covers))


class _Writer:
    """From groups and boxes back to statements, in the author's spelling."""

    def __init__(self, given: tuple[Statement, ...], lengths: Mapping[str, int]) -> None:
        self._given = given
        self._lengths = lengths
        self.conditions = Conditions(given)
        self._costs: dict[Atom, int] = {}
        self._frames: dict[Group, int] = {}
        self._spelling: dict[str, str] = {}
        for statement in given:
            for value in statement.actions.values:
                spell(self._spelling, normal(value))

    def cost_in(self, group: Group) -> Callable[[Box], int]:
        """Return the cost of a box as a statement of a group, comma included."""

        def cost(box: Box) -> int:
            if group not in self._frames:
                self._frames[group] = self._frame(group)
            return (
                self._frames[group] + self._list_cost(box.actions) + self._list_cost(box.resources)
            )

        return cost

    def _frame(self, group: Group) -> int:
        """Return the characters of a statement of that group without its two lists."""
        empty = Elements(("",))
        condition = self.conditions.written(group.condition, group.principals)
        bare = Statement(group.effect, empty, empty, group.principals, condition, group.sid)
        return statement_size(bare, self._lengths) - len('""' * 2) + len(",")

    def _list_cost(self, atoms: Atoms) -> int:
        costs = self._costs
        total = len(atoms) - 1 + (2 if len(atoms) > 1 else 0)
        for atom in atoms:
            if atom not in costs:
                costs[atom] = self._atom_cost(atom)
            total += costs[atom]
        return total

    def _atom_cost(self, atom: Atom) -> int:
        if atom is None:
            return -len('"Resource":,')
        if isinstance(atom, str):
            plain = atom.isascii() and atom.isprintable() and '"' not in atom and "\\" not in atom
            return len(atom) + 2 if plain else value_size(atom, self._lengths)
        return len("Not") + self._list_cost(frozenset(atom))

    def statement(self, group: Group, box: Box) -> Statement:
        """Return the statement of a box, with the origins of all that it came from."""
        numbers = sorted(box.sources)
        origin = dict.fromkeys(span for i in numbers for span in self._given[i].origin)
        resources = _elements(box.resources)
        actions = _elements(box.actions)
        if actions is None:
            raise AssertionError("a statement without actions")
        spelled = tuple(self._spelling[a] for a in actions.values)
        return Statement(
            group.effect,
            Elements(spelled, actions.negated),
            resources,
            group.principals,
            self.conditions.written(group.condition, group.principals),
            group.sid,
            tuple(origin),
        )


def _elements(atoms: Atoms) -> Elements | None:
    ordered = sorted(atoms, key=order)
    first = ordered[0]
    if first is None:
        return None
    if isinstance(first, frozenset):
        return Elements(tuple(sorted(first)), negated=True)
    return Elements(tuple(a for a in ordered if isinstance(a, str)))


class _Reducing:
    """The steps from groups to fewer and smaller ones."""

    def __init__(self, writer: _Writer, axes: Axes, meeting: Meeting | None) -> None:
        self._writer = writer
        self._meeting = meeting
        self._axes = axes
        # What groups came to when they were covered anew, and what was weaker; again is no use.
        self._settled: dict[Group, tuple[set[tuple[Atoms, Atoms]], set[Group]]] = {}

    def reduced(self, groups: _Groups) -> _Groups:
        """Reduce group by group, then across groups, until that joins nothing more."""
        for _ in range(_ROUNDS):
            groups = self._recovered(groups)
            if len(groups) < 2:
                break
            count = sum(map(len, groups.values()))
            groups = _joined_values(_joined_principals(groups))
            if sum(map(len, groups.values())) == count:
                break
        better = self._improved(groups)
        return groups if better is groups else _joined_values(_joined_principals(better))

    def _improved(self, groups: _Groups) -> _Groups:
        """Make the boxes of each group cheaper where what is said anyway may be said again."""
        ordered = list(groups)
        if all(len(boxes) < 2 for boxes in groups.values()):
            return groups
        weaker = Weaker(ordered)
        flat = [b for boxes in groups.values() for b in boxes]
        index = Boxes(flat, self._axes)
        masks: list[int] = []
        start = 0
        for boxes in groups.values():
            masks.append((1 << start + len(boxes)) - (1 << start))
            start += len(boxes)
        better: _Groups = {}
        for i, group in enumerate(ordered):
            boxes = groups[group]
            if len(boxes) > 1:
                among = masks[i]
                for number in weaker.of(i):
                    among |= masks[number]
                allowed = self._allowed(group, Elsewhere(index, among))
                boxes = improved(boxes, self._writer.cost_in(group), allowed)
            better[group] = boxes
        same = all(_held(better[g]) == _held(boxes) for g, boxes in groups.items())
        return groups if same else better

    def _allowed(self, group: Group, there: Elsewhere) -> Callable[[Atom, Atom], bool]:
        """Return the test whether a group may say a pair: it is said, or it never meets."""
        meeting = self._meeting
        if meeting is None or group.effect == "Deny" or group.principals is not None:
            return there.has

        def allowed(action: Atom, resource: Atom) -> bool:
            if there.has(action, resource):
                return True
            whole = isinstance(action, str) and isinstance(resource, str)
            return whole and meeting.never(str(action), str(resource))

        return allowed

    def _recovered(self, groups: _Groups) -> _Groups:
        """Cover each group anew, without what weaker groups say.

        One after the other, those of many demands first. A group that gave something up cannot
        be counted on by those after it, so that no two give up the same for each other.
        """
        ordered = sorted(groups, key=_strength)
        weaker = Weaker(ordered)
        wide = [weaker.of(i) if g.number < 0 else [] for i, g in enumerate(ordered)]
        spans: list[tuple[int, int]] = []
        flat: list[Box] = []
        for group in ordered:
            spans.append((len(flat), len(flat) + len(groups[group])))
            flat += groups[group]
        index = Boxes(flat, self._axes) if any(wide) else None
        masks = [(1 << end) - (1 << start) for start, end in spans]
        gained: dict[int, frozenset[int]] = {}
        changed = 0
        done: _Groups = {}
        for i, group in enumerate(ordered):
            start, end = spans[i]
            boxes = [
                b._replace(sources=b.sources | gained.pop(n)) if n in gained else b
                for n, b in enumerate(flat[start:end], start)
            ]
            elsewhere = None
            if index is not None and wide[i]:
                among = 0
                for number in wide[i]:
                    among |= masks[number]
                elsewhere = Elsewhere(index, among & ~changed)
            known = {ordered[n] for n in wide[i]}
            if self._settled.get(group) == (_held(boxes), known):
                done[group] = boxes
                continue
            made = self._anew(group, boxes, elsewhere, gained)
            self._settled[group] = _held(made), known
            if _held(made) != _held(boxes):
                changed |= masks[i]
            if made:
                done[group] = made
        for number, sources in gained.items():
            # Given to a group that was done before: to the first of its boxes.
            at = next(i for i, (start, end) in enumerate(spans) if start <= number < end)
            first = done[ordered[at]][0]
            done[ordered[at]][0] = first._replace(sources=first.sources | sources)
        return {group: done[group] for group in groups if group in done}

    def _anew(
        self,
        group: Group,
        boxes: list[Box],
        elsewhere: Elsewhere | None,
        gained: dict[int, frozenset[int]],
    ) -> list[Box]:
        found = recover(boxes, self._axes, self._writer.cost_in(group), elsewhere)
        for number, sources in found.given.items():
            gained[number] = gained.get(number, frozenset()) | sources
        return found.boxes


def _held(boxes: Iterable[Box]) -> set[tuple[Atoms, Atoms]]:
    return {(b.actions, b.resources) for b in boxes}


def _strength(group: Group) -> tuple[object, ...]:
    """Return the key by which groups are gone through; it does not depend on their order."""
    return group.number >= 0, -len(group.condition), group_order(group)


# Equal but for one thing -----------------------------------------------------------------------


def _joined_principals(groups: _Groups) -> _Groups:
    """Join statements that differ in nothing but their principals."""
    if all(g.principals is None for g in groups):
        return groups
    alike: dict[Hashable, list[tuple[Group, Box]]] = defaultdict(list)
    for group, boxes in groups.items():
        for box in boxes:
            # `"*"` cannot share an element with others, and a negated one is a conjunction.
            who = group.principals
            alone = who is None or who.negated or who.by_type[0][0] == "*"
            rest = group._replace(principals=who if alone else None)
            alike[rest, alone, box.actions, box.resources].append((group, box))
    joined: _Groups = defaultdict(list)
    for same in alike.values():
        group, box = same[0]
        if len(same) > 1:
            group = group._replace(principals=_united(g.principals for g, _ in same))
            box = box._replace(sources=frozenset().union(*(b.sources for _, b in same)))
        joined[group].append(box)
    return joined


def _united(several: Iterable[Principals | None]) -> Principals:
    by_type: dict[str, set[str]] = defaultdict(set)
    for principals in several:
        for kind, values in principals.by_type if principals else ():
            by_type[kind].update(values)
    return Principals(tuple((t, tuple(sorted(by_type[t]))) for t in sorted(by_type)))


def _joined_values(groups: _Groups) -> _Groups:
    """Join statements that differ in nothing but the values of one entry of alternatives."""
    having: dict[tuple[str, str], int] = defaultdict(int)
    for group, boxes in groups.items():
        for e in group.condition if group.number < 0 else ():
            if values_are_alternatives(e.operator):
                having[e.operator, e.key] += len(boxes)
    for pair in sorted(pair for pair, count in having.items() if count > 1):
        alike: dict[Hashable, list[tuple[Group, Box]]] = defaultdict(list)
        others: _Groups = {}
        for group, boxes in groups.items():
            entry = next((e for e in group.condition if _is(e, pair)), None)
            # A statement without the entry is no alternative of those with it.
            if entry is None or group.number >= 0:
                others[group] = boxes
                continue
            rest = group._replace(condition=tuple(e for e in group.condition if e is not entry))
            needs = needed(group.effect, entry.values)
            for box in boxes:
                alike[rest, needs, box.actions, box.resources].append((group, box))
        if len(alike) + sum(map(len, others.values())) < sum(map(len, groups.values())):
            groups = _with_values_joined(alike.values(), pair, others)
    return groups


def _with_values_joined(
    alike: Iterable[list[tuple[Group, Box]]], pair: tuple[str, str], others: _Groups
) -> _Groups:
    joined: _Groups = defaultdict(list)
    for group, boxes in others.items():
        joined[group] += boxes
    for same in alike:
        group, box = same[0]
        if len(same) > 1:
            here = {v for g, _ in same for e in g.condition if _is(e, pair) for v in e.values}
            united = Entry(*pair, tuple(sorted(here)))
            condition = tuple(united if _is(e, pair) else e for e in group.condition)
            if _combinations(condition) > _COMBINATIONS:
                for g, b in same:
                    joined[g].append(b)
                continue
            group = group._replace(condition=condition)
            box = box._replace(sources=frozenset().union(*(b.sources for _, b in same)))
        joined[group].append(box)
    return joined


def _is(entry: Entry, pair: tuple[str, str]) -> bool:
    return (entry.operator, entry.key) == pair


def _combinations(condition: Condition) -> int:
    product = 1
    for entry in condition:
        product *= len(entry.values) if values_are_alternatives(entry.operator) else 1
    return product
