"""`iamdsl verify`: whether an account is as a project is built."""

from __future__ import annotations

from typing import Any

import click

from iamdsl.cli import _deploying, console
from iamdsl.cli import exit as exits


@click.command
@_deploying.deploying
def command(**given: Any) -> None:
    """Compare what is live in the account of the credentials with what the project builds.

    What differs is told by its meaning: what is live allows more, or less, than the sources say,
    each with a request that shows it. What belongs to the project and no source has is told as
    well, and so is what has a name of the project's and is not its own. Nothing is changed.

    Exits with 0 where all is as built, 1 where it is not, and 2 where AWS cannot be asked.
    """
    asked = _deploying.Asked(**given)
    on = _deploying.begun(asked)
    found = _deploying.planned(asked, on, drift=True)
    if asked.output_format == "json":
        from iamdsl.cli import _plan_json  # noqa: PLC0415 (only where asked for)

        console.out(_plan_json.text(found, on))
    else:
        from iamdsl.cli import _plan_text  # noqa: PLC0415 (only where asked for)

        console.out(_plan_text.drift_text(found, on))
    raise click.exceptions.Exit(exits.NO if found.differs else exits.YES)
