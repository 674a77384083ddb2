"""The standard library: what each template grants, in every partition, and that it says so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
ROLES = {"cross_account"}
"""The modules whose templates say who may assume a role."""

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
}
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
    if module in ROLES:
        kind, path = ("role", "roles/p/trust.json")
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
    """In China and GovCloud a template grants the same, on ARNs of that partition."""
    expected = built(module, call, "aws").replace("arn:aws:", f"arn:{partition}:")
    expected = expected.replace(REGIONS["aws"], REGIONS[partition])

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


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
