"""Statements into documents: as few as can be, each within its size.

Best-fit decreasing first. Where that misses the lower bound (`_bounds`), bins are filled as
full as sums of whole statements can be (`_filling`), then bounded exact search is tried
(`_search`), and at last statements are cut where that saves a document.

All sizes are *characters of minified text*; a statement in a document costs one more, its
comma, and a document one less than its frame, so that sums are exact.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl.fit._filling import Filler, largest_first
from iamdsl.fit._search import complete
from iamdsl.fit.split import combinations, distinct, joined, shape
from iamdsl.iam import document_size, statement_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.fit._bounds import Load
    from iamdsl.fit._filling import Bin
    from iamdsl.iam import Statement

# Items and documents up to which the exact search is tried.
_EXACT_ITEMS, _EXACT_BINS = 160, 60
# Numbers of documents that are tried, from the lower bound on.
_TARGETS = 4
# Documents up to which more than one number of them is tried.
_FEW = 120
# Documents from which on best fit is enough: no account may have so many policies attached.
_MANY = 1000


class Packing(NamedTuple):
    """Documents, in order.

    Attributes:
        first: the statements of the document that was there anyway (inline); may be empty.
        others: the statements of each further document, none of them empty.
        fewest: no fewer further documents can hold these statements or pieces of them.
        sizes: the characters of `first`, 0 when it is empty, and of each of `others`.
        left: how many more documents might be attached; negative when these are too many, and
            None where nothing limits them.
    """

    first: tuple[Statement, ...]
    others: tuple[tuple[Statement, ...], ...]
    fewest: int
    sizes: tuple[int, ...] = ()
    left: int | None = None


def pack(
    statements: Sequence[Statement],
    limit: int,
    first_limit: int | None = None,
    lengths: Mapping[str, int] | None = None,
    *,
    most: int | None = None,
    document_id: str | None = None,
) -> Packing | None:
    """Return the statements in as few documents of at most `limit` characters as were found.

    `first_limit`, when given, is the size of one more document, to be used first. `most` is
    how many further documents there may be; with more, `left` of the packing is negative.
    `document_id` is the `Id` of each document. None when a statement can neither be placed
    nor cut.
    """
    known = lengths or {}
    if not statements:
        return Packing((), (), 0, (0,), most)
    frame = document_size((), document_id, known) - 1
    given = [distinct(s) for s in statements]
    first = max(0, (first_limit or 0) - frame)
    filler = Filler(limit - frame, first, known, _digits(given))
    if filler.room <= 0:
        return None
    items = [filler.item((i,), s) for i, s in enumerate(given)]
    pieces = filler.within_rooms(items)
    bins = None if pieces is None else _best_fit(pieces, filler.room, first)
    if pieces is None or bins is None:
        return None
    fewest = max(0, -(-(sum(i.weight for i in items) - first) // filler.room))
    if _count(bins) > fewest:
        bins, fewest = _improved(items, pieces, bins, filler)
    documents = _written(bins, given)
    sizes = [
        document_size((statement_size(s, known) for s in d), document_id, known) if d else 0
        for d in documents
    ]
    left = None if most is None else most - len(documents) + 1
    return Packing(documents[0], tuple(documents[1:]), fewest, tuple(sizes), left)


def uncuttable(
    statements: Sequence[Statement], limit: int, lengths: Mapping[str, int]
) -> tuple[Statement, ...]:
    """Return the statements of which no document of `limit` characters can hold any piece."""
    given = [distinct(s) for s in statements]
    filler = Filler(limit - document_size(()) + 1, 0, lengths, _digits(given))
    items = (filler.item((i,), s) for i, s in enumerate(given))
    return tuple(
        s for s, i in zip(statements, items, strict=True) if filler.within_rooms([i]) is None
    )


def _count(bins: Sequence[Bin]) -> int:
    return sum(map(bool, bins[1:]))


def _digits(statements: Sequence[Statement]) -> int:
    """Return the digits of the largest number that the name of a piece may need."""
    # No statement is cut into more pieces than it has combinations of values, and numbers that
    # others of these names have are left out.
    most = max((combinations(s) for s in statements if s.sid), default=0)
    return len(str(most + len(statements)))


def _best_fit(items: Bin, room: int, first: int) -> list[Bin] | None:
    """Put each item, largest first, where it leaves the least room; open a bin if it must."""
    bins: list[Bin] = [[]]
    free = [(first, 0)]
    for item in sorted(items, key=largest_first):
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


def _improved(items: Bin, pieces: Bin, bins: list[Bin], filler: Filler) -> tuple[list[Bin], int]:
    """Return the fewest bins found, and a number below which there is none.

    `pieces` are the items with those too large for a document cut, and `bins` hold them.
    """
    from iamdsl.fit._bounds import fewest, load  # noqa: PLC0415  # best fit is mostly enough

    largest = max(filler.room, filler.first)
    loads = [load(shape(i.statement, filler.lengths), largest) for i in items]
    bound = fewest(loads, filler.room, filler.first)
    if _count(bins) > _MANY:
        return bins, bound
    if _count(bins) > bound:
        bins = _fewer(bins, filler.filled(pieces))
    if _count(bins) > bound:
        bins, bound = _searched(items, loads, bins, bound, filler)
    if _count(bins) > bound:
        bins = _with_cuts(filler.in_strips(items), bins, bound, filler)
    return bins, bound


def _with_cuts(items: Bin, bins: list[Bin], bound: int, filler: Filler) -> list[Bin]:
    """Return fewer bins if cutting statements makes them fewer."""
    found = _fewer(bins, filler.filled(items, cutting=True))
    targets = [*range(bound, _count(found))][:_TARGETS] if _count(bins) <= _FEW else []
    if found is not bins:
        # As few, with cuts only where they are needed.
        targets.append(_count(found))
    for target in targets:
        thrifty = filler.filled(items, target, cutting=True)
        if thrifty is not None:
            return thrifty
    return found


def _searched(
    items: Bin, loads: Sequence[Load], bins: list[Bin], bound: int, filler: Filler
) -> tuple[list[Bin], int]:
    """Return fewer bins and a higher bound, as far as bounded search over whole items finds any."""
    room, first = filler.room, filler.first
    weights = [i.weight for i in items]
    if max(weights) > max(room, first) or len(items) > _EXACT_ITEMS or _count(bins) > _EXACT_BINS:
        return bins, bound
    extra = min((x.extra for x in loads if x.extra is not None), default=None)
    while _count(bins) > bound:
        outcome = complete(weights, room, bound, first)
        if outcome.bins is not None:
            return [[items[i] for i in some] for some in outcome.bins], bound
        # Where there is no room for what a cut adds, whole statements are all there is.
        spare = bound * room + first - sum(weights)
        if not outcome.impossible or (extra is not None and spare >= extra):
            break
        bound += 1
    return bins, bound


def _fewer(bins: list[Bin], others: list[Bin] | None) -> list[Bin]:
    return bins if others is None or _count(others) >= _count(bins) else others


def _written(bins: list[Bin], statements: Sequence[Statement]) -> list[tuple[Statement, ...]]:
    """Return the statements of each bin in source order, and the bins by their first one.

    Empty bins but the first are left out; pieces of one statement that meet are joined.
    """
    ordered = [_met(some, statements) for some in bins]
    ordered[1:] = sorted((some for some in ordered[1:] if some), key=lambda some: some[0][0])
    pieces: dict[int, int] = defaultdict(int)
    for some in ordered:
        for order, _ in some:
            pieces[order[0]] += 1
    used = {s.sid for s in statements}
    given: dict[int, int] = defaultdict(int)
    documents = []
    for some in ordered:
        done = []
        for (number, *_), piece in some:
            sid = statements[number].sid
            if sid is not None and pieces[number] > 1:
                given[number] += 1
                sid = _numbered(sid, given[number], used)
                used.add(sid)
            done.append(attrs.evolve(piece, sid=sid))
        documents.append(tuple(done))
    return documents


def _met(items: Bin, statements: Sequence[Statement]) -> list[tuple[tuple[int, ...], Statement]]:
    """Return the statements of a bin in source order, those joined that are pieces of one."""
    by_number: dict[int, Bin] = defaultdict(list)
    for item in sorted(items, key=lambda i: i.order):
        by_number[item.order[0]].append(item)
    done = []
    for number, some in by_number.items():
        pieces = [i.statement for i in some]
        if len(pieces) > 1:
            pieces = joined(pieces, statements[number])
        done += [(some[k].order, piece) for k, piece in enumerate(pieces)]
    return done


def _numbered(sid: str, number: int, used: set[str | None]) -> str:
    """Return the Sid of the piece of that number: `Name`, `Name2`, `Name3`."""
    if number == 1:
        return sid
    while f"{sid}{number}" in used:
        number += 1
    return f"{sid}{number}"
