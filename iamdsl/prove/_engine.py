"""Looks for counterexamples: actions first, then resources, then what conditions leave.

    statements ──▶ demands for each action class ──▶ for each resource class ──▶ terms ──▶ decided

Each step stops where what the sides have is the same by its text; what remains is cut further.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from iamdsl.iam import Elements
from iamdsl.prove._actions import action_classes
from iamdsl.prove._automata import Pattern, TooLargeError
from iamdsl.prove._decide import Cells, Undecided
from iamdsl.prove._question import asked
from iamdsl.prove._rows import narrowest_first, pairs_of, reduced, row_of
from iamdsl.prove._terms import NEVER, Atoms, closed, conjunction, is_open
from iamdsl.prove._texts import Domain, Roles, classes
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


class Found(NamedTuple):
    """A counterexample, and what it stands for.

    Attributes:
        actions: all that have it in common.
        resources: the patterns that the resource matches, the narrowest first.
        parts: the rows that speak of it.
    """

    actions: list[Action]
    resources: tuple[str, ...]
    parts: tuple[Part, ...]
    request: Request


class Search:
    """Looks for requests for which a relation between two sides does not hold."""

    def __init__(
        self, relation: Relation, first: Permissions, second: Permissions, catalogue: Catalogue
    ) -> None:
        self.catalogue = catalogue
        self.question, sides = asked(relation, first, second)
        self.sides = Sides(self.question, deployed(first), deployed(second))
        self._many: dict[str, KeyType] = {}
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
        self.atoms = Atoms(lambda key: self.key_type(key).many)
        self.cells = Cells(self.question, self.atoms, lambda key, _: self.key_type(key))

    def key_type(self, key: str) -> KeyType:
        """Return what is known of a key, given in lower case."""
        known = self._many.get(key)
        if known is None:
            listed = self.catalogue.condition_key(key)
            known = self._many[key] = (
                KeyType(key in self._prefixed, arn=False)
                if listed is None
                else KeyType(listed.multivalued, listed.value_type == "ARN")
            )
        return known

    @property
    def doubts(self) -> list[str]:
        """Return why counterexamples that seem to be there could not be shown."""
        return self.cells.doubts

    def __iter__(self) -> Iterator[Found]:
        """Yield counterexamples, at most one for each class of actions and of resources.

        Raises:
            Undecided: the question is too large.
        """
        try:
            for rows, actions in self._action_classes():
                yield from self._on_resources(rows, actions)
        except TooLargeError:
            raise Undecided("the patterns have too many combinations") from None

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
        question = self.question
        if question.relation != "equivalent":
            sizes = {n: sum(part.tag == n for part, _ in self.rows) for n in question.first.layers}
            least = min(sizes, key=lambda n: (sizes[n], n), default=-1)
            rows = [elements for part, elements in self.rows if part.tag == least]
            if any(e.negated for e in rows):
                return None
            return frozenset(text.lower() for e in rows for text in e.values)
        said: tuple[_Said, _Said] = (defaultdict(set), defaultdict(set))
        for part, elements in self.rows:
            side = part.tag != question.first.deny and part.tag not in question.first.layers
            row = part._replace(tag=int(part.tag in (question.first.deny, question.second.deny)))
            if elements.negated:
                said[side][elements].add(row)
            for text in () if elements.negated else elements.values:
                said[side][text.lower()].add(row)
        differing = [
            text
            for text in said[0].keys() | said[1].keys()
            if (one := said[0].get(text, set())) != (other := said[1].get(text, set()))
            and set(pairs_of(one)) != set(pairs_of(other))
        ]
        texts = frozenset(text for text in differing if isinstance(text, str))
        return texts if len(texts) == len(differing) else None

    def _on_resources(self, rows: tuple[Part, ...], actions: list[Action]) -> Iterator[Found]:
        pairs = self._by_tag(rows)
        if self.question.is_plain(pairs):
            return
        least = reduced(rows)
        if least != rows:
            pairs = self._by_tag(least)
            if self.question.is_plain(pairs):
                return
        texts = list(dict.fromkeys(text for row in least for text in row.resources.values))
        patterns = [Pattern("glob", closed(text)) for text in texts]
        focus = self._focus(texts, pairs)
        decides = _decides(least)
        opened = frozenset(n for n, text in enumerate(texts) if is_open(text))
        roles = Roles([decides[text] for text in texts], opened)
        for numbers, example in classes(patterns, _RESOURCES, focus, roles=roles).items():
            matched = frozenset(texts[n] for n in numbers)
            found = self._in_cell(least, matched, example, actions)
            if found is not None:
                yield found

    def _by_tag(self, rows: tuple[Part, ...]) -> list[frozenset[Pair]]:
        """Return what each tag has: texts of resources, each with its demand."""
        pairs: list[set[Pair]] = [set() for _ in range(self.question.tags)]
        for tag, text, demand in pairs_of(rows):
            pairs[tag].add((text, demand))
        return [frozenset(some) for some in pairs]

    def _focus(self, texts: list[str], pairs: Sequence[frozenset[Pair]]) -> frozenset[int] | None:
        """Return the patterns one of which a counterexample matches; None is any."""
        first, second = self.question.first, self.question.second
        if self.question.relation == "equivalent":
            tags = [(first.deny, second.deny), *zip(first.layers, second.layers, strict=True)]
            named = _differing([(pairs[one], pairs[other]) for one, other in tags])
        else:
            least = min((pairs[n] for n in first.layers), key=len, default=frozenset())
            named = _differing([(least, frozenset())])
        if named is None:
            return None
        return frozenset(n for n, text in enumerate(texts) if text in named)

    def _in_cell(
        self,
        rows: tuple[Part, ...],
        matched: frozenset[str],
        example: str,
        actions: list[Action],
    ) -> Found | None:
        """Return a counterexample on resources of one class."""
        terms: list[set[Term]] = [set() for _ in range(self.question.tags)]
        speaking = []
        for row in rows:
            alternatives = self._terms(row, matched)
            if alternatives:
                speaking.append(row)
            terms[row.tag].update(alternatives)
        state = tuple(frozenset(some) if some else NEVER for some in terms)
        if self.question.is_plain(state):
            return None
        action = min(actions, key=lambda a: (not a.known, a.name))
        shown: list[Request] = []

        def shows(chosen: Assignment) -> bool:
            replayed = witnesses(chosen, self.atoms, self.sides, action.name, example)
            shown.extend(replayed)
            return bool(replayed)

        if not self.cells.broken(state, shows):
            return None
        return Found(actions, narrowest_first(matched), tuple(speaking), shown[-1])

    def _terms(self, row: Part, matched: frozenset[str]) -> tuple[Term, ...]:
        """Return the terms under which a row speaks of resources that match these texts."""
        hits = [text for text in row.resources.values if text in matched]
        opened = [text for text in hits if is_open(text)]
        plain = len(opened) < len(hits)
        if row.resources.negated and plain:
            return ()
        where: tuple[Term, ...] = (frozenset(),)
        if row.resources.negated:
            where = (frozenset(-self.atoms.resource(text) for text in opened),)
        elif not plain:
            where = tuple(frozenset([self.atoms.resource(text)]) for text in opened)
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


_Said: TypeAlias = "dict[str | Elements, set[Part]]"
