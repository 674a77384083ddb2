"""The format `junit`: a suite for each file, a test case for each diagnostic.

Errors are failures; warnings and notes are cases that pass and say something. A run without a
diagnostic is one case that passes, since build servers take an empty report for a broken one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from iamdsl.diagnostics._core import Severity
from iamdsl.diagnostics.render.place import file_name, place
from iamdsl.diagnostics.render.writing import way_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics._core import Diagnostic

# What no XML 1.0 document may hold, even escaped (section 2.2, Char).
ILLEGAL = {
    **dict.fromkeys((c for c in range(0x20) if c not in (0x09, 0x0A, 0x0D)), "\ufffd"),
    **dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd"),
}


def render(diagnostics: Sequence[Diagnostic], *, prefix: str = "") -> str:
    """Return a JUnit report."""
    suites: dict[str, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        file = file_name(diagnostic.span.source, prefix) if diagnostic.span else "project"
        suites.setdefault(file, []).append(diagnostic)
    failures = sum(d.severity is Severity.ERROR for d in diagnostics)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="iamdsl" tests="{max(1, len(diagnostics))}" failures="{failures}">',
    ]
    for file, found in suites.items():
        lines += _suite(file, found, prefix)
    if not suites:
        lines += [
            '  <testsuite name="project" tests="1" failures="0">',
            '    <testcase name="no findings" classname="iamdsl"/>',
            "  </testsuite>",
        ]
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(file: str, found: list[Diagnostic], prefix: str) -> list[str]:
    failures = sum(d.severity is Severity.ERROR for d in found)
    lines = [
        f'  <testsuite name={_attribute(file)} tests="{len(found)}" failures="{failures}">',
    ]
    for diagnostic in found:
        name, where = f"{diagnostic.code.number} {diagnostic.code.name}", ""
        position = ""
        if diagnostic.span is not None:
            start = place(diagnostic.span, prefix).start
            where = f"{file}:{start.line}:{start.column}: "
            name += f" at {start.line}:{start.column}"
            position = f' file={_attribute(file)} line="{start.line}"'
        lines.append(
            f"    <testcase name={_attribute(name)} classname={_attribute(file)}{position}>"
        )
        body = where + diagnostic.message
        body += "".join(f"\n{way_name(way)}: {way.text}" for way in diagnostic.ways)
        if diagnostic.hint:
            body += f"\nhint: {diagnostic.hint}"
        lines += [_body(diagnostic, body), "    </testcase>"]
    return [*lines, "  </testsuite>"]


def _body(diagnostic: Diagnostic, text: str) -> str:
    written = escape(text.translate(ILLEGAL))
    if diagnostic.severity is not Severity.ERROR:
        return f"      <system-out>{diagnostic.severity.value}: {written}</system-out>"
    message = _attribute(diagnostic.message)
    return f'      <failure type="{diagnostic.code.name}" message={message}>{written}</failure>'


def _attribute(text: str) -> str:
    return quoteattr(text.translate(ILLEGAL))
