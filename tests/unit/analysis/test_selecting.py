"""Tests of `-k`: words joined as in pytest, mistakes told."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamdsl.analysis.selecting import NoExpressionError, selector

NAME = "reads its Orders table"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("orders", True),
        ("photos", False),
        ("not photos", True),
        ("not not orders", True),
        ("orders and photos", False),
        ("orders or photos", True),
        ("photos or photos or orders", True),
        ("not orders or table", True),
        ("not (orders or table)", False),
        ("photos and orders or table", True),
        ("photos and (orders or table)", False),
        ('"its orders"', True),
        ('"its table"', False),
        ('not "not"', True),
        ('"or"', True),
        ("its-table", False),
    ],
)
def test_words_are_joined(expression: str, expected: bool) -> None:
    """Protects the reading of an expression: `not` before `and` before `or`, quotes are words."""
    assert selector(expression)(NAME) is expected


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", "a word is missing"),
        ("and", "`and` is not expected"),
        ("orders and", "a word is missing"),
        ("(orders", "a parenthesis is not closed"),
        ("orders)", "`)` is not expected"),
        ("()", "`)` is not expected"),
        ("orders table", "`table` is not expected"),
        ('"orders', "a quote is not closed"),
        ("a " * 600, "it is longer than 1,000 characters"),
    ],
)
def test_mistakes_are_told(expression: str, problem: str) -> None:
    """Protects against a run of the wrong tests: what cannot be read selects none."""
    with pytest.raises(NoExpressionError) as caught:
        selector(expression)
    assert str(caught.value) == problem


@given(st.text(alphabet='ab()"not dr ', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Protects the command line: no text is anything but an expression or a mistake."""
    with suppress(NoExpressionError):
        assert selector(text)("a and b") in {True, False}
