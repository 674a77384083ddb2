"""Recovery: reads what can be read of a source that has mistakes.

A small scanner (strings, comments, brackets, the first word of lines) cuts the text into islands,
each a stretch that begins with a keyword of a member at bracket depth zero. Each is parsed alone;
one with a body that fails is cut again inside. What still fails is one message and one `Broken`,
so that three mistakes give three messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs
from lark.exceptions import UnexpectedInput
from lark.lexer import Token

from iamdsl.diagnostics import Label, codes
from iamdsl.source import Span
from iamdsl.syntax import mistakes, tree
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

_TOKEN = re.compile(
    r'(?P<string>"(?:\\.|[^"\\\n])*"?)|(?P<comment>#[^\n]*)'
    r"|(?P<word>[A-Za-z_][\w-]*)|(?P<open>[\[({])|(?P<close>[\])}])"
)
_CLOSES = {"(": ")", "[": "]", "{": "}"}


def parse(engine: Engine, source: Source, report: Report) -> tuple[tree.Member, ...]:
    """Return the members of a source that does not parse as a whole."""
    _check_brackets(source, report)
    return tuple(_sequence(engine, source, report, 0, len(source.text)))


def comments(source: Source) -> list[Token]:
    """Return all comments of a source, those in what could not be read too."""
    return [
        Token("COMMENT", m.group(), m.start(), end_pos=m.end())
        for m in _TOKEN.finditer(source.text)
        if m.lastgroup == "comment"
    ]


def _sequence(
    engine: Engine, source: Source, report: Report, begin: int, end: int
) -> Iterator[tree.Member]:
    for start, stop in _cut(source.text, begin, end):
        try:
            yield from engine.parse("file", start, stop)
        except UnexpectedInput as error:
            yield from _broken(engine, source, report, start, stop, error)


def _broken(
    engine: Engine, source: Source, report: Report, start: int, stop: int, error: UnexpectedInput
) -> Iterator[tree.Member]:
    """Read an island that fails: its head, then its body member by member."""
    body = _body(source.text, start, stop)
    if body is not None:
        opened, closed = body
        head = source.text[: opened + 1] + "}"
        try:
            members = engine.parse_text("file", head, start, opened + 2)
        except UnexpectedInput:
            members = ()
        found: tree.Member | None = members[0] if len(members) == 1 else None
        if isinstance(found, (tree.Declaration, tree.Template, tree.For)):
            inner = tuple(_sequence(engine, source, report, opened + 1, closed))
            yield attrs.evolve(found, body=inner, span=Span(source, start, stop))
            return
    place = Span(source, start, len(source.text[start:stop].rstrip()) + start)
    if report.count(codes.SYNTAX_ERROR) < MAX_MESSAGES:
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
            begins = word in VERBS or (first and (word in NOUNS or _unindented(at, line, word)))
            if depth == 0 and begins:
                starts.append(at)
    for start, stop in zip(starts, [*starts[1:], end], strict=True):
        if not _blank(text, start, stop):
            yield start, stop


def _unindented(at: int, line: int, word: str) -> bool:
    """Tell whether a word in the first column begins something, known or misspelt."""
    return at == line and word not in JOINING


def _blank(text: str, start: int, stop: int) -> bool:
    lines = text[start:stop].split("\n")
    return all(not line.strip() or line.lstrip().startswith("#") for line in lines)


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


def _check_brackets(source: Source, report: Report) -> None:
    """Report brackets without a partner, each at the place that is most likely wrong."""
    stack: list[tuple[str, int]] = []
    text = source.text
    for found in _TOKEN.finditer(text):
        at, mark = found.start(), found.group()
        if found.lastgroup == "string" and (len(mark) < 2 or mark[-1] != '"'):
            line = text.rfind("\n", 0, at)
            while stack and stack[-1][1] > line:
                stack.pop()  # the rest of the line is in the string: nothing can be said of these
        elif found.lastgroup == "word" and stack and stack[-1][0] != "{" and mark in _NEVER_INSIDE:
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
