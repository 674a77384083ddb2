"""Service principals: the plain name in every partition, but for what AWS keeps otherwise."""

from __future__ import annotations

import pytest

from iamdsl.aws.principals import service_principal, suggest_service_principal

PLAIN = """
lambda edgelambda ec2 ecs-tasks ecs eks eks-fargate-pods pods.eks batch spotfleet autoscaling
application-autoscaling elasticbeanstalk imagebuilder lightsail states events scheduler pipes sns sqs
apigateway appsync iot credentials.iot mq transfer glue firehose kinesisanalytics sagemaker bedrock
bedrock-agentcore redshift redshift-serverless athena lakeformation databrew datasync codebuild
codepipeline codestar cloudformation member.org.stacksets.cloudformation ssm config
config-multiaccountsetup backup cloudtrail monitoring.rds vpc-flow-logs delivery.logs amplify
apprunner build.apprunner tasks.apprunner rds dms cognito-idp ses servicecatalog opensearchservice es
rolesanywhere billingconsole cloudwatch chatbot access-analyzer
""".split()
"""What has `.amazonaws.com` in AWS's own partition, in China and in GovCloud."""

EXCEPTIONS = [
    ("codedeploy", "aws", "eu-west-1", "codedeploy.amazonaws.com"),
    ("codedeploy", "aws-us-gov", "us-gov-west-1", "codedeploy.amazonaws.com"),
    ("codedeploy", "aws-cn", "cn-north-1", "codedeploy.cn-north-1.amazonaws.com.cn"),
    ("logs", "aws", "eu-west-1", "logs.amazonaws.com"),
    ("logs", "aws-us-gov", "us-gov-west-1", "logs.amazonaws.com"),
    ("logs", "aws-cn", "cn-northwest-1", "logs.cn-northwest-1.amazonaws.com.cn"),
    ("logs.cn-north-1", "aws-cn", "cn-northwest-1", "logs.cn-north-1.amazonaws.com.cn"),
    ("delivery.logs", "aws-cn", "cn-north-1", "delivery.logs.amazonaws.com"),
    ("elasticmapreduce", "aws", "eu-west-1", "elasticmapreduce.amazonaws.com"),
    ("elasticmapreduce", "aws-us-gov", "us-gov-west-1", "elasticmapreduce.amazonaws.com"),
    ("elasticmapreduce", "aws-cn", "cn-north-1", "elasticmapreduce.amazonaws.com.cn"),
    ("cloudhsm", "aws-iso", "us-iso-east-1", "cloudhsm.c2s.ic.gov"),
    ("config", "aws-iso", "us-iso-east-1", "config.c2s.ic.gov"),
    ("workspaces", "aws-iso", "us-iso-east-1", "workspaces.c2s.ic.gov"),
    ("dms", "aws-iso-b", "us-isob-east-1", "dms.sc2s.sgov.gov"),
    # the Region of an opt-in Region's service, in a resource policy
    ("logs.eu-south-2", "aws", "eu-west-1", "logs.eu-south-2.amazonaws.com"),
    ("s3.me-central-1", "aws", "", "s3.me-central-1.amazonaws.com"),
    ("states.eu-west-1", "aws", "eu-west-1", "states.eu-west-1.amazonaws.com"),
    # written out, it is kept: EC2 in China had the other ending for long
    ("ec2.amazonaws.com.cn", "aws-cn", "cn-north-1", "ec2.amazonaws.com.cn"),
    ("logs.cn-north-1.amazonaws.com.cn", "aws-cn", "", "logs.cn-north-1.amazonaws.com.cn"),
    ("Lambda.AmazonAWS.com", "aws", "", "lambda.amazonaws.com"),
]


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
@pytest.mark.parametrize("name", PLAIN)
def test_the_plain_name_is_the_same_in_every_partition(name: str, partition: str) -> None:
    """A service is `NAME.amazonaws.com` in China and GovCloud too, EC2 included."""
    region = {"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}[partition]
    assert service_principal(name, partition, region) == f"{name}.amazonaws.com"


@pytest.mark.parametrize(("name", "partition", "region", "principal"), EXCEPTIONS)
def test_exceptions(name: str, partition: str, region: str, principal: str) -> None:
    """What has another ending or carries its Region gets it, and what is written out is kept."""
    assert service_principal(name, partition, region) == principal


@pytest.mark.parametrize("name", PLAIN)
def test_no_known_service_is_a_slip(name: str) -> None:
    """A service that exists is never said to be a slip of another."""
    assert suggest_service_principal(name) == ()
