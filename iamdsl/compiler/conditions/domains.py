"""One key of a formula: its cells, what each test means as a mask of them, and how to say a mask.

Invariant: bit 0 is "the key is missing" (or holds no value), the other bits are cells of values
(for a multivalued key: sets of value classes). `say` returns a side with exactly the meaning of
the mask, or None when no single block has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from iamdsl.compiler.conditions import sides, texts
from iamdsl.compiler.conditions.refusal import NoForm

if TYPE_CHECKING:
    from iamdsl.compiler.conditions.leaves import Leaf, Predicate
    from iamdsl.compiler.conditions.sides import Side, ValueList

MISSING = 1
_MEETS = 64
_CELLS = 32


class Values(Protocol):
    """The cells that the predicates of a key cut its values into."""

    full: int

    def mask(self, predicate: Predicate) -> int:
        """Return the cells whose values satisfy `predicate`."""

    def lists(self, mask: int, optional: bool) -> tuple[ValueList, ...] | None:
        """Return lists that together say `mask`, neither empty nor full; None if none do.

        `optional`: a missing key is to satisfy them, so that a plain twin cannot be used.
        """

    def one_list(self, mask: int) -> tuple[ValueList, ...]:
        """Return the ways to say `mask` by one list, at most one for an operator."""

    def parts(self, mask: int) -> list[int]:
        """Return large parts of `mask` to try `lists` on."""


class Domain(Protocol):
    """What the minimization asks of a key."""

    full: int
    sources: tuple[int, ...]

    def mask(self, leaf: Leaf) -> int:
        """Return the cells in which `leaf` is true."""

    def say(self, mask: int) -> Side | None:
        """Return the side of exactly `mask`; None if no block says it. Empty for the full mask."""

    def largest(self, mask: int) -> list[int]:
        """Return large sayable masks inside `mask`; together they are `mask`, if that is possible."""


class Lone:
    """The values of a key with one predicate whose texts may stand as they are: in or out."""

    full = 3

    def __init__(self, predicate: Predicate, values: tuple[str, ...]) -> None:
        """Keep how to say "in" and "out"."""
        self._said = {
            1: sides.value_list(predicate, values, negated=False),
            2: sides.value_list(predicate, values, negated=True),
        }

    def mask(self, predicate: Predicate) -> int:  # noqa: ARG002
        """Return the cell of the one predicate."""
        return 1

    def lists(self, mask: int, optional: bool) -> tuple[ValueList, ...] | None:  # noqa: ARG002
        """Return the one list of that cell."""
        said = self._said[mask]
        return None if said is None else (said,)

    def one_list(self, mask: int) -> tuple[ValueList, ...]:
        """Return the one list of that cell."""
        return self.lists(mask, optional=False) or ()

    def parts(self, mask: int) -> list[int]:
        """Return the cell itself: it has no parts."""
        return [mask]


class Whole:
    """The values of a key of which only the presence is tested."""

    full = 1

    def mask(self, predicate: Predicate) -> int:  # noqa: ARG002
        """Return all values: there is no predicate to ask about."""
        return 1

    def lists(self, mask: int, optional: bool) -> tuple[ValueList, ...] | None:  # noqa: ARG002
        """Return nothing: a mask is empty or full."""
        return None

    def one_list(self, mask: int) -> tuple[ValueList, ...]:  # noqa: ARG002
        """Return nothing: a mask is empty or full."""
        return ()

    def parts(self, mask: int) -> list[int]:  # noqa: ARG002
        """Return nothing: a mask is empty or full."""
        return []


class Single:
    """A single-valued key: bit 0 missing, above it the cells of `values`."""

    def __init__(self, values: Values, leaves: list[Leaf]) -> None:
        """Prepare the masks that the source itself uses."""
        self._values = values
        self.full = values.full << 1 | MISSING
        self._said: dict[int, Side | None] = {}
        self.sources = tuple(dict.fromkeys(self.mask(leaf) for leaf in leaves))

    def mask(self, leaf: Leaf) -> int:
        """Return the cells in which `leaf` is true."""
        full = self._values.full
        inside = full if leaf.predicate is None else self._values.mask(leaf.predicate)
        if leaf.negated:
            inside = full & ~inside
        return inside << 1 | leaf.missing

    def say(self, mask: int) -> Side | None:
        """Return the side of exactly `mask`."""
        if mask not in self._said:
            self._said[mask] = self._say(mask >> 1, missing=bool(mask & MISSING))
        return self._said[mask]

    def largest(self, mask: int) -> list[int]:
        """Return large sayable masks inside `mask`."""
        if self.say(mask) is not None:
            return [mask]
        out = [MISSING] if mask & MISSING else []
        for part in (mask >> 1, *self._values.parts(mask >> 1)):
            for wider in (part << 1 | mask & MISSING, part << 1):
                if self.say(wider) is not None:
                    out.append(wider)
                    break
        return with_sources(self, mask, out)

    def _say(self, values: int, *, missing: bool) -> Side | None:
        if values == self._values.full:
            return () if missing else sides.EXISTS
        if not values:
            return sides.MISSING if missing else None
        said = self._values.lists(values, missing)
        return None if said is None else sides.single(said, missing)


class AsWritten:
    """A test that is kept as it is: one cell where it holds, one where it does not."""

    full = 3

    def __init__(self, leaf: Leaf) -> None:
        """Keep the one side that there is."""
        values = leaf.predicate.values if leaf.predicate is not None else ()
        self._side = sides.of_leaf(leaf, values)
        self.sources: tuple[int, ...] = (2,)

    def mask(self, leaf: Leaf) -> int:  # noqa: ARG002
        """Return the cell in which the test holds."""
        return 2

    def say(self, mask: int) -> Side | None:
        """Return the test for its own mask; nothing says that it does not hold."""
        return () if mask == self.full else self._side if mask == 2 else None

    def largest(self, mask: int) -> list[int]:
        """Return the test's own mask, where it lies inside."""
        return [2] if mask & 2 else []


def with_sources(domain: Domain, mask: int, found: list[int]) -> list[int]:
    """Return the largest of `found`, and where they leave a part of `mask` out, more inside it.

    A test, or a few together, as the source has them, nearly always has a form of its own; then
    cells are tried, as many together as can be said.
    """
    covered = 0
    for part in found:
        covered |= part
    tried = list(domain.sources) if mask & ~covered else []
    for at, source in enumerate(tried):
        tried += [s & source for s in tried[:at] if s & source not in tried][: _MEETS - len(tried)]
        if not source & ~mask and source & ~covered and domain.say(source) is not None:
            found.append(source)
            covered |= source
    left = mask & ~covered
    while left and left.bit_count() <= _CELLS:
        piece = left & -left
        for at in range(left.bit_length()):
            wider = piece | left & 1 << at
            if wider != piece and domain.say(wider) is not None:
                piece = wider
        found.append(piece)
        left &= ~piece
    found = [part for part in found if domain.say(part) is not None]
    return [m for m in found if not any(o != m and not m & ~o for o in found)]


def domain(leaves: list[Leaf]) -> Domain:
    """Return the domain of one key from all its leaves in a formula."""
    from iamdsl.compiler.conditions.leaves import is_as_written, order  # noqa: PLC0415

    if is_as_written(leaves[0].key):
        return AsWritten(leaves[0])
    predicates = sorted({leaf.predicate for leaf in leaves if leaf.predicate}, key=order)
    values = value_cells(leaves[0].key, predicates)
    if any(leaf.quantifier for leaf in leaves):
        if any(leaf.predicate and not leaf.quantifier for leaf in leaves):
            raise NoForm(
                f"`{leaves[0].key}` is tested both as one value and as a set of values",
                "write `any` or `all` before every test of a multivalued key",
                frozenset((leaves[0].key,)),
                final=True,
            )
        from iamdsl.compiler.conditions.sets import Sets  # noqa: PLC0415

        return Sets(values, predicates, leaves)
    return Single(values, leaves)


def value_cells(key: str, predicates: list[Predicate]) -> Values:
    """Return the value cells of a key; the simplest kind that is exact for its predicates."""
    if not predicates:
        return Whole()
    if len(predicates) == 1 and (plain := texts.plain(predicates[0])) is not None:
        return Lone(predicates[0], plain)
    families = {p.family for p in predicates}
    if families <= {"String", "Arn"} or families in ({"IpAddress"}, {"Binary"}):
        from iamdsl.compiler.conditions.unions import Unions  # noqa: PLC0415

        return Unions(predicates)
    keys = frozenset((key,))
    if len(families) > 1:
        raise NoForm(
            f"`{key}` is compared as {' and as '.join(sorted(families))}: a key has one type",
            "compare it in one way only",
            keys,
            final=True,
        )
    if any(texts.opaque(value) for p in predicates for value in p.values):
        raise NoForm(
            f"`{key}` is compared several times, once with a value known only at deployment",
            "keep a single comparison of this key, or give the value",
            keys,
        )
    from iamdsl.compiler.conditions.ordered import Ordered  # noqa: PLC0415

    return Ordered(predicates)
