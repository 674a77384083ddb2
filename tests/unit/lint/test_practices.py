"""IAM840 to IAM843 and IAM846 to IAM848: AWS's best practices, and names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reviews import allow, review_document, review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Code


def messages(folder: Path, source: str, code: Code) -> list[str]:
    """Return the messages of a code about a source."""
    return [message for _, message in said(review_source(folder, source), code)]


def test_users_and_their_policies(tmp_path: Path) -> None:
    """A user is told of, and more so what is given to them alone."""
    source = """
group staff { attach aws_managed("ReadOnlyAccess") }
user alice { groups staff }
user bob { attach aws_managed("SecurityAudit") }
user carol { allow s3:GetObject on s3:object("photos") }
"""
    found = review_source(tmp_path, source)
    assert said(found, codes.USER_DECLARED)[0] == (
        "user alice",
        "user `alice` has credentials that last",
    )
    assert len(said(found, codes.USER_DECLARED)) == 3
    assert [m for _, m in said(found, codes.USER_WITH_POLICIES)] == [
        "user `bob` has `SecurityAudit` of their own",
        "user `carol` has statements of their own",
    ]


def test_whole_services() -> None:
    """All actions of a service, where they are granted without more."""
    found = review_document(allow(["s3:*", "ec2:Describe*", "kms:*"]))
    assert said(found, codes.SERVICE_WILDCARD) == [
        ('"s3:*"', "policy `document` allows `s3:*` and `kms:*`")
    ]
    bound = review_document(allow("s3:*"), kind="boundary")
    assert not said(bound, codes.SERVICE_WILDCARD)
    assert not said(review_document(allow("s3:Get*")), codes.SERVICE_WILDCARD)
    assert not said(review_document(allow("codestar:*")), codes.SERVICE_WILDCARD)  # gone


def test_changes_to_every_resource() -> None:
    """What takes resources and changes them, without a limit."""
    found = review_document(allow(["s3:PutObject", "s3:GetObject", "ec2:DescribeInstances"]))
    assert said(found, codes.ANY_RESOURCE) == [
        ('"*"', "policy `document` allows `s3:PutObject` on every resource")
    ]


@pytest.mark.parametrize(
    ("action", "resource", "found"),
    [
        ("s3:PutObject", "arn:aws:s3:::*", 1),
        ("s3:PutObject", "arn:aws:logs:*:*:*", 0),
        ("lambda:UpdateFunctionCode", "arn:aws:lambda:*:*:function:*", 1),
        ("ec2:RunInstances", "arn:aws:ec2:*:*:security-group/*", 0),
        ("s3:PutObject", "arn:aws:s3:::photos/*", 0),
        ("s3:ReplicateObject", "arn:aws:s3:::photos/*", 0),
        ("ec2:CreateDefaultVpc", "*", 0),
        ("cloudwatch:PutMetricData", "*", 0),
    ],
)
def test_stars_that_are_every_resource(action: str, resource: str, found: int) -> None:
    """An ARN of wildcards is as wide; one of a type among several is not, nor where none fits."""
    document = review_document(allow(action, resource))
    assert len(said(document, codes.ANY_RESOURCE)) == found


def test_stars_of_other_types_grant_nothing() -> None:
    """An action whose type has no star among the resources is not allowed on all of its own."""
    stars = [f"arn:aws:sagemaker:*:*:{kind}/*" for kind in ("endpoint", "model")]
    actions = ["sagemaker:CreateAction", "sagemaker:CreateApp", "sagemaker:DeleteModel"]
    found = review_document(allow(actions, stars))
    assert [message for _, message in said(found, codes.ANY_RESOURCE)] == [
        "policy `document` allows `sagemaker:DeleteModel` on every resource"
    ]


def test_a_condition_is_a_limit() -> None:
    """What is tested is not open to everything."""
    tagged = {"StringEquals": {"aws:ResourceTag/team": "ops"}}
    found = review_document(allow("s3:PutObject", Condition=tagged))
    assert not said(found, codes.ANY_RESOURCE)


def test_administrators(tmp_path: Path) -> None:
    """Everyone has it who is neither asked for MFA nor behind a boundary or single sign-on."""
    source = """
import std.mfa
boundary tight { allow s3:* on * }
group admins { attach aws_managed("AdministratorAccess") }
role machine { trust service ec2 attach aws_managed("PowerUserAccess") }
role asked { use mfa.assumable(who = account aws.account) attach aws_managed("AdministratorAccess") }
role bound { trust service ec2 boundary tight attach aws_managed("AdministratorAccess") }
role reader { trust service ec2 attach aws_managed("ReadOnlyAccess") }
permission_set ops { attach aws_managed("AdministratorAccess") }
"""
    assert messages(tmp_path, source, codes.ADMINISTRATOR_ATTACHED) == [
        "group `admins` has `AdministratorAccess`",
        "role `machine` has `PowerUserAccess`",
    ]


def test_policies_that_nobody_has(tmp_path: Path) -> None:
    """Told of a project, where all attachments are known, and not of a document."""
    source = """
policy used { allow s3:GetObject on s3:object("photos") }
policy spare { allow s3:GetObject on s3:object("photos") }
role app { trust service ec2 attach used }
"""
    assert said(review_source(tmp_path, source), codes.UNATTACHED_POLICY) == [
        ("policy spare", "policy `spare` is attached to nothing")
    ]
    assert not said(review_document(allow("s3:GetObject")), codes.UNATTACHED_POLICY)


def test_names(tmp_path: Path) -> None:
    """Small letters and hyphens, but where a name in quotes is somebody else's."""
    source = """
role OrdersBuild { trust service ec2 }
role orders_deploy { trust service ec2 }
role orders-run { trust service ec2 }
role "OrganizationAccountAccessRole" { trust service ec2 }
"""
    found = review_source(tmp_path, source)
    assert said(found, codes.NAME_STYLE) == [
        ("role OrdersBuild", "role `OrdersBuild` is not written with small letters and hyphens"),
        (
            "role orders_deploy",
            "role `orders_deploy` is not written with small letters and hyphens",
        ),
    ]
    labels = [d.label for d in found if d.code is codes.NAME_STYLE]
    assert labels == ["`orders-build`", "`orders-deploy`"]
