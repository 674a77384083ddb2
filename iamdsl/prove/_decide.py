"""Decides one cell: for all principals and contexts, by splitting on one dimension after another.

What is left of the statements in a cell are terms for each tag of the question. A dimension is
cut into the classes that its atoms tell apart, each class decides these atoms, and what remains is
smaller. Equal remains are decided once.
"""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from iamdsl.iam import Entry, Principals
from iamdsl.prove._automata import TooLargeError
from iamdsl.prove._principals import principal_classes
from iamdsl.prove._terms import ALWAYS, NEVER, PRINCIPAL, Opaque, Term, Terms
from iamdsl.prove._values import KeyType, UnknownClassesError, key_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from iamdsl.prove._question import Question
    from iamdsl.prove._terms import Atoms, Dimension

State: TypeAlias = tuple[Terms, ...]

MOST_STEPS = 400_000
"""Terms looked at in all splits of one question; those of real policies need some ten thousand."""
MOST_TRIES = 200
"""Counterexamples that are tried, where one does not replay."""


_NOTHING: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


class Choice(NamedTuple):
    """A class of a dimension.

    Attributes:
        value: values of a key, the principal as the only one, or `true` and `false`.
        holding: signed atoms that are so in the class.
        needs: what must hold besides.
        also: what keys hold that are decided together with it.
    """

    value: tuple[str, ...]
    holding: frozenset[int]
    needs: Term = frozenset()
    also: Mapping[str, tuple[str, ...]] = _NOTHING


Assignment: TypeAlias = "Mapping[Dimension, tuple[str, ...]]"


class Showing(NamedTuple):
    """How a counterexample is replayed.

    Attributes:
        otherwise: the doubt where one does not replay, though it has no texts with variables.
    """

    shows: Callable[[Assignment], bool]
    otherwise: str


class Undecided(Exception):  # noqa: N818  # an answer, not an error
    """A question is not decided within bounds; says why."""


class Decider:
    """The classes of dimensions, and what has been decided; shared by all cells of a question."""

    def __init__(
        self, question: Question, atoms: Atoms, key_type: Callable[[str], KeyType]
    ) -> None:
        self.question, self.atoms, self.key_type = question, atoms, key_type
        self._fine: set[tuple[State, Term]] = set()
        self._choices: dict[tuple[Dimension, frozenset[int]], list[Choice]] = {}
        self._steps = self._tries = 0
        self.doubts: list[str] = []

    def broken(self, state: State, showing: Showing) -> bool:
        """Tell whether a counterexample is in a cell.

        Where one seems to be there and none replays, `doubts` grows.

        Raises:
            Undecided: it would take too long.
        """
        try:
            return self._split(_simple(state), frozenset(), {}, showing)
        except TooLargeError:
            raise Undecided("the conditions have too many combinations") from None

    def _split(
        self,
        state: State,
        required: Term,
        chosen: dict[Dimension, tuple[str, ...]],
        showing: Showing,
    ) -> bool:
        if (state, required) in self._fine:
            return False
        truths = [True if t == ALWAYS else False if not t else None for t in state]
        settled = self.question.settled(truths)
        if settled is False or (settled is None and self.question.is_plain(state)):
            return False
        if settled and not required:
            return self._tried(chosen, showing)
        self._steps += 1 + sum(map(len, state))
        if self._steps > MOST_STEPS:
            raise TooLargeError
        doubts = len(self.doubts)
        dimension = self._most_asked(() if settled else state, required)
        for choice in self._classes_of(dimension, state, required):
            # What an opaque atom needs of a dimension that was chosen before holds there already.
            needs = (n for n in choice.needs if self.atoms.dimensions[n] not in chosen)
            needed = _required(required.union(needs), choice.holding)
            if needed is None:
                continue
            left = tuple(_restricted(terms, choice.holding) for terms in state)
            further = {**chosen, dimension: choice.value}
            further.update(choice.also)
            if self._split(_simple(left), needed, further, showing):
                return True
        if len(self.doubts) == doubts:
            self._fine.add((state, required))
        return False

    def _tried(self, chosen: Assignment, showing: Showing) -> bool:
        if showing.shows(chosen):
            return True
        doubt = self._named(chosen) or showing.otherwise
        self._tries += 1
        if self._tries > MOST_TRIES:
            raise Undecided(doubt)
        self.doubts.append(doubt)
        return False

    def _named(self, chosen: Assignment) -> str:
        """Return a doubt that names the texts with variables; "" where there are none."""
        texts = []
        for dimension in chosen:
            atom = self.atoms.atoms[dimension] if isinstance(dimension, int) else None
            if isinstance(atom, Opaque):
                texts.append(atom.text or atom.key)
        named = ", ".join(f"`{text}`" for text in texts[:3])
        return f"no values were found that show what {named} may do" if named else ""

    def _most_asked(self, state: Iterable[Terms], required: Term) -> Dimension:
        dimensions = self.atoms.dimensions
        counts: Counter[Dimension] = Counter()
        for terms in (*state, (required,)):
            for term in terms:
                counts.update({dimensions[abs(n)] for n in term})
        # Opaque atoms last: most of them never matter.
        return max(counts, key=lambda d: (isinstance(d, str), counts[d], str(d)))

    def _classes_of(self, dimension: Dimension, state: State, required: Term) -> list[Choice]:
        dimensions = self.atoms.dimensions
        present = {abs(n) for terms in (*state, (required,)) for term in terms for n in term}
        opaque = [n for n in present if dimensions[n] == n and n != dimension]
        needs = {
            signed: [
                n for n in self.atoms.needs(abs(signed), signed > 0) if dimensions[n] == dimension
            ]
            for n in opaque
            for signed in (n, -n)
        }
        asked = {n for n in present if dimensions[n] == dimension}
        asked |= {n for listed in needs.values() for n in listed}
        key = (dimension, frozenset(asked))
        found = self._choices.get(key)
        if found is None:
            found = self._choices[key] = list(self._new_choices(dimension, sorted(asked)))
        bound = {signed: listed for signed, listed in needs.items() if listed}
        return [_with_opaque(choice, bound) for choice in found] if bound else found

    def _new_choices(self, dimension: Dimension, asked: list[int]) -> Iterable[Choice]:
        if isinstance(dimension, int):
            for truth in (False, True):
                holding = frozenset([dimension if truth else -dimension])
                value = ("true" if truth else "false",)
                yield Choice(value, holding, self.atoms.needs(dimension, truth))
            return
        try:
            yield from self._asked_classes(dimension, asked)
        except UnknownClassesError as how:
            key = "the caller" if dimension == PRINCIPAL else f"`{dimension}`"
            raise Undecided(f"{key} is compared {how}") from None

    def _asked_classes(self, dimension: str, asked: list[int]) -> Iterable[Choice]:
        if dimension == PRINCIPAL:
            whom = [a for n in asked if isinstance(a := self.atoms.atoms[n], Principals | Entry)]
            for caller, context, truths in principal_classes(whom):
                yield Choice((caller,), _signed(asked, truths), also=context)
            return
        entries = [a for n in asked if isinstance(a := self.atoms.atoms[n], Entry)]
        for one in key_classes(dimension, entries, self.key_type(dimension)):
            yield Choice(one.values, _signed(asked, one.truths))


def _with_opaque(choice: Choice, needs: Mapping[int, list[int]]) -> Choice:
    """Return a choice with the opaque atoms that it decides: those whose needs it does not meet."""
    decided = [
        -signed for signed, listed in needs.items() if any(-n in choice.holding for n in listed)
    ]
    return choice._replace(holding=choice.holding.union(decided)) if decided else choice


def _signed(asked: list[int], truths: tuple[bool, ...]) -> frozenset[int]:
    return frozenset(n if truth else -n for n, truth in zip(asked, truths, strict=True))


def _required(required: Term, holding: frozenset[int]) -> Term | None:
    """Return what is still required, None when it cannot be."""
    if any(-n in holding for n in required):
        return None
    return required - holding


def _restricted(terms: Terms, holding: frozenset[int]) -> Terms:
    if terms in (ALWAYS, NEVER):
        return terms
    left = []
    for term in terms:
        if any(-n in holding for n in term):
            continue
        rest = term - holding
        if not rest:
            return ALWAYS
        left.append(rest)
    return frozenset(left)


_FEW = 40


def _simple(state: State) -> State:
    """Return a state without terms that say no more than others of their tag."""
    return tuple(_absorbed(terms) for terms in state)


def _absorbed(terms: Terms) -> Terms:
    if len(terms) < 2:
        return terms
    if frozenset() in terms:
        return ALWAYS
    if len(terms) > _FEW:
        return terms
    return frozenset(t for t in terms if not any(other < t for other in terms))
