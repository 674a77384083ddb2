"""Two-level minimization over cells: a cover of boxes, widened, chosen, narrowed for text.

A box holds one mask for each key, and is the set of requests whose every key lies in its mask; a
cover is a list of boxes, their union. The method is that of two-level logic minimizers (Brayton et
al., "Logic Minimization Algorithms for VLSI Synthesis": expand, irredundant, reduce) with sides in
place of literals. Invariant: every function keeps the union of the cover.
"""

from __future__ import annotations

from itertools import islice, permutations
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Box: TypeAlias = tuple[int, ...]

BOXES = 4096
_ABSORB = 256
_PIECES = 512
_ORDERED_KEYS = 4
_ORDERS = 512
_POINTS = 4096
_CANDIDATES = 96
_SEARCH = 4000


class TooMany(Exception):  # noqa: N818 - raised and caught inside this package only
    """A work limit was reached."""


class Effort:
    """What the minimization of one formula may still spend, in pieces of boxes looked at.

    It is counted, not timed, so that a formula is refused everywhere or nowhere.
    """

    __slots__ = ("_left",)

    def __init__(self, pieces: int) -> None:
        """Allow that many pieces."""
        self._left = pieces

    def spend(self, pieces: int) -> None:
        """Take `pieces` off; raises TooMany when nothing is left."""
        self._left -= pieces
        if self._left < 0:
            raise TooMany

    @property
    def spent(self) -> bool:
        """Tell whether nothing is left."""
        return self._left < 0


def reduce(boxes: Iterable[Box]) -> list[Box]:
    """Join boxes that differ in one key, drop boxes inside others, and sort."""
    found = sorted(set(boxes))
    joined = True
    while joined:
        joined = False
        for at in range(len(found[0]) if found else 0):
            by_rest: dict[tuple[Box, Box], int] = {}
            for box in found:
                rest = (box[:at], box[at + 1 :])
                by_rest[rest] = by_rest.get(rest, 0) | box[at]
            if len(by_rest) < len(found):
                joined = True
                found = sorted((*a, mask, *b) for (a, b), mask in by_rest.items())
        if not joined and len(found) <= _ABSORB:
            kept = [b for b in found if not any(o != b and _inside(b, o) for o in found)]
            joined = len(kept) < len(found)
            found = kept
    if len(found) > BOXES:
        raise TooMany
    return found


def conjunction(covers: Sequence[list[Box]], full: Box) -> list[Box]:
    """Return the cover of what all of `covers` hold."""
    out = [full]
    for cover in sorted(covers, key=lambda c: (len(c), c)):
        if len(out) * len(cover) > 4 * BOXES:
            raise TooMany
        pairs = (tuple(x & y for x, y in zip(a, b, strict=True)) for a in out for b in cover)
        out = reduce(box for box in pairs if all(box))
    return out


def disjunction(covers: Sequence[list[Box]]) -> list[Box]:
    """Return the cover of what any of `covers` holds."""
    return reduce(box for cover in covers for box in cover)


def sharp(box: Box, cover: Iterable[Box], effort: Effort) -> list[Box]:
    """Return disjoint boxes that together are `box` without `cover`."""
    rest = [box]
    for other in cover:
        effort.spend(len(rest))
        left: list[Box] = []
        for piece in rest:
            if not all(a & b for a, b in zip(piece, other, strict=True)):
                left.append(piece)
                continue
            inner = list(piece)
            for at, mask in enumerate(other):
                if outside := inner[at] & ~mask:
                    left.append((*inner[:at], outside, *inner[at + 1 :]))
                    inner[at] &= mask
        rest = left
        if not rest:
            break
        if len(rest) > _PIECES:
            raise TooMany
    return rest


def widened(cover: list[Box], full: Box, effort: Effort) -> list[Box]:
    """Return the boxes of `cover` made as large as the union of the cover allows.

    Which key is widened first matters: with up to four keys every order is tried, as long as the
    cover is small.
    """
    allowed: dict[tuple[Box, int], int] = {}

    def widen(box: Box, at: int) -> Box:
        if (box, at) not in allowed:
            open_box = (*box[:at], full[at], *box[at + 1 :])
            try:
                outside = sharp(open_box, cover, effort)
            except TooMany:
                if effort.spent:
                    raise
                allowed[box, at] = box[at]
            else:
                mask = full[at]
                for piece in outside:
                    mask &= ~piece[at]
                allowed[box, at] = mask
        return (*box[:at], allowed[box, at], *box[at + 1 :])

    out: dict[Box, None] = {}
    for box in cover:
        bound = [at for at, mask in enumerate(box) if mask != full[at]]
        orders: Iterable[Sequence[int]]
        if len(bound) <= _ORDERED_KEYS:
            orders = permutations(bound)
        else:
            turns = [bound[i:] + bound[:i] for i in range(len(bound))]
            orders = [*turns, *(turn[::-1] for turn in turns)]
        for order in islice(orders, 1 + _ORDERS // len(cover)):
            wide = box
            for at in order:
                wide = widen(wide, at)
            out[wide] = None
        if len(out) > BOXES:
            raise TooMany
    return sorted(out)


def chosen(
    cover: list[Box], candidates: list[Box], cost: Callable[[Box], int], effort: Effort
) -> list[Box]:
    """Return the fewest of `candidates` that together are `cover`, then the cheapest."""
    ranked = sorted(candidates, key=lambda box: (cost(box), box))
    if len(ranked) <= 1:
        return ranked
    points = _points(cover, ranked) if len(ranked) <= _CANDIDATES else None
    if points is None:
        return _irredundant(cover, ranked, effort)
    return [ranked[i] for i in _fewest(points, [cost(box) for box in ranked])]


def narrowed(
    cover: list[Box],
    at_least: Callable[[int, int, int], int],
    full: Box,
    effort: Effort,
) -> list[Box]:
    """Return `cover` with each mask replaced by a cheaper one that still covers what it must.

    The last boxes of `cover` come first: `chosen` puts the dearest there.
    `at_least(key, needed, mask)` returns the cheapest mask between `needed` and `mask`.
    """
    out = list(cover)
    for index in reversed(range(len(out))):
        for at in range(len(full)):
            box = out[index]
            others = out[:index] + out[index + 1 :]
            try:
                own = sharp(box, others, effort)
            except TooMany:
                if effort.spent:
                    raise
                continue
            needed = 0
            for piece in own:
                needed |= piece[at]
            if needed:
                mask = at_least(at, needed, box[at])
                out[index] = (*box[:at], mask, *box[at + 1 :])
    return out


def _inside(inner: Box, outer: Box) -> bool:
    return not any(a & ~b for a, b in zip(inner, outer, strict=True))


def _irredundant(cover: list[Box], ranked: list[Box], effort: Effort) -> list[Box]:
    """Return a subset of `ranked` that still covers: dearest boxes are dropped first."""
    kept = list(ranked)
    for box in sorted(ranked, key=lambda b: (sum(m.bit_count() for m in b), b)):
        others = [b for b in kept if b != box]
        try:
            if all(not sharp(piece, others, effort) for piece in cover if _touches(piece, box)):
                kept = others
        except TooMany:
            if effort.spent:
                raise
    return kept


def _touches(one: Box, other: Box) -> bool:
    return all(a & b for a, b in zip(one, other, strict=True))


def _points(cover: list[Box], boxes: list[Box]) -> list[int] | None:
    """Return for each of `boxes` the points of `cover` in it, as bits; None if too many.

    A point is one class of cells for each key; cells of a class lie in the same boxes.
    """
    classes: list[tuple[int, ...]] = []
    total = 1
    everything = [*cover, *boxes]
    for at in range(len(boxes[0])):
        masks = list(dict.fromkeys(box[at] for box in everything))
        whole = 0
        for mask in masks:
            whole |= mask
        signatures: dict[tuple[bool, ...], int] = {}
        while whole:
            cell = whole & -whole
            whole ^= cell
            signatures.setdefault(tuple(bool(m & cell) for m in masks), cell)
        cells = tuple(signatures.values())
        classes.append(cells)
        total *= len(cells)
        if total > _POINTS:
            return None

    def points(box: Box) -> int:
        bits, stride = 1, 1
        for mask, cells in zip(box, classes, strict=True):
            bits = sum(bits << (i * stride) for i, cell in enumerate(cells) if cell & mask)
            stride *= len(cells)
        return bits

    return [points(box) for box in boxes]


def _fewest(points: list[int], costs: list[int]) -> list[int]:
    """Return the indexes of the fewest sets that cover all points, the cheapest of these.

    Branches on the point that the fewest sets hold; stops searching after a fixed effort.
    """
    everything = 0
    for held in points:
        everything |= held
    best = _greedy(points, everything)
    bound = (len(best), sum(costs[i] for i in best))
    effort = _SEARCH

    def search(taken: list[int], spent: int, left: int) -> None:
        nonlocal best, bound, effort
        effort -= 1
        if not left:
            if (len(taken), spent) < bound:
                best, bound = sorted(taken), (len(taken), spent)
            return
        largest = max((held & left).bit_count() for held in points)
        more = -(-left.bit_count() // largest)
        if effort < 0 or len(taken) + more > bound[0]:
            return
        ways = _rarest(points, left)
        for i in ways:
            search([*taken, i], spent + costs[i], left & ~points[i])

    search([], 0, everything)
    return best


def _rarest(points: list[int], left: int) -> list[int]:
    """Return the sets that hold the point of `left` held by the fewest, among a few points."""
    ways: list[int] = []
    looked = 0
    while left and looked < 32 and len(ways) != 1:
        point = left & -left
        left ^= point
        looked += 1
        holding = [i for i, held in enumerate(points) if held & point]
        if not ways or len(holding) < len(ways):
            ways = holding
    return ways


def _greedy(points: list[int], left: int) -> list[int]:
    out: list[int] = []
    while left:
        i = max(range(len(points)), key=lambda i: ((points[i] & left).bit_count(), -i))
        out.append(i)
        left &= ~points[i]
    return sorted(out)
