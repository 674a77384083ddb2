"""What people bring along from JSON, Terraform, Cedar and SQL, and how it is said here.

Each function looks at a token that does not fit and the text around it, and gives a message and
one thing to do; None when the mistake is not a famous one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Edit, Fix
from iamdsl.source import Span

if TYPE_CHECKING:
    from lark.lexer import Token

_WHEN = "a condition of the request begins with `when`"
_MEMBERS = {
    "effect": 'the verb says it: `allow service:Action on "arn"`, or `deny …`',
    "action": "actions follow the verb: `allow s3:GetObject, s3:PutObject on …`",
    "notaction": "write `allow * except service:Action on …`",
    "resource": "resources follow `on`: `allow s3:GetObject on arn:aws:s3:::bucket/*`",
    "notresource": "write `on * except …`",
    "principal": "principals follow `to`, and in a role `trust`: `trust service lambda`",
    "condition": 'conditions follow `when`: `when aws:PrincipalOrgID == "o-abc1234567"`',
    "sid": "a name follows `as`, at the end of the statement: `allow … as Name`",
    "version": "leave it out: what is written is always of version 2012-10-17",
    "statement": "write the statements one after another in the body of a `policy`",
}
_VALUES = {"STRING", "QUALIFIED", "ARN", "SERVICE"}


class Habit(NamedTuple):
    """A message, what stands at the place, one thing to do, and where it is."""

    message: str
    hint: str
    span: Span
    fix: Fix | None = None


def of_token(token: Token, accepts: set[str], span: Span, start: int) -> Habit | None:
    """Return what is meant by a token that does not fit.

    Args:
        accepts: what could have stood there, as it is written.
        start: where the stretch that was being read begins.
    """
    text = span.source.text
    word = str(token)
    before = text[start : span.start]
    if token.type == "LBRACE" and '"Statement"' in text and _only_comments(text[: span.start]):
        message = "this is a JSON policy document, not a `.iam` source"
        return Habit(message, 'write `policy name { allow service:Action on "arn" }`', span)
    member = _MEMBERS.get(word.strip('"').lower().removesuffix("s"))
    if "allow" in accepts and member and re.match(r"\s*[:=\[{]", text[span.end :]):
        return Habit(f"`{word}` begins no statement", member, span)
    if word in {"where", "if", "with"} and "when" in accepts:
        fix = Fix.writing("when", span)
        return Habit(f"unexpected `{word}`", _WHEN, span, fix)
    if found := re.search(r"\b(?:allow|deny)\b[^{}]*\b(for)\s+[\w-]*$", before):
        place = Span(span.source, start + found.start(1), start + found.end(1))
        fix = Fix.writing("on", place)
        return Habit("`for` begins a loop", "resources follow `on`", place, fix)
    if "on" in accepts and "to" in accepts and token.type in _VALUES:
        at = Span(span.source, span.start, span.start)
        fix = Fix("write `on`", (Edit(at, "on "),), safe=False)
        return Habit(f"unexpected `{word}`", "write `on` before the resources", span, fix)
    if word == ">" and before.endswith("<"):
        return Habit("`<>` is no operator", "write `!=`", span)
    if word == "is" and "exists" in accepts:
        return Habit("unexpected `is`", "write `key exists`, `key missing` or `key == value`", span)
    if word == ":" and "=" in accepts:
        fix = Fix.writing("=", span)
        return Habit("unexpected `:`", "a field gets its value by `=`", span, fix)
    if token.type == "STAR" and before[-1:].isalnum():
        hint = 'text stands between double quotes: `like "x*"`'
        return Habit("unexpected `*`", hint, span)
    if "allow" in accepts and token.type == "NAME" and text[span.end : span.end + 1] == "(":
        hint = f"a template is used by `use {word}(…)`"
        return Habit(f"`{word}` begins no statement", hint, span)
    return None


def of_end(stretch: str) -> str:
    """Return a hint for a stretch that ends too early, "" when it is no famous mistake."""
    if re.match(r"\s*(?:allow|deny|trust)\b[^{}]*\bif\b", stretch):
        return _WHEN
    if found := re.match(r"\s*let\s+([\w-]+)\s*:", stretch):
        return f"a name gets its value by `=`: `let {found.group(1)} = …`"
    return ""


def _only_comments(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.split("\n"))
