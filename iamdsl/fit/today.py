"""What patterns of actions match by the catalogue, today and after it was renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.iam import Elements, glob_covers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.iam import Statement


def unlisted(catalogue: Catalogue, service: str) -> Mapping[str, str]:
    """Return the actions of a service that exist, or did, and that the catalogue does not list.

    AWS's own policies name them, or an earlier reference of AWS's did; AWS may decide by them, so
    no pattern may come to match one that was not granted. Lower case to their spelling.
    """
    return {**catalogue.retired_names(service), **catalogue.named(service)}


def today(
    statements: Iterable[Statement], catalogue: Catalogue, known: Iterable[str] = ()
) -> tuple[Statement, ...]:
    """Return the statements with each pattern of actions that is allowed as what it matches.

    Stays: what is no pattern, known or not; patterns of services, `*` among them, which `shrink`
    never writes; lists of `NotAction`; and each Deny, which would deny less. A statement without
    an action goes.

    Args:
        known: actions that exist although the catalogue does not know them.
    """
    further = sorted({action for action in known if not _is_wild(action)}, key=str.lower)
    found = []
    for statement in statements:
        what = statement.actions
        if statement.effect == "Deny" or what.negated or not any(map(_is_written, what.values)):
            found.append(statement)
            continue
        values: dict[str, None] = {}
        for value in what.values:
            if not _is_written(value):
                values[value] = None
                continue
            values.update(dict.fromkeys(catalogue.match(value)))
            service, _, pattern = value.lower().partition(":")
            names = unlisted(catalogue, service)
            more = (f"{service}:{names[n]}" for n in names if glob_covers(pattern, n))
            values.update(dict.fromkeys(sorted(more)))
            whole = value.lower()
            values.update(dict.fromkeys(a for a in further if glob_covers(whole, a.lower())))
        if values:
            found.append(attrs.evolve(statement, actions=Elements(tuple(values))))
    return tuple(found)


def newly_granted(pattern: str, matched: Sequence[str], catalogue: Catalogue) -> tuple[str, ...]:
    """Return the actions that a pattern matches by the catalogue, and did not before.

    They are sorted by service and name.

    Args:
        pattern: as it was written, `s3:Get*`.
        matched: what it matched when it was written (`shrink.Wildcard.matched`).
    """
    before = {action.lower() for action in matched}
    return tuple(a for a in catalogue.match(pattern) if a.lower() not in before)


def _is_written(action: str) -> bool:
    """Tell whether an action is a pattern within one service."""
    service, _, name = action.partition(":")
    return _is_wild(name) and not _is_wild(service)


def _is_wild(text: str) -> bool:
    return "*" in text or "?" in text
