"""Reads tokens that hold text: strings, bare ARNs, qualified names, and literals.

`{expr}` is a hole filled at compile time, `${…}` is IAM's and stays, `{{` and `}}` are braces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.diagnostics import Fix, codes
from iamdsl.source import Span
from iamdsl.syntax import tree
from iamdsl.syntax.refusal import FORBIDDEN

if TYPE_CHECKING:
    from lark.lexer import Token

    from iamdsl.syntax.builder import Builder

_DOTTED = r"(?a)\s*([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)\s*"
_KEY = r"(?a)\s*[A-Za-z][\w.-]*(?:/[\w./+-]*)?:[^\s\"(]+(?:,\s*'[^']*')?\s*"
_SPECIAL = r"[\\{}]|\$\{"
_ESCAPES = {"\\": "\\", '"': '"', "n": "\n", "t": "\t"}
_HEX = r"u\{([0-9A-Fa-f]{1,6})\}"


def read(builder: Builder, token: Token) -> tree.Text:
    """Return the text of a STRING, ARN or QUALIFIED token, its holes parsed."""
    kind = {"STRING": "string", "ARN": "arn"}.get(token.type, "qualified")
    start = token.start_pos or 0
    span = builder.span(token, token)
    quotes = 1 if kind == "string" else 0
    inner = str(token)[quotes : len(token) - quotes]
    if not re.search(_SPECIAL, inner):
        return tree.Text(kind, (inner,) if inner else (), span=span)
    parts = _parts(builder, inner, start + quotes, escapes=kind == "string")
    return tree.Text(kind, tuple(parts), span=span)


def _parts(
    builder: Builder, inner: str, offset: int, *, escapes: bool
) -> list[str | tree.Expression]:
    parts: list[str | tree.Expression] = []
    plain: list[str] = []
    at = 0
    special = re.compile(_SPECIAL)  # compiled once: `re` keeps it
    while found := special.search(inner, at):
        plain.append(inner[at : found.start()])
        at, mark = found.end(), found.group()
        if mark == "\\":
            if escapes:
                text, at = _escape(builder, inner, at, offset)
                plain.append(text)
            else:
                plain.append(mark)
        elif inner.startswith(mark, at) and mark in "{}":
            plain.append(mark)
            at += 1
        elif mark == "${":
            text, at = _variable(builder, inner, at, offset)
            plain.append(text)
        elif mark == "}":
            _stray_brace(builder, offset + found.start())
            plain.append(mark)
        else:
            close = _closing(inner, at)
            if plain_text := "".join(plain):
                parts.append(plain_text)
            plain = []
            parts.append(_hole(builder, inner[at:close], offset + at))
            at = close + 1
    plain.append(inner[at:])
    if plain_text := "".join(plain):
        parts.append(plain_text)
    return parts


def _closing(inner: str, at: int) -> int:
    """Return where the hole that opened before `at` closes (a string in it may hold braces)."""
    quoted = False
    while at < len(inner):
        if inner[at] == '"':
            quoted = not quoted
        elif inner[at] == "}" and not quoted:
            return at
        at += 1
    return at


def _escape(builder: Builder, inner: str, at: int, offset: int) -> tuple[str, int]:
    if at < len(inner) and inner[at] in _ESCAPES:
        return _ESCAPES[inner[at]], at + 1
    if found := re.compile(_HEX).match(inner, at):
        number = int(found.group(1), 16)
        if number in {9, 10, 13} or (32 <= number < 0x110000 and not _reserved(number)):
            return chr(number), found.end()
        place = Span(builder.source, offset + at - 1, offset + found.end())
        builder.report.add(
            codes.BAD_ESCAPE,
            place,
            f"`{place.text}` is no character that text may hold",
            hint="write `$` as it is and `{` as `{{`; what a reader cannot see has no place in a policy",
        )
        return "", found.end()
    place = Span(builder.source, offset + at - 1, offset + min(at + 1, len(inner)))
    builder.report.add(
        codes.BAD_ESCAPE,
        place,
        f"`{place.text}` is no escape",
        hint=r"write one of `\"`, `\\`, `\n`, `\t`, `\u{…}`; a backslash itself is `\\`",
    )
    return inner[at - 1 : at + 1], min(at + 1, len(inner))


def _reserved(number: int) -> bool:
    """Tell whether an escape may not make a code point.

    Controls, surrogates and our own marks have no place in text; a `$` or `{` that is made by an
    escape could make a variable of what is written as text.
    """
    unseen = 0x7F <= number < 0xA0 or 0xD800 <= number < 0xE000
    return unseen or number in {0x24, 0x7B} or chr(number) in FORBIDDEN


def _variable(builder: Builder, inner: str, at: int, offset: int) -> tuple[str, int]:
    """Return IAM's `${…}` as it stands, and where the text goes on."""
    close = inner.find("}", at)
    if close < 0:
        _stray_brace(builder, offset + at - 1)
        return inner[at - 2 :], len(inner)
    content = inner[at:close]
    if content not in {"*", "?", "$"} and not re.fullmatch(_KEY, content):
        place = Span(builder.source, offset + at - 2, offset + close + 1)
        name = re.sub(r"^\s*(?:var|local|each)\.", "", content)  # as Terraform says it
        named = re.fullmatch(_DOTTED, name)
        builder.report.add(
            codes.MIXED_UP_INTERPOLATION,
            place,
            f"`${{{content}}}` is no condition key of a request",
            label="`${…}` is filled in by AWS when a request comes",
            hint=f"write `{{{name}}}` for a value of the source"
            if named
            else "`${…}` takes a condition key, such as `${aws:username}`; a literal `$` is `${$}`",
            fix=Fix.writing(f"{{{name}}}", place) if named else None,
        )
    return inner[at - 2 : close + 1], close + 1


def _stray_brace(builder: Builder, at: int) -> None:
    builder.report.add(
        codes.SYNTAX_ERROR,
        Span(builder.source, at, at + 1),
        "a brace without its partner",
        hint="a literal brace is written twice: `{{` or `}}`",
    )


def _hole(builder: Builder, content: str, offset: int) -> tree.Expression:
    place = Span(builder.source, offset - 1, offset + len(content) + 1)
    if found := re.fullmatch(_DOTTED, content):
        start = offset + found.start(1)
        node: tree.Expression | None = None
        for word in found.group(1).split("."):
            name = tree.Name(word, span=Span(builder.source, start, start + len(word)))
            node = name if node is None else tree.Field(node, name, span=node.span.to(name.span))
            start += len(word) + 1
        assert node is not None  # noqa: S101  # the pattern holds one word at least
        return node
    if re.fullmatch(_KEY, content):
        builder.report.add(
            codes.MIXED_UP_INTERPOLATION,
            place,
            f"`{{{content}}}` is a condition key, which only a request has",
            label="`{…}` is filled in when the source is compiled",
            hint=f"write `${{{content.strip()}}}` for the value in the request",
            fix=Fix.writing(f"${{{content.strip()}}}", place),
        )
        return tree.Broken(span=place)
    return builder.nested(place)


def _meant(value: str, span: Span) -> tuple[str, Fix | None]:
    """Return the hint for a literal that cannot be read, and a fix where it is sure."""
    digits = value.replace("-", "")
    if re.fullmatch(r"(?a)\d{4}-\d{4}-\d{4}", value):
        return "an account id is 12 digits, without hyphens", Fix.writing(digits, span)
    if found := re.fullmatch(r"(?a)(\d{4})[/.](\d\d)[/.](\d\d)", value):
        return "a date is written `2026-12-31`", Fix.writing("-".join(found.groups()), span)
    if re.fullmatch(r"(?a)\d{1,2}[/.]\d{1,2}[/.]\d{4}", value):
        return "a date is written year, month, day: `2026-12-31`", None
    return "put text between quotes, or correct the literal", None


_INT = r"(?a)-?\d+"
_DECIMAL = r"(?a)-?\d+\.\d+"
_DURATION = r"(?a)\d+[smhd]"
_DATE = r"(?a)(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d))?"
_NETWORK = r"\d+\.\d+\.\d+\.\d+(?:/\d+)?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:/\d+)?"
_NUMBERS = (("int", _INT), ("decimal", _DECIMAL), ("duration", _DURATION))
MAX_DIGITS = 15
"""Digits of a number: what every evaluator of IAM's numbers compares exactly."""

_WORDS = {"STAR": "star", "TRUE": "bool", "FALSE": "bool"}


def literal(builder: Builder, token: Token) -> tree.Literal | tree.Broken:
    """Return the literal that a token is; one that cannot be read is reported."""
    value = str(token)
    span = builder.span(token, token)
    if token.type in _WORDS:
        return tree.Literal(_WORDS[token.type], value, span=span)
    kind, problem = read_literal(value)
    if problem:
        shown = value if len(value) <= 40 else f"{value[:20]}…"
        hint, fix = _meant(value, span)
        builder.report.add(
            codes.BAD_LITERAL,
            span,
            f"`{shown}` cannot be read",
            label="" if fix else problem,
            hint=hint,
            fix=fix,
        )
        return tree.Broken(span=span)
    return tree.Literal(kind, value, span=span)


def read_literal(value: str) -> tuple[str, str]:
    """Return the kind of a literal ("" if it is none), and what is wrong with it, "" if nothing."""
    kind = next((k for k, p in _NUMBERS if re.fullmatch(p, value)), "")
    if kind:
        if sum(map(str.isdigit, value)) > MAX_DIGITS:
            return kind, f"at most {MAX_DIGITS} digits are compared exactly"
        return ("account" if kind == "int" and len(value) == 12 else kind), ""
    if re.fullmatch(_NETWORK, value):
        return "network", network_problem(value)
    if re.fullmatch(_DATE, value):
        return "date", date_problem(value)
    return "", "expected a number, duration (`4h`), date (`2026-12-31`), account id or address"


def network_problem(value: str) -> str:
    """Return what is wrong with an address or network, "" when nothing."""
    import ipaddress  # noqa: PLC0415  # few sources hold addresses

    address, slash, prefix = value.partition("/")
    if "%" in address or not re.fullmatch(r"(?a)\d*" if not slash else r"(?a)\d+", prefix):
        return "it is an address, or one with the length of its prefix, `10.0.0.0/8`"
    try:
        width = ipaddress.ip_address(address).max_prefixlen
    except ValueError:
        form = "groups of hexadecimal digits" if ":" in value else "four numbers from 0 to 255"
        return f"an address has {form}"
    if prefix and int(prefix) > width:
        return f"the part after `/` is 0 to {width}"
    return ""


def date_problem(value: str) -> str:
    """Return what is wrong with a date or moment, "" when nothing."""
    import datetime as dt  # noqa: PLC0415  # few sources hold dates

    if not re.fullmatch(_DATE, value):
        return "it is `2026-12-31`, or a time of that day with its zone, `2026-12-31T12:00Z`"
    try:
        moment = dt.datetime.fromisoformat(value)
        (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        return str(error)
    return ""
