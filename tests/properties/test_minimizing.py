from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import attrs
import pytest
from comparator import catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_meaning import RESOURCES, difference, policies
from real_policies import managed_policies

from iamdsl.fit import minimize, verify
from iamdsl.fit._crossing import Meeting, possible
from iamdsl.iam import Elements, Entry, Policy, Statement, from_json, size
from iamdsl.iam.implication import as_like, implies
from iamdsl.simulate import holds

if TYPE_CHECKING:
    from collections.abc import Sequence

quick = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def _said(statements: Sequence[Statement]) -> set[Statement]:
    return {attrs.evolve(s, origin=()) for s in statements}


@quick
@given(policies(), st.randoms(use_true_random=False), st.sampled_from(("keep", "drop")))
def test_order_of_statements_does_not_matter(
    policy: Policy, order: random.Random, sids: str
) -> None:
    """Where a line stands in a source decides nothing; a moved one changes no file's contents."""
    how = "keep" if sids == "keep" else "drop"
    shuffled = list(policy.statements)
    order.shuffle(shuffled)
    one = minimize(policy, sids=how).statements  # type: ignore[arg-type]
    other = minimize(Policy(tuple(shuffled)), sids=how).statements  # type: ignore[arg-type]
    assert _said(one) == _said(other)


def _union(seed: int, count: int) -> Policy:
    documents = managed_policies()
    chosen = random.Random(seed).sample(sorted(documents), count)  # noqa: S311  # no secret
    return Policy(
        tuple(attrs.evolve(s, sid=None) for n in chosen for s in from_json(documents[n]).statements)
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_unions_of_real_policies_keep_their_meaning_in_any_order(seed: int) -> None:
    """Roles that collect what teams ask for are what has to be made small."""
    union = _union(seed, 30)
    small = minimize(union)
    verify(union.statements, small.statements, catalogue())
    assert size(small) < size(union)
    shuffled = list(union.statements)
    random.Random(seed).shuffle(shuffled)  # noqa: S311  # no secret
    assert _said(minimize(Policy(tuple(shuffled))).statements) == _said(small.statements)
    asked = Meeting(catalogue())
    joined = minimize(union, meeting=asked)
    assert size(joined) <= size(small)
    narrowed = possible(joined.statements, asked)
    verify(union.statements, joined.statements, catalogue(), narrowed=narrowed)


_ACTIONS = ("s3:GetObject", "s3:ListBucket", "sqs:SendMessage", "sqs:*", "ec2:DescribeVpcs")


@st.composite
def _grants(draw: st.DrawFn) -> Policy:
    """Return policies of statements on resources of two services, each with a few actions."""
    lists = (
        st.lists(st.sampled_from(choices), min_size=1, max_size=3)
        for choices in (_ACTIONS, (*RESOURCES, "*", "arn:aws:sqs:*:*:*"))
    )
    some = st.builds(
        Statement,
        st.sampled_from(("Allow", "Allow", "Allow", "Deny")),
        *(one.map(lambda values: Elements(tuple(values))) for one in lists),
    )
    return Policy(tuple(draw(st.lists(some, min_size=2, max_size=5))))


@quick
@given(_grants())
def test_joins_across_services_add_nothing_that_can_be_asked_for(policy: Policy) -> None:
    """Whoever asks for these joins wants smaller policies, not wider ones."""
    asked = Meeting(catalogue())
    small = minimize(policy, meeting=asked)
    narrowed = possible(small.statements, asked)
    verify(policy.statements, small.statements, catalogue(), narrowed=narrowed)
    assert size(small) <= size(minimize(policy))
    # What the joins brought in is what is cut out again; pairs of before may be among it.
    assert difference((*policy.statements, *narrowed), policy.statements) is None


_VALUES = {
    "String": ("a", "A", "ab", "a*", "*b", "a?", "*", "", "${k:other}", "a${k:other}"),
    "Arn": ("arn:aws:s3:::a", "arn:aws:s3:::a*", "arn:aws:*:::a", "arn:aws:s3:::a:b", "a*"),
    "Numeric": ("1", "1.0", "2", "-3", "10", "x"),
    "Date": ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-01-01", "0"),
    "Ip": ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "::/0", "2001:db8::/32", "10.1.0.0"),
    "Bool": ("true", "false"),
    "Null": ("true", "false"),
}
_BASES = {
    "String": [
        f"String{n}{b}" for n in ("", "Not") for b in ("Equals", "Like", "EqualsIgnoreCase")
    ],
    "Arn": ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
    "Numeric": [
        *("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals"),
        *("NumericGreaterThan", "NumericGreaterThanEquals"),
    ],
    "Date": ["DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThanEquals"],
    "Ip": ["IpAddress", "NotIpAddress"],
    "Bool": ["Bool"],
    "Null": ["Null"],
}
_REQUESTED = {
    "String": ("a", "A", "ab", "b", "axb", "", "a*"),
    "Arn": ("arn:aws:s3:::a", "arn:aws:s3:::ab", "arn:aws:sqs:::a", "arn:aws:s3:::a:b", "a"),
    "Numeric": ("1", "1.5", "2", "-3", "-4", "10", "11", "x"),
    "Date": ("2026-01-01T00:00:00Z", "2026-01-15T00:00:00Z", "2026-02-01T00:00:00Z", "2027", "0"),
    "Ip": ("10.0.0.1", "10.1.0.0", "10.1.2.3", "11.0.0.1", "2001:db8::1", "::1"),
    "Bool": ("true", "false"),
}


@st.composite
def _two_entries(draw: st.DrawFn) -> tuple[str, Entry, Entry]:
    family = draw(st.sampled_from(sorted(_REQUESTED)))
    made = []
    for _ in range(2):
        kind = draw(st.sampled_from((family, family, family, family, "Null")))
        base = draw(st.sampled_from(_BASES[kind]))
        affixes = st.sampled_from(("", "", "ForAllValues:", "ForAnyValue:"))
        operator = base
        if kind != "Null":
            operator = draw(affixes) + base + draw(st.sampled_from(("", "", "IfExists")))
        values = st.lists(st.sampled_from(_VALUES[kind]), min_size=1, max_size=3, unique=True)
        made.append(Entry(operator, "k:one", tuple(draw(values))))
    return family, made[0], made[1]


def _contexts(family: str) -> list[dict[str, tuple[str, ...]]]:
    """Return the values that a request may have: none, one, two; and those of the variable."""
    asked = _REQUESTED[family]
    several = [(), *((v,) for v in asked), *itertools.combinations(asked, 2)]
    others: list[dict[str, tuple[str, ...]]] = [{}, {"k:other": ("b",)}, {"k:other": ("*",)}]
    return [{**o, **({"k:one": v} if v else {})} for v in several for o in others]


@settings(quick, max_examples=400)
@given(_two_entries())
def test_an_implied_entry_holds_wherever_the_other_does(
    case: tuple[str, Entry, Entry],
) -> None:
    """A statement that is dropped for a weaker one must be covered for keys that are missing too."""
    family, narrow, wide = case
    contexts = _contexts(family)
    assert all(holds(as_like(narrow), c) == holds(narrow, c) for c in contexts)
    if implies(narrow, wide):
        assert not [c for c in contexts if holds(narrow, c) and not holds(wide, c)]
