from __future__ import annotations

import re
from itertools import product

import pytest

from iamdsl.iam import action_covers, fixed_ends, glob_covers, resource_covers

PIECES = ("", "a", "b", "?", "*", "ab", "*?", "a*", "*b")
PATTERNS = sorted({"".join(p) for p in product(PIECES, repeat=3)}, key=lambda p: (len(p), p))
TEXTS = ["".join(t) for n in range(6) for t in product("abz", repeat=n)]


def _language(pattern: str) -> frozenset[int]:
    regex = re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))
    return frozenset(i for i, t in enumerate(TEXTS) if regex.fullmatch(t))


def test_covers_is_sound_and_nearly_complete_for_short_patterns() -> None:
    """A wrong yes drops a permission; a wrong no only costs characters."""
    some = PATTERNS[::3]
    languages = {p: _language(p) for p in some}
    missed = 0
    for wide, narrow in product(some, some):
        included = languages[narrow] <= languages[wide]
        if glob_covers(wide, narrow):
            assert included, (wide, narrow)
        elif included and wide.count("a") + wide.count("b") + len(narrow) < 4:
            missed += 1
    assert missed == 0


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("x${aws:username}*", "x${aws:username}/a", True),
        ("x${aws:username}*", "x${aws:userid}/a", False),
        ("x?", "x${aws:username}", False),
        ("?*", "${aws:username}", False),
        ("x*", "x${aws:username}", True),
        ("*user*", "x${aws:username}", False),
        ("x?", "x${*}", True),
        ("x${*}", "xa", False),
        ("x${*}*", "x${*}b", True),
        ("a\ue000lake\ue001*", "a\ue000lake\ue001/x", True),
        ("a\ue000lake\ue001*", "a\ue000sea\ue001/x", False),
        ("*lake*", "a\ue000lake\ue001", False),
    ],
)
def test_what_is_not_known_here_equals_only_itself(wide: str, narrow: str, covers: bool) -> None:
    """A variable may hold any text when the request comes."""
    assert glob_covers(wide, narrow) is covers


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("*", "anything", True),
        ("arn:aws:s3:::*", "arn:aws:s3:::b/*", True),
        ("arn:aws:sns:*", "arn:aws:sns:a:1:c", True),
        ("arn:aws:sns:*:t", "arn:aws:sns:a:1:t", False),
        ("arn:aws:sns:*:*:t", "arn:aws:sns:a:*:t", True),
        ("arn:aws:sns:?*:1:t", "arn:aws:sns::1:t", False),
        ("arn:aws:logs:*:1:g:*", "arn:aws:logs:eu:1:g:s:x", True),
        ("arn:aws:s3:::B*", "arn:aws:s3:::b1", False),
        ("b*", "b1", False),
    ],
)
def test_resources_are_compared_field_by_field(wide: str, narrow: str, covers: bool) -> None:
    """AWS is not clear about `*` across colons, so nothing may rest on it."""
    assert resource_covers(wide, narrow) is covers


def test_actions_ignore_case() -> None:
    """`S3:GETOBJECT` is `s3:GetObject` to IAM."""
    assert action_covers("S3:get*", "s3:GetObject")
    assert not action_covers("s3:GetObject", "s3:Get*")


def test_fixed_ends_stop_at_what_is_not_literal() -> None:
    """They are the keys by which wider patterns are found."""
    assert fixed_ends("ab*c?de") == ("ab", "de")
    assert fixed_ends("a${x}b") == ("a", "b")
    assert fixed_ends("plain") == ("plain", "plain")
