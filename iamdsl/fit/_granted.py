"""What a policy grants of one service, wherever a statement of it applies.

A pattern in one statement may match what another one grants anyway: on each resource of the
first, to the same principals, under the same conditions or some of them. Patterns of resources
are compared by their text, so that what is found holds whatever AWS adds.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from iamdsl.iam import glob_covers
from iamdsl.iam.covering import Cover, resource_atom_covers, resource_atoms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.fit._candidates import Names
    from iamdsl.iam import Elements, Statement
    from iamdsl.iam.covering import Atom


class Granted:
    """The sets of names that statements grant; each is computed when it is first asked for."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._statements = statements
        self._demands = [frozenset(s.condition) for s in statements]
        self._atoms = [resource_atoms(s.resources) for s in statements]
        self._actions = [_by_service(s.actions) for s in statements]
        self._by_atom: dict[Atom, list[int]] = defaultdict(list)
        for i, statement in enumerate(statements):
            if statement.effect == "Allow" and not _has_variables(statement):
                for atom in self._atoms[i]:
                    self._by_atom[atom].append(i)
        self._wild = Cover(self._by_atom, resource_atom_covers)
        self._own: dict[tuple[int, str], int] = {}
        self._there: dict[tuple[Atom, object, str], int] = {}

    def own(self, number: int, names: Names) -> int:
        """Return the names of a service that the statement of that number speaks of."""
        key = number, names.service
        found = self._own.get(key)
        if found is None:
            by_service, everywhere = self._actions[number]
            texts = list(by_service.get(names.service, ()))
            texts += (name for service, name in everywhere if glob_covers(service, names.service))
            found = 0
            for text in texts:
                found |= names.matching(text)
            if self._statements[number].actions.negated:
                found = names.all & ~found
            self._own[key] = found
        return found

    def anyway(self, number: int, names: Names) -> int:
        """Return the names that are granted wherever the statement applies, its own included."""
        own = everywhere = self.own(number, names)
        if len(self._statements) == 1:
            return own
        for n, atom in enumerate(self._atoms[number]):
            there = self._at(atom, number, names)
            everywhere = there if n == 0 else everywhere & there
            if not everywhere & ~own:
                break
        return everywhere | own

    def _at(self, atom: Atom, number: int, names: Names) -> int:
        """Return what is granted on the resources of an atom when the statement applies."""
        who, demands = self._statements[number].principals, self._demands[number]
        key = atom, (who, demands), names.service
        found = self._there.get(key)
        if found is None:
            found = 0
            for place in (atom, *self._wild.wider(atom)):
                for i in self._by_atom.get(place, ()):
                    if self._statements[i].principals == who and self._demands[i] <= demands:
                        found |= self.own(i, names)
            self._there[key] = found
        return found | self.own(number, names)


def _by_service(actions: Elements) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    """Return names in lower case by service, and pairs of wild service and name."""
    by_service: dict[str, list[str]] = defaultdict(list)
    everywhere: list[tuple[str, str]] = []
    for value in actions.values:
        service, colon, name = value.lower().partition(":")
        if "*" in service or "?" in service:
            everywhere.append((service, name if colon else service))
        else:
            by_service[service].append(name)
    return by_service, everywhere


def _has_variables(statement: Statement) -> bool:
    """Tell whether the statement may not hold for a request that lacks a key (`iam.variables`)."""
    values = [] if statement.resources is None else list(statement.resources.values)
    values += [v for entry in statement.condition for v in entry.values]
    return any("${" in v for v in values)
