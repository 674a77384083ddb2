"""The format `github`: workflow commands that GitHub Actions shows beside the changed lines.

See "Workflow commands for GitHub Actions" in GitHub's documentation; the escapes are those of
its `actions/toolkit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics._core import Severity
from iamdsl.diagnostics.render.place import place
from iamdsl.diagnostics.render.writing import way_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics._core import Diagnostic

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(diagnostics: Sequence[Diagnostic], *, prefix: str = "") -> str:
    """Return one `::error file=…::message` line for each diagnostic."""
    return "".join(_command(d, prefix) for d in diagnostics)


def _command(diagnostic: Diagnostic, prefix: str) -> str:
    properties = [("title", f"{diagnostic.code.number} {diagnostic.code.name}")]
    if diagnostic.span is not None:
        file, start, end = place(diagnostic.span, prefix)
        properties += [("file", file), ("line", str(start.line))]
        if start.line == end.line:  # columns are refused where the lines differ
            properties += [("col", str(start.utf16)), ("endLine", str(end.line))]
            properties.append(("endColumn", str(end.utf16)))
        else:
            properties.append(("endLine", str(end.line)))
    lines = [diagnostic.message]
    if diagnostic.label:
        lines.append(diagnostic.label)
    for note in diagnostic.notes:
        file, start, _ = place(note.span, prefix)
        lines.append(f"{file}:{start.line}:{start.column}: {note.text}")
    lines += [f"{way_name(way)}: {way.text}" for way in diagnostic.ways]
    if diagnostic.hint:
        lines.append(f"hint: {diagnostic.hint}")
    written = ",".join(f"{name}={_property(value)}" for name, value in properties)
    return f"::{_COMMANDS[diagnostic.severity]} {written}::{_data(chr(10).join(lines))}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
