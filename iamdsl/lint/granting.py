"""Who is reviewed for what they may do, and where a statement grants an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.analysis.holders import holders
from iamdsl.iam import action_covers
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iamdsl.analysis.holders import Holder
    from iamdsl.analysis.unnamed import Unnamed
    from iamdsl.iam import Statement
    from iamdsl.lint.items import World
    from iamdsl.source import Span


def reviewed(world: World, *, watched: bool = True) -> Iterator[Holder]:
    """Yield who may do something (that is `watched`); administrators are among them.

    AWS's own policies for service-linked roles are left out: services alone can have them.
    """
    for holder in holders(world.build, world.pseudo):
        if (holder.offered or not watched) and not _is_of_a_service(holder, world):
            yield holder


def open_places(
    world: World, action: str, asked: Callable[[Holder], Unnamed]
) -> Iterator[Span | None]:
    """Yield where somebody is let do an action about what nobody named.

    Administrators are left out: that they may do everything has been said.

    Args:
        asked: the request about it, for who may do the action.
    """
    for holder in reviewed(world):
        if action in holder.offered:
            statement = holder.passes(asked(holder), world.catalogue)
            if statement is not None and not holder.is_administrator(world.catalogue):
                yield granted_at(statement, action)


def _is_of_a_service(holder: Holder, world: World) -> bool:
    if world.whole or holder.is_identity:
        return False
    name = holder.subject.name.removesuffix(".json")
    return (world.catalogue.managed_policy(name) or "").startswith("aws-service-role/")


def granted_at(statement: Statement, action: str) -> Span | None:
    """Return where a statement says an action: its name, or the narrowest pattern that has it."""
    values = statement.actions.values
    if statement.actions.negated:
        return place(statement, "Action")
    found = [value for value in values if action_covers(value, action)]
    return place(statement, "Action", max(found, key=len)) if found else place(statement)


def spot(statement: Statement) -> tuple[str, int] | int:
    """Return what tells statements of different places apart."""
    span = place(statement)
    return (span.source.name, span.start) if span is not None else id(statement)


def listed(names: list[str], *, most: int = 3, quote: str = "`") -> str:
    """Return names for a message, and of many how many more there are."""
    shown = [f"{quote}{name}{quote}" for name in names]
    if len(shown) > most:
        return f"{', '.join(shown[:most])} and {len(shown) - most} more"
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)
