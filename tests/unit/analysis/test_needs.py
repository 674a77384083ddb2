"""What a request would have to carry for a condition to hold, or for a deny to pass it by."""

from __future__ import annotations

import pytest

from iamdsl import simulate
from iamdsl.analysis.needs import failing, to_hold, to_pass, with_need
from iamdsl.analysis.writing import arn_text, duration, entry_text, quoted, text
from iamdsl.iam import Elements, Entry, Statement
from iamdsl.simulate import Request

ANYTHING = Elements(("*",))
REQUEST = Request(
    "arn:aws:iam::111122223333:role/a",
    "s3:GetObject",
    "arn:aws:s3:::b/1",
    {
        "aws:principaltag/team": ("a*b",),
        "aws:sourcevpc": ("vpc-1",),
        "aws:sourceip": ("203.0.113.9",),
        "s3:signatureage": ("10",),
    },
)


@pytest.mark.parametrize(
    ("operator", "key", "values", "sent"),
    [
        ("StringEquals", "sts:ExternalId", ("one", "two"), ("one",)),
        ("StringEqualsIgnoreCase", "sts:ExternalId", ("One",), ("One",)),
        ("StringLike", "sts:RoleSessionName", ("a-*",), ("a-x",)),
        ("StringLike", "sts:RoleSessionName", ("a${*}b",), ("a*b",)),
        ("StringEquals", "aws:RequestTag/team", ("${aws:PrincipalTag/team}",), ("a*b",)),
        ("StringEquals", "aws:RequestTag/team", ("${aws:PrincipalTag/none}", "c"), ("c",)),
        ("StringEquals", "aws:RequestTag/team", ("${aws:PrincipalTag/none, 'd'}",), ("d",)),
        ("ArnLike", "aws:SourceArn", ("arn:aws:sns:*:*:t",), ("arn:aws:sns:x:x:t",)),
        ("Bool", "aws:SecureTransport", ("true",), ("true",)),
        ("Bool", "aws:SecureTransport", ("false",), ("false",)),
        ("NumericLessThan", "aws:MultiFactorAuthAge", ("3600",), ("3599",)),
        ("NumericLessThanEquals", "s3:max-keys", ("10",), ("10",)),
        ("NumericGreaterThan", "s3:max-keys", ("10",), ("11",)),
        ("NumericNotEquals", "s3:signatureAge", ("10",), ("9",)),
        ("DateGreaterThan", "aws:CurrentTime", ("2030-01-01",), ("2030-01-02T00:00:00Z",)),
        ("DateLessThan", "aws:CurrentTime", ("2030-01-01",), ("2029-12-31T00:00:00Z",)),
        ("IpAddress", "aws:SourceIp", ("198.51.100.0/24",), ("198.51.100.0",)),
        ("NotIpAddress", "aws:SourceIp", ("203.0.113.0/24",), ("192.0.2.1",)),
        ("Null", "aws:RequestTag/team", ("false",), ("x",)),
        ("Null", "aws:SourceVpc", ("true",), ()),
        ("StringNotEquals", "aws:SourceVpc", ("vpc-1",), ()),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ("team",), ("team",)),
        ("ForAllValues:StringEquals", "aws:SourceVpc", ("team",), ("team",)),
    ],
)
def test_what_makes_a_condition_hold(
    operator: str, key: str, values: tuple[str, ...], sent: tuple[str, ...]
) -> None:
    """Protects what people are told to send: a value of each kind, which does hold."""
    entry = Entry(operator, key, values)
    need = to_hold(entry, (entry,), REQUEST)
    if simulate.holds(entry, REQUEST.context):
        pytest.fail("it holds already")
    assert need is not None
    assert need.values == sent
    assert simulate.holds(entry, with_need(REQUEST, need).context)


@pytest.mark.parametrize(
    ("operator", "key", "values"),
    [
        ("StringEquals", "aws:PrincipalOrgID", ("o-1",)),
        ("ArnLike", "aws:PrincipalArn", ("arn:aws:iam::*:role/b",)),
        ("StringEquals", "sts:ExternalId", ("${aws:PrincipalTag/none}",)),
        ("NumericLessThan", "s3:max-keys", ("ten",)),
        ("DateLessThan", "aws:CurrentTime", ("never",)),
        ("IpAddress", "aws:SourceIp", ("nowhere",)),
    ],
)
def test_what_nobody_can_send(operator: str, key: str, values: tuple[str, ...]) -> None:
    """Protects from advice that nobody can follow: who asks is given, and nonsense fits nothing."""
    entry = Entry(operator, key, values)
    assert to_hold(entry, (entry,), REQUEST) is None


def test_all_tests_of_a_key_hold_together() -> None:
    """Protects two tests of one key: what mends the one must not break the other."""
    lower = Entry("NumericGreaterThan", "s3:max-keys", ("10",))
    upper = Entry("NumericLessThan", "s3:max-keys", ("11.5",))
    need = to_hold(lower, (lower, upper), REQUEST._replace(context={"s3:max-keys": ("5",)}))
    assert need is not None
    assert need.values == ("11",)


def test_a_region_that_the_resource_has_is_given() -> None:
    """Protects from advice to ask for a resource in a Region where it is not."""
    entry = Entry("StringEquals", "aws:RequestedRegion", ("eu-west-1",))
    assert to_hold(entry, (entry,), REQUEST) is not None
    table = REQUEST._replace(resource="arn:aws:dynamodb:us-east-1:111122223333:table/t")
    assert to_hold(entry, (entry,), table) is None


def test_what_passes_a_deny_by() -> None:
    """Protects advice about denies: each way out is one that keeps the deny from applying."""
    statement = Statement(
        "Deny",
        ANYTHING,
        ANYTHING,
        condition=(
            Entry("BoolIfExists", "aws:MultiFactorAuthPresent", ("false",)),
            Entry("StringNotEquals", "aws:SourceVpc", ("vpc-2",)),
            Entry("StringNotEquals", "aws:PrincipalOrgID", ("o-1",)),
        ),
    )
    assert failing(statement, REQUEST) == ()
    found = list(to_pass(statement, REQUEST))
    assert [(n.key, n.values) for n in found] == [
        ("aws:MultiFactorAuthPresent", ("true",)),
        ("aws:SourceVpc", ("vpc-2",)),
    ]
    for need in found:
        assert not simulate.applies(statement, with_need(REQUEST, need))


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (Entry("StringEquals", "a:b", ("x",)), 'a:b == "x"'),
        (Entry("StringNotEqualsIfExists", "a:b", ("x", "y")), 'a:b? not in ["x", "y"]'),
        (Entry("Bool", "a:b", ("true",)), "a:b"),
        (Entry("Bool", "a:b", ("false",)), "a:b == false"),
        (Entry("Null", "a:b", ("true",)), "a:b missing"),
        (Entry("Null", "a:b", ("false",)), "a:b exists"),
        (Entry("ForAnyValue:StringLike", "a:b", ("x*",)), 'any a:b like "x*"'),
        (Entry("NumericLessThan", "a:b", ("3",)), "a:b < 3"),
        (Entry("BinaryEquals", "a:b", ("eA==",)), 'a:b BinaryEquals "eA=="'),
    ],
)
def test_tests_of_conditions_as_people_write_them(entry: Entry, shown: str) -> None:
    """Protects messages: a test is shown as a source has it."""
    assert entry_text(entry) == shown


def test_texts_as_a_source_has_them() -> None:
    """Protects what is copied from an answer into a source: it is quoted where it has to be."""
    assert arn_text("arn:aws:s3:::b/1") == "arn:aws:s3:::b/1"
    assert arn_text("arn:aws:s3:::b/a b{c}") == '"arn:aws:s3:::b/a b{{c}}"'
    assert text('a"b\\${aws:username}') == '"a\\"b\\\\${aws:username}"'
    assert [duration(s) for s in (3600, 5400, 61)] == ["1h", "90m", "61s"]
    assert quoted("inline policy of role app") == "inline policy of role `app`"
    assert quoted("trust policy of role app") == "trust policy of role `app`"
