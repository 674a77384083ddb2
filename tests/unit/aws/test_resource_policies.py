"""The table of resource policies against the catalogue and the other tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from iamdsl.aws.limits import LIMITS
from iamdsl.aws.names import RULES
from iamdsl.aws.resource_policies import RESOURCE_POLICIES, of_service, word

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue

SETS_A_POLICY = re.compile(r"(Put|Set|Add|Create|Update)\w*(Policy|Permissions?)")
SET_OTHERWISE = {
    "ec2": "an endpoint's policy is a parameter of ec2:ModifyVpcEndpoint",
    "es": "a domain's policy is a parameter of es:UpdateDomainConfig",
    "sqs": "sqs:AddPermission, or an attribute of the queue",
    "execute-api": "apigateway:UpdateRestApiPolicy",
    "s3-object-lambda": "s3:PutAccessPointPolicyForObjectLambda",
}


@pytest.mark.parametrize("service", sorted(RESOURCE_POLICIES))
def test_a_row_speaks_of_what_there_is(service: str, catalogue: Catalogue) -> None:
    """A misspelt type, limit or rule would never be found, or refuse what AWS takes."""
    row = RESOURCE_POLICIES[service]
    known = {word(t.name) for t in catalogue.resource_types(service)}

    assert {word(t) for t in row.types} <= known
    assert not row.limit or row.limit in LIMITS
    assert {name for _, name in row.counts} <= set(LIMITS.names())
    assert row.sid in RULES
    assert row.page
    assert catalogue.has_service(service)


@pytest.mark.parametrize("service", sorted(RESOURCE_POLICIES))
def test_a_policy_of_a_row_can_be_set(service: str, catalogue: Catalogue) -> None:
    """A service without an action that sets a policy has none to write."""
    names = catalogue.names(service).values()

    assert service in SET_OTHERWISE or any(map(SETS_A_POLICY.fullmatch, names))


def test_sids_have_rules_by_service() -> None:
    """Lambda and EventBridge take no blanks, KMS and S3 do."""
    found = {s: RESOURCE_POLICIES[s].sid for s in ("lambda", "events", "kms", "s3")}

    assert found == {
        "lambda": "sid-lambda",
        "events": "sid-events",
        "kms": "sid-resource",
        "s3": "sid-resource",
    }


def test_how_a_policy_names_its_own_resource() -> None:
    """A wrong `Resource` is a policy that AWS refuses, or that grants nothing."""
    own = {s: RESOURCE_POLICIES[s].own for s in RESOURCE_POLICIES}

    assert {s for s, form in own.items() if form == "*"} == {
        "codeartifact",
        "ec2",
        "kms",
        "organizations",
        "secretsmanager",
        "vpc-lattice",
    }
    assert {s for s, form in own.items() if form == "none"} == {"ecr", "ecr-public"}
    assert {s for s, form in own.items() if form == "said"} == {"iot"}
    assert {s for s, form in own.items() if form[:1] == "e"} == {"apigateway", "execute-api"}


def test_types_are_found_whatever_their_case() -> None:
    """The language ignores case and writes blanks as hyphens."""
    row = of_service("SecretsManager")

    assert row is not None
    assert row.has("secret")
    assert not row.has("key")
    assert of_service("cloudwatch") is None
