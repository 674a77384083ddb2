"""What the policy of a resource may hold, service by service: one dated table.

Which resources of a service have a policy, how a policy names its own resource, what else it
may name, how large it may be and how much of what it may hold. Sizes themselves are in
`limits`, under the name that a row gives.

Every row has its page and how sure it is, in the words of `limits`. A service without a row has
policies if the catalogue knows an action that sets one; nothing else is known of it then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from iamdsl.aws.limits import Confidence

AS_OF = "2026-11-24"
"""The day on which the table was compiled."""

Scope: TypeAlias = Literal["exactly itself", "itself", "itself or wider", "its service", "anything"]
"""What a policy may name: its resource's ARN alone; what lies under it too, such as a bucket's
objects; patterns that hold it too; all resources of its service; whatever there is."""

Element: TypeAlias = Literal["Principal", "NotPrincipal", "NotAction", "NotResource", "*"]

Count: TypeAlias = Literal["statements", "principals", "conditions", "actions"]
"""What some services count; `actions` are those of one statement."""


class ResourcePolicy(NamedTuple):
    """How the policies of one service's resources are written.

    Attributes:
        types: the resource types that have a policy, in the words of the catalogue; empty where
            it is not known which.
        limit: the name of the size limit in `limits`, "" where none is published.
        own: how a policy names its own resource: "arn", "none" where a statement has no
            `Resource`, "said" where it has to be written out, any other text as it stands.
        scope: what else a policy may name.
        short: what the resources that are no ARNs begin with, "" where there are none.
        refused: the elements that the service does not take; "*" is the resource `*`.
        sid: the rule of its statements' names in `names.RULES`.
        canonical: whether a canonical user is a principal.
        counts: pairs of what is counted and the name of the limit.
        one_line: whether the service refuses line breaks in a policy.
        page: the AWS page, or the API model.
    """

    types: tuple[str, ...]
    limit: str
    page: str
    confidence: Confidence = "high"
    own: str = "arn"
    scope: Scope = "itself or wider"
    short: str = ""
    refused: frozenset[Element] = frozenset()
    sid: str = "sid-resource"
    canonical: bool = False
    counts: tuple[tuple[Count, str], ...] = ()
    one_line: bool = False

    def has(self, kind: str) -> bool:
        """Tell whether resources of a type can have a policy; case and blanks do not matter."""
        return not self.types or word(kind) in {word(known) for known in self.types}


UNLISTED = ResourcePolicy((), "", "", "low", scope="anything")
"""What is taken for granted of a service that has no row: its own ARN, and no more."""


def word(kind: str) -> str:
    """Return the name of a resource type as names are compared."""
    return kind.lower().replace(" ", "-")


_NO_PRINCIPAL = frozenset[Element]({"Principal", "NotPrincipal"})
_ONLY_POSITIVE = frozenset[Element]({"NotPrincipal", "NotAction", "NotResource", "*"})

RESOURCE_POLICIES: dict[str, ResourcePolicy] = {
    "acm-pca": ResourcePolicy(
        ("certificate-authority",), "acm-pca-policy-size", "API_PutPolicy (acm-pca)"
    ),
    "aiops": ResourcePolicy(
        ("investigation-group",), "aiops-policy-size", "API_PutInvestigationGroupPolicy"
    ),
    # A policy of an API names its methods; API Gateway makes full ARNs of the short form.
    "apigateway": ResourcePolicy(
        ("RestApi", "RestApis", "PrivateDomainName", "DomainName", "DomainNames"),
        "apigateway-policy-size",
        "apigateway-resource-policies-examples",
        own="execute-api:/*",
        scope="anything",
        short="execute-api:/",
    ),
    "aws-marketplace": ResourcePolicy(
        ("Entity",), "marketplace-policy-size", "API_PutResourcePolicy (marketplace-catalog)"
    ),
    # The recovery points in a vault have the ARNs of what was backed up.
    "backup": ResourcePolicy(
        ("backupVault", "backupAccessPoint"), "", "create-a-vault-access-policy", scope="anything"
    ),
    "bedrock": ResourcePolicy(
        (),
        "bedrock-policy-size",
        "API_PutResourcePolicy (bedrock)",
        "medium",
    ),
    "bedrock-agentcore": ResourcePolicy(
        (),
        "bedrock-agentcore-policy-size",
        "API_PutResourcePolicy (bedrock-agentcore-control)",
        "medium",
    ),
    "cleanrooms-ml": ResourcePolicy(
        ("configuredaudiencemodel",),
        "cleanrooms-ml-policy-size",
        "API_PutConfiguredAudienceModelPolicy",
    ),
    "cloudhsm": ResourcePolicy(
        ("backup",), "cloudhsm-policy-size", "API_PutResourcePolicy (cloudhsmv2)"
    ),
    "cloudtrail": ResourcePolicy(
        ("channel", "dashboard", "eventdatastore"),
        "cloudtrail-policy-size",
        "API_PutResourcePolicy (cloudtrail)",
    ),
    "codeartifact": ResourcePolicy(
        ("domain", "repository"),
        "codeartifact-policy-size",
        "repo-policies (codeartifact)",
        own="*",
        scope="its service",
    ),
    "comprehend": ResourcePolicy(
        (),
        "comprehend-policy-size",
        "API_PutResourcePolicy (comprehend)",
        "medium",
    ),
    "dsql": ResourcePolicy(("cluster",), "dsql-policy-size", "API_PutClusterPolicy (dsql)"),
    "dynamodb": ResourcePolicy(("table", "stream"), "dynamodb-policy-size", "rbac-considerations"),
    # An endpoint's policy is about whatever is reached through the endpoint.
    "ec2": ResourcePolicy(
        ("vpc-endpoint",),
        "vpc-endpoint-policy-size",
        "vpc-endpoints-access",
        own="*",
        scope="anything",
    ),
    "ecr": ResourcePolicy(
        ("repository",),
        "ecr-policy-size",
        "API_SetRepositoryPolicy",
        own="none",
        refused=frozenset({"NotResource"}),
    ),
    "ecr-public": ResourcePolicy(
        ("repository",),
        "ecr-policy-size",
        "API_SetRepositoryPolicy (ecr-public)",
        own="none",
        refused=frozenset({"NotResource"}),
    ),
    "elasticfilesystem": ResourcePolicy(
        ("file-system",), "efs-policy-size", "API_PutFileSystemPolicy"
    ),
    "entityresolution": ResourcePolicy(
        (),
        "entityresolution-policy-size",
        "API_PutPolicy (entityresolution)",
        "medium",
    ),
    "es": ResourcePolicy(("domain",), "opensearch-policy-size", "API_UpdateDomainConfig"),
    # A bus's policy also says who may make rules on it, and rules have ARNs of their own.
    "events": ResourcePolicy(
        ("event-bus", "event-busv2"),
        "events-policy-size",
        "eb-quota",
        scope="its service",
        sid="sid-events",
    ),
    "execute-api": ResourcePolicy(
        ("execute-api-general", "execute-api-domain"),
        "apigateway-policy-size",
        "apigateway-resource-policies-examples",
        own="execute-api:/*",
        scope="anything",
        short="execute-api:/",
    ),
    # One policy for the catalog of an account: `*` is refused, ARNs of Glue only are taken.
    "glue": ResourcePolicy(
        ("catalog", "rootcatalog"),
        "glue-policy-size",
        "security_iam_resource-based-policy-examples (glue)",
        scope="its service",
        refused=frozenset({"*"}),
    ),
    "imagebuilder": ResourcePolicy(
        ("component", "containerRecipe", "image", "imageRecipe"),
        "imagebuilder-policy-size",
        "API_PutImagePolicy (imagebuilder)",
    ),
    # It hangs on certificates and says what a device may do: it names no principal.
    "iot": ResourcePolicy(
        ("policy",),
        "iot-policy-size",
        "iot-policies",
        "medium",
        own="said",
        scope="anything",
        refused=_NO_PRINCIPAL,
    ),
    "kms": ResourcePolicy(("key",), "kms-policy-size", "key-policy-overview", own="*"),
    "lambda": ResourcePolicy(
        ("function", "function-alias", "function-version", "layerVersion", "webFunction"),
        "lambda-policy-size",
        "gettingstarted-limits (lambda)",
        sid="sid-lambda",
    ),
    # Policies of an account name any log groups, those of a log group or destination that one.
    "logs": ResourcePolicy(
        ("log-group", "destination", "delivery-destination"),
        "logs-policy-size",
        "API_PutResourcePolicy (logs)",
        "medium",
        scope="its service",
    ),
    "mediapackagev2": ResourcePolicy(
        ("Channel", "ChannelPolicy", "OriginEndpoint", "OriginEndpointPolicy"),
        "mediapackagev2-policy-size",
        "API_PutChannelPolicy (mediapackagev2)",
    ),
    "mediastore": ResourcePolicy(
        ("container",), "mediastore-policy-size", "API_PutContainerPolicy"
    ),
    "organizations": ResourcePolicy(
        ("resourcepolicy",),
        "organization-resource-policy-size",
        "orgs_reference_limits",
        own="*",
        scope="its service",
    ),
    "osis": ResourcePolicy(
        ("pipeline", "pipeline-endpoint"), "osis-policy-size", "API_PutResourcePolicy (osis)"
    ),
    "payment-cryptography": ResourcePolicy(
        ("key",),
        "payment-cryptography-policy-size",
        "API_PutResourcePolicy (payment-cryptography)",
    ),
    "rekognition": ResourcePolicy(
        ("project",), "rekognition-policy-size", "API_PutProjectPolicy", scope="its service"
    ),
    "route53resolver": ResourcePolicy(
        ("firewall-rule-group", "resolver-query-log-config", "resolver-rule"),
        "route53resolver-policy-size",
        "API_PutResolverRulePolicy",
    ),
    "s3": ResourcePolicy(
        (
            "bucket",
            "accesspoint",
            "multiregionaccesspoint",
            "accessgrantsinstance",
            "objectlambdaaccesspoint",
        ),
        "s3-policy-size",
        "add-bucket-policy",
        canonical=True,
        scope="itself",
    ),
    "s3-object-lambda": ResourcePolicy(
        ("objectlambdaaccesspoint",),
        "s3-policy-size",
        "olap-policies",
        "medium",
        scope="itself",
        canonical=True,
    ),
    "s3-outposts": ResourcePolicy(
        ("bucket", "accesspoint"),
        "s3-policy-size",
        "S3OutpostsIAM",
        "medium",
        scope="itself",
        canonical=True,
    ),
    "s3express": ResourcePolicy(
        ("bucket", "accesspoint"), "s3-policy-size", "s3-express-security-iam", "medium"
    ),
    "s3tables": ResourcePolicy(
        ("TableBucket", "Table"), "s3tables-policy-size", "API_s3TableBuckets_PutTablePolicy"
    ),
    "sagemaker": ResourcePolicy(
        (),
        "sagemaker-policy-size",
        "API_PutModelPackageGroupPolicy",
        "medium",
        scope="its service",
    ),
    # The ARN of a secret ends in characters that nobody knows before it is there.
    "secretsmanager": ResourcePolicy(
        ("Secret",),
        "secretsmanager-policy-size",
        "auth-and-access_resource-policies",
        own="*",
    ),
    "ses": ResourcePolicy(
        ("identity",),
        "ses-policy-size",
        "policy-anatomy (ses)",
        scope="exactly itself",
        refused=_ONLY_POSITIVE,
    ),
    "sms-voice": ResourcePolicy(
        ("OptOutList", "PhoneNumber", "Pool", "SenderId"),
        "sms-voice-policy-size",
        "API_PutResourcePolicy (pinpoint-sms-voice-v2)",
    ),
    "sns": ResourcePolicy(
        ("topic",),
        "sns-policy-size",
        "sns-access-policy-language-api-permissions-reference",
        scope="exactly itself",
        refused=frozenset({"NotResource", "*"}),
        counts=(("statements", "sns-policy-statements"), ("principals", "sns-policy-principals")),
    ),
    "sqs": ResourcePolicy(
        ("queue",),
        "sqs-policy-size",
        "quotas-policies",
        counts=(
            ("actions", "sqs-policy-actions-per-statement"),
            ("statements", "sqs-policy-statements"),
            ("principals", "sqs-policy-principals"),
            ("conditions", "sqs-policy-conditions"),
        ),
    ),
    "ssm-incidents": ResourcePolicy(
        ("response-plan",), "ssm-incidents-policy-size", "API_PutResourcePolicy (ssm-incidents)"
    ),
    # A network's policy is about the services in it, a service's about its paths.
    "vpc-lattice": ResourcePolicy(
        ("Service", "ServiceNetwork", "ResourceConfiguration"),
        "vpc-lattice-policy-size",
        "auth-policies (vpc-lattice)",
        own="*",
        scope="its service",
        short="*/",
        one_line=True,
    ),
}
"""By service prefix."""


def of_service(prefix: str) -> ResourcePolicy | None:
    """Return what is known of the policies of a service's resources, or None."""
    return RESOURCE_POLICIES.get(prefix.lower())
