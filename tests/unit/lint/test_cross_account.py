"""IAM828 and IAM831: whole accounts that roles trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reviews import review_document, review_source, said, trust

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path


def test_a_third_party_needs_an_external_id(tmp_path: Path) -> None:
    """Everyone in another account may assume the role, for whomever they work."""
    source = 'role partner { trust account 444455556666 attach aws_managed("SecurityAudit") }'
    assert said(review_source(tmp_path, source), codes.NO_EXTERNAL_ID) == [
        (
            "444455556666",
            "trust policy of role `partner` trusts everyone in account `444455556666`, without an external id",
        )
    ]


@pytest.mark.parametrize(
    "condition",
    [
        'sts:ExternalId == "12345"',
        'aws:PrincipalOrgID == "o-abc1234567"',
        "aws:PrincipalArn like arn:aws:iam::444455556666:role/deploy",
        'aws:PrincipalTag/team == "ops"',
        "aws:MultiFactorAuthPresent",
    ],
)
def test_tests_that_pick_callers_are_enough(tmp_path: Path, condition: str) -> None:
    """An agreed id does, and so does what says which of the account's callers are meant."""
    source = f"role partner {{ trust account 444455556666 when {condition} }}"
    assert not said(review_source(tmp_path, source), codes.NO_EXTERNAL_ID)


def test_an_external_id_that_may_be_missing_is_not_asked_for(tmp_path: Path) -> None:
    """`…?` lets those in who send none, and a wildcard those who send any."""
    source = "role partner {{ trust account 444455556666 when {} }}"
    for test in ('sts:ExternalId? == "12345"', 'sts:ExternalId like "*"'):
        assert said(review_source(tmp_path, source.format(test)), codes.NO_EXTERNAL_ID)


def test_tests_of_something_else_are_not(tmp_path: Path) -> None:
    """When and where a request comes tells nothing of for whom it is made."""
    source = 'role partner { trust account 444455556666 when aws:RequestedRegion == "eu-west-1" }'
    assert said(review_source(tmp_path, source), codes.NO_EXTERNAL_ID)


def test_accounts_of_the_project_are_no_third_parties(tmp_path: Path) -> None:
    """The other accounts of a source belong to whoever wrote it."""
    source = """
account delivery { id 444455556666 }
account prod {
  id 777788889999
  role deployer { trust account 444455556666 }
}
"""
    assert not said(review_source(tmp_path, source), codes.NO_EXTERNAL_ID)


def test_single_roles_are_no_whole_account(tmp_path: Path) -> None:
    """A role that is named is known: no external id is asked for."""
    source = "role partner { trust arn:aws:iam::444455556666:role/scanner }"
    assert not said(review_source(tmp_path, source), codes.NO_EXTERNAL_ID)


def test_documents_without_an_own_account_are_passed_over() -> None:
    """The account of a document may be the one that it names."""
    document = trust({"AWS": "arn:aws:iam::444455556666:root"})
    found = review_document(document)
    assert not said(found, codes.NO_EXTERNAL_ID)
    assert not said(found, codes.OWN_ACCOUNT_TRUSTED)


def test_the_own_account_is_told(tmp_path: Path) -> None:
    """Whoever in the account may call `sts:AssumeRole` can assume the role."""
    source = """
role admin { trust account aws.account }
role tagged { trust account aws.account when aws:PrincipalTag/team == "ops" }
"""
    assert said(review_source(tmp_path, source), codes.OWN_ACCOUNT_TRUSTED) == [
        (
            "trust account aws.account",
            "trust policy of role `admin` trusts everyone in its own account",
        )
    ]
