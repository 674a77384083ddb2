"""What a finding about whole statements is about: a sentence, a `use`, a statement of a document.

A sentence can become several statements, by a loop, a template, an `or`: a finding is one when it
holds for all of them. A sentence of a library is nobody's to change here, but for the `use` that
brought it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from iamdsl.lint.placing import place
from iamdsl.source import Borrowed

if TYPE_CHECKING:
    from iamdsl.iam import Statement
    from iamdsl.lint.items import Item
    from iamdsl.source import Span

Unit: TypeAlias = "tuple[object, ...]"
"""What can be removed as one, and equal for the statements that come of it."""

_LIBRARIES = ("std/", "@")


def unit_of(statement: Statement, item: Item, number: int) -> Unit | None:
    """Return what a statement, by its number in a policy, is removed with; None for a library's."""
    if not item.written:
        return (id(item.policy), number)
    span = own_place(statement)
    # What a library declares as a whole is not changed by leaving a `use` out.
    if span is None or (item.origin is not None and _is_library(item.origin)):
        return None
    return (id(span.source), span.start, span.end)


def own_place(statement: Statement) -> Span | None:
    """Return the sentence of a statement, or the first `use` outside of libraries that led to it."""
    return next((span for span in statement.origin if not _is_library(span)), None)


def is_of_library(statement: Statement) -> bool:
    """Tell whether a statement was written in the standard library or in a package."""
    return bool(statement.origin) and _is_library(statement.origin[0])


def _is_library(span: Span) -> bool:
    return span.source.name.startswith(_LIBRARIES)


def called(statement: Statement, *, written: bool) -> tuple[str, Span | None]:
    """Return what messages call the unit of a statement, and the place to show for it."""
    if written and is_of_library(statement):
        return "this `use`", own_place(statement)
    name = f"statement `{statement.sid}`" if statement.sid else "this statement"
    return name, shown(statement)


def shown(statement: Statement) -> Span | None:
    """Return the place of a statement."""
    span = place(statement)
    return span.origins[0]() if isinstance(span, Borrowed) else span
