"""How identities of a build can become administrators, step by step.

A step is a role that one may assume, by what one is allowed and by the role's trust alike, or that
one may pass to a service that it trusts, with what makes the service run something, or whose trust
one may rewrite; or a user of whom one may make keys or a password. The shortest ways are found from the end: who can become an administrator, who can become one of these, and so on.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl.analysis.escalation import passing, ways
from iamdsl.analysis.unnamed import Unnamed, arn_fields, named
from iamdsl.iam import Elements, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.analysis.holders import Holder
    from iamdsl.aws import Catalogue

_ASSUME: Final = "sts:AssumeRole"
_TRUST: Final = "iam:UpdateAssumeRolePolicy"
_CREDENTIALS: Final = ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile")
"""What gives the credentials of a user to whoever asks."""


class Step(NamedTuple):
    """How one becomes a role or a user.

    Attributes:
        role: what one becomes.
        granted: the statement that allows it, and the action that it allows.
        trust: the statement of the role's trust, None where it is of no matter, or unknown.
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
    queue = deque(tops)
    while queue:
        one = queue.popleft()
        for holder in people:
            if id(holder) not in found and (step := _step(holder, one, catalogue)) is not None:
                found[id(holder)] = (step, *found[id(one)])
                queue.append(holder)
    return tuple(found[id(h)] for h in people if found.get(id(h)))


def _can_be(holder: Holder, catalogue: Catalogue) -> bool:
    return any(way.path.category == "self" for way in ways(holder, catalogue))


def _step(holder: Holder, other: Holder, catalogue: Catalogue) -> Step | None:
    """Return how a holder becomes another identity, None where it cannot."""
    subject = other.subject
    if subject.arn is None or holder is other:
        return None
    if subject.kind == "user":
        return _by_credentials(holder, other, subject.arn, catalogue)
    if subject.kind != "role" or subject.trust is None:
        return None
    return (
        _by_trust(holder, other, subject.arn, catalogue)
        or _by_service(holder, other, subject.arn, catalogue)
        or _by_new_trust(holder, other, subject.arn, catalogue)
    )


def _by_trust(holder: Holder, role: Holder, arn: str, catalogue: Catalogue) -> Step | None:
    trusts = list(_trusts(role))
    if _ASSUME not in holder.offered and not any(_names(trust, holder) for trust in trusts):
        return None
    granted = holder.passes(Unnamed(_ASSUME, arn_fields(arn), _tags(role)), catalogue)
    if granted is None:
        return None
    return Step(
        holder, role, granted, _ASSUME, next((t for t in trusts if _is_for(t, holder)), None)
    )


def _by_service(holder: Holder, role: Holder, arn: str, catalogue: Catalogue) -> Step | None:
    services = {service: t for t in _trusts(role) for service in _principals(t, "Service")}
    way = passing(holder, arn, frozenset(services), catalogue) if services else None
    if way is None:
        return None
    service = next(s for s in way.path.services if s in services)
    return Step(holder, role, way.granted[0], way.path.actions[0], services[service], service)


def _by_new_trust(holder: Holder, role: Holder, arn: str, catalogue: Catalogue) -> Step | None:
    """Return how a holder makes a role trust it: then it is let in, unless something denies that."""
    granted = _changes(holder, role, arn, _TRUST, catalogue)
    if granted is None:
        return None
    named_in = Statement("Allow", Elements((_ASSUME,)), Elements((arn,)))
    if not holder.passes(Unnamed(_ASSUME, arn_fields(arn), _tags(role)), catalogue, named_in):
        return None
    return Step(holder, role, granted, _TRUST, None)


def _by_credentials(holder: Holder, user: Holder, arn: str, catalogue: Catalogue) -> Step | None:
    for action in _CREDENTIALS:
        granted = _changes(holder, user, arn, action, catalogue)
        if granted is not None:
            return Step(holder, user, granted, action, None)
    return None


def _changes(
    holder: Holder, other: Holder, arn: str, action: str, catalogue: Catalogue
) -> Statement | None:
    """Return what lets a holder do something to another identity, by its name."""
    if action not in holder.offered:
        return None
    # Of one with a boundary, which `iam:PermissionsBoundary` would test, the value is left open.
    free = () if other.subject.boundaries else (("iam:permissionsboundary", ()),)
    return holder.passes(Unnamed(action, arn_fields(arn), (*free, *_tags(other))), catalogue)


def _tags(other: Holder) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (f"{prefix}:resourcetag/{key.lower()}", (value,))
        for key, value in other.subject.tags
        for prefix in ("aws", "iam")
    )


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
