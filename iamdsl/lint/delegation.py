"""Administration without the limits that AWS advises: boundaries, networks, second factors."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from iamdsl.analysis.unnamed import NAME, Unnamed, arn_fields, named, unnamed
from iamdsl.aws.escalation import ADMINISTRATOR
from iamdsl.aws.exposure import IDENTITIES
from iamdsl.diagnostics import codes
from iamdsl.iam import glob_covers
from iamdsl.iam.covering import names
from iamdsl.lint.granting import granted_at, listed, reviewed, spot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iamdsl.analysis.holders import Holder
    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Elements, Statement
    from iamdsl.lint.items import World

_GIVEN: Final = (
    ("iam:permissionsboundary", ()),
    ("iam:policyarn", (ADMINISTRATOR,)),
    ("iam:roletemplatearn", ()),
)
"""What the request has: no boundary and no template of AWS's, and of an attachment a policy that a
list would not have."""
_SERVICES: Final = ("iam", "organizations", "sso")
_GUARDS: Final = frozenset(
    {
        "aws:sourceip",
        "aws:vpcsourceip",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourcevpcarn",
        "aws:currenttime",
        "aws:epochtime",
        "aws:tokenissuetime",
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
    }
)
"""Keys by which a request is bound to a network, a time or a second factor."""
_NO_LIMITS: Final = frozenset(
    {"aws:securetransport", "aws:requestedregion", "aws:resourceaccount", "aws:resourceorgid"}
)
"""Keys that change nothing about what can be given to whom."""
_OF_NOBODY: Final = frozenset(
    """
    iam:createpolicy iam:deletepolicy iam:deletepolicyversion
    organizations:createpolicy organizations:deletepolicy
    """.split()
)
"""Actions on policies, or versions of them, that nobody has: each has to be detached before it goes
(AWS "API_DeletePolicy", "API_DeletePolicyVersion")."""


def check(world: World, report: Report) -> None:
    """Say what those who are no administrators may change without such limits."""
    boundary, anywhere = world.on(codes.NO_BOUNDARY), world.on(codes.UNCONDITIONED_ADMINISTRATION)
    free: dict[object, tuple[Statement, list[str]]] = {}
    for holder in reviewed(world, watched=not anywhere):
        changing = list(_changing(holder, world.catalogue)) if anywhere else []
        if not (changing or holder.offered.intersection(IDENTITIES)):
            continue
        if holder.is_administrator(world.catalogue):
            continue
        if boundary:
            _gather(holder, world, free)
        for statement, actions in changing:
            _say_anywhere(statement, actions, report)
    for statement, actions in free.values():
        report.add(
            codes.NO_BOUNDARY,
            granted_at(statement, actions[0]),
            f"{listed(actions)} {_verb(actions, 'work')} without a permissions boundary",
            label="no boundary is asked for",
            hint="test `iam:PermissionsBoundary`",
        )


def _verb(actions: list[str], verb: str) -> str:
    return verb if len(actions) > 1 else f"{verb}s"


# Without a boundary


def _gather(holder: Holder, world: World, found: dict[object, tuple[Statement, list[str]]]) -> None:
    for action in IDENTITIES:
        if action not in holder.offered:
            continue
        for resource in _resources(holder, action, world.catalogue):
            request = Unnamed(action, resource, _GIVEN)
            statement = holder.passes(request, world.catalogue)
            if statement is not None:
                actions = found.setdefault(spot(statement), (statement, []))[1]
                if action not in actions:
                    actions.append(action)


def _resources(
    holder: Holder, action: str, catalogue: Catalogue
) -> Iterator[tuple[str | None, ...]]:
    """Yield a resource for each pattern that statements have for an action."""
    anything = unnamed(action, None, holder.account, catalogue)
    kind = (anything[5] or "").partition("/")[0]
    for statement in holder.grants:
        if action not in named(statement.actions):
            continue
        if statement.resources is None or statement.resources.negated:
            yield anything
            continue
        for pattern in statement.resources.values:
            if pattern == "*":
                yield anything
            elif f":{kind}/" in pattern and pattern.count(":") >= 5 and "$" not in pattern:
                yield tuple(
                    None if n in {1, 4} and field == "*" else re.sub(r"[*?]+", NAME, field)
                    for n, field in enumerate(arn_fields(pattern))
                )


# From anywhere


def _changing(holder: Holder, catalogue: Catalogue) -> Iterator[tuple[Statement, list[str]]]:
    """Yield statements that allow permissions to be changed from anywhere, with what they allow."""
    found = [(s, managing(s.actions, catalogue)) for s in holder.grants if _is_free(s)]
    found = [(s, actions) for s, actions in found if actions]
    if not found or holder.hidden or _is_guarded(holder):
        return
    layers = holder.permissions.layers
    denied = [s for layer in layers for s in layer if s.effect == "Deny" and _has_guard(s)]
    for statement, actions in found:
        left = actions.difference(*(managing(s.actions, catalogue) for s in denied))
        if left:
            yield statement, sorted(left)


def _is_guarded(holder: Holder) -> bool:
    """Tell whether a role's trust asks already, or lets in services only, who have no factor."""
    trust = holder.subject.trust
    if trust is None:
        return False
    allows = [s for s in trust.policy.statements if s.effect == "Allow"]
    kinds = {k for s in allows if s.principals is not None for k, _ in s.principals.by_type}
    return kinds == {"Service"} or (bool(allows) and all(map(_has_guard, allows)))


def _is_free(statement: Statement) -> bool:
    """Tell whether an `allow` tests nothing by which a change is bound.

    What tests a tag, a boundary, a policy's ARN or a service between is bound by that, and often
    for machines, which have no second factor.
    """
    return all(entry.key.lower() in _NO_LIMITS for entry in statement.condition)


def _has_guard(statement: Statement) -> bool:
    return any(entry.key.lower() in _GUARDS for entry in statement.condition)


@lru_cache(maxsize=16384)
def managing(actions: Elements, catalogue: Catalogue) -> frozenset[str]:
    """Return the actions of IAM, Organizations and Identity Center that change permissions."""
    known = _changes(catalogue)
    plain, wild = names(actions.values)
    found = {known[name] for name in known.keys() & plain}
    for pattern in wild:
        found.update(_managing(pattern, catalogue))
    return _managing("*", catalogue) - found if actions.negated else frozenset(found)


@lru_cache(maxsize=4096)
def _managing(pattern: str, catalogue: Catalogue) -> frozenset[str]:
    service = pattern.partition(":")[0]
    if "*" not in service and "?" not in service and service not in _SERVICES:
        return frozenset()
    known = _changes(catalogue).items()
    return frozenset(name for lowered, name in known if glob_covers(pattern, lowered))


@lru_cache(maxsize=4)
def _changes(catalogue: Catalogue) -> Mapping[str, str]:
    """Return the actions that change permissions, in lower case and as AWS writes them."""
    found = (a for one in _SERVICES for a in catalogue.at_level(one, "permissions"))
    return {action.lower(): action for action in found if action.lower() not in _OF_NOBODY}


def _say_anywhere(statement: Statement, actions: list[str], report: Report) -> None:
    report.add(
        codes.UNCONDITIONED_ADMINISTRATION,
        granted_at(statement, actions[0]),
        f"permissions can be changed from anywhere, without a second factor: {listed(actions)}",
        label="no test of network, time or second factor",
        hint="test `aws:MultiFactorAuthPresent`, or where requests come from",
    )
