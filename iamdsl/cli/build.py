"""`iamdsl build`: compile and write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from iamdsl.cli import _external, _options, console
from iamdsl.project import Outcome, Project, load_project
from iamdsl.project import build as build_project
from iamdsl.project.config import TARGETS, WILDCARDS

if TYPE_CHECKING:
    from iamdsl.fit.settings import Wildcards


@click.command
@_options.compiling
@click.option(
    "-o", "--out", metavar="DIR", help="Where to write; `build` in the project if not set."
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    type=click.Choice(TARGETS),
    help="What to write; given several times, each into a folder of its own.",
)
@click.option("--minify/--no-minify", default=None, help="Write without white space.")
@click.option("--sids", type=click.Choice(("keep", "drop")), help="Keep the Sids of the sources.")
@click.option("--print", "print_only", is_flag=True, help="Write to stdout and to no file.")
@click.option("--locked", is_flag=True, help="Fail where iamdsl.lock would have to change.")
@click.option("--upgrade", is_flag=True, help="Write iamdsl.lock anew, by today's catalogue.")
@click.option("--repack", is_flag=True, help="Place statements anew, wherever they were before.")
@click.option("--wildcards", type=click.Choice(WILDCARDS), help="Write actions as patterns.")
@click.option("--report", "with_report", is_flag=True, help="Print how full everything is.")
@click.option("--no-prove", is_flag=True, help="Do not prove that the meaning is kept.")
@click.option(
    "--depfile",
    metavar="PATH",
    default="",
    help="Also write what was read, as rules for Make and Ninja.",
)
@click.option("--no-cache", is_flag=True, help="Compile even if nothing has changed.")
@click.option(
    "--terraform-external",
    "external",
    is_flag=True,
    help='Answer `data "external"` of Terraform: values for --set by stdin, documents on stdout.',
)
def command(
    *,
    paths: tuple[str, ...],
    params: tuple[str, ...],
    output_format: str,
    color: str,
    error_on_warning: bool,
    out: str | None,
    targets: tuple[str, ...],
    minify: bool | None,
    sids: str | None,
    print_only: bool,
    locked: bool,
    upgrade: bool,
    repack: bool,
    with_report: bool,
    wildcards: Wildcards | None,
    no_prove: bool,
    depfile: str,
    no_cache: bool,
    external: bool,
) -> None:
    """Compile a project and write its JSON.

    Without PATHS it is the project of the nearest iamdsl.toml (or [tool.iamdsl] in
    pyproject.toml), else all *.iam files of the folder. PATHS are files, folders, or - for stdin.

    What was not written by an earlier build is never overwritten. With --print, and with -,
    nothing is written but stdout: the file itself if there is one, else an object with a member
    for each file: a document, or the text of what is not JSON. --report is what `iamdsl size` prints.
    """
    if locked and (upgrade or repack):
        other = "--upgrade" if upgrade else "--repack"
        raise click.UsageError(f"--locked and {other} ask for opposite things.")
    if depfile and (print_only or "-" in paths):
        raise click.UsageError("--depfile tells what files depend on, and here none is written.")
    if external:
        others = {"--out": out, "--target": targets, "--depfile": depfile, "path -": "-" in paths}
        params, targets = (*params, *_external.query(others)), ("json",)
    paths, options = _options.options(
        paths,
        params,
        out=out,
        targets=tuple(dict.fromkeys(targets)),
        minify=minify,
        sids=sids,
        use_cache=not no_cache and not with_report,
        lock="upgrade" if upgrade else "frozen" if locked else "keep",
        prove=not no_prove,
        wildcards=wildcards,
        repack=repack,
        depfile=depfile,
        strict=error_on_warning,
    )
    print_only = print_only or external or "-" in paths
    project = load_project(paths, options)
    outcome = build_project(project, print_only=print_only)
    _options.show(outcome, project, output_format, color, err=True)
    if not outcome.failed and print_only:
        answer = _external.answer(outcome) if external else ""
        console.out(answer or _printed(outcome, minify=project.config.minify))
    elif not outcome.failed and _options.is_for_people(output_format):
        console.err(_report(outcome, project))
    if with_report:
        # With --print the documents are the product.
        (console.err if print_only else console.out)(_sizes(outcome, project))
    if (outcome.failed or outcome.diagnostics) and _options.is_for_people(output_format):
        console.err(_options.closing(outcome, output_format))
    _options.leave(outcome, error_on_warning=error_on_warning)


def _sizes(outcome: Outcome, project: Project) -> str:
    """Return what `iamdsl size` prints; nothing where it did not come to that."""
    if outcome.fitted is None:
        return ""
    from iamdsl.cli import _size_formats  # noqa: PLC0415 (attrs, only where asked for)

    return _size_formats.report(outcome.fitted, project.config)


def _report(outcome: Outcome, project: Project) -> str:
    """Return the lines that tell what was made."""
    total = outcome.written + outcome.unchanged
    numbers = [
        (outcome.written, "written"),
        (outcome.unchanged, "unchanged"),
        (outcome.removed, "removed"),
    ]
    what = ", ".join(f"{number:,} {word}" for number, word in numbers if number)
    closing = (
        f"{_options.counted(outcome)}, {_options.plural(total, 'file')}"
        f" in {project.shown_out} ({what})"
    )
    lines = [*outcome.summary, closing]
    if outcome.pinned:
        what = "expansion" if outcome.pinned == 1 else "expansions"
        lines.append(f"{outcome.pinned:,} {what} of actions pinned in iamdsl.lock")
    return "".join(f"{line}\n" for line in lines)


def _printed(outcome: Outcome, *, minify: bool) -> str:
    """Return the one file as it is, or all by their names; the manifest is of no use without files.

    What is JSON is an object there, and of the rest it is the text.
    """
    texts = {name: text for name, text in outcome.texts if name != "manifest.json"}
    if len(texts) == 1:
        return next(iter(texts.values()))
    documents = {
        name: json.loads(text) if name.endswith(".json") else text for name, text in texts.items()
    }
    if minify:
        return json.dumps(documents, separators=(",", ":")) + "\n"
    return json.dumps(documents, indent=2) + "\n"
