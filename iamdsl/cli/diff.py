"""`iamdsl diff`: what changed in meaning."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from iamdsl.cli import _options, console
from iamdsl.cli import exit as exits
from iamdsl.project import Options

if TYPE_CHECKING:
    from iamdsl.analysis.difference import Difference
    from iamdsl.aws import Catalogue
    from iamdsl.project.comparing import Loaded

_FORMATS = ("text", "json", "markdown")


@click.command
@click.argument("paths", nargs=-1, metavar="OLD NEW | [PATHS]...")
@click.option(
    "--against",
    "ref",
    metavar="GITREF",
    help="Compare with the project, or PATHS, at a commit of git.",
)
@click.option(
    "--fail-on",
    type=click.Choice(("gained", "lost", "any")),
    help="Exit with 1 where somebody may do more, may do less, or anything changed in meaning.",
)
@click.option(
    "--output-format",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="How the difference is written; markdown fits into a comment of a pull request.",
)
@click.option(
    "--set",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Give a param a value, or aws.account, aws.region, aws.partition, on both sides.",
)
@click.option(
    "--color",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    help="Colour diagnostics; NO_COLOR and FORCE_COLOR are heeded.",
)
def command(
    *,
    paths: tuple[str, ...],
    ref: str | None,
    fail_on: str | None,
    output_format: str,
    params: tuple[str, ...],
    color: str,
) -> None:
    """Tell what two builds, sources or documents have different in meaning.

    OLD and NEW are each a project's folder, a source, what a build wrote, a policy document, an
    answer of the AWS CLI, a folder of such, or - for stdin. With --against, what the commit has is
    OLD; nothing is checked out.

    Each role, user, group and permission set is compared by what it may do in the end, and each
    policy that none of them has by itself: what was gained, what was lost, each with a request that
    shows it. Other order, names, or documents for the same show as no change in meaning.
    """
    _check(paths, ref)
    from iamdsl.project import inputs  # noqa: PLC0415 (the compiler, when there is work)

    stdin = sys.stdin.buffer.read(inputs.MAX_BYTES + 1) if "-" in paths else None
    options = Options(params=_options.pairs(params), stdin=stdin)
    old, new = _loaded(paths, ref, options)
    _complain((old, new), color)
    if old.side is None or new.side is None:
        raise click.exceptions.Exit(exits.CANNOT)
    catalogue = _catalogue(old, new, color)

    from iamdsl.analysis.difference import difference  # noqa: PLC0415 (the prover, where it works)

    found = difference(old.side, new.side, catalogue)
    _warn(found, color)
    renderer = import_module(f"iamdsl.cli._diff_{output_format}")
    console.out(renderer.text(found, catalogue))
    raise click.exceptions.Exit(_code(found, fail_on))


def _check(paths: tuple[str, ...], ref: str | None) -> None:
    """Refuse what cannot be meant."""
    if ref is None and len(paths) != 2:
        raise click.UsageError("OLD and NEW are expected, or --against GITREF.")
    if ref is not None and "-" in paths:
        raise click.UsageError("--against and - do not go together: stdin has no past.")
    if paths.count("-") > 1:
        raise click.UsageError("Only one side can come by stdin.")


def _loaded(paths: tuple[str, ...], ref: str | None, options: Options) -> tuple[Loaded, Loaded]:
    from iamdsl.project import comparing  # noqa: PLC0415 (the compiler, when there is work)

    if ref is not None:
        return comparing.load_against(ref, paths, options)
    old, new = paths
    return comparing.load(old, options), comparing.load(new, options)


def _complain(sides: tuple[Loaded, ...], color: str) -> None:
    """Show what is wrong with the sides; what both have of one file is said once."""
    told: set[str] = set()
    for side in sides:
        if not side.diagnostics:
            continue
        from iamdsl.diagnostics.render import render  # noqa: PLC0415 (only on mistakes)

        colored = console.wants_color(color, stream=sys.stderr)
        said = [render("concise", (d,), prefix=side.prefix) for d in side.diagnostics]
        left = [d for d, line in zip(side.diagnostics, said, strict=True) if line not in told]
        if left:
            console.err(render("full", left, color=colored, prefix=side.prefix))
        told.update(said)


def _catalogue(old: Loaded, new: Loaded, color: str) -> Catalogue:
    """Return the catalogue by which both sides are compared: the one that NEW asks for."""
    from iamdsl.project.catalogue import open_catalogue  # noqa: PLC0415 (see above)
    from iamdsl.project.problem import Problem  # noqa: PLC0415

    catalogue = new.catalogue or old.catalogue or open_catalogue()
    if isinstance(catalogue, Problem):
        _options.show_all([catalogue.diagnostic()], "full", color)
        raise click.exceptions.Exit(exits.CANNOT)
    return catalogue


def _warn(found: Difference, color: str) -> None:
    """Say that a comparison is most likely not the one that was meant."""
    from iamdsl.diagnostics import Diagnostic, codes  # noqa: PLC0415 (only on mistakes)

    warnings = []
    for old, new, old_has_principals in found.unlike:
        code = codes.UNLIKE_DOCUMENTS
        kinds = ("resource", "identity") if old_has_principals else ("identity", "resource")
        said = [
            f"`{name}` of {side} is the policy of {'an' if kind == 'identity' else 'a'} {kind}"
            for name, side, kind in zip((old, new), ("OLD", "NEW"), kinds, strict=True)
        ]
        message = f"{said[0]}, and {said[1]}: each is told by itself"
        hint = "name two states of one policy: only those of resources and roles have a `Principal`"
        warnings.append(Diagnostic(code, code.severity, message, hint=hint))
    if not found.have_common and found.subjects and not found.unlike:
        code = codes.NOTHING_IN_COMMON
        message = "the two sides have nothing of one name: all is removed, or added"
        hint = "name two states of the same project, or of the same policies"
        warnings.append(Diagnostic(code, code.severity, message, hint=hint))
    _options.show_all(warnings, "full", color)


def _code(found: Difference, fail_on: str | None) -> int:
    """Return the exit code: 1 where the answer is yes to what `--fail-on` asks."""
    if fail_on is None:
        return exits.YES
    asked = {
        "gained": any(c.gains for c in found.subjects),
        "lost": any(c.loses for c in found.subjects),
        "any": any(c.is_certain for c in found.subjects),
    }
    if asked[fail_on]:
        return exits.NO
    return exits.CANNOT if any(c.is_open for c in found.subjects) else exits.YES
