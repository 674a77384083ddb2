"""Names of files: safe everywhere, one for each artifact."""

from __future__ import annotations

import pytest

from iamdsl.emit import file_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders-table", "orders-table"),
        ("a_b+c=d,e.f@g", "a_b+c=d,e.f@g"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("end.", "end%2E"),
        ("con", "%63on"),
        ("NUL.x", "%4EUL.x"),
        ("com1", "%63om1"),
        ("company", "company"),
        ("50%", "50%25"),
        ("a b\\c:d", "a%20b%5Cc%3Ad"),
        ("é", "%C3%A9"),
        ("\ud800", "%3F"),
        ("", "%00"),
        (".", "%2E"),
    ],
)
def test_name(name: str, expected: str) -> None:
    """No name leaves its folder, hides, or is a device on some system."""
    assert file_name(name, set()) == expected


def test_collisions() -> None:
    """Names that differ in case only are two files even where case does not count."""
    taken: set[str] = set()

    assert [file_name(n, taken) for n in ("Orders", "orders", "ORDERS", "other")] == [
        "Orders",
        "orders~2",
        "ORDERS~3",
        "other",
    ]


def test_long_names() -> None:
    """Names beyond what file systems hold are cut and stay apart."""
    one, two = (file_name("é" * 500 + end, set()) for end in "ab")

    assert len(one) < 200
    assert one != two
