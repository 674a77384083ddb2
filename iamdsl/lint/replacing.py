"""Fixes that write one value of a statement in place of another."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from iamdsl.diagnostics import Edit, Fix
from iamdsl.source import Borrowed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.source import Span


def replacing(span: Span | None, old: str, new: str, *, safe: bool = False) -> Fix | None:
    """Return the fix that writes a value in place of another; None where `span` is not just that."""
    edit = _edit(span, old, new)
    return None if edit is None else Fix(f"write `{new}`", (edit,), safe)


def replacing_each(
    places: Iterable[tuple[Span | None, str, str]], *, safe: bool = False
) -> Fix | None:
    """Return one fix for several values, each with its place and the old and new text.

    None where none of the places is just the old text.
    """
    made = {
        (edit.span.start, edit.span.end): edit
        for place in places
        if (edit := _edit(*place)) is not None
    }
    if not made:
        return None
    edits = tuple(made.values())
    new = edits[0].text.strip('"')
    title = f"write `{new}`" if len(edits) == 1 else f"write the {len(edits)} that were meant"
    return Fix(title, edits, safe)


def _edit(span: Span | None, old: str, new: str) -> Edit | None:
    if span is None or isinstance(span, Borrowed):
        return None
    written = span.text
    if written.lower() == json.dumps(old, ensure_ascii=False).lower():
        return Edit(span, json.dumps(new, ensure_ascii=False))
    if written in {old, f"'{old}'"}:
        return Edit(span, written.replace(old, new))
    return None
