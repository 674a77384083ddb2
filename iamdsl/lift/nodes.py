"""Nodes of trees that nobody wrote: IAM's texts as the expressions that say them.

All nodes have one span, which leads nowhere. Marks of what only a deployment knows become names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.iam import PLACEHOLDER, PLACEHOLDER_OPEN
from iamdsl.source import Borrowed, Source, Span
from iamdsl.syntax import tree
from iamdsl.syntax.words import IN_EXPRESSIONS, RESERVED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOWHERE = Span(Source("", ""), 0, 0)

_WORDS = RESERVED | IN_EXPRESSIONS | {"self", "aws"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ARN = re.compile(r"arn:(?:[^\s,)\]};#\"{$]|\$\{[^{}\n\"]*\}|\$(?!\{)|\{)+")
_QUALIFIED = re.compile(
    r"[A-Za-z][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_./+-]*)?"
    r":(?:[A-Za-z0-9_./+*-]|\?(?=[A-Za-z0-9*?])|:(?=[A-Za-z0-9_])|@(?=[A-Za-z0-9_])(?<!:@))+"
)
_ADDRESS = re.compile(r"(?:[A-Fa-f][0-9A-Fa-f]{0,3})?(?::[0-9A-Fa-f]{0,4}){2,7}")
_ENTITY = "entity "


def is_name(text: str) -> bool:
    """Tell whether a text can stand as a name, wherever a value is expected too."""
    return _NAME.fullmatch(text) is not None and text not in _WORDS


def is_qualified(text: str) -> bool:
    """Tell whether a text can stand bare as an action or a condition key."""
    return (
        _QUALIFIED.fullmatch(text) is not None
        and not _ADDRESS.match(text)
        and not text.startswith("arn:")
    )


def has_mark(text: str) -> bool:
    """Tell whether a text holds something that only a deployment knows."""
    return PLACEHOLDER_OPEN in text


def only_mark(text: str) -> str | None:
    """Return the name in a text that is one mark and nothing else."""
    found = PLACEHOLDER.fullmatch(text)
    return found.group(1) if found else None


def reference(name: str) -> tree.Expression:
    """Return the expression that a mark stands for: `aws.account`, an extern, an entity."""
    if name.startswith(_ENTITY):
        return name_or_text(name.removeprefix(_ENTITY))
    first, *rest = name.split(".")
    node: tree.Expression = tree.Name(first, span=NOWHERE)
    for field in rest:
        node = tree.Field(node, tree.Name(field, span=NOWHERE), span=NOWHERE)
    return node


def name_or_text(text: str) -> tree.Name | tree.Text:
    """Return a name as it is declared and spoken of: between quotes where it has to be."""
    return tree.Name(text, span=NOWHERE) if is_name(text) else string(text)


def parts(text: str) -> tuple[str | tree.Expression, ...]:
    """Return a text as the parts of a `tree.Text`, marks as holes."""
    made: list[str | tree.Expression] = []
    at = 0
    for found in PLACEHOLDER.finditer(text):
        if found.start() > at:
            made.append(text[at : found.start()])
        made.append(reference(found.group(1)))
        at = found.end()
    if at < len(text):
        made.append(text[at:])
    return tuple(made)


def string(text: str) -> tree.Text:
    """Return a quoted text."""
    return tree.Text("string", parts(text), span=NOWHERE)


def qualified(text: str) -> tree.Text:
    """Return a bare action or condition key; see `is_qualified`."""
    return tree.Text("qualified", (text,), span=NOWHERE)


def text(value: str) -> tree.Expression:
    """Return a text as it is said: the name alone of what is one mark, else a string."""
    name = only_mark(value)
    return reference(name) if name is not None else string(value)


def arn(value: str) -> tree.Expression:
    """Return an ARN: bare where the language reads it so, a name, else a string."""
    name = only_mark(value)
    if name is not None:
        return reference(name)
    plain = PLACEHOLDER.sub("x", value)
    # Braces and blanks in a bare ARN are read otherwise than in a string.
    if _ARN.fullmatch(plain) and "{" not in re.sub(r"\$\{[^{}]*\}", "", plain):
        return tree.Text("arn", parts(value), span=NOWHERE)
    return string(value)


def is_bare_arn(value: str) -> bool:
    """Tell whether `arn` writes a text without quotes, and so as an ARN."""
    node = arn(value)
    return isinstance(node, tree.Text) and node.kind == "arn"


def literal(kind: str, value: str) -> tree.Literal:
    """Return a literal of one token."""
    return tree.Literal(kind, value, span=NOWHERE)


def duration(seconds: int) -> tree.Literal:
    """Return a number of seconds in the largest unit that it fills: hours, minutes, seconds."""
    units = ((3600, "h"), (60, "m"), (1, "s"))
    return next(literal("duration", f"{seconds // n}{u}") for n, u in units if seconds % n == 0)


def name(value: str) -> tree.Name:
    """Return a name."""
    return tree.Name(value, span=NOWHERE)


def call(function: str, *arguments: tree.Expression) -> tree.Call:
    """Return a call by position of a plain or qualified name."""
    callee: tree.Expression = qualified(function) if ":" in function else name(function)
    return tree.Call(callee, tuple((None, a) for a in arguments), span=NOWHERE)


def listed(items: Iterable[tree.Expression]) -> tree.Expression:
    """Return one item as it is, several as a list."""
    found = tuple(items)
    return found[0] if len(found) == 1 else tree.ListOf(found, span=NOWHERE)


def selection(
    items: Iterable[tree.Expression], exceptions: Iterable[tree.Expression] = ()
) -> tree.Selection:
    """Return what stands after a verb or a preposition."""
    return tree.Selection(tuple(items), tuple(exceptions), span=NOWHERE)


def all_of(formulas: Sequence[tree.Expression]) -> tree.Expression | None:
    """Return the conjunction of formulas, None of none; a disjunction in it gets parentheses."""
    return _joined("and", formulas)


def any_of(formulas: Sequence[tree.Expression]) -> tree.Expression | None:
    """Return the disjunction of formulas, None of none."""
    return _joined("or", formulas)


def _joined(operator: str, formulas: Sequence[tree.Expression]) -> tree.Expression | None:
    if len(formulas) < 2:
        return formulas[0] if formulas else None
    grouped = tuple(
        tree.Group(f, span=NOWHERE) if isinstance(f, tree.Logic) else f for f in formulas
    )
    return tree.Logic(operator, grouped, span=NOWHERE)


def place_in(origin: tuple[Span, ...], text: str) -> Span | None:
    """Return where a text stands in the statement of an origin, or the statement itself.

    The text is looked for from where the statement begins, as JSON, YAML and HCL all write it.
    """
    if not origin:
        return None
    span = origin[0]
    if isinstance(span, Borrowed) and span.origins:
        span = span.origins[0]()
    at = span.source.text.find(text, span.start) if text else -1
    return span if at < 0 else span.part(at, at + len(text))
