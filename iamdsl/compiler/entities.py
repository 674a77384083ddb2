"""Entities as ARNs: what a reference to a role, policy or place stands for.

References are marks until all entities are known with their paths; here they get their text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from iamdsl.compiler import builders
from iamdsl.compiler.builders import text_of
from iamdsl.iam import PLACEHOLDER_CLOSE, PLACEHOLDER_OPEN
from iamdsl.model import And, Not, Or, Test, types
from iamdsl.model.program import entity_type

if TYPE_CHECKING:
    from iamdsl.compiler.environment import Environment
    from iamdsl.model import Entity, Formula, Value

_MARK = re.compile(f"{PLACEHOLDER_OPEN}entity ([^{PLACEHOLDER_CLOSE}]*){PLACEHOLDER_CLOSE}")
_TEXTS = {"String", "Choice", "Pattern"}
_PREFIXES = {
    "policy": "policy", "boundary": "policy", "role": "role", "user": "user", "group": "group",
}  # fmt: skip


def setting(entity: Entity, name: str, default: str = "") -> str:
    """Return a setting's text."""
    found = entity.settings.get(name)
    return str(found[0][0].data) if found else default


class Entities:
    """The entities of a build by name, and how each is written where an ARN is expected.

    Attributes:
        by_name: by lower-cased name.
        referred: names of the policies whose ARN stands in some text: they may not be split.
    """

    def __init__(self, by_name: dict[str, Entity], environment: Environment) -> None:
        self.by_name, self.environment = by_name, environment
        self.referred: set[str] = set()

    def arn(self, entity: Entity) -> str:
        """Return the ARN that an entity will have."""
        if entity.target is not None:
            return self.resolve(text_of(entity.target))
        partition = builders.pseudo("partition", self.environment)
        account = builders.pseudo("account", self.environment)
        prefix = _PREFIXES.get(entity.kind, entity.kind)
        path = setting(entity, "path", "/")
        return f"arn:{partition}:iam::{account}:{prefix}{path}{entity.name}"

    def resolve(self, text: str) -> str:
        """Return a text with its references to entities filled in."""
        if PLACEHOLDER_OPEN not in text:
            return text
        return _MARK.sub(self._arn_of_mark, text)

    def _arn_of_mark(self, found: re.Match[str]) -> str:
        name = found.group(1)
        entity = self.by_name.get(name)
        if entity is None:
            return found.group()
        self.referred.add(entity.name)
        return self.arn(entity)

    def named(self, value: Value) -> Value:
        """Return an entity that is referred to by a string, as those with computed names are."""
        found = self.by_name.get(str(value.data).lower()) if value.type.name in _TEXTS else None
        if found is None or found.kind not in types.WITH_ARN:
            return value
        return attrs.evolve(value, type=entity_type(found.kind))

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
