"""What one side allows and the other does not, in groups that people can read.

`prove.changes` tells what changed; here it is told of whom, where policies name their callers, and
in the spelling of the policies.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from iamdsl import prove, simulate
from iamdsl.iam import Elements, Principals, Statement, minified, statement_to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.prove import Change, Permissions
    from iamdsl.simulate import Request

Topic: TypeAlias = Literal["access", "trust", "denies", "policies", "boundary"]
Caller: TypeAlias = tuple[str, str]
"""Type and value, as in a `Principal` element: `("Service", "lambda.amazonaws.com")`."""

_ALL = Elements(("*",))
_WELL_KNOWN = ("s3:*", "ec2:*", "lambda:*", "dynamodb:*", "iam:*")


class Group(NamedTuple):
    """Requests that one side allows and the other does not.

    Each request of the group is of these callers, actions and resources, and was or is granted
    under these conditions; not every such request need be in the group.

    Attributes:
        who: type and value of the callers that a trust or resource policy names; () where it is
            the subject itself.
        actions: names of the catalogue or of the policies, and `service:*` for all that a service
            has and will have.
        new_actions: patterns of actions that AWS may add; what of today they match is in `actions`
            or not in the group.
        resources, except_resources, when, witness: as of `prove.Change`.
    """

    who: tuple[Caller, ...]
    actions: tuple[str, ...]
    new_actions: tuple[str, ...]
    resources: tuple[str, ...]
    except_resources: tuple[str, ...]
    when: tuple[str, ...]
    witness: Request


class Aspect(NamedTuple):
    """What changed in one respect.

    Attributes:
        topic: `access` is what the subject comes to; `trust` who may assume the role; of `denies`,
            what is denied less is gained, and what is denied more is lost. `policies` and
            `boundary` changed without effect: the rest of what bounds the subject stops it.
        unknown: why parts of the answer are open.
    """

    topic: Topic
    gained: tuple[Group, ...] = ()
    lost: tuple[Group, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def has_effect(self) -> bool:
        """Tell whether it changes what somebody may do."""
        return self.topic not in {"policies", "boundary"}


def changes(
    topic: Topic, before: Permissions, after: Permissions, catalogue: Catalogue
) -> Aspect | None:
    """Return what one comparison comes to; None when both are proved to be the same."""
    if _said(before.layers) == _said(after.layers):
        return None
    found = prove.changes(before, after, catalogue)
    if not found:
        return None
    spelling = _Spelling(before, after, catalogue)
    callers = _callers(before, after)
    if not callers:
        gained = _grouped([((), spelling.group(c, after, before)) for c in found.gained])
        lost = _grouped([((), spelling.group(c, before, after)) for c in found.lost])
        return Aspect(topic, gained, lost, found.unknown)
    more: list[tuple[tuple[Caller, ...], Group]] = []
    less: list[tuple[tuple[Caller, ...], Group]] = []
    unknown = list(found.unknown)
    for kind, value in callers:
        who = Principals(((kind, (value,)),))
        only = (Statement("Allow", _ALL, principals=who),)
        first, second = (prove.Permissions((*side.layers, only)) for side in (before, after))
        part = prove.changes(first, second, catalogue)
        named = ((kind, value),)
        more += [(named, _granted(spelling.group(c, second, first), after)) for c in part.gained]
        less += [(named, _granted(spelling.group(c, first, second), before)) for c in part.lost]
        unknown += part.unknown
    return Aspect(topic, _grouped(more), _grouped(less), tuple(dict.fromkeys(unknown)))


def _granted(group: Group, side: Permissions) -> Group:
    """Return a group with the conditions of the statements that grant its request.

    Those of statements for other callers, which `prove` counts as well, say nothing of it.
    """
    conditions = {
        minified(statement_to_json(s)["Condition"]) if s.condition else ""
        for layer in side.layers
        for s in layer
        if s.effect == "Allow" and simulate.applies(s, group.witness)
    }
    return group._replace(when=() if "" in conditions else tuple(sorted(conditions)))


def _allows(side: Permissions, request: Request) -> bool:
    """Tell whether a request is allowed: by each layer, with no deny in any."""
    effects = [simulate.effect(layer, request) for layer in side.layers]
    return all(effect == "Allow" for effect in effects)


def _grouped(found: Sequence[tuple[tuple[Caller, ...], Group]]) -> tuple[Group, ...]:
    """Return the groups, each with its callers; what several callers have in common is one."""
    made: dict[object, Group] = {}
    for who, group in found:
        same = made.get(group[:-1])
        made[group[:-1]] = (same or group)._replace(who=(*(same.who if same else ()), *who))
    return tuple(made.values())


class _Spelling:
    """Tells what the names of a proof stand for, as the policies write them."""

    def __init__(self, before: Permissions, after: Permissions, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        texts = {
            text
            for side in (before, after)
            for layer in side.layers
            for statement in layer
            for text in statement.actions.values
        }
        self._written = {text.lower(): text for text in sorted(texts)}
        self._keys = {
            entry.key.lower(): entry.key
            for side in (before, after)
            for layer in side.layers
            for statement in layer
            for entry in statement.condition
        }
        self._named = {text.partition(":")[0] for text in self._written}
        # What stands for a whole service is of one that no pattern speaks of; see `prove`.
        services = {text.partition(":")[0] for text in self._written if text != "*"}
        self._are_whole = not any("*" in name or "?" in name for name in services)

    def group(self, change: Change, allowing: Permissions, other: Permissions) -> Group:
        """Return a change as a group without callers, of what one side allows and another not."""
        new = [n for n in change.actions if ("*" in n or "?" in n) and not self._is_whole(n)]
        actions = tuple(n for n in change.actions if n not in new)
        spelt = tuple(self._written.get(name, name) for name in new)
        witness = change.witness
        whole = f"{witness.action.partition(':')[0]}:*"
        if whole in actions and self._is_whole(whole):
            # All actions of all these services are alike here: one that people know is shown.
            known = next((name for name in _WELL_KNOWN if name in actions), witness.action)
            shown = witness._replace(action=self._catalogue.match(known)[0])
            if _allows(allowing, shown) and not _allows(other, shown):
                witness = shown
        when = tuple(self._condition(text) for text in change.when)
        apart = change.except_resources
        return Group((), actions, spelt, change.resources, apart, when, witness)

    def _condition(self, text: str) -> str:
        """Return a condition block with its keys as the policies spell them."""
        block: dict[str, dict[str, Any]] = json.loads(text)
        return minified(
            {o: {self._keys.get(k, k): v for k, v in keys.items()} for o, keys in block.items()}
        )

    def _is_whole(self, name: str) -> bool:
        """Tell whether a name stands for all actions of a service."""
        service, _, rest = name.partition(":")
        return self._are_whole and rest == "*" and service not in self._named


def _callers(*sides: Permissions) -> tuple[Caller, ...]:
    """Return the callers that the allows of both sides name; none if they do not name them all.

    Whoever has gained or lost something is one of them, since an allow has to name who it is for.
    """
    found: dict[Caller, None] = {}
    for statement in (s for side in sides for layer in side.layers for s in layer):
        principals = statement.principals
        if statement.effect == "Allow":
            if principals is None or principals.negated:
                return ()
            for kind, values in principals.by_type:
                found.update(dict.fromkeys((kind, value) for value in values))
    return tuple(found)


def _said(layers: Sequence[tuple[Statement, ...]]) -> frozenset[frozenset[object]]:
    """Return layers by what they say; order, Sids, origins and repetition say nothing."""
    return frozenset(
        frozenset((s.effect, s.principals, s.condition, s.actions, s.resources) for s in layer)
        for layer in layers
    )
