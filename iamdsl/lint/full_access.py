"""Everything on everything: what an administrator has, and nobody else should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Elements
    from iamdsl.lint.items import World

_LIMITS = frozenset({"boundary", "scp", "rcp"})
"""Kinds that grant nothing by themselves: there an `allow * on *` is how they begin."""


def check(world: World, report: Report) -> None:
    """Warn of statements that allow every action on every resource (parliament's RESOURCE_STAR)."""
    for item in world.items:
        if item.kind in _LIMITS or item.kind == "trust":
            continue
        for statement in item.policy.statements:
            if (
                statement.effect == "Allow"
                and _is_all(statement.actions)
                and not (
                    statement.condition
                    or (statement.resources and not _is_all(statement.resources))
                )
            ):
                report.add(
                    codes.FULL_ACCESS,
                    place(statement, "Action", "*"),
                    f"{item.title} allows everything on everything",
                    label="an administrator's",
                    hint="name the actions and resources that are needed",
                )


def _is_all(elements: Elements) -> bool:
    return not elements.negated and bool({"*", "*:*"} & set(elements.values))
