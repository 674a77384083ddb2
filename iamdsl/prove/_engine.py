"""Looks for counterexamples: actions first, then resources, then what conditions leave.

    statements ──▶ demands for each action class ──▶ for each resource class ──▶ terms ──▶ decided

Each step stops where what the sides have is the same by its text; what remains is cut further.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl.iam import Elements
from iamdsl.prove._actions import action_classes
from iamdsl.prove._automata import Pattern, Product, TooLargeError
from iamdsl.prove._decide import Decider, Showing, Undecided
from iamdsl.prove._principals import linked_keys
from iamdsl.prove._question import asked
from iamdsl.prove._rows import narrowest_first, pairs_of, reduced, row_of
from iamdsl.prove._terms import NEVER, Atoms, closed, conjunction, is_open
from iamdsl.prove._texts import Classes, Domain, Roles
from iamdsl.prove._values import KeyType
from iamdsl.prove._witness import Sides, deployed, witnesses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.prove._actions import Action
    from iamdsl.prove._answer import Permissions
    from iamdsl.prove._decide import Assignment
    from iamdsl.prove._question import Relation
    from iamdsl.prove._rows import Demand, Pair, Part
    from iamdsl.prove._terms import Term
    from iamdsl.simulate import Request

_RESOURCES: Final = Domain(
    Pattern("glob", "arn:*:*:*:*:*"), ("*",), ("*", "arn:aws:other:eu-west-1:999999999999:thing/x")
)

_MANY: Final = "the patterns have too many combinations"
_BUG: Final = "a bug in iamdsl: a counterexample does not replay in its simulator; please report it"


class Found(NamedTuple):
    """A counterexample, and what it stands for.

    Attributes:
        actions: all that have it in common.
        resources: the patterns that the resource matches, the narrowest first.
        others: patterns of the same actions' rows that it was not asked to match.
        parts: the rows that speak of it.
    """

    actions: list[Action]
    resources: tuple[str, ...]
    others: tuple[str, ...]
    parts: tuple[Part, ...]
    request: Request


class _Cells(NamedTuple):
    """Actions of which the same rows speak, and the classes of resources that these cut out."""

    actions: list[Action]
    rows: tuple[Part, ...]
    texts: list[str]
    classes: Classes

    def usual(self) -> Iterator[tuple[frozenset[str], str]]:
        """Yield classes that cost little, by the texts that match, with a resource."""
        for numbers, example in self.classes.usual():
            yield frozenset(self.texts[n] for n in numbers), example

    def all(self) -> Iterator[tuple[frozenset[str], str | None]]:
        """Yield every class; without a resource where there may be none."""
        for numbers, example in self.classes.all():
            yield frozenset(self.texts[n] for n in numbers), example

    def example(self, matched: frozenset[str]) -> str | None:
        """Return a resource that matches at least these texts, if one is easily found."""
        patterns = [Pattern("glob", closed(text)) for text in sorted(matched)]
        domain = _RESOURCES.pattern
        every = patterns if domain is None else [*patterns, domain]
        with suppress(TooLargeError):
            found = Product(every).combinations(must=range(len(every)))
            return next(iter(found.values()), None)
        return None


class Search:
    """Looks for requests for which a relation between two sides does not hold."""

    def __init__(
        self, relation: Relation, first: Permissions, second: Permissions, catalogue: Catalogue
    ) -> None:
        self.catalogue = catalogue
        self.question, sides = asked(relation, first, second)
        self.sides = Sides(self.question, deployed(first), deployed(second))
        self._key_types: dict[str, KeyType] = {}
        self._cells: list[_Cells] | None = None
        actions: dict[Part, list[Elements]] = defaultdict(list)
        prefixed: set[str] = set()
        for deny, side, layer in sides:
            for number, statements in enumerate(side.layers):
                for s in statements:
                    tag = deny if s.effect == "Deny" else layer + number
                    actions[row_of(tag, s)].append(s.actions)
                    prefixed.update(e.key.lower() for e in s.condition if ":" in e.operator)
        self._prefixed = prefixed
        self.rows: list[tuple[Part, Elements]] = []
        for part, elements in actions.items():
            plain = tuple(dict.fromkeys(v for e in elements if not e.negated for v in e.values))
            if plain:
                self.rows.append((part, Elements(plain)))
            self.rows += [(part, e) for e in dict.fromkeys(elements) if e.negated]
        every = [s for _, side, _ in sides for layer in side.layers for s in layer]
        whom = any(s.principals is not None for s in every)
        linked = linked_keys(whom, (e for s in every for e in s.condition)) if whom else frozenset()
        self.atoms = Atoms(lambda key: self.key_type(key).many, linked)
        self.decider = Decider(self.question, self.atoms, self.key_type)

    def key_type(self, key: str) -> KeyType:
        """Return what is known of a key, given in lower case."""
        known = self._key_types.get(key)
        if known is None:
            listed = self.catalogue.condition_key(key)
            known = self._key_types[key] = (
                KeyType(key in self._prefixed)
                if listed is None
                else KeyType(listed.multivalued, listed.value_type)
            )
        return known

    @property
    def doubts(self) -> list[str]:
        """Return why counterexamples that seem to be there could not be shown."""
        return self.decider.doubts

    def usual(self) -> Iterator[Found]:
        """Yield counterexamples that are found at once, among plain resources."""
        for cells in self._prepared():
            for matched, example in cells.usual():
                with suppress(Undecided, TooLargeError):
                    found = self._in_cell(cells, matched, example)
                    if found is not None:
                        yield found

    def __iter__(self) -> Iterator[Found]:
        """Yield counterexamples, at most one for each class of actions and of resources.

        Raises:
            Undecided: the question is too large.
        """
        for cells in self._prepared():
            try:
                for matched, example in cells.all():
                    found = self._in_cell(cells, matched, example)
                    if found is not None:
                        yield found
            except TooLargeError:
                raise Undecided(_MANY) from None

    def _prepared(self) -> list[_Cells]:
        """Return what is left to be looked at, by the actions.

        Raises:
            Undecided: the actions have too many classes.
        """
        if self._cells is None:
            try:
                made = [self._of_actions(rows, a) for rows, a in self._action_classes()]
            except TooLargeError:
                raise Undecided(_MANY) from None
            self._cells = [cells for cells in made if cells is not None]
        return self._cells

    def _action_classes(self) -> Iterable[tuple[tuple[Part, ...], list[Action]]]:
        """Return the rows that speak of the same actions, with these actions."""
        found: dict[tuple[Part, ...], list[Action]] = {}
        elements = [e for _, e in self.rows]
        classified = action_classes(elements, self.catalogue, self._actions_in_focus())
        for numbers, actions in classified.items():
            rows = tuple(dict.fromkeys(self.rows[n][0] for n in sorted(numbers)))
            found.setdefault(rows, []).extend(actions)
        return found.items()

    def _actions_in_focus(self) -> frozenset[str] | None:
        """Return the patterns one of which the action of a counterexample matches; None is any."""
        said: dict[str | Elements, list[set[Part]]] = {}
        for part, elements in self.rows:
            for key in (elements,) if elements.negated else map(str.lower, elements.values):
                if key not in said:
                    said[key] = [set() for _ in range(self.question.tags)]
                said[key][part.tag].add(part._replace(tag=0))
        differing = [key for key, parts in said.items() if self._differs(parts)]
        texts = frozenset(key for key in differing if isinstance(key, str))
        return texts if len(texts) == len(differing) else None

    def _differs(self, parts: Sequence[set[Part]]) -> bool:
        """Tell whether what is said of a pattern of actions makes a difference."""
        rows = self.question.differing([frozenset(some) for some in parts])
        if not any(one ^ other for one, other in rows):
            return False
        pairs = self.question.differing([frozenset(pairs_of(some)) for some in parts])
        return any(one ^ other for one, other in pairs)

    def _of_actions(self, rows: tuple[Part, ...], actions: list[Action]) -> _Cells | None:
        """Return the cells of actions of which these rows speak; None where all is plain."""
        pairs = self._by_tag(rows)
        if self.question.is_plain(pairs):
            return None
        least = reduced(rows)
        if least != rows:
            pairs = self._by_tag(least)
            if self.question.is_plain(pairs):
                return None
        texts = list(dict.fromkeys(text for row in least for text in row.resources.values))
        decides = _decides(least)
        opened = frozenset(n for n, text in enumerate(texts) if is_open(text))
        found = Classes(
            [Pattern("glob", closed(text)) for text in texts],
            _RESOURCES,
            focus=self._focus(texts, pairs),
            roles=Roles([decides[text] for text in texts], opened),
        )
        return _Cells(actions, least, texts, found)

    def _by_tag(self, rows: tuple[Part, ...]) -> list[frozenset[Pair]]:
        """Return what each tag has: texts of resources, each with its demand."""
        pairs: list[set[Pair]] = [set() for _ in range(self.question.tags)]
        for tag, text, demand in pairs_of(rows):
            pairs[tag].add((text, demand))
        return [frozenset(some) for some in pairs]

    def _focus(self, texts: list[str], pairs: Sequence[frozenset[Pair]]) -> frozenset[int] | None:
        """Return the patterns one of which a counterexample matches; None is any."""
        named = _differing(self.question.differing(pairs))
        if named is None:
            return None
        return frozenset(n for n, text in enumerate(texts) if text in named)

    def _in_cell(self, cells: _Cells, matched: frozenset[str], example: str | None) -> Found | None:
        """Return a counterexample on resources of one class."""
        terms: list[set[Term]] = [set() for _ in range(self.question.tags)]
        known = example if example in matched or example == "*" else None
        speaking = []
        for row in cells.rows:
            alternatives = self._terms(row, matched, known)
            if alternatives:
                speaking.append(row)
            terms[row.tag].update(alternatives)
        state = tuple(frozenset(some) if some else NEVER for some in terms)
        if self.question.is_plain(state):
            return None
        action = min(cells.actions, key=lambda a: (not a.known, a.pattern, a.name))
        shown: list[Request] = []

        def shows(chosen: Assignment) -> bool:
            resource = example or cells.example(matched)
            if resource is not None:
                shown.extend(witnesses(chosen, self.atoms, self.sides, action.name, resource))
            return bool(shown)

        # Where nothing is open, each class is exact, and a counterexample has to replay.
        otherwise = _MANY if example is None else _BUG
        if not self.decider.broken(state, Showing(shows, otherwise)):
            return None
        return Found(
            cells.actions,
            narrowest_first(matched),
            tuple(text for text in cells.texts if text not in matched),
            tuple(speaking),
            shown[-1],
        )

    def _terms(self, row: Part, matched: frozenset[str], known: str | None) -> tuple[Term, ...]:
        """Return the terms under which a row speaks of resources that match these texts.

        Args:
            known: the resource, where it is a single one.
        """
        hits = [text for text in row.resources.values if text in matched]
        opened = [self.atoms.resource(text, known) for text in hits if is_open(text)]
        plain = len(opened) < len(hits)
        if row.resources.negated and plain:
            return ()
        where: tuple[Term, ...] = (frozenset(),)
        if row.resources.negated:
            where = (frozenset().union(*(is_not for _, is_not in opened)),)
        elif not plain:
            where = tuple(term for is_so, _ in opened for term in is_so)
        whom = self.atoms.principals(row.demand.principals)
        found = conjunction(where, self.atoms.condition(row.demand.condition))
        return tuple(term | whom for term in found)


def _differing(
    sides: Iterable[tuple[frozenset[Pair], frozenset[Pair]]],
) -> set[str] | None:
    """Return the texts one of which a resource matches that two sides treat differently.

    None if it may match none of them. Of two `NotResource` lists for the same demand only what is
    in one of them makes a difference.
    """
    named: set[str] = set()
    for one, other in sides:
        lists: dict[Demand, list[Elements]] = defaultdict(list)
        for text, demand in one ^ other:
            if isinstance(text, Elements):
                lists[demand].append(text)
            else:
                named.add(text)
        for demand, differing in lists.items():
            owners = {(text, demand) in one for text in differing}
            if len(differing) != 2 or len(owners) != 2:
                return None
            named.update(set(differing[0].values) ^ set(differing[1].values))
    return named


def _decides(rows: Iterable[Part]) -> dict[str, frozenset[object]]:
    """Return for each text the rows that it decides about."""
    found: dict[str, set[object]] = defaultdict(set)
    for row in rows:
        for text in row.resources.values:
            found[text].add(row if row.resources.negated else (row.tag, row.demand))
    return {text: frozenset(some) for text, some in found.items()}
