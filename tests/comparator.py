"""Compares what two sets of policy documents decide, on requests that are aimed at their parts.

For every statement that the other side has not, requests are made that it decides, and then each
of its parts is changed: every action, resource, principal and value that it lists, what nearly
matches them, and keys that are missing. What no side says can make no difference; what both say in
the same words is not aimed at, but decides with the rest. A difference found is a proof; none
found is none, but `test_comparator.py` measures how often a real one is missed.
"""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import samples
from decisions import (
    Decision,
    Entry,
    Request,
    Statement,
    applies,
    applies_but_for_action,
    filled,
    holds,
    is_action,
    is_principal,
    is_resource,
    names_and_patterns,
    statements,
    unescaped,
)

from iamdsl.aws import Catalogue
from iamdsl.resources import open_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from decisions import Value

BASES = 3
"""Requests about which a statement alone decides, from which its parts are changed."""
TRIES = 24
"""How many requests are tried to find one that a part alone decides."""


class Difference(NamedTuple):
    """A request that two sets of documents decide differently."""

    request: Request
    before: Decision
    after: Decision

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"{self.before or 'nothing'} before, {self.after or 'nothing'} after: {self.request}"


def compare(
    before: Sequence[Mapping[str, Any]],
    after: Sequence[Mapping[str, Any]],
    *,
    seed: int = 0,
    rounds: int = 200,
) -> Difference | None:
    """Return a request that two sets of documents decide differently, None if none was found.

    Args:
        seed: of the choices; the same one gives the same requests.
        rounds: how many requests are tried for each statement with several parts changed at once.
    """
    sides = _Side(statements(before)), _Side(statements(after))
    known = [set(side.statements) for side in sides]
    own = [[s for s in side.statements if s not in known[1 - i]] for i, side in enumerate(sides)]
    if not own[0] and not own[1]:
        return None
    duel = _Duel(sides, [*own[0], *own[1]], random.Random(seed))  # noqa: S311
    for i, side in enumerate(sides):
        for statement in dict.fromkeys(own[i]):
            found = duel.aim(side, statement, rounds)
            if found is not None:
                return found
    return None


@cache
def catalogue() -> Catalogue:
    """Return the shipped catalogue: what types keys have, and which actions there are."""
    return Catalogue(open_catalogue())


T = TypeVar("T")


class _Side:
    """Statements of one side, and which of them speak of an action: many requests share it."""

    def __init__(self, among: Iterable[Statement]) -> None:
        self.statements = tuple(dict.fromkeys(among))
        self._by_action: dict[str, tuple[Statement, ...]] = {}
        self._tests = [
            (s, *names_and_patterns(s.actions), s.actions.negated) for s in self.statements
        ]

    def about(self, action: str) -> tuple[Statement, ...]:
        """Return the statements that `is_action` is true of, many of them asked at once."""
        found = self._by_action.get(action)
        if found is None:
            name = action.lower()
            found = tuple(
                [
                    statement
                    for statement, names, patterns, negated in self._tests
                    if (
                        name in names
                        or (patterns is not None and patterns.fullmatch(name) is not None)
                    )
                    != negated
                ]
            )
            self._by_action[action] = found
        return found

    def decide(self, request: Request) -> Decision:
        decided: Decision = None
        for s in self.about(request.action):
            if (s.effect == "Deny" or decided is None) and applies_but_for_action(s, request):
                if s.effect == "Deny":
                    return "Deny"
                decided = "Allow"
        return decided

    def what_settles(self, statement: Statement, request: Request) -> Statement | None:
        """Return another statement that settles a request, so that the given one cannot."""
        denies = statement.effect == "Deny"
        for s in self.about(request.action):
            able = s is not statement and (s.effect == "Deny" or not denies)
            if able and applies_but_for_action(s, request):
                return s
        return None


class _Parts(NamedTuple):
    """What can stand in each part of a request: what the statement matches, and all of it."""

    actions: tuple[list[str], list[str]]
    principals: tuple[list[tuple[str, str]], list[tuple[str, str]]]
    keys: dict[str, list[Value]]


class _Duel:
    def __init__(
        self, sides: tuple[_Side, _Side], own: list[Statement], choice: random.Random
    ) -> None:
        self.sides = sides
        self.choice = choice
        self.entries: dict[str, list[Entry]] = {}
        every = [*own, *sides[0].statements, *sides[1].statements]
        for statement in every:
            for entry in statement.condition:
                found = self.entries.setdefault(entry.key, [])
                if entry not in found:
                    found.append(entry)
        self.variables = dict.fromkeys(v for s in own for v in samples.variables_of(s))
        self.negated_actions = _texts(own, "actions", negated=True)
        self.some_actions = self._some(_texts(own, "actions", negated=False), 60)
        self.some_resources = self._some(
            _texts(every, "resources", negated=True) + _texts(every, "resources", negated=False), 60
        )
        self.principals = dict.fromkeys(
            p
            for s in own
            if s.principals
            for pair in s.principals[0]
            for p in samples.principals(*pair)
        )
        self._values: dict[str, list[Value]] = {}

    def _some(self, found: list[T], most: int) -> list[T]:
        return found if len(found) <= most else self.choice.sample(found, most)

    # what can stand in a part

    def values(self, key: str) -> list[Value]:
        """Return values of a key that the conditions on it may tell apart; `()` is none."""
        if key not in self._values:
            entries = self.entries.get(key, [])
            self._values[key] = samples.values(
                key, entries, catalogue(), self.choice, as_variable=key in self.variables
            )
        return self._values[key]

    def _parts(self, statement: Statement) -> _Parts:
        actions = list(
            dict.fromkeys(
                name
                for text in (
                    *statement.actions.texts,
                    *self.negated_actions,
                    *self.some_actions,
                )
                for name in samples.actions(
                    text, catalogue(), self.choice, near=text in statement.actions.texts
                )
            )
        )
        principals = list(dict.fromkeys((*samples.ANY_PRINCIPALS, *self.principals)))
        keys = [e.key for e in statement.condition]
        keys += [k for k in self.entries if k not in keys] + list(self.variables)
        return _Parts(
            (list(filter(_of(is_action, statement), actions)), actions),
            (list(filter(_of(is_principal, statement), principals)), principals),
            {key: self.values(key) for key in dict.fromkeys(keys)},
        )

    def _context(self, statement: Statement, parts: _Parts, plain: bool) -> dict[str, Value]:
        """Return a context that the statement's condition holds in, if one is found."""
        context: dict[str, Value] = {}
        needed = samples.variables_of(statement)
        mine = [e.key for e in statement.condition]
        for key in dict.fromkeys((*needed, *mine)):
            entries = [e for e in statement.condition if e.key == key]
            listed = (
                filled(t, context, statement.variables) for e in entries if e.open for t in e.texts
            )
            here = [unescaped(text) for text in listed if text is not None]
            fitting = [
                value
                for value in (*parts.keys.get(key, [()]), *here)
                if (value or key not in needed)
                and all(holds(e, {**context, key: value}, statement.variables) for e in entries)
            ]
            if fitting:
                context[key] = fitting[0] if plain else self.choice.choice(fitting)
        if not plain:
            for key, values in parts.keys.items():
                if key not in context and self.choice.random() < 0.5:
                    context[key] = self.choice.choice(values)
        return context

    def _resources(self, statement: Statement, context: Mapping[str, Value]) -> list[str]:
        own = statement.resources.texts if statement.resources else ()
        found = dict.fromkeys(
            resource
            for texts, near in ((own, True), (self.some_resources, False))
            for text in texts
            for resource in samples.resources(
                text, context, self.choice, near=near, variables=statement.variables
            )
        )
        return [*found, "*", *samples.ODD["ARN"]]

    # requests

    def aim(self, side: _Side, statement: Statement, rounds: int) -> Difference | None:
        """Return a difference among requests that are made for one statement."""
        parts = self._parts(statement)
        bases = self._bases(side, statement, parts)
        for number, base in enumerate(bases):
            for request in self._changed(statement, base, parts, everything=number == 0):
                found = self.differ(request)
                if found is not None:
                    return found
        return self._settled(side, statement, bases[0], parts) or self._several(
            side, statement, bases, parts, rounds
        )

    def differ(self, request: Request) -> Difference | None:
        before, after = (side.decide(request) for side in self.sides)
        return None if before == after else Difference(request, before, after)

    def _bases(self, side: _Side, statement: Statement, parts: _Parts) -> list[Request]:
        """Return requests that the statement speaks of, if it can those that it alone decides."""
        alone, other = [], []
        for number in range(TRIES):
            request = self._matching(side, statement, parts, plain=number < TRIES // 3)
            if applies(statement, request) and side.what_settles(statement, request) is None:
                alone.append(request)
            else:
                other.append(request)
            if len(alone) == BASES:
                break
        return (alone + other)[:BASES]

    def _matching(self, side: _Side, statement: Statement, parts: _Parts, plain: bool) -> Request:
        """Return a request that the statement speaks of, and no other one if that can be had."""
        context = self._context(statement, parts, plain)
        resources = self._resources(statement, context)
        fitting = [r for r in resources if is_resource(statement, r, context)]
        request = Request(
            self.choice.choice(parts.actions[0] or parts.actions[1]),
            self.choice.choice(fitting or resources),
            self.choice.choice(parts.principals[0] or parts.principals[1]),
            context,
        )
        for _ in range(4):
            other = side.what_settles(statement, request)
            freed = None if other is None else self._freed(statement, other, request)
            if freed is None:
                break
            request = freed
        return request

    def _freed(self, statement: Statement, other: Statement, request: Request) -> Request | None:
        """Return a request that one statement still speaks of, and another one no longer does."""
        for entry in self.choice.sample(other.condition, len(other.condition)):
            for value in self._some(self.values(entry.key), 12):
                context = {**request.context, entry.key: value}
                if not holds(entry, context, other.variables):
                    freed = request._replace(context=context)
                    if applies(statement, freed):
                        return freed
        return None

    def _changed(
        self, statement: Statement, base: Request, parts: _Parts, everything: bool
    ) -> Iterable[Request]:
        """Yield a request and those that differ from it in one part."""
        yield base
        most = 100_000 if everything else 60
        for action in self._some(parts.actions[1], most):
            yield base._replace(action=action)
        for resource in self._some(self._resources(statement, base.context), most):
            yield base._replace(resource=resource)
        for principal in parts.principals[1]:
            yield base._replace(principal=principal)
        mine = {e.key for e in statement.condition} | set(samples.variables_of(statement))
        for key, values in parts.keys.items():
            if key in mine or everything:
                few = values if key in mine else values[:8]
                for value in few:
                    yield base._replace(context={**base.context, key: value})

    def _settled(
        self, side: _Side, statement: Statement, base: Request, parts: _Parts
    ) -> Difference | None:
        """Look elsewhere for what other statements settle at a base."""
        listed: list[tuple[str, Any]] = [("action", a) for a in parts.actions[0]]
        listed += [("action", a) for a in self.negated_actions if "*" not in a]
        listed += [("principal", p) for p in parts.principals[0]]
        for part, value in listed:
            if side.what_settles(statement, base._replace(**{part: value})) is None:
                continue
            for _ in range(4):
                request = self._matching(side, statement, parts, plain=False)
                found = self.differ(request._replace(**{part: value}))
                if found is not None:
                    return found
        return None

    def _several(
        self, side: _Side, statement: Statement, bases: list[Request], parts: _Parts, rounds: int
    ) -> Difference | None:
        """Look at requests with several parts changed at once."""
        mine = [e.key for e in statement.condition] or list(parts.keys)
        for number in range(rounds):
            request = (
                bases[number % len(bases)]
                if number % 4
                else self._matching(side, statement, parts, plain=False)
            )
            context = dict(request.context)
            for _ in range(2):
                if mine:
                    key = self.choice.choice(mine if number % 3 else list(parts.keys))
                    context[key] = self.choice.choice(parts.keys[key])
            request = request._replace(context=context)
            if number % 2:
                request = request._replace(
                    action=self.choice.choice(parts.actions[number % 4 // 2] or parts.actions[1])
                )
            if number % 5 == 0:
                resources = self._resources(statement, context)
                request = request._replace(resource=self.choice.choice(resources))
            if number % 7 == 0:
                request = request._replace(principal=self.choice.choice(parts.principals[1]))
            found = self.differ(request)
            if found is not None:
                return found
        return None


def _of(test: Any, statement: Statement) -> Any:
    return lambda value: test(statement, value)


def _texts(among: Iterable[Statement], name: str, negated: bool) -> list[str]:
    elements = (getattr(s, name) for s in among)
    return list(
        dict.fromkeys(
            t for e in elements if e is not None and e.negated is negated for t in e.texts
        )
    )
