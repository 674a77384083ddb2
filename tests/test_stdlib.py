"""The standard library: what each template grants, in every partition, and that it says so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_examples import installed, lint, parliament_finds, template

import iamdsl
from iamdsl import resources
from iamdsl.aws import Catalogue
from iamdsl.diagnostics import Report
from iamdsl.source import Source
from iamdsl.syntax import parse, tree

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

STDLIB = Path(__file__).parent.parent / "stdlib"
ACCOUNT = "111122223333"
REGIONS = {"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
TRUSTS = ("cross_account.", "oidc.", "mfa.assumable")
"""How the templates begin that say who may assume a role; those of `regions` are for an scp."""
EKS = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"

USES = {
    "lambda": [
        'basic_execution(function = "orders")',
        'vpc_access(function = "orders")',
        'sqs_trigger(queue = "orders-inbox")',
        'dynamodb_trigger(table = "orders")',
        'dynamodb_trigger(table = "orders", stream = "2026-11-23T20:55:00.000")',
        'kinesis_trigger(stream = "clicks")',
        'kinesis_trigger(stream = "clicks", consumer = "orders")',
    ],
    "cross_account": [
        'assumable_by(account_id = 222233334444, external_id = "12345")',
        "assumable_with_mfa(account_id = 222233334444)",
        "assumable_with_mfa(account_id = 222233334444, within = 30m)",
        'assumable_in_org(org = "o-a1b2c3d4e5", role = "deploy/*")',
    ],
    "oidc": [
        'subject(issuer = "agent.buildkite.com", subjects = ["organization:acme:pipeline:shop:*"])',
        (
            'subject(issuer = "app.terraform.io", subjects = ["organization:acme:project:shop:*"], '
            'audience = ["aws.workload.identity"])'
        ),
        'github_branch(repos = ["acme/orders"], branches = ["main"])',
        (
            'github_branch(repos = ["acme/orders", "acme@123456/orders@456789"], '
            'branches = ["main", "release/*"])'
        ),
        (
            'github_branch(repos = ["acme/orders"], branches = ["main"], '
            'issuer = "token.actions.githubusercontent.com/acme", audience = ["shop"])'
        ),
        'github_tag(repos = ["acme@123456/orders@456789"], tags = ["v*"])',
        'github_environment(repos = ["acme/orders"], environments = ["staging", "production"])',
        'github_pull_request(repos = ["acme/orders"], issuer = "token.actions.acme.ghe.com")',
        (
            'github_workflow(repos = ["acme/*", "acme@123456/*"], '
            'workflows = ["acme/ci/.github/workflows/deploy.yml@refs/heads/main"])'
        ),
        'gitlab_branch(projects = ["acme/shop/orders"], branches = ["main"])',
        (
            'gitlab_tag(projects = ["acme/shop/orders"], tags = ["v*"], '
            'issuer = "gitlab.example.com", audience = ["https://gitlab.example.com"])'
        ),
        f'eks_service_account(issuer = "{EKS}", namespace = "shop", service_accounts = ["orders"])',
        (
            f'eks_service_account(issuer = "{EKS}", namespace = "shop", '
            'service_accounts = ["orders", "carts-*"])'
        ),
    ],
    "mfa": [
        "required()",
        "required(also = [iam:ChangePassword])",
        "own_devices()",
        'own_devices(path = "staff/", device = "laptop-*")',
        "own_credentials()",
        'own_credentials(path = "staff/")',
        "assumable(who = account 222233334444)",
        "assumable(who = arn:{aws.partition}:iam::222233334444:user/alice, within = 30m)",
    ],
    "regions": [
        'only(regions = ["eu-central-1", "eu-north-1"])',
        (
            'only(regions = ["eu-central-1"], exempt = [arn:{aws.partition}:iam::*:role/break-glass], '
            "everywhere = [regions.global_actions, bedrock:InvokeModel])"
        ),
        "no_switching()",
        "no_switching(exempt = [arn:{aws.partition}:iam::*:role/landing-zone])",
    ],
}
PARLIAMENT_IS_WRONG = {
    ("lambda", "vpc_access", "RESOURCE_STAR"):
        "AWS asks for all resources; `vpc_access` says so",
    ("lambda", "vpc_access", "UNKNOWN_CONDITION_FOR_ACTION"):
        "requests of a function carry `lambda:SourceFunctionArn`, whatever the action",
    ("lambda", "dynamodb_trigger", "RESOURCE_MISMATCH"):
        "`dynamodb:DescribeStream` and its like are on streams, as AWS's tables have it",
}  # fmt: skip
CALLS = [(module, call) for module, calls in USES.items() for call in calls]


def templates(module: str) -> dict[str, tree.Template]:
    """Return the templates of a module by name."""
    source = Source(f"{module}.iam", (STDLIB / f"{module}.iam").read_text(encoding="utf-8"))
    found = parse(source, Report()).members
    return {m.name.text: m for m in found if isinstance(m, tree.Template)}


TEMPLATES = [
    (path.stem, name) for path in sorted(STDLIB.glob("*.iam")) for name in templates(path.stem)
]


def built(module: str, call: str, partition: str) -> str:
    """Return the document that one use of a template makes, as text."""
    kind, path = ("policy", "policies/p.json")
    if f"{module}.{call}".startswith(TRUSTS):
        kind, path = ("role", "roles/p/trust.json")
    if module == "regions":
        kind, path = ("scp", "scps/p.json")
    source = f"import std.{module}\n{kind} p {{ use {module}.{call} }}\n"
    result = iamdsl.compile(source, partition=partition, account=ACCOUNT, region=REGIONS[partition])
    assert not result.diagnostics, str(result)
    return result.files[path]


@pytest.mark.parametrize(("module", "call"), CALLS)
def test_what_a_template_grants(module: str, call: str, snapshot: SnapshotAssertion) -> None:
    """A template's JSON changes only when someone has looked at the change."""
    assert built(module, call, "aws") == snapshot


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
@pytest.mark.parametrize(("module", "call"), CALLS)
def test_other_partitions(module: str, call: str, partition: str) -> None:
    """In China and GovCloud a template grants the same, on ARNs of that partition.

    CI jobs ask China's STS for tokens by its own name; EKS puts the same one everywhere.
    """
    expected = built(module, call, "aws").replace("arn:aws:", f"arn:{partition}:")
    expected = expected.replace(REGIONS["aws"], REGIONS[partition])
    if partition == "aws-cn" and module == "oidc" and not call.startswith("eks_"):
        expected = expected.replace('"sts.amazonaws.com"', '"sts.amazonaws.com.cn"')

    assert built(module, call, partition) == expected


@pytest.mark.parametrize(("module", "call"), CALLS)
def test_all_resources_only_where_nothing_less_works(module: str, call: str) -> None:
    """What AWS can limit to a resource is granted on the one that the caller names.

    Network interfaces are the exception: AWS asks for all resources (`vpc_access` says so).
    """
    catalogue = Catalogue(resources.open_catalogue())
    for statement in json.loads(built(module, call, "aws"))["Statement"]:
        if statement["Effect"] != "Allow" or statement.get("Resource") != "*":
            continue
        for name in _listed(statement["Action"]):
            action = catalogue.action(name)
            assert action is not None
            assert not action.resources or call.startswith("vpc_access(")


@pytest.mark.parametrize(("module", "name"), TEMPLATES)
def test_every_template_is_tested(module: str, name: str) -> None:
    """A template that is added has its JSON pinned."""
    assert any(call.startswith(f"{name}(") for call in USES[module])


@pytest.mark.parametrize(("module", "name"), TEMPLATES)
def test_documentation(module: str, name: str) -> None:
    """A template's comment names each parameter, what it grants, what it does not, and a page."""
    template = templates(module)[name]

    for parameter in template.parameters:
        assert re.search(rf"^ *{parameter.name.text}: ", template.doc, re.MULTILINE)
    for needed in ("Grants ", "Does not grant ", "Page: "):
        assert needed in " ".join(template.doc.split())


@pytest.mark.parametrize("module", USES)
def test_the_example_of_the_header_builds(module: str) -> None:
    """What a module's opening comment shows is a whole source, and compiles without a word."""
    header = (STDLIB / f"{module}.iam").read_text(encoding="utf-8").partition("\n\n")[0]
    blocks = re.findall(r"(?:^#(?:   .*)?\n)+", header, re.MULTILINE)
    (example,) = (b for b in blocks if b.strip("# \n").startswith("import "))
    source = re.sub(r"^#(?:   )?", "", example, flags=re.MULTILINE)

    result = iamdsl.compile(source, partition="aws", account=ACCOUNT, region="eu-west-1")

    assert result.ok
    assert not result.diagnostics, str(result)


WIDENED = [
    ("role", "oidc.subject(issuer = x, subjects = [])"),
    ("role", 'oidc.subject(issuer = "gitlab.com", subjects = [x])'),
    ("role", 'oidc.github_branch(repos = [x], branches = ["main"])'),
    ("role", 'oidc.github_branch(repos = ["acme/orders"], branches = [x])'),
    ("role", 'oidc.github_tag(repos = [x], tags = ["v1"])'),
    ("role", 'oidc.github_tag(repos = ["acme/orders"], tags = [x])'),
    ("role", 'oidc.github_environment(repos = [x], environments = ["production"])'),
    ("role", 'oidc.github_environment(repos = ["acme/orders"], environments = [x])'),
    ("role", "oidc.github_pull_request(repos = [x])"),
    ("role", 'oidc.github_workflow(repos = [x], workflows = ["a/b/c.yml@refs/heads/main"])'),
    ("role", 'oidc.github_workflow(repos = ["acme/orders"], workflows = [x])'),
    ("role", 'oidc.gitlab_branch(projects = [x], branches = ["main"])'),
    ("role", 'oidc.gitlab_branch(projects = ["acme/orders"], branches = [x])'),
    ("role", 'oidc.gitlab_tag(projects = [x], tags = ["v1"])'),
    ("role", 'oidc.gitlab_tag(projects = ["acme/orders"], tags = [x])'),
    ("role", f'oidc.eks_service_account("{EKS}", namespace = x, service_accounts = ["a"])'),
    ("role", f'oidc.eks_service_account("{EKS}", namespace = "shop", service_accounts = [x])'),
    ("policy", "mfa.own_devices(path = x)"),
    ("policy", "mfa.own_devices(device = x)"),
    ("policy", "mfa.own_credentials(path = x)"),
]


@pytest.mark.parametrize(("kind", "call"), WIDENED)
def test_outside_text_opens_no_trust(kind: str, call: str) -> None:
    """A `*` that comes from a param is refused in each name that a template makes a pattern of."""
    imports = "import std.oidc\nimport std.mfa\n"
    source = f"{imports}param x: String\n{kind} p {{ use {call} }}"

    result = iamdsl.compile(
        source, params={"x": "*"}, partition="aws", account=ACCOUNT, region="eu-west-1"
    )

    assert "widening-data" in {d.code.name for d in result.diagnostics}
    assert not result.files


@pytest.mark.parametrize("call", USES["lambda"])
def test_outside_text_cannot_widen(call: str) -> None:
    """A `*` that comes from a param is refused wherever a template makes a pattern of it."""
    name, _, rest = call.partition("(")
    first = rest.partition(" = ")[0]
    source = f"import std.lambda\nparam x: String\npolicy p {{ use lambda.{name}({first} = x) }}"

    result = iamdsl.compile(
        source, params={"x": "*"}, partition="aws", account=ACCOUNT, region="eu-west-1"
    )

    assert "widening-data" in {d.code.name for d in result.diagnostics}
    assert not result.files


@pytest.mark.e2e
def test_cfn_lint(tmp_path: Path) -> None:
    """In a CloudFormation template, cfn-lint's policy rules accept what each template makes."""
    installed("cfnlint")
    documents = {}
    for number, (module, call) in enumerate(CALLS):
        if module != "regions":  # CloudFormation's type for an scp has no rules for its content
            trust = f"{module}.{call}".startswith(TRUSTS)
            file = f"roles/r{number}/trust.json" if trust else f"policies/p{number}.json"
            documents[file] = json.loads(built(module, call, "aws"))

    assert lint(template(documents), tmp_path) == []


@pytest.mark.e2e
def test_parliament() -> None:
    """Duo's parliament finds nothing in what templates for policies make but what is known."""
    found = {
        (module, call.partition("(")[0], issue)
        for module, call in CALLS
        if not f"{module}.{call}".startswith(TRUSTS)
        for issue in parliament_finds(json.loads(built(module, call, "aws")))
    }
    assert found == set(PARLIAMENT_IS_WRONG)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
