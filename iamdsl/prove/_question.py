"""What is asked of two sides, and when what is known of them settles it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T", bound="Hashable")

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from iamdsl.prove._answer import Effect, Permissions

Relation: TypeAlias = Literal["equivalent", "implies", "disjoint"]
"""The two decide alike (`Deny`, `Allow` and nothing told apart); what the first allows, the second
does; no request is allowed by both."""


class Side(NamedTuple):
    """A side by the numbers ("tags") of its parts: its denies, and the allows of each layer."""

    deny: int
    layers: tuple[int, ...]


class Question(NamedTuple):
    """A relation between two sides; a request for which it does not hold is a counterexample.

    Attributes:
        anchor: the tag of a layer without whose allows no request is allowed: the smallest.
    """

    relation: Relation
    first: Side
    second: Side
    anchor: int | None = None

    @property
    def tags(self) -> int:
        """Return how many tags there are."""
        return 2 + len(self.first.layers) + len(self.second.layers)

    def is_broken(self, first: Effect, second: Effect) -> bool:
        """Tell whether what the sides decide is against the relation."""
        match self.relation:
            case "equivalent":
                return first != second
            case "implies":
                return first == "Allow" and second != "Allow"
            case "disjoint":
                return first == "Allow" and second == "Allow"

    def is_plain(self, parts: Sequence[frozenset[Hashable]]) -> bool:
        """Tell whether the relation holds by what the tags have, whatever that says.

        Each tag has the alternatives of which one must hold; the same one always says the same.
        """
        first, second = self.first, self.second
        match self.relation:
            case "equivalent":
                ones, others = ({parts[n] for n in side.layers} for side in (first, second))
                return parts[first.deny] == parts[second.deny] and ones == others
            case "implies":
                return any(not parts[n] for n in first.layers) or (
                    bool(second.layers)
                    and parts[second.deny] <= parts[first.deny]
                    and all(any(parts[a] <= parts[b] for a in first.layers) for b in second.layers)
                )
            case "disjoint":
                return any(not parts[n] for n in (*first.layers, *second.layers))

    def differing(self, parts: Sequence[frozenset[T]]) -> list[tuple[frozenset[T], frozenset[T]]]:
        """Return pairs of sets: a counterexample is about something that only one of a pair has.

        What the tags have are alternatives, each about some requests: a request that is about
        nothing that differs has the relation by what the sides have in common.
        """
        first, second = self.first, self.second
        denies, others = parts[first.deny], parts[second.deny]
        match self.relation:
            case "equivalent":
                layers = zip(first.layers, second.layers, strict=True)
                return [(denies, others), *((parts[a], parts[b]) for a, b in layers)]
            case "implies":
                if not first.layers:
                    return []
                last = len(first.layers) - 1
                # If a layer of the second side does not allow, what a layer of the first one
                # allows by is not in it: of which layer does not matter.
                lacking = (
                    parts[first.layers[min(n, last)]] - parts[b]
                    for n, b in enumerate(second.layers)
                )
                none: frozenset[T] = frozenset()
                found = [(some, none) for some in (*lacking, others - denies)]
                return found if second.layers else [(parts[first.layers[0]], none)]
            case "disjoint":
                # The same layer whatever the parts are: its allows are what any request needs.
                return [] if self.anchor is None else [(parts[self.anchor], frozenset())]

    def settled(self, truths: Sequence[bool | None]) -> bool | None:
        """Tell whether the relation is broken, by what is known of the tags; None if it is open."""
        pairs = {
            self.is_broken(a, b)
            for a, b in product(_effects(self.first, truths), _effects(self.second, truths))
        }
        return pairs.pop() if len(pairs) == 1 else None


def _effects(side: Side, truths: Sequence[bool | None]) -> list[Effect]:
    """Return what a side may come to."""
    denied = truths[side.deny]
    if denied:
        return ["Deny"]
    found: list[Effect] = ["Deny"] if denied is None else []
    layers = [truths[n] for n in side.layers]
    if layers and False not in layers:
        found.append("Allow")
    if not layers or not all(layers):
        found.append(None)
    return found


def asked(
    relation: Relation, first: Permissions, second: Permissions
) -> tuple[Question, list[tuple[int, Permissions, int]]]:
    """Return a question about two sides, and its parts: deny's tag, the side, its first layer's tag."""
    count = len(first.layers)
    left = Side(0, tuple(range(2, 2 + count)))
    right = Side(1, tuple(range(2 + count, 2 + count + len(second.layers))))
    layers = [*zip(left.layers, first.layers, strict=True)]
    layers += zip(right.layers, second.layers, strict=True)
    anchor = min(layers, key=lambda layer: len(layer[1]), default=(None, ()))[0]
    question = Question(relation, left, right, anchor)
    return question, [(0, first, 2), (1, second, 2 + count)]
