"""What a doc comment says: its first sentence, parameters, what is granted, and where it is from.

A comment is paragraphs of Markdown. `Parameters:` begins the list of them, each `name: text` on a
line that is indented, with what follows indented further; lines that begin with `Page:` and
`Use in:` say which page of AWS's it rests on, and what the template is for. All else is text.
"""

from __future__ import annotations

import re
from textwrap import dedent
from typing import NamedTuple

_PARAMETERS = "Parameters:"
_PARAMETER = re.compile(r"^ {1,3}(\w+): ?(.*)$")
_PAGE = re.compile(r"^Page: (.*?)\.?$", re.DOTALL)
_USE_IN = re.compile(r"^Use in: `([^`]+)`\.?$")
_EXAMPLE = re.compile(r"\be\.g\.\s+`([^`]+)`")
_REFUSING = re.compile(r"\bDoes not grant\b.*", re.DOTALL)
_ACTION = re.compile(r"`([a-z0-9-]+:[A-Za-z*?][\w*?]*)`")


class Block(NamedTuple):
    """A paragraph.

    Attributes:
        kind: "text", "list" (a line an item), or "code".
        text: without the indentation that makes it code; a text in one line.
    """

    kind: str
    text: str


class Comment(NamedTuple):
    """A doc comment.

    Attributes:
        summary: the first paragraph.
        parameters: what is said of each, by name.
        body: the paragraphs between.
        page: "" where it names none.
        used_in: as it is written behind `Use in:`; "" where nothing is.
    """

    summary: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    body: tuple[Block, ...] = ()
    page: str = ""
    used_in: str = ""

    @property
    def refused(self) -> tuple[str, ...]:
        """Return the actions, or patterns of them, that it says are not granted at all."""
        said = (_REFUSING.search(block.text) for block in self.body if block.kind == "text")
        return tuple(name for found in said if found for name in _ACTION.findall(found.group()))

    def example(self, parameter: str) -> str | None:
        """Return the first value that is named as an example of a parameter."""
        said = dict(self.parameters).get(parameter, "")
        found = _EXAMPLE.search(said)
        return " ".join(found.group(1).split()) if found else None


def read(text: str) -> Comment:
    """Return what a doc comment says; its `##` are gone already."""
    summary, page, used_in = "", "", ""
    parameters: tuple[tuple[str, str], ...] = ()
    body: list[Block] = []
    for lines in _paragraphs(_apart(text)):
        joined = " ".join(line.strip() for line in lines)
        if lines[0].strip() == _PARAMETERS:
            parameters = _parameters(lines[1:])
        elif found := _PAGE.match(joined):
            page = found.group(1)
        elif found := _USE_IN.match(joined):
            used_in = found.group(1)
        elif not summary:
            summary = joined
        else:
            body.append(_block(lines))
    return Comment(summary, parameters, _joined(body), page, used_in)


def blocks(text: str) -> tuple[Block, ...]:
    """Return the paragraphs of a comment that has no parts of its own."""
    return _joined([_block(lines) for lines in _paragraphs(text)])


def _joined(found: list[Block]) -> tuple[Block, ...]:
    """Return paragraphs in which code with empty lines in it is one; imports begin another."""
    made: list[Block] = []
    for block in found:
        goes_on = bool(made) and block.kind == made[-1].kind == "code"
        if goes_on and not block.text.startswith("import "):
            made[-1] = Block("code", f"{made[-1].text}\n\n{block.text}")
        else:
            made.append(block)
    return tuple(made)


def _apart(text: str) -> str:
    """Return a comment in which lines that begin something of their own are paragraphs."""
    return re.sub(rf"^(?=Page: |Use in: |{_PARAMETERS})", "\n", text, flags=re.MULTILINE)


def _paragraphs(text: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            found[-1].append(line.rstrip())
        elif found[-1]:
            found.append([])
    return [lines for lines in found if lines]


def _parameters(lines: list[str]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for line in lines:
        begins = _PARAMETER.match(line)
        if begins:
            found.append((begins.group(1), begins.group(2)))
        elif found:
            name, said = found[-1]
            found[-1] = (name, f"{said} {line.strip()}".strip())
    return tuple(found)


def _block(lines: list[str]) -> Block:
    if all(line.startswith("  ") for line in lines):
        return Block("code", dedent("\n".join(lines)))
    if lines[0].lstrip().startswith("- "):
        items: list[str] = []
        for line in lines:
            if line.lstrip().startswith("- "):
                items.append(line.lstrip()[2:])
            else:
                items[-1] += f" {line.strip()}"
        return Block("list", "\n".join(items))
    return Block("text", " ".join(line.strip() for line in lines))
