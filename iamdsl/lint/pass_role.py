"""Roles that anyone may hand to any service (Access Analyzer's PASS_ROLE_WITH_…)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.analysis.unnamed import NAME, Unnamed, unnamed
from iamdsl.diagnostics import codes
from iamdsl.lint.granting import open_places

if TYPE_CHECKING:
    from iamdsl.analysis.holders import Holder
    from iamdsl.diagnostics import Report
    from iamdsl.lint.items import World

_PASSING: Final = "iam:PassRole"
_GIVEN: Final = (
    ("iam:passedtoservice", (f"{NAME}.amazonaws.com",)),
    ("iam:associatedresourcearn", ()),
)


def check(world: World, report: Report) -> None:
    """Warn of what lets a role of any name be passed to any service."""

    def asked(holder: Holder) -> Unnamed:
        role = unnamed(_PASSING, None, holder.account, world.catalogue)
        return Unnamed(_PASSING, role, _GIVEN)

    for span in open_places(world, _PASSING, asked):
        report.add(
            codes.OPEN_PASS_ROLE,
            span,
            "any role can be passed to any service",
            label="no limit on the role or on the service",
            hint="name the roles, and test `iam:PassedToService`",
        )
