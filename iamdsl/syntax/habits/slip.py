"""A token that does not fit, and what is said of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Edit, Fix
from iamdsl.source import Span

if TYPE_CHECKING:
    from lark.lexer import Token

NAME = r"[A-Za-z_][\w-]*"
CLAUSES = ("on", "to", "when", "unless", "except", "as")
WHEN = "a condition of the request begins with `when`"
BLOCK = "a body stands in braces: `{ … }`"


class Habit(NamedTuple):
    """A message, what stands at the place, one thing to do, and where it is."""

    message: str
    hint: str
    span: Span
    fix: Fix | None = None


class Slip(NamedTuple):
    """A token that does not fit, and what is around it.

    Attributes:
        accepts: what could have stood there, as it is written.
        before: the end of the stretch that was being read, up to the token.
        after: what follows the token.
        first: whether only comments stand before it in the whole source.
    """

    token: Token
    accepts: set[str]
    span: Span
    before: str
    after: str
    first: bool

    @property
    def word(self) -> str:
        """The token as it is written."""
        return str(self.token)

    @property
    def begins(self) -> bool:
        """Whether a statement, setting or declaration could begin here."""
        return "allow" in self.accepts

    @property
    def inside(self) -> bool:
        """Whether a statement has begun that could go on here."""
        return bool(self.accepts & {"on", "to", "when", "unless"})

    def back(self, found: re.Match[str], group: int | str = 0) -> Span:
        """Return the place of a match that was found in `before`."""
        base = self.span.start - len(self.before)
        return Span(self.span.source, base + found.start(group), base + found.end(group))

    def ahead(self, length: int) -> Span:
        """Return the token's place with the next `length` characters."""
        return Span(self.span.source, self.span.start, self.span.end + length)

    def clause(self) -> str:
        """Return the verb or clause word that the text before the token ends in."""
        text = re.sub(r'"[^"\n]*"?', '""', self.before)
        words = re.findall(r"\b(?:allow|deny|trust|on|to|when|unless|except|as)\b", text)
        return words[-1] if words else ""


def double(span: Span, word: str) -> Habit:
    """Return what is said of `&&` and `||`, whose first character is at `span`."""
    source = span.source
    place = Span(source, span.start, span.start + 2)
    left = "" if source.text[span.start - 1 : span.start].isspace() else " "
    right = "" if source.text[span.start + 2 : span.start + 3].isspace() else " "
    fix = Fix(f"write `{word}`", (Edit(place, f"{left}{word}{right}"),))
    return Habit(f"`{place.text}` has no meaning here", f"write `{word}`", place, fix)
