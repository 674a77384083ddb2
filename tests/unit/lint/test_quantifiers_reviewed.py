"""Operators of documents: types, set operators, missing keys, wildcards, days and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import allow, review_document, review_source, said

from iamdsl.diagnostics import Severity, codes

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Code, Diagnostic


def _tested(effect: str = "Allow", /, **condition: Any) -> tuple[Diagnostic, ...]:
    return review_document(allow("s3:GetObject", Effect=effect, Condition=condition))


def _of(found: tuple[Diagnostic, ...], code: Code) -> list[Diagnostic]:
    return [d for d in found if d.code is code]


@pytest.mark.parametrize(
    ("operator", "key", "value", "message"),
    [
        ("NumericEquals", "aws:userid", "7",
         "`aws:userid` is of type String, and is compared as Numeric"),
        ("StringEquals", "aws:SourceIp", "203.0.113.0/24",
         "`aws:SourceIp` is of type IPAddress, and is compared as String"),
        ("Bool", "aws:SecureTransport", "yes",
         "`yes` is not `true` or `false`, as `Bool` compares"),
        ("Null", "aws:TokenIssueTime", "maybe",
         "`maybe` is not `true` or `false`, as `Null` compares"),
        ("DateLessThan", "aws:CurrentTime", "tomorrow",
         "`tomorrow` is not a date, as `DateLessThan` compares"),
        ("NumericLessThan", "aws:MultiFactorAuthAge", "1h",
         "`1h` is not a number, as `NumericLessThan` compares"),
        ("IpAddress", "aws:SourceIp", "203.0.113.300",
         "`203.0.113.300` is not an address or network, as `IpAddress` compares"),
        ("ArnLike", "aws:SourceArn", "my-topic",
         "`my-topic` is no ARN, and `ArnLike` compares ARNs"),
        ("NumericEquals", "s3:max-keys", "${aws:userid}",
         "`${aws:userid}` is compared by `NumericEquals`, which knows no variables"),
        ("Bool", "aws:SecureTransport", ["true", "false"],
         "`Bool` of `aws:SecureTransport` takes one truth value, and here are both"),
    ],
)  # fmt: skip
def test_what_an_operator_cannot_compare_is_told(
    operator: str, key: str, value: Any, message: str
) -> None:
    """Protects documents from comparisons that AWS takes, and that fit nothing."""
    found = _of(_tested(**{operator: {key: value}}), codes.OPERATOR_MISMATCH)
    assert [(d.message, d.severity) for d in found] == [(message, Severity.WARNING)]


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEquals", "aws:SourceArn", "arn:aws:sns:eu-west-1:111122223333:jobs"),
        ("StringLike", "aws:SourceArn", "arn:aws:s3:::photos*"),
        ("ArnLike", "aws:ResourceTag/stack", "arn:aws:ecs:*:*:task/*"),
        ("NumericLessThan", "aws:EpochTime", "1767225600"),
        ("DateLessThan", "aws:CurrentTime", "1767225600"),
        ("Bool", "aws:SecureTransport", "TRUE"),
        ("StringEquals", "aws:userid", "${aws:PrincipalTag/id}"),
        ("NumericEquals", "aws:Nothing", "7"),
    ],
)
def test_what_works_passes(operator: str, key: str, value: str) -> None:
    """Protects pairs of operator and key that AWS compares as meant."""
    assert _of(_tested(**{operator: {key: value}}), codes.OPERATOR_MISMATCH) == []


def test_stars_that_run_across_colons_are_a_note() -> None:
    """Protects ARN keys: under `StringLike` a `*` in the middle of an ARN matches colons."""
    found = _of(
        _tested(StringLike={"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}),
        codes.OPERATOR_MISMATCH,
    )
    assert [(d.message, d.severity) for d in found] == [
        (
            "`aws:SourceArn` holds an ARN, and the `*` of `StringLike` runs across its colons",
            Severity.NOTE,
        )
    ]


def test_set_operators_follow_the_key() -> None:
    """Protects keys with many values, keys with one, and the words for each."""
    missing = _of(_tested(StringEquals={"aws:TagKeys": "a"}), codes.QUANTIFIER_MISMATCH)
    assert [(d.message, d.severity) for d in missing] == [
        ("a request can hold many values of `aws:TagKeys`", Severity.WARNING)
    ]
    single: dict[str, Any] = {"ForAllValues:StringEquals": {"aws:userid": "a"}}
    message = "`aws:userid` has one value, and `ForAllValues` is met without any"
    for effect, severity in (("Allow", Severity.WARNING), ("Deny", Severity.NOTE)):
        found = _of(_tested(effect, **single), codes.QUANTIFIER_MISMATCH)
        assert [(d.message, d.severity) for d in found] == [(message, severity)]
        assert found[0].hint == (
            "write `StringEquals`, or `StringEqualsIfExists` where such a request is meant"
        )


@pytest.mark.parametrize(
    "condition",
    [
        {"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}},
        {"ForAnyValue:StringEquals": {"aws:userid": "a"}},
        {"ForAllValues:StringNotEquals": {"aws:userid": "a"}},
        {"StringEquals": {"events:detail-type": "a"}},
        {"Null": {"aws:TagKeys": "true"}},
    ],
)
def test_set_operators_that_do_no_harm_pass(condition: dict[str, Any]) -> None:
    """Protects what is right, or means the same."""
    assert _of(_tested(**condition), codes.QUANTIFIER_MISMATCH) == []


def test_audiences_have_one_value() -> None:
    """Protects trust policies from `ForAnyValue` on the audience, which AWS warns of."""
    aud = "token.actions.githubusercontent.com:aud"
    found = _of(
        _tested(**{"ForAnyValue:StringEquals": {aud: "sts.amazonaws.com"}}),
        codes.QUANTIFIER_MISMATCH,
    )
    assert [d.message for d in found] == [
        f"`{aud}` has one value, and `ForAnyValue` is for keys with many"
    ]


def test_wildcards_and_days_under_equals_are_told() -> None:
    """Protects from `*` that matches itself alone, and from a day that is an instant."""
    stars = _tested(StringEquals={"aws:userid": ["AIDA*", "${*}"]})
    assert said(stars, codes.WILDCARD_IN_EQUALS) == [
        ('"AIDA*"', "the `*` is an ordinary character under `StringEquals`")
    ]
    days = _tested(DateEquals={"aws:CurrentTime": ["2026-01-01", "2026-01-01T00:00:00Z"]})
    assert said(days, codes.DATE_IS_AN_INSTANT) == [
        (
            '"2026-01-01"',
            "`2026-01-01` is the first instant of that day, and `DateEquals` compares instants",
        )
    ]


@pytest.mark.parametrize(
    ("effect", "condition", "found"),
    [
        ("Allow", {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a/*"}}, True),
        (
            "Allow",
            {
                "ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a/*"},
                "Null": {"aws:PrincipalOrgPaths": "false"},
            },
            False,
        ),
        ("Deny", {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a/*"}}, False),
        ("Allow", {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}, False),
        ("Allow", {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "a"}}, True),
        (
            "Allow",
            {
                "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "a"},
                "StringEquals": {"kms:EncryptionContext:a": "b"},
            },
            False,
        ),
        ("Deny", {"Bool": {"aws:MultiFactorAuthPresent": "false"}}, True),
        ("Deny", {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, False),
        ("Deny", {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
    ],
)
def test_missing_keys_that_decide_are_told(
    effect: str, condition: dict[str, Any], found: bool
) -> None:
    """Protects from requests without a key that are let in, or that escape a `deny`."""
    assert bool(_of(_tested(effect, **condition), codes.MISSING_KEY_DECIDES)) is found


def test_a_deny_of_missing_second_factors_beside_is_seen() -> None:
    """Protects policies that deny requests without the key by a statement of its own."""
    key = "aws:MultiFactorAuthPresent"
    document = allow("iam:*", Effect="Deny", Condition={"Bool": {key: "false"}})
    beside = allow("iam:*", Effect="Deny", Condition={"Null": {key: "true"}})
    document["Statement"] += beside["Statement"]
    assert _of(review_document(document), codes.MISSING_KEY_DECIDES) == []


def test_a_deny_without_second_factor_is_told_in_sources(tmp_path: Path) -> None:
    """Protects sources from the same hole, with the way that the language has."""
    found = review_source(
        tmp_path, "policy p { deny iam:* on * when aws:MultiFactorAuthPresent == false }"
    )
    (one,) = _of(found, codes.MISSING_KEY_DECIDES)
    assert one.message == "a request without `aws:MultiFactorAuthPresent` escapes this `deny`"
    assert one.hint == "write `unless aws:MultiFactorAuthPresent`"
    mended = review_source(
        tmp_path, "policy p { deny iam:* on * unless aws:MultiFactorAuthPresent }"
    )
    assert _of(mended, codes.MISSING_KEY_DECIDES) == []


def test_variables_without_a_value_are_told() -> None:
    """Protects an `Allow` from a difference that holds because the tag is not there."""
    different: dict[str, Any] = {
        "StringNotEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}
    }
    assert said(_tested(**different), codes.VALUELESS_VARIABLE) == [
        (
            '"${aws:PrincipalTag/team}"',
            "a `${aws:PrincipalTag/team}` without a value differs from everything",
        )
    ]
    there: dict[str, Any] = {**different, "Null": {"aws:PrincipalTag/team": "false"}}
    assert _of(_tested(**there), codes.VALUELESS_VARIABLE) == []
    always: dict[str, Any] = {"StringNotEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
    assert _of(_tested(**always), codes.VALUELESS_VARIABLE) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${aws:username", "`${aws:username` is not closed"),
        ("${}", "`${}` names no condition key"),
        ("${aws: username}", "`${aws: username}` has a blank in its name"),
        (
            "${aws:username, 'a}",
            "`${aws:username, 'a}` is no variable with a default that IAM reads",
        ),
    ],
)
def test_variables_that_iam_cannot_read_are_told(text: str, message: str) -> None:
    """Protects from `${…}` that AWS refuses, in values and in resources, with the place's code."""
    value = _tested(StringEquals={"aws:userid": text})
    assert said(value, codes.MIXED_UP_INTERPOLATION) == [(f'"{text}"', message)]
    arn = f"arn:aws:s3:::photos/{text}"
    resource = review_document(allow("s3:GetObject", arn))
    assert said(resource, codes.BAD_ARN) == [(f'"{arn}"', message)]


@pytest.mark.parametrize(
    "text", ["${aws:username}", "${aws:PrincipalTag/cost center, 'none'}", "${*}", "a$b", "${$}{a}"]
)
def test_variables_that_iam_reads_pass(text: str) -> None:
    """Protects variables, defaults with blanks, and plain characters."""
    found = _tested(StringLike={"aws:userid": text})
    assert _of(found, codes.MIXED_UP_INTERPOLATION) == []


def test_variables_that_are_never_filled_in_are_told() -> None:
    """Protects from unknown keys, keys with many values, and names that a template left."""
    unknown = _tested(StringEquals={"aws:userid": "${aws:UserNane}"})
    assert said(unknown, codes.UNKNOWN_KEY)[0][1] == (
        "`aws:UserNane` is no condition key that AWS has, and would never be filled in"
    )
    many = _tested(StringEquals={"aws:userid": "${aws:TagKeys}"})
    assert [d.severity for d in _of(many, codes.QUANTIFIER_MISMATCH)] == [Severity.WARNING]
    blanks = {"StringEquals": {"aws:userid": ["${First}", "${Second}"]}}
    left = _of(_tested(**blanks), codes.MIXED_UP_INTERPOLATION)
    assert [(d.message, d.severity) for d in left] == [
        ("`${First}` and 1 other are no condition keys of a request", Severity.NOTE)
    ]


def test_blanks_of_arns_are_told_as_such_alone() -> None:
    """Protects from two findings for one blank: what ARNs lack is told with them."""
    document = allow("s3:GetObject", "arn:aws:s3:::${Bucket}/*")
    document["Statement"][0]["Condition"] = {"StringEquals": {"aws:userid": "${Bucket}"}}
    found = review_document(document)
    assert not _of(found, codes.MIXED_UP_INTERPOLATION)
    assert len(_of(found, codes.BAD_ARN)) == 1
