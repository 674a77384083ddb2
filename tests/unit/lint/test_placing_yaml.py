"""Places in statements of YAML: keys without quotes, lists on lines of their own, comments."""

from __future__ import annotations

import pytest

from iamdsl.iam import Elements, Statement
from iamdsl.lint.placing import Element, place
from iamdsl.source import Source, Span

TEXT = """\
Statement:
  - Effect: Allow
    # s3:GetObject is named below
    Action:
    - 's3:GetObject' # not s3:PutObject
    - "s3:PutObject"

    Resource: [arn:aws:s3:::photos, "*"]
    Condition:
      StringEquals:
        aws:userid: AIDA*
      StringLike: {aws:userid: AROA*}
  - NotAction: s3:*
"""


def at(start: int, element: Element, *texts: str, text: str = TEXT) -> tuple[int, str]:
    """Return line and text of what is underlined in the statement that begins at an offset."""
    source = Source("t.yaml", text)
    end = text.index("\n", start)
    everything = Elements(("*",))
    origin = (Span(source, start, end),)
    span = place(Statement("Allow", everything, everything, origin=origin), element, *texts)
    assert span is not None
    return text.count("\n", 0, span.start) + 1, span.text


@pytest.mark.parametrize(
    ("element", "texts", "found"),
    [
        ("Action", ("s3:GetObject",), (5, "s3:GetObject")),
        ("Action", ("s3:PutObject",), (6, "s3:PutObject")),
        ("Action", ("s3:Put",), (4, "Action")),
        ("Action", (), (4, "Action")),
        ("Resource", ("*",), (8, "*")),
        ("Resource", ("arn:aws:s3:::photos",), (8, "arn:aws:s3:::photos")),
        ("Resource", ("arn:aws:s3:::b",), (8, "Resource")),
        ("Condition", ("StringEquals", "aws:userid"), (11, "aws:userid")),
        ("Condition", ("StringLike", "aws:userid", "AROA*"), (12, "AROA*")),
        ("Principal", ("*",), (2, "Effect: Allow")),
    ],
)
def test_parts_are_found_in_their_member(
    element: Element, texts: tuple[str, ...], found: tuple[int, str]
) -> None:
    """Protects places in templates: the part itself, or the nearest that is certain."""
    assert at(TEXT.index("Effect"), element, *texts) == found


def test_a_statement_ends_where_the_next_begins() -> None:
    """Protects from a place in the statement below, or above."""
    assert at(TEXT.index("NotAction"), "Action", "s3:*") == (13, "s3:*")
    assert at(TEXT.index("NotAction"), "Resource", "*") == (13, "NotAction: s3:*")


def test_a_statement_that_is_no_list() -> None:
    """Protects trust policies, whose one statement often stands by itself."""
    text = "Statement:\n  # who\n  Effect: Allow\n  Principal:\n    Service: ec2\nOther:\n  Action: a\n"
    source = Source("t.yaml", text)
    everything = Elements(("*",))
    one = Statement("Allow", everything, None, origin=(Span(source, 0, len("Statement")),))
    span = place(one, "Principal", "ec2")
    assert span is not None
    assert (span.start, span.text) == (text.index("ec2"), "ec2")
    assert place(one, "Action", "a") == Span(source, 0, len("Statement"))


def test_brackets_are_left_alone() -> None:
    """Protects what is written in brackets after a name: nothing there is certain."""
    text = "Statement: [{Effect: Allow, Action: s3:GetObject}]\n"
    assert at(text.index("Effect"), "Action", "s3:GetObject", text=text)[0] == 1
