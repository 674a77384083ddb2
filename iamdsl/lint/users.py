"""Users: people and programs with credentials that last.

IAM user guide "best-practices": temporary credentials for people, by federation, and for programs,
by roles; and where there are users, "use groups" to give them permissions ("id_groups").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.lint.wording import heading, listed

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Identity
    from iamdsl.lint.items import World


def check(world: World, report: Report) -> None:
    """Tell of users, and of those whose policies are their own and not a group's."""
    for _, inner in world.build.each():
        for identity in inner.identities:
            if identity.kind != "user":
                continue
            if world.on(codes.USER_DECLARED):
                report.add(
                    codes.USER_DECLARED,
                    heading(identity.origin[0]) if identity.origin else None,
                    f"user `{identity.name}` has credentials that last",
                    label="a password, or access keys",
                    hint="give people single sign-on, and programs a role",
                )
            if world.on(codes.USER_WITH_POLICIES):
                _policies(identity, report)


def _policies(user: Identity, report: Report) -> None:
    attached = [attachment.policy.rpartition("/")[2] for attachment in user.managed]
    if not user.inline and not attached:
        return
    spans = (
        span
        for place in (
            *(s.origin for _, policy in user.inline for s in policy.statements),
            *(attachment.origin for attachment in user.managed),
            user.origin,
        )
        for span in place
    )
    own = "statements" if user.inline else listed(attached)
    report.add(
        codes.USER_WITH_POLICIES,
        next(spans, None),
        f"user `{user.name}` has {own} of their own",
        label="not by a group",
        hint="put it into a group, and the user into that",
    )
