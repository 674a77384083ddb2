"""Packing: few documents, none over its limit, and a true word about how few there can be."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from iamdsl.fit._search import complete, fullest
from iamdsl.fit.pack import Packing, pack, uncuttable
from iamdsl.fit.split import cut, distinct, joined
from iamdsl.iam import (
    Elements,
    Entry,
    Policy,
    Statement,
    document_size,
    minified,
    size,
    statement_size,
    to_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LIMIT = 6144
ROOM = LIMIT - document_size(()) + 1


def _whole(weight: int, number: int = 0) -> Statement:
    """Return a statement that cannot be cut and takes that many characters with its comma."""
    bare = Statement("Allow", Elements((f"a:{number:04}",)), Elements(("",)))
    return Statement("Allow", bare.actions, Elements(("r" * (weight - statement_size(bare) - 1),)))


def _buckets(count: int, action: str = "s3:GetObject", start: int = 0) -> Statement:
    names = tuple(f"arn:aws:s3:::bucket-number-{i:05}/*" for i in range(start, start + count))
    return Statement("Allow", Elements((action,)), Elements(names))


def _grid(actions: int, resources: int) -> Statement:
    names = Elements(tuple(f"s3:Action{i:05}" for i in range(actions)))
    return Statement("Allow", names, _buckets(resources).resources)


def _packed(statements: Sequence[Statement], first: int | None = None) -> Packing:
    """Return a packing after the checks that hold for each: limits, sizes, values."""
    packing = pack(statements, LIMIT, first)
    assert packing is not None
    assert all(packing.others)
    assert packing.sizes == tuple(
        size(Policy(d)) if d else 0 for d in (packing.first, *packing.others)
    )
    assert all(s <= LIMIT for s in packing.sizes[1:])
    assert packing.sizes[0] <= max(0, first or 0)
    assert len(packing.others) >= packing.fewest
    pieces = [s for d in (packing.first, *packing.others) for s in d]
    assert _triples(pieces) == _triples(statements)
    return packing


def _triples(statements: Iterable[Statement]) -> set[tuple[object, ...]]:
    """Return each combination of an action, a resource and a condition's value, and the rest."""
    return {
        (s.effect, a, r, *(e.values if "Not" in e.operator else v for e in s.condition))
        for s in statements
        for a in s.actions.values
        for r in (s.resources.values if s.resources else ("",))
        for v in (s.condition[0].values if s.condition else ("",))
    }


def test_what_fits_inline_needs_no_policy() -> None:
    """Attachments are few; inline space is there anyway."""
    packing = _packed([_whole(1000, i) for i in range(10)], 10240)
    assert (len(packing.first), packing.others, packing.fewest) == (10, (), 0)


def test_nothing_is_packed_into_no_document() -> None:
    """An empty policy is one that AWS refuses."""
    packing = _packed([], 2048)
    assert (packing.first, packing.others, packing.sizes) == ((), (), (0,))


def test_a_full_inline_policy_is_left_alone() -> None:
    """Other inline policies may have taken all the room."""
    for first in (None, 0, -500, 20, 60):
        packing = _packed([_whole(3000, i) for i in range(4)], first)
        assert (packing.first, len(packing.others), packing.fewest) == ((), 2, 2)


def test_attachments_that_are_left_are_told() -> None:
    """Each attachment is one of twenty."""
    statements = [_whole(3500, i) for i in range(5)]
    for most, left in ((None, None), (9, 4), (5, 0), (3, -2)):
        packing = pack(statements, LIMIT, most=most)
        assert packing is not None
        assert (len(packing.others), packing.left) == (5, left)


def test_the_id_of_a_policy_counts() -> None:
    """Each piece has it."""
    name = "i" * 1000
    packing = pack([_whole(1680, i) for i in range(4)], LIMIT, document_id=name)
    assert packing is not None
    assert len(packing.others) == 2
    sizes = [len(minified(to_json(Policy(d, name)))) for d in packing.others]
    assert list(packing.sizes[1:]) == sizes
    assert all(s <= LIMIT for s in sizes)


def test_statements_that_go_in_pairs_are_paired() -> None:
    """Best fit puts 5 + 4 where only 5 + 5 leaves room for 4 + 3 + 3."""
    weights = [6, 5, 5, 4, 4, 3, 3]
    statements = [_whole(w * (ROOM // 10), i) for i, w in enumerate(weights)]
    packing = _packed(statements)
    assert len(packing.others) == packing.fewest == 3


def test_statements_over_half_a_policy_need_one_each() -> None:
    """That the sum of their characters would do says nothing about them."""
    packing = _packed([_whole(ROOM // 2 + 1, i) for i in range(9)])
    assert len(packing.others) == packing.fewest == 9
    packing = _packed([_whole(ROOM // 3 + 1, i) for i in range(9)])
    assert len(packing.others) == packing.fewest == 5


def test_inline_space_counts_for_the_bound_as_far_as_it_can_be_used() -> None:
    """Two of these fit inline, and of a small inline policy nothing can be used."""
    statements = [_whole(3500, i) for i in range(6)]
    for first, fewest in ((10240, 4), (3000, 6)):
        packing = _packed(statements, first)
        assert len(packing.others) == packing.fewest == fewest


def test_a_bound_can_come_of_a_search() -> None:
    """Where no statement can be cut and every way was tried, fewer is impossible."""
    # Each pair leaves a gap that no third fills, and no function of weights says so.
    parts = (0.45, 0.45, 0.35, 0.35, 0.35, 0.28, 0.28, 0.2, 0.2)
    packing = _packed([_whole(int(p * ROOM), i) for i, p in enumerate(parts)])
    assert len(packing.others) == packing.fewest


def test_nothing_is_cut_that_fits_whole() -> None:
    """A cut statement is read in two places."""
    statements = [_buckets(50, f"a:{i}") for i in range(9)]
    packing = _packed(statements)
    assert len(packing.others) == packing.fewest == 3
    assert sorted(s.actions.values[0] for d in packing.others for s in d) == [
        f"a:{i}" for i in range(9)
    ]


def test_gaps_beside_statements_that_stay_whole_are_filled_with_pieces() -> None:
    """What can be cut goes where what cannot leaves room: else it needs 40."""
    stay = [_whole(3450, i) for i in range(20)]
    packing = _packed([*stay, *(_buckets(100, f"a:{i}") for i in range(20))])
    assert len(packing.others) == packing.fewest == 24


def test_the_list_is_cut_that_costs_least_to_repeat() -> None:
    """Two hundred buckets are not written twice for the sake of one action."""
    statements = [_grid(30, 90), _grid(2, 90)]
    packing = _packed(statements)
    for document in packing.others:
        for statement in document:
            assert len(statement.actions.values) in {2, 30}


@pytest.mark.parametrize(
    ("statement", "documents"),
    [
        (_buckets(500), 4),
        (_grid(500, 1), 2),
        (_grid(160, 400), 5),
        (_grid(40, 400), 3),
        (
            Statement(
                "Allow",
                Elements(("a:B",)),
                Elements(("*",)),
                condition=(Entry("StringEquals", "k:k", tuple(f"{i:040}" for i in range(500))),),
            ),
            4,
        ),
    ],
)
def test_one_statement_over_the_limit_is_cut(statement: Statement, documents: int) -> None:
    """CDK emits it whole; a list cut for each part of the other needs more policies."""
    packing = _packed([statement])
    assert len(packing.others) == documents == packing.fewest


def test_three_long_lists_are_cut_into_blocks() -> None:
    """Cut along one list alone, not even one value of it fits."""
    condition = (Entry("StringEquals", "k:k", tuple(f"{i:0400}" for i in range(40))),)
    whole = Statement("Allow", *_lists(_grid(500, 20)), None, condition)
    pieces = cut(whole, ROOM, {})
    assert pieces is not None
    assert all(statement_size(p) <= ROOM for p in pieces)
    packing = pack([whole], LIMIT)
    assert packing is not None
    assert packing.fewest > len(packing.others) * 0.85


def _lists(statement: Statement) -> tuple[Elements, Elements | None]:
    return statement.actions, statement.resources


def test_what_must_stay_whole_and_is_too_large_is_named() -> None:
    """A list of what is excepted is a conjunction; in two policies it would grant everything."""
    values = tuple(f"{i:040}" for i in range(500))
    whole = [
        Statement("Allow", Elements(values, negated=True), Elements(("*",))),
        Statement("Allow", Elements(("a:B",)), Elements(values, negated=True)),
        *(
            Statement(
                "Allow", Elements(("a:B",)), Elements(("*",)), None, (Entry(operator, "k", values),)
            )
            for operator in ("StringNotLike", "ForAllValues:StringEquals")
        ),
        _whole(LIMIT),
    ]
    for statement in whole:
        others = [_buckets(300), statement]
        assert pack(others, LIMIT) is None
        assert uncuttable(others, LIMIT, {}) == (statement,)


def test_what_only_inline_space_can_hold_goes_there() -> None:
    """Two of that kind are one too many."""
    large = [_whole(7000, 1), _whole(8000, 2)]
    packing = _packed([_buckets(400), large[0]], 10240)
    assert large[0] in packing.first
    assert pack(large, LIMIT, 10240) is None


def test_pieces_that_meet_are_one_statement() -> None:
    """One frame is enough, and the author's name stays one."""
    whole = Statement("Allow", *_lists(_grid(4, 4)), sid="Name")
    halves = [
        Statement("Allow", whole.actions, Elements(whole.resources.values[a:b]), sid="Name")
        for a, b in ((2, 4), (0, 2))
        if whole.resources is not None
    ]
    assert joined(halves, whole) == [whole]
    quarters = [
        Statement("Allow", Elements(whole.actions.values[a:b]), half.resources, sid="Name")
        for half in halves
        for a, b in ((0, 1), (1, 4))
    ]
    assert joined(quarters, whole) == [whole]
    assert len(joined(quarters[:3], whole)) == 2


def test_pieces_of_named_statements_have_numbers_of_their_own() -> None:
    """IAM takes each Sid once in a policy, in letters and digits; it has no greatest length."""
    names = [_buckets(500), _buckets(300, "s3:PutObject"), _whole(200)]
    sids = ("Read", "Read2", "Read3")
    named = [
        Statement(s.effect, s.actions, s.resources, sid=sid)
        for s, sid in zip(names, sids, strict=True)
    ]
    packing = _packed(named)
    found = [s.sid or "" for d in packing.others for s in d]
    assert len(set(found)) == len(found)
    assert {"Read", "Read2", "Read3", "Read4"} <= set(found)
    assert all(sid.isalnum() for sid in found)


def test_a_name_of_many_pieces_has_room_for_its_numbers() -> None:
    """The thousandth piece has a digit more than the first; it fits all the same."""
    whole = Statement("Allow", *_lists(_grid(1, 1500)), sid="N" * 60)
    packing = pack([whole], 240)
    assert packing is not None
    assert len(packing.others) > 1000
    assert max(packing.sizes) <= 240


def test_values_that_are_there_twice_are_counted_once() -> None:
    """A bound on what repeats itself would not be true of what does not."""
    twice = Statement("Allow", Elements(("a:B", "a:B")), Elements(("r", "s", "r", "*")))
    assert distinct(twice) == Statement("Allow", Elements(("a:B",)), Elements(("r", "s", "*")))
    once = distinct(_grid(3, 3))
    assert once == _grid(3, 3)


def test_thousands_of_statements_are_packed() -> None:
    """The bound is met where statements are small against a policy."""
    chosen = random.Random(7)  # noqa: S311  # the same each time
    statements = [_whole(chosen.choice((90, 150, 280, 500, 900)), i) for i in range(2000)]
    packing = _packed(statements, 10240)
    assert len(packing.others) == packing.fewest


def test_many_statements_over_half_a_policy_are_packed() -> None:
    """Four hundred policies are no reason to give up."""
    statements = [_buckets(90 + i % 7, f"a:{i:04}") for i in range(700)]
    packing = pack(statements, LIMIT)
    assert packing is not None
    assert len(packing.others) > 400
    assert max(packing.sizes) <= LIMIT
    assert len(packing.others) <= packing.fewest + 3


def test_the_same_comes_out_in_any_order() -> None:
    """How many policies there are is no matter of where a statement is written."""
    chosen = random.Random(3)  # noqa: S311  # the same each time
    statements = [_whole(chosen.randrange(300, 4000), i) for i in range(40)]
    counts = set()
    for _ in range(3):
        chosen.shuffle(statements)
        counts.add(len(_packed(statements, 5000).others))
    assert len(counts) == 1
    first, second = (
        json.dumps([to_json(Policy(d)) for d in _packed(statements).others]) for _ in "12"
    )
    assert first == second


def test_the_fullest_subset_is_exact() -> None:
    """Bins are filled by it."""
    chosen = random.Random(5)  # noqa: S311  # the same each time
    for _ in range(50):
        weights = [chosen.randrange(1, 40) for _ in range(8)]
        room = chosen.randrange(0, 120)
        best = max(
            total
            for bits in range(256)
            if (total := sum(w for i, w in enumerate(weights) if bits >> i & 1)) <= room
        )
        assert sum(weights[i] for i in fullest(weights, room)) == best


def test_a_search_that_is_cut_short_proves_nothing() -> None:
    """Only a search that has tried everything may say that there is nothing to find."""
    weights = [40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29]
    assert complete(weights, 105, 4, steps=5) == (None, False)
    assert complete([60, 60, 60], 100, 2) == (None, True)
    found = complete([60, 40, 50, 50, 30], 100, 2, first=30)
    assert found.bins is not None
    assert sorted(map(sorted, found.bins)) == [[0, 1], [2, 3], [4]]
