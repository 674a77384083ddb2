"""Policies of resources in a template: which properties hold one, and of what.

Properties: the CloudFormation template reference, by type; what a policy of a service's resources
may hold is in `aws/resource_policies.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl import iam
from iamdsl.lift.cloudformation.externs import ACCOUNT, PARTITION, REGION, spelled
from iamdsl.lift.cloudformation.intrinsics import is_call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.datafile.places import Path
    from iamdsl.lift.cloudformation.drafts import Drafts


class Held(NamedTuple):
    """Where a type of resource holds a policy document.

    Attributes:
        property: the path to it among the properties.
        service: the prefix that decides limits and elements; "" for a session policy.
        target: the property that names what the policy is for, by ARN or by what `arn` takes;
            "" where that is the resource itself, or, in a policy of an account, nothing.
        arn: the ARN made of a name, with `{p}`, `{r}`, `{a}` and `{n}`.
    """

    property: tuple[str, ...]
    service: str
    target: str = ""
    arn: str = ""


_QUEUE_URL = "queue url"
_POLICY = ("Policy",)
_DOCUMENT = ("PolicyDocument",)
_RESOURCE_POLICY = ("ResourcePolicy",)

HELD: dict[str, tuple[Held, ...]] = {
    "AWS::AIOps::InvestigationGroup": (Held(("InvestigationGroupPolicy",), "aiops"),),
    "AWS::APS::ResourcePolicy": (Held(_DOCUMENT, "aps", "WorkspaceArn"),),
    "AWS::ApiGateway::DomainNameV2": (Held(_POLICY, "apigateway"),),
    "AWS::ApiGateway::RestApi": (Held(_POLICY, "apigateway"),),
    "AWS::Backup::BackupVault": (Held(("AccessPolicy",), "backup"),),
    "AWS::Backup::LogicallyAirGappedBackupVault": (Held(("AccessPolicy",), "backup"),),
    "AWS::Bedrock::ResourcePolicy": (Held(_DOCUMENT, "bedrock", "ResourceArn"),),
    "AWS::BedrockAgentCore::ResourcePolicy": (Held(_POLICY, "bedrock-agentcore", "ResourceArn"),),
    "AWS::CloudTrail::ResourcePolicy": (Held(_RESOURCE_POLICY, "cloudtrail", "ResourceArn"),),
    "AWS::CodeArtifact::Domain": (Held(("PermissionsPolicyDocument",), "codeartifact"),),
    "AWS::CodeArtifact::Repository": (Held(("PermissionsPolicyDocument",), "codeartifact"),),
    "AWS::DSQL::Cluster": (Held(_DOCUMENT, "dsql"),),
    "AWS::DynamoDB::Table": (Held(("ResourcePolicy", "PolicyDocument"), "dynamodb"),),
    "AWS::EC2::VPCEndpoint": (Held(_DOCUMENT, "ec2"),),
    "AWS::ECR::PublicRepository": (Held(("RepositoryPolicyText",), "ecr-public"),),
    "AWS::ECR::Repository": (Held(("RepositoryPolicyText",), "ecr"),),
    "AWS::EFS::FileSystem": (Held(("FileSystemPolicy",), "elasticfilesystem"),),
    "AWS::EKS::PodIdentityAssociation": (Held(_POLICY, ""),),
    "AWS::Elasticsearch::Domain": (Held(("AccessPolicies",), "es"),),
    "AWS::EventSchemas::RegistryPolicy": (
        Held(_POLICY, "schemas", "RegistryName", "arn:{p}:schemas:{r}:{a}:registry/{n}"),
    ),
    "AWS::Events::EventBus": (Held(_POLICY, "events"),),
    "AWS::IoT::Policy": (Held(_DOCUMENT, "iot"),),
    "AWS::KMS::Key": (Held(("KeyPolicy",), "kms"),),
    "AWS::KMS::ReplicaKey": (Held(("KeyPolicy",), "kms"),),
    "AWS::Kinesis::ResourcePolicy": (Held(_RESOURCE_POLICY, "kinesis", "ResourceArn"),),
    "AWS::Lex::ResourcePolicy": (Held(_POLICY, "lex", "ResourceArn"),),
    "AWS::Logs::DeliveryDestination": (
        Held(("DeliveryDestinationPolicy", "DeliveryDestinationPolicy"), "logs"),
    ),
    "AWS::Logs::Destination": (Held(("DestinationPolicy",), "logs"),),
    "AWS::Logs::LogGroup": (Held(("ResourcePolicyDocument",), "logs"),),
    "AWS::Logs::ResourcePolicy": (Held(_DOCUMENT, "logs", "ResourceArn"),),
    "AWS::MSK::ClusterPolicy": (Held(_POLICY, "kafka", "ClusterArn"),),
    "AWS::MediaStore::Container": (Held(_POLICY, "mediastore"),),
    "AWS::OSIS::Pipeline": (Held(("ResourcePolicy", "Policy"), "osis"),),
    "AWS::Oam::Sink": (Held(_POLICY, "oam"),),
    "AWS::OpenSearchService::Domain": (Held(("AccessPolicies",), "es"),),
    "AWS::Organizations::ResourcePolicy": (Held(("Content",), "organizations"),),
    "AWS::PaymentCryptography::Key": (Held(_POLICY, "payment-cryptography"),),
    "AWS::RolesAnywhere::Profile": (Held(("SessionPolicy",), ""),),
    "AWS::S3::AccessPoint": (Held(_POLICY, "s3"),),
    "AWS::S3::BucketPolicy": (Held(_DOCUMENT, "s3", "Bucket", "arn:{p}:s3:::{n}"),),
    "AWS::S3Express::AccessPoint": (Held(_POLICY, "s3express"),),
    "AWS::S3Express::BucketPolicy": (
        Held(_DOCUMENT, "s3express", "Bucket", "arn:{p}:s3express:{r}:{a}:bucket/{n}"),
    ),
    "AWS::S3ObjectLambda::AccessPointPolicy": (
        Held(
            _DOCUMENT,
            "s3-object-lambda",
            "ObjectLambdaAccessPoint",
            "arn:{p}:s3-object-lambda:{r}:{a}:accesspoint/{n}",
        ),
    ),
    "AWS::S3Outposts::AccessPoint": (Held(_POLICY, "s3-outposts"),),
    "AWS::S3Outposts::BucketPolicy": (Held(_DOCUMENT, "s3-outposts", "Bucket"),),
    "AWS::S3Tables::TableBucketPolicy": (Held(_RESOURCE_POLICY, "s3tables", "TableBucketARN"),),
    "AWS::S3Tables::TablePolicy": (Held(_RESOURCE_POLICY, "s3tables", "TableARN"),),
    "AWS::SNS::TopicInlinePolicy": (Held(_DOCUMENT, "sns", "TopicArn"),),
    "AWS::SNS::TopicPolicy": (Held(_DOCUMENT, "sns", "Topics"),),
    "AWS::SQS::QueueInlinePolicy": (Held(_DOCUMENT, "sqs", "Queue", _QUEUE_URL),),
    "AWS::SQS::QueuePolicy": (Held(_DOCUMENT, "sqs", "Queues", _QUEUE_URL),),
    "AWS::SSM::ResourcePolicy": (Held(_POLICY, "ssm", "ResourceArn"),),
    "AWS::SageMaker::ModelPackageGroup": (Held(("ModelPackageGroupPolicy",), "sagemaker"),),
    "AWS::SecretsManager::ResourcePolicy": (Held(_RESOURCE_POLICY, "secretsmanager", "SecretId"),),
    "AWS::Transfer::User": (Held(_POLICY, ""),),
    "AWS::VpcLattice::AuthPolicy": (Held(_POLICY, "vpc-lattice", "ResourceIdentifier"),),
    "AWS::VpcLattice::ResourcePolicy": (Held(_POLICY, "vpc-lattice", "ResourceArn"),),
}
"""By type of resource."""

_READ = ("AWS::IAM::", "AWS::SSO::", "AWS::Organizations::")
"""Services of whose resources everything is read, or reported."""
_SESSION_ATTACHMENTS = "ManagedPolicyArns"
_PLAIN_NAME = re.compile(
    rf"(?:[A-Za-z0-9_.+-]|{iam.PLACEHOLDER_OPEN}[^{iam.PLACEHOLDER_CLOSE}]*{iam.PLACEHOLDER_CLOSE})+"
)
# A Region, which can be a mark, and the name of a mark has dots.
_REGION = (
    rf"((?:[^./{iam.PLACEHOLDER_OPEN}]"
    rf"|{iam.PLACEHOLDER_OPEN}[^{iam.PLACEHOLDER_CLOSE}]*{iam.PLACEHOLDER_CLOSE})+)"
)
_QUEUE = re.compile(rf"https://(?:sqs\.{_REGION}|{_REGION}\.queue)\.[^/]+/([^/]+)/([^/]+)")


def read(drafts: Drafts) -> None:
    """Read every property that holds a policy document."""
    for logical, resource in drafts.template.resources.items():
        drafts.template.reading = logical
        properties = resource.get("Properties") or {}
        for held in HELD.get(resource["Type"], ()):
            if _has(properties, held.property):
                path = ("Resources", logical, "Properties")
                _held(drafts, logical, path, properties, held)
    drafts.template.reading = ""


def _has(properties: Any, path: tuple[str, ...]) -> bool:
    """Tell whether there is something at a path; a function on the way there counts."""
    for part in path:
        if is_call(properties):
            return True
        if not isinstance(properties, dict) or part not in properties:
            return False
        properties = properties[part]
    return properties not in ({"Ref": "AWS::NoValue"}, None, "")


def _held(drafts: Drafts, logical: str, path: Path, properties: dict[str, Any], held: Held) -> None:
    above: Any = properties
    for i, part in enumerate(held.property):
        if is_call(above):  # a function gives what holds the document
            drafts.template.inexact(
                (*path, *held.property[:i]),
                next(iter(above)),
                "it decides whether there is a policy",
            )
            return
        above = above[part]
    policy = drafts.policy((*path, *held.property))
    if policy is None:
        return
    origin = (drafts.template.span(("Resources", logical), key=True),)
    if not held.service:
        attached = tuple(
            drafts.attachment(text, where)
            for text, where in drafts.texts(path, properties, _SESSION_ATTACHMENTS)
        )
        name = drafts.unique(logical, "session")
        drafts.add(logical, iam.Document("session", name, policy, attached=attached, origin=origin))
        return
    targets = list(_targets(drafts, logical, path, properties, held, policy))
    for label, target in targets:
        name = drafts.unique(logical if len(targets) == 1 else f"{logical}-{label}")
        arn = _agreeing(target, policy)
        drafts.add(
            logical,
            iam.Document("resource", name, policy, target=arn, service=held.service, origin=origin),
        )


def _targets(
    drafts: Drafts,
    logical: str,
    path: Path,
    properties: dict[str, Any],
    held: Held,
    policy: iam.Policy,
) -> Iterator[tuple[str, str]]:
    """Yield a label and the ARN of each resource that a policy is for."""
    if not held.target:
        yield logical, drafts.template.arn(logical)
        return
    if held.target not in properties and held.service == "logs":
        yield logical, _of_account(policy)
        return
    if held.target not in properties:
        drafts.template.bad(path, f"`{logical}` has no `{held.target}`")
        return
    raw = properties[held.target]
    items = raw if isinstance(raw, list) else [raw]
    for i, item in enumerate(items):
        where = (*path, held.target, i) if isinstance(raw, list) else (*path, held.target)
        ref = item.get("Ref") if is_call(item) else None
        label = ref if isinstance(ref, str) else str(i + 1)
        if held.arn == _QUEUE_URL and isinstance(ref, str) and _is_queue(drafts, ref):
            yield label, drafts.template.arn(ref)
        elif (text := drafts.template.text(where)) is not None:
            yield label, _named(drafts, text, held, where, label)


def _is_queue(drafts: Drafts, logical: str) -> bool:
    return drafts.template.resources.get(logical, {}).get("Type") == "AWS::SQS::Queue"


def _named(drafts: Drafts, text: str, held: Held, path: Path, label: str) -> str:
    """Return the ARN of what a text names: an ARN, a name, the URL of a queue."""
    if text.startswith("arn:"):
        return text
    if held.arn == _QUEUE_URL:
        if (url := _QUEUE.fullmatch(text)) is not None:
            return f"arn:{PARTITION}:sqs:{url[1] or url[2]}:{url[3]}:{url[4]}"
    elif held.arn and _PLAIN_NAME.fullmatch(text):
        return held.arn.format(p=PARTITION, r=REGION, a=ACCOUNT, n=text)
    elif iam.PLACEHOLDER.fullmatch(text):
        return text
    return drafts.template.externs.mark(
        ("target", text),
        f"{label}_arn" if not label.isdecimal() else f"{path[1]}_target_arn",
        type="Arn",
        doc=f"the ARN of what the template calls `{spelled(text)}`",
        origin=drafts.template.span(path),
    )


def _of_account(policy: iam.Policy) -> str:
    """Return what a policy for the log groups of an account is for."""
    resources = {r for s in policy.statements if s.resources for r in s.resources.values}
    if len(resources) == 1 and (only := next(iter(resources))).startswith("arn:"):
        return only
    return f"arn:{PARTITION}:logs:{REGION}:{ACCOUNT}:log-group:*"


def _agreeing(target: str, policy: iam.Policy) -> str:
    """Return a target's ARN with the partition that the statements write out for it."""
    texts = [r for s in policy.statements if s.resources for r in s.resources.values]
    for partition in ("aws", "aws-us-gov", "aws-cn"):
        written = target.replace(f"arn:{PARTITION}:", f"arn:{partition}:", 1)
        if any(text.startswith(written) for text in texts):
            return written
    return target


def unknown(drafts: Drafts) -> None:
    """Warn of what looks like a policy document, in properties that nothing has read."""
    template = drafts.template
    for logical, resource in template.resources.items():
        if resource["Type"].startswith(_READ):
            continue
        base = ("Resources", logical, "Properties")
        for path in _documents(resource.get("Properties") or {}, base):
            if not any(path[: len(read)] == read for read in template.read):
                template.left_out(
                    path,
                    f"the policy document of the {resource['Type']} `{logical}`",
                    "import it as a file of its own, if it is one of IAM's",
                )


def _documents(value: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of mappings that have statements with effects."""
    if isinstance(value, dict):
        statements = value.get("Statement")
        listed = statements if isinstance(statements, list) else [statements]
        if any(isinstance(s, dict) and "Effect" in s for s in listed):
            yield path
            return
        for name, item in value.items():
            yield from _documents(item, (*path, name))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _documents(item, (*path, i))
