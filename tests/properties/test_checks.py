"""A check decided as one request, and proved over a pattern that has only that request, agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from iamdsl.analysis.answering import World, answer
from iamdsl.analysis.promises import Check
from iamdsl.analysis.subjects import subjects
from iamdsl.iam import Attachment, Build, Document, Elements, Entry, Identity, Policy, Statement
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue

PLACE = {"partition": "aws", "account": "111122223333", "region": "eu-west-1"}
NOWHERE = Span(Source("check.iam", "check"), 0, 5)
ACTIONS = ["s3:GetObject", "s3:Get*", "s3:PutObject", "s3:*", "*"]
RESOURCES = ["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/x", "arn:aws:s3:::b/${aws:username}"]
KEYS = {
    "aws:PrincipalTag/team": ["a", "b"],
    "aws:PrincipalArn": ["arn:aws:iam::111122223333:role/r", "arn:aws:iam::111122223333:role/q"],
    "aws:SourceVpc": ["vpc-1", "${aws:PrincipalTag/team}"],
    "aws:username": ["a"],
}
OPERATORS = ["StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringLike"]


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    """Draw a statement of an identity policy."""
    keys = draw(st.lists(st.sampled_from(sorted(KEYS)), max_size=2, unique=True))
    condition = tuple(
        Entry(draw(st.sampled_from(OPERATORS)), key, (draw(st.sampled_from(KEYS[key])),))
        for key in keys
    )
    return Statement(
        draw(st.sampled_from(["Allow", "Allow", "Deny"])),
        Elements((draw(st.sampled_from(ACTIONS)),), negated=draw(st.booleans())),
        Elements((draw(st.sampled_from(RESOURCES)),), negated=draw(st.booleans())),
        None,
        tuple(sorted(condition, key=lambda e: (e.operator, e.key))),
    )


POLICIES = st.lists(statements(), min_size=1, max_size=3).map(lambda s: Policy(tuple(s)))


@st.composite
def builds(draw: st.DrawFn) -> Build:
    """Draw a build with one role, which may have a boundary."""
    documents = [Document("boundary", "fence", draw(POLICIES))] if draw(st.booleans()) else []
    role = Identity(
        "role",
        "r",
        inline=(("own", draw(POLICIES)),),
        tags=(("team", "a"),) if draw(st.booleans()) else (),
        boundary=Attachment("fence", ours=True) if documents else None,
    )
    return Build(tuple(documents), (role,))


@settings(deadline=None, max_examples=150)
@given(
    builds(),
    st.sampled_from(["s3:GetObject", "s3:PutObject"]),
    st.sampled_from(["arn:aws:s3:::b/x", "arn:aws:s3:::b/a", "arn:aws:s3:::c/x"]),
    st.dictionaries(
        st.sampled_from(["aws:sourcevpc", "aws:principaltag/team"]),
        st.sampled_from([("a",), ("vpc-1",), ()]),
    ),
)
def test_one_request_and_a_proof_of_it_agree(
    catalogue: Catalogue,
    build: Build,
    action: str,
    resource: str,
    given_keys: dict[str, tuple[str, ...]],
) -> None:
    """Protects both ways to an answer: simulate and prove are asked the same, and say the same."""
    world = World(build, PLACE, catalogue)
    (subject,) = subjects(build, PLACE)
    example = Check(
        "allows", Elements((action,)), Elements((resource,)), None, ((),), NOWHERE, (), given_keys
    )
    # A layer that everything passes makes a proof of it.
    everything = (Statement("Allow", Elements(("*",)), Elements(("*",))),)
    proof = example._replace(apart=everything)
    assert example.is_example
    assert not proof.is_example
    assert answer(example, subject, world).outcome == answer(proof, subject, world).outcome
    turned = {"holds": "broken", "broken": "holds"}[answer(example, subject, world).outcome]
    for check in (example, proof):
        assert answer(check._replace(verb="denies"), subject, world).outcome == turned


@settings(deadline=None, max_examples=100)
@given(builds(), st.sampled_from(["s3:GetObject", "s3:Get*", "*"]))
def test_what_a_proof_refutes_is_allowed_by_all_that_is_in_effect(
    catalogue: Catalogue, build: Build, action: str
) -> None:
    """Protects witnesses: what is said to break a `never` is a request that the build allows."""
    world = World(build, PLACE, catalogue)
    (subject,) = subjects(build, PLACE)
    check = Check("never", Elements((action,)), Elements(("*",)), None, ((),), NOWHERE)
    found = answer(check, subject, world)
    # Variables that must agree and differ are left open, which is honest; no witness is wrong.
    assert found.outcome in {"holds", "broken"} or "no values were found" in found.reason
    if found.outcome == "broken":
        assert found.decision is not None
        assert found.decision.verdict == "allowed"
