"""The parse tables: computed by Lark from the grammar, kept as plain data in the user's cache.

Lark's own cached form costs 7 ms to bring back, most of it for rules that a source never reaches.
Ours holds the same tables as numbers; a state is made when the parser comes to it, and a rule is
what Lark's parser asks of one: its name, its length, and what to do with its children.
"""

from __future__ import annotations

import marshal
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import lark
from lark.lexer import PatternStr
from lark.parsers.lalr_analysis import IntParseTable, Reduce, Shift

from iamdsl import resources

if TYPE_CHECKING:
    from collections.abc import Callable

STARTS = ["file", "member", "expression"]
_FORMAT = "3"


class Rule:
    """A rule of the grammar, as Lark's parser and tree builder see one.

    Attributes:
        name, expansion: what the parser asks for: the rule's name and (the length of) its body.
        kept: which children stay, with whether they are a list to be joined in; None is all.
        single: whether a lone child stands for the rule itself (`?rule` in the grammar).
        make: what builds the node; None for the rules that Lark makes of `*` and `+`.
    """

    __slots__ = ("expansion", "kept", "make", "name", "single")

    def __init__(
        self,
        plain: tuple[str, int, bool, list[tuple[int, bool]] | None],
        make: Callable[[list[Any]], Any] | None,
    ) -> None:
        self.name, size, self.single, self.kept = plain
        self.expansion, self.make = range(size), make

    @property
    def origin(self) -> Rule:
        """Return what has the name of the rule."""
        return self

    def reduce(self, children: list[Any]) -> Any:
        """Return what the parser is to put in the place of the children."""
        if self.kept is not None:
            given, children = children, []
            for index, joined in self.kept:
                if not joined:
                    children.append(given[index])
                elif children:
                    children += given[index]
                else:
                    children = given[index]  # grown in place: a long list stays linear
        if self.single and len(children) == 1:
            return children[0]
        return children if self.make is None else self.make(children)


class Reductions:
    """What Lark's parser looks up when it reduces; tokens have no callbacks."""

    def __contains__(self, token: object) -> bool:
        return False

    def __getitem__(self, rule: Rule) -> Callable[[list[Any]], Any]:
        return rule.reduce


class _States(dict[int, dict[str, Any]]):
    """Parser states by number, each made from its plain form when it is first reached."""

    def __init__(self, plain: dict[int, bytes], tokens: list[str], rules: list[Rule]) -> None:
        super().__init__()
        self._plain, self._tokens, self._rules = plain, tokens, rules

    def __missing__(self, state: int) -> dict[str, Any]:
        tokens, rules = self._tokens, self._rules
        actions: dict[int, int] = marshal.loads(self._plain[state])  # noqa: S302  # see `_unpack`
        made = {
            tokens[token]: (Shift, number) if number >= 0 else (Reduce, rules[-1 - number])
            for token, number in actions.items()
        }
        self[state] = made
        return made


def load() -> dict[str, Any]:
    """Return the grammar's tables in their plain form, from the cache if they are there whole."""
    grammar = resources.read_text(resources.path("grammar", "iamdsl.lark"))
    stamp = f"{_FORMAT} {lark.__version__} {marshal.version} {grammar}"
    name = f"grammar-{sha256(stamp.encode()).hexdigest()[:24]}.tables"
    plain = unpack(resources.read_cached(name))
    if plain is None:
        plain = compute(grammar)
        resources.write_cached(name, pack(plain))
    return plain


def parse_table(plain: dict[str, Any], builder: object) -> Any:
    """Return the tables as Lark's parser wants them, nodes being made by `builder`'s methods."""
    rules = [Rule(rule, getattr(builder, rule[0], None)) for rule in plain["rules"]]
    table: Any = IntParseTable
    states = _States(plain["states"], plain["tokens"], rules)
    return table(states, plain["starts"], plain["ends"])


def compute(grammar: str) -> dict[str, Any]:
    """Return Lark's tables for a grammar as dicts, lists, texts and numbers only."""
    made: Any = lark.Lark(
        grammar, parser="lalr", lexer="contextual", start=STARTS, maybe_placeholders=False
    )
    table = made.parser.parser._parse_table  # noqa: SLF001  # what Lark itself serializes
    numbers = {rule: number for number, rule in enumerate(made.rules)}
    tokens: dict[str, int] = {}
    states = {}
    for state, actions in table.states.items():
        plain = {}
        for token, (action, argument) in actions.items():
            number = argument if action is Shift else -1 - numbers[argument]
            plain[tokens.setdefault(str(token), len(tokens))] = number
        states[state] = marshal.dumps(plain)
    return {
        "rules": [_plain_rule(rule) for rule in made.rules],
        "states": states,
        "tokens": list(tokens),
        "starts": {str(name): state for name, state in table.start_states.items()},
        "ends": {str(name): state for name, state in table.end_states.items()},
        "terminals": [
            (str(t.name), str(t.pattern.value), t.priority, isinstance(t.pattern, PatternStr))
            for t in made.terminals
        ],
    }


def _plain_rule(rule: Any) -> tuple[str, int, bool, list[tuple[int, bool]] | None]:
    """Return a rule as data; which children stay is Lark's rule (`parse_tree_builder`)."""
    kept = [
        (index, not symbol.is_term and symbol.name.startswith("_"))
        for index, symbol in enumerate(rule.expansion)
        if rule.options.keep_all_tokens or not (symbol.is_term and symbol.filter_out)
    ]
    all_as_they_are = len(kept) == len(rule.expansion) and not any(joined for _, joined in kept)
    size, single = len(rule.expansion), bool(rule.options.expand1)
    return str(rule.origin.name), size, single, None if all_as_they_are else kept


def pack(plain: dict[str, Any]) -> bytes:
    """Return the tables as a file: their hash, then marshal's form of them."""
    body = marshal.dumps(plain)
    return sha256(body).digest() + body


def unpack(packed: bytes | None) -> dict[str, Any] | None:
    """Return the tables of a file, None when they are not whole or not ours.

    Marshal trusts what it reads; so the file must be of the user's own (`resources`), and whole.
    """
    if packed is None or sha256(packed[32:]).digest() != packed[:32]:
        return None
    with suppress(ValueError, EOFError, TypeError):
        plain = marshal.loads(packed[32:])  # noqa: S302  # see above
        if isinstance(plain, dict) and plain.keys() >= {"rules", "states", "tokens", "terminals"}:
            return plain
    return None
