"""Externs: values that only a deployment knows; what they are, and how long, is known now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.iam import PSEUDO_LENGTHS
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.diagnostics import Report
    from iamdsl.model import Program, Type

_TEXTS = {"String", "Pattern", "Arn", "Resource", "AccountId", "Region", "Choice", "Unknown"}
_LENGTHS = {"AccountId": PSEUDO_LENGTHS["aws.account"], "Region": PSEUDO_LENGTHS["aws.region"]}
MAX_LENGTH = 6144
"""Characters of the largest managed policy: a longer text would fit nowhere."""


def check(node: tree.Extern, kind: Type, report: Report) -> None:
    """Report an extern that is no text, or of which nobody can say how long it gets."""
    if kind.name not in _TEXTS:
        report.add(
            codes.WRONG_TYPE,
            node.type.span,
            f"an extern is one text, and this is {kind}",
            label="what is no text is decided when the source is compiled",
            hint="use a `param`, or several externs",
        )
    elif node.max is not None and not 0 < _number(node.max) <= MAX_LENGTH:
        report.add(
            codes.WRONG_TYPE,
            node.max.span,
            f"`max` takes a number of characters from 1 to {MAX_LENGTH:,}",
            hint="write how long the text can get at the most: `max 63`",
        )
    elif kind.name != "Unknown" and length(node, kind) is None:
        report.add(
            codes.MISSING_CLAUSE,
            node.span,
            f"nothing says how long `{node.name.text}` can get",
            label="its length counts in the sizes of policies",
            hint="write how many characters it has at the most: `max 63`",
        )


def length(node: tree.Extern, kind: Type) -> int | None:
    """Return the most characters that an extern can have, None when nothing says so."""
    if node.max is not None:
        return _number(node.max)
    if kind.name == "Choice":
        return max(map(len, kind.options), default=0)
    return _LENGTHS.get(kind.name)


def lengths(program: Program) -> Mapping[str, int]:
    """Return the most characters of each extern of a program, by its name."""
    found: dict[str, int] = {}
    for module in program.modules:
        for binding in module.names.values():
            if isinstance(binding.node, tree.Extern) and binding.type is not None:
                found[binding.name] = max(
                    found.get(binding.name, 0), length(binding.node, binding.type) or 0
                )
    return found


def _number(literal: tree.Literal) -> int:
    return int(literal.text) if literal.text.isdecimal() and len(literal.text) < 10 else 0
