"""Placement that is kept, and the order of deployment, by an evaluator of their own."""

from __future__ import annotations

import attrs
from comparator import catalogue
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from policy_meaning import WORLD, decision, difference, policies, statements

from iamdsl.fit import minimize, verify
from iamdsl.fit._order import arranged, order
from iamdsl.fit.pack import Packing, pack
from iamdsl.fit.steady import Piece, Placed, Room, steady
from iamdsl.iam import Elements, Entry, Policy, Statement, size
from iamdsl.project import loading, lock

quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def name(taken: set[str]) -> str:
    return next(n for i in range(1, 999) if (n := f"p-{i}") not in taken)


def placed(packing: Packing) -> Placed:
    inline = [Piece("", packing.first)] if packing.first else []
    return Placed((*inline, *(Piece(f"p-{i + 1}", s) for i, s in enumerate(packing.others))))


def own(policy: Policy) -> Policy:
    return Policy(tuple(attrs.evolve(s, principals=None) for s in policy.statements))


@st.composite
def edited(draw: st.DrawFn) -> tuple[Policy, Policy]:
    """Return two policies, the second one an edit of the first, or another one altogether."""
    first, other = own(draw(policies())), own(draw(policies()))
    kept = first.statements[: draw(st.integers(0, len(first.statements)))]
    if not draw(st.booleans()):
        return first, other
    more = (*kept, *other.statements[:1])
    return first, Policy(tuple(attrs.evolve(s, sid=None) for s in more))


def check(given_: Policy, done: Placed, room: Room) -> None:
    """Fail unless documents say what the given policy says, each within its limit."""
    every = [s for p in done.pieces for s in p.statements]
    assert difference(given_.statements, every) is None
    verify(given_.statements, every, catalogue())
    for piece in done.pieces:
        assert size(Policy(piece.statements)) <= ((room.limit if piece.name else room.first) or 0)
    sids = [s.sid for s in every if s.sid]
    assert len(set(sids)) == len(sids)
    assert {s.sid for s in given_.statements if s.sid} <= set(sids)
    names = [p.name for p in done.pieces]
    assert len(set(names)) == len(names)


@quick
@given(edited(), st.integers(250, 550), st.booleans())
def test_kept_places_change_no_decision(
    both: tuple[Policy, Policy], limit: int, inline: bool
) -> None:
    """Whatever was recorded, a role can do what its source says, and the next build agrees."""
    one, other = map(minimize, both)
    room = Room(limit, limit + 60 if inline else None)
    packing = pack(one.statements, room.limit, room.first)
    assume(packing is not None)
    assert packing is not None
    before = placed(packing)
    assert steady(one.statements, before, room, {}, name=name) == before
    after = steady(other.statements, before, room, {}, name=name)
    assume(after is not None)
    assert after is not None
    check(other, after, room)
    assert steady(other.statements, after, room, {}, name=name) == after


@quick
@given(
    policies(),
    st.lists(st.lists(statements(), max_size=4), max_size=4),
    st.lists(st.sampled_from(("", "p-1", "p-2", "p-9")), min_size=4, max_size=4),
    st.booleans(),
)
def test_a_record_of_anything_changes_no_decision(
    policy: Policy, documents: list[list[Statement]], names: list[str], mixed: bool
) -> None:
    """The file may be merged by lines, of another branch, or written by somebody else."""
    small = minimize(own(policy))
    room = Room(900, 700)
    there = small.statements if mixed else ()
    pieces = (
        Piece(n, (*there[i:], *d, *there[:i]))
        for i, (n, d) in enumerate(zip(names, documents, strict=False))
    )
    done = steady(small.statements, Placed(tuple(pieces)), room, {}, name=name)
    if done is not None:
        check(small, done, room)
        assert steady(small.statements, done, room, {}, name=name) == done


@quick
@given(
    st.lists(st.integers(0, 9_999), min_size=12, max_size=40, unique=True),
    st.integers(400, 1200),
    st.data(),
)
def test_removing_and_adding_back_is_nothing(
    numbers: list[int], limit: int, data: st.DataObject
) -> None:
    """A revert brings back the very bytes, and no other document changes on the way."""
    many = [
        Statement(
            "Allow",
            Elements((f"s3:Get{i:04}",)),
            Elements((f"arn:aws:s3:::bucket-{i:04}",)),
            None,
            (Entry("StringEquals", "k:k", (f"{i:04}",)),),
        )
        for i in numbers
    ]
    packing = pack(many, limit)
    assert packing is not None
    before = placed(packing)
    gone = data.draw(st.sampled_from(many))
    without = steady([s for s in many if s != gone], before, Room(limit), {}, name=name)
    assert without is not None
    assert sum(p in before.pieces for p in without.pieces) == len(before.pieces) - 1
    assert steady(many, without, Room(limit), {}, name=name) == before


def _listed(number: int) -> Statement:
    """Return a statement with several of each list; some numbers have lists in common."""
    service, team = number % 3, number % 4
    return Statement(
        "Allow",
        Elements(tuple(f"s{service}:Get{number:02}x{i}" for i in range(3))),
        Elements(tuple(f"arn:aws:s{service}:::bucket-{number % 5}-{i}" for i in range(2))),
        None,
        (Entry("StringEquals", "k:k", tuple(f"{team}-{i}" for i in range(2))),),
    )


def _without(statement: Statement, which: int) -> list[Statement]:
    """Return a statement without the last member of one of its lists; nothing where it has one."""
    (entry,) = statement.condition
    values = statement.resources.values if statement.resources is not None else ()
    actions = statement.actions.values
    if which == 1 and len(actions) > 1:
        return [attrs.evolve(statement, actions=Elements(actions[:-1]))]
    if which == 2 and len(values) > 1:
        return [attrs.evolve(statement, resources=Elements(values[:-1]))]
    if which == 3 and len(entry.values) > 1:
        shorter = attrs.evolve(entry, values=entry.values[:-1])
        return [attrs.evolve(statement, condition=(shorter,))]
    return []


@quick
@given(
    st.lists(st.integers(0, 30), min_size=8, max_size=20, unique=True),
    st.integers(500, 1200),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 3)), min_size=2, max_size=6),
)
def test_what_is_taken_back_is_as_it_was(
    numbers: list[int], limit: int, inline: bool, edits: list[tuple[int, int]]
) -> None:
    """Whatever became of a role by edits, each of them can be reverted byte for byte."""
    given_ = [_listed(n) for n in numbers]
    room = Room(limit, limit if inline else None)
    packing = pack(minimize(Policy(tuple(given_))).statements, limit, room.first)
    assert packing is not None
    now = placed(packing)
    for at, what in edits:
        at %= len(given_)  # noqa: PLW2901
        edited = [*given_[:at], *_without(given_[at], what), *given_[at + 1 :]]
        if not edited:
            continue
        there = _built(edited, now, room)
        back = _built(given_, there, room)
        assert back.contents == now.contents
        # What is remembered says where, and no more.
        check(Policy(tuple(edited)), there, room)
        now, given_ = there, edited


def _built(given_: list[Statement], before: Placed, room: Room) -> Placed:
    """Return the next build, as it is read from the lock file."""
    small = minimize(Policy(tuple(given_))).statements
    done = steady(small, before, room, {}, name=name)
    assert done is not None
    was = before.was if done.contents == before.contents else before.changed_by(done)
    locked = lock.Locked(placed={("role r", ""): done._replace(was=was)})
    text = lock.text(locked).encode("ascii")
    read = lock.parse(loading.File(lock.FILE, lock.FILE, text))
    assert read == locked
    assert isinstance(read, lock.Locked)
    return read.placed["role r", ""]


@st.composite
def moves(draw: st.DrawFn) -> tuple[Placed, Placed]:
    """Return documents before and after statements moved between them, came and went."""
    pool = draw(st.lists(statements(), min_size=2, max_size=5))
    names = draw(st.sampled_from((("", "p-1", "p-2"), ("p-1", "p-2", "p-3", "p-4"))))
    sides = []
    for _ in range(2):
        there = (draw(st.lists(st.sampled_from(pool), max_size=3, unique=True)) for _ in names)
        sides.append(
            Placed(tuple(Piece(n, tuple(s)) for n, s in zip(names, there, strict=True) if s))
        )
    return sides[0], sides[1]


@quick
@given(moves(), st.one_of(st.none(), st.integers(0, 2)))
def test_nothing_is_missing_in_between(sides: tuple[Placed, Placed], spare: int | None) -> None:
    """What both sides allow is allowed, and what both deny is denied, while a change is deployed."""
    before, after = sides
    assume(before.pieces and after.pieces)
    most = max(sum(1 for p in s.pieces if p.name) for s in sides)
    room = Room(6144, 10240, None if spare is None else most + spare)
    done, gaps = arranged(before, after, room, name)
    names = done.order or order(before, done, room).names
    old = {p.name: p.statements for p in before.pieces}
    new = {p.name: p.statements for p in done.pieces}
    assert sorted(names) == sorted(n for n in old.keys() | new.keys() if old.get(n) != new.get(n))
    first, last = (_decisions(s) for s in (old, new))
    now = dict(old)
    for step in names:
        now.pop(step, None)
        if step in new:
            now[step] = new[step]
        assert room.most is None or sum(1 for n in now if n) <= room.most
        if gaps:
            continue
        for request, here in _decisions(now).items():
            for effect in (0, 1):
                if first[request][effect] and last[request][effect]:
                    assert here[effect]
            if _is_allowed(first[request]) and _is_allowed(last[request]):
                assert _is_allowed(here)


_REQUESTS = WORLD[::3]


def _decisions(documents: dict[str, tuple[Statement, ...]]) -> dict[int, tuple[bool, bool]]:
    every = list(dict.fromkeys(s for d in documents.values() for s in d))
    return {i: decision(every, r) for i, r in enumerate(_REQUESTS)}


def _is_allowed(decided: tuple[bool, bool]) -> bool:
    return decided == (True, False)
