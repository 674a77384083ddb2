"""The table of operations that set policies, against botocore's models of the services."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from iamdsl.aws.policy_operations import (
    POLICY_OPERATIONS,
    WITHOUT,
    Operation,
    deleting,
    getting,
    looked_up,
    nested,
    operation_of,
    operation_of_type,
    putting,
)
from iamdsl.aws.resource_policies import RESOURCE_POLICIES, word

ROWS = [(service, row) for service, rows in POLICY_OPERATIONS.items() for row in rows]
NAMES = [f"{service}-{row.put}-{number}" for number, (service, row) in enumerate(ROWS)]
EXAMPLES = {
    r"^/restapis/([^/]+)$": "/restapis/x",
    r"^([^/*]+)(/.*)?$": "x/*",
    r"^access-grants/default$": "access-grants/default",
    r"^catalog$": "catalog",
    r"^repository/([^/]+)/([^/]+)$": "repository/x/y",
    r"^channelGroup/([^/]+)/channel/([^/]+)$": "channelGroup/x/channel/y",
    r"^channelGroup/([^/]+)/channel/([^/]+)/originEndpoint/([^/]+)$": (
        "channelGroup/x/channel/y/originEndpoint/z"
    ),
    r"^outpost/[^/]+/bucket/[^/]+$": "outpost/x/bucket/y",
    r"^outpost/[^/]+/accesspoint/[^/]+$": "outpost/x/accesspoint/y",
    r"^secret:([^?*]+)-([?]{6}|[*])$": "secret:x-??????",
    r"^(service|servicenetwork)/[^/]+$": "service/x",
}
"""Resources that the patterns match, where it is not the text before the first group and an `x`."""


def example(service: str, row: Operation) -> str:
    """Return an ARN that a row is for."""
    known = EXAMPLES.get(row.resource)
    resource = known or row.resource.strip("^$").split("(")[0].split(".+")[0].split("[")[0] + "x"
    return f"arn:aws:{service}:eu-west-1:123456789012:{resource}"


@pytest.fixture(scope="module")
def models() -> botocore.session.Session:
    """Return botocore's models of all services; they are files, and ask nobody."""
    return botocore.session.Session()


def check(shape: Any, value: object) -> None:
    """Fail where a request has what the model does not know, or lacks what it needs."""
    if isinstance(value, dict):
        if shape.type_name == "map":
            for member in value.values():
                check(shape.value, member)
            return
        assert shape.type_name == "structure", shape
        assert set(value) <= set(shape.members), (set(value), list(shape.members))
        assert set(shape.required_members) <= set(value), shape.required_members
        for name, member in value.items():
            check(shape.members[name], member)
    elif isinstance(value, list):
        assert shape.type_name == "list"
        for member in value:
            check(shape.member, member)
    else:
        assert shape.type_name == ("boolean" if isinstance(value, bool) else "string"), shape
        assert isinstance(value, bool) or not shape.enum or value in shape.enum


@pytest.mark.parametrize(("service", "row"), ROWS, ids=NAMES)
def test_operations_and_members_are_there(
    service: str, row: Operation, models: botocore.session.Session
) -> None:
    """A misspelt operation or member would be found by whoever deploys, too late."""
    model, arn = models.get_service_model(row.client), example(service, row)
    calls = [putting(row, arn, "name", "{}", "found"), getting(row, arn, "name", "found")[0]]
    calls += [c for c in (looked_up(row, arn, "name"), deleting(row, arn, "name", "found")) if c]

    for call in calls:
        found = model.operation_model(call.operation)
        assert call.members or found.input_shape is None or not found.input_shape.required_members
        if call.members:
            check(found.input_shape, nested(call.members))


@pytest.mark.parametrize(("service", "row"), ROWS, ids=NAMES)
def test_answers_are_where_the_model_has_a_text(
    service: str, row: Operation, models: botocore.session.Session
) -> None:
    """Where the document is looked for in the wrong place, every deployment sets it again."""
    shape = models.get_service_model(row.client).operation_model(row.get).output_shape
    _, answer = getting(row, example(service, row), "name")
    for step in answer.removesuffix(" | [0]").replace('"', "").split("."):
        name, bracket, _ = step.partition("[")
        shape = shape.value if shape.type_name == "map" else shape.members[name]
        shape = shape.member if bracket else shape

    assert shape.type_name == "string"


@pytest.mark.parametrize("service", sorted(RESOURCE_POLICIES))
def test_every_type_with_a_policy_has_a_row_or_a_reason(service: str) -> None:
    """What is neither set nor told about would be lost without a word."""
    rows = POLICY_OPERATIONS.get(service, ())
    known = {word(kind) for row in rows for kind in row.types}
    for kind in RESOURCE_POLICIES[service].types:
        assert (word(kind) in known) != ((service, kind) in WITHOUT), kind
    assert rows or all((service, kind) in WITHOUT for kind in RESOURCE_POLICIES[service].types)


@pytest.mark.parametrize(
    ("service", "arn", "put", "members"),
    [
        ("s3", "arn:aws:s3:::lake", "PutBucketPolicy", {"Bucket": "lake", "Policy": "{}"}),
        (
            "s3",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/p",
            "PutAccessPointPolicy",
            {"AccountId": "123456789012", "Name": "p", "Policy": "{}"},
        ),
        (
            "sqs",
            "arn:aws:sqs:eu-west-1:123456789012:jobs",
            "SetQueueAttributes",
            {"QueueUrl": "url", "Attributes": {"Policy": "{}"}},
        ),
        (
            "secretsmanager",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-??????",
            "PutResourcePolicy",
            {"SecretId": "db", "ResourcePolicy": "{}"},
        ),
        (
            "apigateway",
            "arn:aws:apigateway:eu-west-1::/restapis/abc",
            "UpdateRestApi",
            {
                "restApiId": "abc",
                "patchOperations": [{"op": "replace", "path": "/policy", "value": "{}"}],
            },
        ),
    ],
)
def test_requests_name_the_resource(service: str, arn: str, put: str, members: object) -> None:
    """Each service has its own way to say which resource it is."""
    row = operation_of(service, arn)

    assert row is not None
    call = putting(row, arn, "name", "{}", "url")
    assert (call.operation, nested(call.members)) == (put, members)


@pytest.mark.parametrize(
    ("service", "arn"),
    [
        ("s3", "arn:aws:s3:::lake-*"),
        ("s3", "arn:aws:s3:::lake/object"),
        ("sqs", "jobs"),
        ("sqs", "arn:aws:sqs:eu-west-1:123456789012:*"),
        ("dynamodb", "arn:aws:dynamodb:eu-west-1:123456789012:table/*"),
        ("s3tables", "arn:aws:s3tables:eu-west-1:123456789012:bucket/b/table/t"),
        ("iot", "arn:aws:iot:eu-west-1:123456789012:policy/p"),
    ],
)
def test_patterns_and_strangers_have_no_operation(service: str, arn: str) -> None:
    """A policy is set on one resource that is surely meant, or not at all."""
    assert operation_of(service, arn) is None


def test_types_stand_in_where_the_arn_is_open() -> None:
    """A bucket that only a deployment knows is still known to be one."""
    found = [operation_of_type(*pair) for pair in (("s3", "bucket"), ("s3", "accesspoint"))]

    assert [row and row.put for row in found] == ["PutBucketPolicy", "PutAccessPointPolicy"]
    assert operation_of_type("iot", "policy") is None
