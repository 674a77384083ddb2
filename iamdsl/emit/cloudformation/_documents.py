"""Policies with a life of their own: managed ones, those of organizations, of resources, sessions.

A managed policy says itself to whom it is attached. So each comes about, changes and is attached
in one step, and steps can follow each other: what a policy loses goes when another has it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from iamdsl import iam
from iamdsl.aws.resource_policies import of_service
from iamdsl.diagnostics import codes
from iamdsl.emit._cloudformation_types import BY_AWS, Elsewhere, setting, statement_ids
from iamdsl.emit.cloudformation import _ids as ids
from iamdsl.emit.cloudformation._stack import ROOT, cannot_deploy
from iamdsl.emit.cloudformation._values import Call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.emit._cloudformation_types import Setting
    from iamdsl.emit.cloudformation._stack import Stack
    from iamdsl.emit.cloudformation._values import Value

_TYPES = {"scp": "SERVICE_CONTROL_POLICY", "rcp": "RESOURCE_CONTROL_POLICY"}
LISTS = {"role": "Roles", "user": "Users", "group": "Groups"}
"""In which property of a policy its identities are."""


class Attached(NamedTuple):
    """Which managed policies of a place are attached to whom.

    Attributes:
        there: names of policies that are a boundary: those are attached by their identities,
            which would otherwise wait for a policy that waits for them.
        users: by name of a policy the identities that it says itself.
        documents: the managed policies and boundaries by name.
    """

    there: frozenset[str]
    users: Mapping[str, Sequence[iam.Identity]]
    documents: Mapping[str, iam.Document]

    def by_identity(self, attachment: iam.Attachment) -> bool:
        """Tell whether an identity says that a policy is attached to it."""
        return not attachment.ours or attachment.policy in self.there


def attached(build: iam.Build) -> Attached:
    """Return what is attached to whom."""
    there = frozenset(
        i.boundary.policy for i in build.identities if i.boundary is not None and i.boundary.ours
    )
    users: dict[str, list[iam.Identity]] = {}
    for identity in build.identities:
        if identity.kind == "permission_set":
            continue
        for attachment in identity.managed:
            if attachment.ours and attachment.policy not in there:
                users.setdefault(attachment.policy, []).append(identity)
    documents = {d.name: d for d in build.documents if d.is_managed}
    return Attached(there, users, documents)


def add_document(
    document: iam.Document, stack: Stack, links: Attached, targets: Sequence[iam.Target]
) -> None:
    """Add what deploys a document."""
    if document.is_managed:
        _managed(document, stack, links)
    elif document.kind in _TYPES:
        _organization(document, stack, targets)
    elif document.kind == "session":
        _session(document, stack, links)
    else:
        _of_resource(document, stack)


def _managed(document: iam.Document, stack: Stack, links: Attached) -> None:
    text = stack.values.text
    properties: dict[str, Value] = {"ManagedPolicyName": document.name}
    if document.path != "/":
        properties["Path"] = text(document.path, document.origin)
    if document.description is not None:
        properties["Description"] = text(document.description, document.origin)
    properties["PolicyDocument"] = stack.values.document(document.policy)
    for kind, member in LISTS.items():
        users = [i for i in links.users.get(document.name, ()) if i.kind == kind]
        if users:
            properties[member] = [Call("Ref", ids.of(i.kind, i.name)) for i in users]
    if document.tags:
        message = f"CloudFormation cannot tag managed policies: `{document.name}` gets no tags"
        hint = "tag it with the target `terraform` or `aws-cli`, or leave the tags out"
        cannot_deploy(stack, document.origin, message, hint)
    name = ids.of(document.kind, document.name)
    stack.add(name, "AWS::IAM::ManagedPolicy", properties)
    stack.outputs[f"{name}Arn"] = {
        "Description": f"The ARN of the policy {document.name}",
        "Value": Call("Ref", name),
    }


def _organization(document: iam.Document, stack: Stack, targets: Sequence[iam.Target]) -> None:
    where: list[Value] = [
        _target(target, stack)
        for target in targets
        if any(a.ours and a.policy == document.name for a in target.attached)
    ]
    properties: dict[str, Value] = {"Name": document.name, "Type": _TYPES[document.kind]}
    if document.description is not None:
        properties["Description"] = stack.values.text(document.description, document.origin)
    properties["Content"] = _content(document, stack)
    if where:
        properties["TargetIds"] = where
    if document.tags:
        properties["Tags"] = stack.tags(document.tags, document.origin)
    stack.add(ids.of(document.kind, document.name), "AWS::Organizations::Policy", properties)


def one_after_another(stack: Stack) -> None:
    """Let policies of the organization follow each other: it takes one change at a time."""
    found = [n for n, r in stack.resources.items() if r.type == "AWS::Organizations::Policy"]
    for before, after in pairwise(found):
        if not stack.reaches(before, after):
            stack.resources[after].after.add(before)


def _target(target: iam.Target, stack: Stack) -> str | Call:
    if target.kind != "organization":
        return stack.values.text(target.id, target.origin)
    stack.parameters[ROOT] = {
        "Type": "String",
        "AllowedPattern": "^r-[0-9a-z]{4,32}$",
        "Description": f"The id of the root of the organization {target.id}",
        "ConstraintDescription": "begins with r-, as `aws organizations list-roots` tells it",
    }
    return Call("Ref", ROOT)


def foreign_targets(stack: Stack, targets: Sequence[iam.Target]) -> None:
    """Warn of policies that are attached in the organization and are none of the build's."""
    for target in targets:
        for attachment in target.attached:
            if not attachment.ours and not attachment.policy.endswith(BY_AWS):
                message = (
                    f"CloudFormation attaches no organization policies that it did not make:"
                    f" `{attachment.policy}` to `{target.name}`"
                )
                hint = "attach it with the target `terraform` or `aws-cli`"
                cannot_deploy(stack, attachment.origin or target.origin, message, hint)


def _content(document: iam.Document, stack: Stack) -> Value:
    """Return the document, as text without blanks where blanks would make it too long."""
    limit = stack.facts.limits.policy_size(document.kind, document.service or "")
    rule = of_service(document.service) if document.service else None
    pretty = len(iam.pretty(iam.to_json(document.policy)))
    tight = limit is not None and limit.counts_white_space and pretty > limit.value
    one_line = rule is not None and rule.one_line
    return stack.values.document(document.policy, text=tight or one_line)


def _session(document: iam.Document, stack: Stack, links: Attached) -> None:
    name = ids.of(document.kind, document.name)
    stack.outputs[f"{name}Policy"] = {
        "Description": f"The session policy {document.name}, to be passed to sts:AssumeRole",
        "Value": stack.values.document(document.policy, text=True),
    }
    if document.attached:
        arns = [policy_arn(a, stack, links) for a in document.attached]
        stack.outputs[f"{name}PolicyArns"] = {
            "Description": f"The managed policies that are passed with {document.name}",
            "Value": arns[0] if len(arns) == 1 else Call("Join", [",", arns]),
        }


def policy_arn(attachment: iam.Attachment, stack: Stack, links: Attached) -> str | Call:
    """Return the ARN of a managed policy."""
    if not attachment.ours:
        return stack.values.text(attachment.policy, attachment.origin)
    return Call("Ref", policy_id(attachment, links))


def policy_id(attachment: iam.Attachment, links: Attached) -> str:
    """Return the logical id of a managed policy of the build."""
    document = links.documents[attachment.policy]
    return ids.of(document.kind, document.name)


def _of_resource(document: iam.Document, stack: Stack) -> None:
    found = setting(document, stack.facts.externs)
    if isinstance(found, Elsewhere):
        message = f"no template sets the policy `{document.name}`: {found.why}"
        cannot_deploy(stack, document.origin, message, found.hint)
        return
    names: dict[str, Value] = {}
    for name, naming in found.names:
        value = stack.values.naming(naming, document.origin)
        names[name] = [value] if found.listed else value
    base = ids.of_resource(document, stack.place)
    if found.each:
        _each_statement(document, found, names, base, stack)
        return
    content = _content(document, stack)
    if found.text and not isinstance(content, str | Call):
        content = stack.values.document(document.policy, text=True)
    stack.add(base, found.type, {**names, found.document: content})
    stack.setting[document.name] = [base]


def _each_statement(
    document: iam.Document, found: Setting, names: dict[str, Value], base: str, stack: Stack
) -> None:
    if document.policy.id is not None:
        message = f"an event bus keeps no `Id` of a policy: `{document.name}`"
        stack.complain(codes.NOT_DEPLOYED, document.origin, message, "leave it out")
    numbered = zip(statement_ids(document), document.policy.statements, strict=True)
    for statement_id, statement in numbered:
        data = iam.statement_to_json(statement)
        data.pop("Sid", None)  # AWS puts the id there
        properties = {
            **names,
            "StatementId": statement_id,
            found.document: stack.values.json(data),
        }
        name = f"{base}{ids.digest(statement_id)}"
        stack.add(name, found.type, properties)
        stack.setting.setdefault(document.name, []).append(name)
