"""IAM827: services are let in, whoever they work for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import review_document, review_source, said, trust

from iamdsl.aws.deputies import IN_RESOURCE_POLICIES, IN_TRUSTS, deputy, source_arn
from iamdsl.diagnostics import Severity, codes

if TYPE_CHECKING:
    from pathlib import Path

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"


def queue(service: Any, condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a queue's policy that a service may send to."""
    statement: dict[str, Any] = {
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage",
        "Resource": QUEUE,
    }  # fmt: skip
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement | more]}


def confused(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what IAM827 says of a document."""
    return said(review_document(document), codes.CONFUSED_DEPUTY)


def test_a_service_without_a_source_is_found() -> None:
    """SNS tells a queue for which topic it sends, so the queue can ask."""
    assert confused(queue("sns.amazonaws.com")) == [
        (
            '"sns.amazonaws.com"',
            "policy `document` lets `sns.amazonaws.com` in, whoever it works for",
        )
    ]
    (found,) = (
        d for d in review_document(queue("sns.amazonaws.com")) if d.code is codes.CONFUSED_DEPUTY
    )
    assert "`arn:aws:sns:*:111122223333:*`" in found.hint


@pytest.mark.parametrize(
    ("operator", "key", "value", "found"),
    [
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:111122223333:*", 0),
        ("StringEquals", "aws:SourceAccount", "111122223333", 0),
        ("StringEquals", "AWS:SourceOrgID", "o-abc1234567", 0),
        ("StringEqualsIfExists", "AWS:SourceAccount", "111122223333", 0),
        ("StringEqualsIfExists", "aws:SourceOrgID", "o-abc1234567", 1),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-abc1234567", 1),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:*", 1),
        ("StringNotEquals", "aws:SourceAccount", "111122223333", 1),
        ("Bool", "aws:SecureTransport", "true", 1),
        ("Bool", "aws:PrincipalIsAWSService", "true", 1),
    ],
)
def test_a_test_of_the_source_is_enough(operator: str, key: str, value: str, found: int) -> None:
    """What names an account, resource or organization ties the service; a wildcard does not."""
    assert len(confused(queue("sns.amazonaws.com", {operator: {key: value}}))) == found


def test_an_organization_that_need_not_be_there_is_none(tmp_path: Path) -> None:
    """The keys of an organization are not there for accounts of none, which `…IfExists` lets in."""
    found = review_document(
        queue("sns.amazonaws.com", {"StringEqualsIfExists": {"aws:SourceOrgID": "o-abc1234567"}})
    )
    message = "policy `document` lets `sns.amazonaws.com` in for accounts of no organization"
    assert said(found, codes.CONFUSED_DEPUTY) == [('"aws:SourceOrgID"', message)]
    (one,) = (d for d in found if d.code is codes.CONFUSED_DEPUTY)
    assert (one.label, one.hint) == ("a request for one has no such key", "write `StringEquals`")
    source = """
policy orders for sqs:queue("orders") {
  allow sqs:SendMessage to service sns when aws:SourceOrgID? == "o-abc1234567"
}
"""
    (one,) = (d for d in review_source(tmp_path, source) if d.code is codes.CONFUSED_DEPUTY)
    assert one.hint == "leave the `?` out"


def test_a_deny_ties_it_as_well() -> None:
    """The policy may deny what services do for others instead."""
    document = queue("sns.amazonaws.com")
    document["Statement"].append(
        {
            "Effect": "Deny", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:*",
            "Resource": QUEUE,
            "Condition": {"StringNotEquals": {"aws:SourceAccount": "111122223333"}},
        }
    )  # fmt: skip
    assert not confused(document)


@pytest.mark.parametrize("service", ["ec2", "lambda", "glue", "eks", "nobody"])
def test_services_that_may_not_send_the_keys_are_passed_over(service: str) -> None:
    """A condition on keys that do not come would lock the service out."""
    assert not confused(trust({"Service": f"{service}.amazonaws.com"}))
    assert not confused(queue(f"{service}.amazonaws.com"))


def test_where_a_service_sends_them_matters() -> None:
    """EventBridge tells it to a queue, and not, by its page, to a topic."""
    topic = "arn:aws:sns:eu-west-1:111122223333:orders"
    assert confused(queue("events.amazonaws.com"))
    assert not confused(queue("events.amazonaws.com", Action="sns:Publish", Resource=topic))


def test_several_services_are_one_finding() -> None:
    """A statement is one mistake, however many services it lists."""
    assert [
        message for _, message in confused(queue(["events.amazonaws.com", "s3.amazonaws.com"]))
    ] == [
        "policy `document` lets `events.amazonaws.com` and `s3.amazonaws.com` in, whoever they work for"
    ]


def test_roles_in_sources_have_a_fix(tmp_path: Path) -> None:
    """The test of the own account is offered, where the sentence is about such services alone."""
    source = """
role machine { trust service states }
role mixed { trust service ec2, service states }
role tied { trust service states when aws:SourceAccount == aws.account }
"""
    found = review_source(tmp_path, source)
    assert said(found, codes.CONFUSED_DEPUTY) == [
        (
            "states",
            "trust policy of role `machine` lets `states.amazonaws.com` in, whoever it works for",
        ),
        (
            "states",
            "trust policy of role `mixed` lets `states.amazonaws.com` in, whoever it works for",
        ),
    ]
    first, second = (d.fix for d in found if d.code is codes.CONFUSED_DEPUTY)
    assert first is not None
    assert not first.safe
    assert [edit.text for edit in first.edits] == [" when aws:SourceAccount == aws.account"]
    assert second is None


def test_a_bucket_without_its_account_is_a_note(tmp_path: Path) -> None:
    """An ARN of S3 names no account, and AWS asks for both keys then; in both worlds."""
    bucket = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::photos"}}
    found = review_document(queue("s3.amazonaws.com", bucket))
    assert said(found, codes.CONFUSED_DEPUTY) == [
        (
            '"arn:aws:s3:::photos"',
            "policy `document` lets `s3.amazonaws.com` in for a bucket, whoever has it",
        )
    ]
    (one,) = (d for d in found if d.code is codes.CONFUSED_DEPUTY)
    assert (one.severity, one.label) == (Severity.NOTE, "names no account")
    assert one.hint == "test `aws:SourceAccount` as well"
    source = """
policy orders for sqs:queue("orders") {
  allow sqs:SendMessage to service s3 when aws:SourceArn == arn:aws:s3:::photos
}
"""
    (one,) = (d for d in review_source(tmp_path, source) if d.code is codes.CONFUSED_DEPUTY)
    assert one.hint == "add `and aws:SourceAccount == aws.account`"


@pytest.mark.parametrize(
    ("service", "condition"),
    [
        (
            "s3",
            {
                "ArnLike": {"aws:SourceArn": "arn:aws:s3:::photos"},
                "StringEquals": {"aws:SourceAccount": "111122223333"},
            },
        ),
        ("s3", {"StringEquals": {"aws:SourceAccount": "111122223333"}}),
        ("s3", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:eu-west-1:111122223333:accesspoint/a"}}),
        ("events", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::photos"}}),
        ("nobody", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::photos"}}),
    ],
)
def test_a_bucket_with_its_account_is_enough(service: str, condition: dict[str, Any]) -> None:
    """Neither an account beside the bucket is passed over, nor services that work for no bucket told."""
    assert not confused(queue(f"{service}.amazonaws.com", condition))


def test_the_tables_are_in_order() -> None:
    """Names are without ending and sorted, and each row has a page."""
    for table in (IN_TRUSTS, IN_RESOURCE_POLICIES):
        assert list(table) == sorted(table)
        assert all(row.page and not name.endswith(".com") for name, row in table.items())
    assert all(row.at for row in IN_RESOURCE_POLICIES.values())
    known = deputy("cloudfront.amazonaws.com", resource="s3")
    assert known is not None
    assert source_arn(known, "") == "arn:aws:cloudfront::ACCOUNT:distribution/*"
