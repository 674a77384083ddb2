"""Every row of the compiler's table of conditions, asked of the prover.

The table says which blocks are a test, and which are its negation; the prover has to know both.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from judged import ask, of_blocks

sys.path.append(str(Path(__file__).parents[1] / "compiler" / "conditions"))
from condition_notation import blocks, formula, rows

from iamdsl.compiler.conditions import Refused, compile_formula

if TYPE_CHECKING:
    from iamdsl.iam import Condition

HONEST = {
    "D19": "that `${s}` is the value of another key is not followed",
    "I38": "that a default is taken only without a value is not followed",
}
"""Rows that are not decided, and why not."""
ALL: tuple[Condition, ...] = ((),)


def _compiled(text: str) -> tuple[Condition, ...]:
    found = compile_formula(formula(text))
    assert not isinstance(found, Refused), found.reason
    return found


def _wanted(row: list[str]) -> str:
    return "unknown" if row[0] in HONEST else "yes"


TESTS = [row for row in rows("ABV") if row[3] != "refuse"]


@pytest.mark.parametrize("row", TESTS, ids=lambda row: row[0])
def test_complements(row: list[str]) -> None:
    """A test and its negation are never both met, one always is, and they differ."""
    test, negation = of_blocks(blocks(row[2])), of_blocks(blocks(row[3]))
    assert ask("disjoint", test, negation)
    assert ask("equivalent", (*test, *negation), of_blocks(ALL), compared=False)
    assert ask("never", test, negation)
    assert ask("equivalent", test, negation).verdict == "no"
    assert ask("always", negation, test).verdict == ("no" if test else "yes")
    denied = of_blocks(blocks(row[2]), "Deny")
    assert ask("implies", [of_blocks(ALL), (*of_blocks(ALL), *denied)], negation)
    assert ask("implies", negation, [of_blocks(ALL), (*of_blocks(ALL), *denied)])


@pytest.mark.parametrize("row", rows("CDW"), ids=lambda row: row[0])
def test_formulas(row: list[str]) -> None:
    """The blocks of a formula mean what the compiler makes of it, and nothing of its negation."""
    form, made = of_blocks(blocks(row[2])), of_blocks(_compiled(row[1]))
    negation = of_blocks(_compiled(f"not ({row[1]})"))
    assert ask("equivalent", form, made).verdict == _wanted(row)
    assert ask("disjoint", form, negation).verdict == _wanted(row)
    assert ask("equivalent", (*form, *negation), of_blocks(ALL)).verdict == _wanted(row)
    assert ask("equivalent", form, negation).verdict == "no"


@pytest.mark.parametrize("row", rows("J"), ids=lambda row: row[0])
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_spellings(row: list[str], effect: str) -> None:
    """Two blocks of one meaning are equivalent, in denies as well."""
    one, other = (of_blocks(blocks(text), effect) for text in row[2:])  # type: ignore[arg-type]
    assert ask("equivalent", one, other)


@pytest.mark.parametrize("row", rows("I"), ids=lambda row: row[0])
def test_identities(row: list[str]) -> None:
    """Two formulas of one meaning are, and so are their negations."""
    for pattern in ("{}", "not ({})"):
        one, other = (of_blocks(_compiled(pattern.format(text))) for text in row[1:])
        assert ask("equivalent", one, other).verdict == _wanted(row)


def _by_key() -> dict[str, dict[str, tuple[Condition, ...]]]:
    """Return all forms about one key each, by the key, with their names."""
    found: dict[str, dict[str, tuple[Condition, ...]]] = {}
    for row in TESTS:
        for name, form in ((row[0], row[2]), (f"not {row[0]}", row[3])):
            made = blocks(form)
            key = "".join(sorted({e.key for block in made for e in block}))
            found.setdefault(key, {})[name] = made
    return found


@pytest.mark.parametrize(("key", "forms"), list(_by_key().items()), ids=list(_by_key()))
def test_any_two_forms(key: str, forms: dict[str, tuple[Condition, ...]]) -> None:
    """Any two forms about a key are told apart, or another evaluator finds no difference either."""
    for one, other in combinations(forms, 2):
        answer = ask("equivalent", of_blocks(forms[one]), of_blocks(forms[other]))
        if answer.verdict == "unknown":
            texts = [v for form in (one, other) for b in forms[form] for e in b for v in e.values]
            assert any("${v" in text for text in texts), (key, one, other, answer.reason)
