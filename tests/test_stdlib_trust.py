"""`std.services` against the table of the services that say for whom they assume a role."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from reviews import SETTINGS, review_source

import iamdsl
from iamdsl.aws.deputies import IN_TRUSTS, deputy, source_arn
from iamdsl.diagnostics import Report
from iamdsl.source import Source
from iamdsl.syntax import parse, tree

ACCOUNT = "111122223333"
REGIONS = {"aws": "eu-west-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
STDLIB = Path(__file__).parent.parent / "stdlib"

CLOSER = {"cloudformation_stacksets": "the page of stack sets shows the keys, that of stacks not"}
OPEN = {"rds_proxy": "no page shows that proxies send the keys, as the rest of RDS does"}
"""Templates that differ from what the table says of their service, each with the reason."""


@cache
def roles() -> str:
    """Return a source with one role for every template of `std.services`."""
    text = (STDLIB / "services.iam").read_text(encoding="utf-8")
    found = [m for m in parse(Source("s.iam", text), Report()).members if _public(m)]
    lines = ["import std.services\n"]
    for template in found:
        assert isinstance(template, tree.Template)
        given = ", ".join(f'{p.name.text} = "x"' for p in template.parameters if p.default is None)
        name = template.name.text
        lines.append(f"role {name.replace('_', '-')} {{ use services.{name}({given}) }}\n")
    return "".join(lines)


@cache
def documents(partition: str) -> dict[str, list[dict[str, Any]]]:
    """Return the trust statements of every role, by the name of the template that made them."""
    made = iamdsl.compile(roles(), partition=partition, account=ACCOUNT, region=REGIONS[partition])
    assert made.ok, str(made)
    return {
        path.split("/")[1].replace("-", "_"): json.loads(document)["Statement"]
        for path, document in made.files.items()
        if path.endswith("/trust.json")
    }


def _public(member: object) -> bool:
    return isinstance(member, tree.Template) and not member.name.text.startswith("_")


@pytest.mark.parametrize("partition", REGIONS)
def test_conditions_are_those_that_a_service_sends(partition: str) -> None:
    """Who says for whom it works is tied to this account, and of nobody else are the keys asked."""
    for name, statements in documents(partition).items():
        for statement in statements:
            tests = _tests(statement)
            for principal in _listed(statement["Principal"]["Service"]):
                known = deputy(_plain(principal), resource=None)
                tied = known is not None and name not in OPEN
                assert bool(tests) is (tied or name in CLOSER), f"{name}: {tests}"
                if known is None or not tests:
                    continue
                assert tests.get("aws:SourceAccount", ACCOUNT) == ACCOUNT, name
                if "aws:SourceArn" in tests:
                    widest = source_arn(known, ACCOUNT, partition)
                    assert _within(tests["aws:SourceArn"], widest), f"{name}: {tests}"


@pytest.mark.parametrize("partition", REGIONS)
def test_the_review_has_nothing_to_say(partition: str, tmp_path: Path) -> None:
    """The preset `strict` finds no service that is let in for whomever it works, and nothing else."""
    settings = SETTINGS.replace('"aws"', f'"{partition}"').replace("eu-west-1", REGIONS[partition])
    assert review_source(tmp_path, roles(), settings) == ()


def test_each_service_of_the_table_has_a_template() -> None:
    """What the table knows can be trusted by a template."""
    trusted = {
        _plain(principal).removesuffix(".amazonaws.com")
        for statements in documents("aws").values()
        for statement in statements
        for principal in _listed(statement["Principal"]["Service"])
    }
    assert set(IN_TRUSTS) <= trusted


def test_exceptions_are_needed() -> None:
    """A template that differs from the table is there, and does differ."""
    made = documents("aws")
    assert all(_tests(made[name][0]) for name in CLOSER)
    assert not any(_tests(made[name][0]) for name in OPEN)


def _tests(statement: dict[str, Any]) -> dict[str, str]:
    """Return the values of the tests of a source in a statement."""
    condition: dict[str, dict[str, str]] = statement.get("Condition", {})
    return {
        key: value
        for entries in condition.values()
        for key, value in entries.items()
        if key.startswith("aws:Source")
    }


def _within(pattern: str, widest: str) -> bool:
    """Tell whether whatever fits a pattern fits another one: a `*` is taken as any character."""
    return re.fullmatch(re.escape(widest).replace(r"\*", ".*"), pattern) is not None


def _plain(principal: str) -> str:
    """Return a principal without the Region that a few of China's carry."""
    return principal.replace(f".{REGIONS['aws-cn']}.", ".")


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
