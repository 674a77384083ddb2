"""Differences of random and real policies: reshuffles are none, and damage shows."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from decisions import Request as Asked
from decisions import decide, statements
from mutants import equivalents, mutants
from prove_documents import document, requests
from real_policies import managed_policies

from iamdsl import iam, simulate
from iamdsl.analysis.difference import Changed, Side, difference
from iamdsl.fit import minimize
from iamdsl.fit.split import cut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.aws import Catalogue

SEEDS = range(12)
REAL = sorted(managed_policies())[::200]


def compare(before: iam.Policy, after: iam.Policy, catalogue: Catalogue) -> Changed | None:
    """Return how two managed policies differ, None where they do not."""
    old, new = (
        Side(iam.Build((iam.Document("managed", "p", policy),)), {}) for policy in (before, after)
    )
    found = difference(old, new, catalogue).subjects
    assert len(found) <= 1
    return found[0] if found else None


def pieces(policy: iam.Policy, choice: random.Random) -> list[iam.Policy]:
    """Return the statements of a policy in several: minimized, cut up, and dealt out."""
    small = list(minimize(policy, sids="drop").statements)
    parts = [p for s in small for p in (cut(s, choice.randint(150, 400), {}) or (s,))]
    choice.shuffle(parts)
    hands = [parts[n::3] for n in range(3)]
    return [iam.Policy(tuple(hand)) for hand in hands if hand]


def check_witnesses(
    changed: Changed, before: Sequence[iam.Statement], after: Sequence[iam.Statement]
) -> None:
    """Assert that each request shown is decided by `simulate` as the difference says."""
    for aspect in changed.aspects:
        for groups, with_it, without in (
            (aspect.gained, after, before),
            (aspect.lost, before, after),
        ):
            for group in groups:
                effects = [simulate.effect(side, group.witness) for side in (with_it, without)]
                if aspect.topic == "denies":
                    assert effects[0] != "Deny", group
                    assert effects[1] == "Deny", group
                else:
                    assert effects[0] == "Allow", group
                    assert effects[1] != "Allow", group


@pytest.mark.parametrize("seed", SEEDS)
def test_reshuffled_policies_mean_the_same(seed: int, catalogue: Catalogue) -> None:
    """Order, case, Sids, minimizing and cutting up are no news, and never pass for access."""
    choice = random.Random(seed)  # noqa: S311
    made = document(choice, 4)
    policy = iam.from_json(made)
    for mutant in equivalents(made, choice):
        changed = compare(policy, iam.from_json(mutant.document), catalogue)
        assert changed is None or not changed.in_meaning, mutant.change
    dealt = pieces(policy, choice)
    role = iam.Identity("role", "r", inline=(("p", policy),))
    split = attrs.evolve(
        role,
        inline=(("p", dealt[0]),),
        managed=tuple(iam.Attachment(f"m{n}", ours=True) for n, _ in enumerate(dealt[1:])),
    )
    documents = tuple(iam.Document("managed", f"m{n}", p) for n, p in enumerate(dealt[1:]))
    sides = (Side(iam.Build((), (role,)), {}), Side(iam.Build(documents, (split,)), {}))
    assert not [c for c in difference(*sides, catalogue).subjects if c.in_meaning]


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_policies_show_it(seed: int, catalogue: Catalogue) -> None:
    """Whatever changes one decision is reported, with requests that are decided as it says."""
    choice = random.Random(seed)  # noqa: S311
    made = document(choice, 4)
    before = iam.from_json(made)
    asked = list(requests(choice, 3))
    for mutant in mutants(made, choice):
        after = iam.from_json(mutant.document)
        changed = compare(before, after, catalogue)
        if changed is not None:
            check_witnesses(changed, before.statements, after.statements)
        if changed is None or not changed.in_meaning:
            assert not list(differing(made, mutant.document, asked)), mutant.change


def differing(
    first: dict[str, Any], second: dict[str, Any], asked: Sequence[Asked]
) -> Iterator[Asked]:
    """Yield the requests that two documents decide differently, by the naive oracle."""
    one, other = statements([first]), statements([second])
    return (request for request in asked if decide(one, request) != decide(other, request))


@pytest.mark.parametrize("name", REAL)
def test_damage_to_real_policies_shows(name: str, catalogue: Catalogue) -> None:
    """AWS's own policies: each kind of damage is decided, and what is shown replays."""
    choice = random.Random(name)  # noqa: S311
    made = managed_policies()[name]
    before = iam.from_json(made)
    for mutant in mutants(made, choice):
        after = iam.from_json(mutant.document)
        changed = compare(before, after, catalogue)
        if changed is None:
            continue
        check_witnesses(changed, before.statements, after.statements)
        assert not changed.is_open, mutant.change
