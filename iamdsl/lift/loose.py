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
from iamdsl.lift.mending import mended, remark
from iamdsl.lift.reading import control, no_policy, policy_of, unquoted, with_places

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Policy
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
    policy = None if opened is None else _policy(opened, report)
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


def _policy(tree: Tree, report: Report) -> Policy | None:
    """Return what can be read of a document; what cannot be was reported."""
    try:
        policy = policy_of(tree)
    except iam.PolicyError as error:
        return _sound_part(tree, error, report)
    remark(tree, report)
    return policy


def _sound_part(tree: Tree, error: iam.PolicyError, report: Report) -> Policy | None:
    """Return the sound statements of a document that has a mistake, with their places."""
    before = len(report.diagnostics)
    found = mended(tree, report)
    if (place := control(tree.value)) is not None:
        no_policy(tree, iam.PolicyError(place, "a control character, which AWS refuses"), report)
        return None
    if len(report.diagnostics) == before:
        no_policy(tree, error, report)
    if found is None:
        return None
    document, paths = found
    try:
        return with_places(iam.from_json(document), paths, tree)
    except iam.PolicyError:  # a mistake that only the strict reader knows, told above
        no_policy(tree, error, report)
        return None
