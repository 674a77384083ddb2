"""Trees as written: every node's span is its text; docs and comments stay with what they tell of."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from iamdsl.diagnostics import Report
from iamdsl.source import Source, Span
from iamdsl.syntax import parse, tree

SAMPLE = (Path(__file__).parent / "every_construct.iam").read_text(encoding="utf-8")


def read(text: str) -> tree.File:
    """Return the tree of a text that has no mistakes."""
    report = Report()
    found = parse(Source("x.iam", text), report)
    assert [d.message for d in report.diagnostics] == []
    return found


def only(text: str) -> tree.Member:
    """Return the one member of a text."""
    (member,) = read(text).members
    return member


@pytest.mark.parametrize(
    "text",
    [
        "import std.lambda as l",
        'import "./a.json" as a: List[Int]',
        'param env: "dev" | "prod" = "dev"',
        "extern lake: s3:bucket max 63",
        "let x: Int = 1",
        'policy p for s3:bucket("b") { allow s3:* to anyone }',
        "template t(a: Int = 1, b: List[String],) { attach a }",
        "allow s3:[GetObject, @read] except s3:Put* on *, a when b:c == 1 unless (d:e) as Sid",
        "trust service lambda",
        "attach a, b(c = 1).d",
        'tags { a = "b", "c d" = 1 }',
        "use a.b(c)",
        "for x in [1, 2] if x == 1 { attach x }",
        "if a { attach b } else if c { attach d } else { attach e }",
        'guard g "why" except a, b { never iam:* on * }',
        'test "t" of r { allows s3:* on * given { a:b = 1 } }',
    ],
)
def test_a_member_s_span_is_its_text(text: str) -> None:
    """A fix that replaces a member replaces it whole, and no white space around it."""
    (member,) = read(f"\n  {text}  # after\n").members
    assert member.span.text == text


def test_spans_nest_and_follow_each_other() -> None:
    """Editors find the node at an offset by walking down: a child lies inside its parent."""
    nodes = list(tree.walk(read(SAMPLE)))
    assert len(nodes) > 500
    for node in nodes:
        inner = [child.span for child in tree.children(node) if not isinstance(child, tree.Comment)]
        for span in inner:
            assert node.span.start <= span.start < span.end <= node.span.end, (node.span, span)
        if not isinstance(node, tree.Declaration):
            assert all(one.start <= two.start for one, two in pairwise(inner)), node.span.text
        assert node.span.text.strip() == node.span.text or isinstance(node, tree.File)


def test_names_and_literals_are_what_their_spans_say() -> None:
    """A rename edits exactly the letters of a name, in holes of strings too."""
    for node in tree.walk(read(SAMPLE)):
        if isinstance(node, tree.Name):
            assert node.span.text == node.text
        if isinstance(node, tree.Literal) and node.kind != "service":
            assert node.span.text == node.text


@pytest.mark.parametrize(
    ("text", "hole"),
    [
        ('let x = "a {b} c"', "b"),
        ('let x = "a { b.c } d"', "b.c"),
        ('let x = "\\n{{ {f("}}")} }}"', 'f("}}")'),
        ("let x = arn:aws:s3:::{b}/k", "b"),
        ("let x = aws:RequestTag/{t} == 1", "t"),
        ('let x = "ä😀{b}"', "b"),
    ],
)
def test_holes_have_their_own_place(text: str, hole: str) -> None:
    """A mistake inside `{…}` is underlined there, not at the string's quote."""
    found = [n for n in tree.walk(read(text)) if isinstance(n, tree.Text) and len(n.parts) >= 1]
    inner = [p for n in found for p in n.parts if not isinstance(p, str)]
    assert [node.span.text for node in inner][:1] == [hole]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (r'"a\"b\\c\n\t"', ('a"b\\c\n\t',)),
        (r'"\u{1F600}\u{e9}"', ("😀é",)),
        ('"{{x}}"', ("{x}",)),
        ("\"${aws:username} ${aws:username, 'any one'} ${*} ${?} ${$}\"",
         ("${aws:username} ${aws:username, 'any one'} ${*} ${?} ${$}",)),
        ('""', ()),
        ("arn:aws:s3:::b/${aws:username}/*", ("arn:aws:s3:::b/${aws:username}/*",)),
    ],
)  # fmt: skip
def test_escapes_are_undone_and_variables_stay(text: str, parts: tuple[str, ...]) -> None:
    """The tree holds the text that is meant; what belongs to IAM is not touched."""
    member = only(f"let x = {text}")
    assert isinstance(member, tree.Let)
    assert isinstance(member.value, tree.Text)
    assert member.value.parts == parts


def test_doc_comments_belong_to_what_is_below() -> None:
    """`##` lines right above are the documentation; others are only comments."""
    found = read(
        "## One.\n##   Two.\npolicy p {\n  ## Of the statement.\n  allow a:b on *\n  # no doc\n"
        "  deny a:b on *\n}\n\n## Too far away.\n\nlet x = 1 ## after\nlet y = 2\n"
    )
    policy, first, second = found.members
    assert isinstance(policy, tree.Declaration)
    assert isinstance(first, tree.Let)
    assert isinstance(second, tree.Let)
    assert policy.doc == "One.\n  Two."
    docs = [member.doc for member in policy.body if isinstance(member, tree.Statement)]
    assert docs == ["Of the statement.", ""]
    assert first.doc == ""
    assert len(found.comments) == 6


def test_places_of_lines_and_columns() -> None:
    """Lines end with a line feed, columns count code points, whatever the encoding."""
    source = Source("x", "a\r\nä😀b\n\nc")
    assert source.position(0) == (1, 1)
    assert source.position(source.text.index("b")) == (2, 3)
    assert source.position(len(source.text)) == (4, 2)
    assert [source.line(n) for n in (1, 2, 3, 4)] == ["a", "ä😀b", "", "c"]
    assert Span(source, 3, 5).to(Span(source, 5, 6)).text == "ä😀b"
