"""IAM823: an `allow` names what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reviews import allow, review_document, review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path


def found(document: dict[str, Any], kind: str = "auto") -> list[tuple[str, str]]:
    """Return what IAM823 says of a document."""
    return said(review_document(document, kind=kind), codes.ALLOW_ALL_BUT)


def document(**statement: Any) -> dict[str, Any]:
    """Return a document with one statement that allows something."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


def test_all_actions_but_some() -> None:
    """A power user's policy holds all that AWS ever adds."""
    power = document(NotAction=["iam:*", "organizations:*"], Resource="*")
    assert found(power) == [
        ('"iam:*"', "policy `document` allows everything but `iam:*` and `organizations:*`")
    ]
    labels = [d.label for d in review_document(power) if d.code is codes.ALLOW_ALL_BUT]
    assert labels == ["`sts:AssumeRole` and `account:*` among it"]


def test_what_is_narrow_otherwise_is_passed_over() -> None:
    """On one bucket, or on tagged resources, everything else is not much."""
    assert not found(document(NotAction="s3:DeleteBucket", Resource="arn:aws:s3:::photos"))
    tagged = {"StringEquals": {"aws:ResourceTag/team": "ops"}}
    assert not found(document(NotAction="iam:*", Resource="*", Condition=tagged))


def test_limits_grant_nothing() -> None:
    """In boundaries and SCPs it is how they are written."""
    power = document(NotAction="iam:*", Resource="*")
    assert not found(power, "boundary")
    assert not found(power, "scp")
    assert not found(
        {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"},
        }
    )


def test_all_resources_but_some() -> None:
    """Whole groups of actions that change things; named ones, and reading, are meant so."""
    but = {"NotResource": "arn:aws:s3:::secret/*"}
    assert found(document(Action="s3:*", **but)) == [
        (
            '"arn:aws:s3:::secret/*"',
            "policy `document` allows `s3:*` on everything but `arn:aws:s3:::secret/*`",
        )
    ]
    assert not found(document(Action="s3:PutObject", **but))
    assert not found(document(Action="s3:List*", **but))
    assert not found(allow("s3:*", "arn:aws:s3:::photos/*"))


def test_everyone_but_some() -> None:
    """`NotPrincipal` with an `allow` lets in those who do not sign in."""
    resource = document(
        NotPrincipal={"AWS": "arn:aws:iam::111122223333:user/bob"},
        Action="s3:GetObject", Resource="arn:aws:s3:::photos/*",
    )  # fmt: skip
    assert found(resource) == [
        (
            '"arn:aws:iam::111122223333:user/bob"',
            "policy `document` lets in everyone but `arn:aws:iam::111122223333:user/bob`",
        )
    ]


def test_sources_are_judged_alike(tmp_path: Path) -> None:
    """`except` from every action is what `NotAction` is."""
    source = "policy power { allow * except iam:*, organizations:* on * }"
    assert [m for _, m in said(review_source(tmp_path, source), codes.ALLOW_ALL_BUT)] == [
        "policy `power` allows everything but `iam:*` and `organizations:*`"
    ]
