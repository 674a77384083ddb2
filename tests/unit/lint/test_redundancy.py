"""Statements that others make needless, in documents and in sources."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from reviews import review_document, review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Diagnostic

CODE = codes.REDUNDANT_STATEMENT
GET = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}
WIDE = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::*"}


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)


def _found(*statements: dict[str, Any]) -> list[str]:
    """Return the Sids of the statements that are reported, "" for one without."""
    diagnostics = [d for d in review_document(_document(*statements)) if d.code is CODE]
    return [d.message.partition("`")[2].partition("`")[0] for d in diagnostics]


def _mended(text: str, diagnostics: tuple[Diagnostic, ...]) -> str:
    for d in sorted(diagnostics, key=lambda d: -(d.span.start if d.span else 0)):
        for edit in d.fix.edits if d.code is CODE and d.fix is not None else ():
            text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def test_narrower_statement_is_reported_with_the_wider_one() -> None:
    """Whoever reads it has to find the statement that makes this one needless."""
    text = _document(WIDE, {**GET, "Sid": "One"})
    (found,) = (d for d in review_document(text) if d.code is CODE)
    assert found.message == "another statement allows all that statement `One` does"
    assert [note.text for note in found.notes] == ["it is allowed here"]
    assert json.loads(_mended(text, (found,)))["Statement"] == [WIDE]


def test_of_equal_statements_the_later_ones_are_reported() -> None:
    """What is reported can all be removed at once, so that one of them has to stay."""
    named = [{**GET, "Sid": f"S{n}"} for n in range(3)]
    assert _found(*named) == ["S1", "S2"]


def test_several_statements_together() -> None:
    """A list that others say in parts is as needless as one that a single other says."""
    both = {**GET, "Sid": "Both", "Action": ["s3:GetObject", "s3:PutObject"]}
    parts = [{**GET, "Action": "s3:Get*"}, {**GET, "Action": "s3:Put*"}]
    text = _document(*parts, both)
    (found,) = (d for d in review_document(text) if d.code is CODE)
    assert found.message == "other statements together allow all that statement `Both` does"
    assert [note.text for note in found.notes] == ["a part of it is allowed here"] * 2


def test_everything_is_what_is_named_and_what_is_not() -> None:
    """`Not…` and its opposite come to all there is, which only a proof can tell."""
    rest = {**GET, "NotAction": "iam:*", "Resource": "*"}
    del rest["Action"]
    own = {**GET, "Action": "iam:*", "Resource": "*"}
    whole = {**GET, "Sid": "All", "Action": "*", "Resource": "*"}
    assert _found(rest, own, whole) == [""] * 2
    assert _found({**rest, "Sid": "Rest"}, {**own, "Sid": "Own"}) == []


def test_a_narrower_deny_is_shadowed() -> None:
    """A deny within a wider deny is as needless; an allow beside it is not touched."""
    wide = {**WIDE, "Effect": "Deny"}
    narrow = {**GET, "Effect": "Deny", "Sid": "Narrow"}
    (found,) = (d for d in review_document(_document(wide, narrow, GET)) if d.code is CODE)
    assert found.message == "another statement denies all that statement `Narrow` does"


@pytest.mark.parametrize(
    "other",
    [
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        {"Effect": "Deny"},
        {"Resource": "arn:aws:s3:::b/*"},
        {"Action": "s3:GetObjectAcl"},
        {"Resource": "arn:aws:s3:::${aws:username}/*"},
    ],
)
def test_what_says_less_makes_nothing_needless(other: dict[str, Any]) -> None:
    """A condition, the other effect, other resources: both statements are needed."""
    assert _found({**WIDE, **other}, {**GET, "Sid": "Get"}) == []


def test_weaker_conditions_make_stricter_ones_needless() -> None:
    """A condition that keeps nothing out, because another statement has none, is found so."""
    limited = {**GET, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}
    assert _found(GET, {**limited, "Sid": "Limited"}) == ["Limited"]
    fixes = [d.fix for d in review_document(_document(GET, limited)) if d.code is CODE]
    assert [fix is not None and fix.safe for fix in fixes] == [False]


def test_a_deny_that_needs_a_variable_covers_none_that_needs_none() -> None:
    """For a request without the variable the wider statement may be left out as a whole."""
    wide = {**WIDE, "Effect": "Deny", "Resource": ["*", "arn:aws:s3:::${aws:username}/*"]}
    assert _found(wide, {**GET, "Effect": "Deny", "Sid": "Narrow"}) == []


def test_principals_are_compared_by_name() -> None:
    """An account is not its roles: whom an ARN names, the account need not allow as well."""
    arn, account = "arn:aws:iam::111122223333:role/x", "111122223333"
    root = {**GET, "Principal": {"AWS": account}}
    role = {**GET, "Principal": {"AWS": arn}, "Sid": "Role"}
    both = {**GET, "Principal": {"AWS": [arn, account]}}
    assert _found(root, role) == []
    assert _found(both, role) == ["Role"]


SOURCE = """
policy shared {
  allow s3:Get* on s3:object("a*")
  # beside a comment
  allow s3:GetObject on s3:object("ab")

}
template reading(bucket: String) { allow s3:GetObject on s3:object(bucket) }
policy twice {
  use reading("a")
  use reading("b")
  allow s3:GetObject on s3:object("b")
}
role worker {
  trust service "ec2.amazonaws.com"
  attach shared
  allow s3:GetObjectAcl on s3:object("abc")
  allow s3:PutObject on s3:object("abc")
}
"""


def test_sentences(tmp_path: Path) -> None:
    """A sentence counts as one, with all that it became, and an identity's with what is attached."""
    found = review_source(tmp_path, SOURCE)
    assert [text for text, _ in said(found, CODE)] == [
        'allow s3:GetObject on s3:object("ab")',
        'allow s3:GetObject on s3:object("b")',
        'allow s3:GetObjectAcl on s3:object("abc")',
    ]
    mine = [d for d in found if d.code is CODE]
    assert mine[2].notes[0].text == "it is allowed here in policy `shared`"
    assert [d.fix is not None and d.fix.safe for d in mine] == [False, True, True]
    mended = _mended(SOURCE, found)
    assert not said(review_source(tmp_path, mended), CODE)


def test_a_loop_is_needless_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """Nobody can remove one turn of a loop."""
    loop = 'for b in ["a", "x"] { allow s3:GetObject on s3:object(b) }'
    one = f'policy p {{ allow s3:Get* on s3:object("a")\n {loop} }}'
    assert not said(review_source(tmp_path, one), CODE)
    every = f'policy p {{ allow s3:Get* on s3:object("*")\n {loop} }}'
    assert len(said(review_source(tmp_path, every), CODE)) == 1


def test_of_a_library_the_use_is_shown(tmp_path: Path) -> None:
    """What the standard library says is not the user's to change."""
    text = """import std.lambda as functions
policy p {
  use functions.basic_execution("f")
  use functions.basic_execution("f")
}
"""
    assert said(review_source(tmp_path, text), CODE) == [
        ('use functions.basic_execution("f")', "another statement allows all that this `use` does")
    ]
