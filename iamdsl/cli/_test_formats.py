"""What `iamdsl test` writes for programs: JSON with every check, and JUnit with every test."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from iamdsl.analysis.findings import request_data
from iamdsl.diagnostics.render import json as diagnostics_json
from iamdsl.diagnostics.render.junit import ILLEGAL
from iamdsl.diagnostics.render.place import file_name, place

if TYPE_CHECKING:
    from iamdsl.analysis.testing import Result
    from iamdsl.project.testing import Tested
    from iamdsl.source import Span

VERSION = 1
"""Raised when a field changes its meaning or goes away; new fields may come at any time."""


def render(output_format: str, tested: Tested, prefix: str) -> str:
    """Return what came of the tests as `json` or `junit`."""
    return _junit(tested, prefix) if output_format == "junit" else _json(tested, prefix)


def _tests(tested: Tested) -> list[list[Result]]:
    """Return the results test by test."""
    made: dict[int, list[Result]] = {}
    for result in tested.results:
        made.setdefault(id(result.test), []).append(result)
    return list(made.values())


def _json(tested: Tested, prefix: str) -> str:
    tests = [
        {
            "name": results[0].test.name,
            "subject": results[0].subject.title,
            **_where(results[0].test.span, prefix),
            "passed": all(r.passed for r in results),
            "checks": [_check(r, tested, prefix) for r in results],
        }
        for results in _tests(tested)
    ]
    data: dict[str, Any] = {"version": VERSION, "tests": tests}
    if tested.coverage is not None:
        data["coverage"] = {
            "covered": len(tested.coverage.covered),
            "missed": [_where(span, prefix) for span in tested.coverage.missed],
        }
    if tested.mutation is not None:
        data["mutants"] = {
            "made": tested.mutation.made,
            "survivors": [
                {"damage": m.damage, "policy_of": m.subject.title}
                | (_where(m.before.origin[0], prefix) if m.before.origin else {})
                for m in tested.mutation.survivors
            ],
        }
    rendered = json.loads(diagnostics_json.render(tested.diagnostics, prefix=prefix))
    data["diagnostics"] = rendered["diagnostics"]
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _check(result: Result, tested: Tested, prefix: str) -> dict[str, Any]:
    finding, check = result.finding, result.check
    data: dict[str, Any] = {"verb": check.verb, **_where(check.span, prefix)}
    data["outcome"] = finding.outcome
    if finding.request is not None and finding.decision is not None and not result.passed:
        assert tested.catalogue is not None  # noqa: S101  # something ran
        data["request"] = request_data(finding.request, tested.catalogue)
        data["decision"] = finding.decision.verdict
        data["reason"] = finding.decision.reason
        data["layer"] = finding.decision.layer
        data["missing_keys"] = list(finding.decision.missing_keys)
        data["matched"] = [
            {"policy": m.policy, "statement": m.number, "effect": m.statement.effect}
            | (_where(m.statement.origin[0], prefix) if m.statement.origin else {})
            for m in finding.decision.matched
        ]
    if finding.reason:
        data["reason"] = finding.reason
    if finding.unknown:
        data["unknown"] = list(finding.unknown)
    return data


def _where(span: Span, prefix: str) -> dict[str, Any]:
    return {"file": file_name(span.source, prefix), "line": place(span, prefix).start.line}


def _junit(tested: Tested, prefix: str) -> str:
    suites: dict[str, list[list[Result]]] = {}
    for results in _tests(tested):
        suites.setdefault(file_name(results[0].test.span.source, prefix), []).append(results)
    failed = sum(not all(r.passed for r in results) for results in _tests(tested))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="iamdsl test" tests="{tested.ran}" failures="{failed}">',
    ]
    for file, tests in suites.items():
        failures = sum(not all(r.passed for r in results) for results in tests)
        lines.append(
            f'  <testsuite name={_attribute(file)} tests="{len(tests)}" failures="{failures}">'
        )
        for results in tests:
            lines += _case(file, results, tested, prefix)
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _case(file: str, results: list[Result], tested: Tested, prefix: str) -> list[str]:
    test = results[0].test
    line = place(test.span, prefix).start.line
    head = (
        f"    <testcase name={_attribute(test.name)} classname={_attribute(results[0].subject.title)}"
        f' file={_attribute(file)} line="{line}"'
    )
    spans = [r.check.span for r in results if not r.passed]
    told = [d for d in tested.diagnostics if any(d.span == span for span in spans)]
    if not told:
        return [f"{head}/>"]
    lines = [f"{head}>"]
    for found in told:
        where = place(found.span, prefix).start if found.span is not None else None
        at = f"{file}:{where.line}:{where.column}: " if where is not None else ""
        body = "\n".join(filter(None, (f"{at}{found.message}", found.label, found.hint)))
        message = _attribute(found.message)
        text = escape(body.translate(ILLEGAL))
        lines.append(f'      <failure type="{found.code.name}" message={message}>{text}</failure>')
    return [*lines, "    </testcase>"]


def _attribute(text: str) -> str:
    return quoteattr(text.translate(ILLEGAL))
