"""A request with everything that bears on it, layer by layer, and how it would be if changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl import simulate
from iamdsl.iam import Policy
from iamdsl.simulate import Matched, Named, Policies

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.analysis.subjects import Subject
    from iamdsl.iam import Statement, Target
    from iamdsl.simulate import Layer, Request

HOUR = 3600
LONGEST_CHAINED = HOUR
"""Seconds that a session may last which a role has assumed (AWS "id_roles_terms-and-concepts")."""
LONGEST_BY_DEFAULT = HOUR
"""Seconds that a session may last where the role does not say (AWS "id_roles_use")."""
LONGEST = 12 * HOUR
"""Seconds that `max_session` may say."""
SHORTEST = 900
"""Seconds that any session is at least asked for (STS API model, `DurationSeconds`)."""


class Session(NamedTuple):
    """How long a session is asked for, in seconds.

    Attributes:
        longest: that the role gives; None where the role is not known.
        chained: whether a role asks, whose sessions beget short ones only.
    """

    asked: int
    longest: int | None
    chained: bool

    @property
    def most(self) -> int:
        """Return the longest session that this caller gets of this role, as far as is known."""
        longest = self.asked if self.longest is None else self.longest
        return min(longest, LONGEST_CHAINED) if self.chained else longest


class Situation(NamedTuple):
    """A request, and everything that bears on it.

    Attributes:
        request: its context complete, with what follows from who asks for what.
        caller: who asks, when the build has them.
        target: the role that is to be assumed, when the build has it.
        callers_chain, resources_chain: the parts of the organization that the levels are of.
        resource_place: the account of the resource, by its name in the source; "" for none.
        session: when a session of some length is asked for.
    """

    request: Request
    policies: Policies
    caller: Subject | None = None
    target: Subject | None = None
    callers_chain: tuple[Target, ...] = ()
    resources_chain: tuple[Target, ...] = ()
    resource_place: str = ""
    session: Session | None = None


class Level(NamedTuple):
    """Policies of which one has to allow.

    Attributes:
        title: whose they are, for people: ``ou `workloads` ``.
        number: of an organization's level, from 0; 0 for others.
    """

    layer: Layer
    title: str
    policies: tuple[Named, ...]
    number: int = 0

    def applying(self, request: Request, effect: str) -> tuple[Matched, ...]:
        """Return the statements that speak of a request, allows or denies."""
        return tuple(
            Matched(self.layer, named.name, number, statement)
            for named in self.policies
            for number, statement in enumerate(named.policy.statements)
            if statement.effect == effect and simulate.applies(statement, request)
        )


def levels(situation: Situation) -> tuple[Level, ...]:
    """Return the layers of a situation, in the order in which people look for what is wrong."""
    policies, caller = situation.policies, situation.caller
    who = caller.title if caller is not None else situation.request.principal
    made = [Level("identity", who, policies.identity)]
    made += [Level("boundary", _names(policies.boundaries), policies.boundaries)] * bool(
        policies.boundaries
    )
    made += [Level("session", "the session policies", policies.sessions)] * bool(policies.sessions)
    made += _of_organization("scp", policies.scps, situation.callers_chain)
    made += _of_organization("rcp", policies.rcps, situation.resources_chain)
    if policies.endpoint:
        made.append(Level("endpoint", _names(policies.endpoint), policies.endpoint))
    resource = policies.resource
    layer: Layer = "trust" if is_assuming(situation.request) else "resource"
    if resource is not None:
        made.append(Level(layer, resource.name, (resource,)))
    return tuple(made)


def is_assuming(request: Request) -> bool:
    """Tell whether a request is one of STS for a role."""
    return request.action.lower().startswith("sts:") and ":role/" in request.resource


def replaced(policies: Policies, old: Matched, new: Statement | None) -> Policies:
    """Return policies with one statement written otherwise, or gone, wherever its policy is."""

    def edited(named: Named) -> Named:
        statements = named.policy.statements
        if named.name != old.policy or old.number >= len(statements):
            return named
        if statements[old.number] != old.statement:
            return named
        put = (new,) if new is not None else ()
        changed = (*statements[: old.number], *put, *statements[old.number + 1 :])
        return Named(named.name, attrs.evolve(named.policy, statements=changed))

    return _mapped(policies, old.layer, edited)


def extended(policies: Policies, level: Level, name: str, statement: Statement) -> Policies:
    """Return policies with a statement more: in the policy of that name, or in a new one."""

    def edited(named: Named) -> Named:
        if named.name != name:
            return named
        changed = (*named.policy.statements, statement)
        return Named(name, attrs.evolve(named.policy, statements=changed))

    if any(named.name == name for named in level.policies):
        return _mapped(policies, level.layer, edited)
    one = Named(name, Policy((statement,)))
    match level.layer:
        case "identity":
            return policies._replace(identity=(*policies.identity, one))
        case "boundary":
            return policies._replace(boundaries=(*policies.boundaries, one))
        case "session":
            return policies._replace(sessions=(*policies.sessions, one))
        case "scp":
            return policies._replace(scps=_added(policies.scps, level.number, one))
        case "rcp":
            return policies._replace(rcps=_added(policies.rcps, level.number, one))
        case "endpoint":
            return policies._replace(endpoint=(*policies.endpoint, one))
        case "resource" | "trust":
            return policies._replace(resource=one)


def _mapped(policies: Policies, layer: Layer, edited: Callable[[Named], Named]) -> Policies:
    match layer:
        case "identity":
            return policies._replace(identity=tuple(map(edited, policies.identity)))
        case "boundary":
            return policies._replace(boundaries=tuple(map(edited, policies.boundaries)))
        case "session":
            return policies._replace(sessions=tuple(map(edited, policies.sessions)))
        case "scp":
            return policies._replace(scps=tuple(tuple(map(edited, v)) for v in policies.scps))
        case "rcp":
            return policies._replace(rcps=tuple(tuple(map(edited, v)) for v in policies.rcps))
        case "endpoint":
            return policies._replace(endpoint=tuple(map(edited, policies.endpoint)))
        case "resource" | "trust":
            resource = policies.resource
            return policies._replace(resource=None if resource is None else edited(resource))


def _added(
    all_levels: tuple[tuple[Named, ...], ...], number: int, one: Named
) -> tuple[tuple[Named, ...], ...]:
    return tuple((*v, one) if i == number else v for i, v in enumerate(all_levels))


def _of_organization(
    layer: Layer, all_levels: tuple[tuple[Named, ...], ...], places: tuple[Target, ...]
) -> list[Level]:
    titles = [f"{place.kind} {place.name}" for place in places]
    titles += [f"level {n}" for n in range(len(titles) + 1, len(all_levels) + 1)]
    return [
        Level(layer, title, named, number)
        for number, (title, named) in enumerate(zip(titles, all_levels, strict=False))
    ]


def _names(policies: tuple[Named, ...]) -> str:
    return " and ".join(named.name for named in policies)
