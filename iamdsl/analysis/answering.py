"""What a check comes to: one request decided, or all of them proved.

A request is decided by the whole evaluation logic with everything of the build in effect; a proof
is over the same policies as an intersection of layers. Every proof that fails has a request, which
is decided again before it is shown: where the two differ, the answer is that nobody knows.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import attrs

from iamdsl import prove, simulate
from iamdsl.analysis import facts
from iamdsl.analysis.governed import governed, in_full
from iamdsl.analysis.permissions import permissions
from iamdsl.analysis.subjects import (
    FULL_ACCESS,
    Ambiguous,
    Subject,
    located,
    policies_for,
    subjects,
    unknown_for,
)
from iamdsl.analysis.writing import quoted
from iamdsl.iam import Elements, Policy, Principals, Statement
from iamdsl.simulate import Matched, Named, Policies, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl.analysis.promises import Check
    from iamdsl.aws import Catalogue
    from iamdsl.iam import Build
    from iamdsl.simulate import Context, Decision

Outcome: TypeAlias = Literal["holds", "broken", "unknown", "undecided"]

SOMEBODY = "somebody"
"""Who asks when a check names an account: a role whose ARN no condition knows."""
_OF_WHO = ("aws:principalarn", "aws:principaltype", "aws:username")
_FILLED = (*_OF_WHO, "aws:principalaccount", "aws:principalservicename", "aws:resourceaccount")
"""Keys that `simulate.decide` fills in by itself where a context does not have them."""
_ANYTHING = Elements(("*",))
_ALL = Statement("Allow", _ANYTHING, _ANYTHING)
_EVERYTHING = Named("policies that are not at hand", Policy((_ALL,)))
_ALONE = frozenset({"managed", "boundary", "scp", "rcp", "session", "group", "permission_set"})
"""Kinds of subject that ask for nothing themselves: a request is held against their policies."""


class World(NamedTuple):
    """A build that can be asked.

    Attributes:
        pseudo: `partition`, `account`, `region` of the nameless place, as far as they are known.
    """

    build: Build
    pseudo: Mapping[str, str]
    catalogue: Catalogue


class Decided(NamedTuple):
    """A statement that a check hangs on, or may hang on.

    Attributes:
        request: that it decides; None in a proof.
        asked: what a proof was about, as layers: the statement counts if it `meets` them.
    """

    statement: Statement
    request: Request | None = None
    asked: tuple[tuple[Statement, ...], ...] = ()


class Finding(NamedTuple):
    """What a check came to.

    Attributes:
        outcome: `unknown` where policies that are not at hand decide, `undecided` where a proof
            found no answer.
        request: that breaks the check; for one that holds, the last that was decided, or None.
        caller: who asks, for people.
        decision: about `request`; None where there is none.
        unknown: the policies that are not at hand.
        reason: of what is unknown or undecided.
        decided: the statements that decided what holds or is broken.
        given: the keys of the request that do not follow from who asks for what.
        near: statements that would have allowed it, but for their conditions.
        hint: what to do about what is undecided, where more than usual is known.
    """

    outcome: Outcome
    request: Request | None = None
    caller: str = ""
    decision: Decision | None = None
    unknown: tuple[str, ...] = ()
    reason: str = ""
    decided: tuple[Decided, ...] = ()
    given: frozenset[str] = frozenset()
    near: tuple[Statement, ...] = ()
    hint: str = ""


class _Caller(NamedTuple):
    """Who asks: as a request has it, and as the build knows them, if it does.

    Attributes:
        element: as the check names them; None where the subject itself asks.
    """

    principal: str
    subject: Subject | None
    title: str
    element: Principals | None = None


def answer(check: Check, subject: Subject, world: World) -> Finding:
    """Return what a check of a subject comes to."""
    try:
        return _answer(check, subject, world)
    except Ambiguous as several:
        names = " and ".join(f"`{name}`" for name in several.names)
        hint = "ask about the policy that is meant: a `test` of it, with `to`"
        return Finding("undecided", reason=f"the resource may have the policies {names}", hint=hint)


def _answer(check: Check, subject: Subject, world: World) -> Finding:
    callers = _callers(check, subject, world)
    if check.verb in {"never", "always"}:
        return _first(_proof(check, subject, caller, world) for caller in callers)
    if check.is_example and not any(c.principal == "*" for c in callers):
        resources = check.resources.values if check.resources is not None else ("*",)
        every = product(check.actions.values, resources, callers)
        return _first(
            _example(check, subject, caller, (action, resource), world)
            for action, resource, caller in every
        )
    return _first(
        _quantified(part, subject, caller, world) for part in _parts(check) for caller in callers
    )


def _parts(check: Check) -> list[Check]:
    """Return a check resource by resource: what follows from each ARN is in effect for it alone."""
    if check.resources is None or check.resources.negated:
        return [check]
    return [check._replace(resources=Elements((text,))) for text in check.resources.values]


def _first(findings: Iterable[Finding]) -> Finding:
    """Return the first finding that does not hold; what decided one that does is all together."""
    decided: list[Decided] = []
    last = Finding("holds")
    for finding in findings:
        if finding.outcome != "holds":
            return finding
        decided += finding.decided
        last = finding
    return last._replace(decided=tuple(decided))


# Callers


def _callers(check: Check, subject: Subject, world: World) -> tuple[_Caller, ...]:
    if check.callers is None:
        return (_Caller(subject.arn or "anonymous", subject, subject.title),)
    partition = world.pseudo.get("partition") or "aws"
    own = {s.arn: s for s in subjects(world.build, world.pseudo) if s.arn is not None}
    made = []
    for kind, values in check.callers.by_type:
        for value in values:
            principal = _principal(kind, value, partition)
            known = own.get(principal)
            somebody = principal.endswith(f":role/{SOMEBODY}")
            title = f"account {value}" if somebody else known.title if known else _title(principal)
            made.append(_Caller(principal, known, title, Principals(((kind, (value,)),))))
    return tuple(made)


def _title(principal: str) -> str:
    """Return what messages call a caller that the build does not know."""
    return principal.replace(":", " ", 1) if not principal.startswith("arn:") else principal


def _alone(subject: Subject) -> bool:
    """Tell whether requests are held against policies, since nobody is known to ask."""
    return subject.kind in _ALONE or (subject.arn is None and subject.kind in {"role", "user"})


def _principal(kind: str, value: str, partition: str) -> str:
    """Return a value of a principal element as a request has it; `*` is anybody."""
    if value == "*":
        return "*"
    if kind == "Service":
        return f"service:{value}"
    if kind == "CanonicalUser":
        return f"canonical:{value}"
    if value.startswith("arn:") and not value.endswith(":root"):
        return value
    if kind == "Federated":
        return f"federated:{value}"
    # Somebody of the account: a root user assumes no roles, and no test is about one.
    return f"arn:{partition}:iam::{value.split(':')[-2] if ':' in value else value}:role/{SOMEBODY}"


# One request


def _example(
    check: Check,
    subject: Subject,
    caller: _Caller,
    what: tuple[str, str],
    world: World,
    *,
    owner: str | None = None,
) -> Finding:
    """Return what a check says of one action, resource and caller.

    What is given always wins; of a request that a proof found, all that it holds is given.

    Args:
        owner: the account to take for that of the resource, whatever its ARN says.
    """
    action, resource = what
    request = Request(caller.principal, action, resource, check.given, owner)
    request = located(world.build, world.pseudo, request)
    if check.verb in {"allows", "denies"}:
        context = _context(request, caller, subject, world)
        request = request._replace(context={**context, **check.given})
    decision = _decide(request, subject, caller, check, world)
    unknown = _unknown(request, subject, caller, check, world)
    finding = Finding(
        "holds",
        request,
        caller.title,
        decision,
        decided=tuple(Decided(m.statement, request) for m in decision.matched),
        given=frozenset(check.given),
    )
    if unknown and decision.verdict != "explicitDeny":
        # Whatever is not at hand allows no more than everything.
        at_most = _decide(request, subject, caller, check, world, more=(_EVERYTHING,))
        if at_most.verdict == "allowed":
            return finding._replace(outcome="unknown", unknown=unknown)
    wanted = check.verb in {"allows", "always"}
    if (decision.verdict == "allowed") == wanted:
        return finding
    near = _near(request, subject, caller, check) if decision.verdict == "implicitDeny" else ()
    return finding._replace(outcome="broken", near=near)


def _near(
    request: Request, subject: Subject, caller: _Caller, check: Check
) -> tuple[Statement, ...]:
    """Return the statements that would allow a request if their conditions held."""
    policies = [n.policy for n in (caller.subject.identity if caller.subject is not None else ())]
    if check.callers is not None:
        policies += [n.policy for n in (subject.trust, *subject.identity) if n is not None]
    return tuple(
        statement
        for policy in policies
        for statement in policy.statements
        if statement.effect == "Allow"
        and not simulate.applies(statement, request)
        and simulate.applies(attrs.evolve(statement, condition=()), request)
    )


def _context(
    request: Request, caller: _Caller, subject: Subject, world: World
) -> dict[str, tuple[str, ...]]:
    """Return the keys of a request that follow from who asks, and for what."""
    place = (caller.subject or subject).place
    owner = request.resource_account or facts.account_of(request.principal)
    made = facts.of_resource(request.resource, owner, place, world.build)
    if _alone(subject) and caller.subject is subject:
        account = place.account
        if account is not None and subject.kind not in {"scp", "rcp"}:
            somebody = f"arn:{place.partition}:iam::{account}:role/{SOMEBODY}"
            made |= facts.of_caller(somebody, None, world.build)
            made.pop("aws:principalarn", None)
        return made | facts.of_tags(subject if subject.kind == "group" else None)
    made |= facts.of_caller(request.principal, caller.subject, world.build)
    if request.principal.endswith(f":role/{SOMEBODY}"):
        made |= dict.fromkeys(_OF_WHO, ())
    return made | facts.of_tags(caller.subject)


def _decide(
    request: Request,
    subject: Subject,
    caller: _Caller,
    check: Check,
    world: World,
    *,
    more: tuple[Named, ...] = (),
) -> Decision:
    """Return what the build comes to for a request.

    Args:
        more: identity policies besides those that are at hand.
    """
    if _alone(subject) and caller.subject is subject:
        return _held_against(request, subject, world, more)
    if check.callers is None:
        policies = policies_for(caller.subject, request, world.build, world.pseudo)
        policies = policies._replace(identity=(*policies.identity, *more))
        return simulate.decide(request, policies)
    # The policy of the resource is the subject's, even where several might be meant.
    owner = request.resource_account or facts.account_of(request.resource) or subject.place.account
    elsewhere = request._replace(resource="*", resource_account=owner)
    policies = policies_for(caller.subject, elsewhere, world.build, world.pseudo)
    policies = _of_the_subject(policies, subject)
    policies = policies._replace(identity=(*policies.identity, *more))
    if caller.subject is None and _has_policies(caller.principal):
        # Nothing is known of what a foreign account allows its own: that it does is assumed.
        policies = policies._replace(identity=(FULL_ACCESS,))
    return simulate.decide(request, policies)


def _of_the_subject(policies: Policies, subject: Subject) -> Policies:
    """Return policies with the subject's own as that of the resource: the test says which is meant."""
    if subject.kind == "role":
        return policies._replace(resource=subject.trust)
    name = subject.identity[0].name if subject.identity else subject.title
    return policies._replace(resource=Named(name, Policy(_of_the_resource(subject))))


def _of_the_resource(subject: Subject) -> tuple[Statement, ...]:
    """Return the statements of a subject that is no role, as the policy of its resource."""
    own = (s for named in subject.identity for s in named.policy.statements)
    return tuple(in_full(subject.arn, s) for s in own)


def _has_policies(principal: str) -> bool:
    """Tell whether a caller is a user, role or account, which has policies of its own."""
    provider = (":saml-provider/", ":oidc-provider/")
    return principal.startswith("arn:") and not any(p in principal for p in provider)


def _held_against(
    request: Request, subject: Subject, world: World, more: tuple[Named, ...]
) -> Decision:
    """Return what the policies of a subject say of a request, as if they alone were there."""
    extra = tuple(s for named in more for s in named.policy.statements)
    matched: list[Matched] = []
    silent: simulate.Layer | None = None
    for place, (layer, said) in enumerate(_layers(subject, world)):
        statements = said if place else (*said, *extra)
        applying = [
            Matched(layer, subject.title, number, statement)
            for number, statement in enumerate(statements)
            if simulate.applies(statement, request)
        ]
        matched += applying
        if not any(m.statement.effect == "Allow" for m in applying):
            silent = silent or layer
    denies = tuple(m for m in matched if m.statement.effect == "Deny")
    if denies:
        return simulate.Decision(
            "explicitDeny",
            denies,
            (),
            f"a deny of the {quoted(subject.title)} applies",
            denies[0].layer,
        )
    if silent is not None:
        missing = _missing(request, subject)
        return simulate.Decision(
            "implicitDeny", (), missing, f"nothing of the {quoted(subject.title)} allows it", silent
        )
    return simulate.Decision(
        "allowed", tuple(matched), (), f"the {quoted(subject.title)} allows it"
    )


def _missing(request: Request, subject: Subject) -> tuple[str, ...]:
    """Return the keys that the statements which nearly allow a request ask for, and it lacks."""
    near = (
        s
        for named in subject.identity
        for s in named.policy.statements
        if s.effect == "Allow" and simulate.applies(attrs.evolve(s, condition=()), request)
    )
    keys = {e.key for s in near for e in s.condition if not request.context.get(e.key.lower())}
    return tuple(sorted(keys))


# Proofs


def _quantified(check: Check, subject: Subject, caller: _Caller, world: World) -> Finding:
    """Return what a check says of all actions and resources that match, in its one context."""
    resources = check.resources
    pattern = "*" if resources is None or resources.negated else resources.values[0]
    place = Request(caller.principal, "", pattern)
    place = located(world.build, world.pseudo, place)
    context = {**_context(place, caller, subject, world), **check.given}
    layers = [
        (layer, simulate.under(statements, context))
        for layer, statements in _asked_layers(check, subject, caller, world)
    ]
    return _proved(check, subject, caller, layers, context, world)


def _proof(check: Check, subject: Subject, caller: _Caller, world: World) -> Finding:
    """Return what a check says of every request in its box."""
    certain: dict[str, tuple[str, ...]] = {}
    if caller.principal != "*" and not (_alone(subject) and caller.subject is subject):
        certain = facts.of_caller(caller.principal, caller.subject, world.build)
        if caller.principal.endswith(f":role/{SOMEBODY}"):
            certain.pop("aws:principalarn")
    layers = [
        (layer, facts.knowing(statements, certain))
        for layer, statements in _asked_layers(check, subject, caller, world)
    ]
    return _proved(check, subject, caller, layers, certain, world)


def _proved(
    check: Check,
    subject: Subject,
    caller: _Caller,
    layers: list[tuple[simulate.Layer, tuple[Statement, ...]]],
    context: Context,
    world: World,
) -> Finding:
    """Return what the prover says of a box; a request that breaks the check is decided again."""
    positive = check.verb in {"allows", "always"}
    unknown = _unknown(Request(caller.principal, "", "*"), subject, caller, check, world)
    if unknown and positive:
        return Finding("unknown", None, caller.title, unknown=unknown)
    statements = [statements for _, statements in layers]
    if unknown:  # whatever they allow, this is more
        statements[0] = (*statements[0], _ALL)
    box = facts.knowing(_box(check, caller), context)
    apart = [(statement,) for statement in check.apart]
    asked = prove.Permissions((*statements, *apart))
    found = (prove.always if positive else prove.never)(asked, box, world.catalogue)
    if found.verdict == "yes" and positive and (why := _inexact(caller, (box, *apart), world)):
        return Finding("undecided", caller=caller.title, reason=why)
    if found.verdict == "yes":
        effect = "Allow" if positive else "Deny"
        inner = (s for _, some in layers for s in some if s.effect == effect)
        decided = tuple(Decided(s, asked=(box, *apart)) for s in inner)
        return Finding("holds", caller=caller.title, decided=decided)
    if unknown:
        return Finding("unknown", None, caller.title, unknown=unknown)
    if found.witness is None:
        return Finding("undecided", caller=caller.title, reason=found.reason)
    return _replayed(check, subject, caller, found.witness, context, world)


def _inexact(caller: _Caller, asked: tuple[tuple[Statement, ...], ...], world: World) -> str:
    """Return why a proof that a caller may do something could say too much, "" where it cannot."""
    if caller.subject is None or _alone(caller.subject):
        return ""
    return inexact(asked, world)


def inexact(asked: tuple[tuple[Statement, ...], ...], world: World) -> str:
    """Return why permissions may allow too much of what is in all of some layers, "" if they do not.

    They do where a resource policy has no exact form among them.
    """
    for _, part in world.build.each():
        for document in part.documents:
            patterns = governed(document)
            open_ended = bool(set("*?") & set(document.target or ""))
            negated = any(
                s.resources is not None and s.resources.negated for s in document.policy.statements
            )
            if patterns and (open_ended or negated):
                about = Statement("Allow", _ANYTHING, Elements(patterns))
                if meets(about, asked, world.catalogue):
                    return (
                        f"what the policy `{document.name}` adds or denies has no exact form here"
                    )
    return ""


def _replayed(
    check: Check,
    subject: Subject,
    caller: _Caller,
    witness: Request,
    context: Context,
    world: World,
) -> Finding:
    """Return the request that breaks a check, as the whole evaluation logic decides it."""
    held = {key.lower(): values for key, values in witness.context.items()}
    silent: dict[str, tuple[str, ...]] = dict.fromkeys(_FILLED, ())
    if check.verb in {"allows", "denies"}:
        silent = {}
    given = {**silent, **held, **context, **check.given}
    principal = witness.principal if caller.principal == "*" else caller.principal
    one = caller._replace(principal=principal)
    if caller.principal == "*":
        one = one._replace(title=_title(principal))
    example = check._replace(given=given)
    what = (witness.action, witness.resource)
    finding = _example(example, subject, one, what, world)
    if finding.outcome == "holds" and caller.subject is not None:
        # Whether another account agrees is not what its own policies can promise.
        home = caller.subject.place.account
        finding = _example(example, subject, one, what, world, owner=home)
    finding = finding._replace(given=frozenset((*held, *check.given)))
    if finding.outcome != "holds":
        return finding
    reason = (
        f"a proof found `{witness.action}` on `{witness.resource}`, which is decided otherwise"
        " when all policies of the build are in effect"
    )
    return finding._replace(outcome="undecided", reason=reason)


def _box(check: Check, caller: _Caller) -> tuple[Statement, ...]:
    """Return the box of a check for one caller; the layers of who is known name nobody."""
    who = caller.element if caller.subject is None else None
    return tuple(attrs.evolve(s, principals=who) for s in check.box)


def meets(
    statement: Statement, asked: tuple[tuple[Statement, ...], ...], catalogue: Catalogue
) -> bool:
    """Tell whether a statement is about some request that is in all of some layers."""
    about = prove.Permissions(((attrs.evolve(_on_anything(statement), effect="Allow"),),))
    return not prove.disjoint(about, prove.Permissions(asked), catalogue)


def _asked_layers(
    check: Check, subject: Subject, caller: _Caller, world: World
) -> list[tuple[simulate.Layer, tuple[Statement, ...]]]:
    """Return the layers that a request of a caller has to pass."""
    if check.callers is None:
        return _layers(subject, world)
    if caller.subject is not None:
        return _layers(caller.subject, world)
    own = subject.trust.policy.statements if subject.trust is not None else ()
    if subject.kind != "role":
        own = _of_the_resource(subject)
    rcps = (s for level in subject.rcps for named in level for s in named.policy.statements)
    denies = tuple(s for s in rcps if s.effect == "Deny")
    return [("resource", (*(_on_anything(s) for s in own), *denies))]


def _on_anything(statement: Statement) -> Statement:
    """Return a statement whose resource is implied with one that says so: the box has the resource."""
    if statement.resources is not None:
        return statement
    return attrs.evolve(statement, resources=_ANYTHING)


def _layers(subject: Subject, world: World) -> list[tuple[simulate.Layer, tuple[Statement, ...]]]:
    """Return the layers of what a subject may do, each with its name."""
    found = list(permissions(subject, world.build, world.pseudo).layers)
    if subject.kind in {"scp", "rcp"}:
        # It stops what it does not allow, or denies; without an allow it stands beside one of all.
        own = found[0]
        if subject.kind == "rcp" or not any(s.effect == "Allow" for s in own):
            own = (*own, _ALL)
        layer: simulate.Layer = "scp" if subject.kind == "scp" else "rcp"
        return [(layer, tuple(attrs.evolve(s, principals=None) for s in own))]
    alone = subject.kind in {"managed", "boundary", "session", "resource"}
    first: simulate.Layer = "boundary" if subject.kind == "boundary" else "identity"
    names: list[simulate.Layer] = [first]
    names += ["boundary"] if subject.boundaries else []
    levels = [level for level in subject.scps if alone or level != (FULL_ACCESS,)]
    names += ["scp"] * len(levels)
    names += ["resource"] * (len(found) - len(names))
    return list(zip(names, found, strict=True))


# What is not at hand


def _unknown(
    request: Request, subject: Subject, caller: _Caller, check: Check, world: World
) -> tuple[str, ...]:
    """Return the policies that are in effect for a request and not at hand."""
    asking = subject if check.callers is None else caller.subject
    own = asking.unknown if asking is not None else ()
    more = unknown_for(request, world.build, world.pseudo) if request.resource != "*" else ()
    return tuple(dict.fromkeys((*own, *more)))
