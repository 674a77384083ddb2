"""Bins filled one after the other, with statements cut where a bin would waste too much.

Weights are *characters of minified text*, the comma after a statement included; rooms are
those of a document without its frame.
"""

from __future__ import annotations

from bisect import insort
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

from iamdsl.fit._search import fullest
from iamdsl.fit.split import cut, shape, strips, with_values
from iamdsl.iam import statement_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.iam import Statement

Bin: TypeAlias = "list[Item]"

# Items among which those of a bin are chosen, and lists of which the best cut is chosen.
_WINDOW = 160
_CANDIDATES = 6
# An item is hard to place if no piece of it is less than this part of a room.
_HARD = 5


class Item(NamedTuple):
    """A statement or a piece of one; `order` is its place in the source, piece by piece."""

    order: tuple[int, ...]
    statement: Statement
    weight: int


def largest_first(item: Item) -> tuple[int, tuple[int, ...]]:
    """Return what items are sorted by."""
    return -item.weight, item.order


class _Cut(NamedTuple):
    """A list of an item, by its number, that may be cut.

    Attributes:
        extra: the characters that a cut adds.
        base: the weight of a piece with two values or more, without them.
        costs: those of the values, each with its comma.
    """

    extra: int
    order: tuple[int, ...]
    which: int
    base: int
    costs: tuple[int, ...]


class _Chosen(NamedTuple):
    """What goes into a bin.

    Attributes:
        items: whole ones.
        waste: the room left free, and the characters that a cut adds.
        cut: the list that is cut, if one is, and the numbers of the values that go in.
    """

    items: Bin
    waste: int
    cut: tuple[_Cut, list[int]] | None = None


@attrs.define
class Filler:
    """The rooms of one packing, and the parts of its items as they are asked for.

    Attributes:
        room: of a document.
        first: of the document that is there anyway, 0 when there is none.
        lengths: the greatest length of each placeholder, by name.
        reserve: characters to keep free in the name of a statement that is cut.
    """

    room: int
    first: int
    lengths: Mapping[str, int]
    reserve: int
    _cuts: dict[tuple[int, ...], list[_Cut]] = attrs.field(factory=dict)

    def item(self, order: tuple[int, ...], statement: Statement) -> Item:
        """Return an item with its weight."""
        return Item(order, statement, statement_size(statement, self.lengths) + 1)

    def reserved(self, item: Item) -> Statement:
        """Return an item's statement with the characters kept free for the number of a piece."""
        if len(item.order) > 1 or item.statement.sid is None:
            return item.statement
        return attrs.evolve(item.statement, sid=item.statement.sid + "9" * self.reserve)

    def within_rooms(self, items: Sequence[Item]) -> Bin | None:
        """Return the items with those too large for a document cut; None when one cannot be.

        What cannot be cut and fits into the first room stays whole.
        """
        done: Bin = []
        for item in items:
            pieces = None
            if item.weight > self.room:
                pieces = cut(self.reserved(item), self.room - 1, self.lengths)
                if pieces is None and item.weight > self.first:
                    return None
            done += self._pieces(item, pieces)
        return done

    def in_strips(self, items: Sequence[Item]) -> Bin:
        """Return the items with those too large for any room cut along all lists but one."""
        done: Bin = []
        for item in items:
            pieces = None
            if item.weight > max(self.room, self.first):
                pieces = strips(self.reserved(item), self.room - 1, self.lengths)
            done += self._pieces(item, pieces)
        return done

    def _pieces(self, item: Item, pieces: Sequence[Statement] | None) -> Bin:
        if pieces is None or len(pieces) == 1:
            return [item]
        return [self.item((*item.order, k), piece) for k, piece in enumerate(pieces)]

    def filled(
        self, items: Sequence[Item], target: int | None = None, *, cutting: bool = False
    ) -> list[Bin] | None:
        """Return bins filled one after the other, the first bin first; it may be empty.

        With a target, a bin may waste its share of what the room of so many bins leaves before
        anything is cut. None when they are not enough.
        """
        # Pieces of another filling have the same orders.
        self._cuts = {o: c for o, c in self._cuts.items() if len(o) == 1}
        pool = _Pool(self, cutting)
        for item in items:
            pool.add(item)
        bins: list[Bin] = []
        spare = 0
        if target is not None:
            spare = self.first + target * self.room - pool.total
        while pool.items or not bins:
            left = 1 if target is None else target + 1 - len(bins)
            if spare < 0 or left <= 0:
                return None
            chosen = self._bin(pool, not bins, spare // left)
            if chosen is None:
                return None
            content, rest = self._content(pool, chosen)
            if bins and not content:
                return None
            bins.append(content)
            pool.remove(chosen)
            for item in rest:
                pool.add(item)
            if target is not None and pool.items:
                spare -= chosen.waste
        return bins

    def _content(self, pool: _Pool, chosen: _Chosen) -> tuple[Bin, Bin]:
        """Return the items of a bin, and what is left of one that was cut."""
        if chosen.cut is None:
            return chosen.items, []
        which, values = chosen.cut
        whole = next(i for i in pool.items if i.order == which.order)
        statement, inside = self.reserved(whole), set(values)
        outside = [k for k in range(len(which.costs)) if k not in inside]
        piece, rest = (
            self.item((*whole.order, k), with_values(statement, which.which, numbers))
            for k, numbers in enumerate((values, outside))
        )
        return [*chosen.items, piece], [rest]

    def _bin(self, pool: _Pool, is_first: bool, share: int) -> _Chosen | None:
        """Choose what goes into one bin; None when nothing can."""
        room = self.first if is_first else self.room
        if pool.total <= room:
            return _Chosen(pool.items, 0)
        # The first bin takes what no other could. In others the item that is the hardest to
        # place goes in now; if it is too large for any, a piece of it.
        seeds = [*takewhile(lambda i: self.smallest(i) > self.room, pool.items)]
        forced = False
        if not is_first:
            forced = pool.items[0].weight > room
            seeds += pool.items[:1] if not forced else []
        left = room - sum(i.weight for i in seeds)
        if left < 0:
            return None
        fitting = [i for i in pool.items[len(seeds) :] if i.weight <= left]
        if len(fitting) > _WINDOW:
            # The largest, and some of all the smaller ones.
            few = _WINDOW // 4
            tail = fitting[_WINDOW - few :]
            fitting = fitting[: _WINDOW - few] + tail[:: -(-len(tail) // few)]
        if forced:
            return self._with_cut(self.cuts(pool.items[0]), seeds, fitting, room, None)
        items = [*seeds, *(fitting[k] for k in fullest([i.weight for i in fitting], left))]
        best = _Chosen(items, room - sum(i.weight for i in items))
        if best.waste <= share:
            return best
        return self._with_cut(pool.cheapest, seeds, fitting, room, best)

    def _with_cut(
        self, cuts: Sequence[_Cut], seeds: Bin, fitting: Bin, room: int, best: _Chosen | None
    ) -> _Chosen | None:
        """Return the choice of least waste, with one of the lists cut if that wastes less."""
        forced = best is None
        tried = 0
        for which in cuts:
            if tried == _CANDIDATES or (best is not None and which.extra >= best.waste):
                break
            chosen = self._cut_into(which, seeds, fitting, room, forced=forced)
            if chosen is not None:
                tried += 1
                if best is None or chosen.waste < best.waste:
                    best = chosen
        return best

    def _cut_into(
        self, which: _Cut, seeds: Bin, fitting: Bin, room: int, *, forced: bool
    ) -> _Chosen | None:
        """Return a bin with a piece of an item in it, and as full as can be."""
        whole = [i for i in seeds if i.order != which.order]
        left = room - sum(i.weight for i in whole) - which.base - 1
        others = [i for i in fitting if i.order != which.order and i.weight <= left]
        weights = [i.weight for i in others]
        if left < min(which.costs):
            return None
        # No more values than can go in, and a few to choose among.
        count = sum(above <= 2 * room for above in accumulate(which.costs))
        costs = which.costs[:count]
        if forced:
            chosen = fullest([*costs, *weights], left)
            values = [k for k in chosen if k < count]
            items = [others[k - count] for k in chosen if k >= count]
        else:
            chosen = fullest([*weights, *costs], left)
            values = [k - len(weights) for k in chosen if k >= len(weights)]
            items = [others[k] for k in chosen if k < len(weights)]
        if not values or len(values) == len(which.costs):
            return None
        used = sum(i.weight for i in items) + sum(which.costs[k] for k in values)
        return _Chosen([*whole, *items], left - used + which.extra, (which, values))

    def cuts(self, item: Item) -> list[_Cut]:
        """Return the lists of an item that can be cut, those first that cost the least."""
        if item.order not in self._cuts:
            statement = self.reserved(item)
            parts = shape(statement, self.lengths)
            weight = parts.frame + 1 + sum(sum(some) + 1 for some in parts.costs)
            found = []
            for which, costs in enumerate(parts.costs):
                base = weight - sum(costs) - 1
                extra = base + 1 + weight - item.weight
                found.append(_Cut(extra, item.order, which, base, costs))
            self._cuts[item.order] = sorted(found)
        return self._cuts[item.order]

    def smallest(self, item: Item) -> int:
        """Return the least weight that a piece of an item cut once can have."""
        return min((c.base + 1 + min(c.costs) for c in self.cuts(item)), default=item.weight)


class _Pool:
    """The items that are in no bin yet.

    Attributes:
        items: in the order in which they are placed.
        total: their weight.
        cheapest: of each that may be cut, the list that costs the least, cheapest first.
    """

    def __init__(self, filler: Filler, cutting: bool) -> None:
        self._filler, self._cutting = filler, cutting
        self.items: Bin = []
        self.total = 0
        self.cheapest: list[_Cut] = []

    def add(self, item: Item) -> None:
        insort(self.items, item, key=self._order)
        self.total += item.weight
        if self._cutting:
            for cut_ in self._filler.cuts(item)[:1]:
                insort(self.cheapest, cut_)

    def remove(self, chosen: _Chosen) -> None:
        taken = {i.order for i in chosen.items}
        if chosen.cut is not None:
            taken.add(chosen.cut[0].order)
        self.items = [i for i in self.items if i.order not in taken]
        self.total = sum(i.weight for i in self.items)
        self.cheapest = [c for c in self.cheapest if c.order not in taken]

    def _order(self, item: Item) -> tuple[int, int, tuple[int, ...]]:
        # What may be cut fills gaps, and what may not, or not small enough, is placed before.
        smallest = self._filler.smallest(item) if self._cutting else item.weight
        hard = smallest > self._filler.room // _HARD if self._cutting else False
        return -smallest if hard else 0, *largest_first(item)
