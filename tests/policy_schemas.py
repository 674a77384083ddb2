"""Another tool's idea of a policy: the JSON schemas that cfn-lint has of IAM's documents."""

from __future__ import annotations

import importlib
import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def installed() -> bool:
    """Tell whether cfn-lint is there; it is in the extra `dev`."""
    return all(importlib.util.find_spec(name) for name in ("cfnlint", "jsonschema"))


@cache
def validator(kind: str) -> Any:
    """Return cfn-lint's schema of a kind of policy, its own keywords included."""
    jsonschema: Any = importlib.import_module("jsonschema")  # it has no types
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    spec = importlib.util.find_spec("cfnlint")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0]) / "data" / "schemas" / "other" / "iam"
    schemas = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in folder.glob("*.json")}

    def required_xor(_: Any, names: list[str], value: Any, __: Any) -> Iterator[Any]:
        if isinstance(value, dict) and sum(name in value for name in names) != 1:
            yield jsonschema.ValidationError(f"exactly one of {names} is required")

    def unique_keys(_: Any, names: list[str], value: Any, __: Any) -> Iterator[Any]:
        for name in names if isinstance(value, list) else ():
            found = [item[name] for item in value if name in item]
            if len(found) != len(set(found)):
                yield jsonschema.ValidationError(f"{name} is not unique")

    registry: Any = Registry().with_resources(
        (schema["$id"], DRAFT202012.create_resource(schema)) for schema in schemas.values()
    )
    registry = registry.crawl()  # or every look-up does, and what it finds is kept for ever
    keywords = {"requiredXor": required_xor, "uniqueKeys": unique_keys}
    made: Any = jsonschema.validators.extend(jsonschema.Draft202012Validator, keywords)
    return made(schemas[f"policy_{kind}"], registry=registry)


def problems(documents: Mapping[str, Any]) -> list[str]:
    """Return what the schemas find in the documents of a build, by the paths of its files."""
    artifacts = documents.get("manifest.json", {"artifacts": []})["artifacts"]
    targets = {artifact["file"]: artifact.get("target") or "" for artifact in artifacts}
    return [
        f"{name}: {error.json_path}: {error.message[:200]}"
        for name, document in documents.items()
        if "Statement" in document
        for error in validator(kind(name, document, targets.get(name, ""))).iter_errors(document)
    ]


def of_resource(name: str) -> bool:
    """Tell whether a file, in the folder of an account or not, speaks of principals."""
    return name.split("/")[-2:-1] in (["resources"], ["rcps"])


def kind(name: str, document: dict[str, Any], target: str) -> str:
    """Return the kind of schema for a document: its folder says it, and for ECR what it is of.

    Args:
        name, document: a file of a build, and what it holds.
        target: the ARN that the manifest has of a resource policy's resource, "" for none.
    """
    if name.endswith("/trust.json"):
        return "trust"
    if not of_resource(name):
        return "identity"
    actions = [json.dumps(s["Action"]) for s in document["Statement"] if "Action" in s]
    ecr = target.startswith("arn:aws:ecr:") if target else all('"ecr:' in a for a in actions)
    return "resource_ecr" if ecr else "resource"
