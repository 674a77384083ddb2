"""`iamdsl plan`: what deploying would change in an account."""

from __future__ import annotations

from typing import Any

import click

from iamdsl.cli import _deploying, console
from iamdsl.cli import exit as exits


@click.command
@_deploying.deploying
@click.option(
    "--fail-on",
    type=click.Choice(("changes",)),
    help="Exit with 1 where there is anything to do.",
)
def command(*, fail_on: str | None, **given: Any) -> None:
    """Show what deploying would change in the account of the credentials.

    What is new, changed and removed is compared in meaning with what is live: who may do more, who
    may do less, each with a request that shows it; then come the steps, in their order. Nothing
    is changed. PATHS are as for build; what the project owns and they do not have is removed.

    Credentials are those that AWS's SDK finds. What belongs to the project carries the tag
    iamdsl:project with its name; nothing else is touched.

    Exits with 0 where it could be planned, 1 where something that is not the project's is in the
    way (and with --fail-on changes, where there is anything to do), and 2 where AWS cannot be asked.
    """
    asked = _deploying.Asked(**given)
    on = _deploying.begun(asked)
    found = _deploying.planned(asked, on)
    if asked.output_format == "json":
        from iamdsl.cli import _plan_json  # noqa: PLC0415 (only where asked for)

        console.out(_plan_json.text(found, on))
    else:
        from iamdsl.cli import _plan_text  # noqa: PLC0415 (only where asked for)

        console.out(_plan_text.plan_text(found, on))
    no = found.is_blocked or (fail_on is not None and found.changes)
    raise click.exceptions.Exit(exits.NO if no else exits.YES)
