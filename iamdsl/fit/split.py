"""One statement into several that say the same, each of a size that fits.

Only lists that are alternatives are cut: resources, actions, and the values of positive
condition entries. A `Not…` list, the values of a negated operator, and those of `ForAllValues`
are conjunctions; cutting one would change the meaning. A cut repeats all of the statement but
the list that it goes through. All sizes are *characters of minified text*, as
`iam.statement_size` counts them.
"""

from __future__ import annotations

from heapq import nsmallest
from itertools import product
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

from iamdsl.iam import Elements, statement_size, value_size, values_are_alternatives

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from iamdsl.iam import Statement

    Values: TypeAlias = tuple[str, ...]
    # A list that may be cut, and the statement with another list in its place.
    List: TypeAlias = tuple[Values, Callable[[Values], Statement]]

# How often a statement is halved when two lists together cannot be cut small enough.
_HALVINGS = 12
# Lists of a statement that are cut, from the longest on, and into how many runs.
_LONGEST = 3
_RUNS = (*range(1, 17), 20, 24, 28, 32, 40, 48, 56, 64)
# Ways of cutting them that are tried, of those that promise the most.
_WAYS = 3


class Shape(NamedTuple):
    """The sizes of a statement's parts.

    A list of two values or more takes the sum of its `costs` and one character; a single
    value takes one character less than its cost.

    Attributes:
        frame: characters of all but the lists that can be cut.
        costs: of each list that can be cut, the characters of each value and its comma.
    """

    frame: int
    costs: tuple[tuple[int, ...], ...]


def shape(statement: Statement, lengths: Mapping[str, int]) -> Shape:
    """Return the sizes of a statement's parts, its lists in the order of `with_values`."""
    costs = tuple(_costs(values, lengths) for values, _ in _lists(statement))
    whole = statement_size(statement, lengths)
    return Shape(whole - sum(sum(some) + 1 for some in costs), costs)


def combinations(statement: Statement) -> int:
    """Return how many combinations of one value of each list that can be cut there are."""
    return prod(len(values) for values, _ in _lists(statement))


def with_values(statement: Statement, which: int, chosen: Sequence[int]) -> Statement:
    """Return the statement with only the chosen values, by number, in its list `which`."""
    values, rebuilt = _lists(statement)[which]
    return rebuilt(tuple(values[i] for i in chosen))


def cut_head(
    statement: Statement, room: int, lengths: Mapping[str, int]
) -> tuple[Statement, Statement] | None:
    """Return a first piece that fills at most `room` characters, and the rest.

    The list is cut that leaves the smallest rest; None when not even one value fits.
    """
    whole, parts = statement_size(statement, lengths), shape(statement, lengths)
    best: tuple[int, int, int] | None = None
    for which, costs in enumerate(parts.costs):
        free, count = room - (whole - sum(costs) - 1), 0
        while count < len(costs) - 1 and sum(costs[: count + 1]) + (count > 0) * 2 - 1 <= free:
            count += 1
        rest = whole - sum(costs[:count])
        if count and (best is None or rest < best[0]):
            best = rest, which, count
    if best is None:
        return None
    _, which, count = best
    last = len(parts.costs[which])
    return (
        with_values(statement, which, range(count)),
        with_values(statement, which, range(count, last)),
    )


def distinct(statement: Statement) -> Statement:
    """Return the statement with each value once in every list that can be cut."""
    for i, (values, _) in enumerate(_lists(statement)):
        if len(set(values)) < len(values) > 1:
            firsts = {v: i for i, v in reversed(tuple(enumerate(values)))}
            # What is left may be one value, which is no list to be cut any more: start over.
            return distinct(with_values(statement, i, sorted(firsts.values())))
    return statement


def cut(
    statement: Statement, room: int, lengths: Mapping[str, int]
) -> tuple[Statement, ...] | None:
    """Return the fewest pieces found of at most `room` characters each, in order of the lists.

    All but the last piece of a strip are as full as they can be. None when the statement
    cannot be cut so small.
    """
    cuts = strips(statement, room, lengths)
    if cuts is None:
        return None
    return tuple(piece for strip in cuts for piece in _chunked(strip, room, lengths) or ())


def strips(
    statement: Statement, room: int, lengths: Mapping[str, int], halvings: int = _HALVINGS
) -> tuple[Statement, ...] | None:
    """Return the statement cut along all lists but one, so that cutting that one is enough.

    The strips are those that come to the fewest pieces of at most `room` characters, then
    characters. Where one list is cut every other is repeated, so that two long lists are
    better cut both: into blocks about as long one way as the other.
    """
    if statement_size(statement, lengths) <= room:
        return (statement,)
    parts = shape(statement, lengths)
    best: tuple[tuple[int, int], tuple[Statement, ...]] | None = None
    for way in _striped(parts, room) if parts.costs else ():
        bands = _bands(statement, way, parts.costs)
        chunked = [_chunked(band, room, lengths) for band in bands]
        if all(chunked):
            pieces = [p for some in chunked for p in some or ()]
            cost = len(pieces), sum(statement_size(p, lengths) for p in pieces)
            if best is None or cost < best[0]:
                best = cost, bands
    if best is not None:
        return best[1]
    if not parts.costs or not halvings:
        return None
    longest = max(range(len(parts.costs)), key=lambda j: sum(parts.costs[j]))
    done: tuple[Statement, ...] = ()
    for some in _balanced(parts.costs[longest], 2):
        found = strips(with_values(statement, longest, some), room, lengths, halvings - 1)
        if found is None:
            return None
        done += found
    return done


def joined(pieces: Sequence[Statement], whole: Statement) -> list[Statement]:
    """Return the pieces of one statement with those made one that differ in one list only.

    Values come in the order that they have in `whole`.
    """
    done: list[Statement] = []
    for piece in pieces:
        new = piece
        while True:
            both = ((i, _united(p, new, whole)) for i, p in enumerate(done))
            at, united = next(((i, u) for i, u in both if u is not None), (0, None))
            if united is None:
                break
            new = united
            del done[at]
        done.append(new)
    return done


def _united(first: Statement, second: Statement, whole: Statement) -> Statement | None:
    """Return two pieces as one if they differ in one list at most."""
    found = first
    for (order, _), (mine, rebuilt), (other, _) in zip(
        *map(_all_lists, (whole, first, second)), strict=True
    ):
        if mine != other:
            if found is not first:
                return None
            either = {*mine, *other}
            found = rebuilt(tuple(v for v in order if v in either))
    return found


def _striped(parts: Shape, room: int) -> list[tuple[tuple[int, int], ...]]:
    """Return the ways to cut lists that promise the fewest pieces of at most `room` characters.

    Each is pairs of a list and the number of runs that it is cut into; one more list, that is
    not among them, is then cut as often as it takes.
    """
    totals = [sum(some) for some in parts.costs]
    whole = parts.frame + sum(totals) + len(totals)
    longest = sorted(range(len(totals)), key=lambda j: -totals[j])[:_LONGEST]
    ways = []
    for main in longest:
        runs = [[(j, n) for n in _RUNS if n <= len(parts.costs[j])] for j in longest if j != main]
        for way in product(*runs):
            used = sum(totals[j] - _run(parts.costs[j], totals[j], n) for j, n in way)
            left = room - (whole - totals[main] - used)
            if left > max(parts.costs[main]):
                pieces = prod(n for _, n in way) * -(-totals[main] // left)
                ways.append((pieces, tuple((j, n) for j, n in way if n > 1)))
    return list(dict.fromkeys(way for _, way in nsmallest(_WAYS, ways)))


def _run(costs: Sequence[int], total: int, count: int) -> int:
    """Return about how long the longest of `count` runs of a list is."""
    return total if count == 1 else min(total, total // count + max(costs) // 2)


def _bands(
    statement: Statement, way: tuple[tuple[int, int], ...], costs: Sequence[Sequence[int]]
) -> tuple[Statement, ...]:
    """Return the statement cut as `_striped` says; `costs` are those of its lists."""
    bands: tuple[Statement, ...] = (statement,)
    # A run of one value is no list to be cut any more, so that later lists come first.
    for j, count in sorted(way, reverse=True):
        runs = _balanced(costs[j], count)
        bands = tuple(with_values(band, j, run) for band in bands for run in runs)
    return bands


def _balanced(costs: Sequence[int], count: int) -> list[list[int]]:
    """Return the numbers of the values in up to `count` runs of about equal cost."""
    total, done = sum(costs), 0
    runs: list[list[int]] = [[] for _ in range(count)]
    for i, cost in enumerate(costs):
        runs[min(count - 1, (2 * done + cost) * count // (2 * total))].append(i)
        done += cost
    return [run for run in runs if run]


def _chunked(
    statement: Statement, room: int, lengths: Mapping[str, int]
) -> tuple[Statement, ...] | None:
    """Return the statement cut along the one list that makes the fewest pieces, or None."""
    whole = statement_size(statement, lengths)
    if whole <= room:
        return (statement,)
    best: tuple[tuple[int, int], int, list[range]] | None = None
    parts = shape(statement, lengths)
    for j, costs in enumerate(parts.costs):
        frame = whole - sum(costs) - 1
        chunks = _chunks(costs, room - frame)
        if chunks is not None and (best is None or (len(chunks), frame) < best[0]):
            best = (len(chunks), frame), j, chunks
    if best is None:
        return None
    return tuple(with_values(statement, best[1], chunk) for chunk in best[2])


def _chunks(costs: Sequence[int], room: int) -> list[range] | None:
    """Return runs of values that make lists of at most `room` characters."""
    chunks, start = [], 0
    while start < len(costs):
        if costs[start] - 1 > room:
            return None
        used, end = costs[start] + 1, start + 1
        while end < len(costs) and used + costs[end] <= room:
            used += costs[end]
            end += 1
        chunks.append(range(start, end))
        start = end
    return chunks


def _costs(values: Values, lengths: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(
        # What JSON writes as it is, of which there is the most.
        len(v) + 3
        if v.isascii() and v.isprintable() and '"' not in v and "\\" not in v
        else value_size(v, lengths) + 1
        for v in values
    )


def _lists(statement: Statement) -> list[List]:
    """Return the lists of alternatives that have two values or more."""
    return [some for some in _all_lists(statement) if len(some[0]) > 1]


def _all_lists(statement: Statement) -> list[List]:
    lists: list[List] = []
    where, what = statement.resources, statement.actions
    if where is not None and not where.negated:
        lists.append((where.values, lambda v: attrs.evolve(statement, resources=Elements(v))))
    if not what.negated:
        lists.append((what.values, lambda v: attrs.evolve(statement, actions=Elements(v))))
    for i, entry in enumerate(statement.condition):
        if values_are_alternatives(entry.operator):
            lists.append((entry.values, _with_condition(statement, i)))
    return lists


def _with_condition(statement: Statement, at: int) -> Callable[[Values], Statement]:
    condition = statement.condition

    def rebuilt(values: Values) -> Statement:
        entry = attrs.evolve(condition[at], values=values)
        return attrs.evolve(statement, condition=(*condition[:at], entry, *condition[at + 1 :]))

    return rebuilt
