"""`iamdsl check`: compile and review; say what is wrong, and what a careful reader would say."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from iamdsl.cli import _options, console
from iamdsl.project import Outcome, check, load_project
from iamdsl.project.config import PRESETS

if TYPE_CHECKING:
    from collections.abc import Sequence

_KINDS = ("auto", "policy", "boundary", "scp", "rcp", "session", "trust", "resource")
_DOCUMENTS = (".json", ".yaml", ".yml", ".template", ".tf")


@click.command
@_options.compiling
@click.option("--preset", type=click.Choice(PRESETS), help="Which findings of the review to tell.")
@click.option(
    "--kind", type=click.Choice(_KINDS), default="auto", help="What policy documents are."
)
@click.option(
    "--for", "target", metavar="ARN", help="The resource that policy documents belong to."
)
def command(
    *,
    paths: tuple[str, ...],
    params: tuple[str, ...],
    output_format: str,
    color: str,
    error_on_warning: bool,
    preset: str | None,
    kind: str,
    target: str | None,
) -> None:
    """Compile a project, review what it says, write nothing.

    PATHS are as for build; or policy documents in JSON, folders of them, and whatever
    iamdsl import reads: they are reviewed as they are. The diagnostics go to stdout.
    """
    if _are_documents(paths) or kind != "auto" or target is not None:
        outcome = _documents(paths, params, preset, kind, target)
        _options.show_all(outcome.diagnostics, output_format, color, err=False)
        fine = f"ok: {_options.counted(outcome)}\n"
    else:
        paths, options = _options.options(paths, params, preset=preset)
        project = load_project(paths, options)
        outcome = check(project)
        _options.show(outcome, project, output_format, color, err=False)
        files = _options.plural(len(project.files), "source")
        fine = f"ok: {_options.counted(outcome)} in {files}\n"
    if _options.is_for_people(output_format):
        console.out(_options.closing(outcome, output_format) or fine)
    _options.leave(outcome, error_on_warning=error_on_warning)


def _are_documents(paths: Sequence[str]) -> bool:
    """Tell whether paths name documents: by their endings, and for a folder by what is in it."""
    named = [path for path in paths if path != "-"]
    if not named:
        return False
    if os.path.isdir(named[0]):
        from iamdsl.project.comparing import holds  # noqa: PLC0415 (for folders only)

        return holds(named[0]) == "documents"
    return named[0].endswith(_DOCUMENTS)


def _documents(
    paths: Sequence[str],
    params: tuple[str, ...],
    preset: str | None,
    kind: str,
    target: str | None,
) -> Outcome:
    from iamdsl.project import reviewing  # noqa: PLC0415 (the rules, when there is work)
    from iamdsl.project.inputs import MAX_BYTES  # noqa: PLC0415 (likewise)

    stdin = sys.stdin.buffer.read(MAX_BYTES + 1) if "-" in paths else None
    pseudo = tuple((n.removeprefix("aws."), v) for n, v in _options.pairs(params))
    options = reviewing.DocumentOptions(kind, target, preset, pseudo)
    return reviewing.review_documents(paths, options, stdin)
