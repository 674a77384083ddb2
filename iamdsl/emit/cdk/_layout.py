"""Code on lines that are not too long, as Prettier and ruff leave it: brackets and what is in them.

Only brackets break. What stands in broken ones has a line each, and a comma behind every one.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias
from unicodedata import category, east_asian_width

Layout: TypeAlias = "str | Block"


class Item(NamedTuple):
    """One thing in brackets, behind `name=` or `name: `."""

    prefix: str
    value: Layout


class Block(NamedTuple):
    """Brackets.

    Attributes:
        spaced: with blanks inside, where it is on one line.
        broken: is never on one line.
        hugs: where only its last item breaks, the rest stays beside the bracket.
    """

    open: str
    items: tuple[Item, ...]
    close: str
    spaced: bool = False
    broken: bool = False
    hugs: bool = False


class Sheet(NamedTuple):
    """How wide lines are and how deep what is in brackets.

    Attributes:
        lowers: whether a text that is too long for its line goes to the next one, below its name.
    """

    width: int
    step: int
    lowers: bool = False

    def written(self, layout: Layout, indent: int, before: int, after: int = 0) -> str:
        """Return a layout; a line break in it is followed by all the blanks that it needs.

        Args:
            indent: of the line that it begins on.
            before: the characters on that line.
            after: the characters that follow on its last line.
        """
        flat = _flat(layout)
        if flat is not None and before + _columns(flat) + after <= self.width:
            return flat
        if isinstance(layout, str) or not layout.items:
            return flat or ""
        if layout.hugs and (hugged := self._hugged(layout, indent, before)) is not None:
            return hugged
        inner = indent + self.step
        lines = [layout.open]
        for prefix, value in layout.items:
            before = inner + _columns(prefix)
            text = self.written(value, inner, before, 1)
            if self._is_lowered(prefix, value, before):
                lines += [f"{' ' * inner}{prefix[:-1]}", f"{' ' * (inner + self.step)}{text},"]
            else:
                lines.append(f"{' ' * inner}{prefix}{text},")
        return "\n".join([*lines, f"{' ' * indent}{layout.close}"])

    def _is_lowered(self, prefix: str, value: Layout, before: int) -> bool:
        """Tell whether a text stands below its name; it stays beside a very short one."""
        if not self.lowers or not isinstance(value, str) or not prefix.endswith(": "):
            return False
        is_long = before + _columns(value) + 1 > self.width
        return is_long and value[0] in "'\"" and len(prefix) - 2 > self.step

    def _hugged(self, layout: Block, indent: int, before: int) -> str | None:
        """Return a call whose last argument alone is broken, if the rest has room before it."""
        *first, (prefix, last) = layout.items
        if not isinstance(last, Block) or not last.items or last.open not in {"{", "["}:
            return None
        written = [_flat(value) for _, value in first]
        if None in written:
            return None
        texts = [f"{item.prefix}{text}" for item, text in zip(first, written, strict=True)]
        head = layout.open + "".join(f"{text}, " for text in texts) + prefix
        if before + _columns(head) + len(last.open) > self.width:
            return None
        broken = self.written(last._replace(broken=True), indent, before + _columns(head))
        return f"{head}{broken}{layout.close}"


def _flat(layout: Layout) -> str | None:
    """Return a layout on one line; None where it cannot be."""
    if isinstance(layout, str):
        return layout
    if layout.broken and layout.items:
        return None
    texts = []
    for prefix, value in layout.items:
        text = _flat(value)
        if text is None:
            return None
        texts.append(prefix + text)
    blank = " " if layout.spaced and texts else ""
    return f"{layout.open}{blank}{', '.join(texts)}{blank}{layout.close}"


def _columns(text: str) -> int:
    """Return how wide a text is on a terminal, which is how formatters measure it."""
    return len(text) if text.isascii() else sum(map(_column, text))


def _column(character: str) -> int:
    if category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in {"W", "F"} else 1
