"""Quotas of what is attached to parts of an organization (AWS "orgs_reference_limits")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.fit._refusals import Attached, too_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.aws.limits import Limits
    from iamdsl.fit._fitting import Fitting
    from iamdsl.iam import Attachment, Build, Document, Target

_TYPES = {"scp": "service_control_policy", "rcp": "resource_control_policy"}


def check_targets(build: Build, documents: Sequence[Document], state: Fitting) -> None:
    """Report a target with more policies of a type than AWS attaches to it.

    `RCPFullAWSAccess` cannot be detached, and `FullAWSAccess` is needed where no attached SCP
    allows anything: each takes one of the places. What is inherited does not count.
    """
    ours = _organizational(build)
    for target in build.targets:
        for kind in _TYPES:
            attached, needed = _attached(target, kind, ours)
            quota = state.settings.limits[f"{kind}s-per-target"]
            if attached and len(attached) + needed > quota.value:
                what, place = f"{target.kind} `{target.name}`", target.origin
                hint = f"join some of its {kind}s, or attach them further up"
                there = Attached(attached, documents, quota, kind, needed)
                too_many(what, there, state, place, hint)


def places(document: Document, build: Build, limits: Limits) -> tuple[int, int]:
    """Return how many places are taken on the fullest target of a policy, and how many there are.

    Both are 0 where it is attached to nothing.
    """
    ours = _organizational(build)
    taken = 0
    for target in build.targets:
        if any(a.ours and a.policy == document.name for a in target.attached):
            attached, needed = _attached(target, document.kind, ours)
            taken = max(taken, len(attached) + needed)
    return (taken, limits.value(f"{document.kind}s-per-target")) if taken else (0, 0)


def _organizational(build: Build) -> dict[str, Document]:
    return {d.name: d for d in build.documents if d.kind in _TYPES}


def _attached(target: Target, kind: str, ours: dict[str, Document]) -> tuple[list[Attachment], int]:
    """Return what is attached of a type, and how many places AWS's own policies need."""
    attached = [a for a in target.attached if _is_of(a, kind, ours)]
    needed = kind == "rcp" or not any(_allows(a, ours) for a in attached)
    return attached, int(needed)


def _is_of(attachment: Attachment, kind: str, ours: dict[str, Document]) -> bool:
    if attachment.ours:
        return ours[attachment.policy].kind == kind
    return f"/{_TYPES[kind]}/" in attachment.policy


def _allows(attachment: Attachment, ours: dict[str, Document]) -> bool:
    """Tell whether an SCP can stand without `FullAWSAccess` beside it; a foreign one may."""
    if not attachment.ours:
        return True
    return any(s.effect == "Allow" for s in ours[attachment.policy].policy.statements)
