"""API operations that are no IAM actions, and prefixes of clients that are no IAM prefixes.

People write what the SDK or the command line calls an operation; the Service Authorization
Reference says which action allows it. Only what is certain is listed, and only names that the
catalogue does not have as actions (the tests check both sides).

Sources: AWS service pages "Actions defined by Amazon S3", "Using DynamoDB PartiQL with IAM",
"Lambda API permissions", "Amazon SQS API permissions" and their like, as of November 2026.
"""

from __future__ import annotations

_S3_ENCRYPTION = ("PutEncryptionConfiguration",)
_S3_LIFECYCLE = ("PutLifecycleConfiguration",)
_PARTIQL = ("PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete")

OPERATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "s3": {
        "CompleteMultipartUpload": ("PutObject",),
        "CopyObject": ("GetObject", "PutObject"),
        "CreateMultipartUpload": ("PutObject",),
        "CreateBucketMetadataConfiguration": ("CreateBucketMetadataTableConfiguration",),
        "DeleteBucketAnalyticsConfiguration": ("PutAnalyticsConfiguration",),
        "DeleteBucketCors": ("PutBucketCORS",),
        "DeleteBucketEncryption": _S3_ENCRYPTION,
        "DeleteBucketIntelligentTieringConfiguration": ("PutIntelligentTieringConfiguration",),
        "DeleteBucketInventoryConfiguration": ("PutInventoryConfiguration",),
        "DeleteBucketLifecycle": _S3_LIFECYCLE,
        "DeleteBucketLifecycleConfiguration": _S3_LIFECYCLE,
        "DeleteBucketMetadataConfiguration": ("DeleteBucketMetadataTableConfiguration",),
        "DeleteBucketMetricsConfiguration": ("PutMetricsConfiguration",),
        "DeleteBucketOwnershipControls": ("PutBucketOwnershipControls",),
        "DeleteBucketReplication": ("PutReplicationConfiguration",),
        "DeleteBucketTagging": ("PutBucketTagging",),
        "DeleteObjects": ("DeleteObject",),
        "DeletePublicAccessBlock": ("PutBucketPublicAccessBlock",),
        "GetBucketAccelerateConfiguration": ("GetAccelerateConfiguration",),
        "GetBucketAnalyticsConfiguration": ("GetAnalyticsConfiguration",),
        "GetBucketEncryption": ("GetEncryptionConfiguration",),
        "GetBucketIntelligentTieringConfiguration": ("GetIntelligentTieringConfiguration",),
        "GetBucketInventoryConfiguration": ("GetInventoryConfiguration",),
        "GetBucketLifecycle": ("GetLifecycleConfiguration",),
        "GetBucketLifecycleConfiguration": ("GetLifecycleConfiguration",),
        "GetBucketMetadataConfiguration": ("GetBucketMetadataTableConfiguration",),
        "GetBucketMetricsConfiguration": ("GetMetricsConfiguration",),
        "GetBucketNotificationConfiguration": ("GetBucketNotification",),
        "GetBucketReplication": ("GetReplicationConfiguration",),
        "GetObjectLockConfiguration": ("GetBucketObjectLockConfiguration",),
        "GetPublicAccessBlock": ("GetBucketPublicAccessBlock",),
        "HeadBucket": ("ListBucket",),
        "HeadObject": ("GetObject",),
        "ListBucketAnalyticsConfigurations": ("GetAnalyticsConfiguration",),
        "ListBucketIntelligentTieringConfigurations": ("GetIntelligentTieringConfiguration",),
        "ListBucketInventoryConfigurations": ("GetInventoryConfiguration",),
        "ListBucketMetricsConfigurations": ("GetMetricsConfiguration",),
        "ListBuckets": ("ListAllMyBuckets",),
        "ListMultipartUploads": ("ListBucketMultipartUploads",),
        "ListObjects": ("ListBucket",),
        "ListObjectsV2": ("ListBucket",),
        "ListObjectVersions": ("ListBucketVersions",),
        "ListParts": ("ListMultipartUploadParts",),
        "PutBucketAccelerateConfiguration": ("PutAccelerateConfiguration",),
        "PutBucketAnalyticsConfiguration": ("PutAnalyticsConfiguration",),
        "PutBucketEncryption": _S3_ENCRYPTION,
        "PutBucketIntelligentTieringConfiguration": ("PutIntelligentTieringConfiguration",),
        "PutBucketInventoryConfiguration": ("PutInventoryConfiguration",),
        "PutBucketLifecycle": _S3_LIFECYCLE,
        "PutBucketLifecycleConfiguration": _S3_LIFECYCLE,
        "PutBucketMetricsConfiguration": ("PutMetricsConfiguration",),
        "PutBucketNotificationConfiguration": ("PutBucketNotification",),
        "PutBucketReplication": ("PutReplicationConfiguration",),
        "PutObjectLockConfiguration": ("PutBucketObjectLockConfiguration",),
        "PutPublicAccessBlock": ("PutBucketPublicAccessBlock",),
        "SelectObjectContent": ("GetObject",),
        "UploadPart": ("PutObject",),
        "UploadPartCopy": ("GetObject", "PutObject"),
        "WriteGetObjectResponse": ("s3-object-lambda:WriteGetObjectResponse",),
        "CreateSession": ("s3express:CreateSession",),
        "ListDirectoryBuckets": ("s3express:ListAllMyDirectoryBuckets",),
    },
    "s3express": {
        "GetObject": ("CreateSession",),
        "PutObject": ("CreateSession",),
        "DeleteObject": ("CreateSession",),
        "ListObjectsV2": ("CreateSession",),
        "HeadObject": ("CreateSession",),
        "HeadBucket": ("CreateSession",),
        "ListDirectoryBuckets": ("ListAllMyDirectoryBuckets",),
    },
    "kms": {"ReEncrypt": ("ReEncryptFrom", "ReEncryptTo")},
    "sqs": {
        "ChangeMessageVisibilityBatch": ("ChangeMessageVisibility",),
        "DeleteMessageBatch": ("DeleteMessage",),
        "SendMessageBatch": ("SendMessage",),
    },
    "sns": {"PublishBatch": ("Publish",)},
    "lambda": {
        "Invoke": ("InvokeFunction",),
        "InvokeWithResponseStream": ("InvokeFunction",),
        "GetLayerVersionByArn": ("GetLayerVersion",),
    },
    "dynamodb": {
        "BatchExecuteStatement": _PARTIQL,
        "ExecuteStatement": _PARTIQL,
        "ExecuteTransaction": _PARTIQL,
        "TransactGetItems": ("GetItem",),
        "TransactWriteItems": ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"),
    },
    "bedrock": {
        "Converse": ("InvokeModel",),
        "ConverseStream": ("InvokeModelWithResponseStream",),
        "StartAsyncInvoke": ("InvokeModel",),
        "RetrieveAndGenerateStream": ("RetrieveAndGenerate",),
    },
    "cloudfront": {"CreateDistributionWithTags": ("CreateDistribution", "TagResource")},
    "apigateway": {
        "CreateRestApi": ("POST",),
        "GetRestApi": ("GET",),
        "GetRestApis": ("GET",),
        "UpdateRestApi": ("PATCH",),
        "DeleteRestApi": ("DELETE",),
        "CreateDeployment": ("POST",),
        "PutRestApi": ("PUT",),
        "Invoke": ("execute-api:Invoke",),
    },
    "iam": {"AssumeRole": ("sts:AssumeRole",)},
}
"""By prefix and operation: names of the prefix's own actions, or whole ones of other services."""

PREFIXES: dict[str, str] = {
    "accessanalyzer": "access-analyzer",
    "alb": "elasticloadbalancing",
    "apigatewaymanagementapi": "execute-api",
    "apigatewayv2": "apigateway",
    "appconfigdata": "appconfig",
    "aurora": "rds",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "cloudcontrol": "cloudformation",
    "cloudhsmv2": "cloudhsm",
    "cloudwatchlogs": "logs",
    "cloudwatch-logs": "logs",
    "cloudwatchevents": "events",
    "cognito": "cognito-idp",
    "costexplorer": "ce",
    "docdb": "rds",
    "dynamodbstreams": "dynamodb",
    "efs": "elasticfilesystem",
    "elasticache-redis": "elasticache",
    "elasticsearch": "es",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "email": "ses",
    "emr": "elasticmapreduce",
    "eventbridge": "events",
    "kinesis-firehose": "firehose",
    "iot-data": "iot",
    "kinesis-video": "kinesisvideo",
    "macie": "macie2",
    "mediastore-data": "mediastore",
    "monitoring": "cloudwatch",
    "msk": "kafka",
    "mwaa": "airflow",
    "nlb": "elasticloadbalancing",
    "opensearchserverless": "aoss",
    "opensearchservice": "es",
    "parameterstore": "ssm",
    "pinpoint": "mobiletargeting",
    "resourcegroupstaggingapi": "tag",
    "s3api": "s3",
    "s3control": "s3",
    "sagemaker-runtime": "sagemaker",
    "secrets": "secretsmanager",
    "secrets-manager": "secretsmanager",
    "service-discovery": "servicediscovery",
    "sesv2": "ses",
    "sfn": "states",
    "sso-admin": "sso",
    "stepfunctions": "states",
    "step-functions": "states",
    "systems-manager": "ssm",
    "timestream-query": "timestream",
    "timestream-write": "timestream",
}
"""Names of SDK clients, products and old consoles, and the IAM prefix of the same service."""


def operation_hint(action: str) -> tuple[str, ...]:
    """Return the actions that allow the API operation `service:Operation`, () if none is known."""
    prefix, _, name = action.partition(":")
    lowered = prefix.lower()
    table = OPERATIONS.get(lowered) or OPERATIONS.get(PREFIXES.get(lowered, ""), {})
    lowered = lowered if lowered in OPERATIONS else PREFIXES.get(lowered, lowered)
    wanted = name.lower()
    for operation, actions in table.items():
        if operation.lower() == wanted:
            return tuple(a if ":" in a else f"{lowered}:{a}" for a in actions)
    return ()
