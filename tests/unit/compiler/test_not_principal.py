"""The fix for `to anyone except …`: what it writes compiles to the condition that AWS advises."""

from __future__ import annotations

from typing import Any

import pytest

import iamdsl

ROLE = "arn:aws:iam::222233334444:role/app/reader"
USER = "arn:aws:iam::222233334444:user/bob"


def source(principals: str, more: str = "") -> str:
    return (
        'role app { path "/x/" trust service ec2 }\n'
        'policy photos for s3:bucket("photos") {\n'
        f'  deny s3:GetObject to anyone except {principals} on "{{self}}/*" {more}\n'
        "}\n"
    )


def compiled(text: str) -> iamdsl.Result:
    return iamdsl.compile(text, partition="aws", account="111122223333", region="eu-west-1")


def mended(text: str) -> dict[str, Any] | None:
    """Return the statement after the fix, None when none is offered."""
    result = compiled(text)
    (said,) = [d for d in result.diagnostics if d.code.number == "IAM227"]
    if said.fix is None:
        return None
    assert not said.fix.safe
    ((span, written),) = said.fix.edits
    fixed = compiled(text[: span.start] + written + text[span.end :])
    assert fixed.ok, str(fixed)
    assert fixed.diagnostics == ()
    statement: dict[str, Any]
    (statement,) = fixed.document("resources/photos.json")["Statement"]
    assert statement["Principal"] == "*"
    assert statement["Resource"] == "arn:aws:s3:::photos/*"
    return statement


@pytest.mark.parametrize(
    ("principals", "condition"),
    [
        (ROLE, {"ArnNotLike": {"aws:PrincipalArn": ROLE}}),
        (f"{ROLE}, account 222233334444", {"ArnNotLike": {"aws:PrincipalArn": ROLE}}),
        (f"{ROLE} ,\n   {USER}", {"ArnNotLike": {"aws:PrincipalArn": [ROLE, USER]}}),
        (
            "account 222233334444",
            {"ArnNotLike": {"aws:PrincipalArn": "arn:*:iam::222233334444:root"}},
        ),
        (
            "app, account 111122223333",
            {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/x/app"}},
        ),
        (
            f"{ROLE}, service cloudtrail, service s3",
            {
                "ArnNotLike": {"aws:PrincipalArn": ROLE},
                "StringNotEquals": {
                    "aws:PrincipalServiceName": ["cloudtrail.amazonaws.com", "s3.amazonaws.com"]
                },
            },
        ),
    ],
)
def test_exceptions_become_the_condition_that_aws_advises(
    principals: str, condition: dict[str, Any]
) -> None:
    """A fix that means something else locks people out, or lets them in."""
    statement = mended(source(principals))
    assert statement is not None
    assert statement["Condition"] == condition


def test_a_condition_that_was_there_stays() -> None:
    """The fix adds a clause; what the statement asked before is asked still."""
    statement = mended(source(ROLE, "when aws:SecureTransport"))
    assert statement is not None
    assert statement["Condition"] == {
        "ArnNotLike": {"aws:PrincipalArn": ROLE},
        "Bool": {"aws:SecureTransport": "true"},
    }


@pytest.mark.parametrize(
    ("principals", "more"),
    [
        ("arn:aws:sts::222233334444:assumed-role/app/session", ""),
        ("arn:aws:sts::222233334444:federated-user/bob", ""),
        (f"[{ROLE}, {USER}]", ""),
        (f'"{ROLE}"', ""),
        (ROLE, "unless aws:SecureTransport"),
    ],
)
def test_no_fix_where_none_is_sure(principals: str, more: str) -> None:
    """No key holds a session's name; lists and a second `unless` need a person."""
    assert mended(source(principals, more)) is None
