"""Records: the names of their fields, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import Label, codes
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.model import Type, types
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.source import Span


def name_of(key: tree.Name | tree.Text) -> str:
    """Return the name of an entry, "" for one that is computed (and refused)."""
    return key.text if isinstance(key, tree.Name) else key.plain or ""


def check_names(
    entries: tuple[tuple[tree.Name | tree.Text, tree.Expression], ...], report: Report
) -> None:
    """Report names of fields that are computed, or written twice."""
    seen: dict[str, Span] = {}
    for key, _ in entries:
        name = name_of(key)
        if isinstance(key, tree.Text) and key.plain is None:
            report.add(
                codes.WRONG_TYPE,
                key.span,
                "the name of a field is computed",
                hint="write it out: a record's fields are known before its values",
            )
        elif name in seen:
            report.add(
                codes.DUPLICATE_NAME,
                key.span,
                f"the field `{name}` is written twice",
                notes=[Label(seen[name], "first written here")],
                hint="keep one of them",
            )
        seen.setdefault(name, key.span)


def unknown_field(node: tree.Field, kind: Type, report: Report) -> None:
    """Report a field that a value of type `kind` does not have."""
    name, base = node.name.text, node.base.span.text
    fields = [f for f, _, _ in kind.fields]
    hint = "only records and modules have fields"
    if any(f == name for f, _, _ in types.leaf(kind).fields):
        hint = f"it is a list: write `[x.{name} for x in {base}]`"
    elif fields:
        hint = "it has " + ", ".join(f"`{f}`" for f in fields[:10])
    report.add(
        codes.UNKNOWN_NAME,
        node.name.span,
        f"`{base}` has no field `{name}`",
        hint=did_you_mean(nearest(name, fields, 1), hint),
    )
