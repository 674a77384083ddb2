"""Entities as ARNs: what a reference to a role, policy or place stands for.

References are marks until all entities are known with their paths; here they get their text.
"""

from __future__ import annotations

import re
from copy import copy
from itertools import chain
from typing import TYPE_CHECKING

import attrs

from iamdsl.compiler import builders
from iamdsl.compiler.builders import text_of
from iamdsl.iam import PLACEHOLDER_CLOSE, PLACEHOLDER_OPEN
from iamdsl.model import And, Not, Or, Test, types
from iamdsl.model.program import entity_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.compiler.environment import Environment
    from iamdsl.compiler.expand import Expansion
    from iamdsl.model import Entity, Formula, Place, Value

_MARK = re.compile(
    f"{PLACEHOLDER_OPEN}(entity|principal|id) ([^{PLACEHOLDER_CLOSE}]*){PLACEHOLDER_CLOSE}"
)
_NAMES = {"String", "Choice", "Pattern", "Entity"}
_PREFIXES = {
    "policy": "policy", "boundary": "policy", "role": "role", "user": "user", "group": "group",
}  # fmt: skip


def setting(entity: Entity, name: str, default: str = "") -> str:
    """Return a setting's text."""
    found = entity.settings.get(name)
    return str(found[0][0].data) if found else default


def name_of(value: Value) -> str:
    """Return the name by which a value refers to a declaration, `Arn("name")` included."""
    text = str(value.data)
    mark = _MARK.fullmatch(text)
    return mark.group(2) if mark is not None else text


class Entities:
    """The entities of a build as one place sees them, and how each is written as an ARN.

    Attributes:
        place: whose names are looked for first; those of the nameless place come after.
        environment: the world as the place sees it.
        referred: the policies whose ARN stands in some text: they may not be split.
    """

    def __init__(self, expansion: Expansion, environment: Environment) -> None:
        self.place = expansion.places[0]
        self.environment = self._outside = environment
        self.referred: set[Entity] = set()
        self._named: dict[tuple[int, str], list[Entity]] = {}
        for entity in expansion.entities:
            self._named.setdefault((id(entity.home), entity.name.lower()), []).append(entity)
        self._places: dict[str, Place] = {}
        for place in sorted(expansion.places, key=lambda p: p.kind == "ou"):
            self._places.setdefault(place.name.lower(), place)

    def seen_from(self, place: Place) -> Entities:
        """Return the same entities as another place sees them."""
        seen = copy(self)
        seen.place = place
        seen.environment = _inside(place, self._outside)
        return seen

    def find(self, name: str, *kinds: str) -> Entity | None:
        """Return what a name stands for here: `deployer`, or `prod/deployer` of an account.

        Of a role and a policy with one name it is the one of the `kinds` that are asked for.
        """
        found = self._all(name)
        wanted = (e for e in found if e.kind in kinds and e.target is None)
        return next(wanted, found[0] if found else None)

    def _all(self, name: str) -> list[Entity]:
        account, slash, inner = name.lower().partition("/")
        if slash:
            place = self._places.get(account)
            return [] if place is None else self._named.get((id(place), inner), [])
        nameless = self._places[""]
        own = self._named.get((id(self.place), account))
        return own or self._named.get((id(nameless), account), [])

    def all_named(self, value: Value) -> list[Entity]:
        """Return all that a value may name here: a reference, or a text such as `prod.deployer`."""
        if value.type.name not in _NAMES:
            return []
        text = str(value.data)
        found = (self._all(name) for name in chain((text,), self._in_accounts(text)))
        return next((entities for entities in found if entities), [])

    def names(self) -> list[str]:
        """Return the names of all entities, for suggestions."""
        return [
            f"{e.home.name}.{e.name}" if e.home.kind else e.name
            for entities in self._named.values()
            for e in entities
        ]

    def arn(self, entity: Entity) -> str:
        """Return the ARN that an entity will have."""
        if entity.target is not None:
            return self.seen_from(entity.within).resolve(text_of(entity.target))
        environment = _inside(entity.home, self._outside)
        partition = builders.pseudo("partition", environment)
        account = builders.pseudo("account", environment)
        prefix = _PREFIXES.get(entity.kind, entity.kind)
        path = setting(entity, "path", "/")
        return f"arn:{partition}:iam::{account}:{prefix}{path}{entity.name}"

    def resolve(self, text: str) -> str:
        """Return a text with its references to entities filled in."""
        if PLACEHOLDER_OPEN not in text:
            return text
        return _MARK.sub(self._arn_of_mark, text)

    def _arn_of_mark(self, found: re.Match[str]) -> str:
        what, name = found.groups()
        kinds = types.PRINCIPAL_KINDS if what == "principal" else types.WITH_ARN
        entities = [e for e in self._all(name) if e.kind in kinds and e.target is None]
        if len(entities) > 1:
            return found.group()  # which is meant nobody can tell; `check_resolved` says so
        entity = entities[0] if entities else self.find(name)
        if entity is not None and what != "id":
            self.referred.add(entity)
            return self.arn(entity)
        place = self._places.get(name)
        if place is None or not place.kind:
            return found.group()
        if found.group(1) == "id":
            return place.id
        return f"arn:{builders.pseudo('partition', self.environment)}:iam::{place.id}:root"

    def named(self, value: Value) -> Value:
        """Return a reference with the kind that it has here.

        Entities with computed names are referred to by a string: `"team-boundary"`, and
        `"prod.deployer"` in an account.
        """
        if value.type.name not in _NAMES:
            return value
        text = str(value.data)
        for name in chain((text,), self._in_accounts(text)):
            kinds = [e.kind for e in self._all(name) if e.kind in types.WITH_ARN]
            if kinds:
                return attrs.evolve(value, type=entity_type(*dict.fromkeys(kinds)), data=name)
        place = self._places.get(text.lower())
        if place is not None and place.kind == "account":
            return attrs.evolve(value, type=entity_type("account"))
        return value

    def _in_accounts(self, text: str) -> Iterator[str]:
        """Yield `prod/deployer` for `prod.deployer`; names may hold dots themselves."""
        for dot in re.finditer(r"\.", text):
            if text[: dot.start()].lower() in self._places:
                yield f"{text[: dot.start()]}/{text[dot.end() :]}"

    def resolved(self, value: Value) -> Value:
        """Return a value whose text has its references filled in."""
        text = self.resolve_value(value)
        kind = types.ARN if value.type.name == "Entity" else value.type
        return attrs.evolve(value, data=text, type=kind)

    def resolve_value(self, value: Value) -> str:
        """Return the text of a value, its references filled in."""
        return self.resolve(text_of(value))

    def resolve_formula(self, formula: Formula) -> Formula:
        """Return a condition whose values have their references filled in."""
        match formula:
            case Test(values=values) if any(PLACEHOLDER_OPEN in v for v in values):
                return attrs.evolve(formula, values=tuple(self.resolve(v) for v in values))
            case And(parts=parts):
                return And(tuple(self.resolve_formula(p) for p in parts))
            case Or(parts=parts):
                return Or(tuple(self.resolve_formula(p) for p in parts))
            case Not(part=part):
                return Not(self.resolve_formula(part))
            case _:
                return formula


def _inside(place: Place, environment: Environment) -> Environment:
    """Return the world as an account of the source sees it."""
    return environment.inside(place.id) if place.kind == "account" else environment
