"""The page of a module: what it holds for others, from its tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Report
from iamdsl.doc import comments, examples
from iamdsl.doc.examples import Example, Made
from iamdsl.syntax import parse, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.compiler import Environment
    from iamdsl.doc.comments import Block, Comment
    from iamdsl.doc.examples import Result
    from iamdsl.source import Source

__all__ = ["Entry", "Made", "Page", "page"]

_MOST_LINES = 12


class Entry(NamedTuple):
    """A template, guard or value.

    Attributes:
        kind: "template", "guard" or "value".
        signature: as it is written, without its body.
        parameters: name, type and default (None where it has to be given), as they are written.
        example: a use of it as a source without imports; "" where the comment does not name a value
            for each parameter that has to be given.
        made: what the example compiles to.
        problem: why the example does not compile.
    """

    kind: str
    name: str
    signature: str
    comment: Comment
    parameters: tuple[tuple[str, str, str | None], ...] = ()
    example: str = ""
    made: tuple[Made, ...] = ()
    problem: str = ""


class Page(NamedTuple):
    """A module.

    Attributes:
        dotted: what it is called, `std.lambda`; of a file of the project, its name.
        importing: the line that imports it.
        intro: what its first comment says.
    """

    dotted: str
    importing: str
    intro: tuple[Block, ...]
    entries: tuple[Entry, ...]

    @property
    def summary(self) -> str:
        """Return the first sentence of the module's comment."""
        text = next((block.text for block in self.intro if block.kind == "text"), "")
        found = re.match(r".*?\.(?= |$)", text)
        return found.group() if found else f"{text.rstrip(':')}." if text else ""


def page(source: Source, dotted: str, importing: str, environment: Environment) -> Page:
    """Return the page of a module, with its examples compiled.

    A source with mistakes has a page of what can be read of it.

    Args:
        importing: the line that imports it, `import std.lambda`.
        environment: its loader finds the module by that line.
    """
    file = parse(source, Report())
    name = dotted.rpartition(".")[2]
    found = list(_entries(file))
    asked = [
        Example(entry.name, examples.kind_of(node, entry.comment), use)
        for entry, node in found
        if (use := _use(name, entry))
    ]
    made = examples.compiled(asked, importing, environment)
    entries = tuple(_with_example(entry, made.get(entry.name)) for entry, _ in found)
    return Page(dotted, importing, _intro(file), entries)


def _with_example(entry: Entry, result: Result | None) -> Entry:
    if result is None:
        return entry
    return entry._replace(example=result.source, made=result.made, problem=result.problem)


def _intro(file: tree.File) -> tuple[Block, ...]:
    """Return what the comment at the head of a source says, up to the first line that is none."""
    lines = []
    for line in file.span.source.text.splitlines():
        if not line.startswith("#") or line.startswith("##"):
            break
        lines.append(line[1:].removeprefix(" "))
    return tuple(
        block._replace(text=examples.pretty(block.text)) if block.kind == "code" else block
        for block in comments.blocks("\n".join(lines))
    )


def _entries(file: tree.File) -> Iterator[tuple[Entry, tree.Member]]:
    for node in file.members:
        match node:
            case tree.Template() if not node.name.text.startswith("_"):
                yield _template(node), node
            case tree.Declaration(kind="guard", name=tree.Name(text=name)):
                signature = _written(node).partition("{")[0].strip()
                yield Entry("guard", name, signature, comments.read(node.doc)), node
            case tree.Let() if not node.name.text.startswith("_"):
                yield Entry("value", node.name.text, _value(node), comments.read(node.doc)), node
            case _:
                pass


def _template(node: tree.Template) -> Entry:
    parameters = tuple(
        (p.name.text, p.type.span.text, p.default.span.text if p.default is not None else None)
        for p in node.parameters
    )
    parts = [
        f"{name}: {kind}" + (f" = {default}" if default is not None else "")
        for name, kind, default in parameters
    ]
    line = f"{node.name.text}({', '.join(parts)})"
    if len(line) > examples.WIDTH:
        line = f"{node.name.text}(\n" + "".join(f"  {part},\n" for part in parts) + ")"
    return Entry("template", node.name.text, line, comments.read(node.doc), parameters)


def _value(node: tree.Let) -> str:
    lines = _written(node).splitlines()
    return "\n".join(lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], "  …"])


def _written(node: tree.Let | tree.Declaration) -> str:
    """Return a member as it is written, without its comment."""
    lines = node.span.text.splitlines()
    while lines and lines[0].lstrip().startswith("#"):
        lines.pop(0)
    return "\n".join(lines)


def _use(module: str, entry: Entry) -> str:
    """Return a use of what a page tells of; "" where a value for a parameter is missing."""
    if entry.kind == "guard":
        return f"use {module}.{entry.name}"
    if entry.kind != "template":
        return ""
    arguments = []
    for name, _, default in entry.parameters:
        value = entry.comment.example(name)
        if default is None and value is None:
            return ""
        if default is None:
            arguments.append(f"{name} = {value}")
    return f"use {module}.{entry.name}({', '.join(arguments)})"
