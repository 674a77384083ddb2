"""What `except` leaves of patterns, and the open patterns that are offered where nothing is exact."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from iamdsl.analysis.overlap import left_of, meet, open_cover, tokens
from iamdsl.compiler.principals import apart
from iamdsl.iam import action_covers

PATTERNS = st.text("ab*?", min_size=1, max_size=5)
TEXTS = st.text("ab", max_size=5)
ROLE = "arn:aws:iam::111122223333:role/"


@given(st.lists(PATTERNS, max_size=4), st.lists(PATTERNS, max_size=3), st.lists(TEXTS, max_size=20))
def test_what_is_left_of_a_list_is_exact_unless_a_part_was_taken(
    patterns: list[str], gone: list[str], texts: list[str]
) -> None:
    """Protects a deny from losing, and an allow from keeping, what was to be taken away."""
    left = left_of(patterns, gone, action_covers)
    for text in texts:
        meant = any(fnmatchcase(text, p) for p in patterns) and not any(
            fnmatchcase(text, g) for g in gone
        )
        kept = any(fnmatchcase(text, p) for p in left.kept)
        assert kept is meant or (left.partly and meant)


@given(PATTERNS, PATTERNS, TEXTS)
def test_patterns_that_do_not_meet_share_no_text(one: str, other: str, text: str) -> None:
    if fnmatchcase(text, one) and fnmatchcase(text, other):
        assert meet(tokens(one), tokens(other))


def test_patterns_for_names_are_the_shortest_in_whole_words() -> None:
    names = ["GetObject", "GetObjectAcl", "PutObject", "DescribeDBInstances", "list-things"]
    taken = re.compile(r"GetObject$|Describe\*$|PutObject.+")
    found = open_cover(names, lambda pattern: not taken.search(pattern))
    assert found == ("DescribeDB*", "Get*", "Put*", "list*")


def test_a_name_stands_alone_where_every_pattern_of_it_takes_too_much() -> None:
    assert open_cover(["GetObject"], lambda pattern: not pattern.endswith("*")) == ("GetObject",)


def test_principals_are_apart_only_where_no_request_comes_from_both() -> None:
    """Protects a list from losing a principal that another item of it still means."""
    role = ("AWS", f"{ROLE}a")
    assert apart(role, ("AWS", f"{ROLE}x/b"))
    assert apart(role, ("AWS", "222233334444"))
    assert apart(role, ("Service", "lambda.amazonaws.com"))
    assert apart(("Service", "s3.amazonaws.com"), ("Service", "lambda.amazonaws.com"))
    for other in (
        ("AWS", "111122223333"),
        ("AWS", "arn:aws:iam::111122223333:root"),
        ("AWS", "arn:aws:sts::111122223333:assumed-role/a/session"),
        ("AWS", f"{ROLE}path/A"),
        ("AWS", "\ue000aws.account\ue001"),
        ("AWS", "*"),
        ("*", "*"),
        ("CanonicalUser", "0" * 64),
    ):
        assert not apart(role, other)
        assert not apart(other, role)
    lambdas = ("Service", "lambda.amazonaws.com"), ("Service", "lambda.eu-west-1.amazonaws.com")
    assert not apart(*lambdas)
