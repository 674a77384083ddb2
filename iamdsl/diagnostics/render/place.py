"""Places in sources as renderers need them: file names, lines, columns in several units."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from iamdsl.source import Source, Span

_NO_PREFIX = ("<", "std/", "@", "/")
"""Beginnings of the names that no file of the project has: `<stdin>`, modules of ours, absolute."""


class Position(NamedTuple):
    """A point in a source.

    Attributes:
        line: from 1.
        column: from 1, in code points.
        utf16: from 1, in UTF-16 code units, as editors and SARIF count.
        offset: from 0, in code points from the start of the file.
    """

    line: int
    column: int
    utf16: int
    offset: int


class Place(NamedTuple):
    """A stretch of a file; `end` is the point after its last character."""

    file: str
    start: Position
    end: Position


def file_name(source: Source, prefix: str) -> str:
    """Return the name of a source with `prefix` before it, if it is a file of the project."""
    return source.name if source.name.startswith(_NO_PREFIX) else prefix + source.name


def place(span: Span, prefix: str = "") -> Place:
    """Return file, start and end of a span."""
    return Place(
        file_name(span.source, prefix),
        _position(span.source, span.start),
        _position(span.source, max(span.start, span.end)),
    )


def _position(source: Source, offset: int) -> Position:
    line, column = source.position(offset)
    before = source.text[offset - column + 1 : offset]
    wide = 0 if before.isascii() else sum(character > "\uffff" for character in before)
    return Position(line, column, column + wide, offset)
