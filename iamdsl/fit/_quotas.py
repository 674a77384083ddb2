"""Which limit holds for what; the numbers come from `aws.limits` or the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.iam import Document, IdentityKind

    Limits: TypeAlias = Mapping[str, int]

_INLINE = {"permission_set": "permission-set-inline-size"}
_KINDS = {"managed": "managed-policy-size", "boundary": "managed-policy-size"}


def document_limit(limits: Limits, document: Document) -> int | None:
    """Return the characters a document may have, or None when no limit is known."""
    if document.kind == "resource":
        return limits.get(f"{document.service}-policy-size")
    return limits.get(_KINDS.get(document.kind, f"{document.kind}-size"))


def inline_limit(limits: Limits, kind: IdentityKind) -> int | None:
    """Return the characters that all inline policies of an identity may have together."""
    return limits.get(_INLINE.get(kind, f"{kind}-inline-size"))


def attachment_limit(limits: Limits, kind: IdentityKind) -> int | None:
    """Return how many managed policies may be attached to an identity of that kind."""
    return limits.get("managed-policies-per-" + kind.replace("_", "-"))
