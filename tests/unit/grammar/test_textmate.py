"""`grammar/iam.tmLanguage.json`: editors colour a source as the parser reads it.

Run by an engine for TextMate grammars over Oniguruma: that of the editor babi.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from grammar_programs import programs
from hypothesis import given, settings
from source_classes import IDS, ROOT, SOURCES, TERMINALS, classes, differences, keywords

from iamdsl.diagnostics import Report
from iamdsl.source import Source
from iamdsl.syntax import parse, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = ROOT / "grammar" / "iam.tmLanguage.json"
DATA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
CLASSES = [
    ("comment", "comment"),
    ("constant.character.escape", "escape"),
    ("variable.other.policy", "variable"),
    ("punctuation.definition.string", "string"),
    ("punctuation", "punctuation"),
    ("keyword.operator.comparison", "operator"),
    ("keyword.operator.assignment", "operator"),
    ("keyword.operator.optional", "operator"),
    ("keyword.operator.type", "operator"),
    ("keyword", "keyword"),
    ("constant.language", "constant"),
    ("constant.numeric", "number"),
    ("support.constant.access-level", "level"),
    ("support.constant.service", "name"),
    ("support.function.action", "action"),
    ("support.function.builder", "builder"),
    ("support.type", "type"),
    ("variable.other.key", "key"),
    ("entity.name.type", "declared"),
    ("entity.name", "name"),
    ("variable", "name"),
    ("string.unquoted.arn", "arn"),
    ("string.quoted", "string"),
    ("invalid", "invalid"),
]


@cache
def compiler() -> Any:
    """Return babi's form of the grammar."""
    if os.environ.get("CI") != "true":  # there it has to be
        pytest.importorskip("babi", reason="babi is in the extra `dev`")
    engine: Any = importlib.import_module("babi.highlight")  # it has no types
    return engine.Compiler(engine.Grammar.make(DATA), engine.Grammars())


def scopes(text: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield the regions of a text: start, end, and the scopes from the outermost."""
    made = compiler()
    highlight_line = importlib.import_module("babi.highlight").highlight_line
    state, at = made.root_state, 0
    for number, line in enumerate(text.split("\n")):
        state, regions = highlight_line(made, state, f"{line}\n", first_line=number == 0)
        for region in regions:
            yield at + region.start, at + region.end, region.scope
        at += len(line) + 1


@cache
def coloured(text: str) -> list[str]:
    """Return the class of each character of a text, as the grammar has it."""
    found = [""] * (len(text) + 1)
    for start, end, names in scopes(text):
        kind = next((kind for prefix, kind in CLASSES if names[-1].startswith(prefix)), "")
        found[start:end] = [kind] * (end - start)
    return found[: len(text)]


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_sources_are_coloured_as_they_parse(path: Path) -> None:
    """Each character has the class that the parser gives it."""
    text = path.read_bytes().decode()
    if (wanted := classes(text)) is not None:
        assert differences(text, wanted, coloured(text)) == []


@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(programs())
def test_programs_of_the_grammar_are_coloured_as_they_parse(text: str) -> None:
    """So has each of programs in which any construct stands beside any other."""
    if (wanted := classes(text)) is not None:
        assert differences(text, wanted, coloured(text)) == []


def test_most_sources_parse() -> None:
    """The tests above would say little if the parser refused what they read."""
    assert sum(classes(path.read_bytes().decode()) is not None for path in SOURCES) > 250


@pytest.mark.parametrize("path", SOURCES, ids=IDS)
def test_comments_are_comments(path: Path) -> None:
    """A comment that speaks of policies is no policy; in a source that does not parse neither."""
    source = Source("x.iam", path.read_bytes().decode())
    kinds = coloured(source.text)
    for comment in parse(source, Report()).comments:
        assert set(kinds[comment.span.start : comment.span.end]) == {"comment"}, comment.text


def found(part: Any, name: str = "match") -> Iterator[str]:
    """Yield the patterns of a part of the grammar, `match` or `begin` or both."""
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == name and isinstance(value, str))
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        yield from found(inner, name)


def spelt_out(part: Any) -> set[str]:
    """Return the words that the patterns in a part of the grammar begin with."""
    opening = re.compile(r"(?:\((?:\?:)?)+([a-z_]+(?:\|[a-z_]+)*)[()]")
    begun = [opening.match(pattern) for pattern in [*found(part), *found(part, "begin")]]
    return {word for match in begun if match for word in match.group(1).split("|")}


def test_the_words_are_those_of_the_grammar() -> None:
    """A keyword that is added to the grammar is added here; no other word is coloured as one."""
    assert spelt_out(DATA["repository"]) - {"self", "aws"} == keywords()
    members = spelt_out(DATA["repository"]["member"])
    assert members | {"for", "if"} >= words.MEMBERS
    ends = {end for end in found(DATA, "end") if "?=" in end and "deny" in end}
    for end in ends:
        (reserved,) = re.findall(r"allow(?:\|[a-z]+)+", end)
        assert set(reserved.split("|")) | {"not"} == words.RESERVED


def test_the_tokens_are_those_of_the_grammar() -> None:
    """The patterns of names, literals and texts are the terminals, to the letter."""
    patterns = " ".join([*found(DATA), *found(DATA, "begin")])
    for terminal in "NAME QUALIFIED ARN ADDRESS LITERAL ACTION LEVEL STRING".split():
        assert TERMINALS[terminal] in patterns, terminal


def test_every_rule_is_used_and_there() -> None:
    """An `include` of nothing is passed over in silence by editors."""
    named = {name.removeprefix("#") for name in found(DATA, "include")}
    assert named == set(DATA["repository"])


def test_a_mistake_does_not_colour_the_rest() -> None:
    """What stands below a text that is being typed keeps its colours."""
    for typed in ('allow s3:GetObject on "arn', "allow s3:GetObject on arn:aws:{", "allow s3:[Get"):
        text = f"policy p {{\n  {typed}\n  ]\n  deny s3:* on *\n}}\n# end"
        kinds = coloured(text)
        assert kinds[text.index("deny")] == "keyword"
        assert kinds[text.index("# end")] == "comment"


def test_its_head() -> None:
    """What editors look for to take it up."""
    assert DATA["scopeName"] == "source.iam"
    assert DATA["fileTypes"] == ["iam"]
    assert all(name.endswith(".iam") for name in found(DATA, "name") if name != "iam")
