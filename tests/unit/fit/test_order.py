"""Documents are deployed so that nothing is missing in between."""

from __future__ import annotations

import pytest

from iamdsl.fit._coverage import part
from iamdsl.fit._meeting import Meetings
from iamdsl.fit._order import arranged, order, untangle
from iamdsl.fit.steady import Piece, Placed, Room
from iamdsl.iam import Elements, Entry, Statement

ROOM = Room(6144, 10240)


def allow(action: str, resource: str = "*", *condition: Entry, effect: str = "Allow") -> Statement:
    actions, resources = Elements((action,)), Elements((resource,))
    return Statement("Deny" if effect == "Deny" else "Allow", actions, resources, None, condition)


def deny(action: str, resource: str = "*") -> Statement:
    return allow(action, resource, effect="Deny")


def placed(**pieces: list[Statement]) -> Placed:
    """Return documents by name; `inline` is the inline one."""
    names = ((n.replace("inline", ""), s) for n, s in pieces.items())
    return Placed(tuple(Piece(n, tuple(s)) for n, s in names if s))


def name(taken: set[str]) -> str:
    return next(f"new{i}" for i in range(1, 99) if f"new{i}" not in taken)


A, B, C, D = (allow(f"s3:{letter}") for letter in "ABCD")


def test_what_gains_goes_before_what_loses() -> None:
    """With the other order the statement is nowhere for as long as a deployment takes."""
    for before, after, names in (
        (placed(a=[A, B], b=[C]), placed(a=[A], b=[B, C]), ("b", "a")),
        (placed(a=[A], b=[B, C]), placed(a=[A, B], b=[C]), ("a", "b")),
        (placed(a=[A, B], b=[C], c=[D]), placed(a=[A], b=[B], c=[C, D]), ("c", "b", "a")),
        (placed(inline=[A, B]), placed(inline=[A], b=[B]), ("b", "")),
        (placed(a=[deny("s3:A"), B], b=[C]), placed(a=[B], b=[deny("s3:A"), C]), ("b", "a")),
    ):
        assert order(before, after, ROOM).names == names
        assert arranged(before, after, ROOM, name) == (after._replace(order=names), ())


def test_what_overlaps_counts_as_well() -> None:
    """Two patterns may grant one action though neither covers the other."""
    before = placed(a=[allow("s3:Get*"), A], b=[B])
    after = placed(a=[A], b=[allow("s3:*Object"), B])
    assert order(before, after, ROOM).names == ("b", "a")


def test_what_goes_goes_last() -> None:
    """A document is removed when what it had is elsewhere."""
    found = order(placed(a=[A], b=[B], c=[C]), placed(b=[A, B], d=[C]), ROOM)
    assert found.names[-2:] == ("a", "c")
    assert not found.gaps


def test_one_document_needs_no_order() -> None:
    """A file that lists what follows by itself is a file more to merge."""
    after = placed(a=[A, D], b=[B])
    assert arranged(placed(a=[A], b=[B]), after, ROOM, name) == (after, ())
    first = arranged(Placed(()), after, ROOM, name)
    assert first == (after, ())


def test_without_a_change_the_order_stays() -> None:
    """It tells how the last change was to be deployed until there is another one."""
    before = placed(a=[A], b=[B])._replace(order=("b", "a"))
    assert arranged(before, placed(a=[A], b=[B]), ROOM, name) == (before, ())


def test_a_circle_is_cut_by_a_new_name() -> None:
    """Two documents that swap statements have no order; made anew, one of them has."""
    before, after = placed(a=[A, B], b=[C, D]), placed(a=[A, D], b=[B, C])
    done, gaps = arranged(before, after, ROOM, name)
    assert done.pieces == placed(a=[A, D], new1=[B, C]).pieces
    assert (done.order, gaps) == (("new1", "a", "b"), ())
    assert (
        untangle(before, placed(a=[A], b=[B, C, D]), name).pieces
        == placed(a=[A], b=[B, C, D]).pieces
    )


def test_the_inline_policy_keeps_its_place() -> None:
    """It has no name to change: the managed one gives way."""
    before, after = placed(inline=[A, B], b=[C]), placed(inline=[A, C], b=[B])
    done, gaps = arranged(before, after, ROOM, name)
    assert done.pieces == placed(inline=[A, C], new1=[B]).pieces
    assert not gaps


def test_without_a_free_slot_there_is_a_gap_and_it_is_told() -> None:
    """AWS attaches so many; who is at the bound has to choose the moment."""
    before, after = placed(a=[A, B], b=[C, D]), placed(a=[A, D], b=[B, C])
    done, gaps = arranged(before, after, Room(6144, None, 2), name)
    assert done.pieces == after.pieces
    assert sorted(done.order) == ["a", "b"]
    assert gaps == done.order[:1]
    full = order(placed(a=[A], b=[B]), placed(b=[B, C], c=[A]), Room(6144, None, 2))
    assert full.names.index("a") < full.names.index("c")
    assert full.gaps == ("a",)
    sure = order(placed(a=[A], b=[B]), placed(b=[A, B], c=[C]), Room(6144, None, 2))
    assert (sure.names, sure.gaps) == (("b", "a", "c"), ())


def test_what_stays_somewhere_waits_for_nothing() -> None:
    """A statement that a third document has all the time is not missed."""
    before = placed(a=[A, B], b=[C, D], c=[B, C])
    after = placed(a=[A, C], b=[B, D], c=[B, C])
    assert untangle(before, after, name) == after
    assert order(before, after, ROOM).names == ("a", "b")


def test_denials_come_first_and_go_last() -> None:
    """Nothing is allowed for a moment that neither side allows."""
    before, after = placed(a=[A], b=[B]), placed(a=[A, allow("s3:*")], b=[B, deny("s3:X")])
    assert order(before, after, ROOM).names == ("b", "a")
    assert order(after, before, ROOM).names == ("a", "b")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (allow("s3:Get*"), allow("s3:*Object"), True),
        (allow("s3:Get*"), allow("s3:Put*"), False),
        (allow("s3:Get?x*"), allow("s3:G*tA*"), True),
        (allow("s3:Get?"), allow("s3:Get"), False),
        (allow("s3:G*a"), allow("s3:*b"), False),
        (allow("*"), allow("sqs:Send"), True),
        (allow("s*:Send"), allow("sqs:*"), True),
        (allow("s3:*", "arn:aws:s3:::a*"), allow("s3:*", "arn:aws:s3:::*b"), True),
        (allow("s3:*", "arn:aws:s3:::a"), allow("s3:*", "arn:aws:s3:::${aws:username}"), True),
        (allow("s3:*", "arn:aws:s3:::a${*}"), allow("s3:*", "arn:aws:s3:::ab"), False),
        (allow("s3:*", "arn:aws:s3:::a${*}"), allow("s3:*", "arn:aws:s3:::a*"), True),
        (allow("s3:*", "arn:aws:s3:::a"), allow("s3:*", "arn:aws:s3"), True),
        (
            allow("s3:*", "*", Entry("StringEquals", "k:k", ("a",))),
            allow("s3:*", "*", Entry("StringEquals", "K:k", ("b",))),
            False,
        ),
        (
            allow("s3:*", "*", Entry("StringEquals", "k:k", ("a",))),
            allow("s3:*", "*", Entry("StringEquals", "k:k", ("${aws:username}",))),
            True,
        ),
        (
            allow("s3:*", "*", Entry("StringEquals", "k:k", ("a",))),
            allow("s3:*", "*", Entry("StringLike", "k:k", ("b",))),
            True,
        ),
        (
            Statement("Allow", Elements(("s3:Get*",), negated=True), Elements(("*",))),
            allow("s3:GetObject"),
            False,
        ),
        (
            Statement("Allow", Elements(("s3:Get*",), negated=True), Elements(("*",))),
            allow("s3:G*"),
            True,
        ),
    ],
)
def test_whether_two_statements_may_meet(one: Statement, other: Statement, expected: bool) -> None:
    """A false no would be a gap, a false yes an order more than needed."""
    assert bool(Meetings([part(one)]).of(part(other))) is expected
    assert bool(Meetings([part(other)]).of(part(one))) is expected
