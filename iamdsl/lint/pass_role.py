"""Roles that anyone may hand to any service (Access Analyzer's PASS_ROLE_WITH_…)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.analysis.unnamed import NAME, Unnamed, unnamed
from iamdsl.diagnostics import codes
from iamdsl.lint.granting import granted_at, reviewed

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.lint.items import World

_PASSING: Final = "iam:PassRole"
_GIVEN: Final = (
    ("iam:passedtoservice", (f"{NAME}.amazonaws.com",)),
    ("iam:associatedresourcearn", ()),
)


def check(world: World, report: Report) -> None:
    """Warn of what lets a role of any name be passed to any service."""
    for holder in reviewed(world):
        if _PASSING not in holder.offered:
            continue
        role = unnamed(_PASSING, None, holder.account, world.catalogue)
        statement = holder.passes(Unnamed(_PASSING, role, _GIVEN), world.catalogue)
        if statement is not None and not holder.is_administrator(world.catalogue):
            report.add(
                codes.OPEN_PASS_ROLE,
                granted_at(statement, _PASSING),
                "any role can be passed to any service",
                label="no limit on the role or on the service",
                hint="name the roles, and test `iam:PassedToService`",
            )
