"""Conditions that are never met, tests that are always met, and values that say nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import allow, review_document, review_source, said

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Code, Diagnostic


def _tested(effect: str = "Allow", /, **condition: Any) -> tuple[Diagnostic, ...]:
    return review_document(allow("s3:ListBucket", Effect=effect, Condition=condition))


def _of(found: tuple[Diagnostic, ...], code: Code) -> list[Diagnostic]:
    return [d for d in found if d.code is code]


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (
            {"StringEquals": {"s3:prefix": "a"}, "StringLike": {"s3:prefix": "b*"}},
            "no request meets `StringEquals` and `StringLike` of `s3:prefix` together",
        ),
        (
            {"StringEquals": {"aws:PrincipalAccount": "111122223333"},
             "StringNotEquals": {"aws:principalaccount": ["111122223333", "444455556666"]}},
            "no request meets `StringEquals` and `StringNotEquals` of `aws:principalaccount` together",
        ),
        (
            {"Null": {"s3:prefix": "true"}, "StringEquals": {"s3:prefix": "a"}},
            "no request meets `Null` and `StringEquals` of `s3:prefix` together",
        ),
        (
            {"NumericGreaterThan": {"s3:max-keys": "10"}, "NumericLessThan": {"s3:max-keys": "5"}},
            "no request meets `NumericGreaterThan` and `NumericLessThan` of `s3:max-keys` together",
        ),
        (
            {"DateGreaterThan": {"aws:CurrentTime": "2026-02-01T00:00:00Z"},
             "DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
            "no request meets `DateGreaterThan` and `DateLessThan` of `aws:CurrentTime` together",
        ),
        (
            {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
             "NotIpAddress": {"aws:SourceIp": "203.0.0.0/16"}},
            "no request meets `IpAddress` and `NotIpAddress` of `aws:SourceIp` together",
        ),
        ({"Null": {"aws:SecureTransport": "true"}}, "no request lacks `aws:SecureTransport`"),
        ({"StringNotLike": {"aws:userid": "*"}},
         "no request meets `StringNotLike` of `aws:userid`"),
    ],
)  # fmt: skip
def test_what_no_request_meets_is_told(condition: dict[str, Any], message: str) -> None:
    """Protects from statements that allow nothing, each by a proof over all tests of a key."""
    found = _of(_tested(**condition), codes.NEVER_TRUE)
    assert [(d.message, d.label) for d in found] == [(message, "the statement allows nothing")]


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": {"s3:prefix": "a"}, "StringLike": {"s3:prefix": "a*"}},
        {"StringLikeIfExists": {"s3:prefix": "a"}, "StringNotEquals": {"s3:prefix": "a"}},
        {"NumericGreaterThan": {"s3:max-keys": "5"}, "NumericLessThan": {"s3:max-keys": "10"}},
        {"Null": {"s3:prefix": "true"}, "StringEqualsIfExists": {"s3:prefix": "a"}},
        {"Null": {"s3:prefix": "false"}, "StringNotEquals": {"s3:prefix": "a"}},
        {"StringNotLike": {"s3:prefix": "*"}},
        {
            "ForAnyValue:StringEquals": {"aws:TagKeys": "a"},
            "ForAnyValue:StringLike": {"aws:TagKeys": "b"},
        },
        {"StringEquals": {"s3:prefix": "${aws:username}"}, "StringLike": {"s3:prefix": "b*"}},
    ],
)
def test_what_some_request_meets_passes(condition: dict[str, Any]) -> None:
    """Protects tests that look opposed and are not: missing keys, several values, variables."""
    assert _of(_tested(**condition), codes.NEVER_TRUE) == []


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"StringLikeIfExists": {"s3:prefix": "*"}},
         "every request meets `StringLikeIfExists` of `s3:prefix`"),
        ({"StringLike": {"aws:userid": ["AIDA*", "*"]}},
         "every request meets `StringLike` of `aws:userid`"),
        ({"ForAllValues:StringLike": {"aws:TagKeys": "*"}},
         "every request meets `ForAllValues:StringLike` of `aws:TagKeys`"),
        ({"Null": {"aws:SecureTransport": "false"}},
         "every request carries `aws:SecureTransport`"),
        ({"Null": {"s3:prefix": ["true", "false"]}},
         "every request meets `Null` of `s3:prefix`"),
        ({"IpAddressIfExists": {"aws:SourceIp": ["0.0.0.0/0", "::/0"]}},
         "every request meets `IpAddressIfExists` of `aws:SourceIp`"),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, "`0.0.0.0/0` is every IPv4 address"),
    ],
)  # fmt: skip
def test_what_every_request_meets_is_told(condition: dict[str, Any], message: str) -> None:
    """Protects from tests that seem to keep somebody out."""
    assert [m for _, m in said(_tested(**condition), codes.ALWAYS_TRUE)] == [message]


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"s3:prefix": "*"}},
        {"Null": {"s3:prefix": "false"}},
        {"StringLikeIfExists": {"s3:prefix": "?*"}},
        {"StringEquals": {"aws:userid": "*"}},
        {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}},
    ],
)
def test_what_keeps_somebody_out_passes(condition: dict[str, Any]) -> None:
    """Protects tests that ask whether a key is there, and patterns that are not quite all."""
    assert _of(_tested(**condition), codes.ALWAYS_TRUE) == []


def test_a_deny_is_told_in_its_own_words() -> None:
    """Protects the words: a deny denies nothing, or spares nobody; all addresses may be meant."""
    never = _of(_tested("Deny", Null={"aws:SecureTransport": "true"}), codes.NEVER_TRUE)
    assert [d.label for d in never] == ["the statement denies nothing"]
    always = _of(_tested("Deny", StringLikeIfExists={"s3:prefix": "*"}), codes.ALWAYS_TRUE)
    assert [d.label for d in always] == ["spares nobody"]
    every = _tested("Deny", IpAddress={"aws:SourceIp": "0.0.0.0/0"})
    assert _of(every, codes.ALWAYS_TRUE) == []


@pytest.mark.parametrize(
    ("operator", "key", "values", "found"),
    [
        ("StringLike", "aws:userid", ["AIDA*", "AIDAX"], ("AIDAX", "AIDA*")),
        ("StringNotLike", "aws:userid", ["AIDAX", "AIDA*"], ("AIDAX", "AIDA*")),
        ("ArnEquals", "aws:SourceArn", ["arn:aws:s3:::a*", "arn:aws:s3:::ab"],
         ("arn:aws:s3:::ab", "arn:aws:s3:::a*")),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "203.0.113.7"],
         ("203.0.113.7", "203.0.113.0/24")),
        ("NumericLessThan", "s3:max-keys", ["5", "10"], ("5", "10")),
    ],
)  # fmt: skip
def test_values_that_another_one_covers_are_told(
    operator: str, key: str, values: list[str], found: tuple[str, str]
) -> None:
    """Protects lists from values that say nothing, negated ones as well."""
    narrow, wide = found
    assert said(_tested(**{operator: {key: values}}), codes.REDUNDANT_VALUE) == [
        (f'"{narrow}"', f"`{wide}` covers `{narrow}` already")
    ]


def test_values_that_stand_twice_are_told_once() -> None:
    """Protects from a list that has a value again; the first one stays."""
    found = _tested(StringEquals={"s3:prefix": ["a", "b", "a"]})
    assert [m for _, m in said(found, codes.REDUNDANT_VALUE)] == ["`a` stands twice in the list"]


@pytest.mark.parametrize(
    ("operator", "key", "values"),
    [
        ("StringLike", "aws:userid", ["AIDA*", "AROA*"]),
        ("StringEquals", "aws:userid", ["AIDA*", "AIDAX"]),
        ("StringLike", "s3:prefix", ["a/*", "a"]),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "198.51.100.0/24"]),
    ],
)
def test_values_that_say_something_pass(operator: str, key: str, values: list[str]) -> None:
    """Protects lists in which each value adds something."""
    assert _of(_tested(**{operator: {key: values}}), codes.REDUNDANT_VALUE) == []


def test_sources_are_told_what_the_compiler_has_not_folded(tmp_path: Path) -> None:
    """Protects sources: what every request carries, and values that a pattern beside covers."""
    found = review_source(
        tmp_path,
        "policy p {\n"
        "  allow s3:GetObject on s3:object() when aws:SecureTransport exists\n"
        '  allow s3:PutObject on s3:object() when aws:userid not like "*"\n'
        '  allow s3:GetObjectAcl on s3:object() when aws:userid like ["AIDA*", "AIDAX"]\n'
        "}\n",
    )
    assert said(found, codes.ALWAYS_TRUE) == [
        ("aws:SecureTransport", "every request carries `aws:SecureTransport`")
    ]
    assert said(found, codes.NEVER_TRUE) == [("aws:userid", "no request lacks `aws:userid`")]
    assert said(found, codes.REDUNDANT_VALUE) == [('"AIDAX"', "`AIDA*` covers `AIDAX` already")]
