"""What is attached, and to whom: policies that allow nearly everything, and those that nobody has.

IAM user guide "best-practices": least privilege, and a second factor where more is needed. So a
role that asks everyone for MFA, and a permission set, whose sessions are short and whose sign-in is
elsewhere, may be an administrator's; and a boundary takes away what the policy gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.diagnostics import codes
from iamdsl.lint.wording import heading

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Identity
    from iamdsl.lint.items import World

_NEARLY_EVERYTHING: Final = {
    "AdministratorAccess": "everything",
    "PowerUserAccess": "nearly everything",
    "IAMFullAccess": "anybody any permission",
    "AWSOrganizationsFullAccess": "anything on the organization",
}
"""AWS's managed policies by name, and what each allows."""
_MFA: Final = frozenset({"aws:multifactorauthpresent", "aws:multifactorauthage"})
_CALLED: Final = {"managed": "policy", "scp": "SCP", "rcp": "RCP"}


def check(world: World, report: Report) -> None:
    """Warn of administrators' policies that are attached; tell of those that nobody has."""
    if world.on(codes.ADMINISTRATOR_ATTACHED):
        for _, inner in world.build.each():
            for identity in inner.identities:
                _administrator(identity, report)
    if world.whole and world.on(codes.UNATTACHED_POLICY):
        _unattached(world, report)


def _administrator(identity: Identity, report: Report) -> None:
    if identity.kind == "permission_set" or identity.boundary is not None or _asks_mfa(identity):
        return
    for attachment in identity.managed:
        name = attachment.policy.rpartition("/")[2]
        what = _NEARLY_EVERYTHING.get(name)
        if what is None or attachment.ours or ":aws:policy/" not in attachment.policy:
            continue
        report.add(
            codes.ADMINISTRATOR_ATTACHED,
            next(iter(attachment.origin or identity.origin), None),
            f"{identity.kind} `{identity.name}` has `{name}`",
            label=f"allows {what}",
            hint="attach what is needed, or set a boundary"
            + (", or ask for MFA in the trust" if identity.kind == "role" else ""),
        )


def _asks_mfa(identity: Identity) -> bool:
    """Tell whether a role lets nobody in without a second factor."""
    if identity.trust is None:
        return False
    allows = [s for s in identity.trust.statements if s.effect == "Allow"]
    return bool(allows) and all(any(e.key.lower() in _MFA for e in s.condition) for s in allows)


def _unattached(world: World, report: Report) -> None:
    builds = [inner for _, inner in world.build.each()]
    identities = [identity for inner in builds for identity in inner.identities]
    documents = [document for inner in builds for document in inner.documents]
    attachments = [
        *(a for i in identities for a in (*i.managed, *((i.boundary,) if i.boundary else ()))),
        *(a for d in documents for a in d.attached),
        *(a for t in world.build.targets for a in t.attached),
    ]
    used = {a.policy.rpartition("/")[2] for a in attachments}
    kinds = {"managed", "scp", "rcp"} if world.build.targets else {"managed"}
    for document in documents:
        if document.kind in kinds and document.name not in used:
            report.add(
                codes.UNATTACHED_POLICY,
                heading(document.origin[0]) if document.origin else None,
                f"{_CALLED[document.kind]} `{document.name}` is attached to nothing",
                label="nobody has it",
                hint="attach it, or remove it",
            )
