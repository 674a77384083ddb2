"""Edits of one line, at random, of the statements of a role, for the tables of `fit.py`.

An edit is `(at, gone, come)`: from number `at` on so many statements go, and others come there.
Undone it is `(at, len(come), what went)`.
"""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Json: TypeAlias = "dict[str, Any]"

# Operators whose values may become any other text.
_TEXTS = ("StringEquals", "StringLike", "ArnLike", "ArnEquals", "StringEqualsIfExists")
KINDS = "action added, action removed, resource added, value changed, statement added, statement removed"


class Edit(NamedTuple):
    """An edit, and one of `KINDS`."""

    at: int
    gone: int
    come: list[Json]
    kind: str


def apply(statements: list[Json], edit: Edit) -> Edit:
    """Carry out an edit in place; return the one that takes it back."""
    went = statements[edit.at : edit.at + edit.gone]
    statements[edit.at : edit.at + edit.gone] = edit.come
    return Edit(edit.at, len(edit.come), went, f"undone: {edit.kind}")


def edits(statements: Sequence[Json], pool: Sequence[Json], number: int, seed: int) -> list[Edit]:
    """Return edits, each of what the one before left; `pool` has what statements can be added."""
    choice = random.Random(seed)  # noqa: S311
    now = list(statements)
    made = []
    for edit in _edits(now, pool, choice):
        made.append(edit)
        apply(now, edit)
        if len(made) == number:
            break
    return made


def _edits(now: list[Json], pool: Sequence[Json], choice: random.Random) -> Iterator[Edit]:
    kinds = KINDS.split(", ")
    while True:
        kind = choice.choice(kinds)
        if kind == "statement added":
            yield Edit(choice.randint(0, len(now)), 0, [copy.deepcopy(choice.choice(pool))], kind)
            continue
        at = choice.randrange(len(now))
        if kind == "statement removed":
            yield Edit(at, 1, [], kind)
            continue
        changed = copy.deepcopy(now[at])
        if _CHANGES[kind](changed, pool, choice):
            yield Edit(at, 1, [changed], kind)


def _listed(statement: Json, name: str) -> list[Any]:
    found = statement.get(name, [])
    return list(found) if isinstance(found, list) else [found]


def _action_added(statement: Json, pool: Sequence[Json], choice: random.Random) -> bool:
    """Add an action that a statement of the pool has, of a service that this one has."""
    actions = _listed(statement, "Action")
    services = {a.partition(":")[0] for a in actions}
    others = _listed(choice.choice(pool), "Action")
    new = sorted({a for a in others if a.partition(":")[0] in services and a not in actions})
    if not new:
        return False
    statement["Action"] = [*actions, choice.choice(new)]
    return True


def _action_removed(statement: Json, pool: Sequence[Json], choice: random.Random) -> bool:
    del pool
    actions = _listed(statement, "Action")
    if len(actions) < 2:
        return False
    actions.remove(choice.choice(actions))
    statement["Action"] = actions
    return True


def _resource_added(statement: Json, pool: Sequence[Json], choice: random.Random) -> bool:
    """Add a resource that is named like one that is there."""
    del pool
    resources = [r for r in _listed(statement, "Resource") if r != "*"]
    if not resources:
        return False
    statement["Resource"] = [*resources, f"{choice.choice(resources)}-{choice.randrange(1000)}"]
    return True


def _value_changed(statement: Json, pool: Sequence[Json], choice: random.Random) -> bool:
    del pool
    condition = statement.get("Condition", {})
    places = [(o, k) for o in condition if o in _TEXTS for k in condition[o]]
    if not places:
        return False
    operator, key = choice.choice(places)
    values = condition[operator][key]
    values = list(values) if isinstance(values, list) else [values]
    values[choice.randrange(len(values))] += f"-{choice.randrange(1000)}"
    condition[operator][key] = values
    return True


_CHANGES: dict[str, Callable[[Json, Sequence[Json], random.Random], bool]] = {
    "action added": _action_added,
    "action removed": _action_removed,
    "resource added": _resource_added,
    "value changed": _value_changed,
}
