"""Imported data: every value is checked, and what is wrong is shown where it stands in the file."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iamdsl
from iamdsl.datafile.places import Index, of_json, of_toml
from iamdsl.diagnostics.render import render
from iamdsl.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.datafile.places import Path
    from iamdsl.diagnostics import Diagnostic


def said(source: str, **files: str) -> tuple[Diagnostic, ...]:
    """Return what is said of a source that imports files, by names with `_` for the dot."""
    given_files = {name.replace("_", "."): text for name, text in files.items()}
    return iamdsl.compile(
        source, files=given_files, partition="aws", account="111122223333", region="eu-west-1"
    ).diagnostics


def shown(found: Diagnostic) -> tuple[str, str]:
    """Return the file and the text that a diagnostic underlines."""
    assert found.span is not None
    return found.span.source.name, found.span.text


def of_type(kind: str, value: str, *, toml: bool = False) -> tuple[Diagnostic, ...]:
    """Return what is said of a value in a data file, imported as a type."""
    name = "d.toml" if toml else "d.json"
    text = f"v = {value}" if toml else f'{{"v": {value}}}'
    source = f"""import "./{name}" as d: {{ v: {kind} }}
    policy p {{ allow s3:GetObject on * when aws:PrincipalTag/t == "{{d.v}}" }}"""
    if kind in {"Duration", "Action"} or kind.startswith(("List", "{")):
        source = f"""import "./{name}" as d: {{ v: {kind} }}
        policy p {{ allow s3:PutObject on * for _x in [d.v] {{ allow s3:GetObject on * }} }}"""
    return said(source, **{name.replace(".", "_"): text})


GOOD = [
    ("String", '"a b"'), ("String", '""'), ("Pattern", '"a*"'), ("Int", "12"), ("Int", "-1"),
    ("Int", "1e3"), ("Int", "123456789012"), ("Decimal", "1.50"), ("Decimal", "2"),
    ("Decimal", "15e-1"), ("Bool", "true"), ("Duration", '"4h"'), ("Date", '"2026-12-31"'),
    ("Date", '"2026-12-31T12:00Z"'), ("Network", '"10.0.0.0/8"'), ("Network", '"2001:db8::/32"'),
    ("Arn", '"arn:aws:s3:::a"'), ("AccountId", '"012345678901"'), ("Region", '"eu-west-1"'),
    ("s3:bucket", '"arn:aws:s3:::a"'), ('"dev" | "prod"', '"dev"'), ("Action", '"s3:GetObject"'),
    ("List[String]", "[]"), ("List[List[Int]]", "[[1], [], [2, 3]]"),
    ('{ a: String = "x" }', "{}"), ("List[{ a: { b: Int } }]", '[{"a": {"b": 1}}]'),
]  # fmt: skip

WRONG = [
    ("String", "3", "a number, expected String", 'between quotes: `"3"`'),
    ("String", "null", "null, expected String", ""),
    ("String", '["a"]', "a list, expected String", ""),
    ("String", '"a\\u0000"', "control characters", ""),
    ("String", '"\\ud800"', "control characters", ""),
    ("Int", '"12"', "a whole number", "without quotes: `12`"),
    ("Int", "1.5", "a whole number", ""),
    ("Int", "1234567890123456", "a whole number", ""),
    ("Int", "NaN", "a whole number", ""),
    ("Decimal", "1e999999999", "a number of at most 15 digits", ""),
    ("Bool", '"true"', "`true` or `false`", "without quotes: `true`"),
    ("Bool", "1", "`true` or `false`", ""),
    ("Duration", "4", "a duration such as `4h`", ""),
    ("Duration", '"4 hours"', "a duration such as `4h`", ""),
    ("Date", '"2026-02-30"', "a date", ""),
    ("Network", '"10.0.0.300"', "an address", ""),
    ("Arn", '"arn:aws:s3"', "an ARN", ""),
    ("s3:bucket", '"arn:aws:sqs:eu-west-1:111122223333:q"', "s3:bucket", ""),
    ("s3:bucket", '"a"', "s3:bucket", ""),
    ("AccountId", "123456789012", "a 12-digit account id", "leading zeros"),
    ("AccountId", '"1234"', "a 12-digit account id", ""),
    ("Region", '"*"', "a region such as", ""),
    ('"dev" | "prod"', '"test"', 'one of "dev" | "prod"', ""),
    ("Action", '"GetObject"', "an action such as", ""),
    ("List[String]", '"a"', "a list, List[String]", ""),
    ("{ a: String }", "[]", "a record", ""),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_values_of_every_type(kind: str, value: str) -> None:
    """Every type that data can have takes its values."""
    assert [d for d in of_type(kind, value) if d.severity.value == "error"] == []


@pytest.mark.parametrize(("kind", "value", "message", "hint"), WRONG)
def test_values_of_another_type(kind: str, value: str, message: str, hint: str) -> None:
    """What is no value of the type is underlined in the file, and the type in the source."""
    (found,) = of_type(kind, value)

    assert found.code.number == "IAM111"
    assert shown(found) == ("d.json", value)
    assert message.removeprefix("a number, ") in found.message
    assert hint in found.hint
    assert [note.span.text for note in found.notes] == [kind]
    found.message.encode()  # nothing in it that cannot be printed


@pytest.mark.parametrize(
    ("kind", "value", "ok"),
    [
        ("Date", "2026-12-31", True),
        ("Date", "2026-12-31T12:00:00Z", True),
        ("Date", "2026-12-31 12:00:00+01:00", True),
        ("Date", "12:00:00", False),
        ("Int", "1_000", True),
        ("Int", "0xff", True),
        ("Decimal", "1.5", True),
        ("Decimal", "inf", False),
        ("String", "'a'", True),
        ("String", "2026-12-31", False),
        ("AccountId", "123456789012", False),
    ],
)
def test_values_of_toml(kind: str, value: str, ok: bool) -> None:
    """TOML's own dates and numbers are values of the types of their names."""
    errors = [d for d in of_type(kind, value, toml=True) if d.severity.value == "error"]

    assert [shown(d) for d in errors] == ([] if ok else [("d.toml", value)])


@pytest.mark.parametrize("kind", ["Principal", "Key", "Condition", "List[Condition]"])
def test_types_that_no_data_has(kind: str) -> None:
    """Parts of sentences are refused at the import's type, with the way to do without."""
    found = of_type(kind, '"x"')[0]

    assert (found.code.number, shown(found)[1]) == ("IAM206", kind.removeprefix("List[").strip("]"))
    assert found.message.startswith("data cannot hold a")


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        ("String", "a b", "a\x00"),
        ("Pattern", "a*", "\ue000x"),
        ("Int", "-12", "1.5"),
        ("Decimal", "1.5", "1,5"),
        ("Bool", "true", "yes"),
        ("Duration", "30m", "30"),
        ("Date", "2026-12-31T12:00Z", "31.12.2026"),
        ("Network", "10.0.0.0/8", "10.0.0.0/33"),
        ("Arn", "arn:aws:s3:::a", "a"),
        ("AccountId", "012345678901", "12345678901"),
        ("Region", "us-gov-west-1", "Frankfurt"),
        ("Action", "s3:GetObject", "GetObject"),
        ("s3:bucket", "arn:aws:s3:::a", "arn:aws:s3:::a/b"),
        ('"dev" | "prod"', "prod", "test"),
        ("List[String]", None, "a"),
        ("{ a: String }", None, "a"),
        ("Condition", None, "true"),
    ],
)
def test_params_of_every_type(kind: str, good: str | None, wrong: str) -> None:
    """What `--set` gives is of the param's type, read as a literal of the language is."""
    source = f"param v: {kind}\npolicy p {{ for _x in [v] {{ allow s3:GetObject on * }} }}"

    def codes(value: str) -> list[str]:
        return [d.code.number for d in iamdsl.compile(source, params={"v": value}).diagnostics]

    assert codes(wrong) == ["IAM206"]
    if good is not None:
        assert codes(good) == []


def test_top_level_of_any_form() -> None:
    """A file may hold a scalar, a list or a record."""
    policy = 'policy p { allow s3:GetObject on s3:object(["{d}"], "k") }'
    assert said(f'import "./d.json" as d: String\n{policy}', d_json='"photos"') == ()
    assert said(f'import "./d.json" as d: List[String]\n{policy}', d_json='["a", "b"]') == ()
    (found,) = said(f'import "./d.json" as d: String\n{policy}', d_json="\n  3")
    assert (shown(found), found.span and found.span.start) == (("d.json", "3"), 3)


@pytest.mark.parametrize(
    ("form", "places"),
    [
        ("full", ["┌─ in/d.json:2:8\n", "┌─ in/main.iam:1:30\n"]),
        ("concise", ["in/d.json:2:8: error[IAM111]: "]),
        (
            "json",
            ['"file": "in/d.json"', '"line": 2,\n          "column": 8', '"file": "in/main.iam"'],
        ),
        ("sarif", ['"uri": "in/d.json"', '"startLine": 2', '"startColumn": 8', "relatedLocations"]),
        (
            "github",
            ["file=in/d.json,line=2,col=8,endLine=2,endColumn=13", "in/main.iam:1:30: the type"],
        ),
        ("junit", ['file="in/d.json" line="2"']),
    ],
)
def test_every_format_shows_the_data(form: str, places: list[str]) -> None:
    """Each renderer writes the place in the data file, and those with notes that of the type."""
    found = said(
        'import "./d.json" as d: { v: Int }\npolicy p { allow s3:GetObject on s3:object("{d.v}") }',
        d_json='{\n  "v": "abc"}',
    )
    text = render(form, found, prefix="in/")
    for place in places:
        assert place in text


def test_missing_and_unknown_fields() -> None:
    """A missing field is shown at its record, an unknown one at its key; a slip is one message."""
    source = """import "./d.toml" as d: { teams: List[{ name: String, size: Int }] }
    policy p { for t in d.teams { allow s3:GetObject on s3:object(t.name, "{t.size}") } }"""
    text = '[[teams]]\nname = "a"\n\n[[teams]]\nname = "b"\nsise = 3\n\n[[teams]]\nsize = 1\nname = 1\n'

    found = said(source, d_toml=text)

    assert [(shown(d)[1], d.span and d.span.source.position(d.span.start)[0]) for d in found] == [
        ("[[teams]]", 1),
        ("sise", 6),
        ("1", 10),
    ]
    assert found[1].hint == "did you mean `size`?"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('{"a": 1,}', ",", "a comma after the last item"),
        ("[1,\n]", ",", "a comma after the last item"),
        ("[012345678901]", "012345678901", "a number begins with `0`"),
        ('{"a": 1 // x\n}', "/", "JSON has no comments"),
        ("{'a': 1}", "'", "expecting property name enclosed in double quotes"),
        ('["a" "b"]', '"', "expecting ',' delimiter"),
        ("[1] 2", "2", "extra data"),
        ("[truth]", "truth", "expecting value"),
    ],
)
def test_no_json(text: str, place: str, message: str) -> None:
    """What is no JSON is shown where it stops being JSON, with the import as a note."""
    source = 'import "./d.json" as d: List[String]\npolicy p { allow s3:GetObject on s3:object(d) }'
    (found,) = said(source, d_json=text)

    assert found.message == f"`d.json` is no JSON: {message}"
    assert shown(found) == ("d.json", place)
    assert [(n.span.text, n.text) for n in found.notes] == [('"./d.json"', "imported here")]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a = 1\nb = \n", 2, "invalid value"),
        ("a = 1\n\nb", 3, "expected '='"),
        ('a = "x\n', 1, "illegal character"),
        ("a = 1\na = 2\n", 2, "stands twice"),
        ("[t]\na = 1\n[u]\n[t]\n", 4, "stands twice"),
        ("a = {b = 1, b = 2}\n", 1, "stands twice"),
        ("a = 1\n[a.b]\n", 2, ""),
    ],
)
def test_no_toml(text: str, line: int, message: str) -> None:
    """What is no TOML is shown at its line; a key that stands twice at its second place."""
    source = (
        'import "./d.toml" as d: { a: Int }\npolicy p { allow s3:GetObject on s3:object("{d.a}") }'
    )
    (found,) = said(source, d_toml=text)

    assert found.span is not None
    assert (found.span.source.name, found.span.source.position(found.span.start)[0]) == (
        "d.toml",
        line,
    )
    assert message in found.message


def test_keys_that_stand_twice() -> None:
    """Each second key is shown with its first; what lies in the second object is not its fault."""
    text = '{"a": {"x": 1, "x": 2},\n "b": 1, "a": {"x": 1}}'
    source = (
        'import "./d.json" as d: { a: Int }\npolicy p { allow s3:GetObject on s3:object("{d.a}") }'
    )

    found = said(source, d_json=text)

    assert [(d.span and d.span.start, d.notes[0].span.start) for d in found] == [(15, 7), (33, 1)]


# Places


def paths(plain: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield path, plain
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield from paths(value, (*path, key))
    elif isinstance(plain, list):
        for number, value in enumerate(plain):
            yield from paths(value, (*path, number))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_every_place_in_json(plain: Any, indent: int | None, ascii_only: bool) -> None:
    """For any JSON, the place of a path holds the value of that path and nothing else."""
    text = json.dumps(plain, indent=indent, ensure_ascii=ascii_only)
    index, source = of_json(text), Source("d.json", text)
    for path, value in paths(plain):
        got = index.span(source, path).text
        if got in {"[", "{"}:  # several lines: what they open with
            assert isinstance(value, list if got == "[" else dict)
        else:
            assert json.loads(got) == value
        if path and isinstance(path[-1], str):
            assert json.loads(index.span(source, path, key=True).text) == path[-1]


TOML = r'''
top = "a # no comment" # a comment
dotted . "quo.ted".'lit\eral' = 1
numbers = [ 1, 0xf_f, [ 2.5, inf ], # more
  -3, ]
texts = ["""
many "" lines ] = """, 'it"s', \'\'\'one''\'\'\', """quote"""", ""]
inline = { a = { b = [ { c = 1 } ] }, "d]" = ']' }
when = 1979-05-27 07:32:00Z
"\u0061sc" = true

[table]
key = 1
[table.sub."x.y"]
key = 2
[[list]]
name = "one"
  [list.inner]
  deep = 1
  [[list.more]]
  v = 1
  [[list.more]]
  v = 2
[[list]]
name = "two"
[[list.more]]
v = 3
[ spaced . out ]
end = "last"'''.replace("\\'", "'")


def test_every_place_in_toml() -> None:
    """In every form of TOML, the place of a path holds the value of that path and nothing else."""
    plain = tomllib.loads(TOML)
    index, source = of_toml(TOML), Source("d.toml", TOML)
    exact = 0
    for path, value in paths(plain):
        span = index.span(source, path)
        where = (path, span.text)
        if isinstance(value, dict) and not span.text.startswith("{"):
            assert not path or span.text.startswith("[") or span.text in TOML, where
            continue
        if span.text in {"[", '"""'} or span.text.startswith("[["):
            continue  # over several lines, or a list of tables
        exact += 1
        assert tomllib.loads(f"x = {span.text}")["x"] == value, where
    assert exact >= 20
    assert index.span(source, ("list", 1, "more", 0, "v")).text == "3"
    assert index.span(source, ("list", 0, "more", 1, "v")).text == "2"
    assert index.span(source, ("list", 1)).text == "[[list]]"
    line = source.position(index.span(source, ("list", 1)).start)[0]
    assert source.line(line + 1) == 'name = "two"'
    assert index.span(source, ("table", "sub", "x.y", "key")).text == "2"
    assert index.span(source, ("inline", "a", "b", 0, "c"), key=True).text == "c"
    assert index.span(source, ("numbers", 2, 1)).text == "inf"


@pytest.mark.parametrize("text", ["a = 1\n!", "a = 1\n[", "a = 1\nb = {c", 'a = 1\nb = """x', ""])
def test_places_up_to_what_is_no_toml(text: str) -> None:
    """What cannot be read ends the places, and what has none is shown at what is around it."""
    index, source = of_toml(text), Source("d.toml", text)

    assert index.span(source, ("a",)).text == ("1" if text else "")
    assert index.span(source, ("zzz", 1)).text == ""


def test_deep_nesting_is_no_crash() -> None:
    """Brackets without end give a message, not a stack overflow."""
    for name, text in (("d_json", "[" * 200_000), ("d_toml", "a = " + "[" * 200_000)):
        file = name.replace("_", ".")
        source = f'import "./{file}" as d: {{ a: Int }}\npolicy p {{ allow s3:GetObject on s3:object("{{d.a}}") }}'
        (found,) = said(source, **{name: text})
        assert found.code.number == "IAM111"
    assert isinstance(of_json("]" + "[" * 5), Index)
