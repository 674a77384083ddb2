"""Roles, users and groups, each with its policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit.terraform.addresses import IDENTITIES
from iamdsl.emit.terraform.tree import Argument, Block, Items, Raw, Value, literal
from iamdsl.emit.terraform.writing import named, path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl import iam
    from iamdsl.emit.terraform.writing import Writing


def identity(found: iam.Identity, writing: Writing) -> Iterator[Block]:
    """Yield the blocks of a role, user or group."""
    address = writing.addresses.identity(found)
    head: list[Argument] = [named(found.name), *path(found.path)]
    head += writing.described(found.description, f"`{found.name}`", found.origin)
    if found.max_session is not None:
        head.append(Argument("max_session_duration", found.max_session))
    if found.boundary is not None:
        head.append(Argument("permissions_boundary", writing.named_policy(found.boundary)))
    if found.trust is not None:
        before, trust = writing.policy(found.trust, "trust", ("trust", found.name), found.origin)
        yield from before
        head.append(Argument("assume_role_policy", trust))
    yield writing.resource(address, head, writing.tags(found.tags, found.origin))
    owner = Argument(found.kind, Raw(f"{address}.name"))
    for name, policy in found.inline:
        key = ("inline", found.kind, found.name, name)
        before, document = writing.policy(policy, f"inline-{found.kind}", key, found.origin)
        yield from before
        yield writing.resource(
            writing.addresses.inline(found, name),
            [named(name), owner, Argument("policy", document)],
        )
    for attachment in found.managed:
        yield writing.resource(
            writing.addresses.attachment(found, attachment.policy),
            [owner, Argument("policy_arn", writing.named_policy(attachment))],
        )
    if found.groups:
        yield _membership(found, owner, writing)
    if found.instance_profile is not None:
        yield writing.resource(
            writing.addresses.profile(found.instance_profile),
            [named(found.instance_profile), owner],
        )


def _membership(found: iam.Identity, owner: Argument, writing: Writing) -> Block:
    """Return the groups of a user; those that others put it into stay."""
    here = {i.name: i for i in writing.build.identities if i.kind == "group"}
    groups: list[Value] = [
        Raw(f"{writing.addresses.identity(here[name])}.name") if name in here else literal(name)
        for name in found.groups
    ]
    address = writing.addresses.identity(found)
    return writing.resource(
        address.replace(IDENTITIES["user"], "aws_iam_user_group_membership", 1),
        [owner, Argument("groups", Items(tuple(groups)))],
    )
