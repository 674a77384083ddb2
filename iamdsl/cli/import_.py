"""`iamdsl import`: sources from what other tools wrote."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from iamdsl.cli import _options, console
from iamdsl.cli import exit as exits

if TYPE_CHECKING:
    from iamdsl.project.importing import Imported

_KINDS = ("auto", "policy", "boundary", "scp", "rcp", "session", "trust", "resource")


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...")
@click.option(
    "-o",
    "--out",
    metavar="FILE|DIR",
    help="Where to write: a file that ends in .iam, or a folder, which becomes a project.",
)
@click.option("--name", help="What a lone policy document is called; its file's name if not set.")
@click.option(
    "--kind", type=click.Choice(_KINDS), default="auto", help="What a policy document is."
)
@click.option(
    "--for", "target", metavar="ARN", help="The resource that a resource policy belongs to."
)
@click.option(
    "--set",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Where it is from: aws.account, aws.region, aws.partition; makes ARNs shorter.",
)
@click.option("--skip", is_flag=True, help="Leave out what has no exact form, and import the rest.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@_options.reporting
def command(
    *,
    paths: tuple[str, ...],
    out: str | None,
    name: str | None,
    kind: str,
    target: str | None,
    params: tuple[str, ...],
    skip: bool,
    force: bool,
    output_format: str,
    color: str,
    error_on_warning: bool,
) -> None:
    """Make sources of policies that are there already.

    PATHS are files, folders, or - for stdin: policy documents, what the AWS CLI answers (iam
    get-account-authorization-details, get-role and the like), CloudFormation templates, what
    terraform show -json prints, and .tf files. YAML and .tf need `pip install 'iamdsl[import]'`.

    Without --out the source goes to stdout. Each statement becomes a sentence that compiles to
    that statement again; what has no exact form is an error, and nothing is written.
    """
    from iamdsl.project import importing, inputs  # noqa: PLC0415 (the compiler, when there is work)

    split = out is not None and not out.endswith(".iam")
    place, settings = _options.place(_options.pairs(params)), importing.place_of(out)
    options = importing.Options(kind, target, name, place, skip, split, settings)
    stdin = sys.stdin.buffer.read(inputs.MAX_BYTES + 1) if "-" in paths else None
    made = importing.run(paths, options, stdin)
    problem = None
    if not made.failed and out is not None:
        problem = importing.write(made, out, force=force)
        if problem is not None:
            made = made._replace(diagnostics=(*made.diagnostics, problem.diagnostic()))
    _options.show_all(made.diagnostics, output_format, color)
    if not made.failed and out is None:
        console.out("".join(source.text for source in made.sources))
    if _options.is_for_people(output_format):
        console.err(_report(made, out))
    code = exits.of(made.diagnostics, error_on_warning=error_on_warning)
    raise click.exceptions.Exit(code)


def _report(made: Imported, out: str | None) -> str:
    """Return the lines that tell what was made."""
    lines = []
    if made.ignored:
        files = _options.plural(len(made.ignored), "file")
        lines.append(f"{files} without anything of IAM's left aside")
    if made.refused and made.failed:
        names = ", ".join(made.refused[:5]) + (", …" if made.refused[5:] else "")
        lines.append(f"not imported: {names}; --skip imports the rest")
    elif made.refused:
        lines.append(f"left out: {', '.join(made.refused)}")
    if not made.failed:
        what = ", ".join(_options.plural(n, noun) for noun, n in made.counts) or "nothing"
        where = "" if out is None else f" in {out}"
        size = f"{made.read:,} characters became {made.made:,}"
        lines.append(f"{what}, {_options.plural(len(made.sources), 'source')}{where} ({size})")
        if out is not None and os.path.isdir(out):
            lines.append(f"next: iamdsl build {out}")
    return "".join(f"{line}\n" for line in lines)
