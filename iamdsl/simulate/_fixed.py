"""Statements as they are when a request's context is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.iam import Elements
from iamdsl.simulate._conditions import holds
from iamdsl.simulate._statements import padded
from iamdsl.simulate._texts import Wild, escaped, filled, is_closed, parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.iam import Statement
    from iamdsl.simulate._request import Context

_ANY = Elements(("*",))


def under(statements: Iterable[Statement], context: Context) -> tuple[Statement, ...]:
    """Return statements with a context fixed: what they say of any action, resource and caller.

    Conditions are decided and gone, variables in resources are filled in, and statements that
    cannot apply in this context are dropped.
    """
    return tuple(
        attrs.evolve(statement, resources=resources, condition=())
        for statement in statements
        if all(holds(entry, context) for entry in statement.condition)
        for resources in [_filled(statement.resources, context)]
        if resources is None or resources.values
    )


def _filled(elements: Elements | None, context: Context) -> Elements | None:
    """Return resources without variables; without values they are no resource at all."""
    if elements is None or not any("${" in text for text in elements.values):
        return elements
    values = tuple(
        made for text in elements.values if (made := _filled_text(text, context)) is not None
    )
    if not values and elements.negated:
        return _ANY  # no text of `NotResource` matches anything
    return Elements(tuple(dict.fromkeys(values)), elements.negated)


def _filled_text(text: str, context: Context) -> str | None:
    pattern = parts(padded(text))
    if is_closed(pattern):
        return text
    made = filled(pattern, context)
    if made is None:
        return None
    return "".join(part.value if isinstance(part, Wild) else escaped(part) for part in made)
