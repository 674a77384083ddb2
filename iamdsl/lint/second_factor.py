"""Powerful roles that people may assume without a second factor (MFA).

IAM user guide "best-practices", "Require multi-factor authentication (MFA)", and
"id_credentials_mfa_configure-api-require". People are users by their ARN, and whole accounts
without a test that picks others; services, roles and identity providers, which ask for a second
factor themselves, are none. Powerful is a role that may do everything, or may give itself more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.analysis.permissions import permissions
from iamdsl.analysis.subjects import subjects
from iamdsl.diagnostics import codes
from iamdsl.iam import Elements, Statement, action_covers
from iamdsl.lint.parties import home_of, house_of, parties
from iamdsl.lint.placing import place
from iamdsl.prove import never

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from iamdsl.analysis.subjects import Subject
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Build, Entry, Identity
    from iamdsl.lint.items import World
    from iamdsl.lint.parties import Party

POWERFUL: Final = frozenset({"AdministratorAccess", "PowerUserAccess", "IAMFullAccess"})
"""AWS's managed policies, by name, with which somebody may do nearly everything."""
_TAKES_OVER: Final = (
    "iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:CreateAccessKey",
    "iam:CreateLoginProfile", "iam:CreatePolicyVersion", "iam:PutRolePolicy", "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy", "iam:UpdateLoginProfile",
)  # fmt: skip
"""Actions of which each makes an administrator of whoever may call it on everything."""
_ANYTHING: Final = Elements(("*",))
_MFA: Final = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})
_OF_MACHINES: Final = frozenset(
    {
        "sts:externalid", "aws:sourcearn", "aws:sourceaccount", "aws:sourcevpc", "aws:sourcevpce",
        "aws:ec2instancesourcevpc", "aws:federatedprovider", "aws:principalservicename",
    }
)  # fmt: skip
"""Keys whose test is met by software, or by sessions that do not say whether there was MFA."""


def check(world: World, report: Report) -> None:
    """Warn of trusts of people without a test of the second factor, where the role is powerful."""
    build, house = world.build, house_of(world)
    found: dict[tuple[str, str], Subject] | None = None
    for item in world.items:
        if item.kind != "trust" or any(map(_asks_by_deny, item.policy.statements)):
            continue
        ours = _ours(home_of(item, world), house)
        open_ones = [
            s for s in item.policy.statements if s.effect == "Allow" and _lets_people(s, ours)
        ]
        if not open_ones:
            continue
        if found is None:
            found = {(s.place.name, s.name): s for s in subjects(build, world.pseudo)}
        role = _role(build, item.account, item.name)
        why = "" if role is None else _power(role, found.get((item.account, item.name)), world)
        if not why:
            continue
        for statement in open_ones:
            first = next(p.text for p in parties(statement.principals) if _is_people(p, ours))
            report.add(
                codes.NO_MFA,
                place(statement, "Principal", first),
                f"people may assume role `{item.name}`, which {why}, without a second factor",
                label="nothing asks for MFA",
                hint="add `when aws:MultiFactorAuthPresent`"
                if item.written
                else 'add `"Bool": {"aws:MultiFactorAuthPresent": "true"}` to the condition',
            )


def _role(build: Build, account: str, name: str) -> Identity | None:
    for at, inner in build.each():
        if (at.name if at is not None else "") == account:
            return next((i for i in inner.identities if i.kind == "role" and i.name == name), None)
    return None


# Who is let in


def _ours(home: str | None, house: Container[str]) -> Callable[[str], bool]:
    """Return what tells whether an account is no third party: of one, `cross_account` speaks."""
    return lambda account: home in {None, account} or account in house


def _lets_people(statement: Statement, ours: Callable[[str], bool]) -> bool:
    """Tell whether a statement lets in people, and nothing asks them for a second factor."""
    if not any(_is_people(party, ours) for party in parties(statement.principals)):
        return False
    return not any(_keeps_people_out(entry) for entry in statement.condition)


def _is_people(party: Party, ours: Callable[[str], bool]) -> bool:
    return ":user/" in party.text or (party.whole and ours(party.account))


def _keeps_people_out(entry: Entry) -> bool:
    key = entry.key.lower()
    if key in _MFA or key in _OF_MACHINES:
        return True
    if key in {"aws:principalarn", "aws:userid"}:
        return not any(":user/" in value or value == "*" for value in entry.values)
    return key == "aws:principaltype" and "User" not in entry.values


def _asks_by_deny(statement: Statement) -> bool:
    return statement.effect == "Deny" and any(e.key.lower() in _MFA for e in statement.condition)


# What they get


def _power(role: Identity, subject: Subject | None, world: World) -> str:
    """Return what is dangerous in a role, in words; "" where nothing is, or it is not known."""
    for attachment in role.managed:
        name = attachment.policy.rpartition("/")[2]
        if not attachment.ours and ":aws:policy/" in attachment.policy and name in POWERFUL:
            return "" if role.boundary is not None else f"has `{name}`"
    if subject is None:
        return ""
    granted = [
        action
        for action in ("*", *_TAKES_OVER)
        if any(_grants(statement, action) for statement in _allows(subject))
    ]
    if granted and granted[0] == "*" and subject.boundaries:
        granted = granted[1:]
    effective = permissions(subject, world.build, world.pseudo) if granted else None
    for action in granted:
        about = Elements(("iam:*" if action == "*" else action,))
        box = (Statement("Allow", about, _ANYTHING),)
        if effective is not None and never(effective, box, world.catalogue).verdict == "no":
            return "may do everything" if action == "*" else f"may `{action}`"
    return ""


def _allows(subject: Subject) -> Iterator[Statement]:
    for named in subject.identity:
        yield from (s for s in named.policy.statements if s.effect == "Allow")


def _grants(statement: Statement, action: str) -> bool:
    """Tell whether a statement allows an action on everything, without a test."""
    if statement.condition or statement.resources is None or statement.actions.negated:
        return False
    on_all = not statement.resources.negated and "*" in statement.resources.values
    return on_all and any(action_covers(v, action) for v in statement.actions.values)
