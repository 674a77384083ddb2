"""`iamdsl fmt`: one layout for all sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from iamdsl.cli import _options, console
from iamdsl.cli import exit as exits
from iamdsl.project import Options, Outcome, load_project
from iamdsl.project.formatting import format_sources
from iamdsl.project.loading import STDIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.project import Project
    from iamdsl.project.formatting import Formatted


@click.command
@click.option("--check", is_flag=True, help="Write nothing, list what would change, exit with 1.")
@click.option("--diff", is_flag=True, help="Write nothing, show what would change.")
@_options.reading
def command(
    *, paths: tuple[str, ...], check: bool, diff: bool, output_format: str, color: str
) -> None:
    """Give sources the one layout.

    Without PATHS it is the sources of the project. PATHS are files, folders, or - for stdin, which
    comes back on stdout.

    Neither meaning nor comments change. A source with an error is reported and left alone.
    """
    options = Options(stdin=_options.stdin(paths), lock="unread")
    project = load_project(paths, options)
    sources, diagnostics = format_sources(project, write=not (check or diff))
    for source in sources:
        console.out(_product(source, project, check=check, diff=diff))
    outcome = Outcome(diagnostics)
    _options.show(outcome, project, output_format, color, err=True)
    if _options.is_for_people(output_format):
        console.err(_options.closing(outcome, output_format))
        told = [s for s in sources if check or diff or s.file.name != STDIN]
        console.err(_closing(told, would=check or diff))
    code = exits.of(diagnostics)
    if code == exits.YES and check and not all(source.same for source in sources):
        code = exits.NO
    raise click.exceptions.Exit(code)


def _product(source: Formatted, project: Project, *, check: bool, diff: bool) -> str:
    """Return what goes to stdout: of a file its name or difference, of stdin its new text too."""
    piped = source.file.name == STDIN
    name = STDIN if piped else f"{project.prefix}{source.file.name}"
    if diff:
        return _difference(name, source)
    if check:
        return "" if source.same else f"{name}\n"
    return source.after if piped else ""


def _difference(name: str, source: Formatted) -> str:
    from iamdsl.cli import _unified  # noqa: PLC0415 (only where it was asked for)

    if source.before == source.after and not source.same:
        return f"{name}: its byte order mark would go\n"
    return _unified.difference(name, source.before, source.after)


def _closing(sources: Sequence[Formatted], *, would: bool) -> str:
    """Return the last line: how many sources changed, and how many were as they should be."""
    changed = sum(not source.same for source in sources)
    same = len(sources) - changed
    parts = []
    if changed:
        parts.append(f"{_options.plural(changed, 'file')} {'would be ' * would}reformatted")
    if same:
        left = "already formatted" if would else "left unchanged"
        parts.append(f"{same:,} {left}" if changed else f"{_options.plural(same, 'file')} {left}")
    return f"{', '.join(parts)}\n" if parts else ""
