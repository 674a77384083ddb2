"""Diagnostics in every format, to the byte."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from iamdsl.diagnostics import Edit, Fix, Label, Report, Way, codes
from iamdsl.diagnostics.render import FORMATS, essay, render, text
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from iamdsl.diagnostics import Diagnostic

MAIN = Source(
    "photos.iam",
    "policy photos {\n"
    "\n"
    "\tallow s3:ListObjects on bucket\n"
    '  deny s3:* on "日本𝒳é" unless ok\n'
    "}\n"
    "let bucket = 1\n",
)
OTHER = Source("shared/buckets.iam", "let bucket = 2\n")


def span(source: Source, wanted: str) -> Span:
    start = source.text.index(wanted)
    return Span(source, start, start + len(wanted))


def one(place: Span | None, message: str = "`x` is wrong", **more: Any) -> tuple[Diagnostic, ...]:
    report = Report()
    report.add(codes.UNKNOWN_ACTION, place, message, **more)
    return report.diagnostics


def everything() -> tuple[Diagnostic, ...]:
    """Return a diagnostic with all parts, a warning, and one without a place."""
    report = Report()
    action = span(MAIN, "s3:ListObjects")
    report.add(
        codes.UNKNOWN_ACTION,
        action,
        "`s3:ListObjects` is not an IAM action",
        label="no action of this name in s3",
        notes=[
            Label(span(MAIN, "policy photos"), "in this policy"),
            Label(span(OTHER, "bucket"), "the bucket, 100% of it"),
        ],
        hint="the API call ListObjects is allowed by `s3:ListBucket`",
        fix=Fix("write `s3:ListBucket`", (Edit(action, "s3:ListBucket"),)),
    )
    report.add(codes.UNUSED_NAME, span(MAIN, "é"), '`é` is <odd> & "new"')
    report.add(codes.NO_SOURCES, None, "there is nothing to compile", hint="name a file")
    ways = (Way("drop the <Sids>", enough=True, saves=120), Way("raise the quota", enough=False))
    report.add(codes.TOO_LARGE, None, "policy `p` is too large", ways=ways)
    return report.diagnostics


@pytest.mark.parametrize("output_format", FORMATS)
def test_formats(
    output_format: str, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What every reader of our output, human or not, relies on stays as it is."""
    monkeypatch.setattr(essay, "read", lambda code: f"# {code.number}\n")
    assert render(output_format, everything(), prefix="team/") == snapshot


@pytest.mark.parametrize("output_format", FORMATS)
def test_nothing_to_say(output_format: str, snapshot: SnapshotAssertion) -> None:
    """Programs get a whole document even when nothing was found; people get silence."""
    assert render(output_format, ()) == snapshot


def test_colors_only_add_escapes() -> None:
    """Colour changes no character of what is said."""
    colored = render("full", everything(), color=True)

    assert colored != render("full", everything())
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == render("full", everything())


class TestText:
    """The drawing of source lines."""

    def test_tab(self) -> None:
        """A mark stands under its word though a tab is before it."""
        lines = render("full", one(span(MAIN, "s3:ListObjects"))).splitlines()

        assert lines[2:4] == ["3 │     allow s3:ListObjects on bucket", "  │           " + "^" * 14]

    def test_wide_and_combining(self) -> None:
        """Wide characters take two columns, combining ones none."""
        source = Source("a.iam", 'x "日本e\u0301" y')
        lines = render("full", one(span(source, "y"))).splitlines()

        assert lines[3] == "  │ " + " " * len("x '1122e' ") + "^"

    def test_several_lines(self, snapshot: SnapshotAssertion) -> None:
        """A long stretch shows its first and last line, its label at the end."""
        whole = Span(MAIN, 0, MAIN.text.index("let"))

        assert render("full", one(whole, label="all of this")) == snapshot

    def test_empty_span_at_the_end(self) -> None:
        """What is missing at the end of a file is shown there."""
        end = len(MAIN.text)
        lines = render("full", one(Span(MAIN, end, end), label="here")).splitlines()

        assert lines[1:4] == ["  ┌─ photos.iam:7:1", "7 │", "  │ ^ here"]

    @pytest.mark.parametrize("content", ["", "\n", "\r\n", "x", "\t", "  \n  \n"])
    def test_any_span_in_small_sources(self, content: str) -> None:
        """No span that a parser may make breaks the drawing."""
        source = Source("a.iam", content)
        for start in range(len(content) + 1):
            for end in range(start, len(content) + 1):
                assert "^" in render("full", one(Span(source, start, end)))

    def test_two_marks_in_one_line(self) -> None:
        """Each mark of a line has a row of its own, from left to right."""
        notes = [Label(span(MAIN, "bucket"), "this one")]
        lines = render("full", one(span(MAIN, "allow"), label="here", notes=notes)).splitlines()

        assert lines[3:5] == [
            "  │     ^^^^^ here",
            "  │                             ------ this one",
        ]

    def test_one_line_between(self) -> None:
        """One line between two marked ones is shown rather than left out."""
        notes = [Label(span(MAIN, "deny"), "second")]
        lines = render("full", one(span(MAIN, "policy"), notes=notes)).splitlines()

        assert [line[:3] for line in lines[2:]][:4] == ["1 │", "  │", "  ·", "4 │"]

    def test_long_line_is_cut_around_the_mark(self) -> None:
        """A minified file of one line does not fill the screen."""
        source = Source("a.json", "a" * 5000 + "!" + "b" * 5000)
        lines = render("full", one(span(source, "!"))).splitlines()

        assert max(map(len, lines)) < 200
        assert lines[2][lines[3].index("^")] == "!"

    def test_terminal_is_not_obeyed(self) -> None:
        """Neither a source nor a message can send escapes or turn text around."""
        source = Source("a\x1b.iam", "x\x1b[2J \u202e y\x07")
        shown = render("full", one(Span(source, 0, 4), "`\x1b]0;t\x07\r\n`", label="\x9b"))

        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)

    def test_cap(self) -> None:
        """Of thousands a hundred are shown, errors first, and the rest is counted."""
        report = Report()
        for i in range(300):
            report.add(codes.UNUSED_NAME, None, f"warning {i:03}")
        for i in range(3):
            report.add(codes.UNKNOWN_NAME, None, f"zz error {i}")
        shown = render("full", report.diagnostics)

        assert shown.count("warning[") == 97
        assert shown.count("error[") == 3
        assert shown.endswith("… and 203 more not shown: 3 errors, 300 warnings in all\n")
        assert text.render(report.diagnostics, cap=1000).count("warning[") == 300


class TestGithub:
    """Workflow commands are one line each, whatever they say."""

    def test_escapes(self) -> None:
        """A message or a file name cannot begin a command of its own."""
        source = Source("a,b:c%.iam", "x")
        shown = render("github", one(Span(source, 0, 1), "100%\n::error::no", hint="a\r\nb"))

        assert shown == (
            "::error title=IAM201 unknown-action,file=a%2Cb%3Ac%25.iam,line=1,col=1,endLine=1,"
            "endColumn=2::100%25%0A::error::no%0Ahint: a%0D%0Ab\n"
        )

    def test_no_columns_over_lines(self) -> None:
        """GitHub refuses columns where the lines differ."""
        assert "col=" not in render("github", one(Span(MAIN, 0, 30)))


class TestJunit:
    """The report is XML, whatever is in it."""

    def test_valid_xml(self) -> None:
        """Control characters and markup in messages do not break the document."""
        message = "]]> <b> & \"'\x00\x1b\ud800\ufffe"
        root = ET.fromstring(render("junit", one(None, message)))  # noqa: S314 (our own)

        failure = root.find("testsuite/testcase/failure")
        assert failure is not None
        assert (failure.text or "").startswith("]]> <b> & \"'\ufffd")

    def test_numbers(self) -> None:
        """Errors fail, warnings do not."""
        root = ET.fromstring(render("junit", everything()))  # noqa: S314 (our own)

        assert (root.get("tests"), root.get("failures")) == ("4", "3")


class TestSarif:
    """What code scanning needs of a log."""

    def log(self) -> dict[str, Any]:
        """Return the log of all diagnostics."""
        document: dict[str, Any] = json.loads(render("sarif", everything(), prefix="team/"))
        return document

    def test_structure(self) -> None:
        """Each result names a rule by id and index, and each region is one that SARIF allows."""
        log = self.log()
        run = log["runs"][0]
        rules = run["tool"]["driver"]["rules"]

        assert log["version"] == "2.1.0"
        assert run["columnKind"] == "utf16CodeUnits"
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] in {"error", "warning", "note"}
            assert result["message"]["text"]
            for location in result.get("locations", []) + result.get("relatedLocations", []):
                region = location["physicalLocation"]["region"]
                assert 1 <= region["startLine"] <= region["endLine"]
                assert region["startColumn"] >= 1
                assert not location["physicalLocation"]["artifactLocation"]["uri"].startswith("/")

    def test_utf16_columns(self) -> None:
        """A character outside the BMP counts as two columns."""
        result = next(r for r in self.log()["runs"][0]["results"] if r["ruleId"] == "IAM110")
        region = result["locations"][0]["physicalLocation"]["region"]

        line = MAIN.line(4)
        assert region["startColumn"] == line.index("é") + 2

    def test_fix(self) -> None:
        """A fix is a replacement that a tool can apply."""
        result = next(r for r in self.log()["runs"][0]["results"] if "fixes" in r)
        change = result["fixes"][0]["artifactChanges"][0]

        assert change["artifactLocation"]["uri"] == "team/photos.iam"
        assert change["replacements"][0]["insertedContent"] == {"text": "s3:ListBucket"}

    def test_uri_is_encoded(self) -> None:
        """A blank or a hash in a file's name does not end its URI."""
        source = Source("a b#c.iam", "x")

        assert '"uri": "a%20b%23c.iam"' in render("sarif", one(Span(source, 0, 1)))


class TestNames:
    """Which names get the prefix of the project's folder."""

    @pytest.mark.parametrize("name", ["<stdin>", "std/lambda.iam", "@acme/platform.iam"])
    def test_foreign_names_are_kept(self, name: str) -> None:
        """What does not lie in the project is not said to."""
        place = Span(Source(name, "x"), 0, 1)

        assert render("concise", one(place), prefix="../").startswith(f"{name}:1:1: error[IAM201]")

    def test_outside(self) -> None:
        """Own files are named from where the tool was started."""
        place = Span(Source("a.iam", "x"), 0, 1)

        assert render("concise", one(place), prefix="../").startswith("../a.iam:1:1: ")
