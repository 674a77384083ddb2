"""Recovery: reads what can be read of a source that has mistakes.

A small scanner (strings, comments, brackets, the first word of lines) cuts the text into islands,
each a stretch that begins with a keyword of a member at bracket depth zero. Each is parsed alone;
one with a body that fails is cut again inside. What still fails is one message and one `Broken`,
so that three mistakes give three messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import attrs
from lark.exceptions import UnexpectedInput
from lark.lexer import Token

from iamdsl.diagnostics import Label, codes
from iamdsl.source import Span
from iamdsl.syntax import habits, mistakes, tree
from iamdsl.syntax.words import JOINING, NOUNS, TOP, VERBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.source import Source
    from iamdsl.syntax.parser import Engine

_NEVER_INSIDE = frozenset("allow deny trust attach on to when unless".split())
"""Words that no list and no argument can hold: a bracket that is open at one was forgotten."""

MAX_MESSAGES = 100
"""Syntax errors of a run that are told one by one; a file of another kind has thousands."""

_AS_A_NAME = re.compile(r"[ \t]*[:=,)\]]")
"""What follows such a word that was taken for a name: a mistake of its own."""

_TOKEN = re.compile(
    r'(?P<string>"(?:\\.|[^"\\\n])*"?)|(?P<comment>#[^\n]*)'
    r"|(?P<word>[A-Za-z_][\w-]*)|(?P<open>[\[({])|(?P<close>[\])}])"
)
_CLOSES = {"(": ")", "[": "]", "{": "}"}


_FOREIGN_COMMENT = re.compile(
    r'"(?:\\.|[^"\\\n])*"?|#[^\n]*|(?<!\S)(?:(?P<line>//[^\n]*)|(?P<block>/\*))'
)
_DECLARED = re.compile(
    r"\b(?:policy|boundary|scp|rcp|role|user|group|let|param|extern|template|from)\s+(?:\S+\s+)?$"
)


_NEAR = 200
"""Characters before a keyword in which the word that takes it for a name is looked for."""


class _Recovery(NamedTuple):
    """What every step needs.

    Attributes:
        text: the source's, comments of other languages blanked.
        told: the stretches of which something was said, which is dear and so bounded.
    """

    engine: Engine
    source: Source
    text: str
    report: Report
    told: list[Span]


def parse(engine: Engine, source: Source, report: Report) -> tuple[tree.Member, ...]:
    """Return the members of a source that does not parse as a whole."""
    run = _Recovery(engine, source, _without_foreign_comments(source, report), report, [])
    _check_brackets(run)
    return tuple(_sequence(run, 0, len(source.text)))


def _without_foreign_comments(source: Source, report: Report) -> str:
    """Report comments of C, and return the text with blanks in their place."""
    text, at, kept = source.text, 0, 0
    parts: list[str] = []
    while found := _FOREIGN_COMMENT.search(text, at):
        at = found.end()
        if found.lastgroup is None:
            continue
        if found.lastgroup == "block":
            close = text.find("*/", at)
            at = close + 2 if close >= 0 else len(text)
        if len(parts) < 2 * MAX_MESSAGES:
            mistakes.foreign_comment(source, found.start(), at, report)
        blanks = re.sub(r"[^\n]", " ", text[found.start() : at])
        parts += (text[kept : found.start()], blanks)
        kept = at
    return "".join((*parts, text[kept:]))


def comments(source: Source) -> list[Token]:
    """Return all comments of a source, those in what could not be read too."""
    return [
        Token("COMMENT", m.group(), m.start(), end_pos=m.end())
        for m in _TOKEN.finditer(source.text)
        if m.lastgroup == "comment"
    ]


def _sequence(run: _Recovery, begin: int, end: int) -> Iterator[tree.Member]:
    for start, stop in _cut(run.text, begin, end):
        try:
            yield from run.engine.parse_text("file", run.text, start, stop)
        except UnexpectedInput as error:
            yield from _broken(run, start, stop, error)


def _broken(run: _Recovery, start: int, stop: int, error: UnexpectedInput) -> Iterator[tree.Member]:
    """Read an island that fails: its head, then its body member by member."""
    source, report = run.source, run.report
    body = _body(run.text, start, stop)
    if body is not None:
        opened, closed = body
        head = run.text[: opened + 1] + "}"
        try:
            members = run.engine.parse_text("file", head, start, opened + 2)
        except UnexpectedInput:
            members = ()
        found: tree.Member | None = members[0] if len(members) == 1 else None
        if isinstance(found, (tree.Declaration, tree.Template, tree.For)):
            inner = tuple(_sequence(run, opened + 1, closed))
            yield attrs.evolve(found, body=inner, span=Span(source, start, stop))
            return
    place = Span(source, start, len(run.text[start:stop].rstrip()) + start)
    if len(run.told) < MAX_MESSAGES:
        run.told.append(place)
        mistakes.explain(error, source, report, place)
    yield tree.Broken(span=place)


def _cut(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches that begin with a member's keyword at depth zero.

    A keyword of a whole declaration in the first column begins one at any depth: where a closing
    brace is missing, the layout still shows what was meant.
    """
    starts = [begin]
    depth = 0
    for found in _TOKEN.finditer(text, begin, end):
        kind, word, at = found.lastgroup, found.group(), found.start()
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(0, depth - 1)
        elif kind == "word":
            line = text.rfind("\n", 0, at) + 1
            first = not text[line:at].strip()
            if first and line == at and word in TOP and begin == 0:
                depth = 0
            begins = (word in VERBS and not _DECLARED.search(text, max(line, at - _NEAR), at)) or (
                first and (word in NOUNS or _unindented(at, line, word))
            )
            if depth == 0 and begins:
                starts.append(at)
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        if not habits.only_comments(text[start:stop]):
            yield start, stop


def _unindented(at: int, line: int, word: str) -> bool:
    """Tell whether a word in the first column begins something, known or misspelt."""
    return at == line and word not in JOINING


def _body(text: str, start: int, stop: int) -> tuple[int, int] | None:
    """Return where the last block at depth zero of an island opens and closes."""
    stack: list[int] = []
    block: tuple[int, int] | None = None
    for found in _TOKEN.finditer(text, start, stop):
        if found.lastgroup == "open":
            stack.append(found.start())
        elif found.lastgroup == "close" and stack:
            opened = stack.pop()
            if not stack and text[opened] == "{":
                block = (opened, found.start())
    if block is None and stack and text[stack[0]] == "{":
        return stack[0], stop
    return block


def _check_brackets(run: _Recovery) -> None:
    """Report brackets without a partner, each at the place that is most likely wrong."""
    stack: list[tuple[str, int]] = []
    source, text, report = run.source, run.text, run.report
    for found in _TOKEN.finditer(text):
        at, mark = found.start(), found.group()
        if found.lastgroup == "string" and (len(mark) < 2 or mark[-1] != '"'):
            line = text.rfind("\n", 0, at)
            while stack and stack[-1][1] > line:
                stack.pop()  # the rest of the line is in the string: nothing can be said of these
        elif (
            found.lastgroup == "word"
            and stack
            and stack[-1][0] != "{"
            and mark in _NEVER_INSIDE
            and not _AS_A_NAME.match(text, found.end())
        ):
            _unclosed(source, report, stack.pop(), at)
        elif found.lastgroup == "word" and stack and mark in TOP and _first_column(text, at):
            _unclosed(source, report, stack.pop(), at)
            stack.clear()
        elif found.lastgroup == "open":
            stack.append((mark, at))
        elif found.lastgroup == "close":
            if stack and _CLOSES[stack[-1][0]] == mark:
                stack.pop()
            elif any(_CLOSES[opened] == mark for opened, _ in stack):
                while _CLOSES[stack[-1][0]] != mark:
                    _unclosed(source, report, stack.pop(), at)
                stack.pop()
            else:
                report.add(
                    codes.UNCLOSED_BRACKET,
                    Span(source, at, at + 1),
                    f"`{mark}` closes nothing",
                    hint="remove it, or add the bracket that it should close",
                )
    for opened in stack[-1:]:
        _unclosed(source, report, opened, len(text))


def _first_column(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] == "\n"


def _unclosed(source: Source, report: Report, opened: tuple[str, int], at: int) -> None:
    mark, start = opened
    place = Span(source, at, min(at + 1, len(source.text)))
    report.add(
        codes.UNCLOSED_BRACKET,
        Span(source, start, start + 1),
        f"`{mark}` is never closed",
        notes=[Label(place, f"expected `{_CLOSES[mark]}` before this")] if place.text else [],
        hint=f"add `{_CLOSES[mark]}` where the block or list ends",
    )
