"""Deciding what policies mean: for every request, or a request that shows that it is not so.

    statements ──▶ rows ──▶ classes of actions ──▶ of resources ──▶ of callers and keys ──▶ answer

Each dimension of a request is partitioned by the patterns that occur, and one request stands for
each cell; nothing is enumerated, and no solver is needed. `_engine` goes through the dimensions,
`_actions`, `_texts`, `_principals` and `_values` cut one each, `_terms` holds what is left of the
statements in a cell, and `_decide` decides that.

What is taken for granted: a resource is an ARN of six fields, or `*`; a key has values of its type
in the catalogue; keys are independent of each other and of the resource, and, but for what
`aws:PrincipalArn` and its like hold where statements have principals, of the caller.

Invariants: a yes is proved; a no comes with a request on which `simulate` says so; all else is
`unknown`, with the reason.
"""

from __future__ import annotations

from iamdsl.prove._answer import Answer, Change, Changes, Effect, Permissions
from iamdsl.prove._changes import changes
from iamdsl.prove._verbs import always, disjoint, equivalent, implies, never

__all__ = [
    "Answer",
    "Change",
    "Changes",
    "Effect",
    "Permissions",
    "always",
    "changes",
    "disjoint",
    "equivalent",
    "implies",
    "never",
]
