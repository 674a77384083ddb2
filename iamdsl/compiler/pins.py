"""Pins: what `@class` and `except` came to when they were first built.

Both are lists of the actions that a catalogue knew. With a newer catalogue they would be other
lists, and the same source would grant other things; so the first answer is kept, and a difference
to today's is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.diagnostics import Report
    from iamdsl.source import Span


class Pins:
    """Expansions that are kept, and those that a compilation asked for.

    Attributes:
        used: all that were asked for, as they are to be kept.
    """

    def __init__(self, known: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._known = known or {}
        self.used: dict[str, tuple[str, ...]] = {}

    def settle(
        self, what: str, today: tuple[str, ...], span: Span | None, report: Report
    ) -> tuple[str, ...]:
        """Return the actions that an expansion stands for: those that are kept, else today's.

        Args:
            what: the expansion in words that hold wherever it is written, `s3:@read on object`.
            today: what the catalogue makes of it.
        """
        kept = self._known.get(what)
        self.used[what] = today if kept is None else kept
        if kept is None:
            return today
        more, fewer = (
            [f"`{a}`" for a in one if a not in set(other)]
            for one, other in ((today, kept), (kept, today))
        )
        if more or fewer:
            told = [
                f"{len(some)} {word}" for some, word in ((more, "more"), (fewer, "fewer")) if some
            ]
            report.add(
                codes.PINNED,
                span,
                f"`{what}` is kept as it was; by this catalogue it has {' and '.join(told)}",
                label=", ".join((more + fewer)[:4]) + (" …" if len(more + fewer) > 4 else ""),
                hint="read the difference, then build with `--upgrade` to take it",
            )
        return kept
