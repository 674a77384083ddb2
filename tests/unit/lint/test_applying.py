"""What is said of actions that apply to none of their resources, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import allow, review_document, review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "111122223333"


def told(action: Any, resource: Any) -> list[str]:
    """Return the messages on what a statement cannot be about."""
    found = review_document(allow(action, resource))
    return [message for _, message in said(found, codes.RESOURCE_MISMATCH)]


def idle(action: Any, resource: Any) -> list[str]:
    """Return the messages on resources that no action is about."""
    found = review_document(allow(action, resource))
    return [message for _, message in said(found, codes.IDLE_RESOURCE)]


def test_an_action_on_resources_of_another_type_is_told() -> None:
    """Protects IAM213 in documents, its words, and the fix that parliament has not."""
    found = review_document(allow("s3:GetObject", "arn:aws:s3:::photos"))
    assert said(found, codes.RESOURCE_MISMATCH) == [
        ('"s3:GetObject"', "`s3:GetObject` applies to none of these resources")
    ]
    (one,) = (d for d in found if d.code is codes.RESOURCE_MISMATCH)
    assert one.label == "this grants nothing"
    assert one.hint == "its objects are `arn:aws:s3:::photos/*`"
    assert one.fix is not None
    assert one.fix.edits[0].text == '"arn:aws:s3:::photos/*"'


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:ListBucket", "arn:aws:s3:::photos/*"),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::photos"),
        ("ec2:DescribeInstances", f"arn:aws:ec2:*:{ACCOUNT}:instance/*"),
        ("ecr:GetAuthorizationToken", f"arn:aws:ecr:*:{ACCOUNT}:repository/*"),
        ("kms:CreateKey", f"arn:aws:kms:*:{ACCOUNT}:key/*"),
        ("ecs:RunTask", f"arn:aws:ecs:*:{ACCOUNT}:cluster/c"),
        ("kms:Decrypt", "arn:aws:s3:::photos/*"),
    ],
)
def test_dead_grants_are_told(action: str, resource: str) -> None:
    """Protects the classics, actions that are asked on everything among them."""
    assert told(action, resource) == [f"`{action}` applies to none of these resources"]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", "arn:aws:s3:::photos/*"),
        ("s3:GetObject", "arn:aws:s3:::*"),
        ("s3:GetObject", f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/a/object/*"),
        ("s3:ListBucket", f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/a"),
        ("s3:ListBucket", "arn:aws:s3:::photos-${aws:username}"),
        ("s3:ListAllMyBuckets", "arn:aws:s3:::*"),
        ("ssm:SendCommand", "arn:aws:ssm:*::document/AWS-RunShellScript"),
        ("ssm:GetParameter", "arn:aws:ssm:*::parameter/aws/service/*"),
        ("ssmmessages:OpenDataChannel", "arn:aws:ssm:*:*:session/*"),
        ("iam:ListRoles", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/*"),
        ("ram:GetResourceShares", "arn:aws:ram:*:*:resource-share/*"),
        ("logs:DescribeLogGroups", "arn:aws:logs:*:*:log-group:/aws/lambda/*"),
        ("kafka-cluster:Connect", f"arn:aws:kafka:*:{ACCOUNT}:cluster/*"),
        ("quicksight:CreateDataSet", "arn:aws:quicksight:*:*:dataset/*"),
        ("elasticloadbalancing:AddTags", "arn:aws:elasticloadbalancing:*:*:listener/*"),
        ("cloudformation:CreateChangeSet", "arn:aws:cloudformation:*:aws:transform/*"),
        ("ec2:PutResourcePolicy", "arn:aws:ec2:*:*:security-group/*"),
        ("odb:CreateOutboundIntegration", "arn:aws:odb:*:*:exadb-vm-cluster/*"),
        ("partnercentral:CreateResourceSnapshot", "arn:aws:partnercentral:*::catalog/AWS/engagement/*"),
        ("s3:GetObjekt", "arn:aws:s3:::photos"),
        ("ec2:*", "arn:aws:s3:::photos"),
        ("s3:GetObject", "arn:aws:s3:::${Bucket}"),
        ("s3:GetObject", ["arn:aws:s3:::photos", "*"]),
    ],
)  # fmt: skip
def test_what_can_be_asked_is_not_told(action: Any, resource: Any) -> None:
    """Protects against findings where the reference is silent, lags, or the text is open."""
    assert told(action, resource) == []


def test_a_bucket_named_bucket_is_no_type() -> None:
    """Protects a deny on a bucket against its objects' ARN, whatever the bucket is called."""
    assert told("s3:DeleteBucket", "arn:aws:s3:::bucket/*") == [
        "`s3:DeleteBucket` applies to none of these resources"
    ]


def test_several_dead_actions_are_one_finding_with_the_types_that_they_want() -> None:
    """Protects against a message for each of many actions, and that one can act on it."""
    found = review_document(
        allow(["ecs:RunTask", "ecs:StopTask"], f"arn:aws:ecs:*:{ACCOUNT}:cluster/c")
    )
    (one,) = (d for d in found if d.code is codes.RESOURCE_MISMATCH)
    assert one.message == "`ecs:RunTask`, `ecs:StopTask` apply to none of these resources"
    assert one.hint == ("they apply to resources of the types `ecs:task-definition`, `ecs:task`")


def test_a_deny_that_denies_nothing_says_so() -> None:
    """Protects the word on a deny: what it was to keep out is let in."""
    document = allow("s3:ListBucket", "arn:aws:s3:::photos/*")
    document["Statement"][0]["Effect"] = "Deny"
    (one,) = (d for d in review_document(document) if d.code is codes.RESOURCE_MISMATCH)
    assert one.label == "this denies nothing"


@pytest.mark.parametrize(
    ("arn", "meant"),
    [
        ("arn:aws:lambda:*:*:function/*", "arn:aws:lambda:*:*:function:*"),
        ("arn:aws:states:*:*:statemachine:a*", "arn:aws:states:*:*:stateMachine:a*"),
        ("arn:aws:ec2:*:*:vpc-endpoint:*", "arn:aws:ec2:*:*:vpc-endpoint/*"),
    ],
)
def test_an_arn_that_is_nearly_of_a_type_is_told_with_that(arn: str, meant: str) -> None:
    """Protects Access Analyzer's INVALID_ARN_RESOURCE, where it is sure."""
    service = arn.split(":")[2]
    found = review_document(allow(f"{service}:*", [arn, "arn:aws:s3:::photos"]))
    (one,) = (d for d in found if d.code is codes.RESOURCE_MISMATCH)
    assert one.message == f"`{arn}` is of no type of resources of {service}"
    assert one.hint == f"did you mean `{meant}`?"
    assert one.fix is not None


def test_a_resource_that_no_action_is_about_is_told() -> None:
    """Protects IAM801 and its words."""
    found = review_document(allow("s3:GetObject", ["arn:aws:s3:::photos/*", "arn:aws:s3:::photos"]))
    assert said(found, codes.IDLE_RESOURCE) == [
        (
            '"arn:aws:s3:::photos"',
            "no action of this statement applies to `arn:aws:s3:::photos`",
        )
    ]
    assert not said(found, codes.RESOURCE_MISMATCH)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        (["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::photos/*", "arn:aws:s3:::photos"]),
        ("s3:*", ["arn:aws:s3:::photos/*", "arn:aws:s3:::photos"]),
        (["s3:GetObject", "ram:GetResourceShares"], ["arn:aws:s3:::p/*", "arn:aws:ram:*:*:resource-share/*"]),
        ("ssm:AddTagsToResource", ["arn:aws:ssm:*:*:managed-instance/*", "arn:aws:iam::*:role/a"]),
        ("odb:CreateOutboundIntegration", ["arn:aws:odb:*:*:exadb-vm-cluster/*"]),
        ("apigateway:GET", ["arn:aws:apigateway:*::/apis", "arn:aws:apigateway:*::/apis/*"]),
        ("codestar-connections:UseConnection", ["arn:aws:codeconnections:*:*:connection/*"]),
        ("ssm:StartSession", ["arn:aws:eks:*:*:cluster/*", "arn:aws:ssm:*::document/*"]),
        (
            "redshift:RestoreFromClusterSnapshot",
            ["arn:aws:redshift:*:*:snapshot:*/*", "arn:aws:redshift-serverless:*:*:snapshot/*"],
        ),
    ],
)  # fmt: skip
def test_resources_that_something_is_about_are_not_told(action: Any, resource: Any) -> None:
    """Protects against findings where the reference is silent."""
    assert idle(action, resource) == []


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ssm:DeregisterManagedInstance", "arn:aws:eks:*:*:cluster/*"),
        ("connect:GetMetricDataV2", "arn:aws:connect-campaigns:*:*:campaign/*"),
    ],
)
def test_resources_of_a_branch_of_a_service_are_not_told(action: str, resource: str) -> None:
    """AWS's own policies use actions on resources that the reference does not list for them."""
    assert told(action, resource) == []


def test_sources_are_told_of_idle_resources_only(tmp_path: Path) -> None:
    """Protects IAM801 for sources, of which the compiler has said the rest."""
    text = 'policy p { allow s3:GetObject on [s3:object("a"), s3:bucket("a")] }\n'
    found = review_source(tmp_path, text)
    ((_, message),) = said(found, codes.IDLE_RESOURCE)
    assert message == "no action of this statement applies to `arn:aws:s3:::a`"
    assert not said(found, codes.RESOURCE_MISMATCH)


def test_documents_of_aws_are_no_mistake_in_a_source(tmp_path: Path) -> None:
    """Protects what the compiler says of resources whose ARNs leave out the account."""
    text = 'policy p { allow ssm:SendCommand on "arn:aws:ssm:*::document/AWS-RunShellScript" }\n'
    assert not said(review_source(tmp_path, text), codes.RESOURCE_MISMATCH)
