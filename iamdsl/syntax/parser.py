"""The parser: Lark's LALR(1) engine over our grammar, with a cheap contextual lexer.

Two things are ours, both for start-up time. The tables are kept as plain data in the user's
cache, so that a run neither reads the grammar nor computes tables; and of 390 parser states only
those that a source reaches are made. The lexer is contextual as Lark's is (the parser's state
decides what may come), but needs three regular expressions where Lark's compiles one for each of
a hundred sets of terminals.
"""

from __future__ import annotations

import marshal
import re
from contextlib import suppress
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any

import lark
from lark.exceptions import UnexpectedInput
from lark.lexer import ContextualLexer, PatternStr, Token
from lark.parsers.lalr_analysis import IntParseTable, Reduce, Shift
from lark.parsers.lalr_parser import LALR_Parser, _Parser
from lark.utils import TextSlice

from iamdsl import resources
from iamdsl.source import Span
from iamdsl.syntax import refusal, tree
from iamdsl.syntax.builder import Builder
from iamdsl.syntax.words import RESERVED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.source import Source

_STARTS = ["file", "member", "expression"]
_FORMAT = "2"
_LONGER_THAN_NAMES = {"QUALIFIED", "SERVICE", "ARN", "ADDRESS"}


class _States(dict[int, dict[str, Any]]):
    """Parser states by number, each made from its plain form when it is first reached."""

    def __init__(self, plain: dict[int, Any], tokens: list[str], memo: dict[int, Any]) -> None:
        super().__init__()
        self._plain, self._tokens, self._memo = plain, tokens, memo

    def __missing__(self, state: int) -> dict[str, Any]:
        tokens, memo = self._tokens, self._memo
        actions: dict[int, int] = marshal.loads(self._plain[state])  # noqa: S302  # as `_unpack`
        made = {
            tokens[token]: (Shift, number) if number >= 0 else (Reduce, memo[-1 - number])
            for token, number in actions.items()
        }
        self[state] = made
        return made


class _LazyTables(LALR_Parser):
    """Lark's parser over `_States`."""

    @classmethod
    def deserialize(  # type: ignore[override]  # as in Lark's own subclass
        cls, data: dict[str, Any], memo: dict[int, Any], callbacks: Any, debug: bool = False
    ) -> _LazyTables:
        self = cls.__new__(cls)
        states = _States(data["states"], data["tokens"], memo)
        table: Any = IntParseTable
        self._parse_table = table(states, data["start_states"], data["end_states"])
        self.parser = _Parser(self._parse_table, callbacks, debug)
        return self


class _StateLexer(ContextualLexer):
    """A contextual lexer: what the parser's state accepts decides what a word is.

    One expression finds every token. Where the state takes names but no qualified ones (`id:T` in
    a parameter list is a name, a colon and a type) or the items of an action set, a second, short
    one is asked. A keyword is a keyword where the state takes it, and a name elsewhere.
    """

    def __init__(self, conf: Any, states: Any, always_accept: Any = ()) -> None:
        del states, always_accept
        self._conf = conf
        self.terminals = {terminal.name: terminal for terminal in conf.terminals}
        self._words: dict[str, str] = {}
        self._punctuation: list[tuple[str, str]] = []
        for terminal in conf.terminals:
            if isinstance(terminal.pattern, PatternStr):
                value = terminal.pattern.value
                if value[0].isalpha():
                    self._words[value] = terminal.name
                else:
                    self._punctuation.append((value, terminal.name))
        self._punctuation.sort(key=lambda pair: -len(pair[0]))
        self._scanner = self._compile()
        self._name = re.compile(self.terminals["NAME"].pattern.value)
        self._action = re.compile(self.terminals["ACTION"].pattern.value)
        self._contexts: dict[int, str] = {}
        self.comments: list[Token] = []

    def _compile(self) -> re.Pattern[str]:
        """Return the expression of all tokens but ACTION, those of higher priority first."""
        shapes = [t for t in self._conf.terminals if not isinstance(t.pattern, PatternStr)]
        shapes.sort(key=lambda t: (t.name != "WS", -t.priority, t.name))
        pairs = [(t.name, t.pattern.value) for t in shapes if t.name != "ACTION"]
        pairs += [(name, re.escape(value)) for value, name in self._punctuation]
        return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in pairs))

    def _context(self, accepts: dict[str, Any]) -> str:
        if "ACTION" in accepts:
            return "ACTION"
        return "NAME" if "NAME" in accepts and "QUALIFIED" not in accepts else ""

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
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
        self.builder = Builder(self)
        self.lark = self._load()
        self.lexer: _StateLexer = self.lark.parser.lexer
        self.lock = Lock()

    def _load(self) -> lark.Lark:
        grammar = resources.read_text(resources.path("grammar", "iamdsl.lark"))
        stamp = f"{_FORMAT} {lark.__version__} {marshal.version} {grammar}"
        name = f"grammar-{sha256(stamp.encode()).hexdigest()[:24]}.tables"
        with suppress(Exception):  # whatever a stale or damaged file does, tables can be made anew
            if (plain := _unpack(resources.read_cached(name))) is not None:
                return self._from_plain(plain)
        plain = _compute(grammar)
        resources.write_cached(name, _pack(plain))
        return self._from_plain(plain)

    def _from_plain(self, plain: dict[str, Any]) -> lark.Lark:
        plugins = {"LALR_Parser": _LazyTables, "ContextualLexer": _StateLexer}
        load: Any = lark.Lark._load_from_dict  # noqa: SLF001  # as Lark's stand-alone parsers do
        made: lark.Lark = load(
            plain["data"], plain["memo"], transformer=self.builder, _plugins=plugins
        )
        return made

    def parse(self, start: str, begin: int, end: int) -> Any:
        """Parse a stretch of the builder's source from the grammar's rule `start`.

        Raises:
            UnexpectedInput: Lark's, where the text is not of that rule.
        """
        return self.parse_text(start, self.builder.source.text, begin, end)

    def parse_text(self, start: str, text: str, begin: int, end: int) -> Any:
        """Parse a stretch of a text whose offsets are those of the builder's source."""
        return self.lark.parse(TextSlice(text, begin, end), start=start)


def _compute(grammar: str) -> dict[str, Any]:
    """Return Lark's tables for the grammar as dicts, lists, strings and numbers only."""
    made = lark.Lark(
        grammar, parser="lalr", lexer="contextual", start=_STARTS, maybe_placeholders=False
    )
    data, memo = made.memo_serialize([lark.lexer.TerminalDef, lark.grammar.Rule])
    kept = lark.lark._LOAD_ALLOWED_OPTIONS  # noqa: SLF001  # as Lark's own cache leaves them out
    data["options"] = {k: v for k, v in data["options"].items() if k not in kept}
    states = data["parser"]["parser"]["states"]
    for state, actions in states.items():
        states[state] = marshal.dumps({t: _number(*action) for t, action in actions.items()})
    return {"data": data, "memo": memo}


def _number(reduces: int, argument: Any) -> int:
    """Return an action of the parser as a number: the next state, or minus one less the rule."""
    return -1 - int(argument["@"]) if reduces else int(argument)


def _pack(plain: dict[str, Any]) -> bytes:
    body = marshal.dumps(plain)
    return sha256(body).digest() + body


def _unpack(packed: bytes | None) -> dict[str, Any] | None:
    """Return the tables, or None when the file is not whole (marshal trusts what it reads)."""
    if packed is None or sha256(packed[32:]).digest() != packed[:32]:
        return None
    plain = marshal.loads(packed[32:])  # noqa: S302  # our own file: owner and hash were checked
    return plain if isinstance(plain, dict) else None


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
