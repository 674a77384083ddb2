"""Where the values of a data file stand, by their paths; read only when there is something to say.

The file has been read by a parser that tells no places. What is kept here is its lexical form
alone: an `Index` of keys and values by path, e.g. `(3, "id")`. A part that the readers do not
understand has no entry, and what lies in it is shown at what is around it, never at a wrong value.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from iamdsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.source import Source

Path: TypeAlias = "tuple[str | int, ...]"

_JSON_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)

_MAX_DEPTH = 256
"""Levels of nesting that are indexed: paths grow with them, and no type is that deep."""


class Stretch(NamedTuple):
    """Offsets of a piece of text: `start` inclusive, `end` exclusive."""

    start: int
    end: int


class Index:
    """The places of the keys and values of one file.

    Attributes:
        repeated: pairs of a key's second place and its first, in the order of the text.
    """

    def __init__(self) -> None:
        self._values: dict[Path, Stretch] = {}
        self._keys: dict[Path, Stretch] = {}
        self._again: set[Path] = set()
        self.repeated: list[tuple[Stretch, Stretch]] = []

    def key(self, path: Path, start: int, end: int) -> None:
        """Add the place of a key; one that was there before is repeated."""
        place = Stretch(start, end)
        first = self._keys.setdefault(path, place)
        if first != place and not any(path[:n] in self._again for n in range(len(path))):
            self._again.add(path)
            self.repeated.append((place, first))

    def mention(self, path: Path, start: int, end: int) -> None:
        """Add where a table is first spoken of, in a header or a dotted key."""
        self._keys.setdefault(path, Stretch(start, end))

    def value(self, path: Path, start: int, end: int) -> None:
        """Add the place of a value."""
        self._values.setdefault(path, Stretch(start, end))

    def span(self, source: Source, path: Path, *, key: bool = False) -> Span:
        """Return the place of a value (or of its key), or of the nearest that is around it."""
        for length in range(len(path), -1, -1):
            around = path[:length]
            exact = length == len(path)
            found = self._values.get(around)
            if found is None or (key and exact):
                found = self._keys.get(around, found)
            if found is not None:
                return on_one_line(source, found)
        return Span(source, 0, 0)


def on_one_line(source: Source, found: Stretch) -> Span:
    """Return the span of a value; of one over several lines, what it opens with.

    Where several lines hold no bracket, the first is shown.
    """
    text = source.text
    end = text.find("\n", found.start, found.end)
    if end < 0:
        return Span(source, found.start, found.end)
    bracket = text[found.start] in "[{"
    end = found.start + 1 if bracket else len(text[:end].rstrip())
    return Span(source, found.start, max(end, found.start + 1))


def of_json(text: str) -> Index:
    """Return the places in a JSON text, up to where it stops being JSON."""
    index = Index()
    open_: list[tuple[int, Path]] = []  # where each container begins, and its path
    path: Path = ()
    expect_key = False
    for found in _JSON_WORD.finditer(text):
        word, start, end = found.group(), found.start(), found.end()
        if word in "[{":
            if len(open_) == _MAX_DEPTH:
                break
            open_.append((start, path))
            expect_key = word == "{"
            if not expect_key:
                path = (*path, 0)
        elif word in "]}":
            if not open_:
                break
            start, path = open_.pop()
            index.value(path, start, end)
        elif word == ",":
            if not open_:
                break
            begin, around = open_[-1]
            expect_key = text[begin] == "{"
            last = path[-1] if path else 0
            path = around if expect_key else (*around, last + 1 if isinstance(last, int) else 0)
        elif expect_key and word[0] == '"':
            name = _unquoted(word)
            if name is None:
                break
            path = (*open_[-1][1], name)
            index.key(path, start, end)
            expect_key = False
        elif word != ":":
            index.value(path, start, end)
    for start, around in open_:
        index.value(around, start, start + 1)
    return index


def _unquoted(token: str) -> str | None:
    try:
        return str(json.loads(token))
    except ValueError:
        return None


# TOML, version 1.0: https://toml.io/en/v1.0.0

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_TEXT = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'(?:[^\']|\'(?!\'\'))*\'{3,5}'
    r'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_BARE = re.compile(r"[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?")
"""A number, a boolean, or a date, which may have a blank before its time."""


class _Unreadable(Exception):  # noqa: N818 (ends the reading, and is caught where it began)
    """The text is no TOML from here on."""


def of_toml(text: str) -> Index:
    """Return the places in a TOML text, up to where it stops being TOML."""
    index = Index()
    with suppress(_Unreadable, RecursionError):
        _Toml(text, index).read()
    return index


class _Toml:
    """A walk over the statements of a TOML text."""

    def __init__(self, text: str, index: Index) -> None:
        self.text, self.index = text, index
        self.at = 0
        self._tables: dict[Path, int] = {}  # of each array of tables, the index of its last

    def read(self) -> None:
        table: Path = ()
        self.at = self._after(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self.at = self._after(_BLANK)

    def _header(self) -> Path:
        start = self.at
        many = self.text.startswith("[[", start)
        self.at += 1 + many
        names = [name for name, _, _ in self._keys()]
        self._expect("]]" if many else "]")
        table: Path = ()
        for i, name in enumerate(names):
            table = (*table, name)
            self.index.mention(table, start, self.at)
            if many and i == len(names) - 1:
                self._tables[table] = self._tables.get(table, -1) + 1
            if table in self._tables:
                table = (*table, self._tables[table])
        if many:
            self.index.mention(table, start, self.at)
        else:
            self.index.key((*table, 0), start, self.at)  # `[a]` twice; a table has no item 0
        return table

    def _pair(self, table: Path) -> None:
        keys = list(self._keys())
        for name, start, end in keys[:-1]:
            table = (*table, name)
            self.index.mention(table, start, end)
        name, start, end = keys[-1]
        table = (*table, name)
        self.index.key(table, start, end)
        self._expect("=")
        self._value(table)

    def _keys(self) -> Iterator[tuple[str, int, int]]:
        while True:
            self.at = self._after(_SPACE)
            found = _KEY.match(self.text, self.at)
            if found is None:
                raise _Unreadable
            self.at = found.end()
            yield _key_text(found.group()), found.start(), found.end()
            self.at = self._after(_SPACE)
            if not self.text.startswith(".", self.at):
                return
            self.at += 1

    def _value(self, path: Path) -> None:
        if len(path) > _MAX_DEPTH:
            raise _Unreadable
        self.at = start = self._after(_SPACE)
        first = self.text[start : start + 1]
        if first == "[":
            self.at += 1
            self._items(path)
        elif first == "{":
            self.at += 1
            self._inline(path)
        else:
            found = (_TEXT if first in {'"', "'"} else _BARE).match(self.text, start)
            if found is None:
                raise _Unreadable
            self.at = found.end()
        self.index.value(path, start, self.at)

    def _items(self, path: Path) -> None:
        number = 0
        while not self._closed("]"):
            self._value((*path, number))
            number += 1
            self._comma("]")

    def _inline(self, path: Path) -> None:
        while not self._closed("}"):
            self._pair(path)
            self._comma("}")

    def _closed(self, bracket: str) -> bool:
        self.at = self._after(_BLANK)
        closed = self.text.startswith(bracket, self.at)
        self.at += closed
        return closed

    def _comma(self, bracket: str) -> None:
        self.at = self._after(_BLANK)
        if not self.text.startswith(bracket, self.at):
            self._expect(",")

    def _expect(self, mark: str) -> None:
        self.at = self._after(_SPACE)
        if not self.text.startswith(mark, self.at):
            raise _Unreadable
        self.at += len(mark)

    def _after(self, blank: re.Pattern[str]) -> int:
        found = blank.match(self.text, self.at)
        return found.end() if found is not None else self.at


def _key_text(written: str) -> str:
    """Return the key that is written; the escapes of TOML's strings are read by its parser."""
    if written[0] == "'":
        return written[1:-1]
    if written[0] != '"':
        return written
    if "\\" not in written:
        return written[1:-1]
    import tomllib  # noqa: PLC0415  # few keys hold escapes

    try:
        return str(tomllib.loads(f"key = {written}")["key"])
    except tomllib.TOMLDecodeError as error:
        raise _Unreadable from error
