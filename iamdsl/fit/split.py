"""One statement into several that say the same, each of a size that fits.

Only lists that are alternatives are cut: resources, actions, and the values of positive
condition entries. A `Not…` list, the values of a negated operator, and those of `ForAllValues`
are conjunctions; cutting one would change the meaning. All sizes are *characters of minified
text*, as `iam.statement_size` counts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import attrs

from iamdsl.iam import Elements, statement_size, value_size, values_are_alternatives

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from iamdsl.iam import Statement

    Values: TypeAlias = tuple[str, ...]
    # A list that may be cut, and the statement with another list in its place.
    List: TypeAlias = tuple[Values, Callable[[Values], Statement]]

# How often a statement is halved when no single list can be cut small enough.
_HALVINGS = 12
# Pieces from which on cutting two lists may need fewer pieces than cutting one.
_MANY = 4


def cut(
    statement: Statement, room: int, lengths: Mapping[str, int], halvings: int = _HALVINGS
) -> tuple[Statement, ...] | None:
    """Return the fewest pieces found of at most `room` characters each, in order of the lists.

    None when the statement cannot be cut so small.
    """
    whole = statement_size(statement, lengths)
    if whole <= room:
        return (statement,)
    best: tuple[Statement, ...] | None = None
    lists = _lists(statement)
    sizes = []
    for values, rebuilt in lists:
        costs = [value_size(v, lengths) for v in values]
        sizes.append(_list_size(costs))
        chunks = _chunks(costs, room - (whole - sizes[-1]))
        if chunks is not None and (best is None or len(chunks) < len(best)):
            best = tuple(rebuilt(values[a:b]) for a, b in chunks)
    if lists and halvings and (best is None or len(best) >= _MANY):
        values, rebuilt = lists[sizes.index(max(sizes))]
        middle = len(values) // 2
        halves = [
            cut(rebuilt(half), room, lengths, halvings - 1)
            for half in (values[:middle], values[middle:])
        ]
        if halves[0] is not None and halves[1] is not None:
            both = halves[0] + halves[1]
            best = both if best is None or len(both) < len(best) else best
    return best


def cut_head(
    statement: Statement, room: int, lengths: Mapping[str, int]
) -> tuple[Statement, Statement] | None:
    """Return a first piece that fills at most `room` characters, and the rest.

    The list is cut that leaves the smallest rest; None when not even one value fits.
    """
    whole = statement_size(statement, lengths)
    best: tuple[int, Statement, Statement] | None = None
    for values, rebuilt in _lists(statement):
        costs = [value_size(v, lengths) for v in values]
        frame = whole - _list_size(costs)
        count = _prefix(costs[:-1], 0, room - frame)
        if count == 0:
            continue
        rest = frame + _list_size(costs[count:])
        if best is None or rest < best[0]:
            best = rest, rebuilt(values[:count]), rebuilt(values[count:])
    return best[1:] if best else None


def _lists(statement: Statement) -> list[List]:
    """Return the lists of alternatives that have two values or more."""
    lists: list[List] = []
    where, what = statement.resources, statement.actions
    if where is not None and not where.negated:
        lists.append((where.values, lambda v: attrs.evolve(statement, resources=Elements(v))))
    if not what.negated:
        lists.append((what.values, lambda v: attrs.evolve(statement, actions=Elements(v))))
    for i, entry in enumerate(statement.condition):
        if values_are_alternatives(entry.operator):
            lists.append((entry.values, _with_values(statement, i)))
    return [some for some in lists if len(some[0]) > 1]


def _with_values(statement: Statement, at: int) -> Callable[[Values], Statement]:
    condition = statement.condition

    def rebuilt(values: Values) -> Statement:
        entry = attrs.evolve(condition[at], values=values)
        return attrs.evolve(statement, condition=(*condition[:at], entry, *condition[at + 1 :]))

    return rebuilt


def _list_size(costs: Sequence[int]) -> int:
    """Return the characters of a JSON list of values of those sizes; one value stands alone."""
    return costs[0] if len(costs) == 1 else sum(costs) + len(costs) + 1


def _prefix(costs: Sequence[int], start: int, room: int) -> int:
    """Return how many values from `start` on make a list of at most `room` characters."""
    if start >= len(costs) or costs[start] > room:
        return 0
    used, count = costs[start] + 2, 1
    while start + count < len(costs) and used + costs[start + count] + 1 <= room:
        used += costs[start + count] + 1
        count += 1
    return count


def _chunks(costs: Sequence[int], room: int) -> list[tuple[int, int]] | None:
    chunks, at = [], 0
    while at < len(costs):
        count = _prefix(costs, at, room)
        if count == 0:
            return None
        chunks.append((at, at + count))
        at += count
    return chunks
