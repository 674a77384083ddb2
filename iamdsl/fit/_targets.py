"""Quotas of what is attached to parts of an organization (AWS "orgs_reference_limits")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.fit._refusals import too_many

if TYPE_CHECKING:
    from iamdsl.aws.limits import Limits
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Attachment, Build, Document

_TYPES = {"scp": "service_control_policy", "rcp": "resource_control_policy"}


def check_targets(build: Build, limits: Limits, report: Report) -> None:
    """Report a target with more policies of a type than AWS attaches to it.

    `RCPFullAWSAccess` cannot be detached, and `FullAWSAccess` is needed where no attached SCP
    allows anything: each takes one of the places. What is inherited does not count.
    """
    ours = {d.name: d for d in build.documents if d.kind in _TYPES}
    for target in build.targets:
        for kind, arn_part in _TYPES.items():
            attached = [a for a in target.attached if _is_of(a, kind, arn_part, ours)]
            if not attached:
                continue
            needed = kind == "rcp" or not any(_allows(a, ours) for a in attached)
            count = len(attached) + needed
            most = limits.value(f"{kind}s-per-target")
            if count > most:
                what = f"{target.kind} `{target.name}`"
                hint = f"join some of its {kind}s, or attach them further up"
                policies = f"{kind}s" + (", AWS's own included," if needed else "")
                too_many(report, what, (count, most), target.origin, hint, policies)


def _is_of(attachment: Attachment, kind: str, arn_part: str, ours: dict[str, Document]) -> bool:
    if attachment.ours:
        return ours[attachment.policy].kind == kind
    return f"/{arn_part}/" in attachment.policy


def _allows(attachment: Attachment, ours: dict[str, Document]) -> bool:
    """Tell whether an SCP can stand without `FullAWSAccess` beside it; a foreign one may."""
    if not attachment.ours:
        return True
    return any(s.effect == "Allow" for s in ours[attachment.policy].policy.statements)
