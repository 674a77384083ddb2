"""Boxes made cheaper one move at a time.

A move joins two boxes, or dissolves one into others, row by row or column by column. It may
bring in pairs that are allowed to be said anyway, and leaves none out.

Invariant: the outcome depends on the contents of the boxes, not on their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.fit._rectangles import Box, lone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iamdsl.iam.covering import Atom, Atoms

    Cost = Callable[[Box], int]
    Allowed = Callable[[Atom, Atom], bool]
    _MayHave = Callable[[Atoms, Atom], bool]

# Boxes that are looked at together.
_MOST = 128


def improved(boxes: list[Box], cost: Cost, allowed: Allowed) -> list[Box]:
    """Return boxes that hold all pairs of those given, none that is not allowed, for less.

    `cost` is that of a box as a statement, in *characters of minified text*; `allowed` tells of
    a pair whether it may be said.
    """
    movable = [b for b in boxes if _is_movable(b)]
    if len(movable) < 2:
        return boxes
    movable.sort(key=_contents)
    done = [b for b in boxes if not _is_movable(b)]
    for start in range(0, len(movable), _MOST):
        some = _joined(movable[start : start + _MOST], cost, allowed)
        done += _dissolved(some, cost, allowed)
    return done


def _is_movable(box: Box) -> bool:
    return lone(box.actions) is True and lone(box.resources) is True


def _contents(box: Box) -> tuple[list[str], list[str]]:
    return sorted(map(str, box.actions)), sorted(map(str, box.resources))


def _joined(boxes: list[Box], cost: Cost, allowed: Allowed) -> list[Box]:
    """Join the two boxes of which that saves most, again and again."""
    may_have = _remembering(allowed)
    there = dict(enumerate(boxes))
    gains: dict[tuple[int, int], int] = {}
    fresh: Iterable[int] = list(there)
    while True:
        for i in fresh:
            for j in there:
                if i != j and (pair := (min(i, j), max(i, j))) not in gains:
                    gains[pair] = _gain(there[pair[0]], there[pair[1]], cost, may_have)
        best = max(gains, key=lambda pair: (gains[pair], -pair[0], -pair[1]), default=None)
        if best is None or gains[best] <= 0:
            return list(there.values())
        first, second = there.pop(best[0]), there.pop(best[1])
        gains = {pair: gain for pair, gain in gains.items() if not set(pair) & set(best)}
        number = max((*there, *best)) + 1
        there[number] = _union(first, second)
        fresh = [number]


def _remembering(allowed: Allowed) -> _MayHave:
    """Return the test whether all of some actions may be said with a resource."""
    known: dict[tuple[Atoms, Atom], bool] = {}
    # What was not allowed once is likely not to be again, so it is asked first.
    last: dict[Atoms, Atom] = {}

    def may_have(actions: Atoms, resource: Atom) -> bool:
        key = actions, resource
        found = known.get(key)
        if found is None:
            found = actions not in last or allowed(last[actions], resource)
            for action in actions if found else ():
                if not allowed(action, resource):
                    found, last[actions] = False, action
                    break
            known[key] = found
        return found

    return may_have


def _union(first: Box, second: Box) -> Box:
    return Box(
        first.actions | second.actions,
        first.resources | second.resources,
        first.sources | second.sources,
    )


def _gain(first: Box, second: Box, cost: Cost, may_have: _MayHave) -> int:
    """Return what joining two boxes saves; 0 where they may not be joined."""
    # Where a resource is in both boxes, all actions of both have it. The short list tells sooner.
    few, many = sorted((first, second), key=lambda box: len(box.actions))
    if not all(may_have(few.actions, r) for r in many.resources - few.resources):
        return 0
    if not all(may_have(many.actions, r) for r in few.resources - many.resources):
        return 0
    return cost(first) + cost(second) - cost(_union(first, second))


def _dissolved(boxes: list[Box], cost: Cost, allowed: Allowed) -> list[Box]:
    """Dissolve boxes into the others for as long as that saves something."""
    again = len(boxes) > 2
    while again:
        again = False
        for turned in (False, True):
            fewer = _one_dissolved(boxes, cost, allowed, turned=turned)
            if fewer is not None:
                boxes, again = fewer, len(fewer) > 2
                break
    return boxes


def _one_dissolved(
    boxes: list[Box], cost: Cost, allowed: Allowed, *, turned: bool
) -> list[Box] | None:
    """Return the boxes without one whose rows went into others, for less; or None."""
    sides = [b.turned for b in boxes] if turned else boxes
    rows: dict[tuple[Atom, Atoms], bool] = {}

    def may_have(row: Atom, columns: Atoms) -> bool:
        key = row, columns
        if key not in rows:
            rows[key] = all(allowed(c, row) if turned else allowed(row, c) for c in columns)
        return rows[key]

    best: tuple[int, list[Box]] | None = None
    for i, box in enumerate(sides):
        hosts = {
            j: b
            for j, b in enumerate(sides)
            if j != i and not box.resources.isdisjoint(b.resources)
        }
        made = _hosted(box, hosts, may_have)
        if made is None:
            continue
        now = [b for j, b in enumerate(sides) if j != i and j not in made] + list(made.values())
        whole = [b.turned for b in now] if turned else now
        saved = sum(map(cost, boxes)) - sum(map(cost, whole))
        if saved > 0 and (best is None or saved > best[0]):
            best = saved, whole
    return None if best is None else best[1]


def _hosted(
    box: Box, hosts: dict[int, Box], may_have: Callable[[Atom, Atoms], bool]
) -> dict[int, Box] | None:
    """Return those hosts that change when each row of a box goes into some of them, or None."""
    rows: dict[int, set[Atom]] = {}
    for row in box.actions:
        left = set(box.resources)
        # Where the row is already, nothing is to be paid.
        for host in hosts.values():
            if row in host.actions:
                left -= host.resources
        fitting = {
            j: b for j, b in hosts.items() if left & b.resources and may_have(row, b.resources)
        }
        while left:
            j = max(fitting, key=lambda j: (len(fitting[j].resources & left), -j), default=None)
            if j is None or not fitting[j].resources & left:
                return None
            left -= fitting.pop(j).resources
            rows.setdefault(j, set()).add(row)
    if rows:
        return {
            j: Box(hosts[j].actions | new, hosts[j].resources, hosts[j].sources | box.sources)
            for j, new in rows.items()
        }
    first = min(hosts)
    return {first: hosts[first]._replace(sources=hosts[first].sources | box.sources)}
