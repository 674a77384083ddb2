"""Service principals: what a trust or resource policy calls an AWS service.

Nearly every service has `NAME.amazonaws.com` in every partition. The exceptions are those that
the AWS CDK's region information keeps (`servicePrincipal`); AWS's own pages name no full list.
"""

from __future__ import annotations

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
