"""`AWS::IAM::*`, permission sets and organization policies of a template.

AWS "AWS_IAM", "AWS_SSO" and "AWS_Organizations" of the CloudFormation template reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from iamdsl import iam
from iamdsl.lift.cloudformation.drafts import Draft, attached
from iamdsl.lift.cloudformation.externs import spelled
from iamdsl.lift.cloudformation.intrinsics import is_call

if TYPE_CHECKING:
    from iamdsl.datafile.places import Path
    from iamdsl.iam import DocumentKind, IdentityKind
    from iamdsl.lift.cloudformation.drafts import Drafts

_NAMED = {
    "AWS::IAM::Role": ("role", "RoleName"),
    "AWS::IAM::User": ("user", "UserName"),
    "AWS::IAM::Group": ("group", "GroupName"),
    "AWS::SSO::PermissionSet": ("permission_set", "Name"),
    "AWS::IAM::ManagedPolicy": ("managed", "ManagedPolicyName"),
    "AWS::IAM::InstanceProfile": ("instance_profile", "InstanceProfileName"),
    "AWS::Organizations::Policy": ("organization", "Name"),
}
"""What has a name, and the property that says it."""

_HOLDERS = (("Roles", "role"), ("Users", "user"), ("Groups", "group"))
_ORGANIZATION = {"SERVICE_CONTROL_POLICY": "scp", "RESOURCE_CONTROL_POLICY": "rcp"}
_PATH = re.compile(r"/|/[!-~]*/")
_HOURS = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")
_COMMON = {"Path", "ManagedPolicyArns", "Policies", "PermissionsBoundary", "Tags"}
_KNOWN = {
    "role": _COMMON | {"AssumeRolePolicyDocument", "RoleName", "Description", "MaxSessionDuration"},
    "user": _COMMON | {"UserName", "Groups"},
    "group": _COMMON - {"PermissionsBoundary", "Tags"} | {"GroupName"},
}
_ELSEWHERE = {
    "AWS::IAM::AccessKey": "keys are made by hand, and kept where secrets are",
    "AWS::IAM::OIDCProvider": "make it beside what is built; `trust oidc` speaks of it",
    "AWS::IAM::SAMLProvider": "make it beside what is built; a trust speaks of it by its ARN",
    "AWS::IAM::ServerCertificate": "make it beside what is built",
    "AWS::IAM::ServiceLinkedRole": "AWS makes this role and its policies: nobody writes them",
    "AWS::IAM::VirtualMFADevice": "make it beside what is built",
    "AWS::SSO::Assignment": "who gets a permission set is said beside what is built",
}
"""Resources that belong to IAM and are no policies, and what to do about each."""


def enter(drafts: Drafts) -> None:
    """Give all identities and policies their names, before anything speaks of them.

    Identities come first: of two things with one name, theirs is the one that matters more.
    """
    for type_, (kind, property_) in _NAMED.items():
        for logical, properties in drafts.template.of_type(type_):
            path = (*_properties(logical), property_) if property_ in properties else None
            if kind == "instance_profile":
                _enter_profile(drafts, logical, path)
            else:
                drafts.enter(logical, kind, path, type_)


def _enter_profile(drafts: Drafts, logical: str, path: Path | None) -> None:
    """Name an instance profile; it has a place of its own among names."""
    from iamdsl.lift.cloudformation.template import Entity  # noqa: PLC0415  # one use

    said = drafts.template.text(path) if path is not None else None
    name = said if said is not None and iam.PLACEHOLDER_OPEN not in said else logical
    drafts.template.entities[logical] = Entity("instance_profile", name)


def _properties(logical: str) -> Path:
    return ("Resources", logical, "Properties")


def read(drafts: Drafts) -> None:
    """Read all of IAM's resources: first what there is, then what others say of it."""
    template = drafts.template
    for kind in ("Role", "User", "Group"):
        for logical, properties in template.of_type(f"AWS::IAM::{kind}"):
            read_identity(
                drafts,
                logical,
                cast("IdentityKind", kind.lower()),
                _properties(logical),
                properties,
            )
    for logical, properties in template.of_type("AWS::SSO::PermissionSet"):
        _permission_set(drafts, logical, properties)
    for logical, properties in template.of_type("AWS::IAM::ManagedPolicy"):
        _managed(drafts, logical, properties)
    for kind in ("", "Role", "User", "Group"):
        for logical, properties in template.of_type(f"AWS::IAM::{kind}Policy"):
            _inline(drafts, logical, properties, kind)
    for logical, properties in template.of_type("AWS::IAM::UserToGroupAddition"):
        _additions(drafts, logical, properties)
    for logical, properties in template.of_type("AWS::IAM::InstanceProfile"):
        _profile(drafts, logical, properties)
    for logical, properties in template.of_type("AWS::Organizations::Policy"):
        _organization(drafts, logical, properties)
    for kind, hint in _ELSEWHERE.items():
        for logical, _ in template.of_type(kind):
            template.left_out(("Resources", logical), f"the {kind} `{logical}`", hint)


def read_identity(
    drafts: Drafts, logical: str, kind: IdentityKind, path: Path, properties: dict[str, Any]
) -> Draft:
    """Read what roles, users and groups have in common, and what each has alone."""
    template = drafts.template
    name = template.entities[logical].name
    draft = Draft(kind, name, template.span(("Resources", logical), key=True))
    drafts.identities[logical] = draft
    draft.path = _path(drafts, path, properties, name)
    draft.description = _description(drafts, path, properties)
    if "AssumeRolePolicyDocument" in properties:
        draft.trust = drafts.policy((*path, "AssumeRolePolicyDocument"))
    elif kind == "role":
        template.bad(path, f"the role `{logical}` has no `AssumeRolePolicyDocument`")
    draft.max_session = _seconds(drafts, path, properties)
    draft.tags = drafts.tags((*path, "Tags"), properties.get("Tags"))
    draft.boundary = boundary(drafts, path, properties)
    for text, where in drafts.texts(path, properties, "ManagedPolicyArns"):
        draft.managed.append(drafts.attachment(text, where))
    _policies(drafts, draft, logical, path, properties)
    draft.groups += [text for text, _ in drafts.texts(path, properties, "Groups")]
    drafts.rest(path, properties, _KNOWN[kind], kind)
    return draft


def boundary(drafts: Drafts, path: Path, properties: dict[str, Any]) -> iam.Attachment | None:
    """Return the boundary that a resource's properties name."""
    if "PermissionsBoundary" not in properties:
        return None
    here = (*path, "PermissionsBoundary")
    text = drafts.template.text(here)
    return None if text is None else drafts.attachment(text, here)


def _path(drafts: Drafts, path: Path, properties: dict[str, Any], name: str) -> str:
    here = (*path, "Path")
    return identity_path(drafts, here, properties["Path"], name) if "Path" in properties else "/"


def identity_path(drafts: Drafts, here: Path, raw: Any, name: str) -> str:
    """Return the path of an identity or policy; a source says paths that are known only."""
    text = drafts.template.text(here, raw)
    if text is None or _PATH.fullmatch(text):
        return text or "/"
    hint = "write a path that is known, such as `/team/`, in a copy of the template"
    if iam.PLACEHOLDER_OPEN in text:
        shown = spelled(text)
        drafts.template.inexact(here, "Path", f"the path of `{name}` is `{shown}`", hint)
    else:
        drafts.template.bad(here, "a path begins and ends with `/`")
    return "/"


def _description(drafts: Drafts, path: Path, properties: dict[str, Any]) -> str | None:
    if "Description" not in properties:
        return None
    return drafts.template.text((*path, "Description")) or None


def _seconds(drafts: Drafts, path: Path, properties: dict[str, Any]) -> int | None:
    if "MaxSessionDuration" not in properties:
        return None
    here = (*path, "MaxSessionDuration")
    text = drafts.template.text(here)
    if text is None:
        return None
    if text.isdecimal():
        return int(text)
    if iam.PLACEHOLDER_OPEN in text:
        drafts.template.inexact(here, "MaxSessionDuration", f"it is `{spelled(text)}` seconds")
    else:
        drafts.template.bad(here, "`MaxSessionDuration` is a number of seconds")
    return None


def _policies(
    drafts: Drafts, draft: Draft, logical: str, path: Path, properties: dict[str, Any]
) -> None:
    """Read the list of inline policies."""
    listed = properties.get("Policies")
    if listed is None:
        return
    here = (*path, "Policies")
    if not isinstance(listed, list):
        if drafts.template.evaluated(here) is not None:
            drafts.template.bad(here, "`Policies` is a list of policies with names")
        return
    for i, item in enumerate(listed):
        at = (*here, i)
        if is_call(item):
            if drafts.template.evaluated(at) is not None:
                drafts.template.bad(at, "a policy with a name is expected")
        elif not isinstance(item, dict) or not {"PolicyName", "PolicyDocument"} <= item.keys():
            drafts.template.bad(at, "a policy has a `PolicyName` and a `PolicyDocument`")
        else:
            policy = drafts.policy((*at, "PolicyDocument"))
            name = _inline_name(drafts, (*at, "PolicyName"), f"{logical}Policy{i}")
            if policy is not None:
                drafts.attach_inline(draft, name, policy, at)


def _inline_name(drafts: Drafts, path: Path, instead: str) -> str:
    """Return the name of an inline policy; one that a deployment makes up is replaced."""
    text = drafts.template.text(path)
    if text is None or iam.PLACEHOLDER_OPEN in text:
        if text is not None:
            drafts.renamed(path, f"the name of the inline policy is `{spelled(text)}`", instead)
        return instead
    return text


def _managed(drafts: Drafts, logical: str, properties: dict[str, Any]) -> None:
    path = _properties(logical)
    if "PolicyDocument" not in properties:
        drafts.template.bad(path, f"`{logical}` has no `PolicyDocument`")
        return
    policy = drafts.policy((*path, "PolicyDocument"))
    name = drafts.template.entities[logical].name
    origin = (drafts.template.span(("Resources", logical), key=True),)
    for property_, kind in _HOLDERS:
        for holder, where in drafts.texts(path, properties, property_):
            draft = drafts.find(kind, holder)
            if draft is not None:
                draft.managed.append(iam.Attachment(name, ours=True, origin=origin))
                continue
            drafts.template.left_out(
                where,
                f"that `{name}` is attached to the {kind} `{spelled(holder)}`, which the template"
                " does not make,",
                f"declare the {kind}, or attach the policy beside what is built",
            )
            drafts.comment(name, f"the template attaches it to the {kind} `{spelled(holder)}`")
    its_path = _path(drafts, path, properties, name)
    known = {"PolicyDocument", "ManagedPolicyName", "Path", "Description", "Tags"}
    drafts.rest(path, properties, known | {h for h, _ in _HOLDERS}, "managed policy")
    if policy is not None:
        description = _description(drafts, path, properties)
        tags = drafts.tags((*path, "Tags"), properties.get("Tags"))
        drafts.add(
            logical,
            iam.Document("managed", name, policy, its_path, description, tags, origin=origin),
        )


def _inline(drafts: Drafts, logical: str, properties: dict[str, Any], kind: str) -> None:
    """Read an inline policy that is a resource of its own.

    `AWS::IAM::Policy` names any number of holders, `AWS::IAM::RolePolicy` and the like one.
    """
    path = _properties(logical)
    if "PolicyDocument" not in properties:
        drafts.template.bad(path, f"`{logical}` has no `PolicyDocument`")
        return
    policy = drafts.policy((*path, "PolicyDocument"))
    name = (
        _inline_name(drafts, (*path, "PolicyName"), logical)
        if "PolicyName" in properties
        else logical
    )
    holders = [(f"{kind}Name", kind.lower())] if kind else _HOLDERS
    drafts.rest(
        path, properties, {"PolicyDocument", "PolicyName", *(h for h, _ in holders)}, "policy"
    )
    found = [
        (holder_kind, text, where)
        for property_, holder_kind in holders
        for text, where in drafts.texts(path, properties, property_)
    ]
    if policy is None:
        for holder_kind, text, _ in found:
            drafts.break_holder(holder_kind, text)
        return
    foreign = []
    for holder_kind, text, where in found:
        draft = drafts.find(holder_kind, text)
        if draft is not None:
            drafts.attach_inline(draft, name, policy, where)
        else:
            foreign.append((holder_kind, text, where))
    if foreign:
        _foreign(drafts, logical, name, policy, foreign)


def _foreign(
    drafts: Drafts,
    logical: str,
    name: str,
    policy: iam.Policy,
    holders: list[tuple[str, str, Path]],
) -> None:
    """Make a managed policy of an inline one whose holder is not in the template."""
    document = name if drafts.is_free(name) else logical
    document = drafts.unique(document)
    for kind, text, where in holders:
        shown = spelled(text)
        drafts.template.left_out(
            where,
            f"that `{name}` is an inline policy of the {kind} `{shown}`, which the template"
            " does not make,",
            f"it becomes a managed policy: declare the {kind}, or attach the policy to it",
        )
        drafts.comment(document, f"in the template an inline policy of the {kind} `{shown}`")
    origin = (drafts.template.span(("Resources", logical), key=True),)
    drafts.add(logical, iam.Document("managed", document, policy, origin=origin))


def _additions(drafts: Drafts, logical: str, properties: dict[str, Any]) -> None:
    path = _properties(logical)
    groups = drafts.texts(path, properties, "GroupName")
    for user, where in drafts.texts(path, properties, "Users"):
        draft = drafts.find("user", user)
        if draft is not None:
            draft.groups += [text for text, _ in groups]
        else:
            shown = spelled(user)
            drafts.template.left_out(
                where,
                f"the user `{shown}`, which the template does not make,",
                "declare the user, or put it into the group beside what is built",
            )


def _profile(drafts: Drafts, logical: str, properties: dict[str, Any]) -> None:
    path = _properties(logical)
    name = drafts.template.entities[logical].name
    if "Path" in properties and drafts.template.text((*path, "Path")) not in {"/", None}:
        hint = "an instance profile gets the path `/`"
        drafts.template.left_out((*path, "Path"), "the path of an instance profile", hint)
    for text, where in drafts.texts(path, properties, "Roles"):
        draft = drafts.find("role", text)
        if draft is not None and draft.instance_profile in {None, name}:
            draft.instance_profile = name
        else:
            why = (
                "which has one already,"
                if draft is not None
                else "which the template does not make,"
            )
            drafts.template.left_out(
                where,
                f"the instance profile `{name}` of the role `{spelled(text)}`, {why}",
                "make the instance profile beside what is built",
            )


def _permission_set(drafts: Drafts, logical: str, properties: dict[str, Any]) -> None:
    template, path = drafts.template, _properties(logical)
    name = template.entities[logical].name
    draft = Draft("permission_set", name, template.span(("Resources", logical), key=True))
    drafts.identities[logical] = draft
    draft.description = _description(drafts, path, properties)
    draft.tags = drafts.tags((*path, "Tags"), properties.get("Tags"))
    draft.max_session = _hours(drafts, path, properties)
    if properties.get("InlinePolicy"):
        policy = drafts.policy((*path, "InlinePolicy"))
        if policy is not None:
            draft.inline.append((name, policy))
    for text, where in drafts.texts(path, properties, "ManagedPolicies"):
        draft.managed.append(drafts.attachment(text, where))
    listed = (
        template.evaluated((*path, "CustomerManagedPolicyReferences"))
        if ("CustomerManagedPolicyReferences" in properties)
        else None
    )
    for i, reference in enumerate(listed.value if listed is not None else ()):
        where = (*path, "CustomerManagedPolicyReferences", i)
        if (found := _customer_managed(drafts, reference, where)) is not None:
            draft.managed.append(found)
    draft.boundary = _set_boundary(drafts, path, properties)
    known = {
        "Name", "Description", "InstanceArn", "InlinePolicy", "ManagedPolicies", "Tags",
        "CustomerManagedPolicyReferences", "PermissionsBoundary", "SessionDuration",
    }  # fmt: skip
    drafts.rest(path, properties, known, "permission set")


def _set_boundary(drafts: Drafts, path: Path, properties: dict[str, Any]) -> iam.Attachment | None:
    if "PermissionsBoundary" not in properties:
        return None
    here = (*path, "PermissionsBoundary")
    found = drafts.template.evaluated(here)
    if found is None:
        return None
    value = found.value if isinstance(found.value, dict) else {}
    if isinstance(value.get("ManagedPolicyArn"), str):
        return drafts.attachment(value["ManagedPolicyArn"], here)
    return _customer_managed(drafts, value.get("CustomerManagedPolicyReference"), here)


def _customer_managed(drafts: Drafts, value: Any, path: Path) -> iam.Attachment | None:
    """Return what attaches a policy of each account by its name."""
    if not isinstance(value, dict) or not isinstance(value.get("Name"), str):
        drafts.template.bad(path, "a customer managed policy is given by its `Name`")
        return None
    if value.get("Path", "/") != "/":
        drafts.template.left_out(
            path,
            f"the path `{spelled(str(value['Path']))}` of the policy `{spelled(value['Name'])}`",
            "a permission set names policies without their path: set it beside what is built",
        )
    return iam.Attachment(value["Name"], origin=(drafts.template.span(path),))


def _hours(drafts: Drafts, path: Path, properties: dict[str, Any]) -> int | None:
    """Return the seconds of an ISO 8601 duration such as `PT8H`."""
    if "SessionDuration" not in properties:
        return None
    here = (*path, "SessionDuration")
    text = drafts.template.text(here)
    if text is None:
        return None
    found = _HOURS.fullmatch(text)
    if found is not None and text != "PT":
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return hours * 3600 + minutes * 60 + seconds
    if iam.PLACEHOLDER_OPEN in text:
        drafts.template.inexact(here, "SessionDuration", f"it is `{spelled(text)}`")
    else:
        drafts.template.bad(here, "`SessionDuration` is a duration such as `PT8H`")
    return None


def _organization(drafts: Drafts, logical: str, properties: dict[str, Any]) -> None:
    template, path = drafts.template, _properties(logical)
    name = template.entities[logical].name
    type_ = template.text((*path, "Type")) if "Type" in properties else None
    kind = _ORGANIZATION.get(type_ or "")
    if kind is None:
        if type_ is not None:
            hint = "write it beside what is built: it is none of IAM's policies"
            template.left_out(path, f"the {spelled(type_)} `{name}`", hint)
            template.read.add((*path, "Content"))
        else:
            template.bad(path, f"`{logical}` has no `Type`")
        return
    policy = drafts.policy((*path, "Content")) if "Content" in properties else None
    for text, where in drafts.texts(path, properties, "TargetIds"):
        shown = spelled(text)
        template.left_out(
            where,
            f"that `{name}` is attached to `{shown}`",
            f'attach it in an `organization`: `ou NAME "{shown}" {{ attach {name} }}`',
        )
        drafts.comment(name, f"the template attaches it to `{shown}`")
    drafts.rest(
        path, properties, {"Name", "Type", "Content", "Description", "TargetIds", "Tags"}, kind
    )
    if policy is not None:
        drafts.add(
            logical,
            iam.Document(
                cast("DocumentKind", kind),
                name,
                policy,
                description=_description(drafts, path, properties),
                tags=drafts.tags((*path, "Tags"), properties.get("Tags")),
                origin=(template.span(("Resources", logical), key=True),),
            ),
        )


def boundaries(drafts: Drafts) -> list[iam.Document]:
    """Return the documents, boundaries told from policies: nobody attaches them."""
    import attrs  # noqa: PLC0415  # one use

    bounding = {
        d.boundary.policy
        for d in drafts.identities.values()
        if d.boundary is not None and d.boundary.ours
    }
    only = bounding - attached(drafts.identities.values())
    return [
        attrs.evolve(d, kind="boundary") if d.kind == "managed" and d.name in only else d
        for d in drafts.documents
    ]
