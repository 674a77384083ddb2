"""Reviews of documents and sources, for tests: what is said of them, with every rule on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iamdsl import lint
from iamdsl.aws import Catalogue
from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics import Report
from iamdsl.lift import Estate, formats
from iamdsl.project import check, load_project
from iamdsl.project.catalogue import open_catalogue
from iamdsl.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Code, Diagnostic

SETTINGS = (
    '[aws]\npartition = "aws"\naccount = "111122223333"\nregion = "eu-west-1"\n'
    '[lint]\npreset = "strict"\n'
)
_opened = open_catalogue()
assert isinstance(_opened, Catalogue)
CATALOGUE = _opened
"""The one that projects are checked by, so that all tests know what was read of it."""


def review_document(
    document: dict[str, Any] | str,
    *,
    kind: str = "auto",
    target: str | None = None,
    name: str = "document",
) -> tuple[Diagnostic, ...]:
    """Return what the review says of a policy document, as values or as JSON, by itself."""
    text = document if isinstance(document, str) else json.dumps(document, indent=2)
    report = Report()
    found = formats.read_loose(Source(f"{name}.json", text), name, report, kind=kind, target=target)
    if not isinstance(found, Estate):
        return report.diagnostics
    build = lint.settled(found.build)
    items = lint.items_of(build, written=False)
    world = lint.World(items, build, CATALOGUE, LIMITS, found.pseudo, lambda _: True, whole=False)
    lint.review(world, report)
    return report.diagnostics


def review_source(folder: Path, text: str, settings: str = SETTINGS) -> tuple[Diagnostic, ...]:
    """Return what `iamdsl check` says of a source, with the preset `strict`."""
    (folder / "main.iam").write_text(text, encoding="utf-8")
    (folder / "iamdsl.toml").write_text(settings, encoding="utf-8")
    return check(load_project([str(folder / "main.iam")])).diagnostics


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """Return a document with one statement that allows something."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    """Return a trust policy with one statement."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def said(diagnostics: tuple[Diagnostic, ...], code: Code) -> list[tuple[str, str]]:
    """Return what is underlined by each finding of a code, and its message."""
    return [(d.span.text if d.span else "", d.message) for d in diagnostics if d.code is code]
