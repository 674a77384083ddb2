from __future__ import annotations

import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from comparator import catalogue

from iamdsl.fit import minimize, verify
from iamdsl.fit._set_cover import Choice, cover
from iamdsl.fit.shrink import Shrunk, shrink
from iamdsl.fit.today import newly_granted, today
from iamdsl.iam import Policy, action_covers, from_json, size, to_json

B1, B2 = "arn:aws:s3:::b1/*", "arn:aws:s3:::b2/*"
GET_BUCKET = list(catalogue().match("s3:GetBucket*"))
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:q"


def _allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _policy(*statements: dict[str, Any]) -> Policy:
    return minimize(from_json({"Version": "2012-10-17", "Statement": list(statements)}))


def _shrunk(*statements: dict[str, Any], reach: Any = "words", **more: Any) -> Shrunk:
    given = _policy(*statements)
    made = shrink(given, catalogue(), reach, **more)
    narrowed = today(made.policy.statements, catalogue(), more.get("known", ()))
    verify(given.statements, made.policy.statements, catalogue(), narrowed=narrowed)
    assert size(made.policy) <= size(given)
    return made


def _actions(made: Shrunk) -> list[Any]:
    return [s["Action"] for s in to_json(made.policy)["Statement"]]


# Patterns ------------------------------------------------------------------------------------


def test_a_family_of_actions_becomes_their_common_words() -> None:
    """The readable pattern that a person would have written is what is looked for first."""
    made = _shrunk(_allow([*GET_BUCKET, "s3:PutObject"], B1))
    assert _actions(made) == [["s3:GetBucket*", "s3:PutObject"]]
    (only,) = made.wildcards
    assert only.pattern == "s3:GetBucket*"
    assert only.matched == tuple(GET_BUCKET)
    assert only.levels == ("Read",)
    assert only.saved == sum(len(name) + 3 for name in GET_BUCKET) - len('"s3:GetBucket*",')


def test_a_whole_service_becomes_one_pattern() -> None:
    """Peers list every letter instead, where nothing is left that could not be granted."""
    made = _shrunk(_allow(list(catalogue().match("sqs:*")), QUEUE))
    assert _actions(made) == ["sqs:*"]
    levels = ("List", "Read", "Write", "Permissions management", "Tagging")
    assert set(made.wildcards[0].levels) <= set(levels)
    assert len(made.wildcards[0].levels) > 2


def test_a_name_that_begins_like_the_others_is_not_swallowed() -> None:
    """Half a family is not the family: `GetBucket*` would grant what was left out."""
    made = _shrunk(_allow(GET_BUCKET[1:], B1))
    assert GET_BUCKET[0] not in {a for w in made.wildcards for a in w.matched}


def test_one_action_alone_keeps_its_name() -> None:
    """A pattern in place of one name saves little, and what it may come to match is not little."""
    made = _shrunk(_allow(["iam:PassRole", "s3:GetBucketLocation"]))
    assert not made.wildcards
    assert _shrunk(_allow("iam:PassRole"), reach="max").wildcards


def test_cuts_inside_words_are_for_max_only() -> None:
    """`s3:GetB*` is shorter, and nobody can tell what it is about."""
    few = _shrunk(_allow([*GET_BUCKET, "s3:PutObject"], B1), reach="max")
    assert size(few.policy) < size(_shrunk(_allow([*GET_BUCKET, "s3:PutObject"], B1)).policy)


def test_a_trailing_wildcard_is_all_that_an_scp_surely_takes() -> None:
    """AWS's validator still refuses wildcards elsewhere in the actions of an SCP."""
    tagging = [a for a in catalogue().match("ec2:*") if a.endswith("Tags") or "Vpc" in a]
    for reach in ("words", "max"):
        made = _shrunk(_allow(tagging), reach=reach, trailing=True)
        assert made.wildcards
        assert all(w.pattern.index("*") == len(w.pattern) - 1 for w in made.wildcards)


# What must stay ------------------------------------------------------------------------------


def test_a_pattern_of_the_source_keeps_what_aws_adds() -> None:
    """`s3:Get*` grants tomorrow's actions too; the names it matches today do not."""
    made = _shrunk(_allow(["s3:Get*", *catalogue().match("s3:List*")], B1))
    assert _actions(made) == [["s3:Get*", "s3:List*"]]
    assert [w.pattern for w in made.wildcards] == ["s3:List*"]


def test_what_the_catalogue_does_not_know_is_kept() -> None:
    """A peer drops unknown actions, and leaves statements with none at all."""
    made = _shrunk(_allow(["s3:XyzNew", "s3:XyzOld", "newsvc:Get1", "newsvc:Get2", "s3:Xya*"]))
    assert _actions(made) == [["newsvc:Get1", "newsvc:Get2", "s3:Xya*", "s3:XyzNew", "s3:XyzOld"]]


@pytest.mark.parametrize("named", ["elsewhere", "known"])
def test_an_action_that_somebody_names_exists(named: str) -> None:
    """A pattern may not grant what the author uses elsewhere, whether or not AWS lists it."""
    given = [_allow(GET_BUCKET, B1)]
    if named == "elsewhere":
        made = _shrunk(*given, _allow("s3:GetBucketSecret", B2))
    else:
        made = _shrunk(*given, known=["S3:getbucketsecret"])
    assert "s3:GetBucket*" not in {w.pattern for w in made.wildcards}
    assert _shrunk(*given).wildcards[0].pattern == "s3:GetBucket*"
    own = _shrunk(_allow([*GET_BUCKET, "s3:GetBucketSecret"], B1))
    assert _actions(own) == ["s3:GetBucket*"]


def test_a_deny_and_an_except_stay_as_they_are() -> None:
    """A pattern in a NotAction would take tomorrow's actions from a grant, or from a deny."""
    deny = {**_allow(GET_BUCKET, B1), "Effect": "Deny"}
    leave = {"Effect": "Allow", "NotAction": GET_BUCKET, "Resource": B2}
    assert not _shrunk(deny, leave).wildcards
    both = shrink(_policy(deny, leave), catalogue(), "words", denies=True)
    assert [w.pattern for w in both.wildcards] == ["s3:GetBucket*"]
    assert both.policy.statements[1].actions.negated


# Granted anyway -----------------------------------------------------------------------------


def _half(**more: Any) -> list[dict[str, Any]]:
    return [_allow(GET_BUCKET[::2], B1), _allow(GET_BUCKET[1::2], "arn:aws:s3:::*", **more)]


def test_a_pattern_may_match_what_another_statement_grants() -> None:
    """Two statements that share a family can both name it whole where one is the wider."""
    made = _shrunk(*_half())
    first = next(s for s in made.policy.statements if s.resources and B1 in s.resources.values)
    assert first.actions.values == ("s3:GetBucket*",)


@pytest.mark.parametrize(
    "more",
    [
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Resource": "arn:aws:s3:::b2/*"},
        {"Resource": ["arn:aws:s3:::b1/*", "arn:aws:s3:::b2/${aws:username}"]},
        {"Effect": "Deny"},
    ],
)
def test_what_is_not_granted_everywhere_there_is_not_matched(more: dict[str, Any]) -> None:
    """A grant that a missing key, another resource or a deny may take away is no grant."""
    made = _shrunk(_half()[0], {**_half()[1], **more})
    first = next(s for s in made.policy.statements if s.resources and B1 in s.resources.values)
    assert "s3:GetBucket*" not in first.actions.values


# No more than is needed ---------------------------------------------------------------------


def _risky() -> list[str]:
    return [*catalogue().match("iam:List*"), *catalogue().match("iam:Delete*")]


def test_what_fits_is_left_alone() -> None:
    """Nobody wants a pattern that no limit asks for."""
    given = _policy(_allow(_risky()))
    assert shrink(given, catalogue(), "max", target=size(given)) == Shrunk(given)


def test_reading_comes_before_writing_and_then_it_stops() -> None:
    """A pattern over List actions can do the least harm when AWS adds one."""
    given = _policy(_allow(_risky()))
    once = _shrunk(_allow(_risky()), reach="max", target=size(given) - 20)
    assert len(once.wildcards) == 1
    assert once.wildcards[0].levels == ("List",)
    assert size(once.policy) <= size(given) - 20
    more = _shrunk(_allow(_risky()), reach="max", target=size(given) // 8)
    assert {w for x in more.wildcards for w in x.levels} > {"List"}
    least = shrink(given, catalogue(), "max")
    never = shrink(given, catalogue(), "max", target=10)
    assert size(never.policy) == size(least.policy)


# Today, and after an update ------------------------------------------------------------------


def test_today_writes_patterns_out() -> None:
    """The proof that nothing was gained asks for exactly these actions."""
    given = _policy(_allow(["s3:GetBucket*", "s3:New", "newsvc:Get*"], B1), _allow("zzz:A*", B2))
    (only,) = today(given.statements, catalogue(), ["S3:GetBucketSecret"])
    assert sorted(only.actions.values) == sorted([*GET_BUCKET, "S3:GetBucketSecret", "s3:New"])
    whole = _policy(_allow("*"), {"Effect": "Allow", "NotAction": "s3:Get*", "Resource": B1})
    assert today(whole.statements, catalogue()) == whole.statements


def test_what_a_pattern_newly_grants_is_told() -> None:
    """A renewed catalogue is when a committed wildcard can be looked at once more."""
    assert newly_granted("s3:GetBucket*", GET_BUCKET, catalogue()) == ()
    before = [name.upper() for name in GET_BUCKET[2:]]
    assert newly_granted("s3:GetBucket*", before, catalogue()) == tuple(GET_BUCKET[:2])


# The cover ----------------------------------------------------------------------------------


def test_a_cover_of_few_sets_costs_the_least_there_is() -> None:
    """Small services are solved exactly; greed alone is up to twice as dear."""
    for seed in range(60):
        random = Random(seed)  # noqa: S311  # a test
        wanted = (1 << 6) - 1
        choices = [Choice(1 << i, 9, f"e{i}") for i in range(6)]
        choices += [
            Choice(random.randrange(1, wanted + 1), random.randrange(8, 30), f"s{i}")
            for i in range(7)
        ]
        found = cover(wanted, random.sample(choices, len(choices)))
        assert found == cover(wanted, choices)
        costs = [
            sum(c.cost for c in some)
            for n in range(1, 7)
            for some in combinations(choices, n)
            if _union(some) == wanted
        ]
        assert sum(c.cost for c in found) == min(costs)
        assert _union(found) == wanted


def _union(some: Any) -> int:
    whole = 0
    for choice in some:
        whole |= choice.holds
    return whole


# The same bytes -----------------------------------------------------------------------------

_SCRIPT = """
import test_shrink as t
from iamdsl.iam import minified
names = [a for a in t.catalogue().match("ec2:*") if "Vpc" in a or "Tag" in a]
given = t._policy(t._allow(names), t._allow(t.GET_BUCKET, t.B1), t._allow(t.GET_BUCKET[2:], t.B2))
for reach in ("words", "max"):
    print(minified(t.to_json(t.shrink(given, t.catalogue(), reach).policy)))
"""


def test_the_hash_seed_changes_nothing() -> None:
    """A build on another machine has to have the same bytes."""
    tests = Path(__file__).parents[2]
    paths = os.pathsep.join((str(tests), str(Path(__file__).parent), str(tests.parent)))
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert b"*" in outputs.pop()


def test_what_only_policies_of_aws_name_is_not_swallowed() -> None:
    """`budgets:CreateBudget` is in no reference of AWS's; its own policies grant it."""
    every = [f"budgets:{name}" for name in sorted(catalogue().names("budgets").values())]
    assert "createbudget" in catalogue().named("budgets")
    made = _shrunk(_allow(every), reach="max")
    patterns = [a for s in made.policy.statements for a in s.actions.values]
    assert any("*" in p for p in patterns)
    assert not any(action_covers(p, "budgets:CreateBudget") for p in patterns)
    (all_of_it,) = today(_policy(_allow("budgets:*")).statements, catalogue())
    assert "budgets:CreateBudget" in all_of_it.actions.values
