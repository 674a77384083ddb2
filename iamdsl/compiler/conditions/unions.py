"""Saying a mask as lists: unions of members, less negated ones, or several lists side by side.

The reference's order: one list first, meets of patterns before twins of operators, since each
twin uses up a slot of the block. Invariant: what is returned says the mask exactly; members are
dropped only while it does.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from iamdsl.compiler.conditions import globs, networks
from iamdsl.compiler.conditions.lists import (
    ARN,
    ARN_EXACT,
    BINARY,
    CASE,
    EXACT,
    LIKE,
    NETWORK,
    Member,
    cut,
)
from iamdsl.compiler.conditions.sides import ValueList, capacity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from iamdsl.compiler.conditions.leaves import Predicate

_NEGATED = {
    "StringEquals": "StringNotEquals",
    "StringLike": "StringNotLike",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
    "IpAddress": "NotIpAddress",
}
_MEETS = 32
_MET_RANK = 1 << 20
_SPLIT = 4  # a fifth network costs about as much as a second statement
_CHOICES = 24
_COVERS = 6
_SUBSETS = 10


class Unions:
    """The value cells of a key whose tests are lists: text, ARN, network, Binary."""

    def __init__(self, predicates: list[Predicate]) -> None:
        """Cut the values of the key at the lists of `predicates`."""
        cells = cut(predicates)
        self.full = cells.full
        self._members = cells.members
        self._masks = cells.masks
        self._regions = cells.regions
        self._met: tuple[Member, ...] | None = None
        self._said: dict[tuple[int, bool], tuple[ValueList, ...] | None] = {}
        names = {name for member in self._members for name in member.words}
        self._operators = [
            o for o in (EXACT, LIKE, CASE, ARN_EXACT, ARN, NETWORK, BINARY) if o in names
        ]

    def mask(self, predicate: Predicate) -> int:
        """Return the cells whose values satisfy `predicate`."""
        return self._masks[predicate]

    def lists(self, mask: int, optional: bool) -> tuple[ValueList, ...] | None:
        """Return the lists that together say `mask`; `optional` leaves no plain twin to use."""
        key = (mask, optional)
        if key not in self._said:
            self._said[key] = self._say(mask, optional)
        return self._said[key]

    def one_list(self, mask: int) -> tuple[ValueList, ...]:
        """Return the ways to say `mask` by one list, at most one for an operator."""
        out: list[ValueList] = []
        for members in (self._members, self._with_meets()):
            for operator in self._operators:
                inside = self._inside(members, operator, mask, 0)
                if _union(inside) == mask:
                    out.append(_positive(operator, _needed(inside, lambda m: _union(m) == mask)))
            negated = [m for m in members if not m.mask & mask and self._negatable(m)]
            if self.full & ~_union(negated) == mask:
                said = _negative(_needed(negated, lambda m: self.full & ~_union(m) == mask))
                out += said if len(said) == 1 else ()
            if out:
                break
        return tuple(dict.fromkeys(out))

    def parts(self, mask: int) -> list[int]:
        """Return parts of `mask` that `lists` can say; they may leave some of it out."""
        members = self._with_meets()
        rest = self.full & ~mask
        seeds: dict[int, None] = {}
        for start in (self.full, *(m.mask for m in members)):
            for negated in self._covers_of(start & rest, members):
                seeds[start & ~negated] = None
        for operator in self._operators:
            seeds[_union(self._inside(members, operator, mask, 0))] = None
        said = [s for s in seeds if s and not s & rest and self.lists(s, optional=False)]
        grown: dict[int, None] = {}
        for seed in said:
            for other in said:
                if other & ~seed and self.lists(seed | other, optional=False):
                    seed |= other  # noqa: PLW2901 - the seed grows
            grown[seed] = None
        return _maximal(list(grown))

    def _say(self, mask: int, optional: bool) -> tuple[ValueList, ...] | None:
        return (
            self._one_positive(mask, self._members)
            or self._split(mask)
            or self._one_positive(mask, self._with_meets())
            or self._several(mask, optional, self._members)
            or self._several(mask, optional, self._with_meets())
        )

    def _one_positive(self, mask: int, members: Sequence[Member]) -> tuple[ValueList, ...] | None:
        """Return the first of: one positive list, negated lists, one positive less negated."""
        outside = [m for m in members if not m.mask & mask and self._negatable(m)]
        out = _union(outside)
        for operator in self._operators:
            inside = self._inside(members, operator, mask, 0)
            if _union(inside) == mask:
                return (_positive(operator, _needed(inside, lambda m: _union(m) == mask)),)
        if self.full & ~out == mask:
            return _negative(_needed(outside, lambda m: self.full & ~_union(m) == mask))
        for operator in self._operators:
            inside = self._inside(members, operator, mask, out)
            if inside and _union(inside) & ~out == mask:
                return _less(operator, inside, outside, mask)
        return None

    def _split(self, mask: int) -> tuple[ValueList, ...] | None:
        """Return one list of networks cut to fit, while it is short enough."""
        best: tuple[ValueList, ...] | None = None
        if not self._regions:
            return None
        for cells, positive in ((mask, True), (self.full & ~mask, False)):
            out: list[networks.Network] | None = []
            for cell, network, inside in self._regions:
                if cell & cells and out is not None:
                    pieces = networks.subtract(network, list(inside), _SPLIT)
                    out = None if pieces is None else out + pieces
            if out is not None:
                out = _joined(out)
            if out is None or len(out) > _SPLIT:
                continue
            values = tuple(map(networks.write, out))
            operator = NETWORK if positive else _NEGATED[NETWORK]
            if best is None or len(values) < len(best[0].values):
                best = (ValueList(operator, values, positive),)
        return best

    def _several(
        self, mask: int, optional: bool, members: Sequence[Member]
    ) -> tuple[ValueList, ...] | None:
        """Return the fewest positive lists, less negated ones, that meet in `mask` exactly."""
        outside = [m for m in members if not m.mask & mask and self._negatable(m)]
        out = _union(outside)
        choices: list[tuple[str, int, tuple[Member, ...]]] = []
        for operator in self._operators:
            can = [m for m in members if operator in m.words and m.mask & mask]
            choices += [(operator, _union(c), c) for c in _covering(can, mask)]
        choices = choices[:_CHOICES]
        for count in range(2, 5):
            for chosen in combinations(choices, count):
                both = self.full & ~out
                for _, union, _ in chosen:
                    both &= union
                operators = [ARN if o == ARN_EXACT else o for o, _, _ in chosen]
                fits = all(operators.count(o) <= capacity(o, optional) for o in operators)
                if both == mask and fits:
                    positive = [_positive(o, m) for o, _, m in chosen]
                    alone = self.full
                    for _, union, _ in chosen:
                        alone &= union
                    needed = _needed(outside, lambda m, a=alone: a & ~_union(m) == mask)  # type: ignore[misc]
                    return (*positive, *_negative(needed))
        return None

    def _inside(
        self, members: Sequence[Member], operator: str, mask: int, out: int
    ) -> list[Member]:
        """Return the members for a positive list: without `out` they lie in `mask`."""
        return [
            m
            for m in members
            if operator in m.words and m.mask & mask and not m.mask & ~out & ~mask
        ]

    def _negatable(self, member: Member) -> bool:
        return BINARY not in member.words

    def _covers_of(self, cells: int, members: Sequence[Member]) -> list[int]:
        """Return unions of members that cover `cells`, as small as a short search finds."""
        if not cells:
            return [0]
        can = [m.mask for m in members if m.mask & cells and self._negatable(m)]
        pairs = (a | b for a, b in combinations(can[:_CHOICES], 2))
        found = [m for m in dict.fromkeys((*can, *pairs)) if not cells & ~m]
        if not found:
            union = _union_of(dict.fromkeys(can))
            return [] if cells & ~union else [union]
        return [m for m in found if not any(o != m and not o & ~m for o in found)][:_COVERS]

    def _with_meets(self) -> tuple[Member, ...]:
        """Return the members and the meets of those that are patterns."""
        if self._met is not None:
            return self._met
        met = [m for m in self._members if m.patterns]
        seen = {m.mask for m in self._members}
        found: list[Member] = []
        at = 0
        while at < len(met) and len(found) < _MEETS:
            for other in met[:at]:
                mask = met[at].mask & other.mask
                if mask and mask not in seen:
                    both = _meet(other, met[at], mask, len(found))
                    if both is not None:
                        seen.add(mask)
                        found.append(both)
                        met.append(both)
            at += 1
        self._met = (*self._members, *found)
        return self._met


def _meet(one: Member, other: Member, mask: int, index: int) -> Member | None:
    """Return the member of what `one` and `other` both match; None when it has no short text."""
    patterns: list[globs.Pattern] = []
    for a in one.patterns:
        for b in other.patterns:
            met = globs.meet(a, b)
            if met is None or len(patterns) > _MEETS:
                return None
            patterns += met
    patterns = globs.undominated(patterns)
    written = []
    for pattern in patterns:
        words = [globs.write(glob) for glob in pattern]
        if None in words or len(patterns) > _MEETS:
            return None
        written.append(":".join(w for w in words if w is not None))
    operator = ARN if patterns and len(patterns[0]) > 1 else LIKE
    start = _MET_RANK * (index + 1)
    ranked = tuple((start + at, text) for at, text in enumerate(written))
    return Member(mask, {operator: ranked}, tuple(patterns))


def _union(members: Sequence[Member]) -> int:
    out = 0
    for member in members:
        out |= member.mask
    return out


def _union_of(masks: dict[int, None]) -> int:
    out = 0
    for mask in masks:
        out |= mask
    return out


def _maximal(masks: list[int]) -> list[int]:
    """Return `masks` without those inside another one."""
    return [m for m in masks if not any(o != m and not m & ~o for o in masks)]


def _needed(members: Sequence[Member], enough: Callable[[Sequence[Member]], bool]) -> list[Member]:
    """Return the members without those that can go, the longest texts going first."""
    kept = list(members)
    for member in sorted(members, key=_weight, reverse=True):
        fewer = [m for m in kept if m is not member]
        if enough(fewer):
            kept = fewer
    return kept


def _weight(member: Member) -> int:
    return min(sum(len(text) + 3 for _, text in words) for words in member.words.values())


def _less(
    operator: str, inside: list[Member], outside: list[Member], mask: int
) -> tuple[ValueList, ...]:
    """Return a positive list and the negated ones it needs to say `mask`."""
    union = _union(inside)
    negated = _needed(outside, lambda m: union & ~_union(m) == mask)
    out = _union(negated)
    positive = _needed(inside, lambda m: _union(m) & ~out == mask)
    union = _union(positive)
    negated = _needed(negated, lambda m: union & ~_union(m) == mask)
    return (_positive(operator, positive), *_negative(negated))


def _positive(operator: str, members: Sequence[Member]) -> ValueList:
    ranked = sorted(word for member in members for word in member.words[operator])
    return ValueList(operator, tuple(text for _, text in ranked))


def _negative(members: Sequence[Member]) -> tuple[ValueList, ...]:
    """Return the negated lists of `members`, under as few operators as they can share."""
    operators = {next(iter(m.words)) for m in members if len(m.words) == 1}
    words: dict[str, list[tuple[int, str]]] = {}
    for member in members:
        shared = [o for o in member.words if o in operators]
        operator = shared[0] if shared else next(iter(member.words))
        words.setdefault(operator, []).extend(member.words[operator])
    return tuple(
        ValueList(_NEGATED[operator], tuple(text for _, text in sorted(ranked)), positive=False)
        for operator, ranked in words.items()
    )


def _covering(members: Sequence[Member], mask: int) -> Iterator[tuple[Member, ...]]:
    """Yield the smallest sets of `members` whose union covers `mask`."""
    if len(members) > _SUBSETS:
        return
    found: list[frozenset[int]] = []
    for count in range(1, len(members) + 1):
        for chosen in combinations(range(len(members)), count):
            if any(f <= set(chosen) for f in found):
                continue
            if not mask & ~_union([members[i] for i in chosen]):
                found.append(frozenset(chosen))
                yield tuple(members[i] for i in chosen)


def _joined(found: list[networks.Network]) -> list[networks.Network]:
    """Join neighbours that make up one larger network."""
    left = set(found)
    for network in sorted(found, key=lambda n: -n[2]):
        version, first, length = network
        while length and (version, first, length) in left:
            size = 1 << (networks.BITS[version] - length)
            if (version, first ^ size, length) not in left:
                break
            left -= {(version, first, length), (version, first ^ size, length)}
            first, length = first & ~size, length - 1
            left.add((version, first, length))
    return sorted(left)
