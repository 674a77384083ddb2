"""Conversions: a type's name that is called chooses the operator family, `Arn("*")`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.compiler import builders
from iamdsl.compiler.conditions.texts import whole_extern
from iamdsl.diagnostics import codes
from iamdsl.model import Type, Value
from iamdsl.model.values import leaves
from iamdsl.syntax.text import MAX_DIGITS, date_problem, network_problem

if TYPE_CHECKING:
    from iamdsl.compiler.evaluate import Evaluator
    from iamdsl.source import Span

_NUMBER = r"(?a)-?\d+(\.\d+)?"
_BASE64 = r"(?a)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


def convert(evaluator: Evaluator, name: str, value: Value, span: Span) -> Value | None:
    """Return a value (or each item of a list) as the family `name`; what is none is reported."""
    made: list[Value] = []
    for leaf in leaves(value):
        text = _written(leaf)
        problem = "this cannot be converted" if text is None else _problem(name, text)
        if text is None or problem:
            evaluator.report.add(
                codes.WRONG_TYPE,
                leaf.span or span,
                f"`{leaf.span.text if leaf.span else leaf.data}` is no {name}",
                label=problem,
                hint="write a value of that kind; a key on the right needs no conversion",
            )
            return None
        named = not text.startswith("arn:") and not {"*", ":"} & set(text)
        if name == "Arn" and named and not whole_extern(text):
            text = builders.entity_mark(text)  # the ARN of a declaration
        kind = Type("Converted", options=(name,))
        made.append(Value(kind, text, leaf.outside, span=leaf.span))
    return made[0] if value.type.name != "List" and made else evaluator.list_of(made, span)


def _written(value: Value) -> str | None:
    """Return a value as text, None for what has no text of its own."""
    if value.type.name in {"Key", "action or key", "Duration", "Record", "Condition", "Principal"}:
        return None
    return builders.text_of(value)


def _problem(name: str, text: str) -> str:
    """Return what is wrong with a text as a value of a family, "" when nothing.

    What an extern comes to, only the deployment knows.
    """
    if whole_extern(text):
        return ""
    match name:
        case "Numeric":
            good = re.fullmatch(_NUMBER, text) and sum(map(str.isdigit, text)) <= MAX_DIGITS
            return "" if good else f"a number has at most {MAX_DIGITS} digits, and one point"
        case "Bool":
            return "" if text in {"true", "false"} else "it is `true` or `false`"
        case "Date":
            return date_problem(text)
        case "Network":
            return network_problem(text)
        case "Binary":
            return "" if re.fullmatch(_BASE64, text) else "it is written in base64"
        case _:
            return ""
