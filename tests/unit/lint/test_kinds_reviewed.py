"""What each kind of policy takes, in documents: IAM306 and IAM313."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import review_document, review_source, said, trust

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = "arn:aws:s3:::photos"
ROOT = {"AWS": "arn:aws:iam::111122223333:root"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
RCP = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def without(member: str, statement: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**{k: v for k, v in statement.items() if k != member}, **more}


def refused(made: dict[str, Any], **options: Any) -> list[tuple[str, str]]:
    return said(review_document(made, **options), codes.ELEMENT_NOT_ALLOWED)


def disputed(made: dict[str, Any], **options: Any) -> list[tuple[str, str]]:
    return said(review_document(made, **options), codes.DISPUTED_FORM)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("policy", "a policy of identities"),
        ("boundary", "a permissions boundary"),
        ("scp", "a service control policy"),
        ("session", "a session policy"),
    ],
)
def test_policies_of_identities_name_no_principal(kind: str, name: str) -> None:
    """AWS refuses `Principal` where the policy speaks for whoever it is attached to."""
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    assert refused(document({**deny, "Principal": "*"}), kind=kind) == [
        ('"Principal"', f"{name} takes no `Principal`")
    ]
    assert refused(document({**deny, "NotPrincipal": ROOT}), kind=kind) == [
        ('"NotPrincipal"', f"{name} takes no `NotPrincipal`")
    ]
    assert refused(document(deny), kind=kind) == []


def test_a_statement_lacks_its_resource() -> None:
    """AWS refuses it; the policies of ECR's repositories have none, and say so of all."""
    made = document(without("Resource", READ))
    assert refused(made) == [("{", "a statement of a policy of identities has no `Resource`")]
    made = document(without("Resource", READ, Principal=ROOT))
    assert refused(made) == [("{", "a statement of a policy of a resource has no `Resource`")]
    repository = {"Effect": "Allow", "Principal": ROOT, "Action": "ecr:BatchGetImage"}
    assert refused(document(repository)) == []
    mounted = {"Effect": "Allow", "Principal": ROOT, "Action": "elasticfilesystem:ClientMount"}
    assert refused(document(mounted)) == []


def test_a_statement_lacks_its_principal() -> None:
    """Beside others that have one, the document is a resource's policy."""
    made = document({**READ, "Principal": ROOT}, READ)
    assert refused(made) == [("{", "a statement of a policy of a resource has no `Principal`")]
    made = document({"Effect": "Allow", "Action": "sts:AssumeRole"})
    assert refused(made, kind="trust") == [
        ("{", "a statement of a trust policy has no `Principal`")
    ]


def test_things_that_hold_a_policy_say_who_is_meant() -> None:
    """A policy of IoT's hangs on a certificate, and names no principal."""
    thing = {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}
    target = "arn:aws:iot:eu-west-1:111122223333:policy/p"
    assert refused(document(thing), target=target) == []
    assert refused(document({**thing, "Principal": "*"}), target=target) == [
        ('"Principal"', "a policy of iot takes no `Principal`")
    ]


def test_trust_policies() -> None:
    """A role's trust has no resource and no exceptions, and is about STS only."""
    assert refused(trust({"Service": "ec2.amazonaws.com"}, Resource="*")) == [
        ('"Resource"', "a trust policy takes no `Resource`")
    ]
    deny = {"Effect": "Deny", "NotPrincipal": ROOT, "Action": "sts:AssumeRole"}
    assert refused(document(deny)) == [('"NotPrincipal"', "a trust policy takes no `NotPrincipal`")]
    assert refused(trust(ROOT, ["sts:AssumeRole", "s3:GetObject"]), kind="trust") == [
        ('"s3:GetObject"', "`s3:GetObject` has no place in a trust policy")
    ]
    assert refused(trust(ROOT, ["sts:AssumeRole", "sts:TagSession"])) == []


def test_an_endpoint_for_sts_is_no_trust_policy() -> None:
    """It names resources, and nobody but everyone: nothing is missing in it."""
    endpoint = {**RCP, "Effect": "Allow", "Action": "sts:AssumeRole"}
    assert refused(document(endpoint)) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            {**RCP, "Effect": "Allow"},
            ('"Action"', "a resource control policy can only deny"),
        ),
        (
            {**RCP, "Principal": ROOT},
            ('"Principal"', 'the `Principal` of a resource control policy is `"*"`'),
        ),
        (
            without("Action", RCP, NotAction="s3:GetObject"),
            ('"NotAction"', "a resource control policy takes no `NotAction`"),
        ),
        ({**RCP, "Action": "*"}, ('"*"', "a resource control policy names its services")),
        (
            {**RCP, "Action": ["s3:*", "ec2:RunInstances"]},
            ('"ec2:RunInstances"', "resource control policies do not reach `ec2`"),
        ),
        (
            without("Resource", RCP),
            ("{", "a statement of a resource control policy has no `Resource`"),
        ),
    ],
)
def test_what_resource_control_policies_take(
    statement: dict[str, Any], found: tuple[str, str]
) -> None:
    """They deny actions of services that they reach, whoever asks."""
    assert refused(document(statement), kind="rcp") == [found]
    assert refused(document(RCP), kind="rcp") == []


def test_where_pages_of_aws_disagree() -> None:
    """A wildcard inside of an RCP's action; SCPs take the whole language by now."""
    inner = {**RCP, "Action": "s3:Get*Tagging"}
    assert disputed(document(inner), kind="rcp") == [
        ('"s3:Get*Tagging"', "`s3:Get*Tagging` has a wildcard before its end")
    ]
    assert disputed(document(RCP), kind="rcp") == []
    secure = {**READ, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    scp = document(secure, without("Principal", inner), without("Action", READ, NotAction="s3:*"))
    assert disputed(scp, kind="scp") == refused(scp, kind="scp") == []


def test_repositories_take_no_resource() -> None:
    """ECR refuses the policy of a repository that names one, be it `*`."""
    pull = {"Effect": "Allow", "Principal": ROOT, "Action": "ecr:BatchGetImage"}
    target = "arn:aws:ecr:eu-west-1:111122223333:repository/shop"
    assert refused(document({**pull, "Resource": "*"}), target=target) == [
        ('"Resource"', "a policy of ecr takes no `Resource`")
    ]
    assert refused(document({**pull, "NotResource": target}), target=target) == [
        ('"NotResource"', "a policy of ecr takes no `NotResource`")
    ]
    assert refused(document(pull), target=target) == []
    endpoint = [{**pull, "Resource": "*"}, {**pull, "Resource": target}]
    assert refused(document(*endpoint)) == []


def test_actions_and_resources_of_others() -> None:
    """A bucket's policy is about that bucket, as far as it is known whose it is."""
    send = document({**READ, "Principal": ROOT, "Action": "sqs:SendMessage"})
    assert refused(send, target=BUCKET) == [
        ('"sqs:SendMessage"', "`sqs:SendMessage` has no place in a policy of s3")
    ]
    other = document({**READ, "Principal": ROOT, "Resource": "arn:aws:s3:::other/*"})
    assert refused(other, target=BUCKET) == [
        ('"arn:aws:s3:::other/*"', "`arn:aws:s3:::other/*` is not of this bucket")
    ]
    own = document({**READ, "Principal": ROOT}, {**READ, "Principal": ROOT, "Resource": BUCKET})
    assert refused(own, target=BUCKET) == refused(own) == []
    endpoint = document({**READ, "Principal": "*", "Action": "*", "Resource": "*"})
    assert refused(endpoint, target="vpce-0123456789abcdef0") == refused(endpoint) == []


def test_what_a_service_refuses() -> None:
    """SNS takes no `NotResource`, SES neither exceptions from actions nor from principals."""
    topic = "arn:aws:sns:eu-west-1:111122223333:alarms"
    say = {"Effect": "Allow", "Principal": ROOT, "Action": "sns:Publish", "NotResource": topic}
    assert refused(document(say), target=topic) == [
        ('"NotResource"', "a policy of sns takes no `NotResource`")
    ]
    identity = "arn:aws:ses:eu-west-1:111122223333:identity/example.com"
    mail = {"Effect": "Deny", "NotPrincipal": ROOT, "NotAction": "ses:*", "Resource": identity}
    assert refused(document(mail), target=identity) == [
        ('"NotPrincipal"', "a policy of ses takes no `NotPrincipal`"),
        ('"NotAction"', "a policy of ses takes no `NotAction`"),
    ]


def test_blanks_to_be_filled_in_are_no_mistakes() -> None:
    """Which resource `${Bucket}` is, somebody says before AWS sees it."""
    made = document({**READ, "Principal": ROOT, "Resource": "arn:aws:s3:::${Bucket}/*"})
    assert refused(made, target=BUCKET) == []


def test_sources_are_not_looked_at_again(tmp_path: Path) -> None:
    """The compiler refuses what has no place, once."""
    source = 'policy p for arn:aws:s3:::photos { allow s3:GetObject on "arn:aws:s3:::other/*" to anyone }'
    found = said(review_source(tmp_path, source), codes.ELEMENT_NOT_ALLOWED)
    assert found == [('"arn:aws:s3:::other/*"', "`arn:aws:s3:::other/*` is not of this bucket")]
    assert said(review_source(tmp_path, "rcp r { deny s3:Get* on * }"), codes.DISPUTED_FORM) == []
