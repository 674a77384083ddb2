"""Whether one statement is about all that another one is about, by its elements alone.

A yes is proved, a no says nothing: what several statements come to together, or what only the
values of conditions tell, is for `prove`. Effects are not looked at.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from iamdsl.iam import NEGATED, split_operator, variables
from iamdsl.iam.covering import (
    Cover,
    action_atom_covers,
    action_atoms,
    is_wild,
    names,
    resource_atom_covers,
    resource_atoms,
)
from iamdsl.iam.implication import implies
from iamdsl.simulate import holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from iamdsl.iam import Condition, Principals, Statement
    from iamdsl.iam.covering import Atom, Atoms


_MANY_ATOMS = 400
"""Actions and resources of the statements that a proof is about, beyond which none is tried."""
_MANY_PAIRS = 20_000


class Said:
    """A statement, and what comparing it needs.

    Attributes:
        actions: the atoms of its actions, of which `wild_actions` may cover others.
    """

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.actions: Atoms = action_atoms(statement.actions, absorbing=False)
        self.wild_actions = list(self.actions - names(statement.actions.values).plain)

    @cached_property
    def services(self) -> frozenset[str] | None:
        """Return the prefixes of its actions, None where these are patterns or left out ones."""
        actions = self.statement.actions
        if actions.negated:
            return None
        found = frozenset([value.partition(":")[0].lower() for value in actions.values])
        return None if any("*" in s or "?" in s for s in found) else found

    @cached_property
    def resources(self) -> Atoms:
        """Return the atoms of its resources."""
        return resource_atoms(self.statement.resources, absorbing=False)

    @cached_property
    def needed(self) -> frozenset[str]:
        """Return the variables without which a request may leave the whole statement out."""
        s = self.statement
        texts = [*(s.resources.values if s.resources is not None else ())]
        texts += (v for e in s.condition for v in e.values)
        return frozenset(name.lower() for text in texts for name in variables(text))

    @cached_property
    def keys(self) -> frozenset[str]:
        """Return the keys of its condition, in lower case."""
        return frozenset([entry.key.lower() for entry in self.statement.condition])

    @cached_property
    def _wild_resources(self) -> list[Atom]:
        return [r for r in self.resources if is_wild(r)]

    @cached_property
    def _wider_actions(self) -> Cover:
        return Cover(self.wild_actions, action_atom_covers)

    @cached_property
    def _wider_resources(self) -> Cover:
        return Cover(self._wild_resources, resource_atom_covers)

    def has_actions(self, atoms: Atoms) -> bool:
        """Tell whether it is about all of some actions."""
        left = atoms - self.actions
        return not left or (bool(self.wild_actions) and all(map(self._wider_actions.wider, left)))

    def has_resources(self, atoms: Atoms) -> bool:
        """Tell whether it is about all of some resources."""
        left = atoms - self.resources
        return not left or (
            bool(self._wild_resources) and all(map(self._wider_resources.wider, left))
        )

    def may_cover_action(self, atom: Atom) -> bool:
        """Tell whether it may be about all of an action, by itself or with others that leave some out."""
        return atom in self.actions or any(
            (isinstance(w, frozenset) and is_wild(atom)) or action_atom_covers(w, atom)
            for w in self.wild_actions
        )

    def may_cover_resource(self, atom: Atom) -> bool:
        """Tell the same of a resource."""
        return atom in self.resources or any(
            (isinstance(w, frozenset) and is_wild(atom)) or resource_atom_covers(w, atom)
            for w in self._wild_resources
        )


def is_about_all(wide: Said, narrow: Said) -> bool:
    """Tell whether `wide` surely applies to every request that `narrow` applies to."""
    if not wide.wild_actions and not narrow.actions <= wide.actions:
        return False
    theirs, ours = narrow.services, wide.services
    if ours is not None and (theirs is None or not theirs <= ours):
        return False
    one, other = wide.statement, narrow.statement
    return (
        (one.resources is None) == (other.resources is None)
        and are_all(one.principals, other.principals)
        and wide.keys <= narrow.keys
        and wide.has_actions(narrow.actions)
        and wide.has_resources(narrow.resources)
        and all(any(implies(n, w) for n in other.condition) for w in one.condition)
        and wide.needed <= narrow.needed
    )


def are_all(wide: Principals | None, narrow: Principals | None) -> bool:
    """Tell whether all whom one element names are named by the other.

    Types are kept apart, and an account is not taken for its roles: who is named by an ARN may
    do what an account would have to allow them first.
    """
    if wide is None or narrow is None or wide.negated or narrow.negated:
        return wide == narrow
    named = dict(wide.by_type)
    everyone = "*" in named or "*" in named.get("AWS", ())
    return all(
        set(values) <= set(named.get(kind, ())) or (everyone and kind in {"AWS", "*"})
        for kind, values in narrow.by_type
    )


def useful(one: Said, others: Sequence[Said]) -> list[Said]:
    """Return those statements that may take part in being about all that one is about.

    None where they surely are not all. What is said of a pattern has to be said by a pattern that
    covers it, or by what leaves some out (`Not…`), since a proof is about actions and resources
    that nobody knows yet. And to a request that has just what its condition asks for, one of
    those that are left has to apply. None as well where a proof would be about too much.
    """
    left = one.actions.difference(*(o.actions for o in others))
    wild = [o for o in others if o.wild_actions]
    if not all(any(o.may_cover_action(a) for o in wild) for a in left):
        return []
    others = [o for o in others if o.needed <= one.needed and _may_name(one, o)]
    if len(one.actions) * len(one.resources) * len(others) > _MANY_PAIRS:
        return []
    needed: set[frozenset[int]] = set()
    for action in one.actions:
        over = [n for n, o in enumerate(others) if o.may_cover_action(action)]
        for resource in one.resources:
            there = frozenset([n for n in over if others[n].may_cover_resource(resource)])
            if not there:
                return []
            needed.add(there)
    some = sorted(frozenset[int]().union(*needed))
    for context in sampled(one.statement.condition):
        fit = {n for n in some if hold(others[n].statement.condition, context)}
        if any(map(fit.isdisjoint, needed)):
            return []
    found = [others[n] for n in some]
    return found if sum(len(o.actions) + len(o.resources) for o in found) <= _MANY_ATOMS else []


def _may_name(one: Said, other: Said) -> bool:
    """Tell whether a statement may be for some of those that one is for.

    Who is told by a key only is not named: that may decide which limits a grant passes by.
    """
    mine, theirs = one.statement.principals, other.statement.principals
    if mine is not None and any(
        e.key.lower().startswith("aws:principal") for e in other.statement.condition
    ):
        return False
    if mine is None or theirs is None or mine.negated or theirs.negated:
        return (mine is None) == (theirs is None)
    return are_all(theirs, mine) or any(
        set(values) & set(dict(mine.by_type).get(kind, ())) for kind, values in theirs.by_type
    )


CHANCE = "zq7"
"""What stands for what a pattern or variable leaves open: a text that nobody writes."""
_OPEN = re.compile(r"\$\{([^},*?$]+)[^}]*\}")


def sampled(condition: Condition) -> Iterator[dict[str, tuple[str, ...]]]:
    """Yield the values of requests that meet a condition and have no other keys; may be none."""
    for choose in (min, max):
        context: dict[str, tuple[str, ...]] = {}
        for entry in condition:
            _, base, optional = split_operator(entry.operator)
            if base in NEGATED or optional or (base == "Null" and "true" in entry.values):
                continue
            text = CHANCE if base == "Null" else choose(entry.values)
            for name in _OPEN.findall(text):
                context.setdefault(name.strip().lower(), (CHANCE,))
            text = _OPEN.sub(CHANCE, text).replace("*", CHANCE).replace("?", "z")
            context[entry.key.lower()] = (text.partition("/")[0] if base == "IpAddress" else text,)
        if hold(condition, context):
            yield context


def hold(condition: Condition, context: dict[str, tuple[str, ...]]) -> bool:
    """Tell whether a condition is met by a request with these keys."""
    return all(holds(entry, context) for entry in condition)


def each_covered(
    forms: Sequence[str], covers: Callable[[Atom, Atom], bool]
) -> list[tuple[int, int]]:
    """Return pairs of the number of a value and of another one of the list that covers it.

    Each value is there once at most; of equal ones the first is left, and what covers another one
    is not covered itself. Long lists are looked through by texts that their values have in common.

    Args:
        forms: the values, those that mean the same with one text.
    """
    first: dict[str, int] = {}
    found: dict[int, int] = {}
    for n, form in enumerate(forms):
        if first.setdefault(form, n) != n:
            found[n] = first[form]
    if any("*" in form or "?" in form for form in first):
        index = Cover(first, covers)
        for form, n in first.items():
            if wider := index.wider(form):
                found[n] = first[str(_widest(wider, covers))]
    return sorted((n, _end(found, n)) for n in found)


def _widest(atoms: list[Atom], covers: Callable[[Atom, Atom], bool]) -> Atom:
    widest = atoms[0]
    for atom in atoms[1:]:
        if covers(atom, widest):
            widest = atom
    return widest


def _end(found: dict[int, int], number: int) -> int:
    """Return the value that is left of those that cover one another."""
    seen = set()
    while number in found and number not in seen:
        seen.add(number)
        number = found[number]
    return number
