"""What an unknown name was probably meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_LENGTH = 128
"""Characters of what may be a slip: as many as IAM's longest names have. The distance of two texts
takes time in proportion to the product of their lengths."""


def nearest(text: str, names: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """Return at most `limit` of `names` that could be a slip of `text`, the best first.

    Near means few characters inserted, left out, replaced or swapped with a neighbour, ignoring
    case: one in three of the text's characters, or one that begins with the other. A text of more
    than `MAX_LENGTH` characters is no slip.
    """
    if len(text) > MAX_LENGTH:
        return ()
    wanted = text.lower()
    bound = max(1, len(wanted) // 3)
    found: list[tuple[int, str, str]] = []
    for name in names:
        lowered = name.lower()
        if min(len(wanted), len(lowered)) > 3 and _begins(wanted, lowered):
            found.append((1, lowered, name))
        elif abs(len(lowered) - len(wanted)) <= bound and _could_be(wanted, lowered, bound):
            cost = distance(wanted, lowered, bound)
            if cost <= bound:
                found.append((cost, lowered, name))
        elif len(wanted) > 2 and lowered.startswith(wanted):
            found.append((bound + 1, lowered, name))
    found.sort()
    return tuple(name for _, _, name in found[:limit])


def did_you_mean(near: Sequence[str], otherwise: str = "") -> str:
    """Return the hint that names the nearest of `near`, or `otherwise` when nothing is near."""
    return f"did you mean `{near[0]}`?" if near else otherwise


def distance(a: str, b: str, bound: int) -> int:
    """Return how many slips lead from `a` to `b`, or `bound + 1` when they are more than `bound`.

    A slip is a character too many, too few or wrong, or two neighbours swapped (the restricted
    Damerau-Levenshtein distance).
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before = before, row
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > bound and min(before) > bound:
            return bound + 1
    return min(row[-1], bound + 1)


def _could_be(a: str, b: str, bound: int) -> bool:
    """Tell cheaply whether two words may be within `bound`: what letters they do not share."""
    left = list(b)
    missing = 0
    for letter in a:
        if letter in left:
            left.remove(letter)
        else:
            missing += 1
            if missing > bound:
                return False
    return max(missing, len(left)) <= bound


def _begins(a: str, b: str) -> bool:
    """Tell whether one is the other with a few letters more."""
    return (a.startswith(b) or b.startswith(a)) and abs(len(a) - len(b)) <= 8
