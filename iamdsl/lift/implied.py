"""Statements that the compiler adds by itself, and that a source need not say.

What a deny with a variable says of requests that lack the variable's key, the compiler says in a
statement of its own (`compiler.conditions.doubts`). Where both stand in a document, as in one that
was built by us, the first brings the other along.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import attrs

from iamdsl.compiler.conditions import doubts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.iam import Condition, Elements, Statement


def without_implied(
    statements: Sequence[Statement], catalogue: Catalogue
) -> tuple[Statement | None, ...]:
    """Return the statements of a policy, None for each that another one says when it is compiled.

    The compiler numbers the names of such statements: the one that stays gets the name back.
    """

    def present(key: str) -> bool:
        known = catalogue.condition_key(key)
        return known is not None and known.always

    kept: list[Statement | None] = list(statements)
    for place, statement in enumerate(statements):
        if statement.effect != "Deny" or kept[place] is None or not statement.condition:
            continue
        made = doubts.certain((statement.condition,), statement.resources, present)
        if len(made) < 2 or len(made) > doubts.MOST:
            continue
        said = {(_condition(block), _elements(resources)) for block, resources in made}
        said.discard((_condition(statement.condition), _elements(statement.resources)))
        others = [
            i
            for i, other in enumerate(kept)
            if i != place
            and other is not None
            and (_condition(other.condition), _elements(other.resources)) in said
            and _differ_in_condition(other, statement)
        ]
        sid = _common_sid([statement, *(statements[i] for i in others)])
        if others and sid is not False:
            kept[place] = attrs.evolve(statement, sid=sid)
            for i in others:
                kept[i] = None
    return tuple(kept)


def _differ_in_condition(statement: Statement, other: Statement) -> bool:
    """Tell whether two statements differ in condition, resources and names only."""
    return (
        statement.effect == other.effect
        and statement.principals == other.principals
        and _elements(statement.actions) == _elements(other.actions)
    )


def _common_sid(statements: Sequence[Statement]) -> str | Literal[False] | None:
    """Return the name that statements have but for numbers, None of none, False if they differ."""
    sids = [s.sid for s in statements if s.sid is not None]
    if not sids:
        return None
    base = min(sids, key=len)
    alike = all(re.fullmatch(rf"{re.escape(base)}\d*", sid) for sid in sids)
    return base if alike and len(sids) == len(statements) else False


def _condition(condition: Condition) -> frozenset[tuple[str, str, frozenset[str]]]:
    return frozenset((e.operator, e.key.lower(), frozenset(e.values)) for e in condition)


def _elements(elements: Elements | None) -> tuple[bool, frozenset[str]] | None:
    return None if elements is None else (elements.negated, frozenset(elements.values))
