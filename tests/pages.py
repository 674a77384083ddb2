"""What tests of our pages share: their fenced blocks, the commands in them, and their links."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        kind, words: the first word behind the fence, and those after it.
        start, end: where its text stands in the page.
    """

    kind: str
    words: tuple[str, ...]
    text: str
    start: int
    end: int


class Command(NamedTuple):
    """A command of a block (it goes on where a line ends with a backslash), with its output."""

    line: str
    shown: str


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [
        Block(found[1], tuple(found[2].split()), found[3], found.start(3), found.end(3))
        for found in _FENCE.finditer(page)
    ]


def commands(block: Block) -> list[Command]:
    """Return the commands of a block of kind `console`."""
    return [Command(*found) for found in _COMMAND.findall(block.text)]


def links(page: str) -> list[str]:
    """Return where the links of a page lead that do not leave the repository."""
    return [to for to in re.findall(r"\]\(([^)]+)\)", page) if "://" not in to]


def leads_somewhere(link: str, folder: Path, own: str) -> bool:
    """Tell whether a link leads to a file that is there, and to a heading that it has.

    Args:
        folder: that of the page.
        own: the page's text.
    """
    path, _, heading = link.partition("#")
    if path and not (folder / path).exists():
        return False
    text = (folder / path).read_text(encoding="utf-8") if heading and path else own
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return not heading or heading in {anchor(text) for text in headings}


def anchor(heading: str) -> str:
    """Return what a heading is called in links."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
