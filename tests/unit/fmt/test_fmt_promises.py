"""Formatting looks at what it has done before anybody sees it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import formatting
import pytest

from iamdsl import fmt
from iamdsl.diagnostics import Report, codes
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.syntax import tree

SOURCE = """\
# first
policy  p {
  ## Why.
  allow s3:GetObject on * # here
  deny s3:PutObject on b
}
"""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda text: text.replace("# here", ""), "the comments differ"),
        (lambda text: text.replace("# first", "# second"), "the comments differ"),
        (lambda text: text.replace("on b", "on c"), "the tree differs"),
        (lambda text: text.replace("## Why.\n", "## Why.\n\n"), "the tree differs"),
        (lambda text: text.replace("  deny s3:PutObject on b\n", ""), "the tree differs"),
        (lambda text: text.replace("}", ""), "it would not be read any more: `{` is never closed"),
        (lambda text: text + "\n", "formatting it again would change it"),
    ],
)
def test_a_broken_promise_is_a_bug(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[[str], str], said: str
) -> None:
    """What lost or changed something is never given out, but reported as a mistake of ours."""
    right = fmt.show

    def mistaken(file: tree.File) -> str:
        text = right(file)
        return wrong(text) if file.span.source.text == SOURCE else text

    monkeypatch.setattr(fmt, "show", mistaken)
    report = Report()
    assert fmt.format(Source("x.iam", SOURCE), report) is None
    (found,) = report.diagnostics
    assert found.code.number == "IAM901"
    assert found.message.endswith(said)


def test_a_printer_out_of_step_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each token that is printed has to stand in the source where it is looked for."""
    monkeypatch.setattr("iamdsl.fmt.layout._HEADERS", {"policy": "of"})
    report = Report()
    text = "policy p for kms:key() { allow kms:* to anyone }"
    assert fmt.format(Source("x.iam", text), report) is None
    assert [d.code.number for d in report.diagnostics] == ["IAM901"]


def test_errors_are_told_and_warnings_are_none() -> None:
    """A source that cannot be read is not formatted; one that does not compile is."""
    report = Report()
    assert fmt.format(Source("x.iam", "policy p { allow"), report) is None
    assert {d.code.number for d in report.diagnostics} == {"IAM001", "IAM003"}
    assert formatting.formatted("role  r { allow nothing:At  on  x }") is not None


def test_what_was_reported_before_does_not_count() -> None:
    """The report may hold the errors of other sources."""
    report = Report()
    assert fmt.format(Source("z.iam", "policy"), report) is None
    report.add(codes.UNUSED_NAME, Span(Source("a.iam", ""), 0, 0), "a warning, sorted first")
    assert fmt.format(Source("b.iam", "user  b {}"), report) == "user b {}\n"


def test_nested_too_deep() -> None:
    """What is nested deeper than Python can follow is an error, not a crash."""
    report = Report()
    text = f"let x = f{'.a(1)' * 5000}"
    assert fmt.format(Source("x.iam", text), report) is None
    assert [d.code.number for d in report.diagnostics] == ["IAM011"]
    assert formatting.formatted(f"let x = {'[' * 60}{']' * 60}") is not None


def test_a_large_source_takes_a_moment() -> None:
    """100 KB take well under a second of a processor, what was checked included."""
    part = "role r {\n  allow s3:[GetObject, PutObject] on b when aws:x == [1, 2]  # why\n}\n"
    text = "".join(part.replace("role r", f"role r{n}") for n in range(1300))
    assert len(text) > 100_000
    formatting.formatted("user u {}")  # the parser's tables are read
    began = time.process_time()
    assert formatting.formatted(text) is not None
    assert time.process_time() - began < 3.0  # it is 0.3 s; machines differ
