"""What the exit code says, the same for every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.diagnostics import Diagnostic

YES = 0
"""All is well."""

NO = 1
"""The answer is no: errors in sources, findings, a failed test."""

CANNOT = 2
"""There is no answer: usage, files that cannot be read or written, a bug of ours."""

INTERRUPTED = 130
"""Stopped by the user, as shells count it (128 + SIGINT)."""


def of(diagnostics: Iterable[Diagnostic], *, error_on_warning: bool = False) -> int:
    """Return the exit code that a command's diagnostics amount to."""
    severities, numbers = set(), set()
    for diagnostic in diagnostics:
        severities.add(diagnostic.severity.value)
        if diagnostic.severity.value == "error":
            numbers.add(diagnostic.code.number)
    if any(number.startswith(("IAM5", "IAM9")) for number in numbers):
        return CANNOT
    if "error" in severities or (error_on_warning and "warning" in severities):
        return NO
    return YES
