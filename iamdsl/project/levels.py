"""The severities that a configuration gives to codes (`[lint.levels]`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.diagnostics import Diagnostic
    from iamdsl.project import Config

_SEVERITIES = {
    "error": Severity.ERROR,
    "warn": Severity.WARNING,
    "info": Severity.NOTE,
    "off": None,
}


def with_levels(diagnostics: Iterable[Diagnostic], config: Config) -> Iterable[Diagnostic]:
    """Yield the diagnostics with the severities that the configuration gives their codes."""
    levels = levels_of(config)
    for diagnostic in diagnostics:
        level = levels.get(diagnostic.code.number, diagnostic.severity)
        if level is not None:
            yield diagnostic._replace(severity=level)


def levels_of(config: Config) -> dict[str, Severity | None]:
    """Return the severities of codes, None for those that are off, by their numbers."""
    return {number: _SEVERITIES[level] for number, level in config.levels}
