"""How small policies become, on a fixed sample, and that they still say the same.

What they say is compared by `reexpansion`, which has no code of iamdsl's; `tests/bench/fit.py` has
all policies, and the peers.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import pytest
from comparator import catalogue
from real_policies import sample_of_managed
from reexpansion import Universe, differences, listed

from iamdsl.fit import minimize
from iamdsl.fit.pack import pack
from iamdsl.fit.shrink import shrink
from iamdsl.iam import Policy, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MANAGED = 6144
SAMPLE = 150
UNITED = 60
# What was reached, rounded up: of the characters of all, and managed policies for the union.
SHARE = 0.966
SHARES_OF_UNION = {"never": (0.634, 7), "words": (0.522, 6), "max": (0.411, 5)}


@cache
def universe() -> Universe:
    """Return all actions of the catalogue."""
    known = catalogue()
    return Universe(f"{s}:{name}" for s in known.services() for name in known.names(s))


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Return the sample, without Sids."""
    return {
        real.name: {
            "Version": "2012-10-17",
            "Statement": [
                {k: v for k, v in s.items() if k != "Sid"}
                for s in listed(real.document["Statement"])
            ],
        }
        for real in sample_of_managed()[:SAMPLE]
    }


def union() -> dict[str, Any]:
    """Return policies of a customer's size as one."""
    small = [d for d in documents().values() if len(text(d)) <= MANAGED][:UNITED]
    return {"Version": "2012-10-17", "Statement": [s for d in small for s in d["Statement"]]}


def text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def characters(some: Iterable[Mapping[str, Any]]) -> int:
    return sum(len(text(document)) for document in some)


def said(one: str | list[str], **more: Any) -> dict[str, Any]:
    """Return a document of one statement."""
    statement = {"Effect": "Allow", "Action": one, "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def found(before: dict[str, Any], after: dict[str, Any]) -> set[bool]:
    """Return whether something was lost, gained, or both."""
    return {difference.lost for difference in differences([before], [after], universe())}


def test_managed_policies_stay_as_small() -> None:
    """A change of the minimizer that costs characters should be seen, and none may cost meaning."""
    made = {n: to_json(minimize(from_json(d), sids="drop")) for n, d in documents().items()}
    differing = [n for n, d in made.items() if any(differences([documents()[n]], [d], universe()))]
    assert not differing
    assert not [n for n, d in made.items() if len(text(d)) > len(text(documents()[n]))]
    assert characters(made.values()) <= SHARE * characters(documents().values())


@pytest.mark.parametrize("wildcards", SHARES_OF_UNION)
def test_a_union_stays_as_small(wildcards: Literal["never", "words", "max"]) -> None:
    """Roles grow by joining what others wrote: there most is to be saved, and most can go wrong."""
    given = union()
    small = minimize(from_json(given), sids="drop")
    if wildcards != "never":
        small = shrink(small, catalogue(), wildcards).policy
    packing = pack(small.statements, MANAGED)
    assert packing is not None
    made = [to_json(Policy(statements)) for statements in packing.others]
    assert not [str(d) for d in differences([given], made, universe())]
    assert max(map(len, map(text, made))) <= MANAGED
    share, policies = SHARES_OF_UNION[wildcards]
    assert len(text(to_json(small))) <= share * len(text(given))
    assert len(made) <= policies


BUCKETS = {"Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]}
TEAMS = {"StringEquals": {"aws:PrincipalTag/team": ["a", "b"]}}
TEAM = {"StringEquals": {"AWS:principaltag/team": "a"}}


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        (said("s3:Get*"), said(["s3:GetObject", "s3:Get*"]), set()),
        (said("s3:GetObject"), said("s3:GetObject*"), {False}),
        (said(["s3:GetObject", "s3:PutObject"]), said("s3:PutObject"), {True}),
        (said("newsvc:*"), said([]), {True}),
        (said("newsvc:Open"), said("newsvc:*"), {False}),
        (said("s3:PutObject", Condition=TEAMS), said("s3:PutObject"), {False}),
        (said("s3:PutObject", Condition=TEAMS), said("s3:PutObject", Condition=TEAM), {True}),
        (said("s3:PutObject"), said("s3:PutObject", **BUCKETS), {True}),
    ],
)
def test_the_judge_notices(before: dict[str, Any], after: dict[str, Any], lost: set[bool]) -> None:
    """A comparison that never finds anything would let everything pass."""
    assert found(before, after) == lost


def test_the_judge_puts_pieces_together() -> None:
    """What is said in several statements is the same as in one; a cross product is not."""
    whole = said("s3:PutObject", Condition=TEAMS, **BUCKETS)
    parts = [
        said("s3:PutObject", Condition={"StringEquals": {"aws:PrincipalTag/team": team}}, **BUCKETS)
        for team in "ab"
    ]
    assert not list(differences([whole], parts, universe()))
    first, second = BUCKETS["Resource"]
    apart = [said("s3:PutObject", Resource=first), said("s3:GetObject", Resource=second)]
    crossed = said(["s3:PutObject", "s3:GetObject"], **BUCKETS)
    assert {d.lost for d in differences(apart, [crossed], universe())} == {False}
