"""Every row of rows.txt: the form, its meaning request by request, the fewest statements."""

from __future__ import annotations

import random
import re
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from condition_notation import FAMILIES, blocks, formula, key_name, request, rows, unordered

from iamdsl.compiler.conditions import Refused, compile_formula
from iamdsl.iam import Condition, Entry
from iamdsl.model.formula import And, Formula, Not, Or
from iamdsl.model.formula import Test as KeyTest

# The evaluator stands beside the property tests, which use it most.
sys.path.append(str(Path(__file__).parents[3] / "properties"))
from condition_meaning import (
    DisputedMeaningError,
    blocks_hold,
    blocks_hold_undisputed,
    formula_holds,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Context = dict[str, str | tuple[str, ...]]

OTHER_TWINS = {
    "C19": "which of two opaque lists gets the IfExists twin does not depend on the source order",
    "C20": "likewise",
    "C26": "likewise, and `y*` needs no escape under StringEquals",
    "C27": "likewise",
    "C28": "likewise",
    "D19": "a variable can join two statements: not looked for",
}
WITNESSES = {
    "String": ["a", "ab", "abc", "aba", "bab", "abab", "b", "zz", "", "r", "R", "x", "X", "q", "cc",
               "ca", "a*b", "axb", "a?", "ac", "bd", "h/x/y", "dd", "x*", "xa", "za", "rq", "y*"],
    "Numeric": ["0", "1", "2", "2.5", "3", "5", "5.0", "6", "7", "8", "9", "10"],
    "Date": ["2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z",
             "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z", "2027-01-01T01:00:00Z"],
    "Bool": ["true", "false", "TRUE"],
    "IpAddress": ["10.0.0.1", "10.1.2.3", "10.128.0.1", "10.64.0.1", "192.0.2.1", "198.51.100.1",
                  "203.0.113.9", "8.8.8.8", "2001:db8::1", "::1"],
    "Arn": ["arn:aws:s3:::x", "arn:aws:s3:::xy", "arn:aws:s3:::a/b", "arn:aws:iam::1:role/x",
            "arn:aws:iam::1:role/xy", "arn:aws:iam::2:role/xy", "arn:aws:iam::1:role/q",
            "arn:aws:iam::1:user/xy", "arn:aws:iam::1:role/p:y"],
    "Binary": ["QUJD", "QQ=="],
}  # fmt: skip


def requests(text: str) -> list[Context]:
    """Return requests for the keys of a row: all combinations of witnesses, or a fixed sample."""
    letters = sorted(set(re.findall(r"(?<![\w\"*/:${}.-])([a-zA-Z])\??(?![\w\"*/:.-])", text)))
    letters = [c for c in letters if c.lower() in FAMILIES]
    letters += [v for v in re.findall(r"\$\{([a-z])[,}]", text) if v not in letters]
    literals = [w for w in re.findall(r'"([^"$*?]*)"', text) if not w.startswith("arn")]
    choices: list[list[str | tuple[str, ...] | None]] = []
    for letter in letters:
        pool = list(WITNESSES[FAMILIES[letter.lower()]])
        if FAMILIES[letter.lower()] == "String":
            pool = list(dict.fromkeys([*literals, *pool]))
        if letter.isupper():
            small = pool[:9]
            sets: list[tuple[str, ...]] = [(v,) for v in pool]
            sets += [(v, w) for v in small for w in small if v < w]
            sets += [tuple(small[:3]), tuple(small[:4]), ()]
            choices.append([None, *sets])
        else:
            choices.append([None, *pool])
    keys = [key_name(letter).lower() for letter in letters]
    total = 1
    for choice in choices:
        total *= len(choice)
    picked: Iterable[tuple[str | tuple[str, ...] | None, ...]] = product(*choices)
    if total > 3000:
        rng = random.Random(text)  # noqa: S311
        picked = [tuple(rng.choice(c) for c in choices) for _ in range(3000)]
    return [{k: v for k, v in zip(keys, values, strict=True) if v is not None} for values in picked]


def compiled(meant: Formula) -> tuple[Condition, ...]:
    found = compile_formula(meant)
    assert not isinstance(found, Refused), found.reason
    return found


def assert_means(found: tuple[Condition, ...], meant: Formula, text: str) -> None:
    for each in requests(text):
        assert blocks_hold_undisputed(found, each) is formula_holds(meant, each), (each, found)


def _forms() -> Iterator[tuple[str, str, str]]:
    for row in rows("ABVCDW"):
        yield row[0], row[1], row[2]
        if row[0][0] in "ABV":
            yield f"not {row[0]}", f"not ({row[1]})", row[3]


FORMS = list(_forms())


@pytest.mark.parametrize(("name", "text", "form"), FORMS, ids=[form[0] for form in FORMS])
def test_row(name: str, text: str, form: str) -> None:
    meant = formula(text)
    if form == "refuse":
        refused = compile_formula(meant)
        assert isinstance(refused, Refused)
        assert refused.kind == "inexpressible"
        return
    found = compiled(meant)
    assert_means(found, meant, text)
    assert_means(blocks(form), meant, text)
    if name not in OTHER_TWINS:
        assert unordered(found) == unordered(blocks(form))


@pytest.mark.parametrize(
    ("text", "fewest"),
    [(row[1], row[-1]) for row in rows("NW")],
    ids=[row[0] for row in rows("NW")],
)
def test_fewest_statements(text: str, fewest: str) -> None:
    found = compiled(formula(text))
    # W22 in one statement is a list of eight networks, longer than a second statement.
    assert len(found) == int(fewest) or text.startswith("p not in 10.0.0.0/8 or")
    assert_means(found, formula(text), text)


@pytest.mark.parametrize("row", rows("I"), ids=lambda row: row[0])
def test_identity(row: list[str]) -> None:
    left, right = formula(row[1]), formula(row[2])
    text = f"{row[1]} and {row[2]}"
    for each in requests(text):
        assert formula_holds(left, each) is formula_holds(right, each)
    for one, other in ((left, right), (Not(left), Not(right))):
        assert_means(compiled(one), other, text)
        assert_means(compiled(other), one, text)


@pytest.mark.parametrize("row", rows("J"), ids=lambda row: row[0])
def test_two_spellings_of_one_meaning(row: list[str]) -> None:
    for form in row[2:]:
        assert_means(blocks(form), formula(row[1]), row[1])
    assert_means(compiled(formula(row[1])), formula(row[1]), row[1])


UNREAD = {"E2", "E6", "E9", "E10"}  # disputed, evaluator-only, or against the type rule


@pytest.mark.parametrize(
    "row", [r for r in rows("E") if r[3] in "TF" and r[0] not in UNREAD], ids=lambda row: row[0]
)
def test_the_evaluator_follows_aws(row: list[str]) -> None:
    assert blocks_hold(blocks(row[1]), request(row[2])) is (row[3] == "T")


def mutants(found: tuple[Condition, ...]) -> Iterator[tuple[Condition, ...]]:
    """Return `found` with one thing broken in each."""
    for at, block in enumerate(found):
        rest = found[:at] + found[at + 1 :]
        yield rest
        for place, entry in enumerate(block):
            others = block[:place] + block[place + 1 :]
            yield (*rest, others)
            for broken in _broken(entry):
                yield (*rest, (*others, broken))


def _broken(entry: Entry) -> Iterator[Entry]:
    operator, key, values = entry.operator, entry.key, entry.values
    if len(values) > 1:
        for at in range(len(values)):
            yield Entry(operator, key, values[:at] + values[at + 1 :])
    if operator == "Null" or operator.startswith("Bool"):
        yield Entry(operator, key, ("false" if values == ("true",) else "true",))
    if operator.endswith("IfExists"):
        yield Entry(operator.removesuffix("IfExists"), key, values)
    elif operator != "Null" and ":" not in operator:
        yield Entry(operator + "IfExists", key, values)
    if "Not" in operator:
        yield Entry(operator.replace("Not", ""), key, values)
    swaps = {"ForAnyValue": "ForAllValues", "ForAllValues": "ForAnyValue"}
    if "Than" in operator:
        swaps |= {"LessThan": "GreaterThan", "GreaterThan": "LessThan"}
    elif "Not" not in operator:
        swaps |= {"Equals": "NotEquals", "Like": "NotLike", "IpAddress": "NotIpAddress"}
    for one, other in swaps.items():
        if one in operator and not operator.startswith("Binary"):
            yield Entry(operator.replace(one, other), key, values)


def differs(found: tuple[Condition, ...], asked: list[Context], expected: list[bool]) -> bool:
    """Tell whether some request shows that blocks do not mean what was expected."""
    try:
        return [blocks_hold(found, each) for each in asked] != expected
    except DisputedMeaningError:
        return True


def test_broken_blocks_are_noticed() -> None:
    """What is not noticed means the same, e.g. IfExists on a negated operator."""
    noticed = same = 0
    for row in rows("ABVCDW"):
        meant = formula(row[1])
        asked = requests(row[1])
        expected = [formula_holds(meant, each) for each in asked]
        for mutant in mutants(compiled(meant)):
            if differs(mutant, asked, expected):
                noticed += 1
            else:
                same += 1
    print(f"{noticed} mutants noticed, {same} not")
    assert noticed > 600
    assert same < noticed // 5


def test_keys_are_one_whatever_their_case() -> None:
    first = KeyTest("aws:PrincipalTag/Team", "String", "equals", ("r", "q"))
    second = KeyTest("aws:principaltag/team", "String", "equals", ("q", "z"))
    entry = Entry("StringEquals", "aws:PrincipalTag/Team", ("q",))
    assert compile_formula(And((first, second))) == ((entry,),)


def test_constants() -> None:
    nothing = KeyTest("s", "String", "equals")
    assert compile_formula(And(())) == ((),)
    assert compile_formula(Or(())) == ()
    assert compile_formula(nothing) == ()
    assert compile_formula(Not(nothing)) == ((),)
    missing = ((Entry("Null", "s", ("true",)),),)
    assert compile_formula(KeyTest("s", "String", "equals", optional=True)) == missing
    assert compile_formula(KeyTest("s", "String", "equals", quantifier="all")) == missing
    exists = ((Entry("Null", "s", ("false",)),),)
    assert compile_formula(KeyTest("s", "String", "equals", (), True, False, "any")) == exists
    assert compile_formula(KeyTest("s", "String", "equals", (), True, False, "all")) == ((),)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (KeyTest("s", "String", "like", ("a*",), ignoring_case=True), "ignoring case"),
        (KeyTest("n", "Numeric", "less", ("${v}",)), "Numeric"),
        (KeyTest("s", "String", "equals", ("${v, ''}",)), "default"),
        (KeyTest("s", "String", "equals", ("${v, 'a*'}",)), "default"),
        (KeyTest("a", "Arn", "like", ("*",)), "six fields"),
        (KeyTest("a", "Arn", "like", ("arn:aws:iam::${v}:role/x",)), "sixth field"),
    ],
)
def test_tests_without_any_form(test: KeyTest, words: str) -> None:
    refused = compile_formula(And((test, KeyTest("b", "Bool", "equals", ("true",)))))
    assert isinstance(refused, Refused)
    assert words in refused.reason
    assert refused.kind == "inexpressible"
    assert refused.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('s == "${v}" and s == "${w}" and s == "${t}"', "`s`"),
        ('not y == "QUJD" and b', "`y`"),
    ],
)  # fmt: skip
def test_formulas_without_any_form(text: str, words: str) -> None:
    refused = compile_formula(formula(text))
    assert isinstance(refused, Refused)
    assert words in refused.reason


@pytest.mark.parametrize("join", [And, Or])
def test_a_key_has_one_type(join: type[And | Or]) -> None:
    text = KeyTest("k", "String", "equals", ("x",))
    for other in (
        KeyTest("K", "String", "equals", ("y",), quantifier="any"),
        KeyTest("k", "Numeric", "less", ("5",)),
    ):
        refused = compile_formula(join((text, other)))
        assert isinstance(refused, Refused)
        assert "`k`" in refused.reason


def test_too_many_statements_name_the_factors() -> None:
    clauses = '(b or c) and (s == "r" or t == "x") and (n < 5 or p in 10.0.0.0/8)'
    refused = compile_formula(formula(clauses), statements=7)
    assert isinstance(refused, Refused)
    assert refused.kind == "too-many"
    assert "8 = 2 \N{MULTIPLICATION SIGN} 2 \N{MULTIPLICATION SIGN} 2 statements" in refused.reason
    assert "7" in refused.reason
    assert not isinstance(compile_formula(formula(clauses), statements=8), Refused)


def test_the_culprit_is_the_inner_conjunction() -> None:
    inner = '(b or c) and (s == "r" or t == "x") and (n < 5 or p in 10.0.0.0/8)'
    refused = compile_formula(formula(f'd < 2026-01-01 or y == "QUJD" or {inner}'), statements=7)
    assert isinstance(refused, Refused)
    assert refused.reason.count("8 = 2") == 1


def test_every_row_is_a_case() -> None:
    names = [row[0] for row in rows("ABCDEIJNVW")]
    assert len(names) == len(set(names)) == 231
