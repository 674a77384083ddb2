"""Numbers and dates: points and the gaps between them as cells of a value mask.

Cell 2i is the gap below point i, cell 2i+1 the point itself, the last cell the gap above all
points. Invariant: one block says exactly the masks that are an interval minus points, or finitely
many points, so `lists` has one answer or none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.compiler.conditions import texts
from iamdsl.compiler.conditions.refusal import NoForm
from iamdsl.compiler.conditions.sides import ValueList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.compiler.conditions.leaves import Predicate

_NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _places(family: str, values: Sequence[str]) -> dict[str, int | str]:
    """Return for each value something that sorts, and is equal, as the values themselves do."""
    if family == "Date":
        return {v: v if _INSTANT.fullmatch(v) else _utc(v) for v in values}
    found = {v: _NUMBER.fullmatch(v) for v in values}
    digits = max((len(m[3] or "") for m in found.values() if m), default=0)
    out: dict[str, int | str] = {}
    for value, match in found.items():
        if match is None:
            raise ValueError(value)
        out[value] = int(match[1] + match[2] + (match[3] or "").ljust(digits, "0"))
    return out


def _utc(text: str) -> str:
    """Return a date or date-time in the one form that compares as text."""
    from datetime import UTC, datetime  # noqa: PLC0415

    instant = datetime.fromisoformat(text)
    instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def loosest(key: str, family: str, relation: str, values: tuple[str, ...]) -> str:
    """Return the bound that a list under an ordering amounts to: an OR is its loosest value."""
    if any(map(texts.opaque, values)):
        raise NoForm(
            f"a list of bounds of `{key}` holds a value known only at deployment",
            "write one bound, or one comparison for each joined by `or`",
            frozenset((key,)),
        )
    places = _places(family, values)
    return (max if relation.startswith("less") else min)(values, key=lambda v: places[v])


class Ordered:
    """The value cells of a Numeric or Date key."""

    def __init__(self, predicates: list[Predicate]) -> None:
        """Cut the line at every value of `predicates`."""
        self.family = predicates[0].family
        values = list(dict.fromkeys(v for p in predicates for v in p.values))
        places = _places(self.family, values)
        points = sorted(set(places.values()))
        self._index = {v: points.index(places[v]) for v in values}
        texts_of: dict[int, str] = {}
        for value in values:
            texts_of.setdefault(self._index[value], value)
        self._texts = texts_of
        self._rank = {self._index[v]: at for at, v in reversed(list(enumerate(values)))}
        self.full = (1 << (2 * len(points) + 1)) - 1
        self._points = sum(1 << (2 * i + 1) for i in range(len(points)))

    def mask(self, predicate: Predicate) -> int:
        """Return the cells whose values satisfy `predicate`."""
        out = 0
        for value in predicate.values:
            at = 2 * self._index[value] + 1
            if predicate.relation == "equals":
                out |= 1 << at
            else:
                out |= (1 << at) - 1
                if predicate.relation == "less-equals":
                    out |= 1 << at
        return out

    def lists(self, mask: int, optional: bool) -> tuple[ValueList, ...] | None:  # noqa: ARG002
        """Return the lists that together say `mask`, or None."""
        if not mask & ~self._points:
            return (ValueList(self.family + "Equals", self._named(mask)),)
        low, high = (mask & -mask).bit_length() - 1, mask.bit_length() - 1
        interval = (1 << (high + 1)) - (1 << low)
        holes = interval & ~mask
        if holes & ~self._points:
            return None
        out = []
        if low:
            name = "GreaterThanEquals" if low & 1 else "GreaterThan"
            out.append(ValueList(self.family + name, (self._texts[(low - 1) // 2],)))
        if 1 << (high + 1) <= self.full:
            name = "LessThanEquals" if high & 1 else "LessThan"
            out.append(ValueList(self.family + name, (self._texts[high // 2],)))
        if holes:
            out.append(ValueList(self.family + "NotEquals", self._named(holes), positive=False))
        return tuple(out)

    def one_list(self, mask: int) -> tuple[ValueList, ...]:
        """Return the ways to say `mask` by one list."""
        said = self.lists(mask, optional=False)
        return said if said is not None and len(said) == 1 else ()

    def parts(self, mask: int) -> list[int]:
        """Return the largest parts of `mask` that `lists` can say; together they are `mask`."""
        out = []
        run = 0
        for at in range(self.full.bit_length() + 1):
            bit = 1 << at
            if bit & self._points or bit & mask:
                run |= bit & mask
            else:
                out.append(run)
                run = 0
        points = mask & self._points
        return [p for p in dict.fromkeys([*out, points]) if p]

    def _named(self, mask: int) -> tuple[str, ...]:
        """Return the values of the points in `mask` in source order."""
        points = [i for i in self._texts if mask >> (2 * i + 1) & 1]
        return tuple(self._texts[i] for i in sorted(points, key=lambda i: self._rank[i]))
