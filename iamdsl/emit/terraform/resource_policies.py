"""The policies of resources: which resource of Terraform's sets that of a queue or a key.

One table, from the provider's pages (https://registry.terraform.io/providers/hashicorp/aws,
version 5.100) as of 2026-11-29. What is not in it has no resource that takes a whole document:
`aws_lambda_permission` adds a statement to what is there, and no more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import codes
from iamdsl.emit._marks import Mark, has_marks, parts
from iamdsl.emit.terraform.hcl import quoted
from iamdsl.emit.terraform.texts import text_of
from iamdsl.emit.terraform.tree import Argument, Block, Raw, Value, block, literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl import iam
    from iamdsl.diagnostics import Report


class Setter(NamedTuple):
    """A resource that sets the policy of another.

    Attributes:
        type: of the resource.
        begins: how the last field of the ARN begins; what stands behind it is the name.
        owner: the argument that says whose policy it is; "" where an account has one.
        policy: the argument that takes the document.
        by_arn: whether `owner` takes the ARN.
        named: an argument that takes a name for the policy itself, if there is one.
        places: whether the ARN has a region and an account; None where both can be.
    """

    type: str
    begins: str = ""
    owner: str = ""
    policy: str = "policy"
    by_arn: bool = False
    named: str = ""
    places: bool | None = None


def _arn(
    kind: str, begins: str = "", owner: str = "resource_arn", policy: str = "policy"
) -> Setter:
    return Setter(kind, begins, owner, policy, by_arn=True)


SETTERS: dict[str, tuple[Setter, ...]] = {
    "acm-pca": (_arn("aws_acmpca_policy", "certificate-authority/"),),
    "apigateway": (Setter("aws_api_gateway_rest_api_policy", "/restapis/", "rest_api_id"),),
    "backup": (Setter("aws_backup_vault_policy", "backup-vault:", "backup_vault_name"),),
    "codeartifact": (
        Setter(
            "aws_codeartifact_domain_permissions_policy", "domain/", "domain", "policy_document"
        ),
        Setter(
            "aws_codeartifact_repository_permissions_policy",
            "repository/",
            "repository",
            "policy_document",
        ),
    ),
    "codebuild": (_arn("aws_codebuild_resource_policy"),),
    "dynamodb": (_arn("aws_dynamodb_resource_policy", "table/"),),
    "ec2": (Setter("aws_vpc_endpoint_policy", "vpc-endpoint/", "vpc_endpoint_id"),),
    "ecr": (Setter("aws_ecr_repository_policy", "repository/", "repository"),),
    "ecr-public": (Setter("aws_ecrpublic_repository_policy", "repository/", "repository_name"),),
    "elasticfilesystem": (Setter("aws_efs_file_system_policy", "file-system/", "file_system_id"),),
    "es": (Setter("aws_opensearch_domain_policy", "domain/", "domain_name", "access_policies"),),
    "events": (Setter("aws_cloudwatch_event_bus_policy", "event-bus/", "event_bus_name"),),
    "glue": (Setter("aws_glue_resource_policy", "catalog"),),
    "iot": (Setter("aws_iot_policy", "policy/", "name"),),
    "kafka": (_arn("aws_msk_cluster_policy", "cluster/", "cluster_arn"),),
    "kinesis": (_arn("aws_kinesis_resource_policy", "stream/"),),
    "kms": (Setter("aws_kms_key_policy", "key/", "key_id"),),
    "logs": (
        Setter(
            "aws_cloudwatch_log_destination_policy",
            "destination:",
            "destination_name",
            "access_policy",
        ),
        Setter(
            "aws_cloudwatch_log_delivery_destination_policy",
            "delivery-destination:",
            "delivery_destination_name",
            "delivery_destination_policy",
        ),
        Setter(
            "aws_cloudwatch_log_resource_policy",
            "log-group:*",
            "",
            "policy_document",
            named="policy_name",
        ),
    ),
    "mediastore": (Setter("aws_media_store_container_policy", "container/", "container_name"),),
    "network-firewall": (_arn("aws_networkfirewall_resource_policy"),),
    "oam": (_arn("aws_oam_sink_policy", "sink/", "sink_identifier"),),
    "organizations": (
        Setter("aws_organizations_resource_policy", "resourcepolicy/", "", "content"),
    ),
    "redshift": (_arn("aws_redshift_resource_policy"),),
    "redshift-serverless": (_arn("aws_redshiftserverless_resource_policy"),),
    "s3": (
        Setter("aws_s3_bucket_policy", "", "bucket", places=False),
        _arn("aws_s3control_access_point_policy", "accesspoint/", "access_point_arn")._replace(
            places=True
        ),
    ),
    "s3-object-lambda": (
        Setter("aws_s3control_object_lambda_access_point_policy", "accesspoint/", "name"),
    ),
    "s3-outposts": (_arn("aws_s3control_bucket_policy", "outpost/", "bucket"),),
    "s3express": (Setter("aws_s3_bucket_policy", "bucket/", "bucket"),),
    "s3tables": (
        _arn("aws_s3tables_table_bucket_policy", "bucket/", "table_bucket_arn", "resource_policy"),
    ),
    "sagemaker": (
        Setter(
            "aws_sagemaker_model_package_group_policy",
            "model-package-group/",
            "model_package_group_name",
            "resource_policy",
        ),
    ),
    "schemas": (Setter("aws_schemas_registry_policy", "registry/", "registry_name"),),
    "secretsmanager": (_arn("aws_secretsmanager_secret_policy", "secret:", "secret_arn"),),
    "ses": (Setter("aws_ses_identity_policy", "identity/", "identity", named="name"),),
    "sns": (_arn("aws_sns_topic_policy", "", "arn"),),
    "sqs": (Setter("aws_sqs_queue_policy", "", "queue_url"),),
    "vpc-lattice": (
        _arn("aws_vpclattice_auth_policy", "service/", "resource_identifier"),
        _arn("aws_vpclattice_auth_policy", "servicenetwork/", "resource_identifier"),
        _arn("aws_vpclattice_resource_policy", "resourceconfiguration/"),
    ),
}
"""By service prefix."""


def setter(document: iam.Document) -> Setter | None:
    """Return what sets the policy of a resource; None where nothing is known to."""
    service, target = document.service or "", document.target or ""
    some = SETTERS.get(service.lower(), ())
    fields = target.split(":", 5)
    if len(fields) < 6:
        # An extern that is a whole ARN: of which type is known where there is only one.
        whole = len(parts(target)) == 1 and isinstance(parts(target)[0], Mark)
        return some[0] if whole and len(some) == 1 else _bucket(some, whole=whole)
    for one in some:
        held = bool(fields[3] and fields[4])
        if fields[5].startswith(one.begins) and one.places in {None, held}:
            exact = not (one.owner or one.begins.endswith("/")) and fields[5] != one.begins
            deeper = one.type in _NOT_BELOW and "/" in fields[5].removeprefix(one.begins)
            return None if exact or deeper else one
    return None


_NOT_BELOW = {"aws_s3tables_table_bucket_policy", "aws_api_gateway_rest_api_policy"}
"""What sets no policy of things within the resource, whose ARNs go on."""


def _bucket(some: Sequence[Setter], *, whole: bool) -> Setter | None:
    """Return what sets the policy of a bucket, which alone of S3's resources is named by a type."""
    return next((s for s in some if whole and s.type == "aws_s3_bucket_policy"), None)


def resource_policy(
    document: iam.Document, label: str, policy: Value, known: Mapping[str, str], report: Report
) -> list[Block]:
    """Return the resource that sets a policy, and what it is looked up by; none where none can.

    Args:
        known: what is known of the place, `Place.pseudo`.
    """
    found = setter(document)
    if found is not None and re.search("[*?]", _resource(document)):
        report.add(
            codes.NOT_DEPLOYED,
            document.origin[0] if document.origin else None,
            f"Terraform cannot set the policy `{document.name}`, which is for more than one resource",
            hint="name the resource without wildcards; the rest is deployed",
        )
        return []
    if found is None:
        report.add(
            codes.NOT_DEPLOYED,
            document.origin[0] if document.origin else None,
            f"Terraform has no resource for the policy `{document.name}`",
            label=f"a policy of {document.service or 'a service'}'s, as a whole document",
            hint="set it by the target `aws-cli` or `boto3`; the rest is deployed",
        )
        return []
    arguments: list[Argument | Block] = []
    made: list[Block] = []
    if found.named:
        arguments.append(Argument(found.named, literal(document.name)))
    if found.type == "aws_sqs_queue_policy":
        name = _name(document.target or "", found)
        made.append(block("data", ("aws_sqs_queue", label), [Argument("name", name)]))
        arguments.append(Argument("queue_url", Raw(f"data.aws_sqs_queue.{label}.url")))
    elif found.type == "aws_secretsmanager_secret_policy" and _is_without_end(document):
        name = text_of(_after(document.target or "", found).removesuffix(_ANY_END))
        made.append(block("data", ("aws_secretsmanager_secret", label), [Argument("name", name)]))
        arguments.append(Argument("secret_arn", Raw(f"data.aws_secretsmanager_secret.{label}.arn")))
    elif found.by_arn:
        arguments.append(Argument(found.owner, text_of(document.target or "")))
    elif found.type == "aws_codeartifact_repository_permissions_policy":
        arguments += _repository(_after(document.target or "", found))
    elif found.owner:
        arguments.append(Argument(found.owner, _name(document.target or "", found)))
    arguments.append(Argument(found.policy, policy))
    checks = [] if found.by_arn and not made else _right_place(document, known)
    lifecycle: list[Argument | Block] = [block("lifecycle", (), checks)] if checks else []
    return [*made, block("resource", (found.type, label), arguments, lifecycle)]


def _right_place(document: iam.Document, known: Mapping[str, str]) -> list[Argument | Block]:
    """Return what stops a plan elsewhere, where another resource could have the same name."""
    fields = (document.target or "").split(":", 5)
    if len(fields) < 6:
        return []
    said = {"region": fields[3], "account_id": fields[4]}
    if said["account_id"] == known.get("account"):  # which the module checks
        del said["account_id"]
    return [
        block(
            "precondition",
            (),
            [
                Argument("condition", Raw(f"local.{name} == {quoted(literal(value))}")),
                Argument(
                    "error_message",
                    literal(f"The policy `{document.name}` is for a resource in {value}."),
                ),
            ],
        )
        for name, value in said.items()
        if value and not has_marks(value)
    ]


_ANY_END = "-??????"
"""How the ARN of a secret ends whose name alone is known."""


def _is_without_end(document: iam.Document) -> bool:
    return (document.target or "").endswith(_ANY_END)


def _resource(document: iam.Document) -> str:
    """Return what of an ARN says which resource is meant."""
    target = document.target or ""
    if document.service == "logs" and target.endswith(":log-group:*"):
        return ""  # of which an account has one
    return target.removesuffix(":*").removesuffix(_ANY_END)


def _after(target: str, found: Setter) -> str:
    return target.split(":", 5)[5].removeprefix(found.begins)


def _name(target: str, found: Setter) -> Value:
    """Return the name that an ARN ends with."""
    if target.count(":") >= 5:
        return text_of(_after(target, found))
    (whole,) = text_of(target).parts
    code = whole.code if isinstance(whole, Raw) else ""
    end = f'split(":", {code})[5]'
    return Raw(f'trimprefix({end}, "{found.begins}")' if found.begins else end)


def _repository(text: str) -> list[Argument]:
    domain, _, name = text.partition("/")
    return [Argument("domain", text_of(domain)), Argument("repository", text_of(name))]
