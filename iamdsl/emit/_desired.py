"""A place as plain JSON data: what is to be in an account, for what converges it.

```
{"version": 1, "project": "acme", "account": "111122223333" or null, "partition": "aws" or null,
 "region": "eu-west-1" or null,
 "externs": [{"name", "type", "pattern", "options": [], "longest", "doc"}],
 "policies": [{"name", "path", "description": null, "tags": {}, "document": {}}],
 "roles":  [{"name", "path", "description", "max_session": null, "trust": {}, "boundary": null,
             "tags": {}, "inline": {name: document}, "managed": [], "instance_profile": null}],
 "users":  [{"name", "path", "boundary", "tags", "inline", "managed", "groups": []}],
 "groups": [{"name", "path", "inline", "managed"}],
 "resources": [{"name", "service", "target", "document", "rows": []}],
 "organization": {"policies": [{"name", "type", "description", "tags", "document"}],
                  "targets": [{"kind", "name", "id", "policies": []}]},
 "permission_sets": [{"name", "description", "session", "boundary", "tags", "inline": null,
                      "managed": []}],
 "order": {"role worker": ["reader", ""]}}
```
`organization` and `permission_sets` are null in the places of accounts, which have none. `rows` are
those of `iamdsl.aws.policy_operations` that may set the policy, with the SDK's names.
Policies are named by their name where they are ours, else by their ARN (which begins `arn:`).
Texts still hold marks; the runtime fills them in once the values were checked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl import iam
from iamdsl.emit._marks import Mark, open_externs, parts
from iamdsl.emit._places import placed_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.diagnostics import Code
    from iamdsl.emit._places import Place
    from iamdsl.emit._targets import Data, Facts
    from iamdsl.source import Span

VERSION = 1
"""Of the shape; raised when a member changes its meaning or goes away."""

_ORGANIZATION = {"scp": "SERVICE_CONTROL_POLICY", "rcp": "RESOURCE_CONTROL_POLICY"}
_WITH_ID = frozenset({"kms", "s3", "sns", "sqs"})
"""Services whose policies surely take an `Id`, as AWS's own have one there."""

_OUR_TAGS = 2
_MOST_TAGS = 50  # of an identity or policy (AWS "reference_iam-quotas")
_MARKED = iam.Policy((iam.Statement("Allow", iam.Elements(("none:null",)), iam.Elements(("*",))),))


class LeftOut(NamedTuple):
    """What of a place cannot be deployed from data, and what there is to say of it."""

    code: Code
    origin: tuple[Span, ...]
    message: str
    hint: str


def desired(place: Place, facts: Facts) -> Data:
    """Return what is to be in a place."""
    build = place.build
    identities: dict[str, list[Data]] = {"role": [], "user": [], "group": [], "permission_set": []}
    for identity in build.identities:
        identities[identity.kind].append(_IDENTITIES[identity.kind](identity))
    here = place.account is None
    return {
        "version": VERSION,
        "project": facts.project,
        "account": place.pseudo.get("account"),
        "partition": place.pseudo.get("partition"),
        "region": place.pseudo.get("region"),
        "externs": [_extern(extern) for extern in open_externs(build, facts.externs)],
        "policies": [_policy(d) for d in build.documents if d.is_managed],
        "roles": identities["role"],
        "users": identities["user"],
        "groups": identities["group"],
        "resources": [
            made
            for d in build.documents
            if d.kind == "resource" and (made := _resource(d, facts)) is not None
        ],
        "organization": _organization(build) if here else None,
        "permission_sets": identities["permission_set"]
        if here or identities["permission_set"]
        else None,
        "order": _orders(place, facts),
    }


def left_out(place: Place, facts: Facts) -> Iterator[LeftOut]:
    """Yield what `desired` leaves out, and what AWS would refuse with the mark of ownership."""
    from iamdsl.diagnostics import codes  # noqa: PLC0415  # with all their texts

    for document in place.build.documents:
        name, origin = document.name, document.origin
        if document.kind == "session":
            message = f"session policy `{name}` is not deployed: whoever assumes a role passes it"
            hint = "take its text from target json"
            yield LeftOut(codes.NOT_DEPLOYED, origin, message, hint)
        elif document.kind == "resource" and not _rows(document):
            message = f"resource policy `{name}` is not deployed: {_reason(document)}"
            yield LeftOut(codes.NOT_DEPLOYED, origin, message, "set it where the resource is made")
    things: list[iam.Document | iam.Identity] = [*place.build.documents, *place.build.identities]
    for thing in things:
        if len(thing.tags) + _OUR_TAGS > _MOST_TAGS:
            what = f"{thing.kind.replace('_', ' ')} `{thing.name}`"
            message = f"{what} has {len(thing.tags)} tags, and two more say that it is ours"
            hint = f"AWS takes {_MOST_TAGS} tags"
            yield LeftOut(codes.TARGET_TOO_LARGE, thing.origin, message, hint)
    for identity in place.build.identities:
        if identity.kind == "group" and (message := _overfull(identity, facts)):
            hint = "leave room for it, or attach a policy to the group"
            yield LeftOut(codes.TARGET_TOO_LARGE, identity.origin, message, hint)


def _overfull(group: iam.Identity, facts: Facts) -> str:
    """Say that a group's own policies leave no room for the one that marks it, if it is so."""
    limit = facts.limits.policy_size("inline-group")
    own = sum(iam.size(policy, facts.lengths) for _, policy in group.inline)
    mark = iam.size(_MARKED, {})
    if limit is None or own + mark <= limit.value:
        return ""
    return (
        f"group `{group.name}` has {own} characters of inline policies, and the one that says that"
        f" it is ours has {mark}, where AWS takes {limit.value} together"
    )


def _extern(extern: iam.Extern) -> Data:
    return {
        "name": extern.name,
        "type": extern.type,
        "pattern": extern.pattern,
        "options": list(extern.options),
        "longest": extern.longest,
        "doc": " ".join(extern.doc.split()),
    }


def _policy(document: iam.Document) -> Data:
    return {
        "name": document.name,
        "path": document.path,
        "description": document.description,
        "tags": dict(document.tags),
        "document": iam.to_json(document.policy),
    }


def _role(identity: iam.Identity) -> Data:
    return {
        "name": identity.name,
        "path": identity.path,
        "description": identity.description,
        "max_session": identity.max_session,
        "trust": iam.to_json(identity.trust) if identity.trust is not None else None,
        "boundary": _boundary(identity),
        "tags": dict(identity.tags),
        **_permissions(identity),
        "instance_profile": identity.instance_profile,
    }


def _user(identity: iam.Identity) -> Data:
    return {
        "name": identity.name,
        "path": identity.path,
        "boundary": _boundary(identity),
        "tags": dict(identity.tags),
        **_permissions(identity),
        "groups": list(identity.groups),
    }


def _group(identity: iam.Identity) -> Data:
    return {"name": identity.name, "path": identity.path, **_permissions(identity)}


def _permission_set(identity: iam.Identity) -> Data:
    made = _permissions(identity)
    return {
        "name": identity.name,
        "description": identity.description,
        "session": identity.max_session,
        "boundary": _boundary(identity),
        "tags": dict(identity.tags),
        "inline": next(iter(made["inline"].values()), None),
        "managed": made["managed"],
    }


_IDENTITIES = {
    "role": _role,
    "user": _user,
    "group": _group,
    "permission_set": _permission_set,
}


def _permissions(identity: iam.Identity) -> Data:
    return {
        "inline": {name: iam.to_json(policy) for name, policy in identity.inline},
        "managed": list(dict.fromkeys(attachment.policy for attachment in identity.managed)),
    }


def _boundary(identity: iam.Identity) -> str | None:
    return identity.boundary.policy if identity.boundary is not None else None


def _organization(build: iam.Build) -> Data:
    policies = [
        {**_policy(document), "type": _ORGANIZATION[document.kind]}
        for document in build.documents
        if document.kind in _ORGANIZATION
    ]
    for policy in policies:
        del policy["path"]
    targets = [
        {
            "kind": target.kind,
            "name": target.name,
            "id": target.id,
            "policies": [attachment.policy for attachment in target.attached],
        }
        for target in build.targets
    ]
    return {"policies": policies, "targets": targets}


# -- resource policies


def _resource(document: iam.Document, facts: Facts) -> Data | None:
    rows = _rows(document)
    if not rows:
        return None
    made = iam.to_json(document.policy)
    if "Id" not in made and document.service in _WITH_ID:
        marked = {"Version": made["Version"], "Id": f"iamdsl:{facts.project}", **made}
        limit = facts.limits.policy_size("resource", document.service or "")
        more = len(iam.minified(marked)) - len(iam.minified(made))
        if limit is None or iam.size(document.policy, facts.lengths) + more <= limit.value:
            made = marked
    return {
        "name": document.name,
        "service": document.service,
        "target": document.target,
        "document": made,
        "rows": rows,
    }


def _rows(document: iam.Document) -> list[Data]:
    """Return the operations that may set a policy; which one, the ARN tells where it is known."""
    from iamdsl.aws import policy_operations as table  # noqa: PLC0415  # few builds have one

    service, target = document.service or "", document.target or ""
    whole = len(found := parts(target)) == 1 and isinstance(found[0], Mark)
    if whole:
        return [_row(row) for row in table.operations_of(service)]
    row = table.operation_of(service, target)
    return [_row(row)] if row is not None else []


def _row(row: Any) -> Data:
    lookup = row.lookup
    return {
        "client": row.client,
        "resource": row.resource,
        "put": _method(row.put),
        "get": _method(row.get),
        "target": _pairs(row.target),
        "document": row.document,
        "answer": row.answer,
        "more": _pairs(row.more),
        "asked": _pairs(row.target if row.asked is None else row.asked),
        "absent": list(row.absent),
        "lookup": None
        if lookup is None
        else {
            "operation": _method(lookup.operation),
            "members": _pairs(lookup.members),
            "answer": lookup.answer,
        },
    }


def _pairs(members: Sequence[tuple[str, Any]]) -> list[list[Any]]:
    return [list(pair) for pair in members]


def _method(operation: str) -> str:
    """Return what the SDK for Python calls an operation: `GetQueueUrl` is `get_queue_url`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", operation).lower()


def _reason(document: iam.Document) -> str:
    return f"AWS has no operation of its own for policies of {document.target or 'it'}"


# -- order


def _orders(place: Place, facts: Facts) -> dict[str, list[str]]:
    """Return in which order the documents of identities change, "" for the inline one."""
    found = placed_in(place.name, facts.placed)
    return {owner: list(placed.order) for owner, placed in found.items() if placed.order}
