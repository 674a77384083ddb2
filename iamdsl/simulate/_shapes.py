"""Lines that look like the last one: read by two regular expressions instead of a JSON parser.

A program that asks writes its members in one order, most of its lines have policies in one member,
and their texts seldom have an escape. Such a line is `head policies tail`; where head or tail does
not match to the last character, or the policies are not known, the line is parsed as any JSON.

It is exact: each member stands once, a text without quotes and backslashes is as it is written,
and a context that is JSON by itself ends where it seems to.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

_SPACE = r"[ \t\r\n]*"
_TEXT = r'"([^"\\\x00-\x1f]+)"'
_VALUES: Final = {
    "id": r'("[ !#-\[\]-~]*"|-?(?:0|[1-9][0-9]{0,14}))',  # as the answer has it
    "principal": _TEXT,
    "action": _TEXT,
    "resource": _TEXT,
    "resource_account": r'(?:null|"([0-9]{12})")',
    "context": r"(\{[^{}]*\})",
}
"""What a member's value looks like, its text as a group."""
_NONE = rf"(?:null|\[{_SPACE}\])"


class Shape(NamedTuple):
    """How a line looks.

    Attributes:
        head: up to the policies.
        policies: the one member that has some.
        tail: all after them.
        places: of each of `_VALUES`, where it is among the groups of head and tail; -1, behind
            them, for what is not there.
    """

    head: re.Pattern[str]
    policies: str
    tail: re.Pattern[str]
    places: tuple[int, ...]


@lru_cache(maxsize=64)
def shape(names: tuple[str, ...], policies: str, lists: Collection[str]) -> Shape | None:
    """Return the shape of lines with members in an order; None when it has others than are known.

    Args:
        policies: the member that has policies.
        lists: the members that are lists of them, and can be empty.
    """
    pieces = [_piece(name, name in lists) for name in names]
    if policies not in names or None in pieces:
        return None
    at = names.index(policies)
    comma = f"{_SPACE},"
    head = comma.join(f"{p}" for p in pieces[:at]) + (comma if at else "")
    begin = rf'{_SPACE}\{{{head}{_SPACE}"{policies}"{_SPACE}:{_SPACE}'
    end = "".join(f"{comma}{p}" for p in pieces[at + 1 :]) + rf"{_SPACE}\}}{_SPACE}"
    groups = [name for name in names if name in _VALUES]
    places = tuple(groups.index(name) if name in groups else -1 for name in _VALUES)
    return Shape(re.compile(begin), policies, re.compile(end), places)


def _piece(name: str, is_list: bool) -> str | None:
    value = _VALUES.get(name, _NONE if is_list else "null" if name == "resource_policy" else None)
    return None if value is None else f'{_SPACE}"{name}"{_SPACE}:{_SPACE}{value}'
