"""The format `sarif`: SARIF 2.1.0, for code scanning (OASIS standard, March 2020).

Columns are counted in UTF-16 code units, as `columnKind` says; every file is relative to
`%SRCROOT%`. A rule's help is the essay of its code. What code scanning makes of a rule's
`properties`: GitHub, "SARIF support for code scanning".
"""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from iamdsl import __version__
from iamdsl.diagnostics._core import Severity
from iamdsl.diagnostics.fingerprint import fingerprint
from iamdsl.diagnostics.render import essay
from iamdsl.diagnostics.render.place import file_name, place
from iamdsl.diagnostics.render.writing import way_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.diagnostics._core import Code, Diagnostic, Fix
    from iamdsl.source import Span

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}

_PRINT = "iamdslFinding/v1"
"""What our fingerprints are called; raised when other texts go into them."""

_TAGS = {
    "IAM80": ("security", "correctness"),
    "IAM81": ("security", "correctness"),
    "IAM82": ("security", "external/cwe/cwe-269"),
    "IAM83": ("security", "external/cwe/cwe-269"),
    "IAM84": ("security", "best-practice"),
    "IAM86": ("security", "maintainability"),
    "IAM88": ("maintainability",),
}
"""By the beginning of a code; CWE-269 is improper privilege management."""

_WEIGHTS = {
    "IAM80": ("5.0", "3.0"),
    "IAM81": ("5.0", "3.0"),
    "IAM82": ("8.0", "5.0"),
    "IAM83": ("8.0", "5.0"),
    "IAM84": ("6.0", "3.0"),
    "IAM86": ("4.0", "1.0"),
}
"""How severe a warning and a note of the review are, of 10.0: from 7.0 on it is called high, from
4.0 on medium. What is an error, or about the tool, has no such number."""


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
        "results": _results(diagnostics, index, prefix),
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
    family = code.number[:5]
    properties: dict[str, Any] = {}
    if family in _TAGS:
        properties["tags"] = list(_TAGS[family])
    if family in _WEIGHTS and code.severity is not Severity.ERROR:
        properties["security-severity"] = _WEIGHTS[family][code.severity is Severity.NOTE]
    if properties:
        rule["properties"] = properties
    return rule


def _results(
    diagnostics: Sequence[Diagnostic], index: Mapping[str, int], prefix: str
) -> list[dict[str, Any]]:
    """Return the results; of those that look the same in a file, each is told by its number."""
    results = []
    seen: Counter[str] = Counter()
    for diagnostic in diagnostics:
        result = _result(diagnostic, index[diagnostic.code.number], prefix)
        span = diagnostic.span
        line, file = "", ""
        if span is not None:
            line = span.source.line(span.source.position(span.start)[0])
            file = posixpath.normpath(file_name(span.source, prefix))
        print_ = fingerprint(diagnostic, file, line)
        seen[print_] += 1
        result["partialFingerprints"] = {_PRINT: f"{print_}:{seen[print_]}"}
        results.append(result)
    return results


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
    uri = quote(file_name(span.source, prefix), errors="surrogateescape")
    if uri.startswith("/"):  # what lies elsewhere, named by its whole path
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": "%SRCROOT%"}


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
