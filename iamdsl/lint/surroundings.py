"""What stands around a place: the member of a source, and the first line of a statement."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from iamdsl.diagnostics import Report
from iamdsl.syntax import parse, tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.source import Source, Span

Block: TypeAlias = tree.Declaration | tree.Template | tree.For | tree.If
BLOCKS = (tree.Declaration, tree.Template, tree.For, tree.If)

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]')
_HEAD = 100
"""Characters of a statement in JSON that count as its first line: as many as a line has."""


def inside(member: Block) -> Sequence[tree.Member]:
    """Return the members in a block, those of both branches of an `if`."""
    return (*member.body, *member.otherwise) if isinstance(member, tree.If) else member.body


def member_at(members: Sequence[tree.Member], offset: int) -> tree.Member | None:
    """Return the innermost member of a source in which an offset lies."""
    for member in members:
        if member.span.start <= offset < member.span.end:
            if isinstance(member, BLOCKS):
                return member_at(inside(member), offset) or member
            return member
    return None


def members_ending(members: Sequence[tree.Member], offset: int) -> Iterator[tree.Member]:
    """Yield the members after which nothing but space stands before an offset."""
    for member in members:
        if member.span.start >= offset:
            return
        if member.span.end <= offset:
            if not member.span.source.text[member.span.end : offset].strip():
                yield member
        elif isinstance(member, BLOCKS):
            yield from members_ending(inside(member), offset)


class Surroundings:
    """Finds the statement that a place is in; reads each source once."""

    def __init__(self) -> None:
        self._trees: dict[int, tuple[Source, tree.File]] = {}
        self._objects: dict[int, tuple[Source, list[tuple[int, int]]]] = {}

    def first_line(self, span: Span) -> str:
        """Return the first line of the statement or declaration in which a span begins.

        In JSON it is how the object begins that has an `Effect`; elsewhere the line itself.
        """
        source = span.source
        if is_language(source):
            if id(source) not in self._trees:
                self._trees[id(source)] = source, parse(source, Report())
            return _opening(self._trees[id(source)][1], span.start)
        if source.text.lstrip()[:1] in {"{", "["}:
            return self._statement(span)
        return source.line(source.position(span.start)[0])

    def _statement(self, span: Span) -> str:
        source = span.source
        if id(source) not in self._objects:
            self._objects[id(source)] = source, list(_objects(source.text))
        around = [(s, e) for s, e in self._objects[id(source)][1] if s <= span.start < e]
        for start, end in sorted(around, reverse=True):
            text = source.text[start:end]
            if '"Effect"' in text:
                return "".join(text.split())[:_HEAD]
        return ""


def _opening(file: tree.File, offset: int) -> str:
    """Return the first line of the innermost member at an offset, without a comment behind it."""
    member = member_at(file.members, offset)
    text, start = file.span.source.text, member.span.start if member is not None else offset
    ends = [len(text) if member is None else member.span.end, text.find("\n", start)]
    ends += [c.span.start for c in file.comments if c.span.start >= start][:1]
    return text[start : min(end for end in ends if end >= start)]


def is_language(source: Source) -> bool:
    """Tell whether a text is in the language, and not data or a document."""
    return source.name.endswith(".iam") or source.name == "<stdin>"


def _objects(text: str) -> list[tuple[int, int]]:
    """Return where the objects of a JSON text begin and end."""
    found, open_ = [], []
    for token in _TOKEN.finditer(text):
        if token[0] == "{":
            open_.append(token.start())
        elif token[0] == "}" and open_:
            found.append((open_.pop(), token.end()))
    return found
