"""Statements into documents: as few as can be, each within its size.

Best-fit decreasing, then documents are dissolved into the gaps of the others, cutting
statements where that saves a document, until a lower bound is reached or nothing more goes.
All sizes are *characters of minified text*; a statement in a document costs one more, its
comma, and a document one less than its frame, so that sums are exact.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

from iamdsl.fit.minimize import minimize
from iamdsl.fit.split import cut, cut_head
from iamdsl.iam import Policy, document_size, statement_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.iam import Statement

Bin: TypeAlias = "list[_Item]"

# Characters kept free for the number at the end of a cut statement's Sid.
_NUMBER = "999"
# Documents up to which one is dissolved into the others.
_DISSOLVED = 400


class Packing(NamedTuple):
    """Documents, in order.

    Attributes:
        first: the statements of the document that was there anyway (inline); may be empty.
        others: the statements of each further document.
        fewest: no fewer further documents can hold these statements.
    """

    first: tuple[Statement, ...]
    others: tuple[tuple[Statement, ...], ...]
    fewest: int


class _Item(NamedTuple):
    """A statement or a piece of one; `order` is its place in the source, piece by piece."""

    order: tuple[int, ...]
    statement: Statement
    weight: int


def pack(
    statements: Sequence[Statement],
    limit: int,
    first_limit: int | None = None,
    lengths: Mapping[str, int] | None = None,
) -> Packing | None:
    """Return the statements in as few documents of at most `limit` characters as were found.

    `first_limit`, when given, is the size of one more document, to be used first. None when a
    statement can neither be placed nor cut.
    """
    known = lengths or {}
    frame = document_size(()) - 1
    room, first_room = limit - frame, (first_limit or 0) - frame
    if room < 0:
        return None
    items: Bin = []
    total = 0
    for i, statement in enumerate(statements):
        item = _item((i,), statement, known)
        total += item.weight
        if item.weight <= room:
            items.append(item)
        elif (pieces := cut(_reserved(statement), room - 1, known)) is not None:
            items += [_item((i, j), piece, known) for j, piece in enumerate(pieces)]
        elif item.weight <= first_room:
            items.append(item)
        else:
            return None
    bins = _best_fit(items, room, first_room)
    if bins is None:
        return None
    fewest = max(0, -(-(total - max(0, first_room)) // room))
    while len(bins) - 1 > fewest and len(bins) <= _DISSOLVED:
        fewer = _dissolved(bins, [first_room] + [room] * (len(bins) - 1), known)
        if fewer is None:
            break
        bins = fewer
    documents = _written(bins, statements)
    return Packing(documents[0], tuple(d for d in documents[1:] if d), fewest)


def uncuttable(
    statements: Sequence[Statement], limit: int, lengths: Mapping[str, int]
) -> tuple[Statement, ...]:
    """Return the statements of which no document of `limit` characters can hold any piece."""
    room = limit - document_size(())
    return tuple(s for s in statements if cut(_reserved(s), room, lengths) is None)


def _item(order: tuple[int, ...], statement: Statement, lengths: Mapping[str, int]) -> _Item:
    return _Item(order, statement, statement_size(statement, lengths) + 1)


def _reserved(statement: Statement) -> Statement:
    if statement.sid is None:
        return statement
    return attrs.evolve(statement, sid=statement.sid + _NUMBER)


def _best_fit(items: Bin, room: int, first_room: int) -> list[Bin] | None:
    """Put each item, largest first, where it leaves the least room; open a bin if it must."""
    bins: list[Bin] = [[]]
    free = [(first_room, 0)]
    for item in sorted(items, key=lambda i: (-i.weight, i.order)):
        at = bisect_left(free, (item.weight, -1))
        if at < len(free):
            left, number = free.pop(at)
        elif item.weight <= room:
            left, number = room, len(bins)
            bins.append([])
        else:
            return None
        bins[number].append(item)
        insort(free, (left - item.weight, number))
    return bins


def _dissolved(
    bins: list[Bin], rooms: Sequence[int], lengths: Mapping[str, int]
) -> list[Bin] | None:
    """Return the bins without the emptiest one, its items in the gaps of the others; or None."""
    weights = [sum(i.weight for i in some) for some in bins]
    chosen = min(range(1, len(bins)), key=lambda b: (weights[b], b))
    gaps = [room - weight for room, weight in zip(rooms, weights, strict=True)]
    gaps[chosen] = -1
    filled = [list(some) for some in bins]
    todo = sorted(filled[chosen], key=lambda i: (-i.weight, i.order))
    steps = 4 * len(bins) + 4 * len(todo)
    while todo and steps:
        steps -= 1
        item = todo.pop(0)
        fitting = [b for b, gap in enumerate(gaps) if gap >= item.weight]
        if fitting:
            at = min(fitting, key=lambda b: (gaps[b], b))
        else:
            at = max(range(len(gaps)), key=lambda b: (gaps[b], -b))
            whole = item.statement if len(item.order) > 1 else _reserved(item.statement)
            parts = cut_head(whole, gaps[at] - 1, lengths)
            if parts is None:
                return None
            item, rest = (_item((*item.order, k), part, lengths) for k, part in enumerate(parts))
            todo.insert(0, rest)
        filled[at].append(item)
        gaps[at] -= item.weight
    if todo:
        return None
    return filled[:chosen] + filled[chosen + 1 :]


def _written(bins: list[Bin], statements: Sequence[Statement]) -> list[tuple[Statement, ...]]:
    """Return the statements of each bin in source order, and the bins by their first one."""
    ordered = [sorted(some, key=lambda i: i.order) for some in bins]
    ordered[1:] = sorted((some for some in ordered[1:] if some), key=lambda some: some[0].order)
    pieces: dict[int, int] = defaultdict(int)
    for some in ordered:
        for item in some:
            pieces[item.order[0]] += 1
    used = {s.sid for s in statements}
    given: dict[int, int] = defaultdict(int)
    documents = []
    for some in ordered:
        done = []
        for item in some:
            number = item.order[0]
            sid = statements[number].sid
            if sid is not None and pieces[number] > 1:
                given[number] += 1
                sid = _numbered(sid, given[number], used)
                used.add(sid)
            done.append(attrs.evolve(item.statement, sid=sid))
        numbers = [item.order[0] for item in some]
        if len(set(numbers)) < len(numbers):
            # Two pieces of one statement met again; without names they are one.
            done = list(minimize(Policy(tuple(done))).statements)
        documents.append(tuple(done))
    return documents


def _numbered(sid: str, number: int, used: set[str | None]) -> str:
    """Return the Sid of the piece of that number: `Name`, `Name2`, `Name3`."""
    if number == 1:
        return sid
    while f"{sid}{number}" in used:
        number += 1
    return f"{sid}{number}"
