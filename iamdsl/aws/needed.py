"""Actions whose calls cannot do without another one, whatever is asked for.

AWS's Service Authorization Reference lists dependent actions, and does not say which of them only
some calls need. These are those that every call does: the API has a required parameter that is a
role, or the service's guide says so. From the API references, as of November 2026.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iamdsl.aws.catalogue import Catalogue

PASSING = "iam:PassRole"

_PASSED: dict[str, str] = {
    "access-analyzer": "access-analyzer:StartPolicyGeneration",
    "backup": "backup:CreateBackupSelection backup:StartBackupJob backup:StartCopyJob",
    "batchoperations.s3": "s3:CreateJob",
    "bedrock-agentcore": "bedrock-agentcore:CreateAgentRuntime",
    "budgets": "budgets:CreateBudgetAction",
    "config": "config:PutConfigurationRecorder",
    "credentials.iot": "iot:CreateRoleAlias",
    "dax": "dax:CreateCluster",
    "ec2": "ec2:AssociateIamInstanceProfile ec2:ReplaceIamInstanceProfileAssociation"
    " iam:AddRoleToInstanceProfile",
    "elasticmapreduce": "elasticmapreduce:RunJobFlow",
    "emr-serverless": "emr-serverless:StartJobRun",
    "export.rds": "rds:StartExportTask",
    "imagebuilder": "imagebuilder:CreateLifecyclePolicy",
    "iot": "iot:CreateProvisioningTemplate",
    "kafka": "kafka:CreateReplicator",
    "kafkaconnect": "kafkaconnect:CreateConnector",
    "lambda": "lambda:CreateFunction",
    "logs": "logs:PutDestination",
    "omics": "omics:StartRun",
    "personalize": "personalize:CreateDatasetExportJob personalize:CreateDatasetImportJob",
    "pipes": "pipes:CreatePipe",
    "rds": "rds:AddRoleToDBCluster rds:AddRoleToDBInstance rds:CreateDBProxy",
    "rolesanywhere": "rolesanywhere:CreateProfile",
    "s3": "s3:PutReplicationConfiguration",
    "sagemaker": "sagemaker:CreateAutoMLJob sagemaker:CreateAutoMLJobV2"
    " sagemaker:CreateCompilationJob sagemaker:CreateFlowDefinition"
    " sagemaker:CreateInferenceRecommendationsJob sagemaker:CreateLabelingJob"
    " sagemaker:CreateNotebookInstance sagemaker:CreatePipeline sagemaker:CreateProcessingJob"
    " sagemaker:CreateTrainingJob",
    "scheduler": "scheduler:CreateSchedule",
    "states": "states:CreateStateMachine",
    "timestream": "timestream:CreateScheduledQuery",
    "transfer": "transfer:CreateAccess transfer:CreateUser",
}
"""By service principal, without its ending, that a role is passed to: what always passes one."""

PASSED_TO: dict[str, str] = {
    action.lower(): service for service, actions in _PASSED.items() for action in actions.split()
}
"""By action in lower case: the service that a role is passed to."""

_ALWAYS = frozenset({"ds:AccessDSData", "kafka-cluster:Connect"})
"""Actions that each call of what depends on them begins with."""
_BEGINNING = ("ds-data:", "kafka-cluster:")


def always_needed(action: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the actions that each call of an action needs as well, as far as that is known.

    Args:
        action: in lower case, without wildcards.
    """
    if action in PASSED_TO:
        return (PASSING,)
    if action.startswith(_BEGINNING) and (found := catalogue.action(action)) is not None:
        return tuple(name for name in found.dependents if name in _ALWAYS)
    return ()
