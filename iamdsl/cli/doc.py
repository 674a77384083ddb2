"""`iamdsl doc`: references of modules, from the comments of their templates."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from iamdsl.cli import _options, console
from iamdsl.cli import exit as exits
from iamdsl.project import Config, Options, Outcome, Problem, Project, load_project

if TYPE_CHECKING:
    from iamdsl.project.documenting import Documented


@click.command
@click.argument("names", nargs=-1, metavar="[MODULE]...")
@click.option(
    "-o", "--out", metavar="DIR", default=None, help="Write a page for each module, and a list."
)
@click.option("--html", is_flag=True, help="With -o: HTML instead of Markdown.")
@_options.telling
def command(
    *, names: tuple[str, ...], out: str | None, html: bool, output_format: str, color: str
) -> None:
    """Show what modules are for, from the comments of their templates.

    MODULE is a library (std), a module (std.lambda), or one of its templates
    (std.lambda.sqs_trigger); or files and folders. Without, it is the project.

    A use of each template is compiled, and shown with its JSON.
    """
    if html and out is None:
        raise click.UsageError("--html writes files: give a folder by -o.")
    dotted = tuple(name for name in names if not _is_path(name))
    paths = tuple(name for name in names if _is_path(name))
    project = load_project(paths, Options(lock="unread")) if not dotted or paths else _alone()
    from iamdsl.project.documenting import document  # noqa: PLC0415 (the compiler)

    found = document(dotted, project)
    outcome = Outcome(found.diagnostics)
    _options.show(outcome, project, output_format, color, err=True)
    code = exits.of(found.diagnostics)
    if code == exits.YES:
        if out is None:
            console.out(_shown(found, dotted))
        else:
            code = _write(found, dotted, out, html=html)
    raise click.exceptions.Exit(code)


def _is_path(name: str) -> bool:
    """Tell whether a word is a file or folder rather than the name of a module."""
    return os.sep in name or name.endswith(".iam") or name == "." or os.path.isdir(name)


def _alone() -> Project:
    """Return a project without sources, by which modules of libraries are found."""
    here = os.getcwd()
    return Project(Config(here), here, here, ())


def _shown(found: Documented, dotted: tuple[str, ...]) -> str:
    """Return what goes to stdout: a template, the page of a module, or the list of many."""
    from iamdsl.doc import markdown  # noqa: PLC0415 (the compiler is there by now)

    texts = [markdown.render_entry(page, entry) for page, entry in found.entries]
    shown = {page.dotted for page, _ in found.entries}
    others = [page for page in found.pages if page.dotted not in shown]
    if len(others) == 1:
        texts.append(markdown.render(others[0]))
    elif others:
        texts.append(markdown.index(others, _title(dotted), ending=""))
    return "\n".join(texts)


def _title(dotted: tuple[str, ...]) -> str:
    return "The standard library" if dotted == ("std",) else ", ".join(dotted) or "Modules"


def _write(found: Documented, dotted: tuple[str, ...], out: str, *, html: bool) -> int:
    """Write the pages, and return the exit code."""
    from iamdsl.project.documenting import write  # noqa: PLC0415

    try:
        written = write(found.pages, _title(dotted), out, html=html)
    except ImportError:
        console.err("--html needs more than the base install: pip install 'iamdsl[doc]'\n")
        return exits.CANNOT
    if isinstance(written, Problem):
        _options.show_all([written.diagnostic()], "full", "auto")
        return exits.CANNOT
    modules = _options.plural(len(found.pages), "module")
    files = _options.plural(len(found.pages) + 1, "file")
    changed = f"{written.written:,} written"
    changed += f", {written.removed:,} removed" if written.removed else ""
    console.err(f"{modules}, {files} in {out} ({changed})\n")
    return exits.YES
