"""Services that say for whom they act: who of them sends the `aws:Source…` keys, and where.

A service that calls with a principal of its own does so for many customers; the keys
`aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` and `aws:SourceOrgPaths` tell for which one
(IAM user guide, "The confused deputy problem"). A condition on them is right only where the
service sends them: elsewhere it locks the service out. So here stand the services alone whose
pages show such a condition, each with its page; of all others nothing is known, and nothing said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from iamdsl.aws.limits import Confidence

AS_OF: Final = "2026-11-30"
"""The day on which the tables were compiled."""


class Deputy(NamedTuple):
    """A service that names the resource for which it acts.

    Attributes:
        arn: service and resource of the ARNs in `aws:SourceArn`, `states` and `stateMachine:*`,
            parted by a blank; "" where the page shows `aws:SourceAccount` alone.
        page: the AWS page that shows the condition; how sure it is is said as in `limits`.
        at: of resource policies, the services of the resources that the page is about.
    """

    arn: str
    page: str
    confidence: Confidence = "high"
    at: tuple[str, ...] = ()


_PAGE = "cross-service-confused-deputy-prevention"

IN_TRUSTS: Final[dict[str, Deputy]] = {
    "airflow": Deputy("airflow environment/*", f"{_PAGE} (mwaa)"),
    "airflow-env": Deputy("airflow environment/*", f"{_PAGE} (mwaa)"),
    "amplify": Deputy("amplify apps/*", "amplify-service-role (amplify)"),
    "application-autoscaling": Deputy(
        "application-autoscaling scalable-target/*",
        "emr-iam-role-automatic-scaling (emr)",
        "medium",
    ),
    "appsync": Deputy("appsync apis/*", "attaching-a-data-source (appsync)", "medium"),
    "athena": Deputy("athena workgroup/*", "notebooks-spark-manage (athena)"),
    "autoscaling": Deputy("autoscaling autoScalingGroup:*", f"{_PAGE} (ec2 auto scaling)"),
    "batch": Deputy("batch *", f"{_PAGE} (batch)"),
    "bedrock": Deputy("bedrock *", "model-customization-iam-role (bedrock)", "medium"),
    "bedrock-agentcore": Deputy(
        "bedrock-agentcore *", "runtime-permissions (bedrock-agentcore)", "medium"
    ),
    "codebuild": Deputy("codebuild project/*", "setting-up-service-role (codebuild)", "medium"),
    "codedeploy": Deputy("codedeploy deploymentgroup:*", "security_confused_deputy (codedeploy)"),
    "cognito-idp": Deputy(
        "cognito-idp userpool/*", "cognito-user-pool-settings (cognito)", "medium"
    ),
    "comprehend": Deputy("comprehend *", f"{_PAGE} (comprehend)"),
    "config": Deputy("config *", "iamrole-permissions (config)"),
    "datasync": Deputy("datasync *", f"{_PAGE} (datasync)"),
    "datazone": Deputy("datazone domain/*", "glue-manage-access-role (datazone)"),
    "dlm": Deputy("dlm policy/*", "service-role (data lifecycle manager)"),
    "dms": Deputy("dms *", f"{_PAGE} (dms)"),
    "ecs-tasks": Deputy("ecs *", "task-iam-roles (ecs)", "medium"),
    "eks-fargate-pods": Deputy("eks fargateprofile/*", "pod-execution-role (eks)"),
    "elasticmapreduce": Deputy("elasticmapreduce *", "emr-iam-role (emr)"),
    "events": Deputy("events rule/*", "eb-use-conditions (eventbridge)", "medium"),
    "fis": Deputy("fis experiment/*", "getting-started-iam-service-role (fis)"),
    "grafana": Deputy("grafana /workspaces/*", "AMG-manage-permissions (grafana)", "medium"),
    "iot": Deputy("iot *", f"{_PAGE} (iot)", "medium"),
    "kafkaconnect": Deputy(
        "kafkaconnect connector/*", "msk-connect-service-execution-role (msk)", "medium"
    ),
    "kinesisanalytics": Deputy(
        "kinesisanalytics application/*", f"{_PAGE} (managed flink)", "medium"
    ),
    "logs": Deputy("logs *", "SubscriptionFilters (cloudwatch logs)", "medium"),
    "mediaconvert": Deputy("mediaconvert queues/*", f"{_PAGE} (mediaconvert)"),
    "monitoring.rds": Deputy("rds *", "USER_Monitoring.OS.Enabling (rds)"),
    "osis-pipelines": Deputy("osis pipeline/*", "pipeline-security-overview (opensearch)"),
    "personalize": Deputy("personalize *", f"{_PAGE} (personalize)"),
    "pipes": Deputy("pipes pipe/*", "eb-pipes-permissions (eventbridge)", "medium"),
    "rds": Deputy("rds *", f"{_PAGE} (rds)"),
    "sagemaker": Deputy("sagemaker *", "security-confused-deputy-prevention (sagemaker)", "medium"),
    "scheduler": Deputy("scheduler schedule-group/*", f"{_PAGE} (eventbridge scheduler)", "medium"),
    "ses": Deputy("ses *", "event-publishing-add-event-destination-firehose (ses)", "medium"),
    "sms-voice": Deputy(
        "sms-voice configuration-set/*", "configuration-sets-kinesis-creating-role (sms-voice)"
    ),
    "spotfleet": Deputy("ec2 spot-fleet-request/*", "spot-fleet-prerequisites (ec2)"),
    "ssm": Deputy("ssm *", f"{_PAGE} (systems manager)"),
    "states": Deputy(
        "states stateMachine:*", "procedure-create-iam-role (step functions)", "medium"
    ),
    "transcribe": Deputy("transcribe *", f"{_PAGE} (transcribe)"),
    "transfer": Deputy("transfer *", "confused-deputy (transfer)"),
    "vpc-flow-logs": Deputy("ec2 vpc-flow-log/*", "flow-logs-iam-role (vpc)"),
}
"""Services that send the keys when they assume a role, by the name of their principal.

Not here, and so passed over: EC2, Lambda, EKS, Glue and others whose own pages show their roles
without a condition. For EventBridge's rules no page does, but the roles that its console makes.
"""

IN_RESOURCE_POLICIES: Final[dict[str, Deputy]] = {
    "apigateway": Deputy(
        "execute-api *", "arn-format-reference (api gateway)", "medium", ("lambda",)
    ),
    "appstream": Deputy("appstream fleet/*", "example-elastic-fleets (appstream)", "high", ("s3",)),
    "bedrock": Deputy("bedrock agent/*", "agents-permissions (bedrock)", "medium", ("lambda",)),
    "budgets": Deputy("", "budgets-sns-policy (cost management)", "medium", ("sns",)),
    "cloudfront": Deputy(
        "cloudfront distribution/*",
        "private-content-restricting-access-to-s3 (cloudfront)",
        "medium",
        ("lambda", "s3"),
    ),
    "cloudtrail": Deputy(
        "cloudtrail trail/*", f"{_PAGE} (cloudtrail)", "high", ("kms", "s3", "sns")
    ),
    "cloudwatch": Deputy("cloudwatch alarm:*", "alarms-and-actions-sns", "medium", ("sns",)),
    "cognito-idp": Deputy(
        "cognito-idp userpool/*", "user-pool-lambda-triggers (cognito)", "medium", ("lambda",)
    ),
    "config": Deputy("config *", f"{_PAGE} (config)", "high", ("kms", "lambda", "s3", "sns")),
    "costalerts": Deputy("", "ad-SNS (cost management)", "medium", ("sns",)),
    "delivery.logs": Deputy(
        "logs *", "AWS-logs-and-resource-policy (cloudwatch logs)", "medium", ("kms", "logs", "s3")
    ),
    # EventBridge's page of topics shows no condition.
    "events": Deputy(
        "events rule/*", "eb-use-conditions (eventbridge)", "high", ("lambda", "logs", "sqs")
    ),
    "events.rds": Deputy("rds *", "USER_Events.GrantingPermissions (rds)", "high", ("sns",)),
    "guardduty": Deputy(
        "guardduty detector/*", "guardduty_exportfindings (guardduty)", "medium", ("kms", "s3")
    ),
    "iot": Deputy("iot *", f"{_PAGE} (iot)", "medium", ("lambda",)),
    "logging.s3": Deputy("s3", "grant-log-delivery-permissions-general (s3)", "medium", ("s3",)),
    "macie": Deputy("macie2 *", "discovery-results-repository-s3 (macie)", "medium", ("kms", "s3")),
    "s3": Deputy(
        "s3",
        "grant-destinations-permissions-to-s3 (s3)",
        "medium",
        ("lambda", "s3", "sns", "sqs"),
    ),
    "ses": Deputy(
        "ses *", "receiving-email-permissions (ses)", "medium", ("kms", "lambda", "s3", "sns")
    ),
    "sns": Deputy("sns *", "subscribe-sqs-queue-to-sns-topic (sns)", "medium", ("lambda", "sqs")),
    "ssm": Deputy("ssm *", f"{_PAGE} (systems manager)", "high", ("kms", "s3")),
}
"""Services that send the keys when they call what has a policy of its own."""

_ENDINGS: Final = (".amazonaws.com", ".amazonaws.com.cn")


def deputy(principal: str, *, resource: str | None) -> Deputy | None:
    """Return what is known of a service principal, `sns.amazonaws.com`; None where it is nothing.

    Args:
        resource: the service of the resource whose policy names it, None for a trust policy.
    """
    lowered = principal.lower()
    ending = next((e for e in _ENDINGS if lowered.endswith(e)), None)
    if ending is None:
        return None
    name = lowered.removesuffix(ending)
    if resource is None:
        return IN_TRUSTS.get(name)
    known = IN_RESOURCE_POLICIES.get(name)
    return known if known is not None and resource in known.at else None


def source_arn(known: Deputy, account: str, partition: str = "aws") -> str:
    """Return a pattern of what `aws:SourceArn` holds; "" where the page shows no such condition.

    Args:
        account: for whom the service is to act; "" leaves a place to fill in.
    """
    service, _, resource = known.arn.partition(" ")
    if not service:
        return ""
    if service == "s3":
        return f"arn:{partition}:s3:::BUCKET"
    region = "" if service == "cloudfront" else "*"
    return f"arn:{partition}:{service}:{region}:{account or 'ACCOUNT'}:{resource}"
