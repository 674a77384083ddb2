"""Tests of what is known of a request before anybody says it, and of statements that know it."""

from __future__ import annotations

import pytest

from iamdsl.analysis import facts
from iamdsl.analysis.subjects import Place
from iamdsl.iam import Build, Elements, Entry, Statement, Target

BUILD = Build(
    targets=(
        Target("organization", "acme", "o-abc1234567", ("acme",)),
        Target("ou", "work", "ou-ab12-11111111", ("acme", "work")),
        Target("ou", "prod", "ou-ab12-22222222", ("acme", "work", "prod")),
        Target("account", "one", "222233334444", ("acme", "work", "prod", "one")),
        Target("account", "two", "333344445555", ("acme", "two")),
    )
)
HERE = Place("222233334444", "aws", "eu-west-1", (), "one")
PATH = "o-abc1234567/r-ab12/ou-ab12-11111111/ou-ab12-22222222/"


def test_the_way_through_an_organization() -> None:
    """Protects `aws:PrincipalOrgPaths`: the root's id follows from an ou's, and only from that."""
    one = facts.of_caller("arn:aws:iam::222233334444:role/x", None, BUILD)
    two = facts.of_caller("arn:aws:iam::333344445555:role/x", None, BUILD)
    other = facts.of_caller("arn:aws:iam::999988887777:role/x", None, BUILD)
    assert one["aws:principalorgpaths"] == (PATH,)
    assert one["aws:principalorgid"] == two["aws:principalorgid"] == ("o-abc1234567",)
    assert "aws:principalorgpaths" not in two
    assert "aws:principalorgid" not in other


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (
            "service:lambda.amazonaws.com",
            {
                "aws:principalservicename": ("lambda.amazonaws.com",),
                "aws:principalisawsservice": ("true",),
            },
        ),
        ("anonymous", {"aws:principalisawsservice": ("false",)}),
        ("*", {}),
        ("federated:accounts.google.com", {"aws:federatedprovider": ("accounts.google.com",)}),
        (
            "arn:aws:iam::222233334444:saml-provider/okta",
            {"aws:federatedprovider": ("arn:aws:iam::222233334444:saml-provider/okta",)},
        ),
    ],
)
def test_callers_without_an_account(principal: str, expected: dict[str, tuple[str, ...]]) -> None:
    """Protects callers of other kinds: nothing is said of them that only roles and users have."""
    assert facts.of_caller(principal, None, BUILD) == expected


@pytest.mark.parametrize(
    ("resource", "owner", "region", "account"),
    [
        ("arn:aws:sqs:us-east-1:333344445555:q", "222233334444", "us-east-1", "333344445555"),
        ("arn:aws:sqs:*:*:q", "222233334444", "eu-west-1", "222233334444"),
        ("arn:aws:s3:::b/x", "222233334444", "eu-west-1", "222233334444"),
        ("arn:aws:iam::aws:policy/x", "222233334444", "eu-west-1", "222233334444"),
        ("*", "222233334444", "eu-west-1", "222233334444"),
    ],
)
def test_region_and_account_of_a_resource(
    resource: str, owner: str | None, region: str, account: str
) -> None:
    """Protects what an ARN says itself, and what stands for what it does not say."""
    known = facts.of_resource(resource, owner, HERE, BUILD)
    assert known["aws:requestedregion"] == (region,)
    assert known["aws:resourceaccount"] == (account,)


def statement(*entries: Entry, resource: str = "*") -> Statement:
    """Return an allow of everything under some conditions."""
    return Statement("Allow", Elements(("*",)), Elements((resource,)), None, entries)


KNOWN = {"aws:principalarn": ("arn:aws:iam::1:role/a*b",), "aws:username": ()}
ARN = "arn:aws:iam::1:role/a${*}b"


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        (Entry("StringEquals", "aws:PrincipalArn", ("arn:aws:iam::1:role/a*b",)), ()),
        (Entry("StringEquals", "AWS:principalarn", ("arn:aws:iam::1:role/other",)), None),
        (Entry("Null", "aws:username", ("true",)), ()),
        (Entry("Null", "aws:username", ("false",)), None),
        (
            Entry("StringEquals", "aws:SourceVpc", ("vpc-1",)),
            (Entry("StringEquals", "aws:SourceVpc", ("vpc-1",)),),
        ),
        (
            Entry("StringLike", "aws:SourceArn", ("${aws:PrincipalArn}",)),
            (Entry("StringLike", "aws:SourceArn", (ARN,)),),
        ),
        (
            Entry("StringEquals", "aws:PrincipalArn", ("${aws:SourceArn}",)),
            (Entry("StringEquals", "aws:PrincipalArn", ("${aws:SourceArn}",)),),
        ),
    ],
)
def test_statements_that_know_some_keys(entry: Entry, left: tuple[Entry, ...] | None) -> None:
    """Protects proofs about one caller: tests of what is certain are decided, the others stay."""
    found = facts.knowing([statement(entry)], KNOWN)
    assert [s.condition for s in found] == ([] if left is None else [left])


def test_variables_of_resources_are_filled_in_and_escaped() -> None:
    """Protects against a value that would act as a pattern where a variable stands."""
    (found,) = facts.knowing([statement(resource="arn:aws:s3:::b/${aws:PrincipalArn}/*")], KNOWN)
    assert found.resources == Elements((f"arn:aws:s3:::b/{ARN}/*",))
    (kept,) = facts.knowing([statement(resource="arn:aws:s3:::b/${aws:SourceVpc}/${*}")], KNOWN)
    assert kept.resources == Elements(("arn:aws:s3:::b/${aws:SourceVpc}/${*}",))
