"""What is wrong with a text that was to be JSON, where, and what to do: the messages of IAM605."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING

from iamdsl.datafile.json_places import repeated, too_deep
from iamdsl.datafile.unread import json_mistake
from iamdsl.diagnostics import Label, codes
from iamdsl.lift.reading import MAX_DEPTH, NoNumberError, TwiceError
from iamdsl.source import Span

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.source import Source

_HINT = "correct the file, or export it again: it must be valid JSON"
_MOST = 50
"""Repeated keys of one text that are told of."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[^\s"\[\]{},:]+|[\[\]{}]', re.DOTALL)
_LONG = re.compile(r"-?\d{4000,}")

_COMMENTS = re.compile(r"(?:\s*(?:#|//)[^\n]*\n)*")

_LOOKS = (
    (r"\s*\Z", "it is empty", "export it again: the command may have failed"),
    (r"\s*<", "it is a page of HTML or XML", "save the document itself, not the page around it"),
    (r"[^\n]{0,3}\x00", "it is no UTF-8 text", "save it as UTF-8"),
    (r"\s*%7[Bb]", "it is encoded as a part of an URL", "decode it, so that it begins with `{`"),
    (
        r'\s*(?:resource|data|module|variable|output|provider|locals|terraform)\b(?:\s*"[^"\n]*")*\s*\{',
        "it is written in Terraform's language",
        "give the file a name that ends in `.tf`",
    ),
    (
        r"\s*(?:policy|boundary|scp|rcp|session|role|user|group|let|import)\s+[\w\"./-]+\s*[{=f]",
        "it is a source of iamdsl already",
        "build it with `iamdsl build`",
    ),
    (
        r"\s*(?:---|%YAML|- |[A-Za-z_][\w-]*:(?:\s|\Z))",
        "it looks like YAML",
        "give a template a name that ends in `.yaml` or `.yml`, and convert anything else to JSON",
    ),
)
"""How texts begin that are something else: pattern, what they are, what to do."""

_SAID = {
    "Expecting property name enclosed in double quotes": "a name in double quotes is expected",
    "Illegal trailing comma before end of object": "a comma after the last item",
    "Illegal trailing comma before end of array": "a comma after the last item",
    "Expecting ':' delimiter": "a colon is expected",
    "Expecting ',' delimiter": "a comma or a closing bracket is expected",
    "Expecting value": "a value is expected",
    "Unterminated string": "a text without its closing quote",
    "Invalid control character": "a control character in a text",
    "Invalid \\escape": "a backslash that begins no escape",
    "Invalid \\uXXXX escape": "a backslash that begins no escape",
}
_HINTS = {
    "Invalid control character": "write it as an escape: a line break is `\\n`",
    "Invalid \\escape": "write a backslash as `\\\\`",
    "Invalid \\uXXXX escape": "four hexadecimal digits follow `\\u`; a backslash is `\\\\`",
}
_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null"}


def complain(error: Exception, source: Source, report: Report) -> None:
    """Report why a text is not read as JSON, given what its reader raised."""
    looks = _looks(source)
    if looks is not None:
        _add(source, _start(source), *looks, report)
    elif (deep := too_deep(source.text, MAX_DEPTH)) is not None:
        said = f"more than {MAX_DEPTH} lists and objects stand in one another"
        _add(source, Span(source, deep, deep + 1), said, "no document of AWS's is so deep", report)
    elif isinstance(error, TwiceError):
        # The reader stops at the first object that is wrong; a mistake can follow it.
        other = _against_grammar(source.text)
        if other is None:
            _twice(source, report)
        else:
            _mistake(other, source, report)
    elif isinstance(error, NoNumberError):
        said = f"`{error}` is no number of JSON's"
        _add(source, _token(source, re.escape(str(error))), said, "write a number", report)
    elif isinstance(error, json.JSONDecodeError):
        _mistake(error, source, report)
    else:  # Python's bound on digits
        place = _token(source, _LONG.pattern)
        said = f"a number of {place.end - place.start:,} digits"
        _add(source, place, said, "write it as a text, in quotes", report)


def _looks(source: Source) -> tuple[str, str] | None:
    """Return what a text is that has another look than JSON, and what to do."""
    text = source.text.removeprefix("\ufeff")
    if text.lstrip()[:1] in {"{", "["} and "\0" not in text[:4]:
        return None
    start = match.end() if (match := _COMMENTS.match(text)) else 0
    return next(
        ((what, hint) for look, what, hint in _LOOKS if re.compile(look).match(text, start)), None
    )


def _start(source: Source) -> Span:
    text = source.text
    found = re.compile(r"[\s\ufeff\0]*(\S{0,40})").match(text)
    return Span(source, *found.span(1)) if found is not None else Span(source, 0, 0)


def _token(source: Source, pattern: str) -> Span:
    """Return the first place outside of texts where a token has a pattern."""
    exact = re.compile(pattern)
    for found in _TOKEN.finditer(source.text):
        if exact.fullmatch(found.group()):
            return Span(source, *found.span())
    return Span(source, 0, 0)


def _add(source: Source, place: Span, said: str, hint: str, report: Report) -> None:
    report.add(codes.NOT_JSON, place, f"`{source.name}` is no JSON: {said}", hint=hint)


def _against_grammar(text: str) -> json.JSONDecodeError | None:
    """Return the first mistake against JSON's grammar in a text, None where there is none."""
    start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    try:
        json.JSONDecoder(parse_float=str, parse_int=str).raw_decode(text, start)
    except json.JSONDecodeError as error:
        return error
    return None


def _twice(source: Source, report: Report) -> None:
    for second, first in islice(repeated(source.text), _MOST):
        place = Span(source, *second)
        report.add(
            codes.NOT_JSON,
            place,
            f"the key `{place.text[1:-1]}` stands twice in one object",
            label="which of the two counts, readers of JSON do not agree on",
            notes=[Label(Span(source, *first), "the first is here")],
            hint="keep one of them",
        )


def _mistake(error: json.JSONDecodeError, source: Source, report: Report) -> None:
    """Report a mistake against JSON's grammar."""
    text, at = source.text, error.pos
    word, said, hint = json_mistake(error.msg, at, source, _HINT)
    reason = next((r for r in _SAID if error.msg.startswith(r)), "")
    if error.msg == "Refused character":
        escape = text[at : at + 6] if text[at] == "\\" else f"\\u{ord(text[at]):04x}"
        place = Span(source, at, at + (6 if text[at] == "\\" else 1))
        _refused(source, place, escape, report)
        return
    if error.msg == "Extra data":
        if text[at] in "{[":
            said = "a second document begins here"
            hint = "put each document in a file of its own, and import their folder"
        else:
            said = "something follows the document"
        _add(source, word, said, hint, report)
        return
    if at >= len(text.rstrip()):
        _cut_off(source, report)
        return
    if text.startswith(("//", "/*", "#"), at):
        said, hint = "JSON has no comments", "remove the comment"
    elif word.text in _WORDS:
        said, hint = f"`{word.text}` is no word of JSON's", f"write `{_WORDS[word.text]}`"
    elif text.startswith("'", at):
        said = "a text in single quotes"
    elif hint == _HINT:
        said, hint = _SAID.get(reason, said), _HINTS.get(reason, hint)
    _add(source, word, said, hint, report)


def _refused(source: Source, place: Span, escape: str, report: Report) -> None:
    if escape.lower() in {"\\ue000", "\\ue001"}:
        said = f"`{escape}` is a character that iamdsl keeps for its own marks"
        hint = "remove it: no policy of AWS's can hold it"
    else:
        said, hint = f"`{escape}` is half of a character", "write both halves, or remove it"
    _add(source, place, said, hint, report)


def _cut_off(source: Source, report: Report) -> None:
    """Report that a text ends too early, and what was left open."""
    text = source.text
    open_: list[int] = []
    for found in _TOKEN.finditer(text):
        if found.group() in "[{":
            open_.append(found.start())
        elif found.group() in "]}" and open_:
            open_.pop()
    end = len(text.rstrip())
    report.add(
        codes.NOT_JSON,
        Span(source, end, end),
        f"`{source.name}` is no JSON: it ends before it is complete",
        notes=[Label(Span(source, open_[-1], open_[-1] + 1), "opened here")] if open_ else [],
        hint="export it again: it seems to be cut off",
    )
