"""The command line of a program that deploys one place, on its own."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from iamdsl.deploy._documents import filled, marks, refused
from iamdsl.deploy._performing import run
from iamdsl.deploy._planning import planned
from iamdsl.deploy._reading import pseudo, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.deploy._terms import Client, Data, Plan, Step

DONE, FAILED, USAGE, STOPPED = 0, 1, 2, 130


def main(desired: Data, arguments: Sequence[str] | None = None) -> int:
    """Make an account as it is desired; return the exit code.

    Args:
        desired: with marks for what only a deployment knows.
    """
    options = _options(desired, arguments)
    values = dict(pair.partition("=")[::2] for pair in options.set)
    wrong = refused(desired["externs"], values)
    for text in wrong:
        _say(f"error: {text}")
    if wrong:
        return USAGE
    try:
        return _deploy(desired, values, options)
    except KeyboardInterrupt:
        _say("error: stopped: run it again to go on from here")
        return STOPPED


def _deploy(desired: Data, values: dict[str, str], options: Any) -> int:
    try:
        client = _clients(options.profile, options.region or desired["region"])
        values = {**values, **pseudo(client)}
        if marks(desired) - values.keys():
            _say("error: nothing says which region this is for: --region does")
            return USAGE
        full = filled(desired, values)
        plan = planned(full, read(client, full), options.adopt)
    except Exception as error:  # noqa: BLE001  # whatever AWS or its SDK say
        _say(f"error: {error}")
        return FAILED
    _show(plan)
    if plan.conflicts or plan.problems:
        return FAILED
    if options.dry_run or not plan.steps:
        return DONE
    if not options.yes and not _agreed():
        return USAGE
    return _carry_out(client, plan)


def _options(desired: Data, arguments: Sequence[str] | None) -> Any:
    account = desired["account"] or "the account of your credentials"
    parser = argparse.ArgumentParser(
        description=f"Makes {account} as project {desired['project']} says. Credentials are those"
        " that the AWS SDK finds by itself.",
    )
    names = ", ".join(extern["name"] for extern in desired["externs"])
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help=f"a value that only a deployment knows: {names}" if names else argparse.SUPPRESS,
    )  # fmt: skip
    parser.add_argument(
        "--adopt", action="append", default=[], metavar="KIND/NAME",
        help="take over something that is there already, e.g. role/worker",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--profile", help="of the AWS configuration")
    parser.add_argument("--region", help="of services that are not global")
    return parser.parse_args(arguments)


def _clients(profile: str | None, region: str | None) -> Client:
    """Return what makes clients of the SDK, each once."""
    try:
        import boto3  # noqa: PLC0415  # only who deploys needs it
    except ImportError as error:
        raise RuntimeError("boto3 is not installed: pip install boto3") from error

    session = boto3.Session(profile_name=profile, region_name=region)
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            name, _, place = service.partition("@")
            made[service] = session.client(name, region_name=place or None)
        return made[service]

    return client


def _show(plan: Plan) -> None:
    for step in plan.steps:
        _say(_line(step))
    for note in plan.notes:
        _say(f"note: {note}")
    for problem in plan.problems:
        _say(f"error: {problem}")
    for conflict in plan.conflicts:
        whose = f"belongs to project {conflict.owner}" if conflict.owner else "is not ours"
        _say(
            f"error: {conflict.kind} {conflict.name} is there and {whose}"
            f" (--adopt {conflict.key} takes it over)"
        )
    if not plan.steps and not plan.problems and not plan.conflicts:
        _say("nothing to do")


def _line(step: Step) -> str:
    return f"{step.verb} {step.kind} {step.name}" + (f": {step.detail}" if step.detail else "")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        _say("error: nothing was done: --yes does it without asking")
        return False
    sys.stdout.write("Do this? [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _carry_out(client: Client, plan: Plan) -> int:
    outcome = run(client, plan, lambda step: _say(f"done: {_line(step)}"))
    if outcome.failed is None:
        return DONE
    left = len(plan.steps) - len(outcome.done)
    _say(f"error: {_line(outcome.failed)}: {outcome.error}")
    _say(f"{len(outcome.done)} steps done, {left} left: run it again to go on from here")
    return FAILED


def _say(text: str) -> None:
    stream = sys.stderr if text.startswith("error: ") else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()
