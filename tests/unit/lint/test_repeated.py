"""What a template makes many times is told once, and what only looks alike is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviews import review_source

from iamdsl.diagnostics import Diagnostic, Label, codes
from iamdsl.diagnostics.fingerprint import fingerprint
from iamdsl.lint.repeated import told_once
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = Source("main.iam", "use reader(a)\n")
CODE = codes.SERVICE_WILDCARD


def finding(message: str, at: int = 0, note: int | None = None) -> Diagnostic:
    notes = () if note is None else (Label(Span(SOURCE, note, note + 1), "here"),)
    return Diagnostic(CODE, CODE.severity, message, Span(SOURCE, at, at + 3), notes=notes)


def messages(*found: Diagnostic) -> list[str]:
    return [diagnostic.message for diagnostic in told_once(found)]


def test_a_template_is_told_of_once(tmp_path: Path) -> None:
    """Roles of one loop that have the same statement make one finding, which counts them."""
    found = review_source(
        tmp_path,
        'for name in ["a", "b", "c"] {\n'
        '  role "reader-{name}" {\n'
        "    trust service ec2\n"
        "    allow s3:* on s3:bucket(name)\n"
        "  }\n"
        "}\n",
    )
    assert [(d.code.number, d.message) for d in found if d.code is CODE] == [
        ("IAM842", "role `reader-a` allows `s3:*` (and 2 more like it)")
    ]


def test_only_what_is_about_others_is_left_out() -> None:
    """Other places, other notes and other texts than names of holders are findings of their own."""
    one, other = "inline policy `x` of role `a` allows `s3:*`", "role `b` allows `s3:*`"
    assert messages(finding(one), finding(other)) == [f"{one} (and 1 more like it)"]
    assert messages(finding(one), finding(other, 4)) == [one, other]
    assert messages(finding(one, note=4), finding(other, note=5)) == [one, other]
    third = "role `b` allows `sqs:*`"
    assert messages(finding(one), finding(third)) == [one, third]
    nowhere = Diagnostic(CODE, CODE.severity, one)
    assert messages(nowhere, nowhere._replace(message=other)) == [one, other]


def test_the_number_is_no_part_of_what_a_finding_is_known_by() -> None:
    """One role more or less does not make another finding for a baseline."""
    one, two, three = (finding(f"role `{name}` allows `s3:*`") for name in "abc")
    prints = {fingerprint(told_once(f)[0], "", "") for f in ([one], [one, two], [one, two, three])}
    assert len(prints) == 1
