"""The prover against judges that share nothing with it: an evaluator of its own, and z3.

Policies are small and close to each other, so that what tells them apart is mostly a detail.
"""

from __future__ import annotations

import os
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
from comparator import catalogue
from decisions import Request, decide, statements
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutants import equivalents, mutants
from prove_documents import (
    CALLERS,
    about_callers,
    as_caller,
    document,
    layers,
    near,
    requests,
    some_services,
    statement,
)
from real_policies import sample_of_managed, sample_of_published
from witnesses import asked_again, decided

from iamdsl import prove, simulate
from iamdsl.iam import from_json
from iamdsl.prove import Permissions

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY = int(os.environ.get("IAMDSL_PROVE_EXAMPLES", "80"))
"""Pairs of random policies for each property; in CI the same ones each time."""

few = settings(
    max_examples=MANY,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
seeds = st.integers(0, 1 << 32)


def _permissions(documents: Sequence[dict[str, Any]]) -> Permissions:
    return Permissions(tuple(from_json(d).statements for d in documents))


@few
@given(seeds)
def test_equivalent_agrees_with_brute_force(seed: int) -> None:
    """A yes means that no request is decided otherwise; a no comes with one that is."""
    choice = random.Random(seed)  # noqa: S311
    first = document(choice, 3)
    second = document(choice, 3) if choice.random() < 0.5 else near(choice, first)
    one, other = statements([first]), statements([second])
    answer = prove.equivalent(
        from_json(first).statements, from_json(second).statements, some_services()
    )
    if answer.verdict == "yes":
        for request in requests(choice, 2):
            assert decide(one, request) == decide(other, request), (first, second, request)
    elif answer.witness is not None:
        request = asked_again(answer.witness)
        found = decide(one, request), decide(other, request)
        assert found == (answer.before, answer.after), (first, second, request)
        assert found[0] != found[1]


@few
@given(seeds)
def test_implies_and_disjoint_agree_with_brute_force(seed: int) -> None:
    """Effective permissions, of several layers each of which must allow, are compared as such."""
    choice = random.Random(seed)  # noqa: S311
    first, second = layers(choice, 3), layers(choice, 2)
    if choice.random() < 0.4:
        second = first[:1] if choice.random() < 0.5 else [*first, *layers(choice, 1)]
        first, second = (first, second) if choice.random() < 0.5 else (second, first)
    one, other = _permissions(first), _permissions(second)
    for verb, broken in ((prove.implies, False), (prove.disjoint, True)):
        answer = verb(one, other, some_services())
        if answer.verdict == "yes":
            for request in requests(choice, 1):
                if decided(first, request) == "Allow":
                    assert (decided(second, request) == "Allow") != broken, (first, second, request)
        elif answer.witness is not None:
            request = asked_again(answer.witness)
            assert decided(first, request) == "Allow", (first, second, request)
            assert (decided(second, request) == "Allow") == broken, (first, second, request)


@few
@given(seeds)
def test_never_and_always_agree_with_brute_force(seed: int) -> None:
    """What a guard promises holds for every request of its box."""
    choice = random.Random(seed)  # noqa: S311
    made, box = layers(choice, 2), [{**statement(choice), "Effect": "Allow"}]
    wanted = from_json({"Version": "2012-10-17", "Statement": box}).statements
    inside = statements([{"Version": "2012-10-17", "Statement": box}])
    never = prove.never(_permissions(made), wanted, some_services())
    always = prove.always(_permissions(made), wanted, some_services())
    for request in requests(choice, 1):
        if decide(inside, request) == "Allow":
            allowed = decided(made, request) == "Allow"
            assert not (never.verdict == "yes" and allowed), (made, box, request)
            assert not (always.verdict == "yes" and not allowed), (made, box, request)
    for answer, allowed in ((never, True), (always, False)):
        if answer.witness is not None:
            request = asked_again(answer.witness)
            assert decide(inside, request) == "Allow"
            assert (decided(made, request) == "Allow") == allowed


@few
@given(seeds)
def test_changes_tell_what_is_gained_and_lost(seed: int) -> None:
    """Each group of changes has a request that shows it, and no change is a proved yes."""
    choice = random.Random(seed)  # noqa: S311
    first, second = layers(choice, 2), layers(choice, 2)
    before, after = _permissions(first), _permissions(second)
    found = prove.changes(before, after, some_services())
    for groups, old, new in ((found.gained, first, second), (found.lost, second, first)):
        for change in groups:
            request = asked_again(change.witness)
            assert decided(new, request) == "Allow"
            assert decided(old, request) != "Allow"
    if not found:
        assert prove.implies(before, after, some_services())
        assert prove.implies(after, before, some_services())


@few
@given(seeds)
def test_keys_about_the_caller_go_with_the_caller(seed: int) -> None:
    """No counterexample has a caller with the ARN of another, and no yes misses one."""
    choice = random.Random(seed)  # noqa: S311
    first, second = about_callers(choice), about_callers(choice)
    one, other = statements([first]), statements([second])
    answer = prove.equivalent(
        from_json(first).statements, from_json(second).statements, some_services()
    )
    for kind, who in CALLERS:
        request = Request("s3:GetObject", "arn:aws:s3:::a", (kind, who), as_caller(kind, who))
        if answer.verdict == "yes":
            assert decide(one, request) == decide(other, request), (first, second, request)
    if answer.witness is not None:
        asked = simulate.filled(answer.witness._replace(context={})).context
        for key, values in answer.witness.context.items():
            # Of services and anonymous callers AWS does not say what each key holds.
            known = key in asked or "aws:principalarn" in asked
            assert not known or asked.get(key, ()) == values, (first, second, answer.witness)
        request = asked_again(answer.witness)
        assert decide(one, request) != decide(other, request), (first, second, request)


REAL = [*sample_of_managed(), *sample_of_published()]


@pytest.mark.parametrize("number", range(8))
def test_no_damage_to_a_real_policy_passes(number: int) -> None:
    """Whatever is weakened or dropped in a policy is noticed, with a request that shows it."""
    noticed = unnoticed = unknown = 0
    for name, real in REAL[number::40]:
        choice = random.Random(name)  # noqa: S311
        given = from_json(real).statements
        for mutant in mutants(real, choice):
            try:
                changed = from_json(mutant.document).statements
            except ValueError:
                continue  # the damage is no policy any more
            answer = prove.equivalent(given, changed, catalogue())
            if answer.verdict == "unknown":
                # Texts with variables under another operator: seldom, and never taken for a yes.
                assert answer.reason.startswith("no values were found"), (name, answer.reason)
                unknown += 1
                continue
            if answer.witness is None:
                unnoticed += 1
                _no_difference(real, mutant.document, choice, f"{name}: {mutant.change}")
                continue
            noticed += 1
            request = asked_again(answer.witness)
            found = (
                decide(statements([real]), request),
                decide(statements([mutant.document]), request),
            )
            assert found == (answer.before, answer.after), (name, mutant.change, request)
    assert noticed > 10 * unnoticed
    assert noticed > 10 * unknown


def _no_difference(
    first: dict[str, Any], second: dict[str, Any], choice: random.Random, what: str
) -> None:
    """Look for a request on which damage that the prover says is none makes a difference."""
    from comparator import compare

    found = compare([first], [second], seed=choice.randrange(1000), rounds=50)
    # A sample may name `<third-party-resource>`, which is no resource that a request can have.
    assert found is None or not re.match(r"arn:.*:.*:.*:.*:|\*$", found.request.resource), what


@pytest.mark.parametrize("number", range(4))
def test_other_spellings_of_a_real_policy_mean_the_same(number: int) -> None:
    """Order, case, one statement for each action, and spellings of conditions change nothing."""
    for name, real in REAL[number::20]:
        for other in equivalents(real, random.Random(name)):  # noqa: S311
            first, second = (from_json(d).statements for d in (real, other.document))
            assert prove.equivalent(first, second, catalogue()), (name, other.change)
