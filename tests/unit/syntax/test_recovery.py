"""After a mistake: one message for each, and everything else is read."""

from __future__ import annotations

import time

import pytest

from iamdsl.diagnostics import Diagnostic, Report
from iamdsl.source import Source
from iamdsl.syntax import parse, tree


def read(text: str) -> tuple[tree.File, tuple[Diagnostic, ...]]:
    """Return the tree of a text and what is said of it."""
    report = Report()
    found = parse(Source("x.iam", text), report)
    return found, report.diagnostics


def lines(diagnostics: tuple[Diagnostic, ...]) -> list[int]:
    """Return the lines that the diagnostics are on."""
    return [d.span.source.position(d.span.start)[0] for d in diagnostics if d.span]


def names(file: tree.File) -> list[str]:
    """Return the names of the declarations that were read."""
    found = [n for n in tree.walk(file) if isinstance(n, tree.Declaration)]
    return [n.name.text for n in found if isinstance(n.name, tree.Name)]


def test_three_mistakes_three_messages() -> None:
    """Each mistake is told once, on its line, and every declaration is still there."""
    file, found = read(
        'policy a {\n  allow s3:GetObject on\n}\npolicy b {\n  alow s3:GetObject on "x"\n'
        "  deny s3:* on *\n}\nlet x == 1\npolicy c { allow s3:* on * }\n"
    )
    assert lines(found) == [2, 5, 8]
    assert names(file) == ["a", "b", "c"]
    statements = [n for n in tree.walk(file) if isinstance(n, tree.Statement)]
    assert len(statements) == 2


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("policy a {\n  allow s3:* on *\n\npolicy b { allow s3:* on * }\n", 1, "IAM003"),
        ("policy a { allow s3:* on * }\n}\npolicy b { allow s3:* on * }\n", 2, "IAM003"),
        ("policy a { allow s3:[Get* on * }\npolicy b { allow s3:* on * }\n", 1, "IAM003"),
        ('let x = "abc\npolicy b { allow s3:* on * }\n', 1, "IAM002"),
        ("let x = 'abc'\npolicy b { allow s3:* on * }\n", 1, "IAM001"),
        ("policy on { }\npolicy b { allow s3:* on * }\n", 1, "IAM001"),
        ("// no comment\npolicy b { allow s3:* on * }\n", 1, "IAM001"),
        ("%$!\npolicy b { allow s3:* on * }\n", 1, "IAM001"),
        ("allow\npolicy b { allow s3:* on * }\n", 1, "IAM001"),
        ("let x = aws:a == 1 and aws:b == 2 or aws:c\npolicy b { allow s3:* on * }\n", 1, "IAM008"),
        ("policy a { allow s3:* on * on * }\npolicy b { allow s3:* on * }\n", 1, "IAM009"),
        ('let x = "\\q"\npolicy b { allow s3:* on * }\n', 1, "IAM004"),
        ("let x = 2026-13-45\npolicy b { allow s3:* on * }\n", 1, "IAM005"),
        ("let x = 300.0.0.0/8\npolicy b { allow s3:* on * }\n", 1, "IAM005"),
        ('let x = "{aws:username}"\npolicy b { allow s3:* on * }\n', 1, "IAM007"),
        ('let x = "${bucket}"\npolicy b { allow s3:* on * }\n', 1, "IAM007"),
        ('let x = "{a b}"\npolicy b { allow s3:* on * }\n', 1, "IAM001"),
    ],
)
def test_one_mistake_one_message(text: str, line: int, code: str) -> None:
    """A mistake gives one message with its code, and does not take the next policy with it."""
    file, found = read(text)
    assert [(d.code.number, n) for d, n in zip(found, lines(found), strict=True)] == [(code, line)]
    assert "b" in names(file)


@pytest.mark.parametrize("character", ["\0", "\x1b", "\u202e", "\u2066", "\ue000", "\x7f"])
def test_characters_that_hide_are_refused(character: str) -> None:
    """Controls and bidirectional marks would let a source look other than it is."""
    _, found = read(f'policy p {{ allow s3:* on * }} # {character} \nlet x = "y"')
    assert [d.code.number for d in found] == ["IAM006"]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "\f\t \r\n"])
def test_nothing_is_a_file(text: str) -> None:
    """A file with nothing in it is no mistake of syntax."""
    file, found = read(text)
    assert file.members == ()
    assert found == ()


def test_broken_parts_keep_their_place() -> None:
    """What could not be read is in the tree as `Broken`, so that no later pass takes it as absent."""
    file, found = read("let x = \nlet y = 1\n")
    assert len(found) == 1
    assert isinstance(file.members[0], tree.Broken)
    assert isinstance(file.members[1], tree.Let)


# Bounds


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (" " * 4_000_001, {"IAM013"}),
        ("let x = " + "(" * 65 + "1" + ")" * 65, {"IAM011"}),
        ("let x = " + "[" * 100_000, {"IAM011"}),
        ("let x = " + "(" * 64 + "1" + ")" * 64, set()),
        ("let x = " + "not " * 50 + "a:b", set()),
        ("let x = a" + ".b" * 50, set()),
        ("let x = a" + ".b" * 50_000, {"IAM011"}),
        ("let x = " + "not " * 5_000 + "a:b", {"IAM011"}),
        ("let x = [" + "1," * 20_000 + "]", set()),
        ("let x = " + " and ".join(["a:b"] * 5_000), set()),
        ('let x = "' + "y" * 1_000_000 + '"', set()),
        ("#" * 1_000_000, set()),
        ('"' * 10_001, {"IAM001", "IAM002"}),
        ("{" * 40 + "}" * 40, {"IAM001"}),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "+".join(sorted(value)) or "fine",
)
def test_size_and_depth_are_bounded(text: str, codes: set[str]) -> None:
    """Any size and depth up to the bounds is read, and beyond them refused, in little time."""
    began = time.process_time()
    _, found = read(text)
    assert {d.code.number for d in found} <= codes
    assert bool(found) == bool(codes)
    assert time.process_time() - began < 10


def test_brackets_in_strings_and_comments_do_not_nest() -> None:
    """Only brackets of the language count for the depth."""
    _, found = read('let x = "' + "[" * 100 + '" # ' + "(" * 100 + "\n")
    assert not [d for d in found if d.code.number == "IAM011"]


@pytest.mark.parametrize(
    "line",
    [
        "xyz abc\n",
        "allow ",
        "let = 1\n",
        "}\n",
        "policy p { allow }\n",
        "allow if ",
        "deny s3:* on ",
        "// x\n",
        "/* ",
        "policy p <<A\n",
    ],
)
def test_many_mistakes_take_linear_time(line: str) -> None:
    """A file of another kind is refused in seconds, however long."""
    began = time.process_time()
    _, found = read(line * 3_000)
    assert found
    assert time.process_time() - began < 15
