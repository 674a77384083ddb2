"""The long explanation of a code: `explain/<number>.md`, one text for all who show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl import resources

if TYPE_CHECKING:
    from iamdsl.diagnostics._core import Code


def read(code: Code) -> str | None:
    """Return the essay of a code as Markdown, or None if there is none."""
    try:
        return resources.read_text(
            resources.package_path("diagnostics", "explain", f"{code.number}.md")
        )
    except OSError:
        return None
