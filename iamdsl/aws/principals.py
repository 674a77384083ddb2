"""Principals: the forms that IAM takes, and what a trust or resource policy calls an AWS service.

Forms: AWS "reference_policies_elements_principal". Of services nearly every service has `NAME.amazonaws.com` in every partition. The exceptions are those that
the AWS CDK's region information keeps (`servicePrincipal`); AWS's own pages name no full list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVICE = r"(?a)[a-z0-9][a-z0-9.-]*"
ACCOUNT = r"(?a)\d{12}"
HOST = r"(?a)[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._/-]+)?"
CANONICAL = r"(?a)[0-9a-f]{64}"
FEDERATED = r"arn:[^:]*:iam::[^:]*:(?:saml|oidc)-provider/.+"
_OWNER = r"(?:\d{12}|\ue000[^:]*)"
PERSON = (
    rf"(?a)arn:[^:]*:(?:iam::{_OWNER}:(?:root|(?:role|user)/.+)|iam::cloudfront:user/.+"
    rf"|sts::{_OWNER}:(?:assumed-role/[^/]+/[^/]+|federated-user/[^/]+))"
)
UNIQUE_ID = r"(?a)A(?:ROA|IDA|GPA|NPA|IPA)[A-Z0-9]{12,}"
"""The forms of texts that are principals, as regular expressions of the whole text; marks of what
is open (`iam.PLACEHOLDER_OPEN`) stand where an account id can."""

NO_PRINCIPALS = {
    UNIQUE_ID: "a unique id says nothing when its role or user is gone: write its ARN",
    r"arn:[^:]*:sts::[^:]*:assumed-role/.*": "a session is"
    " `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`, without the role's path",
    r"arn:[^:]*:iam::[^:]*:group/.*": "a group is no principal: name its users, or the account"
    " with a condition",
    r"arn:[^:]*:iam::[^:]*:instance-profile/.*": "an instance profile is no principal: name its role",
}
"""Forms that look like principals and are none: what to write instead."""

_CHINA = ".amazonaws.com.cn"

_SUFFIXES: dict[str, dict[str, str]] = {
    "aws-cn": {"elasticmapreduce": _CHINA},
    "aws-iso": {
        "cloudhsm": ".c2s.ic.gov",
        "config": ".c2s.ic.gov",
        "workspaces": ".c2s.ic.gov",
    },
    "aws-iso-b": {"dms": ".sc2s.sgov.gov"},
}
"""By partition: services whose principal ends otherwise than `.amazonaws.com`."""

_REGIONAL: dict[str, frozenset[str]] = {"aws-cn": frozenset({"codedeploy", "logs"})}
"""By partition: services whose principal carries the Region and the partition's own ending."""

_ENDINGS = (
    ".amazonaws.com",
    _CHINA,
    ".amazon.com",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".aws.internal",
)

KNOWN: frozenset[str] = frozenset(
    """
    access-analyzer amplify apigateway application-autoscaling apprunner appsync athena autoscaling
    backup batch bedrock bedrock-agentcore billingconsole build.apprunner chatbot cloudformation
    cloudfront cloudtrail cloudwatch codebuild codedeploy codepipeline codestar cognito-idp config
    config-multiaccountsetup credentials.iot databrew datasync delivery.logs dms ec2 ecs ecs-tasks
    edgelambda eks eks-fargate-pods elasticbeanstalk elasticloadbalancing elasticmapreduce es
    events export.rds firehose glue guardduty imagebuilder inspector2 iot kinesisanalytics
    lakeformation lambda lightsail logdelivery.elasticloadbalancing logging.s3 logs macie
    member.org.stacksets.cloudformation monitoring monitoring.rds mq opensearchservice
    organizations osis-pipelines pipes pods.eks ram rds redshift redshift-serverless
    rolesanywhere route53 s3 sagemaker scheduler secretsmanager securityhub servicecatalog ses sns
    spotfleet sqs ssm ssm-incidents sso states tasks.apprunner transfer vpc-flow-logs
    workspaces
    """.split()
)
"""Names of well-known service principals without their ending: for suggestions, not for refusals."""


def service_principal(name: str, partition: str = "aws", region: str = "") -> str:
    """Return the principal of a service: `lambda` gives `lambda.amazonaws.com`.

    A name that has an ending of AWS's is kept as it is; `pods.eks` and `delivery.logs` get one.

    Args:
        partition: `aws`, `aws-cn`, `aws-us-gov`, `aws-iso` and so on.
        region: the Region, if it is known; a few principals in China carry it.
    """
    lowered = name.lower()
    if lowered.endswith(_ENDINGS):
        return lowered
    regional = _REGIONAL.get(partition, frozenset())
    if region and lowered in regional:
        return f"{lowered}.{region}{_CHINA}"
    if lowered.partition(".")[0] in regional and lowered.count(".") == 1:
        return lowered + _CHINA  # its Region is written out: `logs.cn-north-1`
    return lowered + _SUFFIXES.get(partition, {}).get(lowered, ".amazonaws.com")


def suggest_service_principal(text: str, limit: int = 3) -> tuple[str, ...]:
    """Return well-known principals, without their ending, that an unknown one may mean."""
    from iamdsl.diagnostics.nearest import nearest  # noqa: PLC0415 -- only messages need it

    short = text.lower()
    for ending in _ENDINGS:
        short = short.removesuffix(ending)
    return () if short in KNOWN else nearest(short, sorted(KNOWN), limit)


def only_elsewhere(kind: str, text: str, *, s3: bool = False, trust: bool = False) -> str:
    """Return what a principal is that a policy does not take, "" when it takes it.

    Args:
        s3: whether the policy is one of S3's, which knows two kinds of its own.
        trust: whether it is a trust policy, which knows federated providers.
    """
    if kind == "Federated" and not trust:
        return "a federated provider"
    if not s3 and kind == "CanonicalUser":
        return "a canonical user"
    if not s3 and "::cloudfront:user/" in text:
        return "an origin access identity of CloudFront"
    return ""


def trust_actions(kind: str, text: str) -> tuple[str, ...]:
    """Return the sts actions that trusting a principal implies (AWS "id_roles_terms-and-concepts").

    EKS Pod Identity tags its sessions, and IAM Roles Anywhere refuses a trust without all three.
    """
    if kind == "Federated":
        saml = ":saml-provider/" in text
        return ("sts:AssumeRoleWithSAML",) if saml else ("sts:AssumeRoleWithWebIdentity",)
    if kind == "Service" and text.startswith("pods.eks."):
        return ("sts:AssumeRole", "sts:TagSession")
    if kind == "Service" and text.startswith("rolesanywhere."):
        return ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")
    return ("sts:AssumeRole",)


_COMES_BY = {
    "sts:assumerole": "a role, user, account or service",
    "sts:assumerolewithsaml": "a SAML provider",
    "sts:assumerolewithwebidentity": "an OpenID Connect provider",
}


def trust_mismatch(verbs: Sequence[str], pairs: Sequence[tuple[str, str]]) -> str:
    """Return what is wrong with written sts actions for the principals they are given to.

    Access Analyzer's MISMATCHED_ACTION_FOR_PRINCIPAL and
    MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY; "" for nothing.
    """
    written = {verb.lower() for verb in verbs}
    assuming = written & set(_COMES_BY)
    needed = {p: trust_actions(*p)[0].lower() for p in pairs}
    for (_, text), action in needed.items():
        if assuming and action not in assuming:
            return f"`{text}` does not assume a role by these actions"
    for action in sorted(assuming - set(needed.values())):
        spelt = next(v for v in verbs if v.lower() == action)
        return f"`{spelt}` is asked by {_COMES_BY[action]}, and none is trusted here"
    for pair in pairs:
        missing = [a for a in trust_actions(*pair) if a.lower() not in written]
        if pair[0] == "Service" and pair[1].startswith("rolesanywhere.") and missing:
            return f"`{pair[1]}` needs `{missing[0]}` too"
    return ""
