"""Documents while they are filled: their statements, and what these have in common with others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl.iam import document_size, minified, statement_to_json, values_are_alternatives

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from iamdsl.fit._coverage import Demand, Part
    from iamdsl.iam import Statement
    from iamdsl.iam.covering import Atoms

# Characters kept free for the number at the end of a named statement's Sid.
NUMBER = "999"
_ANY: Atoms = frozenset(("*",))
# Characters of a document without statements, but for the comma that it saves.
FRAME = document_size(()) - 1


class Entry(NamedTuple):
    """A statement of a page; its Sid is not in it, for it may have to be numbered yet.

    Attributes:
        base: the author's name of the statement that it is a piece of; None when it has none.
        sid: its name, None for one that is not numbered yet.
        weight: its characters with the greatest number, and a comma.
    """

    statement: Statement
    base: str | None
    sid: str | None
    rank: int
    weight: int
    whole: Part


@attrs.define
class Page:
    """A document while it is filled.

    Attributes:
        lost: recorded statements that it has no longer as they were.
        memory: what it had and the new statements do not say, oldest first.
    """

    name: str
    limit: int
    entries: list[Entry] = attrs.field(factory=list)
    lost: list[Part] = attrs.field(factory=list)
    memory: list[Statement] = attrs.field(factory=list)
    changed: bool = False

    @property
    def used(self) -> int:
        return FRAME + sum(e.weight for e in self.entries)


def nameless(statement: Statement) -> Statement:
    return statement if statement.sid is None else attrs.evolve(statement, sid=None)


def reserved(item: Entry) -> Statement:
    """Return the statement of an item with the longest name that a piece of it may get."""
    return attrs.evolve(item.statement, sid=item.base and item.base + NUMBER)


def bases(sid: str | None, names: set[str]) -> Iterator[str | None]:
    """Yield the names of statements that one of that name may be a piece of; none at last."""
    if sid is not None:
        if sid in names:
            yield sid
        for at in range(len(sid) - 1, 0, -1):
            if not "0" <= sid[at] <= "9":
                break
            if sid[:at] in names:
                yield sid[:at]
    yield None


def text(entry: Entry) -> str:
    return minified(statement_to_json(entry.statement))


def weighed(entry: Entry) -> tuple[int, int, str]:
    return entry.weight, entry.rank, text(entry)


def is_related(entry: Entry, item: Entry) -> bool:
    """Tell whether two statements are alike enough to become one."""
    if entry.base != item.base:
        return False
    one, other = entry.whole, item.whole
    actions, resources = one.actions == other.actions, one.resources == other.resources
    if not actions and not resources:
        return False
    if one.demand == other.demand:
        return True
    return actions and resources and _shape(one.demand) == _shape(other.demand)


def _shape(demand: Demand) -> Hashable:
    """Return what two demands have in common when at most lists of alternatives differ."""
    who = demand.who
    return (
        demand.effect,
        who is None or (who[0] and who),
        [(p, values_are_alternatives(p[0]) or values) for p, values in demand.values],
    )


def common(one: Part, other: Part) -> int:
    """Return how much two statements have in common: pairs, or at least members of their lists."""
    actions = len(one.actions & other.actions)
    named = one.resources & other.resources
    return (actions * len(named) << 8) + actions + len(named - _ANY)


def position(name: str, names: Sequence[str]) -> int:
    """Return where a document stands among others, by the numbers in their names."""
    after = (i for i, n in enumerate(names) if (len(n), n) > (len(name), name))
    return next(after, len(names))
