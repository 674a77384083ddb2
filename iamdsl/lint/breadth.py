"""Permissions that are wider than what is named: whole services, and every resource.

IAM user guide "best-practices", "Apply least-privilege permissions"; parliament's RESOURCE_STAR and
RESOURCE_EFFECTIVELY_STAR. Only what the catalogue knows to take resources is said to be limitable.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl.analysis.resource_types import is_of_type
from iamdsl.aws._facts import mask_of
from iamdsl.diagnostics import codes
from iamdsl.lint.placing import place
from iamdsl.lint.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import Item, World

_WRITE: Final = mask_of(("write",))
_TAGGING: Final = mask_of(("tagging",))
_PERMISSIONS: Final = mask_of(("permissions",))
_EVERY: Final = re.compile(r"\*|arn:[^:]*:[^:]*:\*?:\*?:\*(?:/\*)?")
"""Resources that are all there are."""
_EVERY_OF_A_TYPE: Final = re.compile(r"arn:[^:]*:[^:]*:\*?:\*?:[A-Za-z-]+[:/]\*(?:/\*)?")
_ON_ALL: Final = frozenset({"cloudwatch:putmetricdata"})
"""What is limited to its resource type for one form of the call alone, and asked on `*` else."""
_SHOWN = 3


class _Known(NamedTuple):
    """What a pattern of actions has of those that change something and take resources.

    Attributes:
        actions: one more than are shown, at most.
        of_one_type: those that take resources of one type only, with that.
    """

    actions: tuple[str, ...]
    of_one_type: tuple[tuple[str, str], ...]


def check(world: World, report: Report) -> None:
    """Tell of whole services, and of changes to every resource, that identities are allowed."""
    wildcards = world.on(codes.SERVICE_WILDCARD)
    resources = world.on(codes.ANY_RESOURCE)
    known: dict[str, _Known] = {}
    for item in world.items:
        if item.kind != "policy":
            continue
        for statement in item.policy.statements:
            if statement.effect != "Allow" or statement.actions.negated or statement.condition:
                continue
            if wildcards:
                _services(item, statement, world.catalogue, report)
            if resources:
                _resources(item, statement, world.catalogue, known, report)


def _services(item: Item, statement: Statement, catalogue: Catalogue, report: Report) -> None:
    whole = [
        action
        for action in statement.actions.values
        if action.endswith(":*")
        and "*" not in action[:-2]
        and not catalogue.retired_service(action[:-2])
    ]
    if whole:
        report.add(
            codes.SERVICE_WILDCARD,
            place(statement, "Action", whole[0]),
            f"{item.title} allows {listed(whole)}",
            label="and what AWS adds",
            hint="name the actions that are needed",
        )


def _resources(
    item: Item, statement: Statement, catalogue: Catalogue, known: dict[str, _Known], report: Report
) -> None:
    resources = statement.resources
    if resources is None or resources.negated:
        return
    whole = [value for value in resources.values if _EVERY.fullmatch(value)]
    every = "*" if "*" in whole else next(iter(whole), None)
    if every is None and not all(map(_EVERY_OF_A_TYPE.fullmatch, resources.values)):
        return
    stars = [every] if every is not None else list(resources.values)
    services = {value.split(":")[2] for value in stars if value != "*"}
    found: list[str] = []
    for pattern in statement.actions.values:
        if len(found) > _SHOWN:
            break
        if (limitable := known.get(pattern)) is None:
            limitable = known[pattern] = _limitable(pattern, catalogue)
        if every is None:
            found += _of_all(limitable, resources.values, catalogue)
        elif limitable.actions:
            names = limitable.actions
            found += (n for n in names if every == "*" or n.partition(":")[0] in services)
    if found:
        report.add(
            codes.ANY_RESOURCE,
            place(statement, "Resource", every or resources.values[0]),
            f"{item.title} allows {listed(found)} on every resource",
            label="can be limited",
            hint="name the resources, or test a tag of theirs",
        )


def _of_all(known: _Known, stars: tuple[str, ...], catalogue: Catalogue) -> Iterator[str]:
    """Yield the actions of one type of which resources have a pattern for all of that type."""
    for name, kind in known.of_one_type:
        service = name.partition(":")[0]
        # What stands before `/*` is a name where the ARNs of the type begin with one: a bucket's.
        of_type = catalogue.resource_type(service, kind)
        if of_type is None or any(f.fields[5].startswith("${") for f in of_type.formats):
            continue
        own = (s for s in stars if s.split(":", 3)[2] == service)
        if any(is_of_type(star, service, (kind,), catalogue) for star in own):
            yield name


def _limitable(pattern: str, catalogue: Catalogue) -> _Known:
    found: list[str] = []
    single: list[tuple[str, str]] = []
    if pattern == "*" or pattern.endswith(":*"):
        return _Known((), ())  # said as such
    wild = "*" in pattern or "?" in pattern
    for name in catalogue.match(pattern) if wild else (pattern,):
        mask = catalogue.mask(name)
        changes = mask & _PERMISSIONS or (mask & _WRITE and not mask & _TAGGING)
        action = catalogue.action(name) if changes and name.lower() not in _ON_ALL else None
        if action is not None and action.resources:
            found.append(action.name)
            if len(action.resources) == 1:
                single.append((action.name, action.resources[0].type))
            if len(found) > _SHOWN:
                break
    return _Known(tuple(found), tuple(single))
