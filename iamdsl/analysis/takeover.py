"""How identities of a build can become administrators, step by step.

A step is a role that one may assume, by what one is allowed and by the role's trust alike, or that
one may pass to a service that it trusts, with what makes the service run something. The shortest
ways are found from the end: who can become an administrator, who can become one of these, and so on.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.analysis.escalation import passing, ways
from iamdsl.analysis.unnamed import Unnamed, arn_fields, named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.analysis.holders import Holder
    from iamdsl.aws import Catalogue
    from iamdsl.iam import Statement

_ASSUME = "sts:AssumeRole"


class Step(NamedTuple):
    """How one becomes a role.

    Attributes:
        granted: the statement that allows it, and the action that it allows.
        trust: the statement of the role's trust, None where nothing is known of its place.
        service: that the role is passed to, "" for one that is assumed.
    """

    holder: Holder
    role: Holder
    granted: Statement
    action: str
    trust: Statement | None
    service: str = ""


def takeovers(everyone: Sequence[Holder], catalogue: Catalogue) -> tuple[tuple[Step, ...], ...]:
    """Return the steps of each identity that can become an administrator and is none yet.

    A role that can give itself permissions counts as one.
    """
    people = [h for h in everyone if h.is_identity and h.subject.kind != "group" and not h.hidden]
    tops = [h for h in people if h.is_administrator(catalogue) or _can_be(h, catalogue)]
    found: dict[int, tuple[Step, ...]] = {id(holder): () for holder in tops}
    queue = deque(holder for holder in tops if _is_role(holder))
    while queue:
        role = queue.popleft()
        for holder in people:
            if id(holder) not in found and (step := _step(holder, role, catalogue)) is not None:
                found[id(holder)] = (step, *found[id(role)])
                if _is_role(holder):
                    queue.append(holder)
    return tuple(found[id(h)] for h in people if found.get(id(h)))


def _can_be(holder: Holder, catalogue: Catalogue) -> bool:
    return any(way.path.category == "self" for way in ways(holder, catalogue))


def _is_role(holder: Holder) -> bool:
    subject = holder.subject
    return subject.kind == "role" and subject.arn is not None and subject.trust is not None


def _step(holder: Holder, role: Holder, catalogue: Catalogue) -> Step | None:
    arn, trusts = role.subject.arn, list(_trusts(role))
    if arn is None or holder is role:
        return None
    if _ASSUME in holder.offered or any(_names(trust, holder) for trust in trusts):
        tags = tuple(
            (f"{prefix}:resourcetag/{key.lower()}", (value,))
            for key, value in role.subject.tags
            for prefix in ("aws", "iam")
        )
        granted = holder.passes(Unnamed(_ASSUME, arn_fields(arn), tags), catalogue)
        if granted is not None:
            trust = next((t for t in trusts if _is_for(t, holder)), None)
            return Step(holder, role, granted, _ASSUME, trust)
    services = {service: t for t in trusts for service in _principals(t, "Service")}
    way = passing(holder, arn, frozenset(services), catalogue) if services else None
    if way is None:
        return None
    service = next(s for s in way.path.services if s in services)
    return Step(holder, role, way.granted[0], way.path.actions[0], services[service], service)


def _trusts(role: Holder) -> Iterator[Statement]:
    trust = role.subject.trust
    for statement in trust.policy.statements if trust is not None else ():
        if statement.effect == "Allow" and _ASSUME in named(statement.actions):
            yield statement


def _principals(trust: Statement, kind: str) -> tuple[str, ...]:
    by_type = trust.principals.by_type if trust.principals is not None else ()
    return next((values for word, values in by_type if word == kind), ())


def _names(trust: Statement, holder: Holder) -> bool:
    """Tell whether a trust is for a holder by its name, or for anyone at all."""
    named_here = (*_principals(trust, "AWS"), *_principals(trust, "*"))
    return "*" in named_here or holder.subject.arn in named_here


def _is_for(trust: Statement, holder: Holder) -> bool:
    account = holder.subject.place.account or ""
    return _names(trust, holder) or any(
        value == account or f"::{account}:root" in value for value in _principals(trust, "AWS")
    )
