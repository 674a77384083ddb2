"""What resources add to identities: policies in them, attachments, boundaries, memberships."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.lift.terraform.resources import (
    is_known,
    read_blocks,
    read_document,
    read_text,
    read_texts,
)
from iamdsl.lift.terraform.values import entity_named, is_static

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iamdsl.lift.terraform.drafts import Draft, Drafts
    from iamdsl.lift.terraform.resources import Resource


def _role(resource: Resource, drafts: Drafts) -> None:
    """Add what a role or user says of itself, besides its trust."""
    kind: iam.IdentityKind = "role" if resource.type == "aws_iam_role" else "user"
    draft = drafts.identities[kind, drafts.name(resource).lower()]
    for block in read_blocks(resource, "inline_policy", drafts.report):
        policy = read_document(block, "policy", drafts.report)
        if policy is not None:
            name = read_text(block, "name", drafts.report) or draft.name
            draft.inline.setdefault(name, drafts.served(policy))
    for arn in read_texts(resource, "managed_policy_arns", drafts.report):
        draft.attach(drafts.attachment(arn, resource.tree.origin("managed_policy_arns")))
    limit = read_text(resource, "permissions_boundary", drafts.report)
    if limit is not None:
        place = resource.tree.origin("permissions_boundary")
        draft.boundary = drafts.attachment(limit, place)


def _inline(kind: iam.IdentityKind, attribute: str, resource: Resource, drafts: Drafts) -> None:
    policy = read_document(resource, "policy", drafts.report)
    owner = read_text(resource, attribute, drafts.report)
    if policy is None or owner is None:
        return
    real = resource.get("name")
    name = real if isinstance(real, str) and is_static(real) else resource.label
    policy = drafts.served(policy)
    draft = drafts.find(kind, owner)
    if draft is not None:
        draft.inline[name] = policy
        return
    name = drafts.free(name, f"{name}-policy")
    document = iam.Document("managed", name, policy, origin=(resource.place,))
    drafts.add_document(resource, document)
    drafts.docs[name] = f"In Terraform, the inline policy of {_said(kind, owner)}"
    _not_placed(resource, f"belongs to {_said(kind, owner)}", drafts, f"`{name}` is a policy here")


def _said(kind: str, name: str) -> str:
    named = f"`{name}`" if is_static(name) else "a name that is computed"
    return f"the {kind.replace('_', ' ')} {named}"


def _not_placed(resource: Resource, what: str, drafts: Drafts, instead: str = "") -> None:
    drafts.report.add(
        codes.NOT_PLACED,
        resource.place,
        f"`{resource.address}` {what}, which is not imported" + (f"; {instead}" if instead else ""),
        hint="import both together, or attach it where the other is",
    )


def _attach(kind: iam.IdentityKind, attribute: str, resource: Resource, drafts: Drafts) -> None:
    arns = list(_arns(resource, drafts))
    owner = read_text(resource, attribute, drafts.report)
    if owner is not None:
        _attach_to(kind, owner, arns, resource, drafts)


def _arns(resource: Resource, drafts: Drafts) -> Iterator[iam.Attachment]:
    for name in ("policy_arn", "managed_policy_arn"):
        arn = read_text(resource, name, drafts.report)
        if arn is not None:
            yield drafts.attachment(arn, resource.tree.origin(name))
    for name in ("policy_arns", "managed_policy_arns"):
        for arn in read_texts(resource, name, drafts.report):
            yield drafts.attachment(arn, resource.tree.origin(name))


def _attach_to(
    kind: iam.IdentityKind,
    owner: str,
    attachments: list[iam.Attachment],
    resource: Resource,
    drafts: Drafts,
) -> None:
    draft = drafts.find(kind, owner)
    if draft is None:
        _not_placed(resource, f"attaches to {_said(kind, owner)}", drafts)
        return
    for attachment in attachments:
        draft.attach(attachment)


def _attach_to_all(resource: Resource, drafts: Drafts) -> None:
    arns = list(_arns(resource, drafts))
    kinds: tuple[tuple[str, iam.IdentityKind], ...] = (
        ("roles", "role"),
        ("users", "user"),
        ("groups", "group"),
    )
    for attribute, kind in kinds:
        for owner in read_texts(resource, attribute, drafts.report):
            _attach_to(kind, owner, arns, resource, drafts)


def _join(resource: Resource, drafts: Drafts) -> None:
    """Read who is in which group."""
    single = read_text(resource, "user", drafts.report)
    users = [single] if single is not None else read_texts(resource, "users", drafts.report)
    group = read_text(resource, "group", drafts.report)
    groups = [group] if group is not None else read_texts(resource, "groups", drafts.report)
    for user in users:
        draft = drafts.find("user", user)
        if draft is None:
            _not_placed(resource, f"is about {_said('user', user)}", drafts)
            continue
        for name in groups:
            found = drafts.find("group", name)
            draft.groups.append(found.name if found is not None else name)


def _profile(resource: Resource, drafts: Drafts) -> None:
    role = read_text(resource, "role", drafts.report)
    if role is None:
        return
    draft = drafts.find("role", role)
    if draft is None:
        _not_placed(resource, f"is of {_said('role', role)}", drafts)
        return
    name = resource.get("name")
    draft.instance_profile = name if isinstance(name, str) and is_static(name) else resource.label


# Permission sets (AWS "IAM Identity Center")


def _set(resource: Resource, drafts: Drafts) -> Draft | None:
    arn = read_text(resource, "permission_set_arn", drafts.report)
    if arn is None:
        return None
    draft = drafts.find("permission_set", arn)
    if draft is None:
        _not_placed(resource, _said("permission_set", arn).replace("the ", "is of the "), drafts)
    return draft


def _set_inline(resource: Resource, drafts: Drafts) -> None:
    policy = read_document(resource, "inline_policy", drafts.report)
    draft = _set(resource, drafts)
    if draft is not None and policy is not None:
        draft.own = drafts.served(policy)


def _set_managed(resource: Resource, drafts: Drafts) -> None:
    draft = _set(resource, drafts)
    attachments = list(_arns(resource, drafts))
    for attachment in attachments if draft is not None else []:
        if draft is not None:
            draft.attach(attachment)


def _set_customer(resource: Resource, drafts: Drafts) -> None:
    draft = _set(resource, drafts)
    for attachment in _customer_managed(resource, drafts):
        if draft is not None:
            draft.attach(attachment)


def _customer_managed(resource: Resource, drafts: Drafts) -> Iterator[iam.Attachment]:
    """Yield policies that are named by name and path, since each account has one."""
    for block in read_blocks(resource, "customer_managed_policy_reference", drafts.report):
        name = read_text(block, "name", drafts.report)
        if name is not None:
            ours = name in drafts.documents
            yield iam.Attachment(name, ours=ours, origin=(block.place,))


def _set_boundary(resource: Resource, drafts: Drafts) -> None:
    draft = _set(resource, drafts)
    for block in read_blocks(resource, "permissions_boundary", drafts.report):
        found = [*_arns(block, drafts), *_customer_managed(block, drafts)]
        if draft is not None and found:
            draft.boundary = found[0]


def _organization(resource: Resource, drafts: Drafts) -> None:
    policy = resource.get("policy_id")
    named = entity_named(policy) if isinstance(policy, str) else None
    target = resource.get("target_id")
    where = f"`{target}`" if isinstance(target, str) and is_static(target) else "a part of it"
    said = f"`{named}`" if named else f"`{resource.address}`"
    drafts.report.add(
        codes.NOT_PLACED,
        resource.place,
        f"{said} is attached to {where} of the organization, which is not imported",
        hint="say it in an `organization` block, with `attach` where the policy is to hold",
    )


def _session(resource: Resource, drafts: Drafts) -> None:
    """Read the session policy of a user of AWS Transfer Family."""
    policy = read_document(resource, "policy", drafts.report)
    if policy is not None:
        name = drafts.free(resource.label, f"{resource.label}-session")
        drafts.add_document(
            resource, iam.Document("session", name, drafts.served(policy), origin=(resource.place,))
        )


def _nothing(resource: Resource, drafts: Drafts) -> None:
    """Take what says again what other resources say; what is open in it decides nothing."""
    is_known(resource, "policy_names", drafts.report)


HANDLERS: dict[str, Callable[[Resource, Drafts], None]] = {
    "aws_iam_group_membership": _join,
    "aws_iam_group_policies_exclusive": _nothing,
    "aws_iam_group_policy": partial(_inline, "group", "group"),
    "aws_iam_group_policy_attachment": partial(_attach, "group", "group"),
    "aws_iam_group_policy_attachments_exclusive": partial(_attach, "group", "group_name"),
    "aws_iam_instance_profile": _profile,
    "aws_iam_policy_attachment": _attach_to_all,
    "aws_iam_role": _role,
    "aws_iam_role_policies_exclusive": _nothing,
    "aws_iam_role_policy": partial(_inline, "role", "role"),
    "aws_iam_role_policy_attachment": partial(_attach, "role", "role"),
    "aws_iam_role_policy_attachments_exclusive": partial(_attach, "role", "role_name"),
    "aws_iam_user": _role,
    "aws_iam_user_group_membership": _join,
    "aws_iam_user_policies_exclusive": _nothing,
    "aws_iam_user_policy": partial(_inline, "user", "user"),
    "aws_iam_user_policy_attachment": partial(_attach, "user", "user"),
    "aws_iam_user_policy_attachments_exclusive": partial(_attach, "user", "user_name"),
    "aws_organizations_policy_attachment": _organization,
    "aws_ssoadmin_customer_managed_policy_attachment": _set_customer,
    "aws_ssoadmin_customer_managed_policy_attachments_exclusive": _set_customer,
    "aws_ssoadmin_managed_policy_attachment": _set_managed,
    "aws_ssoadmin_managed_policy_attachments_exclusive": _set_managed,
    "aws_ssoadmin_permission_set_inline_policy": _set_inline,
    "aws_ssoadmin_permissions_boundary_attachment": _set_boundary,
    "aws_transfer_user": _session,
}
"""What is done with resources after all entities are declared."""
