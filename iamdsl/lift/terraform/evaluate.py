"""Expressions to values: texts with marks for what is open, and `Open` for what no mark can say.

Nothing is guessed: a mark stands for one text, so it is written only where Terraform takes one.
Functions: https://developer.hashicorp.com/terraform/language/functions
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.lift.terraform.blocks import (
    Call,
    Expression,
    Items,
    Literal,
    Other,
    Record,
    Reference,
    Template,
)
from iamdsl.lift.terraform.values import Encoded, Open, Value, first_open, is_static

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.source import Span

COMPUTED = "import the JSON of a plan or state, where it is computed: `terraform show -json`"


class Names(Protocol):
    """What references stand for."""

    def refer(self, node: Reference, *, one_text: bool) -> Value:
        """Return the value of a reference.

        Args:
            one_text: whether Terraform takes nothing but one text there.
        """

    def stand_in(self, name: str, span: Span) -> Value:
        """Return a mark for an expression that is one text, by a name that says what it is."""


def unsayable(why: str, span: Span, hint: str = COMPUTED) -> Value:
    """Return the value of an expression that has no exact form."""
    return Value(Open(codes.COMPUTED_EXPRESSION, why, hint), span)


def evaluate(node: Expression, names: Names, *, one_text: bool = False) -> Value:
    """Return the value of an expression."""
    match node:
        case Literal(value, span):
            return Value(value, span)
        case Template():
            return _template(node, names, one_text=one_text)
        case Items(items, span):
            return Value([evaluate(item, names, one_text=one_text) for item in items], span)
        case Record():
            return _record(node, names)
        case Reference():
            return names.refer(node, one_text=one_text)
        case Call():
            return _call(node, names, one_text=one_text)
        case Other(what, span):
            return unsayable(what, span)


def _template(node: Template, names: Names, *, one_text: bool) -> Value:
    """Return the text of a template; one that is a single `${x}` is the value of `x` itself."""
    if len(node.parts) == 1 and not isinstance(node.parts[0], str):
        return evaluate(node.parts[0], names, one_text=one_text)._replace(span=node.span)
    texts = []
    for part in node.parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        value = evaluate(part, names, one_text=True)
        text = as_text(value)
        if isinstance(text, Value):
            return text
        texts.append(text)
    return Value("".join(texts), node.span)


def as_text(value: Value) -> str | Value:
    """Return a value as Terraform makes text of it, or an open value where it does not."""
    match value.value:
        case Encoded():
            return first_open(value) or str(value.value)
        case str(text):
            return text
        case bool(truth):
            return "true" if truth else "false"
        case int(number):
            return str(number)
        case float(number):
            return f"{number:.15g}"
        case Open():
            return value
        case _:
            return unsayable("what is no text", value.span)


def _record(node: Record, names: Names) -> Value:
    made: dict[str, Value] = {}
    for key, item in node.items:
        name = as_text(evaluate(key, names, one_text=True))
        if isinstance(name, Value):
            return name
        made[name] = evaluate(item, names)
    return Value(made, node.span)


def _call(node: Call, names: Names, *, one_text: bool) -> Value:
    function = _FUNCTIONS.get(node.name)
    if function is None:
        hint = COMPUTED
        if node.name in {"file", "templatefile"}:
            hint = "import that file by itself, or the JSON of a plan: `terraform show -json`"
        return unsayable(f"the function `{node.name}`", node.span, hint)
    inside = node.name in _OF_ONE_TEXT or (one_text and node.name in _OF_TEXTS)
    given = [evaluate(argument, names, one_text=inside) for argument in node.arguments]
    if node.spread:
        *given, last = given
        if not isinstance(last.value, list):
            return unsayable("a list that is not known", last.span)
        given += last.value
    found = next((found for value in given if (found := first_open(value))), None)
    if found is not None and node.name not in _TAKE_OPEN:
        return found
    made = function(given, node.span)
    if made is not None:
        return made
    held = [name for v in given if isinstance(v.value, str) for name in iam.placeholders(v.value)]
    if held and node.name in _OF_ONE_TEXT:
        ending = "host" if "https://" in node.span.text else node.name
        return names.stand_in(f"{re.sub(r'[ .-]', '_', held[0])}_{ending}", node.span)
    return unsayable(f"this use of `{node.name}`", node.span)


_TAKE_OPEN = {"concat", "flatten", "jsonencode", "merge", "tolist", "toset"}
"""Functions that put items together without looking at them."""

_OF_TEXTS = {"concat", "flatten", "tolist", "toset", "distinct", "compact", "setunion"}
"""Functions whose result is a list of what lists that are given hold."""


_OF_ONE_TEXT = {"format", "lower", "replace", "trimprefix", "trimspace", "trimsuffix", "upper"}
"""Functions whose result is one text whatever they are given."""


def _jsonencode(given: list[Value], span: Span) -> Value | None:
    return Value(Encoded.of(given[0]), span) if len(given) == 1 else None


def _format(given: list[Value], span: Span) -> Value | None:
    """Return `format(…)` with `%s`, `%d`, `%v` and `%%` alone."""
    if not given or not isinstance(given[0].value, str):
        return None
    pieces = re.split(r"(%.)", given[0].value)
    rest, texts = given[1:], []
    for piece in pieces:
        if not re.fullmatch(r"%.", piece):
            texts.append(piece)
        elif piece == "%%":
            texts.append("%")
        elif piece in {"%s", "%d", "%v"} and rest:
            value, *rest = rest
            text = as_text(value)
            if isinstance(text, Value) or (piece == "%d" and not text.isdigit()):
                return None
            texts.append(text)
        else:
            return None
    return None if rest else Value("".join(texts), span)


def _join(given: list[Value], span: Span) -> Value | None:
    if len(given) < 2 or not isinstance(given[0].value, str):
        return None
    texts = []
    for value in given[1:]:
        if not isinstance(value.value, list):
            return None
        for item in value.value:
            text = as_text(item)
            if isinstance(text, Value):
                return None
            texts.append(text)
    return Value(given[0].value.join(texts), span)


def _concat(given: list[Value], span: Span) -> Value | None:
    made: list[Value] = []
    for value in given:
        if isinstance(value.value, Open):
            return value
        if not isinstance(value.value, list):
            return None
        made += value.value
    return Value(made, span)


def _flatten(given: list[Value], span: Span) -> Value | None:
    if len(given) != 1:
        return None
    if isinstance(given[0].value, Open):
        return given[0]
    if not isinstance(given[0].value, list):
        return None
    made: list[Value] = []
    for item in given[0].value:
        if isinstance(item.value, list):
            inner = _flatten([item], span)
            made += inner.value if inner is not None else []
        else:
            made.append(item)
    return Value(made, span)


def _same(given: list[Value], span: Span) -> Value | None:
    """Return a list as it is: the order and the double items of lists do not matter to IAM."""
    if len(given) != 1 or not isinstance(given[0].value, (list, Open)):
        return None
    return given[0]._replace(span=span)


def _distinct(given: list[Value], span: Span) -> Value | None:
    if len(given) != 1 or not isinstance(given[0].value, list):
        return None
    first: dict[tuple[type, str], Value] = {}
    for item in given[0].value:
        if isinstance(item.value, (list, dict)):
            return None
        first.setdefault((type(item.value), str(item.value)), item)
    return Value(list(first.values()), span)


def _compact(given: list[Value], span: Span) -> Value | None:
    """Return a list without its empty texts; what is open may be empty or not."""
    if len(given) != 1 or not isinstance(given[0].value, list):
        return None
    items = given[0].value
    if any(isinstance(i.value, str) and not is_static(i.value) for i in items):
        return None
    return Value([i for i in items if i.value not in ("", None)], span)


def _merge(given: list[Value], span: Span) -> Value | None:
    made: dict[str, Value] = {}
    for value in given:
        if isinstance(value.value, Open):
            return value
        if not isinstance(value.value, dict):
            return None
        made |= value.value
    return Value(made, span)


def _cased(change: Callable[[str], str]) -> Callable[[list[Value], Span], Value | None]:
    def function(given: list[Value], span: Span) -> Value | None:
        if len(given) != 1:
            return None
        text = as_text(given[0])
        if isinstance(text, Value) or not is_static(text):
            return None
        return Value(change(text), span)

    return function


def _of_static(
    change: Callable[..., str], count: int
) -> Callable[[list[Value], Span], Value | None]:
    def function(given: list[Value], span: Span) -> Value | None:
        texts = [value.value for value in given]
        if len(texts) != count or not all(isinstance(t, str) and is_static(t) for t in texts):
            return None
        if count == 3 and texts[1].startswith("/"):
            return None  # a regular expression
        return Value(change(*texts), span)

    return function


def _tostring(given: list[Value], span: Span) -> Value | None:
    if len(given) != 1:
        return None
    text = as_text(given[0])
    return None if isinstance(text, Value) else Value(text, span)


_FUNCTIONS: dict[str, Callable[[list[Value], Any], Value | None]] = {
    "compact": _compact,
    "concat": _concat,
    "distinct": _distinct,
    "flatten": _flatten,
    "format": _format,
    "join": _join,
    "jsonencode": _jsonencode,
    "lower": _cased(str.lower),
    "merge": _merge,
    "replace": _of_static(str.replace, 3),
    "setunion": _concat,
    "tolist": _same,
    "toset": _same,
    "tostring": _tostring,
    "trimprefix": _of_static(str.removeprefix, 2),
    "trimspace": _cased(str.strip),
    "trimsuffix": _of_static(str.removesuffix, 2),
    "upper": _cased(str.upper),
}
"""Functions that are evaluated; each gives None for a use that it does not know."""
