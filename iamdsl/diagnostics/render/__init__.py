"""Diagnostics as text: for people, editors, build servers and code scanning.

Each renderer is a pure function, `render(diagnostics, …) -> str`: the same diagnostics give the
same bytes, whatever the terminal. They are imported when asked for, so that a build that has
nothing to say loads none of them.

A `prefix` is put before the names of the project's own files, so that messages hold paths that
work from the folder where the tool was started (`Source.name` is relative to the project's root).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics import Diagnostic

FORMATS = ("full", "concise", "json", "sarif", "github", "junit")
"""The values of `--output-format`."""


def render(
    output_format: str,
    diagnostics: Sequence[Diagnostic],
    *,
    color: bool = False,
    prefix: str = "",
) -> str:
    """Return the diagnostics in one of `FORMATS`; empty or ending in a line's end.

    Only `full` and `concise` know colours.
    """
    name = "text" if output_format == "full" else output_format
    renderer = import_module(f"iamdsl.diagnostics.render.{name}")
    if output_format in ("full", "concise"):
        return str(renderer.render(diagnostics, color=color, prefix=prefix))
    return str(renderer.render(diagnostics, prefix=prefix))
