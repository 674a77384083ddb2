"""Sizes, quotas, durations and name rules of IAM and of resource policies: one dated table.

Every figure has its page and how sure it is: `high` was read in a current AWS page or API model,
`medium` in one secondary or an older source, `low` is general knowledge. What AWS raises on
request has a `maximum` above its `value`, and a project says what its account has got:

    limits = LIMITS.with_overrides({"managed-policies-per-role": 25})

White space: IAM does not count it between the tokens of a document; Organizations and most
services count every character as sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from iamdsl.diagnostics.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

Unit: TypeAlias = Literal[
    "characters without white space", "characters", "bytes", "count", "seconds"
]
Confidence: TypeAlias = Literal["high", "medium", "low"]

AS_OF = "2026-11-24"
"""The day on which the figures were compiled."""


class Limit(NamedTuple):
    """One figure of AWS's.

    Attributes:
        name: what configuration calls it, `managed-policies-per-role`.
        value: what holds: the default, or what an account has been granted.
        maximum: the most that AWS grants; None when it can be raised and no bound is published.
        unit: what is counted.
        page: the AWS page, or the API model, that has the figure.
        quota: the Service Quotas code, "" if there is none.
        minimum: the least that AWS accepts.
    """

    name: str
    value: int
    maximum: int | None
    unit: Unit
    page: str
    confidence: Confidence = "high"
    quota: str = ""
    minimum: int = 0

    @property
    def raisable(self) -> bool:
        """Tell whether AWS raises it on request beyond what holds."""
        return self.maximum is None or self.maximum > self.value

    @property
    def counts_white_space(self) -> bool:
        """Tell whether white space between tokens counts."""
        return self.unit in {"characters", "bytes"}


class LimitError(ValueError):
    """An override names no limit, or a figure that AWS does not grant."""


class Limits:
    """The table in force: AWS's figures with what an account has been granted."""

    __slots__ = ("_by_name",)

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        self._by_name = dict(limits)

    def __getitem__(self, name: str) -> Limit:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def names(self) -> tuple[str, ...]:
        """Return the names of all limits, sorted."""
        return tuple(sorted(self._by_name))

    def value(self, name: str) -> int:
        """Return the figure in force."""
        return self._by_name[name].value

    def with_overrides(self, overrides: Mapping[str, int]) -> Limits:
        """Return the table with other figures in force.

        Raises `LimitError` with one sentence a mistake, a line each: a name that is no limit,
        a figure that is no whole number, or one that AWS does not grant.
        """
        problems = [p for name in overrides for p in [self._problem(name, overrides[name])] if p]
        if problems:
            raise LimitError("\n".join(problems))
        changed = {n: self._by_name[n]._replace(value=v) for n, v in overrides.items()}
        return Limits({**self._by_name, **changed})

    def policy_size(self, kind: str, service: str = "") -> Limit | None:
        """Return the size limit of a kind of policy, or None where AWS publishes none.

        Args:
            kind: managed, boundary, trust, inline-role, inline-user, inline-group, session, scp,
                rcp, permission_set or resource.
            service: for a resource policy, the service prefix, e.g. `s3`.
        """
        if kind == "resource":
            from iamdsl.aws.resource_policies import of_service  # noqa: PLC0415  # few builds do

            rule = of_service(service)
            name = rule.limit if rule is not None else ""
        else:
            name = _SIZES.get(kind, "")
        return self._by_name[name] if name else None

    def attachments(self, kind: str) -> Limit:
        """Return how many managed policies a role, user, group or permission_set may have."""
        owner = "role" if kind == "permission_set" else kind
        return self._by_name[f"managed-policies-per-{owner}"]

    def _problem(self, name: str, value: object) -> str:
        limit = self._by_name.get(name)
        if limit is None:
            near = nearest(name, self._by_name, 1)
            return f"`{name}` is no limit" + (f"; did you mean `{near[0]}`?" if near else "")
        if not isinstance(value, int) or isinstance(value, bool):
            return f"`{name}` is a whole number of {limit.unit}"
        if value < max(1, limit.minimum):
            return f"`{name}` is at least {max(1, limit.minimum):,}, not {value:,}"
        if limit.maximum is not None and value > limit.maximum:
            return f"`{name}` is at most {limit.maximum:,} even when raised, not {value:,}"
        return ""


_IAM = "reference_iam-quotas"
_ORGANIZATIONS = "orgs_reference_limits"
_SNS = "sns-access-policy-language-api-permissions-reference"

_TABLE: tuple[Limit, ...] = (
    # sizes of IAM's own documents
    Limit("managed-policy-size", 6144, 6144, "characters without white space", _IAM),
    Limit("user-inline-size", 2048, 2048, "characters without white space", _IAM),
    Limit("role-inline-size", 10240, 10240, "characters without white space", _IAM),
    Limit("group-inline-size", 5120, 5120, "characters without white space", _IAM),
    Limit(
        "trust-policy-size",
        2048,
        8192,
        "characters without white space",
        _IAM,
        quota="L-C07B4B0D",
    ),
    Limit("session-policy-size", 2048, 2048, "characters", "API_AssumeRole"),
    Limit("policy-document-ceiling", 131072, 131072, "characters", "API_CreatePolicy"),
    Limit("scp-size", 10240, 10240, "characters", _ORGANIZATIONS),
    Limit("rcp-size", 5120, 5120, "characters", _ORGANIZATIONS),
    Limit("organization-resource-policy-size", 40000, 40000, "characters", _ORGANIZATIONS),
    Limit(
        "permission-set-inline-size",
        10240,
        10240,
        "characters without white space",
        "singlesignon limits",
        "medium",
    ),
    Limit("permission-set-inline-bytes", 32768, 32768, "bytes", "singlesignon limits", "medium"),
    # sizes of resource policies
    Limit("acm-pca-policy-size", 81920, 81920, "characters", "API_PutPolicy (acm-pca)"),
    Limit(
        "apigateway-policy-size",
        8192,
        None,
        "bytes",
        "api-gateway-execution-service-limits",
        "medium",
        quota="L-8B81B02C",
    ),
    Limit("bedrock-policy-size", 20480, 20480, "characters", "API_PutResourcePolicy (bedrock)"),
    Limit("codeartifact-policy-size", 7168, 7168, "characters", "API_PutDomainPermissionsPolicy"),
    Limit("dynamodb-policy-size", 20480, 20480, "bytes", "rbac-considerations"),
    Limit("ecr-policy-size", 10240, 10240, "characters", "API_SetRepositoryPolicy"),
    Limit("efs-policy-size", 20000, 20000, "characters", "API_PutFileSystemPolicy"),
    Limit("events-policy-size", 10240, None, "characters", "eb-quota", quota="L-FC354966"),
    Limit(
        "glue-policy-size",
        10240,
        10240,
        "bytes",
        "security_iam_resource-based-policy-examples (glue)",
    ),
    Limit("iot-policy-size", 2048, 2048, "characters without white space", "limits_iot", "low"),
    Limit("kms-policy-size", 32768, 32768, "bytes", "resource-limits (kms)"),
    Limit("lambda-policy-size", 20480, 20480, "bytes", "gettingstarted-limits (lambda)"),
    Limit("logs-policy-size", 51200, 51200, "characters", "API_PutResourcePolicy (logs)", "medium"),
    Limit("mediastore-policy-size", 8192, 8192, "characters", "API_PutContainerPolicy"),
    Limit("opensearch-policy-size", 102400, 102400, "characters", "API_UpdateDomainConfig"),
    Limit("s3-policy-size", 20480, 20480, "bytes", "add-bucket-policy"),
    Limit("secretsmanager-policy-size", 20480, 20480, "characters", "API_PutResourcePolicy"),
    Limit("ses-policy-size", 4096, 4096, "bytes", "policy-anatomy (ses)"),
    Limit("sns-policy-size", 30720, 30720, "bytes", _SNS),
    Limit("sqs-policy-size", 8192, 8192, "bytes", "quotas-policies"),
    Limit(
        "vpc-endpoint-policy-size",
        20480,
        20480,
        "characters",
        "amazon-vpc-limits",
        quota="L-3248932A",
    ),
    Limit(
        "vpc-lattice-policy-size", 10000, 10000, "characters", "API_PutResourcePolicy (vpc-lattice)"
    ),
    Limit("aiops-policy-size", 32768, 32768, "characters", "API_PutInvestigationGroupPolicy"),
    Limit(
        "bedrock-agentcore-policy-size",
        20480,
        20480,
        "characters",
        "API_PutResourcePolicy (bedrock-agentcore-control)",
    ),
    Limit(
        "cleanrooms-ml-policy-size",
        20480,
        20480,
        "characters",
        "API_PutConfiguredAudienceModelPolicy",
    ),
    Limit("cloudhsm-policy-size", 20000, 20000, "characters", "API_PutResourcePolicy (cloudhsmv2)"),
    Limit("cloudtrail-policy-size", 8192, 8192, "characters", "API_PutResourcePolicy (cloudtrail)"),
    Limit(
        "comprehend-policy-size", 20000, 20000, "characters", "API_PutResourcePolicy (comprehend)"
    ),
    Limit("dsql-policy-size", 20480, 20480, "characters", "API_PutClusterPolicy (dsql)"),
    Limit(
        "entityresolution-policy-size",
        40960,
        40960,
        "characters",
        "API_PutPolicy (entityresolution)",
    ),
    Limit(
        "imagebuilder-policy-size", 30000, 30000, "characters", "API_PutImagePolicy (imagebuilder)"
    ),
    Limit(
        "marketplace-policy-size",
        10240,
        10240,
        "characters",
        "API_PutResourcePolicy (marketplace-catalog)",
    ),
    Limit(
        "mediapackagev2-policy-size",
        6144,
        6144,
        "characters",
        "API_PutChannelPolicy (mediapackagev2)",
    ),
    Limit("osis-policy-size", 204800, 204800, "characters", "API_PutResourcePolicy (osis)"),
    Limit(
        "payment-cryptography-policy-size",
        20480,
        20480,
        "characters",
        "API_PutResourcePolicy (payment-cryptography)",
    ),
    Limit("rekognition-policy-size", 2000, 2000, "characters", "API_PutProjectPolicy"),
    Limit("route53resolver-policy-size", 30000, 30000, "characters", "API_PutResolverRulePolicy"),
    Limit("s3tables-policy-size", 20480, 20480, "characters", "API_s3TableBuckets_PutTablePolicy"),
    Limit("sagemaker-policy-size", 20480, 20480, "characters", "API_PutModelPackageGroupPolicy"),
    Limit(
        "sms-voice-policy-size",
        10000,
        10000,
        "characters",
        "API_PutResourcePolicy (pinpoint-sms-voice-v2)",
    ),
    Limit(
        "ssm-incidents-policy-size",
        4000,
        4000,
        "characters",
        "API_PutResourcePolicy (ssm-incidents)",
    ),
    # Where AWS publishes no size: none of the figures above but two is smaller.
    Limit("unpublished-policy-size", 4096, None, "bytes", "no page", "low"),
    # what a queue's or topic's policy may hold
    Limit("sns-policy-statements", 100, 100, "count", _SNS),
    Limit("sns-policy-principals", 200, 200, "count", _SNS),
    Limit("sqs-policy-statements", 20, 20, "count", "quotas-policies"),
    Limit("sqs-policy-principals", 50, 50, "count", "quotas-policies"),
    Limit("sqs-policy-conditions", 10, 10, "count", "quotas-policies"),
    Limit("sqs-policy-actions-per-statement", 7, 7, "count", "quotas-policies"),
    # attachments
    Limit("managed-policies-per-role", 20, 25, "count", _IAM, quota="L-0DA4ABF3"),
    Limit("managed-policies-per-user", 10, 20, "count", _IAM, quota="L-4019AD8B"),
    Limit("managed-policies-per-group", 10, 10, "count", _IAM, quota="L-384571C4"),
    Limit("session-policy-arns", 10, 10, "count", "API_AssumeRole"),
    Limit("scps-per-target", 10, 10, "count", _ORGANIZATIONS, minimum=1),
    Limit("rcps-per-target", 5, 5, "count", _ORGANIZATIONS, minimum=1),
    Limit("boundaries-per-identity", 1, 1, "count", _IAM),
    Limit("groups-per-user", 10, 10, "count", _IAM),
    Limit("roles-per-instance-profile", 1, 1, "count", _IAM),
    # counts in an account or organization
    Limit("customer-managed-policies", 1500, 10000, "count", _IAM, quota="L-E95E4862"),
    Limit("roles", 1000, 10000, "count", _IAM, quota="L-FE177D64"),
    Limit("instance-profiles", 1000, 10000, "count", _IAM, quota="L-6E65F664"),
    Limit("groups", 300, 500, "count", _IAM, quota="L-F4A5425F"),
    Limit("users", 5000, 5000, "count", _IAM),
    Limit("oidc-providers", 100, 700, "count", _IAM, quota="L-858F3967"),
    Limit("saml-providers", 100, 100, "count", _IAM, "medium"),
    Limit("oidc-client-ids", 100, 100, "count", _IAM),
    Limit("oidc-thumbprints", 5, 5, "count", "API_CreateOpenIDConnectProvider"),
    Limit("policy-versions", 5, 5, "count", _IAM),
    Limit("logs-policies-per-region", 10, 10, "count", "API_PutResourcePolicy (logs)", "medium"),
    Limit("scps-per-organization", 10000, 10000, "count", _ORGANIZATIONS),
    Limit("rcps-per-organization", 2000, 2000, "count", _ORGANIZATIONS),
    Limit("ou-depth", 5, 5, "count", _ORGANIZATIONS),
    # tags
    Limit("tags-per-resource", 50, 50, "count", _IAM),
    Limit("session-tags", 50, 50, "count", "id_session-tags"),
    # durations
    Limit("max-session-seconds", 43200, 43200, "seconds", "API_CreateRole", minimum=3600),
    Limit("role-chaining-seconds", 3600, 3600, "seconds", "id_roles", minimum=900),
    Limit(
        "federation-token-seconds", 129600, 129600, "seconds", "API_GetFederationToken", minimum=900
    ),
    Limit("assume-root-seconds", 900, 900, "seconds", "API_AssumeRoot"),
)

_SIZES = {
    "managed": "managed-policy-size",
    "boundary": "managed-policy-size",
    "trust": "trust-policy-size",
    "inline-role": "role-inline-size",
    "inline-user": "user-inline-size",
    "inline-group": "group-inline-size",
    "session": "session-policy-size",
    "scp": "scp-size",
    "rcp": "rcp-size",
    "permission_set": "permission-set-inline-size",
}

LIMITS = Limits({limit.name: limit for limit in _TABLE})
"""AWS's figures, no account's raises among them."""
