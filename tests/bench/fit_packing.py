"""Statements into policies as anyone would do it: the largest first, each where it first fits.

On JSON, and with no code of iamdsl's, so that it can stand beside what `iamdsl.fit.pack` does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Json: TypeAlias = "dict[str, Any]"

MANAGED = 6144
"""Characters of a managed policy."""
INLINE = 10_240
"""Characters of all inline policies of a role together."""
ATTACHED = 10
"""Managed policies that a role may have where the quota was not raised."""


def text(value: Any) -> str:
    """Return JSON without white space."""
    return json.dumps(value, separators=(",", ":"))


def document(statements: Sequence[Json]) -> Json:
    """Return a policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


_FRAME = len(text(document([])))


def bound(statements: Iterable[Json], beside: int = 0) -> int:
    """Return a number of managed policies below which the statements have no room.

    `beside` are the characters of inline policies, used first.
    """
    total = sum(len(text(s)) + 1 for s in statements)
    if beside:
        total -= beside - _FRAME + 1
    return max(0, -(-total // (MANAGED - _FRAME + 1)))


def first_fit(statements: Iterable[Json]) -> list[Json]:
    """Return policies by first fit, decreasing; what is too large for one is cut by its lists."""
    room = MANAGED - _FRAME + 1
    pieces = [piece for s in statements for piece in _cut(s, room - 1)]
    policies: list[list[Json]] = []
    left: list[int] = []
    for piece in sorted(pieces, key=lambda p: -len(text(p))):
        needed = len(text(piece)) + 1
        at = next((i for i, free in enumerate(left) if free >= needed), len(left))
        if at == len(left):
            policies.append([])
            left.append(room)
        policies[at].append(piece)
        left[at] -= needed
    return [document(some) for some in policies]


def _cut(statement: Json, room: int) -> list[Json]:
    """Return pieces by halves of the longer of the two lists; one that has none stays too large."""
    if len(text(statement)) <= room:
        return [statement]
    lists = [
        name for name in ("Action", "Resource")
        if isinstance(statement.get(name), list) and len(statement[name]) > 1
    ]  # fmt: skip
    if not lists:
        return [statement]
    longest = max(lists, key=lambda name: len(text(statement[name])))
    values = statement[longest]
    middle = len(values) // 2
    return [
        piece
        for half in (values[:middle], values[middle:])
        for piece in _cut({**statement, longest: half}, room)
    ]
