"""Says what is wrong with a text that does not parse, and what the author may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from iamdsl.diagnostics import Fix, codes
from iamdsl.source import Span
from iamdsl.syntax import habits
from iamdsl.syntax.habits import characters
from iamdsl.syntax.words import IN_EXPRESSIONS, MEMBERS

if TYPE_CHECKING:
    from lark.lexer import Token

    from iamdsl.diagnostics import Report
    from iamdsl.source import Source

_NAMED = {
    "NAME": "a name",
    "STRING": "a string",
    "LITERAL": "a number",
    "ARN": "an ARN",
    "QUALIFIED": "an action or key",
    "LEVEL": "a class such as `@read`",
    "ACTION": "an action's name",
    "$END": "the end of the file",
}
_VALUE = {"NAME", "STRING", "LITERAL", "ARN", "QUALIFIED"}
_CLOSING = {"RBRACE", "RPAR", "RSQB"}
_ONLY_VALUES = _VALUE | {"ADDRESS", "SERVICE", "[", "(", "{", "*", "not"} | IN_EXPRESSIONS
_OPERATORS = frozenset("== != < <= > >= in like exists missing ( . ? ignoring".split())
_FIRST = ("on", "to", "when", "unless", "except", "as", "and", "or", ",")
"""What is named first of what could have come, because it is meant most."""


def explain(error: UnexpectedInput, source: Source, report: Report, place: Span) -> None:
    """Report what Lark could not read; `place` is the stretch that was being parsed."""
    if isinstance(error, UnexpectedCharacters):
        at: int = getattr(error, "pos_in_stream", place.start)
        _syntax_error(report, Span(source, at, at + 1), "unreadable text", "")
        return
    if not isinstance(error, UnexpectedToken):
        _syntax_error(report, place, "text that ends too early", "")
        return
    token = error.token
    if token.type == "$END" or (token.start_pos or 0) >= place.end:
        if not report.has_inside(codes.UNCLOSED_BRACKET, place):
            last = Span(source, max(place.start, place.end - 1), place.end)
            hint, fix = habits.of_end(place.text, last)
            label = f"expected {_expectation(_accepts(error))}"
            _syntax_error(report, last, "more is expected after this", label, hint, fix)
        return
    if report.has_inside(codes.UNCLOSED_BRACKET, place):
        return
    span = Span(source, token.start_pos or 0, token.end_pos or 0)
    if token.type == "UNREADABLE":
        _unreadable(str(token), span, report)
    else:
        _unexpected(error, token, span, report, place.start)


def foreign_comment(source: Source, start: int, end: int, report: Report) -> None:
    """Report a comment of C, from `start` to `end`."""
    habit = characters.comment(source, start, end)
    _syntax_error(report, habit.span, habit.message, "", habit.hint, habit.fix)


def _unreadable(character: str, span: Span, report: Report) -> None:
    if character != '"':
        habit = characters.of_character(span)
        _syntax_error(report, habit.span, habit.message, "", habit.hint, habit.fix)
        return
    line_end = span.source.text.find("\n", span.start)
    stop = len(span.source.text) if line_end < 0 else line_end
    several = span.source.text[max(span.start - 2, 0) : span.start] == '""'
    report.add(
        codes.UNTERMINATED_STRING,
        Span(span.source, span.start - 2 * several, max(stop, span.end)),
        "this string is not closed on its line",
        hint='write it on one line between single `"`; a line break inside a string is `\\n`'
        if several
        else 'add the closing `"`; a line break inside a string is `\\n`',
    )


def _unexpected(
    error: UnexpectedToken, token: Token, span: Span, report: Report, start: int
) -> None:
    accepts = _accepts(error)
    word = str(token)
    expected = f"expected {_expectation(accepts)}"
    habit = habits.of_token(token, accepts, span, start)
    if habit is not None:
        label = expected if habit.span is span and habit.fix is None else ""
        _syntax_error(report, habit.span, habit.message, label, habit.hint, habit.fix)
    elif token.type == "EQUAL" and "==" in accepts:
        fix = Fix.writing("==", span)
        label = "expected `==`"
        _syntax_error(report, span, "`=` where `==` is meant", label, "compare with `==`", fix)
    elif token.type.lower() == word and accepts & {"NAME", "STRING"}:
        message = f"`{word}` is a word of the language"
        if not any(d.message == message for d in report.diagnostics):
            _syntax_error(report, span, message, expected, "choose another name")
    elif "allow" in accepts and not accepts & {"on", "when"} and token.type not in _CLOSING:
        hint = (
            "a statement begins with a word such as `allow`, a declaration with one like `policy`"
        )
        _syntax_error(report, span, f"`{word}` begins no statement", expected, hint)
    else:
        _syntax_error(report, span, f"unexpected `{word}`", expected)


def _syntax_error(
    report: Report,
    span: Span,
    message: str,
    label: str,
    hint: str = "",
    fix: Fix | None = None,
) -> None:
    report.add(codes.SYNTAX_ERROR, span, message, label=label, hint=hint, fix=fix)


def _accepts(error: UnexpectedToken) -> set[str]:
    """Return what could have come, as it is written: keywords and marks, or names of terminals."""
    parser: Any = error.interactive_parser
    names = parser.accepts()
    literals = parser.lexer_thread.lexer.literals
    return {literals.get(name, name) for name in names}


def _expectation(accepts: set[str]) -> str:
    """Return what could have come, in a few words."""
    words: list[str] = []
    rest = accepts - {"given"}
    if rest >= _VALUE:
        words.append("a value")
        rest -= _ONLY_VALUES
    ending: list[str] = []
    if {"allow", "deny"} <= rest:
        ending = ["a statement"]
        rest -= MEMBERS | {"$END"}
    if {"==", "in"} <= rest:
        words.append("an operator such as `==`")
        rest -= _OPERATORS | {"not"}
    written = sorted(a for a in rest if a in _NAMED or not a.isupper())
    written.sort(key=lambda a: _FIRST.index(a) if a in _FIRST else len(_FIRST))
    words += [_NAMED.get(a, f"`{a}`") for a in written] + ending
    if len(words) > 6:
        words = [*words[:6], "…"]
    if len(words) < 2:
        return "".join(words) or "nothing more"
    return ", ".join(words[:-1]) + " or " + words[-1]
