"""Names against patterns: the same answers as IAM's, and never a long wait."""

from __future__ import annotations

from itertools import product

import pytest

from iamdsl.aws._patterns import matcher
from iamdsl.iam import glob_covers


@pytest.mark.parametrize("pattern", ["".join(p) for p in product("a*?", repeat=4)])
def test_it_is_a_pattern_of_iams(pattern: str) -> None:
    """All short patterns match what those of IAM match."""
    fits = matcher(pattern)
    for name in map("".join, (p for n in range(6) for p in product("ab", repeat=n))):
        assert fits(name) == glob_covers(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [("get" + "*" * 300 + "x", "getbucketpolicystatus", False),
     ("*e" * 40 + "x", "e" * 200, False), ("*e" * 40 + "*x", "e" * 200 + "x", True),
     ("a*b?*.c", "aab.xb1.c", True)],
)  # fmt: skip
def test_many_asterisks_take_no_time(pattern: str, name: str, fits: bool) -> None:
    """A pattern of somebody's that tries every way to match would hold up a check for hours."""
    assert matcher(pattern)(name) is fits
