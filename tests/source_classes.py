"""What each character of a source is, as the parser sees it: what highlighters are held to."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lark
from lark.exceptions import UnexpectedInput

from iamdsl.diagnostics import Report
from iamdsl.source import Source
from iamdsl.syntax import parser
from iamdsl.syntax import tables as parse_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
GRAMMAR = (ROOT / "grammar" / "iamdsl.lark").read_text(encoding="utf-8")
TERMINALS = dict(re.findall(r"^([A-Z]+)(?:\.\d+)?: /(.+)/$", GRAMMAR, re.MULTILINE))
LIBRARY = ("cross_account", "lambda", "mfa", "oidc", "perimeter", "regions", "tests/oidc")
"""Modules that have among them what all have: the others are more of the same."""

SOURCES = sorted(
    {
        ROOT / "tests" / "unit" / "syntax" / "every_construct.iam",
        *(ROOT / "examples").rglob("*.iam"),
        *(ROOT / "stdlib" / f"{name}.iam" for name in LIBRARY),
        *(p for p in (ROOT / "tests" / "cases").rglob("*.iam") if p.stat().st_size < 20_000),
    }
)
IDS = [path.relative_to(ROOT).as_posix() for path in SOURCES]
OF_TERMINAL = {
    "SERVICE": "action",
    "ACTION": "action",
    "LEVEL": "level",
    "LITERAL": "number",
    "ADDRESS": "number",
    "STAR": "constant",
    "TRUE": "constant",
    "FALSE": "constant",
    "NAME": "name",
}
OPERATORS = {"=", "==", "!=", "<", "<=", ">", ">=", "|", "?"}
PIECE = re.compile(
    r"(?P<escape>\\u\{[^{}\n]*\}|\\.|\{\{|\}\})|(?P<variable>\$\{[^{}\n]*\})"
    r'|(?P<hole>\{(?:[^{}"\n]|"[^"\n]*")*\})',
)


@cache
def stock() -> lark.Lark:
    """Return Lark's own parser of the grammar, with every token in its trees."""
    return lark.Lark(
        GRAMMAR,
        parser="lalr",
        lexer="contextual",
        start=parse_tables.STARTS,
        maybe_placeholders=False,
        keep_all_tokens=True,
    )


def keywords() -> set[str]:
    """Return the words that the grammar spells out."""
    values = {t.pattern.value for t in stock().terminals if t.pattern.type == "str"}
    return {value for value in values if value[0].isalpha()}


class Recorder(parser.StateLexer):
    """The lexer of `iamdsl.syntax`, with a list of what it found."""

    def __init__(self, terminals: list[tuple[str, str, int, bool]]) -> None:
        super().__init__(terminals)
        self.found: list[lark.Token] = []

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[lark.Token]:
        """Yield the tokens, and keep them."""
        for token in super().lex(lexer_state, parser_state):
            self.found.append(token)
            yield token


@cache
def recording() -> tuple[parser.Engine, Recorder]:
    """Return our engine, with a lexer that keeps what it finds."""
    engine = parser.Engine()
    engine.lexer = recorder = Recorder(parse_tables.load()["terminals"])
    return engine, recorder


def lexed(text: str) -> tuple[list[lark.Token], list[lark.Token]] | None:
    """Return the tokens and the comments that our parser reads in a text, None if it refuses it."""
    engine, recorder = recording()
    recorder.found, recorder.comments = [], []
    report = Report()
    engine.builder.begin(Source("x.iam", text), report)
    try:
        engine.parse("file", 0, len(text))
    except UnexpectedInput:
        return None
    if report.diagnostics and any(d.code.number < "IAM020" for d in report.diagnostics):
        return None
    tokens: list[lark.Token] = []
    for token in sorted(recorder.found, key=lambda t: (t.start_pos or 0, -(t.end_pos or 0))):
        if not tokens or (token.start_pos or 0) >= (tokens[-1].end_pos or 0):
            tokens.append(token)  # the others are in holes of these
    return tokens, recorder.comments


@cache
def classes(text: str) -> list[str] | None:
    """Return the class of each character, "" for blanks; None if the text does not parse.

    The classes: comment, keyword, constant, operator, punctuation, name, declared, type, action,
    key, builder, qualified (an action or a key: its place does not say), level, number, arn,
    string, escape, variable.
    """
    read = lexed(text)
    if read is None:
        return None
    found = [""] * len(text)
    seen = mark_tree(stock().parse(text, start="file"), 0, found)
    tokens, comments = read
    assert [(t.start_pos, str(t)) for t in tokens] == [(t.start_pos, str(t)) for t in seen]
    for comment in comments:
        fill(found, comment.start_pos or 0, str(comment), "comment")
    return found


def fill(found: list[str], start: int, text: str, kind: str) -> None:
    """Set the class of the characters of a piece of text, blanks included."""
    found[start : start + len(text)] = [kind] * len(text)


def mark_tree(tree: Any, offset: int, found: list[str]) -> list[lark.Token]:
    """Set the classes of all tokens of a tree whose text begins at `offset`; return them."""
    tokens = []
    for token, above in walk(tree, ()):
        tokens.append(token)
        start = offset + (token.start_pos or 0)
        if token.type in {"STRING", "ARN", "QUALIFIED"}:
            mark_text(token, start, kind_of(token, above), found)
        else:
            fill(found, start, str(token), kind_of(token, above))
    return tokens


Above = tuple[tuple[str, int, str], ...]


def walk(tree: Any, above: Above) -> Iterator[tuple[lark.Token, Above]]:
    """Yield the tokens of a tree, with the rules above each, the nearest first.

    A rule is its name, the index of the child in it, and the text of its first token.
    """
    head = str(tree.children[0]) if isinstance(tree.children[0], lark.Token) else ""
    for index, child in enumerate(tree.children):
        here = ((str(tree.data), index, head), *above)
        if isinstance(child, lark.Token):
            yield child, here
        elif child.children:
            yield from walk(child, here)


def kind_of(token: lark.Token, above: Above) -> str:
    """Return the class of a token."""
    rules = [rule for rule, _, _ in above]
    if token.type in {"STRING", "ARN"}:
        return token.type.lower()
    if token.type == "QUALIFIED":
        return qualified(above)
    if rules[0] == "argument_name":
        return "name"
    if token.type == "NAME":
        return {"named_type": "type", "list_type": "type", "declared": "declared"}.get(
            rules[0], "name"
        )
    if token.type in OF_TERMINAL:
        return OF_TERMINAL[token.type]
    if token[0].isalpha():
        return "keyword"
    return "operator" if token in OPERATORS else "punctuation"


def qualified(above: Above) -> str:
    """Return what a qualified name is where its place says it."""
    rules = [rule for rule, _, _ in above]
    if rules[0] == "named_type":
        return "type"
    if rules[:2] == ["qualified", "call"] and above[1][1] == 0:
        return "builder"
    if rules[1:5] == ["operands", "selection", "statement", "file"] and above[1][1] == 0:
        return "action"
    if rules[:2] == ["entry", "record"]:
        return "key"
    if rules[1] == "clause" and above[1][2] in {"when", "unless"}:
        return "key"
    if rules[1] in {"negation", "quantified"}:
        return "key"
    if rules[1] in {"or_many", "and_many"} and above[1][1] > 0:
        return "key"
    if rules[1] == "compared" and above[1][1] == 0:
        return "key"
    return "qualified"


def mark_text(token: lark.Token, start: int, kind: str, found: list[str]) -> None:
    """Set the classes in a token that holds text: its own, escapes, variables, holes."""
    text = str(token)
    fill(found, start, text, kind)
    for piece in PIECE.finditer(text):
        at, inner = start + piece.start(), piece.group()
        if piece.lastgroup == "variable" and token.type != "QUALIFIED":
            fill(found, at, inner, "variable")
        elif piece.lastgroup == "escape" and (token.type == "STRING" or inner == "{{"):
            fill(found, at, inner, "escape")
        elif piece.lastgroup == "hole":
            fill(found, at, inner, "")
            found[at] = found[at + len(inner) - 1] = "punctuation"
            mark_tree(stock().parse(inner[1:-1], start="expression"), at + 1, found)


def differences(text: str, wanted: list[str], found: list[str]) -> list[str]:
    """Return where a highlighter disagrees with the parser, with the text around."""
    wrong = []
    for at, (want, have) in enumerate(zip(wanted, found, strict=True)):
        same = want == have or (want == "qualified" and have in {"action", "key"})
        if not same and not text[at].isspace():
            wrong.append(
                f"{text[max(0, at - 20) : at]}«{text[at]}»{text[at + 1 : at + 20]!r}: {want} {have}"
            )
    return wrong
