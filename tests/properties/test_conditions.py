"""Compiled conditions against the direct meaning of formulas, on random formulas and requests.

Everything is seeded: each run checks the same pairs, those of a formula and a request, as they are
compiled for an Allow and for a Deny. CI has 1,200 formulas and 25 requests to each, half of them
made to differ from another one in a single key. A million pairs, two minutes of one core:
`CONDITIONS_ROUNDS=41000 pytest tests/properties/test_conditions.py -k agree -s`.
"""

from __future__ import annotations

import os
import random
from itertools import product
from typing import TYPE_CHECKING

import pytest
from condition_meaning import (
    DisputedMeaningError,
    blocks_hold_at_worst,
    blocks_hold_undisputed,
    formula_holds,
)

from iamdsl.compiler.conditions import Refused, compile_formula
from iamdsl.compiler.conditions.doubts import certain, widening
from iamdsl.iam import Elements, Entry
from iamdsl.model.formula import And, Formula, Not, Or, Relation
from iamdsl.model.formula import Test as KeyTest

if TYPE_CHECKING:
    from iamdsl.iam import Condition
    from iamdsl.model.formula import Family, Quantifier

ROUNDS = int(os.environ.get("CONDITIONS_ROUNDS", "1200"))
REQUESTS = 25
Context = dict[str, str | tuple[str, ...]]

TEXTS = ("a", "b", "ab", "ba", "A", "aB", "a*b", "", "abc", "${x}")
PATTERNS = ("a*", "*b", "*ab*", "?b", "a?", "ab*", "*ba*", "*a*b*", "a${*}b*", "*", "b", "?*")
OPAQUE = ("${v}", "${w}", "${z}", "${V}", "${v, 'dd'}", "\ue000e\ue001")
OPAQUE_PATTERNS = ("a${v}*", "*${w}", "${v}", "a\ue000e\ue001", "${z}${v}*")
ARNS = (
    "arn:aws:s3:::x",
    "arn:aws:iam::1:role/x",
    "arn:aws:iam::1:role/xy",
    "arn:aws:iam::2:role/x*",
    "arn:aws:iam::1:role/p:q",
)
ARN_PATTERNS = (
    "arn:aws:iam::*:role/x*",
    "arn:aws:iam::1:*",
    "arn:aws:iam::?:*/*y",
    "arn:*:*:*:*:*",
    "arn:aws:s3:::*",
)
NETWORKS = (
    "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "192.0.2.0/24",
    "203.0.113.9/32", "2001:db8::/32", "2001:db8:1::/48", "0.0.0.0/0",
)  # fmt: skip
NUMBERS = ("1", "2", "2.5", "5", "-3", "10")
DATES = ("2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z", "2027-01-01T00:00:00Z")
FAMILIES: dict[str, Family] = {
    "s": "String", "t": "String", "n": "Numeric", "d": "Date", "b": "Bool", "c": "Bool",
    "p": "IpAddress", "a": "Arn", "set:s": "String", "set:n": "Numeric", "set:a": "Arn",
    "set:b": "Bool", "set:p": "IpAddress",
}  # fmt: skip

WITNESSES: dict[Family, list[str]] = {
    "String": [
        *TEXTS, "${y}", "aa", "bb", "abab", "bab", "aab", "cab", "acb", "a*bc", "AB", "dd", "x*",
        "ax", "e", "ae", "cc", *map("".join, product("ab", repeat=3)),
    ],
    "Numeric": ["1", "1.0", "2", "2.5", "5", "-3", "10", "0", "1.5", "2.25", "3", "7", "-4", "11"],
    "Date": [
        *DATES, "2025-12-31T23:59:59Z", "2026-03-01T00:00:00Z", "2026-09-01T00:00:00Z",
        "2027-01-01T01:00:00+01:00", "2028-01-01T00:00:00Z",
    ],
    "Bool": ["true", "false", "TRUE", "False"],
    "IpAddress": [
        "10.0.0.1", "10.1.2.3", "10.127.255.255", "10.128.0.0", "10.200.0.1", "9.255.255.255",
        "11.0.0.0", "192.0.2.77", "203.0.113.9", "203.0.113.8", "2001:db8::1", "2001:db8:1::1",
        "2001:db7::1", "::1",
    ],
    "Arn": [
        *ARNS, "arn:aws:iam::1:user/xy", "arn:aws:iam::1:role/zy", "arn:aws:iam::2:role/x",
        "arn:aws:iam::1:role/x:y", "arn:aws:s3:::y", "arn:aws-cn:iam:r:1:role/xy", "arn:aws:s3:::a",
        "arn:aws:iam::12:role/xy", "arn:aws:iam::2:role/xyz",
    ],
}  # fmt: skip
ORDERINGS: tuple[Relation, ...] = ("less", "less-equals", "greater", "greater-equals", "equals")


def _pick(rng: random.Random, pool: tuple[str, ...], most: int = 3) -> tuple[str, ...]:
    return tuple(rng.sample(pool, rng.randint(1, min(most, len(pool)))))


def random_test(rng: random.Random, key: str, variables: bool) -> KeyTest:
    """Return a test of `key`; every operator of its family, list and flag comes up."""
    quantifier: Quantifier | None = None
    name = key.upper() if rng.random() < 0.1 else key
    if key.startswith("set:"):
        quantifier = "any" if rng.random() < 0.5 else "all"
    if rng.random() < 0.12:
        return KeyTest(name, "String", "exists", negated=rng.random() < 0.5)
    relation, values, ignoring = _random_comparison(rng, FAMILIES[key], variables)
    negated, optional = rng.random() < 0.35, rng.random() < 0.25
    family = FAMILIES[key]
    return KeyTest(name, family, relation, values, negated, optional, quantifier, ignoring)


def _random_comparison(
    rng: random.Random, family: Family, variables: bool
) -> tuple[Relation, tuple[str, ...], bool]:
    """Return relation, values and "ignoring case"."""
    kind = rng.random()
    if family == "String":
        if kind < 0.12:
            return "equals", _pick(rng, ("a", "AB", "b", "1")), True
        if kind < 0.55:
            pool = TEXTS[:-1] + (OPAQUE if variables else ("${$}{x}", "a${*}b"))
            return "equals", _pick(rng, pool), False
        return "like", _pick(rng, PATTERNS + (OPAQUE_PATTERNS if variables else ())), False
    if family == "Arn":
        if variables and kind < 0.3:
            texts = ("arn:aws:s3:::${v}", "arn:aws:s3:::x${w}", "${u}", "arn:aws:s3:::${z}")
            return "equals", _pick(rng, texts, 2), False
        if kind < 0.6:
            return "equals", _pick(rng, ARNS), False
        return "like", _pick(rng, ARN_PATTERNS, 2), False
    if family == "IpAddress":
        return "equals", _pick(rng, NETWORKS), False
    if family == "Bool":
        return "equals", ("true" if kind < 0.5 else "false",), False
    relation = rng.choice(ORDERINGS)
    pool = NUMBERS if family == "Numeric" else DATES
    return relation, _pick(rng, pool, 3 if relation == "equals" else 1), False


def random_formula(rng: random.Random, keys: list[str], depth: int, variables: bool) -> Formula:
    if depth == 0 or rng.random() < 0.25:
        return random_test(rng, rng.choice(keys), variables)
    if rng.random() < 0.2:
        return Not(random_formula(rng, keys, depth - 1, variables))
    count = rng.choice((2, 2, 2, 3))
    parts = tuple(random_formula(rng, keys, depth - 1, variables) for _ in range(count))
    return And(parts) if rng.random() < 0.5 else Or(parts)


def random_request(rng: random.Random, keys: list[str]) -> Context:
    request: Context = {}
    for key in keys:
        if rng.random() < 0.2:
            continue
        pool = WITNESSES[FAMILIES[key]]
        if key.startswith("set:"):
            request[key] = tuple(rng.sample(pool, rng.choice((0, 1, 1, 2, 2, 3))))
        else:
            request[key] = rng.choice(pool)
    for name in ("v", "w", "u"):
        if rng.random() < 0.6:
            pool = ["a", "ab", "b", "x*", "zz"] if name != "u" else list(ARNS)
            request[name] = rng.choice(pool)
    request["z"] = rng.choice(["a", "x*"])
    return request


def always_present(key: str) -> bool:
    """Tell of `z`: it is in every request, and needs no care in a Deny."""
    return key == "z"


def requests_for(rng: random.Random, keys: list[str]) -> list[Context]:
    """Return requests in pairs that differ in one key, so that its ends and absence decide."""
    made: list[Context] = []
    while len(made) < REQUESTS:
        request = random_request(rng, keys)
        key = rng.choice([*keys, "v", "w", "u"])
        other = {k: v for k, v in request.items() if k != key}
        if key in (fresh := random_request(rng, keys)):
            other[key] = fresh[key]
        made += (request, other)
    return made[:REQUESTS]


def random_case(
    seed: int, variables: bool | None = None
) -> tuple[random.Random, list[str], Formula]:
    rng = random.Random(seed)  # noqa: S311
    if variables is None:
        variables = seed % 4 == 0
    keys = rng.sample(sorted(FAMILIES), rng.choice((1, 1, 2, 2, 3, 4)))
    return rng, keys, random_formula(rng, keys, rng.choice((1, 2, 2, 3)), variables)


def compiled(formula: Formula) -> tuple[Condition, ...] | None:
    """Return the blocks, or None when the formula is refused (within a generous limit)."""
    found = compile_formula(formula, statements=64)
    if isinstance(found, Refused):
        assert found.reason
        assert found.hint
        return None
    _well_formed(found)
    return found


def _well_formed(blocks: tuple[Condition, ...]) -> None:
    assert list(blocks) == sorted(blocks, key=_entries)
    assert len(set(blocks)) == len(blocks)
    for block in blocks:
        assert list(block) == sorted(block, key=lambda e: (e.operator, e.key))
        assert len({(e.operator, e.key.casefold()) for e in block}) == len(block)
        for entry in block:
            assert entry.values
            assert len(set(entry.values)) == len(entry.values)


def _entries(block: Condition) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(e.operator, e.key, e.values) for e in block]


@pytest.mark.parametrize("part", range(4))
def test_compiled_blocks_agree_with_the_formula(part: int) -> None:
    pairs = refused = 0
    for seed in range(part, ROUNDS, 4):
        rng, keys, formula = random_case(seed)
        blocks = compiled(formula)
        if blocks is None:
            refused += 1
            continue
        denied = tuple(block for block, _ in certain(blocks, None, always_present))
        _well_formed(denied)
        for request in requests_for(rng, keys):
            expected = formula_holds(formula, request)
            told = (seed, formula, request, blocks, denied)
            assert blocks_hold_undisputed(blocks, request) is expected, told
            assert blocks_hold_undisputed(denied, request) is expected, told
            assert blocks_hold_at_worst(denied, request) is expected, told
            pairs += 1
    print(f"{pairs} pairs, {refused} of {ROUNDS // 4} formulas refused")
    assert refused <= ROUNDS // 100
    assert pairs >= ROUNDS * 6


def test_a_deny_with_variables_in_its_resources_agrees_at_worst() -> None:
    """Protects a deny on several resources from the one whose variable has no value."""
    pool = ("a", "b*", "*/${v}", "${w}${v}", "${z}/a", "${v, 'dd'}")
    for seed in range(ROUNDS // 4):
        rng, keys, formula = random_case(seed, variables=True)
        blocks = compiled(formula) or ()
        given = Elements(_pick(rng, pool), negated=rng.random() < 0.5)
        denied = certain(blocks, given, always_present)
        placed = [(*block, _as_entry(some)) for block, some in denied]
        for request in requests_for(rng, keys):
            request["resource"] = rng.choice(["a", "b", "ba", "x/a", "aab", "a/a", "dd"])
            matched = blocks_hold_undisputed([(_as_entry(given),)], request)
            expected = bool(blocks) and matched and formula_holds(formula, request)
            told = (seed, formula, request, denied)
            assert blocks_hold_undisputed(placed, request) is expected, told
            assert blocks_hold_at_worst(placed, request) is expected, told


def _as_entry(resources: Elements | None) -> Entry:
    assert resources is not None
    operator = "StringNotLike" if resources.negated else "StringLike"
    return Entry(operator, "resource", resources.values)


def test_an_allow_that_is_not_warned_of_is_widened_by_no_variable() -> None:
    """Without a warning no valueless variable lets a request in; with one, some does."""
    widened: list[bool] = []
    for seed in range(0, ROUNDS, 2):
        rng, keys, formula = random_case(seed, variables=True)
        blocks = compiled(formula) or ()
        warned = bool(widening(blocks, always_present))
        # Without the entries that hold only since a variable in them has no value.
        for _ in range(REQUESTS if blocks else 0):
            request = random_request(rng, keys)
            sure = [b for b in blocks if not any(_valueless_nor(e, request) for e in b)]
            lets_in = blocks_hold_undisputed(blocks, request)
            if lets_in != blocks_hold_undisputed(sure, request):
                assert warned, (seed, formula, request, blocks)
                widened.append(warned)
    assert len(widened) > ROUNDS // 10


def _valueless_nor(entry: Entry, request: Context) -> bool:
    names = (n for v in entry.values for n in ("v", "w", "u") if f"${{{n}}}" in v.lower())
    return "Not" in entry.operator and any(n not in request for n in names)


def commuted(rng: random.Random, formula: Formula) -> Formula:
    """Return `formula` with the operands of every `and` and `or` in another order."""
    match formula:
        case And(parts) | Or(parts):
            mixed = [commuted(rng, part) for part in parts]
            rng.shuffle(mixed)
            return type(formula)(tuple(mixed))
        case Not(part):
            return Not(commuted(rng, part))
        case _:
            return formula


def mirrored(formula: Formula) -> Formula:
    """Return the dual by De Morgan: the negation of `formula` with `Not` at the tests only."""
    match formula:
        case And(parts):
            return Or(tuple(map(mirrored, parts)))
        case Or(parts):
            return And(tuple(map(mirrored, parts)))
        case Not(part):
            return part
        case _:
            return Not(formula)


def test_the_order_of_operands_does_not_change_the_bytes() -> None:
    for seed in range(ROUNDS // 4):
        rng, _, formula = random_case(seed)
        first = compile_formula(formula)
        again = compile_formula(commuted(rng, formula))
        if not isinstance(first, Refused):
            assert not isinstance(again, Refused)
            assert _lowered(again) == _lowered(first), (seed, formula)
        else:
            assert isinstance(again, Refused)


def _lowered(blocks: tuple[Condition, ...]) -> list[list[tuple[str, str, tuple[str, ...]]]]:
    """Return blocks without the spelling of keys, which is that of the first one in the source."""
    return sorted(sorted((e.operator, e.key.lower(), e.values) for e in b) for b in blocks)


def test_double_negation_and_de_morgan_change_nothing() -> None:
    for seed in range(ROUNDS // 4):
        _, _, formula = random_case(seed)
        found = compile_formula(formula)
        if not isinstance(found, Refused):
            assert compile_formula(Not(Not(formula))) == found, (seed, formula)
            assert compile_formula(Not(mirrored(formula))) == found, (seed, formula)


def test_a_formula_and_its_negation_part_all_requests() -> None:
    for seed in range(ROUNDS // 4):
        rng, keys, formula = random_case(seed)
        yes, no = compiled(formula), compiled(Not(formula))
        if yes is None or no is None:
            continue
        for _ in range(REQUESTS):
            request = random_request(rng, keys)
            held = blocks_hold_undisputed(yes, request), blocks_hold_undisputed(no, request)
            assert sorted(held) == [False, True], (seed, formula, request)


def test_absorption() -> None:
    """`f or (f and g)` and `f and (f or g)` decide as `f` does."""
    for seed in range(ROUNDS // 6):
        rng, keys, formula = random_case(seed)
        other = random_formula(rng, keys, 1, variables=False)
        plain = compiled(formula)
        if plain is None:
            continue
        for wider in (Or((formula, And((formula, other)))), And((formula, Or((formula, other))))):
            found = compiled(wider)
            for _ in range(REQUESTS // 2 if found is not None else 0):
                request = random_request(rng, keys)
                assert found is not None
                held = blocks_hold_undisputed(found, request)
                assert held is blocks_hold_undisputed(plain, request), (seed, formula, other)


def test_damaged_blocks_are_noticed() -> None:
    """The evaluator is sharp: without an entry, a value or an IfExists, most blocks fail."""
    noticed = same = 0
    for seed in range(0, ROUNDS, 12):
        rng, keys, formula = random_case(seed, variables=False)
        blocks = compiled(formula)
        if not blocks:
            continue
        requests = [random_request(rng, keys) for _ in range(150)]
        expected = [formula_holds(formula, request) for request in requests]
        for damaged in _damaged(blocks):
            try:
                found = [blocks_hold_undisputed(damaged, request) for request in requests]
            except DisputedMeaningError:
                noticed += 1
                continue
            noticed, same = noticed + (found != expected), same + (found == expected)
    print(f"{noticed} damaged noticed, {same} not")
    assert noticed > 3 * same


def _damaged(blocks: tuple[Condition, ...]) -> list[tuple[Condition, ...]]:
    out = []
    for at, block in enumerate(blocks):
        rest = blocks[:at] + blocks[at + 1 :]
        out.append(rest)
        for place, entry in enumerate(block):
            others = block[:place] + block[place + 1 :]
            out.append((*rest, others))
            if len(entry.values) > 1:
                fewer = Entry(entry.operator, entry.key, entry.values[1:])
                out.append((*rest, (*others, fewer)))
            if entry.operator.endswith("IfExists"):
                bare = Entry(entry.operator.removesuffix("IfExists"), entry.key, entry.values)
                out.append((*rest, (*others, bare)))
    return out
