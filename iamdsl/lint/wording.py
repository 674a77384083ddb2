"""How messages list what there may be many of, and show what stands on many lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.iam import Elements

_SHOWN = 3


def listed(texts: Iterable[str]) -> str:
    """Return up to three texts in backticks, and `…` for the rest: "`a`, `b` and `c`"."""
    every = [f"`{text}`" for text in dict.fromkeys(texts)]
    if len(every) > _SHOWN:
        return f"{', '.join(every[:_SHOWN])} …"
    return " and ".join(filter(None, (", ".join(every[:-1]), every[-1] if every else "")))


def actions_of(elements: Elements) -> str:
    """Return the actions of a statement for a message: "`s3:GetObject`", "everything but …"."""
    if elements.negated:
        return f"everything but {listed(elements.values)}"
    return "everything" if "*" in elements.values else listed(elements.values)


def heading(whole: Span) -> Span:
    """Return the beginning of a declaration, `user alice`, of the place of all of it."""
    text = whole.text
    head = text.partition("{")[0].rstrip()
    if not head or "\n" in head or type(whole) is not Span:
        return whole
    return Span(whole.source, whole.start, whole.start + len(head))
