"""Mistakes in policies inside templates, dumps and modules: each is told, and the rest reviewed."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from iamdsl.cli import main

if TYPE_CHECKING:
    from pathlib import Path

STATEMENTS = [
    {"Effect": "allow", "Action": "s3:GetObjects", "Resource": "*"},
    {"Effect": "Allow", "Resource": "*"},
    {"Effect": "Allow", "Actions": "*", "Resource": "*"},
]
DOCUMENT = {"Version": "2012-10-17", "Statement": STATEMENTS}
TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": "ec2.amazonaws.com", "Action": "sts:AssumeRole"},
}
TOLD = ["IAM601", "IAM201", "IAM601", "IAM601", "IAM824"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(folder: Path, name: str, text: str) -> list[str]:
    """Return the codes that a file raises, but for what is said twice."""
    (folder / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", name, "--output-format", "json"])
    assert result.exit_code == 1
    found: list[dict[str, Any]] = json.loads(result.output)["diagnostics"]
    return [d["code"] for d in found if d["code"] != "IAM860"]


def test_a_template(here: Path) -> None:
    """Protects templates: a resource with a mistake is not lost, nor are those beside it."""
    template = {
        "Resources": {
            "P": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": DOCUMENT}},
            "R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        }
    }
    assert sorted(told(here, "t.json", json.dumps(template))) == sorted([*TOLD, "IAM601"])


def test_an_account(here: Path) -> None:
    """Protects what the AWS CLI prints of an account."""
    role = {
        "Path": "/",
        "RoleName": "web",
        "RoleId": "AROAEXAMPLEEXAMPLEEX1",
        "Arn": "arn:aws:iam::111122223333:role/web",
        "AssumeRolePolicyDocument": TRUST,
        "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": DOCUMENT}],
        "AttachedManagedPolicies": [],
        "InstanceProfileList": [],
    }
    dump = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [role], "Policies": []}
    assert sorted(told(here, "d.json", json.dumps(dump))) == sorted([*TOLD, "IAM601"])


@pytest.mark.skipif(find_spec("hcl2") is None, reason="HCL is of the extra `import`")
def test_a_module_of_terraform(here: Path) -> None:
    """Protects modules of Terraform's, where documents are texts or calls of `jsonencode`."""
    statements = ", ".join(
        "{ " + ", ".join(f"{k} = {json.dumps(v)}" for k, v in s.items()) + " }" for s in STATEMENTS
    )
    module = (
        'resource "aws_iam_policy" "reader" {\n  name = "reader"\n  policy = jsonencode({\n'
        f'    Version = "2012-10-17"\n    Statement = [{statements}]\n  }})\n}}\n'
    )
    assert sorted(told(here, "main.tf", module)) == sorted(TOLD)


def test_a_resource_without_a_sound_statement_is_left_out(here: Path) -> None:
    """Protects from nonsense: of a policy that says nothing, its mistakes alone are told."""
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*"}]}
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    assert told(here, "t.json", json.dumps({"Resources": {"P": policy}})) == ["IAM601"]
