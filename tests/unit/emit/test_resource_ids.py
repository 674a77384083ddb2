"""Ids of what sets the policies of resources: of the resource, and not of the policy."""

from __future__ import annotations

import re

import pytest

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.emit import Facts, emit
from iamdsl.emit._resource_ids import policy_id

DENY = iam.Policy(
    (
        iam.Statement(
            "Deny",
            iam.Elements(("sqs:*",)),
            iam.Elements(("*",)),
            principals=iam.Principals((("*", ("*",)),)),
        ),
    )
)
PARTITION, REGION, ACCOUNT = (
    iam.placeholder(f"aws.{name}") for name in ("partition", "region", "account")
)
QUEUE = f"arn:{PARTITION}:sqs:{REGION}:{ACCOUNT}:jobs"


def policy(name: str, target: str, service: str = "sqs") -> iam.Document:
    """Return the policy of a resource."""
    return iam.Document("resource", name, DENY, target=target, service=service)


def made(target: str, *documents: iam.Document, **pseudo: str) -> tuple[str, list[str]]:
    """Return the first file of a target, and the codes of what is reported."""
    report = Report()
    files = emit((target,), iam.Build(documents), Facts(pseudo=tuple(pseudo.items())), report).files
    return next(iter(files.values())).decode(), [d.code.number for d in report.diagnostics]


@pytest.mark.parametrize(
    ("target", "id_"),
    [
        ("cloudformation", "  SqsJobsAccess:"),
        ("cdk", "CfnQueuePolicy(this, 'SqsJobsAccess',"),
        ("cdk-python", '"SqsJobsAccess",'),
    ],
)
def test_a_policy_with_another_name_is_the_same_resource(target: str, id_: str) -> None:
    """With a new id it would be set first, and then taken from the queue with the old one."""
    assert id_ in made(target, policy("one", QUEUE))[0]
    assert id_ in made(target, policy("two", QUEUE))[0]
    known = QUEUE.replace(REGION, "eu-west-1").replace(ACCOUNT, "111122223333")
    assert id_ in made(target, policy("one", known), region="eu-west-1", account="111122223333")[0]


def test_statements_of_an_event_bus_keep_their_ids() -> None:
    """They are set one by one, and have the id of their bus in theirs."""
    bus = f"arn:{PARTITION}:events:{REGION}:{ACCOUNT}:event-bus/orders"
    for target, id_ in (
        ("cloudformation", r"^  (EventsEventBusOrdersX\w{8}Access\w{8}):"),
        ("cdk", r"'(EventsEventBusOrdersX\w{8}Access:iamdsl-\w{12})'"),
    ):
        one, two = (
            re.findall(id_, made(target, policy(name, bus, "events"))[0], re.MULTILINE)
            for name in ("one", "two")
        )
        assert one == two
        assert len(one) == 1


def test_no_two_resources_have_one_id() -> None:
    """Names, services, accounts and Regions tell resources apart."""
    targets = [
        ("sqs", QUEUE),
        ("sns", QUEUE),
        ("sqs", QUEUE.replace("jobs", "Jobs")),
        ("sqs", QUEUE.replace("jobs", "jobs.fifo")),
        ("sqs", QUEUE.replace(REGION, "eu-west-1")),
        ("sqs", QUEUE.replace(ACCOUNT, "111122223333")),
        ("s3", "arn:aws:s3:::jobs"),
        ("s3", f"arn:aws:s3:::{iam.placeholder('jobs')}"),
        ("s3", iam.placeholder("jobs")),
        ("lambda", f"arn:{PARTITION}:lambda:{REGION}:{ACCOUNT}:function:jobs"),
        ("sns", f"arn:{PARTITION}:sns:{REGION}:{ACCOUNT}:{'a' * 250}"),
    ]
    found = [policy_id(policy("p", target, service), {}) for service, target in targets]
    assert len(set(found)) == len(targets)
    assert all(re.fullmatch("[A-Za-z0-9]{1,100}", one) for one in found)


@pytest.mark.parametrize("target", ["cloudformation", "terraform", "aws-cli", "boto3", "cdk"])
def test_two_policies_of_one_resource_are_refused(target: str) -> None:
    """AWS has one for each: the second takes the place of the first, and its denials are gone."""
    one, two = policy("one", QUEUE), policy("two", QUEUE.replace(PARTITION, "aws"))
    report = Report()
    emit((target,), iam.Build((one, two)), Facts(), report)
    assert [d.code.number for d in report.diagnostics] == ["IAM701"]


def test_what_has_several_policies_has_them() -> None:
    """Policies of log groups have names of their own, and none is in the way of another."""
    logs = f"arn:{PARTITION}:logs:{REGION}:{ACCOUNT}:log-group:a"
    stated = iam.Statement(
        "Allow", iam.Elements(("logs:PutLogEvents",)), iam.Elements((logs,)),
        principals=iam.Principals((("Service", ("es.amazonaws.com",)),)),
    )  # fmt: skip
    both = [
        iam.Document("resource", name, iam.Policy((stated,)), target=logs, service="logs")
        for name in ("one", "two")
    ]
    text, codes = made("cloudformation", *both)
    assert not codes
    assert text.count("AWS::Logs::ResourcePolicy") == len(both)
