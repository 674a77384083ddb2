"""Statements stay in the documents that they were in."""

from __future__ import annotations

from collections import Counter

import attrs
from comparator import catalogue

from iamdsl.fit import minimize, verify
from iamdsl.fit.pack import pack
from iamdsl.fit.steady import Piece, Placed, Room, steady
from iamdsl.iam import Elements, Entry, Policy, Statement, placeholder, size
from iamdsl.source import Source, Span

SOURCE = Source("x.iam", "policy big { … }\n" * 200)
ROOM = Room(1000)


def statement(
    number: int, *, actions: int = 1, resources: int = 1, sid: str | None = None
) -> Statement:
    """Return a statement that joins with no other number's."""
    return Statement(
        "Allow",
        Elements(tuple(f"s3:Get{number:04}x{i}" for i in range(actions))),
        Elements(tuple(f"arn:aws:s3:::bucket-{number:04}-{i}/*" for i in range(resources))),
        None,
        (Entry("StringEquals", "aws:ResourceTag/team", (f"team-{number:04}",)),),
        sid,
        (Span(SOURCE, 17 * (number % 200), 17 * (number % 200) + 5),),
    )


def name(taken: set[str]) -> str:
    number = 1
    while f"p-{number}" in taken:
        number += 1
    return f"p-{number}"


def first(statements: list[Statement], room: Room = ROOM) -> Placed:
    """Return the documents of a first build."""
    packing = pack(minimize(Policy(tuple(statements))).statements, room.limit, room.first)
    assert packing is not None
    inline = [Piece("", packing.first)] if packing.first else []
    return Placed((*inline, *(Piece(f"p-{i + 1}", s) for i, s in enumerate(packing.others))))


def values(some: Elements | None) -> tuple[str, ...]:
    assert some is not None
    return some.values


def build(statements: list[Statement], before: Placed, room: Room = ROOM) -> Placed | None:
    """Return the documents of the next build; what they say is proved."""
    small = minimize(Policy(tuple(statements))).statements
    done = steady(small, before, room, {}, name=name)
    if done is not None:
        verify(small, [s for p in done.pieces for s in p.statements], catalogue())
        for piece in done.pieces:
            limit = room.limit if piece.name else room.first
            assert size(Policy(piece.statements)) <= (limit or 0)
    return done


def changed(before: Placed, after: Placed | None) -> list[str]:
    """Return the names of the documents that differ."""
    assert after is not None
    old = {p.name: p.statements for p in before.pieces}
    new = {p.name: p.statements for p in after.pieces}
    return [n for n in sorted(old.keys() | new.keys()) if old.get(n) != new.get(n)]


MANY = [statement(i) for i in range(20)]
PLACED = first(MANY)


def home(number: int, placed: Placed = PLACED) -> str:
    """Return the name of the document with the statement of that number."""
    (found,) = [p.name for p in placed.pieces if statement(number) in p.statements]
    return found


def test_without_a_change_nothing_changes() -> None:
    """Most builds change nothing; the recorded order of the last change stays, too."""
    assert len(PLACED.pieces) > 3
    before = PLACED._replace(order=("p-2", "p-1"))
    after = build(MANY, before)
    assert after is not None
    assert after == before
    origins = [s.origin for p in after.pieces for s in p.statements]
    assert Counter(origins) == Counter(s.origin for s in MANY)


def test_a_removed_statement_changes_its_document_and_comes_back() -> None:
    """A revert is no new deployment of other documents."""
    for number in range(20):
        rest = [s for s in MANY if s != statement(number)]
        without = build(rest, PLACED)
        assert changed(PLACED, without) == [home(number)]
        assert without is not None
        assert build(MANY, without) == PLACED


def test_an_added_statement_changes_one_document() -> None:
    """Terraform shifts everything behind it, aws-cdk whatever its sizes say."""
    assert len(changed(PLACED, build([statement(99), *MANY], PLACED))) == 1


def test_a_changed_statement_stays_in_its_document() -> None:
    """What is edited in one place is reviewed in one place."""
    other = Elements(("s3:Other",)), Elements(("arn:aws:s3:::other",))
    for edited in (
        attrs.evolve(MANY[7], actions=other[0]),
        attrs.evolve(MANY[7], resources=other[1]),
    ):
        after = build([*MANY[:7], edited, *MANY[8:]], PLACED)
        assert changed(PLACED, after) == [home(7)]
    weaker = attrs.evolve(MANY[7], condition=())
    assert changed(PLACED, build([*MANY[:7], weaker, *MANY[8:]], PLACED)) == [home(7)]


def test_what_is_added_to_a_list_joins_it() -> None:
    """One more action stands in the statement whose resources it shares, if there is room."""
    before = first([statement(1), statement(2)])
    more = attrs.evolve(statement(1), actions=Elements(("s3:Get0001x0", "s3:PutIt")))
    after = build([more, statement(2)], before)
    assert after == Placed((Piece("p-1", (more, statement(2))),))


def test_what_finds_no_room_beside_its_like_goes_elsewhere() -> None:
    """The full document keeps its statement; only what is new is placed."""
    big = statement(1, resources=24)
    room = Room(size(Policy((big,))) + 10)
    before = first([big, statement(2)], room)
    more = attrs.evolve(big, actions=Elements(("s3:Get0001x0", "s3:" + "Put" * 30)))
    after = build([more, statement(2)], before, room)
    assert after is not None
    assert before.pieces[0] in after.pieces


def test_a_wider_pattern_takes_the_place_of_what_it_covers() -> None:
    """A document does not collect statements that say nothing any more."""
    wide = attrs.evolve(MANY[3], actions=Elements(("s3:Get*",)), condition=())
    after = build([wide, *MANY], PLACED)
    assert changed(PLACED, after) == [home(3)]
    assert after is not None
    assert MANY[3] not in [s for p in after.pieces for s in p.statements]


def test_values_of_a_cut_list_stay_where_they_are() -> None:
    """Lists of alternatives may be cut as well, and one value added changes one document."""

    def tagged(numbers: list[int]) -> Statement:
        entry = Entry("StringEquals", "aws:PrincipalTag/team", tuple(f"t{v:030}" for v in numbers))
        return attrs.evolve(statement(1), condition=(entry,))

    before = first([tagged(list(range(80)))])
    assert len(before.pieces) > 2
    for edited in ([*range(80), 80], [*range(40), *range(41, 80)]):
        assert len(changed(before, build([tagged(edited)], before))) == 1


def test_cut_statements_keep_their_pieces() -> None:
    """A bucket less in a list of hundreds is one document, and so is a bucket more."""
    before = first([statement(1, resources=120)])
    assert len(before.pieces) > 3
    assert len(changed(before, build([statement(1, resources=121)], before))) == 1
    whole = statement(1, resources=120)
    fewer = attrs.evolve(
        whole, resources=Elements(values(whole.resources)[:50] + values(whole.resources)[51:])
    )
    after = build([fewer], before)
    assert len(changed(before, after)) == 1
    assert after is not None
    assert build([whole], after) == before


def test_named_statements_keep_their_names() -> None:
    """Authors look for their names in AWS's logs; pieces keep their numbers."""
    named = statement(1, resources=120, sid="Buckets")
    before = first([named, *MANY[5:9]])
    sids = [s.sid for p in before.pieces for s in p.statements if s.sid]
    assert sorted(sids)[:2] == ["Buckets", "Buckets2"]
    fewer = attrs.evolve(named, resources=Elements(values(named.resources)[:-60]))
    after = build([fewer, *MANY[5:9]], before)
    assert after is not None
    assert {s.sid for p in after.pieces for s in p.statements if s.sid} <= set(sids)
    unnamed = build([attrs.evolve(named, sid=None), *MANY[5:9]], before)
    assert unnamed is not None
    assert not any(s.sid for p in unnamed.pieces for s in p.statements)
    again = build([named, *MANY[5:9]], unnamed)
    assert again is not None
    assert "Buckets" in [s.sid for p in again.pieces for s in p.statements]


def test_a_statement_that_gets_the_name_of_a_piece_has_it() -> None:
    """Numbers give way to what an author writes."""
    named = statement(1, resources=60, sid="Read")
    before = first([named])
    assert {s.sid for p in before.pieces for s in p.statements} >= {"Read", "Read2"}
    after = build([named, statement(2, sid="Read2")], before)
    assert after is not None
    sids = Counter(s.sid for p in after.pieces for s in p.statements)
    assert max(sids.values()) == 1
    (second,) = [s for p in after.pieces for s in p.statements if s.sid == "Read2"]
    assert second == statement(2, sid="Read2")


def test_an_empty_document_goes_and_names_stay() -> None:
    """A name that went to other statements would be two changes, and a gap between them."""
    gone = PLACED.pieces[1]
    rest = [s for s in MANY if s not in gone.statements]
    after = build(rest, PLACED)
    assert after is not None
    assert after.pieces == (PLACED.pieces[0], *PLACED.pieces[2:])
    back = build([*rest, *(statement(i) for i in range(30, 40))], after)
    assert back is not None
    assert gone.name in [p.name for p in back.pieces]


def test_what_a_document_lost_returns_whatever_has_room_by_then() -> None:
    """A revert weeks later is one change, too, though another document would be filled better."""
    before = Placed((Piece("p-1", tuple(MANY[:3])), Piece("p-2", tuple(MANY[3:6]))))
    without = build([*MANY[:2], *MANY[3:6]], before)
    assert without is not None
    assert [p.lost for p in without.pieces] == [(MANY[2],), ()]
    wider = attrs.evolve(MANY[4], resources=Elements(("arn:aws:s3:::another-bucket/*",)))
    given = [*MANY[:2], MANY[3], wider, MANY[5]]
    later = build(given, without)
    assert changed(without, later) == ["p-2"]
    assert later is not None
    back = build([*given, MANY[2]], later)
    assert changed(later, back) == ["p-1"]
    assert back is not None
    assert back.pieces[0] == before.pieces[0]
    assert [p.lost for p in back.pieces] == [(), (MANY[4],)]


def test_what_a_list_lost_returns_to_it() -> None:
    """An action that another document could take with less ado goes where it was."""
    first_, other = (
        attrs.evolve(statement(i, actions=2), resources=Elements(("*",)), condition=())
        for i in (1, 2)
    )
    before = Placed((Piece("p-1", (other,)), Piece("p-2", (first_,))))
    assert minimize(Policy((first_, other))).statements != (first_, other)
    fewer = attrs.evolve(first_, actions=Elements(first_.actions.values[:1]))
    without = build([fewer, other], before)
    assert changed(before, without) == ["p-2"]
    assert without is not None
    assert values(without.pieces[1].lost[0].actions) == first_.actions.values[1:]
    assert build([first_, other], without) == before


def test_a_document_that_went_returns() -> None:
    """It has its name and its place again, though others have room for what it had."""
    before = Placed(tuple(Piece(f"p-{i}", (MANY[i],)) for i in (1, 2, 3)))
    without = build(MANY[3:4], before)
    assert without is not None
    assert without.gone == (Piece("p-1", (), (MANY[1],)), Piece("p-2", (), (MANY[2],)))
    assert build(MANY[3:4], without) == without
    second = build(MANY[2:4], without)
    assert second == Placed(before.pieces[1:], gone=without.gone[:1])
    assert second is not None
    assert build(MANY[1:4], second) == before
    new = build([MANY[3], statement(99, resources=24)], without)
    assert new is not None
    assert [p.name for p in new.pieces] == ["p-1", "p-3"]
    assert [p.name for p in new.gone] == ["p-2"]


def test_what_is_remembered_is_bounded() -> None:
    """The lock file at most doubles, and what is forgotten is the oldest."""
    done: Placed | None = Placed((Piece("p-1", (MANY[0],)),))
    for number in range(1, 20):
        assert done is not None
        done = build([MANY[0], statement(number)], done)
    assert done is not None
    (piece,) = done.pieces
    assert size(Policy(piece.lost)) <= ROOM.limit
    assert piece.lost == tuple(MANY[19 - len(piece.lost) : 19])
    assert len(piece.lost) > 2


def test_a_change_that_is_taken_back_is_undone() -> None:
    """Documents are as they were before it, in an order and a shape that none would make now."""
    one = statement(1, actions=3, resources=3)
    halves = [
        attrs.evolve(one, actions=Elements(v))
        for v in (one.actions.values[:1], one.actions.values[1:])
    ]
    before = Placed(
        (Piece("p-1", (MANY[7], halves[1], MANY[3])), Piece("p-2", (MANY[5], halves[0], MANY[4])))
    )
    whole = [MANY[7], one, MANY[3], MANY[5], MANY[4]]
    assert build(whole, before) == before
    wide = attrs.evolve(one, actions=Elements(("s3:*",)), resources=Elements(("*",)))
    for edited in ([MANY[7]], [wide, *whole], [*whole[:1], *whole[2:]]):
        after = build(edited, before)
        assert after is not None
        after = after._replace(was=before.changed_by(after))
        back = build(whole, after)
        assert back is not None
        assert back.contents == before.contents


def test_a_change_that_would_not_fit_any_more_is_not_undone() -> None:
    """What documents were is a hint, and limits and attachments may have gone since."""
    before = Placed((Piece("p-1", tuple(MANY[:4])), Piece("p-2", tuple(MANY[4:8]))))
    after = Placed((Piece("p-1", tuple(MANY[:2])),), was=before.pieces)
    back = build(MANY[:8], after)
    assert back is not None
    assert back.contents == before.contents
    small = build(MANY[:8], after, Room(size(Policy(before.pieces[0].statements)) - 1))
    assert small is not None
    assert small.contents != before.contents
    assert build(MANY[:8], after, Room(1000, None, 1)) is None


def test_nothing_is_taken_from_what_is_remembered() -> None:
    """Somebody may write into the file what a document never had."""
    more = attrs.evolve(MANY[0], actions=Elements(("*",)), condition=())
    pieces = (PLACED.pieces[0]._replace(lost=(more,)), *PLACED.pieces[1:])
    gone = (Piece("p-9", (), (more,)),)
    was = (Piece("p-1", (more,)), Piece("p-8", (more,)))
    for given in ([*MANY, statement(99)], MANY[1:]):
        after = build(given, Placed(pieces, gone=gone, was=was))
        assert after is not None
        assert more not in [s for p in after.pieces for s in p.statements]
        assert {p.name for p in after.pieces} == {p.name for p in PLACED.pieces}


def test_what_does_not_fit_is_left_to_be_packed_anew() -> None:
    """Kept places are no reason for more policies than AWS attaches."""
    full = Room(ROOM.limit, None, len(PLACED.pieces))
    more = [*MANY, *(statement(i) for i in range(30, 60))]
    assert build(more, PLACED) is not None
    assert build(more, PLACED, full) is None
    assert build(MANY, PLACED, Room(ROOM.limit, None, 1)) is None
    assert build(MANY, PLACED, Room(150)) is None
    uncuttable = attrs.evolve(MANY[0], resources=Elements(("x" * 900,), negated=True))
    assert build([uncuttable, *MANY], PLACED) is None


def test_room_that_shrank_moves_what_has_to_move() -> None:
    """Another inline policy may have grown, or a quota may have gone."""
    room = Room(1000, 800)
    before = first(MANY, room)
    assert before.pieces[0].name == ""
    after = build(MANY, before, Room(1000, 700))
    assert after is not None
    assert len(changed(before, after)) == 2
    none = build(MANY, before, Room(1000))
    assert none is not None
    assert "" not in [p.name for p in none.pieces]
    assert none.pieces[: len(before.pieces) - 1] != before.pieces[1:]


def test_a_cut_fills_the_gaps_when_no_document_may_be_added() -> None:
    """The last attachment slot is worth more than whole statements."""
    before = Placed((Piece("p-1", tuple(MANY[:4])), Piece("p-2", tuple(MANY[4:8]))))
    free = [1000 - size(Policy(p.statements)) for p in before.pieces]
    assert min(free) > 350
    wide = statement(99, resources=14)
    assert max(free) < size(Policy((wide,))) < sum(free)
    after = build([*MANY[:8], wide], before, Room(1000, None, 2))
    assert changed(before, after) == ["p-1", "p-2"]
    unbounded = build([*MANY[:8], statement(99, resources=24)], before)
    assert changed(before, unbounded) == ["p-3"]


def test_merged_files_are_put_in_order() -> None:
    """Two branches may have placed one statement in two documents, or one document twice."""
    one, two, three = statement(1), statement(2), statement(3, resources=2)
    part = attrs.evolve(three, resources=Elements(values(three.resources)[:1]))
    merged = Placed(
        (
            Piece("p-1", (one, one, part)),
            Piece("p-2", (one, two, three)),
            Piece("p-1", (two,)),
        )
    )
    after = build([one, two, three], merged)
    assert after is not None
    kept = [s for p in after.pieces for s in p.statements]
    assert sorted(kept, key=str) == sorted(set(kept), key=str)
    assert set(kept) == {one, two, three}
    assert [p.name for p in after.pieces] == ["p-1", "p-2"]
    assert build([one, two, three], after) == after


def test_nothing_is_taken_from_a_record_that_the_source_does_not_say() -> None:
    """The file may be of another branch, or changed by somebody who wants more."""
    more = attrs.evolve(MANY[0], actions=Elements(("*",)), condition=())
    hostile = Placed((Piece("p-1", (more, *PLACED.pieces[0].statements)), *PLACED.pieces[1:]))
    after = build(MANY, hostile)
    assert after is not None
    assert more not in [s for p in after.pieces for s in p.statements]
    assert after.pieces[1:] == PLACED.pieces[1:]


def test_placeholders_count_with_their_greatest_length() -> None:
    """A document that is within its limit only until a name is filled in is over it."""
    long = attrs.evolve(statement(1), resources=Elements((f"arn:aws:s3:::{placeholder('x')}",)))
    before = Placed((Piece("p-1", tuple(MANY[5:9])),))
    small = minimize(Policy((*MANY[5:9], long))).statements
    names = [
        [p.name for p in done.pieces]
        for length in (1, 700)
        if (done := steady(small, before, ROOM, {"x": length}, name=name)) is not None
    ]
    assert names == [["p-1"], ["p-1", "p-2"]]


def test_a_denial_whose_variable_may_be_missing_stays_apart() -> None:
    """Where AWS ignores a Deny for a missing variable, what needs none must not fall with it."""
    sure = Statement("Deny", Elements(("s3:*",)), Elements(("arn:aws:s3:::a",)))
    open_ = attrs.evolve(sure, resources=Elements(("arn:aws:s3:::b/${aws:username}",)))
    both = attrs.evolve(
        sure, resources=Elements(("arn:aws:s3:::a", "arn:aws:s3:::b/${aws:username}"))
    )
    before = Placed((Piece("p-1", (sure,)), Piece("p-2", (open_,))))
    after = build([sure, open_], before)
    assert after == before
    apart = build([sure, open_], Placed((Piece("p-1", (both,)),)))
    assert apart is not None
    assert sure in apart.pieces[0].statements
