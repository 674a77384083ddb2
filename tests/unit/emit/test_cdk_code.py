"""Constructs of CDK: what is quoted how, what is refused, and names that stay what they are."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys

import nasty
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.emit import Facts, emit
from iamdsl.emit.cdk import _documents as documents
from iamdsl.emit.cdk import _python, _typescript
from iamdsl.emit.cdk._layout import Block, Item, Sheet
from iamdsl.emit.cdk._making import KINDS
from iamdsl.emit.cdk._words import camel, construct_id, pascal, snake, words

DENY = iam.Statement("Deny", iam.Elements(("s3:*",)), iam.Elements(("*",)))
NO_FACTS = Facts()


def told(build: iam.Build, facts: Facts = NO_FACTS) -> tuple[list[str], dict[str, str]]:
    """Return the codes of what is reported, and the texts of the files."""
    report = Report()
    emission = emit(("cdk",), build, facts, report)
    files = {name: data.decode() for name, data in emission.files.items() if name.endswith(".ts")}
    return [d.code.number for d in report.diagnostics], files


def trusting(name: str, *others: str) -> iam.Identity:
    account = iam.placeholder("aws.account")
    arns = tuple(f"arn:aws:iam::{account}:role/{other}" for other in others)
    who = iam.Principals((("AWS", arns),)) if arns else iam.Principals((("Service", ("a",)),))
    action = iam.Elements(("sts:AssumeRole",))
    return iam.Identity(
        "role", name, trust=iam.Policy((iam.Statement("Allow", action, principals=who),))
    )


@given(nasty.anything)
def test_a_text_of_python_is_itself(text: str) -> None:
    """What a text holds cannot end it, or be anything but a text."""
    assert ast.literal_eval(_python.literal(text)) == text
    assert "\n" not in _python.literal(text)


@given(nasty.anything)
def test_a_comment_ends_where_it_should(text: str) -> None:
    """A doc comment cannot close the comment that it is in."""
    assert "*/" not in _typescript.comment(text)
    assert ast.get_docstring(ast.parse(f'"""{_python.comment(text)}."""')) is not None
    assert "\n" not in _python.comment(text) + _typescript.comment(text)


@given(nasty.anything)
def test_a_document_as_text_is_the_document(text: str) -> None:
    """What CloudFormation would read something into is escaped, and stays what it was."""
    written = documents.json_text({"a": text, text: ["b"]})
    assert json.loads(written) == {"a": text, text: ["b"]}
    assert "{{" not in written


@pytest.mark.parametrize("text", ["{{resolve:ssm:x}}", "${Token[AWS.1]}", "#{Token[1]}"])
def test_references_of_others_are_refused_or_escaped(text: str) -> None:
    """A description cannot pull in a secret; in a document such a text is only a text."""
    entry = iam.Entry("StringEquals", "aws:PrincipalTag/a", (text,))
    statement = iam.Statement("Deny", DENY.actions, DENY.resources, condition=(entry,))
    policy = iam.Document("managed", "p", iam.Policy((statement,)))
    numbers, files = told(iam.Build((policy,)))
    assert not numbers
    assert "u007b" in files["iamdsl-policies.ts"]
    described = iam.Document("managed", "p", iam.Policy((DENY,)), description=text)
    assert told(iam.Build((described,)))[0] == ["IAM701"]


@pytest.mark.parametrize(
    "roles", [[("a", "b"), ("b", "a")], [("a", "a")], [("a", "b"), ("b", "c"), ("c", "a")]]
)
def test_circles_of_trust_are_refused(roles: list[tuple[str, str]]) -> None:
    """CloudFormation cannot make one role before the other, and AWS refuses who is not there."""
    numbers, _ = told(iam.Build((), tuple(trusting(*pair) for pair in roles)))
    assert numbers == ["IAM701"]


def test_a_chain_of_trust_is_made_in_order() -> None:
    """A role is made after those that it trusts, also where they come later in the sources."""
    numbers, files = told(iam.Build((), (trusting("a", "b"), trusting("b"))))
    assert not numbers
    assert "after(this.aRole, this.bRole);" in files["iamdsl-policies.ts"]


def test_what_is_left_out_is_told() -> None:
    """Nothing is lost without a word."""
    tagged = iam.Document("managed", "p", iam.Policy((DENY,)), tags=(("a", "b"),))
    session = iam.Document("session", "s", iam.Policy((DENY,)))
    key = iam.Document(
        "resource", "k", iam.Policy((DENY,)), target="arn:aws:kms:a:1:key/k", service="kms"
    )
    there = iam.Target("ou", "o", "ou-1", ("o",), (iam.Attachment("arn:aws:x/p-1"),))
    numbers, _ = told(iam.Build((tagged, session, key), targets=(there,)))
    assert numbers == ["IAM703"] * 4


def test_what_is_not_made_waits_for_nobody() -> None:
    """A policy that is left out may name a role of the place."""
    who = trusting("a", "b").trust
    assert who is not None
    target = "arn:aws:kms:a:1:key/k"
    key = iam.Document("resource", "k", who, target=target, service="kms")
    numbers, files = told(iam.Build((key,), (trusting("b"),)))
    assert numbers == ["IAM703"]
    assert "after(" not in files["iamdsl-policies.ts"]


def test_a_place_with_nothing_in_it_has_no_file() -> None:
    """An app does not make what has no resources."""
    account = iam.Account("prod", "111122223333", iam.Build((), (trusting("a"),)))
    _, files = told(iam.Build(accounts=(account,)), Facts(project="acme-lake"))
    assert list(files) == ["prod/acme-lake-prod-policies.ts"]
    assert "export class AcmeLakeProdPolicies" in files["prod/acme-lake-prod-policies.ts"]


@given(st.lists(st.tuples(nasty.names | st.from_regex("[a-z0-9-]{1,6}", fullmatch=True),
                          st.sampled_from(sorted(set(KINDS.values())))), unique=True))  # fmt: skip
def test_no_two_have_one_id(found: list[tuple[str, str]]) -> None:
    """An id that two names have, or that hangs on another name, would make resources anew."""
    assert len({construct_id(name, kind) for name, kind in found}) == len(found)


def test_names_of_languages() -> None:
    """Names read as people write them, and are names in any case."""
    found = words("ordersAPI-v2_read")
    assert (camel(found), pascal(found)) == ("ordersApiV2Read", "OrdersApiV2Read")
    assert snake("ordersApiV2Read") == "orders_api_v2_read"
    assert camel(words("2fa")) == "_2Fa"


def test_members_of_one_name_are_told_apart() -> None:
    """Names that differ in what no identifier can have are still two members."""
    _, files = told(iam.Build((), (trusting("a-b"), trusting("a.b"))))
    members = re.findall(r"readonly (\w+): iam.Role", files["iamdsl-policies.ts"])
    assert members == ["aBRole", "aBRole2"]


def test_arguments_are_no_names_of_python() -> None:
    """An extern can be called what is a word of Python, or one that the file uses itself."""
    externs = tuple(iam.Extern(n, "String", 9, "^[a-z]+$") for n in ("lambda", "self", "stack"))
    text = "".join(iam.placeholder(extern.name) for extern in externs)
    described = iam.Document("managed", "p", iam.Policy((DENY,)), description=text)
    emission = emit(("cdk-python",), iam.Build((described,)), Facts(externs=externs), Report())
    source = emission.files["iamdsl_policies.py"].decode()
    ast.parse(source)
    assert 'description=f"{lambda_}{self_}{stack_}"' in source


def test_lines_break_in_brackets_alone() -> None:
    """What fits is on one line; what does not has a line for each thing in it."""
    call = Block(
        "f(",
        (Item("", "a"), Item("", Block("{", (Item("b: ", "c"),), "}", spaced=True))),
        ")",
        hugs=True,
    )
    assert Sheet(80, 2).written(call, 0, 0) == "f(a, { b: c })"
    assert Sheet(10, 2).written(call, 0, 0) == "f(a, {\n  b: c,\n})"
    assert Sheet(4, 2).written(call, 0, 0) == "f(\n  a,\n  {\n    b: c,\n  },\n)"


def test_nothing_hangs_on_the_hash_seed() -> None:
    """The same sources give the same bytes on every run."""
    code = (
        "from iamdsl import iam; from iamdsl.emit import emit, Facts; from iamdsl.diagnostics import Report;"
        "d = iam.Policy((iam.Statement('Deny', iam.Elements(('s3:*',)), iam.Elements(('*',))),));"
        "p = iam.Document('managed', 'p', d);"
        "i = [iam.Identity(k, 'x', inline=(('x', d),), managed=(iam.Attachment('p', ours=True),),"
        " trust=d if k == 'role' else None) for k in ('role', 'user', 'group')];"
        "e = emit(('cdk', 'cdk-python'), iam.Build((p,), tuple(i)), Facts(), Report());"
        "print(*e.files.values())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
