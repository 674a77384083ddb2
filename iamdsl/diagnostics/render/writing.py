"""What may be shown of a user's text: control characters made visible, counts in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics._core import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.diagnostics._core import Diagnostic, Way

# A source may hold what moves a terminal's cursor, or turns the direction of the text around:
# C0 controls get their pictures, C1 controls and bidirectional controls the replacement character.
_VISIBLE = {
    **{code: 0x2400 + code for code in range(0x20)},
    0x7F: 0x2421,
    **dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD),
    **dict.fromkeys((0x200E, 0x200F, 0x061C, 0x2028, 0x2029), 0xFFFD),
}


def visible(text: str) -> str:
    """Return `text` on one line, without a character that a terminal would obey."""
    return text.translate(_VISIBLE)


def way_name(way: Way) -> str:
    """Return how a way out is introduced."""
    return "would fit" if way.enough else "would help"


def count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 file`, `2 files`, `1,200 errors`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def totals(diagnostics: Iterable[Diagnostic]) -> str:
    """Return how many there are of each severity: `2 errors, 1 warning`, or an empty string."""
    numbers = dict.fromkeys(Severity, 0)
    for diagnostic in diagnostics:
        numbers[diagnostic.severity] += 1
    return ", ".join(count(n, severity.value) for severity, n in numbers.items() if n)


def most_important(diagnostics: Sequence[Diagnostic], limit: int) -> Sequence[Diagnostic]:
    """Return at most `limit` of the diagnostics, errors before the rest, in their own order."""
    if len(diagnostics) <= limit:
        return diagnostics
    weights = {severity: weight for weight, severity in enumerate(Severity)}
    order = sorted(range(len(diagnostics)), key=lambda i: (weights[diagnostics[i].severity], i))
    return [diagnostics[i] for i in sorted(order[:limit])]
