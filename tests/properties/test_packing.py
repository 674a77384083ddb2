from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from comparator import catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_meaning import difference, policies

from iamdsl.fit import verify
from iamdsl.fit.pack import pack
from iamdsl.iam import Elements, Entry, Policy, Statement, document_size, size, statement_size

if TYPE_CHECKING:
    from collections.abc import Sequence

quick = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
few = settings(quick, max_examples=40)
FRAME = document_size(()) - 1
LEAST = statement_size(Statement("Allow", Elements(("a:0",)), Elements(("",)))) + 1


def _whole(weight: int, number: int) -> Statement:
    """Return a statement of that many characters, its comma included, that cannot be cut."""
    name = Elements(("r" * (weight - LEAST),))
    return Statement("Allow", Elements((f"a:{number}",)), name)


def _fewest(weights: Sequence[int], room: int, first: int) -> int | None:
    """Return the fewest rooms by trying every way, None when there is none."""
    best: int | None = None

    def put(at: int, free: list[int]) -> None:
        nonlocal best
        if best is not None and len(free) - 1 >= best:
            return
        if at == len(weights):
            best = len(free) - 1
            return
        for i, left in enumerate(free):
            if left >= weights[at]:
                put(at + 1, [*free[:i], left - weights[at], *free[i + 1 :]])
        if room >= weights[at]:
            put(at + 1, [*free, room - weights[at]])

    put(0, [first])
    return best


@quick
@given(
    st.lists(st.integers(LEAST, 700), min_size=1, max_size=7),
    st.integers(200, 900),
    st.sampled_from((0, 90, 150, 400, 1300)),
)
def test_what_cannot_be_cut_is_packed_as_well_as_can_be(
    weights: list[int], room: int, first: int
) -> None:
    """That fewer is impossible is a claim that any way of packing can refute."""
    statements = [_whole(w, i) for i, w in enumerate(weights)]
    packing = pack(statements, room + FRAME, first + FRAME)
    fewest = _fewest(weights, room, first)
    assert (packing is None) == (fewest is None)
    if packing is not None:
        assert len(packing.others) == fewest
        assert packing.fewest == fewest


def _pieces(statement: Statement) -> list[list[Statement]]:
    """Return the ways to cut a statement in two along one list, and that of leaving it whole."""
    ways = [[statement]]
    resources = statement.resources.values if statement.resources else ()
    for mask in range(1, 2 ** len(resources) - 1, 2):
        parts = [[v for i, v in enumerate(resources) if mask >> i & 1 == bit] for bit in (1, 0)]
        ways.append(
            [Statement("Allow", statement.actions, Elements(tuple(part))) for part in parts]
        )
    actions = statement.actions.values
    for mask in range(1, 2 ** len(actions) - 1, 2):
        parts = [[v for i, v in enumerate(actions) if mask >> i & 1 == bit] for bit in (1, 0)]
        ways.append([Statement("Allow", Elements(tuple(p)), statement.resources) for p in parts])
    return ways


_small = st.builds(
    lambda n, actions, sizes: Statement(
        "Allow",
        Elements(tuple(f"a:{n}{i}" for i in range(actions))),
        Elements(tuple(f"{n}{i}".ljust(size, "r") for i, size in enumerate(sizes))),
    ),
    st.integers(0, 9),
    st.integers(1, 2),
    st.lists(st.integers(4, 120), min_size=1, max_size=3),
)


@quick
@given(
    st.lists(_small, min_size=1, max_size=3),
    st.integers(150, 420),
    st.sampled_from((0, 120, 260)),
)
def test_no_way_of_cutting_refutes_the_bound(
    statements: list[Statement], room: int, first: int
) -> None:
    """A bound that forgets cuts would call possible what it says is not."""
    packing = pack(statements, room + FRAME, first + FRAME)
    for ways in product(*map(_pieces, statements)):
        pieces = [piece for way in ways for piece in way]
        fewest = _fewest([statement_size(p) + 1 for p in pieces], room, first)
        if fewest is not None:
            assert packing is not None
            assert packing.fewest <= fewest


_named = st.builds(
    lambda who, effect, operator, counts, sid: Statement(
        effect,
        Elements(tuple(f"s3:{who}{i:03}" for i in range(counts[0])), negated=counts[0] == 3),
        Elements(tuple(f"arn:aws:s3:::{who}/{i:04}" for i in range(counts[1]))),
        None,
        (Entry(operator, "k:one", tuple(f"{i:07}" for i in range(counts[2]))),)
        if counts[2]
        else (),
        f"{who}{sid}" if sid else None,
    ),
    st.sampled_from("abcd"),
    st.sampled_from(("Allow", "Deny")),
    st.sampled_from(("StringEquals", "StringNotEquals", "ForAnyValue:StringLike")),
    st.tuples(st.integers(1, 12), st.integers(1, 25), st.integers(0, 12)),
    st.integers(0, 3),
)


@few
@given(
    st.lists(_named, min_size=1, max_size=5),
    st.integers(300, 1200),
    st.one_of(st.none(), st.integers(0, 1500)),
)
def test_no_document_is_ever_over_its_limit(
    statements: list[Statement], limit: int, first: int | None
) -> None:
    """CDK's split leaves 28 policies of a thousand that AWS refuses."""
    unique = {s.sid or str(i): s for i, s in enumerate(statements)}
    statements = list(unique.values())
    packing = pack(statements, limit, first)
    if packing is None:
        return
    assert all(packing.others)
    assert all(size(Policy(d)) <= limit for d in packing.others)
    assert not packing.first or size(Policy(packing.first)) <= (first or 0)
    assert packing.fewest <= len(packing.others)
    pieces = [s for d in (packing.first, *packing.others) for s in d]
    names = [s.sid for s in pieces if s.sid]
    assert len(set(names)) == len(names)
    verify(statements, pieces, catalogue())
    assert packing == pack(statements, limit, first)


@few
@given(policies(), st.integers(180, 420), st.integers(0, 300))
def test_pieces_together_mean_what_was_cut(policy: Policy, limit: int, first: int) -> None:
    """What overlaps is cut as well, and pieces that meet are joined."""
    packing = pack(policy.statements, limit, first)
    if packing is not None:
        pieces = [s for d in (packing.first, *packing.others) for s in d]
        assert difference(policy.statements, pieces) is None
