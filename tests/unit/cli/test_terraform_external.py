"""`iamdsl build --terraform-external` speaks the protocol of Terraform's data source `external`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from iamdsl.cli.build import command

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
param stage: String
extern lake: s3:bucket max 63
policy orders { allow s3:GetObject on "{lake}/{stage}/*" }
role worker {
  trust service lambda
  attach orders
  allow sqs:SendMessage on sqs:queue("jobs")
}
"""
QUERY = {
    "stage": "dev",
    "lake": "arn:aws:s3:::acme",
    "aws.partition": "aws",
    "aws.account": "111122223333",
    "aws.region": "eu-west-1",
}


def asked(query: object, *arguments: str) -> Result:
    """Run the command as Terraform does."""
    text = query if isinstance(query, str) else json.dumps(query)
    return CliRunner().invoke(command, ["--terraform-external", *arguments], input=text)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with a source and targets of its own."""
    (tmp_path / "main.iam").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "iamdsl.toml").write_text('targets = ["terraform"]\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_answer_is_one_flat_object_of_texts(project: Path) -> None:
    """Each document is a text, minified, by its file; nothing is written."""
    result = asked(QUERY)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert sorted(answer) == [
        "policies/orders.json",
        "roles/worker/inline.json",
        "roles/worker/role.json",
        "roles/worker/trust.json",
    ]
    (statement,) = json.loads(answer["policies/orders.json"])["Statement"]
    assert statement["Resource"] == "arn:aws:s3:::acme/dev/*"
    assert " " not in answer["roles/worker/role.json"]
    assert sorted(path.name for path in project.iterdir()) == ["iamdsl.toml", "main.iam"]


def test_mistakes_are_told_on_stderr_alone(project: Path) -> None:
    """Terraform shows what stands there, and stops, when the command fails."""
    (project / "main.iam").write_text("policy p { allow s3:GetObjekt on * }", encoding="utf-8")
    result = asked({})
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "error[IAM201]" in result.stderr


@pytest.mark.parametrize(
    "query", ["", "{", "[]", {"stage": 1}, {"stage": None}, {"a b": "c"}, {"x=y": "c"}]
)
@pytest.mark.usefixtures("project")
def test_a_query_is_an_object_of_texts(query: object) -> None:
    """What is none is refused, and never half understood."""
    result = asked(query)
    assert result.exit_code != 0
    assert result.stdout == ""
    assert "what came by stdin" in result.stderr


@pytest.mark.usefixtures("project")
def test_a_value_that_does_not_fit_is_refused() -> None:
    """The types of the source hold for what Terraform gives."""
    for name, value in (("lake", "a*"), ("aws.region", "nowhere")):
        result = asked(QUERY | {name: value})
        assert result.exit_code != 0
        assert result.stdout == ""


@pytest.mark.usefixtures("project")
def test_what_goes_elsewhere_cannot_be_asked_for() -> None:
    """Stdin and stdout are taken by the protocol, and no file is written."""
    for arguments in (("--target", "terraform"), ("--out", "x"), ("-",)):
        result = asked(QUERY, *arguments)
        assert result.exit_code == 2
        assert "--terraform-external takes its query" in result.stderr
