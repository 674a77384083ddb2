"""A Pygments lexer for `.iam` sources, for Sphinx, MkDocs, rich and `pygmentize`.

Pygments finds it by its entry point; nothing of the compiler imports it, and Pygments is no
dependency. Whether a word is a keyword or a name depends on what came before it, as in the parser:
the states that expect something (`operand`, `type`, `declared` …) hold names, and end after one of
what they expect; then every word is a keyword. Tokens are the terminals of the grammar itself.
How such a lexer is made: https://pygments.org/docs/lexerdevelopment/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from pygments.lexer import RegexLexer, default, include, words
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from iamdsl import resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERBS = "allow deny trust allows denies never always".split()
CLAUSES = "on to except given of max".split()
CONDITIONS = "when unless if".split()
SETTINGS = "path max_session description tags id place instance_profile groups".split()
REFERENCES = "attach test boundary".split()
DECLARATIONS = "policy boundary scp rcp session role user group permission_set guard".split()
PLACES = "organization ou account".split()
DEFINITIONS = "param extern let".split()
ENDINGS = "not exists missing ignoring case".split()
PROVIDERS = "oidc canonical".split()
QUANTIFIERS = "any all".split()
RESERVED = (
    "allow deny on to when unless except as for in if else use attach trust and or not let param"
    " extern import template"
).split()
"""As in `iamdsl.syntax.words`, which would bring the whole parser; the tests compare the two."""

_GRAMMAR = resources.read_text(resources.path("grammar", "iamdsl.lark"))
_TERMINALS = dict(re.findall(r"^([A-Z]+)(?:\.\d+)?: /(.+)/$", _GRAMMAR, re.MULTILINE))
_NAME, _QUALIFIED, _STRING = (_TERMINALS[name] for name in ("NAME", "QUALIFIED", "STRING"))
_END = r"(?![A-Za-z0-9_-])"
_FREE_NAME = rf"(?!(?:{'|'.join(RESERVED)}){_END}){_NAME}"
_LITERAL_END = r"(?![A-Za-z0-9.:+/-])"
_PIECE = re.compile(
    r"(?P<variable>\$\{[^{}\n]*\})|(?P<brace>\{\{|\}\})|(?P<escape>\\(?:u\{[^{}\n]*\}|.))"
    r'|\{(?P<hole>(?:[^{}"\n]|"[^"\n]*")*)\}|[^\\${}]+|.'
)


def _text(kind: Any) -> Callable[..., Iterator[tuple[int, Any, str]]]:
    """Return what splits a token that holds text: its own, escapes, variables, holes `{…}`."""
    of_piece = {"variable": String.Symbol, "brace": String.Escape}
    of_piece |= {"escape": String.Escape} if kind is String.Double else {}

    def split(
        lexer: RegexLexer, match: re.Match[str], _: Any = None
    ) -> Iterator[tuple[int, Any, str]]:
        for piece in _PIECE.finditer(match.group()):
            at, inner = match.start() + piece.start(), piece.group("hole")
            if inner is None:
                yield at, of_piece.get(piece.lastgroup or "", kind), piece.group()
                continue
            yield at, String.Interpol, "{"
            for index, token, value in lexer.get_tokens_unprocessed(inner, ("after", "operand")):
                yield at + 1 + index, token, value
            yield at + 1 + len(inner), String.Interpol, "}"

    return split


def _word(these: list[str], unless: str = "") -> Any:
    """Return a pattern for whole words (a name may hold hyphens) without `unless` after them."""
    return words(these, suffix=f"{_END}(?!{unless})" if unless else _END)


_NAMED = rf"\s*(?:=(?!=)|:|in{_END})"
"""After a word that is the name of an argument, a parameter, or a variable of a loop."""

_ARNS = [(_TERMINALS["ARN"], _text(String.Other)), (_TERMINALS["ADDRESS"], Number)]
_BUILDER = (rf"{_QUALIFIED}(?=\s*\()", _text(Name.Entity))
_KEY = (_QUALIFIED, _text(Name.Variable.Global))
_ACTION = (_QUALIFIED, _text(Name.Function.Magic))
_KEY_BY_ITS_OPERATOR = (
    rf"{_QUALIFIED}(?=\s*(?:[!=]=|[<>?])|\s+(?:in|not|like|exists|missing){_END})",
    _text(Name.Variable.Global),
)
_QUALIFIEDS = [
    *_ARNS,
    _BUILDER,
    _KEY_BY_ITS_OPERATOR,
    (rf"(?=aws:){_QUALIFIED}", _text(Name.Variable.Global)),
    (rf"(?=[A-Za-z0-9_.-]+:[A-Z*?]){_QUALIFIED}", _text(Name.Function.Magic)),
    _KEY,
]
_LITERALS = [
    (
        rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T[0-9:]+(?:Z|[+-][0-9:]+)?)?{_LITERAL_END}",
        Literal.Date,
    ),
    (rf"-?[0-9]+{_LITERAL_END}", Number.Integer),
    (rf"-?[0-9]+\.[0-9]+{_LITERAL_END}", Number.Float),
    (_TERMINALS["LITERAL"], Number),
    (_STRING, _text(String.Double)),
    (r'"[^\n]*', Error),
    (r"\*", Keyword.Constant),
]
_NAMES = [
    (rf"self{_END}|aws(?=\.(?:partition|account|region){_END})", Name.Builtin.Pseudo),
    (rf"{_FREE_NAME}(?=\s*\()", Name.Function),
    (_FREE_NAME, Name),
]


def _popping(rules: list[Any]) -> list[Any]:
    """Return rules after which the state ends."""
    return [(pattern, action, "#pop") for pattern, action in rules]


def _one_of(*rules: tuple[Any, Any]) -> list[Any]:
    """Return a state that ends after one of these, or at once where none of them is."""
    return [include("blank"), *_popping(list(rules)), default("#pop")]


_TEXT = (_STRING, _text(String.Double))


class IamLexer(RegexLexer):
    """Splits a source into Pygments' tokens; what does not parse gives `Error`, never a raise."""

    name = "iamdsl"
    aliases: ClassVar = ["iam", "iamdsl"]
    filenames: ClassVar = ["*.iam"]
    mimetypes: ClassVar = ["text/x-iam"]
    tokens: ClassVar = {
        "root": [
            include("blank"),
            (_word(VERBS), Keyword, "action"),
            (_word(CLAUSES), Keyword, "operand"),
            (_word(CONDITIONS), Keyword, "key"),
            (_word(PLACES), Keyword.Declaration, ("operand", "declared")),
            (rf"boundary(?=\s+(?:{_NAME}|{_STRING})\s*\{{)", Keyword.Declaration, "declared"),
            (_word([*SETTINGS, *REFERENCES]), Keyword, "operand"),
            (_word(DECLARATIONS), Keyword.Declaration, "declared"),
            (_word(DEFINITIONS), Keyword.Declaration, "defined"),
            (_word(["template"]), Keyword.Declaration, ("template", "function")),
            (_word(["use"]), Keyword, "simple"),
            (_word(["import"]), Keyword.Namespace, "module"),
            (_word(["else"]), Keyword),
            (r"\{", Punctuation, "block"),
            include("after"),
        ],
        "block": [(r"\}", Punctuation, "#pop"), include("root")],
        # After something whole: operators, words that go on, and what begins with a bracket.
        "after": [
            include("blank"),
            (_word(["and", "or"]), Operator.Word, "key"),
            (_word(["in", "like"]), Operator.Word, "operand"),
            (_word(ENDINGS), Operator.Word),
            (_word(["for"]), Keyword, "operand"),
            (_word(["if"]), Keyword, "key"),
            (_word(["as"]), Keyword, "alias"),
            (r"[!=<>]=|[<>=]", Operator, "operand"),
            (r"\?", Operator),
            (r"\|", Operator, "type"),
            (":", Punctuation, "type"),
            (r"\.", Punctuation, "field"),
            (",", Punctuation, "operand"),
            (r"\(", Punctuation, ("group", "operand")),
            (r"\[", Punctuation, ("list", "type")),
            *_QUALIFIEDS,
            *_LITERALS,
            *_NAMES,
        ],
        "blank": [
            (r"[ \t\r\n\f]+", Whitespace),
            (r"##[^\n]*", Comment.Special),
            (r"#[^\n]*", Comment.Single),
        ],
        # Where something is expected
        "action": [include("blank"), *_popping([*_ARNS, _BUILDER, _ACTION]), include("operand")],
        "key": [include("blank"), *_popping([*_ARNS, _BUILDER, _KEY]), include("operand")],
        "operand": [
            include("blank"),
            *_popping(_QUALIFIEDS),
            *_popping(_LITERALS),
            (_TERMINALS["SERVICE"], Name.Function.Magic, ("#pop", "selection")),
            (_word(["not"]), Operator.Word, ("#pop", "key")),
            (_word(QUANTIFIERS, _NAMED), Operator.Word, ("#pop", "simple")),
            (_word(PROVIDERS, _NAMED), Keyword, ("#pop", "simple")),
            (_word(["account"], _NAMED), Keyword, ("#pop", "operand")),
            (_word(["service"], _NAMED), Keyword, ("#pop", "service")),
            (_word(["anyone"], _NAMED), Keyword, "#pop"),
            (_word(["true", "false"], _NAMED), Keyword.Constant, "#pop"),
            *_popping(_NAMES),
            (r"\(", Punctuation, ("#pop", "group", "operand")),
            (r"\[", Punctuation, ("#pop", "list", "operand")),
            (r"\{", Punctuation, ("#pop", "record", "entry")),
            default("#pop"),
        ],
        "selection": [
            (r"\[", Punctuation, ("#pop", "actions")),
            (_TERMINALS["LEVEL"], Name.Decorator, "#pop"),
            default("#pop"),
        ],
        "simple": [
            include("blank"),
            *_popping([*_ARNS, _BUILDER, _KEY, _TEXT, *_NAMES]),
            (r"\(", Punctuation, ("#pop", "group", "operand")),
            default("#pop"),
        ],
        "declared": _one_of(_TEXT, (_FREE_NAME, Name.Class)),
        "defined": _one_of((_FREE_NAME, Name.Variable)),
        "function": _one_of((_FREE_NAME, Name.Function)),
        "module": _one_of(_TEXT, (_FREE_NAME, Name.Namespace)),
        "alias": _one_of(_TEXT, (_FREE_NAME, Name.Label)),
        "service": _one_of(_TEXT, (_FREE_NAME, Name.Constant)),
        "field": _one_of((_FREE_NAME, Name.Attribute)),
        "entry": _one_of(_TEXT, _KEY, (_FREE_NAME, Name.Attribute)),
        "parameter": _one_of((_FREE_NAME, Name.Variable)),
        "template": [
            include("blank"),
            (r"\(", Punctuation, ("#pop", "parameters", "parameter")),
            default("#pop"),
        ],
        "type": [
            include("blank"),
            (r"\{", Punctuation, ("#pop", "parameters", "parameter")),
            *_one_of(_TEXT, (_QUALIFIED, _text(Keyword.Type)), (_FREE_NAME, Keyword.Type)),
        ],
        # Inside brackets
        "group": [(r"\)", Punctuation, "#pop"), include("after")],
        "list": [(r"\]", Punctuation, "#pop"), include("after")],
        "record": [(r"\}", Punctuation, "#pop"), (",", Punctuation, "entry"), include("after")],
        "parameters": [
            (r"[)}]", Punctuation, "#pop"),
            (",", Punctuation, "parameter"),
            include("after"),
        ],
        "actions": [
            include("blank"),
            (r"\]", Punctuation, "#pop"),
            (",", Punctuation),
            (_TERMINALS["LEVEL"], Name.Decorator),
            _TEXT,
            (_TERMINALS["ACTION"], Name.Function.Magic),
            default("#pop"),
        ],
    }
