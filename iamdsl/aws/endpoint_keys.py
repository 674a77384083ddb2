"""Services that say who owns the VPC endpoint by which a request came.

`aws:VpceAccount`, `aws:VpceOrgID` and `aws:VpceOrgPaths` are sent by few services yet, more with
the months; AWS's page of global condition keys ("reference_policies_condition-keys") lists them for
each key, and asks to test the keys for listed services alone. Here a service stands that is listed
for any of the three: so less is said than could be, and nothing that the lists do not say.
"""

from __future__ import annotations

from typing import Final

AS_OF: Final = "2026"
"""When the page was read."""

KEYS: Final = frozenset({"aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths"})

SERVICES: Final = frozenset(
    """
    acm-pca applicationinsights apprunner athena b2bi cassandra cloudformation cognito-identity
    comprehendmedical compute-optimizer datasync discovery dms ds-data dynamodb ebs ecr ecs
    firehose gamelift healthlake iam identitystore iotfleetwise iottwinmaker iotwireless
    kinesisanalytics kms lambda medical-imaging network-firewall omics payment-cryptography polly
    pricing rbin rekognition route53 s3 scheduler servicediscovery servicequotas ses shield
    sms-voice sqs ssm-contacts storagegateway textract transcribe transfer workmail
    """.split()
)
"""Their prefixes in actions."""

WITHOUT: Final = frozenset({"iam:passrole"})
"""Actions of these services that do not carry the keys."""


def sends(action: str) -> bool:
    """Tell whether requests for an action may carry the keys, as far as the page lists it.

    Args:
        action: as a statement has it; what begins with a wildcard may be of any service.
    """
    service = action.partition(":")[0].lower()
    if set("*?") & set(service):
        return True
    return service in SERVICES and action.lower() not in WITHOUT
