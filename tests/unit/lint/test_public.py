"""IAM825 and IAM826: everyone, or another account, is let in by a resource's policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import review_document, review_source, said, trust

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

OBJECTS = "arn:aws:s3:::photos/*"


def opened(condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a bucket's policy that lets everyone read, with more statements behind it."""
    first: dict[str, Any] = {
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS,
    }  # fmt: skip
    if condition is not None:
        first["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [first | more]}


def public(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what IAM825 says of a document."""
    return said(review_document(document), codes.PUBLIC_ACCESS)


def test_a_website_is_public() -> None:
    """Reading is what websites are for, and still everybody can."""
    assert public(opened()) == [('"*"', "policy `document` lets anyone do `s3:GetObject`")]
    assert public(opened(Principal={"AWS": ["*"]}))


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEquals", "aws:PrincipalOrgID", "o-abc1234567"),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-abc1234567/r-ab12/*"),
        ("StringEquals", "AWS:SourceOwner", "111122223333"),
        ("StringLike", "aws:PrincipalOrgID", "${ORG}"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*"),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:photos"),
        ("ArnEquals", "aws:SourceArn", "arn:aws:cloudfront::111122223333:distribution/*"),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
        ("StringEquals", "aws:SourceVpce", "vpce-0123456789abcdef0"),
        ("StringLike", "aws:userid", "AROAEXAMPLEID:*"),
        ("Bool", "aws:PrincipalIsAWSService", "true"),
        ("StringEquals", "aws:ResourceAccount", "${aws:PrincipalAccount}"),
    ],
)
def test_a_test_that_names_somebody_narrows(operator: str, key: str, value: str) -> None:
    """AWS does not call public what is for a known account, organization, network or role."""
    assert not public(opened({operator: {key: value}}))


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("IpAddress", "aws:SourceIp", "0.0.0.0/0"),
        ("IpAddress", "aws:SourceIp", "::/0"),
        ("StringLike", "aws:SourceVpc", "vpc-*"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/reader"),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*"),
        ("StringEquals", "aws:PrincipalAccount", "${aws:PrincipalAccount}"),
    ],
)
def test_a_value_that_is_everybody_does_not(operator: str, key: str, value: str) -> None:
    """A wildcard, the whole internet, and what callers say of themselves keep nobody out."""
    assert public(opened({operator: {key: value}}))[0][0].strip('"') == value


@pytest.mark.parametrize(
    ("operator", "key"),
    [
        ("StringNotEquals", "aws:PrincipalOrgID"),
        ("StringEqualsIfExists", "aws:PrincipalOrgID"),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgPaths"),
        ("StringEquals", "aws:UserAgent"),
        ("StringEquals", "s3:x-amz-acl"),
    ],
)
def test_a_test_that_strangers_pass_does_not(operator: str, key: str) -> None:
    """Tests that hold without their key, or are not about callers, narrow nothing."""
    assert public(opened({operator: {key: "o-abc1234567"}}))


@pytest.mark.parametrize(
    ("operator", "key", "value", "found"),
    [
        ("StringNotEquals", "aws:PrincipalOrgID", "o-abc1234567", 0),
        ("StringNotEqualsIfExists", "aws:SourceVpce", "vpce-0123456789abcdef0", 0),
        ("NotIpAddress", "aws:SourceIp", "192.0.2.0/24", 0),
        ("Bool", "aws:SecureTransport", "false", 1),
    ],
)
def test_a_deny_can_take_it_back(operator: str, key: str, value: str, found: int) -> None:
    """What is denied to every stranger again is not public; what is denied without TLS is."""
    document = opened()
    document["Statement"].append(
        {
            "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": OBJECTS,
            "Condition": {operator: {key: value}},
        }
    )  # fmt: skip
    assert len(public(document)) == found


def test_policies_of_endpoints_are_filters() -> None:
    """Everyone on everything gives nothing at an endpoint, and what it is nobody says."""
    endpoint = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    assert not public({"Version": "2012-10-17", "Statement": endpoint})
    assert not public({"Version": "2012-10-17", "Statement": [endpoint, opened()["Statement"][0]]})
    assert not public(opened(Action="s3:*", Resource="*"))
    assert public(opened(Action="kms:Decrypt", Resource="*"))
    assert not public(opened(Action="execute-api:Invoke", Resource="execute-api:/*"))
    found = review_document(opened(), target="vpce-0123456789abcdef0")
    assert not said(found, codes.PUBLIC_ACCESS)


def test_trust_policies_are_not_said_twice() -> None:
    """That anyone may assume a role is IAM219."""
    assert not public(trust("*"))


def test_sources_are_judged_alike(tmp_path: Path) -> None:
    """A source says `to anyone`, and has the place of that word."""
    source = """
policy photos for s3:bucket("photos") {
  allow s3:GetObject on s3:object("photos") to anyone
  allow s3:GetObject on s3:object("photos") to anyone when aws:PrincipalOrgID == "o-abc1234567"
}
"""
    assert said(review_source(tmp_path, source), codes.PUBLIC_ACCESS) == [
        ("anyone", "policy `photos` lets anyone do `s3:GetObject`")
    ]


def test_other_accounts_are_named(tmp_path: Path) -> None:
    """Whom a policy lets in besides its own account, by principal or by test."""
    source = """
policy photos for s3:bucket("photos") {
  allow s3:GetObject on s3:object("photos") to reader, account 444455556666
  allow s3:ListBucket on s3:bucket("photos")
    to anyone when aws:PrincipalAccount in ["444455556666", "111122223333"]
}
role reader { trust account 111122223333 allow s3:GetObject on s3:object("photos") }
"""
    assert said(review_source(tmp_path, source), codes.OTHER_ACCOUNT_ACCESS) == [
        ("444455556666", "policy `photos` lets in account `444455556666`"),
        ("444455556666", "policy `photos` lets in account `444455556666`"),
    ]


def test_other_accounts_need_an_own_one() -> None:
    """Where nobody said whose a policy is, no account is another one."""
    found = review_document(opened(Principal={"AWS": "arn:aws:iam::444455556666:root"}))
    assert not said(found, codes.OTHER_ACCOUNT_ACCESS)
