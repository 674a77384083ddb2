"""What `plan`, `apply` and `verify` share: whom to ask, for which account, and what went wrong."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from iamdsl.cli import _options
from iamdsl.cli import exit as exits
from iamdsl.project import Options
from iamdsl.project.config import is_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from iamdsl.deploy.compiling import Compiled
    from iamdsl.deploy.planning import Planned
    from iamdsl.deploy.session import Session
    from iamdsl.diagnostics import Diagnostic
    from iamdsl.project.problem import Problem

FORMATS = ("text", "json")

_GIVEN = (
    click.argument("paths", nargs=-1, metavar="[PATHS]..."),
    click.option("--profile", default="", metavar="NAME", help="Whose credentials to take."),
    click.option("--region", default="", metavar="REGION", help="Where to ask AWS."),
    click.option(
        "--endpoint-url", "endpoint", default="", metavar="URL", help="Ask this server instead."
    ),
    click.option(
        "--account",
        default="",
        metavar="NAME",
        help="The account of the sources that is meant; else it is found by its id.",
    ),
    click.option(
        "--name",
        default="",
        metavar="NAME",
        help="What the project is called here; stages in one account need a name each.",
    ),
    click.option(
        "--set",
        "params",
        multiple=True,
        metavar="NAME=VALUE",
        help="Give a param or an extern a value.",
    ),
    click.option(
        "--adopt",
        multiple=True,
        metavar="KIND/NAME",
        help="Take over what is there and has no owner, such as role/worker.",
    ),
    click.option("--locked", is_flag=True, help="Fail where iamdsl.lock would have to change."),
    click.option(
        "--output-format",
        type=click.Choice(FORMATS),
        default="text",
        show_default=True,
        help="For people or for programs.",
    ),
    click.option(
        "--color",
        type=click.Choice(("auto", "always", "never")),
        default="auto",
        help="Colour diagnostics; NO_COLOR and FORCE_COLOR are heeded.",
    ),
)


def deploying(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the arguments and options of one that asks AWS."""
    for given in reversed(_GIVEN):
        function = given(function)
    return function


class Asked(NamedTuple):
    """What the command line says."""

    paths: tuple[str, ...]
    profile: str
    region: str
    endpoint: str
    account: str
    name: str
    params: tuple[str, ...]
    adopt: tuple[str, ...]
    locked: bool
    output_format: str
    color: str


class Begun(NamedTuple):
    """What is to be deployed, and where."""

    made: Compiled
    session: Session


def begun(asked: Asked) -> Begun:
    """Compile the project for the account that the credentials are of; ends where it cannot be."""
    from iamdsl.deploy import compiling, session  # noqa: PLC0415 (the compiler, when it is asked)
    from iamdsl.diagnostics import Report  # noqa: PLC0415
    from iamdsl.project.problem import Problem  # noqa: PLC0415

    if asked.name and not is_name(asked.name):
        hint = "letters, digits, `_`, `.` and `-`, a letter first, at most 64"
        raise click.BadParameter(f"{asked.name!r} is no name: {hint}.", param_hint="--name")
    stdin = _options.stdin(asked.paths)
    lock = "frozen" if asked.locked else "keep"
    options = Options(params=_options.pairs(asked.params), stdin=stdin, lock=lock)
    report = Report()
    project = compiling.loaded(asked.paths, options, report, name=asked.name)
    if project is None:
        stop(report.diagnostics, asked.color)
    wanted = session.Wanted(asked.profile, asked.region, asked.endpoint)
    found = session.connect(wanted, project.config.region)
    if isinstance(found, Problem):
        refuse(found, asked.color)
    with refusals(asked.color):
        made = compiling.compiled(project, found, asked.account, report)
    if made is None:
        stop(report.diagnostics, asked.color, prefix=project.prefix)
    _options.show_all(report.diagnostics, "full", asked.color, prefix=project.prefix)  # warnings
    return Begun(made, found)


def planned(asked: Asked, on: Begun, *, drift: bool = False) -> Planned:
    """Return what is to be done in the account; ends where AWS does not tell."""
    from iamdsl.deploy.planning import planned as plan  # noqa: PLC0415 (see above)

    with refusals(asked.color):
        found = plan(on.made, on.session, asked.adopt, drift=drift)
    complain(found, asked)
    return found


def complain(found: Planned, asked: Asked) -> None:
    """Show what is in the way of a plan."""
    from iamdsl.diagnostics import Diagnostic, codes  # noqa: PLC0415 (only with AWS)

    said = []
    for conflict in found.plan.conflicts:
        owner = f"of the project `{conflict.owner}`" if conflict.owner else "of no project"
        hint = f"take it over with `--adopt {conflict.key}`, or give yours another name"
        if conflict.owner:
            hint = f"where `{conflict.owner}` gives it up, take it over: `--adopt {conflict.key}`"
        code = codes.NOT_OWNED
        a = "an" if conflict.kind[0] in "aeiou" and conflict.kind != "user" else "a"
        message = f"there is {a} {conflict.kind} `{conflict.name}` already, and it is {owner}"
        said.append(Diagnostic(code, code.severity, message, hint=hint))
    code = codes.NOT_DEPLOYABLE
    said += [Diagnostic(code, code.severity, problem) for problem in found.plan.problems]
    _options.show_all(said, "full", asked.color)


def stop(diagnostics: Sequence[Diagnostic], color: str, *, prefix: str = "") -> NoReturn:
    """Show the errors, and end: there is no answer."""
    errors = [d for d in diagnostics if d.severity.value == "error"]
    _options.show_all(errors, "full", color, prefix=prefix)
    raise click.exceptions.Exit(exits.CANNOT)


def refuse(problem: Problem, color: str, code: int = exits.CANNOT) -> NoReturn:
    """Show a problem, and end."""
    _options.show_all([problem.diagnostic()], "full", color)
    raise click.exceptions.Exit(code)


@contextmanager
def refusals(color: str) -> Iterator[None]:
    """End the command with what AWS says, where the SDK raises it while the block lasts."""
    try:
        yield
    except Exception as error:
        from iamdsl.deploy.errors import told  # noqa: PLC0415 (only on mistakes)

        problem = told(error)
        if problem is None:
            raise
        refuse(problem, color)
