"""Search for bins that whole weights fill: the fullest subset, and bounded exact search.

Weights and rooms are whole numbers, and a weight is known by its index. Everything is bounded
by a number of steps, not by time, so that it comes out the same everywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS = 60_000
"""Steps of an exact search, each a weight that is tried in a bin."""
# Completions of one bin that are tried.
_COMPLETIONS = 60
# Weights in a bin up to which pairs of them are compared with others.
_PAIRS = 8


def fullest(weights: Sequence[int], room: int) -> list[int]:
    """Return the indexes of weights whose sum is the largest that is not over `room`.

    Of several such subsets it is the one with the earliest indexes. Subset sums are the bits
    of one number, so that a weight is added to all of them at once.
    """
    if room <= 0:
        return []
    mask = (1 << (room + 1)) - 1
    sums = [1]
    for weight in reversed(weights):
        sums.append((sums[-1] | sums[-1] << weight) & mask)
    left = sums[-1].bit_length() - 1
    chosen = []
    for i, weight in enumerate(weights):
        if left >= weight and sums[len(weights) - 1 - i] >> (left - weight) & 1:
            chosen.append(i)
            left -= weight
    return chosen


class Outcome(NamedTuple):
    """What a search came to.

    Attributes:
        bins: the indexes in each bin, those of the first bin first; None when none were found.
        impossible: whether it is proved that there are none.
    """

    bins: list[list[int]] | None
    impossible: bool


def complete(
    weights: Sequence[int], room: int, count: int, first: int = 0, steps: int = STEPS
) -> Outcome:
    """Search for `count` bins of `room`, and one of `first`, that hold all weights.

    Bin completion (Korf 2003): the largest weight that is left goes into a bin with each set
    of others that no better set dominates, the fullest first, as long as the room wasted is
    not more than there is to spare.
    """
    search = _Search(weights, room, first, steps)
    order = sorted(range(len(weights)), key=lambda i: (-weights[i], i))
    bins = search.fill(order, count, first > 0)
    if bins is None:
        return Outcome(None, not search.cut_short)
    opened = [some for is_first, some in bins if is_first]
    return Outcome([opened[0] if opened else [], *(b for f, b in bins if not f)], False)


class _Search:
    def __init__(self, weights: Sequence[int], room: int, first: int, steps: int) -> None:
        self._weights = weights
        self._room, self._first = room, first
        self._steps = steps
        self._failed: set[tuple[tuple[int, ...], int, bool]] = set()
        self.cut_short = False

    def fill(
        self, left: list[int], count: int, first_open: bool
    ) -> list[tuple[bool, list[int]]] | None:
        """Return bins for the weights that are left; None when the search found none."""
        if not left:
            return []
        weights = self._weights
        rest = tuple(weights[i] for i in left)
        spare = count * self._room + (self._first if first_open else 0) - sum(rest)
        state = rest, count, first_open
        if spare < 0 or state in self._failed:
            return None
        for is_first in (False, True):
            room = self._first if is_first else self._room
            if room < rest[0] or not (first_open if is_first else count):
                continue
            for chosen in self._completions(rest, room, spare):
                taken = {left[i] for i in chosen}
                bins = self.fill(
                    [i for i in left if i not in taken],
                    count - (not is_first),
                    first_open and not is_first,
                )
                if bins is not None:
                    return [(is_first, sorted(taken)), *bins]
                if self._steps <= 0:
                    self.cut_short = True
                    return None
        self._failed.add(state)
        return None

    def _completions(self, rest: Sequence[int], room: int, spare: int) -> list[list[int]]:
        """Return sets with the first weight that waste no more than `spare`, fullest first."""
        found: list[tuple[int, list[int]]] = []
        above = [0]
        for weight in reversed(rest):
            above.append(above[-1] + weight)
        above.reverse()

        def extend(chosen: list[int], start: int, left: int) -> None:
            at = start
            while at < len(rest) and left - above[at] <= spare:
                if self._steps <= 0 or len(found) >= _COMPLETIONS:
                    self.cut_short = True
                    return
                self._steps -= 1
                weight = rest[at]
                if weight <= left:
                    extend([*chosen, at], at + 1, left - weight)
                # Of equal weights the earlier ones are taken.
                while at < len(rest) and rest[at] == weight:
                    at += 1
            if left <= spare and not _is_dominated(rest, chosen, left):
                found.append((left, chosen))

        extend([0], 1, room - rest[0])
        return [chosen for _, chosen in sorted(found)]


def _is_dominated(rest: Sequence[int], chosen: Sequence[int], left: int) -> bool:
    """Tell whether a weight that was not chosen could stand here for less than itself.

    For nothing, for a smaller one, or for two that are smaller together: what it stood for
    goes where it would have been.
    """
    taken = set(chosen)
    others = sorted(w for i, w in enumerate(rest) if i not in taken)
    if not others:
        return False
    values = [rest[i] for i in chosen[1:]]
    less = [0, *values]
    if len(values) <= _PAIRS:
        less += [a + b for i, a in enumerate(values) for b in values[:i]]
    for weight in less:
        at = bisect_right(others, weight)
        if at < len(others) and others[at] <= weight + left:
            return True
    return False
