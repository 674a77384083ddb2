"""Service-linked roles of any service (Access Analyzer's CREATE_SLR_WITH_…)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.analysis.unnamed import NAME, Unnamed
from iamdsl.diagnostics import codes
from iamdsl.lint.granting import granted_at, reviewed

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.lint.items import World

_CREATE: Final = "iam:CreateServiceLinkedRole"
_SERVICE: Final = f"{NAME}.amazonaws.com"
_GIVEN: Final = (("iam:awsservicename", (_SERVICE,)),)


def check(world: World, report: Report) -> None:
    """Warn of what lets the service-linked role of any service be made."""
    for holder in reviewed(world):
        if _CREATE not in holder.offered:
            continue
        role = f"role/aws-service-role/{_SERVICE}/AWSServiceRoleFor-{NAME}"
        resource = ("arn", None, "iam", "", holder.account, role)
        statement = holder.passes(Unnamed(_CREATE, resource, _GIVEN), world.catalogue)
        if statement is not None and not holder.is_administrator(world.catalogue):
            report.add(
                codes.OPEN_SERVICE_LINKED_ROLE,
                granted_at(statement, _CREATE),
                "the service-linked role of any service can be made",
                label="no limit on the service",
                hint="test `iam:AWSServiceName`, or name the roles below `role/aws-service-role/`",
            )
