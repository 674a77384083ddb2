"""YAML as CloudFormation takes it: texts, short intrinsics, places, bounds and mistakes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdsl.diagnostics import Report, codes
from iamdsl.lift.yaml_text import MAX_CHARACTERS, MAX_DEPTH, read_yaml
from iamdsl.source import Source

if TYPE_CHECKING:
    from iamdsl.diagnostics import Diagnostic
    from iamdsl.lift.reading import Tree

pytest.importorskip("yaml")


def read(text: str) -> tuple[Tree | None, Report]:
    report = Report()
    return read_yaml(Source("t.yaml", text), report), report


def value(text: str) -> Any:
    """Return the values of a text that has no mistake."""
    tree, report = read(text)
    assert not report.diagnostics
    assert tree is not None
    return tree.value


def mistake(text: str) -> Diagnostic:
    """Return the one mistake of a text."""
    tree, report = read(text)
    assert tree is None
    (found,) = report.diagnostics
    assert found.code is codes.BAD_YAML
    return found


SCALARS = [
    ("012345678901", "012345678901"),
    ("2012-10-17", "2012-10-17"),
    ("true", "true"),
    ("No", "No"),
    ("1e3", "1e3"),
    ("0x1F", "0x1F"),
    ("1_000", "1_000"),
    ("12:30:45", "12:30:45"),
    ("'null'", "null"),
    ("!!str 5", "5"),
    ("!!int 010", "010"),
    ("null", None),
    ("~", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "meant"), SCALARS)
def test_a_scalar_is_the_text_that_stands_there(text: str, meant: str | None) -> None:
    """Account ids keep their zeros and versions are no dates; only nothing is None."""
    assert value(f"a: {text}") == {"a": meant}


SHORT = [
    ("!Ref A", {"Ref": "A"}),
    ("!Condition A", {"Condition": "A"}),
    ("!Sub 'x${A}'", {"Fn::Sub": "x${A}"}),
    ("!GetAtt A.B", {"Fn::GetAtt": ["A", "B"]}),
    ("!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}),
    ("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}),
    ("!Join ['', [a, !Ref B]]", {"Fn::Join": ["", ["a", {"Ref": "B"}]]}),
    ("!Sub [a, {b: !Ref C}]", {"Fn::Sub": ["a", {"b": {"Ref": "C"}}]}),
    ("!If [C, !Ref A, b]", {"Fn::If": ["C", {"Ref": "A"}, "b"]}),
    ("!Base64 {'Fn::Sub': x}", {"Fn::Base64": {"Fn::Sub": "x"}}),
    ("!GetAZs ''", {"Fn::GetAZs": ""}),
    ("!ImportValue\n  Fn::Sub: x", {"Fn::ImportValue": {"Fn::Sub": "x"}}),
]


@pytest.mark.parametrize(("text", "long"), SHORT)
def test_short_intrinsics_get_their_long_form(text: str, long: Any) -> None:
    """Tags, on scalars, lists and mappings."""
    assert value(f"a: {text}\n") == {"a": long}


def test_unknown_tags_are_mistakes() -> None:
    """A tag of another tool, or of Python, is shown; nothing is made of it."""
    for tag in ("!Custom", "!!python/object:os.system", "!!binary", "!ref"):
        assert tag.rpartition("!")[2] in mistake(f"a: {tag} x").message


def test_aliases_stand_for_what_they_name() -> None:
    """Also in merges, where what is written comes before what is merged, the first before others."""
    text = """
base: &base {a: 1, b: 1}
other: &other {b: 2, c: 2}
one: {<<: *base, b: 3}
two: {<<: [*base, *other], d: !Ref X}
three: &self [*base]
"""
    assert value(text) == {
        "base": {"a": "1", "b": "1"},
        "other": {"b": "2", "c": "2"},
        "one": {"b": "3", "a": "1"},
        "two": {"d": {"Ref": "X"}, "a": "1", "b": "1", "c": "2"},
        "three": [{"a": "1", "b": "1"}],
    }


MISTAKES = [
    ("a: 1\nb: 2\na: 3\n", "t.yaml:3:1", "stands twice"),
    ("a: [1, 2\n", "t.yaml:2:1", "is no YAML"),
    ("a: b: c\n", "t.yaml:1:5", "is no YAML"),
    ("a:\n\t- b\n", "t.yaml:2:1", "is no YAML"),
    ("a: *x\n", "t.yaml:1:4", "names nothing above it"),
    ("a: &x [*x]\n", "t.yaml:1:8", "stands in what it is the name of"),
    ("a: 1\n---\nb: 2\n", "t.yaml:2:1", "a second document"),
    ("? [a]\n: 1\n", "t.yaml:1:3", "a key is no text"),
    ("? !Ref a\n: 1\n", "t.yaml:1:3", "a key is no text"),
    ("a: {<<: b}\n", "t.yaml:1:9", "no mapping"),
    ("a: '\x07'\n", "t.yaml:1:5", "is no YAML"),
    ("a: '\ue000'\n", "t.yaml:1:5", "private use"),
]


@pytest.mark.parametrize(("text", "place", "problem"), MISTAKES)
def test_a_mistake_is_told_with_its_place(text: str, place: str, problem: str) -> None:
    """One message, with line and column, for each kind of mistake."""
    found = mistake(text)
    assert repr(found.span) == place
    assert problem in found.message


def test_a_key_that_stands_twice_is_shown_with_the_first() -> None:
    """Both places are told."""
    found = mistake("a:\n  k: 1\n  k: 2\n")
    assert [repr(note.span) for note in found.notes] == ["t.yaml:2:3"]


@pytest.mark.parametrize("opened", ["[", "{a: "])
def test_nesting_is_bounded(opened: str) -> None:
    """The place is told where it gets too deep, on any Python."""
    closed = {"[": "]", "{a: ": "}"}[opened]
    assert value(opened * MAX_DEPTH + closed * MAX_DEPTH) is not None
    found = mistake(opened * 5000 + closed * 5000)
    assert f"deeper than {MAX_DEPTH}" in found.message
    assert found.span is not None
    assert found.span.start == len(opened) * MAX_DEPTH


def test_aliases_cannot_make_a_small_text_large() -> None:
    """Ten levels of ten aliases each are ten thousand million values: that is refused at once."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "aliases written out" in mistake("\n".join(lines)).message


def test_aliases_cannot_make_a_text_deeper() -> None:
    """Depth counts what an alias stands for."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 80)]
    assert "deeper than" in mistake("\n".join(lines)).message


def test_large_texts_are_refused() -> None:
    """A text beyond the bound is not looked at."""
    assert "8 MB" in mistake("a: " + "x" * MAX_CHARACTERS).message


def test_without_pyyaml_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """YAML is read by an extra; the message has the command that installs it."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    tree, report = read("a: 1")
    assert tree is None
    (found,) = report.diagnostics
    assert found.code is codes.NEEDS_EXTRA
    assert "pip install 'iamdsl[import]'" in found.hint


def test_places_lead_to_values_and_keys() -> None:
    """A scalar is underlined whole, a mapping over lines by its key, a tag with its argument."""
    text = "Resources:\n  Role:\n    Name: !Sub x-${A}\n    List:\n      - a\n      - {b: c}\n"
    tree, _ = read(text)
    assert tree is not None

    def shown(*path: str | int, key: bool = False) -> tuple[str, str]:
        span = tree.place(path, key=key)
        return f"{span!r}", span.text

    assert shown("Resources", "Role", "Name") == ("t.yaml:3:11", "!Sub x-${A}")
    assert shown("Resources", "Role", "Name", "Fn::Sub") == ("t.yaml:3:11", "!Sub x-${A}")
    assert shown("Resources", "Role", "Name", key=True) == ("t.yaml:3:5", "Name")
    assert shown("Resources", "Role") == ("t.yaml:2:3", "Role")
    assert shown("Resources", "Role", "List", 1, "b") == ("t.yaml:6:13", "c")
    assert shown("Resources", "Role", "List", 7) == ("t.yaml:4:5", "List")


_JSON = st.recursive(
    st.one_of(st.none(), st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text("abcXYZ-", min_size=1), inner, max_size=3),
    ),
    max_leaves=15,
)


@given(_JSON)
def test_json_is_yaml(made: Any) -> None:
    """Texts, lists and mappings in JSON's spelling are read as JSON reads them."""
    assert value(json.dumps(made)) == made


@given(st.text(max_size=60))
def test_any_text_gives_values_or_a_message(text: str) -> None:
    """No text whatever raises, and a message has its place."""
    tree, report = read(text)
    assert (tree is None) == bool(report.diagnostics)
    assert all(d.span is not None for d in report.diagnostics)


@given(st.text("ab: \n-[]{},&*!'\"<?|>#%@`\t0", max_size=30))
def test_any_yaml_gives_values_or_a_message(text: str) -> None:
    """Likewise of texts made of what means something in YAML."""
    tree, report = read(text)
    assert (tree is None) == bool(report.diagnostics)
