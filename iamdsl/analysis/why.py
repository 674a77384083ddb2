"""Why somebody can, or cannot, do something, and the smallest change that would let them.

A denied request is decided again and again: each time the first thing that stops it is named, the
smallest change that gets past it is found by trying, and made, until nothing stops the request any
more. So the changes are known to work, alone and together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from iamdsl import simulate
from iamdsl.analysis.remedies import (
    Obstacle,
    Remedy,
    is_too_long,
    obstacle_of,
    remedies,
    too_long,
)
from iamdsl.analysis.situation import levels
from iamdsl.analysis.subjects import FULL_ACCESS
from iamdsl.iam import ANYONE, Elements, Policy, Statement
from iamdsl.simulate import Named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.analysis.situation import Level, Situation
    from iamdsl.simulate import Decision, Matched

Outcome: TypeAlias = Literal["allowed", "denied", "unsure"]

_MOST_OBSTACLES = 24
"""Things in the way that are looked for; a request has fewer layers than that."""
_ALLOW_ALL = Named(
    "unknown", Policy((Statement("Allow", Elements(("*",)), Elements(("*",)), ANYONE),))
)


class Unknowns(NamedTuple):
    """What is in effect for a request and not at hand.

    Attributes:
        policies: ARNs or names of the caller's policies, boundary or organization policies.
        caller: whether nothing is known of the caller's own policies.
        resource: whether nothing is known of the policy of a resource that must allow.
        session: whether the longest session of the role is not known, and matters.
    """

    policies: tuple[str, ...] = ()
    caller: bool = False
    resource: bool = False
    session: bool = False


class Step(NamedTuple):
    """A layer that a request got through, and the statements that allow there."""

    level: Level
    allows: tuple[Matched, ...]


class Barrier(NamedTuple):
    """Something in the way, and the change that gets past it; None where none was found."""

    obstacle: Obstacle
    remedy: Remedy | None


class Answer(NamedTuple):
    """Why a request is allowed or denied.

    Attributes:
        outcome: `unsure` where what is not at hand could turn `decision` around.
        decision: with what is at hand.
        steps: the layers that allow, in the order of the evaluation, of a request that is allowed.
        barriers: what stands in the way, the first first; each remedy is made for the next.
        together: whether all remedies together let the request through.
    """

    outcome: Outcome
    decision: Decision
    steps: tuple[Step, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    together: bool = False


def why(situation: Situation, unknowns: Unknowns = Unknowns()) -> Answer:  # noqa: B008 (frozen)
    """Return why a request is decided as it is; pure, by simulation alone."""
    decision = simulate.decide(situation.request, situation.policies)
    long = is_too_long(situation)
    allowed = decision.verdict == "allowed" and not long
    outcome: Outcome = "allowed" if allowed else "denied"
    if (allowed or not _stays_denied(situation, unknowns)) and any(unknowns):
        outcome = "unsure"
    if allowed:
        return Answer(outcome, decision, tuple(_steps(situation)))
    barriers, left = _barriers(situation)
    return Answer(outcome, decision, (), barriers, left is None)


def _stays_denied(situation: Situation, unknowns: Unknowns) -> bool:
    """Tell whether a request is denied even if all that is not at hand allowed everything."""
    if is_too_long(situation):
        return True
    policies = situation.policies
    if unknowns.policies or unknowns.caller:
        policies = policies._replace(identity=(*policies.identity, FULL_ACCESS))
    if unknowns.resource:
        policies = policies._replace(resource=_ALLOW_ALL)
    return simulate.decide(situation.request, policies).verdict != "allowed"


def _barriers(situation: Situation) -> tuple[tuple[Barrier, ...], Decision | None]:
    """Return what stands in the way one after the other, and what still denies at the end."""
    found: list[Barrier] = []
    while len(found) < _MOST_OBSTACLES:
        decision = simulate.decide(situation.request, situation.policies)
        if decision.verdict != "allowed":
            obstacle = obstacle_of(situation, decision)
        elif is_too_long(situation):
            obstacle = too_long()
        else:
            return tuple(found), None
        remedy = next((r for r in remedies(situation, obstacle) if _helps(r, obstacle)), None)
        found.append(Barrier(obstacle, remedy))
        if remedy is None:
            return tuple(found), decision
        situation = remedy.after
    return tuple(found), decision


def _helps(remedy: Remedy, obstacle: Obstacle) -> bool:
    """Tell whether a change gets past an obstacle: it is gone, or smaller than it was."""
    after = remedy.after
    decision = simulate.decide(after.request, after.policies)
    if decision.verdict == "allowed":
        return obstacle.what != "session" or not is_too_long(after)
    next_one = obstacle_of(after, decision)
    return next_one.mark != obstacle.mark


def _steps(situation: Situation) -> Iterator[Step]:
    """Yield each layer that let the request through, with the statements that allow there."""
    for level in levels(situation):
        allows = level.applying(situation.request, "Allow")
        if allows:
            yield Step(level, allows)
