"""Fewer characters, the same meaning.

From a policy to one that allows and denies exactly the same requests and is never larger:

1. lists lose members that another member covers;
2. statements with one effect, principals and condition become rectangles (`_rectangles`);
3. statements that are covered under a weaker condition, or for more principals, go;
4. statements equal but for their principals are joined;
5. statements equal but for the values of one condition entry are joined, where its value list
   is a list of alternatives.

In a Deny, resources and values are joined only where they need the same policy variables.

Invariants: a `Not…` list stays whole, and so does the value list of a negated operator, for
they are conjunctions. A statement that the author named (`as X`) is kept under its name.
Nothing here consults the catalogue: the result is the same whatever AWS adds.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import attrs

from iamdsl.fit._rectangles import Box, Boxes, place, recover
from iamdsl.iam import (
    Elements,
    Entry,
    Policy,
    Principals,
    Statement,
    split_operator,
    statement_size,
    value_size,
    values_are_alternatives,
    variables,
)
from iamdsl.iam.covering import action_atoms, normal, order, resource_atoms

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from iamdsl.iam import Condition
    from iamdsl.iam.covering import Atom, Atoms

Sids: TypeAlias = Literal["keep", "drop"]

_ROUNDS = 4
# Combinations of condition values in one statement beyond which lists are not joined, so that
# the check afterwards can take them apart.
_COMBINATIONS = 10_000
# Groups up to which each is compared with each, entries value by value.
_ALL_PAIRS = 48
_NO_LENGTHS: Mapping[str, int] = {}


class Group(NamedTuple):
    """What the statements that may become rectangles together have in common."""

    effect: Literal["Allow", "Deny"]
    principals: Principals | None
    condition: Condition
    sid: str | None
    # Of a Deny, the variables that its resources need: see `_needed`.
    needed: frozenset[str] = frozenset()
    # Statements with a name of their own never share a group.
    number: int = -1


def minimize(
    policy: Policy, *, sids: Sids = "keep", lengths: Mapping[str, int] = _NO_LENGTHS
) -> Policy:
    """Return the policy with the same meaning in the fewest characters that were found.

    `lengths` are the greatest lengths of placeholders, by name. With `sids="drop"` all names
    of statements go, and the statements are joined like any others. Lists come out sorted,
    statements in the order of the first input statement that they hold something of.
    """
    given = policy.statements
    if not given:
        return policy
    writer = _Writer(given, lengths)
    groups: dict[Group, list[Box]] = defaultdict(list)
    for i, statement in enumerate(given):
        keep = sids == "keep" and statement.sid is not None
        group = Group(
            statement.effect,
            canonical_principals(statement.principals),
            writer.condition(statement.condition),
            statement.sid if keep else None,
            _needed(statement.effect, statement.resources.values if statement.resources else ()),
            i if keep else -1,
        )
        actions, resources = action_atoms(statement.actions), resource_atoms(statement.resources)
        groups[group].append(Box(actions, resources, frozenset((i,))))
    if len(given) > 1:
        groups = _reduced(groups, writer)
    made = [(place(box), group, box) for group, boxes in groups.items() for box in boxes]
    made.sort(key=lambda m: m[0])
    return attrs.evolve(policy, statements=tuple(writer.statement(g, b) for _, g, b in made))


def canonical_principals(principals: Principals | None) -> Principals | None:
    """Return principals with types and values sorted, each once."""
    if principals is None:
        return None
    by_type = tuple((t, tuple(sorted(set(v)))) for t, v in sorted(principals.by_type))
    return Principals(by_type, principals.negated)


class _Writer:
    """From groups and boxes back to statements, in the author's spelling."""

    def __init__(self, given: tuple[Statement, ...], lengths: Mapping[str, int]) -> None:
        self._given = given
        self._lengths = lengths
        self._costs: dict[Atom, int] = {}
        self._spelling: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        for statement in given:
            for value in statement.actions.values:
                self._spell(self._spelling, normal(value))
            for entry in statement.condition:
                self._spell(self._keys, entry.key)

    @staticmethod
    def _spell(known: dict[str, str], text: str) -> None:
        # Of several spellings the one with the most capitals, as AWS's own documents have it.
        lower = text.lower()
        known[lower] = min(known.get(lower, text), text)

    def condition(self, condition: Condition) -> Condition:
        """Return the condition with one spelling of each key, and with all in order."""
        entries = [
            Entry(e.operator, self._keys[e.key.lower()], tuple(sorted(set(e.values))))
            for e in condition
        ]
        return tuple(sorted(entries, key=_entry_key)) if len(entries) > 1 else tuple(entries)

    def frame(self, group: Group) -> int:
        """Return the characters of a statement of that group without its two lists."""
        empty = Elements(("",))
        bare = Statement(group.effect, empty, empty, group.principals, group.condition, group.sid)
        return statement_size(bare, self._lengths) - len('""' * 2) + len(",")

    def cost(self, box: Box) -> int:
        """Return the characters of a box's two lists."""
        return self._list_cost(box.actions) + self._list_cost(box.resources)

    def _list_cost(self, atoms: Atoms) -> int:
        costs = self._costs
        total = len(atoms) - 1 + (2 if len(atoms) > 1 else 0)
        for atom in atoms:
            if atom not in costs:
                costs[atom] = self._atom_cost(atom)
            total += costs[atom]
        return total

    def _atom_cost(self, atom: Atom) -> int:
        if atom is None:
            return -len('"Resource":,')
        if isinstance(atom, str):
            return value_size(atom, self._lengths)
        return len("Not") + self._list_cost(frozenset(atom))

    def statement(self, group: Group, box: Box) -> Statement:
        """Return the statement of a box, with the origins of all that it came from."""
        numbers = sorted(box.sources)
        origin = dict.fromkeys(span for i in numbers for span in self._given[i].origin)
        resources = _elements(box.resources)
        actions = _elements(box.actions)
        if actions is None:
            raise AssertionError("a statement without actions")
        spelled = tuple(self._spelling[a] for a in actions.values)
        return Statement(
            group.effect,
            Elements(spelled, actions.negated),
            resources,
            group.principals,
            group.condition,
            group.sid,
            tuple(origin),
        )


def _elements(atoms: Atoms) -> Elements | None:
    ordered = sorted(atoms, key=order)
    first = ordered[0]
    if first is None:
        return None
    if isinstance(first, frozenset):
        return Elements(tuple(sorted(first)), negated=True)
    return Elements(tuple(a for a in ordered if isinstance(a, str)))


def _entry_key(entry: Entry) -> tuple[str, str]:
    return entry.operator, entry.key.lower()


def _reduced(groups: Mapping[Group, list[Box]], writer: _Writer) -> dict[Group, list[Box]]:
    """Reduce group by group, then across groups, until that joins nothing more."""
    reduced = dict(groups)
    for _ in range(_ROUNDS):
        reduced = {
            group: recover(boxes, _with_frame(group, writer)) for group, boxes in reduced.items()
        }
        if len(reduced) < 2:
            return reduced
        reduced = _without_covered(reduced)
        count = sum(map(len, reduced.values()))
        reduced = _joined_principals(reduced)
        reduced = _joined_values(reduced)
        if sum(map(len, reduced.values())) == count:
            break
    return reduced


def _with_frame(group: Group, writer: _Writer) -> Callable[[Box], int]:
    """Return the cost of a box as a statement of its group, comma included."""
    frame = writer.frame(group)
    return lambda box: frame + writer.cost(box)


# Covered under a weaker condition or for more principals -------------------------------------


def _without_covered(groups: dict[Group, list[Box]]) -> dict[Group, list[Box]]:
    """Drop what is granted (or denied) in a group of weaker demands, whole or member by member."""
    indexes: dict[Group, Boxes] = {}
    gained: dict[Group, list[set[int]]] = {}
    left: dict[Group, list[Box]] = {}
    find = _weaker_finder(groups)
    for group, boxes in groups.items():
        weaker = find(group) if group.number < 0 else []
        kept = boxes
        for wide in weaker:
            if wide not in indexes:
                indexes[wide] = Boxes(groups[wide])
                gained[wide] = [set(b.sources) for b in groups[wide]]
            kept = [
                rest for b in kept if (rest := _rest(b, indexes[wide], gained[wide])) is not None
            ]
        left[group] = kept
    # A group that lost boxes may also have gained sources; what it kept of them is found by place.
    for group, sources in gained.items():
        known = {b.sources: s for b, s in zip(groups[group], sources, strict=True)}
        left[group] = [b._replace(sources=frozenset(known[b.sources])) for b in left[group]]
    return {group: boxes for group, boxes in left.items() if boxes}


def _rest(box: Box, index: Boxes, gained: list[set[int]]) -> Box | None:
    """Return what of a box no box of the index covers, as one box; None when nothing is left."""
    if (holder := index.holder(box)) is not None:
        gained[holder] |= box.sources
        return None
    if len(box.actions) > 1:
        actions = [
            a for a in box.actions if index.holder(box._replace(actions=frozenset((a,)))) is None
        ]
        box = box._replace(actions=frozenset(actions))
    if box.actions and len(box.resources) > 1:
        resources = [
            r
            for r in box.resources
            if index.holder(box._replace(resources=frozenset((r,)))) is None
        ]
        box = box._replace(resources=frozenset(resources))
    return box if box.actions and box.resources else None


def _weaker_finder(groups: dict[Group, list[Box]]) -> Callable[[Group], list[Group]]:
    """Return a function that finds the groups whose demands follow from those of a group."""
    if len(groups) <= _ALL_PAIRS:
        ordered = sorted(groups, key=lambda g: (g.number, repr(g)))
        return lambda group: [g for g in ordered if g != group and _is_weaker(g, group)]
    by_demands: dict[Hashable, list[Group]] = defaultdict(list)
    for group in groups:
        by_demands[group.effect, group.principals, frozenset(group.condition)].append(group)

    def find(group: Group) -> list[Group]:
        entries = group.condition
        chosen = range(1 << len(entries)) if len(entries) <= 5 else (0, (1 << len(entries)) - 1)
        found: list[Group] = []
        for bits in chosen:
            some = frozenset(e for i, e in enumerate(entries) if bits >> i & 1)
            found += by_demands.get((group.effect, group.principals, some), ())
        return [g for g in found if g != group]

    return find


def _is_weaker(wide: Group, narrow: Group) -> bool:
    """Tell whether `wide` applies to each request that `narrow` applies to.

    Two groups with equal demands: only the named one counts as weaker, for it stays.
    """
    if wide.effect != narrow.effect or not _more_principals(wide.principals, narrow.principals):
        return False
    return all(any(_entry_weaker(w, n) for n in narrow.condition) for w in wide.condition)


def _more_principals(wide: Principals | None, narrow: Principals | None) -> bool:
    if wide == narrow:
        return True
    if wide is None or narrow is None or wide.negated or narrow.negated:
        return False
    types = dict(wide.by_type)
    return all(set(values) <= set(types.get(t, ())) for t, values in narrow.by_type)


def _entry_weaker(wide: Entry, narrow: Entry) -> bool:
    if wide == narrow:
        return True
    if wide.operator != narrow.operator or wide.key != narrow.key:
        return False
    if values_are_alternatives(wide.operator):
        return set(wide.values) >= set(narrow.values)
    prefix, base, _ = split_operator(wide.operator)
    if prefix or base in {"Null", "Bool"}:
        return False
    return set(wide.values) <= set(narrow.values)


# Equal but for one thing -----------------------------------------------------------------------


def _joined_principals(groups: dict[Group, list[Box]]) -> dict[Group, list[Box]]:
    """Join statements that differ in nothing but their principals."""
    if all(g.principals is None for g in groups):
        return groups
    alike: dict[Hashable, list[tuple[Group, Box]]] = defaultdict(list)
    for group, boxes in groups.items():
        for box in boxes:
            # `"*"` cannot share an element with others, and a negated one is a conjunction.
            who = group.principals
            alone = who is None or who.negated or who.by_type[0][0] == "*"
            rest = group._replace(principals=who if alone else None)
            alike[rest, alone, box.actions, box.resources].append((group, box))
    joined: dict[Group, list[Box]] = defaultdict(list)
    for same in alike.values():
        group, box = same[0]
        if len(same) > 1:
            group = group._replace(principals=_united(g.principals for g, _ in same))
            box = box._replace(sources=frozenset().union(*(b.sources for _, b in same)))
        joined[group].append(box)
    return joined


def _united(several: Iterable[Principals | None]) -> Principals:
    by_type: dict[str, set[str]] = defaultdict(set)
    for principals in several:
        for kind, values in principals.by_type if principals else ():
            by_type[kind].update(values)
    return Principals(tuple((t, tuple(sorted(by_type[t]))) for t in sorted(by_type)))


def _joined_values(groups: dict[Group, list[Box]]) -> dict[Group, list[Box]]:
    """Join statements that differ in nothing but the values of one entry of alternatives."""
    pairs = sorted(
        {
            (e.operator, e.key)
            for g in groups
            if g.number < 0
            for e in g.condition
            if values_are_alternatives(e.operator)
        }
    )
    for pair in pairs:
        alike: dict[Hashable, list[tuple[Group, Box]]] = defaultdict(list)
        for group, boxes in groups.items():
            rest = tuple(e for e in group.condition if not _is(e, pair))
            # A statement without the entry is no alternative of those with it.
            has = len(rest) == len(group.condition) - 1
            rest = rest if has else group.condition
            values = (v for e in group.condition if _is(e, pair) for v in e.values)
            needed = _needed(group.effect, values)
            for box in boxes:
                key = (group._replace(condition=rest), has, needed, box.actions, box.resources)
                alike[key].append((group, box))
        if len(alike) < sum(map(len, groups.values())):
            groups = _with_values_joined(alike.values(), pair)
    return groups


def _needed(effect: str, values: Iterable[str]) -> frozenset[str]:
    """Return the variables without a default in values of a Deny, in lower case.

    A statement may be invalid for a request that gives one of them no value; values that need
    none must not fall with it (`variables`), so a Deny joins values of equal needs only.
    """
    if effect == "Allow":
        return frozenset()
    return frozenset(name.lower() for value in values for name in variables(value))


def _with_values_joined(
    alike: Iterable[list[tuple[Group, Box]]], pair: tuple[str, str]
) -> dict[Group, list[Box]]:
    joined: dict[Group, list[Box]] = defaultdict(list)
    for same in alike:
        group, box = same[0]
        if len(same) > 1:
            here = {v for g, _ in same for e in g.condition if _is(e, pair) for v in e.values}
            united = Entry(*pair, tuple(sorted(here)))
            condition = tuple(united if _is(e, pair) else e for e in group.condition)
            if _combinations(condition) > _COMBINATIONS:
                for g, b in same:
                    joined[g].append(b)
                continue
            group = group._replace(condition=condition)
            box = box._replace(sources=frozenset().union(*(b.sources for _, b in same)))
        joined[group].append(box)
    return joined


def _is(entry: Entry, pair: tuple[str, str]) -> bool:
    return (entry.operator, entry.key) == pair


def _combinations(condition: Condition) -> int:
    product = 1
    for entry in condition:
        product *= len(entry.values) if values_are_alternatives(entry.operator) else 1
    return product
