"""A policy document for the review: what can be read of it is, and each mistake in it is told.

`policies` reads a document to make a source of it, and refuses what is in doubt. Here nothing
hangs on the kind but which remarks are made, so that a document without more is what it looks like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl import iam
from iamdsl.lift import policies
from iamdsl.lift.estate import Estate
from iamdsl.lift.mending import read_soundly
from iamdsl.lift.reading import unquoted

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.lift.reading import Tree


@attrs.frozen(repr=False, eq=False)
class Loose(Estate):
    """One policy document, as far as it could be read."""


def read(
    tree: Tree, name: str, report: Report, *, kind: str = "auto", target: str | None = None
) -> Loose | None:
    """Return the one policy that a document is; None when nothing of it can be read.

    Args:
        name: what to call it.
        kind: one of `policies.KINDS`, or `auto`.
        target: of a resource's policy, the resource's ARN, or a VPC endpoint's id.
    """
    belongs = None if target is None else policies.belonging(target, report)
    if policies.are_statements(tree.value):
        policies.refuse_statements(tree, report)
        return None
    opened = unquoted(tree, report)
    policy = None if opened is None else read_soundly(opened, report)
    if opened is None or policy is None or (target is not None and belongs is None):
        return None
    looks, apparent = policies.apparent(opened, policy)
    chosen = "resource" if target is not None else looks if kind == "auto" else kind
    found = belongs or (apparent if chosen == looks else None)
    origin = (opened.origin(),)
    if chosen == "trust":
        role = iam.Identity("role", name, trust=policy, origin=origin)
        return Loose(iam.Build(identities=(role,)))
    document = iam.Document(
        _KINDS[chosen],
        name,
        policy,
        target=found.target if found is not None else None,
        service=found.service if found is not None else None,
        origin=origin,
    )
    return Loose(iam.Build(documents=(document,)))


_KINDS: dict[str, iam.DocumentKind] = {
    "policy": "managed",
    "boundary": "boundary",
    "scp": "scp",
    "rcp": "rcp",
    "session": "session",
    "resource": "resource",
}
