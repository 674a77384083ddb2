"""Where one value of a JSON text stands, found by reading no more of the text than it takes.

For texts of many megabytes: what lies beside the way is skipped by Python's own reader. The text
must be JSON; `places` indexes also what stops being it.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl.datafile.places import Stretch, on_one_line
from iamdsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.datafile.places import Path
    from iamdsl.source import Source

_BLANK = re.compile(r"[ \t\n\r\ufeff]*")
_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


class _Member(NamedTuple):
    """An item of a container: its index or name, where the name stands, where the value begins."""

    part: str | int
    name: Stretch | None
    start: int


class JsonPlaces:
    """The places in one JSON text; what was read on the way to one is known for the next."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[int, dict[str | int, _Member]] = {}  # by where a container begins
        self._rest: dict[int, Iterator[_Member]] = {}

    def span(self, source: Source, path: Path, *, key: bool = False) -> Span:
        """Return the place of a value (or of its key), or of the nearest that is around it."""
        start, name = _after_blank(self._text, 0), None
        exact = True
        for part in path:
            member = self._member(start, part)
            if member is None:
                exact = False
                break
            _, name, start = member
        if key and exact and name is not None:
            return Span(source, *name)
        return on_one_line(source, Stretch(start, _end(self._text, start)))

    def _member(self, container: int, part: str | int) -> _Member | None:
        known = self._known.setdefault(container, {})
        if part not in known:
            rest = self._rest.setdefault(container, _members(self._text, container))
            for member in rest:
                known.setdefault(member.part, member)
                if member.part == part:
                    break
        return known.get(part)


def repeated(text: str) -> Iterator[tuple[Stretch, Stretch]]:
    """Yield pairs of a key's second place in an object and its first, in the order of the text."""
    yield from _repeated(text, _after_blank(text, 0))


def too_deep(text: str, levels: int) -> int | None:
    """Return where the first container begins that lies below so many others, or None.

    The text need not be JSON.
    """
    depth = 0
    for found in _BRACKET.finditer(text):
        first = text[found.start()]
        if first in "[{":
            depth += 1
            if depth > levels:
                return found.start()
        elif first in "]}":
            depth -= 1
    return None


def _repeated(text: str, container: int) -> Iterator[tuple[Stretch, Stretch]]:
    seen: dict[str | int, Stretch] = {}
    for part, name, start in _members(text, container):
        if name is not None and seen.setdefault(part, name) is not name:
            yield name, seen[part]
        try:
            _STRICT.raw_decode(text, start)
        except _TwiceError:
            yield from _repeated(text, start)


def _members(text: str, container: int) -> Iterator[_Member]:
    """Yield the members of an object or the items of a list; nothing, for other values."""
    if text[container] not in "[{":
        return
    named = text[container] == "{"
    at, index = _after_blank(text, container + 1), 0
    while text[at] not in "]}":
        part: str | int = index
        name = None
        if named:
            part, end = _DECODER.raw_decode(text, at)
            name = Stretch(at, end)
            at = _after_blank(text, _after_blank(text, end) + len(":"))
        yield _Member(part, name, at)
        at = _after_blank(text, _end(text, at))
        if text[at] == ",":
            at = _after_blank(text, at + 1)
        index += 1


def _after_blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found is not None else at


@lru_cache(maxsize=256)
def _end(text: str, start: int) -> int:
    return _DECODER.raw_decode(text, start)[1]


class _TwiceError(ValueError):
    """A key stands twice in one object."""


def _object(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise _TwiceError


_DECODER = json.JSONDecoder(parse_float=str, parse_int=str)
_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_float=str, parse_int=str)
