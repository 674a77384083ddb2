"""In which order documents are deployed: make before break.

Documents are deployed one after the other, and requests are decided in between. Whatever is
allowed before and after is to be allowed all the time, and whatever is denied by both is to be
denied: a document that gains what another one loses goes before that one. Where it can be had,
nothing is allowed for a moment that is allowed neither before nor after: denials come before the
permissions that they bound, and go after them.

What may be the same request is judged by `_meeting`, which errs on the side of one edge too many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.fit._coverage import Said, part
from iamdsl.fit._meeting import Meetings, meeting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from iamdsl.fit._coverage import Part
    from iamdsl.fit.steady import Placed, Room


class Order(NamedTuple):
    """In which order the documents of a change are deployed.

    Attributes:
        names: those that change; a name of `before` alone is a document to be removed.
        gaps: those of them at which something may be missing for a moment.
    """

    names: tuple[str, ...]
    gaps: tuple[str, ...] = ()


class _Change(NamedTuple):
    """What happens to a document: 0 it is made, 1 it is changed, 2 it goes."""

    name: str
    kind: int
    gains: tuple[Part, ...]
    loses: tuple[Part, ...]


class _Edges(NamedTuple):
    """For each document, by number, those that have to be deployed before it.

    Attributes:
        needed: so that nothing is missing.
        wished: so that nothing is allowed for a moment.
    """

    needed: tuple[set[int], ...]
    wished: tuple[set[int], ...]


def arranged(
    before: Placed,
    after: Placed,
    room: Room,
    name: Callable[[set[str]], str],
    keep: frozenset[str] = frozenset(),
) -> tuple[Placed, tuple[str, ...]]:
    """Return `after` with its order, documents renamed where no order does without; and the gaps.

    Where nothing changed the order is that of `before`, so that a build without a change leaves
    the lock file alone. It is empty where fewer than two documents change, and where
    nothing was there before.

    Args:
        name: gives the name of a new managed document, unlike those that are taken.
        keep: names of documents that are renamed only where no other would do.
    """
    if after.contents == before.contents:
        return after._replace(order=before.order), ()
    if not before.pieces:
        return after._replace(order=()), ()
    done = untangle(before, after, name, room, keep)
    found = order(before, done, room)
    return done._replace(order=found.names if len(found.names) > 1 else ()), found.gaps


def order(before: Placed, after: Placed, room: Room) -> Order:
    """Return the order in which to deploy the documents that change.

    Documents that are made come as early as they can, those that go come last, unless their
    places are needed for new ones.
    """
    changes = _changes(before, after)
    if not before.pieces or len(changes) < 2:
        return Order(tuple(c.name for c in changes))
    slots = None
    if room.most is not None:
        slots = room.most - sum(1 for p in before.pieces if p.name)
    return _sorted(changes, _edges(changes), slots)


def untangle(
    before: Placed,
    after: Placed,
    name: Callable[[set[str]], str],
    room: Room | None = None,
    keep: frozenset[str] = frozenset(),
) -> Placed:
    """Return `after` with one document of each circle renamed, so that it is made anew.

    A circle of documents that wait for one another comes from placing everything anew. Where
    `room` has no place for one more document in the meantime, the circle stays.
    """
    changes = _changes(before, after)
    if not before.pieces or len(changes) < 2:
        return after
    free = None
    if room is not None and room.most is not None:
        free = room.most - len({p.name for p in (*before.pieces, *after.pieces) if p.name})
    taken = {p.name for p in (*before.pieces, *after.pieces)}
    renamed: dict[str, str] = {}
    # One that is made anew waits for none: what it had before goes last.
    needed = list(_edges(changes).needed)
    while circle := [i for i in _circle(needed) if changes[i].name]:
        if free is not None and len(renamed) >= free:
            break
        others = [i for i in circle if changes[i].name not in keep]
        chosen = (others or circle)[-1]
        needed[chosen] = set()
        new = name(set(taken))
        taken.add(new)
        renamed[changes[chosen].name] = new
    pieces = (p._replace(name=renamed.get(p.name, p.name)) for p in after.pieces)
    return after._replace(pieces=tuple(pieces))


def _changes(before: Placed, after: Placed) -> list[_Change]:
    """Return what happens to each document, those that stay as they are left out."""
    was = {p.name: p.statements for p in before.pieces}
    will = {p.name: p.statements for p in after.pieces}
    differing = [n for n in dict.fromkeys((*will, *was)) if was.get(n) != will.get(n)]
    if len(differing) < 2:
        return [_Change(n, _kind(n, was, will), (), ()) for n in differing]
    old = {n: [part(s) for s in some] for n, some in was.items()}
    new = {n: [part(s) for s in some] for n, some in will.items()}
    # What a document has all the time is not missed elsewhere.
    constant: list[Part] = []
    gains: dict[str, list[Part]] = {}
    loses: dict[str, list[Part]] = {}
    for name, statements in new.items():
        if name not in differing:
            constant += statements
    for name in differing:
        had, has = old.get(name, ()), new.get(name, ())
        stays, loses[name] = _divided(had, Said(has))
        _, gains[name] = _divided(has, Said(had))
        constant += stays
    always = Said(constant)
    return [
        _Change(
            n,
            _kind(n, old, new),
            tuple(_divided(gains[n], always)[1]),
            tuple(_divided(loses[n], always)[1]),
        )
        for n in differing
    ]


def _kind(name: str, old: Iterable[str], new: Iterable[str]) -> int:
    return 0 if name not in old else 1 if name in new else 2


def _divided(statements: Iterable[Part], by: Said) -> tuple[list[Part], list[Part]]:
    said: list[Part] = []
    left: list[Part] = []
    for statement in statements:
        some, others = by.divide(statement)
        said += some
        left += others
    return said, left


def _edges(changes: Sequence[_Change]) -> _Edges:
    """Return which documents have to be deployed before which."""
    edges = _Edges(tuple(set() for _ in changes), tuple(set() for _ in changes))
    gained = [(i, s) for i, c in enumerate(changes) for s in c.gains]
    lost = [(i, s) for i, c in enumerate(changes) for s in c.loses]
    gainers, losers = Meetings(s for _, s in gained), Meetings(s for _, s in lost)
    for at, to in meeting([s for _, s in lost], gainers):
        (loser, one), (gainer, other) = lost[at], gained[to]
        if loser != gainer and one.demand.effect == other.demand.effect:
            edges.needed[loser].add(gainer)
    denials = [(i, s) for i, s in gained if s.demand.effect == "Deny"]
    for at, to in meeting([s for _, s in denials], gainers):
        denier, (gainer, other) = denials[at][0], gained[to]
        if denier != gainer and other.demand.effect == "Allow":
            edges.wished[gainer].add(denier)
    denials = [(i, s) for i, s in lost if s.demand.effect == "Deny"]
    for at, to in meeting([s for _, s in denials], losers):
        denier, (loser, other) = denials[at][0], lost[to]
        if denier != loser and other.demand.effect == "Allow":
            edges.wished[denier].add(loser)
    return edges


def _sorted(changes: Sequence[_Change], edges: _Edges, slots: int | None) -> Order:
    """Return the documents so that each comes after those that it needs, where that can be.

    `slots` is how many managed documents more than before may be there at once.
    """
    todo = set(range(len(changes)))
    names: list[str] = []
    gaps: list[str] = []
    while todo:
        free = [i for i in todo if edges.needed[i].isdisjoint(todo)]
        fits = [i for i in free if not _takes(changes[i]) or slots is None or slots > 0]
        if fits:
            chosen = min(
                fits, key=lambda i: (not edges.wished[i].isdisjoint(todo), changes[i].kind, i)
            )
            # What goes goes last, whatever is wished.
            if changes[chosen].kind == 2:
                chosen = min(fits, key=lambda i: (changes[i].kind, i))
        else:
            full = slots is not None and slots <= 0 and len(free) > 0
            chosen = min(todo, key=lambda i: _breaking(changes[i], full, edges.needed[i] & todo, i))
            gaps.append(changes[chosen].name)
        todo.remove(chosen)
        names.append(changes[chosen].name)
        if slots is not None and changes[chosen].name:
            slots += (changes[chosen].kind == 2) - (changes[chosen].kind == 0)
    return Order(tuple(names), tuple(gaps))


def _takes(change: _Change) -> bool:
    """Tell whether a document takes a place that none took before."""
    return change.kind == 0 and bool(change.name)


def _breaking(
    change: _Change, full: bool, waiting: set[int], number: int
) -> tuple[bool, bool, int, int]:
    """Return the key by which the document is chosen that breaks least."""
    goes = change.kind == 2
    return not (goes and change.name) if full else goes, _takes(change), len(waiting), number


def _circle(needed: Sequence[set[int]]) -> list[int]:
    """Return the numbers that wait for themselves, those last that hold up most; none when sorted."""
    todo = set(range(len(needed)))
    while True:
        free = {i for i in todo if needed[i].isdisjoint(todo)}
        free |= {i for i in todo if not any(i in needed[j] for j in todo)}
        if not free:
            break
        todo -= free
    holds = {i: sum(i in needed[j] for j in todo) + len(needed[i] & todo) for i in todo}
    return sorted(todo, key=lambda i: (holds[i], i))
