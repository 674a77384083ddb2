"""Multivalued keys: missing, and every set of value classes that a request can send.

Value cells that no test of the key tells apart are one class. Bit S of a mask is the set of the
classes in the bits of S, so bit 0, the empty set, is the missing key. Invariant: a side is exact:
ForAllValues bounds the union of the sets, each ForAnyValue asks for one more value in them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from iamdsl.compiler.conditions import sides
from iamdsl.compiler.conditions.domains import value_cells, with_sources
from iamdsl.compiler.conditions.leaves import order
from iamdsl.compiler.conditions.refusal import NoForm

if TYPE_CHECKING:
    from iamdsl.compiler.conditions.domains import Values
    from iamdsl.compiler.conditions.leaves import Leaf, Predicate
    from iamdsl.compiler.conditions.sides import Side, ValueList

_CLASSES = 8


@lru_cache(maxsize=1024)
def _subsets(of: int, classes: int) -> int:
    """Return the mask of all subsets of the class set `of`, the empty one included."""
    out = 1
    for at in range(classes):
        if of >> at & 1:
            out |= out << (1 << at)
    return out


class Sets:
    """A multivalued key."""

    def __init__(self, values: Values, predicates: list[Predicate], leaves: list[Leaf]) -> None:
        """Put the value cells into classes by the predicates that hold in them."""
        by_signature: dict[int, int] = {}
        masks = [values.mask(p) for p in predicates]
        for at in range(values.full.bit_length()):
            signature = sum(1 << bit for bit, mask in enumerate(masks) if mask >> at & 1)
            by_signature[signature] = by_signature.get(signature, 0) | 1 << at
        self._cells = list(by_signature.values())
        self._count = len(self._cells)
        if self._count > _CLASSES:
            key = leaves[0].key
            raise NoForm(
                f"the tests of `{key}` tell more than {_CLASSES} kinds of values apart",
                f"test `{key}` with fewer lists; for tags, `aws:RequestTag/name exists` is a key each",
                frozenset((key,)),
                "too-many",
            )
        self._values = values
        self._all = (1 << self._count) - 1
        self._of = {
            p: sum(1 << c for c, cells in enumerate(self._cells) if mask & cells)
            for p, mask in zip(predicates, masks, strict=True)
        }
        self.full = (1 << (1 << self._count)) - 1
        self._said: dict[int, Side | None] = {}
        self.sources = tuple(dict.fromkeys(self.mask(leaf) for leaf in leaves))

    def mask(self, leaf: Leaf) -> int:
        """Return the sets in which `leaf` is true."""
        if leaf.predicate is None:
            return 1 if leaf.negated else self.full & ~1
        classes = self._of[leaf.predicate]
        if leaf.negated:
            classes = self._all & ~classes
        if leaf.quantifier == "all":
            return self._within(classes)
        return self._touching(classes)

    def say(self, mask: int) -> Side | None:
        """Return the side of exactly `mask`."""
        if mask not in self._said:
            self._said[mask] = self._say(mask)
        return self._said[mask]

    def largest(self, mask: int) -> list[int]:
        """Return large sayable masks inside `mask`."""
        if self.say(mask) is not None:
            return [mask]
        found: dict[int, None] = {1: None} if mask & 1 else {}
        for union in range(1, self._all + 1):
            within = self._within(union)
            up = within & mask & ~self._below(within & ~mask & ~1)
            if not up & ~1:
                continue
            values = up & ~1
            for choice in (up, values) if values == within & ~1 else (values,):
                for part in self._fitting(choice, within):
                    found[part] = None
        return with_sources(self, mask, list(found))

    def _within(self, classes: int) -> int:
        return _subsets(classes, self._count)

    def _touching(self, classes: int) -> int:
        return self.full & ~self._within(self._all & ~classes)

    def _below(self, mask: int) -> int:
        """Return the sets that are subsets of some set in `mask`."""
        out = 0
        for union in range(self._all + 1):
            if mask >> union & 1:
                out |= self._within(union)
        return out

    def _fitting(self, up: int, within: int) -> list[int]:
        """Return `up` if it can be said, else parts that need fewer or simpler `any` tests."""
        if self.say(up) is not None:
            return [up]
        out = []
        smallest = [s for s in self._members(up) if s and not self._smaller(up, s)]
        for start in smallest:
            above = within
            for at in range(self._count):
                if start >> at & 1:
                    above &= self._touching(1 << at)
            if self.say(above) is not None:
                out.append(above)
        return out

    def _members(self, mask: int) -> list[int]:
        return [s for s in range(self._all + 1) if mask >> s & 1]

    def _smaller(self, mask: int, than: int) -> bool:
        """Tell whether `mask` has a non-empty set properly inside the set `than`."""
        return bool(self._within(than) & mask & ~(1 << than) & ~1)

    def _say(self, mask: int) -> Side | None:
        if mask == self.full:
            return ()
        if mask in (0, 1):
            return sides.MISSING if mask else None
        union = 0
        for s in self._members(mask):
            union |= s
        every: tuple[ValueList, ...] = ()
        if union != self._all:
            said = self._values.lists(self._cells_of(union), optional=False)
            if said is None:
                return None
            every = said
        within = self._within(union)
        if mask == within:
            return sides.quantified(every, (), exists=False)
        if mask & 1:
            return None
        absent = within & ~mask
        if absent == 1:
            return sides.quantified(every, (), exists=True)
        if self._below(absent) != absent:
            return None
        tops = [s for s in self._members(absent) if not self._larger(absent, s)]
        needed = [self._any_lists(union & ~top, self._all & ~union) for top in tops]
        some = _distinct(needed)
        return None if some is None else sides.quantified(every, some, exists=False)

    def _larger(self, mask: int, than: int) -> bool:
        """Tell whether `mask` has a set that properly contains the set `than`."""
        return any(s != than and not than & ~s for s in self._members(mask))

    def _any_lists(self, classes: int, idle: int) -> tuple[ValueList, ...]:
        """Return the ways to ask for a value in `classes`; values in `idle` never occur."""
        choices = [classes, classes | idle]
        choices += [c for c in self._of.values() if c & ~idle == classes]
        choices += [self._all & ~c for c in self._of.values() if self._all & ~c & ~idle == classes]
        found: dict[ValueList, None] = {}
        for choice in dict.fromkeys(choices):
            if choice != self._all:
                found.update(dict.fromkeys(self._values.one_list(self._cells_of(choice))))
        return tuple(sorted(found, key=lambda i: sum(len(v) + 3 for v in i.values)))

    def _cells_of(self, classes: int) -> int:
        out = 0
        for at, cells in enumerate(self._cells):
            if classes >> at & 1:
                out |= cells
        return out


def conjunction(leaves: list[Leaf]) -> list[Side] | None:
    """Return the side of a conjunction of tests of one key without going through its sets.

    `all` tests intersect like values; `any` tests do not, but one implies every wider one. Returns
    None when no block says it, and no side at all for "never".
    """
    predicates = sorted({leaf.predicate for leaf in leaves if leaf.predicate}, key=order)
    values = value_cells(leaves[0].key, predicates)
    every, asked, exists, missing = values.full, [], False, False
    for leaf in leaves:
        cells = values.full if leaf.predicate is None else values.mask(leaf.predicate)
        cells = values.full & ~cells if leaf.negated else cells
        if leaf.predicate is None:
            exists, missing = exists or not leaf.missing, missing or leaf.missing
        elif leaf.quantifier == "all":
            every &= cells
        else:
            asked.append(cells)
    needed = {cells & every: cells for cells in asked}
    exists = exists or bool(needed)
    if missing or not every:
        return [] if exists else [sides.MISSING]
    if 0 in needed:
        return []
    narrow = [n for n in needed if not any(o != n and not o & ~n for o in needed)]
    lists = () if every == values.full else values.lists(every, optional=False)
    some = _distinct(
        [values.one_list(n) or values.one_list(needed[n]) for n in narrow if n != values.full]
    )
    if lists is None or some is None:
        return None
    return [sides.quantified(lists, some, exists=exists and not some)]


def _distinct(needed: list[tuple[ValueList, ...]]) -> list[ValueList] | None:
    """Choose one list of each, no operator more often than a block can hold it; None if none fit.

    Tests with fewer ways to be said choose first, and a plain operator is preferred to a twin.
    """
    chosen: list[ValueList] = []

    def place(left: list[tuple[ValueList, ...]]) -> bool:
        if not left:
            return True
        used = [item.operator for item in chosen]
        ways = sorted(left[0], key=lambda i: used.count(i.operator))
        for way in ways:
            family = [
                u
                for u in used
                if u.replace("ArnEquals", "ArnLike") == way.operator.replace("ArnEquals", "ArnLike")
            ]
            if len(family) < sides.capacity(way.operator, optional=False):
                chosen.append(way)
                if place(left[1:]):
                    return True
                chosen.pop()
        return False

    return chosen if place(sorted(needed, key=len)) else None
