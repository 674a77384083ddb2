from __future__ import annotations

import pytest

from iamdsl.iam import OPERATORS, canonical_operator, split_operator, values_are_alternatives


def test_there_are_27_operators() -> None:
    """AWS's page lists 27; a missing one would refuse a sound policy."""
    assert len(OPERATORS) == 27
    assert all(canonical_operator(o.upper()) == o for o in OPERATORS)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("forallvalues:stringlikeifexists", "ForAllValues:StringLikeIfExists"),
        ("ForAnyValue:Stringlike", "ForAnyValue:StringLike"),
        ("NullIfExists", None),
        ("ForAllValues:Null", None),
        ("ForSomeValues:StringLike", None),
        ("StringEqualsExists", None),
    ],
)
def test_operators_have_one_spelling(written: str, canonical: str | None) -> None:
    """Entries are compared by their operators."""
    assert canonical_operator(written) == canonical


@pytest.mark.parametrize(
    ("operator", "alternatives"),
    [
        ("StringEquals", True),
        ("StringLikeIfExists", True),
        ("ForAnyValue:StringLike", True),
        ("NumericLessThan", True),
        ("StringNotEquals", False),
        ("NotIpAddress", False),
        ("ArnNotLikeIfExists", False),
        ("ForAllValues:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("Null", False),
    ],
)
def test_only_some_value_lists_are_alternatives(operator: str, alternatives: bool) -> None:
    """To split or join any other list changes who gets in."""
    assert values_are_alternatives(operator) is alternatives


def test_operators_come_apart() -> None:
    """Prefix and suffix change the meaning in ways of their own."""
    assert split_operator("ForAllValues:StringLikeIfExists") == ("ForAllValues", "StringLike", True)
    assert split_operator("Null") == ("", "Null", False)
