"""Statements of IAM's as the sentences that a person would have written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from iamdsl.project import importing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> Any:
    """Return what makes a source of statements, or says why it cannot."""

    def make(*statements: dict[str, Any], name: str = "p", **options: Any) -> str:
        document = tmp_path / f"{name}.json"
        text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        document.write_text(text, encoding="utf-8")
        made = importing.run([str(document)], importing.Options(**options))
        if made.failed:
            return "\n".join(d.message for d in made.diagnostics)
        (only,) = made.sources
        return only.text

    return make


def _statement(condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    effect = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **more}
    return {**effect, "Condition": condition}


CONDITIONS = [
    ({"StringEquals": {"aws:username": "a"}}, 'aws:username == "a"'),
    ({"StringEquals": {"aws:username": ["a", "b"]}}, 'aws:username in ["a", "b"]'),
    ({"StringEquals": {"AWS:UserName": ["a", "a"]}}, 'aws:username == "a"'),
    ({"StringNotEquals": {"aws:username": "a"}}, 'aws:username != "a"'),
    ({"StringNotEqualsIfExists": {"aws:username": "a"}}, 'aws:username != "a"'),
    ({"StringEqualsIfExists": {"aws:username": "a"}}, 'aws:username? == "a"'),
    ({"StringEqualsIgnoreCase": {"aws:username": "a"}}, 'aws:username == "a" ignoring case'),
    ({"StringLike": {"aws:username": "a*"}}, 'aws:username like "a*"'),
    ({"StringLike": {"aws:username": "a"}}, 'aws:username == "a"'),
    ({"StringNotLike": {"aws:username": ["a*", "b"]}}, 'aws:username not like ["a*", "b"]'),
    ({"StringEquals": {"aws:username": "a*"}}, 'aws:username == "a*"'),
    ({"StringEquals": {"aws:SourceAccount": "111122223333"}}, "aws:SourceAccount == 111122223333"),
    ({"StringEquals": {"s3:prefix": "${aws:username}"}}, "s3:prefix == aws:username"),
    ({"StringEquals": {"s3:prefix": "${aws:username, 'x'}"}}, "s3:prefix == \"${aws:username, 'x'}\""),
    ({"StringLike": {"s3:prefix": "${aws:username}/*"}}, 's3:prefix like "${aws:username}/*"'),
    ({"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}, "iam:PassedToService == service ec2"),
    ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}, "aws:PrincipalArn like arn:aws:iam::*:role/x"),
    ({"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::b"}}, "aws:SourceArn == arn:aws:s3:::b"),
    ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}, 'aws:PrincipalArn like "arn:aws:iam::*:role/x"'),
    ({"ArnLike": {"aws:SourceArn": "*"}}, 'key("aws:SourceArn") like Arn("*")'),
    ({"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}, "aws:MultiFactorAuthAge < 1h"),
    ({"NumericLessThanEquals": {"s3:max-keys": 10}}, "s3:max-keys <= 10"),
    ({"NumericEquals": {"s3:max-keys": "010.0"}}, "s3:max-keys == 10"),
    ({"NumericEquals": {"s3:max-keys": "111122223333"}}, 's3:max-keys == Numeric("111122223333")'),
    ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-31T00:00:00Z"}}, "aws:CurrentTime > 2026-01-31T00:00Z"),
    ({"DateLessThan": {"aws:CurrentTime": "2026-01-31T12:30:15+01:00"}}, "aws:CurrentTime < 2026-01-31T11:30:15Z"),
    ({"DateLessThan": {"aws:CurrentTime": "1767225600"}}, "aws:CurrentTime < 2026-01-01T00:00Z"),
    ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "aws:SourceIp in 10.0.0.0/8"),
    ({"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}, "aws:SourceIp not in [10.0.0.0/8, 2001:db8::/32]"),
    ({"Bool": {"aws:SecureTransport": "true"}}, "aws:SecureTransport"),
    ({"Bool": {"aws:SecureTransport": False}}, "aws:SecureTransport == false"),
    ({"BoolIfExists": {"aws:SecureTransport": "false"}}, "not aws:SecureTransport"),
    ({"BoolIfExists": {"aws:SecureTransport": "TRUE"}}, "aws:SecureTransport? == true"),
    ({"Null": {"aws:username": "true"}}, "aws:username missing"),
    ({"Null": {"aws:username": False}}, "aws:username exists"),
    ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}}, 'any aws:TagKeys in ["a", "b"]'),
    ({"ForAllValues:StringNotLike": {"aws:TagKeys": "a*"}}, 'all aws:TagKeys not like "a*"'),
    ({"ForAllValues:StringEqualsIfExists": {"aws:TagKeys": "a"}}, 'all aws:TagKeys == "a"'),
    ({"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}}, 'any aws:TagKeys? == "a"'),
    ({"StringEquals": {"aws:TagKeys": "a"}}, 'key("aws:TagKeys") == "a"'),
    ({"ForAllValues:StringEquals": {"aws:username": "a"}}, 'all key("aws:username") == "a"'),
    ({"StringEquals": {"aws:RequestTag/cost center": "1"}}, 'key("aws:RequestTag/cost center") == "1"'),
    ({"StringEquals": {"acme:Color": "red"}}, 'key("acme:Color") == "red"'),
    ({"BinaryEquals": {"acme:Blob": "QUJD"}}, 'key("acme:Blob") == Binary("QUJD")'),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "formula"), CONDITIONS, ids=lambda x: json.dumps(x)[:60])
def test_condition(source: Any, condition: dict[str, Any], formula: str) -> None:
    """Each operator has the comparison that the language compiles to it."""
    text = source(_statement(condition))
    assert f" when {formula}" in " ".join(text.split())


DENIALS = [
    (
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
        'unless aws:PrincipalIsAWSService or aws:PrincipalOrgID == "o-1"',
    ),
    (
        {"StringNotEquals": {"aws:RequestedRegion": ["a", "b"]}, "StringEquals": {"aws:username": "x"}},
        'when aws:username == "x" unless aws:RequestedRegion in ["a", "b"]',
    ),
    ({"Null": {"aws:username": "true"}}, "unless aws:username exists"),
    ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "unless aws:SourceIp in 10.0.0.0/8"),
    ({"ForAllValues:StringNotEquals": {"aws:TagKeys": "a"}}, 'unless any aws:TagKeys == "a"'),
    ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}}, 'when any aws:TagKeys != "a"'),
    ({"Bool": {"aws:SecureTransport": "false"}}, "when aws:SecureTransport == false"),
    ({"StringNotEquals": {"aws:TagKeys": "a"}}, 'when key("aws:TagKeys") != "a"'),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "clauses"), DENIALS, ids=lambda x: json.dumps(x)[:60])
def test_what_a_deny_spares_is_its_unless(
    source: Any, condition: dict[str, Any], clauses: str
) -> None:
    """Negated operators of a deny are meant as exceptions; what is only `false` is not."""
    text = source(_statement(condition, Effect="Deny"))
    assert clauses in " ".join(text.split())


REFUSALS = [
    ({"NumericEquals": {"s3:max-keys": "ten"}}, "`ten` is no number"),
    ({"DateLessThan": {"aws:CurrentTime": "2026"}}, "`2026` is no moment"),
    ({"IpAddress": {"aws:SourceIp": "office"}}, "`office` is no address or network"),
    ({"Bool": {"aws:SecureTransport": "yes"}}, "`yes` is no truth value"),
    ({"Null": {"aws:username": ["true", "false"]}}, "says nothing under `Null`"),
    ({"NumericEquals": {"s3:max-keys": "1234567890123456"}}, "15 digits"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "problem"), REFUSALS, ids=lambda x: json.dumps(x)[:60])
def test_what_has_no_form_is_refused(source: Any, condition: dict[str, Any], problem: str) -> None:
    """A value that no evaluator reads, or each in its own way, is not guessed at."""
    assert problem in source(_statement(condition))


def test_actions_are_sets_in_awss_spelling(source: Any) -> None:
    """One set for a service, each action once; unknown ones between quotes."""
    actions = [
        "S3:getobject",
        "ec2:Describe*",
        "s3:GetObject",
        "s3:Put?bject",
        "s3:Nothing",
        "nope:X",
    ]
    text = source({"Effect": "Allow", "Action": actions, "Resource": "*"})
    assert 'allow s3:[GetObject, Put?bject, "Nothing"], ec2:Describe*, "nope:X" on *' in text


def test_negated_elements_are_exceptions(source: Any) -> None:
    """NotAction and NotResource take from everything."""
    text = source(
        {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "NotResource": "arn:aws:s3:::b"}
    )
    assert "deny * except iam:*, sts:* on * except arn:aws:s3:::b" in text


def test_sids_are_kept_as_far_as_they_can_be(source: Any) -> None:
    """A Sid that AWS takes once, and one that no identity policy may have, stand in comments."""
    one = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    text = source(
        {**one, "Sid": "Read"}, {**one, "Sid": "Read", "Action": "s3:PutObject"},
        {**one, "Sid": "", "Action": "s3:ListBucket"}, {**one, "Sid": "my sid", "Action": "s3:Get*"},
    )  # fmt: skip
    assert "allow s3:GetObject on * as Read\n" in text
    assert '## The Sid was "Read" again.\n  allow s3:PutObject on *\n' in text
    assert "allow s3:ListBucket on *\n" in text
    assert '## The Sid was "my sid".' in text


def test_what_repeats_gets_a_name(source: Any) -> None:
    """Long conditions, lists, sets and ARNs that stand often are lets; short ones stay."""
    condition = {
        "StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1", "eu-north-1"]}
    }
    table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
    text = source(
        *(
            {"Effect": "Allow", "Action": action, "Resource": table, "Condition": condition}
            for action in ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query")
        )
    )
    assert f"let orders = {table}\n" in text
    assert "let requested_region = aws:RequestedRegion in [" in text
    assert text.count(table) == 1
    assert text.count(" on orders when requested_region\n") == 3


def test_templates_are_found_again(source: Any) -> None:
    """Statements that a template of the standard library makes, in any order, are its use."""
    queue = {
        "Effect": "Allow",
        "Action": ["sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:GetQueueAttributes"],
        "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders",
    }
    place = (("account", "111122223333"), ("partition", "aws"), ("region", "eu-west-1"))
    assert 'use lambda.sqs_trigger(queue = "orders")' in source(queue, place=place)
    assert "use " not in source({**queue, "Sid": "Poll"}, place=place)
    assert "use " not in source(
        {**queue, "Action": [*queue["Action"], "sqs:SendMessage"]}, place=place
    )
    assert "use " not in source(
        {**queue, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, place=place
    )


def test_blanks_of_a_template_become_externs(source: Any) -> None:
    """`${Account}` without a colon is filled in by some tool, not by IAM."""
    text = source(
        {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:eu-west-1:${Account}:orders-${aws:username}",
            "Condition": {"NotIpAddress": {"aws:SourceIp": "<office-network>"}},
        }
    )
    assert "extern account_id: String max 128" in text
    assert "arn:aws:sqs:eu-west-1:{account_id}:orders-${aws:username}" in text
    assert "aws:SourceIp not in Network(office_network)" in text


def test_a_document_that_names_who_is_a_trust_or_a_resources(source: Any) -> None:
    """What a lone document is, its principals and resources say."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    assert source(trust) == "role p { trust service ec2 }\n"
    bucket = {
        "Effect": "Allow",
        "Principal": {"AWS": ["arn:aws:iam::111122223333:root", "444455556666"], "CanonicalUser": "0" * 64},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::b/*",
    }  # fmt: skip
    text = " ".join(source(bucket).split())
    assert "policy p for arn:aws:s3:::b {" in text
    assert f'to account 111122223333, account 444455556666, canonical "{"0" * 64}"' in text
    assert 'on "{self}/*"' in text


def test_a_role_that_is_gone_is_refused(source: Any) -> None:
    """The unique id that AWS leaves in the place of a deleted role says nothing any more."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": "AROAABCDEFGHIJKLMNOPQ"},
        "Action": "sts:AssumeRole",
    }
    assert "AROAABCDEFGHIJKLMNOPQ" in source(trust)
    assert "role p" not in source(trust)


def test_what_the_compiler_adds_by_itself_is_not_said(source: Any) -> None:
    """A deny with a variable is built as two statements, which are one sentence again."""
    one = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
    built = (
        {**one, "Sid": "Own", "Condition": {"Null": {"aws:username": "true"}}},
        {**one, "Sid": "Own2", "Condition": {"StringNotEquals": {"s3:prefix": "${aws:username}"}}},
    )
    assert (
        source(*built)
        == "policy p { deny s3:GetObject on * unless s3:prefix == aws:username as Own }\n"
    )
    other = {**built[0], "Action": "s3:PutObject"}
    assert source(other, built[1]).count("deny ") == 2
