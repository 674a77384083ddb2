"""Policies that others published, as input of tests; `lift/corpus/LICENSE-NOTE.md` says whose."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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
    if any(word in name for word in ("resource_control", "resource-control", "rcp")):
        return Asked("rcp")
    if "endpoint_polic" in name:
        return Asked("resource", "vpce-0123456789abcdef0")
    if all("Resource" not in s and "NotResource" not in s for s in statements):
        return Asked("trust")
    return Asked("resource", _resource(statements))


def _resource(statements: list[dict[str, Any]]) -> str | None:
    """Return the ARN of the resource that statements speak of, None when they leave it open."""
    for statement in statements:
        texts = statement.get("Resource", [])
        for text in [texts] if isinstance(texts, str) else texts:
            if text.startswith("arn:"):
                return str(text.removesuffix("/*"))
    return None
