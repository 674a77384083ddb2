"""Policies of resources, of the organization and permission sets: resources of the first level."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl import iam
from iamdsl.emit._cloudformation_types import BY_AWS, Elsewhere, Slice, setting, statement_ids
from iamdsl.emit._resource_ids import policy_id
from iamdsl.emit.cdk import _documents as documents
from iamdsl.emit.cdk._code import THIS, Call, New, Struct
from iamdsl.emit.cdk._identities import duration
from iamdsl.emit.cdk._making import tags
from iamdsl.emit.cdk._words import camel, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.emit._cloudformation_types import Naming, Setting
    from iamdsl.emit._targets import Data
    from iamdsl.emit.cdk._code import Expr, Member, Options
    from iamdsl.emit.cdk._making import Making
    from iamdsl.source import Span

ROOT = iam.Extern(
    "organization root id",
    "String",
    34,
    "^r-[0-9a-z]{4,32}$",
    doc="The id of the organization's root, `r-…`: what is attached to the organization is there.",
)
INSTANCE = iam.Extern(
    "sso instance arn",
    "String",
    84,
    "^arn:aws[a-z-]*:sso:::instance/(sso)?ins-[0-9A-Za-z.-]{16}$",
    doc="The ARN of the instance of IAM Identity Center that has the permission sets.",
)
"""What neither sources nor CDK know; externs have no blanks in their names."""

TYPES = {"scp": "SERVICE_CONTROL_POLICY", "rcp": "RESOURCE_CONTROL_POLICY"}


def resource_policies(making: Making) -> None:
    """Make the policies of resources that are already there, and tell which cannot be."""
    for document in making.place.build.documents:
        if document.kind == "session":
            making.leaves_out(
                document.origin,
                f"the session policy `{document.name}` is not deployed: it is passed with a request",
                "the target `json` has its document",
            )
        if document.kind != "resource":
            continue
        found = setting(document, making.facts.externs)
        if isinstance(found, Elsewhere):
            message = f"the policy `{document.name}` is not deployed, because {found.why}"
            making.leaves_out(document.origin, message, found.hint)
        elif found.each:
            _each(making, document, found)
        else:
            _access(making, document, found)


def _access(making: Making, document: iam.Document, found: Setting) -> None:
    data = documents.content(document, making.facts.limits)
    said: Expr = data
    if found.text:
        said = data if isinstance(data, str) else Call("stack.toJsonString", (data,))
        data = {}
    elif isinstance(data, str):
        said = {}
    options = (*_names(found), (_option(found.document), said))
    doc = f"The policy `{document.name}`."
    kind, name, origin = document.kind, document.name, document.origin
    own_id = f"{policy_id(document, making.place.pseudo)}Access"
    member = making.made(kind, name, _type(found.type), options, doc, origin, own_id)
    making.access.setdefault(name, []).append(member)
    _set_text(making, member, found.document, data, origin)


def _set_text(
    making: Making, member: Member, name: str, data: Data | str, origin: Sequence[Span]
) -> None:
    """Set a property to JSON as text, which CDK refuses where it is given to it."""
    if isinstance(data, str):
        making.call("setText", member, name, data, origin=origin)


def _each(making: Making, document: iam.Document, found: Setting) -> None:
    """Make a resource for each statement."""
    whole = documents.document(document.policy)
    for statement, sid in zip(document.policy.statements, statement_ids(document), strict=True):
        data: Data | str = iam.statement_to_json(statement)
        if isinstance(whole, str):
            data = documents.json_text(iam.statement_to_json(statement))
        said: Expr = {} if isinstance(data, str) else data
        options = (*_names(found), ("statementId", sid), (_option(found.document), said))
        member = making.free([*words(document.name), *words(statement.sid or ""), "access"])
        own_id = f"{policy_id(document, making.place.pseudo)}Access:{sid}"
        new = New(_type(found.type), THIS, own_id, options)
        making.make(member, new, f"A statement of the policy `{document.name}`.", document.origin)
        making.access.setdefault(document.name, []).append(member)
        _set_text(making, member, found.document, data, document.origin)


def _names(found: Setting) -> Options:
    return tuple(
        (_option(name), [_naming(naming)] if found.listed else _naming(naming))
        for name, naming in found.names
    )


def _naming(naming: Naming) -> Expr:
    made: list[Expr] = [_slice(n) if isinstance(n, Slice) else n for n in naming]
    return made[0] if len(made) == 1 else Call("cdk.Fn.join", ("", made))


def _slice(piece: Slice) -> Call:
    of = _slice(piece.of) if isinstance(piece.of, Slice) else piece.of
    return Call("cdk.Fn.select", (piece.number, Call("cdk.Fn.split", (piece.separator, of))))


def _type(name: str) -> str:
    """Return the class of a CloudFormation type: `s3.CfnBucketPolicy` for `AWS::S3::BucketPolicy`."""
    _, service, resource = name.split("::")
    return f"{service.lower()}.Cfn{resource}"


def _option(name: str) -> str:
    """Return a property as CDK has it: `tableBucketArn` for `TableBucketARN`."""
    return camel(words(name))


def organization(making: Making) -> None:
    """Make the policies of the organization, one after the other: it takes one change at a time."""
    targets = making.place.build.targets
    for target in targets:
        for attachment in target.attached:
            if not attachment.ours and not attachment.policy.endswith(BY_AWS):
                making.leaves_out(
                    attachment.origin or target.origin,
                    f"`{attachment.policy}` is not attached to `{target.name}`: CloudFormation"
                    " attaches only what it makes",
                    "attach it in the console or by `aws-cli`",
                )
    previous = None
    for document in making.place.build.documents:
        if document.kind not in TYPES:
            continue
        data = documents.content(document, making.facts.limits)
        said: Expr = {} if isinstance(data, str) else data
        member = making.made(
            document.kind,
            document.name,
            "organizations.CfnPolicy",
            (
                ("name", document.name),
                ("type", TYPES[document.kind]),
                *((("description", document.description),) if document.description else ()),
                ("content", said),
                *_target_ids(making, document.name),
                *tags(document.tags),
            ),
            f"The organization's policy `{document.name}`.",
            document.origin,
        )
        _set_text(making, member, "Content", data, document.origin)
        if previous is not None:
            making.after.append((member, previous))
        previous = member


def _target_ids(making: Making, name: str) -> Options:
    ids: list[Expr] = []
    for target in making.place.build.targets:
        if any(a.ours and a.policy == name for a in target.attached):
            root = target.kind == "organization"
            ids.append(making.ask(ROOT) if root else target.id)
    return (("targetIds", ids),) if ids else ()


def permission_sets(making: Making) -> None:
    """Make the permission sets of IAM Identity Center."""
    for identity in making.place.build.identities:
        if identity.kind != "permission_set":
            continue
        options: list[tuple[str, Expr]] = [
            ("instanceArn", making.ask(INSTANCE)),
            ("name", identity.name),
        ]
        if identity.description is not None:
            options.append(("description", identity.description))
        if identity.max_session is not None:
            time = duration(identity.max_session)._replace(then="toIsoString")
            options.append(("sessionDuration", time))
        arns = [a.policy for a in identity.managed if not a.ours and a.policy.startswith("arn:")]
        if arns:
            options.append(("managedPolicies", arns))
        options += _of_customer(making, identity)
        data: Data | str = {}
        for _, policy in identity.inline:
            data = documents.document(policy)
            options.append(("inlinePolicy", {} if isinstance(data, str) else data))
        if identity.boundary is not None:
            options.append(("permissionsBoundary", _boundary(making, identity.boundary)))
        member = making.made(
            identity.kind,
            identity.name,
            "sso.CfnPermissionSet",
            (*options, *tags(identity.tags)),
            f"The permission set `{identity.name}`.",
            identity.origin,
        )
        _set_text(making, member, "InlinePolicy", data, identity.origin)


def _of_customer(making: Making, identity: iam.Identity) -> Iterator[tuple[str, Expr]]:
    found: list[Expr] = [
        _reference(making, attachment)
        for attachment in identity.managed
        if attachment.ours or not attachment.policy.startswith("arn:")
    ]
    if found:
        yield "customerManagedPolicyReferences", found


def _reference(making: Making, attachment: iam.Attachment) -> Struct:
    """Return a policy that is to be in the accounts by its name and path."""
    paths = {d.name: d.path for d in making.place.build.documents if d.is_managed}
    path, _, name = attachment.policy.rpartition("/")
    path = paths.get(name, "/") if attachment.ours else f"{path}/"
    options = (("name", name), *((("path", path),) if path != "/" else ()))
    return Struct("sso.CfnPermissionSet.CustomerManagedPolicyReferenceProperty", options)


def _boundary(making: Making, boundary: iam.Attachment) -> Struct:
    options: Options = (("managedPolicyArn", boundary.policy),)
    if boundary.ours or not boundary.policy.startswith("arn:"):
        options = (("customerManagedPolicyReference", _reference(making, boundary)),)
    return Struct("sso.CfnPermissionSet.PermissionsBoundaryProperty", options)
