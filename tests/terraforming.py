"""Terraform in tests: the real tool, without a provider, on what the target writes.

No provider can be fetched in tests. The very tree that the target writes is taken, and Terraform
evaluates the arguments of its resources: as values of locals (`as_values`), or as resources of the
type `terraform_data`, which has no provider, where it matters what waits for what
(`as_resources`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from iamdsl.diagnostics import Report
from iamdsl.emit._places import places
from iamdsl.emit.terraform.module import module
from iamdsl.emit.terraform.tree import (
    Argument,
    Block,
    Encoded,
    Items,
    Names,
    Raw,
    Record,
    Text,
    Value,
    block,
    literal,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from iamdsl.emit import Facts
    from iamdsl.iam import Build


def terraform(
    folder: Path,
    *arguments: str,
    check: bool = True,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.CompletedProcess[str]:
    """Run Terraform in a folder; nothing of the user's is read."""
    found = shutil.which("terraform")
    if found is None:
        pytest.skip("terraform is not installed")
    settings = folder / "terraform.rc"
    settings.touch()
    own = {n: v for n, v in os.environ.items() if not n.startswith(("TF_", "AWS_"))}
    ran = subprocess.run(
        [found, *arguments],
        cwd=folder,
        env=own
        | {"TF_CLI_CONFIG_FILE": str(settings), "CHECKPOINT_DISABLE": "1"}
        | dict(environment),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert not check or ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    return ran


def blocks_of(build: Build, facts: Facts, *, as_data: bool = False) -> dict[str, list[Block]]:
    """Return the files of the nameless place as blocks."""
    report = Report()
    made = module(places(build, facts.pseudo)[0], facts, report, as_data=as_data)
    assert not report.diagnostics, [d.message for d in report.diagnostics]
    return made


def as_resources(blocks: list[Block]) -> list[Block]:
    """Return resources that hold the same, and wait for the same, without a provider."""
    return [
        _renamed(b) if b.labels[0] == "terraform_data" else _data(b) for b in _resources(blocks)
    ]


def as_values(blocks: list[Block], known: Mapping[str, str], prefix: str = "") -> list[Block]:
    """Return the arguments of resources as one output, `prefix` and `all`: objects by address.

    Args:
        known: values of the locals that are looked up in AWS; once for all modules.
        prefix: of the names, where several modules go into one.
    """
    found = _resources(blocks)
    shared = {} if prefix else known
    locals_: list[Argument | Block] = [Argument(n, literal(v)) for n, v in shared.items()]
    members = []
    for one in found:
        name = "__".join(one.labels)
        arguments = _arguments(one, rf"local.{prefix}\1__\2.\3", known)
        locals_.append(Argument(f"{prefix}{name}", arguments))
        members.append((literal(name), Raw(f"local.{prefix}{name}")))
    told = block("output", (f"{prefix}all",), [Argument("value", Record(tuple(members)))])
    return [block("locals", (), locals_), told]


def _resources(blocks: list[Block]) -> list[Block]:
    return [one for one in blocks if one.kind == "resource"]


def _data(one: Block) -> Block:
    lifecycle = [b for group in one.groups for b in group if b[0] == "lifecycle"]
    waits = [
        Argument(a.name, _value(a.value, ""))
        for group in one.groups
        for a in group
        if isinstance(a, Argument) and a.name == "depends_on"
    ]
    said = Argument("input", _arguments(one, _INPUT, {}))
    labels = ("terraform_data", "__".join(one.labels))
    return block("resource", labels, [said], lifecycle, [*waits])


def _arguments(one: Block, reference: str, known: Mapping[str, str]) -> Record:
    """Return the arguments of a resource, with what only AWS would say of it."""
    members: dict[str, Value] = {}
    for group in one.groups:
        for item in group:
            if isinstance(item, Argument) and item.name != "depends_on":
                members[item.name] = _value(item.value, reference)
            elif isinstance(item, Block) and item.kind != "lifecycle":
                members[item.kind] = _arguments(item, reference, known)
    if one.kind == "resource":
        members.setdefault("arn", _arn(one, known))
        members["id"] = literal(one.labels[1])
    return Record(tuple((literal(name), value) for name, value in members.items()))


def _arn(one: Block, known: Mapping[str, str]) -> Text:
    """Return the ARN that AWS would give."""
    said = {a.name: a.value for group in one.groups for a in group if isinstance(a, Argument)}
    parts = [said.get("path", literal("/")), said.get("name", literal(one.labels[1]))]
    named = "".join(str(p) for t in parts if isinstance(t, Text) for p in t.parts)
    kind = one.labels[0].removeprefix("aws_iam_")
    return literal(f"arn:aws:iam::{known.get('account_id', '')}:{kind}{named}")


def _renamed(one: Block) -> Block:
    groups = tuple(
        tuple(a._replace(value=_value(a.value, "")) for a in group if isinstance(a, Argument))
        for group in one.groups
    )
    return one._replace(groups=groups)


_QUEUE = re.compile(r"data\.aws_sqs_queue\.(\w+)\.url")
_REFERENCE = re.compile(r"\b(aws_\w+)\.(\w+)\.(\w+)")
_INPUT = r"terraform_data.\1__\2.input.\3"


def _value(value: Value, reference: str) -> Any:
    match value:
        case Raw(code):
            return Raw(_REFERENCE.sub(reference, _QUEUE.sub(r'"url of \1"', code)))
        case Text(parts):
            return Text(tuple(_value(p, reference) if isinstance(p, Raw) else p for p in parts))
        case Items(values):
            return Items(tuple(_value(item, reference) for item in values))
        case Record(members):
            return Record(tuple((_value(k, reference), _value(v, reference)) for k, v in members))
        case Encoded(inner, json_):
            return Encoded(inner and _value(inner, reference), _value(json_, reference))
        case Names(names):
            return Names(tuple(f"terraform_data.{name.replace('.', '__', 1)}" for name in names))
        case _:
            return value
