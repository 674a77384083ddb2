"""The parser: Lark's LALR(1) engine over our grammar, with a cheap contextual lexer.

The tables are Lark's, kept by `tables`. The lexer is contextual as Lark's is (the parser's state
decides what may come), but needs one regular expression and two short ones where Lark's compiles
one for each of a hundred sets of terminals.
"""

from __future__ import annotations

import re
from threading import Lock
from typing import TYPE_CHECKING, Any

from lark.exceptions import UnexpectedInput
from lark.lexer import Lexer, LexerState, LexerThread, LineCounter, Token
from lark.parsers.lalr_parser import _Parser
from lark.utils import TextSlice

from iamdsl.source import Span
from iamdsl.syntax import refusal, tables, tree
from iamdsl.syntax.builder import Builder
from iamdsl.syntax.words import RESERVED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.source import Source

_LONGER_THAN_NAMES = {"QUALIFIED", "SERVICE", "ARN", "ADDRESS"}


class StateLexer(Lexer):
    """A contextual lexer: what the parser's state accepts decides what a word is.

    One expression finds every token. Where the state takes names but no qualified ones (`id:T` in
    a parameter list is a name, a colon and a type) or the items of an action set, a second, short
    one is asked. A keyword is a keyword where the state takes it, and a name elsewhere.

    Attributes:
        literals: how keywords and marks are written, by the name of their terminal.
    """

    def __init__(self, terminals: list[tuple[str, str, int, bool]]) -> None:
        self.literals = {name: value for name, value, _, literal in terminals if literal}
        self._words = {v: name for name, v in self.literals.items() if v[0].isalpha()}
        marks = sorted((v for v in self.literals.values() if not v[0].isalpha()), key=len)
        names = {value: name for name, value in self.literals.items()}
        shapes = [(name, value, rank) for name, value, rank, literal in terminals if not literal]
        shapes.sort(key=lambda t: (t[0] != "WS", -t[2], t[0]))
        patterns = {name: value for name, value, _ in shapes}
        pairs = [(name, value) for name, value in patterns.items() if name != "ACTION"]
        pairs += [(names[mark], re.escape(mark)) for mark in reversed(marks)]
        self._scanner = re.compile("|".join(f"(?P<{n}>{pattern})" for n, pattern in pairs))
        self._name = re.compile(patterns["NAME"])
        self._action = re.compile(patterns["ACTION"])
        self._contexts: dict[int, str] = {}
        self.comments: list[Token] = []

    def _context(self, accepts: dict[str, Any]) -> str:
        if "ACTION" in accepts:
            return "ACTION"
        return "NAME" if "NAME" in accepts and "QUALIFIED" not in accepts else ""

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
        """Yield the tokens, each found when the parser is in the state that reads it."""
        text, position = lexer_state.text.text, lexer_state.text.start
        end, words, contexts = lexer_state.text.end, self._words, self._contexts
        states, stack = parser_state.parse_conf.states, parser_state.state_stack
        while position < end:
            state = stack[-1]
            context = contexts.get(state)
            if context is None:
                context = contexts[state] = self._context(states[state])
            found = None
            if context == "ACTION" and (found := self._action.match(text, position, end)):
                kind = "ACTION"
            elif found := self._scanner.match(text, position, end):
                kind = found.lastgroup or ""
                if context == "NAME" and kind in _LONGER_THAN_NAMES:
                    found = self._name.match(text, position, end) or found
                    kind = "NAME" if found.re is self._name else kind
            else:
                yield Token("UNREADABLE", text[position], position, end_pos=position + 1)
                return
            start, position = position, found.end()
            if kind == "WS":
                continue
            value = found.group()
            if kind == "COMMENT":
                self.comments.append(Token(kind, value, start, end_pos=position))
                continue
            if kind == "NAME" and value in words:
                word = words[value]
                if value in RESERVED or word in states[state]:
                    kind = word
            yield Token(kind, value, start, end_pos=position)


class Engine:
    """One Lark parser, whose builder is pointed at the source being read."""

    def __init__(self) -> None:
        plain = tables.load()
        self.builder = Builder(self)
        self.lexer = StateLexer(plain["terminals"])
        parser: Any = _Parser
        table = tables.parse_table(plain, self.builder)
        self._parser = parser(table, tables.Reductions())
        self.lock = Lock()

    def parse(self, start: str, begin: int, end: int) -> Any:
        """Parse a stretch of the builder's source from the grammar's rule `start`.

        Raises:
            UnexpectedInput: Lark's, where the text is not of that rule.
        """
        return self.parse_text(start, self.builder.source.text, begin, end)

    def parse_text(self, start: str, text: str, begin: int, end: int) -> Any:
        """Parse a stretch of a text whose offsets are those of the builder's source."""
        counter = LineCounter("\n")  # type: ignore[no-untyped-call]
        counter.char_pos = begin  # lines are never asked for: counting them to here is quadratic
        state = LexerState(TextSlice(text, begin, end), counter)
        return self._parser.parse(LexerThread(self.lexer, state), start)


_engines: list[Engine] = []


def parse(source: Source, report: Report) -> tree.File:
    """Parse a source; mistakes go to `report`, and what they spoil is `tree.Broken`."""
    if refusal.refuse(source, report):
        return tree.File((), span=Span(source, 0, len(source.text)))
    if not _engines:
        _engines.append(Engine())
    engine = _engines[0]
    with engine.lock:
        engine.builder.begin(source, report)
        engine.lexer.comments = engine.builder.comments
        try:
            members: tuple[tree.Member, ...] = engine.parse("file", 0, len(source.text))
        except (UnexpectedInput, RecursionError):
            from iamdsl.syntax import islands  # noqa: PLC0415  # most sources have no mistakes

            engine.builder.begin(source, report)
            engine.lexer.comments = engine.builder.comments
            members = islands.parse(engine, source, report)
            engine.builder.comments += islands.comments(source)
        comments = tuple(engine.builder.finish())
    return tree.File(members, comments, span=Span(source, 0, len(source.text)))
