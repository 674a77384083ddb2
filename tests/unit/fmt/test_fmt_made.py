"""Trees that a program made: leaves from values, documentation from `doc`, order of members."""

from __future__ import annotations

import formatting
import pytest
from formatting import DUMMY
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdsl import fmt
from iamdsl.syntax import tree
from iamdsl.syntax.refusal import FORBIDDEN


def string(text: str) -> tree.Text:
    return tree.Text("string", (text,) if text else (), span=DUMMY)


def name(text: str) -> tree.Name:
    return tree.Name(text, span=DUMMY)


def let(value: tree.Expression, word: str = "x", doc: str = "") -> tree.Let:
    return tree.Let(name(word), None, value, doc, span=DUMMY)


def shown(*members: tree.Member) -> str:
    """Return members as a file; it has to read as the same tree."""
    file = tree.File(members, span=DUMMY)
    got = fmt.show(file)
    assert formatting.shown(formatting.read(got)) == formatting.shown(file)
    assert formatting.formatted(got) == got
    return got


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""'),
        ("a\nb\t\\", r'"a\nb\t\\"'),
        ('say "x"', r'"say \"x\""'),
        ("a{b}", '"a{{b}}"'),
        ("${aws:username}/{x}", '"${aws:username}/{{x}}"'),
        ("${aws:username, 'anyone'}${*}$", "\"${aws:username, 'anyone'}${*}$\""),
        ("a\rb é", '"a\\u{D}b é"'),
    ],
)
def test_strings(text: str, written: str) -> None:
    """Text is escaped as the language reads it; IAM's variables stay."""
    assert shown(let(string(text))) == f"let x = {written}\n"


@settings(derandomize=True, database=None, deadline=None)
@given(
    st.text(
        st.characters(codec="utf-8", exclude_characters="$", exclude_categories=["Cc", "Cs", "Co"])
        | st.sampled_from('\n\t"\\{}')
    ).filter(lambda text: not set(text) & FORBIDDEN)
)
def test_any_string(text: str) -> None:
    """Whatever the text is, it reads as itself."""
    shown(let(string(text)))


def test_holes() -> None:
    """Expressions in texts stand on the text's line."""
    field = tree.Field(name("a"), name("id"), span=DUMMY)
    listed = tree.ListOf(tuple(string("x" * 30) for _ in range(4)), span=DUMMY)
    arn = tree.Text("arn", ("arn:aws:s3:::", name("b"), "/{x"), span=DUMMY)
    key = tree.Text("qualified", ("aws:RequestTag/", field), span=DUMMY)
    four = ", ".join([f'"{"x" * 30}"'] * 4)
    assert (
        shown(let(tree.Text("string", ("a-", listed), span=DUMMY))) == f'let x = "a-{{[{four}]}}"\n'
    )
    assert shown(let(arn)) == "let x = arn:aws:s3:::{b}/{{x\n"
    assert shown(let(key)) == "let x = aws:RequestTag/{a.id}\n"


def test_services() -> None:
    """A service's name has quotes where it needs them."""
    made = [
        let(tree.Principal("service", string(text), span=DUMMY), f"x{index}")
        for index, text in enumerate(["lambda", "pods.eks", "edge lambda", "in", "4you", ""])
    ]
    assert shown(*made) == (
        "let x0 = service lambda\nlet x1 = service pods.eks\n"
        'let x2 = service "edge lambda"\nlet x3 = service "in"\n'
        'let x4 = service "4you"\nlet x5 = service ""\n'
    )


def test_documentation_and_gaps() -> None:
    """Documentation stands above its member, and kinds of members apart from each other."""
    place = tree.Import(("std", "mfa"), None, None, DUMMY, span=DUMMY)
    data = tree.Import('a"b.json', name("d"), None, DUMMY, span=DUMMY)
    union = tree.TypeUnion(
        tuple(tree.TypeName("text", text, span=DUMMY) for text in ('"', "b")), span=DUMMY
    )
    env = tree.Parameter(name("env"), union, None, "not shown by its param", span=DUMMY)
    param = tree.Param(env, "Which\n\nbuild.", span=DUMMY)
    any_ = tree.Selection((tree.Literal("star", "*", span=DUMMY),), span=DUMMY)
    allow = tree.Statement("allow", any_, (("as", name("S")), ("on", any_)), "Says.", span=DUMMY)
    policy = tree.Declaration("policy", name("p"), None, (), (allow,), "All.", span=DUMMY)
    file = tree.File(
        (place, data, param, let(string("a")), let(string("b"), "y", "B."), policy), span=DUMMY
    )
    assert fmt.show(file) == (
        'import std.mfa\nimport "a\\"b.json" as d\n\n'
        '## Which\n##\n## build.\nparam env: "\\"" | "b"\n\n'
        'let x = "a"\n## B.\nlet y = "b"\n\n'
        "## All.\npolicy p {\n  ## Says.\n  allow * on * as S\n}\n"
    )


def test_actions() -> None:
    """A set of one class needs no brackets, one of an action has them."""

    def actions(*items: tree.Literal | tree.Text) -> tree.ActionSet:
        return tree.ActionSet(tree.Literal("service", "s3", span=DUMMY), items, span=DUMMY)

    level = tree.Literal("level", "@read", span=DUMMY)
    get = tree.Literal("action", "Get*", span=DUMMY)
    assert shown(let(actions(level))) == "let x = s3:@read\n"
    assert shown(let(actions(get))) == "let x = s3:[Get*]\n"
    assert shown(let(actions(get, level, string("New")))) == 'let x = s3:[Get*, @read, "New"]\n'


def test_an_empty_file() -> None:
    """No members are no text."""
    assert fmt.show(tree.File((), span=DUMMY)) == ""
