"""Ways in which permissions give more permissions: the actions that together are one.

What the calls do is AWS's, in the pages of their services; that they open a way is known from the
research of Rhino Security Labs (2018, "AWS IAM Privilege Escalation Methods") and its successors,
collected at pathfinding.cloud, whose ids are kept where it has the path. Confidence high where the
path has such an id, medium for the others. A path is worth as much as the roles of the account.

Left out, because what they give is less or hangs on more than permissions:
`iam:CreateServiceSpecificCredential`, CodeStar (closed 2024), `organizations:DeletePolicy` (what is
attached cannot be deleted), and paths that need all of another path and more, such as
`iam:CreateOpenIDConnectProvider` or `iam:CreateSAMLProvider` with `iam:UpdateAssumeRolePolicy`: no
role trusts a new provider yet, and who can rewrite trusts needs none.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

AS_OF: Final = "2026-11-20"
"""The day on which the table was compared with pathfinding.cloud."""

Category: TypeAlias = Literal["self", "other", "pass", "federation", "existing", "limits"]
"""What a path goes by: own permissions, another identity, a role that is passed to a service, what
says who may log in, a role that something has already, or what an organization denies its accounts;
the strongest first."""

ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"


class Path(NamedTuple):
    """A way to more permissions.

    Attributes:
        id: that of pathfinding.cloud, or of the same form.
        gain: what one can do, after "can".
        actions: all that is needed.
        services: of which any is the one that a role is passed to (`iam:PassedToService`).
        source: who described it.
    """

    id: str
    category: Category
    gain: str
    actions: tuple[str, ...]
    services: tuple[str, ...] = ()
    source: str = "pathfinding.cloud"


_RHINO: Final = "Rhino Security Labs, AWS IAM Privilege Escalation Methods"
PASSING: Final = "iam:PassRole"


def _self(identifier: str, gain: str, *actions: str, source: str = "pathfinding.cloud") -> Path:
    return Path(identifier, "self", gain, actions, source=source)


def _other(identifier: str, gain: str, *actions: str) -> Path:
    return Path(identifier, "other", gain, actions)


def _pass(
    identifier: str,
    services: str,
    gain: str,
    *actions: str,
    source: str = "pathfinding.cloud",
) -> Path:
    principals = tuple(f"{name}.amazonaws.com" for name in services.split())
    return Path(identifier, "pass", f"{gain} as any role", (PASSING, *actions), principals, source)


def _federation(identifier: str, gain: str, *actions: str, source: str) -> Path:
    return Path(identifier, "federation", gain, actions, source=source)


def _existing(identifier: str, gain: str, *actions: str, source: str = "pathfinding.cloud") -> Path:
    return Path(identifier, "existing", gain, actions, source=source)


_SELF = (
    _self("iam-001", "rewrite any managed policy", "iam:CreatePolicyVersion"),
    _self("iam-009", "attach any policy to any role", "iam:AttachRolePolicy"),
    _self("iam-008", "attach any policy to any user", "iam:AttachUserPolicy"),
    _self("iam-010", "attach any policy to any group", "iam:AttachGroupPolicy"),
    _self("iam-005", "write a policy into any role", "iam:PutRolePolicy"),
    _self("iam-007", "write a policy into any user", "iam:PutUserPolicy"),
    _self("iam-011", "write a policy into any group", "iam:PutGroupPolicy"),
    _self("iam-012", "rewrite the trust of any role", "iam:UpdateAssumeRolePolicy"),
    _self("iam-013", "put users into any group", "iam:AddUserToGroup"),
    _self(
        "iam-default-version",
        "put any managed policy back to an older version",
        "iam:SetDefaultPolicyVersion",
        source=_RHINO,
    ),
    _self(
        "iam-role-boundary-delete",
        "lift the permissions boundary of any role",
        "iam:DeleteRolePermissionsBoundary",
        source='AWS "access_policies_boundaries"',
    ),
    _self(
        "iam-role-boundary-put",
        "replace the permissions boundary of any role",
        "iam:PutRolePermissionsBoundary",
        source='AWS "access_policies_boundaries"',
    ),
    _self(
        "iam-user-boundary-delete",
        "lift the permissions boundary of any user",
        "iam:DeleteUserPermissionsBoundary",
        source='AWS "access_policies_boundaries"',
    ),
    _self(
        "iam-user-boundary-put",
        "replace the permissions boundary of any user",
        "iam:PutUserPermissionsBoundary",
        source='AWS "access_policies_boundaries"',
    ),
)

_OTHER = (
    _other("iam-002", "make access keys of any user", "iam:CreateAccessKey"),
    _other("iam-004", "give any user a console password", "iam:CreateLoginProfile"),
    _other("iam-006", "change the console password of any user", "iam:UpdateLoginProfile"),
    _other("sts-001", "assume every role that trusts the account", "sts:AssumeRole"),
)

_LAMBDA = "run code in a new Lambda function"
_GLUE = "run code in a Glue job"
_ECS = "run a container of ECS"
_STACKS = "make CloudFormation stacks"
_BUILD = "run commands in a new CodeBuild project"

_PASSED = (
    _pass("lambda-001", "lambda", _LAMBDA, "lambda:CreateFunction", "lambda:InvokeFunction"),
    _pass(
        "lambda-002", "lambda", _LAMBDA, "lambda:CreateFunction", "lambda:CreateEventSourceMapping"
    ),
    _pass("lambda-006", "lambda", _LAMBDA, "lambda:CreateFunction", "lambda:AddPermission"),
    _pass("ec2-001", "ec2", "start an EC2 instance", "ec2:RunInstances"),
    _pass("ec2-spot", "ec2", "start a Spot instance", "ec2:RequestSpotInstances"),
    _pass(
        "ec2-associate-profile",
        "ec2",
        "run any EC2 instance",
        "ec2:AssociateIamInstanceProfile",
        source='AWS "API_AssociateIamInstanceProfile"',
    ),
    _pass(
        "ec2-replace-profile",
        "ec2",
        "run any EC2 instance",
        "ec2:ReplaceIamInstanceProfileAssociation",
        source='AWS "API_ReplaceIamInstanceProfileAssociation"',
    ),
    _pass(
        "autoscaling-configuration",
        "ec2",
        "start EC2 instances by Auto Scaling",
        "autoscaling:CreateLaunchConfiguration",
        "autoscaling:CreateAutoScalingGroup",
        source='AWS "API_CreateLaunchConfiguration"',
    ),
    _pass("cloudformation-001", "cloudformation", _STACKS, "cloudformation:CreateStack"),
    _pass(
        "cloudformation-003",
        "cloudformation",
        "make CloudFormation stack sets",
        "cloudformation:CreateStackSet",
        "cloudformation:CreateStackInstances",
    ),
    _pass(
        "cloudformation-004",
        "cloudformation",
        "change CloudFormation stack sets",
        "cloudformation:UpdateStackSet",
    ),
    _pass("ecs-004", "ecs-tasks", _ECS, "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    _pass("ecs-005", "ecs-tasks", _ECS, "ecs:RegisterTaskDefinition", "ecs:StartTask"),
    _pass("ecs-003", "ecs-tasks", _ECS, "ecs:RegisterTaskDefinition", "ecs:CreateService"),
    _pass("codebuild-001", "codebuild", _BUILD, "codebuild:CreateProject", "codebuild:StartBuild"),
    _pass(
        "codebuild-004",
        "codebuild",
        _BUILD,
        "codebuild:CreateProject",
        "codebuild:StartBuildBatch",
    ),
    _pass("glue-003", "glue", _GLUE, "glue:CreateJob", "glue:StartJobRun"),
    _pass("glue-004", "glue", _GLUE, "glue:CreateJob", "glue:CreateTrigger"),
    _pass("glue-005", "glue", _GLUE, "glue:UpdateJob", "glue:StartJobRun"),
    _pass("glue-006", "glue", _GLUE, "glue:UpdateJob", "glue:CreateTrigger"),
    _pass(
        "glue-007",
        "glue",
        "run code in a Glue session",
        "glue:CreateSession",
        "glue:RunStatement",
    ),
    _pass("glue-001", "glue", "log in to a Glue endpoint", "glue:CreateDevEndpoint"),
    _pass(
        "sagemaker-001",
        "sagemaker",
        "run code in a SageMaker notebook",
        "sagemaker:CreateNotebookInstance",
    ),
    _pass(
        "sagemaker-002",
        "sagemaker",
        "run code in a SageMaker training job",
        "sagemaker:CreateTrainingJob",
    ),
    _pass(
        "sagemaker-003",
        "sagemaker",
        "run code in a SageMaker processing job",
        "sagemaker:CreateProcessingJob",
    ),
    _pass(
        "apprunner-001",
        "apprunner tasks.apprunner",
        "run a container of App Runner",
        "apprunner:CreateService",
    ),
    _pass(
        "batch-001",
        "batch ecs-tasks",
        "run a job of Batch",
        "batch:RegisterJobDefinition",
        "batch:SubmitJob",
    ),
    _pass(
        "bedrock-001",
        "bedrock-agentcore",
        "run code in a new AgentCore interpreter",
        "bedrock-agentcore:CreateCodeInterpreter",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "bedrock-agentcore:InvokeCodeInterpreter",
    ),
    _pass(
        "bedrock-003",
        "bedrock-agentcore",
        "run commands in a new AgentCore runtime",
        "bedrock-agentcore:CreateAgentRuntime",
        "bedrock-agentcore:CreateAgentRuntimeEndpoint",
        "bedrock-agentcore:CreateWorkloadIdentity",
        "bedrock-agentcore:InvokeAgentRuntimeCommand",
    ),
    _pass(
        "bedrock-006",
        "bedrock-agentcore",
        "drive a new AgentCore browser",
        "bedrock-agentcore:CreateBrowser",
        "bedrock-agentcore:StartBrowserSession",
        "bedrock-agentcore:ConnectBrowserAutomationStream",
    ),
    _pass(
        "states-001",
        "states",
        "call any API by a new state machine",
        "states:CreateStateMachine",
        "states:StartExecution",
        source='AWS "step-functions/supported-services-awssdk"',
    ),
    _pass(
        "scheduler-001",
        "scheduler",
        "call any API by a schedule",
        "scheduler:CreateSchedule",
        source='AWS "scheduler/managing-targets-universal"',
    ),
    _pass(
        "events-targets",
        "events",
        "run commands and tasks by an EventBridge rule",
        "events:PutRule",
        "events:PutTargets",
        source='AWS "eventbridge/eb-events-iam-roles"',
    ),
    _pass(
        "pipes-001",
        "pipes",
        "call functions and run tasks by an EventBridge pipe",
        "pipes:CreatePipe",
        source='AWS "eventbridge/eb-pipes-permissions"',
    ),
    _pass(
        "ssm-automation",
        "ssm",
        "run an automation of Systems Manager",
        "ssm:CreateDocument",
        "ssm:StartAutomationExecution",
        source='AWS "systems-manager/automation-setup"',
    ),
    _pass(
        "codepipeline-001",
        "codepipeline",
        "run a new pipeline",
        "codepipeline:CreatePipeline",
        source='AWS "codepipeline/security-iam"',
    ),
    _pass("emr-001", "elasticmapreduce ec2", "run a cluster of EMR", "elasticmapreduce:RunJobFlow"),
    _pass(
        "emrserverless-001",
        "emr-serverless",
        "run a job of EMR Serverless",
        "emr-serverless:CreateApplication",
        "emr-serverless:StartJobRun",
    ),
    _pass(
        "imagebuilder-001",
        "ec2",
        "build an EC2 image",
        "imagebuilder:CreateComponent",
        "imagebuilder:CreateImageRecipe",
        "imagebuilder:CreateInfrastructureConfiguration",
        "imagebuilder:CreateImage",
    ),
    _pass(
        "kinesisanalytics-001",
        "kinesisanalytics",
        "run a Flink application",
        "kinesisanalytics:CreateApplication",
        "kinesisanalytics:StartApplication",
    ),
    _pass(
        "gamelift-001",
        "gamelift",
        "run a fleet of GameLift",
        "gamelift:CreateBuild",
        "gamelift:CreateFleet",
    ),
    _pass(
        "omics-001",
        "omics",
        "run a workflow of HealthOmics",
        "omics:CreateWorkflow",
        "omics:StartRun",
    ),
    _pass("braket-001", "braket", "run a job of Braket", "braket:CreateJob"),
    _pass(
        "airflow-001",
        "airflow airflow-env",
        "run an Airflow environment",
        "airflow:CreateEnvironment",
        source='AWS "mwaa/mwaa-create-role"',
    ),
    _pass(
        "datapipeline-001",
        "datapipeline",
        "run a data pipeline",
        "datapipeline:CreatePipeline",
        "datapipeline:PutPipelineDefinition",
        "datapipeline:ActivatePipeline",
    ),
    _pass(
        "cognitoidentity-001",
        "cognito-identity",
        "let in the users of an identity pool",
        "cognito-identity:SetIdentityPoolRoles",
    ),
    _pass(
        "rolesanywhere-001",
        "rolesanywhere",
        "let in certificates of one's own",
        "rolesanywhere:CreateTrustAnchor",
        "rolesanywhere:CreateProfile",
        source='AWS "rolesanywhere/security-iam"',
    ),
)

_CENTER: Final = 'AWS "singlesignon/permissionsetsconcept"'

_FEDERATION = (
    _federation(
        "saml-update",
        "forge the logins of any SAML provider",
        "iam:UpdateSAMLProvider",
        source='AWS "API_UpdateSAMLProvider"',
    ),
    _federation(
        "sso-assignment",
        "give any permission set to anyone",
        "sso:CreateAccountAssignment",
        source=_CENTER,
    ),
    _federation(
        "sso-inline",
        "write a policy into any permission set",
        "sso:PutInlinePolicyToPermissionSet",
        "sso:ProvisionPermissionSet",
        source=_CENTER,
    ),
    _federation(
        "sso-managed",
        "attach any policy to any permission set",
        "sso:AttachManagedPolicyToPermissionSet",
        "sso:ProvisionPermissionSet",
        source=_CENTER,
    ),
    _federation(
        "identitystore-group",
        "put users into any group of Identity Center",
        "identitystore:CreateGroupMembership",
        source='AWS "API_CreateGroupMembership"',
    ),
    _federation(
        "eks-access",
        "become administrator of any EKS cluster",
        "eks:CreateAccessEntry",
        "eks:AssociateAccessPolicy",
        source='AWS "eks/access-entries"',
    ),
)

_EXISTING = (
    _existing("lambda-003", "replace the code of any Lambda function", "lambda:UpdateFunctionCode"),
    _existing(
        "lambda-layer",
        "put a layer into any Lambda function",
        "lambda:UpdateFunctionConfiguration",
        source='AWS "API_UpdateFunctionConfiguration"',
    ),
    _existing("ssm-001", "open a shell on any managed instance", "ssm:StartSession"),
    _existing("ssm-002", "run commands on any managed instance", "ssm:SendCommand"),
    _existing(
        "ec2-instance-connect",
        "log in to any EC2 instance",
        "ec2-instance-connect:SendSSHPublicKey",
    ),
    _existing(
        "ec2-user-data",
        "run user data of their own on any EC2 instance",
        "ec2:ModifyInstanceAttribute",
        "ec2:StopInstances",
        "ec2:StartInstances",
    ),
    _existing(
        "ec2-launch-template",
        "rewrite any launch template",
        "ec2:CreateLaunchTemplateVersion",
        "ec2:ModifyLaunchTemplate",
    ),
    _existing("ecs-006", "run commands in any container of ECS", "ecs:ExecuteCommand"),
    _existing(
        "cloudformation-002",
        "change any stack, as the role that it has",
        "cloudformation:UpdateStack",
    ),
    _existing(
        "cloudformation-005",
        "change any stack, as the role that it has",
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
    ),
    _existing(
        "codebuild-002",
        "run commands of their own in any CodeBuild project",
        "codebuild:StartBuild",
    ),
    _existing(
        "codebuild-003",
        "run commands of their own in any CodeBuild project",
        "codebuild:StartBuildBatch",
    ),
    _existing("glue-002", "log in to any Glue endpoint", "glue:UpdateDevEndpoint"),
    _existing(
        "apprunner-002", "replace the code of any App Runner service", "apprunner:UpdateService"
    ),
    _existing(
        "sagemaker-004",
        "open any SageMaker notebook",
        "sagemaker:CreatePresignedNotebookInstanceUrl",
    ),
    _existing(
        "sagemaker-005",
        "put a script into any SageMaker notebook",
        "sagemaker:CreateNotebookInstanceLifecycleConfig",
        "sagemaker:StopNotebookInstance",
        "sagemaker:UpdateNotebookInstance",
        "sagemaker:StartNotebookInstance",
    ),
    _existing(
        "sagemaker-domain",
        "open the SageMaker studio of any user",
        "sagemaker:CreatePresignedDomainUrl",
        source='AWS "API_CreatePresignedDomainUrl"',
    ),
    _existing(
        "bedrock-002",
        "run code in any AgentCore interpreter",
        "bedrock-agentcore:StartCodeInterpreterSession",
        "bedrock-agentcore:InvokeCodeInterpreter",
    ),
    _existing(
        "bedrock-004",
        "run commands in any AgentCore runtime",
        "bedrock-agentcore:InvokeAgentRuntimeCommand",
    ),
    _existing(
        "bedrock-007",
        "drive any AgentCore browser",
        "bedrock-agentcore:StartBrowserSession",
        "bedrock-agentcore:ConnectBrowserAutomationStream",
    ),
    _existing("batch-002", "run commands of their own in any job of Batch", "batch:SubmitJob"),
    _existing(
        "codedeploy-001",
        "deploy code of their own by any CodeDeploy group",
        "codedeploy:CreateDeployment",
        "codedeploy:RegisterApplicationRevision",
    ),
    _existing(
        "states-update",
        "rewrite any state machine",
        "states:UpdateStateMachine",
        "states:StartExecution",
        source='AWS "API_UpdateStateMachine"',
    ),
)

_SCPS: Final = 'AWS "organizations/orgs_manage_policies_scps"'

_LIMITS = (
    Path(
        "organizations-detach",
        "limits",
        "take any SCP off any account",
        ("organizations:DetachPolicy",),
        source=_SCPS,
    ),
    Path(
        "organizations-update",
        "limits",
        "rewrite any SCP",
        ("organizations:UpdatePolicy",),
        source=_SCPS,
    ),
)

PATHS: Final[tuple[Path, ...]] = (*_SELF, *_OTHER, *_PASSED, *_FEDERATION, *_EXISTING, *_LIMITS)
"""All paths, the best first: what gives everything at once, then what hangs on what is there."""

RESOURCE_KINDS: Final = {
    "ec2:RunInstances": ("instance",),
    "ec2:ModifyInstanceAttribute": ("instance",),
    "ec2:StartInstances": ("instance",),
    "ssm:StartSession": ("instance",),
    "ssm:SendCommand": ("instance", "document"),
    "ssm:StartAutomationExecution": ("document",),
    "ssm:CreateDocument": ("document",),
    "batch:SubmitJob": ("job-definition", "job-queue"),
    "batch:RegisterJobDefinition": ("job-definition",),
    "ecs:RunTask": ("task-definition",),
    "ecs:StartTask": ("task-definition",),
    "ecs:ExecuteCommand": ("cluster", "task"),
    "events:PutRule": ("rule-on-default-event-bus",),
    "events:PutTargets": ("rule-on-default-event-bus",),
    "sso:CreateAccountAssignment": ("PermissionSet",),
    "sso:PutInlinePolicyToPermissionSet": ("PermissionSet",),
    "sso:AttachManagedPolicyToPermissionSet": ("PermissionSet",),
    "sso:ProvisionPermissionSet": ("PermissionSet",),
    "identitystore:CreateGroupMembership": ("Group",),
    "omics:StartRun": ("run",),
    "bedrock-agentcore:StartCodeInterpreterSession": ("code-interpreter-custom",),
    "bedrock-agentcore:InvokeCodeInterpreter": ("code-interpreter-custom",),
    "bedrock-agentcore:StartBrowserSession": ("browser-custom",),
    "bedrock-agentcore:CreateWorkloadIdentity": ("workload-identity",),
    "braket:CreateJob": ("job",),
    "bedrock-agentcore:InvokeAgentRuntimeCommand": ("runtime",),
    "imagebuilder:CreateImage": ("image",),
}
"""Of actions with several types of resources, those on which the path hangs."""

OWN: Final = {
    "iam:AttachRolePolicy": "attach any policy to itself",
    "iam:PutRolePolicy": "write a policy into itself",
    "iam:AttachUserPolicy": "attach any policy to itself",
    "iam:PutUserPolicy": "write a policy into itself",
    "iam:AttachGroupPolicy": "attach any policy to a group that it is in",
    "iam:PutGroupPolicy": "write a policy into a group that it is in",
    "iam:CreatePolicyVersion": "rewrite a policy that it has",
}
"""What an action gives on oneself, where a policy names that alone."""
