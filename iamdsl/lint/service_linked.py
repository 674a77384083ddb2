"""Service-linked roles of any service (Access Analyzer's CREATE_SLR_WITH_…)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.analysis.unnamed import NAME, Unnamed
from iamdsl.diagnostics import codes
from iamdsl.lint.granting import open_places

if TYPE_CHECKING:
    from iamdsl.analysis.holders import Holder
    from iamdsl.diagnostics import Report
    from iamdsl.lint.items import World

_CREATE: Final = "iam:CreateServiceLinkedRole"
_SERVICE: Final = f"{NAME}.amazonaws.com"
_GIVEN: Final = (("iam:awsservicename", (_SERVICE,)),)


def check(world: World, report: Report) -> None:
    """Warn of what lets the service-linked role of any service be made."""
    for span in open_places(world, _CREATE, _asked):
        report.add(
            codes.OPEN_SERVICE_LINKED_ROLE,
            span,
            "the service-linked role of any service can be made",
            label="no limit on the service",
            hint="test `iam:AWSServiceName`, or name the roles below `role/aws-service-role/`",
        )


def _asked(holder: Holder) -> Unnamed:
    role = f"role/aws-service-role/{_SERVICE}/AWSServiceRoleFor-{NAME}"
    return Unnamed(_CREATE, ("arn", None, "iam", "", holder.account, role), _GIVEN)
