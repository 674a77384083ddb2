"""Allows that a deny, a boundary or SCPs take away as a whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from reviews import review_document, review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

CODE = codes.INEFFECTIVE_STATEMENT
GET = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}


def _messages(*statements: dict[str, Any]) -> list[str]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return [m for _, m in said(review_document(json.dumps(document, indent=1)), CODE)]


def _deny(**more: Any) -> dict[str, Any]:
    return {**GET, "Effect": "Deny", **more}


def test_a_deny_of_the_same_document() -> None:
    """An allow that is taken back beside it is a mistake in one of the two."""
    assert _messages(GET, _deny(Action="s3:Get*", Resource="*")) == [
        "this statement allows nothing: a `deny` takes all of it back"
    ]
    both = {**GET, "Action": ["s3:GetObject", "s3:PutObject"]}
    parts = [_deny(Action="s3:Get*"), _deny(Action="s3:Put*")]
    assert _messages(both, *parts) == [
        "this statement allows nothing: `deny` statements together take all of it back"
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"Action": "s3:PutObject"},
        {"Resource": "arn:aws:s3:::a/b/*"},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}},
    ],
)
def test_what_is_left_has_an_effect(other: dict[str, Any]) -> None:
    """A deny with exceptions is how guards are written."""
    assert _messages(GET, _deny(**other)) == []


def test_a_deny_that_denies_nothing_allowed_is_a_guard() -> None:
    """Denies are there for what is allowed elsewhere, today or later."""
    assert _messages(GET, _deny(Action="iam:*", Resource="*")) == []


SOURCE = """
boundary limit {
  allow s3:* on *
  allow sqs:* on sqs:queue("*")
}
policy shared {
  allow sns:Publish on "arn:aws:sns:eu-west-1:111122223333:x"
  allow sqs:SendMessage on sqs:queue("a")
}
role one {
  trust service "ec2.amazonaws.com"
  boundary limit
  attach shared
  allow dynamodb:GetItem on dynamodb:table("t")
  allow s3:GetObject on s3:object("x")
}
role two {
  trust service "ec2.amazonaws.com"
  %s
  attach shared
}
"""


def test_a_boundary(tmp_path: Path) -> None:
    """What a boundary does not allow is not allowed; of a shared policy it has to be so for all."""
    of_one = (
        'allow dynamodb:GetItem on dynamodb:table("t")',
        "this statement allows nothing: boundary `limit` of role `one` lets none of it through",
    )
    assert said(review_source(tmp_path, SOURCE % ""), CODE) == [of_one]
    found = review_source(tmp_path, SOURCE % "boundary limit")
    assert [text[:17] for text, _ in said(found, CODE)] == [
        "allow sns:Publish",
        "allow dynamodb:Ge",
    ]
    notes = [d.notes[0].text for d in found if d.code is CODE]
    assert notes == ["this is let through"] * 2


def test_a_deny_of_another_policy_in_effect(tmp_path: Path) -> None:
    """Denies of all policies of an identity, of its boundary and of SCPs count."""
    text = """
policy quarantine { deny s3:* on * }
role one {
  trust service "ec2.amazonaws.com"
  attach quarantine
  allow s3:GetObject on s3:object("x")
  allow sqs:SendMessage on sqs:queue("a")
}
"""
    found = [d for d in review_source(tmp_path, text) if d.code is CODE]
    assert [d.message for d in found] == [
        "this statement allows nothing: a `deny` takes all of it back"
    ]
    assert [n.span.text for n in found[0].notes] == ["deny s3:* on *"]


def test_scps(tmp_path: Path) -> None:
    """A level of SCPs that does not allow something takes it from all who are below."""
    text = """
organization acme "o-abc1234567" {
  attach regions
  account prod "111122223333" {
    attach only_s3
    role one {
      trust service "ec2.amazonaws.com"
      allow s3:GetObject on s3:object("x")
      allow sqs:SendMessage on sqs:queue("a")
      allow kms:Decrypt on kms:key("k") when aws:RequestedRegion == "us-east-1"
    }
  }
}
scp regions { deny * on * when aws:RequestedRegion == "us-east-1" }
scp only_s3 { allow s3:*, kms:* on * }
"""
    found = said(review_source(tmp_path, text), CODE)
    assert [message for _, message in found] == [
        "this statement allows nothing: SCP `only_s3` lets none of it through",
        "this statement allows nothing: a `deny` takes all of it back",
    ]


def test_what_several_limits_leave_nothing_of(tmp_path: Path) -> None:
    """A part goes by the boundary, the rest by a deny: nothing is left, and no limit says it alone."""
    text = """
boundary limit { allow s3:GetObject on * }
policy guard_rail { deny s3:GetObject on s3:object("x") }
role one {
  trust service "ec2.amazonaws.com"
  boundary limit
  attach guard_rail
  allow s3:[GetObject, PutObject] on s3:object("x")
}
"""
    assert [message for _, message in said(review_source(tmp_path, text), CODE)] == [
        "this statement allows nothing: boundary `limit` and `deny` statements let none of it through"
    ]
