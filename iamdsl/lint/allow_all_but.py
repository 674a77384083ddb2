"""An `allow` that names what it leaves out: everything else is in it, of tomorrow too.

IAM user guide "reference_policies_elements_notaction", "…_notresource" and "…_notprincipal": with
an `allow` each grants more than was named, and `NotPrincipal` those who do not sign in as well
(Access Analyzer's ALLOW_WITH_NOT_PRINCIPAL). Boundaries and SCPs grant nothing: there it is usual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.diagnostics import codes
from iamdsl.iam import action_covers
from iamdsl.lint.placing import place
from iamdsl.lint.wording import listed

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Elements, Statement
    from iamdsl.lint.items import Item, World

_LIMITS: Final = frozenset({"boundary", "scp", "rcp", "trust"})
_GREAT: Final = ("iam:*", "organizations:*", "sts:AssumeRole", "account:*")
"""What matters most of what may be in it, the worst first."""
_OF_RESOURCES: Final = ("aws:resourcetag/", "aws:calledvia", "aws:viaawsservice")
"""Keys that most requests do not have, so that a test of them leaves little of everything."""


def check(world: World, report: Report) -> None:
    """Warn of `NotAction`, `NotResource` and `NotPrincipal` in what grants something."""
    for item in world.items:
        for statement in item.policy.statements:
            if statement.effect != "Allow":
                continue
            if statement.principals is not None and statement.principals.negated:
                _principals(item, statement, report)
            elif item.kind not in _LIMITS and item.service != "ec2":
                if statement.actions.negated:
                    _actions(item, statement, report)
                elif statement.resources is not None and statement.resources.negated:
                    _resources(item, statement, world.catalogue, report)


def _actions(item: Item, statement: Statement, report: Report) -> None:
    """Warn of an `allow` of all actions but some, on everything."""
    if not _is_everything(statement.resources) or any(
        entry.key.lower().startswith(_OF_RESOURCES) for entry in statement.condition
    ):
        return
    left_out = statement.actions.values
    if item.kind == "resource" and all(a.lower().startswith("sts:") for a in left_out):
        return  # a trust policy that nobody called one, and AWS takes none such
    great = [a for a in _GREAT if not any(action_covers(v, a) for v in left_out)]
    label = f"{listed(great)} among it" if great else "what AWS adds among it"
    if item.kind == "resource":
        label = "what AWS adds among it"
    report.add(
        codes.ALLOW_ALL_BUT,
        place(statement, "Action", left_out[0]),
        f"{item.title} allows everything but {listed(left_out)}",
        label=label,
        hint="name what is allowed, and deny the rest",
    )


def _resources(item: Item, statement: Statement, catalogue: Catalogue, report: Report) -> None:
    """Warn of an `allow` of all resources but some, for whole groups of actions that change things."""
    resources = statement.resources
    wide = [a for a in statement.actions.values if "*" in a and _changes(a, catalogue)]
    if resources is None or not wide:
        return
    report.add(
        codes.ALLOW_ALL_BUT,
        place(statement, "Resource", resources.values[0]),
        f"{item.title} allows {listed(wide)} on everything but {listed(resources.values)}",
        label="all other resources among it",
        hint="name the resources that are allowed",
    )


def _changes(pattern: str, catalogue: Catalogue) -> bool:
    return any(
        catalogue.level(action) in {"write", "permissions"} for action in catalogue.match(pattern)
    )


def _principals(item: Item, statement: Statement, report: Report) -> None:
    """Warn of an `allow` to all but some: AWS lets in those who do not sign in, too."""
    if item.kind == "trust" or statement.principals is None:
        return  # AWS refuses it there
    values = [value for _, listed_ones in statement.principals.by_type for value in listed_ones]
    report.add(
        codes.ALLOW_ALL_BUT,
        place(statement, "Principal", *values[:1]),
        f"{item.title} lets in everyone but {listed(values)}",
        label="all of the world among it",
        hint="name who is let in, and deny the rest",
    )


def _is_everything(resources: Elements | None) -> bool:
    return resources is None or resources.negated or "*" in resources.values
