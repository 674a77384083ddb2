from __future__ import annotations

from typing import Any

import pytest
from comparator import catalogue

from iamdsl.fit import MeaningChangedError, minimize, verify
from iamdsl.iam import Elements, Entry, Policy, Statement, from_json, size, to_json
from iamdsl.source import Source, Span


def _allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def _small(*statements: dict[str, Any], drop: bool = False) -> list[dict[str, Any]]:
    given = from_json({"Version": "2012-10-17", "Statement": list(statements)})
    small = minimize(given, sids="drop" if drop else "keep")
    verify(given.statements, small.statements, catalogue())
    made: list[dict[str, Any]] = to_json(small)["Statement"]
    return made


def _equals(key: str, *values: str, operator: str = "StringEquals") -> dict[str, Any]:
    return {"Condition": {operator: {key: list(values)}}}


B1, B2 = "arn:aws:s3:::b1", "arn:aws:s3:::b2"


def test_a_wider_member_absorbs_a_narrower_one() -> None:
    """`s3:*` beside `s3:GetObject` says nothing new, in any case of letters."""
    assert _small(_allow(["s3:getobject", "S3:*"], ["*", B1])) == [_allow("S3:*")]


def test_patterns_on_other_resources_are_not_absorbed() -> None:
    """CDK once widened read-only on one bucket to all of s3 (aws-cdk issue 957)."""
    given = [_allow("s3:Get*", B1), _allow("s3:*", B2)]
    assert _small(*given) == given


def test_equal_lists_join_the_other_list() -> None:
    """The commonest gain: many grants on one thing, one grant on many things."""
    joined = _small(_allow("a:A", B1), _allow("a:B", B1), _allow("a:A", B2), _allow("a:B", B2))
    assert joined == [_allow(["a:A", "a:B"], [B1, B2])]


def test_rectangles_are_found_across_statements() -> None:
    """Three overlapping statements may be two that do not overlap."""
    given = [_allow(["a:A", "a:B"], B1), _allow(["a:B", "a:C"], B1), _allow("a:C", B2)]
    made = _small(*given)
    assert len(made) == 2


def test_covered_pairs_go() -> None:
    """A pair granted by a wildcard elsewhere needs no mention."""
    made = _small(_allow("s3:GetObject", [B1, B2]), _allow("s3:*", B1))
    assert made == [_allow("s3:GetObject", B2), _allow("s3:*", B1)]


def test_what_is_granted_without_a_condition_needs_none() -> None:
    """A statement under more conditions than another one adds nothing to it."""
    made = _small(_allow("a:A", B1, **_equals("k:k", "1")), _allow("a:*", B1))
    assert made == [_allow("a:*", B1)]
    part = _small(_allow(["a:A", "b:B"], B1, **_equals("k:k", "1")), _allow("a:*", B1))
    assert part == [_allow("b:B", B1, Condition={"StringEquals": {"k:k": "1"}}), _allow("a:*", B1)]


def test_values_of_a_positive_operator_are_joined() -> None:
    """They are alternatives, like statements."""
    made = _small(_allow("a:A", **_equals("k:k", "1")), _allow("a:A", **_equals("K:k", "2")))
    assert made == [_allow("a:A", Condition={"StringEquals": {"K:k": ["1", "2"]}})]


@pytest.mark.parametrize(
    "operator", ["StringNotEquals", "ForAllValues:StringEquals", "ForAnyValue:StringNotLike"]
)
def test_values_that_are_no_alternatives_stay_apart(operator: str) -> None:
    """Joined, a list of exceptions forbids more, or less, than its parts did."""
    given = [_allow("a:A", **_equals("k:k", v, operator=operator)) for v in ("1", "2")]
    assert len(_small(*given)) == 2


def test_negated_lists_are_joined_only_when_equal() -> None:
    """`NotAction` lists are conjunctions."""
    one = {"Effect": "Deny", "NotAction": ["iam:*", "iam:Get*"], "Resource": B1}
    two = {"Effect": "Deny", "NotAction": "iam:*", "Resource": B2}
    other = {"Effect": "Deny", "NotAction": "sts:*", "Resource": B1}
    joined = {"Effect": "Deny", "NotAction": "iam:*", "Resource": [B1, B2]}
    assert _small(one, two, other) == [joined, other]


def test_principals_are_joined_but_not_with_anyone() -> None:
    """`"*"` is a form of its own, with a meaning of its own."""
    who = [{"AWS": "1"}, {"Service": "x", "AWS": "2"}, "*"]
    made = _small(*({**_allow("a:A"), "Principal": w} for w in who))
    assert [m["Principal"] for m in made] == [{"AWS": ["1", "2"], "Service": "x"}, "*"]


def test_a_grant_to_fewer_goes_under_one_to_more() -> None:
    """Principals are a list of alternatives as well."""
    made = _small(
        {**_allow("a:A"), "Principal": {"AWS": "1"}},
        {**_allow("a:*"), "Principal": {"AWS": ["1", "2"]}},
    )
    assert len(made) == 1


def test_a_name_is_a_barrier_unless_it_is_dropped() -> None:
    """`as X` says that someone looks for X."""
    given = [_allow("a:A", Sid="One"), _allow("a:B", Sid="Two"), _allow("a:A")]
    assert [m.get("Sid") for m in _small(*given)] == ["One", "Two"]
    assert _small(*given, drop=True) == [_allow(["a:A", "a:B"])]


def test_origins_are_united() -> None:
    """Every emitted statement points at all the source lines that it came from."""
    source = Source("x.iam", "abcdef")
    spans = [Span(source, i, i + 1) for i in range(4)]
    given = [
        Statement("Allow", Elements((a,)), Elements((r,)), origin=(s,))
        for (a, r), s in zip(
            [("a:A", "*"), ("a:B", "*"), ("a:*", "*"), ("b:B", B1)], spans, strict=True
        )
    ]
    made = minimize(Policy(tuple(given))).statements
    assert [set(s.origin) for s in made] == [set(spans[:3]), {spans[3]}]


def test_the_check_says_what_was_lost() -> None:
    """A bug report has to name the place."""
    one = Statement("Allow", Elements(("a:A",)), Elements((B1,)))
    two = Statement("Allow", Elements(("a:A",)), Elements((B2,)))
    with pytest.raises(MeaningChangedError, match=r"b2 .* was not spoken of and is Allow"):
        verify((one,), (one, two), catalogue(), "policy `p`")
    with pytest.raises(MeaningChangedError, match=r"policy `p`.*b2 .* was Allow and is not"):
        verify((one, two), (one,), catalogue(), "policy `p`")


def test_ten_thousand_statements_take_seconds() -> None:
    """Generated programs are that large; quadratic work would take hours."""
    many = tuple(
        Statement(
            "Allow", Elements((f"s3:Get{i % 50}", "s3:Put*")), Elements((f"arn:aws:s3:::{i}/*",))
        )
        for i in range(10_000)
    )
    small = minimize(Policy(many))
    verify(many, small.statements, catalogue())
    assert len(small.statements) == 50


def test_a_deny_keeps_values_apart_that_need_a_variable() -> None:
    """A statement may be invalid where its variable has no value; the others must not fall."""
    for key, literal, variable in (
        ("Condition", {"StringLike": {"k": "a"}}, {"StringLike": {"k": "b/${aws:username}"}}),
        ("Resource", B1, f"{B2}/${{aws:username}}"),
    ):
        given = [_allow("s3:Get", **{key: literal}), _allow("s3:Get", **{key: variable})]
        assert len(_small(*given)) == 1
        denied = [{**statement, "Effect": "Deny"} for statement in given]
        assert _small(*denied) == denied
        assert len(_small(*denied, {**denied[1], "Action": "s3:Put"})) == 2


def _when(**operators: dict[str, Any]) -> dict[str, Any]:
    return {"Condition": operators}


def test_exact_values_and_patterns_share_a_list() -> None:
    """Two teams write the same test in two ways; an exact text is a pattern of itself."""
    made = _small(
        _allow("a:A", **_equals("k:k", "1")),
        _allow("a:A", **_equals("k:k", "2*", operator="StringLike")),
    )
    assert made == [_allow("a:A", **_when(StringLike={"k:k": ["1", "2*"]}))]


def test_exact_values_and_patterns_share_a_block() -> None:
    """An operator's name in a statement costs as much as a value."""
    both = _when(StringEquals={"k:k": "1"}, StringLike={"k:l": "2*"})
    assert _small(_allow("a:A", **both)) == [
        _allow("a:A", **_when(StringLike={"k:k": "1", "k:l": "2*"}))
    ]


@pytest.mark.parametrize("value", ["1*", "?", "${aws:username}", "${*}"])
def test_texts_that_are_no_patterns_of_themselves_stay_exact(value: str) -> None:
    """As a pattern such a text would match others."""
    both = _when(StringEquals={"k:k": value}, StringLike={"k:l": "2*"})
    assert _small(_allow("a:A", **both)) == [_allow("a:A", **both)]


def test_operators_stay_as_written_where_that_joins_nothing() -> None:
    """People look for what they wrote; so do services in the policies of their resources."""
    exact = _allow("a:A", **_equals("k:k", "1"))
    assert _small(exact) == [_allow("a:A", **_when(StringEquals={"k:k": "1"}))]
    both = {
        **_allow("a:A", **_when(StringEquals={"k:k": "1"}, StringLike={"k:l": "2*"})),
        "Principal": {"AWS": "1"},
    }
    assert _small(both) == [both]


def test_an_entry_that_another_one_implies_goes() -> None:
    """A key that has one of these values is there."""
    both = _when(StringEquals={"k:k": "1"}, Null={"k:k": "false"})
    assert _small(_allow("a:A", **both)) == [_allow("a:A", **_when(StringEquals={"k:k": "1"}))]
    either = _when(StringEqualsIfExists={"k:k": "1"}, Null={"k:k": "false"})
    assert _small(_allow("a:A", **either)) == [_allow("a:A", **either)]


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        (("StringEquals", "a1"), ("StringLike", "a*")),
        (("StringEquals", "a1"), ("StringEqualsIfExists", "a1")),
        (("StringEquals", "a1"), ("StringEqualsIgnoreCase", "A1")),
        (("StringNotLike", "a*"), ("StringNotEquals", "a1")),
        (("ArnEquals", "arn:aws:s3:::a/b"), ("ArnLike", "arn:aws:s3:::a/*")),
        (("NumericLessThan", "5"), ("NumericLessThanEquals", "5")),
        (("NumericEquals", "5"), ("NumericGreaterThan", "4.5")),
        (("IpAddress", "10.1.0.0/16"), ("IpAddress", "10.0.0.0/8")),
        (("NotIpAddress", "10.0.0.0/8"), ("NotIpAddress", "10.1.0.0/16")),
        (("DateLessThan", "2026-01-01T00:00:00Z"), ("DateLessThan", "2026-02-01T00:00:00Z")),
        (("ForAnyValue:StringEquals", "a1"), ("ForAnyValue:StringLike", "a*")),
        (("Bool", "true"), ("Null", "false")),
    ],
)
def test_a_weaker_condition_covers(narrow: tuple[str, str], wide: tuple[str, str]) -> None:
    """What a looser test lets through already needs no statement of its own; not the other way."""
    loose, tight = (
        _allow(action, B1, **_equals("k:k", value, operator=operator))
        for action, (operator, value) in (("a:*", wide), ("a:A", narrow))
    )
    assert len(_small(tight, loose)) == 1
    assert len(_small({**tight, "Action": "a:*"}, {**loose, "Action": "a:A"})) == 2


def test_a_deny_counts_on_no_statement_that_needs_more_variables() -> None:
    """Where the variable has no value the wider statement may be invalid; the narrower is not."""
    wide = [B1, f"{B2}/${{aws:username}}"]
    given = [_allow("a:A", B1, **_equals("k:k", "1")), _allow("a:A", wide)]
    assert len(_small(*given)) == 1
    assert len(_small(*({**statement, "Effect": "Deny"} for statement in given))) == 2


def test_a_row_goes_into_the_boxes_that_have_its_parts() -> None:
    """A statement is dissolved where its pairs fit into others, though none has all of them."""
    a, b, c = (f"arn:aws:s3:::bucket-{x}" for x in "abc")
    made = _small(
        _allow(["s:A", "s:B"], a),
        _allow(["s:C", "s:D"], b),
        _allow("s:E", [a, b]),
        _allow("s:F", c),
    )
    assert len(made) == 3


@pytest.mark.parametrize("many", [1, 3])
def test_a_thousand_statements_with_conditions_take_a_moment(many: int) -> None:
    """Each condition must not be compared with each other one."""
    given = tuple(
        Statement(
            "Allow",
            Elements((f"s3:Get{i % 7}",)),
            Elements(("*",)),
            condition=tuple(
                Entry("StringLike", f"aws:ResourceTag/k{j}", (f"v{i * (j + 1) % 997}*",))
                for j in range(many)
            ),
        )
        for i in range(1000)
    )
    small = minimize(Policy(given))
    verify(given, small.statements, catalogue())
    assert size(small) < size(Policy(given))


def test_what_an_exception_leaves_covers() -> None:
    """An administrator's `NotAction` grants whatever none of its patterns matches."""
    rest = {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}
    assert _small(rest, _allow(["s3:GetObject", "iam:PassRole"], B1)) == [
        rest,
        _allow("iam:PassRole", B1),
    ]
    assert len(_small(rest, _allow("i*:Get*", B1))) == 2
    others = {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": f"{B1}/*"}
    assert _small(others, _allow("s3:GetObject", f"{B2}/*")) == [others]
    assert len(_small(others, _allow("s3:GetObject", "arn:aws:s3:::b*"))) == 2
    assert len(_small(others, _allow("s3:GetObject", "arn:aws:s3:::${aws:username}/*"))) == 2
