"""Patterns that share a text, and what is left of a list when others are taken away (`except`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

STAR, ANY, RUN = "*", "?", "/*"
"""Tokens besides single characters: any text, any character, any text without a slash."""

_LOOPS = frozenset({STAR, RUN})
_VARIABLE = r"\$\{[^}]*\}|\ue000[^\ue001]*\ue001"
_WORD_ENDS = r"(?<=[a-z0-9])(?=[A-Z_.-])|(?<=[A-Z])(?=[A-Z][a-z])|$"


def tokens(pattern: str) -> tuple[str, ...]:
    """Return a pattern as tokens; what a variable holds can be anything."""
    parts = re.sub(_VARIABLE, "*", pattern)
    return tuple(c + c if c == "/" else c for c in parts)


def meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Tell whether some text matches both, by walking the two side by side."""
    seen: set[tuple[int, int]] = set()
    pending = [(0, 0)]
    while pending:
        state = i, j = pending.pop()
        if state in seen:
            continue
        seen.add(state)
        if i == len(left) and j == len(right):
            return True
        a = left[i] if i < len(left) else ""
        b = right[j] if j < len(right) else ""
        if a in _LOOPS:
            pending.append((i + 1, j))
        if b in _LOOPS:
            pending.append((i, j + 1))
        if a and b and _share(a, b):
            pending.append((i + (a not in _LOOPS), j + (b not in _LOOPS)))
    return False


def _share(a: str, b: str) -> bool:
    """Tell whether two tokens have a character in common."""
    if RUN in (a, b):
        return "//" not in (a, b)
    return a == b or bool({a, b} & {STAR, ANY})


class Left(NamedTuple):
    """What is left of a list of patterns.

    Attributes:
        kept: those that have nothing in common with what is taken away, in order.
        partly: those of which a part is taken away: no list of patterns says the rest.
    """

    kept: tuple[str, ...]
    partly: tuple[str, ...]


def left_of(
    patterns: Iterable[str], gone: Iterable[str], covers: Callable[[str, str], bool]
) -> Left:
    """Take patterns away from patterns, whole or not at all.

    Args:
        covers: whether the first pattern matches all that the second does; a yes is a yes.
    """
    taken = [(pattern, tokens(pattern)) for pattern in gone]
    kept, partly = [], []
    for pattern in patterns:
        walked = tokens(pattern)
        met = [other for other, others in taken if meet(walked, others)]
        if not met:
            kept.append(pattern)
        elif not any(covers(other, pattern) for other in met):
            partly.append(pattern)
    return Left(tuple(kept), tuple(partly))


def open_cover(names: Iterable[str], fits: Callable[[str], bool]) -> tuple[str, ...]:
    """Return patterns for names: of each the shortest beginning in whole words that fits, and `*`.

    `GetObjectAcl` is tried as `Get*`, `GetObject*`, `GetObjectAcl*`, and stands alone when none
    fits. Names that come later match too if they begin like one of today's.
    """
    made: dict[str, None] = {}
    for name in names:
        tried = (f"{name[: end.start()]}*" for end in re.finditer(_WORD_ENDS, name))
        made[next(filter(fits, tried), name)] = None
    return tuple(sorted(made))
