"""`iamdsl apply`: make an account as a project is built."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from iamdsl.cli import _deploying, console
from iamdsl.cli import exit as exits

if TYPE_CHECKING:
    from iamdsl.cli._deploying import Asked, Begun
    from iamdsl.deploy._terms import Plan, Step
    from iamdsl.deploy.planning import Planned


@click.command
@_deploying.deploying
@click.option("--yes", is_flag=True, help="Do it without asking.")
def command(*, yes: bool, **given: Any) -> None:
    """Make the account of the credentials as the project is built.

    Shows the plan, asks, and does it step by step: what is needed comes to be before anything
    that is no longer needed goes. Nothing is touched that does not carry the tag iamdsl:project
    with the project's name; what stands in the way under one of its names stops all of it.

    Where a step fails, or with Ctrl-C, it stops. Nothing is undone: run it again, and it goes on
    from what is there then.

    Exits with 0 where all is as built, 1 where it is not, and 2 where AWS cannot be asked.
    """
    asked = _deploying.Asked(**given)
    if not yes and (asked.output_format == "json" or not is_terminal()):
        _unconfirmed(asked, "there is nobody to ask whether it is to be done", exits.CANNOT)
    on = _deploying.begun(asked)
    found = _deploying.planned(asked, on)
    for_people = asked.output_format == "text"
    if for_people:
        from iamdsl.cli import _plan_text  # noqa: PLC0415 (only where asked for)

        console.out(_plan_text.plan_text(found, on))
    if found.is_blocked or not found.plan.steps:
        if not for_people:
            _print_json(found, on, [])
        if found.is_blocked:
            raise click.exceptions.Exit(exits.NO)
        _keep_lock(asked, on)
        raise click.exceptions.Exit(exits.YES)
    if not yes:
        found = _confirmed(found, asked, on)
    _perform(found, asked, on)


def is_terminal() -> bool:
    """Tell whether there is somebody to ask."""
    return sys.stdin.isatty()


def _confirmed(found: Planned, asked: Asked, on: Begun) -> Planned:
    """Return the plan that somebody has said yes to; ends where nobody has."""
    console.err(f"\nType yes to do this in account {on.session.account}: ")
    if sys.stdin.readline().strip() != "yes":
        _unconfirmed(asked, "nothing was changed: the answer was not yes", exits.NO)
    again = _deploying.planned(asked, on)  # people take their time
    if again.plan != found.plan:
        _unconfirmed(asked, "nothing was changed: the account is another than it was", exits.NO)
    return again


def _unconfirmed(asked: Asked, message: str, code: int) -> NoReturn:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)
    from iamdsl.project.problem import Problem  # noqa: PLC0415

    hint = "run it again, with `--yes` where nobody can be asked"
    _deploying.refuse(Problem(codes.NOT_CONFIRMED, message, hint), asked.color, code)


def _perform(found: Planned, asked: Asked, on: Begun) -> NoReturn:
    """Do the steps, and end with what came of it."""
    from iamdsl.cli._diff_words import plain  # noqa: PLC0415 (only where there are steps)
    from iamdsl.cli._plan_text import said  # noqa: PLC0415
    from iamdsl.deploy import converge  # noqa: PLC0415
    from iamdsl.deploy.errors import said as in_words  # noqa: PLC0415

    for_people = asked.output_format == "text"
    done: list[Step] = []

    def tell(step: Step) -> None:
        done.append(step)
        if for_people:
            console.out(f"done: {said(step)}\n")

    try:
        outcome = converge.run(on.session.client, found.plan, tell)
    except KeyboardInterrupt:
        _stopped(found.plan, done, asked, "it was interrupted")
        if not for_people:
            _print_json(found, on, done, interrupted=True)
        raise
    if not for_people:
        _print_json(found, on, done, failed=outcome.failed, error=in_words(outcome.error))
    if outcome.failed is not None:
        why = f"{said(outcome.failed)}: {in_words(outcome.error)}"
        _stopped(found.plan, done, asked, why)
        raise click.exceptions.Exit(exits.NO)
    if for_people:
        stays = ", ".join(f"{kind} {plain(name)}" for kind, name in found.plan.stays)
        console.out(f"all is as built{f', but for what stays: {stays}' if stays else ''}\n")
    _keep_lock(asked, on)
    raise click.exceptions.Exit(exits.YES)


def _keep_lock(asked: Asked, on: Begun) -> None:
    """Keep what is deployed in the lock file, as a build would, so that it stays where it is."""
    from iamdsl.project import making  # noqa: PLC0415 (the compiler, which was asked by now)

    problem = making.keep_lock(on.made.source, on.made.locked)
    if problem is not None:
        _deploying.refuse(problem, asked.color)


def _stopped(plan: Plan, done: list[Step], asked: Asked, why: str) -> None:
    """Say how far it came, and that another run goes on from there."""
    from iamdsl.cli import _options  # noqa: PLC0415 (only on mistakes)
    from iamdsl.cli._plan_text import said  # noqa: PLC0415
    from iamdsl.diagnostics import codes  # noqa: PLC0415
    from iamdsl.project.problem import Problem  # noqa: PLC0415

    left = plan.steps[len(done) :]
    total = _options.plural(len(plan.steps), "step")
    message = f"stopped after {len(done):,} of {total}: {why}"
    hint = "what was done stays; run it again, and it goes on from there"
    problem = Problem(codes.STOPPED_HALFWAY, message, hint)
    _options.show_all([problem.diagnostic()], "full", asked.color)
    console.err("".join(f"left: {said(step)}\n" for step in left))


def _print_json(
    found: Planned,
    on: Begun,
    done: list[Step],
    *,
    failed: Step | None = None,
    error: str = "",
    interrupted: bool = False,
) -> None:
    from iamdsl.cli import _plan_json  # noqa: PLC0415 (only where asked for)

    outcome = {
        "done": _plan_json.steps(done),
        "failed": failed._asdict() if failed is not None else None,
        "error": error or None,
        "interrupted": interrupted,
    }
    console.out(_plan_json.text(found, on, outcome=outcome))
