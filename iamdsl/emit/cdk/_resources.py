"""What a place is as a construct of CDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit._marks import open_externs
from iamdsl.emit.cdk._code import Construct
from iamdsl.emit.cdk._identities import principals
from iamdsl.emit.cdk._making import Making
from iamdsl.emit.cdk._ordering import order
from iamdsl.emit.cdk._services import organization, permission_sets, resource_policies
from iamdsl.emit.cdk._words import words

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.emit._places import Place
    from iamdsl.emit._targets import Facts


def construct(place: Place, facts: Facts, report: Report) -> Construct:
    """Return the construct of a place; what it cannot hold is reported."""
    making = Making(place, facts, report)
    principals(making)
    resource_policies(making)
    organization(making)
    permission_sets(making)
    order(making)
    found = [*words(facts.project), *(words(place.account.name) if place.account else ())]
    title = f"The IAM resources of {facts.project}"
    if place.account is not None:
        title += f" in the account {place.account.name}"
    return Construct(
        (*(found or ["iamdsl"]), "policies"),
        title,
        _account(place),
        (*open_externs(place.build, facts.externs), *making.asked),
        tuple(making.steps),
    )


def _account(place: Place) -> tuple[str, str] | None:
    """Return what the account of a place is called, and its id, where that is known."""
    if place.account is not None:
        return place.account.name, place.account.id
    known = place.pseudo.get("account")
    return ("", known) if known else None
