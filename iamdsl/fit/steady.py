"""Statements stay in the documents that they were in.

From new statements, and the documents of an earlier build as `iamdsl.lock` has them, to documents
that say what the new statements say, with as few of them changed as was found. What was recorded
is a hint and never trusted: of each recorded statement only that is kept which the new ones say,
and what no kept one says is placed anew:

1. where it joins with what is there, in a document that changes anyway if there is one;
2. where it leaves the least room;
3. cut over two documents, or into a new one.

How documents were before the last change, and what they lost, is remembered, likewise as a hint:
what is taken back is placed as it was, and else what was lost returns to where it was.

A document that nothing happens to keeps its statements, their order and so its bytes. A document
without statements goes, and no name goes from one document to another.
All sizes are *characters of minified text*, as `iam.size` counts them.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

from iamdsl.fit._coverage import Said, part
from iamdsl.fit._pages import (
    FRAME,
    NUMBER,
    Entry,
    Page,
    bases,
    common,
    is_related,
    nameless,
    position,
    reserved,
    text,
    weighed,
)
from iamdsl.fit.minimize import minimize
from iamdsl.fit.split import cut, cut_head
from iamdsl.iam import Policy, statement_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from iamdsl.fit._coverage import Part
    from iamdsl.iam import Statement

    Name: TypeAlias = Callable[[set[str]], str]

# Documents that went of which something is remembered: as many as AWS attaches by default
# (AWS "reference_iam-quotas"), so that all that one edit takes out can come back.
_GONE = 10


class Piece(NamedTuple):
    """One document: "" is the name of the inline policy, else it is the managed policy's.

    Attributes:
        lost: what it had and the sources say no more, oldest first: a hint where that goes when
            it comes back. No more than the document could hold, so that what one edit takes out
            is remembered whole, and the file at most doubles.
    """

    name: str
    statements: tuple[Statement, ...]
    lost: tuple[Statement, ...] = ()


class Placed(NamedTuple):
    """Where the statements of an identity, or of a policy that was split, went.

    Attributes:
        order: the names in which the last change is deployed so that nothing is missing in
            between; empty where no two documents changed.
        gone: documents that lost all that they had, the last ones last.
        was: what the last change changed as it was before, without statements where it was not
            there (`changed_by` makes it).
    """

    pieces: tuple[Piece, ...]
    order: tuple[str, ...] = ()
    gone: tuple[Piece, ...] = ()
    was: tuple[Piece, ...] = ()

    @property
    def contents(self) -> tuple[tuple[str, tuple[Statement, ...]], ...]:
        """Return what is deployed: the documents without what is remembered of them."""
        return tuple((p.name, p.statements) for p in self.pieces)

    def changed_by(self, after: Placed) -> tuple[Piece, ...]:
        """Return the documents that differ in another build, as they are in this one."""
        old, new = dict(self.contents), dict(after.contents)
        names = (n for n in dict.fromkeys((*old, *new)) if old.get(n) != new.get(n))
        return tuple(Piece(n, old.get(n, ())) for n in names)

    def undone(self) -> Placed:
        """Return the documents before the last change."""
        was = {p.name: p for p in self.was}
        pieces = [was.pop(p.name, p) for p in self.pieces]
        for piece in was.values():
            pieces.insert(position(piece.name, [p.name for p in pieces]), piece)
        return Placed(tuple(p for p in pieces if p.statements))


class Room(NamedTuple):
    """What there is room for.

    Attributes:
        limit: characters of a managed document.
        first: characters of the inline one; None where there is to be none.
        most: how many managed documents may be attached; None where nothing bounds them.
    """

    limit: int
    first: int | None = None
    most: int | None = None


def steady(
    statements: Sequence[Statement],
    before: Placed,
    room: Room,
    lengths: Mapping[str, int],
    *,
    name: Name,
) -> Placed | None:
    """Return documents that say what `statements` do and differ little from those `before`.

    None when they do not fit. With nothing to change it is `before` itself, but for the origins
    of its statements; else its `order` is empty (`_order.arranged` fills it in).

    Args:
        statements: the new ones, minimized as one policy.
        before: what was recorded; it may be of another source, and damaged.
        lengths: the greatest length of each placeholder, by name.
        name: gives the name of a new managed document, unlike those that are taken.
    """
    filling = _Filling(statements, room, lengths, name)
    filling.keep(before)
    rest = filling.rest()
    if not rest and filling.is_as_in(before):
        # What is remembered changes only where statements do.
        pairs = zip(before.pieces, filling.written(), strict=True)
        return before._replace(
            pieces=tuple(old._replace(statements=new.statements) for old, new in pairs)
        )
    if before.was and (undone := _undone(before, _Filling(statements, room, lengths, name))):
        return undone
    filling.drop_covered(rest)
    items = rest + [e for p in filling.pages for e in filling.evicted(p)]
    items = filling.recall(before, items)
    if not filling.place(sorted(items, key=lambda i: (-i.weight, i.rank, text(i)))):
        return None
    filling.number()
    done = Placed(filling.written(), gone=filling.gone())
    return done if filling.names_fit() else None


def _undone(before: Placed, filling: _Filling) -> Placed | None:
    """Return the documents before the last change if they are what the new statements say."""
    undone = before.undone()
    filling.keep(undone)
    if not filling.is_as_in(undone) or filling.rest():
        return None
    filling.recall(before, [], before.changed_by(undone))
    return Placed(filling.written(), gone=filling.gone())


class _Filling:
    """Documents while they are filled, and what the new statements say."""

    def __init__(
        self, statements: Sequence[Statement], room: Room, lengths: Mapping[str, int], name: Name
    ) -> None:
        self.pages: list[Page] = []
        self._gone: dict[str, Page] = {}
        self._given = statements
        self._room = room
        self._lengths = lengths
        self._name = name
        self._names = {s.sid for s in statements if s.sid is not None}
        self._numbers: dict[str | None, list[int]] = defaultdict(list)
        for i, s in enumerate(statements):
            self._numbers[s.sid].append(i)
        self._known = {(s.sid, nameless(s)): i for i, s in reversed(list(enumerate(statements)))}
        self._said: dict[str | None, Said] = {}
        self._parts: dict[Statement, Part] = {}

    def _universe(self, base: str | None) -> Said:
        """Return what the new statements of one name say, or those without a name."""
        if base not in self._said:
            given = (nameless(self._given[i]) for i in self._numbers[base])
            self._said[base] = Said(map(self._part, given))
        return self._said[base]

    def _part(self, statement: Statement) -> Part:
        """Return a statement without a name as it is compared."""
        if statement not in self._parts:
            self._parts[statement] = part(statement)
        return self._parts[statement]

    # What was there -----------------------------------------------------------------------------

    def keep(self, before: Placed) -> None:
        """Fill the pages with what of the recorded statements the new ones say."""
        pages: dict[str, Page] = {}
        if self._room.first is not None:
            pages[""] = Page("", self._room.first)
        for piece in before.pieces:
            # Two of one name, in a file that was merged, are one.
            limit = self._room.limit if piece.name else -1
            page = pages.setdefault(piece.name, Page(piece.name, limit))
            seen = {(e.sid, e.statement) for e in page.entries}
            for statement in piece.statements:
                if (statement.sid, nameless(statement)) in seen:
                    page.changed = True
                else:
                    seen.add((statement.sid, nameless(statement)))
                    self._keep(statement, page)
        self.pages = list(pages.values())

    def _keep(self, recorded: Statement, page: Page) -> None:
        base, said, left = self._in_new(recorded)
        sid = self._own_name(recorded, base)
        if not left:
            page.entries.append(self._entry(nameless(recorded), base, sid))
            page.changed |= sid != recorded.sid
            return
        page.changed = True
        page.lost.append(self._part(nameless(recorded)))
        page.memory += self._named(left, recorded)
        for i, statement in enumerate(self._joined(said)):
            entry = self._entry(statement, base, sid if i == 0 else None)
            page.entries = self._with(page, entry)

    def _in_new(self, recorded: Statement) -> tuple[str | None, list[Statement], list[Statement]]:
        """Return under which name the new statements say a recorded one, what of it, what not."""
        statement = nameless(recorded)
        for base in bases(recorded.sid, self._names):
            if (base, statement) in self._known:
                return base, [statement], []
            said, left = self._universe(base).divide(self._part(statement))
            if said:
                return base, [p.statement for p in said], [p.statement for p in left]
        return None, [], [statement]

    def _own_name(self, recorded: Statement, base: str | None) -> str | None:
        """Return the name that a recorded statement keeps."""
        # A number gives way to a name that the author gave to another statement.
        own = base is not None and (recorded.sid == base or recorded.sid not in self._names)
        return recorded.sid if own else None

    def _named(self, parts: Sequence[Statement], recorded: Statement) -> list[Statement]:
        """Return parts of a recorded statement as few statements, under its name."""
        return [attrs.evolve(s, sid=recorded.sid) for s in self._joined(parts)]

    def rest(self) -> list[Entry]:
        """Return what of the new statements no kept one says."""
        kept: dict[str | None, list[Part]] = defaultdict(list)
        for page in self.pages:
            for entry in page.entries:
                kept[entry.base].append(entry.whole)
        there = {base: {p.statement for p in some} for base, some in kept.items()}
        known = {base: Said(some) for base, some in kept.items()}
        rest = []
        for number, given in enumerate(self._given):
            base, statement = given.sid, nameless(given)
            if base not in kept:
                rest.append(self._entry(statement, base, base, number))
            elif statement not in there[base]:
                left = [p.statement for p in known[base].divide(self._part(statement))[1]]
                rest += [self._entry(s, base, None, number) for s in self._joined(left)]
        return rest

    def is_as_in(self, before: Placed) -> bool:
        """Tell whether nothing has to happen to what was recorded, but for what is missing."""
        if any(p.changed or p.used > p.limit for p in self.pages) or self._is_doubled():
            return False
        names = [p.name for p in self.pages if p.entries]
        return names == [p.name for p in before.pieces] and self.names_fit()

    def _is_doubled(self) -> bool:
        """Tell whether two pages have the same statement, which merged files may have."""
        found = [(e.base, e.statement) for p in self.pages for e in p.entries]
        sids = [e.sid for p in self.pages for e in p.entries if e.sid is not None]
        return len(set(found)) < len(found) or len(set(sids)) < len(sids)

    def drop_covered(self, rest: Sequence[Entry]) -> None:
        """Drop what is said elsewhere: by what is to be placed, or on an earlier page."""
        by_base: dict[str | None, list[Entry]] = defaultdict(list)
        for entry in rest:
            by_base[entry.base].append(entry)
        coming = {base: Said(e.whole for e in some) for base, some in by_base.items()}
        everything: dict[str | None, list[tuple[Page, Entry]]] = defaultdict(list)
        for page in self.pages:
            for entry in page.entries:
                everything[entry.base].append((page, entry))
        for base, some in everything.items():
            kept = Said(e.whole for _, e in some)
            for i, (page, entry) in enumerate(some):
                covered = base in coming and coming[base].says(entry.whole) is not None
                if not covered:
                    holder = kept.says(entry.whole, i)
                    covered = holder is not None and self._yields(some, i, holder)
                if covered:
                    page.entries.remove(entry)
                    page.lost.append(entry.whole)
                    page.changed = True

    @staticmethod
    def _yields(some: Sequence[tuple[Page, Entry]], one: int, holder: int) -> bool:
        """Tell whether an entry goes because another one with equal demands has all of it."""
        entry, wide = some[one][1], some[holder][1]
        if entry.whole.demand != wide.whole.demand:
            return False
        same = (entry.whole.actions, entry.whole.resources) == (
            wide.whole.actions,
            wide.whole.resources,
        )
        return not same or holder < one

    def evicted(self, page: Page) -> list[Entry]:
        """Take out of a page what it has no room for, and return it: few, and changed ones first."""
        out: list[Entry] = []
        while page.entries and page.used > page.limit:
            over = page.used - page.limit
            new = [e for e in page.entries if (e.base, e.statement) not in self._known]
            among = new or page.entries
            enough = [e for e in among if e.weight >= over]
            chosen = min(enough, key=weighed) if enough else max(among, key=weighed)
            page.entries.remove(chosen)
            page.lost.append(chosen.whole)
            page.changed = True
            out.append(chosen)
        return out

    # What comes back ----------------------------------------------------------------------------

    def recall(
        self, before: Placed, items: list[Entry], changed: Sequence[Piece] = ()
    ) -> list[Entry]:
        """Put what documents lost back into them; return what is still to be placed.

        Args:
            changed: documents as they were that lose something besides what `keep` found.
        """
        pages = {page.name: page for page in self.pages}
        for piece in (*before.pieces, *before.gone):
            page = pages.get(piece.name)
            if page is None:
                limit = self._room.limit if piece.name else -1
                page = pages[piece.name] = self._gone[piece.name] = Page(piece.name, limit)
            missing: list[Statement] = []
            for lost in reversed(piece.lost):
                base, said, left = self._in_new(lost)
                missing = [*self._named(left, lost), *missing]
                if said and items:
                    name = self._own_name(lost, base)
                    back = [self._entry(s, base, name) for s in said]
                    items = self._put_back(page, back, items)
            page.memory[:0] = missing
        for piece in changed:
            for lost in piece.statements:
                left = self._in_new(lost)[2]
                pages[piece.name].memory += self._named(left, lost) if left else []
        return items

    def _put_back(self, page: Page, back: Sequence[Entry], items: list[Entry]) -> list[Entry]:
        """Put entries of one name into a page as far as items say them; return what is left."""
        base, sid = back[0].base, back[0].sid
        coming = Said(e.whole for e in items if e.base == base)
        came = []
        for one in (p for e in back for p in coming.divide(e.whole)[0]):
            entry = self._entry(one.statement, base, sid)
            entries = self._with(page, entry)
            used = FRAME + sum(e.weight for e in entries)
            if used <= page.limit and self._may_hold(page):
                page.entries, page.changed = entries, True
                came.append(entry.whole)
        if not came:
            return items
        if self._gone.pop(page.name, None) is not None:
            self._open(page)
        there = Said(came)
        rest = []
        for item in items:
            said, left = there.divide(item.whole) if item.base == base else ([], [])
            if said:
                some = self._joined([p.statement for p in left])
                rest += [self._entry(s, base, None, item.rank) for s in some]
            else:
                rest.append(item)
        return rest

    def _open(self, page: Page) -> None:
        """Put a page among the others by its number, so that one that was gone is where it was."""
        self.pages.insert(position(page.name, [p.name for p in self.pages]), page)

    # What is new --------------------------------------------------------------------------------

    def place(self, items: Sequence[Entry]) -> bool:
        """Put all items into pages, old or new; tell whether they fit."""
        return all(self._put(item) or self._put_cut(item) for item in items)

    def _put(self, item: Entry) -> bool:
        """Put an item whole into the page that has most in common with it, or is filled best."""
        best: tuple[tuple[int, ...], Page, list[Entry]] | None = None
        for number, page in enumerate(self.pages):
            if not self._may_hold(page):
                continue
            entries = self._with(page, item)
            there, used = page.used, FRAME + sum(e.weight for e in entries)
            if used > page.limit:
                continue
            saved = there + item.weight - used
            related = max((common(item.whole, lost) for lost in page.lost), default=0)
            at_hand = page.changed and (saved > 0 or related > 0)
            wish = 0 if at_hand else 1 if saved > 0 else 2 if page.changed else 3
            key = (wish, -saved, -related, page.limit - used, number)
            if best is None or key < best[0]:
                best = key, page, entries
        if best is None:
            return False
        _, page, page.entries = best
        page.changed = True
        return True

    def _may_hold(self, page: Page) -> bool:
        """Tell whether a page may have statements at all."""
        return bool(page.entries) or not page.name or self._has_slot()

    def _has_slot(self) -> bool:
        managed = sum(1 for p in self.pages if p.name and p.entries)
        return self._room.most is None or managed < self._room.most

    def _put_cut(self, item: Entry) -> bool:
        """Put an item into two pages, into a new one, or into as many as it takes."""
        limit = self._room.limit - FRAME
        if item.weight > limit:
            pieces = cut(reserved(item), limit - 1, self._lengths)
            return pieces is not None and self.place(self._pieces(item, pieces))
        if self._put_over(item, 2):
            return True
        if self._has_slot():
            name = self._name({p.name for p in self.pages})
            self._open(self._gone.pop(name, Page(name, self._room.limit)))
            return self._put(item)
        return self._put_over(item, len(self.pages))

    def _put_over(self, item: Entry, most: int) -> bool:
        """Put an item into the gaps of at most so many pages, or nothing of it."""
        gaps = sorted(
            (page.used - page.limit, i) for i, page in enumerate(self.pages) if self._may_hold(page)
        )
        plan: list[tuple[int, Statement]] = []
        rest = reserved(item)
        for over, i in gaps[:most]:
            if self._weight(rest) <= -over:
                plan.append((i, rest))
                break
            parts = cut_head(rest, -over - 1, self._lengths)
            if parts is None:
                return False
            plan.append((i, parts[0]))
            rest = parts[1]
        else:
            return False
        pieces = self._pieces(item, [statement for _, statement in plan])
        for (i, _), piece in zip(plan, pieces, strict=True):
            page = self.pages[i]
            page.entries, page.changed = self._with(page, piece), True
        return True

    def _pieces(self, item: Entry, pieces: Iterable[Statement]) -> list[Entry]:
        """Return an item in pieces; the first one has its name, if it has one already."""
        return [
            self._entry(nameless(piece), item.base, item.sid if i == 0 else None)
            for i, piece in enumerate(pieces)
        ]

    def _with(self, page: Page, item: Entry) -> list[Entry]:
        """Return the entries of a page and an item, joined with those that it can be joined with."""
        taken: list[Entry] = []
        rest, fresh = page.entries, [item]
        while more := [e for e in rest if any(is_related(e, f) for f in fresh)]:
            taken += more
            rest = [e for e in rest if e not in more]
            joined = self._joined([*(e.statement for e in taken), item.statement])
            fresh = [self._entry(s, item.base, None) for s in joined]
        if taken:
            made = {e.statement for e in fresh}
            stay = [e for e in taken if e.statement in made]
            names = [e.sid for e in (*taken, item) if e.sid and e not in stay]
            there = {e.statement for e in stay}
            fresh = [e for e in fresh if e.statement not in there]
            fresh = [
                self._entry(e.statement, e.base, sid, e.rank)
                for e, sid in zip_longest(fresh, names[: len(fresh)])
            ]
            rest = [e for e in page.entries if e in rest or e in stay]
        entries = list(rest)
        for entry in sorted(fresh, key=lambda e: (e.rank, text(e))):
            at = next((i for i, e in enumerate(entries) if e.rank > entry.rank), len(entries))
            entries.insert(at, entry)
        return entries

    def _joined(self, statements: Sequence[Statement]) -> Sequence[Statement]:
        """Return statements without names as few."""
        if len(statements) < 2:
            return statements
        return minimize(Policy(tuple(statements)), lengths=self._lengths).statements

    # What is there in the end -------------------------------------------------------------------

    def names_fit(self) -> bool:
        """Tell whether there are no more managed documents than may be."""
        managed = sum(1 for p in self.pages if p.name and p.entries)
        return self._room.most is None or managed <= self._room.most

    def number(self) -> None:
        """Give each piece of a named statement a name of its own, and one of them the name itself."""
        used: set[str | None] = set()
        for page in self.pages:
            for i, entry in enumerate(page.entries):
                if entry.sid in used and entry.sid is not None:
                    page.entries[i] = entry._replace(sid=None)
                used.add(entry.sid)
        for base in sorted(self._names):
            places = [
                (page, i)
                for page in self.pages
                for i, entry in enumerate(page.entries)
                if entry.base == base
            ]
            open_ = [(page, i) for page, i in places if page.entries[i].sid is None]
            if places and base not in used:
                page, i = first = (open_ or places)[0]
                page.entries[i] = page.entries[i]._replace(sid=base)
                open_ = [p for p in open_ if p is not first]
            number = 2
            for page, i in open_:
                while f"{base}{number}" in used or f"{base}{number}" in self._names:
                    number += 1
                used.add(f"{base}{number}")
                page.entries[i] = page.entries[i]._replace(sid=f"{base}{number}")

    def written(self) -> tuple[Piece, ...]:
        """Return the pages that have statements, these with the origins of what they come from."""
        return tuple(
            Piece(p.name, tuple(map(self._written, p.entries)), self._remembered(p))
            for p in self.pages
            if p.entries
        )

    def gone(self) -> tuple[Piece, ...]:
        """Return the documents without statements of which something is remembered."""
        pages = [*self._gone.values(), *(p for p in self.pages if not p.entries)]
        found = [Piece(p.name, (), lost) for p in pages if (lost := self._remembered(p))]
        return tuple(found[-_GONE:])

    def _remembered(self, page: Page) -> tuple[Statement, ...]:
        """Return the last that a page lost, no more than it could hold."""
        kept: list[Statement] = []
        room = page.limit - FRAME
        for statement in dict.fromkeys(reversed(page.memory)):
            room -= self._weight(statement)
            if room < 0:
                break
            kept.append(statement)
        return tuple(reversed(kept))

    def _written(self, entry: Entry) -> Statement:
        numbers = self._sources(entry.base, entry.statement)
        origin = dict.fromkeys(span for i in numbers for span in self._given[i].origin)
        return attrs.evolve(entry.statement, sid=entry.sid, origin=tuple(origin))

    def _sources(self, base: str | None, statement: Statement) -> list[int]:
        """Return the numbers of the new statements that a statement says some of."""
        if (number := self._known.get((base, statement))) is not None:
            return [number]
        numbers = self._numbers[base]
        return [numbers[i] for i in self._universe(base).overlapping(self._part(statement))]

    def _entry(
        self, statement: Statement, base: str | None, sid: str | None, rank: int | None = None
    ) -> Entry:
        if rank is None:
            rank = min(self._sources(base, statement), default=0)
        name = sid if sid is not None or base is None else base + NUMBER
        weight = self._weight(attrs.evolve(statement, sid=name))
        return Entry(statement, base, sid, rank, weight, self._part(statement))

    def _weight(self, statement: Statement) -> int:
        return statement_size(statement, self._lengths) + 1
