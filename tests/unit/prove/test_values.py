"""Whether each value that a key can have is like one of those that stand for its classes."""

from __future__ import annotations

import random
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from iamdsl.iam import Entry
from iamdsl.prove import _values
from iamdsl.prove._automata import TooLargeError
from iamdsl.prove._values import KeyType, UnknownClassesError, family, key_classes, unescaped
from iamdsl.simulate import holds

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "acme:key"


def _text(choice: random.Random) -> str:
    return "".join(choice.choices("abAk*?", k=choice.randint(0, 4)))


def _any_text(choice: random.Random) -> str:
    return "".join(choice.choices("abAKk*z\N{KELVIN SIGN}", k=choice.randint(0, 5)))


def _pattern(choice: random.Random) -> str:
    text = _text(choice)
    return text if choice.random() < 0.8 else text + choice.choice(("${*}", "${?}", "${$}"))


def _number(choice: random.Random) -> str:
    digits = choice.choice(("", ".5", ".50", f".{'0' * 30}1"))
    return f"{choice.choice(('', '-'))}{choice.choice((0, 1, 2, 7, 10**30))}{digits}"


def _near_number(choice: random.Random) -> str:
    return choice.choice((_number(choice), f"{choice.uniform(-9, 9):.3f}", f"{10**30}.{'0' * 29}2"))


def _date(choice: random.Random) -> str:
    time = choice.choice(("T00:00:00Z", "T01:00:00+01:00", "T00:00:00.000001Z", "T23:59:59Z", ""))
    day = choice.choice(("2026-01-01", "2025-12-31", "9999-12-31", "0001-01-01", "9000-06-01"))
    return day + ("T00:00:00Z" if day[0] == "0" else time)


def _near_date(choice: random.Random) -> str:
    return choice.choice(
        (
            _date(choice),
            str(choice.randint(1767139200, 1767312000)),
            f"{choice.choice((1, 2026, 9000, 9999)):04}-{choice.randint(1, 12):02}-01T00:00:00Z",
            "9999-12-31T23:59:59-12:00",
            "0001-01-01T00:00:00+12:00",
        )
    )


def _network(choice: random.Random) -> str:
    if choice.random() < 0.3:
        return f"2001:db8:{choice.choice(('', '1:', 'ff:'))}:/{choice.choice((0, 32, 48, 128))}"
    address = ".".join(str(choice.choice((0, 10, 255, 128))) for _ in range(4))
    return address + choice.choice(("", "/0", "/8", "/9", "/31", "/32"))


def _address(choice: random.Random) -> str:
    if choice.random() < 0.3:
        return f"2001:db8:{choice.choice(('', '1:', 'fe:'))}:{choice.choice(('', '1'))}"
    return ".".join(str(choice.choice((0, 1, 9, 10, 11, 127, 128, 255))) for _ in range(4))


def _arn(choice: random.Random) -> str:
    fields = [
        choice.choice(("aws", "*")),
        choice.choice(("s3", "*", "s?")),
        choice.choice(("", "*")),
    ]
    return ":".join(["arn", *fields, choice.choice(("", "1*")), choice.choice(("a", "a*", "*:b"))])


def _any_arn(choice: random.Random) -> str:
    fields = [choice.choice(("aws", "aws-cn")), choice.choice(("s3", "sqs", "sx")), ""]
    last = choice.choice(("a", "ab", "a:b", "c", "", "*"))
    return ":".join(["arn", *fields, choice.choice(("", "1", "12")), last])


def _binary(choice: random.Random) -> str:
    return b64encode(choice.choice((b"", b"other", b"a", b"ab"))).decode()


ORDERINGS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")  # fmt: skip
FAMILIES: dict[str, tuple[tuple[str, ...], Callable[[random.Random], str], Callable[[random.Random], str], str]] = {
    "String": (
        ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike",
         "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        _pattern, _any_text, "String",
    ),
    "Numeric": (tuple(f"Numeric{o}" for o in ORDERINGS), _number, _near_number, "Numeric"),
    "Date": (tuple(f"Date{o}" for o in ORDERINGS), _date, _near_date, "Date"),
    "Bool": (("Bool",), lambda c: c.choice(("true", "false", "TRUE")),
             lambda c: c.choice(("true", "False")), "Bool"),
    "IpAddress": (("IpAddress", "NotIpAddress"), _network, _address, "IPAddress"),
    "Arn": (("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "StringLike", "StringEquals"),
            _arn, _any_arn, "ARN"),
    "Binary": (("BinaryEquals",), _binary, _binary, ""),
}  # fmt: skip


def _entry(choice: random.Random, name: str, many: bool) -> Entry:
    if choice.random() < 0.15:
        return Entry("Null", KEY, (choice.choice(("true", "false")),))
    operators, listed, _, _ = FAMILIES[name]
    operator = choice.choice(operators) + choice.choice(("", "IfExists"))
    prefix = choice.choice(("ForAnyValue:", "ForAllValues:")) if many else ""
    values = tuple(dict.fromkeys(listed(choice) for _ in range(choice.randint(1, 2))))
    return Entry(prefix + operator, KEY, values)


@pytest.mark.parametrize("many", [False, True], ids=["one value", "many values"])
@pytest.mark.parametrize("name", FAMILIES)
def test_every_value_is_in_a_class(name: str, many: bool) -> None:
    """What the entries make of any value, or set of values, they make of that of some class."""
    for seed in range(40):
        choice = random.Random(f"{name} {many} {seed}")  # noqa: S311
        entries = [_entry(choice, name, many) for _ in range(choice.randint(1, 3 if many else 4))]
        _, _, some, kind = FAMILIES[name]
        found = key_classes(KEY, entries, KeyType(many, kind))
        truths = [one.truths for one in found]
        assert len(set(truths)) == len(truths)
        assert found[0].values == ()
        for one in found:
            assert one.truths == tuple(holds(e, {KEY: one.values}) for e in entries)
        for _ in range(60):
            values = tuple(some(choice) for _ in range(choice.randint(1, 4) if many else 1))
            asked = tuple(holds(e, {KEY: values}) for e in entries)
            assert asked in truths, (entries, values)


def test_sets_of_several_values_are_found() -> None:
    """Three values that only together meet three entries are one of the classes."""
    entries = [Entry("ForAnyValue:StringEquals", KEY, (v,)) for v in "abc"]
    found = key_classes(KEY, entries, KeyType(many=True))
    assert {one.truths for one in found} == {
        (a, b, c) for a in (False, True) for b in (False, True) for c in (False, True)
    }


def test_a_key_without_a_comparison_has_a_value_of_its_type() -> None:
    """Of a key that only `Null` asks for, the value is one that a request can have."""
    for kind, wanted in (("Bool", "true"), ("Numeric", "1"), ("", "x"), ("String", "x")):
        found = key_classes(KEY, [Entry("Null", KEY, ("true",))], KeyType(many=False, type=kind))
        assert [one.values for one in found] == [(), (wanted,)]
    (_, present) = key_classes(
        KEY, [Entry("Null", KEY, ("true",))], KeyType(many=False, type="ARN")
    )
    assert present.values[0].startswith("arn:")


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ((Entry("Bool", KEY, ("true",)), Entry("NumericEquals", KEY, ("1",))), "different kinds"),
        ((Entry("StringEqualsIgnoreCase", KEY, ("\N{LATIN SMALL LETTER SHARP S}",)),), "ASCII"),
        ((Entry("NumericLessThan", KEY, ("1e99999",)),), "digits"),
        ((Entry("DateLessThan", KEY, ("0001-01-01T00:00:00+10:00",)),), "calendar"),
    ],
)
def test_what_has_no_known_classes(entries: tuple[Entry, ...], words: str) -> None:
    """Where the classes are not known, none are given."""
    with pytest.raises(UnknownClassesError, match=words):
        key_classes(KEY, entries, KeyType(many=False))


def test_too_many_sets_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets beyond the bound are never left out in silence."""
    monkeypatch.setattr(_values, "MOST_SETS", 50)
    entries = [Entry("ForAnyValue:StringEquals", KEY, (v,)) for v in "abcdefgh"]
    with pytest.raises(TooLargeError):
        key_classes(KEY, entries, KeyType(many=True))


def test_escapes_are_characters() -> None:
    """`${*}`, `${?}` and `${$}` are read once: what they leave is no escape again."""
    assert unescaped("a${*}b${?}") == "a*b?"
    assert unescaped("${$}{*}") == "${*}"
    assert family("ForAnyValue:NotIpAddressIfExists") == "IpAddress"
    assert family("Null") == ""
