from __future__ import annotations

import pytest

from iamdsl.iam import NEGATED, OPERATORS, Entry
from iamdsl.simulate import fits, holds, instant

ROWS = [
    # operator, values of the policy, value of the request, whether it fits
    ("StringEquals", ("a", "b"), "b", True),
    ("StringEquals", ("a",), "A", False),
    ("StringEquals", ("a*",), "ab", False),
    ("StringEquals", ("a*",), "a*", True),
    ("StringEquals", ("a${*}",), "a*", True),
    ("StringEquals", ("${$}{x}",), "${x}", True),
    ("StringEquals", ("",), "", True),
    ("StringEqualsIgnoreCase", ("Ab",), "aB", True),
    ("StringEqualsIgnoreCase", ("Ab",), "aC", False),
    ("StringEqualsIgnoreCase", ("", "x"), "", True),
    ("StringLike", ("", "x"), "", True),
    ("StringLike", ("a*c",), "abbc", True),
    ("StringLike", ("a*c",), "abbcd", False),
    ("StringLike", ("a?c",), "abc", True),
    ("StringLike", ("a?c",), "ac", False),
    ("StringLike", ("*",), "", True),
    ("StringLike", ("a${*}c",), "abc", False),
    ("StringLike", ("a${*}c*",), "a*cd", True),
    ("StringLike", ("a${?}",), "ab", False),
    ("StringLike", ("*a*b*ab",), "xaxbxab", True),
    ("StringLike", ("*ab",), "abab", True),
    ("StringLike", ("a*\n*b",), "a\n\nb", True),
    ("StringLike", ("A*",), "ab", False),
    ("NumericEquals", ("5",), "5.0", True),
    ("NumericEquals", ("5",), "-5", False),
    ("NumericLessThan", ("5",), "4.99", True),
    ("NumericLessThan", ("5",), "5", False),
    ("NumericLessThanEquals", ("5",), "5", True),
    ("NumericGreaterThan", ("5",), "5", False),
    ("NumericGreaterThanEquals", ("5", "10"), "7", True),
    ("NumericLessThan", ("5",), "abc", False),
    ("NumericGreaterThanEquals", ("abc",), "abc", False),
    ("NumericEquals", ("abc",), "abc", True),
    ("NumericEquals", ("1",), "nan", False),
    ("DateEquals", ("2026-01-01T00:00:00Z",), "2026-01-01T01:00:00+01:00", True),
    ("DateEquals", ("2026-01-01",), "1767225600", True),
    ("DateEquals", ("2026",), "2026-01-01T00:00:00Z", True),
    ("DateEquals", ("2026-01",), "2026-01-01", True),
    ("DateLessThan", ("2026-01-01T00:00:00Z",), "2025-12-31T23:59:59Z", True),
    ("DateLessThan", ("2026-01-01T00:00:00Z",), "soon", False),
    ("DateLessThanEquals", ("2026-01-01",), "2026-01-01T00:00:00Z", True),
    ("DateGreaterThan", ("2026-01-01",), "2026-01-01T00:00:00.5Z", True),
    ("DateGreaterThanEquals", ("2026-01-01",), "2025-12-31", False),
    ("Bool", ("true",), "TRUE", True),
    ("Bool", ("true",), "false", False),
    ("BinaryEquals", ("QUJD",), "QUJD", True),
    ("BinaryEquals", ("QUJD",), "QUJE", False),
    ("BinaryEquals", ("???",), "???", True),
    ("IpAddress", ("10.0.0.0/8",), "10.255.255.255", True),
    ("IpAddress", ("10.0.0.0/8",), "11.0.0.0", False),
    ("IpAddress", ("10.1.2.3/8",), "10.9.9.9", True),
    ("IpAddress", ("203.0.113.9",), "203.0.113.9", True),
    ("IpAddress", ("203.0.113.9",), "203.0.113.10", False),
    ("IpAddress", ("2001:db8::/32",), "2001:db8:1::1", True),
    ("IpAddress", ("2001:db8::1",), "2001:0db8:0::1", True),
    ("IpAddress", ("0.0.0.0/0",), "2001:db8::1", False),
    ("IpAddress", ("10.0.0.0/8",), "nowhere", False),
    ("ArnEquals", ("arn:aws:s3:::a*",), "arn:aws:s3:::ab", True),
    ("ArnLike", ("arn:aws:*:::a",), "arn:aws:s3:::a", True),
    ("ArnLike", ("*",), "arn:aws:s3:::a", True),
    ("ArnLike", ("arn:aws:sns:*:1:x",), "arn:aws:sns:eu:west:1:x", False),
    ("ArnLike", ("arn:aws:sns:*:*:x*",), "arn:aws:sns:eu:1:xa:b:c", True),
    ("ArnLike", ("arn:aws:sns:*:*:x",), "arn:aws:sns:eu:1:x:y", False),
    ("ArnLike", ("arn:aws:s?:::x",), "arn:aws:s3:::x", True),
    ("ArnLike", ("arn:aws:s3:::x${*}",), "arn:aws:s3:::xy", False),
    ("ArnLike", ("arn:aws:iam::*:role/a",), "ARN:aws:iam::1:role/a", False),
]
OPPOSITE = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
    "IpAddress": "NotIpAddress",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
}


@pytest.mark.parametrize(("operator", "values", "value", "expected"), ROWS)
def test_a_value_fits_as_its_operator_compares(
    operator: str, values: tuple[str, ...], value: str, expected: bool
) -> None:
    """Each family has its own idea of equal; a wrong one lets the wrong request in."""
    assert holds(Entry(operator, "aws:Key", values), {"aws:key": (value,)}) is expected
    assert holds(Entry("ForAnyValue:" + operator, "k", values), {"k": (value,)}) is expected
    assert holds(Entry("ForAllValues:" + operator, "k", values), {"k": (value,)}) is expected
    assert any(fits(operator, v, value, {}) for v in values) is expected
    if operator in OPPOSITE:
        negated = OPPOSITE[operator]
        assert holds(Entry(negated, "k", values), {"k": (value,)}) is not expected
        assert all(fits(negated, v, value, {}) for v in values) is not expected


def test_every_operator_is_known_here() -> None:
    """An operator that `iam` reads and that cannot be decided would be a traceback."""
    assert {row[0] for row in ROWS} | {"Null"} == OPERATORS - NEGATED
    assert set(OPPOSITE.values()) == NEGATED


@pytest.mark.parametrize("operator", sorted(OPERATORS - {"Null"}))
def test_a_missing_key_is_false_true_or_waived(operator: str) -> None:
    """AWS's rule for missing keys is where most policies go wrong: so it is exact here."""
    negated = operator in NEGATED
    for context in ({}, {"k": ()}):
        assert holds(Entry(operator, "k", ("1",)), context) is negated
        assert holds(Entry(operator + "IfExists", "k", ("1",)), context) is True
        assert holds(Entry("ForAllValues:" + operator, "k", ("1",)), context) is True
        assert holds(Entry("ForAllValues:" + operator + "IfExists", "k", ("1",)), context) is True
        assert holds(Entry("ForAnyValue:" + operator, "k", ("1",)), context) is False
        assert holds(Entry("ForAnyValue:" + operator + "IfExists", "k", ("1",)), context) is True


def test_null_asks_whether_a_key_is_there() -> None:
    """The empty text is a value, and an empty list is a missing key."""
    for context, missing in (({}, True), ({"k": ()}, True), ({"k": ("",)}, False)):
        assert holds(Entry("Null", "K", ("true",)), context) is missing
        assert holds(Entry("Null", "K", ("False",)), context) is not missing
        assert holds(Entry("Null", "K", ("true", "false")), context) is True


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAllValues:StringEquals", ("a",), False),
        ("ForAllValues:StringEquals", ("a", "b", "c"), True),
        ("ForAllValues:StringNotEquals", ("a",), False),
        ("ForAllValues:StringNotEquals", ("c",), True),
        ("ForAnyValue:StringEquals", ("a",), True),
        ("ForAnyValue:StringEquals", ("c",), False),
        ("ForAnyValue:StringNotEquals", ("a",), True),
        ("ForAnyValue:StringNotEquals", ("a", "b"), False),
        ("StringEquals", ("a",), True),
        ("StringEquals", ("c",), False),
        ("StringNotEquals", ("a",), False),
        ("StringNotEquals", ("c",), True),
    ],
)
def test_several_values(operator: str, values: tuple[str, ...], expected: bool) -> None:
    """Set operators say how many of a request's values have to fit."""
    assert holds(Entry(operator, "k", values), {"k": ("a", "b")}) is expected


@pytest.mark.parametrize(
    ("operator", "text", "context", "expected"),
    [
        ("StringEquals", "${aws:UserName}", {"k": ("bob",), "aws:username": ("bob",)}, True),
        ("StringEquals", "${aws:username}", {"k": ("bob",), "aws:username": ("eve",)}, False),
        ("StringEquals", "${aws:username}", {"k": ("bob",)}, False),
        ("StringNotEquals", "${aws:username}", {"k": ("bob",)}, True),
        ("StringLike", "h/${u}/*", {"k": ("h/bob/x",), "u": ("bob",)}, True),
        ("StringLike", "h/${u}/*", {"k": ("h/anyone/x",), "u": ("*",)}, False),
        ("StringLike", "h/${u}/*", {"k": ("h/*/x",), "u": ("*",)}, True),
        ("StringLike", "${u, 'all'}/*", {"k": ("all/x",)}, True),
        ("StringLike", "${u, 'all'}/*", {"k": ("bob/x",), "u": ("bob",)}, True),
        ("StringEquals", "${u}", {"k": ("a",), "u": ("a", "b")}, False),
        ("StringEquals", "${u}", {"k": ("${v}",), "u": ("${v}",), "v": ("x",)}, True),
        ("StringEquals", "${}", {"k": ("",)}, False),
        ("StringEquals", "${u", {"k": ("${u",)}, True),
        ("ArnLike", "arn:aws:s3:::${u}/*", {"k": ("arn:aws:s3:::b/c",), "u": ("b",)}, True),
        ("ArnLike", "arn:aws:s3:::${u}/*", {"k": ("arn:aws:s3:::b/c",), "u": ("*",)}, False),
        ("NumericEquals", "${u}", {"k": ("5",), "u": ("5",)}, False),
        ("ForAllValues:StringLike", "${u}*", {"k": ("ab", "ac"), "u": ("a",)}, True),
    ],
)
def test_variables(
    operator: str, text: str, context: dict[str, tuple[str, ...]], expected: bool
) -> None:
    """What a variable holds is literal, and one that holds nothing matches nothing."""
    assert holds(Entry(operator, "k", (text,)), context) is expected


def test_an_instant_is_the_same_in_every_zone() -> None:
    """The prover leans on it for where dates change their mind."""
    assert instant("2026-01-01") == instant("2026-01-01T05:30+05:30") == instant("1767225600")
    for text in ("", "soon", "2026-13-01", "99999999999999999999", "2026-01-01Tmorning"):
        with pytest.raises(ValueError, match=r"."):
            instant(text)


def test_many_wildcards_take_no_time() -> None:
    """A policy is somebody's input: no pattern may make a request hang."""
    entry = Entry("StringLike", "k", ("*a" * 40 + "b",))
    assert holds(entry, {"k": ("a" * 5000,)}) is False
    assert holds(entry, {"k": ("a" * 5000 + "b",)}) is True
