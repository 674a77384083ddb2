"""From tree to text: one canonical layout.

```
 tree.File ──layout, expressions──▶ doc ──render──▶ text        (comments: `comments.Cursor`)
```

**Invariants**, of which `format` makes sure on every run: the tree is the same but for the order
of clauses, the comments are all there in their order, and what is formatted stays as it is.
"""

from __future__ import annotations

from typing import Any

from iamdsl.diagnostics import Report, codes
from iamdsl.fmt import doc, layout
from iamdsl.fmt.comments import OutOfStepError
from iamdsl.source import Source, Span
from iamdsl.syntax import parse, tree

__all__ = ["format", "show"]


def show(file: tree.File) -> str:
    """Return the canonical text of a tree.

    A tree that was made by a program has spans of a source without text: its leaves are written
    from their values, and it has no comments but its documentation.
    """
    return doc.render(layout.file(file))


def format(source: Source, report: Report) -> str | None:  # noqa: A001  # as the command is called
    """Return the canonical text of a source; None after an error, which was reported."""
    heard = Report()  # the other one may hold errors of other sources
    file = parse(source, heard)
    report.extend(heard.diagnostics)
    if heard.failed:
        return None
    try:
        text = show(file)
        problem = "" if text == source.text else difference(file, text)
    except OutOfStepError as error:
        problem = str(error)
    except RecursionError:
        report.add(
            codes.NESTED_TOO_DEEP,
            Span(source, 0, 0),
            "this source is nested too deep to be formatted",
            hint="give inner parts names with `let`",
        )
        return None
    if problem:
        report.add(
            codes.INTERNAL_ERROR,
            Span(source, 0, 0),
            f"a bug in iamdsl: formatting would change this source: {problem}",
            hint="report it, with the source if you may; the source is left as it is",
        )
        return None
    return text


def difference(file: tree.File, text: str) -> str:
    """Return what a text of a tree has lost or changed, an empty string if nothing.

    It has to read as the same tree and the same comments, and to be its own canonical text.
    """
    heard = Report()
    again = parse(Source(file.span.source.name, text), heard)
    if heard.failed:
        return f"it would not be read any more: {heard.diagnostics[0].message}"
    if _comments(again) != _comments(file):
        return "the comments differ"
    if not same(again, file):
        return "the tree differs"
    return "" if show(again) == text else "formatting it again would change it"


def _comments(file: tree.File) -> list[str]:
    return [comment.text.rstrip() for comment in file.comments]


def same(left: Any, right: Any) -> bool:
    """Tell whether two trees are the same but for places and the order of clauses."""
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if not hasattr(left, "span"):
        return bool(left == right)
    if isinstance(left, tree.Statement):
        parts = (
            (node.verb, node.actions, node.doc, layout.ordered(node)) for node in (left, right)
        )
        return same(*parts)
    names = [name for name in type(left).__slots__ if name not in _PLACES]
    return all(same(getattr(left, name), getattr(right, name)) for name in names)


_PLACES = {"span", "place", "comments", "__weakref__"}
