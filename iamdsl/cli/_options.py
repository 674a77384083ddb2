"""Options that commands share, and what their values come to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from iamdsl.cli import console
from iamdsl.cli import exit as exits
from iamdsl.project import Options
from iamdsl.project.config import PSEUDO, fits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iamdsl.diagnostics import Diagnostic
    from iamdsl.project import Outcome, Project

FORMATS = ("full", "concise", "json", "sarif", "github", "junit")
_FOR_PEOPLE = ("full", "concise", "github")


_PATHS = click.argument("paths", nargs=-1, metavar="[PATHS]...")
_SET = click.option(
    "--set",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Give a param a value, or aws.account, aws.region, aws.partition.",
)
_FORMAT = click.option(
    "--output-format",
    type=click.Choice(FORMATS),
    default="full",
    envvar="IAMDSL_OUTPUT_FORMAT",
    show_envvar=True,
    help="How diagnostics are written.",
)
_COLOR = click.option(
    "--color",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    help="Colour diagnostics; NO_COLOR and FORCE_COLOR are heeded.",
)
_STRICT = click.option("--error-on-warning", is_flag=True, help="Let warnings fail as well.")


def compiling(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the arguments and options of one that compiles."""
    return _PATHS(_SET(_FORMAT(_COLOR(_STRICT(function)))))


def reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the paths of sources, and how to tell what is wrong with them."""
    return _PATHS(_FORMAT(_COLOR(function)))


def telling(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how its errors are written."""
    return _FORMAT(_COLOR(function))


def reporting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how its diagnostics are written."""
    return _FORMAT(_COLOR(_STRICT(function)))


def options(
    paths: tuple[str, ...], params: tuple[str, ...], **more: Any
) -> tuple[tuple[str, ...], Options]:
    """Return paths and the options of the project room; reads stdin where `-` names it."""
    return paths, Options(params=pairs(params), stdin=stdin(paths), **more)


def pairs(params: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return what `--set` was given as pairs of name and value."""
    made = []
    for param in params:
        name, equals, value = param.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(
                f"{param!r} is not of the form NAME=VALUE.", param_hint="--set"
            )
        name = name.strip()
        if name.startswith("aws."):
            _check_pseudo(name.removeprefix("aws."), value)
        made.append((name, value))
    return tuple(made)


def place(params: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return what pairs of `--set` say of the place, by the names of the configuration."""
    odd = next((name for name, _ in params if not name.startswith("aws.")), None)
    if odd is not None:
        raise click.BadParameter(f"{odd!r} is not of the form aws.NAME.", param_hint="--set")
    return tuple((name.removeprefix("aws."), value) for name, value in params)


def stdin(paths: tuple[str, ...]) -> bytes | None:
    """Return what comes by stdin, None unless a path is `-`."""
    return sys.stdin.buffer.read(_STDIN_LIMIT) if "-" in paths else None


def _check_pseudo(name: str, value: str) -> None:
    if name not in PSEUDO:
        known = ", ".join(f"aws.{known}" for known in PSEUDO)
        raise click.BadParameter(f"there is no aws.{name}, but {known}.", param_hint="--set")
    if not fits(name, value):
        raise click.BadParameter(f"aws.{name} must be {PSEUDO[name][1]}.", param_hint="--set")


_STDIN_LIMIT = 4 * 1024 * 1024 + 1  # one more than a source may have, and no more


def show(outcome: Outcome, project: Project, output_format: str, color: str, *, err: bool) -> None:
    """Write the diagnostics of an outcome in the format that was asked for."""
    if not outcome.diagnostics and output_format in _FOR_PEOPLE:
        return
    from iamdsl.diagnostics.render import render  # noqa: PLC0415 (only where there is something)

    colored = console.wants_color(color, stream=sys.stderr if err else sys.stdout)
    text = render(output_format, outcome.diagnostics, color=colored, prefix=project.prefix)
    (console.err if err else console.out)(text)


def show_all(
    diagnostics: Sequence[Diagnostic],
    output_format: str,
    color: str,
    *,
    err: bool = True,
    prefix: str = "",
) -> None:
    """Write diagnostics in the format that was asked for."""
    if not diagnostics and output_format in _FOR_PEOPLE:
        return
    from iamdsl.diagnostics.render import render  # noqa: PLC0415 (only where there is something)

    colored = console.wants_color(color, stream=sys.stderr if err else sys.stdout)
    text = render(output_format, diagnostics, color=colored, prefix=prefix)
    (console.err if err else console.out)(text)


def is_for_people(output_format: str) -> bool:
    """Tell whether other lines may stand beside the diagnostics: not in a JSON document."""
    return output_format in _FOR_PEOPLE


def closing(outcome: Outcome, output_format: str) -> str:
    """Return the last line, the number of errors and warnings; empty if there are none."""
    if not outcome.diagnostics:
        return ""
    from iamdsl.diagnostics.render.writing import totals  # noqa: PLC0415

    gap = "\n" if output_format == "full" else ""
    return f"{gap}{totals(outcome.diagnostics)}\n"


def counted(outcome: Outcome) -> str:
    """Return what there is in words: `3 policies, 2 roles`."""
    return ", ".join(plural(number, noun) for noun, number in outcome.counts) or "nothing"


def plural(number: int, noun: str) -> str:
    """Return a number with its noun."""
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun}"


def leave(outcome: Outcome, *, error_on_warning: bool) -> None:
    """End the command with the exit code of an outcome."""
    code = exits.of(outcome.diagnostics, error_on_warning=error_on_warning)
    if code == exits.YES and outcome.failed:
        code = exits.NO
    raise click.exceptions.Exit(code)
