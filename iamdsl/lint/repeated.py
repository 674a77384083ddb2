"""Findings that a template or a shared policy makes again for each who has it: told once.

What is wrong in one place is one mistake, for however many roles the place stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl.diagnostics import Diagnostic
    from iamdsl.source import Span

_HOLDER = re.compile(
    r"(?:(?:trust|inline|session) policy(?: `[^`]*`)? of )?"
    r"(?:role|policy|boundary|SCP|RCP|user|group|permission set) `[^`]*`"
)
"""How messages call what a policy is, or whose it is: see `Item.title`."""


def told_once(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the first of findings that differ in nothing but whom they are about.

    Its message tells how many are left out, in words that `diagnostics.fingerprint` passes over.
    """
    alike: dict[tuple[object, ...], list[Diagnostic]] = {}
    for number, diagnostic in enumerate(diagnostics):
        span = diagnostic.span
        if span is None:
            alike[(number,)] = [diagnostic]
            continue
        message = _HOLDER.sub("", diagnostic.message)
        places = [(s.source.name, s.start, s.end) for s in (span, *_of_notes(diagnostic))]
        key = (diagnostic.code.number, message, *places)
        alike.setdefault(key, []).append(diagnostic)
    return [_joined(*group) for group in alike.values()]


def _of_notes(diagnostic: Diagnostic) -> Iterator[Span]:
    """Yield the places of notes: of what stands in data, a comment can be at each use of it."""
    return (note.span for note in diagnostic.notes)


def _joined(first: Diagnostic, *others: Diagnostic) -> Diagnostic:
    if not others:
        return first
    return first._replace(message=f"{first.message} (and {len(others):,} more like it)")
