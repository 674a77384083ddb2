"""Permissions that give more permissions than they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.analysis.escalation import ways
from iamdsl.analysis.holders import joined
from iamdsl.aws.escalation import PASSING
from iamdsl.diagnostics import Diagnostic, Label, Severity, codes
from iamdsl.lint.granting import granted_at, reviewed, spot

if TYPE_CHECKING:
    from iamdsl.analysis.escalation import Way
    from iamdsl.analysis.holders import Holder
    from iamdsl.aws.escalation import Category
    from iamdsl.diagnostics import Report
    from iamdsl.lint.items import World
    from iamdsl.source import Span

_SHOWN: Final = 3
_LABELS: Final[dict[Category, str]] = {
    "self": "everything is open from here",
    "other": "the others' permissions",
    "pass": "the role's permissions",
    "federation": "the permissions of whoever logs in",
    "existing": "the permissions of the role that is there",
    "limits": "what the organization denies its accounts",
}
_HINTS: Final = {
    "iam:CreatePolicyVersion": "name the policies, or a path that they have in common",
    "iam:SetDefaultPolicyVersion": "name the policies, or a path that they have in common",
    "iam:AttachGroupPolicy": "name the groups, or test `iam:PolicyARN`",
    "iam:PutGroupPolicy": "name the groups",
    "iam:AddUserToGroup": "name the groups",
    "iam:UpdateAssumeRolePolicy": "name the roles, or a path that they have in common",
    "sts:AssumeRole": "name the roles",
    "organizations:DetachPolicy": "name the policies, or test `organizations:PolicyType`",
    "organizations:UpdatePolicy": "name the policies, or test `organizations:PolicyType`",
}
_BOUNDED: Final = (
    "test `iam:PermissionsBoundary`, or name the {}s, or a path that they have in common"
)


def check(world: World, report: Report) -> None:
    """Warn of each holder of permissions to whom ways to more are open."""
    told: dict[tuple[object, ...], tuple[list[Way], list[Holder]]] = {}
    for holder in reviewed(world):
        found = list(ways(holder, world.catalogue))
        if found:
            key = (*((way.gain, *map(spot, way.granted)) for way in found), holder.is_identity)
            told.setdefault(key, (found, []))[1].append(holder)
    for found, alike in told.values():
        _say(found, alike, report)


def _say(found: list[Way], alike: list[Holder], report: Report) -> None:
    shown = [f"{way.gain} ({_actions(way)})" for way in found[:_SHOWN]]
    more = len(found) - len(shown)
    ways_said = joined(shown) if not more else f"{', '.join(shown)}, and has {more} more ways"
    who = joined([holder.title for holder in alike])
    first = found[0]
    found_as = Diagnostic(
        codes.ESCALATION,
        # Who lifts an organization's limits gains by them in other accounts than the organization's.
        Severity.NOTE if first.path.category == "limits" else codes.ESCALATION.severity,
        f"{who} can {ways_said}",
        _place(first),
        _LABELS[first.path.category],
        tuple(_notes(found[:_SHOWN])),
        _hint(first),
    )
    report.extend([found_as])


def _actions(way: Way) -> str:
    return ", ".join(f"`{action}`" for action in way.path.actions)


def _place(way: Way) -> Span | None:
    """Return where to mend a way; an open `iam:PassRole` is a finding of its own (IAM821)."""
    passed = way.path.category == "pass" and not way.granted[0].condition
    number = 1 if passed else 0
    return granted_at(way.granted[number], way.path.actions[number])


def _notes(shown: list[Way]) -> list[Label]:
    """Return the other actions of the ways that are said, at the places that are new."""
    seen = {_place(shown[0])}
    notes = []
    for way in shown:
        for action, statement in zip(way.path.actions, way.granted, strict=True):
            span = granted_at(statement, action)
            if span is not None and span not in seen:
                seen.add(span)
                notes.append(Label(span, f"`{action}` is allowed here"))
    return notes[:_SHOWN]


def _hint(way: Way) -> str:
    action = way.path.actions[0]
    if way.path.category == "pass":
        tested = any("passedtoservice" in e.key.lower() for e in way.granted[0].condition)
        more = "" if tested else ", and test `iam:PassedToService`"
        return f"name the roles that may be passed (`{PASSING}`){more}"
    if action in _HINTS:
        return _HINTS[action]
    if way.path.category == "other":
        return "limit it to oneself: `user/${aws:username}`"
    if way.path.category == "self":
        return _BOUNDED.format("user" if "User" in action else "role")
    return "name what it is for, or test a tag of it"
