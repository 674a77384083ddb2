"""Policies that others published, as input of tests; `lift/corpus/LICENSE-NOTE.md` says whose."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from decisions import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

CORPUS = Path(__file__).parent / "lift" / "corpus"


class Real(NamedTuple):
    """One document by its name."""

    name: str
    document: dict[str, Any]


@cache
def managed_policies() -> dict[str, dict[str, Any]]:
    """Return the documents of all AWS managed policies that the installed moto has."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    return {name: p["Document"] for name, p in json.loads(aws_managed_policies_data).items()}


def sample_of_managed() -> list[Real]:
    """Return those AWS managed policies of a fixed list of 200 that the installed moto has."""
    names = (CORPUS / "managed-policies.txt").read_text(encoding="utf-8").split()
    known = managed_policies()
    return [Real(name, known[name]) for name in names if name in known]


def sample_of_published() -> list[Real]:
    """Return policies from repositories: service control policies, perimeters, roles of tools."""
    text = (CORPUS / "documents.json").read_text(encoding="utf-8")
    return [Real(name, document) for name, document in json.loads(text).items()]


class Asked(NamedTuple):
    """What a person says who imports a document: its kind, and the resource it belongs to."""

    kind: str
    target: str | None = None


def asked_for(name: str, document: Mapping[str, Any]) -> Asked:
    """Return what has to be said of a document that does not say it itself.

    What a document with principals belongs to is seldom told; its name and actions tell it here.
    """
    found = document["Statement"]
    statements = [found] if isinstance(found, dict) else found
    with_principals = [s for s in statements if "Principal" in s or "NotPrincipal" in s]
    if not with_principals:
        return Asked("scp" if "service_control" in name else "policy")
    if all("Resource" not in s and "NotResource" not in s for s in statements):
        return Asked("trust")
    is_control = any(word in name for word in ("resource_control", "resource-control", "rcp"))
    if is_control and not name.endswith("_policy.json"):  # those are of one service's resources
        return Asked("rcp")
    if "endpoint_polic" in name or "endpoint-polic" in name:
        return Asked("resource", "vpce-0123456789abcdef0")
    if name.endswith("/api_gateway_policy.json"):
        return Asked("resource", _TARGETS["execute-api"])
    return Asked("resource", _target(statements))


_TARGETS = {
    "s3": "arn:aws:s3:::example",
    "kms": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd",
    "sns": "arn:aws:sns:eu-west-1:111122223333:example",
    "sqs": "arn:aws:sqs:eu-west-1:111122223333:example",
    "events": "arn:aws:events:eu-west-1:111122223333:event-bus/example",
    "backup": "arn:aws:backup:eu-west-1:111122223333:backup-vault:example",
    "execute-api": "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3d4e5",
    "ecr": "arn:aws:ecr:eu-west-1:111122223333:repository/example",
    "secretsmanager": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:example",
}


def _target(statements: list[dict[str, Any]]) -> str | None:
    """Return a resource that a policy can belong to; None where it names its own, or no service."""
    texts = [text for s in statements for text in listed(s.get("Resource", "*"))]
    actions = [a for s in statements for a in listed(s.get("Action", "*"))]
    service = actions[0].partition(":")[0]
    if any(text != "*" for text in texts) and service != "events":  # its resources are rules
        return None
    return _TARGETS.get(service)
