"""Estates as texts: for snapshots, and to compare two of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.lift import cloudformation
from iamdsl.lift.reading import read_json
from iamdsl.lift.yaml_text import read_yaml
from iamdsl.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.lift.estate import Estate


def template(text: str, name: str = "template.yaml") -> tuple[Estate | None, Report]:
    """Read a template; None of what says nothing."""
    report = Report()
    reader = read_json if name.endswith(".json") else read_yaml
    tree = reader(Source(name, text), report)
    if tree is None:
        return None, report
    return cloudformation.read(tree, "template", report), report


def spelled(text: str) -> str:
    """Return a text with its marks as `<name>`."""
    return text.replace(iam.PLACEHOLDER_OPEN, "<").replace(iam.PLACEHOLDER_CLOSE, ">")


def said(report: Report) -> list[str]:
    """Return what was said: place, code, message, and what is underlined."""
    return [
        f"{d.span!r} {d.code.number} {d.message} [{d.span.text.splitlines()[0]}]"
        for d in report.diagnostics
        if d.span is not None
    ]


def described(estate: Estate | None) -> str:
    """Return all that an estate holds."""
    return "" if estate is None else "\n".join(_lines(estate))


def _lines(estate: Estate) -> Iterator[str]:
    for extern in estate.externs:
        yield f"extern {extern.name}: {extern.type} max {extern.max}  ## {spelled(extern.doc)}"
    for document in estate.build.documents:
        yield f"{document.kind} {document.name}{_comment(estate, document.name)}"
        yield from _set(
            path=document.path if document.path != "/" else None,
            description=document.description,
            tags=document.tags,
            target=document.target,
            service=document.service,
            attached=[_attachment(a) for a in document.attached],
        )
        yield from _policy(document.policy)
    for identity in estate.build.identities:
        yield f"{identity.kind} {identity.name}{_comment(estate, identity.name)}"
        yield from _set(
            path=identity.path if identity.path != "/" else None,
            description=identity.description,
            tags=identity.tags,
            boundary=_attachment(identity.boundary) if identity.boundary else None,
            max_session=identity.max_session,
            groups=identity.groups,
            instance_profile=identity.instance_profile,
            managed=[_attachment(a) for a in identity.managed],
        )
        if identity.trust is not None:
            yield "  trust"
            yield from _policy(identity.trust)
        for name, policy in identity.inline:
            yield f"  inline {name}"
            yield from _policy(policy)


def _comment(estate: Estate, name: str) -> str:
    return "".join(f"  ## {spelled(line)}" for line in estate.docs.get(name, "").splitlines())


def _set(**values: Any) -> Iterator[str]:
    for name, value in values.items():
        if value:
            yield f"  {name}: {spelled(json.dumps(value, ensure_ascii=False))}"


def _attachment(attachment: iam.Attachment) -> str:
    return f"{'ours ' if attachment.ours else ''}{attachment.policy}"


def _policy(policy: iam.Policy) -> Iterator[str]:
    if policy.id is not None:
        yield f"    id {policy.id}"
    for statement in policy.statements:
        text = json.dumps(iam.statement_to_json(statement), ensure_ascii=False)
        yield f"    {spelled(text)}"
