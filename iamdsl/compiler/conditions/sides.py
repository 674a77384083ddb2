"""Saying lists of values as entries on one key: operator names, IfExists, Null, set prefixes.

A *side* is what one block says about one key. Invariant: entries of a side have different
operator names, since a block is a map and a second list under one name would replace the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.compiler.conditions.leaves import Leaf, Predicate

Side: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""Pairs of operator and values, sorted."""


class ValueList(NamedTuple):
    """One list of values under one operator, before prefix and IfExists.

    Attributes:
        operator: without prefix and IfExists.
        positive: an OR, false on a missing key; else a NOR, true on a missing key.
    """

    operator: str
    values: tuple[str, ...]
    positive: bool = True


EXISTS: Side = (("Null", ("false",)),)
MISSING: Side = (("Null", ("true",)),)

_ORDERINGS = {
    ("less", False): "LessThan",
    ("less", True): "GreaterThanEquals",
    ("less-equals", False): "LessThanEquals",
    ("less-equals", True): "GreaterThan",
    ("equals", False): "Equals",
    ("equals", True): "NotEquals",
}
_TWINS = {"ArnEquals": "ArnLike", "ArnLike": "ArnEquals"}


def value_list(predicate: Predicate, values: tuple[str, ...], negated: bool) -> ValueList | None:
    """Return the list that says `predicate` or its complement; None for a negated Binary."""
    family, relation = predicate.family, predicate.relation
    if family in ("Numeric", "Date"):
        positive = relation != "equals" or not negated
        return ValueList(family + _ORDERINGS[relation, negated], values, positive)
    if family == "Bool":
        if negated and values != ("true",):
            return None
        return ValueList("Bool", ("false",) if negated else values)
    if family == "IpAddress":
        return ValueList("NotIpAddress" if negated else "IpAddress", values, not negated)
    if family == "Binary":
        return None if negated else ValueList("BinaryEquals", values)
    name = "Like" if relation == "like" else "Equals"
    if predicate.ignoring_case:
        name = "EqualsIgnoreCase"
    return ValueList(family + ("Not" if negated else "") + name, values, not negated)


def single(lists: Iterable[ValueList], missing: bool) -> Side:
    """Return the side of a single-valued key: the `lists` on a value, `missing` without one.

    A second list of one name goes under a twin of the operator. Without IfExists to spare for it,
    a twin is safe only beside a plain positive entry or Null(false), which `missing` = False gives.
    """
    out: dict[str, tuple[str, ...]] = {}
    plain = False
    for item in lists:
        name = item.operator
        if item.positive:
            names = _names(name, plain=not missing)
            name = next(n for n in names if n not in out)
            plain = True
        out[name] = item.values
    if not missing and not plain:
        out["Null"] = ("false",)
    return tuple(sorted(out.items()))


def quantified(every: Iterable[ValueList], some: Iterable[ValueList], exists: bool) -> Side:
    """Return the side of a multivalued key: all values in `every`, some value in each of `some`.

    ForAllValues with IfExists is a safe twin. The first ForAnyValue is plain: it is false on a
    missing key, so that the disputed meaning of ForAnyValue with IfExists never decides.
    """
    out: dict[str, tuple[str, ...]] = {}
    for item in every:
        names = _names("ForAllValues:" + item.operator, plain=True)
        out[next(n for n in names if n not in out)] = item.values
    for item in some:
        names = _names("ForAnyValue:" + item.operator, plain=True)
        out[next(n for n in names if n not in out)] = item.values
    if exists:
        out["Null"] = ("false",)
    return tuple(sorted(out.items()))


def of_leaf(leaf: Leaf, values: tuple[str, ...]) -> Side | None:
    """Return the side of a leaf whose `values` may stand as they are; None when none says it."""
    predicate = leaf.predicate
    if predicate is None:
        return EXISTS if not leaf.negated else MISSING
    said = value_list(predicate, values, leaf.negated)
    if said is None:
        return None
    name, values, positive = said
    if leaf.quantifier is not None:
        prefix = "ForAnyValue:" if leaf.quantifier == "any" else "ForAllValues:"
        return ((prefix + name, values),)
    if positive:
        return ((name + "IfExists" if leaf.missing else name, values),)
    return ((name, values),) if leaf.missing else ((name, values), ("Null", ("false",)))


def capacity(operator: str, optional: bool) -> int:
    """Return how many positive lists one block can hold under `operator` and its twins."""
    slots = 2 if operator in _TWINS else 1
    return slots if optional else 2 * slots


def cost(key: str, side: Side) -> int:
    """Return the characters that `side` takes in a document, roughly."""
    return sum(len(n) + len(key) + 8 + sum(len(v) + 3 for v in values) for n, values in side)


def _names(operator: str, *, plain: bool) -> list[str]:
    """Return the names under which a positive list may stand, the best one first."""
    prefix, _, base = operator.rpartition(":")
    prefix = prefix and prefix + ":"
    names = [operator]
    if base in _TWINS:
        names.append(prefix + _TWINS[base])
    return (names if plain else []) + [n + "IfExists" for n in names]
