"""What the author meant: names bound, types known, and what remains once templates are gone.

`program` holds modules and what their names stand for; `types` and `values` the language's
types and compile-time values; `formula` conditions; `grants` the flat sentences that `expand`
makes.

Invariant: nothing here knows IAM's JSON or Lark; expressions stay the tree's own.
"""

from __future__ import annotations

from iamdsl.model import types
from iamdsl.model.formula import ALWAYS, NEVER, And, Formula, Not, Or, Test
from iamdsl.model.grants import Entity, Grant, Place
from iamdsl.model.program import Binding, Module, Program
from iamdsl.model.types import Type
from iamdsl.model.values import Value

__all__ = [
    "ALWAYS",
    "NEVER",
    "And",
    "Binding",
    "Entity",
    "Formula",
    "Grant",
    "Module",
    "Not",
    "Or",
    "Place",
    "Program",
    "Test",
    "Type",
    "Value",
    "types",
]
