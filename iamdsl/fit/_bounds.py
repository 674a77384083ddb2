"""A number of documents below which statements, or pieces of them, cannot be held.

Weights are *characters of minified text* with the comma after a statement; rooms are those of
a document without its frame. A *piece* of a statement is the statement with a part of each
list of alternatives; pieces hold a statement when they hold each combination of its values.

**A cut only adds characters.** Let s have m pieces, m > 1, none of which is all of s, and J
lists of two values or more; u(L) is the sum over the values of a list of their characters and
a comma each. A list takes u(L) + 1 characters, a single value u(L) - 1. If in list i there is
a value that one piece alone has, then that piece has all values of every other list. Were
there such values in two lists, i and j, then their pieces would each have the other's value
and so be the same, and all of s. So all lists but one, j, have their values in two pieces or
more, and the pieces take at least u(j) + 2 * (sum of u over the others) + m * (frame - J)
characters: (m - 2) * (frame - J) + frame - 3 * J + (sum of u over the others) more than s.
That is positive, since each list has its name, of four characters or more, in the frame.
Pieces in one document that could be joined again are counted as one.

**The sum bound** is therefore as true with cuts as without. **The volume bound** is for a
statement that no room can hold: with a value weighed by its characters, a piece that has a, b
and c characters of three lists holds a * b * c of their A * B * C combinations and takes
a + b + c, and the first divided by the second is largest where the lists are equally long. **Counting bounds** are dual feasible functions: f with f(x) + f(y) <=
f(x + y), so that no document holds more than f(room) of f(weights), however it is filled
(Martello and Toth 1990, Fekete and Schepers 2001). The room that a number of documents leaves
says how many statements can have been cut; so many, those that count most, do not count.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from fractions import Fraction
from itertools import accumulate
from math import ceil, prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iamdsl.fit.split import Shape

# Divisors of the rounding functions.
_DIVISORS = range(1, 21)
# Thresholds of the counting functions, evenly chosen when there are more.
_THRESHOLDS = 200


class Load(NamedTuple):
    """What a statement asks of documents.

    Attributes:
        weight: of the whole.
        least: in all, in as many pieces as it needs; more than `weight` if no room can hold it.
        extra: the fewest characters that cutting it adds; None when it cannot be cut.
        further: the fewest that each piece beyond the second adds.
        smallest: the weight of its smallest piece.
    """

    weight: int
    least: int
    extra: int | None
    further: int
    smallest: int


def load(parts: Shape, room: int) -> Load:
    """Return what a statement of these sizes asks where the largest room is `room`."""
    frame, lists = parts.frame + 1, len(parts.costs)
    totals = sorted((sum(some) for some in parts.costs), reverse=True)
    weight = frame + sum(totals) + lists
    if not lists:
        return Load(weight, weight, None, 0, weight)
    extra, further = frame - 3 * lists + sum(totals[1:]), frame - lists
    smallest = frame + sum(min(some) - 1 for some in parts.costs)
    least = weight
    if weight > room:
        pieces = max(2, -(-(weight + extra) // room)) if room > 0 else 2
        least = max(weight + extra + (pieces - 2) * further, _volume(parts, room))
    return Load(weight, least, extra, further, smallest)


def _volume(parts: Shape, room: int) -> int:
    """Return the fewest characters of pieces of at most `room` that hold all combinations."""
    totals = sorted(sum(some) for some in parts.costs)
    fixed = parts.frame + 1 - len(totals)
    free = room - fixed
    if free < len(totals):
        return 0
    # Of all pieces that `free` characters allow, the one with the most combinations: lists as
    # long as each other, but for those that are shorter.
    left, most = Fraction(free), Fraction(1)
    for i, total in enumerate(totals):
        side = min(Fraction(total), left / (len(totals) - i))
        most *= side
        left -= side
    characters = ceil(prod(totals) * free / most)
    return characters - (-characters // free) * fixed


def fewest(loads: Sequence[Load], room: int, first: int) -> int:
    """Return how many documents with that room are needed beside one with room `first`."""
    whole = [x for x in loads if x.weight > room and x.extra is None]
    first = max(0, first - sum(x.weight for x in whole))
    loads = [x for x in loads if x.weight <= room or x.extra is not None]
    usable = sum(x.weight if x.extra is None else first for x in loads if x.smallest <= first)
    bounds = _Bounds(loads, room, min(first, usable))
    low, high = bounds.by_sum, max(bounds.by_sum, len(loads) + 1)
    while low < high:
        middle = (low + high) // 2
        if bounds.refutes(middle):
            low = middle + 1
        else:
            high = middle
    return low


class _Bounds:
    def __init__(self, loads: Sequence[Load], room: int, first: int) -> None:
        self._room, self._first = room, first
        self._total = sum(x.least for x in loads)
        self.by_sum = max(0, -(-(self._total - first) // room))
        # Those that no room can hold are cut for certain, and count only in the sum.
        some = [x for x in loads if x.weight <= max(room, first)]
        self._weights = sorted(x.weight for x in some)
        self._above = [*accumulate(self._weights, initial=0)]
        cuttable = [x for x in some if x.extra is not None]
        self._costs = sorted(x.extra for x in cuttable if x.extra is not None)
        self._further = min((x.further for x in cuttable), default=1)
        self._cut = sorted(x.weight for x in cuttable)
        self._cut_above = [*accumulate(self._cut, initial=0)]

    def refutes(self, count: int) -> bool:
        """Tell whether it is proved that `count` documents are too few."""
        slack = self._first + count * self._room - self._total
        if slack < 0:
            return True
        # More bins than weights can always be filled one by one.
        if count > len(self._weights):
            return False
        spent = list(accumulate(self._costs))
        statements = bisect_right(spent, slack)
        pieces = 1 + (slack - self._costs[0]) // self._further if statements else 0
        start = len(self._cut) - statements
        weights = sorted({w for w in self._weights if 2 * w <= self._room} | {self._room // 2 + 1})
        step = -(-len(weights) // _THRESHOLDS)
        if any(self._too_many(count, t, start, pieces) for t in weights[::step]):
            return True
        return any(self._too_many_parts(count, d, start) for d in _DIVISORS)

    def _too_many(self, count: int, least: int, cut: int, pieces: int) -> bool:
        """Count weights over `room - least` as a whole room, those below `least` as nothing.

        `cut` is where among the weights that can be cut those begin that do not count.
        """
        room = self._room
        big = max(room - least + 1, least)

        def counted(weights: Sequence[int], above: Sequence[int], low: int = 0) -> int:
            start = bisect_left(weights, least, low)
            end = bisect_left(weights, big, low)
            return above[end] - above[start] + room * (len(weights) - end)

        lost = counted(self._cut, self._cut_above, cut)
        lost = min(lost, pieces * (2 * least if 3 * least <= room else room))
        free = 0
        for n in range(self._first // big + 1):
            rest = self._first - n * big
            free = max(free, n * room + (rest if rest >= least else 0))
        return counted(self._weights, self._above) - lost > count * room + free

    def _too_many_parts(self, count: int, divisor: int, cut: int) -> bool:
        """Round weights down to parts of a room, one more than `divisor`, and count those."""
        part = _rounding(divisor, self._room)
        total = sum(map(part, self._weights)) - sum(map(part, self._cut[cut:]))
        first = self._first
        free = part(first) if first <= self._room else (divisor + 1) * first // self._room
        if first > self._room:
            free *= self._room
        return total > count * divisor * self._room + free


def _rounding(divisor: int, room: int) -> Callable[[int], int]:
    """Return a function that is superadditive, and `divisor * room` for a whole room."""

    def part(weight: int) -> int:
        rounded, rest = divmod((divisor + 1) * weight, room)
        return rounded * room if rest else divisor * weight

    return part
