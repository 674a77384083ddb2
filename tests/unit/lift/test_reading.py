"""JSON that is to be imported: every bad input has a message at its place, and nothing raises."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_values import JSON

from iamdsl.datafile.json_places import JsonPlaces
from iamdsl.datafile.places import of_json
from iamdsl.diagnostics import Report, codes
from iamdsl.diagnostics.render import render
from iamdsl.lift import reading
from iamdsl.lift.reading import Tree, read_json, read_policy
from iamdsl.source import Source, Span

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}


def tree_of(text: str) -> Tree:
    report = Report()
    tree = read_json(Source("f.json", text), report)
    assert tree is not None, render("full", report.diagnostics)
    return tree


def refused(text: str) -> list[tuple[str, str, str]]:
    """Return message, underlined text and hint of all that is said of a text that is no JSON."""
    report = Report()
    assert read_json(Source("f.json", text), report) is None
    assert {d.code for d in report.diagnostics} == {codes.NOT_JSON}
    return [
        (d.message.removeprefix("`f.json` is no JSON: "), d.span.text if d.span else "", d.hint)
        for d in report.diagnostics
    ]


@pytest.mark.parametrize(
    ("text", "problem", "place", "hint"),
    [
        ("", "it is empty", "", "export it again"),
        (" \n", "it is empty", "", "export it again"),
        ("<!DOCTYPE html>\n<p>Sign in", "a page of HTML", "<!DOCTYPE", "the document itself"),
        ("Resources:\n  A: {}\n", "looks like YAML", "Resources:", "`.yaml`"),
        ("# a template\n---\n- a\n", "looks like YAML", "#", "`.yaml`"),
        ('resource "aws_iam_role" "r" {\n}', "Terraform's language", "resource", "`.tf`"),
        ("// all\nlocals {\n}", "Terraform's language", "//", "`.tf`"),
        ("policy p { allow s3:* on * }", "a source of iamdsl", "policy", "iamdsl build"),
        ('{\0"\0', "no UTF-8 text", '{\0"\0', "UTF-8"),
        ("%7B%22Version%22%7D", "a part of an URL", "%7B%22Version%22%7D", "decode it"),
        ('{"a": 1,}', "a comma after the last item", ",", "remove the comma"),
        ("[1, 2,]", "a comma after the last item", ",", "remove the comma"),
        ("{'a': 1}", "a text in single quotes", "'", "double quotes"),
        ('{"a": \'b\'}', "a text in single quotes", "'", "double quotes"),
        ('{"a": 1 // c\n}', "no comments", "/", "remove the comment"),
        ('# c\n{"a": 1}', "no comments", "#", "remove the comment"),
        ('{"a": 1 /* c */}', "no comments", "/", "remove the comment"),
        ('{"a": NaN}', "`NaN` is no number", "NaN", "write a number"),
        ('{"NaN": -Infinity}', "`-Infinity` is no number", "-Infinity", "write a number"),
        ('{"a": True}', "`True` is no word", "True", "write `true`"),
        ('{"a": None}', "`None` is no word", "None", "write `null`"),
        ('{"a": 012}', "a number begins with `0`", "012", "account id is text"),
        ('{"a" 1}', "a colon is expected", "1", "correct the file"),
        ('["a" "b"]', "a comma or a closing bracket", '"', "correct the file"),
        ("{a: 1}", "a name in double quotes is expected", "a", "correct the file"),
        ('{"a": "b}', "without its closing quote", '"', "correct the file"),
        ('{"a": "b\nc"}', "a control character", "\n", "`\\n`"),
        ('{"a": "\\x"}', "begins no escape", "\\", "`\\\\`"),
        ('{"a": "\\u12"}', "begins no escape", "u12", "hexadecimal"),
        ('{"a": 1}\n{"a": 2}\n', "a second document begins here", "{", "a file of its own"),
        ('{"a": 1} x', "something follows the document", "x", "correct the file"),
        ('{"a": [1', "it ends before it is complete", "", "cut off"),
        ('{"a": "\\ud800"}', "`\\ud800` is half of a character", "\\ud800", "both halves"),
        ('{"a": "\\udc00\\ud800"}', "`\\udc00` is half", "\\udc00", "both halves"),
        ('{"\\ue000x\\ue001": 1}', "keeps for its own marks", "\\ue000", "remove it"),
        ('{"a": "\ue001"}', "keeps for its own marks", "\ue001", "remove it"),
        ('{"a": ' + "9" * 5000 + "}", "a number of 5,000 digits", "9" * 5000, "in quotes"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_said_at_its_place(
    text: str, problem: str, place: str, hint: str
) -> None:
    """One message: what is wrong, where, and what to do."""
    ((said, shown, advice),) = refused(text)
    assert problem in said
    assert place.strip() == shown.strip()
    assert hint in advice


def test_what_is_left_open_is_shown_too() -> None:
    """An export that was cut off has its mistake at the end, and its reason before it."""
    report = Report()
    read_json(Source("f.json", '{"a": {"]": [1, {"b": "c"}'), report)
    (found,) = report.diagnostics
    assert [(n.text, n.span.start) for n in found.notes] == [("opened here", 12)]


def test_every_repeated_key_is_shown_with_its_first_place() -> None:
    """Readers of JSON disagree on which one counts: a policy must not depend on it."""
    text = '{"a": 1, "b": [{"c": {"a": 1, "\\u0061": {"d": 1, "d": 2}}}], "a": 2, "e": {"a": 3}}'
    report = Report()
    assert read_json(Source("f.json", text), report) is None
    shown = [(d.span.text if d.span else "", d.notes[0].span.start) for d in report.diagnostics]
    assert shown == [('"\\u0061"', 22), ('"d"', 41), ('"a"', 1)]


def test_a_byte_order_mark_is_passed_over() -> None:
    """Editors on Windows put one before the text; places count it."""
    tree = tree_of('\ufeff{"a": [1, 2]}')
    assert tree.value == {"a": [1, 2]}
    assert tree.place(("a", 1)).text == "2"


@pytest.mark.parametrize("levels", [64, 65, 1000, 100_000])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_depth_is_bounded(levels: int, brackets: str) -> None:
    """No Python and no later pass meets more levels than it can take."""
    opening = "[" if brackets == "[]" else '{"a":'
    text = opening * (levels - 1) + brackets + brackets[1] * (levels - 1)
    if levels == 64:
        assert read_json(Source("f.json", text), Report()) is not None
        return
    ((said, shown, _),) = refused(text)
    assert "more than 64 lists and objects" in said
    assert shown == brackets[0]


def test_the_place_of_too_deep_nesting_is_where_it_gets_too_deep() -> None:
    """The sixty-fifth bracket is shown, whatever stands around it."""
    report = Report()
    read_json(Source("f.json", '{"[[": [],\n"b": ' + "[" * 64 + "]" * 64 + "}"), report)
    (found,) = report.diagnostics
    assert found.span is not None
    assert found.span.source.position(found.span.start) == (2, 6 + 63)


def test_a_text_above_the_bound_is_refused_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dump that is too large is refused before it takes the memory."""
    monkeypatch.setattr(reading, "MAX_CHARACTERS", 100)
    ((said, _, hint),) = refused('{"a": "' + "x" * 3 * 2**20 + '"}')
    assert said == "`f.json` has 3.0 MB, at most 64 MB are read"
    assert "--filter" in hint
    monkeypatch.setattr(reading, "MAX_CHARACTERS", 8)
    assert tree_of('{"a": 1}').value == {"a": 1}


@given(JSON)
def test_sound_json_is_read_as_it_is(value: object) -> None:
    """Strictness costs nothing that JSON can say, and every value is found at its place."""
    text = json.dumps(value, indent=1)
    tree = tree_of(text)
    assert tree.value == value
    index = of_json(text)
    source = Source("f.json", text)
    found = JsonPlaces(text)
    todo: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while todo:
        path, inner = todo.pop()
        for key in (False, True):
            here = found.span(source, path, key=key)
            there = index.span(source, path, key=key)
            assert (here.start, here.end) == (there.start, there.end), path
        if isinstance(inner, dict):
            todo += [((*path, k), v) for k, v in inner.items()]
        elif isinstance(inner, list):
            todo += [((*path, i), v) for i, v in enumerate(inner)]


@given(st.text() | st.text('{}[]",: \n\\u0a1tn-.eN\ufeff\ud800'))
@settings(max_examples=300)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing raises, and what is refused has one reason or several repeated keys."""
    report = Report()
    tree = read_json(Source("f.json", text), report)
    assert (tree is None) == bool(report.diagnostics)
    for found in report.diagnostics:
        assert found.span is not None
        assert 0 <= found.span.start <= found.span.end <= len(text)
        assert found.hint
    render("full", report.diagnostics)


def test_places_in_large_texts_are_found_quickly() -> None:
    """An account's dump has many megabytes: a message must not take minutes."""
    items = [{"name": f"n{i}", "values": [{"x": j, "y": "z" * 20} for j in range(20)]}
             for i in range(8200)]  # fmt: skip
    text = json.dumps({"first": items, "last": {"x": 1}}, indent=1)
    assert len(text) > 10_000_000
    started = time.process_time()
    tree = tree_of(text)
    places = [tree.place(("first", i, "values", 7, "y")) for i in range(0, 8000, 8)]
    assert tree.place(("last", "x")).text == "1"
    assert {p.text for p in places} == {'"' + "z" * 20 + '"'}
    assert len({p.start for p in places}) == 1000
    assert time.process_time() - started < 10  # about 0.6 s; an index of all places took 30


# Policies in texts


def said_of(tree: Tree) -> list[tuple[str, Span]]:
    report = Report()
    assert read_policy(tree, report) is None
    return [(d.message, d.span) for d in report.diagnostics if d.span is not None]


def test_a_mistake_in_a_quoted_document_is_shown_where_it_is_written() -> None:
    """Answers hold documents as texts: the place is in the file, escapes and all."""
    inner = json.dumps({"Id": 'ü"é', **POLICY, "Statement": [{"Effect": "Alow", "Action": "*"}]})
    tree = tree_of('{"Policy": ' + json.dumps(inner) + "}")
    ((message, span),) = said_of(tree.at("Policy"))
    assert "`Allow` or `Deny`" in message
    assert span.text == '\\"Alow\\"'
    assert span.source.name == "f.json"


def test_a_quoted_document_that_is_no_json_is_shown_where_it_is_written() -> None:
    """The text of a text is read as strictly as the file."""
    tree = tree_of(json.dumps({"Policy": '{"Version": "2012-10-17",\n "Statement": [],}'}))
    ((message, span),) = said_of(tree.at("Policy"))
    assert "a comma after the last item" in message
    assert (span.text, tree.source.text[span.end]) == (",", "}")
    tree = tree_of(json.dumps({"Policy": '{"a": 1, "\\u0061": 2}'}))
    ((_, span),) = said_of(tree.at("Policy"))
    assert span.text == '\\"\\\\u0061\\"'


def test_a_document_encoded_for_an_url_is_read() -> None:
    """The API of IAM gives its documents like that, and so do some tools."""
    from urllib.parse import quote

    tree = tree_of(json.dumps({"Document": quote(json.dumps(POLICY))}))
    policy = read_policy(tree.at("Document"), Report())
    assert policy is not None
    assert policy.statements[0].actions.values == ("s3:GetObject",)
    tree = tree_of(json.dumps({"Document": quote('{"Statement": 1}')}))
    ((_, span),) = said_of(tree.at("Document"))
    assert span.text.startswith('"%7B')


def test_control_characters_in_a_policy_are_refused() -> None:
    """AWS refuses them, and no editor shows them."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*\u0007"}
    tree = tree_of(json.dumps({"Statement": [statement]}))
    ((message, span),) = said_of(tree)
    assert "a control character" in message
    assert span.text == '"*\\u0007"'
    backslash = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "\\u0007\\b\n"}}
    assert read_policy(tree_of(json.dumps(backslash)), Report()) is not None


def test_numbers_stay_as_they_are_written() -> None:
    """`1.10` as text is another text than `1.1`."""
    condition = '{"StringEquals": {"k:k": [1.10, 1e3, -0.5, 7, true]}}'
    tree = tree_of(
        '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": '
        f"{condition}}}}}"
    )
    policy = read_policy(tree, Report())
    assert policy is not None
    assert policy.statements[0].condition[0].values == ("1.10", "1e3", "-0.5", "7", "true")


def test_statements_know_their_places() -> None:
    """What is said later of an imported statement shows the JSON that it came from."""
    tree = tree_of(json.dumps({"x": [POLICY]}, indent=1))
    policy = read_policy(tree.at("x", 0), Report())
    assert policy is not None
    (origin,) = policy.statements[0].origin
    report = Report()
    report.add(codes.NOT_SAYABLE, origin, "no")
    (found,) = report.diagnostics
    assert found.span is not None
    assert found.span.source.position(found.span.start) == (6, 5)
