"""What is given away on everything (IAM829, 832, 835), and changed without limits (IAM844, 845)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import CATALOGUE, allow, review_document, review_source, said

from iamdsl.aws.exposure import CREDENTIALS, DATA, IDENTITIES, KINDS, RESOURCE_POLICIES
from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Code

MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def texts(document: dict[str, Any], code: Code) -> list[str]:
    """Return the messages of a code about a document."""
    return [text for _, text in said(review_document(document), code)]


def test_the_tables_are_of_actions_that_can_be_limited() -> None:
    """Protects the tables: what is for `*` alone cannot be named better."""
    for name in (*CREDENTIALS, *DATA, *RESOURCE_POLICIES, *IDENTITIES):
        action = CATALOGUE.action(name)
        assert action is not None, name
        kinds = {r.type for r in action.resources}
        assert name == action.name
        assert KINDS.get(name) in kinds or any(r.required for r in action.resources), name


@pytest.mark.parametrize(
    ("code", "action", "message"),
    [
        (
            codes.CREDENTIALS_EXPOSED,
            ["redshift:GetClusterCredentials", "ec2:GetPasswordData"],
            (
                "`ec2:GetPasswordData` and `redshift:GetClusterCredentials` give out the encrypted "
                "password of the administrator of any Windows instance and passwords of any "
                "database user of any cluster"
            ),
        ),
        (codes.DATA_EXPOSED, "s3:Get*", "`s3:GetObject` reads every object of S3"),
        (
            codes.RESOURCE_POLICIES_WRITABLE,
            "kms:PutKeyPolicy",
            "`kms:PutKeyPolicy` can let anybody in to every key of KMS",
        ),
    ],
)
def test_on_everything(code: Code, action: Any, message: str) -> None:
    """Each is said with what it gives, and not of what is named or asked for."""
    assert texts(allow(action), code) == [message]
    assert not texts(allow(action, "arn:aws:s3:::photos/*"), code)
    assert not texts(allow(action, Condition=MFA), code)
    assert not texts(allow("*"), code)


def test_what_is_denied_is_not_given(tmp_path: Path) -> None:
    """The deny of another policy counts for the identity that has both."""
    text = "role reader {{ trust service ec2 allow s3:GetObject on * {} }}"
    assert said(review_source(tmp_path, text.format("")), codes.DATA_EXPOSED) == [
        ("s3:GetObject", "`s3:GetObject` reads every object of S3")
    ]
    denied = text.format("deny s3:GetObject on *")
    assert not said(review_source(tmp_path, denied), codes.DATA_EXPOSED)


def test_without_a_boundary() -> None:
    """Named roles are meant as well, and what asks for a boundary or a policy is not."""
    named = "arn:aws:iam::111122223333:role/team/*"
    both = ["iam:CreateRole", "iam:PutRolePolicy"]
    assert texts(allow(both, named), codes.NO_BOUNDARY) == [
        "`iam:CreateRole` and `iam:PutRolePolicy` work without a permissions boundary"
    ]
    bound = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/b"}}
    assert not texts(allow(both, named, Condition=bound), codes.NO_BOUNDARY)
    listed = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}
    assert not texts(allow("iam:AttachRolePolicy", Condition=listed), codes.NO_BOUNDARY)
    template = "arn:aws:iam::aws:role-template/cloudwatch.amazonaws.com/Integration:1"
    made = {"ArnEquals": {"iam:RoleTemplateARN": template}}
    assert not texts(allow("iam:CreateRole", named, Condition=made), codes.NO_BOUNDARY)
    assert not texts(allow("*"), codes.NO_BOUNDARY)


def test_from_anywhere() -> None:
    """A test of network, time or factor is enough, and so is a deny that makes one.

    So is one of what may be given: that is for machines as often as for people.
    """
    attach = allow("iam:AttachRolePolicy", "arn:aws:iam::111122223333:role/web")
    assert texts(attach, codes.UNCONDITIONED_ADMINISTRATION) == [
        "permissions can be changed from anywhere, without a second factor: `iam:AttachRolePolicy`"
    ]
    code = codes.UNCONDITIONED_ADMINISTRATION
    assert not texts(allow("iam:AttachRolePolicy", Condition=MFA), code)
    bound = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}}
    assert not texts(allow("iam:AttachRolePolicy", Condition=bound), code)
    between = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}
    assert not texts(allow("iam:PutRolePolicy", Condition=between), code)
    assert texts(
        allow("iam:PutRolePolicy", Condition={"Bool": {"aws:SecureTransport": "true"}}), code
    )
    network = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    assert not texts(allow("iam:AttachRolePolicy", Condition=network), code)
    deny = allow("iam:*", Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})
    deny["Statement"][0]["Effect"] = "Deny"
    attach["Statement"] += deny["Statement"]
    assert not texts(attach, code)
    assert not texts(allow(["iam:GetRole", "s3:PutBucketPolicy"]), code)
    nobodys = ["iam:CreatePolicy", "iam:DeletePolicy", "organizations:CreatePolicy"]
    assert not texts(allow(nobodys), code)  # no policy that anybody has


def test_a_role_that_asks_already(tmp_path: Path) -> None:
    """The trust is a place for it too, and a service has no second factor."""
    code = codes.UNCONDITIONED_ADMINISTRATION
    text = 'role admin {{ trust {} allow iam:AttachRolePolicy on iam:role("web") }}'
    assert said(review_source(tmp_path, text.format("account aws.account")), code)
    asked = text.format("account aws.account when aws:MultiFactorAuthPresent")
    assert not said(review_source(tmp_path, asked), code)
    assert not said(review_source(tmp_path, text.format("service ec2")), code)
