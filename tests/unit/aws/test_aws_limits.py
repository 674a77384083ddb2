"""The figures of AWS's quota pages, and how an account's own are laid over them."""

from __future__ import annotations

import pytest

from iamdsl.aws.limits import LIMITS, LimitError
from iamdsl.aws.names import name_problem


@pytest.mark.parametrize(
    ("kind", "service", "value", "maximum", "white_space"),
    [
        ("managed", "", 6144, 6144, False),
        ("boundary", "", 6144, 6144, False),
        ("inline-role", "", 10240, 10240, False),
        ("inline-user", "", 2048, 2048, False),
        ("inline-group", "", 5120, 5120, False),
        ("trust", "", 2048, 8192, False),
        ("session", "", 2048, 2048, True),
        ("scp", "", 10240, 10240, True),
        ("rcp", "", 5120, 5120, True),
        ("resource", "s3", 20480, 20480, True),
        ("resource", "kms", 32768, 32768, True),
        ("resource", "sqs", 8192, 8192, True),
        ("resource", "sns", 30720, 30720, True),
    ],
)
def test_size_limits_are_those_of_the_pages(
    kind: str, service: str, value: int, maximum: int, white_space: bool
) -> None:
    """A wrong size makes policies that AWS refuses, or splits what would fit."""
    limit = LIMITS.policy_size(kind, service)

    assert limit is not None
    assert (limit.value, limit.maximum) == (value, maximum)
    assert limit.counts_white_space == white_space


def test_services_without_a_published_size_have_none() -> None:
    """No figure is better than an invented one."""
    assert LIMITS.policy_size("resource", "backup") is None
    assert LIMITS.policy_size("nothing") is None


def test_attachments_of_each_identity() -> None:
    """Roles were raised from 10 to 20 in 2026; groups cannot be raised."""
    found = {k: LIMITS.attachments(k) for k in ("role", "user", "group", "permission_set")}

    assert {k: (v.value, v.maximum) for k, v in found.items()} == {
        "role": (20, 25),
        "user": (10, 20),
        "group": (10, 10),
        "permission_set": (20, 25),
    }
    assert found["role"].quota == "L-0DA4ABF3"


def test_every_limit_is_possible() -> None:
    """The value lies between minimum and maximum, and each has a page to look at."""
    for name in LIMITS.names():
        limit = LIMITS[name]
        assert limit.minimum <= limit.value, name
        assert limit.maximum is None or limit.value <= limit.maximum, name
        assert limit.page, name


def test_overrides_are_laid_over_the_table() -> None:
    """An account whose quota was raised may use it; the shared table stays as it is."""
    raised = LIMITS.with_overrides({"managed-policies-per-role": 25, "trust-policy-size": 4096})

    assert raised.value("managed-policies-per-role") == 25
    assert raised.value("trust-policy-size") == 4096
    assert not raised["managed-policies-per-role"].raisable
    assert LIMITS.value("managed-policies-per-role") == 20


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("managed-policies-per-role", 26, "at most 25"),
        ("managed-policies-per-rol", 20, "did you mean `managed-policies-per-role`"),
        ("nothing-like-it-at-all", 20, "is no limit"),
        ("role-inline-size", 20000, "at most 10,240"),
        ("roles", 0, "at least 1"),
        ("roles", True, "whole number"),
        ("roles", "5", "whole number"),
    ],
)
def test_overrides_that_aws_does_not_grant_are_refused(name: str, value: int, said: str) -> None:
    """A figure AWS would not grant builds what AWS will not take."""
    with pytest.raises(LimitError, match=said):
        LIMITS.with_overrides({name: value})


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody wants to mend a file line by line."""
    with pytest.raises(LimitError) as told:
        LIMITS.with_overrides({"roles": 0, "users": 9000})

    assert len(str(told.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("role", "a" * 64),
        ("user", "alice@example.com"),
        ("path", "/"),
        ("path", "/a/b/"),
        ("policy-path", "/team-1/"),
        ("sid", "AllowAll1"),
        ("sid-resource", "Enable IAM User Permissions"),
        ("tag-key", "Kostenstelle für µ/1"),
        ("tag-value", ""),
        ("account", "012345678901"),
        ("organization", "o-abc1234567"),
        ("ou", "ou-ab12-11111111"),
    ],
)
def test_names_that_aws_takes(kind: str, text: str) -> None:
    """What AWS takes must not be refused."""
    assert name_problem(kind, text) == ""


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("role", "a" * 65, "has 65 characters, at most 64 are allowed"),
        ("role", "", "no fewer than 1 is allowed"),
        ("role", "rôle", "is not made of letters"),
        ("role", "two words", "is not made of letters"),
        ("role", "name\n", "is not made of letters"),
        ("path", "team", "is not `/`"),
        ("path", "/team", "is not `/`"),
        ("policy-path", "/a!/", "is not names"),
        ("sid", "Allow-All", "is not made of letters and digits"),
        ("sid-lambda", "", "no fewer"),
        ("tag-key", "AWS:x", "AWS keeps"),
        ("tag-key", "a*", "is not made of letters"),
        ("account", "12345678901", "has 11 characters"),
        ("account", "12345678901x", "is not twelve digits"),
    ],
)
def test_names_that_aws_refuses(kind: str, text: str, said: str) -> None:
    """The message says what is wrong in words that go on from the name."""
    assert said in name_problem(kind, text)
