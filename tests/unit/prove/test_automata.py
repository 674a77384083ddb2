"""Which patterns a text can match together, against every short text there is."""

from __future__ import annotations

import random
from functools import cache
from itertools import product

import decisions
import pytest

from iamdsl.prove import _automata
from iamdsl.prove._automata import (
    Pattern,
    Product,
    TooLargeError,
    ends,
    literal,
    matches,
    regex,
)

SHORT = ["".join(some) for length in range(6) for some in product("abA:", repeat=length)]
"""Every text of up to five characters."""
ARNS = [
    ":".join(fields)
    for fields in product(("arn", "a"), ("", "a"), ("", "b", "ab"), ("", "a"), ("b",), ("", "a", "b:a", "ab"))
]  # fmt: skip


_OPERATORS = {
    "exact": "StringEquals",
    "nocase": "StringEqualsIgnoreCase",
    "glob": "StringLike",
    "arn": "ArnLike",
}


def fits(pattern: Pattern, text: str) -> bool:
    """Tell whether a text matches a pattern, by another evaluator."""
    return decisions.holds(_entry(pattern), {"k": (text,)}, variables=True)


@cache
def _entry(pattern: Pattern) -> decisions.Entry:
    condition = {_OPERATORS[pattern.mode]: {"k": pattern.text}}
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
    read = decisions.statements([{"Version": "2012-10-17", "Statement": statement}])
    return read[0].condition[0]


def glob(choice: random.Random) -> str:
    return "".join(choice.choices("ab:A*?", (4, 4, 1, 1, 4, 2), k=choice.randint(1, 4)))


def arn(choice: random.Random) -> str:
    fields = [choice.choice(("*", "a*", "*b", "?", "", "b", "a")) for _ in range(5)]
    fields[0] = choice.choice(("arn", "*", "a?n", "a"))
    return ":".join([*fields, choice.choice(("*", "a*", "*:a", "b", "?b", "${*}*"))])


def pattern(choice: random.Random) -> Pattern:
    text = glob(choice)
    plain = text.replace("*", "a").replace("?", "b")
    among = (Pattern("exact", plain), Pattern("nocase", plain), Pattern("glob", text))
    return choice.choices(among, (1, 1, 3))[0]


@pytest.mark.parametrize("seed", range(60))
def test_every_combination_has_a_text(seed: int) -> None:
    """No short text matches a set of patterns that was not found, and each set has such a text."""
    choice = random.Random(seed)  # noqa: S311
    patterns = [pattern(choice) for _ in range(choice.randint(1, 4))]
    found = Product(patterns).combinations()
    for text in SHORT:
        matched = frozenset(n for n, p in enumerate(patterns) if fits(p, text))
        assert matched in found, (patterns, text)
    for combination, example in found.items():
        assert example is not None
        assert combination == {n for n, p in enumerate(patterns) if fits(p, example)}
        # Nothing shorter does, since the walk is breadth-first.
        assert not any(
            combination == {n for n, p in enumerate(patterns) if fits(p, text)}
            for text in SHORT
            if len(text) < len(example)
        )


@pytest.mark.parametrize("seed", range(40))
def test_arns_are_read_field_by_field(seed: int) -> None:
    """A star does not leave its field, but for the sixth one, beside patterns whose stars do."""
    choice = random.Random(seed)  # noqa: S311
    patterns = [Pattern("arn", arn(choice)) for _ in range(choice.randint(1, 3))]
    patterns += [Pattern("glob", f"a{glob(choice)}*")][: choice.randint(0, 1)]
    domain = Pattern("arn", "*:*:*:*:*:*")
    last = len(patterns)
    found = Product([*patterns, domain]).combinations(must=[last])
    for text in ARNS:
        matched = frozenset(n for n, p in enumerate(patterns) if fits(p, text)) | {last}
        assert matched in found, (patterns, text)
    for combination, example in found.items():
        assert example is not None
        assert combination - {last} == {n for n, p in enumerate(patterns) if fits(p, example)}


@pytest.mark.parametrize("seed", range(40))
def test_what_is_avoided_and_what_must_be(seed: int) -> None:
    """Sets whose texts are all to be avoided have none, and only wanted sets are given."""
    choice = random.Random(seed)  # noqa: S311
    patterns = [pattern(choice) for _ in range(3)]
    avoid = frozenset(choice.sample(SHORT, 30))
    product_ = Product(patterns)
    every, wanted = product_.combinations(avoid), product_.combinations(avoid, must=[0])
    assert wanted.keys() == {c for c in every if 0 in c}
    for combination, example in every.items():
        assert example not in avoid
        if example is None:
            shown = product_.combinations()[combination]
            assert shown in avoid


@pytest.mark.parametrize("seed", range(40))
def test_a_walk_may_end_early(seed: int) -> None:
    """With kinds, each combination of kinds that a text realizes is met, by a text that shows it."""
    choice = random.Random(seed)  # noqa: S311
    patterns = [pattern(choice) for _ in range(5)]
    kinds = [choice.choice("xyz") for _ in patterns]
    every = Product(patterns).combinations(must=[0])
    found = Product(patterns).combinations(must=[0], kinds=kinds)
    wanted = {frozenset(kinds[n] for n in c) for c in every}
    assert {frozenset(kinds[n] for n in c) for c in found} == wanted
    for combination, example in found.items():
        assert example is not None
        assert combination == {n for n, p in enumerate(patterns) if fits(p, example)}


def test_a_walk_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk of too many states gives up: it never returns less than there is."""
    monkeypatch.setattr(_automata, "MOST_STATES", 20)
    with pytest.raises(TooLargeError):
        Product([Pattern("glob", f"*{c}*") for c in "abcdef"]).combinations()


@pytest.mark.parametrize("seed", range(40))
def test_patterns_are_read_alike(seed: int) -> None:
    """The one text of a literal, the fixed ends, the regular expression: all say the same."""
    choice = random.Random(seed)  # noqa: S311
    one = pattern(choice) if seed % 2 else Pattern("arn", arn(choice))
    matching = [t for t in (*SHORT, *ARNS) if fits(one, t)]
    start, end = ends(one)
    for text in (*SHORT, *ARNS):
        assert matches(one, text) == (text in matching)
        assert (regex(one).fullmatch(text) is not None) == (text in matching)
    if (only := literal(one)) is not None:
        assert matching in ([only], [])
    assert all(text.startswith(start) and text.endswith(end) for text in matching)
