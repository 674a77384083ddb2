"""Pages as Markdown, as GitHub shows it and as it reads in a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.doc.comments import Block
    from iamdsl.doc.pages import Entry, Page

MARK = "<!-- Made by `iamdsl doc`: change the comments in the sources instead. -->"
"""What pages begin with, so that a later run may replace them."""

_SOURCE = re.compile(r"(?:import|let|param|policy|role|scp|rcp|template|use|allow|deny|trust)\b")
HEADINGS = {"template": "Templates", "guard": "Guards", "value": "Values"}


def render(page: Page) -> str:
    """Return the page of a module."""
    return "\n".join(_page(page)).rstrip("\n") + "\n"


def render_entry(page: Page, entry: Entry) -> str:
    """Return what a page says of one of its entries."""
    lines = [f"# {page.dotted}.{entry.name}", "", *_entry(entry)]
    return "\n".join(lines).rstrip("\n") + "\n"


def index(pages: Sequence[Page], title: str, ending: str = ".md") -> str:
    """Return the list of modules, each with its entries.

    Args:
        ending: of the files that it leads to; "" for no links.
    """
    lines = [f"# {title}", ""]
    for page in pages:
        name = f"[`{page.dotted}`]({file_name(page)}{ending})" if ending else f"`{page.dotted}`"
        lines += [f"## {name}" if ending else f"## {page.dotted}", "", page.summary, ""]
        for entry in page.entries:
            if entry.kind != "value":
                said = entry.comment.summary
                kind = "" if entry.kind == "template" else f" ({entry.kind})"
                lines.append(f"- `{entry.name}`{kind}: {said}" if said else f"- `{entry.name}`")
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def file_name(page: Page) -> str:
    """Return the name of a page's file, without its ending."""
    return page.dotted.rpartition(".")[2] if page.dotted.startswith("std.") else page.dotted


def language(code: str) -> str:
    """Return what the code of a comment is in: a source, or something else, such as a table."""
    return "iam" if _SOURCE.match(code) else "text"


def _page(page: Page) -> Iterator[str]:
    yield from (f"# {page.dotted}", "", *_blocks(page.intro))
    if not any(block.kind == "code" for block in page.intro):
        yield from _fenced("iam", page.importing)
    for kind, heading in HEADINGS.items():
        entries = [entry for entry in page.entries if entry.kind == kind]
        if entries:
            yield from (f"## {heading}", "")
        for entry in entries:
            yield from (f"### {entry.name}", "", *_entry(entry))


def _entry(entry: Entry) -> Iterator[str]:
    comment = entry.comment
    if comment.summary:
        yield from (comment.summary, "")
    yield from _fenced("iam", entry.signature)
    known = dict(comment.parameters)
    for name, kind, default in entry.parameters:
        given = f", `{default}` if left out" if default is not None else ""
        said = f": {known[name]}" if known.get(name) else ""
        yield f"- `{name}` (`{kind}`{given}){said}"
    if entry.parameters:
        yield ""
    yield from _blocks(comment.body)
    if comment.used_in:
        yield from (f"For: `{comment.used_in}`", "")
    if comment.page:
        yield from (f"AWS: {comment.page}", "")
    if entry.example:
        yield from ("For example", "", *_fenced("iam", entry.example))
    if entry.made:
        yield from ("<details><summary>compiles to</summary>", "")
        for part in entry.made:
            if part.title:
                yield from (f"`{part.title}`" if "/" in part.title else f"{part.title}", "")
            yield from _fenced("json", part.text)
        yield from ("</details>", "")


def _blocks(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        if block.kind == "code":
            yield from _fenced(language(block.text), block.text)
        elif block.kind == "list":
            yield from (*(f"- {item}" for item in block.text.split("\n")), "")
        else:
            yield from (block.text, "")


def _fenced(language: str, text: str) -> Iterator[str]:
    yield from (f"```{language}", text, "```", "")
