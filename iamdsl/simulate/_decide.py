"""The whole evaluation logic: from policies of every layer to one decision.

Source: AWS "reference_policies_evaluation-logic" and its pages on one account, on several
("…_policy-eval-basics-cross-account") and on denies. What those pages leave open is read so:

- `{"AWS": account}` in a policy of the same account delegates: identity policies must allow as
  well. With a condition on `aws:PrincipalArn` it counts like the role's ARN.
- RCPs only take away: `RCPFullAWSAccess` is attached everywhere and cannot be detached.
- A permissions boundary given as several policies must be allowed by each.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.simulate._callers import caller_of
from iamdsl.simulate._filled import filled, resource_account
from iamdsl.simulate._found import Question, find, missing
from iamdsl.simulate._request import Decision, Policies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.simulate._callers import Caller
    from iamdsl.simulate._found import Found
    from iamdsl.simulate._request import Context, Layer, Matched, Named, Request, Verdict
    from iamdsl.simulate._statements import CompiledStatement

ASSUMING = frozenset({"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"})
"""Calls that make a role session."""
_ON_TRUST = ASSUMING | {"sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}
_UNSIGNED = frozenset({"sts:assumerolewithsaml", "sts:assumerolewithwebidentity"})
_ALSO = (
    ("sts:TagSession", ("aws:requesttag/", "aws:tagkeys", "sts:transitivetagkeys")),
    ("sts:SetSourceIdentity", ("sts:sourceidentity",)),
    ("sts:SetContext", ("sts:requestcontext/", "sts:requestcontextproviders")),
)
"""Actions that such a call needs as well when its context has a key that begins so."""
_KMS_KEY = re.compile(r"arn:[^:]*:kms:[^:]*:[^:]*:key/.*", re.DOTALL)
_NO_MORE = Policies()[1:]
_SERVICE_LINKED = re.compile(r"arn:[^:]*:iam::\d{12}:role/aws-service-role/.*", re.DOTALL)

_WORDS: dict[Layer, str] = {
    "identity": "identity policy",
    "resource": "resource policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
    "endpoint": "VPC endpoint policy",
    "trust": "trust policy",
}
_OF_IDENTITY = re.compile(
    r"(trust policy of role|inline policy (?:\S+ )?of (?:role|user|group|permission set)) (.+)",
    re.DOTALL,
)
_KIND = re.compile(r"\A(?:policy|boundary|scp|rcp|session) (?=\S)")
"""What comes before the name of a policy that a build has; the layer says as much."""


class _Case(NamedTuple):
    """A request with what is in effect for it.

    Attributes:
        request: with its facts filled in.
        own: the layer of the resource's policy: `resource` or `trust`.
        strict: whether the resource's policy itself has to allow: keys of KMS, and roles.
        same: whether caller and resource are of one account.
        signed: whether the caller's identity policies are asked at all.
    """

    request: Request
    question: Question
    caller: Caller
    policies: Policies
    own: Layer
    strict: bool
    same: bool
    signed: bool


class _Answers(NamedTuple):
    """What each layer says.

    Attributes:
        every: all of them, in the order in which AWS asks for denies.
    """

    scps: tuple[Found, ...]
    rcps: Found
    endpoint: Found
    resource: Found
    identity: Found
    boundaries: tuple[Found, ...]
    sessions: Found
    every: list[Found]


class _Obstacle(NamedTuple):
    layer: Layer
    reason: str


def decide(request: Request, policies: Policies) -> Decision:
    """Return what a request comes to under all policies that are in effect for it.

    The context is completed by `filled`. A call that makes a role session is also asked for
    `sts:TagSession`, `sts:SetSourceIdentity` and `sts:SetContext` where its context has keys of
    those (AWS "id_session-tags").
    """
    asked = filled(request)
    action = asked.action.lower()
    if action == "sts:getcalleridentity":
        return Decision("allowed", (), (), "`sts:GetCallerIdentity` cannot be denied")
    if policies[1:] == _NO_MORE and action not in _ON_TRUST and _is_at_home(asked):
        return _by_identity(asked, action, policies)
    decision = _decided(asked, policies)
    if action in ASSUMING and decision.verdict == "allowed":
        for also in _needed_as_well(asked.context):
            other = _decided(asked._replace(action=also), policies)
            if other.verdict != "allowed":
                return other._replace(reason=f"the call needs `{also}` as well: {other.reason}")
    return decision


def _is_at_home(request: Request) -> bool:
    """Tell whether identity policies alone decide: nothing of the caller or resource is special."""
    resource = request.resource
    caller = caller_of(request.principal)
    return (
        caller.kind in _ORDINARY
        and bool(caller.account)
        and caller.account == resource_account(request)
        and not (":kms:" in resource and _is_kms_key(resource))
    )


def _by_identity(request: Request, action: str, policies: Policies) -> Decision:
    """Decide a request about which there is nothing but identity policies.

    It says what `_decided` would say, in half the time: most requests are of this kind.
    """
    context = request.context
    caller = caller_of(request.principal)
    question = Question(action, request.resource, context, caller, bounded=False)
    found = find("identity", policies.identity, question)
    verdict: Verdict = (
        "explicitDeny" if found.denies else "allowed" if found.allows else "implicitDeny"
    )
    missed = _written_once(missing(found.conditional, question, verdict))
    if found.denies:
        reason = f"denied by {_statement(found.denies[0])}"
        return Decision(verdict, tuple(found.denies), missed, reason, "identity")
    if found.allows:
        reason = f"allowed by {_statement(found.allows[0])}"
        return Decision(verdict, tuple(found.allows), missed, reason)
    return Decision(verdict, (), missed, _no_identity_policy(policies), "identity")


def _needed_as_well(context: Context) -> list[str]:
    keys = [key for key, values in context.items() if values]
    return [action for action, starts in _ALSO if any(key.startswith(starts) for key in keys)]


def _decided(request: Request, policies: Policies) -> Decision:
    case = _case(request, policies)
    answers = _answers(case)
    denies: list[Matched] = []
    allows: list[Matched] = []
    for found in answers.every:
        denies += found.denies
        allows += found.allows
    if denies:
        missed = _missing(case, answers, "explicitDeny")
        reason = f"denied by {_statement(denies[0])}"
        return Decision("explicitDeny", tuple(denies), missed, reason, denies[0].layer)
    obstacle = _obstacle(case, answers)
    if obstacle is not None:
        missed = _missing(case, answers, "implicitDeny")
        return Decision("implicitDeny", tuple(allows), missed, obstacle.reason, obstacle.layer)
    missed = _missing(case, answers, "allowed")
    return Decision("allowed", tuple(allows), missed, _why_allowed(case, answers))


def _case(request: Request, policies: Policies) -> _Case:
    """Return what of the policies is in effect for whom."""
    caller = caller_of(request.principal)
    action = request.action.lower()
    on_trust = action in _ON_TRUST
    signed = bool(caller.account) and action not in _UNSIGNED
    if not signed:
        # Services, anonymous and federated callers have nothing of their own.
        policies = Policies(
            resource=policies.resource, rcps=policies.rcps, endpoint=policies.endpoint
        )
    elif caller.kind == "root":
        policies = policies._replace(identity=(), boundaries=())
    # SCPs and RCPs leave service-linked roles alone, and RCPs the retiring of grants.
    if (policies.scps or policies.rcps) and _is_service_linked(request.context):
        policies = policies._replace(scps=(), rcps=())
    elif action == "kms:retiregrant":
        policies = policies._replace(rcps=())
    bounded = bool(policies.boundaries)
    return _Case(
        request,
        Question(action, request.resource, request.context, caller, bounded),
        caller,
        policies,
        "trust" if on_trust else "resource",
        on_trust or (":kms:" in request.resource and _is_kms_key(request.resource)),
        caller.account == resource_account(request),
        signed,
    )


def _is_service_linked(context: Context) -> bool:
    arns = context.get("aws:principalarn", ())
    return any(_SERVICE_LINKED.fullmatch(arn) for arn in arns)


def _is_kms_key(resource: str) -> bool:
    return _KMS_KEY.fullmatch(resource) is not None


def _answers(case: _Case) -> _Answers:
    policies, question = case.policies, case.question
    own = () if policies.resource is None else (policies.resource,)
    scps = tuple(find("scp", level, question) for level in policies.scps)
    rcps = find("rcp", [named for level in policies.rcps for named in level], question)
    endpoint = find("endpoint", policies.endpoint, question)
    resource = find(case.own, own, question)
    identity = find("identity", policies.identity, question)
    boundaries = tuple(find("boundary", (named,), question) for named in policies.boundaries)
    sessions = find("session", policies.sessions, question)
    every = [*scps, rcps, endpoint, resource, identity, *boundaries, sessions]
    return _Answers(scps, rcps, endpoint, resource, identity, boundaries, sessions, every)


# What stops a request


def _obstacle(case: _Case, answers: _Answers) -> _Obstacle | None:
    """Return the first layer that does not let an otherwise undenied request pass."""
    for number, level in enumerate(answers.scps, 1):
        if not level.allows:
            return _Obstacle(
                "scp",
                f"no service control policy at level {number} of {len(answers.scps)} allows it",
            )
    if case.policies.endpoint and not answers.endpoint.allows:
        return _Obstacle("endpoint", "the VPC endpoint policy does not allow it")
    if not case.signed:
        return _unless_allowed_by_resource(case, answers)
    if case.caller.kind == "root" and case.request.action.lower() == "sts:assumerole":
        return _Obstacle("trust", "a root user cannot assume roles")
    if case.same:
        return _in_one_account(case, answers)
    return _unless_allowed_by_resource(case, answers) or _identity_side(case, answers)


def _unless_allowed_by_resource(case: _Case, answers: _Answers) -> _Obstacle | None:
    if answers.resource.allows:
        return None
    if case.policies.resource is None:
        what = "the role" if case.own == "trust" else "the resource"
        return _Obstacle(case.own, f"{_why_needed(case)}, and {what} has no {_WORDS[case.own]}")
    own = _called(case.policies.resource, case.own)
    return _Obstacle(case.own, f"{_why_needed(case)}, and {own} does not")


def _why_needed(case: _Case) -> str:
    """Return why the resource's own policy has to allow."""
    if case.own == "trust":
        return "the trust policy of the role has to allow it"
    if not case.signed:
        return f"only a resource policy can allow it to {_who(case.caller)}"
    if case.same:
        return "the policy of a KMS key has to allow it, or leave it to the account"
    account = resource_account(case.request)
    return f"the resource is of another account ({account}), whose resource policy has to allow it"


def _who(caller: Caller) -> str:
    match caller.kind:
        case "anonymous":
            return "anonymous callers"
        case "service":
            return f"the service `{caller.text}`"
        case _:
            return f"`{caller.text}`"


def _in_one_account(case: _Case, answers: _Answers) -> _Obstacle | None:
    """Return what stops a caller of the resource's account: identity or resource policy allow."""
    grants = [_grant(case, statement) for statement in answers.resource.grants]
    if "free" in grants:
        return None
    limits = _limits(case, answers)
    if "limited" in grants:
        # Effective is what the resource allows, or identity policies do, within the limits.
        return limits
    if case.strict and not grants:
        return _unless_allowed_by_resource(case, answers)
    if case.caller.kind == "root" or answers.identity.allows:
        return limits
    if not grants:
        return _Obstacle("identity", _no_identity_policy(case.policies))
    own = _called(case.policies.resource, case.own)
    return _Obstacle(
        "identity",
        f"{own} leaves it to the identity policies of the account, and none allows it",
    )


def _identity_side(case: _Case, answers: _Answers) -> _Obstacle | None:
    if case.caller.kind != "root" and not answers.identity.allows:
        return _Obstacle(
            "identity",
            f"the resource is of another account, which allows it, but {_no_identity_policy(case.policies)}",
        )
    return _limits(case, answers)


def _no_identity_policy(policies: Policies) -> str:
    return "no identity policy allows it" if policies.identity else "no policy allows it"


def _limits(case: _Case, answers: _Answers) -> _Obstacle | None:
    """Return the boundary or session policies, if they do not allow."""
    for named, found in zip(case.policies.boundaries, answers.boundaries, strict=True):
        if not found.allows:
            return _Obstacle("boundary", f"{_called(named, 'boundary')} does not allow it")
    if case.policies.sessions and not answers.sessions.allows:
        return _Obstacle("session", "no session policy allows it")
    if case.caller.kind == "federated user" and not case.policies.sessions:
        return _Obstacle(
            "session", "a federated user has no identity permissions without a session policy"
        )
    return None


def _grant(case: _Case, statement: CompiledStatement) -> str:
    """Return what an allow of a resource policy is worth to a caller of the same account.

    Returns:
        `free`, which needs nothing more; `limited`, which the boundary and session policies have
        to allow too; `delegated`, which leaves it to the identity policies.
    """
    listed = statement.principals
    if listed is None:
        return "delegated"  # AWS takes no such statement
    naming = listed.naming(case.caller)
    # Whom an allow with `NotPrincipal` does not list, it is about as `*` is.
    if listed.negated or naming.everyone or (naming.itself and case.caller.kind in _FREE):
        return "free"
    is_role = case.caller.kind in {"role", "session"}
    if naming.role or (is_role and (naming.itself or statement.on_principal_arn)):
        return "limited"
    return "delegated"


_ORDINARY = frozenset({"user", "role", "session"})
_FREE = ("user", "session", "federated user", "other")


# Words


def _called(named: Named | None, layer: Layer) -> str:
    return f"the {_WORDS[layer]}" if named is None else f"the {_policy(layer, named.name)}"


def _policy(layer: Layer, name: str) -> str:
    """Return a policy with its name, and what it is said once."""
    found = _OF_IDENTITY.fullmatch(name)
    if found is not None:
        return f"{found[1]} `{found[2]}`"
    return f"{_WORDS[layer]} `{_KIND.sub('', name)}`"


def _statement(matched: Matched) -> str:
    """Return a statement by its Sid, or by its number as people count, from 1."""
    which = f"`{matched.statement.sid}`" if matched.statement.sid else f"{matched.number + 1}"
    return f"statement {which} of the {_policy(matched.layer, matched.policy)}"


def _why_allowed(case: _Case, answers: _Answers) -> str:
    own, identity = answers.resource.allows, answers.identity.allows
    if case.caller.kind == "root" and not own:
        return "a root user may do what nothing denies"
    if identity and case.same and not case.strict and _limits(case, answers) is None:
        return f"allowed by {_statement(identity[0])}"
    if case.same and case.signed:
        # What delegates to the account only settles nothing beside what needs no more.
        worth = [_grant(case, statement) for statement in answers.resource.grants]
        for enough in ("free", "limited"):
            if enough in worth:
                return f"allowed by {_statement(own[worth.index(enough)])}"
    return "allowed by " + " and ".join(_statement(found[0]) for found in (own, identity) if found)


def _missing(case: _Case, answers: _Answers, verdict: Verdict) -> tuple[str, ...]:
    conditional = [s for found in answers.every for s in found.conditional]
    return _written_once(missing(conditional, case.question, verdict))


def _written_once(keys: Sequence[str]) -> tuple[str, ...]:
    """Return keys in order, each as it is written first: their case does not count."""
    if not keys:
        return ()
    by_key = {key.lower(): key for key in reversed(keys)}
    return tuple(by_key[key] for key in sorted(by_key))
