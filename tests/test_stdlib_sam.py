"""`std.sam` against SAM's own policy templates, as the installed aws-sam-translator has them.

What a template compiles to and what SAM makes of the same values decide every request alike, by
`prove`, in every partition. Where they differ, `DEVIATIONS` says how and why: what SAM grants
without effect is taken away (the catalogue has to agree that it has none), and what ours grants
instead is added; after that they are alike again.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from samtranslator.policy_template_processor.processor import PolicyTemplatesProcessor

import iamdsl
from iamdsl import iam, prove
from iamdsl.aws import Catalogue
from iamdsl.diagnostics import Report
from iamdsl.resources import open_catalogue
from iamdsl.source import Source
from iamdsl.syntax import parse, tree

MODULE = Path(__file__).parent.parent / "stdlib" / "sam.iam"
ACCOUNT = "111122223333"
REGIONS = {"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
SAM: dict[str, Any] = PolicyTemplatesProcessor.get_default_policy_templates_json()
CONVERTER = PolicyTemplatesProcessor(SAM)
ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
SAMPLES = {
    "CertificateArn": ARN % ("acm", "certificate/12345678-1234-1234-1234-123456789012"),
    "ParameterName": "/sample",
    "SecretArn": ARN % ("secretsmanager", "secret:orders-a1B2c3"),
    "TaskDefinition": "sample:1",
}
"""What parameters are given that `sample` does not fit."""


class Deviation(NamedTuple):
    """How a template of ours differs from SAM's.

    Attributes:
        without: SAM's actions whose grants have no effect, which ours does not have.
        instead: what ours grants that SAM's does not: actions, and resources as in SAM's file.
        why: where it is known from.
    """

    without: tuple[str, ...]
    instead: dict[str, tuple[str, ...]]
    why: str


def everywhere(*actions: str, why: str = "the reference has no resource for it") -> Deviation:
    """Return a deviation of actions that SAM grants on an ARN, and that work on `*` only."""
    return Deviation(actions, dict.fromkeys(actions, ("*",)), why)


VERIFYING = everywhere(
    "ses:GetIdentityVerificationAttributes",
    "ses:VerifyEmailIdentity",
    why="so the reference, and SAM's own SESBulkTemplatedCrudPolicy_v2",
)
DEVIATIONS = {
    "DynamoDBBackupFullAccessPolicy": everywhere("dynamodb:ListBackups"),
    "DynamoDBStreamReadPolicy": everywhere("dynamodb:ListStreams", why="aws/aws-cdk#10631"),
    "EC2CopyImagePolicy": Deviation(
        ("ec2:CopyImage",),
        {
            "ec2:CopyImage": (
                "arn:${AWS::Partition}:ec2:${AWS::Region}::image/sample",
                "arn:${AWS::Partition}:ec2:${AWS::Region}::snapshot/*",
            )
        },
        "ARNs of images have no account; the snapshots are checked too",
    ),
    "KinesisStreamReadPolicy": everywhere("kinesis:ListStreams", "kinesis:DescribeLimits"),
    "PollyFullAccessPolicy": everywhere("polly:DescribeVoices", "polly:ListLexicons"),
    "RekognitionNoDataAccessPolicy": everywhere(
        "rekognition:CompareFaces",
        "rekognition:DetectFaces",
        "rekognition:DetectLabels",
        "rekognition:DetectModerationLabels",
        why="aws/serverless-application-model#245",
    ),
    "RekognitionReadPolicy": everywhere("rekognition:ListCollections"),
    "RekognitionWriteOnlyAccessPolicy": everywhere("rekognition:CreateCollection"),
    "SESBulkTemplatedCrudPolicy": VERIFYING,
    "SESCrudPolicy": VERIFYING,
    "SQSPollerPolicy": Deviation(
        ("sqs:ChangeMessageVisibilityBatch", "sqs:DeleteMessageBatch"), {}, "no such actions"
    ),
    "SQSSendMessagePolicy": Deviation(
        ("sqs:SendMessage*",),
        {"sqs:SendMessage": (ARN % ("sqs", "sample"),)},
        "one action today, and nothing that is not there yet",
    ),
    "ServerlessRepoReadWriteAccessPolicy": everywhere("serverlessrepo:ListApplications"),
}
KEPT = {
    ("ServerlessRepoReadWriteAccessPolicy", "serverlessrepo:CreateApplication"): "boto/boto3#1406",
    ("StepFunctionsCallbackPolicy", "states:SendTaskFailure"): "NOAA-OWP/hydrovis#837",
    ("StepFunctionsCallbackPolicy", "states:SendTaskHeartbeat"): "aws/aws-cdk#8486",
    ("StepFunctionsCallbackPolicy", "states:SendTaskSuccess"): "aws/aws-cdk#8486",
}
"""Where the reference has no resource, but answers of AWS's name the one that SAM writes: where."""


@cache
def catalogue() -> Catalogue:
    """Return the shipped catalogue."""
    return Catalogue(open_catalogue())


@cache
def ours() -> dict[str, tree.Template]:
    """Return the templates of `std.sam` by name."""
    members = parse(Source("sam.iam", MODULE.read_text(encoding="utf-8")), Report()).members
    return {m.name.text: m for m in members if isinstance(m, tree.Template)}


def sample(parameter: str) -> str:
    """Return what a parameter is given, in SAM's language."""
    return SAMPLES.get(parameter, "sample")


def written(parameter: str) -> str:
    """Return an argument in ours."""
    text = sample(parameter)
    if not text.startswith("arn:"):
        return f'{parameter} = "{text}"'
    pseudo = {"${AWS::Partition}": "partition", "${AWS::Region}": "region"}
    pseudo["${AWS::AccountId}"] = "account"
    for name, value in pseudo.items():
        text = text.replace(name, f"{{aws.{value}}}")
    return f"{parameter} = {text}"


@cache
def built(partition: str) -> dict[str, tuple[iam.Statement, ...]]:
    """Return what our templates come to, all compiled in one source."""
    policies = "\n".join(
        f"policy {name} {{ use sam.{name}({', '.join(map(written, template['Parameters']))}) }}"
        for name, template in SAM["Templates"].items()
        if name in ours()
    )
    region = REGIONS[partition]
    result = iamdsl.compile(
        f"import std.sam\n{policies}", partition=partition, account=ACCOUNT, region=region
    )
    assert not result.diagnostics, str(result)
    return {
        Path(file).stem: iam.from_json(json.loads(text)).statements
        for file, text in result.files.items()
        if file.startswith("policies/")
    }


def resolved(value: Any, pseudo: dict[str, str]) -> Any:
    """Return a value of a template without its `Fn::Sub`."""
    if isinstance(value, list):
        return [resolved(v, pseudo) for v in value]
    if isinstance(value, dict) and value.keys() == {"Fn::Sub"}:
        value = value["Fn::Sub"]
        text, more = value if isinstance(value, list) else (value, {})
        return filled(filled(text, more), pseudo)
    if isinstance(value, dict):
        return {name: resolved(v, pseudo) for name, v in value.items()}
    return filled(value, pseudo)


def filled(text: str, values: dict[str, str]) -> str:
    """Return a text with `${name}` replaced, where there is a value of that name."""
    return re.sub(r"\$\{([^}]+)\}", lambda m: values.get(m[1], m[0]), text)


def pseudo_parameters(partition: str) -> dict[str, str]:
    """Return CloudFormation's own parameters."""
    place = {"Partition": partition, "Region": REGIONS[partition], "AccountId": ACCOUNT}
    return {f"AWS::{name}": value for name, value in place.items()}


@cache
def grants(name: str, partition: str) -> list[dict[str, Any]]:
    """Return SAM's statements of a template with the samples, one for each action."""
    given = {parameter: sample(parameter) for parameter in SAM["Templates"][name]["Parameters"]}
    document = CONVERTER.convert(name, given)
    resolved_document = resolved(document, pseudo_parameters(partition))
    return [
        {**statement, "Action": action}
        for statement in resolved_document["Statement"]
        for action in listed(statement["Action"])
    ]


def listed(value: str | list[str]) -> list[str]:
    """Return a list of what JSON may also have alone."""
    return [value] if isinstance(value, str) else value


@cache
def overlap(one: str, other: str) -> bool:
    """Tell whether some text fits both patterns."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return overlap(one[1:], other) or overlap(one, other[1:])
    if other[0] == "*":
        return overlap(other, one)
    return one[0] == other[0] and overlap(one[1:], other[1:])


def effective(statement: dict[str, Any]) -> bool:
    """Tell whether, as the reference has it, a grant of one action can allow anything."""
    resources = listed(statement["Resource"])
    names = catalogue().match(statement["Action"])
    if resources == ["*"]:
        return bool(names)
    types = [
        (name.partition(":")[0], kind.type)
        for name in names
        if (action := catalogue().action(name)) is not None
        for kind in action.resources
    ]
    formats = [
        re.sub(r"\$\{[^}]+\}", "*", form.text)
        for service, kind in types
        if (found := catalogue().resource_type(service, kind)) is not None
        for form in found.formats
    ]
    return any(overlap(resource, form) for resource in resources for form in formats)


def test_names() -> None:
    """We have each template that the installed SAM has, and no other."""
    assert sorted(ours()) == sorted(SAM["Templates"])
    assert len(ours()) == 81


def test_parameters() -> None:
    """A template has SAM's parameters by their names."""
    found = {name: {p.name.text for p in template.parameters} for name, template in ours().items()}
    wanted = {name: set(template["Parameters"]) for name, template in SAM["Templates"].items()}
    assert found == wanted


@pytest.mark.parametrize("partition", REGIONS)
def test_equivalent(partition: str) -> None:
    """Ours decides every request as SAM's does, but for the deviations."""
    different = {}
    for name in SAM["Templates"]:
        without, instead, _ = DEVIATIONS.get(name, Deviation((), {}, ""))
        statements = [s for s in grants(name, partition) if s["Action"] not in without]
        for action, resources in instead.items():
            where = [filled(r, pseudo_parameters(partition)) for r in resources]
            statements.append({"Effect": "Allow", "Action": action, "Resource": where})
        theirs = iam.from_json({"Version": iam.VERSION, "Statement": statements}).statements
        answer = prove.equivalent(built(partition)[name], theirs, catalogue())
        if answer.verdict != "yes":
            different[name] = answer
    assert not different


def test_deviations() -> None:
    """What ours leaves out of SAM's has no effect, and whatever has none is left out, or known."""
    idle = {
        (name, statement["Action"])
        for name in SAM["Templates"]
        for statement in grants(name, "aws")
        if not effective(statement)
    }
    left_out = {(name, action) for name, d in DEVIATIONS.items() for action in d.without}
    assert left_out - {("SQSSendMessagePolicy", "sqs:SendMessage*")} == idle - KEPT.keys()
    assert KEPT.keys() <= idle
    assert catalogue().match("sqs:SendMessage*") == ("sqs:SendMessage",)


def test_deviations_are_told() -> None:
    """A template's comment says that it differs from SAM's if, and only if, it does."""
    docs = {name: " ".join(template.doc.split()) for name, template in ours().items()}
    assert {name for name, doc in docs.items() if "Differs from SAM's" in doc} == DEVIATIONS.keys()


def test_optional_parameters() -> None:
    """Few parameters may be left out: those that AWS has a default for, or that limit nothing."""
    found = {
        (name, parameter.name.text)
        for name, template in ours().items()
        for parameter in template.parameters
        if parameter.default is not None
    }
    assert found == {
        ("AthenaQueryPolicy", "WorkGroupName"),
        ("DynamoDBStreamReadPolicy", "StreamName"),
        ("EventBridgePutEventsPolicy", "EventBusName"),
        ("RekognitionNoDataAccessPolicy", "CollectionId"),
    }
