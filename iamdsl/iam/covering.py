"""Atoms, the pieces that lists are made of, and an index that finds the wider ones.

An atom is one pattern of an OR list, or a whole negated list, or None for an element that the
document does not have. Action patterns are lower case here.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from iamdsl.iam._pattern import (
    glob_covers,
    globs_meet,
    literal_parts,
    resource_covers,
    resources_meet,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iamdsl.iam._policy import Elements

Atom: TypeAlias = str | frozenset[str] | None
Atoms: TypeAlias = frozenset[Atom]

# Patterns up to which each is tried, and the length of the runs by which more are found.
_FEW = 64
_RUN_LENGTH = 4


class Names(NamedTuple):
    """A list of actions in lower case: those that are names, and those that are patterns."""

    plain: frozenset[str]
    wild: frozenset[str]


@lru_cache(maxsize=16384)  # each list is asked about for many reasons
def names(values: tuple[str, ...]) -> Names:
    """Return the values of a list of actions, names and patterns apart."""
    lowered = frozenset([value.lower() for value in values])
    wild = frozenset([value for value in lowered if "*" in value or "?" in value])
    return Names(lowered - wild if wild else lowered, wild)


def action_atoms(elements: Elements, *, absorbing: bool = True) -> Atoms:
    """Return the atoms of an `Action` or `NotAction` element, in lower case.

    None of them covers another, unless that is left to the caller by `absorbing=False`.
    """
    plain, wild = names(elements.values)
    values = plain.union(map(normal, wild)) if wild else plain
    return _atoms(values, elements.negated, action_atom_covers, absorbing)


def resource_atoms(elements: Elements | None, *, absorbing: bool = True) -> Atoms:
    """Return the atoms of a `Resource` or `NotResource` element, or of none; see `action_atoms`."""
    if elements is None:
        return _NO_ELEMENT
    values = frozenset(map(normal, elements.values))
    return _atoms(values, elements.negated, resource_atom_covers, absorbing)


def normal(pattern: str) -> str:
    """Return the pattern with runs of wildcards in one form: `?` first, then one `*`."""
    if "**" not in pattern and "*?" not in pattern:
        return pattern
    return _RUN.sub(_normal_run, pattern)


def _normal_run(m: re.Match[str]) -> str:
    run = m[0]
    return run if run[0] not in "*?" else "?" * run.count("?") + "*" * ("*" in run)


_RUN = re.compile(r"\$\{[^}]*\}|\ue000.*?\ue001|[*?]+")


def _atoms(
    values: frozenset[str],
    negated: bool,
    covers: Callable[[Atom, Atom], bool],
    absorbing: bool,
) -> Atoms:
    if not negated:
        return absorb(values, covers) if absorbing else values
    # What several exceptions leave is decided by their union.
    return frozenset((frozenset(a for a in absorb(values, covers) if isinstance(a, str)),))


_NO_ELEMENT: Atoms = frozenset((None,))


def action_atom_covers(wide: Atom, narrow: Atom) -> bool:
    """Tell whether all actions of one atom are in the other."""
    return _atom_covers(wide, narrow, glob_covers, globs_meet)


def resource_atom_covers(wide: Atom, narrow: Atom) -> bool:
    """Tell whether all resources of one atom are in the other."""
    return _atom_covers(wide, narrow, resource_covers, resources_meet)


def _atom_covers(
    wide: Atom,
    narrow: Atom,
    covers: Callable[[str, str], bool],
    meet: Callable[[str, str], bool],
) -> bool:
    if wide == narrow:
        return True
    if isinstance(wide, str):
        if isinstance(narrow, str):
            return covers(wide, narrow)
        return wide == "*" and narrow is not None
    if isinstance(wide, frozenset) and isinstance(narrow, frozenset):
        # "Not these" is wider when all that it leaves out is left out by the other as well.
        return all(any(covers(n, w) for n in narrow) for w in wide)
    # "Not these" holds whatever none of them matches.
    if wide is None or not isinstance(narrow, str):
        return False
    if _is_open(narrow):
        return not any(meet(w, narrow) for w in wide)
    return narrow not in wide and not any(meet(w, narrow) for w in _open_of(wide))


def _is_open(text: str) -> bool:
    """Tell whether a text may stand for others: by wildcards, variables, or missing fields."""
    return _OPEN.search(text) is not None or (text.startswith("arn:") and text.count(":") < 5)


@lru_cache(maxsize=256)
def _open_of(atom: frozenset[str]) -> tuple[str, ...]:
    """Return those of a negated list that may match more than themselves."""
    return tuple(filter(_is_open, atom))


_OPEN = re.compile(r"[*?\ue000]|\$\{")


def is_wild(atom: Atom) -> bool:
    """Tell whether an atom may cover others."""
    return isinstance(atom, frozenset) or (atom is not None and ("*" in atom or "?" in atom))


def order(atom: Atom) -> tuple[int, str]:
    """Return a key that sorts atoms of any type."""
    if isinstance(atom, str):
        return 1, atom
    return (0, "") if atom is None else (2, "\n".join(sorted(atom)))


class Cover:
    """The wild atoms of a collection, indexed by literal text that what they cover must have.

    What begins like none of them is covered by none. A few are looked through one by one, by the
    text at both of their ends and the longest between. Of many, each stands under its rarest run of
    four literal characters.
    """

    __slots__ = ("_by_run", "_covers", "_others", "_patterns", "_starts")

    def __init__(self, atoms: Iterable[Atom], covers: Callable[[Atom, Atom], bool]) -> None:
        self._covers = covers
        wild = [a for a in atoms if is_wild(a)]
        self._patterns = [(a, *_fixed(a)) for a in wild if isinstance(a, str)]
        self._others = [a for a in wild if not isinstance(a, str)]
        self._starts = tuple({start for _, start, *_ in self._patterns})
        self._by_run: dict[str, list[tuple[str, str, str, str]]] = {}
        if len(self._patterns) > _FEW:
            self._index()

    def _index(self) -> None:
        """Move each pattern that has a run of four literal characters under the rarest one."""
        runs = [_runs_of(a) for a, *_ in self._patterns]
        count = Counter(run for of_one in runs for run in of_one)
        unindexed = []
        for pattern, of_one in zip(self._patterns, runs, strict=True):
            if of_one:
                rarest = min(of_one, key=lambda run: (count[run], run))
                self._by_run.setdefault(rarest, []).append(pattern)
            else:
                unindexed.append(pattern)
        self._patterns = unindexed

    def wider(self, atom: Atom) -> list[Atom]:
        """Return the members, other than `atom` itself, that cover it.

        Of two atoms that match the same, only the one that sorts first is wider.
        """
        covers = self._covers
        found: list[Atom] = [w for w in self._others if w != atom and covers(w, atom)]
        if not isinstance(atom, str):
            found += [w for w, *_ in self._patterns if covers(w, atom)]
        elif atom.startswith(self._starts):
            starts, ends = atom.startswith, atom.endswith
            found += [
                w
                for w, start, inside, end in self._candidates(atom)
                if starts(start) and ends(end) and inside in atom and w != atom and covers(w, atom)
            ]
        if found and is_wild(atom):
            found = [w for w in found if order(w) < order(atom) or not covers(atom, w)]
        return found

    def _candidates(self, atom: str) -> list[tuple[str, str, str, str]]:
        by_run = self._by_run
        if not by_run:
            return self._patterns
        found = list(self._patterns)
        for run in {atom[i : i + _RUN_LENGTH] for i in range(len(atom) - _RUN_LENGTH + 1)}:
            if run in by_run:
                found += by_run[run]
        return found


@lru_cache(maxsize=8192)
def _fixed(pattern: str) -> tuple[str, str, str]:
    """Return the literal text that a pattern begins with, the longest within, and that it ends with."""
    parts = literal_parts(pattern)
    return parts[0], max(parts[1:-1], key=len, default=""), parts[-1]


def _runs_of(pattern: str) -> set[str]:
    """Return all runs of four characters of a pattern that are literal."""
    return {
        text[i : i + _RUN_LENGTH]
        for text in literal_parts(pattern)
        for i in range(len(text) - _RUN_LENGTH + 1)
    }


class Wider:
    """The atoms of one kind in a policy, and which of them cover which; each is asked once."""

    __slots__ = ("_cover", "_known")

    def __init__(self, atoms: Iterable[Atom], covers: Callable[[Atom, Atom], bool]) -> None:
        wild = frozenset(filter(is_wild, atoms))
        self._cover = Cover(wild, covers) if wild else None
        self._known: dict[Atom, list[Atom]] = {}

    def of(self, atom: Atom) -> list[Atom]:
        """Return the atoms that cover an atom of the policy; see `Cover.wider`."""
        found = self._known.get(atom)
        if found is None:
            found = self._known[atom] = [] if self._cover is None else self._cover.wider(atom)
        return found

    def absorbed(self, atoms: Atoms) -> Atoms:
        """Return the atoms without those that another one of them covers."""
        if len(atoms) < 2 or self._cover is None:
            return atoms
        of = self.of
        return frozenset([a for a in atoms if atoms.isdisjoint(of(a))])


def absorb(atoms: Iterable[Atom], covers: Callable[[Atom, Atom], bool]) -> Atoms:
    """Return the atoms without those that another one covers."""
    whole = frozenset(atoms)
    if len(whole) < 2 or not any(map(is_wild, whole)):
        return whole
    index = Cover(whole, covers)
    return frozenset(a for a in whole if not index.wider(a))
