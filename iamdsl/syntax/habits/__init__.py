"""What people bring along from JSON, Terraform, Cedar, Python and SQL, and how it is said here.

Each rule looks at a token that does not fit and the text around it, and gives a message and one
thing to do; None when the mistake is not the rule's. The first that knows it is believed. The
words themselves are in `foreign`. Nothing here is loaded for a source without mistakes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.diagnostics import Edit, Fix
from iamdsl.source import Span
from iamdsl.syntax.habits import heads, statements
from iamdsl.syntax.habits.slip import BLOCK, WHEN, Habit, Slip

if TYPE_CHECKING:
    from collections.abc import Callable

    from lark.lexer import Token

__all__ = ["of_end", "of_token", "only_comments"]

_NEAR = 2_000
"""Characters before and after a slip that are looked at."""


def of_token(token: Token, accepts: set[str], span: Span, start: int) -> Habit | None:
    """Return what is meant by a token that does not fit.

    Args:
        accepts: what could have stood there, as it is written.
        start: where the stretch that was being read begins.
    """
    text = span.source.text
    slip = Slip(
        token,
        accepts,
        span,
        text[max(start, span.start - _NEAR) : span.start],
        text[span.end : span.end + _NEAR],
        token.type == "LBRACE" and only_comments(text[: span.start]),
    )
    for rule in _RULES:
        if (habit := rule(slip)) is not None:
            return habit
    return None


def of_end(stretch: str, place: Span) -> tuple[str, Fix | None]:
    """Return a hint and a fix for a stretch that ends too early, "" when it is no famous mistake.

    Args:
        place: the last character of the stretch.
    """
    if found := re.match(r"\s*(?:allow|deny|trust)\b[^{}]*\b(if)\b", stretch):
        start = place.end - len(stretch) + found.start(1)
        return WHEN, Fix.writing("when", Span(place.source, start, start + 2))
    if found := re.match(r"\s*let\s+([\w-]+)\s*:", stretch):
        start = place.end - len(stretch)
        colon = Span(place.source, start + found.end() - 1, start + found.end())
        fix = Fix("write `=` for `:`", (Edit(colon, " ="),))
        return f"a name gets its value by `=`: `let {found.group(1)} = …`", fix
    if found := re.match(r"\s*(?:allow|deny)\b[^{}]*\bon\s+(all|any|everything)$", stretch):
        start = place.end - len(stretch) + found.start(1)
        return "everything is `*`", Fix.writing("*", Span(place.source, start, place.end))
    if place.text == ",":
        return "a list ends without a comma: remove it", Fix("remove `,`", (Edit(place, ""),))
    if re.fullmatch(r"\s*(?:policy|role|boundary|scp|rcp|user|group)\s+[\w-]+", stretch):
        return BLOCK, None
    return "", None


def only_comments(text: str) -> bool:
    """Tell whether a text holds nothing but comments and blanks."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.split("\n"))


_RULES: tuple[Callable[[Slip], Habit | None], ...] = (
    heads.json_document,
    statements.condition_in_braces,
    statements.many_in_one,
    heads.heredoc_end,
    statements.other_case,
    heads.element,
    statements.element_before,
    heads.import_of_another_kind,
    statements.marks,
    statements.operator,
    statements.not_exists,
    statements.preposition,
    statements.joined_by_and,
    statements.text,
    statements.comma_too_many,
    statements.missing_on,
    statements.missing_comma,
    heads.setting,
    heads.unnamed,
    heads.typed,
    statements.order_twice,
    heads.beginning,
    heads.field,
    heads.misspelt,
)
