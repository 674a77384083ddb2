"""What waits for what: principals for those whom policies name, and a policy for what it loses to.

CloudFormation changes what depends on something after it, and removes what went at the very end.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.emit._places import placed_in
from iamdsl.emit._principals import circles, named, trusts
from iamdsl.emit.cloudformation import _ids as ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.emit.cloudformation._stack import Stack


def add_principals(stack: Stack) -> None:
    """Let roles and policies of resources wait for the roles and users that they let in.

    AWS refuses a policy whose principal is not there.
    """
    waits = trusts(stack.place)
    ways = circles(waits)
    stuck = {key for way in ways for key in way}
    for (kind, name), found in waits.items():
        if (kind, name) not in stuck:
            stack.resources[ids.of(kind, name)].after.update(ids.of(*other) for other in found)
    for document in stack.place.build.documents:
        if document.kind == "resource":
            found = named(document.policy, stack.place)
            for resource in stack.setting.get(document.name, ()):
                stack.resources[resource].after.update(ids.of(*other) for other in found)
    for way in ways:
        first = next(i for i in stack.place.build.identities if (i.kind, i.name) == way[0])
        names = " and ".join(f"`{name}`" for _, name in way)
        said = f"{names} trust each other" if len(way) > 1 else f"{names} trusts itself"
        message = f"{said}, and each has to be there first: CloudFormation makes no circles"
        hint = (
            "trust the account, with a condition on `aws:PrincipalArn`;"
            " or deploy with the target `aws-cli`"
        )
        stack.complain(codes.TARGET_CANNOT_SAY, first.origin, message, hint)


def add_order(stack: Stack) -> None:
    """Let documents of one owner follow each other as the change to them asks for."""
    for name, placed in placed_in(stack.place.name, stack.facts.placed).items():
        steps = [found for step in placed.order if (found := _step(name, step, stack))]
        for before, after in pairwise(steps):
            _follow(name, before, after, stack)


def _step(owner: str, name: str, stack: Stack) -> str | None:
    """Return the resource of a document, None for one that goes: that is done at the end."""
    kind, _, identity = owner.partition(" ")
    if name:
        kinds: Sequence[str] = ("managed", "boundary", "scp", "rcp", "resource")
        return next((i for k in kinds if (i := ids.of(k, name)) in stack.resources), None)
    found = next(
        (i for i in stack.place.build.identities if (i.kind, i.name) == (kind, identity)), None
    )
    if found is None or not found.inline:
        return None
    if found.kind == "permission_set":
        return ids.of(found.kind, found.name)
    return ids.of_inline(found.kind, found.name, found.inline[-1][0])


def _follow(owner: str, before: str, after: str, stack: Stack) -> None:
    if not stack.reaches(before, after):
        stack.resources[after].after.add(before)
        return
    spans: tuple[()] = ()
    message = (
        f"CloudFormation cannot change `{before}` before `{after}`: while {owner} is deployed,"
        " some of its statements may be missing"
    )
    hint = "deploy this change with the target `aws-cli`"
    stack.complain(codes.NOT_DEPLOYED, spans, message, hint)
