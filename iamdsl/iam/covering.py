"""Atoms, the pieces that lists are made of, and an index that finds the wider ones.

An atom is one pattern of an OR list, or a whole negated list, or None for an element that the
document does not have. Action patterns are lower case here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from iamdsl.iam._pattern import fixed_ends, glob_covers, resource_covers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iamdsl.iam._policy import Elements

Atom: TypeAlias = str | frozenset[str] | None
Atoms: TypeAlias = frozenset[Atom]

_FEW = 16


def action_atoms(elements: Elements) -> Atoms:
    """Return the atoms of an `Action` or `NotAction` element, in lower case."""
    values = frozenset(map(normal, (v.lower() for v in elements.values)))
    return _atoms(values, elements.negated, action_atom_covers)


def resource_atoms(elements: Elements | None) -> Atoms:
    """Return the atoms of a `Resource` or `NotResource` element, or of none."""
    if elements is None:
        return _NO_ELEMENT
    values = frozenset(map(normal, elements.values))
    return _atoms(values, elements.negated, resource_atom_covers)


def normal(pattern: str) -> str:
    """Return the pattern with runs of wildcards in one form: `?` first, then one `*`."""
    if "**" not in pattern and "*?" not in pattern:
        return pattern
    return _RUN.sub(_normal_run, pattern)


def _normal_run(m: re.Match[str]) -> str:
    run = m[0]
    return run if run[0] not in "*?" else "?" * run.count("?") + "*" * ("*" in run)


_RUN = re.compile(r"\$\{[^}]*\}|\ue000.*?\ue001|[*?]+")


def _atoms(values: frozenset[str], negated: bool, covers: Callable[[Atom, Atom], bool]) -> Atoms:
    # What several lists of alternatives or of exceptions leave is decided by their union.
    kept = absorb(values, covers)
    if not negated:
        return kept
    whole: Atom = frozenset(a for a in kept if isinstance(a, str))
    return frozenset((whole,))


_NO_ELEMENT: Atoms = frozenset((None,))


def action_atom_covers(wide: Atom, narrow: Atom) -> bool:
    """Tell whether all actions of one atom are in the other."""
    return _atom_covers(wide, narrow, glob_covers)


def resource_atom_covers(wide: Atom, narrow: Atom) -> bool:
    """Tell whether all resources of one atom are in the other."""
    return _atom_covers(wide, narrow, resource_covers)


def _atom_covers(wide: Atom, narrow: Atom, covers: Callable[[str, str], bool]) -> bool:
    if wide == narrow:
        return True
    if isinstance(wide, str):
        if isinstance(narrow, str):
            return covers(wide, narrow)
        return wide == "*" and narrow is not None
    if isinstance(wide, frozenset) and isinstance(narrow, frozenset):
        # "Not these" is wider when all that it leaves out is left out by the other as well.
        return all(any(covers(n, w) for n in narrow) for w in wide)
    return False


def is_wild(atom: Atom) -> bool:
    """Tell whether an atom may cover others."""
    return isinstance(atom, frozenset) or (atom is not None and ("*" in atom or "?" in atom))


def order(atom: Atom) -> tuple[int, str]:
    """Return a key that sorts atoms of any type."""
    if isinstance(atom, str):
        return 1, atom
    return (0, "") if atom is None else (2, "\n".join(sorted(atom)))


class Cover:
    """The wild atoms of a collection, indexed by the literal text at both of their ends."""

    __slots__ = ("_by_ends", "_covers", "_few", "_lengths")

    def __init__(self, atoms: Iterable[Atom], covers: Callable[[Atom, Atom], bool]) -> None:
        wild = [a for a in atoms if is_wild(a)]
        self._covers = covers
        self._by_ends: dict[str, dict[int, dict[str, list[Atom]]]] = {}
        self._few = wild if len(wild) <= _FEW else [a for a in wild if not isinstance(a, str)]
        if len(wild) > _FEW:
            for atom in wild:
                if isinstance(atom, str):
                    start, end = fixed_ends(atom)
                    by_end = self._by_ends.setdefault(start, {}).setdefault(len(end), {})
                    by_end.setdefault(end, []).append(atom)
        self._lengths = sorted({len(start) for start in self._by_ends})

    def wider(self, atom: Atom) -> list[Atom]:
        """Return the members, other than `atom` itself, that cover it.

        Of two atoms that match the same, only the one that sorts first is wider.
        """
        covers = self._covers
        return [
            w
            for w in self._candidates(atom)
            if w != atom
            and covers(w, atom)
            and (not is_wild(atom) or order(w) < order(atom) or not covers(atom, w))
        ]

    def _candidates(self, atom: Atom) -> list[Atom]:
        found = list(self._few)
        if not isinstance(atom, str):
            found += self._by_ends.get("", {}).get(0, {}).get("", ())
            return found
        for length in self._lengths:
            for end_length, by_end in self._by_ends.get(atom[:length], {}).items():
                found += by_end.get(atom[len(atom) - end_length :], ())
        return found


def absorb(atoms: Iterable[Atom], covers: Callable[[Atom, Atom], bool]) -> Atoms:
    """Return the atoms without those that another one covers."""
    whole = frozenset(atoms)
    if len(whole) < 2 or not any(map(is_wild, whole)):
        return whole
    index = Cover(whole, covers)
    return frozenset(a for a in whole if not index.wider(a))
