"""`iamdsl check`: compile and say what is wrong."""

from __future__ import annotations

import click

from iamdsl.cli import _options, console
from iamdsl.project import check as check_project
from iamdsl.project import load_project


@click.command
@_options.compiling
def command(
    *,
    paths: tuple[str, ...],
    params: tuple[str, ...],
    output_format: str,
    color: str,
    error_on_warning: bool,
) -> None:
    """Compile a project, write nothing, say what is wrong.

    PATHS are as for build. The diagnostics go to stdout: they are what was asked for.
    """
    paths, options = _options.options(paths, params)
    project = load_project(paths, options)
    outcome = check_project(project)
    _options.show(outcome, project, output_format, color, err=False)
    if _options.is_for_people(output_format):
        files = _options.plural(len(project.files), "source")
        fine = f"ok: {_options.counted(outcome)} in {files}\n"
        console.out(_options.closing(outcome, output_format) or fine)
    _options.leave(outcome, error_on_warning=error_on_warning)
