"""What `Ref` and `Fn::GetAtt` give of resources: names, ARNs, and how long they get.

Of these types the ARN follows from the name, so that both are said by one extern, or by none
where the template says the name. Pages: "Return values" of each type in the CloudFormation
template reference; lengths from the same pages' property tables.
"""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    """A type of resource whose ARN follows from its name.

    Attributes:
        arn: its ARN, with `{p}`, `{r}`, `{a}` for partition, Region and account, `{n}` the name.
        max: the most characters of a name.
        property: the property that says the name; "" where AWS makes it.
        names: attributes that give the name, `Ref` among them where it does.
        arns: attributes that give the ARN.
    """

    arn: str
    max: int
    property: str = ""
    names: tuple[str, ...] = ("Ref",)
    arns: tuple[str, ...] = ("Arn",)


_STATE_MACHINE = "arn:{p}:states:{r}:{a}:stateMachine:{n}"
_DOMAIN = Known("arn:{p}:es:{r}:{a}:domain/{n}", 28, "DomainName", arns=("Arn", "DomainArn"))
_FUNCTION = Known("arn:{p}:lambda:{r}:{a}:function:{n}", 64, "FunctionName")
_TABLE = Known("arn:{p}:dynamodb:{r}:{a}:table/{n}", 255, "TableName")
_KEY = Known("arn:{p}:kms:{r}:{a}:key/{n}", 36, names=("Ref", "KeyId"))

KNOWN: dict[str, Known] = {
    "AWS::ApiGateway::RestApi": Known(
        "arn:{p}:apigateway:{r}::/restapis/{n}", 10, names=("Ref", "RestApiId"), arns=()
    ),
    "AWS::Backup::BackupVault": Known(
        "arn:{p}:backup:{r}:{a}:backup-vault:{n}",
        50,
        "BackupVaultName",
        ("Ref", "BackupVaultName"),
        ("BackupVaultArn",),
    ),
    "AWS::CodeBuild::Project": Known("arn:{p}:codebuild:{r}:{a}:project/{n}", 255, "Name"),
    "AWS::CodeCommit::Repository": Known(
        "arn:{p}:codecommit:{r}:{a}:{n}", 100, "RepositoryName", ("Name",)
    ),
    "AWS::CodePipeline::Pipeline": Known(
        "arn:{p}:codepipeline:{r}:{a}:{n}", 100, "Name", arns=()
    ),
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::EC2::VPCEndpoint": Known(
        "arn:{p}:ec2:{r}:{a}:vpc-endpoint/{n}", 22, names=("Ref", "Id"), arns=()
    ),
    "AWS::ECR::Repository": Known("arn:{p}:ecr:{r}:{a}:repository/{n}", 256, "RepositoryName"),
    "AWS::ECS::Cluster": Known("arn:{p}:ecs:{r}:{a}:cluster/{n}", 255, "ClusterName"),
    "AWS::EFS::FileSystem": Known(
        "arn:{p}:elasticfilesystem:{r}:{a}:file-system/{n}", 20, names=("Ref", "FileSystemId")
    ),
    "AWS::EKS::Cluster": Known("arn:{p}:eks:{r}:{a}:cluster/{n}", 100, "Name"),
    "AWS::Elasticsearch::Domain": _DOMAIN,
    "AWS::Events::EventBus": Known(
        "arn:{p}:events:{r}:{a}:event-bus/{n}", 256, "Name", ("Ref", "Name")
    ),
    "AWS::IAM::OIDCProvider": Known(
        "arn:{p}:iam::{a}:oidc-provider/{n}", 255, "Url", (), ("Ref", "Arn")
    ),
    "AWS::IAM::SAMLProvider": Known(
        "arn:{p}:iam::{a}:saml-provider/{n}", 128, "Name", (), ("Ref", "Arn")
    ),
    "AWS::KMS::Key": _KEY,
    "AWS::KMS::ReplicaKey": _KEY,
    "AWS::Kinesis::Stream": Known("arn:{p}:kinesis:{r}:{a}:stream/{n}", 128, "Name"),
    "AWS::KinesisFirehose::DeliveryStream": Known(
        "arn:{p}:firehose:{r}:{a}:deliverystream/{n}", 64, "DeliveryStreamName"
    ),
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Logs::LogGroup": Known("arn:{p}:logs:{r}:{a}:log-group:{n}:*", 512, "LogGroupName"),
    "AWS::OpenSearchService::Domain": _DOMAIN,
    "AWS::S3::AccessPoint": Known(
        "arn:{p}:s3:{r}:{a}:accesspoint/{n}", 50, "Name", ("Ref", "Name")
    ),
    "AWS::S3::Bucket": Known("arn:{p}:s3:::{n}", 63, "BucketName"),
    "AWS::SNS::Topic": Known(
        "arn:{p}:sns:{r}:{a}:{n}", 256, "TopicName", ("TopicName",), ("Ref", "TopicArn")
    ),
    "AWS::SQS::Queue": Known("arn:{p}:sqs:{r}:{a}:{n}", 80, "QueueName", ("QueueName",)),
    "AWS::Serverless::Function": _FUNCTION,
    "AWS::Serverless::SimpleTable": _TABLE,
    "AWS::Serverless::StateMachine": Known(
        _STATE_MACHINE, 80, "Name", ("Name",), ("Ref", "Arn")
    ),
    "AWS::StepFunctions::StateMachine": Known(
        _STATE_MACHINE, 80, "StateMachineName", ("Name",), ("Ref", "Arn")
    ),
}  # fmt: skip

REF_IS_ARN = frozenset(
    "AWS::SecretsManager::Secret AWS::ECS::TaskDefinition AWS::ECS::Service AWS::Lambda::Alias"
    " AWS::Lambda::Version AWS::Lambda::LayerVersion AWS::ElasticLoadBalancingV2::LoadBalancer"
    " AWS::ElasticLoadBalancingV2::TargetGroup AWS::CertificateManager::Certificate"
    " AWS::Batch::JobQueue AWS::Batch::JobDefinition AWS::CloudFormation::Stack".split()
)
"""Further types whose `Ref` is an ARN, which ends in what AWS makes up."""

ID_LENGTHS: dict[str, int] = {
    "AWS::EC2::EIP": 26,
    "AWS::EC2::Image": 21,
    "AWS::EC2::Instance": 19,
    "AWS::EC2::InternetGateway": 21,
    "AWS::EC2::KeyPair": 255,
    "AWS::EC2::LaunchTemplate": 20,
    "AWS::EC2::NatGateway": 21,
    "AWS::EC2::RouteTable": 21,
    "AWS::EC2::SecurityGroup": 20,
    "AWS::EC2::Subnet": 24,
    "AWS::EC2::TransitGateway": 21,
    "AWS::EC2::VPC": 21,
    "AWS::EC2::Volume": 21,
    "AWS::Route53::HostedZone": 32,
}
"""Most characters of the ids that `Ref` gives, and of parameters of such a type."""
