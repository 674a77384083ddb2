"""The example projects: they build without a word, and other tools accept what they build."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from iamdsl.cli import main

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

pytestmark = pytest.mark.usefixtures("installed")  # one of the examples imports it
EXAMPLES = Path(__file__).parent.parent / "examples"
PAGE = "whole-language"  # every construct once, some of which other tools cannot know
NAMES = sorted(
    path.parent.name for path in EXAMPLES.glob("*/iamdsl.toml") if path.parent.name != PAGE
)
TESTED = [
    name
    for name in (*NAMES, PAGE)
    if any("\ntest " in p.read_text(encoding="utf-8") for p in (EXAMPLES / name).glob("*.iam"))
]
STAGES = [*((name, ()) for name in NAMES), (PAGE, ()), ("team", ("--set", "env=prod"))]
MANAGED_POLICY_CHARACTERS = 6144

# What AWS documents, by the page that has it; italics in a page are filled in as it says.
TRUST_LAMBDA = """
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": { "Service": "lambda.amazonaws.com" },
      "Action": "sts:AssumeRole"
    }
  ]
}
"""
LAMBDA_BASIC_EXECUTION = """
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
      "Resource": "*"
    }
  ]
}
"""
BOOKS_READER = """
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "DescribeQueryScanBooksTable",
      "Effect": "Allow",
      "Action": ["dynamodb:DescribeTable", "dynamodb:Query", "dynamodb:Scan"],
      "Resource": "arn:aws:dynamodb:us-west-2:111122223333:table/Books"
    }
  ]
}
"""
SPECIFIC_TABLE = """
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ListAndDescribe",
      "Effect": "Allow",
      "Action": [
        "dynamodb:List*",
        "dynamodb:DescribeReservedCapacity*",
        "dynamodb:DescribeLimits",
        "dynamodb:DescribeTimeToLive"
      ],
      "Resource": "*"
    },
    {
      "Sid": "SpecificTable",
      "Effect": "Allow",
      "Action": [
        "dynamodb:BatchGet*",
        "dynamodb:DescribeStream",
        "dynamodb:DescribeTable",
        "dynamodb:Get*",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:BatchWrite*",
        "dynamodb:CreateTable",
        "dynamodb:Delete*",
        "dynamodb:Update*",
        "dynamodb:PutItem"
      ],
      "Resource": "arn:aws:dynamodb:*:*:table/MyTable"
    }
  ]
}
"""
CONFUSED_DEPUTY = """
{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Principal": { "AWS": "999988887777" },
    "Action": "sts:AssumeRole",
    "Condition": { "StringEquals": { "sts:ExternalId": "12345" } }
  }
}
"""
GITHUB_MAIN = """
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
      },
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": [
            "repo:acme/orders:ref:refs/heads/main",
            "repo:acme@123456/orders@456789:ref:refs/heads/main"
          ]
        }
      }
    }
  ]
}
"""
SERVICE_ACCOUNT = """
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "Federated": "arn:aws:iam::111122223333:oidc-provider/\
oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
      },
      "Action": "sts:AssumeRoleWithWebIdentity",
      "Condition": {
        "StringEquals": {
          "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub":
            "system:serviceaccount:shop:orders",
          "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:aud":
            "sts.amazonaws.com"
        }
      }
    }
  ]
}
"""
DENY_WITHOUT_MFA = """
{
  "Effect": "Deny",
  "NotAction": [
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:GetUser",
    "iam:GetMFADevice",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
    "iam:ResyncMFADevice",
    "sts:GetSessionToken"
  ],
  "Resource": "*",
  "Condition": { "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } }
}
"""
DOCUMENTED = [
    ("lambda-service-role", "roles/lambda-ex/trust.json", TRUST_LAMBDA,
     "lambda/latest/dg/lambda-intro-execution-role"),
    ("lambda-service-role", "policies/lambda-basic-execution.json", LAMBDA_BASIC_EXECUTION,
     "aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole"),
    ("one-table", "policies/books-reader.json", BOOKS_READER,
     "amazondynamodb/latest/developerguide/using-identity-based-policies"),
    ("one-table", "policies/books-owner.json", SPECIFIC_TABLE,
     "IAM/latest/UserGuide/reference_policies_examples_dynamodb_specific-table"),
    ("cross-account", "roles/example-corp-monitoring/trust.json", CONFUSED_DEPUTY,
     "IAM/latest/UserGuide/confused-deputy"),
    ("github-deploy", "roles/orders-build/trust.json", GITHUB_MAIN,
     "IAM/latest/UserGuide/id_roles_create_for-idp_oidc"),
    ("github-deploy", "roles/orders/trust.json", SERVICE_ACCOUNT,
     "eks/latest/userguide/associate-service-account-role"),
]  # fmt: skip

PARLIAMENT_IS_WRONG = {
    ("imported", "boundaries/services.json", "RESOURCE_STAR"):
        "a boundary is a ceiling: it grants nothing",
    ("lambda-service-role", "policies/lambda-basic-execution.json", "RESOURCE_STAR"):
        "AWS's managed policy is on every log; the example shows it beside the narrow one",
    ("one-table", "policies/books-owner.json", "RESOURCE_STAR"):
        "AWS documents `dynamodb:List*` on every resource",
    ("one-table", "policies/books-owner.json", "RESOURCE_MISMATCH"):
        "it wants every action that a wildcard matches to take the resource",
    ("oversize", "policies/lake-reader.json", "RESOURCE_MISMATCH"):
        "it wants catalogue, database and table in one statement; several grant them here",
    ("organization", "*/boundaries/*-boundary.json", "RESOURCE_STAR"):
        "a boundary is a ceiling: it grants nothing",
    ("organization", "*/roles/developers/inline.json", "UNKNOWN_ACTION"):
        "`dynamodb:@read` holds actions that are newer than it",
    ("team", "boundaries/service-boundary.json", "RESOURCE_STAR"):
        "a boundary is a ceiling: it grants nothing",
}  # fmt: skip
# What parliament 1.6.4 finds and we disagree with, each with the reason."""


def built(name: str, *options: str) -> dict[str, Any]:
    """Return every document that an example builds, by its file."""
    result = CliRunner().invoke(
        main, ["build", "--print", "--error-on-warning", str(EXAMPLES / name), *options]
    )
    assert result.exit_code == 0, result.stderr
    documents: dict[str, Any] = json.loads(result.stdout)
    return documents


def policies(name: str) -> dict[str, Any]:
    """Return the policy documents of an example."""
    return {file: made for file, made in built(name).items() if "Statement" in made}


def canonical(document: Any) -> Any:
    """Return a document with its lists as sorted lists: what IAM reads as one is one."""
    if isinstance(document, dict):
        return {
            key: canonical([value] if key == "Statement" and isinstance(value, dict) else value)
            if key in {"Statement", "Principal", "Condition"} or isinstance(value, dict)
            else sorted([value] if isinstance(value, str) else value)
            if key not in {"Version", "Sid", "Effect"}
            else value
            for key, value in document.items()
        }
    return [canonical(item) for item in document] if isinstance(document, list) else document


@pytest.mark.parametrize(
    ("name", "options"), STAGES, ids=[" ".join((name, *options)) for name, options in STAGES]
)
def test_builds(name: str, options: tuple[str, ...], snapshot: SnapshotAssertion) -> None:
    """What an example builds changes only when someone has looked at the change."""
    assert json.dumps(built(name, *options), indent=2) == snapshot


@pytest.mark.parametrize("name", NAMES)
def test_checks(name: str) -> None:
    """An example is without any finding."""
    result = CliRunner().invoke(main, ["check", str(EXAMPLES / name)])

    assert result.exit_code == 0
    assert result.stdout.startswith("ok: ")


def test_page_checks() -> None:
    """The page that has the whole language is fine, its guard included."""
    result = CliRunner().invoke(main, ["check", "--output-format", "concise", str(EXAMPLES / PAGE)])
    assert result.exit_code == 0
    assert result.stdout.startswith("ok: ")


@pytest.mark.parametrize("name", TESTED)
def test_tests(name: str) -> None:
    """The tests that an example has pass, whoever reads them as an example of tests."""
    result = CliRunner().invoke(main, ["test", str(EXAMPLES / name)])

    assert result.exit_code == 0, result.stdout
    assert " failed" not in result.stdout
    assert {"cross-account", "guardrails", "organization", "team"} < set(TESTED)


@pytest.mark.parametrize(("name", "file", "document", "page"), DOCUMENTED)
def test_equals_the_documentation(name: str, file: str, document: str, page: str) -> None:
    """The patterns that every introduction to IAM shows come out as AWS documents them."""
    assert canonical(json.loads(document)) == canonical(built(name)[file]), page


def test_documented_attachment() -> None:
    """The documented Lambda role has the documented managed policy, and nothing else."""
    role = built("lambda-service-role")["roles/lambda-ex/role.json"]

    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    assert role["ManagedPolicies"] == [{"PolicyArn": arn}]
    assert role["InlinePolicies"] == []


def test_documented_deny_without_mfa() -> None:
    """Users without a second factor are denied exactly what AWS's example denies them."""
    statements = built("guardrails")["groups/staff/inline.json"]["Statement"]

    denies = [statement for statement in statements if statement["Effect"] == "Deny"]
    assert [canonical(s) for s in denies] == [canonical(json.loads(DENY_WITHOUT_MFA))]


def test_comparison_can_fail() -> None:
    """The comparison with AWS's documents sees a missing action and another resource."""
    document = json.loads(BOOKS_READER)
    fewer, elsewhere = json.loads(BOOKS_READER), json.loads(BOOKS_READER)
    fewer["Statement"][0]["Action"].pop()
    elsewhere["Statement"][0]["Resource"] += "2"

    assert canonical(document) != canonical(fewer)
    assert canonical(document) != canonical(elsewhere)


def test_oversize_splits() -> None:
    """A policy far over the limit becomes several within it, all attached to the one role."""
    made = built("oversize")
    pieces = {file: made[file] for file in made if file.startswith("policies/lake-reader")}
    sizes = [len(json.dumps(piece, separators=(",", ":"))) for piece in pieces.values()]

    assert sum(sizes) > 3 * MANAGED_POLICY_CHARACTERS
    assert max(sizes) <= MANAGED_POLICY_CHARACTERS
    attached = made["roles/analyst/role.json"]["ManagedPolicies"]
    assert {a["File"] for a in attached} == set(pieces)


def test_oversize_loses_nothing() -> None:
    """The pieces together name each dataset's objects, listing and table."""
    made = policies("oversize")
    text = json.dumps([made[file] for file in made if file.startswith("policies/")])
    datasets = json.loads((EXAMPLES / "oversize" / "datasets.json").read_text(encoding="utf-8"))

    for dataset in datasets:
        assert f'"arn:aws:s3:::{dataset["bucket"]}/{dataset["prefix"]}/*"' in text
        assert f'"{dataset["prefix"]}/*"' in text
        assert f'table/lake_{dataset["layer"]}/{dataset["table"]}"' in text


@pytest.mark.parametrize("name", NAMES)
def test_readme(name: str) -> None:
    """Each example says what it shows."""
    text = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")

    assert text.startswith("# ")


# Other tools


def installed(module: str) -> None:
    """Skip where a tool is not installed; in CI it has to be."""
    if importlib.util.find_spec(module) is not None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{module} is not installed")
    pytest.skip(f"{module} is not installed")


def parliament_finds(document: dict[str, Any]) -> list[str]:
    """Return the issues that parliament has with a document."""
    installed("parliament")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports pkg_resources
        parliament = importlib.import_module("parliament")
    analysis = parliament.analyze_policy_string(json.dumps(document))
    return [finding.issue for finding in analysis.findings]


@pytest.mark.e2e
def test_parliament() -> None:
    """Duo's parliament finds nothing but what is known to be wrong or meant.

    It knows no trust policies (it asks for a Resource), and its list of actions is older than ours.
    """
    found = set()
    for name in NAMES:
        for file, document in policies(name).items():
            if file.endswith("/trust.json"):
                continue
            whole = re.sub(r"-\d+\.json$", ".json", file)  # of the pieces of one policy
            if name == "organization":  # of the accounts, which have the same
                whole = re.sub(r"^[^/]+/(?=[^/]+/)", "*/", whole)
                whole = re.sub(r"/\w+-boundary", "/*-boundary", whole)
            found |= {(name, whole, issue) for issue in parliament_finds(document)}
    assert found == set(PARLIAMENT_IS_WRONG)


@pytest.mark.e2e
def test_parliament_sees_mistakes() -> None:
    """A mistake in a document of ours would be found."""
    document = policies("one-table")["policies/books-reader.json"]
    document["Statement"][0]["Action"] = "dynamodb:GetItems"

    assert parliament_finds(document) == ["UNKNOWN_ACTION"]


@pytest.mark.e2e
def test_cfn_lint(tmp_path: Path) -> None:
    """In a CloudFormation template, cfn-lint's policy rules accept every document."""
    installed("cfnlint")

    for name in NAMES:
        (tmp_path / f"{name}.json").write_text(json.dumps(template(built(name))), encoding="utf-8")
    assert linted(tmp_path) == []


@pytest.mark.e2e
def test_cfn_lint_sees_mistakes(tmp_path: Path) -> None:
    """A mistake in a document of ours would be found."""
    installed("cfnlint")
    documents = built("one-table")
    documents["policies/books-reader.json"]["Statement"][0]["Effect"] = "Permit"
    documents["roles/books-service/trust.json"]["Statement"][0]["Resource"] = "*"

    assert {rule for rule, _ in lint(template(documents), tmp_path)} == {"E3510", "E3530"}


def lint(document: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    """Return what cfn-lint finds in a template: rule and message."""
    (folder / "template.json").write_text(json.dumps(document), encoding="utf-8")
    return [(rule, message) for _, rule, message in linted(folder)]


def linted(folder: Path) -> list[tuple[str, str, str]]:
    """Return what cfn-lint finds in the templates of a folder: file, rule and message."""
    files = sorted(map(str, folder.glob("*.json")))
    assert files
    tool = str(Path(sys.executable).with_name("cfn-lint"))
    command = [tool, "--format", "json", "--regions", "eu-west-1", "--template", *files]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert run.stdout, run.stderr
    return [(m["Filename"], m["Rule"]["Id"], m["Message"]) for m in json.loads(run.stdout)]


def template(documents: dict[str, Any]) -> dict[str, Any]:
    """Return a CloudFormation template that holds every document of a build."""
    resources: dict[str, Any] = {}
    for file, document in documents.items():
        folder, _, name = re.sub(r"^[\w-]+/(?=roles/|\w+/[^/]+$)", "", file).partition("/")
        title = "".join(part for part in file.title() if part.isalnum())
        if folder in {"policies", "boundaries", "scps"}:
            properties = {"PolicyDocument": document}
            resources[title] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
        elif folder == "resources":
            bucket = str(document["Statement"][0]["Resource"]).rpartition(":")[2].strip("'/*]")
            properties = {"Bucket": bucket, "PolicyDocument": document}
            resources[title] = {"Type": "AWS::S3::BucketPolicy", "Properties": properties}
        elif folder == "roles" and name.endswith("/trust.json"):
            properties = {"AssumeRolePolicyDocument": document}
            inline = documents.get(file.replace("trust", "inline"))
            if inline:
                properties["Policies"] = [{"PolicyName": "own", "PolicyDocument": inline}]
            resources[title] = {"Type": "AWS::IAM::Role", "Properties": properties}
        elif folder == "groups" and name.endswith("/inline.json"):
            properties = {"Policies": [{"PolicyName": "own", "PolicyDocument": document}]}
            resources[title] = {"Type": "AWS::IAM::Group", "Properties": properties}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def test_oversize_stays_where_it_is(tmp_path: Path) -> None:
    """A dataset less changes what spoke of it; the lock file of the example is of today."""
    folder = tmp_path / "oversize"
    shutil.copytree(EXAMPLES / "oversize", folder, ignore=shutil.ignore_patterns("build"))
    data = folder / "datasets.json"
    whole = data.read_text(encoding="utf-8")
    fewer = json.loads(whole)
    fewer.pop(70)
    texts = []
    for text, options in ((whole, ["--locked"]), (json.dumps(fewer), []), (whole, [])):
        data.write_text(text, encoding="utf-8")
        result = CliRunner().invoke(main, ["build", "--no-cache", str(folder), *options])
        assert result.exit_code == 0, result.stderr
        files = sorted((folder / "build" / "policies").iterdir())
        texts.append({file.name: file.read_text(encoding="utf-8") for file in files})
    before, less, back = texts
    assert back == before
    assert less.keys() == before.keys()
    changed = [name for name, text in before.items() if less[name] != text]
    # Three sentences are of a dataset.
    assert 1 <= len(changed) <= 3
