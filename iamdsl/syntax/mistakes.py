"""Says what is wrong with a text that does not parse, and what the author may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from iamdsl.diagnostics import Fix, codes
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.source import Span
from iamdsl.syntax import habits
from iamdsl.syntax.words import MEMBERS

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
_VALUE = {"NAME", "STRING", "LITERAL", "ARN", "QUALIFIED", "LSQB"}
_OTHER_LANGUAGES = {
    ";": "statements need no `;`: remove it",
    "'": 'strings stand between double quotes: `"…"`',
    "&": "write `and`",
    "!": "write `not`",
    "$": "a `$` stands only in strings and ARNs, before `{key}`",
    "/": "comments begin with `#`",
    "`": 'strings stand between double quotes: `"…"`',
}


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
            end = place.end
            _syntax_error(
                report,
                Span(source, max(place.start, end - 1), end),
                "more is expected after this",
                f"expected {_expectation(error)}",
                habits.of_end(place.text),
            )
        return
    if report.has_inside(codes.UNCLOSED_BRACKET, place):
        return
    span = Span(source, token.start_pos or 0, token.end_pos or 0)
    if token.type == "UNREADABLE":
        _unreadable(str(token), span, report)
    else:
        _unexpected(error, token, span, report, place.start)


def _unreadable(character: str, span: Span, report: Report) -> None:
    if character == '"':
        line_end = span.source.text.find("\n", span.start)
        stop = len(span.source.text) if line_end < 0 else line_end
        report.add(
            codes.UNTERMINATED_STRING,
            Span(span.source, span.start, max(stop, span.end)),
            "this string is not closed on its line",
            hint='add the closing `"`; a line break inside a string is `\\n`',
        )
        return
    hint = _OTHER_LANGUAGES.get(character, "remove it, or put text between double quotes")
    _syntax_error(report, span, f"`{character}` has no meaning here", "", hint)


def _unexpected(
    error: UnexpectedToken, token: Token, span: Span, report: Report, start: int
) -> None:
    accepts = _accepts(error)
    word = str(token)
    expected = f"expected {_expectation(error)}"
    if token.type == "EQUAL" and any("==" in a for a in accepts):
        fix = Fix.writing("==", span)
        label = "expected `==`"
        _syntax_error(report, span, "`=` where `==` is meant", label, "compare with `==`", fix)
    elif (habit := habits.of_token(token, accepts, span, start)) is not None:
        label = expected if habit.span is span else ""
        _syntax_error(report, habit.span, habit.message, label, habit.hint, habit.fix)
    elif token.type.lower() == word and "a name" in expected:
        _syntax_error(
            report, span, f"`{word}` is a word of the language", expected, "choose another name"
        )
    elif "allow" in accepts and (near := nearest(word, MEMBERS, 1)):
        fix = Fix.writing(near[0], span, safe=False)
        hint = did_you_mean(near)
        _syntax_error(report, span, f"`{word}` begins no statement", expected, hint, fix)
    elif "allow" in accepts and token.type not in {"RBRACE", "RPAR", "RSQB"}:
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


def _expectation(error: UnexpectedToken) -> str:
    """Return what could have come, in a few words."""
    accepts = _accepts(error)
    words: list[str] = []
    if _VALUE - {"LSQB"} <= accepts:
        words.append("a value")
        accepts -= (
            _VALUE
            | {"ADDRESS", "SERVICE"}
            | set("[({*")
            | {
                *(
                    [
                        "true",
                        "false",
                        "any",
                        "all",
                        "not",
                        "service",
                        "account",
                        "oidc",
                        "canonical",
                        "anyone",
                    ]
                )
            }
        )
    if "allow" in accepts and "deny" in accepts:
        words.append("a statement")
        accepts -= MEMBERS
    if "a statement" in words and len(accepts) > 6:
        accepts = {a for a in accepts if a.isalpha()}
    words += sorted(_NAMED.get(a, f"`{a}`") for a in accepts if a in _NAMED or not a.isupper())
    if len(words) > 6:
        words = [*words[:6], "…"]
    if len(words) < 2:
        return "".join(words) or "nothing more"
    return ", ".join(words[:-1]) + " or " + words[-1]
