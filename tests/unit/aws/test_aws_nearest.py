"""What unknown names were meant to be; the cases are slips found in published policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iamdsl.aws.operations import OPERATIONS, PREFIXES, operation_hint
from iamdsl.diagnostics.nearest import distance, nearest

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue


def test_no_operation_of_the_table_is_an_action_and_each_hint_is(catalogue: Catalogue) -> None:
    """A hint that names no action, or explains away a real one, would mislead."""
    for prefix, operations in OPERATIONS.items():
        for operation in operations:
            name = f"{prefix}:{operation}"
            assert not catalogue.has_action(name), name
            hints = operation_hint(name)
            assert hints, name
            assert all(catalogue.canonical(hint) == hint for hint in hints), name


def test_no_prefix_of_the_table_is_a_service_and_each_meant_one_is(catalogue: Catalogue) -> None:
    """As above, for the prefixes."""
    for prefix, meant in PREFIXES.items():
        assert not catalogue.has_service(prefix), prefix
        assert catalogue.has_service(meant), prefix


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("s3:listobjects", ("s3:ListBucket",)),
        ("s3:CopyObject", ("s3:GetObject", "s3:PutObject")),
        ("s3api:HeadBucket", ("s3:ListBucket",)),
        ("kms:ReEncrypt", ("kms:ReEncryptFrom", "kms:ReEncryptTo")),
        ("lambda:Invoke", ("lambda:InvokeFunction",)),
        ("sqs:SendMessageBatch", ("sqs:SendMessage",)),
        ("s3:GetObject", ()),
        ("s3:Nothing", ()),
    ],
)
def test_api_operations_lead_to_their_actions(
    catalogue: Catalogue, text: str, hint: tuple[str, ...]
) -> None:
    """People write what the SDK calls it."""
    assert catalogue.operation_hint(text) == hint


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("s3:DeletObject", "s3:DeleteObject"),
        ("codedploy:CreateDeployment", "codedeploy:CreateDeployment"),
        (
            "dynamodb:EnableKinesisStreamingDesintation",
            "dynamodb:EnableKinesisStreamingDestination",
        ),
        ("ecs:DescribeTaskDefinitions", "ecs:DescribeTaskDefinition"),
        ("elbv2:DescribeListeners", "elasticloadbalancing:DescribeListeners"),
        ("cloudwatch:PutLogEvents", "logs:PutLogEvents"),
        ("s3:Gte*", "s3:Get*"),
        ("s3:ListObjects", "s3:ListBucket"),
    ],
)
def test_a_slip_in_an_action_leads_to_the_action(
    catalogue: Catalogue, text: str, first: str
) -> None:
    """The first suggestion is the one an editor offers as a fix."""
    assert catalogue.suggest_action(text)[0] == first


def test_suggestions_for_the_other_names(catalogue: Catalogue) -> None:
    """Each kind of name has its own words to compare with."""
    assert catalogue.suggest_service("stepfunctions") == ("states",)
    assert catalogue.suggest_service("xrya") == ("xray",)
    assert catalogue.suggest_key("aws:PrincipalOrgsID")[0] == "aws:PrincipalOrgID"
    assert catalogue.suggest_key("aws:ResorceTag/team")[0] == "aws:ResourceTag/team"
    assert catalogue.suggest_resource_type("s3", "bukcet") == ("bucket",)
    assert catalogue.suggest_resource_type("lambda", "alias") == ("function-alias",)
    assert catalogue.suggest_managed_policy("ReadOnlyAcess")[0] == "ReadOnlyAccess"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("gitlab.com:projectid", "gitlab.com:project_id"),
        ("gitlab.example.com:subj", "gitlab.example.com:sub"),
        (
            "token.actions.acme.ghe.com:repository_owner-id",
            "token.actions.acme.ghe.com:repository_owner_id",
        ),
        (
            "oidc.eks.eu-west-1.amazonaws.com/id/AB:adu",
            "oidc.eks.eu-west-1.amazonaws.com/id/AB:aud",
        ),
        (
            "oidc.circleci.com/org/12345:oidc.circleci.com/projectid",
            "oidc.circleci.com/org/12345:oidc.circleci.com/project-id",
        ),
    ],
)
def test_a_slip_in_a_claim_leads_to_the_claim(catalogue: Catalogue, text: str, key: str) -> None:
    """After a provider's host it is the claim that is meant, of those that it has."""
    assert catalogue.suggest_key(text)[0] == key


def test_claims_of_one_provider_are_not_those_of_another(catalogue: Catalogue) -> None:
    """AWS reads `project_id` from gitlab.com only, so it is not suggested for another GitLab."""
    assert catalogue.suggest_key("gitlab.example.com:projectid") == ()


@pytest.mark.parametrize("text", ["", ":", "*", "zzzzzzzzzz:qqqqqqqq", "s3:qqqqqqqqqqqqqqq"])
def test_nothing_near_gives_nothing(catalogue: Catalogue, text: str) -> None:
    """A far-fetched suggestion is worse than none."""
    assert catalogue.suggest_action(text) == ()


def test_distance_counts_slips_up_to_its_bound() -> None:
    """Two neighbours swapped are one slip, as fingers make it."""
    assert distance("abc", "acb", 3) == 1
    assert distance("abc", "abc", 3) == 0
    assert distance("abc", "ab", 3) == 1
    assert distance("kitten", "sitting", 5) == 3
    assert distance("aaaa", "bbbb", 2) == 3
    assert nearest("GETOBJCT", ["PutObject", "GetObject"]) == ("GetObject",)
