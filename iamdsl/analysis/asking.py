"""A question in a user's words, made a situation: names looked up, facts filled in.

What a question leaves open and nobody can know is a refusal with the way out, never a guess.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.analysis import facts
from iamdsl.analysis.situation import LONGEST_BY_DEFAULT, Session, Situation, is_assuming
from iamdsl.analysis.subjects import (
    Ambiguous,
    Place,
    Subject,
    find,
    located,
    names,
    policies_for,
    rcps_of,
    subjects,
    unknown_for,
)
from iamdsl.analysis.why import Unknowns
from iamdsl.aws.principals import service_principal
from iamdsl.diagnostics import codes
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.simulate import Named, Policies, Request, filled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.analysis.subjects import Subject
    from iamdsl.diagnostics import Code
    from iamdsl.iam import Build

_ASSUMING = frozenset({"sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"})
_CALLERS = ("role", "user")
_PREFIXES = ("service:", "federated:", "canonical:")
_KMS_KEY = re.compile(r"arn:[^:]*:kms:[^:]*:[^:]*:key/")


class Refusal(Exception):  # noqa: N818  (a question that has no answer, not a mistake of ours)
    """Why a question cannot be answered: a code, what is wrong and what to do."""

    def __init__(self, code: Code, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class Question(NamedTuple):
    """What a user asks.

    Attributes:
        principal: the name of a role or user, an ARN, `service:lambda`, `anonymous`.
        resource: an ARN, `*`, or the name of something that has an ARN.
        context: keys in any case.
        duration: seconds of the session that is asked for.
        identity, boundary, sessions: policies that are in effect besides those of the project.
        resource_policy: of the resource, where the project has none.
        known: names of policies that were not at hand and are given now, as `identity` or others.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = {}
    duration: int | None = None
    identity: tuple[Named, ...] = ()
    boundary: tuple[Named, ...] = ()
    sessions: tuple[Named, ...] = ()
    resource_policy: Named | None = None
    known: frozenset[str] = frozenset()


class Asked(NamedTuple):
    """A question with all that bears on it.

    Attributes:
        caller, resource: what answers call them.
    """

    situation: Situation
    unknowns: Unknowns
    caller: str
    resource: str


def ask(question: Question, build: Build, pseudo: Mapping[str, str]) -> Asked:
    """Return the situation that a question is about; raises `Refusal` where it has none."""
    partition = pseudo.get("partition") or "aws"
    caller, principal = _caller(question.principal, build, pseudo, partition)
    target, resource = _resource(question.resource, build, pseudo)
    request = located(build, pseudo, Request(principal, question.action, resource))
    context = context_of(request, caller, build, pseudo)
    context |= {key.lower(): values for key, values in question.context.items()}
    if question.duration is not None:
        context["sts:durationseconds"] = (str(question.duration),)
    request = filled(request._replace(context=context))
    policies = _policies(question, caller, request, build, pseudo)
    places = {place.account: place for place, _ in rcps_of(build, pseudo) if place.account}
    owner = places.get(_owner(request))
    own = caller.place if caller is not None else places.get(facts.account_of(principal) or "")
    assumed = target if is_assuming(request) else None
    situation = Situation(
        request,
        policies,
        caller,
        assumed,
        own.chain if own is not None else (),
        owner.chain if owner is not None else (),
        owner.name if owner is not None else "",
        _session(question, caller, assumed, request),
    )
    unknowns = _unknowns(situation, question, unknown_for(request, build, pseudo))
    shown = (
        question.resource if question.resource == resource else f"{question.resource} ({resource})"
    )
    return Asked(situation, unknowns, caller.title if caller else principal, shown)


def _caller(
    text: str, build: Build, pseudo: Mapping[str, str], partition: str
) -> tuple[Subject | None, str]:
    """Return who asks, if the build has them, and the principal as a request has it."""
    if text.startswith("service:"):
        name = service_principal(text.removeprefix("service:"), partition, pseudo.get("region", ""))
        return None, f"service:{name}"
    if text == "anonymous" or text.startswith(_PREFIXES):
        return None, text
    _check_arn(text)
    found = find(build, pseudo, text)
    callers = [s for s in found if s.kind in _CALLERS]
    if text.startswith("arn:"):
        return (callers[0] if callers else None), text
    if re.fullmatch(r"(?a)\d{12}", text):
        return None, f"arn:{partition}:iam::{text}:root"
    if not callers and found:
        kind = found[0].kind.replace("_", " ")
        raise Refusal(
            codes.UNKNOWN_SUBJECT,
            f"`{text}` is a {kind}, which asks for nothing itself",
            "name a role or a user",
        )
    if not callers:
        raise _unknown(
            text, [s for s in subjects(build, pseudo) if s.kind in _CALLERS], "role or user"
        )
    caller = _only(text, callers)
    if caller.arn is None:
        raise Refusal(
            codes.UNKNOWN_PLACE,
            f"nobody said in which account `{text}` is",
            "say it with `--set aws.account=111122223333`, or in the configuration, under `[aws]`",
        )
    return caller, caller.arn


def _resource(text: str, build: Build, pseudo: Mapping[str, str]) -> tuple[Subject | None, str]:
    """Return the resource as an ARN, and what it is, if the build has it."""
    if text == "*":
        return None, text
    _check_arn(text)
    found = [s for s in find(build, pseudo, text) if s.arn is not None]
    if text.startswith("arn:"):
        roles = [s for s in found if s.kind == "role" and s.arn == text]
        return (roles[0] if roles else None), text
    if not found:
        hint = "name a role, user or policy of the project, or write the ARN"
        raise Refusal(
            codes.UNKNOWN_SUBJECT,
            f"nothing that has an ARN is named `{text}`",
            did_you_mean(nearest(text, names(build, pseudo), 1), hint),
        )
    one = _only(text, found)
    assert one.arn is not None  # noqa: S101  # others were left out
    if "*" in one.arn or "?" in one.arn:
        raise Refusal(
            codes.AMBIGUOUS_SUBJECT,
            f"`{text}` is for one of `{one.arn}`, and which is not known",
            "write the ARN of the one that is meant",
        )
    return one, one.arn


def _check_arn(text: str) -> None:
    """Refuse what begins as an ARN and is none: it has six fields, the last is not empty."""
    if text.startswith("arn:") and not re.fullmatch(r"arn:([^:]*:){4}.+", text, re.DOTALL):
        raise Refusal(
            codes.UNKNOWN_SUBJECT,
            f"`{text}` is no ARN",
            "an ARN has six fields: `arn:partition:service:region:account:resource`",
        )


def _unknown(text: str, known: list[Subject], what: str) -> Refusal:
    called = [f"{s.place.name}.{s.name}" if s.place.name else s.name for s in known]
    hint = did_you_mean(nearest(text, called, 1), "name one of the project, or write an ARN")
    return Refusal(codes.UNKNOWN_SUBJECT, f"no {what} is named `{text}`", hint)


def _only(text: str, found: list[Subject]) -> Subject:
    """Return the one thing of a name; a role and a policy can have the same."""
    if len(found) == 1:
        return found[0]
    homes = [s.place.name for s in found]
    if len(set(homes)) == len(homes) and all(homes):
        several = " or ".join(f"`{home}.{found[0].name}`" for home in homes[:3])
        hint = f"say which: {several}" + (", …" if len(homes) > 3 else "")
    else:
        hint = "write the ARN of the one that is meant"
    kinds = " and ".join(dict.fromkeys(f"a {s.kind.replace('_', ' ')}" for s in found))
    said = kinds if len({s.kind for s in found}) > 1 else f"something in {len(found)} accounts"
    raise Refusal(codes.AMBIGUOUS_SUBJECT, f"`{text}` is the name of {said}", hint)


def context_of(
    request: Request, caller: Subject | None, build: Build, pseudo: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the keys that follow from who asks for what; `located` says whose it is first."""
    partition = pseudo.get("partition") or "aws"
    nowhere = Place(None, partition, pseudo.get("region"), (), "")
    place = caller.place if caller is not None else nowhere
    made = facts.of_resource(request.resource, request.resource_account, place, build)
    made |= facts.of_caller(request.principal, caller, build)
    if caller is not None and caller.arn is not None:
        made["aws:principalarn"] = (caller.arn,)  # of a session it is the role's, path included
    return made | facts.of_tags(caller)


def _policies(
    question: Question,
    caller: Subject | None,
    request: Request,
    build: Build,
    pseudo: Mapping[str, str],
) -> Policies:
    """Return what is in effect: what the project says and what the question adds."""
    try:
        found = policies_for(caller, request, build, pseudo)
    except Ambiguous as several:
        raise Refusal(
            codes.AMBIGUOUS_SUBJECT,
            f"`{request.resource}` may have {' or '.join(f'the policy `{n}`' for n in several.names)}",
            "the source names them by patterns: give the one that is meant by `--resource-policy`",
        ) from None
    return found._replace(
        identity=(*found.identity, *question.identity),
        boundaries=(*found.boundaries, *question.boundary),
        sessions=(*found.sessions, *question.sessions),
        resource=question.resource_policy or found.resource,
    )


def _session(
    question: Question, caller: Subject | None, target: Subject | None, request: Request
) -> Session | None:
    if question.duration is None:
        return None
    if request.action.lower() not in _ASSUMING:
        raise Refusal(
            codes.UNKNOWN_SUBJECT,
            f"`{request.action}` makes no session of a role",
            "a duration is of `sts:AssumeRole` and its like",
        )
    chained = ":assumed-role/" in request.principal or (
        caller is not None and caller.kind == "role"
    )
    chained = chained or ":role/" in request.principal
    if target is None:
        return Session(question.duration, None, chained)
    return Session(question.duration, target.max_session or LONGEST_BY_DEFAULT, chained)


def _unknowns(
    situation: Situation,
    question: Question,
    rcps: tuple[str, ...],
) -> Unknowns:
    """Return what is in effect and not at hand, as far as it bears on the request."""
    caller, request, policies = situation.caller, situation.request, situation.policies
    unsigned = request.action.lower() in _ASSUMING - {"sts:assumerole"}
    own = () if caller is None or unsigned else caller.unknown
    own = tuple(name for name in own if "/resource_control_policy/" not in name)
    account = facts.account_of(request.principal)
    stranger = caller is None and account is not None and not unsigned
    stranger = stranger and not question.identity and not request.principal.endswith(":root")
    open_resource = (
        policies.resource is None
        and request.resource != "*"
        and (
            is_assuming(request)
            or _KMS_KEY.match(request.resource) is not None
            or account is None
            or _owner(request) != account
        )
    )
    session = situation.session
    too_long_to_know = session is not None and session.longest is None
    return Unknowns(
        tuple(name for name in (*own, *rcps) if name not in question.known),
        caller=stranger,
        resource=open_resource,
        session=too_long_to_know and session is not None and session.most > LONGEST_BY_DEFAULT,
    )


def _owner(request: Request) -> str:
    return request.context.get("aws:resourceaccount", ("",))[0]
