"""Covers of a set of (action, resource) pairs by rectangles.

From boxes, each all pairs of its actions and its resources, to fewer or smaller boxes of the
same union; pairs that are said elsewhere may be left out, and may be said again.

Invariant: which boxes come out depends on the contents of those that went in, not on their order
nor on that in which sets are iterated.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.iam.covering import Wider, order

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from iamdsl.iam.covering import Atom, Atoms

    Cost = Callable[["Box"], int]

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


class Axes(NamedTuple):
    """Which actions cover which, and which resources."""

    actions: Wider
    resources: Wider

    @property
    def turned(self) -> Axes:
        """Return the axes with the roles of actions and resources changed."""
        return Axes(self.resources, self.actions)


def contents(box: Box) -> tuple[object, ...]:
    """Return a key that sorts boxes by what they hold."""
    return sorted(map(order, box.actions)), sorted(map(order, box.resources))


def lone(atoms: Atoms) -> Hashable:
    """Return the one atom that may not share its list, or True when the atoms are patterns."""
    atom = next(iter(atoms))
    return True if isinstance(atom, str) else (atom,)


class Boxes:
    """An index of boxes that finds those which cover a pair, or a whole box, as a bit set."""

    __slots__ = ("_by_action", "_by_resource")

    def __init__(self, boxes: Iterable[Box], axes: Axes) -> None:
        self._by_action = _Holders(axes.actions)
        self._by_resource = _Holders(axes.resources)
        for i, box in enumerate(boxes):
            self._by_action.add(box.actions, 1 << i)
            self._by_resource.add(box.resources, 1 << i)

    def of_action(self, action: Atom) -> int:
        """Return the boxes that have an action or a wider one."""
        return self._by_action.of(action)

    def of_resource(self, resource: Atom) -> int:
        """Return the boxes that have a resource or a wider one."""
        return self._by_resource.of(resource)

    def holders(self, box: Box) -> int:
        """Return the boxes that cover all of `box`."""
        found = -1
        for action in box.actions:
            found &= self._by_action.of(action)
            if not found:
                return 0
        for resource in box.resources:
            found &= self._by_resource.of(resource)
            if not found:
                return 0
        return found

    def rest(self, box: Box, among: int) -> Box | None:
        """Return a box of what of `box` no box `among` those covers; None when nothing is left.

        Actions and resources go that are covered with all the others.
        """
        actions = {a: self._by_action.of(a) & among for a in box.actions}
        resources = {r: self._by_resource.of(r) & among for r in box.resources}
        all_resources = among
        for mask in resources.values():
            all_resources &= mask
        kept = frozenset([a for a, mask in actions.items() if not mask & all_resources])
        all_actions = among
        for a in kept:
            all_actions &= actions[a]
        left = frozenset([r for r, mask in resources.items() if not mask & all_actions])
        return Box(kept, left, box.sources) if kept and left else None


class _Holders:
    """Which boxes hold an atom, or a wider one, in one of their lists."""

    __slots__ = ("_by_atom", "_known", "_wider")

    def __init__(self, wider: Wider) -> None:
        self._by_atom: dict[Atom, int] = {}
        self._wider = wider
        self._known: dict[Atom, int] = {}

    def add(self, atoms: Atoms, bit: int) -> None:
        by_atom = self._by_atom
        for atom in atoms:
            by_atom[atom] = by_atom.get(atom, 0) | bit

    def of(self, atom: Atom) -> int:
        known = self._known.get(atom)
        if known is None:
            known = self._by_atom.get(atom, 0)
            for wider in self._wider.of(atom):
                known |= self._by_atom.get(wider, 0)
            self._known[atom] = known
        return known


def first_of(mask: int) -> int:
    """Return the least number in a bit set that has one."""
    return (mask & -mask).bit_length() - 1


class Elsewhere:
    """Boxes whose pairs need not be said here: those of an index that are in a set."""

    __slots__ = ("_actions", "_resources", "among", "there")

    def __init__(self, there: Boxes, among: int) -> None:
        self.there = there
        self.among = among
        self._actions: dict[Atom, int] = {}
        self._resources: dict[Atom, int] = {}

    def has(self, action: Atom, resource: Atom) -> bool:
        """Tell whether a pair is said there."""
        row = self._actions.get(action)
        if row is None:
            row = self._actions[action] = self.there.of_action(action) & self.among
        if not row:
            return False
        column = self._resources.get(resource)
        if column is None:
            column = self._resources[resource] = self.there.of_resource(resource)
        return row & column != 0

    def touches(self, box: Box) -> bool:
        """Tell whether it may say a pair of a box."""
        rows = columns = 0
        for a in box.actions:
            rows |= self.there.of_action(a)
        if rows & self.among:
            for r in box.resources:
                columns |= self.there.of_resource(r)
        return rows & columns & self.among != 0


class Recovered(NamedTuple):
    """Boxes, and by number of the box elsewhere the sources of what was left out for it."""

    boxes: list[Box]
    given: dict[int, frozenset[int]]


def recover(
    boxes: list[Box], axes: Axes, cost: Cost, elsewhere: Elsewhere | None = None
) -> Recovered:
    """Return boxes of the same union, but for pairs said elsewhere, of the least `cost` found.

    Tried: the boxes merged; rectangles action by action; rectangles resource by resource.
    """
    boxes = [
        Box(axes.actions.absorbed(b.actions), axes.resources.absorbed(b.resources), b.sources)
        for b in boxes
    ]
    given: dict[int, frozenset[int]] = {}
    if len(boxes) > 1:
        boxes = _drop_covered(_merge(boxes, axes), axes)
    if elsewhere is not None and elsewhere.among:
        boxes = _without(boxes, elsewhere, given)
    else:
        elsewhere = None
    if elsewhere is not None and not any(map(elsewhere.touches, boxes)):
        elsewhere = None
    # Boxes that share nothing cannot be covered by less, unless pairs go out of their middle.
    if (elsewhere is None and _are_apart(boxes, axes)) or sum(
        len(b.actions) * len(b.resources) for b in boxes
    ) > _PAIRS:
        return Recovered(boxes, given)
    by_action = _rows(boxes, axes, elsewhere, turned=False)
    by_resource = _rows([b.turned for b in boxes], axes.turned, elsewhere, turned=True)
    ways = [boxes, by_action, [b.turned for b in by_resource]]
    costs = [sum(map(cost, way)) for way in ways]
    least = costs.index(min(costs))
    if least:
        boxes, unused = _attributed(ways[least], boxes, axes)
        if elsewhere is not None:
            for box in unused:
                _credit(box, elsewhere, given)
    return Recovered(boxes, given)


def _are_apart(boxes: list[Box], axes: Axes) -> bool:
    """Tell whether no action and no resource of a box is, or is covered by one, in another box."""
    for lists, wider in (
        ([b.actions for b in boxes], axes.actions),
        ([b.resources for b in boxes], axes.resources),
    ):
        whole: Atoms = frozenset().union(*lists)
        if len(whole) < sum(map(len, lists)) or len(wider.absorbed(whole)) < len(whole):
            return False
    return True


def _without(boxes: list[Box], elsewhere: Elsewhere, given: dict[int, frozenset[int]]) -> list[Box]:
    """Return what of each box is not said elsewhere; the sources of those that go are `given`."""
    left = []
    for box in boxes:
        if holders := elsewhere.there.holders(box) & elsewhere.among:
            first = first_of(holders)
            given[first] = given.get(first, frozenset()) | box.sources
        elif (rest := elsewhere.there.rest(box, elsewhere.among)) is not None:
            left.append(rest)
        else:
            _credit(box, elsewhere, given)
    return left


def _credit(box: Box, elsewhere: Elsewhere, given: dict[int, frozenset[int]]) -> None:
    """Give the sources of a box to those elsewhere that have its pairs."""
    index = elsewhere.there
    found = 0
    for a in box.actions:
        mask = index.of_action(a) & elsewhere.among
        for r in box.resources:
            both = mask & index.of_resource(r)
            found |= both & -both
    for first in _numbers(found):
        given[first] = given.get(first, frozenset()) | box.sources


def _merge(boxes: list[Box], axes: Axes) -> list[Box]:
    """Merge boxes with equal resources, then with equal actions, until nothing changes."""
    while True:
        count = len(boxes)
        boxes = _merge_rows(boxes, axes.actions)
        turned = _merge_rows([b.turned for b in boxes], axes.resources)
        boxes = [b.turned for b in turned]
        if len(boxes) in {count, 1}:
            return boxes


def _merge_rows(boxes: list[Box], wider: Wider) -> list[Box]:
    alike: dict[Hashable, list[Box]] = defaultdict(list)
    for box in boxes:
        alike[box.resources, lone(box.actions)].append(box)
    return [
        same[0]
        if len(same) == 1
        else Box(
            wider.absorbed(frozenset().union(*(b.actions for b in same))),
            same[0].resources,
            frozenset().union(*(b.sources for b in same)),
        )
        for same in alike.values()
    ]


def _drop_covered(boxes: list[Box], axes: Axes) -> list[Box]:
    """Drop each box that another one covers, and give its sources to that one."""
    if len(boxes) < 2:
        return boxes
    index = Boxes(boxes, axes)
    found = [index.holders(b) & ~(1 << i) for i, b in enumerate(boxes)]
    if not any(found):
        return boxes
    boxes = sorted(boxes, key=contents)
    index = Boxes(boxes, axes)
    found = [index.holders(b) & ~(1 << i) for i, b in enumerate(boxes)]
    holders = [first_of(mask) if mask else None for mask in found]
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


def _rows(boxes: list[Box], axes: Axes, elsewhere: Elsewhere | None, *, turned: bool) -> list[Box]:
    """Return one box for each set of rows that have the same columns.

    A pair whose row or column a wider pair covers is left out, and so is one that is said
    elsewhere: what remains does not depend on how the boxes were cut before.
    """
    rows: dict[Atom, set[Atom]] = defaultdict(set)
    for box in boxes:
        for a in box.actions:
            rows[a].update(box.resources)
    absorbed: dict[Atoms, Atoms] = {}
    alike: dict[Hashable, list[Atom]] = defaultdict(list)
    wider_column = axes.resources.of
    for row, whole in rows.items():
        left: Iterable[Atom] = whole
        for wider in axes.actions.of(row):
            if (held := rows.get(wider)) is not None:
                left = [c for c in left if c not in held and held.isdisjoint(wider_column(c))]
        if elsewhere is not None:
            has = elsewhere.has
            left = [c for c in left if not (has(c, row) if turned else has(row, c))]
        columns = frozenset(left)
        remaining = absorbed.get(columns)
        if remaining is None:
            remaining = absorbed[columns] = axes.resources.absorbed(columns)
        for same in _kinds(remaining):
            alike[same, lone(frozenset((row,)))].append(row)
    nowhere: frozenset[int] = frozenset()
    return [Box(frozenset(same), key[0], nowhere) for key, same in alike.items()]  # type: ignore[index]


def _kinds(atoms: Atoms) -> list[Atoms]:
    """Return the atoms parted into patterns, which may share a list, and others, which may not."""
    patterns = frozenset([a for a in atoms if isinstance(a, str)])
    if len(patterns) == len(atoms):
        return [atoms] if atoms else []
    return [*([patterns] if patterns else ()), *(frozenset((a,)) for a in atoms - patterns)]


def _attributed(boxes: list[Box], before: list[Box], axes: Axes) -> tuple[list[Box], list[Box]]:
    """Give each box the sources of the boxes that it came from; return also those in none."""
    by_action: dict[Atom, int] = {}
    by_resource: dict[Atom, int] = {}
    for i, box in enumerate(before):
        for a in box.actions:
            by_action[a] = by_action.get(a, 0) | 1 << i
        for r in box.resources:
            by_resource[r] = by_resource.get(r, 0) | 1 << i
    used = 0
    sources: list[set[int]] = []
    for box in boxes:
        here = there = 0
        for a in box.actions:
            here |= by_action.get(a, 0)
        for r in box.resources:
            there |= by_resource.get(r, 0)
        # A box that has one of the actions and one of the resources has some of the pairs.
        found = here & there
        used |= found
        sources.append({s for i in _numbers(found) for s in before[i].sources})
    index: Boxes | None = None
    unused = []
    for i, box in enumerate(before):
        if not used >> i & 1:
            index = index or Boxes(boxes, axes)
            if holders := index.holders(box):
                sources[first_of(holders)] |= box.sources
            else:
                unused.append(box)
    done = [b._replace(sources=frozenset(s)) for b, s in zip(boxes, sources, strict=True)]
    return done, unused


def _numbers(mask: int) -> Iterable[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
