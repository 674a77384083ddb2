"""Which attributes of which resources are policies, and of what: one table.

From the provider's pages, https://registry.terraform.io/providers/hashicorp/aws/latest/docs (as
of version 5.100), and the ARNs of AWS's "Service Authorization Reference".
"""

from __future__ import annotations

from typing import NamedTuple


class Holder(NamedTuple):
    """An attribute that holds the policy of a resource.

    Attributes:
        service: the prefix of the service, as in `aws.resource_policies`.
        policy: the attribute with the document.
        owner: the attribute that says whose policy it is: an ARN, or what `arn` makes one of.
        type: the type of the resource that `owner` speaks of; "" where it holds an ARN.
        arn: the ARN of the resource, with attributes in braces and {p}, {r}, {a} for the
            partition, region and account.
        own: whether the resource is the owner itself; a policy of a resource of its own, for
            the same owner, is newer then.
        default: the owner where the attribute says none.
    """

    service: str
    policy: str
    owner: str = "arn"
    type: str = ""
    arn: str = ""
    own: bool = False
    default: str = ""


def _own(service: str, policy: str = "policy") -> Holder:
    return Holder(service, policy, own=True)


_DOMAIN = Holder(
    "es", "access_policies", "domain_name", "aws_opensearch_domain", "arn:{p}:es:{r}:{a}:domain/{}"
)

HOLDERS: dict[str, Holder] = {
    "aws_acmpca_policy": Holder("acm-pca", "policy", "resource_arn"),
    "aws_api_gateway_rest_api": _own("apigateway"),
    "aws_api_gateway_rest_api_policy": Holder(
        "apigateway",
        "policy",
        "rest_api_id",
        "aws_api_gateway_rest_api",
        "arn:{p}:apigateway:{r}::/restapis/{}",
    ),
    "aws_backup_vault_policy": Holder(
        "backup",
        "policy",
        "backup_vault_name",
        "aws_backup_vault",
        "arn:{p}:backup:{r}:{a}:backup-vault:{}",
    ),
    "aws_bedrockagentcore_resource_policy": Holder("bedrock-agentcore", "policy", "resource_arn"),
    "aws_cloudwatch_event_bus_policy": Holder(
        "events",
        "policy",
        "event_bus_name",
        "aws_cloudwatch_event_bus",
        "arn:{p}:events:{r}:{a}:event-bus/{}",
        default="default",
    ),
    "aws_cloudwatch_log_destination_policy": Holder(
        "logs",
        "access_policy",
        "destination_name",
        "aws_cloudwatch_log_destination",
        "arn:{p}:logs:{r}:{a}:destination:{}",
    ),
    "aws_cloudwatch_log_resource_policy": Holder(
        "logs", "policy_document", "", "", "arn:{p}:logs:{r}:{a}:log-group:*", default="*"
    ),
    "aws_codeartifact_domain_permissions_policy": Holder(
        "codeartifact",
        "policy_document",
        "domain",
        "aws_codeartifact_domain",
        "arn:{p}:codeartifact:{r}:{a}:domain/{}",
    ),
    "aws_codeartifact_repository_permissions_policy": Holder(
        "codeartifact",
        "policy_document",
        "repository",
        "aws_codeartifact_repository",
        "arn:{p}:codeartifact:{r}:{a}:repository/{domain}/{}",
    ),
    "aws_dynamodb_resource_policy": Holder("dynamodb", "policy", "resource_arn"),
    "aws_ecr_repository_policy": Holder(
        "ecr", "policy", "repository", "aws_ecr_repository", "arn:{p}:ecr:{r}:{a}:repository/{}"
    ),
    "aws_ecrpublic_repository_policy": Holder(
        "ecr-public",
        "policy",
        "repository_name",
        "aws_ecrpublic_repository",
        "arn:{p}:ecr-public::{a}:repository/{}",
    ),
    "aws_efs_file_system_policy": Holder(
        "elasticfilesystem",
        "policy",
        "file_system_id",
        "aws_efs_file_system",
        "arn:{p}:elasticfilesystem:{r}:{a}:file-system/{}",
    ),
    "aws_elasticsearch_domain": _own("es", "access_policies"),
    "aws_elasticsearch_domain_policy": _DOMAIN._replace(type="aws_elasticsearch_domain"),
    "aws_glacier_vault": _own("glacier", "access_policy"),
    "aws_glue_resource_policy": Holder(
        "glue", "policy", "", "", "arn:{p}:glue:{r}:{a}:catalog", default="catalog"
    ),
    "aws_iot_policy": _own("iot"),
    "aws_kinesis_resource_policy": Holder("kinesis", "policy", "resource_arn"),
    "aws_kms_external_key": _own("kms"),
    "aws_kms_key": _own("kms"),
    "aws_kms_key_policy": Holder(
        "kms", "policy", "key_id", "aws_kms_key", "arn:{p}:kms:{r}:{a}:key/{}"
    ),
    "aws_kms_replica_external_key": _own("kms"),
    "aws_kms_replica_key": _own("kms"),
    "aws_media_store_container_policy": Holder(
        "mediastore",
        "policy",
        "container_name",
        "aws_media_store_container",
        "arn:{p}:mediastore:{r}:{a}:container/{}",
    ),
    "aws_opensearch_domain": _own("es", "access_policies"),
    "aws_opensearch_domain_policy": _DOMAIN,
    "aws_redshiftserverless_resource_policy": Holder(
        "redshift-serverless", "policy", "resource_arn"
    ),
    "aws_s3_access_point": _own("s3"),
    "aws_s3_bucket": _own("s3"),
    "aws_s3_bucket_policy": Holder("s3", "policy", "bucket", "aws_s3_bucket", "arn:{p}:s3:::{}"),
    "aws_s3control_access_point_policy": Holder("s3", "policy", "access_point_arn"),
    "aws_s3control_bucket_policy": Holder("s3-outposts", "policy", "bucket"),
    "aws_s3tables_table_bucket_policy": Holder("s3tables", "resource_policy", "table_bucket_arn"),
    "aws_sagemaker_model_package_group_policy": Holder(
        "sagemaker",
        "resource_policy",
        "model_package_group_name",
        "aws_sagemaker_model_package_group",
        "arn:{p}:sagemaker:{r}:{a}:model-package-group/{}",
    ),
    "aws_secretsmanager_secret": _own("secretsmanager"),
    "aws_secretsmanager_secret_policy": Holder("secretsmanager", "policy", "secret_arn"),
    "aws_ses_identity_policy": Holder(
        "ses", "policy", "identity", "aws_ses_domain_identity", "arn:{p}:ses:{r}:{a}:identity/{}"
    ),
    "aws_sesv2_email_identity_policy": Holder(
        "ses",
        "policy",
        "email_identity",
        "aws_sesv2_email_identity",
        "arn:{p}:ses:{r}:{a}:identity/{}",
    ),
    "aws_sns_topic": _own("sns"),
    "aws_sns_topic_policy": Holder("sns", "policy", "arn"),
    "aws_sqs_queue": _own("sqs"),
    "aws_sqs_queue_policy": Holder(
        "sqs", "policy", "queue_url", "aws_sqs_queue", "arn:{p}:sqs:{r}:{a}:{}"
    ),
    "aws_vpc_endpoint": _own("ec2"),
    "aws_vpc_endpoint_policy": Holder(
        "ec2",
        "policy",
        "vpc_endpoint_id",
        "aws_vpc_endpoint",
        "arn:{p}:ec2:{r}:{a}:vpc-endpoint/{}",
    ),
    "aws_vpclattice_auth_policy": Holder("vpc-lattice", "policy", "resource_identifier"),
    "aws_vpclattice_resource_policy": Holder("vpc-lattice", "policy", "resource_arn"),
}
"""By type of resource."""

IDENTITY_TYPES = frozenset(
    "aws_iam_role aws_iam_user aws_iam_group aws_iam_policy aws_iam_role_policy"
    " aws_iam_user_policy aws_iam_group_policy aws_iam_role_policy_attachment"
    " aws_iam_user_policy_attachment aws_iam_group_policy_attachment aws_iam_policy_attachment"
    " aws_iam_role_policy_attachments_exclusive aws_iam_user_policy_attachments_exclusive"
    " aws_iam_group_policy_attachments_exclusive aws_iam_role_policies_exclusive"
    " aws_iam_user_policies_exclusive aws_iam_group_policies_exclusive"
    " aws_iam_user_group_membership aws_iam_group_membership aws_iam_instance_profile"
    " aws_organizations_policy aws_organizations_policy_attachment aws_transfer_user"
    " aws_ssoadmin_permission_set aws_ssoadmin_permission_set_inline_policy"
    " aws_ssoadmin_managed_policy_attachment aws_ssoadmin_managed_policy_attachments_exclusive"
    " aws_ssoadmin_customer_managed_policy_attachment"
    " aws_ssoadmin_customer_managed_policy_attachments_exclusive"
    " aws_ssoadmin_permissions_boundary_attachment".split()
)
"""The types that `gather` reads besides `HOLDERS`."""

PERMISSIONS = frozenset(
    "aws_lambda_permission aws_lambda_layer_version_permission aws_cloudwatch_event_permission"
    " aws_kms_grant aws_iam_service_linked_role aws_ssoadmin_account_assignment".split()
)
"""Types that give permissions which no document holds, or are made by AWS alone."""

KNOWN = IDENTITY_TYPES | HOLDERS.keys() | PERMISSIONS


def is_policy_attribute(name: str) -> bool:
    """Tell whether an attribute of a resource that is not in the table may hold a document."""
    return name.endswith(("policy", "policies", "policy_document", "policy_text", "content"))
