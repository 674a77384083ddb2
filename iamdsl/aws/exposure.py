"""Actions that give something away where they are allowed on everything.

Three tables, compared with AWS's API references and the Service Authorization Reference on the day
`AS_OF`. Only actions that can be confined to resources are here: of `ecr:GetAuthorizationToken` or
`sts:GetSessionToken`, which are for `*` alone, there is nothing to be said. Confidence high for what
a call returns, medium for the tables being whole.
"""

from __future__ import annotations

from typing import Final

from iamdsl.aws.escalation import PATHS

AS_OF: Final = "2026-11-20"

CREDENTIALS: Final = {
    "cognito-identity:GetOpenIdTokenForDeveloperIdentity": "tokens of any identity",
    "codeartifact:GetAuthorizationToken": "tokens for any domain of CodeArtifact",
    "connect:GetFederationToken": "tokens for any instance of Connect",
    "ec2:GetPasswordData": "the encrypted password of the administrator of any Windows instance",
    "iam:CreateAccessKey": "access keys of any user",
    "iam:CreateServiceSpecificCredential": "service credentials of any user",
    "iam:ResetServiceSpecificCredential": "service credentials of any user",
    "lightsail:GetInstanceAccessDetails": "the keys of any instance of Lightsail",
    "lightsail:GetRelationalDatabaseMasterUserPassword": "the password of any database of Lightsail",
    "redshift:GetClusterCredentials": "passwords of any database user of any cluster",
    "redshift:GetClusterCredentialsWithIAM": "passwords of any cluster",
    "redshift-serverless:GetCredentials": "passwords of any workgroup",
    "rds-db:connect": "a login as any database user",
    "dsql:DbConnectAdmin": "a login as administrator of any cluster of Aurora DSQL",
    "sts:GetFederationToken": "credentials for any name",
    "gamelift:RequestUploadCredentials": "credentials for the upload of any build",
}
"""Actions that return credentials, and of whom; each is its own API reference page."""

DATA: Final = {
    "s3:GetObject": "every object of S3",
    "dynamodb:GetItem": "every table of DynamoDB",
    "dynamodb:BatchGetItem": "every table of DynamoDB",
    "dynamodb:Query": "every table of DynamoDB",
    "dynamodb:Scan": "every table of DynamoDB",
    "secretsmanager:GetSecretValue": "every secret",
    "ssm:GetParameter": "every parameter of Systems Manager",
    "ssm:GetParameters": "every parameter of Systems Manager",
    "ssm:GetParametersByPath": "every parameter of Systems Manager",
    "ssm:GetParameterHistory": "every parameter of Systems Manager",
    "kms:Decrypt": "what any key of KMS has encrypted",
    "sqs:ReceiveMessage": "every queue",
    "kinesis:GetRecords": "every stream of Kinesis",
    "rds-data:ExecuteStatement": "every database with a Data API",
    "logs:GetLogEvents": "every log",
    "logs:FilterLogEvents": "every log",
    "codecommit:GitPull": "every repository of CodeCommit",
}
"""Actions that return what customers keep in a service (access level Read), and what that is."""

RESOURCE_POLICIES: Final = {
    "s3:PutBucketPolicy": "every bucket",
    "s3:PutBucketAcl": "every bucket",
    "s3:PutObjectAcl": "every object of S3",
    "s3:PutAccessPointPolicy": "every access point of S3",
    "kms:PutKeyPolicy": "every key of KMS",
    "kms:CreateGrant": "every key of KMS",
    "secretsmanager:PutResourcePolicy": "every secret",
    "lambda:AddPermission": "every Lambda function",
    "lambda:AddLayerVersionPermission": "every layer of Lambda",
    "sns:AddPermission": "every topic",
    "sns:SetTopicAttributes": "every topic",
    "sqs:AddPermission": "every queue",
    "sqs:SetQueueAttributes": "every queue",
    "ecr:SetRepositoryPolicy": "every repository of ECR",
    "dynamodb:PutResourcePolicy": "every table of DynamoDB",
    "elasticfilesystem:PutFileSystemPolicy": "every file system of EFS",
    "glacier:SetVaultAccessPolicy": "every vault of Glacier",
    "backup:PutBackupVaultAccessPolicy": "every backup vault",
    "kinesis:PutResourcePolicy": "every stream of Kinesis",
    "es:UpdateDomainConfig": "every domain of OpenSearch",
    "codeartifact:PutDomainPermissionsPolicy": "every domain of CodeArtifact",
    "codeartifact:PutRepositoryPermissionsPolicy": "every repository of CodeArtifact",
    "ssm:PutResourcePolicy": "every parameter of Systems Manager",
    "ssm:ModifyDocumentPermission": "every document of Systems Manager",
    "ec2:ModifySnapshotAttribute": "every snapshot of EBS",
    "ec2:ModifyImageAttribute": "every machine image",
    "rds:ModifyDBSnapshotAttribute": "every snapshot of RDS",
}
"""Actions that say whom a resource lets in: with them one lets oneself, or anybody, in."""

IDENTITIES: Final = (
    "iam:CreateRole",
    "iam:CreateUser",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
)
"""Actions that can be tied to a permissions boundary (AWS "access_policies_boundaries")."""

KINDS: Final = {
    "redshift:GetClusterCredentialsWithIAM": "dbname",
    "sts:GetFederationToken": "federated-user",
    "s3:GetObject": "object",
    "s3:PutObjectAcl": "object",
    "dynamodb:PutResourcePolicy": "table",
    "kinesis:PutResourcePolicy": "stream",
    "ssm:PutResourcePolicy": "parameter",
}
"""Of actions with several types of resources, or none that a call must have, the one meant."""

WATCHED: Final = frozenset(
    (
        *(action for path in PATHS for action in path.actions),
        *CREDENTIALS,
        *DATA,
        *RESOURCE_POLICIES,
        *IDENTITIES,
        "iam:CreateServiceLinkedRole",
    )
)
"""All actions of these tables and of the ways to more permissions."""
