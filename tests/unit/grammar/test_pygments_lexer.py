"""The Pygments lexer: documentation colours a source as the parser reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import distribution
from typing import TYPE_CHECKING, Any

import pygments.lexers
import pytest
from grammar_programs import programs
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexer import RegexLexer
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)
from source_classes import IDS, SOURCES, classes, differences, keywords

from iamdsl import highlight
from iamdsl.highlight import IamLexer
from iamdsl.syntax import words

if TYPE_CHECKING:
    from pathlib import Path

CLASSES: list[tuple[Any, str]] = [
    (Comment, "comment"),
    (Keyword.Constant, "constant"),
    (Keyword.Type, "type"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Operator, "operator"),
    (Punctuation, "punctuation"),
    (String.Interpol, "punctuation"),
    (String.Escape, "escape"),
    (String.Symbol, "variable"),
    (String.Other, "arn"),
    (String, "string"),
    (Number, "number"),
    (Literal.Date, "number"),
    (Name.Decorator, "level"),
    (Name.Entity, "builder"),
    (Name.Class, "declared"),
    (Name.Variable.Global, "key"),
    (Name.Function.Magic, "action"),
    (Name, "name"),
    (Whitespace, ""),
    (Error, "error"),
]


def coloured(text: str) -> list[str]:
    """Return the class of each character of a text, as the lexer has it; none is left out."""
    found: list[str] = []
    for at, token, value in IamLexer().get_tokens_unprocessed(text):
        assert at == len(found)
        found += [next(kind for parent, kind in CLASSES if token in parent)] * len(value)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_sources_are_coloured_as_they_parse(path: Path) -> None:
    """Each character has the class that the parser gives it, and nothing is lost."""
    text = path.read_bytes().decode()
    found = coloured(text)
    assert "".join(value for _, _, value in IamLexer().get_tokens_unprocessed(text)) == text
    if (wanted := classes(text)) is not None:
        assert differences(text, wanted, found) == []


@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(programs())
def test_programs_of_the_grammar_are_coloured_as_they_parse(text: str) -> None:
    """So has each of programs in which any construct stands beside any other."""
    if (wanted := classes(text)) is not None:
        assert differences(text, wanted, coloured(text)) == []


def test_the_words_are_those_of_the_grammar() -> None:
    """A keyword that is added to the grammar is added here, with what may follow it."""
    rules = [rule for state in IamLexer.tokens.values() for rule in state]
    patterns = [rule[0] for rule in rules if isinstance(rule, tuple)]
    known = {word for p in patterns for word in getattr(p, "words", ())}
    assert known == keywords()
    assert set(highlight.RESERVED) == words.RESERVED


@settings(max_examples=60, derandomize=True, database=None, deadline=None)
@given(st.text(max_size=200) | st.text('"{}[]()$\\:;*?@#a1. \n=,|-', max_size=60))
def test_any_text_is_split_without_a_loss(text: str) -> None:
    """What is being typed is coloured as far as it goes."""
    coloured(text)
    assert "".join(v for _, _, v in IamLexer().get_tokens_unprocessed(text)) == text


@pytest.mark.parametrize("mark", ['"', "{", "(", "[", 'x"{', "a:{", "not ", "arn:{{", "s3:["])
def test_long_lines_take_time_in_proportion(mark: str) -> None:
    """No pattern tries a long text again and again."""
    assert len(coloured(mark * 20_000)) == len(mark) * 20_000


def test_an_unclosed_string_ends_with_its_line() -> None:
    """What is below a mistake keeps its colours."""
    text = 'policy p {\n allow s3:GetObject on "arn:aws\n deny s3:* on *\n}'
    found = coloured(text)
    assert found[text.index('"arn')] == "error"
    assert found[text.index("deny")] == "keyword"


def test_pygments_finds_it() -> None:
    """By name, by file name, and by what the installed package declares."""
    if not any(e.group == "pygments.lexers" for e in distribution("iamdsl").entry_points):
        if os.environ.get("CI") == "true":
            pytest.fail("the entry point is not installed")
        pytest.skip("iamdsl is not installed with its entry points here: `pip install -e .`")
    assert isinstance(pygments.lexers.get_lexer_by_name("iam"), IamLexer)
    assert isinstance(pygments.lexers.get_lexer_by_name("iamdsl"), RegexLexer)
    assert isinstance(pygments.lexers.get_lexer_for_filename("main.iam"), IamLexer)


def test_the_command_does_not_load_pygments() -> None:
    """Pygments is no dependency, and costs the command nothing."""
    code = "import sys, iamdsl.cli.build, iamdsl.api; print('pygments' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
