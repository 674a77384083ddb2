"""Builders against the whole catalogue: every resource type of every service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import iamdsl
from iamdsl.analysis.arns import arn_problem
from iamdsl.analysis.resource_types import types_of_text
from iamdsl.aws.limits import LIMITS
from iamdsl.compiler import builders
from iamdsl.compiler.environment import Environment
from iamdsl.model import Value, types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.aws import Catalogue, ResourceType
    from iamdsl.source import Source

PLACE = {"partition": "aws", "account": "111122223333", "region": "eu-west-1"}
ELSEWHERE = {"partition": "aws-cn", "account": "222233334444", "region": "cn-north-1"}
NOBODY_KNOWS_THE_SERVICE = ("backup", "recoveryPoint")
"""A recovery point has an ARN of whatever was backed up: its service is a placeholder."""


class _NoImports:
    """Builders import nothing."""

    def module(self, importer: str, dotted: tuple[str, ...]) -> None: ...

    def file(self, importer: str, path: str) -> Source:
        raise AssertionError((importer, path))


def kinds(catalogue: Catalogue) -> Iterator[ResourceType]:
    for service in catalogue.services():
        yield from catalogue.resource_types(service)


def environment(catalogue: Catalogue) -> Environment:
    return Environment(catalogue, _NoImports(), LIMITS, {}, PLACE)


def built(kind: ResourceType, count: int, catalogue: Catalogue) -> list[str]:
    """Return what a builder makes of `v0`, `v1` and so on."""
    texts = [Value(types.STRING, f"v{i}") for i in range(count)]
    return [arn for arn, _ in builders.build(kind, texts, {}, environment(catalogue))]


def test_every_type_builds_legal_arns_of_itself(catalogue: Catalogue) -> None:
    """An ARN that IAM refuses, or that is read back as another type, is found only at AWS."""
    wrong: list[str] = []
    seen = 0
    for kind in kinds(catalogue):
        for count in {0, *(len(form.placeholders) for form in kind.formats)}:
            if (kind.service, kind.name) == NOBODY_KNOWS_THE_SERVICE and count == 0:
                continue
            for arn in built(kind, count, catalogue):
                seen += 1
                problem, _ = arn_problem(arn)
                read = types_of_text(arn, kind.service, catalogue)
                if problem or kind.name not in read or "${" in arn:
                    wrong.append(f"{kind.service}:{kind.name} {arn} {problem}")
    assert wrong == []
    assert seen > 4_000


def test_every_argument_and_place_comes_out(catalogue: Catalogue) -> None:
    """A dropped argument widens to `*`, a dropped account speaks of another one."""
    for kind in kinds(catalogue):
        for form in kind.formats:
            count = len(form.placeholders)
            texts = [f"v{i}" for i in range(count)]
            made = built(kind, count, catalogue)
            arn = next((a for a in made if all(t in a for t in texts)), "")
            assert arn, f"{form.text} {made}"
            assert arn.count("*") == form.text.count("*")
        places = {name: Value(types.STRING, text) for name, text in ELSEWHERE.items()}
        for arn, _ in builders.build(kind, [], places, environment(catalogue)):
            assert arn.startswith("arn:aws-cn:")
            assert "111122223333" not in arn
            assert "eu-west-1" not in arn


def test_types_are_found_by_their_words_whatever_their_case(catalogue: Catalogue) -> None:
    """`cloudfront:Origin-Access-Control` is how a type with blanks is written."""
    for kind in kinds(catalogue):
        assert " " not in kind.word
        for word in (kind.word, kind.word.upper(), kind.name.lower()):
            found = catalogue.resource_type(kind.service, word)
            assert found is not None
            assert found.word.lower() == kind.word.lower()


@pytest.mark.parametrize(
    ("builder", "arns"),
    [
        ('s3:bucket("b")', ["arn:aws:s3:::b"]),
        ("lambda:function()", ["arn:aws:lambda:eu-west-1:111122223333:function:*"]),
        (
            'lex:bot-ALIAS("b", "a")',
            [
                "arn:aws:lex:eu-west-1:111122223333:bot-alias/b/a",
                "arn:aws:lex:eu-west-1:111122223333:bot:b:a",
            ],
        ),
        (
            'apigateway:Stage(["x", "y"], "prod")',
            [
                "arn:aws:apigateway:eu-west-1::/apis/x/stages/prod",
                "arn:aws:apigateway:eu-west-1::/apis/y/stages/prod",
                "arn:aws:apigateway:eu-west-1::/restapis/x/stages/prod",
                "arn:aws:apigateway:eu-west-1::/restapis/y/stages/prod",
            ],
        ),
        (
            'sqs:queue("q", region = "*", account = 222233334444, partition = "aws-cn")',
            ["arn:aws-cn:sqs:*:222233334444:q"],
        ),
        ('backup:recoveryPoint("rds", "snapshot", "x")', ["arn:aws:rds:eu-west-1:*:snapshot:x"]),
    ],
)
def test_builders_as_they_are_written(builder: str, arns: list[str]) -> None:
    """The walk above asks the functions; this asks the language."""
    source = f'policy p {{ allow "x:Y" on {builder} }}'
    result = iamdsl.compile(source, partition="aws", account="111122223333", region="eu-west-1")
    assert result.ok, str(result)
    (statement,) = result.document("policies/p.json")["Statement"]
    made = statement["Resource"]
    assert ([made] if isinstance(made, str) else made) == arns
