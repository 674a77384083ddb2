"""How the policy of a resource is set, read and removed through the API: one dated table.

`resource_policies` says what such a policy may hold; here stands which operation takes it, how a
request names the resource, and where the document is in it. What has no row is set in some other
way, which `WITHOUT` tells where services are known for it; a target says so and leaves it out.

Names are those of the API and of boto3's clients; the tests hold them against botocore's models,
which say the same of all of AWS's tools.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple, TypeAlias

AS_OF = "2026-12-01"
"""The day on which the table was compiled, of botocore 1.44.8."""

Members: TypeAlias = tuple[tuple[str, str | bool], ...]
"""Of a request: pairs of a member's path and its value. `Attributes.Policy` is the member `Policy`
within `Attributes`, and a number is a place in a list: `VpcEndpointIds.0`.

In the table values may hold `{arn}`, `{account}` (of the ARN), `{1}` and `{2}` (groups of the
row's pattern), `{policy}` (the policy's name) and `{found}` (what the lookup gave).
"""


class Lookup(NamedTuple):
    """A question that has to be asked before a resource can be named: `{found}` is its answer."""

    operation: str
    members: Members
    answer: str


class Operation(NamedTuple):
    """How the policies of one type of resource are set, read and removed.

    Attributes:
        types: in the words of the catalogue, as in `resource_policies`; () where it is not known
            which types there are.
        resource: a regular expression over the last field of the ARN; what it does not match has
            no such policy. It means the same in Python and in POSIX EREs.
        client: boto3's name of the service, and the AWS CLI's but for `cli`.
        put, get, delete: the operations; `delete` is "" where a policy can only be replaced, or
            where what is there without one would let in more.
        target: the members that name the resource, in all three.
        document: the path of the member that takes the JSON text.
        answer: where the document is in what `get` answers, in JMESPath; null where there is none.
        more: further members of `put`.
        asked, removed: those of `get` and `delete`, where they differ from `target`.
        absent: the error codes of `get` that say that there is no policy. Some services say the
            same where the resource itself is missing; setting the policy then tells.
        lookup: what has to be asked first.
    """

    types: tuple[str, ...]
    resource: str
    client: str
    put: str
    get: str
    delete: str
    target: Members
    document: str
    answer: str
    more: Members = ()
    asked: Members | None = None
    removed: Members | None = None
    absent: tuple[str, ...] = ("ResourceNotFoundException",)
    lookup: Lookup | None = None

    @property
    def cli(self) -> str:
        """Return what the AWS CLI calls the service."""
        return "s3api" if self.client == "s3" else self.client


class Call(NamedTuple):
    """A request that is ready but for the document, or for what a lookup gives."""

    client: str
    operation: str
    members: Members


def _put(  # a row in the words of most services
    client: str,
    member: str,
    document: str = "Policy",
    answer: str = "",
    *,
    types: tuple[str, ...] = (),
    resource: str = r"^.+$",
    name: str = "ResourcePolicy",
    get: str = "",
    delete: str | None = None,
    value: str = "{arn}",
    absent: tuple[str, ...] = ("ResourceNotFoundException",),
) -> Operation:
    """Return the row of a service that says `Put…`, `Get…` and `Delete…` of a thing by one member."""
    return Operation(
        types, resource, client, f"Put{name}", get or f"Get{name}",
        f"Delete{name}" if delete is None else delete,
        ((member, value),), document, answer or document, absent=absent,
    )  # fmt: skip


def _api(resource: str, kind: tuple[str, ...]) -> Operation:
    return Operation(
        kind, resource, "apigateway", "UpdateRestApi", "GetRestApi", "",
        (("restApiId", "{1}"),), "patchOperations.0.value", "policy",
        more=(("patchOperations.0.op", "replace"), ("patchOperations.0.path", "/policy")),
        absent=(),
    )  # fmt: skip


def _ecr(client: str) -> Operation:
    return Operation(
        ("repository",), r"^repository/(.+)$", client, "SetRepositoryPolicy",
        "GetRepositoryPolicy", "DeleteRepositoryPolicy", (("repositoryName", "{1}"),),
        "policyText", "policyText", absent=("RepositoryPolicyNotFoundException",),
    )  # fmt: skip


def _image(kind: str, resource: str, word: str, member: str) -> Operation:
    return _put(
        "imagebuilder", member, "policy", types=(kind,), resource=resource, name=f"{word}Policy",
        delete="",
    )  # fmt: skip


def _resolver(kind: str, resource: str, word: str) -> Operation:
    return _put(
        "route53resolver", "Arn", f"{word}Policy", types=(kind,), resource=resource,
        name=f"{word}Policy", delete="", absent=("ResourceNotFoundException", "UnknownResourceException"),
    )  # fmt: skip


def _bucket(resource: str) -> Operation:
    return _put(
        "s3", "Bucket", types=("bucket",), resource=resource, name="BucketPolicy", value="{1}",
        absent=("NoSuchBucketPolicy",),
    )  # fmt: skip


def _control(  # a row
    kind: str, resource: str, name: str, member: str, value: str, absent: str
) -> Operation:
    members: Members = (("AccountId", "{account}"), *(((member, value),) if member else ()))
    return Operation(
        (kind,), resource, "s3control", f"Put{name}", f"Get{name}", f"Delete{name}", members,
        "Policy", "Policy", absent=(absent,),
    )  # fmt: skip


_POINT = "NoSuchAccessPointPolicy"

POLICY_OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "acm-pca": (
        _put("acm-pca", "ResourceArn", types=("certificate-authority",),
             resource=r"^certificate-authority/.+$", name="Policy"),
    ),
    "aiops": (
        _put("aiops", "identifier", "policy", types=("investigation-group",),
             resource=r"^investigation-group/.+$", name="InvestigationGroupPolicy"),
    ),
    "apigateway": (_api(r"^/restapis/([^/]+)$", ("RestApi",)),),
    "aws-marketplace": (_put("marketplace-catalog", "ResourceArn", types=("Entity",)),),
    "backup": (
        _put("backup", "BackupVaultName", types=("backupVault",),
             resource=r"^backup-vault:(.+)$", name="BackupVaultAccessPolicy", value="{1}"),
    ),
    "bedrock": (_put("bedrock", "resourceArn", "resourcePolicy"),),
    "bedrock-agentcore": (_put("bedrock-agentcore-control", "resourceArn", "policy"),),
    "cleanrooms-ml": (
        _put("cleanroomsml", "configuredAudienceModelArn", "configuredAudienceModelPolicy",
             types=("configuredaudiencemodel",), name="ConfiguredAudienceModelPolicy"),
    ),
    "cloudhsm": (
        _put("cloudhsmv2", "ResourceArn", types=("backup",), resource=r"^backup/.+$",
             absent=("CloudHsmResourceNotFoundException",)),
    ),
    "cloudtrail": (
        _put("cloudtrail", "ResourceArn", "ResourcePolicy",
             types=("channel", "dashboard", "eventdatastore"),
             absent=("ResourcePolicyNotFoundException",)),
    ),
    "codeartifact": (
        Operation(
            ("domain",), r"^domain/([^/]+)$", "codeartifact", "PutDomainPermissionsPolicy",
            "GetDomainPermissionsPolicy", "DeleteDomainPermissionsPolicy",
            (("domain", "{1}"), ("domainOwner", "{account}")), "policyDocument", "policy.document",
        ),
        Operation(
            ("repository",), r"^repository/([^/]+)/([^/]+)$", "codeartifact",
            "PutRepositoryPermissionsPolicy", "GetRepositoryPermissionsPolicy",
            "DeleteRepositoryPermissionsPolicy",
            (("domain", "{1}"), ("domainOwner", "{account}"), ("repository", "{2}")),
            "policyDocument", "policy.document",
        ),
    ),
    "codebuild": (_put("codebuild", "resourceArn", "policy"),),
    "comprehend": (_put("comprehend", "ResourceArn", "ResourcePolicy", get="DescribeResourcePolicy"),),
    "dsql": (
        _put("dsql", "identifier", "policy", types=("cluster",), resource=r"^cluster/(.+)$",
             name="ClusterPolicy", value="{1}"),
    ),
    "dynamodb": (
        _put("dynamodb", "ResourceArn", types=("table", "stream"), resource=r"^table/.+$",
             absent=("PolicyNotFoundException",)),
    ),
    # Without a policy an endpoint lets everything through, so that it is never reset.
    "ec2": (
        Operation(
            ("vpc-endpoint",), r"^vpc-endpoint/(.+)$", "ec2", "ModifyVpcEndpoint",
            "DescribeVpcEndpoints", "", (("VpcEndpointId", "{1}"),), "PolicyDocument",
            "VpcEndpoints[0].PolicyDocument", asked=(("VpcEndpointIds.0", "{1}"),), absent=(),
        ),
    ),
    "ecr": (_ecr("ecr"),),
    "ecr-public": (_ecr("ecr-public"),),
    "elasticfilesystem": (
        _put("efs", "FileSystemId", types=("file-system",), resource=r"^file-system/(.+)$",
             name="FileSystemPolicy", get="DescribeFileSystemPolicy", value="{1}",
             absent=("PolicyNotFound",)),
    ),
    "entityresolution": (_put("entityresolution", "arn", "policy", name="Policy", delete=""),),
    "es": (
        Operation(
            ("domain",), r"^domain/([^/]+)$", "opensearch", "UpdateDomainConfig",
            "DescribeDomainConfig", "", (("DomainName", "{1}"),), "AccessPolicies",
            "DomainConfig.AccessPolicies.Options", absent=(),
        ),
    ),
    "events": (
        Operation(
            ("event-bus", "event-busv2"), r"^event-bus/(.+)$", "events", "PutPermission",
            "DescribeEventBus", "RemovePermission", (("EventBusName", "{1}"),), "Policy", "Policy",
            asked=(("Name", "{1}"),),
            removed=(("EventBusName", "{1}"), ("RemoveAllPermissions", True)), absent=(),
        ),
    ),
    "execute-api": (_api(r"^([^/*]+)(/.*)?$", ("execute-api-general",)),),
    # One policy for an account's catalog in a region: a request does not name it.
    "glue": (
        Operation(
            ("catalog", "rootcatalog"), r"^catalog$", "glue", "PutResourcePolicy",
            "GetResourcePolicy", "DeleteResourcePolicy", (), "PolicyInJson", "PolicyInJson",
            absent=("EntityNotFoundException",),
        ),
    ),
    "imagebuilder": (
        _image("component", r"^component/.+$", "Component", "componentArn"),
        _image("containerRecipe", r"^container-recipe/.+$", "ContainerRecipe", "containerRecipeArn"),
        _image("image", r"^image/.+$", "Image", "imageArn"),
        _image("imageRecipe", r"^image-recipe/.+$", "ImageRecipe", "imageRecipeArn"),
    ),
    "kinesis": (_put("kinesis", "ResourceARN", types=("stream",), resource=r"^stream/.+$"),),
    # A key always has a policy, and only one, of this name.
    "kms": (
        Operation(
            ("key",), r"^key/(.+)$", "kms", "PutKeyPolicy", "GetKeyPolicy", "",
            (("KeyId", "{1}"), ("PolicyName", "default")), "Policy", "Policy", absent=(),
        ),
    ),
    # Tools from before 2026 know permissions only, a statement each.
    "lambda": (
        _put("lambda", "ResourceArn",
             types=("function", "function-alias", "function-version"), resource=r"^function:.+$"),
    ),
    # A policy of the account that names the log group, as every tool sets it.
    "logs": (
        Operation(
            ("log-group",), r"^log-group:.+$", "logs", "PutResourcePolicy",
            "DescribeResourcePolicies", "DeleteResourcePolicy", (("policyName", "{policy}"),),
            "policyDocument", "resourcePolicies[?policyName=='{policy}'].policyDocument | [0]",
            asked=(), absent=(),
        ),
        Operation(
            ("destination",), r"^destination:(.+)$", "logs", "PutDestinationPolicy",
            "DescribeDestinations", "", (("destinationName", "{1}"),), "accessPolicy",
            "destinations[?destinationName=='{1}'].accessPolicy | [0]",
            asked=(("DestinationNamePrefix", "{1}"),), absent=(),
        ),
        Operation(
            ("delivery-destination",), r"^delivery-destination:(.+)$", "logs",
            "PutDeliveryDestinationPolicy", "GetDeliveryDestinationPolicy",
            "DeleteDeliveryDestinationPolicy", (("deliveryDestinationName", "{1}"),),
            "deliveryDestinationPolicy", "policy.deliveryDestinationPolicy",
        ),
    ),
    "mediapackagev2": (
        Operation(
            ("Channel", "ChannelPolicy"), r"^channelGroup/([^/]+)/channel/([^/]+)$",
            "mediapackagev2", "PutChannelPolicy", "GetChannelPolicy", "DeleteChannelPolicy",
            (("ChannelGroupName", "{1}"), ("ChannelName", "{2}")), "Policy", "Policy",
        ),
        Operation(
            ("OriginEndpoint", "OriginEndpointPolicy"),
            r"^channelGroup/([^/]+)/channel/([^/]+)/originEndpoint/([^/]+)$", "mediapackagev2",
            "PutOriginEndpointPolicy", "GetOriginEndpointPolicy", "DeleteOriginEndpointPolicy",
            (("ChannelGroupName", "{1}"), ("ChannelName", "{2}"), ("OriginEndpointName", "{3}")),
            "Policy", "Policy",
        ),
    ),
    "mediastore": (
        _put("mediastore", "ContainerName", types=("container",), resource=r"^container/(.+)$",
             name="ContainerPolicy", value="{1}", absent=("PolicyNotFoundException",)),
    ),
    "organizations": (
        Operation(
            ("resourcepolicy",), r"^resourcepolicy/.+$", "organizations", "PutResourcePolicy",
            "DescribeResourcePolicy", "DeleteResourcePolicy", (), "Content",
            "ResourcePolicy.Content", absent=("ResourcePolicyNotFoundException",),
        ),
    ),
    "osis": (_put("osis", "ResourceArn", types=("pipeline", "pipeline-endpoint")),),
    "payment-cryptography": (
        _put("payment-cryptography", "ResourceArn", types=("key",), resource=r"^key/.+$"),
    ),
    "redshift": (
        _put("redshift", "ResourceArn", "Policy", "ResourcePolicy.Policy",
             absent=("ResourceNotFoundFault",)),
    ),
    "redshift-serverless": (
        _put("redshift-serverless", "resourceArn", "policy", "resourcePolicy.policy"),
    ),
    "rekognition": (
        Operation(
            ("project",), r"^project/.+$", "rekognition", "PutProjectPolicy",
            "ListProjectPolicies", "DeleteProjectPolicy",
            (("ProjectArn", "{arn}"), ("PolicyName", "{policy}")), "PolicyDocument",
            "ProjectPolicies[?PolicyName=='{policy}'].PolicyDocument | [0]",
            asked=(("ProjectArn", "{arn}"),), absent=(),
        ),
    ),
    "route53resolver": (
        _resolver("firewall-rule-group", r"^firewall-rule-group/.+$", "FirewallRuleGroup"),
        _resolver("resolver-query-log-config", r"^resolver-query-log-config/.+$",
                  "ResolverQueryLogConfig"),
        _resolver("resolver-rule", r"^resolver-rule/.+$", "ResolverRule"),
    ),
    "s3": (
        _bucket(r"^([^/:]+)$"),
        _control("accesspoint", r"^accesspoint/([^/:.]+)$", "AccessPointPolicy", "Name", "{1}", _POINT),
        _control("accessgrantsinstance", r"^access-grants/default$",
                 "AccessGrantsInstanceResourcePolicy", "", "",
                 "NoSuchAccessGrantsInstanceResourcePolicy"),
    ),
    "s3-object-lambda": (
        _control("objectlambdaaccesspoint", r"^accesspoint/([^/:.]+)$",
                 "AccessPointPolicyForObjectLambda", "Name", "{1}", _POINT),
    ),
    "s3-outposts": (
        _control("bucket", r"^outpost/[^/]+/bucket/[^/]+$", "BucketPolicy", "Bucket", "{arn}",
                 "NoSuchBucketPolicy"),
        _control("accesspoint", r"^outpost/[^/]+/accesspoint/[^/]+$", "AccessPointPolicy", "Name",
                 "{arn}", _POINT),
    ),
    "s3express": (
        _bucket(r"^bucket/([^/:]+)$"),
        _control("accesspoint", r"^accesspoint/([^/:.]+)$", "AccessPointPolicy", "Name", "{1}", _POINT),
    ),
    "s3tables": (
        _put("s3tables", "tableBucketARN", "resourcePolicy", types=("TableBucket",),
             resource=r"^bucket/[^/]+$", name="TableBucketPolicy", absent=("NotFoundException",)),
    ),
    "sagemaker": (
        _put("sagemaker", "ModelPackageGroupName", "ResourcePolicy",
             types=("model-package-group",), resource=r"^model-package-group/(.+)$",
             name="ModelPackageGroupPolicy", value="{1}", absent=("ValidationException",)),
    ),
    "schemas": (
        _put("schemas", "RegistryName", types=("registry",), resource=r"^registry/(.+)$",
             value="{1}", absent=("NotFoundException",)),
    ),
    # The six characters that AWS puts behind a secret's name are left to a pattern in sources.
    "secretsmanager": (
        _put("secretsmanager", "SecretId", "ResourcePolicy", types=("Secret",),
             resource=r"^secret:([^?*]+)-([?]{6}|[*])$", value="{1}", absent=()),
        _put("secretsmanager", "SecretId", "ResourcePolicy", types=("Secret",),
             resource=r"^secret:[^?*]+$", absent=()),
    ),
    "ses": (
        Operation(
            ("identity",), r"^identity/(.+)$", "ses", "PutIdentityPolicy", "GetIdentityPolicies",
            "DeleteIdentityPolicy", (("Identity", "{1}"), ("PolicyName", "{policy}")), "Policy",
            'Policies."{policy}"',
            asked=(("Identity", "{1}"), ("PolicyNames.0", "{policy}")), absent=(),
        ),
    ),
    "sms-voice": (
        _put("pinpoint-sms-voice-v2", "ResourceArn",
             types=("OptOutList", "PhoneNumber", "Pool", "SenderId")),
    ),
    # A topic has a policy always; an empty one is refused.
    "sns": (
        Operation(
            ("topic",), r"^([^:]+)$", "sns", "SetTopicAttributes", "GetTopicAttributes", "",
            (("TopicArn", "{arn}"),), "AttributeValue", "Attributes.Policy",
            more=(("AttributeName", "Policy"),), absent=(),
        ),
    ),
    "sqs": (
        Operation(
            ("queue",), r"^([^:/]+)$", "sqs", "SetQueueAttributes", "GetQueueAttributes",
            "SetQueueAttributes", (("QueueUrl", "{found}"),), "Attributes.Policy",
            "Attributes.Policy", asked=(("QueueUrl", "{found}"), ("AttributeNames.0", "Policy")),
            removed=(("QueueUrl", "{found}"), ("Attributes.Policy", "")), absent=(),
            lookup=Lookup(
                "GetQueueUrl",
                (("QueueName", "{1}"), ("QueueOwnerAWSAccountId", "{account}")), "QueueUrl",
            ),
        ),
    ),
    "ssm-incidents": (
        _put("ssm-incidents", "resourceArn", "policy", "resourcePolicies[0].policyDocument",
             types=("response-plan",), get="GetResourcePolicies", delete=""),
    ),
    "vpc-lattice": (
        _put("vpc-lattice", "resourceIdentifier", "policy", types=("Service", "ServiceNetwork"),
             resource=r"^(service|servicenetwork)/[^/]+$", name="AuthPolicy"),
        _put("vpc-lattice", "resourceArn", "policy", types=("ResourceConfiguration",),
             resource=r"^resourceconfiguration/[^/]+$"),
    ),
}  # fmt: skip
"""By service prefix; of several rows of a service the first whose pattern matches."""

WITHOUT: dict[tuple[str, str], str] = {
    ("apigateway", "RestApis"): "all APIs together have no policy",
    ("apigateway", "PrivateDomainName"): "a domain's policy is set by UpdateDomainName",
    ("apigateway", "DomainName"): "a domain's policy is set by UpdateDomainName",
    ("apigateway", "DomainNames"): "all domains together have no policy",
    ("execute-api", "execute-api-domain"): "a domain's policy is set by UpdateDomainName",
    ("backup", "backupAccessPoint"): "no operation sets it",
    ("iot", "policy"): "it is a thing with versions of its own, which is attached to certificates",
    ("lambda", "layerVersion"): "permissions of a layer are set one by one",
    ("lambda", "webFunction"): "no operation of Lambda's own sets it",
    ("s3", "multiregionaccesspoint"): "PutMultiRegionAccessPointPolicy is asynchronous",
    ("s3", "objectlambdaaccesspoint"): "its ARN is of the service s3-object-lambda",
    ("s3tables", "Table"): "the ARN of a table does not say its namespace and name",
}
"""Why a type of `resource_policies` has no row."""


def operations_of(service: str) -> tuple[Operation, ...]:
    """Return the rows of a service; none where its policies are set in some other way."""
    return POLICY_OPERATIONS.get(service.lower(), ())


def operation_of(service: str, arn: str) -> Operation | None:
    """Return how the policy of a resource is set, or None.

    Args:
        arn: of one resource. It may hold marks of what only a deployment knows, but has to be
            written as an ARN: what is a mark as a whole is known by `operation_of_type` only.
    """
    fields = arn.split(":", 5)
    if len(fields) < 6 or fields[0] != "arn":  # those of an ARN
        return None
    return next((row for row in operations_of(service) if _named(row, fields[5])), None)


def operation_of_type(service: str, kind: str) -> Operation | None:
    """Return how the policies of a type of resource are set, where no ARN is known yet.

    The first row that is for resources of this type, by their names as AWS has them.
    """
    wanted = kind.lower().replace(" ", "-")
    rows = [
        row
        for row in operations_of(service)
        if not row.types or wanted in {known.lower().replace(" ", "-") for known in row.types}
    ]
    # Of a secret two rows speak: what is known whole is the ARN that AWS gave it.
    return rows[-1] if rows else None


def _named(row: Operation, resource: str) -> re.Match[str] | None:
    found = _compiled(row.resource).match(resource)
    # A policy belongs to one resource: a pattern is none, unless the row reads it as a name.
    wild = "".join(filter(None, found.groups()[:1])) if found and found.groups() else resource
    return found if found and not set("*?") & set(wild) else None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class Resource(NamedTuple):
    """A resource whose ARN was taken apart already: `{1}` and so on are the `groups`."""

    arn: str
    account: str
    groups: tuple[str, ...]


def looked_up(operation: Operation, arn: str | Resource, policy: str) -> Call | None:
    """Return what has to be asked before the other calls, or None."""
    lookup = operation.lookup
    if lookup is None:
        return None
    filled = _filled(operation, lookup.members, arn, policy, "")
    return Call(operation.client, lookup.operation, filled)


def putting(
    operation: Operation, arn: str | Resource, policy: str, document: str, found: str = ""
) -> Call:
    """Return the call that sets a policy.

    Args:
        arn: what the row's pattern matches, or what a deployment makes of it.
        policy: its name in the source, which some services keep.
        document: the JSON text.
        found: what `looked_up` was answered.
    """
    members = _filled(operation, (*operation.target, *operation.more), arn, policy, found)
    return Call(operation.client, operation.put, (*members, (operation.document, document)))


def getting(
    operation: Operation, arn: str | Resource, policy: str, found: str = ""
) -> tuple[Call, str]:
    """Return the call that reads a policy, and where it is in the answer, in JMESPath."""
    asked = operation.target if operation.asked is None else operation.asked
    call = Call(operation.client, operation.get, _filled(operation, asked, arn, policy, found))
    ((_, answer),) = _filled(operation, (("", operation.answer),), arn, policy, found)
    return call, str(answer)


def deleting(
    operation: Operation, arn: str | Resource, policy: str, found: str = ""
) -> Call | None:
    """Return the call that removes a policy; None where there is none."""
    if not operation.delete:
        return None
    removed = operation.target if operation.removed is None else operation.removed
    filled = _filled(operation, removed, arn, policy, found)
    return Call(operation.client, operation.delete, filled)


def nested(members: Members) -> dict[str, Any]:
    """Return the members of a call as boto3 and `--cli-input-json` take them."""
    tree: dict[str, Any] = {}
    for path, value in members:
        *outer, last = path.split(".")
        inner = tree
        for step in outer:
            inner = inner.setdefault(step, {})
        inner[last] = value
    return {name: _listed(value) for name, value in tree.items()}


def _listed(value: Any) -> Any:
    """Turn what has numbers for names into lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(member) for name, member in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _filled(
    operation: Operation, members: Members, arn: str | Resource, policy: str, found: str
) -> Members:
    resource = _resource(operation, arn) if isinstance(arn, str) else arn
    texts = {"arn": resource.arn, "account": resource.account, "policy": policy, "found": found}
    texts |= {str(n): text for n, text in enumerate(resource.groups, 1)}
    return tuple((path, _text(value, texts)) for path, value in members)


def _resource(operation: Operation, arn: str) -> Resource:
    fields = arn.split(":", 5)
    match = _named(operation, fields[-1])
    if match is None:
        raise ValueError(f"{arn!r} is no resource of {operation.client} {operation.put}")
    return Resource(arn, fields[4], tuple(text or "" for text in match.groups()))


def _text(value: str | bool, texts: dict[str, str]) -> str | bool:
    if isinstance(value, bool):
        return value
    return _HOLE.sub(lambda hole: texts[hole[1]], value)


_HOLE = re.compile(r"\{(\w+)\}")
