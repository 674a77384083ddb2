"""Statements that say nothing: others of the same effect say all that they do.

What is reported can all be removed at once. First goes what a single other statement says, the
narrower one, or the later of two that say the same; then, from the end on, what all that is left
says together, which is proved. A sentence is reported when all statements that came of it say
nothing; of a library's sentence the `use` that brought it here.

Within a document others are its own; an identity has those of its policies of the build as well.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl import prove
from iamdsl.analysis.subjects import subjects
from iamdsl.analysis.writing import quoted
from iamdsl.diagnostics import Label, codes
from iamdsl.iam.covering import Cover, action_atom_covers
from iamdsl.lint.comparing import Said, is_about_all, useful
from iamdsl.lint.removing import removal
from iamdsl.lint.sentences import Unit, called, is_of_library, shown, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.iam.covering import Atom
    from iamdsl.lint.items import Item, World

_SHOWN = 3
_MANY_PAIRS = 50_000
"""Statements of one scope that are compared, two and two; what is beyond is not looked at."""
_MANY_STATEMENTS = 500
"""In one scope, beyond which nothing is looked for that several say together."""


class _Place(NamedTuple):
    """A statement where it stands.

    Attributes:
        unit: what it is removed with; None for what cannot be removed here.
        title: of its policy, in messages.
    """

    said: Said
    unit: Unit | None
    title: str
    written: bool

    @property
    def statement(self) -> Statement:
        return self.said.statement


class _Scope:
    """Statements that are in effect together.

    Attributes:
        own: those that could be removed; `every` has those of other policies behind them.
    """

    def __init__(self, own: Iterable[_Place], beside: Iterable[_Place] = ()) -> None:
        self.own = tuple(own)
        self.every = (*self.own, *beside)
        self._having: dict[Atom, list[int]] = defaultdict(list)
        self._with_patterns: dict[str, list[int]] = defaultdict(list)
        self._anywhere: list[int] = []
        self.alone = frozenset(map(id, self._alone()))
        if len(self.alone) < len(self.every):
            self._index()

    def _alone(self) -> Iterator[_Place]:
        """Yield the statements that surely are the only ones about some of their actions.

        Allows are looked at apart from denies.
        """
        for effect in ("Allow", "Deny"):
            alike = [one for one in self.every if one.statement.effect == effect]
            if len(alike) < 2:
                yield from alike
                continue
            if any(one.statement.actions.negated for one in alike):
                continue
            once: set[Atom] = set()
            twice: set[Atom] = set()
            for one in alike:
                twice |= once & one.said.actions
                once |= one.said.actions
            wild = {pattern for one in alike for pattern in one.said.wild_actions}
            wider = Cover(wild, action_atom_covers).wider
            yield from (one for one in alike if not all(map(wider, one.said.actions - twice)))

    def _index(self) -> None:
        for n, one in enumerate(self.every):
            for action in one.said.actions:
                self._having[action].append(n)
            if one.said.services is None:
                self._anywhere.append(n)
            elif one.said.wild_actions:
                for service in one.said.services:
                    self._with_patterns[service].append(n)

    def near(self, one: _Place) -> Iterator[tuple[int, _Place]]:
        """Yield statements of the same effect that may be about the actions of one, by number."""
        services = one.said.services
        numbers: Iterable[int] = range(len(self.every))
        if services is not None:
            alike = [self._having[action] for action in one.said.actions]
            wider = [self._with_patterns.get(service, []) for service in services]
            numbers = sorted(set(self._anywhere).union(*alike, *wider))
        for n in numbers:
            other = self.every[n]
            if other is not one and other.statement.effect == one.statement.effect:
                yield n, other


class _Found(NamedTuple):
    """Why a unit says nothing: the statements that say it."""

    by: tuple[_Place, ...]


def check(world: World, report: Report) -> None:
    """Report statements all of which others say (parliament has no such check)."""
    scopes = list(_scopes(world))
    units: dict[Unit, list[tuple[_Scope, _Place]]] = defaultdict(list)
    for scope in scopes:
        for one in scope.own:
            if one.unit is not None:
                units[one.unit].append((scope, one))
    found = _singly(scopes, units)
    _together(units, found, world.catalogue)
    for unit, why in found.items():
        _say(units[unit], why, report)


def redundant(statements: Sequence[Statement], catalogue: Catalogue) -> tuple[int, ...]:
    """Return the numbers of statements of one policy that can all be removed at once."""
    own = tuple(_Place(Said(s), (n,), "", written=False) for n, s in enumerate(statements))
    scope = _Scope(own)
    units: dict[Unit, list[tuple[_Scope, _Place]]]
    units = {(n,): [(scope, one)] for n, one in enumerate(own)}
    found = _singly([scope], units)
    _together(units, found, catalogue)
    return tuple(sorted(n for n in range(len(own)) if (n,) in found))


# What is looked at


def _scopes(world: World) -> Iterator[_Scope]:
    beside: dict[int, tuple[_Place, ...]] = {}
    if any(i.managed or i.groups for _, b in world.build.each() for i in b.identities if i.inline):
        beside = _beside(world)
    known: dict[int, Said] = {}
    for (_, owner, _, kind), group in groupby(
        world.items, lambda i: (i.account, i.owner, i.name, i.kind)
    ):
        items = list(group)
        for some in [items] if owner else [[item] for item in items]:
            own = tuple(one for item in some for one in _places(item, known))
            others = beside.get(id(some[0].policy), ()) if kind == "policy" and owner else ()
            if len(own) + len(others) > 1:
                yield _Scope(own, others)


def _places(item: Item, known: dict[int, Said]) -> Iterator[_Place]:
    for number, statement in enumerate(item.policy.statements):
        said = known.setdefault(id(statement), Said(statement))
        unit = unit_of(statement, item, number)
        yield _Place(said, unit, item.title, item.written)


def _beside(world: World) -> dict[int, tuple[_Place, ...]]:
    """Return what other policies of an identity say, by its first inline policy."""
    found = {}
    identities = [i for _, build in world.build.each() for i in build.identities]
    for identity, subject in zip(identities, subjects(world.build, world.pseudo), strict=True):
        if not identity.inline:
            continue
        own = {id(policy) for _, policy in identity.inline}
        found[id(identity.inline[0][1])] = tuple(
            _Place(Said(s), None, quoted(named.name), written=False)
            for named in subject.identity
            if id(named.policy) not in own
            for s in named.policy.statements
        )
    return found


# What says nothing


def _singly(
    scopes: Iterable[_Scope], units: dict[Unit, list[tuple[_Scope, _Place]]]
) -> dict[Unit, _Found]:
    """Return the units of which each statement is said by one other, the widest that there is."""
    by: dict[tuple[int, int], _Place] = {}
    for scope in scopes:
        for place_, wide in _narrower(scope):
            by[id(scope), id(place_)] = wide
    found = {}
    for unit, members in units.items():
        if all((id(scope), id(one)) in by for scope, one in members):
            wides = (_last(by, scope, one) for scope, one in members)
            found[unit] = _Found(tuple({id(w.statement): w for w in wides}.values()))
    return found


def _last(by: dict[tuple[int, int], _Place], scope: _Scope, one: _Place) -> _Place:
    while (id(scope), id(one)) in by:
        one = by[id(scope), id(one)]
    return one


def _narrower(scope: _Scope) -> Iterator[tuple[_Place, _Place]]:
    """Yield statements with one that says all that they say; of equal ones the first is left."""
    left = _MANY_PAIRS
    for n, narrow in enumerate(scope.own):
        if narrow.unit is None or id(narrow) in scope.alone:
            continue
        for m, wide in scope.near(narrow):
            left -= 1
            if left < 0:
                return
            if is_about_all(wide.said, narrow.said) and not (
                n < m < len(scope.own) and is_about_all(narrow.said, wide.said)
            ):
                yield narrow, wide
                break


def _together(
    units: dict[Unit, list[tuple[_Scope, _Place]]],
    found: dict[Unit, _Found],
    catalogue: Catalogue,
) -> None:
    """Add the units that what is left says together, from the last one on."""
    for unit, members in reversed(units.items()):
        if unit in found or any(
            id(one) in scope.alone or len(scope.every) > _MANY_STATEMENTS for scope, one in members
        ):
            continue
        why: dict[int, _Place] = {}
        for scope, one in members:
            left = [
                other
                for _, other in scope.near(one)
                if other.unit is None or (other.unit != unit and other.unit not in found)
            ]
            by = _said_by(one, left, catalogue)
            if not by:
                break
            why |= {id(p.statement): p for p in by}
        else:
            found[unit] = _Found(tuple(why.values()))


def _said_by(one: _Place, left: Sequence[_Place], catalogue: Catalogue) -> list[_Place]:
    """Return statements that together say all that one does; none where that is not proved."""
    said = useful(one.said, [p.said for p in left])
    near = [p for p in left if p.said in said]
    single = next((p for p in near if is_about_all(p.said, one.said)), None)
    if single is not None:
        return [single]
    if len(near) < 2 or not _is_proved(one, near, catalogue) or _is_idle(one, catalogue):
        return []
    for other in list(near):
        fewer = [p for p in near if p is not other]
        if 2 < len(near) <= 2 * _SHOWN and _is_proved(one, fewer, catalogue):
            near = fewer
    return near


def _is_proved(one: _Place, others: Sequence[_Place], catalogue: Catalogue) -> bool:
    statements = [p.statement for p in others]
    return bool(prove.equivalent([one.statement, *statements], statements, catalogue))


def _is_idle(one: _Place, catalogue: Catalogue) -> bool:
    """Tell whether a statement surely is about no request: then nothing says what it does."""
    box = (attrs.evolve(one.statement, effect="Allow"),)
    return bool(prove.never(prove.Permissions((box,)), box, catalogue))


# What is said


def _say(members: Sequence[tuple[_Scope, _Place]], why: _Found, report: Report) -> None:
    _, one = members[0]
    statement = one.statement
    name, span = called(statement, written=one.written)
    verb, done = ("deny", "denied") if statement.effect == "Deny" else ("allow", "allowed")
    if len(why.by) == 1:
        message = f"another statement {_THIRD[verb]} all that {name} does"
    else:
        together = " together" if len(members) == 1 else ""
        message = f"other statements{together} {verb} all that {name} does"
    # Where the wider one lacks a condition, that may be what was forgotten.
    same = all(by.statement.condition == statement.condition for by in why.by)
    report.add(
        codes.REDUNDANT_STATEMENT,
        span,
        message,
        label=f"{done} already",
        notes=list(_notes(one, why, done)),
        hint="remove it, unless the wider one says more than was meant",
        fix=None if one.written and is_of_library(statement) else removal(statement, safe=same),
    )


_THIRD = {"allow": "allows", "deny": "denies"}


def _notes(one: _Place, why: _Found, done: str) -> Iterator[Label]:
    some = "it" if len(why.by) == 1 else "a part of it"
    for by in why.by[:_SHOWN]:
        span = shown(by.statement)
        if span is not None:
            of = f" in {by.title}" if by.title != one.title else ""
            yield Label(span, f"{some} is {done} here{of}")
