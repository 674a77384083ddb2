"""The format `full`: each diagnostic with its source lines underlined.

```
error[IAM201]: `s3:ListObjects` is not an IAM action
  ┌─ photos.iam:4:9
4 │   allow s3:ListObjects on bucket
  │         ^^^^^^^^^^^^^^ no action of this name in s3
  = hint: the API call ListObjects is allowed by `s3:ListBucket`
  = more: iamdsl explain IAM201
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from unicodedata import category, east_asian_width

from iamdsl.diagnostics._core import Severity
from iamdsl.diagnostics.render.place import file_name
from iamdsl.diagnostics.render.writing import most_important, totals, visible, way_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.diagnostics._core import Diagnostic
    from iamdsl.source import Source, Span

CAP = 100
"""The most diagnostics shown; the rest is counted."""

_TAB = 4
_LINE_LIMIT = 160  # columns shown of a source line: a minified file has one line of megabytes
_BEFORE = 40  # columns kept to the left of the mark in a line that is cut

_RESET = "\x1b[0m"
_BOLD, _BLUE = "\x1b[1m", "\x1b[1;34m"
_STYLES = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.NOTE: _BLUE}


class _Mark(NamedTuple):
    """A label to be drawn: the main one has `^` under it, the others `-`."""

    span: Span
    text: str
    main: bool


class _Pen(NamedTuple):
    """What all lines of one diagnostic share."""

    color: bool
    style: str
    gutter: int
    prefix: str

    def paint(self, text: str, style: str) -> str:
        return f"{style}{text}{_RESET}" if self.color and text else text

    def row(self, number: str, bar: str, text: str) -> str:
        edge = self.paint(f"{number:>{self.gutter}} {bar}", _BLUE)
        return f"{edge} {text}" if text else edge


def render(
    diagnostics: Sequence[Diagnostic], *, color: bool = False, prefix: str = "", cap: int = CAP
) -> str:
    """Return the diagnostics with their source lines, a blank line between them."""
    shown = most_important(diagnostics, cap)
    blocks = ["\n".join(_lines(d, color=color, prefix=prefix)) for d in shown]
    if len(shown) < len(diagnostics):
        rest = len(diagnostics) - len(shown)
        blocks.append(f"… and {rest:,} more not shown: {totals(diagnostics)} in all")
    return "\n\n".join(blocks) + "\n" if blocks else ""


def headline(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """Return the first line of a diagnostic: severity, code, message."""
    name = f"{diagnostic.severity.value}[{diagnostic.code.number}]"
    message = visible(diagnostic.message)
    if color:
        return f"{_STYLES[diagnostic.severity]}{name}{_RESET}{_BOLD}: {message}{_RESET}"
    return f"{name}: {message}"


def _lines(diagnostic: Diagnostic, *, color: bool, prefix: str) -> Iterator[str]:
    yield headline(diagnostic, color=color)
    marks = [_Mark(note.span, note.text, main=False) for note in diagnostic.notes]
    if diagnostic.span is not None:
        marks.insert(0, _Mark(diagnostic.span, diagnostic.label, main=True))
    last = max((m.span.source.position(_last(m.span))[0] for m in marks), default=0)
    pen = _Pen(color, _STYLES[diagnostic.severity], len(str(last)) if marks else 1, prefix)

    sources: list[Source] = []
    for mark in marks:
        if mark.span.source not in sources:
            sources.append(mark.span.source)
    for source in sources:
        yield from _snippet(source, [m for m in marks if m.span.source is source], pen)

    for way in diagnostic.ways:
        yield _foot(pen, way_name(way), way.text)
    if diagnostic.hint:
        yield _foot(pen, "hint", diagnostic.hint)
    if diagnostic.fix is not None:
        yield _foot(pen, "fix available", diagnostic.fix.title)
    yield _foot(pen, "more", f"iamdsl explain {diagnostic.code.number}")


def _foot(pen: _Pen, name: str, text: str) -> str:
    return f"{' ' * pen.gutter} {pen.paint('=', _BLUE)} {pen.paint(name, _BOLD)}: {visible(text)}"


def _last(span: Span) -> int:
    """Return the offset of the last character that is underlined."""
    end = max(span.start, min(span.end, len(span.source.text)) - 1)
    while end > span.start and span.source.text[end] in " \t\r\n":
        end -= 1
    return end


def _snippet(source: Source, marks: list[_Mark], pen: _Pen) -> Iterator[str]:
    """Yield the header and the marked lines of one file, in their order."""
    first = min(marks, key=lambda m: (not m.main, m.span.start))
    line, column = source.position(first.span.start)
    where = f"{visible(file_name(source, pen.prefix))}:{line}:{column}"
    yield f"{' ' * pen.gutter} {pen.paint('┌─', _BLUE)} {where}"

    by_line: dict[int, list[_Mark]] = {}
    for mark in sorted(marks, key=lambda m: (m.span.start, not m.main, m.span.end)):
        for number in _shown_lines(mark.span):
            by_line.setdefault(number, []).append(mark)
    before = None
    for number in sorted(by_line):
        if before is not None and number == before + 2:
            yield pen.row(str(number - 1), "│", _Line(source, number - 1, ()).text)
        elif before is not None and number > before + 1:
            yield pen.row("", "·", "")
        yield from _marked_line(source, number, by_line[number], pen)
        before = number


def _shown_lines(span: Span) -> Sequence[int]:
    """Return the lines of a span that are shown: the first and the last of a long one."""
    first = span.source.position(span.start)[0]
    last = span.source.position(_last(span))[0]
    return range(first, last + 1) if last - first < 3 else (first, last)


def _marked_line(source: Source, number: int, marks: list[_Mark], pen: _Pen) -> Iterator[str]:
    start = source.line_starts[number - 1]
    written = source.line(number)
    stretches = []
    for mark in marks:
        low = max(mark.span.start - start, 0)
        high = min(max(_last(mark.span) + 1, mark.span.start) - start, len(written))
        if mark.span.start < start:
            low = len(written) - len(written.lstrip())
        if mark.span.end <= mark.span.start:
            high = low
        stretches.append((min(low, len(written)), high, mark))
    line = _Line(source, number, [low for low, _, _ in stretches])
    yield pen.row(str(number), "│", line.text)
    for low, high, mark in stretches:
        left, right = line.column(low), line.column(high)
        rule = ("^" if mark.main else "-") * max(1, right - left)
        ends_here = source.position(_last(mark.span))[0] == number
        label = f" {visible(mark.text)}" if mark.text and ends_here else ""
        style = pen.style if mark.main else _BLUE
        yield pen.row("", "│", " " * left + pen.paint(rule + label, style))


class _Line:
    """One source line as it is displayed: tabs expanded, cut around the marks if it is long."""

    def __init__(self, source: Source, number: int, marks: Sequence[int]) -> None:
        written = source.line(number)
        self._columns = columns = _columns(written)
        self._first, self._end = 0, len(written)
        if columns[-1] > _LINE_LIMIT:
            wanted = columns[min(marks, default=0)] - _BEFORE
            while columns[self._first] < wanted:
                self._first += 1
            limit = columns[self._first] + _LINE_LIMIT
            while columns[self._end] > limit:
                self._end -= 1
        cells = [
            " " * (columns[i + 1] - columns[i]) if written[i] == "\t" else visible(written[i])
            for i in range(self._first, self._end)
        ]
        self._shift = 1 if self._first else 0
        right = "…" if self._end < len(written) else ""
        self.text = ("…" * self._shift + "".join(cells) + right).rstrip()

    def column(self, index: int) -> int:
        """Return the display column (from 0) of the character at `index` of the written line."""
        index = min(max(index, self._first), self._end)
        return self._columns[index] - self._columns[self._first] + self._shift


def _columns(text: str) -> list[int]:
    """Return for each character the column it begins at, and at last the width of all."""
    if text.isascii() and "\t" not in text:
        return list(range(len(text) + 1))
    columns, at = [0], 0
    for character in text:
        if character == "\t":
            at += _TAB - at % _TAB
        elif visible(character) == character and category(character) in ("Mn", "Me", "Cf"):
            pass  # drawn over the character before it
        else:
            at += 2 if east_asian_width(character) in "WF" else 1
        columns.append(at)
    return columns
