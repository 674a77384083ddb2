from __future__ import annotations

from functools import cache
from typing import Any

import attrs
from comparator import catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reexpansion import Universe, differences

from iamdsl.fit import minimize, verify
from iamdsl.fit.shrink import shrink
from iamdsl.fit.today import newly_granted, today
from iamdsl.iam import Policy, action_covers, from_json, size, to_json

quick = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

_SERVICES = ("s3", "sqs", "iam", "dynamodb", "execute-api", "lambda")
_UNKNOWN = ("s3:GetSecret", "sqs:SendAll", "sqs:SendMessages", "newsvc:Get", "iam:Pass")
_PATTERNS = ("s3:Get*", "s3:*", "s3:List?ucket*", "sqs:*Queue", "iam:*Role*", "dynamodb:Desc*")
_RESOURCES = ("*", "arn:aws:s3:::a", "arn:aws:s3:::*", "arn:aws:sqs:*:1:q*", "arn:aws:sqs:eu:1:q")
_CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}, "Bool": {"aws:SecureTransport": "true"}},
    {"StringEquals": {"aws:username": "${aws:PrincipalTag/name}"}},
)


@cache
def _universe() -> Universe:
    names = catalogue()
    return Universe([f"{s}:{n}" for s in names.services() for n in names.names(s)])


@st.composite
def _statements(draw: st.DrawFn) -> dict[str, Any]:
    """Return a statement that grants much of one or two services, as real ones do."""
    actions: list[str] = []
    for service in draw(st.lists(st.sampled_from(_SERVICES), min_size=1, max_size=2, unique=True)):
        of_service = catalogue().match(f"{service}:*")
        step, start = draw(st.integers(1, 4)), draw(st.integers(0, len(of_service) - 1))
        length = draw(st.integers(1, 40))
        actions += of_service[start : start + length : step]
    actions += draw(st.lists(st.sampled_from((*_PATTERNS, *_UNKNOWN)), max_size=2))
    effect = draw(st.sampled_from(("Allow", "Allow", "Allow", "Deny")))
    element = draw(st.sampled_from(("Action", "Action", "Action", "Action", "NotAction")))
    resources = draw(st.lists(st.sampled_from(_RESOURCES), min_size=1, max_size=2, unique=True))
    made = {"Effect": effect, element: actions, "Resource": resources}
    condition = draw(st.sampled_from(_CONDITIONS))
    return {**made, "Condition": condition} if condition else made


@st.composite
def _policies(draw: st.DrawFn) -> Policy:
    statements = draw(st.lists(_statements(), min_size=1, max_size=4))
    return minimize(from_json({"Version": "2012-10-17", "Statement": statements}))


@quick
@given(_policies(), st.sampled_from(("words", "max")), st.booleans())
def test_shrinking_grants_what_was_granted(policy: Policy, reach: Any, trailing: bool) -> None:
    """A wildcard that grants one action more is a hole; one that loses one is an outage."""
    made = shrink(policy, catalogue(), reach, trailing=trailing)
    assert size(made.policy) <= size(policy)
    lost = differences([to_json(policy)], [to_json(made.policy)], _universe())
    assert next(lost, None) is None
    named = [v for s in policy.statements for v in s.actions.values]
    narrowed = today(made.policy.statements, catalogue(), named)
    verify(policy.statements, made.policy.statements, catalogue(), narrowed=narrowed)


@quick
@given(_policies(), st.sampled_from(("words", "max")), st.integers(0, 100))
def test_a_target_is_met_with_no_more_than_the_whole_would_write(
    policy: Policy, reach: Any, share: int
) -> None:
    """What has to fit is made to fit where that is to be had at all."""
    least = shrink(policy, catalogue(), reach)
    target = size(least.policy) + (size(policy) - size(least.policy)) * share // 100
    made = shrink(policy, catalogue(), reach, target=target)
    assert size(made.policy) <= target
    narrowed = today(made.policy.statements, catalogue())
    verify(policy.statements, made.policy.statements, catalogue(), narrowed=narrowed)


@quick
@given(_policies(), st.sampled_from(("words", "max")))
def test_what_was_listed_is_listed_or_covered(policy: Policy, reach: Any) -> None:
    """Actions that nobody but the author knows, and those of tomorrow, hang on the text alone."""
    made = shrink(policy, catalogue(), reach)
    after = [v for s in made.policy.statements if not s.actions.negated for v in s.actions.values]
    for statement in policy.statements:
        if not statement.actions.negated:
            for value in statement.actions.values:
                assert any(action_covers(some, value) for some in after)


@quick
@given(_policies(), st.sampled_from(("words", "max")))
def test_each_pattern_is_told_with_what_it_matches(policy: Policy, reach: Any) -> None:
    """What a pattern may come to match is judged by what the report says of it."""
    made = shrink(policy, catalogue(), reach)
    before = {v for s in policy.statements for v in s.actions.values}
    after = {v for s in made.policy.statements for v in s.actions.values}
    wild = {v for v in after - before if "*" in v}
    assert wild <= {w.pattern for w in made.wildcards} <= after
    for wildcard in made.wildcards:
        assert wildcard.matched == catalogue().match(wildcard.pattern)
        assert wildcard.levels
        assert "?" not in wildcard.pattern
        assert newly_granted(wildcard.pattern, wildcard.matched, catalogue()) == ()
        assert newly_granted(wildcard.pattern, (), catalogue()) == wildcard.matched


@quick
@given(_policies(), st.randoms(use_true_random=False))
def test_the_order_of_statements_changes_no_size(policy: Policy, random: Any) -> None:
    """Sources may be moved about without a build changing in what it says."""
    shuffled = list(policy.statements)
    random.shuffle(shuffled)
    first = shrink(policy, catalogue(), "words")
    second = shrink(attrs.evolve(policy, statements=tuple(shuffled)), catalogue(), "words")
    assert size(first.policy) == size(second.policy)
    assert first.wildcards == second.wildcards
