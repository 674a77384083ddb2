"""Actions that are allowed without another that each of their calls needs (dependent actions).

Only what every call needs is looked for, and only of actions that a statement names: who gives
`sagemaker:*` thinks of no call. An identity has what any of its policies allows; a policy that
nobody is known to have is looked at by itself.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from iamdsl.analysis.subjects import subjects
from iamdsl.aws.needed import PASSED_TO, PASSING, always_needed
from iamdsl.aws.principals import service_principal
from iamdsl.diagnostics import Edit, Fix, Label, codes
from iamdsl.iam import action_covers, minified
from iamdsl.lint.placing import place
from iamdsl.source import Borrowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl.analysis.subjects import Subject
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import Item, World

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_SHOWN: Final = 3
_MOST_ROLES: Final = 3


def check(world: World, report: Report) -> None:
    """Report actions of statements that cannot be used for want of another one."""
    holders = _Holders(world)
    for item in world.items:
        if item.kind != "policy":
            continue
        for statement in item.policy.statements:
            for needed, actions in _needed(statement, world):
                if holders.lack(item, statement, needed):
                    _say(item, statement, needed, actions, world, report)


def _needed(statement: Statement, world: World) -> Iterator[tuple[str, list[str]]]:
    """Yield what the named actions of a statement need besides, each with those that need it."""
    if statement.effect == "Deny" or statement.actions.negated:
        return
    found: dict[str, list[str]] = {}
    for action in statement.actions.values:
        if "*" not in action and "?" not in action:
            for needed in always_needed(action.lower(), world.catalogue):
                found.setdefault(needed, []).append(action)
    yield from found.items()


class _Holders:
    """Who has which statements in a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def _subjects(self) -> tuple[Subject, ...]:
        return subjects(self._world.build, self._world.pseudo)

    def lack(self, item: Item, statement: Statement, action: str) -> bool:
        """Tell whether nobody who has a statement is allowed an action, as far as that is known."""
        own = item.policy.statements
        if _is_allowed(action, own):
            return False
        holders = [
            subject
            for subject in self._subjects
            if any(statement in named.policy.statements for named in subject.identity)
        ]
        return not any(
            holder.unknown
            or _is_allowed(action, (s for n in holder.identity for s in n.policy.statements))
            for holder in holders
        )


def _is_allowed(action: str, statements: Iterable[Statement]) -> bool:
    """Tell whether some statement allows an action, on whatever resource."""
    return any(
        s.effect == "Allow"
        and any(action_covers(pattern, action) for pattern in s.actions.values) != s.actions.negated
        for s in statements
    )


def _say(
    item: Item,
    statement: Statement,
    needed: str,
    actions: list[str],
    world: World,
    report: Report,
) -> None:
    shown = ", ".join(f"`{a}`" for a in actions[:_SHOWN]) + (" …" if len(actions) > _SHOWN else "")
    spans = [place(statement, "Action", action) for action in actions[: _SHOWN + 1]]
    hint, fix = f"allow `{needed}` as well", None
    if needed == PASSING:
        services = list(dict.fromkeys(PASSED_TO[action.lower()] for action in actions))
        hint, fix = _passing(item, statement, services, world)
    report.add(
        codes.MISSING_DEPENDENT,
        spans[0],
        f"{shown} {'is' if len(actions) == 1 else 'are'} allowed without `{needed}`,"
        " which each call needs",
        label="a call passes a role to the service"
        if needed == PASSING
        else "each call asks for that too",
        notes=[Label(s, "this too") for s in spans[1:] if s is not None and s != spans[0]],
        hint=hint,
        fix=fix,
    )


def _passing(
    item: Item, statement: Statement, services: list[str], world: World
) -> tuple[str, Fix | None]:
    """Return how to allow that a role is passed to services: a hint, and a fix where it is known."""
    partition = world.pseudo.get("partition", "aws")
    principals = [service_principal(service, partition) for service in services]
    roles = _trusting(item, principals, world)
    if not item.written:
        account = world.pseudo.get("account", "111122223333")
        arns = [f"arn:{partition}:iam::{account}:role/{name}" for name in roles or ["NAME"]]
        value = {
            "Effect": "Allow",
            "Action": PASSING,
            "Resource": arns[0] if len(arns) == 1 else arns,
            "Condition": {
                "StringEquals": {
                    "iam:PassedToService": principals[0] if len(principals) == 1 else principals
                }
            },
        }
        return f"add `{minified(value)}`", None
    named = [name if _NAME.fullmatch(name) else f'"{name}"' for name in roles]
    on = named or ['iam:role("NAME")']
    to = [f"service {service}" for service in services]
    sentence = (
        f"allow {PASSING} on {_one_or_list(on)}"
        f" when iam:PassedToService {'in' if len(to) > 1 else '=='} {_one_or_list(to)}"
    )
    return f"add `{sentence}`", _adding(sentence, statement) if named else None


def _one_or_list(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def _trusting(item: Item, principals: list[str], world: World) -> list[str]:
    """Return the roles of the same place that trust one of the services, if they are few."""
    found = [
        identity.name
        for account, inner in world.build.each()
        if ("" if account is None else account.name) == item.account
        for identity in inner.identities
        if identity.kind == "role"
        and identity.trust is not None
        and any(
            statement.principals is not None
            and any(
                kind == "Service" and not set(principals).isdisjoint(values)
                for kind, values in statement.principals.by_type
            )
            for statement in identity.trust.statements
        )
    ]
    return found if len(found) <= _MOST_ROLES else []


def _adding(sentence: str, statement: Statement) -> Fix | None:
    """Return the fix that writes a sentence behind one that has its lines to itself."""
    span = statement.origin[0] if statement.origin else None
    if span is None or isinstance(span, Borrowed):
        return None
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    rest = text[span.end : end] if end >= 0 else text[span.end :]
    indent = text[start : span.start]
    if indent.strip() or rest.strip():
        return None
    edit = Edit(span.part(span.end, span.end), f"\n{indent}{sentence}")
    return Fix(f"add `{sentence}`", (edit,), safe=False)
