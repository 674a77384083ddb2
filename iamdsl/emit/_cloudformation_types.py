"""Which CloudFormation resource sets the policy of a resource that is already there.

Some services have a type of their own for the policy (`AWS::S3::BucketPolicy`); a template can
then set it whoever made the bucket. Of others the policy is a property of the resource, which
only the template that makes it can set. The tables are from the resource schemas of
CloudFormation's registry, as cfn-lint 1.58 ships them; a test compares them with those.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from iamdsl import iam
from iamdsl.emit._marks import Mark, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from iamdsl.iam import Document, Extern, Statement

AS_OF: Final = "2026-10-20"
"""The day of the schemas that the tables were made from."""

URL_SUFFIX: Final = iam.placeholder("aws.url_suffix")
"""Stands in texts for `AWS::URLSuffix`, as a mark that no build has."""


BY_AWS: Final = ("p-FullAWSAccess", "p-RCPFullAWSAccess")
"""What ids of policies end in that AWS itself attaches everywhere in an organization."""


class Slice(NamedTuple):
    """A piece of a text that only the deployment knows: `Fn::Select` of `Fn::Split`.

    Attributes:
        number: which piece, from 0, of the text cut at the separator.
    """

    of: str | Slice
    separator: str
    number: int


Naming: TypeAlias = "tuple[str | Slice, ...]"
"""A value in pieces that follow each other: texts, which can hold marks, and slices."""


class Setting(NamedTuple):
    """A CloudFormation resource that sets a policy.

    Attributes:
        type: e.g. `AWS::S3::BucketPolicy`.
        names: the properties that say whose policy it is.
        document: the property of the document.
        text: whether that takes JSON as text; an object else.
        listed: whether the property in `names` is a list of one.
        each: whether a resource sets one statement: `statement_ids` names them, in the property
            `StatementId`.
    """

    type: str
    names: tuple[tuple[str, Naming], ...]
    document: str
    text: bool = False
    listed: bool = False
    each: bool = False


class Elsewhere(NamedTuple):
    """Why no resource of its own sets a policy, and what does.

    Attributes:
        why: half a sentence, that follows "…, because ".
        hint: what there is to do.
    """

    why: str
    hint: str


class _Row(NamedTuple):
    """How the policy of one type of resource is set.

    Attributes:
        kinds: the types of the service, in the words of the catalogue in lower case, of which
            an extern can be.
        resource: what matches the last field of its ARN.
        names: pairs of a property and what it takes, see `_named`.
    """

    kinds: tuple[str, ...]
    resource: str
    type: str
    names: tuple[tuple[str, str], ...]
    document: str
    text: bool = False
    listed: bool = False
    each: bool = False


_ARN = "{arn}"
_ANY = r".+"

SETTINGS: dict[str, tuple[_Row, ...]] = {
    "aps": (
        _Row(("workspace",), r"workspace/.+", "AWS::APS::ResourcePolicy",
             (("WorkspaceArn", _ARN),), "PolicyDocument", text=True),
    ),
    "bedrock": (
        _Row((), _ANY, "AWS::Bedrock::ResourcePolicy",
             (("ResourceArn", _ARN),), "PolicyDocument"),
    ),
    "bedrock-agentcore": (
        _Row((), _ANY, "AWS::BedrockAgentCore::ResourcePolicy",
             (("ResourceArn", _ARN),), "Policy", text=True),
    ),
    "cloudtrail": (
        _Row((), _ANY, "AWS::CloudTrail::ResourcePolicy",
             (("ResourceArn", _ARN),), "ResourcePolicy"),
    ),
    "events": (
        _Row(("event-bus",), r"event-bus/.+", "AWS::Events::EventBusPolicy",
             (("EventBusName", "{5/rest}"),), "Statement", each=True),
        _Row(("event-busv2",), r"event-busv2/.+", "AWS::EventsV2::ResourcePolicy",
             (("EventBusArn", _ARN),), "PolicyDocument"),
    ),
    "iot": (
        _Row(("policy",), r"policy/[^/]+", "AWS::IoT::Policy",
             (("PolicyName", "{5/1}"),), "PolicyDocument"),
    ),
    "kafka": (
        _Row(("cluster",), r"cluster/.+", "AWS::MSK::ClusterPolicy",
             (("ClusterArn", _ARN),), "Policy"),
    ),
    "kinesis": (
        _Row(("stream", "consumer"), r"stream/.+", "AWS::Kinesis::ResourcePolicy",
             (("ResourceArn", _ARN),), "ResourcePolicy"),
    ),
    "lambda": (
        _Row(("function", "function-alias", "function-version"), r"function:.+",
             "AWS::Lambda::ResourcePolicy", (("ResourceArn", _ARN),), "PolicyDocument"),
    ),
    "lex": (
        _Row(("bot", "bot-alias"), r"bot(-alias)?/.+", "AWS::Lex::ResourcePolicy",
             (("ResourceArn", _ARN),), "Policy"),
    ),
    "mediapackagev2": (
        _Row(("channel", "channelpolicy"), r"channelGroup/[^/]+/channel/[^/]+",
             "AWS::MediaPackageV2::ChannelPolicy",
             (("ChannelGroupName", "{5/1}"), ("ChannelName", "{5/3}")), "Policy"),
        _Row(("originendpoint", "originendpointpolicy"),
             r"channelGroup/[^/]+/channel/[^/]+/originEndpoint/[^/]+",
             "AWS::MediaPackageV2::OriginEndpointPolicy",
             (("ChannelGroupName", "{5/1}"), ("ChannelName", "{5/3}"),
              ("OriginEndpointName", "{5/5}")), "Policy"),
    ),
    "mediatailor": (
        _Row(("channel",), r"channel/[^/]+", "AWS::MediaTailor::ChannelPolicy",
             (("ChannelName", "{5/1}"),), "Policy"),
    ),
    "organizations": (
        _Row(("resourcepolicy",), r"resourcepolicy/.+", "AWS::Organizations::ResourcePolicy",
             (), "Content"),
    ),
    "s3": (
        _Row(("bucket",), r"[^:/]+", "AWS::S3::BucketPolicy",
             (("Bucket", "{5}"),), "PolicyDocument"),
    ),
    "s3-object-lambda": (
        _Row(("objectlambdaaccesspoint",), r"accesspoint/[^/]+",
             "AWS::S3ObjectLambda::AccessPointPolicy",
             (("ObjectLambdaAccessPoint", "{5/1}"),), "PolicyDocument"),
    ),
    "s3-outposts": (
        _Row(("bucket",), r"outpost/[^/]+/bucket/[^/]+", "AWS::S3Outposts::BucketPolicy",
             (("Bucket", _ARN),), "PolicyDocument"),
    ),
    "s3express": (
        _Row(("bucket",), r"bucket/[^/]+", "AWS::S3Express::BucketPolicy",
             (("Bucket", "{5/1}"),), "PolicyDocument"),
    ),
    "s3files": (
        _Row(("file-system",), r"file-system/[^/]+", "AWS::S3Files::FileSystemPolicy",
             (("FileSystemId", _ARN),), "Policy"),
    ),
    "s3tables": (
        _Row(("tablebucket",), r"bucket/[^/]+", "AWS::S3Tables::TableBucketPolicy",
             (("TableBucketARN", _ARN),), "ResourcePolicy"),
        _Row(("table",), r"bucket/[^/]+/table/.+", "AWS::S3Tables::TablePolicy",
             (("TableARN", _ARN),), "ResourcePolicy"),
    ),
    "s3vectors": (
        _Row(("vectorbucket",), r"bucket/[^/]+", "AWS::S3Vectors::VectorBucketPolicy",
             (("VectorBucketArn", _ARN),), "Policy"),
    ),
    "schemas": (
        _Row(("registry",), r"registry/[^/]+", "AWS::EventSchemas::RegistryPolicy",
             (("RegistryName", "{5/1}"),), "Policy"),
    ),
    "secretsmanager": (
        _Row(("secret",), r"secret:.+", "AWS::SecretsManager::ResourcePolicy",
             (("SecretId", _ARN),), "ResourcePolicy"),
    ),
    "sms-voice": (
        _Row((), _ANY, "AWS::SMSVOICE::ResourcePolicy",
             (("ResourceArn", _ARN),), "PolicyDocument"),
    ),
    "sns": (
        _Row(("topic",), r"[^:/]+", "AWS::SNS::TopicPolicy",
             (("Topics", _ARN),), "PolicyDocument", listed=True),
    ),
    "sqs": (
        _Row(("queue",), r"[^:/]+", "AWS::SQS::QueuePolicy",
             (("Queues", "https://sqs.{3}.{suffix}/{4}/{5}"),), "PolicyDocument", listed=True),
    ),
    "ssm": (
        _Row((), _ANY, "AWS::SSM::ResourcePolicy", (("ResourceArn", _ARN),), "Policy"),
    ),
    "vpc-lattice": (
        _Row(("service", "servicenetwork"), r"service(network)?/.+", "AWS::VpcLattice::AuthPolicy",
             (("ResourceIdentifier", _ARN),), "Policy"),
        _Row(("resourceconfiguration",), r"resourceconfiguration/.+",
             "AWS::VpcLattice::ResourcePolicy", (("ResourceArn", _ARN),), "Policy"),
    ),
}  # fmt: skip
"""By service; the first row that fits holds."""

PROPERTIES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "aiops": ((_ANY, "AWS::AIOps::InvestigationGroup", "InvestigationGroupPolicy"),),
    "apigateway": (
        (r"/restapis.*", "AWS::ApiGateway::RestApi", "Policy"),
        (r"/domainnames.*", "AWS::ApiGateway::DomainNameV2", "Policy"),
    ),
    "backup": ((r"backup-vault:.+", "AWS::Backup::BackupVault", "AccessPolicy"),),
    "codeartifact": (
        (r"domain/.+", "AWS::CodeArtifact::Domain", "PermissionsPolicyDocument"),
        (r"repository/.+", "AWS::CodeArtifact::Repository", "PermissionsPolicyDocument"),
    ),
    "comprehend": (
        (r"document-classifier/.+", "AWS::Comprehend::DocumentClassifier", "ModelPolicy"),
    ),
    "dsql": ((_ANY, "AWS::DSQL::Cluster", "PolicyDocument"),),
    "dynamodb": (
        (r"table/[^/]+/stream/.+", "AWS::DynamoDB::Table", "StreamSpecification.ResourcePolicy"),
        (_ANY, "AWS::DynamoDB::Table", "ResourcePolicy"),
    ),
    "ec2": ((r"vpc-endpoint/.+", "AWS::EC2::VPCEndpoint", "PolicyDocument"),),
    "ecr": ((_ANY, "AWS::ECR::Repository", "RepositoryPolicyText"),),
    "ecr-public": ((_ANY, "AWS::ECR::PublicRepository", "RepositoryPolicyText"),),
    "elasticfilesystem": ((_ANY, "AWS::EFS::FileSystem", "FileSystemPolicy"),),
    "es": ((_ANY, "AWS::OpenSearchService::Domain", "AccessPolicies"),),
    "execute-api": (
        (r"/domainnames.*", "AWS::ApiGateway::DomainNameV2", "Policy"),
        (_ANY, "AWS::ApiGateway::RestApi", "Policy"),
    ),
    "kms": ((_ANY, "AWS::KMS::Key", "KeyPolicy"),),
    "logs": (
        (r"log-group:.+", "AWS::Logs::LogGroup", "ResourcePolicyDocument"),
        (r"destination:.+", "AWS::Logs::Destination", "DestinationPolicy"),
        (r"delivery-destination:.+", "AWS::Logs::DeliveryDestination", "DeliveryDestinationPolicy"),
    ),
    "mediastore": ((_ANY, "AWS::MediaStore::Container", "Policy"),),
    "oam": ((r"sink/.+", "AWS::Oam::Sink", "Policy"),),
    "omics": ((r"sequenceStore/.+", "AWS::Omics::SequenceStore", "S3AccessPolicy"),),
    "osis": ((_ANY, "AWS::OSIS::Pipeline", "ResourcePolicy"),),
    "payment-cryptography": ((r"key/.+", "AWS::PaymentCryptography::Key", "Policy"),),
    "redshift": ((r"namespace:.+", "AWS::Redshift::Cluster", "NamespaceResourcePolicy"),),
    "redshift-serverless": (
        (_ANY, "AWS::RedshiftServerless::Namespace", "NamespaceResourcePolicy"),
    ),
    "rum": ((_ANY, "AWS::RUM::AppMonitor", "ResourcePolicy"),),
    "s3": (
        # That of one in several Regions has a type of its own, which wants a name that is no
        # part of the ARN.
        (r"accesspoint/.+\.mrap", "AWS::S3::MultiRegionAccessPointPolicy", "Policy"),
        (r"accesspoint/.+", "AWS::S3::AccessPoint", "Policy"),
    ),
    "s3-outposts": ((r"outpost/[^/]+/accesspoint/.+", "AWS::S3Outposts::AccessPoint", "Policy"),),
    "s3express": ((r"accesspoint/.+", "AWS::S3Express::AccessPoint", "Policy"),),
    "sagemaker": (
        (r"model-package-group/.+", "AWS::SageMaker::ModelPackageGroup", "ModelPackageGroupPolicy"),
    ),
}
"""By service: what matches the last field of an ARN, and the type and property that take it."""

_WORDS = {
    "kms": ("key",), "ecr": ("repository",), "execute-api": ("execute-api-general",),
    "dynamodb": ("table",), "elasticfilesystem": ("file-system",), "es": ("domain",),
}  # fmt: skip
"""Types of externs whose policy is a property: those where more than one row could be meant."""

_OTHERS = "the target `json` has the document, `terraform` and `aws-cli` where they can set it"


def setting(document: Document, externs: Iterable[Extern]) -> Setting | Elsewhere:
    """Return what sets the policy of a resource, or why nothing does.

    Args:
        document: of the kind `resource`.
        externs: all that are declared: a target can be one, whose type says what it is.
    """
    service, target = document.service or "", document.target or ""
    if service == "secretsmanager":
        # Six characters of a secret's ARN are made up by AWS; without them it is found as well.
        target = target.removesuffix("-??????")
    found = parts(target)
    if len(found) == 1 and isinstance(found[0], Mark):
        return _of_extern(service, target, found[0].name, externs)
    fields = target.split(":", 5)
    if len(fields) < 6:
        return Elsewhere("its resource is not said by an ARN", f"name it by its ARN; {_OTHERS}")
    if any("*" in part or "?" in part for part in found if isinstance(part, str)):
        return Elsewhere("its resource is said by a pattern", f"name one resource; {_OTHERS}")
    if service == "logs" and _within(document, target):
        names = (("PolicyName", (document.name,)),)
        return Setting("AWS::Logs::ResourcePolicy", names, "PolicyDocument", text=True)
    for row in SETTINGS.get(service, ()):
        if re.fullmatch(row.resource, fields[5], re.DOTALL):
            return _set(row, lambda text: _named(text, target, fields))
    for pattern, kind, member in PROPERTIES.get(service, ()):
        if re.fullmatch(pattern, fields[5], re.DOTALL):
            return _property(kind, member)
    return _nowhere(service)


def statement_ids(document: Document) -> tuple[str, ...]:
    """Return the ids of the statements of a policy that is set statement by statement.

    One without a name is called by what it says: another statement is another resource, which is
    made before the one that it replaces goes.
    """
    return tuple(s.sid or f"iamdsl-{_digest(s)}" for s in document.policy.statements)


def _digest(statement: Statement) -> str:
    text = iam.minified(iam.statement_to_json(statement))
    return sha256(text.encode("ascii")).hexdigest()[:12]


def _within(document: Document, target: str) -> bool:
    """Tell whether a policy names nothing but a log group and what is in it.

    Only then it means the same as a policy of the account, which is what there is a type for.
    """
    if not target.split(":", 5)[5].startswith("log-group:"):
        return False
    return all(
        statement.resources is not None
        and not statement.resources.negated
        and all(r == target or r.startswith(f"{target}:") for r in statement.resources.values)
        for statement in document.policy.statements
    )


def _of_extern(
    service: str, target: str, name: str, externs: Iterable[Extern]
) -> Setting | Elsewhere:
    """Return what sets the policy of a resource whose whole ARN is left open."""
    kinds = {e.type.partition(":")[2].lower() for e in externs if e.name == name}
    rows = SETTINGS.get(service, ())
    for row in rows:
        if kinds & set(row.kinds) or (not row.kinds and kinds):
            return _set(row, lambda text: tuple(_sliced(text, target)))
    for _, kind, member in PROPERTIES.get(service, ()):
        if not rows or kinds & set(_WORDS.get(service, ())):
            return _property(kind, member)
    return _nowhere(service)


def _set(row: _Row, named: Callable[[str], Naming]) -> Setting:
    names = tuple((name, named(text)) for name, text in row.names)
    return Setting(row.type, names, row.document, row.text, row.listed, row.each)


def _property(kind: str, member: str) -> Elsewhere:
    why = f"it is the property `{member}` of `{kind}`"
    return Elsewhere(why, f"give it there to the resource in its own template; {_OTHERS}")


def _nowhere(service: str) -> Elsewhere:
    why = f"CloudFormation has no type that sets a policy of `{service}`"
    return Elsewhere(why, f"set it by its service's API; {_OTHERS}")


_FIELD = re.compile(r"\{(?:(arn)|(suffix)|(\d)(?:/(\d|rest))?)\}")


def _named(text: str, target: str, fields: list[str]) -> Naming:
    """Return what a property takes, of an ARN that is known but for what is left open in it.

    Args:
        text: `{arn}` is the ARN, `{3}` its field of that number from 0, `{5/1}` the piece of a
            field that has this number, from 0, between its slashes, `{5/rest}` what follows the
            first slash, and `{suffix}` the domain of AWS's services.
    """

    def filled(match: re.Match[str]) -> str:
        arn, suffix, number, piece = match.groups()
        if arn or suffix:
            return target if arn else URL_SUFFIX
        field = fields[int(number)]
        if piece is None:
            return field
        return field.partition("/")[2] if piece == "rest" else field.split("/")[int(piece)]

    return (_FIELD.sub(filled, text),)


def _sliced(text: str, target: str) -> Iterator[str | Slice]:
    """Yield what a property takes, of an ARN that is not known."""
    end = 0
    for match in _FIELD.finditer(text):
        if text[end : match.start()]:
            yield text[end : match.start()]
        end = match.end()
        arn, suffix, number, piece = match.groups()
        if arn or suffix:
            yield target if arn else URL_SUFFIX
            continue
        field = Slice(target, ":", int(number))
        if piece is None:
            yield field
        else:
            # What is said by its name alone has no other slashes in a bus that was made here.
            yield Slice(field, "/", 1 if piece == "rest" else int(piece))
    if text[end:]:
        yield text[end:]
