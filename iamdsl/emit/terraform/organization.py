"""Policies of an organization, and what they are attached to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit.json import POLICY_TYPES
from iamdsl.emit.terraform.surroundings import ROOT
from iamdsl.emit.terraform.tree import Argument, Block, Raw, Value, literal
from iamdsl.emit.terraform.writing import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl import iam
    from iamdsl.emit.terraform.writing import Writing


def organization_policy(document: iam.Document, writing: Writing) -> Iterator[Block]:
    """Yield the blocks of an SCP or RCP."""
    key = (document.kind, document.name)
    before, content = writing.policy(document.policy, document.kind, key, document.origin)
    yield from before
    head: list[Argument] = [named(document.name)]
    head.append(Argument("type", literal(POLICY_TYPES[document.kind])))
    head += writing.described(document.description, f"`{document.name}`", document.origin)
    head.append(Argument("content", content))
    address = writing.addresses.of("aws_organizations_policy", document.name)
    yield writing.resource(address, head, writing.tags(document.tags, document.origin))


def attachments(target: iam.Target, writing: Writing) -> Iterator[Block]:
    """Yield what attaches policies to the organization's root, an ou or an account."""
    root = target.kind == "organization"
    place: Value = Raw(ROOT) if root else literal(target.id)
    kind = "aws_organizations_policy_attachment"
    for attachment in target.attached:
        name = attachment.policy
        policy: Value = literal(name.rpartition("/")[2])
        if attachment.ours:
            policy = Raw(f"{writing.addresses.of('aws_organizations_policy', name)}.id")
        address = writing.addresses.of(kind, target.kind, *target.path, name)
        # What an account must not do is not let go for a moment either.
        yield writing.resource(
            address, [Argument("policy_id", policy), Argument("target_id", place)]
        )
