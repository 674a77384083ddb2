"""The AWS provider takes what the targets `terraform…` write, and AWS then has what was built.

The provider is large, and is not fetched: `IAMDSL_TERRAFORM_PLUGINS` names a folder that has it,
laid out as `terraform providers mirror` does.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import nasty
import pytest
from clouds import EVERYTHING, VALUES, compiled, emitted
from hypothesis import given, settings
from terraforming import blocks_of, terraform

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.emit._marks import marks
from iamdsl.emit.terraform import hcl
from iamdsl.emit.terraform.documents import can_say, document
from iamdsl.emit.terraform.resource_policies import SETTERS
from iamdsl.emit.terraform.texts import Documents
from iamdsl.emit.terraform.tree import Argument, Block, Raw, block

if TYPE_CHECKING:
    from pathlib import Path

    from clouds import Cloud

pytestmark = pytest.mark.e2e

PROVIDER = """
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "testing"
  secret_key                  = "testing"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true
}
"""
DEEP = {"aws_codeartifact_repository_permissions_policy"}
"""What belongs to a thing within another one."""

SOURCE = EVERYTHING.partition("policy jobs-queue")[0].replace(
    ', aws_managed("AWSLambdaBasicExecutionRole")', ""
)
"""Without what has to be there before: the policies of a queue and a bucket, one of AWS's own."""


@pytest.fixture
def started(tmp_path: Path) -> Path:
    """Return a folder in which Terraform has the provider."""
    plugins = os.environ.get("IAMDSL_TERRAFORM_PLUGINS")
    if not plugins:
        pytest.skip("the AWS provider is not installed (IAMDSL_TERRAFORM_PLUGINS names no folder)")
    root = tmp_path / "root"
    root.mkdir()
    build, facts = compiled(tmp_path, "policy p { allow s3:GetObject on * }")
    text = hcl.written(blocks_of(build, facts)["versions"], "versions")
    (root / "versions.tf").write_text(text, encoding="utf-8")
    (root / "provider.tf").write_text(PROVIDER, encoding="utf-8")
    terraform(root, "init", f"-plugin-dir={plugins}")
    return root


def test_data_sources_come_to_what_was_meant(started: Path) -> None:
    """The provider renders each document as its JSON, but for the order of what is a set."""
    found: list[iam.Policy] = []

    @settings(max_examples=60, database=None, derandomize=True, deadline=None)
    @given(nasty.policies())
    def draw(policy: iam.Policy) -> None:
        found.append(policy)

    draw()
    build, _ = compiled(
        started,
        EVERYTHING,
        account="111122223333",
        region="eu-west-1",
        partition="aws",
    )
    found += [d.policy for d in build.documents]
    found += [i.trust for i in build.identities if i.trust is not None]
    said = [p for p in found if can_say(p) and not marks(holding(p))]
    assert len(said) > 30
    blocks: list[Block] = []
    for number, policy in enumerate(said):
        blocks.append(document(policy, f"d{number}", Documents({}, {}, Report())))
        value = Raw(f"data.aws_iam_policy_document.d{number}.minified_json")
        blocks.append(block("output", (f"d{number}",), [Argument("value", value)]))
    (started / "main.tf").write_text(hcl.written(blocks, "documents"), encoding="utf-8")
    terraform(started, "apply", "-auto-approve")
    told = json.loads(terraform(started, "output", "-json").stdout)
    for number, policy in enumerate(said):
        assert sets(json.loads(told[f"d{number}"]["value"])) == sets(iam.to_json(policy))


def holding(policy: iam.Policy) -> iam.Build:
    return iam.Build((iam.Document("managed", "p", policy),))


def sets(value: Any) -> Any:
    """Return JSON with each list of texts as a set."""
    if isinstance(value, dict):
        return {name: sets(member) for name, member in value.items()}
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return next(iter(set(value))) if len(set(value)) == 1 else set(value)
    return [sets(item) for item in value] if isinstance(value, list) else value


def test_the_provider_has_what_is_written(started: Path) -> None:
    """Every resource that can set a policy has the arguments that are given to it."""
    schema = json.loads(terraform(started, "providers", "schema", "-json").stdout)
    (provider,) = schema["provider_schemas"].values()
    for rows in SETTERS.values():
        for row in rows:
            known = provider["resource_schemas"][row.type]["block"]["attributes"]
            given_ = {row.policy, *filter(None, (row.owner, row.named))}
            if row.type == "aws_codeartifact_repository_permissions_policy":
                given_.add("domain")
            assert given_ <= known.keys(), row
            needed = {name for name, said in known.items() if said.get("required")}
            assert needed <= given_, row


@pytest.mark.parametrize("form", ["terraform-documents", "terraform-json"])
def test_aws_has_what_was_built(form: str, started: Path, aws: Cloud) -> None:
    """Applied against an AWS on loopback, everything is there, and a second plan finds nothing."""
    build, facts = compiled(started, SOURCE, targets=(form,))
    for name, data in emitted(form, build, facts).files.items():
        if name != "manifest.json":
            (started / name).write_bytes(data)
    if form == "terraform-json":
        (started / "versions.tf").unlink()
    values = [f"-var={name}={value}" for name, value in VALUES.items() if name in marks(build)]
    endpoint = {"AWS_ENDPOINT_URL": aws.url}
    terraform(started, "apply", "-auto-approve", *values, environment=endpoint)
    found = aws.authorization_details()
    by_name = {role["RoleName"]: role for role in found["RoleDetailList"]}
    for role in (i for i in build.identities if i.kind == "role"):
        there = by_name[role.name]
        assert there["Path"] == role.path
        assert [p["PolicyName"] for p in there["RolePolicyList"]] == [n for n, _ in role.inline]
        assert len(there["AttachedManagedPolicies"]) == len(role.managed)
    (trust,) = by_name["auditor"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": "arn:aws:iam::123456789012:role/service/worker"}
    client = aws.client("iam")
    arn = "arn:aws:iam::123456789012:policy/data/reader"
    version = client.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert set(version["Document"]["Statement"][0]["Resource"]) == {
        "arn:aws:s3:::acme-lake",
        "arn:aws:s3:::acme-lake/*",
    }
    (user,) = found["UserDetailList"]
    assert user["GroupList"] == ["developers"]


def test_what_is_not_tried_here_is_valid(started: Path) -> None:
    """Permission sets, organizations and policies of resources are as the provider declares them."""
    source = """
    organization acme "o-a1b2c3d4e5" { attach fence }
    scp fence { deny organizations:LeaveOrganization on * }
    policy shared { path "/x/" allow s3:ListBucket on arn:aws:s3:::lake }
    boundary edge { allow * on * }
    permission_set admin {
      description "Admins"
      max_session 8h
      attach shared, aws_managed("ReadOnlyAccess")
      boundary edge
      allow s3:GetObject on arn:aws:s3:::lake/*
    }
    session tight { allow s3:GetObject on arn:aws:s3:::lake/* }
    """
    build, facts = compiled(started, source)
    targets = (
        iam.Document(
            "resource",
            f"{service}-{number}",
            build.documents[0].policy,
            target=f"arn:aws:{service}:{'' if row.places is False else 'eu-west-1'}:"
            f"{'' if row.places is False else '111122223333'}:{row.begins}{'x/y' if row.type in DEEP else 'x' * bool(row.owner)}",
            service=service,
        )
        for service, rows in SETTERS.items()
        for number, row in enumerate(rows)
        if row.type != "aws_organizations_resource_policy"
    )
    made = blocks_of(
        iam.Build((*build.documents, *targets), build.identities, (), build.targets), facts
    )
    for name in ("main", "outputs"):
        (started / f"{name}.tf").write_text(hcl.written(made[name], name), encoding="utf-8")
    terraform(started, "validate")
