"""Target `boto3`: programs that hold the runtime and the place, whatever stands in its texts."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from clouds import EVERYTHING, compiled, emitted
from hypothesis import given, settings
from hypothesis import strategies as st
from nasty import anything, builds

from iamdsl import iam
from iamdsl.aws import policy_operations as table
from iamdsl.deploy._resources import members, putting, row_of
from iamdsl.diagnostics import Report
from iamdsl.emit import Facts, emit
from iamdsl.emit._desired import _method, _row, _rows, desired
from iamdsl.emit._places import places
from iamdsl.emit.boto3 import RUNTIME, literal, plain
from iamdsl.resources import package_path, read_text

if TYPE_CHECKING:
    from pathlib import Path


def module(name: str) -> ast.Module:
    return ast.parse(read_text(package_path("deploy", f"{name}.py")))


def held(program: str) -> Any:
    """Return the data of a program, which is one literal."""
    tree = ast.parse(program)
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DESIRED"
    )
    return ast.literal_eval(value)


def test_runtime_stands_alone() -> None:
    """The runtime imports Python's standard library and what stands before it, and nothing else."""
    before: set[str] = set()
    for name in RUNTIME:
        for node in ast.walk(module(name)):
            if isinstance(node, ast.Import):
                found = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found = {node.module or ""}
            else:
                continue
            ours = {f.removeprefix("iamdsl.deploy.") for f in found if f.startswith("iamdsl.")}
            others = {f.partition(".")[0] for f in found if not f.startswith("iamdsl.")}
            assert others <= {*sys.stdlib_module_names, "boto3"}, name
            assert ours <= before | ({"_making"} if name == "_resources" else set()), name
        before.add(name)


def test_names_of_the_runtime_are_its_own() -> None:
    """No two modules have a name in common, as all stand in one program."""
    names: Counter[str] = Counter()
    for name in RUNTIME:
        for node in module(name).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names[node.name] += 1
            targets = node.targets if isinstance(node, ast.Assign) else []
            names.update(
                t.id for target in targets for t in ast.walk(target) if isinstance(t, ast.Name)
            )

    assert [name for name, count in names.items() if count > 1] == []


def test_methods() -> None:
    """Operations are called what the SDK for Python calls them."""
    rows = [row for found in table.POLICY_OPERATIONS.values() for row in found]
    operations = {name for row in rows for name in (row.put, row.get)}
    operations |= {row.lookup.operation for row in rows if row.lookup is not None}

    assert {o for o in operations if _method(o) != xform_name(o)} == set()


@pytest.mark.parametrize(
    ("service", "arn"),
    [
        ("sqs", "arn:aws:sqs:eu-west-1:111122223333:jobs"),
        ("sns", "arn:aws:sns:eu-west-1:111122223333:news"),
        ("s3", "arn:aws:s3:::lake"),
        ("s3", "arn:aws:s3:eu-west-1:111122223333:accesspoint/door"),
        ("kms", "arn:aws:kms:eu-west-1:111122223333:key/1234"),
        ("secretsmanager", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-??????"),
        ("secretsmanager", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b-AbCdEf"),
        ("logs", "arn:aws:logs:eu-west-1:111122223333:log-group:/a/b"),
        ("events", "arn:aws:events:eu-west-1:111122223333:event-bus/main"),
        ("execute-api", "arn:aws:execute-api:eu-west-1:111122223333:abc123/*"),
        ("ec2", "arn:aws:ec2:eu-west-1:111122223333:vpc-endpoint/vpce-1"),
        ("ses", "arn:aws:ses:eu-west-1:111122223333:identity/example.com"),
        ("codeartifact", "arn:aws:codeartifact:eu-west-1:111122223333:repository/d/r"),
        ("mediapackagev2", "arn:aws:mediapackagev2:eu-west-1:1:channelGroup/a/channel/b"),
    ],
)
def test_requests(service: str, arn: str) -> None:
    """The runtime asks for the policy of a resource, and sets it, as the table of operations says."""
    document = iam.Document("resource", "name", iam.Policy(()), target=arn, service=service)
    wanted = {
        "target": arn,
        "name": "name",
        "rows": [_row(r) for r in table.operations_of(service)],
    }
    operation = table.operation_of(service, arn)
    row = row_of(wanted)
    assert operation is not None
    assert row is not None
    assert _rows(document) == [row]

    put = table.putting(operation, arn, "name", "text", "found")
    get, answer = table.getting(operation, arn, "name", "found")
    assert putting(row, wanted, "found", "text") == table.nested(put.members)
    assert members(row, row["asked"], wanted, "found") == table.nested(get.members)
    assert members(row, [["answer", row["answer"]]], wanted)["answer"] == answer


def test_everything(tmp_path: Path) -> None:
    """A program holds its place, imports nothing of ours, and is the same each time."""
    build, facts = compiled(tmp_path, EVERYTHING)
    files = emitted("boto3", build, facts).files
    assert list(files) == ["deploy.py", "manifest.json"]
    program = files["deploy.py"].decode("ascii", "replace")

    data = held(program)
    assert data == desired(places(build, facts.pseudo)[0], facts)
    assert [e["name"] for e in data["externs"]] == ["lake", "stage", "suffix"]
    assert not any(
        (getattr(node, "module", "") or "").startswith("iamdsl")
        for node in ast.walk(ast.parse(program))
    )
    assert emitted("boto3", build, facts).files == files


@settings(max_examples=40, deadline=None)
@given(builds(), st.dictionaries(anything, st.lists(anything)))
def test_texts_stay_texts(build: iam.Build, more: dict[str, list[str]]) -> None:
    """Nothing that IAM takes as a text gets out of the literal that it stands in."""
    place, facts = places(build, ())[0], Facts()
    data: dict[str, Any] = {**desired(place, facts), "more": more}
    text = literal(data)
    assert text.isascii()
    assert ast.literal_eval(text) == data


@settings(max_examples=4, deadline=None)
@given(builds())
def test_whole_programs(build: iam.Build) -> None:
    """The whole program is Python, and holds what it was given, with hostile texts too."""
    program = emitted("boto3", build, Facts()).files["deploy.py"].decode()

    assert held(program) == desired(places(build, ())[0], Facts())


def test_places(tmp_path: Path) -> None:
    """Each account has a program in its folder, the nameless place only if it has something."""
    text = """
    account prod 111122223333 { role worker { trust service lambda } }
    account test 444455556666 { role worker { trust service lambda } }
    """
    build, facts = compiled(tmp_path, text)
    files = dict(emitted("boto3", build, facts).files)
    del files["manifest.json"]

    assert len(files) == 2
    assert [held(text.decode())["account"] for text in files.values()] == [
        "111122223333", "444455556666",
    ]  # fmt: skip
    assert plain('a"""b\\\n') == "a???b??"


def test_left_out(tmp_path: Path) -> None:
    """What is not deployed is told, and what AWS would refuse with our marks is an error."""
    text = """
    session narrow { allow s3:GetObject on * }
    policy layer for arn:aws:lambda:eu-west-1:111122223333:layer:x:1 {
      allow lambda:GetLayerVersion to account 111122223333
    }
    """
    build, facts = compiled(tmp_path, text)
    report = Report()
    emit(("boto3",), build, facts, report)
    assert [d.code.number for d in report.diagnostics] == ["IAM703", "IAM703"]

    many = tuple((f"k{n}", "v") for n in range(49))
    statement = iam.Statement("Allow", iam.Elements(("s3:" + "a" * 5000,)), iam.Elements(("*",)))
    group = iam.Identity("group", "staff", inline=(("staff", iam.Policy((statement,))),))
    document = iam.Document("managed", "p", iam.Policy((statement,)), tags=many)
    report = Report()
    emit(("boto3",), iam.Build((document,), (group,)), Facts(), report)
    assert [d.code.number for d in report.diagnostics] == ["IAM702", "IAM702"]


@pytest.mark.parametrize("target", ["policy jobs for sqs:queue(q)", "policy jobs for q"])
def test_resources_known_later(tmp_path: Path, target: str) -> None:
    """Where an extern says which resource it is, the operations of its service go along."""
    kind = "sqs:queue" if target.endswith(" q") else "String"
    text = f"""
    extern q: {kind} max 80
    {target} {{ allow sqs:SendMessage to account 111122223333 }}
    """
    build, facts = compiled(tmp_path, text)
    (resource,) = held(emitted("boto3", build, facts).files["deploy.py"].decode())["resources"]

    assert [row["put"] for row in resource["rows"]] == ["set_queue_attributes"]
    assert resource["document"]["Id"] == "iamdsl:iamdsl"
