"""IAM833: RCPs that hit AWS's own services, or everyone but them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import review_document, review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

NOT_OURS = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-abc1234567"}}
NOT_FOR_US = {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-abc1234567"}}
NO_SERVICE = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
SERVICE = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
SENT = {"Null": {"aws:SourceAccount": "false"}}


def rcp(*conditions: dict[str, Any], action: Any = "s3:*") -> list[tuple[str, str]]:
    """Return what IAM833 says of an RCP that denies by conditions."""
    merged: dict[str, Any] = {}
    for condition in conditions:
        merged |= condition
    statement = {
        "Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", "Condition": merged,
    }  # fmt: skip
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return said(review_document(document, kind="rcp"), codes.UNGUARDED_RCP)


def test_services_belong_to_no_organization() -> None:
    """What denies everyone else's principals denies AWS's services too."""
    assert rcp(NOT_OURS) == [
        ('"aws:PrincipalOrgID"', "RCP `document` denies AWS's own services as well")
    ]
    assert not rcp(NOT_OURS, NO_SERVICE)


def test_networks_are_not_of_services() -> None:
    """Services do not come through one's network."""
    assert rcp({"StringNotEquals": {"aws:SourceVpc": "vpc-0123456789abcdef0"}})


def test_people_send_no_source() -> None:
    """What denies services that work for others denies all people, if it is not about services."""
    assert rcp(NOT_FOR_US) == [
        ('"aws:SourceOrgID"', "RCP `document` denies callers that are no service of AWS's")
    ]


def test_not_all_services_send_a_source() -> None:
    """AWS's own example asks whether the key is there."""
    assert rcp(NOT_FOR_US, SERVICE) == [
        (
            '"aws:SourceOrgID"',
            "RCP `document` denies services of AWS's that do not say for whom they work",
        )
    ]
    assert not rcp(NOT_FOR_US, SERVICE, SENT)
    assert not rcp(NOT_FOR_US, SENT)


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"aws:PrincipalTag/team": "ops"}},
        {"Null": {"aws:PrincipalArn": "false"}},
        {"ForAnyValue:StringLike": {"aws:TagKeys": ["team"]}},
    ],
)
def test_other_exceptions_do_as_well(condition: dict[str, Any]) -> None:
    """A test that holds for no service keeps them out, whatever it is."""
    assert not rcp(NOT_OURS, condition)


def test_what_services_do_not_do_is_passed_over() -> None:
    """Federated callers alone sign in with tokens of theirs."""
    assert not rcp(NOT_OURS, action="sts:AssumeRoleWithSAML")


def test_sources_are_judged_alike(tmp_path: Path) -> None:
    """`unless` with the services beside it is right, without them it is not."""
    source = """
rcp right { deny s3:* on * unless aws:PrincipalOrgID == "o-abc1234567" or aws:PrincipalIsAWSService }
rcp wrong { deny s3:* on * unless aws:PrincipalOrgID == "o-abc1234567" }
"""
    assert said(review_source(tmp_path, source), codes.UNGUARDED_RCP) == [
        ("aws:PrincipalOrgID", "RCP `wrong` denies AWS's own services as well")
    ]
