"""The source as it is walked along while its tree is printed, and the comments on the way.

Nodes are printed in the order in which they stand, token by token, so that one cursor finds every
comment exactly once, between the two tokens where it was. Whoever prints a token or asks for what
leads a node gets the comments that stand before it. Comments stay between their tokens, but that
those before a comma or a `{` go behind it.

A tree that was made, not read, has no text: there are no comments then but what `doc` fields hold.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.fmt.doc import GAP, HARD, Comment, Doc, concat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.syntax import tree

_SPACE = re.compile(r"\s*")


class Found(NamedTuple):
    """A comment of the source.

    Attributes:
        own: whether nothing stands before it on its line.
        gap: whether an empty line stands before it.
        near: whether what follows it stands on the next line, or on its own.
    """

    text: str
    own: bool
    gap: bool
    near: bool = True

    @property
    def is_doc(self) -> bool:
        """Tell whether it is documentation, if something follows that has any."""
        return self.text.startswith("##")

    def doc(self) -> Doc:
        """Return it as it is printed where it was."""
        return Comment(self.text, own=self.own)


class OutOfStepError(Exception):
    """What is printed is not what stands in the source: a mistake of the printer's."""


class Cursor:
    """A place in a source that moves forward with what is printed.

    Attributes:
        text: the source's; empty for a tree that was made.
        gap: whether an empty line stands before the token that is next, if `take` was just asked.
    """

    def __init__(self, text: str = "", comments: Sequence[tree.Comment] = ()) -> None:
        self.text = text
        self.at = 0
        self.gap = False
        self._starts = [comment.span.start for comment in comments]

    @property
    def made(self) -> bool:
        """Tell whether there is no source."""
        return not self.text

    def comments_in(self, start: int, end: int) -> bool:
        """Tell whether a comment stands in a stretch of the source."""
        at = bisect_left(self._starts, start)
        return at < len(self._starts) and self._starts[at] < end

    def next(self) -> int:
        """Return where the next token stands, and stay."""
        start = self.at
        self.take()
        at, self.at = self.at, start
        return at

    def take(self) -> list[Found]:
        """Return the comments up to the next token, and go there."""
        found: list[Found] = []
        text, at = self.text, self.at
        while True:
            after = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it always matches
            lines = text.count("\n", at, after)
            first = at == 0
            at = after
            if found:
                found[-1] = found[-1]._replace(near=lines < 2)
            if not text.startswith("#", at):
                break
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            found.append(Found(text[at:end].rstrip(), lines > 0 or first, lines > 1))
            at = end
        self.at, self.gap = at, lines > 1
        return found

    def sees(self, token: str) -> bool:
        """Tell whether a token is next."""
        return self.text.startswith(token, self.next())

    def token(self, token: str) -> Doc:
        """Return a token with the comments before it, and go behind it.

        Raises:
            OutOfStepError: something else stands there.
        """
        if not self.text:
            return token
        found = self.take() if self.text[self.at : self.at + 1] in " \n#\t\r\f" else []
        if not self.text.startswith(token, self.at):
            raise OutOfStepError(f"`{token}` is not at {self.at}")
        self.at += len(token)
        return concat(*[comment.doc() for comment in found], token) if found else token

    def over(self, token: str) -> tuple[Doc, list[Found]]:
        """Return a token and the comments before it, which can stand behind it.

        Documentation cannot: it could become that of what follows.
        """
        if not self.text:
            return token, []
        start = self.at
        found = self.take()
        if any(comment.is_doc for comment in found):
            self.at = start
            return self.token(token), []
        return self.token(token), found

    def optional(self, token: str) -> list[Found]:
        """Go over a token if it is there, and return the comments before and behind it."""
        found = self.take()
        if self.text and self.sees(token):
            self.at += len(token)
            found += self.take()
        return found


def leading(found: list[Found], *, documented: bool) -> Doc | None:
    """Return the comments that lead a node, None if there are none.

    Args:
        found: what stands before it.
        documented: whether it has documentation, for then the `##` lines right above are that, and
            others must stay away from it.
    """
    if not found:
        return None
    docs = documentation(found) if documented else 0
    parts: list[Doc] = []
    for index, comment in enumerate(found):
        is_doc = index >= len(found) - docs
        if documented and index and found[index - 1].is_doc and index == len(found) - docs:
            parts.append(GAP)
        parts += (HARD, Comment(comment.text, own=True)) if is_doc else (comment.doc(),)
    if documented and not docs and found[-1].is_doc:
        parts.append(GAP)
    return concat(*parts)


def made(doc: str) -> list[Found]:
    """Return documentation as the comments that it would be read from."""
    lines = doc.split("\n") if doc else []
    return [Found(f"## {line}".rstrip(), own=True, gap=False) for line in lines]


def documentation(found: list[Found]) -> int:
    """Return how many of the comments before a node, the last ones, are its documentation."""
    count = 0
    for comment in reversed(found):
        if not (comment.is_doc and comment.near):
            break
        count += 1
    return count
