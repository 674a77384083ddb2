"""Every document of the cases and examples against the JSON schemas that cfn-lint has of policies."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from policy_schemas import installed, problems

from iamdsl.cli import main

ROOT = Path(__file__).parent.parent.parent
CASES = sorted((ROOT / "tests" / "cases").rglob("built.json"))
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/iamdsl.toml"))
pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("installed")]


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    """Skip where cfn-lint is not installed; in CI it has to be."""
    if installed():
        return
    if os.environ.get("CI") == "true":
        pytest.fail("cfn-lint and jsonschema are not installed")
    pytest.skip("cfn-lint or jsonschema is not installed")


NARROWER = {"kept-as-written-between-quotes"}
"""Cases of ARNs that AWS takes and cfn-lint's pattern does not: AWS's own managed policies have them."""


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.parent.parent.name)
def test_cases(path: Path) -> None:
    """What the cases pin down is what another tool takes for a policy."""
    found = problems(json.loads(path.read_text(encoding="utf-8")))
    if path.parent.parent.name in NARROWER:
        assert found
        found = [problem for problem in found if "'^(arn:" not in problem]
    assert found == []


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
