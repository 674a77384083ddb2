"""Documents that are larger than AWS takes, and those of services that count what is in them.

What the language writes is measured when it is made to fit. AWS "reference_iam-quotas", the pages
in `aws/limits.py`; Access Analyzer's POLICY_SIZE_EXCEEDS_… findings. The characters of a document
are counted as it is written, without white space between its parts.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from iamdsl.aws.resource_policies import of_service
from iamdsl.diagnostics import Diagnostic, Severity, codes
from iamdsl.iam import minified, to_json
from iamdsl.source import Borrowed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.aws.limits import Limit
    from iamdsl.aws.resource_policies import Count
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import Item, World
    from iamdsl.source import Span

_OPEN: Final = re.compile(r"\\ue000.*?\\ue001")
"""What only a deployment knows counts for nothing: a document is as large at least."""

_HINTS: Final = {
    "managed": "write it as several policies",
    "boundary": "grant with wider patterns",
    "inline-role": "move statements into managed policies",
    "inline-user": "move statements into managed policies",
    "inline-group": "move statements into managed policies",
    "permission_set": "move statements into managed policies",
    "session": "attach a managed policy to the session instead of writing its statements",
    "scp": "write it as several policies, and attach each to the same place",
    "rcp": "write it as several policies, and attach each: every deny of every one holds",
    "trust": "trust whole accounts, with a condition on `aws:PrincipalArn`",
    "resource": "grant to fewer, wider principals or resources",
}


def check(world: World, report: Report) -> None:
    """Report documents that are over a limit of AWS's; an identity's own ones count together."""
    shared: dict[tuple[str, str, str], list[Item]] = {}
    for item in world.items:
        if item.written or _is_of_aws(item, world):
            continue
        if item.owner and item.kind == "policy":
            shared.setdefault((item.account, item.owner, item.name), []).append(item)
            continue
        _measure("managed" if item.kind == "policy" else item.kind, [item], world, report)
        if item.kind == "resource" and item.service is not None:
            _count(item, item.service, world, report)
    for (_, owner, _), items in shared.items():
        kind = owner if owner == "permission_set" else f"inline-{owner}"
        _measure(kind, items, world, report)


def _is_of_aws(item: Item, world: World) -> bool:
    """Tell whether a document is by its name one of AWS's own policies, which have no limit."""
    name = item.name.removesuffix(".json")
    return item.kind == "policy" and not (
        world.whole or item.owner or world.catalogue.managed_policy(name) is None
    )


def _measure(kind: str, items: list[Item], world: World, report: Report) -> None:
    """Report policies of one kind that have more characters than AWS takes of them together."""
    first = items[0]
    limit = world.limits.policy_size(kind, first.service or "")
    if limit is None or _are_small(items, limit.value):
        return
    characters = sum(map(_characters, items))
    if characters <= limit.value:
        return
    title = first.title if len(items) == 1 else f"the policies of {first.owner} `{first.name}`"
    has = "has" if len(items) == 1 else "have"
    inline = world.limits.value("role-inline-size")
    open_ = kind == "managed" and characters <= inline  # it may well be a role's own
    found = Diagnostic(
        codes.TOO_LARGE,
        Severity.WARNING if open_ else Severity.ERROR,
        f"{title} {has} {characters:,} characters, {characters - limit.value:,} more than the"
        f" {limit.value:,} that {'a managed policy may have' if kind == 'managed' else 'AWS takes'}",
        _place(first),
        "even without white space" if limit.counts_white_space else "without white space",
        (),
        f"{_hint(kind, limit, characters)}"
        + (f"; a role's own policies may have {inline:,} together" if open_ else ""),
    )
    report.extend([found])


def _hint(kind: str, limit: Limit, characters: int) -> str:
    if limit.maximum is not None and limit.value < limit.maximum >= characters:
        return f"{_HINTS[kind]}, or ask AWS for more: it grants up to {limit.maximum:,}"
    return _HINTS[kind]


def _are_small(items: Iterable[Item], limit: int) -> bool:
    """Tell whether policies are under a limit by the lengths of the texts that they come from."""
    return sum(_length(item) for item in items) <= limit


def _length(item: Item) -> int:
    """Return a number that is not less than the characters of a policy."""
    origin = item.origin
    if not isinstance(origin, Borrowed):
        return len(origin.source.text) if origin is not None else _LARGE
    # A text of a template can come to more than it is written with: marks, escapes, full forms.
    text = origin.source.text
    return (
        len(text) if text.isascii() and text.lstrip()[:1] == "{" and "Fn::" not in text else _LARGE
    )


_LARGE: Final = 1 << 30


def _characters(item: Item) -> int:
    """Return the characters of a policy: as its document is written, where it stands alone."""
    place = _place(item)
    if place is not None and place.text.startswith("{"):
        try:
            value, _ = json.JSONDecoder().raw_decode(place.source.text, place.start)
        except (ValueError, RecursionError):
            value = {}
        if "Statement" in value:
            return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    return len(_OPEN.sub("", minified(to_json(item.policy))))


def _place(item: Item) -> Span | None:
    origin = item.origin
    return origin.origins[0]() if isinstance(origin, Borrowed) else origin


def _count(item: Item, service: str, world: World, report: Report) -> None:
    """Report what a service counts in a policy besides characters, where it is too much."""
    rule = of_service(service)
    statements = item.policy.statements
    for kind, name in rule.counts if rule is not None else ():
        bound = world.limits.value(name)
        numbers = [_number(s, kind) for s in statements]
        total = max(numbers, default=0) if kind == "actions" else sum(numbers)
        if total > bound:
            one = "a statement of " if kind == "actions" else ""
            report.add(
                codes.TOO_LARGE,
                _place(item),
                f"{one}{item.title} has {total} {kind}, {total - bound} more than the {bound} that"
                f" {service.upper()} takes",
                hint="write several statements" if one else "grant to fewer, wider principals",
            )


def _number(statement: Statement, kind: Count) -> int:
    """Return how many statements, principals, conditions or actions a statement counts for."""
    if kind == "principals":
        groups = statement.principals.by_type if statement.principals is not None else ()
        return sum(len(values) for _, values in groups)
    if kind == "actions":
        return len(statement.actions.values)
    return len(statement.condition) if kind == "conditions" else 1
