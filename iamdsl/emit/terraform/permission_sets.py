"""Permission sets of IAM Identity Center, each with its policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit.json import iso_duration
from iamdsl.emit.terraform.surroundings import INSTANCE
from iamdsl.emit.terraform.texts import text_of
from iamdsl.emit.terraform.tree import Argument, Block, Raw, block, literal
from iamdsl.emit.terraform.writing import named, path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl import iam
    from iamdsl.emit.terraform.writing import Writing


def permission_set(found: iam.Identity, writing: Writing) -> Iterator[Block]:
    """Yield the blocks of a permission set."""
    address = writing.addresses.identity(found)
    instance = Argument("instance_arn", Raw(INSTANCE))
    head: list[Argument] = [named(found.name)]
    head += writing.described(found.description, f"`{found.name}`", found.origin)
    head.append(instance)
    if found.max_session is not None:
        head.append(Argument("session_duration", literal(iso_duration(found.max_session))))
    yield writing.resource(address, head, writing.tags(found.tags, found.origin))
    owner = [instance, Argument("permission_set_arn", Raw(f"{address}.arn"))]
    for name, policy in found.inline:
        key = ("inline", found.kind, found.name, name)
        before, document = writing.policy(policy, "permission_set", key, found.origin)
        yield from before
        inline = writing.addresses.inline(found, name)
        yield writing.resource(inline, [*owner, Argument("inline_policy", document)])
    for attachment in found.managed:
        made = writing.addresses.attachment(found, attachment.policy)
        if _is_arn(attachment):
            kind = "aws_ssoadmin_managed_policy_attachment"
            arguments = [*owner, Argument("managed_policy_arn", text_of(attachment.policy))]
            yield writing.resource(_typed(made, kind), arguments)
        else:
            kind = "aws_ssoadmin_customer_managed_policy_attachment"
            yield writing.resource(_typed(made, kind), owner, [_reference(attachment, writing)])
    if found.boundary is not None:
        kind = "aws_ssoadmin_permissions_boundary_attachment"
        inner: Argument | Block = _reference(found.boundary, writing)
        if _is_arn(found.boundary):
            inner = Argument("managed_policy_arn", text_of(found.boundary.policy))
        boundary = block("permissions_boundary", (), [inner])
        yield writing.resource(_typed(address, kind), owner, [boundary])


def _is_arn(attachment: iam.Attachment) -> bool:
    return not attachment.ours and attachment.policy.startswith("arn:")


def _typed(address: str, kind: str) -> str:
    return f"{kind}.{address.partition('.')[2]}"


def _reference(attachment: iam.Attachment, writing: Writing) -> Block:
    """Return how a customer managed policy is named: it has to be in each account by that name."""
    name, said = attachment.policy, [Argument("name", text_of(attachment.policy))]
    found = next((d for d in writing.build.documents if d.is_managed and d.name == name), None)
    if attachment.ours and found is not None:
        said = [Argument("name", Raw(f"{writing.addresses.policy(name)}.name")), *path(found.path)]
    return block("customer_managed_policy_reference", (), list(said))
