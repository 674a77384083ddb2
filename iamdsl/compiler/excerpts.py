"""What a source needs of a module of the standard library: the rest of it is not even parsed.

A module has dozens of templates, and a project uses a few; reading all of them would take longer
than all else of a small build. Our modules are in the one layout, so that a member begins at the
beginning of a line and ends before the next line that does; the members that nobody speaks of are
replaced by blanks, and every place in the text stays what it was.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MEMBER = re.compile(
    r"^(?:template|let|guard) (?P<name>[\w-]+)|^import (?P<path>[\w.]+)(?: as (?P<alias>\w+))?",
    re.MULTILINE,
)
_END = re.compile(r"^(?=[^\s)\]}])", re.MULTILINE)
_WORD = re.compile(r"[\w-]+")
_TEXT = re.compile(r"\S")


class _Member(NamedTuple):
    start: int
    end: int


def names_of(text: str, alias: str) -> set[str]:
    """Return the names of a module that a source may speak of, by what it calls the module."""
    return set(re.findall(rf"(?<![\w-]){re.escape(alias)}\s*\.\s*([\w-]+)", text))


def imports(text: str) -> list[str]:
    """Return the dotted names of the modules that a module of ours imports."""
    return [found["path"] for found in _MEMBER.finditer(text) if found["path"]]


def excerpt(text: str, names: set[str]) -> str:
    """Return the text of a module of ours with nothing but what is named, and what that needs.

    A name that the module does not have leaves it whole, so that the mistake is told with all that
    it could have been.
    """
    members = _members(text)
    if not names <= members.keys():
        return text
    wanted, pending = set(names), list(names)
    while pending:
        member = members[pending.pop()]
        needed = members.keys() & set(_WORD.findall(text[member.start : member.end])) - wanted
        wanted |= needed
        pending += needed
    parts: list[str] = []
    at = 0
    for name, member in members.items():
        if name not in wanted:
            parts += (text[at : member.start], _TEXT.sub(" ", text[member.start : member.end]))
            at = member.end
    return "".join((*parts, text[at:]))


def _members(text: str) -> dict[str, _Member]:
    found: dict[str, _Member] = {}
    for match in _MEMBER.finditer(text):
        name = match["name"] or match["alias"] or match["path"].rpartition(".")[2]
        end = _END.search(text, match.end())
        found[name] = _Member(match.start(), end.start() if end else len(text))
    return found
