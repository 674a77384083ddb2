"""`iamdsl size`: how full the policies of a project are, and what was saved."""

from __future__ import annotations

import click

from iamdsl.cli import _options, console
from iamdsl.cli import exit as exits
from iamdsl.project import compiled, load_project


@click.command
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--sort", type=click.Choice(("fill", "name")), default="fill", help="What stands first."
)
@click.option(
    "--over",
    type=click.FloatRange(min=0),
    metavar="PERCENT",
    help="Show what is fuller only, and exit with 1 if there is any.",
)
@click.option("--set", "params", multiple=True, metavar="NAME=VALUE", help="As for build.")
@click.option(
    "--output-format",
    type=click.Choice(("full", "json")),
    default="full",
    help="For people or programs.",
)
def command(
    *,
    paths: tuple[str, ...],
    sort: str,
    over: float | None,
    params: tuple[str, ...],
    output_format: str,
) -> None:
    """Say how full the policies of a project are, and what making them fit has saved.

    PATHS are as for build. A line for each document with its size and its limit, for what stands
    inline in an identity, and for the policies that are attached to it; then what was split, and
    what each step saved. What does not fit is shown as well, and is an error as in a build.

    Exits with 0, with 1 if something does not fit or is over PERCENT, and 2 if that cannot be
    told.
    """
    paths, options = _options.options(paths, params)
    project = load_project(paths, options)
    found = compiled(project)
    code = exits.of(found.diagnostics)
    if output_format == "full":
        _options.show_all(found.diagnostics, "full", "auto")
    from iamdsl.cli import _size_formats  # noqa: PLC0415 (after the compiler)

    made = _size_formats.made(found.fitted, project.config)
    shown = _size_formats.chosen(made, sort, over)
    if over is not None and shown.rows:
        code = code or exits.NO
    if output_format == "json":
        console.out(_size_formats.as_json(shown, found.diagnostics, project.prefix))
    else:
        console.out(_size_formats.as_text(shown, rows_only=over is not None))
    raise click.exceptions.Exit(code)
