"""A mistake in files and settings, before there is a source to underline.

Everything on the way of a build that has nothing to do is free of attrs and of the diagnostics
themselves (20 ms): a problem imports them when it is made, that is, when it is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iamdsl.diagnostics import Code, Diagnostic
    from iamdsl.source import Span


class Problem:
    """What went wrong, ready to become a diagnostic.

    Attributes:
        message, hint: in the voice of diagnostics.
        span: the place in a configuration file, if there is one; an import's problem has none,
            the compiler puts it at the import.
    """

    __slots__ = ("code", "hint", "message", "span")

    def __init__(self, code: Code, message: str, hint: str = "", span: Span | None = None) -> None:
        self.code = code
        self.message = message
        self.hint = hint
        self.span = span

    def diagnostic(self) -> Diagnostic:
        """Return the problem as a diagnostic."""
        from iamdsl.diagnostics import Diagnostic  # noqa: PLC0415 (see the module)

        return Diagnostic(self.code, self.code.severity, self.message, self.span, hint=self.hint)


def reason(error: OSError) -> str:
    """Return why the system refused, in its own words: `permission denied`."""
    return (error.strerror or type(error).__name__).lower()


def nearest(word: str, known: list[str]) -> str:
    """Return a hint with the nearest of the known words, or an empty string."""
    from iamdsl.diagnostics import nearest as near  # noqa: PLC0415 (only on mistakes)

    return near.did_you_mean(near.nearest(word, known, 1))
