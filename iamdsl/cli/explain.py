"""`iamdsl explain`: the long story of a diagnostic."""

from __future__ import annotations

import click

from iamdsl.cli import console
from iamdsl.diagnostics import codes
from iamdsl.diagnostics.render import essay


@click.command
@click.argument("code", required=False, metavar="[CODE|NAME]")
def command(code: str | None) -> None:
    """Explain a diagnostic, by its code (IAM201) or name (unknown-action), or list them all."""
    if code is None:
        width = max(len(known.name) for known in codes.ALL)
        for known in codes.ALL:
            console.out(f"{known.number}  {known.name:<{width}}  {known.summary}\n")
        return
    found = codes.find(code)
    if found is None:
        raise click.BadParameter(
            f"there is no diagnostic {code!r}{_meant(code)}", param_hint="CODE"
        )
    text = essay.read(found)
    if text is None:
        text = f"# {found.number} {found.name}\n\n{found.summary}\n"
    console.out(text if text.endswith("\n") else text + "\n")


def _meant(word: str) -> str:
    from iamdsl.diagnostics.nearest import nearest  # noqa: PLC0415 (only on mistakes)

    names = [known.name for known in codes.ALL] + [known.number for known in codes.ALL]
    close = nearest(word, names, 1)
    return f"; did you mean {close[0]}?" if close else "."
