"""Managed policies, roles, users and groups: classes of the second level.

To whom a policy is attached is said by the policy, not by the role. Then a new policy is attached
before one that is replaced goes, and policies of one role can be changed in any order. A boundary
is what its role waits for, so that it cannot wait for the role: it alone is attached by the role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit._marks import Mark, parts
from iamdsl.emit.cdk import _documents as documents
from iamdsl.emit.cdk._code import THIS, Call, Create, New
from iamdsl.emit.cdk._making import KINDS
from iamdsl.emit.cdk._words import construct_id, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl import iam
    from iamdsl.emit.cdk._code import Expr, Member, Options
    from iamdsl.emit.cdk._making import Making
    from iamdsl.source import Span

LISTS = {"role": "roles", "user": "users", "group": "groups"}


def principals(making: Making) -> None:
    """Make the managed policies of a place, and all to whom they are attached."""
    build = making.place.build
    managed = [document for document in build.documents if document.is_managed]
    first = {document.name for document in managed if document.kind == "boundary"}
    first |= {i.boundary.policy for i in build.identities if i.boundary and i.boundary.ours}
    for document in managed:
        if document.name in first:
            _managed(making, document, ())
    for kind in ("group", "role", "user"):
        for identity in build.identities:
            if identity.kind == kind:
                _identity(making, identity, first)
    for document in managed:
        if document.name not in first:
            _managed(making, document, _attached(making, document.name))


def duration(seconds: int) -> Call:
    """Return a time in the greatest unit that it is whole in."""
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds % length == 0:
            return Call(f"cdk.Duration.{unit}", (seconds // length,))
    return Call("cdk.Duration.seconds", (seconds,))


def _managed(making: Making, document: iam.Document, attached: Options) -> None:
    if document.tags:
        making.leaves_out(
            document.origin,
            f"the tags of the policy `{document.name}` are not deployed:"
            " CloudFormation has none on managed policies",
            "tag it by another way, or take the tags out",
        )
    options: list[tuple[str, Expr]] = [("managedPolicyName", document.name)]
    if document.path != "/":
        options.append(("path", document.path))
    if document.description is not None:
        options.append(("description", document.description))
    said, override = _said(document.policy)
    what = "boundary" if document.kind == "boundary" else "policy"
    member = making.made(
        document.kind,
        document.name,
        "iam.ManagedPolicy",
        (*options, *attached, said),
        f"The {what} `{document.name}`.",
        document.origin,
    )
    _set(making, member, override, document.origin)


def _said(policy: iam.Policy) -> tuple[tuple[str, Expr], Expr | None]:
    """Return the option that says a document, and the document that is to be set over it."""
    found = documents.document(policy)
    if isinstance(found, str) or not documents.is_statements(policy):
        return ("statements", [Call("nothing", ())]), found
    return ("document", Call("policyDocument", (found,))), None


def _set(making: Making, member: Member, override: Expr | None, origin: Sequence[Span]) -> None:
    """Set a document over what CDK's class has made."""
    if isinstance(override, str):
        making.call("setText", member, "PolicyDocument", override, origin=origin)
    elif override is not None:
        making.call("setDocument", member, override, origin=origin)


def _attached(making: Making, name: str) -> Options:
    """Return to whom a policy is attached."""
    users: dict[str, list[Expr]] = {}
    for identity in making.place.build.identities:
        if identity.kind in LISTS and any(a.ours and a.policy == name for a in identity.managed):
            member = making.members[identity.kind, identity.name]
            users.setdefault(LISTS[identity.kind], []).append(member)
    return tuple(users.items())


def _identity(making: Making, identity: iam.Identity, first: set[str]) -> None:
    kind, name = identity.kind, identity.name
    options: list[tuple[str, Expr]] = [(f"{kind}Name", name)]
    if identity.path != "/":
        options.append(("path", identity.path))
    if identity.description is not None:
        options.append(("description", identity.description))
    if kind == "role":
        options.append(("assumedBy", Create("iam.AccountRootPrincipal")))
    if identity.max_session is not None:
        options.append(("maxSessionDuration", duration(identity.max_session)))
    if identity.groups:
        options.append(("groups", [_group(making, identity, group) for group in identity.groups]))
    if identity.boundary is not None:
        boundary = _policy(making, identity, identity.boundary, "Boundary")
        options.append(("permissionsBoundary", boundary))
    attached: list[Expr] = [
        _policy(making, identity, attachment, f"Managed{number}")
        for number, attachment in enumerate(identity.managed, 1)
        if not attachment.ours or attachment.policy in first
    ]
    if attached:
        options.append(("managedPolicies", attached))
    doc = f"The {kind} `{name}`."
    member = making.made(kind, name, f"iam.{KINDS[kind]}", tuple(options), doc, identity.origin)
    if identity.trust is not None:
        document = documents.document(identity.trust)
        if isinstance(document, str):
            name = "AssumeRolePolicyDocument"
            making.call("setText", member, name, document, origin=identity.origin)
        else:
            making.call("setTrust", member, document, origin=identity.origin)
    making.tag(member, identity.tags, identity.origin)
    for policy_name, policy in identity.inline:
        _inline(making, identity, member, policy_name, policy)
    if identity.instance_profile is not None:
        _instance_profile(making, member, identity.instance_profile, identity.origin)


def _inline(
    making: Making, identity: iam.Identity, owner: Member, name: str, policy: iam.Policy
) -> None:
    """Make an inline policy within its owner, so that what waits for that waits for it."""
    own = name == identity.name
    member = making.free(
        [*words(identity.name), identity.kind, "inline", *(() if own else words(name))]
    )
    making.inline[identity.kind, identity.name] = member
    said, override = _said(policy)
    options = (("policyName", name), (LISTS[identity.kind], [owner]), said)
    new = New("iam.Policy", owner, "Inline" if own else f"Inline-{name}", options)
    doc = f"What the {identity.kind} `{identity.name}` holds itself."
    making.make(member, new, doc, identity.origin)
    _set(making, member, override, identity.origin)


def _instance_profile(making: Making, role: Member, name: str, origin: Sequence[Span]) -> None:
    member = making.free([*words(name), "instance", "profile"])
    options = (("instanceProfileName", name), ("role", role))
    new = New("iam.InstanceProfile", THIS, construct_id(name, "InstanceProfile"), options)
    making.make(member, new, f"The instance profile `{name}`.", origin)


def _group(making: Making, identity: iam.Identity, name: str) -> Expr:
    if ("group", name) in making.members:
        return making.members["group", name]
    own = construct_id(identity.name, KINDS[identity.kind])
    return Call("iam.Group.fromGroupName", (THIS, f"{own}In-{name}", name))


def _policy(making: Making, identity: iam.Identity, found: iam.Attachment, use: str) -> Expr:
    """Return a managed policy that an identity refers to."""
    name = found.policy
    if found.ours:
        return making.members.get(("managed", name)) or making.members["boundary", name]
    if (of_aws := _of_aws(name)) is not None:
        return Call("iam.ManagedPolicy.fromAwsManagedPolicyName", (of_aws,))
    own = construct_id(identity.name, KINDS[identity.kind])
    return Call("iam.ManagedPolicy.fromManagedPolicyArn", (THIS, f"{own}{use}", name))


def _of_aws(arn: str) -> str | None:
    """Return the path and name of a policy of AWS's in whatever partition the stack is."""
    match parts(arn):
        case ("arn:", Mark("aws.partition"), str(rest)) if rest.startswith(":iam::aws:policy/"):
            return rest.removeprefix(":iam::aws:policy/")
        case _:
            return None
