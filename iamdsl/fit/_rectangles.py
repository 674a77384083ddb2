"""Covers of a set of (action, resource) pairs by rectangles.

From boxes, each all pairs of its actions and its resources, to fewer or smaller boxes of the
same union. Invariant: nothing here depends on the order in which sets are iterated.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.iam.covering import (
    Cover,
    absorb,
    action_atom_covers,
    order,
    resource_atom_covers,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from iamdsl.iam.covering import Atom, Atoms

    Covers = Callable[[Atom, Atom], bool]

# Pairs up to which rectangles are made anew; beyond, boxes are only merged.
_PAIRS = 300_000


class Box(NamedTuple):
    """All pairs of `actions` and `resources`, from statements number `sources`."""

    actions: Atoms
    resources: Atoms
    sources: frozenset[int]

    @property
    def turned(self) -> Box:
        """Return the box with the roles of actions and resources changed."""
        return Box(self.resources, self.actions, self.sources)


def place(box: Box) -> tuple[object, ...]:
    """Return the key that boxes are sorted by: first source, then contents."""
    return (
        min(box.sources),
        sorted(map(order, box.actions)),
        sorted(map(order, box.resources)),
    )


def recover(boxes: list[Box], cost: Callable[[Box], int]) -> list[Box]:
    """Return boxes of the same union and the least `cost` that was found (never more).

    Tried: the boxes merged; rectangles action by action; rectangles resource by resource.
    """
    boxes = [
        Box(
            absorb(b.actions, action_atom_covers),
            absorb(b.resources, resource_atom_covers),
            b.sources,
        )
        for b in boxes
    ]
    if len(boxes) == 1:
        return boxes
    merged = _drop_covered(_merge(boxes))
    if len(merged) == 1 or sum(len(b.actions) * len(b.resources) for b in merged) > _PAIRS:
        return merged
    by_action = _rows(merged, action_atom_covers, resource_atom_covers)
    turned = [b.turned for b in merged]
    by_resource = [b.turned for b in _rows(turned, resource_atom_covers, action_atom_covers)]
    costs = [sum(map(cost, c)) for c in (merged, by_action, by_resource)]
    least = min(costs)
    if costs[0] == least:
        return merged
    return _attributed(by_action if costs[1] == least else by_resource, merged)


def lone(atoms: Atoms) -> Hashable:
    """Return the one atom that may not share its list, or True when the atoms are patterns."""
    atom = next(iter(atoms))
    return True if isinstance(atom, str) else (atom,)


def _merge(boxes: list[Box]) -> list[Box]:
    """Merge boxes with equal resources, then with equal actions, until nothing changes."""
    while True:
        count = len(boxes)
        boxes = _merge_rows(boxes, action_atom_covers)
        turned = _merge_rows([b.turned for b in boxes], resource_atom_covers)
        boxes = [b.turned for b in turned]
        if len(boxes) in {count, 1}:
            return boxes


def _merge_rows(boxes: list[Box], covers: Covers) -> list[Box]:
    alike: dict[Hashable, list[Box]] = defaultdict(list)
    for box in boxes:
        alike[box.resources, lone(box.actions)].append(box)
    return [
        same[0]
        if len(same) == 1
        else Box(
            absorb(frozenset().union(*(b.actions for b in same)), covers),
            same[0].resources,
            frozenset().union(*(b.sources for b in same)),
        )
        for same in alike.values()
    ]


class Boxes:
    """An index of boxes that finds one which covers a given box."""

    __slots__ = ("_actions", "_resources")

    def __init__(self, boxes: list[Box]) -> None:
        self._actions = _Holders([b.actions for b in boxes], action_atom_covers)
        self._resources = _Holders([b.resources for b in boxes], resource_atom_covers)

    def holder(self, box: Box, ignoring: int = -1) -> int | None:
        """Return the least number of a box, other than `ignoring`, that covers `box`."""
        holders = [self._actions.of(a) for a in box.actions]
        holders += [self._resources.of(r) for r in box.resources]
        holders.sort(key=lambda sets: sum(map(len, sets)))
        left: set[int] = set().union(*holders[0])
        left.discard(ignoring)
        for sets in holders[1:]:
            if not left:
                return None
            left = {i for i in left if any(i in some for some in sets)}
        return min(left, default=None)


class _Holders:
    """Which boxes hold an atom, or a wider one, in one of their lists."""

    __slots__ = ("_by_atom", "_known", "_wild")

    def __init__(self, lists: list[Atoms], covers: Covers) -> None:
        self._by_atom: dict[Atom, set[int]] = defaultdict(set)
        for i, atoms in enumerate(lists):
            for atom in atoms:
                self._by_atom[atom].add(i)
        self._wild = Cover(self._by_atom, covers)
        self._known: dict[Atom, list[set[int]]] = {}

    def of(self, atom: Atom) -> list[set[int]]:
        """Return sets of box numbers, one for each pattern that covers the atom."""
        if atom not in self._known:
            wider = self._wild.wider(atom)
            own = [self._by_atom[atom]] if atom in self._by_atom else []
            self._known[atom] = own + [self._by_atom[w] for w in wider]
        return self._known[atom]


def _drop_covered(boxes: list[Box]) -> list[Box]:
    """Drop each box that another one covers, and give its sources to that one."""
    if len(boxes) < 2:
        return boxes
    boxes = sorted(boxes, key=place)
    index = Boxes(boxes)
    holders = [index.holder(b, ignoring=i) for i, b in enumerate(boxes)]
    sources = [b.sources for b in boxes]
    kept = []
    for i, holder in enumerate(holders):
        # Two that cover each other match the same; the first is kept.
        if holder is None or (holder > i and holders[holder] == i):
            kept.append(i)
        else:
            last = _last_holder(holders, holder)
            sources[last] |= boxes[i].sources
    return [boxes[i]._replace(sources=sources[i]) for i in kept]


def _last_holder(holders: list[int | None], at: int) -> int:
    """Follow from holder to holder up to a box that is kept."""
    while (up := holders[at]) is not None and not (up > at and holders[up] == at):
        at = up
    return at


def _rows(boxes: list[Box], row_covers: Covers, column_covers: Covers) -> list[Box]:
    """Return one box for each set of rows that have the same columns.

    A pair whose row or column a wider pair covers is left out: what remains are the pairs
    that nothing covers, which do not depend on how the boxes were cut before.
    """
    rows: dict[Atom, set[Atom]] = defaultdict(set)
    for box in boxes:
        for a in box.actions:
            rows[a].update(box.resources)
    wild = Cover(rows, row_covers)
    columns: dict[Atom, Cover] = {}
    alike: dict[Hashable, list[Atom]] = defaultdict(list)
    for row, whole in rows.items():
        left: Iterable[Atom] = whole
        for wider in wild.wider(row):
            if wider not in columns:
                columns[wider] = Cover(rows[wider], column_covers)
            held, index = rows[wider], columns[wider]
            left = [c for c in left if c not in held and not index.wider(c)]
        remaining = absorb(left, column_covers)
        kinds: dict[Hashable, set[Atom]] = defaultdict(set)
        for c in remaining:
            kinds[lone(frozenset((c,)))].add(c)
        for same in kinds.values():
            alike[frozenset(same), lone(frozenset((row,)))].append(row)
    nowhere: frozenset[int] = frozenset()
    return [Box(frozenset(same), key[0], nowhere) for key, same in alike.items()]  # type: ignore[index]


def _attributed(boxes: list[Box], before: list[Box]) -> list[Box]:
    """Give each box the sources of the boxes that it came from, and sort."""
    by_action: dict[Atom, list[int]] = defaultdict(list)
    by_resource: dict[Atom, list[int]] = defaultdict(list)
    for i, box in enumerate(before):
        for a in box.actions:
            by_action[a].append(i)
        for r in box.resources:
            by_resource[r].append(i)
    used: set[int] = set()
    sources: list[set[int]] = []
    for box in boxes:
        there = [by_resource[r] for r in box.resources if r in by_resource]
        here = [by_action[a] for a in box.actions if a in by_action]
        if sum(map(len, there)) <= sum(map(len, here)):
            found = {i for at in there for i in at if not before[i].actions.isdisjoint(box.actions)}
        else:
            wanted = box.resources
            found = {i for at in here for i in at if not before[i].resources.isdisjoint(wanted)}
        used |= found
        sources.append({s for i in found for s in before[i].sources})
    index = Boxes(boxes)
    for i in range(len(before)):
        if i not in used and (holder := index.holder(before[i])) is not None:
            sources[holder] |= before[i].sources
    done = [b._replace(sources=frozenset(s)) for b, s in zip(boxes, sources, strict=True)]
    return sorted(done, key=place)
