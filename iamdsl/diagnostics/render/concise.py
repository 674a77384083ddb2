"""The format `concise`: one line each, as editors and `grep` read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics.render.place import place
from iamdsl.diagnostics.render.text import headline
from iamdsl.diagnostics.render.writing import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics._core import Diagnostic


def render(diagnostics: Sequence[Diagnostic], *, color: bool = False, prefix: str = "") -> str:
    """Return a line `file:line:column: error[IAM201]: message` for each diagnostic."""
    return "".join(f"{_where(d, prefix)}{headline(d, color=color)}\n" for d in diagnostics)


def _where(diagnostic: Diagnostic, prefix: str) -> str:
    if diagnostic.span is None:
        return ""
    file, start, _ = place(diagnostic.span, prefix)
    return f"{visible(file)}:{start.line}:{start.column}: "
