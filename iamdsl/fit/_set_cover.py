"""Weighted set cover: of sets with costs, cheap ones whose union holds all that is wanted.

Greedily by cost per element (V. Chvátal, "A greedy heuristic for the set-covering problem",
1979), then improved by exchanges, then exactly, by branch and bound, for each part that is small
enough. Sets are bits of an integer. Invariant: the result depends on the sets and their costs
alone, not on the order in which they are given.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import heapify, heappop, heapreplace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Rounds of exchanges; nearly all covers stand still after three.
_ROUNDS = 6
# Members of a cover and sets among which it is exchanged two for two.
_PAIRED = 24
# Branches that are followed for one part before the best cover so far is taken.
_NODES = 400


class Choice(NamedTuple):
    """A set: the elements that it holds, what it costs, and a name that no other has."""

    holds: int
    cost: int
    name: str


def cover(wanted: int, choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """Return choices that hold all of `wanted` at the least cost that was found, by name.

    Each wanted element must be held by one of them.
    """
    useful = _undominated(wanted, choices)
    found: list[Choice] = []
    for part, among in _parts(wanted, useful):
        chosen = _exchanged(part, _without_needless(_greedy(part, among)), among)
        found += _bounded(part, chosen, among)
    return tuple(sorted(found, key=lambda c: c.name))


def _undominated(wanted: int, choices: Iterable[Choice]) -> list[Choice]:
    """Return the choices without those that another one betters, the widest first."""
    best: dict[int, Choice] = {}
    for choice in choices:
        holds = choice.holds & wanted
        other = best.get(holds)
        if holds and (other is None or choice[1:] < other[1:]):
            best[holds] = choice._replace(holds=holds)
    ordered = sorted(best.values(), key=lambda c: (c.cost, -c.holds.bit_count(), c.name))
    kept: list[Choice] = []
    # Whatever betters a choice holds each of its elements, the lowest among them.
    by_element: dict[int, list[int]] = defaultdict(list)
    for choice in ordered:
        holds = choice.holds
        if all(holds & ~wider for wider in by_element[holds & -holds]):
            kept.append(choice)
            left = holds
            while left:
                lowest = left & -left
                by_element[lowest].append(holds)
                left ^= lowest
    return kept


def _parts(wanted: int, choices: Sequence[Choice]) -> list[tuple[int, list[Choice]]]:
    """Return the elements in parts that no choice joins, each with its choices."""
    masks: list[int] = []
    for choice in choices:
        mask = choice.holds
        apart = []
        for other in masks:
            if other & mask:
                mask |= other
            else:
                apart.append(other)
        masks = [*apart, mask]
    found = [(mask, [c for c in choices if c.holds & mask]) for mask in masks]
    if sum(mask for mask in masks) != wanted:
        raise ValueError("an element is in no set")
    return found


def _greedy(wanted: int, choices: Sequence[Choice]) -> list[Choice]:
    """Return a cover by whatever costs least for each element that it adds."""
    heap = [(c.cost / c.holds.bit_count(), c.cost, c.name, c) for c in choices]
    heapify(heap)
    left, chosen = wanted, []
    while left:
        ratio, cost, name, choice = heap[0]
        count = (choice.holds & left).bit_count()
        if not count:
            heappop(heap)
        elif cost / count > ratio:
            heapreplace(heap, (cost / count, cost, name, choice))
        else:
            heappop(heap)
            chosen.append(choice)
            left &= ~choice.holds
    return chosen


# Exchanges --------------------------------------------------------------------------------


def _exchanged(wanted: int, chosen: list[Choice], choices: Sequence[Choice]) -> list[Choice]:
    """Return a cover that no exchange of one choice for several members makes cheaper."""
    for _ in range(_ROUNDS):
        before = chosen
        for choice in choices:
            chosen = _with(choice, chosen)
        if len(chosen) <= _PAIRED:
            chosen = _recovered(wanted, chosen, choices)
        if chosen == before:
            break
    return chosen


def _with(choice: Choice, chosen: list[Choice]) -> list[Choice]:
    """Return the cover with the choice in place of members that cost more, or as it is."""
    alone = _held_once(chosen)
    holds = choice.holds
    freed = [c for c in chosen if not c.holds & alone & ~holds]
    if sum(c.cost for c in freed) <= choice.cost or choice in chosen:
        return chosen
    made = _without_needless([choice, *chosen], keep=choice)
    return made if _cost(made) < _cost(chosen) else chosen


def _recovered(wanted: int, chosen: list[Choice], choices: Sequence[Choice]) -> list[Choice]:
    """Return the cover after taking out each member with its neighbours and covering anew."""
    for member in list(chosen):
        if member not in chosen:
            continue
        near = [c for c in chosen if c is member or c.holds & member.holds]
        rest = [c for c in chosen if c not in near]
        if not rest or len(near) < 2:
            rest = [c for c in chosen if c is not member]
        left = wanted & ~_union(rest)
        able = [c for c in choices if c.holds & left and c != member]
        if left & ~_union(able):
            continue
        made = _without_needless(
            rest + _greedy(left, [c._replace(holds=c.holds & left) for c in able])
        )
        names = {c.name for c in made}
        made = _without_needless([c for c in choices if c.name in names])
        if _cost(made) < _cost(chosen):
            chosen = made
    return chosen


def _without_needless(chosen: list[Choice], keep: Choice | None = None) -> list[Choice]:
    """Return the cover without members whose elements others hold, the dearest first."""
    kept = sorted(chosen, key=lambda c: (-c.cost, c.name))
    alone = _held_once(kept)
    for choice in list(kept):
        if choice is not keep and not choice.holds & alone:
            kept.remove(choice)
            alone = _held_once(kept)
    return kept


def _held_once(chosen: Iterable[Choice]) -> int:
    once = several = 0
    for choice in chosen:
        several |= once & choice.holds
        once |= choice.holds
    return once & ~several


def _union(chosen: Iterable[Choice]) -> int:
    whole = 0
    for choice in chosen:
        whole |= choice.holds
    return whole


def _cost(chosen: Iterable[Choice]) -> int:
    return sum(c.cost for c in chosen)


# Branch and bound ---------------------------------------------------------------------------


def _bounded(wanted: int, chosen: list[Choice], choices: Sequence[Choice]) -> list[Choice]:
    """Return the cheapest cover, or the cheapest that was found before the nodes ran out.

    A branch is given up when even with every element left at its least share of a cost, it
    comes to no less than the best cover.
    """
    if len(chosen) < 2:
        return chosen
    holders: dict[int, list[Choice]] = {}
    share: dict[int, float] = {}
    left = wanted
    while left:
        bit = left & -left
        left ^= bit
        able = [c for c in choices if c.holds & bit]
        able.sort(key=lambda c: (c.cost / c.holds.bit_count(), c.name))
        holders[bit] = able
        share[bit] = able[0].cost / able[0].holds.bit_count()
    order = sorted(holders, key=lambda bit: (len(holders[bit]), bit))
    search = _Search(order, holders, share, chosen)
    search.branch(wanted, [], 0, sum(share.values()))
    return search.best


class _Search:
    """A depth-first search for a cheaper cover than the `best` known."""

    def __init__(
        self,
        order: Sequence[int],
        holders: dict[int, list[Choice]],
        share: dict[int, float],
        best: list[Choice],
    ) -> None:
        self._order = order
        self._holders = holders
        self._share = share
        self.best = best
        self._least = _cost(best)
        self._nodes = _NODES

    def branch(self, left: int, chosen: list[Choice], cost: int, bound: float) -> None:
        """Try every choice for the first element of the order that is `left`."""
        if not left:
            self.best, self._least = list(chosen), cost
            return
        bit = next(b for b in self._order if b & left)
        for choice in self._holders[bit]:
            if not self._nodes:
                return
            self._nodes -= 1
            covered = choice.holds & left
            rest = bound
            while covered:
                one = covered & -covered
                rest -= self._share[one]
                covered ^= one
            # Costs are whole, so that anything above one less is no better.
            if cost + choice.cost + rest > self._least - 1 + 1e-6:
                continue
            chosen.append(choice)
            self.branch(left & ~choice.holds, chosen, cost + choice.cost, rest)
            chosen.pop()
