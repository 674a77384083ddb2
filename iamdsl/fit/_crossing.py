"""Which actions and resources can never meet in a request, by the catalogue.

A pair of an action and a resource pattern that never meet says nothing: no request asks for it.
So statements may be joined although that adds such pairs (opt-in: the catalogue of tomorrow may
say otherwise, and data of AWS's may be incomplete).

What counts as never, and all else may meet:

- the action is one of the catalogue, without wildcards: tomorrow's actions cannot be known;
- the resource is an ARN of six fields without what only a deployment knows; a policy variable
  stands for any text;
- in no ARN format of a resource type of the action, placeholders standing for any text, both the
  service and the last field can be those of the resource. The fields between are not looked at;
- an action without resource types is asked for with the resource `*` alone, which no ARN matches.

Source: AWS Service Authorization Reference
"reference_policies_actions-resources-contextkeys": an action's row names the types that it can be
limited to; where it names none, `Resource` has to be `"*"`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import attrs

from iamdsl.iam import Elements, globs_meet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.aws import Catalogue
    from iamdsl.iam import Statement

    # Service and last field of an ARN, as patterns.
    _Ends: TypeAlias = tuple[str, str]

_VARIABLE = re.compile(r"\$\{[^}]*\}")


class Meeting:
    """Answers by the catalogue whether an action can be asked for on a resource."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._formats: dict[str, frozenset[_Ends] | None] = {}
        self._resources: dict[str, _Ends | None] = {}
        self._known: dict[tuple[str, str], bool] = {}

    def never(self, action: str, resource: str) -> bool:
        """Tell whether surely no request has that action on a resource of that pattern.

        `action` is compared without case; patterns of several actions may meet anything.
        """
        if resource == "*":
            return False
        pair = action.lower(), resource
        known = self._known.get(pair)
        if known is None:
            known = self._known[pair] = self._is_never(*pair)
        return known

    def _is_never(self, action: str, resource: str) -> bool:
        if action not in self._formats:
            self._formats[action] = self._formats_of(action)
        formats = self._formats[action]
        if formats is None:
            return False
        if resource not in self._resources:
            self._resources[resource] = _ends_of(resource)
        ends = self._resources[resource]
        return ends is not None and not any(
            globs_meet(service, ends[0]) and globs_meet(last, ends[1]) for service, last in formats
        )

    def _formats_of(self, action: str) -> frozenset[_Ends] | None:
        """Return the ends of all ARNs that an action is asked for on; None where not known."""
        if "*" in action or "?" in action:
            return None
        known = self._catalogue.action(action)
        if known is None:
            return None
        prefix = action.partition(":")[0]
        found: set[_Ends] = set()
        for resource in known.resources:
            of_type = self._catalogue.resource_type(prefix, resource.type)
            if of_type is None or not of_type.formats:
                return None
            for arn in of_type.formats:
                ends = _ends_of(arn.text)
                if ends is None:
                    return None
                found.add(ends)
        return frozenset(found)


def _ends_of(arn: str) -> _Ends | None:
    """Return service and last field of an ARN pattern; None for what is no whole ARN."""
    fields = arn.split(":", 5)
    if len(fields) < 6 or fields[0] != "arn" or "\ue000" in arn:
        return None
    service, last = (_VARIABLE.sub("*", fields[i]) for i in (2, 5))
    return service, last


def possible(statements: Iterable[Statement], meeting: Meeting) -> tuple[Statement, ...]:
    """Return the statements without the pairs that never meet, some of them cut into a few.

    Only those that joins across resources can have made: a Deny, a statement with principals or
    with a `Not…` list stays as it is.
    """
    return tuple(part for s in statements for part in _possible(s, meeting))


def _possible(statement: Statement, meeting: Meeting) -> list[Statement]:
    where = statement.resources
    if where is None or where.negated or not may_join(statement):
        return [statement]
    rows: dict[tuple[str, ...], list[str]] = {}
    for action in statement.actions.values:
        met = tuple(r for r in where.values if not meeting.never(action, r))
        rows.setdefault(met, []).append(action)
    if list(rows) == [where.values]:
        return [statement]
    return [
        attrs.evolve(statement, actions=Elements(tuple(actions)), resources=Elements(met))
        for met, actions in rows.items()
        if met
    ]


def may_join(statement: Statement) -> bool:
    """Tell whether joins across resources may be made of a statement.

    Not of a Deny, where too much is worse than too little is; not of one with principals, which
    stands at a resource of its own.
    """
    whole = statement.principals is None and not statement.actions.negated
    return whole and statement.effect == "Allow"
