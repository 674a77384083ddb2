"""Roles, users, groups and permission sets, and what belongs to them.

Inline policies are resources of their own, so that a statement which moves between one of them
and a managed policy can be in both for a while: an identity itself changes before all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.emit.cloudformation import _ids as ids
from iamdsl.emit.cloudformation._documents import LISTS, policy_arn, policy_id
from iamdsl.emit.cloudformation._stack import INSTANCE
from iamdsl.emit.cloudformation._values import Call

if TYPE_CHECKING:
    from iamdsl import iam
    from iamdsl.emit.cloudformation._documents import Attached
    from iamdsl.emit.cloudformation._stack import Stack
    from iamdsl.emit.cloudformation._values import Value

_TYPES = {"role": "AWS::IAM::Role", "user": "AWS::IAM::User", "group": "AWS::IAM::Group"}
_NAMES = {"role": "RoleName", "user": "UserName", "group": "GroupName"}


def add_identity(identity: iam.Identity, stack: Stack, links: Attached) -> None:
    """Add what deploys an identity."""
    if identity.kind == "permission_set":
        _permission_set(identity, stack, links)
        return
    name, member = ids.of(identity.kind, identity.name), _NAMES[identity.kind]
    stack.add(name, _TYPES[identity.kind], _properties(identity, member, stack, links))
    for inline, policy in identity.inline:
        stack.add(
            ids.of_inline(identity.kind, identity.name, inline),
            "AWS::IAM::Policy",
            {
                "PolicyName": inline,
                "PolicyDocument": stack.values.document(policy),
                LISTS[identity.kind]: [Call("Ref", name)],
            },
        )
    if identity.instance_profile is not None:
        profile: dict[str, Value] = {
            "InstanceProfileName": identity.instance_profile,
            "Roles": [Call("Ref", name)],
        }
        profile_id = ids.of_profile(identity.instance_profile)
        stack.add(profile_id, "AWS::IAM::InstanceProfile", profile)
    stack.outputs[f"{name}Arn"] = {
        "Description": f"The ARN of the {identity.kind} {identity.name}",
        "Value": Call("GetAtt", [name, "Arn"]),
    }


def _properties(
    identity: iam.Identity, member: str, stack: Stack, links: Attached
) -> dict[str, Value]:
    text, spans = stack.values.text, identity.origin
    made: dict[str, Value] = {member: identity.name}
    if identity.path != "/":
        made["Path"] = text(identity.path, spans)
    if identity.description is not None:
        made["Description"] = text(identity.description, spans)
    if identity.max_session is not None:
        made["MaxSessionDuration"] = identity.max_session
    if identity.boundary is not None:
        made["PermissionsBoundary"] = policy_arn(identity.boundary, stack, links)
    if identity.trust is not None:
        made["AssumeRolePolicyDocument"] = stack.values.document(identity.trust)
    if identity.groups:
        here = {i.name for i in stack.place.build.identities if i.kind == "group"}
        made["Groups"] = [
            Call("Ref", ids.of("group", g)) if g in here else g for g in identity.groups
        ]
    arns: list[Value] = [
        policy_arn(a, stack, links) for a in identity.managed if links.by_identity(a)
    ]
    if arns:
        made["ManagedPolicyArns"] = arns
    if identity.tags:
        made["Tags"] = stack.tags(identity.tags, spans)
    return made


def _permission_set(identity: iam.Identity, stack: Stack, links: Attached) -> None:
    text, spans = stack.values.text, identity.origin
    stack.parameters[INSTANCE] = {
        "Type": "String",
        "AllowedPattern": "^arn:aws[a-z-]*:sso:::instance/(sso)?ins-[a-zA-Z0-9.-]{16}$",
        "Description": "The ARN of the instance of IAM Identity Center",
        "ConstraintDescription": "is an ARN, as `aws sso-admin list-instances` tells it",
    }
    made: dict[str, Value] = {"InstanceArn": Call("Ref", INSTANCE), "Name": identity.name}
    if identity.description is not None:
        made["Description"] = text(identity.description, spans)
    if identity.max_session is not None:
        made["SessionDuration"] = _iso_duration(identity.max_session)
    if len(identity.inline) > 1:
        message = f"the permission set `{identity.name}` has more than one inline policy"
        stack.complain(codes.TARGET_CANNOT_SAY, spans, message, "put them into one")
    for _, policy in identity.inline[:1]:
        made["InlinePolicy"] = stack.values.document(policy)
    arns: list[Value] = [text(a.policy, a.origin) for a in identity.managed if not _by_name(a)]
    if arns:
        made["ManagedPolicies"] = arns
    references: list[Value] = [_reference(a, links) for a in identity.managed if _by_name(a)]
    if references:
        made["CustomerManagedPolicyReferences"] = references
    if identity.boundary is not None:
        bound = identity.boundary
        made["PermissionsBoundary"] = (
            {"CustomerManagedPolicyReference": _reference(bound, links)}
            if _by_name(bound)
            else {"ManagedPolicyArn": text(bound.policy, bound.origin)}
        )
    if identity.tags:
        made["Tags"] = stack.tags(identity.tags, spans)
    attachments = (*identity.managed, *([identity.boundary] if identity.boundary else ()))
    after = [policy_id(a, links) for a in attachments if a.ours]
    name = ids.of(identity.kind, identity.name)
    stack.add(name, "AWS::SSO::PermissionSet", made, after)
    stack.outputs[f"{name}Arn"] = {
        "Description": f"The ARN of the permission set {identity.name}",
        "Value": Call("GetAtt", [name, "PermissionSetArn"]),
    }


def _by_name(attachment: iam.Attachment) -> bool:
    """Tell whether a permission set names a policy of the accounts, and none of AWS's by ARN."""
    return attachment.ours or not attachment.policy.startswith("arn:")


def _reference(attachment: iam.Attachment, links: Attached) -> Value:
    if not attachment.ours:
        return {"Name": attachment.policy}
    path = links.documents[attachment.policy].path
    return {"Name": attachment.policy, **({"Path": path} if path != "/" else {})}


def _iso_duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(hours, "H"), (minutes, "M"), (rest, "S")]
    return "PT" + ("".join(f"{n}{unit}" for n, unit in parts if n) or "0S")
