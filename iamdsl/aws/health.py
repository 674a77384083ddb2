"""Whether a new catalogue can be trusted to take the place of the one before.

Upstream pages change their form without notice: in July 2026 every dependent action vanished
from them in a week, and whoever only copied lost them. What these checks refuse is not written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.aws.container import Content, ServiceContent

KEY_TYPES = frozenset(
    {"String", "ARN", "Bool", "Numeric", "Date", "IPAddress", "Binary"}
    | {"ArrayOfString", "ArrayOfARN", "ArrayOfBool", "ArrayOfNumeric", "ArrayOfIPAddress"}
)

_LOSS = 0.02


def problems(content: Content, previous: Content | None = None) -> tuple[str, ...]:
    """Return what is wrong with `content`, a sentence each; () when it can be used.

    With `previous` also what was lost against it: AWS retires services one by one, so that more
    than two in a hundred gone at once is a fault of the source.
    """
    found: list[str] = []
    if not content["services"]:
        found.append("there is no service in it")
    for prefix, service in sorted(content["services"].items()):
        found += _of_service(prefix, service)
    dependents = _with_dependents(content)
    if not dependents:
        found.append("no action has dependent actions: the source has lost them")
    if previous is not None:
        found += _losses(content, previous)
    return tuple(found)


def retire(content: Content, previous: Content) -> Content:
    """Return `content` with the actions retired that `previous` had and it has not.

    The day is that of `previous`: the last one the action was seen on. An action that came back
    is retired no more, and what is listed or retired is not among the `named`.
    """
    day = "-".join(previous["version"].split(".")[:3])
    gone = dict.fromkeys(_actions(previous), day)
    retired = {**gone, **previous["retired"], **content["retired"]}
    now = set(_actions(content))
    retired = {n: d for n, d in sorted(retired.items()) if n not in now}
    return {**content, "retired": retired, "named": unlisted(content["named"], now, retired)}


def unlisted(named: Iterable[str], *listed: Iterable[str]) -> list[str]:
    """Return the actions `named` that are in none of the others; case is ignored."""
    known = {action.lower() for actions in listed for action in actions}
    return [action for action in named if action.lower() not in known]


def _of_service(prefix: str, service: ServiceContent) -> Iterable[str]:
    if prefix != prefix.lower() or not prefix.replace("-", "").isalnum():
        yield f"`{prefix}` is no service prefix"
    for name, action in service["actions"].items():
        if not 0 < action["mask"] < 32:
            yield f"{prefix}:{name} has no access level"
        if not name.replace("-", "").replace("_", "").isalnum():
            yield f"`{prefix}:{name}` is no action name"
        for kind, _, _ in action["resources"]:
            if kind not in service["types"]:
                yield f"{prefix}:{name} names the unknown resource type `{kind}`"
    for name, facts in service["types"].items():
        if not facts["arns"]:
            yield f"resource type {prefix}:{name} has no ARN format"
        for arn in facts["arns"]:
            if not arn.startswith("arn:") or arn.count(":") < 5 or "," in arn:
                yield f"resource type {prefix}:{name} has the bad ARN format `{arn}`"
    for key, (kind, _) in service["keys"].items():
        if kind not in KEY_TYPES:
            yield f"condition key {key} of {prefix} has the unknown type `{kind}`"


def _losses(content: Content, previous: Content) -> Iterable[str]:
    for what, now, before in (
        ("services", len(content["services"]), len(previous["services"])),
        ("actions", len(_actions(content)), len(_actions(previous))),
        ("actions with dependents", _with_dependents(content), _with_dependents(previous)),
    ):
        if now < before * (1 - _LOSS):
            yield f"it has {now:,} {what}, the catalogue before had {before:,}"


def _actions(content: Content) -> list[str]:
    return [
        f"{prefix}:{name}"
        for prefix, service in content["services"].items()
        for name in service["actions"]
    ]


def _with_dependents(content: Content) -> int:
    actions = (a for s in content["services"].values() for a in s["actions"].values())
    return sum(1 for action in actions if action["dependents"])
