"""The format `sarif`: SARIF 2.1.0, for code scanning (OASIS standard, March 2020).

Columns are counted in UTF-16 code units, as `columnKind` says; every file is relative to
`%SRCROOT%`. A rule's help is the essay of its code.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from iamdsl import __version__
from iamdsl.diagnostics._core import Severity
from iamdsl.diagnostics.render import essay
from iamdsl.diagnostics.render.place import file_name, place
from iamdsl.diagnostics.render.writing import way_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics._core import Code, Diagnostic, Fix
    from iamdsl.source import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(diagnostics: Sequence[Diagnostic], *, prefix: str = "") -> str:
    """Return a SARIF log with one run."""
    rules = sorted({d.code.number: d.code for d in diagnostics}.items())
    index = {number: i for i, (number, _) in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "iamdsl",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(code) for _, code in rules],
            }
        },
        "columnKind": "utf16CodeUnits",
        "results": [_result(d, index[d.code.number], prefix) for d in diagnostics],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: Code) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": code.number,
        "name": code.name,
        "shortDescription": {"text": code.summary},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }
    text = essay.read(code)
    if text is not None:
        rule["help"] = {"text": text, "markdown": text}
    return rule


def _result(diagnostic: Diagnostic, index: int, prefix: str) -> dict[str, Any]:
    parts = [diagnostic.message, diagnostic.label]
    parts += [f"{way_name(way)}: {way.text}" for way in diagnostic.ways]
    parts.append(diagnostic.hint and f"hint: {diagnostic.hint}")
    result: dict[str, Any] = {
        "ruleId": diagnostic.code.number,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": "\n".join(part for part in parts if part)},
    }
    if diagnostic.span is not None:
        result["locations"] = [_location(diagnostic.span, prefix)]
    if diagnostic.notes:
        result["relatedLocations"] = [
            {"id": i, "message": {"text": note.text}, **_location(note.span, prefix)}
            for i, note in enumerate(diagnostic.notes, 1)
        ]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(diagnostic.fix, prefix)]
    return result


def _location(span: Span, prefix: str) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _file(span, prefix), "region": _region(span)}}


def _file(span: Span, prefix: str) -> dict[str, str]:
    return {
        "uri": quote(file_name(span.source, prefix), errors="surrogateescape"),
        "uriBaseId": "%SRCROOT%",
    }


def _region(span: Span) -> dict[str, int]:
    _, start, end = place(span)
    return {
        "startLine": start.line,
        "startColumn": start.utf16,
        "endLine": end.line,
        "endColumn": end.utf16,
    }


def _fix(fix: Fix, prefix: str) -> dict[str, Any]:
    changes: dict[str, dict[str, Any]] = {}
    for edit in fix.edits:
        file = _file(edit.span, prefix)
        change = changes.setdefault(file["uri"], {"artifactLocation": file, "replacements": []})
        change["replacements"].append(
            {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        )
    return {"description": {"text": fix.title}, "artifactChanges": list(changes.values())}
