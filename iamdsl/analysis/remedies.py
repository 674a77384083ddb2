"""What stops a request, and the changes that may get it past, the smallest first.

A change of the request comes before one of a policy, and an allow for one caller, action and
resource before anything wider; a deny is taken back for the one caller only. Whether a change
works is for `why` to try.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import attrs

from iamdsl.analysis.needs import failing, is_given, to_hold, to_pass, with_need
from iamdsl.analysis.situation import (
    LONGEST,
    SHORTEST,
    Level,
    Situation,
    extended,
    is_assuming,
    levels,
    replaced,
)
from iamdsl.analysis.writing import (
    allow_text,
    arn_text,
    duration,
    entry_text,
    need_text,
    quoted,
    trust_text,
    who_text,
)
from iamdsl.iam import ANYONE, Elements, Entry, Principals, Statement
from iamdsl.simulate import Matched, applies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.simulate import Decision, Request

What: TypeAlias = Literal["deny", "condition", "not named", "no allow", "session"]

_ARN = "aws:PrincipalArn"
_EXCEPT = "ArnNotLike"
_OTHER_ACTION = re.compile(r"the call needs `(sts:\w+)` as well: ")


class Obstacle(NamedTuple):
    """One thing that stops a request.

    Attributes:
        what: a deny that applies; an allow of which only a condition fails; a trust or resource
            policy that lets others in and not the caller; nothing that allows; a session that is
            too long.
        level: the layer, and whose it is; None for a session.
        statement: the deny, or the allow whose condition fails.
        entry: the part of the condition that fails.
        action: the one that is stopped: a call of STS can need several.
    """

    what: What
    level: Level | None
    statement: Matched | None = None
    entry: Entry | None = None
    action: str = ""

    @property
    def mark(self) -> object:
        """Return what two obstacles that are the same have in common."""
        where = (self.level.layer, self.level.title) if self.level is not None else None
        which = (self.statement.policy, self.statement.statement) if self.statement else None
        return self.what, where, which, self.entry, self.action


class Remedy(NamedTuple):
    """A change, and the situation that it makes."""

    text: str
    after: Situation


def asked(situation: Situation, decision: Decision) -> Request:
    """Return the request that a decision is about: that of another action, where it says so."""
    other = _OTHER_ACTION.match(decision.reason)
    return situation.request._replace(action=other[1]) if other else situation.request


def obstacle_of(situation: Situation, decision: Decision) -> Obstacle:
    """Return what a denial comes from: the first deny, the nearest allow, or no allow at all."""
    request = asked(situation, decision)
    if decision.verdict == "explicitDeny":
        deny = decision.matched[0]
        level = next(v for v in levels(situation) if _holds(v, deny))
        return Obstacle("deny", level, deny, action=request.action)
    level = _silent(situation, decision, request)
    nearest = _nearest(level, request)
    if nearest is None:
        what: What = "no allow" if _is_named(level, request) else "not named"
        return Obstacle(what, level, action=request.action)
    return Obstacle("condition", level, *nearest, request.action)


def is_too_long(situation: Situation) -> bool:
    """Tell whether a session is asked for that the role does not give."""
    session = situation.session
    return session is not None and not SHORTEST <= session.asked <= session.most


def too_long() -> Obstacle:
    """Return the obstacle of a session that is too long, or shorter than any."""
    return Obstacle("session", None)


def remedies(situation: Situation, obstacle: Obstacle) -> Iterator[Remedy]:
    """Yield changes that may get past an obstacle, the smallest first."""
    if obstacle.what == "session":
        yield from _other_lengths(situation)
        return
    assert obstacle.level is not None  # noqa: S101  # only a session is of no level
    request = situation.request._replace(action=obstacle.action)
    if obstacle.what == "deny":
        yield from _past(situation, obstacle, request)
        return
    if obstacle.statement is not None and obstacle.entry is not None:
        condition = obstacle.statement.statement.condition
        need = to_hold(obstacle.entry, condition, request)
        if need is not None:
            text = need_text(need, situation)
            yield Remedy(text, situation._replace(request=with_need(situation.request, need)))
    yield from _allowing(situation, obstacle, request)


def _holds(level: Level, deny: Matched) -> bool:
    return level.layer == deny.layer and any(
        named.name == deny.policy and deny.statement in named.policy.statements
        for named in level.policies
    )


def _silent(situation: Situation, decision: Decision, request: Request) -> Level:
    """Return the level that does not allow, of the layer that stopped the request."""
    layer = decision.layer
    found = [v for v in levels(situation) if v.layer == layer]
    silent = [v for v in found if not v.applying(request, "Allow")]
    if silent or found:
        return (silent or found)[0]
    title = "the role" if layer == "trust" else request.resource
    return Level(layer or "identity", title, ())


def _is_named(level: Level, request: Request) -> bool:
    """Tell whether some allow is about the caller, whatever it allows; most name nobody."""
    anything = Elements(("*",))
    return level.layer not in {"trust", "resource"} or any(
        s.effect == "Allow"
        and applies(Statement("Allow", anything, anything, s.principals), request)
        for named in level.policies
        for s in named.policy.statements
    )


def _nearest(level: Level, request: Request) -> tuple[Matched, Entry] | None:
    """Return the allow that only its condition keeps from applying, and what fails of it.

    The one with the least to mend; what no caller can send counts most, and is told first.
    """
    near: list[tuple[int, int, int, Matched, Entry]] = []
    for named in level.policies:
        for number, statement in enumerate(named.policy.statements):
            missing = failing(statement, request)
            bare = attrs.evolve(statement, condition=())
            if statement.effect != "Allow" or not missing or not applies(bare, request):
                continue
            fixed = [e for e in missing if is_given(e.key, request)]
            match = Matched(level.layer, named.name, number, statement)
            entry = (fixed or list(missing))[0]
            near.append((len(fixed), len(missing), len(near), match, entry))
    return min(near, key=lambda n: n[:3])[3:] if near else None


def _past(situation: Situation, obstacle: Obstacle, request: Request) -> Iterator[Remedy]:
    """Yield what gets past a deny: another request, an exception for the caller, or less of it."""
    deny = obstacle.statement
    assert deny is not None  # noqa: S101  # what denies is a statement
    for need in to_pass(deny.statement, request):
        yield Remedy(
            need_text(need, situation),
            situation._replace(request=with_need(situation.request, need)),
        )
    arn = next(iter(request.context.get(_ARN.lower(), ())), "")
    if arn and deny.layer != "identity":
        policies = replaced(situation.policies, deny, _exempting(deny.statement, arn))
        yield Remedy(
            f"exempt the caller from it: `unless aws:PrincipalArn like {arn_text(arn)}`",
            situation._replace(policies=policies),
        )
    yield Remedy(
        f"take `{request.action}` on `{request.resource}` out of it",
        situation._replace(policies=replaced(situation.policies, deny, None)),
    )


def _exempting(statement: Statement, arn: str) -> Statement:
    """Return a deny that leaves one caller alone; all values of a negated test must fail."""
    entries = list(statement.condition)
    for at, entry in enumerate(entries):
        if entry.operator == _EXCEPT and entry.key.lower() == _ARN.lower():
            entries[at] = attrs.evolve(entry, values=(*entry.values, arn))
            return attrs.evolve(statement, condition=tuple(entries))
    entries.append(Entry(_EXCEPT, _ARN, (arn,)))
    return attrs.evolve(statement, condition=tuple(entries))


def _allowing(situation: Situation, obstacle: Obstacle, request: Request) -> Iterator[Remedy]:
    """Yield changes of policies that allow the request, and hardly anything else."""
    level, near, entry = obstacle.level, obstacle.statement, obstacle.entry
    assert level is not None  # noqa: S101  # only a session is of no level
    if near is not None and entry is not None and len(near.statement.condition) > 1:
        # The rest of the condition is there for a reason: one test goes, the others stay.
        left = tuple(e for e in near.statement.condition if e != entry)
        changed = replaced(situation.policies, near, attrs.evolve(near.statement, condition=left))
        yield Remedy(
            f"remove the condition `{entry_text(entry)}` from it",
            situation._replace(policies=changed),
        )
    resources = Elements((request.resource,))
    statement = Statement("Allow", Elements((request.action,)), resources)
    match level.layer:
        case "trust" | "resource":
            yield from _letting_in(situation, level, request, statement)
            return
        case "session":
            name = level.policies[0].name if level.policies else "a session policy"
            text = f"pass `{allow_text(request)}` with the session"
        case "identity":
            caller = situation.caller
            name = "the caller's own policies"
            who = quoted(caller.title) if caller else f"a policy of `{request.principal}`"
            text = f"add to {who}: `{allow_text(request)}`"
        case _:
            own = [n for n in level.policies if not n.name.endswith("FullAWSAccess")]
            name = own[0].name if own else f"a new {level.layer}"
            where = quoted(name) if own else f"a policy that is attached to {quoted(level.title)}"
            text = f"add to {where}: `{allow_text(request)}`"
    policies = extended(situation.policies, level, name, statement)
    yield Remedy(text, situation._replace(policies=policies))


def _letting_in(
    situation: Situation, level: Level, request: Request, statement: Statement
) -> Iterator[Remedy]:
    """Yield the sentence by which a role or resource lets the caller in."""
    element = _element(situation, request)
    if element is None:
        return
    target = situation.target
    place = target.place.name if target is not None else situation.resource_place
    who = who_text(request, situation.caller, place)
    if level.layer == "trust":
        named = quoted(target.title) if target is not None else f"`{request.resource}`"
        name, text = f"trust policy of {named}", f"add to {named}: `{trust_text(request, who)}`"
        statement = attrs.evolve(statement, resources=None)
    else:
        own = quoted(level.policies[0].name) if level.policies else "the policy of the resource"
        name, text = "a new policy", f"add to {own}: `{allow_text(request, who)}`"
    name = level.policies[0].name if level.policies else name
    policies = extended(
        situation.policies, level, name, attrs.evolve(statement, principals=element)
    )
    yield Remedy(text, situation._replace(policies=policies))


def _element(situation: Situation, request: Request) -> Principals | None:
    """Return the principal element that names the caller; None where a trust can name none."""
    caller = situation.caller
    principal = caller.arn if caller is not None and caller.arn else request.principal
    kind, colon, rest = principal.partition(":")
    match kind if colon else principal:
        case "anonymous":
            return None if is_assuming(request) else ANYONE
        case "service":
            return Principals((("Service", (rest,)),))
        case "federated":
            return Principals((("Federated", (rest,)),))
        case "canonical":
            return Principals((("CanonicalUser", (rest,)),))
        case _:
            provider = ":saml-provider/" in principal or ":oidc-provider/" in principal
            return Principals((("Federated" if provider else "AWS", (principal,)),))


def _other_lengths(situation: Situation) -> Iterator[Remedy]:
    """Yield the length that the session may have."""
    session = situation.session
    assert session is not None  # noqa: S101  # it is the obstacle
    length = max(SHORTEST, min(session.asked, session.most))
    shorter = situation._replace(session=session._replace(asked=length))
    if session.asked < SHORTEST:
        yield Remedy(f"ask for at least `{duration(SHORTEST)}`", shorter)
        return
    target = situation.target
    text = f"ask for at most `{duration(length)}`"
    if not session.chained and session.asked <= LONGEST and target is not None:
        longer = f"`max_session {duration(session.asked)}`"
        text += f", or write {longer} in {quoted(target.title)}"
    yield Remedy(text, shorter)
