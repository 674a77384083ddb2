"""Statements as terms: conjunctions of small questions ("atoms"), each about one dimension.

Texts with variables, and with what only a deployment knows, are opaque: whether a request's value
is such a text is a question by itself, of which is known only that the key has a value then, and
one that the text with `*` for its variables matches. That is less than is so, hence a proof that
needs no more is one; a counterexample has to show that its values exist.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from iamdsl.iam import PLACEHOLDER, PLACEHOLDER_OPEN, Condition, Entry, Principals, split_operator
from iamdsl.prove._automata import Pattern, TooLargeError, regex
from iamdsl.prove._values import family, is_negated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Term: TypeAlias = frozenset[int]
"""Atoms by their numbers that must all hold; those with a minus must not."""
Terms: TypeAlias = frozenset[Term]
"""Terms of which one must hold; with an empty term, always."""

ALWAYS: Final[Terms] = frozenset([frozenset()])
NEVER: Final[Terms] = frozenset()

MOST_TERMS = 4_096
"""Terms that one statement may become."""

MOST_READINGS = 64
"""Values of a variable that are told one by one."""

_VARIABLE = re.compile(r"\$\{([^}*?$][^}]*)\}")


class Opaque(NamedTuple):
    """Whether a value is a text with variables.

    Attributes:
        key: the condition key in lower case; "" is the resource.
        base: the operator, "" for a resource.
        text: as the policy has it; of a whole entry "", then `entry` says all.
        entry: an entry that cannot be taken apart, with its truth on a missing key.
    """

    key: str
    base: str
    text: str
    entry: Entry | None = None
    missing: bool = False


Atom: TypeAlias = "Entry | Principals | Opaque"
Dimension: TypeAlias = "str | int"
"""A condition key, `` ` `` for the principal, or the number of an opaque atom."""

PRINCIPAL: Final = "`"


def is_open(text: str) -> bool:
    """Tell whether a text holds a variable, or what only a deployment knows."""
    return ("${" in text and _VARIABLE.search(text) is not None) or PLACEHOLDER_OPEN in text


def closed(text: str) -> str:
    """Return a text with `*` for each part that is open."""
    return PLACEHOLDER.sub("*", _VARIABLE.sub("*", text))


def needed_keys(text: str) -> list[str]:
    """Return the keys, in lower case, without whose values a text matches nothing."""
    names = (m[1] for m in _VARIABLE.finditer(text))
    return [name.strip().lower() for name in names if "," not in name]


class Atoms:
    """The atoms of one question by their numbers."""

    def __init__(self, is_many: Callable[[str], bool], linked: frozenset[str]) -> None:
        """Begin without atoms.

        Args:
            is_many: whether a request can carry several values of a key, in lower case.
            linked: keys that are decided together with the caller.
        """
        self._is_many, self.linked = is_many, linked
        self._numbers: dict[Atom, int] = {}
        self.atoms: list[Atom | None] = [None]
        self.dimensions: list[Dimension] = [""]
        self._needs: dict[int, Term] = {}
        self._conditions: dict[Condition, tuple[Term, ...]] = {}

    def number(self, atom: Atom) -> int:
        """Return the number of an atom, from 1."""
        known = self._numbers.get(atom)
        if known is None:
            known = self._numbers[atom] = len(self.atoms)
            self.atoms.append(atom)
            dimension: Dimension = known
            if isinstance(atom, Principals):
                dimension = PRINCIPAL
            elif isinstance(atom, Entry):
                dimension = PRINCIPAL if atom.key in self.linked else atom.key
            self.dimensions.append(dimension)
        return known

    def needs(self, number: int, truth: bool) -> Term:
        """Return what must hold besides when an opaque atom has a truth."""
        signed = number if truth else -number
        found = self._needs.get(signed)
        if found is None:
            atom = self.atoms[number]
            assert isinstance(atom, Opaque)  # noqa: S101  # others need nothing
            found = self._needs[signed] = frozenset(self._needed(atom, truth))
        return found

    def _needed(self, atom: Opaque, truth: bool) -> Iterable[int]:
        if atom.entry is not None:
            if truth != atom.missing:
                yield self._exists(atom.key)
            return
        if not truth:
            return
        for key in needed_keys(atom.text):
            yield self._exists(key)
        if not atom.key:
            return
        yield self._exists(atom.key)
        pattern = closed(_as_pattern(atom.base, atom.text))
        if pattern != "*" and not atom.base.endswith("IgnoreCase") and not _opens_a_field(atom):
            operator = "ArnLike" if atom.base.startswith("Arn") else "StringLike"
            prefix = "ForAnyValue:" if self._is_many(atom.key) else ""
            yield self.number(Entry(prefix + operator, atom.key, (pattern,)))

    def _exists(self, key: str) -> int:
        return self.number(Entry("Null", key, ("false",)))

    def condition(self, condition: Condition) -> tuple[Term, ...]:
        """Return the terms that a condition block is the union of.

        Raises:
            TooLargeError: there would be more than `MOST_TERMS`.
        """
        found = self._conditions.get(condition)
        if found is None:
            choices = [self._entry(entry) for entry in condition]
            count = 1
            for some in choices:
                count *= len(some)
            if count > MOST_TERMS:
                raise TooLargeError
            found = tuple(frozenset().union(*some) for some in product(*choices))
            self._conditions[condition] = found
        return found

    def principals(self, principals: Principals | None) -> Term:
        """Return the term of a `Principal` element."""
        return frozenset() if principals is None else frozenset([self.number(principals)])

    def resource(self, text: str, known: str | None) -> tuple[list[Term], Term]:
        """Return when a resource is a text with variables, and when it is not.

        The first are terms of which one must hold.

        Args:
            known: the resource, where it is a single one.
        """
        read = None if known is None else self._read(text, known)
        if read is None:
            atom = self.number(Opaque("", "", text))
            return [frozenset([atom])], frozenset([-atom])
        key, values, default = read
        is_so, is_not = [], set()
        if values:
            is_so.append(frozenset([self.number(Entry("StringEquals", key, values))]))
            is_not.add(self.number(Entry("StringNotEquals", key, values)))
        if default:
            is_so.append(frozenset([self.number(Entry("Null", key, ("true",)))]))
            is_not.add(self._exists(key))
        return is_so, frozenset(is_not)

    def _read(self, text: str, known: str) -> tuple[str, tuple[str, ...], bool] | None:
        """Return the one variable of a text, with the values for which it matches a resource.

        And whether it does without a value, by the default. None where this is not known: of
        several variables, or where the values are many.
        """
        found = list(_VARIABLE.finditer(text))
        if len(found) != 1 or PLACEHOLDER_OPEN in text:
            return None
        name, comma, default = found[0][1].partition(",")
        key = name.strip().lower()
        before = regex(Pattern("glob", text[: found[0].start()]))
        after = regex(Pattern("glob", text[found[0].end() :]))
        starts = [n for n in range(len(known) + 1) if before.fullmatch(known[:n])]
        stops = [n for n in range(len(known) + 1) if after.fullmatch(known[n:])]
        if self._is_many(key) or len(starts) * len(stops) > MOST_READINGS:
            return None
        values = {known[a:b] for a in starts for b in stops if a <= b}
        return key, tuple(sorted(values)), bool(comma) and default.strip().strip("'") in values

    def _entry(self, entry: Entry) -> list[Term]:
        """Return the terms of an entry: one, or, with open values, one for each."""
        key = entry.key.lower()
        values = tuple(sorted(set(entry.values)))
        texts = family(entry.operator) in {"String", "Arn"}
        opened = [v for v in values if texts and is_open(v)]
        operator = _canonical(entry.operator)
        if not opened:
            return [frozenset([self.number(Entry(operator, key, values))])]
        listed = tuple(v for v in values if v not in opened)
        prefix, base, optional = split_operator(operator)
        many, negated = self._is_many(key), is_negated(operator)
        if many and prefix and (prefix == "ForAllValues") != negated:
            whole = Entry(operator, key, values)
            missing = prefix == "ForAllValues" or optional
            return [frozenset([self.number(Opaque(key, base, "", whole, missing))])]
        positive = base.replace("Not", "", 1) if negated else base
        if positive == "ArnEquals":
            positive = "ArnLike"
        atoms = [self.number(Opaque(key, positive, text)) for text in opened]
        lists = [self.number(Entry(operator, key, listed))] if listed else []
        vacuous = optional or prefix == "ForAllValues"
        if negated:
            if not listed and prefix == "ForAnyValue" and not optional:
                lists = [self._exists(key)]
            return [frozenset([*lists, *(-atom for atom in atoms)])]
        if not listed and vacuous:
            lists = [self.number(Entry("Null", key, ("true",)))]
        return [frozenset([atom]) for atom in [*lists, *atoms]]


def _canonical(operator: str) -> str:
    """Return an operator without an `IfExists` that changes nothing, and one of equal ones."""
    prefix, base, optional = split_operator(operator)
    if optional and (prefix == "ForAllValues" or (is_negated(operator) and not prefix)):
        operator = operator.removesuffix("IfExists")
    if base in {"ArnEquals", "ArnNotEquals"}:
        operator = operator.replace("Equals", "Like")
    return operator


def _as_pattern(base: str, text: str) -> str:
    """Return the text of an exact comparison as a pattern: its wildcards are characters."""
    if base.endswith("Like"):
        return text
    parts = re.split(r"(\$\{[^}]*\})", text)
    return "".join(
        part if part.startswith("${") else re.sub(r"([*?])", r"${\1}", part) for part in parts
    )


def _opens_a_field(atom: Opaque) -> bool:
    """Tell whether a variable stands in a field of an ARN that may get a colon by it."""
    marked = _VARIABLE.sub(PLACEHOLDER_OPEN, atom.text)
    return atom.base.startswith("Arn") and PLACEHOLDER_OPEN in "".join(marked.split(":", 5)[:5])


def conjunction(first: Sequence[Term], second: Sequence[Term]) -> tuple[Term, ...]:
    """Return the terms of two unions that must both hold."""
    if len(first) * len(second) > MOST_TERMS:
        raise TooLargeError
    return tuple(a | b for a in first for b in second)
