"""Statements stay in the documents that they were in.

From new statements, and the documents of an earlier build as `iamdsl.lock` has them, to documents
that say what the new statements say, with as few of them changed as was found. What was recorded
is a hint and never trusted: of each recorded statement only that is kept which the new ones say,
and what no kept one says is placed anew:

1. where it joins with what is there, in a document that changes anyway if there is one;
2. where it leaves the least room;
3. cut over two documents, or into a new one.

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
from iamdsl.fit.minimize import minimize
from iamdsl.fit.split import cut, shape, with_values
from iamdsl.iam import (
    Policy,
    document_size,
    minified,
    statement_size,
    statement_to_json,
    values_are_alternatives,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from iamdsl.fit._coverage import Demand, Part
    from iamdsl.iam import Statement
    from iamdsl.iam.covering import Atoms

    Name: TypeAlias = Callable[[set[str]], str]

# Characters kept free for the number at the end of a named statement's Sid.
_NUMBER = "999"
_ANY: Atoms = frozenset(("*",))


class Piece(NamedTuple):
    """One document: "" is the name of the inline policy, else it is the managed policy's."""

    name: str
    statements: tuple[Statement, ...]


class Placed(NamedTuple):
    """Where the statements of an identity, or of a policy that was split, went.

    Attributes:
        order: the names in which the last change is deployed so that nothing is missing in
            between; empty where no two documents changed.
    """

    pieces: tuple[Piece, ...]
    order: tuple[str, ...] = ()


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


class _Entry(NamedTuple):
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
class _Page:
    """A document while it is filled.

    Attributes:
        lost: recorded statements that it has no longer as they were.
    """

    name: str
    limit: int
    entries: list[_Entry] = attrs.field(factory=list)
    lost: list[Part] = attrs.field(factory=list)
    changed: bool = False

    @property
    def used(self) -> int:
        return _FRAME + sum(e.weight for e in self.entries)


_FRAME = document_size(()) - 1


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
    pages = filling.pages
    if not rest and not any(p.changed for p in pages) and not filling.is_doubled():
        over = any(p.used > p.limit for p in pages) or not filling.names_fit()
        if not over and [p.name for p in pages if p.entries] == [p.name for p in before.pieces]:
            return before._replace(pieces=filling.written())
    filling.drop_covered(rest)
    items = rest + [e for p in pages for e in filling.evicted(p)]
    if not filling.place(sorted(items, key=lambda i: (-i.weight, i.rank, _text(i)))):
        return None
    filling.number()
    done = filling.written()
    return Placed(done) if filling.names_fit() else None


class _Filling:
    """Documents while they are filled, and what the new statements say."""

    def __init__(
        self, statements: Sequence[Statement], room: Room, lengths: Mapping[str, int], name: Name
    ) -> None:
        self.pages: list[_Page] = []
        self._given = statements
        self._room = room
        self._lengths = lengths
        self._name = name
        self._names = {s.sid for s in statements if s.sid is not None}
        self._numbers: dict[str | None, list[int]] = defaultdict(list)
        for i, s in enumerate(statements):
            self._numbers[s.sid].append(i)
        self._known = {(s.sid, _nameless(s)): i for i, s in reversed(list(enumerate(statements)))}
        self._said: dict[str | None, Said] = {}
        self._parts: dict[Statement, Part] = {}

    def _universe(self, base: str | None) -> Said:
        """Return what the new statements of one name say, or those without a name."""
        if base not in self._said:
            given = (_nameless(self._given[i]) for i in self._numbers[base])
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
        pages: dict[str, _Page] = {}
        if self._room.first is not None:
            pages[""] = _Page("", self._room.first)
        for piece in before.pieces:
            # Two of one name, in a file that was merged, are one.
            limit = self._room.limit if piece.name else -1
            page = pages.setdefault(piece.name, _Page(piece.name, limit))
            seen = {(e.sid, e.statement) for e in page.entries}
            for statement in piece.statements:
                if (statement.sid, _nameless(statement)) in seen:
                    page.changed = True
                else:
                    seen.add((statement.sid, _nameless(statement)))
                    self._keep(statement, page)
        self.pages = list(pages.values())

    def _keep(self, recorded: Statement, page: _Page) -> None:
        base, said, is_whole = self._in_new(recorded)
        # A number gives way to a name that the author gave to another statement.
        own = base is not None and (recorded.sid == base or recorded.sid not in self._names)
        sid = recorded.sid if own else None
        if is_whole:
            page.entries.append(self._entry(_nameless(recorded), base, sid))
            page.changed |= sid != recorded.sid
            return
        page.changed = True
        page.lost.append(self._part(_nameless(recorded)))
        for i, statement in enumerate(self._joined(said)):
            entry = self._entry(statement, base, sid if i == 0 else None)
            page.entries = self._with(page, entry)

    def _in_new(self, recorded: Statement) -> tuple[str | None, list[Statement], bool]:
        """Return under which name the new statements say a recorded one, what of it, and if all."""
        statement = _nameless(recorded)
        for base in _bases(recorded.sid, self._names):
            if (base, statement) in self._known:
                return base, [statement], True
            said, left = self._universe(base).divide(self._part(statement))
            if said:
                return base, [p.statement for p in said], not left
        return None, [], False

    def rest(self) -> list[_Entry]:
        """Return what of the new statements no kept one says."""
        kept: dict[str | None, list[Part]] = defaultdict(list)
        for page in self.pages:
            for entry in page.entries:
                kept[entry.base].append(entry.whole)
        there = {base: {p.statement for p in some} for base, some in kept.items()}
        known = {base: Said(some) for base, some in kept.items()}
        rest = []
        for number, given in enumerate(self._given):
            base, statement = given.sid, _nameless(given)
            if base not in kept:
                rest.append(self._entry(statement, base, base, number))
            elif statement not in there[base]:
                left = [p.statement for p in known[base].divide(self._part(statement))[1]]
                rest += [self._entry(s, base, None, number) for s in self._joined(left)]
        return rest

    def is_doubled(self) -> bool:
        """Tell whether two pages have the same statement, which merged files may have."""
        found = [(e.base, e.statement) for p in self.pages for e in p.entries]
        sids = [e.sid for p in self.pages for e in p.entries if e.sid is not None]
        return len(set(found)) < len(found) or len(set(sids)) < len(sids)

    def drop_covered(self, rest: Sequence[_Entry]) -> None:
        """Drop what is said elsewhere: by what is to be placed, or on an earlier page."""
        by_base: dict[str | None, list[_Entry]] = defaultdict(list)
        for entry in rest:
            by_base[entry.base].append(entry)
        coming = {base: Said(e.whole for e in some) for base, some in by_base.items()}
        everything: dict[str | None, list[tuple[_Page, _Entry]]] = defaultdict(list)
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
    def _yields(some: Sequence[tuple[_Page, _Entry]], one: int, holder: int) -> bool:
        """Tell whether an entry goes because another one with equal demands has all of it."""
        entry, wide = some[one][1], some[holder][1]
        if entry.whole.demand != wide.whole.demand:
            return False
        same = (entry.whole.actions, entry.whole.resources) == (
            wide.whole.actions,
            wide.whole.resources,
        )
        return not same or holder < one

    def evicted(self, page: _Page) -> list[_Entry]:
        """Take out of a page what it has no room for, and return it: few, and changed ones first."""
        out: list[_Entry] = []
        while page.entries and page.used > page.limit:
            over = page.used - page.limit
            new = [e for e in page.entries if (e.base, e.statement) not in self._known]
            among = new or page.entries
            enough = [e for e in among if e.weight >= over]
            chosen = min(enough, key=_weighed) if enough else max(among, key=_weighed)
            page.entries.remove(chosen)
            page.lost.append(chosen.whole)
            page.changed = True
            out.append(chosen)
        return out

    # What is new --------------------------------------------------------------------------------

    def place(self, items: Sequence[_Entry]) -> bool:
        """Put all items into pages, old or new; tell whether they fit."""
        return all(self._put(item) or self._put_cut(item) for item in items)

    def _put(self, item: _Entry) -> bool:
        """Put an item whole into the page that has most in common with it, or is filled best."""
        best: tuple[tuple[int, ...], _Page, list[_Entry]] | None = None
        for number, page in enumerate(self.pages):
            if not self._may_hold(page):
                continue
            entries = self._with(page, item)
            there, used = page.used, _FRAME + sum(e.weight for e in entries)
            if used > page.limit:
                continue
            saved = there + item.weight - used
            related = max((_common(item.whole, lost) for lost in page.lost), default=0)
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

    def _may_hold(self, page: _Page) -> bool:
        """Tell whether a page may have statements at all."""
        return bool(page.entries) or not page.name or self._has_slot()

    def _has_slot(self) -> bool:
        managed = sum(1 for p in self.pages if p.name and p.entries)
        return self._room.most is None or managed < self._room.most

    def _put_cut(self, item: _Entry) -> bool:
        """Put an item into two pages, into a new one, or into as many as it takes."""
        limit = self._room.limit - _FRAME
        if item.weight > limit:
            pieces = cut(_reserved(item), limit - 1, self._lengths)
            return pieces is not None and self.place(self._pieces(item, pieces))
        if self._put_over(item, 2):
            return True
        if self._has_slot():
            taken = {p.name for p in self.pages}
            self.pages.append(_Page(self._name(taken), self._room.limit))
            return self._put(item)
        return self._put_over(item, len(self.pages))

    def _put_over(self, item: _Entry, most: int) -> bool:
        """Put an item into the gaps of at most so many pages, or nothing of it."""
        gaps = sorted(
            (page.used - page.limit, i) for i, page in enumerate(self.pages) if self._may_hold(page)
        )
        plan: list[tuple[int, Statement]] = []
        rest = _reserved(item)
        for over, i in gaps[:most]:
            if self._weight(rest) <= -over:
                plan.append((i, rest))
                break
            parts = _cut_head(rest, -over - 1, self._lengths)
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

    def _pieces(self, item: _Entry, pieces: Iterable[Statement]) -> list[_Entry]:
        """Return an item in pieces; the first one has its name, if it has one already."""
        return [
            self._entry(_nameless(piece), item.base, item.sid if i == 0 else None)
            for i, piece in enumerate(pieces)
        ]

    def _with(self, page: _Page, item: _Entry) -> list[_Entry]:
        """Return the entries of a page and an item, joined with those that it can be joined with."""
        taken: list[_Entry] = []
        rest, fresh = page.entries, [item]
        while more := [e for e in rest if any(_is_related(e, f) for f in fresh)]:
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
        for entry in sorted(fresh, key=lambda e: (e.rank, _text(e))):
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
            Piece(p.name, tuple(map(self._written, p.entries))) for p in self.pages if p.entries
        )

    def _written(self, entry: _Entry) -> Statement:
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
    ) -> _Entry:
        if rank is None:
            rank = min(self._sources(base, statement), default=0)
        name = sid if sid is not None or base is None else base + _NUMBER
        weight = self._weight(attrs.evolve(statement, sid=name))
        return _Entry(statement, base, sid, rank, weight, self._part(statement))

    def _weight(self, statement: Statement) -> int:
        return statement_size(statement, self._lengths) + 1


def _nameless(statement: Statement) -> Statement:
    return statement if statement.sid is None else attrs.evolve(statement, sid=None)


def _reserved(item: _Entry) -> Statement:
    """Return the statement of an item with the longest name that a piece of it may get."""
    return attrs.evolve(item.statement, sid=item.base and item.base + _NUMBER)


def _cut_head(
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


def _bases(sid: str | None, names: set[str]) -> Iterator[str | None]:
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


def _text(entry: _Entry) -> str:
    return minified(statement_to_json(entry.statement))


def _weighed(entry: _Entry) -> tuple[int, int, str]:
    return entry.weight, entry.rank, _text(entry)


def _is_related(entry: _Entry, item: _Entry) -> bool:
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


def _common(one: Part, other: Part) -> int:
    """Return how much two statements have in common: pairs, or at least members of their lists."""
    actions = len(one.actions & other.actions)
    named = one.resources & other.resources
    return (actions * len(named) << 8) + actions + len(named - _ANY)
