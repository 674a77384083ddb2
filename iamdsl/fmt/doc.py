"""Documents: texts with places where a line may break, and the way from them to lines.

The algebra is that of Wadler ("A prettier printer") as Prettier has made it common: a `Group` is
written on one line if it fits, else each `Line` that is directly in it breaks. What no line of
anybody's can hold flat (a forced break, a comment) breaks every group around it.

`render` takes time that is linear in the document: a document knows its width on one line since
it was made, and what follows a group is looked at for one line at most. Nothing here recurses.
"""

from __future__ import annotations

from typing import Final, TypeAlias

WIDTH: Final = 100
"""The columns of a line."""

INDENT: Final = 2

BROKEN: Final = 1 << 40
"""The width on one line of what cannot stand on one."""


class Line:
    """A place to break: `flat` if its group is on one line, else a new line, or one after a gap."""

    __slots__ = ("flat", "gap", "width")

    def __init__(self, flat: str | None, *, gap: bool = False) -> None:
        self.flat = flat
        self.gap = gap
        self.width = BROKEN if flat is None else len(flat)


SPACE: Final = Line(" ")
SOFT: Final = Line("")
HARD: Final = Line(None)
GAP: Final = Line(None, gap=True)


class Concat:
    """One after the other."""

    __slots__ = ("parts", "width")

    def __init__(self, parts: tuple[Doc, ...]) -> None:
        self.parts = parts
        self.width = sum([width(part) for part in parts])


class Nest:
    """What breaks inside is indented: by `by` more columns, or, with None, to where it begins."""

    __slots__ = ("body", "by", "width")

    def __init__(self, body: Doc, by: int | None = INDENT) -> None:
        self.body = body
        self.by = by
        self.width = width(body)


class Group:
    """On one line if it fits."""

    __slots__ = ("body", "width")

    def __init__(self, body: Doc) -> None:
        self.body = body
        self.width = width(body)


class Fill:
    """Items with spaces between them, as many as fit on each line.

    An item is what stands before it (comments), or None, and itself, its comma included.
    """

    __slots__ = ("items", "width")

    def __init__(self, items: tuple[tuple[Doc | None, Doc], ...]) -> None:
        self.items = items
        inner = sum([width(item) + (0 if lead is None else width(lead)) for lead, item in items])
        self.width = inner + max(0, len(items) - 1)


class IfBroken:
    """A text that is there only if the group around it breaks: the comma after the last row."""

    __slots__ = ("text", "width")

    def __init__(self, text: str) -> None:
        self.text = text
        self.width = 0


class Comment:
    """A comment, at the end of the line before it or, with `own`, on a line of its own."""

    __slots__ = ("own", "text", "width")

    def __init__(self, text: str, *, own: bool) -> None:
        self.text = text
        self.own = own
        self.width = BROKEN


Doc: TypeAlias = str | Line | Concat | Nest | Group | Fill | IfBroken | Comment


def width(doc: Doc) -> int:
    """Return the columns of a document on one line; `BROKEN` or more if it cannot stand on one."""
    return len(doc) if isinstance(doc, str) else doc.width


def concat(*parts: Doc) -> Doc:
    """Return documents as one."""
    return parts[0] if len(parts) == 1 else Concat(parts)


def join(separator: Doc, docs: list[Doc]) -> Doc:
    """Return documents with a separator between them."""
    parts: list[Doc] = []
    for doc in docs:
        parts += (separator, doc) if parts else (doc,)
    return Concat(tuple(parts))


class _FillRest:
    """A fill on its way: the next item, and whether the one before it stands on one line."""

    __slots__ = ("at", "fill", "whole")

    def __init__(self, fill: Fill, at: int, *, whole: bool) -> None:
        self.fill = fill
        self.at = at
        self.whole = whole


class _Output:
    """Lines so far.

    A new line is written only when something comes to stand on it, so that a comment can still
    go to the end of the one before, and nothing ever ends with white space.
    """

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.parts: list[str] = []
        self.at = 0
        self.pending: int | None = None
        self.gap = False
        self.commented = False

    def column(self) -> int:
        return self.at if self.pending is None else self.pending

    def left(self) -> int:
        """Return how many columns the line has left."""
        return self.columns - self.column()

    def text(self, text: str) -> None:
        if not text:
            return
        if self.pending is not None:
            self._flush(self.pending)
        self.parts.append(text)
        self.at += len(text)

    def line(self, indent: int, *, gap: bool = False) -> None:
        self.pending = indent
        self.gap = self.gap or gap

    def comment(self, text: str, indent: int, *, own: bool) -> None:
        if own or self.commented or not self.parts:
            self._flush(indent if self.pending is None else self.pending)
            self.parts.append(text)
        else:
            self._strip()
            self.parts.append(f"  {text}")
        self.commented = True
        if self.pending is None:
            self.pending = indent

    def _flush(self, indent: int) -> None:
        if self.parts:
            self._strip()
            self.parts.append(("\n\n" if self.gap else "\n") + " " * indent)
        self.at = indent
        self.pending, self.gap, self.commented = None, False, False

    def _strip(self) -> None:
        """Take away the space that was meant to stand before something on the same line."""
        while self.parts:
            if last := self.parts.pop().rstrip(" "):
                self.parts.append(last)
                return


def render(doc: Doc, columns: int = WIDTH) -> str:
    """Return a document as lines of at most so many columns, where that can be."""
    out = _Output(columns)
    stack: list[tuple[int, bool, Doc | _FillRest]] = [(0, True, doc)]
    while stack:
        indent, broken, doc_ = stack.pop()
        match doc_:
            case str():
                out.text(doc_)
            case Concat(parts=parts):
                stack.extend([(indent, broken, part) for part in reversed(parts)])
            case Line(flat=flat):
                if broken or flat is None:
                    out.line(indent, gap=doc_.gap)
                else:
                    out.text(flat)
            case Group(body=body):
                breaks = broken and not _fits(out.left() - doc_.width, stack)
                stack.append((indent, breaks, body))
            case Nest(body=body, by=by):
                stack.append((out.column() if by is None else indent + by, broken, body))
            case Fill(items=items):
                if items:
                    stack.append((indent, broken, _FillRest(doc_, 0, whole=True)))
            case _FillRest():
                _fill(doc_, indent, broken, out, stack)
            case IfBroken(text=text):
                out.text(text if broken else "")
            case Comment(text=text, own=own):
                out.comment(text, indent, own=own)
    return "".join(out.parts) + ("\n" if out.parts else "")


def _fill(
    rest: _FillRest,
    indent: int,
    broken: bool,
    out: _Output,
    stack: list[tuple[int, bool, Doc | _FillRest]],
) -> None:
    """Put the next item of a fill on the stack, and what comes after it below."""
    lead, item = rest.fill.items[rest.at]
    start, last = rest.at == 0, rest.at + 1 == len(rest.fill.items)
    if broken and not start:
        fits = 1 + width(item) <= out.left()
        if lead is None and rest.whole and fits:
            out.text(" ")
        else:
            out.line(indent)
    elif not start:
        out.text(" ")
    if not last:
        whole = indent + width(item) <= out.columns
        stack.append((indent, broken, _FillRest(rest.fill, rest.at + 1, whole=whole)))
    stack.append((indent, broken, item))
    if lead is not None:
        stack.append((indent, broken, lead))


def _fits(left: int, stack: list[tuple[int, bool, Doc | _FillRest]]) -> bool:
    """Tell whether what follows a group fits beside it, up to the next place to break.

    `left` is what the group leaves of the line.
    """
    if left < 0:
        return False
    below = len(stack)
    waiting: list[tuple[bool, Doc | _FillRest]] = []
    while True:
        if not waiting:
            if below == 0:
                return True
            below -= 1
            waiting.append(stack[below][1:])
        broken, part = waiting.pop()
        match part:
            case str():
                left -= len(part)
            case Concat(parts=parts):
                waiting.extend([(broken, inner) for inner in reversed(parts)])
            case Line(flat=flat):
                if broken or flat is None:
                    return True
                left -= len(flat)
            case Group(body=body) | Nest(body=body):
                waiting.append((broken, body))
            case Fill(items=items):
                if items:
                    waiting.append((broken, _FillRest(part, 0, whole=True)))
            case _FillRest(fill=fill, at=at):
                if at or fill.items[at][0] is not None:
                    return True
                if len(fill.items) > 1:
                    waiting.append((True, HARD))
                waiting.append((broken, fill.items[0][1]))
            case IfBroken(text=text):
                left -= len(text) if broken else 0
            case Comment():
                return True
        if left < 0:
            return False
