"""Actions as a person writes them: one set a service, in AWS's spelling."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.lift import nodes
from iamdsl.lift.writing import NotSayableError
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.iam import Elements
    from iamdsl.lift.writing import Facts

_ITEM = re.compile(r"[A-Za-z*?][A-Za-z0-9*?_-]*")
_SERVICE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


def selection(actions: Elements, facts: Facts) -> tree.Selection:
    """Return the actions of a statement; `NotAction` is `* except …`."""
    items = expressions(actions.values, facts)
    if actions.negated:
        return nodes.selection([nodes.literal("star", "*")], items)
    return nodes.selection(items)


def expressions(values: tuple[str, ...], facts: Facts) -> list[tree.Expression]:
    """Return actions as expressions: those of one service together, in the order of services."""
    groups: dict[str, dict[str, tree.Literal | tree.Text]] = {}
    for value in values:
        if value in {"*", "*:*"}:
            groups.setdefault("*", {})
            continue
        if nodes.has_mark(value):
            raise NotSayableError(
                value, "is an action that only the deployment knows", "write the action out"
            )
        service, colon, action = value.partition(":")
        if not colon or not _SERVICE.fullmatch(service):
            raise NotSayableError(value, "is no action", "AWS writes `service:Action`, or `*`")
        spelt = _spelling(service, action, facts)
        groups.setdefault(service.lower(), {}).setdefault(
            spelt.lower(), _item(spelt, service, facts)
        )
    return [_group(service, tuple(items.values())) for service, items in groups.items()]


def _spelling(service: str, action: str, facts: Facts) -> str:
    known = facts.catalogue.canonical(f"{service}:{action}")
    return known.partition(":")[2] if known else action


def _item(action: str, service: str, facts: Facts) -> tree.Literal | tree.Text:
    """Return an action of a set; one that the catalogue does not have stands between quotes."""
    text = f"{service.lower()}:{action}"
    if facts.catalogue.matches_any(text) and _ITEM.fullmatch(action):
        return nodes.literal("action", action)
    if not facts.catalogue.matches_any(text):
        facts.kept(text)
    return nodes.string(action)


def _group(service: str, items: tuple[tree.Literal | tree.Text, ...]) -> tree.Expression:
    if service == "*":
        return nodes.literal("star", "*")
    if len(items) > 1:
        return tree.ActionSet(nodes.literal("service", service), items, span=nodes.NOWHERE)
    (only,) = items
    if isinstance(only, tree.Text):
        return nodes.string(f"{service}:{only.plain}")
    text = f"{service}:{only.text}"
    return nodes.qualified(text) if nodes.is_qualified(text) else nodes.string(text)
