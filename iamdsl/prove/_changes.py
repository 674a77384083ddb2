"""What one set of permissions allows and another does not, in groups for people."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from iamdsl.iam import Elements, Statement, glob_covers, minified, statement_to_json
from iamdsl.prove._answer import Change, Changes
from iamdsl.prove._terms import closed

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.prove._answer import Permissions
    from iamdsl.prove._engine import Found
    from iamdsl.prove._rows import Part


def changes(before: Permissions, after: Permissions, catalogue: Catalogue) -> Changes:
    """Return what is gained and what is lost from one side to the other.

    What could not be decided is in `unknown`, in words; nothing is left out without a word.
    """
    gained, first = _allowed_only_by(after, before, catalogue)
    lost, second = _allowed_only_by(before, after, catalogue)
    return Changes(gained, lost, tuple(dict.fromkeys((*first, *second))))


def _allowed_only_by(
    one: Permissions, other: Permissions, catalogue: Catalogue
) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    """Return what the first permissions allow and the second do not, and what is not known."""
    from iamdsl.prove._decide import Undecided  # noqa: PLC0415
    from iamdsl.prove._engine import Search  # noqa: PLC0415

    search = Search("implies", one, other, catalogue)
    granting = set(search.question.first.layers)
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Found]] = defaultdict(list)
    unknown: list[str] = []
    try:
        for found in search:
            actions = tuple(sorted({a.pattern or a.name for a in found.actions}))
            groups[actions, _when(found, granting)].append(found)
    except Undecided as undecided:
        unknown.append(str(undecided))
    made = [_change(actions, when, cells) for (actions, when), cells in groups.items()]
    made.sort(key=lambda c: (c.actions, c.resources, c.when))
    return tuple(made), (*unknown, *dict.fromkeys(search.doubts))


def _change(actions: tuple[str, ...], when: tuple[str, ...], cells: list[Found]) -> Change:
    """Return the group of some cells: the narrowest pattern of each, without what none has."""
    narrowest = {found.resources[0] if found.resources else "*" for found in cells}
    shared = {text for found in cells for text in found.resources}
    apart = {
        text
        for found in cells
        for text in found.others
        if text not in shared
        and any(glob_covers(wide, text) for wide in found.resources[:1])
        and not glob_covers(closed(text), found.request.resource)
    }
    return Change(
        actions,
        tuple(sorted(narrowest)),
        when,
        cells[0].request,
        tuple(sorted(t for t in apart if not any(glob_covers(t, n) for n in narrowest))),
    )


def _when(found: Found, granting: set[int]) -> tuple[str, ...]:
    """Return the conditions of the statements that grant, as texts; none where one has none."""
    by_layer: dict[int, set[str]] = defaultdict(set)
    for part in found.parts:
        if part.tag in granting:
            by_layer[part.tag].add(_text(part))
    texts = [some for some in by_layer.values() if "" not in some]
    return tuple(sorted({text for some in texts for text in some}))


def _text(part: Part) -> str:
    if not part.demand.condition:
        return ""
    statement = Statement("Allow", Elements(("*",)), condition=part.demand.condition)
    return minified(statement_to_json(statement)["Condition"])
