"""Every document of the cases and examples against the JSON schemas that cfn-lint has of policies."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from iamdsl.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
CASES = sorted((ROOT / "tests" / "cases").rglob("built.json"))
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/iamdsl.toml"))
pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    """Skip where cfn-lint is not installed; in CI it has to be."""
    if importlib.util.find_spec("cfnlint") and importlib.util.find_spec("jsonschema"):
        return
    if os.environ.get("CI") == "true":
        pytest.fail("cfn-lint and jsonschema are not installed")
    pytest.skip("cfn-lint or jsonschema is not installed")


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
    keywords = {"requiredXor": required_xor, "uniqueKeys": unique_keys}
    made: Any = jsonschema.validators.extend(jsonschema.Draft202012Validator, keywords)
    return made(schemas[f"policy_{kind}"], registry=registry)


def problems(documents: dict[str, Any]) -> list[str]:
    """Return what the schemas find in the documents of a build."""
    found = []
    for name, document in documents.items():
        if "Statement" not in document:
            continue
        folders = set(name.split("/")[:2])  # an account's come after its name
        kind = "resource" if folders & {"resources", "rcps"} else "identity"
        kind = "trust" if name.endswith("/trust.json") else kind
        if all('"ecr:' in json.dumps(s["Action"]) for s in document["Statement"] if "Action" in s):
            kind = "resource_ecr" if kind == "resource" else kind
        found += [
            f"{name}: {error.json_path}: {error.message[:200]}"
            for error in validator(kind).iter_errors(document)
        ]
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.parent.parent.name)
def test_cases(path: Path) -> None:
    """What the cases pin down is what another tool takes for a policy."""
    assert problems(json.loads(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda p: p.name)
def test_examples(folder: Path) -> None:
    """So is what the examples build."""
    result = CliRunner().invoke(main, ["build", "--print", str(folder)])
    assert result.exit_code == 0, result.stderr
    documents: dict[str, Any] = json.loads(result.stdout)
    assert any("Statement" in document for document in documents.values())
    assert problems(documents) == []


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Permit"},
        {"Principal": "*"},
        {"Action": None},
        {"Condition": {"StringEqual": {"aws:username": "a"}}},
        {"Sid": "a b"},
    ],
    ids=str,
)
def test_the_schemas_see_mistakes(change: dict[str, Any]) -> None:
    """A mistake in a document of ours would be found."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"} | change
    statement = {key: value for key, value in statement.items() if value is not None}
    assert problems({"policies/p.json": {"Version": "2012-10-17", "Statement": [statement]}})
