"""Statements as rows, alike but for their actions, and the fewest texts that say the same."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from iamdsl.iam import Elements, Entry, glob_covers
from iamdsl.prove._automata import Pattern, ends
from iamdsl.prove._terms import closed
from iamdsl.prove._texts import Neighbours

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl.iam import Condition, Principals, Statement


class Demand(NamedTuple):
    """To whom and when statements apply that are alike but for actions and resources."""

    principals: Principals | None
    condition: Condition


class Part(NamedTuple):
    """Statements that are alike but for their actions: a row of the question.

    Attributes:
        tag: the part of the question that it belongs to.
        resources: in six fields; an element that is not there is all of them.
    """

    tag: int
    resources: Elements
    demand: Demand


Pair: TypeAlias = "tuple[str | Elements, Demand]"
"""A text of a resource (or the list of a `NotResource`) and whom and when it is for."""


def pairs_of(rows: Iterable[Part]) -> Iterator[tuple[int, str | Elements, Demand]]:
    """Yield rows taken apart by their resources."""
    for row in rows:
        for text in (row.resources,) if row.resources.negated else row.resources.values:
            yield row.tag, text, row.demand


_MANY_DEMANDS = 200


def reduced(rows: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return rows without the resources that others of their tag cover, for the same or for more.

    The union of what a tag's rows match stays what it is.
    """
    texts: dict[tuple[int, Demand], dict[str, None]] = defaultdict(dict)
    kept: list[Part] = []
    for row in rows:
        if row.resources.negated:
            kept.append(row)
        else:
            texts[row.tag, row.demand].update(dict.fromkeys(row.resources.values))
    for (tag, demand), listed in texts.items():
        weaker = [demand]
        if len(texts) <= _MANY_DEMANDS:
            weaker = [d for t, d in texts if t == tag and _is_weaker(d, demand)]
        wide = [
            (text, other)
            for other in weaker
            for text in texts[tag, other]
            if "*" in text or "?" in text or other != demand
        ]
        left = _uncovered(list(listed), demand, wide)
        if left:
            kept.append(Part(tag, Elements(tuple(sorted(left))), demand))
    return tuple(kept)


def _is_weaker(one: Demand, other: Demand) -> bool:
    """Tell whether a demand is met whenever the other one is; a no may be wrong."""
    return one.principals == other.principals and set(one.condition) <= set(other.condition)


def _uncovered(texts: list[str], demand: Demand, wide: list[tuple[str, Demand]]) -> list[str]:
    """Return the texts that no other one covers; of two that cover each other, one stays."""
    near = Neighbours((n, Pattern("glob", closed(text))) for n, (text, _) in enumerate(wide))
    left = []
    for text in texts:
        around = near.around(*ends(Pattern("glob", closed(text))))
        if not any(
            glob_covers(wide[n][0], text)
            and not (wide[n][1] == demand and _comes_first(text, wide[n][0]))
            for n in around
        ):
            left.append(text)
    return left


def _comes_first(text: str, other: str) -> bool:
    """Tell whether a text stays beside another one that covers it: itself, or one of its extent."""
    return text == other or (glob_covers(text, other) and text < other)


def row_of(tag: int, statement: Statement) -> Part:
    return Part(
        tag,
        _in_six_fields(statement.resources),
        Demand(statement.principals, _in_order(statement.condition)),
    )


def _in_order(condition: Iterable[Entry]) -> Condition:
    """Return a block with keys in one spelling and values in one order: both say nothing."""
    entries = (Entry(e.operator, e.key.lower(), tuple(sorted(set(e.values)))) for e in condition)
    return tuple(sorted(entries, key=lambda e: (e.operator, e.key)))


_ALL = Elements(("*",))


def _in_six_fields(resources: Elements | None) -> Elements:
    """Return resources in one order, short ARNs with `*` for what they leave out."""
    if resources is None:
        return _ALL
    made = set()
    for text in resources.values:
        missing = 5 - closed(text).count(":")
        made.add(text + ":*" * missing if text.startswith("arn:") and missing > 0 else text)
    return Elements(tuple(sorted(made)), resources.negated)


def narrowest_first(texts: Iterable[str]) -> tuple[str, ...]:
    """Return patterns, longest first, without those that cover one before them."""
    ordered = sorted(texts, key=lambda t: (-len(t), t))
    return tuple(
        text
        for n, text in enumerate(ordered)
        if not any(glob_covers(text, closed(other)) for other in ordered[:n])
    )
