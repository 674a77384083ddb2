"""Which tests are meant: `-k 'orders and not (slow or "other table")'`, as pytest has it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(r'\s*(?:(?P<mark>[()])|"(?P<text>[^"]*)"|(?P<word>[^\s()"]+))')
_MOST = 1_000


class NoExpressionError(ValueError):
    """An expression cannot be read; the message says what is wrong."""


def selector(expression: str) -> Callable[[str], bool]:
    """Return what tells whether a name is meant: it holds a word, whatever the case.

    Raises:
        NoExpressionError: parentheses or words do not fit together.
    """
    if len(expression) > _MOST:
        raise NoExpressionError(f"it is longer than {_MOST:,} characters")
    tokens = [
        _Token(m["mark"] or m["word"] or m["text"], quoted=m["text"] is not None)
        for m in _TOKEN.finditer(expression)
    ]
    if sum(len(m.group()) for m in _TOKEN.finditer(expression)) != len(expression.rstrip()):
        raise NoExpressionError("a quote is not closed")
    parser = _Parser(tokens)
    found = parser.either()
    if parser.tokens:
        raise NoExpressionError(f"`{parser.tokens[0].text}` is not expected")
    return found


class _Token(NamedTuple):
    text: str
    quoted: bool = False


class _Parser:
    """Reads tokens from the left; `not` binds most, then `and`, then `or`."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens

    def either(self) -> Callable[[str], bool]:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return lambda name: any(part(name) for part in parts)

    def _both(self) -> Callable[[str], bool]:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return lambda name: all(part(name) for part in parts)

    def _one(self) -> Callable[[str], bool]:
        if self._take("not"):
            inner = self._one()
            return lambda name: not inner(name)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise NoExpressionError("a parenthesis is not closed")
            return inner
        if not self.tokens:
            raise NoExpressionError("a word is missing")
        token = self.tokens.pop(0)
        if not token.quoted and token.text in {"and", "or", ")"}:
            raise NoExpressionError(f"`{token.text}` is not expected")
        word = token.text.lower()
        return lambda name: word in name.lower()

    def _take(self, word: str) -> bool:
        if self.tokens and self.tokens[0] == _Token(word):
            self.tokens.pop(0)
            return True
        return False
