"""The format `json`: everything a diagnostic holds, for programs; versioned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iamdsl.diagnostics._core import Severity
from iamdsl.diagnostics.render.place import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics._core import Diagnostic
    from iamdsl.diagnostics.render.place import Position
    from iamdsl.source import Span

VERSION = 1
"""Raised when a field changes its meaning or goes away; new fields may come at any time."""


def render(diagnostics: Sequence[Diagnostic], *, prefix: str = "") -> str:
    """Return one JSON object: `version`, `diagnostics`, `summary`."""
    severities = [d.severity for d in diagnostics]
    document = {
        "version": VERSION,
        "diagnostics": [as_data(d, prefix) for d in diagnostics],
        "summary": {f"{s.value}s": severities.count(s) for s in Severity},
    }
    return json.dumps(document, indent=2) + "\n"


def as_data(diagnostic: Diagnostic, prefix: str = "") -> dict[str, Any]:
    """Return a diagnostic as plain data: lines and columns from 1, offsets from 0, ends exclusive.

    Columns and offsets count code points.
    """
    fix = diagnostic.fix
    return {
        "code": diagnostic.code.number,
        "name": diagnostic.code.name,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "place": _place(diagnostic.span, prefix),
        "label": diagnostic.label or None,
        "notes": [{"text": n.text, "place": _place(n.span, prefix)} for n in diagnostic.notes],
        "hint": diagnostic.hint or None,
        "ways": [{"text": w.text, "enough": w.enough, "saves": w.saves} for w in diagnostic.ways],
        "fix": fix
        and {
            "title": fix.title,
            "safe": fix.safe,
            "edits": [{"place": _place(e.span, prefix), "text": e.text} for e in fix.edits],
        },
    }


def _place(span: Span | None, prefix: str) -> dict[str, Any] | None:
    if span is None:
        return None
    file, start, end = place(span, prefix)
    return {"file": file, "start": _position(start), "end": _position(end)}


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column, "offset": position.offset}
