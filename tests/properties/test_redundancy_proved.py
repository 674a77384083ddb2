"""What the review calls needless can go, and what it calls without effect grants nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from comparator import catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_meaning import WORLD, applies, decision, difference, policies, statements

from iamdsl import prove
from iamdsl.iam import Elements, Policy
from iamdsl.iam.covering import action_atom_covers, normal, resource_atom_covers
from iamdsl.lint.comparing import Said, each_covered, is_about_all
from iamdsl.lint.effect import Limit, taken_away
from iamdsl.lint.redundancy import redundant

if TYPE_CHECKING:
    from iamdsl.iam import Statement

quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@quick
@given(policies())
def test_needless_statements_can_all_go_at_once(policy: Policy) -> None:
    """Somebody who follows every hint must not lose anything, nor see the same hint again."""
    gone = redundant(policy.statements, catalogue())
    left = tuple(s for n, s in enumerate(policy.statements) if n not in gone)
    assert prove.equivalent(policy.statements, left, catalogue()).verdict == "yes"
    assert difference(policy.statements, left) is None
    assert not redundant(left, catalogue())


@settings(quick, max_examples=150)
@given(statements(with_principals=True), statements(with_principals=True))
def test_what_is_about_all_applies_wherever_the_other_does(
    wide: Statement, narrow: Statement
) -> None:
    """A statement that is taken for wider must be so for missing keys and variables too."""
    if is_about_all(Said(wide), Said(narrow)):
        assert not [r for r in WORLD if applies(narrow, r) and not applies(wide, r)]


@settings(quick, max_examples=12)
@given(policies(), policies())
def test_what_has_no_effect_grants_nothing(policy: Policy, boundary: Policy) -> None:
    """An allow is called void only where no request of it is allowed in the end."""
    denies = [s for s in (*policy.statements, *boundary.statements) if s.effect == "Deny"]
    denies.append(attrs.evolve(policy.statements[0], effect="Deny"))
    allows = tuple(s for s in boundary.statements if s.effect == "Allow")
    for statement in policy.statements:
        if statement.effect == "Deny":
            continue
        limits = [Limit("boundary `b`", allows)]
        if taken_away(statement, denies, limits, catalogue()) is None:
            continue
        for request in (r for r in WORLD if applies(statement, r)):
            allowed, _ = decision(allows, request)
            assert not allowed or decision(denies, request)[1]


@quick
@given(st.lists(statements(), min_size=1, max_size=3))
def test_values_that_others_cover_can_go(made: list[Statement]) -> None:
    """The fix of a list takes nothing away that the list says."""
    assert difference(made, [_shorter(s) for s in made]) is None


def _shorter(statement: Statement) -> Statement:
    resources = statement.resources
    assert resources is not None
    actions = [normal(v.lower()) for v in statement.actions.values]
    gone = {n for n, _ in each_covered(actions, action_atom_covers)}
    others = {n for n, _ in each_covered(list(map(normal, resources.values)), resource_atom_covers)}
    return attrs.evolve(
        statement,
        actions=_without(statement.actions, gone),
        resources=_without(resources, others),
    )


def _without(elements: Elements, gone: set[int]) -> Elements:
    left = tuple(v for n, v in enumerate(elements.values) if n not in gone)
    return Elements(left, elements.negated)
