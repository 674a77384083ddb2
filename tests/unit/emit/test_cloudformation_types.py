"""The types that set policies: as the registry's schemas have them, and how they name resources."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from iamdsl import iam
from iamdsl.emit._cloudformation_types import (
    AS_OF,
    PROPERTIES,
    SETTINGS,
    URL_SUFFIX,
    Elsewhere,
    Setting,
    Slice,
    setting,
    statement_ids,
)

SPEC = find_spec("cfnlint")
assert SPEC is not None
assert SPEC.origin is not None
SCHEMAS = Path(SPEC.origin).parent / "data" / "schemas"
REGIONS = ("us-east-1", "us-west-2", "eu-west-1")


@cache
def schema(name: str) -> dict[str, Any]:
    """Return the schema of a type, of the first Region that has it."""
    for region in REGIONS:
        provider = SCHEMAS / "providers" / f"{region}.json"
        known = json.loads(provider.read_text("utf-8")) if provider.exists() else {}
        if name in known:
            text = (SCHEMAS / "resources" / f"{known[name]}.json").read_text("utf-8")
            found: dict[str, Any] = json.loads(text)
            return found
    raise KeyError(name)


def member(name: str, path: str) -> dict[str, Any]:
    """Return the schema of a property, with dots into what it holds."""
    found = {"properties": schema(name)["properties"]}
    for part in path.split("."):
        found = found["properties"][part]
        if "$ref" in found:
            found = schema(name)["definitions"][found["$ref"].rpartition("/")[2]]
    return found


def resource(service: str, target: str, *statements: iam.Statement) -> iam.Document:
    """Return a resource policy."""
    return iam.Document("resource", "it", iam.Policy(statements), target=target, service=service)


def allow(sid: str | None, action: str, *on: str) -> iam.Statement:
    """Return a statement that lets an account."""
    who = iam.Principals((("AWS", ("222233334444",)),))
    where = iam.Elements(on) if on else None
    return iam.Statement("Allow", iam.Elements((action,)), where, sid=sid, principals=who)


def test_types_and_their_properties_are_those_of_the_registry() -> None:
    """A type or property that CloudFormation does not know fails a whole stack."""
    for rows in SETTINGS.values():
        for row in rows:
            properties = schema(row.type)["properties"]
            assert {name for name, _ in row.names} | {row.document} <= set(properties)
            named = {name for name, _ in row.names} | {row.document}
            needed = set(schema(row.type).get("required", ())) - {"StatementId"}
            assert needed <= named, row
            takes = member(row.type, row.document)["type"]
            assert ("string" if row.text else "object") in takes, row
            for name, _ in row.names:
                assert (member(row.type, name)["type"] == "array") == row.listed, row


def test_properties_of_resources_are_those_of_the_registry() -> None:
    """A hint that names a property which is not there sends people the wrong way."""
    for rows in PROPERTIES.values():
        for _, name, path in rows:
            assert member(name, path)


def test_the_tables_are_as_old_as_they_say() -> None:
    """A newer cfn-lint may know more types: the tables are then read over again."""
    stamp = json.loads((SCHEMAS / "version.json").read_text("utf-8"))["schema_date"]
    assert stamp.startswith(AS_OF)


REGION, ACCOUNT = iam.placeholder("aws.region"), iam.placeholder("aws.account")


@pytest.mark.parametrize(
    ("service", "target", "kind", "name", "value"),
    [
        ("s3", "arn:aws:s3:::lake", "AWS::S3::BucketPolicy", "Bucket", "lake"),
        ("sqs", f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs", "AWS::SQS::QueuePolicy", "Queues",
         f"https://sqs.{REGION}.{URL_SUFFIX}/{ACCOUNT}/jobs"),
        ("sns", "arn:aws:sns:eu-west-1:123456789012:t", "AWS::SNS::TopicPolicy", "Topics",
         "arn:aws:sns:eu-west-1:123456789012:t"),
        ("events", "arn:aws:events:eu-west-1:123456789012:event-bus/aws.partner/x/y",
         "AWS::Events::EventBusPolicy", "EventBusName", "aws.partner/x/y"),
        ("secretsmanager", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-??????",
         "AWS::SecretsManager::ResourcePolicy", "SecretId",
         "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db"),
        ("mediapackagev2", "arn:aws:mediapackagev2:eu-west-1:1:channelGroup/g/channel/c",
         "AWS::MediaPackageV2::ChannelPolicy", "ChannelName", "c"),
        ("vpc-lattice", "arn:aws:vpc-lattice:eu-west-1:1:resourceconfiguration/rcfg-1",
         "AWS::VpcLattice::ResourcePolicy", "ResourceArn",
         "arn:aws:vpc-lattice:eu-west-1:1:resourceconfiguration/rcfg-1"),
    ],
)  # fmt: skip
def test_a_resource_is_named_from_its_arn(
    service: str, target: str, kind: str, name: str, value: str
) -> None:
    """The policy belongs to the resource that the source names, and to no other."""
    found = setting(resource(service, target), ())
    assert isinstance(found, Setting)
    assert found.type == kind
    assert dict(found.names)[name] == (value,)


def test_of_an_arn_that_is_left_open_the_deployment_takes_the_parts() -> None:
    """An extern that is a whole resource says its name only when its value is known."""
    lake = iam.Extern("lake", "s3:bucket", 63, "^x$")
    jobs = iam.Extern("jobs", "sqs:queue", 63, "^x$")
    key = iam.Extern("key", "kms:key", 63, "^x$")
    mark = iam.placeholder
    bucket = setting(resource("s3", mark("lake")), (lake, jobs))
    assert isinstance(bucket, Setting)
    assert bucket.names == (("Bucket", (Slice(mark("lake"), ":", 5),)),)
    queue = setting(resource("sqs", mark("jobs")), (lake, jobs))
    assert isinstance(queue, Setting)
    arn = mark("jobs")
    sliced = [Slice(arn, ":", number) for number in range(6)]
    assert queue.names == (
        ("Queues", ("https://sqs.", sliced[3], ".", URL_SUFFIX, "/", sliced[4], "/", sliced[5])),
    )
    assert isinstance(setting(resource("kms", mark("key")), (key,)), Elsewhere)


@pytest.mark.parametrize(
    ("service", "target", "why"),
    [
        ("kms", "arn:aws:kms:eu-west-1:1:key/k", "`KeyPolicy` of `AWS::KMS::Key`"),
        ("s3", "arn:aws:s3:eu-west-1:1:accesspoint/a", "`Policy` of `AWS::S3::AccessPoint`"),
        ("glue", "arn:aws:glue:eu-west-1:1:catalog", "no type that sets a policy of `glue`"),
        ("kms", "arn:aws:kms:eu-west-1:1:key/*", "by a pattern"),
        ("s3", "lake", "not said by an ARN"),
    ],
)
def test_what_no_type_sets_is_said_with_what_does(service: str, target: str, why: str) -> None:
    """Nothing is lost in silence, and the way out names a property that is there."""
    found = setting(resource(service, target), ())
    assert isinstance(found, Elsewhere)
    assert why in found.why


def test_a_statement_is_called_by_its_name_or_by_what_it_says() -> None:
    """A statement that changes is another one: it comes before the old one goes."""
    first = resource("events", "x", allow("Mine", "events:PutEvents"), allow(None, "events:Put*"))
    other = resource("events", "x", allow(None, "events:Put*"))
    assert statement_ids(first) == ("Mine", statement_ids(other)[0])


def test_a_log_group_is_set_by_the_account_s_policy_where_that_means_the_same() -> None:
    """A policy of the account that names `*` would be about every log group."""
    group = "arn:aws:logs:eu-west-1:123456789012:log-group:app"
    narrow = resource("logs", group, allow(None, "logs:PutLogEvents", f"{group}:*", group))
    assert isinstance(found := setting(narrow, ()), Setting)
    assert found.type == "AWS::Logs::ResourcePolicy"
    assert member(found.type, found.document)["type"] == ["string", "object"]
    wide = resource("logs", group, allow(None, "logs:PutLogEvents", "*"))
    assert isinstance(setting(wide, ()), Elsewhere)
