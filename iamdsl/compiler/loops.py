"""Loops that make alternatives where all of them may have been meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.diagnostics import Report


def alternatives_in_a_loop(node: tree.For, report: Report) -> None:
    """Note each `allow` of a loop that differs from round to round in the keys it asks alone.

    Such statements are alternatives: a request that meets one of them is allowed. Loops whose
    variable is a value, or stands in actions or resources, are meant so.
    """
    for member in node.body:
        if not isinstance(member, tree.Statement) or member.verb != "allow":
            continue
        clauses = dict(member.clauses)
        condition = clauses.get("when")
        others = [member.actions, *(c for word, c in member.clauses if word != "when")]
        if condition is None or any(_names(other, node.name.text) for other in others):
            continue
        if not any(_names(key, node.name.text) for key in _keys(condition)):
            continue
        written = " ".join(condition.span.text.split())
        written = written if len(written) <= 80 else "…"
        loop = f"for {node.name.text} in {node.source.span.text}"
        report.add(
            codes.ALTERNATIVES_IN_A_LOOP,
            member.span,
            "each round of the loop allows the same by another condition",
            label="a request that meets one of them is allowed",
            hint=f"for all of them at once, without the loop: `when all([{written} {loop}])`",
        )


def _keys(node: object) -> Iterator[object]:
    """Yield the left sides of the comparisons in a condition, and the keys that stand alone."""
    for child in tree.walk(node):
        if isinstance(child, tree.Compare):
            yield child.left
        elif isinstance(child, tree.Text) and child.kind == "qualified" and child is node:
            yield child


def _names(node: object, name: str) -> bool:
    return any(isinstance(n, tree.Name) and n.text == name for n in tree.walk(node))
