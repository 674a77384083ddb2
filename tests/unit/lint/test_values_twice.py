"""Values that another of their list covers."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from reviews import allow, review_document, review_source, said, trust

from iamdsl.diagnostics import codes
from iamdsl.iam.covering import action_atom_covers
from iamdsl.lint.comparing import each_covered

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Diagnostic

CODE = codes.REDUNDANT_VALUE


def _found(document: dict[str, Any] | str) -> list[Diagnostic]:
    return [d for d in review_document(document) if d.code is CODE]


def _mended(text: str, found: list[Diagnostic]) -> str:
    edits = [e for d in found if d.fix is not None for e in d.fix.edits]
    for edit in sorted(edits, key=lambda e: -e.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def test_an_action_that_a_pattern_covers() -> None:
    """Access Analyzer calls it REDUNDANT_ACTION; case does not count."""
    text = json.dumps(allow(["s3:GetObject", "s3:PutObject", "s3:get*"]))
    (found,) = _found(text)
    assert found.message == "`s3:GetObject` is part of `s3:get*` in the same list"
    assert found.span is not None
    assert found.span.text == '"s3:GetObject"'
    assert [(n.span.text, n.text) for n in found.notes] == [('"s3:get*"', "covers `s3:GetObject`")]
    statement = json.loads(_mended(text, [found]))["Statement"][0]
    assert statement["Action"] == ["s3:PutObject", "s3:get*"]


def test_the_second_of_two_equal_values() -> None:
    """The first stays, and the place is that of the second."""
    text = json.dumps(allow(["s3:GetObject", "s3:PutObject", "s3:GetObject"]))
    (found,) = _found(text)
    assert found.message == "`s3:GetObject` is listed twice"
    assert found.span is not None
    assert found.span.start == text.rindex('"s3:GetObject"')
    statement = json.loads(_mended(text, [found]))["Statement"][0]
    assert statement["Action"] == ["s3:GetObject", "s3:PutObject"]


def test_one_finding_for_a_list() -> None:
    """A list of hundreds is one mistake; three names are enough to see it."""
    text = json.dumps(allow([f"ec2:Describe{c}" for c in "abcde"] + ["s3:*", "ec2:Describe*"]))
    (found,) = _found(text)
    assert found.message == (
        "5 actions are part of others in the same list: "
        "`ec2:Describea`, `ec2:Describeb`, `ec2:Describec` …"
    )
    statement = json.loads(_mended(text, [found]))["Statement"][0]
    assert statement["Action"] == ["s3:*", "ec2:Describe*"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["arn:aws:s3:::a", "arn:aws:s3:::a*"], "`arn:aws:s3:::a` is part of `arn:aws:s3:::a*`"),
        (["arn:aws:s3:::a", "*"], "`arn:aws:s3:::a` is part of `*`"),
        (["arn:aws:s3:::a", "arn:aws:s3:::a/*"], ""),
        (["arn:aws:s3:::A", "arn:aws:s3:::a"], ""),
        (["arn:aws:s3:::${aws:username}", "arn:aws:s3:::?"], ""),
    ],
)
def test_resources(values: list[str], message: str) -> None:
    """A bucket and its objects are two things; a variable can be longer than a character."""
    found = _found(allow("s3:*", values))
    assert [d.message.removesuffix(" in the same list") for d in found] == [
        m for m in [message] if m
    ]


def test_principals() -> None:
    """Access Analyzer calls a session beside its role redundant; an account has two spellings."""
    role, session = (
        "arn:aws:iam::111122223333:role/p/x",
        "arn:aws:sts::111122223333:assumed-role/x/s",
    )
    (found,) = _found(trust({"AWS": [session, role]}))
    assert found.message == f"`{session}` is a session of `{role}` in the same list"
    (found,) = _found(trust({"AWS": ["111122223333", "arn:aws:iam::111122223333:root"]}))
    assert found.message.startswith("`arn:aws:iam::111122223333:root` is part of `111122223333`")
    (found,) = _found(trust({"AWS": ["*", role]}))
    assert found.message == f"`{role}` is part of `*` in the same list"
    assert not _found(trust({"AWS": [role, "111122223333"], "Service": "ec2.amazonaws.com"}))
    bucket = allow("s3:GetObject", Principal={"AWS": [session, role]})
    assert not _found(bucket)


def test_long_lists_are_no_trouble() -> None:
    """A policy of AWS's lists thousands of actions: they are not compared each with each."""
    forms = [f"s{n % 97}:get{n:05}*" for n in range(4000)] + ["s3:*"]
    began = time.process_time()
    pairs = each_covered(forms, action_atom_covers)
    assert time.process_time() - began < 2
    assert pairs == [(n, 4000) for n in range(3, 4000, 97)]


def test_sentences(tmp_path: Path) -> None:
    """What a sentence lists is its author's; what a loop made of data is not."""
    text = """let buckets = ["a", "a*"]
policy p {
  allow s3:[GetObject, PutObject, Get*] on s3:object(buckets)
  allow s3:List*, s3:ListBucket on [
    "arn:aws:s3:::x", "arn:aws:s3:::x*"]
}
"""
    found = review_source(tmp_path, text)
    assert said(found, CODE) == [
        ("GetObject", "`s3:GetObject` is part of `s3:Get*` in the same list"),
        ("s3:ListBucket", "`s3:ListBucket` is part of `s3:List*` in the same list"),
        ('"arn:aws:s3:::x"', "`arn:aws:s3:::x` is part of `arn:aws:s3:::x*` in the same list"),
    ]
    mended = _mended(text, [d for d in found if d.code is CODE])
    assert "s3:[PutObject, Get*]" in mended
    assert "allow s3:List* on [\n" in mended
    assert not said(review_source(tmp_path, mended), CODE)
