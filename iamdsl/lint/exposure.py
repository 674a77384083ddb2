"""What is given away where it is allowed on everything: credentials, data, and who may come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.analysis.unnamed import Unnamed, named, unnamed
from iamdsl.aws.exposure import CREDENTIALS, DATA, KINDS, RESOURCE_POLICIES
from iamdsl.diagnostics import codes
from iamdsl.lint.granting import granted_at, listed, reviewed, spot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.analysis.holders import Holder
    from iamdsl.diagnostics import Code, Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import World

_TABLES: dict[Code, Mapping[str, str]] = {
    codes.CREDENTIALS_EXPOSED: CREDENTIALS,
    codes.DATA_EXPOSED: DATA,
    codes.RESOURCE_POLICIES_WRITABLE: RESOURCE_POLICIES,
}


def check(world: World, report: Report) -> None:
    """Say what is allowed on everything and without a condition, a statement at a time."""
    for code, table in _TABLES.items():
        if not world.on(code):
            continue
        found: dict[object, tuple[Statement, list[str]]] = {}
        for holder in reviewed(world):
            wanted = [action for action in table if action in holder.offered]
            if wanted and not holder.is_administrator(world.catalogue):
                _gather(holder, wanted, world, found)
        for statement, actions in found.values():
            _say(code, statement, actions, report)


def _gather(
    holder: Holder,
    wanted: list[str],
    world: World,
    found: dict[object, tuple[Statement, list[str]]],
) -> None:
    """Add the actions that are open to a holder to the statements that allow them."""
    for action in wanted:
        resource = unnamed(action, KINDS.get(action), holder.account, world.catalogue)
        if not _is_plain(holder, action):
            continue
        statement = holder.passes(Unnamed(action, resource), world.catalogue)
        if statement is None or statement.condition:
            continue
        actions = found.setdefault(spot(statement), (statement, []))[1]
        if action not in actions:
            actions.append(action)


def _is_plain(holder: Holder, action: str) -> bool:
    """Tell whether some statement allows an action without a condition."""
    return any(not s.condition and action in named(s.actions) for s in holder.grants)


def _say(code: Code, statement: Statement, actions: list[str], report: Report) -> None:
    said, many = listed(actions), len(actions) > 1
    table = _TABLES[code]
    what = listed([*dict.fromkeys(table[action] for action in actions)], quote="")
    if code is codes.RESOURCE_POLICIES_WRITABLE:
        message = f"{said} can let anybody in to {what}"
        hint = "name the resources whose policies are to be changed"
    else:
        verb = "give{} out" if code is codes.CREDENTIALS_EXPOSED else "read{}"
        message = f"{said} {verb.format('' if many else 's')} {what}"
        hint = "name the resources that it is needed for"
    report.add(code, granted_at(statement, actions[0]), message, label="on everything", hint=hint)
