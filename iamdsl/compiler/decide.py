"""Comparisons of two values that are known when the source is compiled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.compiler import builders, formulas
from iamdsl.compiler.builders import text_of
from iamdsl.diagnostics import codes
from iamdsl.iam import PLACEHOLDER, PLACEHOLDER_OPEN, glob_covers, placeholders
from iamdsl.model.values import leaves

if TYPE_CHECKING:
    from decimal import Decimal

    from iamdsl.diagnostics import Report
    from iamdsl.model import Value
    from iamdsl.syntax import tree


def decide(node: tree.Compare, left: Value, right: Value, report: Report) -> bool | None:
    """Return whether a comparison holds; None, and a message, when a value is not known yet.

    Two lists are compared item by item; else the list on the right holds alternatives.
    """
    own, values = list(leaves(left)), list(leaves(right))
    lists = left.type.name == right.type.name == "List" and node.operator in {"==", "!="}
    if lists and len(own) != len(values):
        return node.operator == "!="  # whatever they hold: what is open is one value each
    equality = node.operator in {"==", "!=", "in", "not in"} and not lists
    if equality and all(_apart(left, v) for v in values):
        return node.operator in {"!=", "not in"}
    for value in (*own, *values):
        if value.type.name == "Entity" or PLACEHOLDER_OPEN in str(value.data):
            _unknown(node, value, report)
            return None
    if lists:
        return all(map(_same, own, values)) == (node.operator == "==")
    if node.operator in {"like", "not like"} and any(
        [builders.widens(value, report, value.span) for value in values]  # noqa: C419  # report each
    ):
        return None
    return _holds(node.operator, left, values)


def _apart(left: Value, right: Value) -> bool:
    """Tell whether one text has an open part, and nothing put there makes it the other one."""
    if "Entity" in {left.type.name, right.type.name}:
        return False
    a, b = str(left.data), str(right.data)
    if (PLACEHOLDER_OPEN in a) == (PLACEHOLDER_OPEN in b):
        return False
    fixed = PLACEHOLDER.split(a if PLACEHOLDER_OPEN in a else b)[::2]  # without their names
    whole = b if PLACEHOLDER_OPEN in a else a
    return re.fullmatch(".*".join(map(re.escape, fixed)), whole, re.DOTALL) is None


def _unknown(node: tree.Compare, value: Value, report: Report) -> None:
    """Report a value that only a deployment, or the whole build, knows: nothing is guessed."""
    names = placeholders(text_of(value))
    name = names[0].removeprefix("entity ").removeprefix("id ") if names else str(value.data)
    report.add(
        codes.UNRESOLVED_VALUE,
        node.span,
        f"`{name}` is not known when this is decided",
        label="a comparison of values is decided when the source is compiled",
        hint=f"build with `--set {name}=…`, or decide by a param"
        if value.type.name != "Entity" and not names[0].startswith(("entity ", "id "))
        else "decide by a param, or by data",
    )


def _holds(operator: str, left: Value, right: list[Value]) -> bool:
    if operator in {"in", "not in", "==", "!="}:
        same = any(_same(left, v) for v in right)
        return same == (operator in {"in", "=="})
    if operator in {"like", "not like"}:
        matches = any(glob_covers(str(v.data), str(left.data)) for v in right)
        return matches == (operator == "like")
    if not right:
        return False
    a, b = _orderable(left), _orderable(right[0])
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def _same(left: Value, right: Value) -> bool:
    """Tell whether two values are equal; where they came from does not matter."""
    a, b = left.data, right.data
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[name], b[name]) for name in a)
    if left.type.name == right.type.name == "List":
        return len(a) == len(b) and all(map(_same, a, b))
    if {left.type.name, right.type.name} <= {"Int", "Decimal"}:
        return _orderable(left) == _orderable(right)
    return bool(a == b)


def _orderable(value: Value) -> Decimal:
    from decimal import Decimal  # noqa: PLC0415  # few sources compare numbers

    if value.type.name == "Date":
        return Decimal(formulas.epoch(str(value.data)))
    return Decimal(str(value.data))
