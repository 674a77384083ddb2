"""IAM830: people may assume a powerful role without a second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reviews import review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path


def found(folder: Path, source: str) -> list[tuple[str, str]]:
    """Return what IAM830 says of a source."""
    return said(review_source(folder, source), codes.NO_MFA)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('attach aws_managed("AdministratorAccess")', "has `AdministratorAccess`"),
        ("allow * on *", "may do everything"),
        ("allow iam:* on *", "may `iam:AttachRolePolicy`"),
        ("allow iam:CreatePolicyVersion on *", "may `iam:CreatePolicyVersion`"),
    ],
)
def test_powerful_roles_of_people(tmp_path: Path, body: str, why: str) -> None:
    """A password alone should not make an administrator."""
    source = f"role admin {{ trust account aws.account {body} }}"
    assert found(tmp_path, source) == [
        (
            "trust account aws.account",
            f"people may assume role `admin`, which {why}, without a second factor",
        )
    ]


@pytest.mark.parametrize(
    "body",
    [
        "allow s3:* on *",
        'allow iam:PutRolePolicy on iam:role("app")',
        "allow iam:PutRolePolicy on * when aws:MultiFactorAuthPresent",
        "allow * on * deny iam:* on *",
        'attach aws_managed("ReadOnlyAccess")',
    ],
)
def test_other_roles_are_passed_over(tmp_path: Path, body: str) -> None:
    """What cannot change its own permissions is not powerful, nor what is denied again."""
    source = f"role app {{ trust account aws.account {body} }}".replace(" deny", "\n deny")
    assert not found(tmp_path, source)


@pytest.mark.parametrize(
    "trusted",
    [
        "account aws.account when aws:MultiFactorAuthPresent",
        "account aws.account when aws:MultiFactorAuthAge < 1h",
        "account aws.account when aws:PrincipalArn like arn:aws:iam::111122223333:role/ci-*",
        'account 444455556666 when sts:ExternalId == "12345"',
        "account 444455556666",
        "arn:aws:iam::111122223333:role/ci",
        "service ec2",
    ],
)
def test_who_is_asked_or_is_no_person(tmp_path: Path, trusted: str) -> None:
    """Second factors are for people; a third party is told by IAM828."""
    assert not found(tmp_path, f"role admin {{ trust {trusted} allow * on * }}")


def test_users_by_name_are_people(tmp_path: Path) -> None:
    """A user's ARN is a person, or was one."""
    source = "role admin { trust arn:aws:iam::444455556666:user/bob allow * on * }"
    assert [text for text, _ in found(tmp_path, source)] == ["arn:aws:iam::444455556666:user/bob"]


def test_boundaries_count(tmp_path: Path) -> None:
    """What a boundary takes away, a role may not do."""
    source = """
boundary tight { allow s3:* on * }
role admin { trust account aws.account boundary tight allow * on * }
"""
    assert not found(tmp_path, source)
