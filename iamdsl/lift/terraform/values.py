"""The values of Terraform's attributes: plain ones, what stays open, and JSON made of values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl import iam
from iamdsl.iam import placeholder
from iamdsl.lift.reading import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.datafile.places import Path
    from iamdsl.diagnostics import Code
    from iamdsl.source import Span


class Open(NamedTuple):
    """A value that is not known, or that no text with marks can say.

    Attributes:
        why: what stands there, for a message: "a conditional", "unknown until apply".
        hint: one thing to do.
    """

    code: Code
    why: str
    hint: str


class Value(NamedTuple):
    """A value with the place where it is written.

    Attributes:
        value: None, a truth value, a number, a text, an `Open`, a list of `Value`s, or a dict of
            them by name.
    """

    value: Any
    span: Span


class Encoded(str):
    """A JSON text that was made of values: it keeps them, because their places are known.

    The text is empty where something in them is open; it is no text to go on with then.
    """

    __slots__ = ("values",)
    values: Value

    @classmethod
    def of(cls, values: Value) -> Encoded:
        """Return the text of values."""
        made = cls("" if first_open(values) is not None else json.dumps(plain(values)))
        made.values = values
        return made


def plain(value: Value) -> Any:
    """Return a value without its places; what is open stays in it."""
    match value.value:
        case list(items):
            return [plain(item) for item in items]
        case dict(items):
            return {name: plain(item) for name, item in items.items()}
        case other:
            return other


def first_open(value: Value) -> Value | None:
    """Return the first part of a value that is open."""
    match value.value:
        case Open():
            return value
        case Encoded():
            return first_open(value.value.values)
        case list(items):
            parts = items
        case dict(items):
            parts = list(items.values())
        case _:
            return None
    return next((found for part in parts if (found := first_open(part))), None)


def tree_of(value: Value) -> Tree:
    """Return a value in the form that readers share."""

    def place(path: Path, *, key: bool = False) -> Span:
        del key
        at = value
        for part in path:
            inner = at.value.values.value if isinstance(at.value, Encoded) else at.value
            try:
                at = inner[part]
            except (LookupError, TypeError):
                break
        return at.span

    return Tree(value.span.source, plain(value), place)


def opened(tree: Tree) -> Iterator[tuple[Path, Open]]:
    """Yield what is open in a tree, with the paths to it."""
    pending: list[tuple[Path, Any]] = [((), tree.value)]
    while pending:
        path, value = pending.pop()
        match value:
            case Open():
                yield path, value
            case Encoded():
                yield from ((path + p, v) for p, v in opened(tree_of(value.values)))
            case list():
                pending.extend(((*path, i), v) for i, v in reversed(list(enumerate(value))))
            case dict():
                pending.extend(((*path, n), v) for n, v in reversed(value.items()))
            case _:
                pass


def is_static(text: str) -> bool:
    """Tell whether a text holds no mark."""
    return iam.PLACEHOLDER_OPEN not in text


def entity_named(text: str) -> str | None:
    """Return the name of the entity whose ARN a text is, by its mark alone."""
    if text.startswith(placeholder("entity ")[:-1]) and text.count(iam.PLACEHOLDER_OPEN) == 1:
        name, close, rest = text.removeprefix(placeholder("entity ")[:-1]).partition(
            iam.PLACEHOLDER_CLOSE
        )
        return name if close and not rest else None
    return None
