"""The steps that set the policies of an organization, and permission sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.emit.aws_cli._shell import ROOT, to_json
from iamdsl.emit.aws_cli._steps import Section, Step, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl import iam
    from iamdsl.emit.aws_cli._steps import Steps

_TYPES = {"scp": "SERVICE_CONTROL_POLICY", "rcp": "RESOURCE_CONTROL_POLICY"}
_FULL_ACCESS = "p-FullAWSAccess"


def organization_sections(steps: Steps) -> Iterator[Section]:
    """Yield the policies of the organization, where they are attached, and where no more."""
    build = steps.place.build
    documents = [d for d in build.documents if d.kind in _TYPES]
    foreign = {a.policy: None for t in build.targets for a in t.attached if not a.ours}
    if not documents and not foreign:
        return
    known = [t.id for t in build.targets if t.kind == "organization"]
    first = [Step("organization", (organization,)) for organization in known]
    if any(t.kind == "organization" and t.attached for t in build.targets):
        first.append(Step("root_of_all"))
    if first:
        yield Section("organization", tuple(first))
    for document in documents:
        made = Step(
            "organization_policy",
            (
                _TYPES[document.kind],
                document.name,
                to_json(document.description or ""),
                tags_of(document.tags),
                steps.text(document.policy),
            ),
        )
        attached = [Step("attach_to", (t,)) for t in _targets(build, document.name, ours=True)]
        yield Section(f"{document.kind} {document.name}", (made, *attached))
    for arn in foreign:
        made = Step("known_policy", (arn.rpartition("/")[2],))
        attached = [Step("attach_to", (t,)) for t in _targets(build, arn, ours=False)]
        yield Section(f"policy {arn}", (made, *attached))
    last = [
        Step("only_at", (_TYPES[d.kind], d.name, *_targets(build, d.name, ours=True)))
        for d in documents
    ]
    last += [Step("without_full_access", (_id(t),)) for t in build.targets if _is_closed(t, build)]
    if last:
        yield Section("where the policies are not attached any more", tuple(last))


def _targets(build: iam.Build, policy: str, *, ours: bool) -> list[str]:
    """Return the ids of the targets that a policy is attached to."""
    return [
        _id(target)
        for target in build.targets
        if any(a.policy == policy and a.ours == ours for a in target.attached)
    ]


def _id(target: iam.Target) -> str:
    return ROOT if target.kind == "organization" else target.id


def _is_closed(target: iam.Target, build: iam.Build) -> bool:
    """Tell whether a policy says what is allowed at a target, which AWS's own must not widen."""
    allowing = {
        d.name
        for d in build.documents
        if d.kind == "scp" and any(s.effect == "Allow" for s in d.policy.statements)
    }
    full = any(a.policy.endswith(f"/{_FULL_ACCESS}") for a in target.attached)
    return not full and any(a.ours and a.policy in allowing for a in target.attached)


def permission_set_sections(steps: Steps) -> Iterator[Section]:
    """Yield the permission sets."""
    found = [i for i in steps.place.build.identities if i.kind == "permission_set"]
    if found:
        yield Section("IAM Identity Center", (Step("sso_instance"),))
    for identity in found:
        section = tuple(_permission_set(identity, steps))
        yield Section(f"permission set {identity.name}", section)


def _permission_set(identity: iam.Identity, steps: Steps) -> Iterator[Step]:
    duration = _duration(identity.max_session or 3600)
    described = to_json(identity.description or "")
    yield Step("permission_set", (identity.name, described, duration, tags_of(identity.tags)))
    bound = identity.boundary
    if bound is not None:
        yield Step("set_boundary", _reference(bound, steps))
    for attachment in identity.managed:
        values = _reference(attachment, steps)
        yield Step("set_managed" if len(values) == 1 else "set_customer", values)
    for _, policy in identity.inline:
        yield Step("set_inline", (steps.text(policy),))
    if not identity.inline:
        yield Step("no_inline")
    if bound is None:
        yield Step("no_boundary")
    yield Step("provision")


def _reference(attachment: iam.Attachment, steps: Steps) -> tuple[str, ...]:
    """Return the ARN of a policy of AWS's, or path and name of one of the accounts'."""
    name = attachment.policy
    if attachment.ours:
        return (steps.documents[name].path, name)
    if ":iam::aws:policy/" in name or not name.startswith("arn:"):
        return (name,) if name.startswith("arn:") else ("/", name)
    path, _, last = name.partition(":policy")[2].rpartition("/")
    return (f"{path}/", last)


def _duration(seconds: int) -> str:
    """Return seconds as ISO 8601."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    found = [hours and f"{hours}H", minutes and f"{minutes}M", rest and f"{rest}S"]
    return "PT" + "".join(part for part in found if part)
