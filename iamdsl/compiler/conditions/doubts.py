"""Missing keys on which AWS's pages leave a doubt: a Deny holds whichever way it is resolved.

Two things are not certain when a request lacks a key:

- a variable `${k}` then fits no value (so a negated operator holds), but "this might cause the
  entire policy statement to be invalid" (reference_policies_variables);
- `ForAllValues` under a negated operator holds, by AWS's rule; one of its tables of examples says
  that it does not (reference_policies_condition-single-vs-multi-valued-context-keys).

A Deny must not be lost over that. Invariant of `certain`: its blocks mean what the given ones
mean, and they still do if every block that is in doubt about a request does not match it.
Both follow from what is added. For a doubtful key k of a block B that is `B without k` with
`Null(k: true)`: what B says of requests that lack k, where values with `${k}` fit nothing and
tests of k itself are settled. It holds only where B does, so it adds nothing; it holds wherever B
does and k is missing, and mentions k no more. A list of alternatives with variables becomes a
block for each set of variables, since literals must not fall with them. Variables in resources
are treated alike: `Resource` is a list of alternatives, `NotResource` a negated one.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, TypeAlias

import attrs

from iamdsl.iam import NEGATED, Elements, Entry, split_operator, values_are_alternatives, variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from iamdsl.iam import Condition

    Present: TypeAlias = Callable[[str], bool]
    """Tells of a key whether every request carries it."""


MOST = 64
"""Statements that one `deny` may become (language reference)."""

_WORK = 16 * MOST
_RESOURCE = ""


def certain(
    blocks: Iterable[Condition], resources: Elements | None, present: Present
) -> tuple[tuple[Condition, Elements | None], ...]:
    """Return blocks, each with its resources, that no doubt about a missing key can weaken; sorted.

    Together they mean what `resources` with each of the given blocks means. Stops beyond
    `MOST` of them, and returns more than that then.

    Args:
        resources: `Resource` or `NotResource`, which may hold variables as well.
    """
    made: dict[Condition, None] = {}
    for block in blocks:
        for alternative in _alternatives((*block, *_as_entry(resources)), present):
            made.update(dict.fromkeys(_with_missing(alternative, present)))
            if len(made) > _WORK:
                break
    entries = {block: frozenset(block) for block in made}
    kept = [b for b in made if not any(entries[o] < entries[b] for o in made)]
    kept.sort(key=lambda block: [_order(entry) for entry in block])
    return tuple((_condition(block), _elements(block, resources)) for block in kept)


def _as_entry(resources: Elements | None) -> tuple[Entry, ...]:
    """Return resources as an entry on a key that no request lacks: they are patterns of text."""
    if resources is None:
        return ()
    operator = "StringNotLike" if resources.negated else "StringLike"
    return (Entry(operator, _RESOURCE, resources.values),)


def _condition(block: Condition) -> Condition:
    return tuple(sorted((e for e in block if e.key != _RESOURCE), key=_order))


def _elements(block: Condition, resources: Elements | None) -> Elements | None:
    """Return the resources of a block; when all exceptions are gone, they are every one."""
    if resources is None:
        return None
    found = [e for e in block if e.key == _RESOURCE]
    return attrs.evolve(resources, values=found[0].values) if found else Elements(("*",))


def widening(blocks: Sequence[Condition], present: Present) -> list[tuple[str, str]]:
    """Return pairs of case-folded keys: the first is compared with a variable of the second.

    Those only that a request meets *because* it lacks the second: a negated operator, in a block
    that such a request can meet, where no other block says plainly that it may.
    """
    found: dict[tuple[str, str], None] = {}
    for block in blocks:
        for entry in block:
            for name in _variables(entry, present) if _negated(entry) else ():
                met = _without(block, name)
                if met is not None and not any(set(other) <= set(met) for other in blocks):
                    found[entry.key.casefold(), name.casefold()] = None
    return list(found)


def _alternatives(block: Condition, present: Present) -> Iterator[Condition]:
    """Yield a block with lists of alternatives taken apart: one for each set of variables."""
    apart = []
    for entry in block:
        groups: dict[frozenset[str], list[str]] = {}
        for value in entry.values:
            names = {n.casefold() for n in variables(value) if not present(n)}
            groups.setdefault(frozenset(names), []).append(value)
        if values_are_alternatives(entry.operator):
            apart.append([attrs.evolve(entry, values=tuple(group)) for group in groups.values()])
        else:
            apart.append([entry])
    yield from product(*apart)


def _with_missing(block: Condition, present: Present) -> list[Condition]:
    """Return a block, and what it says without each of its doubtful keys and several of them."""
    doubtful: dict[str, str] = {}
    for entry in block:
        names = _variables(entry, present)
        if _negated(entry) and entry.operator.startswith("ForAllValues:"):
            names.append(entry.key)
        for name in names:
            doubtful.setdefault(name.casefold(), name)
    found = [block]
    for name in doubtful.values():
        found += [rest for b in found if (rest := _without(b, name)) is not None]
        if len(found) > _WORK:
            break
    return found


def _without(block: Condition, key: str) -> Condition | None:
    """Return what a block says of requests that lack `key`, that included; None if it is false."""
    left = [Entry("Null", key, ("true",))]
    for entry in block:
        values = tuple(v for v in entry.values if not _has(v, key))
        said = (attrs.evolve(entry, values=values),) if values else _of_no_value(entry)
        if said is None:
            return None
        left += said
    missing = {e.key.casefold() for e in left if e.operator == "Null" and e.values == ("true",)}
    settled = [e for e in left if e.key.casefold() in missing]
    if not all(map(_holds_when_missing, settled)):
        return None
    nulls = {e.key.casefold(): e for e in settled if e.operator == "Null"}
    others = {e for e in left if e.key.casefold() not in missing}
    return tuple(sorted({*nulls.values(), *others}, key=_order))


def _of_no_value(entry: Entry) -> tuple[Entry, ...] | None:
    """Return what an entry says when none of its listed values fits anything; None for "never"."""
    prefix, _, optional = split_operator(entry.operator)
    if _negated(entry):
        return (Entry("Null", entry.key, ("false",)),) if prefix == "ForAnyValue" else ()
    if optional or prefix == "ForAllValues":
        return (Entry("Null", entry.key, ("true",)),)
    return None


def _holds_when_missing(entry: Entry) -> bool:
    """Tell whether an entry holds for a request that lacks its key.

    `ForAnyValue…IfExists` never decides: a plain `ForAnyValue` on the key, false, stands beside it.
    """
    prefix, base, optional = split_operator(entry.operator)
    if base == "Null":
        return entry.values == ("true",)
    return optional or prefix == "ForAllValues" or (not prefix and base in NEGATED)


def _negated(entry: Entry) -> bool:
    return split_operator(entry.operator)[1] in NEGATED


def _variables(entry: Entry, present: Present) -> list[str]:
    return [name for v in entry.values for name in variables(v) if not present(name)]


def _has(value: str, key: str) -> bool:
    return any(name.casefold() == key.casefold() for name in variables(value))


def _order(entry: Entry) -> tuple[str, str, tuple[str, ...]]:
    return entry.operator, entry.key, entry.values
