"""Where text comes from: a named source, spans in it, and line and column of an offset.

Invariant: this module imports nothing of ours and reads nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable


@attrs.define(eq=False, repr=False)
class Source:
    """A text with the name people know it by, compared by identity.

    Attributes:
        name: what messages call it: a path with forward slashes, `<stdin>`, or `std/lambda.iam`.
        text: the whole text, decoded.
    """

    name: str
    text: str
    _lines: list[int] | None = attrs.field(default=None, init=False)

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    @property
    def line_starts(self) -> list[int]:
        """Return the offset of the first character of every line."""
        if self._lines is None:
            lengths = [len(line) + 1 for line in self.text.split("\n")]
            self._lines = [0, *accumulate(lengths[:-1])]
        return self._lines

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of `offset`, both from 1, columns in code points."""
        starts = self.line_starts
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return the text of line `number` (from 1) without its end."""
        starts = self.line_starts
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")


@attrs.frozen(repr=False)
class Span:
    """A stretch of a source: `start` inclusive, `end` exclusive, offsets in code points."""

    source: Source
    start: int
    end: int

    def __repr__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"

    @property
    def text(self) -> str:
        """Return the text that the span covers."""
        return self.source.text[self.start : self.end]

    @property
    def before(self) -> Span:
        """Return the empty span at its start, where text can be put in."""
        return self.part(self.start, self.start)

    @property
    def after(self) -> Span:
        """Return the empty span at its end."""
        return self.part(self.end, self.end)

    def part(self, start: int, end: int) -> Span:
        """Return another stretch of the same source; what was borrowed for this one stays here."""
        return Span(self.source, start, end)

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of `other`."""
        return Span(self.source, self.start, max(self.end, other.end))

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two have a place in common."""
        return self.source is other.source and self.start < other.end and other.start < self.end


@attrs.frozen(repr=False, eq=False)
class Borrowed(Span):
    """The use of values that stand in other files, such as imported data.

    Attributes:
        origins: lead to where they stand; asked by messages only, since finding a place means
            reading a file again.
        whole: whether what is used is the one value itself, with nothing added to it.
        word: what is said of the use where the origin is shown as the place of a mistake; empty
            where the use is no place to show.
    """

    origins: tuple[Callable[[], Span], ...]
    whole: bool = True
    word: str = "used here"


def moved(place: Span, *values: Span | None) -> Span:
    """Return `place` as the use of what `values` have borrowed; itself when that is nothing.

    With one value it is that value, at another place; several make up something new.
    """
    borrowed = [value for value in values if isinstance(value, Borrowed)]
    if not borrowed:
        return place
    if len(values) == 1:
        (only,) = borrowed
        return Borrowed(place.source, place.start, place.end, only.origins, only.whole)
    origins = tuple(dict.fromkeys(o for b in borrowed for o in b.origins))
    return Borrowed(place.source, place.start, place.end, origins, whole=False)
