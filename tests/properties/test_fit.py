from __future__ import annotations

import attrs
import pytest
from comparator import catalogue
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from policy_meaning import decided_otherwise, difference, long_statements, policies, statements

from iamdsl.aws.limits import LIMITS, Limits
from iamdsl.diagnostics import Report
from iamdsl.fit import MeaningChangedError, Settings, fit, minimize, verify
from iamdsl.fit.pack import pack
from iamdsl.iam import (
    Build,
    Document,
    Elements,
    Identity,
    Policy,
    Statement,
    from_json,
    minified,
    size,
    statement_size,
    to_json,
)

quick = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@quick
@given(policies(), st.sampled_from(("keep", "drop")))
def test_minimizing_keeps_every_decision(policy: Policy, sids: str) -> None:
    """A smaller policy that allows more or denies less would be worse than none."""
    small = minimize(policy, sids="keep" if sids == "keep" else "drop")
    assert difference(policy.statements, small.statements) is None
    verify(policy.statements, small.statements, catalogue())


@quick
@given(policies())
def test_minimizing_never_grows(policy: Policy) -> None:
    """People turn to the minimizer when a policy is too large."""
    small = minimize(policy)
    assert size(small) <= size(policy)
    assert size(minimize(small)) <= size(small)


@quick
@given(policies(), st.randoms(use_true_random=False))
def test_order_of_statements_does_not_change_the_meaning(policy: Policy, random: object) -> None:
    """Templates may be used in any order."""
    shuffled = list(policy.statements)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    small = minimize(Policy(tuple(shuffled)))
    verify(minimize(policy).statements, small.statements, catalogue())
    assert difference(policy.statements, small.statements) is None


@quick
@given(policies())
def test_named_statements_stay(policy: Policy) -> None:
    """The author's names are looked for in AWS's logs and consoles."""
    names = [s.sid for s in policy.statements if s.sid]
    assert sorted(s.sid for s in minimize(policy).statements if s.sid) == sorted(names)
    assert not any(s.sid for s in minimize(policy, sids="drop").statements)


@quick
@given(policies())
def test_size_is_that_of_the_minified_text(policy: Policy) -> None:
    """A limit kept by an estimate is a limit broken at deployment."""
    assert size(policy) == len(minified(to_json(policy)))


@quick
@given(policies())
def test_json_comes_back_as_it_went(policy: Policy) -> None:
    """What is emitted has to be what was meant."""
    keys = [{e.key.lower(): e.key for e in s.condition} for s in policy.statements]
    assume(
        all(
            len(k) == len({e.key for e in s.condition})
            for k, s in zip(keys, policy.statements, strict=True)
        )
    )
    assert from_json(to_json(policy)) == policy


@quick
@given(policies(), st.integers(min_value=0, max_value=150), st.booleans())
def test_packing_keeps_every_decision_and_every_limit(
    policy: Policy, spare: int, first: bool
) -> None:
    """Several policies attached to one identity mean what one meant; none may be refused."""
    whole = attrs.evolve(
        policy, statements=tuple(attrs.evolve(s, principals=None) for s in policy.statements)
    )
    # Room for the least that some statement can be cut to, and a little more.
    limit = 200 + spare
    packing = pack(whole.statements, limit, limit + 60 if first else None)
    assume(packing is not None)
    assert packing is not None
    pieces = [s for d in (packing.first, *packing.others) for s in d]
    assert difference(whole.statements, pieces) is None
    verify(whole.statements, pieces, catalogue())
    assert all(size(Policy(d)) <= limit for d in packing.others)
    assert not packing.first or size(Policy(packing.first)) <= limit + 60
    assert len(packing.others) >= packing.fewest
    sids = [s.sid for s in pieces if s.sid]
    assert len(set(sids)) == len(sids)


@quick
@given(long_statements(), st.integers(200, 600))
def test_cutting_keeps_the_meaning_of_conditions(statement: Statement, limit: int) -> None:
    """Values of a negated operator, or under `ForAllValues`, are no alternatives."""
    packing = pack((statement,), limit)
    if packing is not None:
        pieces = [s for d in packing.others for s in d]
        assert difference((statement,), pieces) is None
        assert all(size(Policy(d)) <= limit for d in packing.others)


@quick
@given(policies(), st.sampled_from(("auto", "managed", "inline")), st.integers(250, 1200))
def test_a_fitted_role_means_what_it_said(policy: Policy, place: str, room: int) -> None:
    """Wherever its statements go, a role can do what its source says."""
    own = Policy(tuple(attrs.evolve(s, principals=None) for s in policy.statements))
    table = {n: LIMITS[n] for n in LIMITS.names()}
    for name, value in (("managed-policy-size", room), ("role-inline-size", room // 2)):
        table[name] = table[name]._replace(value=value)
    report = Report()
    role = Identity("role", "r", own=own, place=place)  # type: ignore[arg-type]
    settings = Settings(Limits(table), catalogue=catalogue())
    fitted = fit(Build((), (role,)), settings, report).build
    there = [s for d in fitted.documents for s in d.policy.statements]
    there += [s for i in fitted.identities for _, p in i.inline for s in p.statements]
    assert difference(own.statements, there) is None
    if not report.failed:
        assert all(size(d.policy) <= room for d in fitted.documents)
        assert sum(size(p) for i in fitted.identities for _, p in i.inline) <= room // 2


@quick
@given(policies(), st.data())
def test_the_check_notices_what_the_evaluator_notices(policy: Policy, data: st.DataObject) -> None:
    """The check runs in every build; a yes of it has to be a yes."""
    broken = list(minimize(policy).statements)
    at = data.draw(st.integers(0, len(broken) - 1))
    broken[at : at + 1] = data.draw(st.sampled_from(_broken(broken[at])))
    if decided_otherwise(policy.statements, broken) is not None:
        with pytest.raises(MeaningChangedError):
            verify(policy.statements, broken, catalogue())


@quick
@given(st.lists(statements(True), max_size=3), st.lists(statements(True), max_size=3))
def test_the_check_is_right_about_any_two(first: list[Statement], second: list[Statement]) -> None:
    """The check may not rest on what the minimizer happens to do."""
    both = [*first, *second]
    if decided_otherwise(first, both) is not None:
        with pytest.raises(MeaningChangedError):
            verify(first, both, catalogue())


def _broken(statement: Statement) -> list[list[Statement]]:
    """Return ways to change a statement, nearly all of which change its meaning."""
    what, where = statement.actions, statement.resources
    ways: list[list[Statement]] = [
        [],
        [attrs.evolve(statement, effect="Deny" if statement.effect == "Allow" else "Allow")],
        [attrs.evolve(statement, condition=())],
        [attrs.evolve(statement, actions=Elements(what.values, not what.negated))],
        [attrs.evolve(statement, actions=Elements((*what.values, "sqs:Send"), what.negated))],
        [attrs.evolve(statement, actions=Elements(what.values[:1], what.negated))],
        [attrs.evolve(statement, principals=None)],
    ]
    if where is not None:
        wide = Elements((*where.values, "arn:aws:s3:::a/*"), where.negated)
        ways += [
            [attrs.evolve(statement, resources=wide)],
            [
                attrs.evolve(
                    statement, resources=Elements(where.values[1:] or ("x",), where.negated)
                )
            ],
        ]
    for i, entry in enumerate(statement.condition):
        for values in (entry.values[1:] or ("7",), (*entry.values, "5")):
            changed = attrs.evolve(entry, values=values)
            condition = (*statement.condition[:i], changed, *statement.condition[i + 1 :])
            ways.append([attrs.evolve(statement, condition=condition)])
    return ways


def test_fifty_statements_are_split_exactly() -> None:
    """The sum of a document's parts is its size, or packing would drift from the truth."""
    many = tuple(
        Statement("Allow", Elements((f"s3:Get{i}",)), Elements(("*",) * (i % 3 + 1)))
        for i in range(50)
    )
    whole = Build((Document("managed", "p", Policy(many)),))
    build = fit(whole, Settings(LIMITS), Report()).build
    for document in build.documents:
        parts = document.policy.statements
        frame = size(Policy(()))
        assert size(document.policy) == frame + sum(map(statement_size, parts)) + len(parts) - 1
