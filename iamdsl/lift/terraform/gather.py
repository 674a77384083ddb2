"""Resources to an estate: who there is, what is attached to whom, which policies have resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.lift.estate import Estate, Extern
from iamdsl.lift.reading import Lenient
from iamdsl.lift.terraform import holders
from iamdsl.lift.terraform.drafts import Draft, Drafts
from iamdsl.lift.terraform.kept import Kept
from iamdsl.lift.terraform.memberships import HANDLERS
from iamdsl.lift.terraform.names import CATEGORIES
from iamdsl.lift.terraform.resources import (
    Resource,
    is_open,
    read_document,
    read_text,
)
from iamdsl.lift.terraform.unsure import Unsure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.diagnostics import Report

_ORGANIZATION: Mapping[str, iam.DocumentKind] = {
    "SERVICE_CONTROL_POLICY": "scp",
    "RESOURCE_CONTROL_POLICY": "rcp",
}


def gather(
    resources: Sequence[Resource],
    lone: Sequence[Resource],
    names: Mapping[str, str],
    externs: Mapping[str, Extern],
    pseudo: Mapping[str, str],
    report: Report,
) -> Estate | None:
    """Return what resources say of IAM; None when they say nothing (and was reported).

    Args:
        lone: policy documents that no resource uses.
        names: those of the entities, by address (`names.give`).
        externs: what marks in the values may stand for; those that are used are kept.
        pseudo: what is known of the place.
    """
    drafts = Drafts(names, report)
    unsure = Unsure(drafts)
    for resource in resources:
        unsure.watch(_declare, resource)
    for resource in resources:
        handler = HANDLERS.get(resource.type)
        if handler is not None:
            unsure.watch(handler, resource)
        elif resource.type in holders.PERMISSIONS or _is_strange(resource):
            _not_read(resource, report)
    kept = Kept(drafts, pseudo)
    kept.add(resources)
    for resource in lone:
        _lone(resource, drafts)
    gone = unsure.identities()
    build = iam.Build(
        documents=(*drafts.finished_documents(), *kept.documents),
        identities=tuple(d.finished() for d in drafts.identities.values() if d not in gone),
    )
    if report.failed and (not isinstance(report, Lenient) or report.stopped):
        return None
    if not build.documents and not build.identities:
        if report.failed:
            return None
        report.add(
            codes.NOTHING_TO_IMPORT,
            lone[0].place if lone else resources[0].place if resources else None,
            "there is no policy or identity here that can be imported",
            hint="import the folder or state with the `aws_iam_…` resources",
        )
        return None
    return Estate(build, _used(build, externs), dict(pseudo), drafts.docs, whole=not report.failed)


def _is_strange(resource: Resource) -> bool:
    """Tell whether a resource is one of IAM's that is not known here."""
    return resource.type.startswith("aws_iam_") and resource.type not in CATEGORIES


def _not_read(resource: Resource, report: Report) -> None:
    report.add(
        codes.LEFT_OUT,
        resource.place,
        f"`{resource.address}` is left out: it is no policy document, identity or attachment",
        hint="keep it in Terraform",
    )


def _declare(resource: Resource, drafts: Drafts) -> None:
    category = CATEGORIES.get(resource.type)
    match category:
        case None:
            return
        case "policy":
            policy = read_document(resource, "policy", drafts.report)
            _document(resource, "managed", policy, drafts)
        case "organization":
            _organization(resource, drafts)
        case _:
            drafts.declare(_identity(resource, category, drafts))


def _organization(resource: Resource, drafts: Drafts) -> None:
    said = read_text(resource, "type", drafts.report) or "SERVICE_CONTROL_POLICY"
    kind = _ORGANIZATION.get(said)
    if kind is None:
        return  # tag policies, backup policies and so on are nothing of IAM's
    policy = read_document(resource, "content", drafts.report)
    _document(resource, kind, policy, drafts)


def _document(
    resource: Resource, kind: iam.DocumentKind, policy: iam.Policy | None, drafts: Drafts
) -> None:
    report = drafts.report
    if policy is None:
        if not report.failed:
            _missing(resource, "policy", report)
        return
    drafts.add_document(
        resource,
        iam.Document(
            kind,
            drafts.name(resource),
            drafts.served(policy),
            read_text(resource, "path", report) or "/",
            _lenient(resource, "description", drafts),
            read_tags(resource, drafts),
            origin=(resource.place,),
        ),
    )


def _identity(resource: Resource, kind: iam.IdentityKind, drafts: Drafts) -> Draft:
    report = drafts.report
    draft = Draft(kind, drafts.name(resource), resource)
    draft.path = read_text(resource, "path", report) or "/"
    draft.tags = read_tags(resource, drafts)
    draft.description = _lenient(resource, "description", drafts)
    draft.max_session = _seconds(resource, drafts)
    if kind == "role":
        policy = read_document(resource, "assume_role_policy", report)
        draft.trust = None if policy is None else drafts.served(policy)
        if policy is None and not report.failed:
            _missing(resource, "assume_role_policy", report)
    return draft


def _missing(resource: Resource, name: str, report: Report) -> None:
    report.add(
        codes.NOT_A_STATE,
        resource.place,
        f"`{resource.address}` has no `{name}`",
        hint="it is of a version of the provider that is not known, or was written by hand",
    )


def _lenient(resource: Resource, name: str, drafts: Drafts) -> str | None:
    """Return a text that decides nothing; one that is computed is left out with a warning."""
    if is_open(resource, name) is not None:
        _left_out(resource, name, drafts)
        return None
    return read_text(resource, name, drafts.report)


def _left_out(resource: Resource, name: str, drafts: Drafts) -> None:
    drafts.report.add(
        codes.LEFT_OUT,
        resource.tree.place((name,)),
        f"`{resource.address}.{name}` is computed, and left out",
        hint="write it in the source, or keep it in Terraform",
    )


def read_tags(resource: Resource, drafts: Drafts) -> iam.Tags:
    """Return the tags of a resource; computed ones are left out with a warning."""
    value = resource.get("tags")
    if value is None or not value:
        return ()
    texts = value.items() if isinstance(value, dict) else ()
    if not texts or not all(isinstance(text, (str, int, float)) for _, text in texts):
        _left_out(resource, "tags", drafts)
        return ()
    return tuple((name, str(text)) for name, text in texts)


def _seconds(resource: Resource, drafts: Drafts) -> int | None:
    """Return how long sessions last; None for the hour that AWS takes by itself."""
    name = (
        "session_duration" if "session_duration" in resource.tree.value else "max_session_duration"
    )
    value = resource.get(name)
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    seconds = _iso_seconds(value) if isinstance(value, str) else value
    if isinstance(seconds, int) and not isinstance(seconds, bool):
        return None if seconds == 3600 else seconds
    if value is not None:
        _left_out(resource, name, drafts)
    return None


def _iso_seconds(text: str) -> int | None:
    """Return the seconds of a duration as permission sets have it: `PT8H`, `PT1H30M`."""
    import re  # noqa: PLC0415  # few estates have permission sets

    found = re.fullmatch(r"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _lone(resource: Resource, drafts: Drafts) -> None:
    """Make a policy of a document that nothing uses, if it can be an identity's."""
    policy = read_document(resource, "json", drafts.report)
    if policy is None:
        return
    name = drafts.free(resource.label, "document")
    if all(statement.principals is None for statement in policy.statements):
        drafts.add_document(
            resource, iam.Document("managed", name, drafts.served(policy), origin=(resource.place,))
        )
        return
    drafts.report.add(
        codes.NOT_PLACED,
        resource.place,
        f"`{resource.address}` is left out: nothing here uses it, and it is of a resource or role",
        hint="import its JSON by itself, and say with `--kind` and `--for` what it is",
    )


def _used(build: iam.Build, externs: Mapping[str, Extern]) -> tuple[Extern, ...]:
    """Return the externs whose marks stand somewhere in a build, in the order of the module."""
    found: set[str] = set()
    pending: list[Any] = [build]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            found.update(iam.placeholders(value))
        elif isinstance(value, (tuple, list)):
            pending.extend(value)
        elif attrs.has(type(value)):
            pending.extend(
                getattr(value, f.name) for f in attrs.fields(type(value)) if f.name != "origin"
            )
    return tuple(extern for name, extern in externs.items() if name in found)
