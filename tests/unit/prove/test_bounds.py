"""Past its bounds the prover says that it does not know, and soon; it never says yes."""

from __future__ import annotations

import random
import time
from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from judged import allow, ask, deny
from traps import ALWAYS, EVERY, MANY, one, when

from iamdsl.prove import _automata, _decide, _terms, _texts, _values

if TYPE_CHECKING:
    from types import ModuleType

    from judged import Layer, Verb

SOON = 5.0
"""Seconds of CPU in which a question too large is given up."""


def keys(number: int) -> list[str]:
    return [f"aws:PrincipalTag/k{n}" for n in range(number)]


def parity(number: int, odd: int) -> Layer:
    """Return statements that allow where an even, or odd, number of keys exist."""
    return when(
        *(
            {
                "Null": {
                    key: "false" if bits >> n & 1 else "true" for n, key in enumerate(keys(number))
                }
            }
            for bits in range(1 << number)
            if bits.bit_count() % 2 == odd
        )
    )


_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_./"


def clauses(keys_: int, number: int) -> Layer:
    """Return statements with three tests each: whether they allow all is a hard question."""
    choice = random.Random(1)  # noqa: S311
    return when(
        *(
            {
                "Null": {
                    key: choice.choice(("true", "false")) for key in choice.sample(keys(keys_), 3)
                }
            }
            for _ in range(number)
        )
    )


TANGLED = [
    f"arn:aws:s3:::*{a}*{b}*" for a, b in zip(_LETTERS, _LETTERS[7:] + _LETTERS[:7], strict=True)
]
# Each pattern of resources for something else, so that no two decide the same.
MANY_DEMANDS = tuple(
    allow("s3:GetObject", text, one("StringEquals", f"aws:PrincipalTag/k{n}", "x"))
    for n, text in enumerate(TANGLED)
)
SETS = tuple(
    allow("s3:GetObject", "*", one("ForAnyValue:StringLike", MANY, f"*{a}*")) for a in _LETTERS[:30]
)
LARGE: list[tuple[str, Verb, Layer, Layer]] = [
    ("40 patterns of which all may meet", "equivalent", MANY_DEMANDS,
     (*MANY_DEMANDS[:-1], {**MANY_DEMANDS[-1], "Resource": "arn:aws:s3:::*/*_*"})),
    ("40 patterns in actions", "equivalent",
     tuple(allow(f"s3:*{a}*", "*", one("StringEquals", f"aws:PrincipalTag/{n}", "x")) for n, a in enumerate(_LETTERS[:36])),
     tuple(allow(f"s3:*{a}*", "*", one("StringLike", f"aws:PrincipalTag/{n}", "x*")) for n, a in enumerate(_LETTERS[:36]))),
    ("30 patterns of values of a set", "equivalent", SETS, (*SETS[:-1], *when(one("ForAllValues:StringLike", MANY, "*z*")))),
    ("values of a variable in a product", "equivalent",
     when({"StringLike": {key: [f"{key}${{aws:PrincipalTag/v{n}}}" for n in range(4)] for key in keys(7)}}),
     when({"StringLike": {key: [f"{key}${{aws:PrincipalTag/v{n}}}" for n in range(1, 5)] for key in keys(7)}})),
    ("the product of 64 conditions", "always", clauses(64, 275), ALWAYS),
]  # fmt: skip


@pytest.mark.parametrize(("why", "verb", "first", "second"), LARGE, ids=[row[0] for row in LARGE])
def test_too_large_is_unknown(why: str, verb: Verb, first: Layer, second: Layer) -> None:
    """The answer is `unknown` with a reason, or a no that is confirmed, within seconds."""
    del why
    began = time.process_time()
    answer = ask(verb, first, second, compared=False)
    assert time.process_time() - began < SOON
    assert answer.verdict != "yes"
    assert answer.reason or answer.verdict == "no"


@pytest.mark.parametrize("keys_", [4, 9])
def test_large_and_yet_decided(keys_: int) -> None:
    """Of many keys and as many statements as they have combinations, equal remains are one."""
    began = time.process_time()
    assert ask("disjoint", parity(keys_, 0), parity(keys_, 1))
    assert ask("equivalent", (*parity(keys_, 0), *parity(keys_, 1)), ALWAYS, compared=False)
    assert time.process_time() - began < SOON


@pytest.mark.parametrize("row", [*range(3)])
def test_forty_patterns_that_overlap(row: int) -> None:
    """Patterns that all may meet: what is alike is so by its text, and what is not is shown."""
    less, other = MANY_DEMANDS[:-1], {**MANY_DEMANDS[-1], "Effect": "Deny"}
    sides = [MANY_DEMANDS[::-1], less, (*less, other)]
    began = time.process_time()
    answer = ask("equivalent", MANY_DEMANDS, sides[row], compared=False)
    assert answer.verdict == ("yes", "no", "no")[row]
    assert time.process_time() - began < SOON


BOUNDS: list[tuple[ModuleType, str, int]] = [
    (_automata, "MOST_STATES", 4),
    (_automata, "MOST_STATES", 30),
    (_texts, "MOST_CLASSES", 2),
    (_texts, "MOST_KINDS", 0),
    (_decide, "MOST_STEPS", 2),
    (_decide, "MOST_TRIES", 0),
    (_values, "MOST_SETS", 2),
    (_terms, "MOST_TERMS", 1),
]


@pytest.mark.parametrize(
    ("module", "name", "most"), BOUNDS, ids=[f"{name} {most}" for _, name, most in BOUNDS]
)
def test_bounds_make_no_answer_wrong(
    module: ModuleType, name: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a bound so small that much is given up, what is answered is right all the same."""
    monkeypatch.setattr(module, name, most)
    answers: Counter[str] = Counter()
    for trap in EVERY:
        answer = ask(trap.verb, trap.first, trap.second, compared=False)
        assert answer.verdict in (trap.verdict, "unknown"), trap.why
        answers[answer.verdict] += 1
    assert answers["yes"]
    assert answers["no"]


@pytest.mark.parametrize("seed", range(6))
def test_what_is_imagined_decides_nothing_wrongly(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where walks are too long, combinations are imagined: a yes is right, and no `no` is made up."""
    choice = random.Random(seed)  # noqa: S311
    texts = ["arn:aws:s3:::" + "".join(choice.choices("ab*?", (3, 3, 4, 1), k=5)) for _ in range(6)]
    sides = [
        tuple(
            allow("s3:GetObject", text, one("StringEquals", key, "x") if key else None)
            for text, key in zip(texts, (*keys(2), None, *keys(3)), strict=True)
            if choice.random() < 0.8
        )
        for _ in range(4)
    ]
    for first, second in permutations(sides, 2):
        right = ask("equivalent", first, second).verdict
        with monkeypatch.context() as patch:
            patch.setattr(_automata, "MOST_STATES", 12)
            assert ask("equivalent", first, second).verdict in (right, "unknown")
            assert ask("implies", (*first, deny("sqs:*")), first)
