"""What formatting promises, looked at from outside: used by every test that formats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import attrs
import source_classes

from iamdsl import fmt
from iamdsl.diagnostics import Report
from iamdsl.source import Source, Span
from iamdsl.syntax import parse, tree

if TYPE_CHECKING:
    from random import Random

DUMMY = Span(Source("made", ""), 0, 0)
ORDER = ["to", "on", "when", "unless", "as", "given"]


def formatted(text: str) -> str | None:
    """Return a text formatted, None if it has errors; a promise that is broken is no such error."""
    report = Report()
    got = fmt.format(Source("x.iam", text), report)
    assert "IAM901" not in {d.code.number for d in report.diagnostics}, report.diagnostics
    return got


def read(text: str) -> tree.File:
    """Return the tree of a text without errors."""
    report = Report()
    file = parse(Source("x.iam", text), report)
    assert not report.failed, (report.diagnostics, text)
    return file


def normal(node: Any) -> Any:
    """Return a tree with the clauses of each statement in order."""
    if isinstance(node, tuple):
        return tuple(normal(item) for item in node)
    if not hasattr(node, "span"):
        return node
    changes = {field.name: normal(getattr(node, field.name)) for field in _parts(node)}
    if isinstance(node, tree.Statement):
        changes["clauses"] = tuple(sorted(changes["clauses"], key=lambda c: ORDER.index(c[0])))
    return attrs.evolve(node, **changes)


def made(node: Any) -> Any:
    """Return a tree as a program would make it: no places, no comments."""
    if isinstance(node, tuple):
        return tuple(made(item) for item in node)
    if not hasattr(node, "span"):
        return node
    places = {field.name: DUMMY for field in attrs.fields(type(node)) if _is_place(field.name)}
    parts = {field.name: made(getattr(node, field.name)) for field in _parts(node)}
    return attrs.evolve(node, **parts, **places)


def _parts(node: Any) -> list[Any]:
    return [field for field in attrs.fields(type(node)) if not _is_place(field.name)]


def _is_place(name: str) -> bool:
    return name in {"span", "place"}


def shown(file: tree.File) -> str:
    """Return a tree as text, but for its comments and the order of clauses."""
    return tree.show(normal(file.members))


def comments(text: str) -> list[str]:
    """Return the comments of a text, as our lexer finds them."""
    found = source_classes.lexed(text)
    assert found is not None
    return [str(comment).rstrip() for comment in found[1]]


def keeps_its_promises(text: str) -> str | None:
    """Format a text, hold what comes to all that is promised, and return it; None for errors."""
    got = formatted(text)
    if got is None:
        return None
    assert shown(read(got)) == shown(read(text))
    assert comments(got) == comments(text)
    assert formatted(got) == got
    assert got == "" or (got.endswith("\n") and not got.endswith("\n\n") and got[0] not in "\n ")
    assert "\n\n\n" not in got
    assert not re.search(r"[ \t\r]\n", got)
    assert not re.search(r"\{\n\n(?! *##)|\n\n *\}", got) or "#" in got
    return got


def respaced(text: str, random: Random) -> str:
    """Return a text with other white space, but the same comments and empty lines."""
    found = source_classes.lexed(text)
    assert found is not None
    parts: list[str] = []
    at = 0
    for token in found[0]:
        gap = text[at : token.start_pos]
        if gap and "#" not in gap:
            lines = ["\n\n", "\n \n", "\n\n\n\t"] if gap.count("\n") > 1 else [" ", "\n", "\r\n\t "]
            gap = random.choice(lines)
        parts += (gap, str(token))
        at = token.end_pos or 0
    return "".join((*parts, text[at:]))


def strewn(text: str, random: Random, often: float) -> str:
    """Return a text with comments between some of its tokens."""
    found = source_classes.lexed(text)
    assert found is not None
    parts: list[str] = []
    at = 0
    for token in found[0]:
        gap = text[at : token.start_pos]
        if gap and random.random() < often:
            parts.append(random.choice([" ", "\n", "\n\n"]))
            for _ in range(random.choice([1, 1, 2])):
                parts.append(random.choice(["# c", "## d", "#", "##", "## {e}  ", "#!/x"]))
                parts.append(random.choice(["\n", "\n", "\n\n", "\r\n  "]))
        else:
            parts.append(gap)
        parts.append(str(token))
        at = token.end_pos or 0
    return "".join((*parts, text[at:]))
