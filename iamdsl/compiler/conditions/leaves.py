"""Tests of a formula as leaves: what each says of a missing key and of a value, negation folded in.

Invariant: `tree` keeps the meaning of the formula exactly. A leaf on a single-valued key is the
pair (truth when missing, values that satisfy it); its complement complements both. On a
multivalued key `any` is false and `all` is true when the key is missing, and the complement swaps
them. A tree has no `Not`, no empty list, no constant inside another node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from iamdsl.compiler.conditions.refusal import NoForm
from iamdsl.compiler.conditions.texts import check
from iamdsl.model.formula import And, Not, Test

if TYPE_CHECKING:
    from iamdsl.model.formula import Formula


class Predicate(NamedTuple):
    """A question about one value; positive, so `relation` is never a `greater…` one.

    `n >= 5` is kept as the negation of `n < 5`, `false` as the negation of `true`: then a test and
    its complement are one predicate, and a key with both needs no further analysis.
    """

    family: str
    relation: str
    ignoring_case: bool
    values: tuple[str, ...]


class Leaf(NamedTuple):
    """One test of one key.

    Attributes:
        key: case-folded.
        predicate: None stands for "every value", so that `exists` is a leaf like any other.
        negated: the values that do *not* satisfy the predicate.
        missing: the truth when the key is missing.
        quantifier: for multivalued keys; `missing` follows from it.
    """

    key: str
    predicate: Predicate | None
    negated: bool
    missing: bool
    quantifier: str | None = None


class Node(NamedTuple):
    """A conjunction or a disjunction of leaves and of nodes of the other kind."""

    conjunction: bool
    parts: tuple[Tree, ...]


Tree: TypeAlias = Leaf | Node

ALWAYS = Node(True, ())
NEVER = Node(False, ())

_COMPLEMENT = {"greater-equals": "less", "greater": "less-equals"}


def tree(formula: Formula, negative: bool = False) -> Tree:
    """Return `formula`, or its negation, with every `Not` pushed into the leaves."""
    if isinstance(formula, Test):
        return leaf(formula, negative)
    if isinstance(formula, Not):
        return tree(formula.part, not negative)
    conjunction = isinstance(formula, And) is not negative
    return join(conjunction, [tree(part, negative) for part in formula.parts])


def join(conjunction: bool, parts: list[Tree]) -> Tree:
    """Return the conjunction or disjunction of `parts`, flat, without constants and repeats."""
    absorbing = NEVER if conjunction else ALWAYS
    seen: dict[Tree, None] = {}
    for part in parts:
        if isinstance(part, Node):
            if part == absorbing:
                return absorbing
            if part.conjunction == conjunction or not part.parts:
                seen.update(dict.fromkeys(part.parts))
                continue
        seen[part] = None
    flat = tuple(seen)
    if len(flat) > 1:
        flat = _merge_lists(conjunction, flat)
    return flat[0] if len(flat) == 1 else Node(conjunction, flat)


def leaf(test: Test, negative: bool) -> Tree:
    """Return the leaf of `test` or of its negation; constants and `any k? …` become nodes."""
    key = test.key.casefold()
    if test.relation == "exists":
        missing = test.negated or test.optional
        return _constant_values(key, full=not test.negated, missing=missing, negative=negative)
    check(test)
    if test.as_written:
        return _as_written(test, negative)
    values = tuple(dict.fromkeys(test.values))
    if not values or (test.family == "Bool" and len({v.lower() for v in values}) > 1):
        return _settled(test, key, bool(values), negative)
    relation, flip, values = _positive(test, values)
    predicate = Predicate(test.family, relation, test.ignoring_case, values)
    negated = (test.negated is not flip) is not negative
    if test.quantifier is None:
        return Leaf(key, predicate, negated, (test.optional or test.negated) is not negative)
    every = (test.quantifier == "all") is not negative
    quantified = Leaf(key, predicate, negated, every, "all" if every else "any")
    if test.optional and test.quantifier == "any":
        return join(negative, [Leaf(key, None, not negative, not negative), quantified])
    return quantified


_APART = "\0"
"""Parts the key of a test as written from what makes it another key than all others."""


def _as_written(test: Test, negative: bool) -> Leaf:
    """Return a test that is kept as it is: a yes or no of its own, of which nothing else follows."""
    key = test.key.casefold()
    if negative:
        raise NoForm(
            f"a test of `{key}` that is kept as written cannot be denied",
            'write the comparison itself, without `not` and `unless`: `key("…") != "x"`',
            frozenset((key,)),
            final=True,
        )
    relation, flip, values = _positive(test, tuple(dict.fromkeys(test.values)))
    predicate = Predicate(test.family, relation, test.ignoring_case, values)
    missing = test.quantifier == "all" or (
        test.quantifier is None and (test.optional or test.negated)
    )
    apart = f"{key}{_APART}{test.quantifier}{predicate}{test.negated}{test.optional}"
    return Leaf(apart, predicate, test.negated is not flip, missing, test.quantifier)


def is_as_written(key: str) -> bool:
    """Tell whether a leaf's key is that of a test that is kept as written."""
    return _APART in key


def spelled(key: str, spelling: dict[str, str]) -> str:
    """Return a leaf's key as the source spells it."""
    return spelling[key.partition(_APART)[0]]


def spelled_keys(formula: Formula) -> dict[str, str]:
    """Return for each case-folded key its first spelling in the source."""
    found: dict[str, str] = {}
    for test in tests_of(formula):
        found.setdefault(test.key.casefold(), test.key)
    return found


def tests_of(formula: Formula) -> list[Test]:
    """Return the tests of `formula` in source order."""
    if isinstance(formula, Test):
        return [formula]
    if isinstance(formula, Not):
        return tests_of(formula.part)
    return [test for part in formula.parts for test in tests_of(part)]


def keys_of(part: Tree) -> frozenset[str]:
    """Return the case-folded keys that `part` tests."""
    if isinstance(part, Leaf):
        return frozenset((part.key,))
    return frozenset().union(*map(keys_of, part.parts))


def leaves_of(part: Tree) -> list[Leaf]:
    """Return the leaves of `part`."""
    if isinstance(part, Leaf):
        return [part]
    return [found for inner in part.parts for found in leaves_of(inner)]


def order(predicate: Predicate) -> tuple[int, str, tuple[str, ...], bool, str]:
    """Sort predicates by what they say, never by where they stand in the source.

    Values of several tests that become one list come in this order, so that swapped operands give
    the same bytes; the values of one test keep the order of the source.
    """
    return (
        len(predicate.values),
        predicate.relation,
        predicate.values,
        predicate.ignoring_case,
        predicate.family,
    )


def _positive(test: Test, values: tuple[str, ...]) -> tuple[str, bool, tuple[str, ...]]:
    """Return relation, "it was complemented", and values of the positive predicate of `test`."""
    if test.family == "Bool" and len(values) >= 1:
        lowered = values[0].lower()
        if lowered == "false":
            return "equals", True, ("true",)
        return "equals", False, (lowered if lowered == "true" else values[0],)
    if test.relation in ("equals", "like"):
        return test.relation, False, values
    if len(values) > 1:
        from iamdsl.compiler.conditions.ordered import loosest  # noqa: PLC0415

        values = (loosest(test.key.casefold(), test.family, test.relation, values),)
    return _COMPLEMENT.get(test.relation, test.relation), test.relation in _COMPLEMENT, values


def _constant_values(key: str, *, full: bool, missing: bool, negative: bool) -> Tree:
    """Return the leaf that holds for all values or for none."""
    full, missing = full is not negative, missing is not negative
    if full == missing:
        return ALWAYS if full else NEVER
    return Leaf(key, None, not full, missing)


def _settled(test: Test, key: str, full: bool, negative: bool) -> Tree:
    """Return the leaf of a list that no value fits, or (a Bool list of both) that every one fits.

    The compiler folds such lists, since AWS gives an empty one no meaning to build on.
    """
    full = full is not test.negated
    if test.quantifier == "all":
        missing = True
    elif test.quantifier == "any":
        missing = test.optional
    else:
        missing = test.optional or test.negated
    return _constant_values(key, full=full, missing=missing, negative=negative)


def _merge_lists(conjunction: bool, parts: tuple[Tree, ...]) -> tuple[Tree, ...]:
    """Join the lists of leaves that differ in their values only, where that is exact.

    A positive list is an OR and a negated one a NOR: positive leaves join in a disjunction,
    negated ones in a conjunction. `any` and `all` each do so on their own side only.
    """
    groups: dict[tuple[str, str, str, bool, str | None], list[Leaf]] = {}
    for part in parts:
        if (
            isinstance(part, Leaf)
            and part.predicate is not None
            and part.negated is conjunction
            and part.quantifier != ("any" if conjunction else "all")
            and part.predicate.relation in ("equals", "like")
            and part.predicate.family != "Bool"
        ):
            p = part.predicate
            group = (part.key, p.family, p.relation, p.ignoring_case, part.quantifier)
            groups.setdefault(group, []).append(part)
    merged: dict[Leaf, Leaf | None] = {}
    for (key, family, relation, ignoring_case, quantifier), same in groups.items():
        if len(same) > 1:
            predicates = sorted((m.predicate for m in same if m.predicate), key=order)
            values = tuple(dict.fromkeys(v for p in predicates for v in p.values))
            missing = (all if conjunction else any)(m.missing for m in same)
            joined = Predicate(family, relation, ignoring_case, values)
            merged.update(dict.fromkeys(same))
            merged[same[0]] = Leaf(key, joined, conjunction, missing, quantifier)
    if not merged:
        return parts
    kept = (merged.get(p, p) if isinstance(p, Leaf) else p for p in parts)
    return tuple(part for part in kept if part is not None)
