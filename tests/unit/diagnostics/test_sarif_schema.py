"""SARIF: what is written holds to the standard, and tells findings apart when lines move.

The schema beside this file is ours, of the parts of the standard that we write.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from iamdsl import api
from iamdsl.diagnostics import Edit, Fix, Label, Report, Severity, codes
from iamdsl.diagnostics.render import render
from iamdsl.source import Source, Span

CASES = Path(__file__).parents[2] / "cases" / "mistakes"
SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0-subset.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def log(report: Report, prefix: str = "") -> dict[str, Any]:
    """Return a SARIF log as values, valid."""
    made: dict[str, Any] = json.loads(render("sarif", report.diagnostics, prefix=prefix))
    VALIDATOR.validate(made)
    for result in made["runs"][0]["results"]:
        rule = made["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
    return made


def prints(report: Report) -> list[str]:
    """Return the fingerprints of all results."""
    results = log(report)["runs"][0]["results"]
    return [result["partialFingerprints"]["iamdslFinding/v1"] for result in results]


def finding(text: str, at: str, name: str = "a.iam", count: int = 1) -> Report:
    """Return a report of a finding at each of the first places of a word in a text."""
    report, source = Report(), Source(name, text)
    for found in list(re.finditer(re.escape(at), text))[:count]:
        span = Span(source, *found.span())
        fix = Fix("take `x`", (Edit(span, "x"), Edit(span.after, "y")))
        label = [Label(span, "here")]
        report.add(codes.FULL_ACCESS, span, "it is", label="so", notes=label, hint="no", fix=fix)
    return report


def test_the_schema_is_one() -> None:
    """Protects the tests below from a schema that allows everything by a slip."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert VALIDATOR.is_valid({"version": "2.1.0", "runs": []}) is False


def test_an_empty_log_is_valid() -> None:
    """A run without findings is one with an empty list, so that code scanning closes what is gone."""
    assert log(Report())["runs"][0]["results"] == []


@pytest.mark.parametrize("name", sorted(p.name for p in CASES.iterdir())[::6])
def test_what_is_said_of_mistakes_is_valid(name: str) -> None:
    """Labels, notes, ways, fixes of real messages all have their places in the standard."""
    text = (CASES / name / "input.iam").read_text(encoding="utf-8")
    report = Report()
    report.extend(api.compile(text, partition="aws", account="111122223333").diagnostics)
    log(report, prefix="some folder/")


@pytest.mark.parametrize("name", ["<stdin>", "./b.json", "../ä b.iam", "/elsewhere/c.json"])
def test_names_of_files_are_uris(name: str) -> None:
    """Any path is a URI by the standard; a whole path is not told as one of the repository's."""
    result = log(finding("allow it", "it", name))["runs"][0]["results"][0]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert ("uriBaseId" in location) == (not name.startswith("/"))
    assert location["uri"].startswith("file:///") == name.startswith("/")


def test_every_rule_of_the_review_is_weighed() -> None:
    """Code scanning sorts by `security-severity`: each finding has one, and no error of the compiler's."""
    report = Report()
    for code in codes.ALL:
        report.add(code, None, code.name)
    rules = log(report)["runs"][0]["tool"]["driver"]["rules"]
    weighed = {r["id"] for r in rules if "security-severity" in r.get("properties", {})}
    review = {c.number for c in codes.ALL if re.match("IAM8[0-6]", c.number)}
    assert weighed == {n for n in review if _severity(n) is not Severity.ERROR}
    tags = {r["id"]: r["properties"]["tags"] for r in rules if "properties" in r}
    assert all("security" in tags[number] for number in weighed)


def test_fingerprints_stay_when_lines_move() -> None:
    """A line above, or another indent, makes no new alert of an old one."""
    one = prints(finding("allow * on *\n", "*"))
    assert one == prints(finding("\n# new\n   allow * on *\n", "*"))
    assert re.fullmatch(r"[0-9a-f]{16}:1", one[0])


def test_fingerprints_tell_findings_apart() -> None:
    """Another file, line or place is another finding; the same line twice is two."""
    found = [
        *prints(finding("allow * on *", "*", count=2)),
        *prints(finding("allow * on *", "*", "b.iam")),
        *prints(finding("allow * on x", "*")),
        *prints(finding("allow * on *", "on")),
    ]
    assert len(set(found)) == len(found)


def _severity(number: str) -> Severity:
    code = codes.find(number)
    assert code is not None
    return code.severity
