"""IAM802: keys that services never send, where a statement names everything but some, or owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import allow, review_document, review_source, said

from iamdsl.diagnostics import Severity, codes

if TYPE_CHECKING:
    from pathlib import Path

TAG = {"StringEquals": {"aws:ResourceTag/team": "a"}}
BUCKET = "arn:aws:s3:::photos"


def found(document: dict[str, Any], **options: Any) -> list[tuple[str, str]]:
    """Return what is underlined and said by IAM802."""
    return said(review_document(document, **options), codes.UNSUPPORTED_KEY)


def all_but(*actions: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """Return a document about everything but some actions."""
    statement = {"Effect": effect, "NotAction": list(actions), "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("effect", "operator", "label"),
    [
        ("Allow", "StringEquals", "of these, the statement allows nothing"),
        ("Deny", "StringEquals", "of these, the statement denies nothing"),
        ("Deny", "StringNotEquals", "of these, the statement denies everything"),
    ],
)
def test_services_without_tags_are_reached(effect: str, operator: str, label: str) -> None:
    """Protects whoever tests a tag of everything: some services are named that send none."""
    document = all_but(
        "s3:*", "route53:*", effect=effect, Condition={operator: {"aws:ResourceTag/team": "a"}}
    )
    (finding,) = (d for d in review_document(document) if d.code is codes.UNSUPPORTED_KEY)
    assert finding.severity is Severity.NOTE
    assert finding.message == (
        "requests of services without tags, such as `support`, `health` and `lakeformation`,"
        " do not carry `aws:ResourceTag/team`"
    )
    assert finding.label == label
    assert finding.span is not None
    assert finding.span.text == '"aws:ResourceTag/team"'


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEqualsIfExists": {"aws:ResourceTag/team": "a"}},
        {"Null": {"aws:ResourceTag/team": "true"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}},
        {"StringEquals": {"aws:PrincipalTag/team": "a"}},
    ],
)
def test_who_thought_of_them_is_left_alone(condition: dict[str, Any]) -> None:
    """Protects tests that say what is meant of a request without the key."""
    assert not found(all_but("s3:*", Condition=condition))


def test_owners_of_endpoints_are_sent_by_few() -> None:
    """Protects perimeters: what does not send the key is named, by itself."""
    vpce = {"StringNotEqualsIfExists": {"aws:VpceOrgID": "o-a1b2c3d4e5"}}
    document = allow(["s3:*", "sns:*", "iam:PassRole"], Effect="Deny", Condition=vpce)
    (finding,) = (d for d in review_document(document) if d.code is codes.UNSUPPORTED_KEY)
    assert finding.message == (
        "AWS does not list `sns` and `iam:PassRole` among what sends `aws:VpceOrgID`"
    )
    assert (finding.severity, finding.label) == (Severity.NOTE, "always met by these requests")
    assert not found(allow(["s3:*", "kms:*", "s*:Get*"], Condition=vpce))
    assert not found(allow("sns:*", Condition={"Null": {"aws:VpceOrgID": "false"}}))


def test_sources_are_told_too(tmp_path: Path) -> None:
    """Protects sources, of which the compiler says none of it."""
    text = f"""
policy all-but {{ allow * except s3:* on * when aws:ResourceTag/team == "a" }}
policy owners {{ allow sns:Publish on * when aws:VpceAccount == "111122223333" }}
policy logs for {BUCKET} {{
  allow s3:PutObject to service cloudtrail on "{{self}}/*" when aws:PrincipalOrgID == "o-a1b2c3d4e5"
}}
"""
    assert [text for text, _ in said(review_source(tmp_path, text), codes.UNSUPPORTED_KEY)] == [
        "aws:ResourceTag/team",
        "aws:VpceAccount",
        "aws:PrincipalOrgID",
    ]
