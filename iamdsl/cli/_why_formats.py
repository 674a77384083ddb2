"""The answers of `iamdsl why`, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iamdsl.analysis.findings import request_data
from iamdsl.analysis.situation import LONGEST_CHAINED
from iamdsl.analysis.subjects import FULL_ACCESS, RCP_FULL_ACCESS
from iamdsl.analysis.writing import duration, entry_text, places, quoted, statement_text

if TYPE_CHECKING:
    from iamdsl.analysis.asking import Asked
    from iamdsl.analysis.remedies import Obstacle
    from iamdsl.analysis.situation import Session
    from iamdsl.analysis.why import Answer, Barrier
    from iamdsl.aws import Catalogue
    from iamdsl.simulate import Matched

_LAYERS = {"scp": "SCP", "rcp": "RCP"}
_ALLOWING = {
    "identity": "identity policies",
    "boundary": "boundary",
    "session": "session policy",
    "endpoint": "VPC endpoint",
    "resource": "resource policy",
    "trust": "trust policy",
}


def as_text(asked: Asked, answer: Answer) -> str:
    """Return an answer for people: the verdict, and what it comes from, in order."""
    request = asked.situation.request
    what = f"`{request.action}` on {asked.resource}"
    who = quoted(asked.caller)
    match answer.outcome:
        case "allowed":
            lines = [f"allowed: {who} may {what}"]
        case "denied":
            lines = [f"denied: {who} may not {what}"]
        case "unsure":
            so_far = "be allowed" if answer.decision.verdict == "allowed" else "be denied"
            lines = [f"unsure: {what} by {who} would {so_far} by what is at hand"]
    lines += _steps(answer)
    for number, barrier in enumerate(answer.barriers, 1):
        lines += ["", f"{number}. {_headline(barrier.obstacle, asked)}"]
        lines += _shown(barrier.obstacle.statement)
        remedy = barrier.remedy
        change = remedy.text if remedy is not None else "none that gets past it is known"
        lines.append(f"   change: {change}")
    lines += _closing(answer)
    return "\n".join(lines) + "\n"


def as_json(asked: Asked, answer: Answer, catalogue: Catalogue) -> str:
    """Return an answer for programs, as one JSON object."""
    request, decision = asked.situation.request, answer.decision
    allowed_by = [
        {"layer": s.level.layer, "of": s.level.title, "statements": list(map(_statement, s.allows))}
        for s in answer.steps
    ]
    data: dict[str, Any] = {
        "version": 1,
        "outcome": answer.outcome,
        **request_data(request, catalogue),
        "decision": decision.verdict,
        "missing_keys": list(decision.missing_keys),
        "allowed_by": allowed_by,
        "obstacles": [_barrier(barrier, asked) for barrier in answer.barriers],
        "changes_suffice": answer.together,
        "unknown": list(asked.unknowns.policies),
    }
    return json.dumps(data, indent=2) + "\n"


def _barrier(barrier: Barrier, asked: Asked) -> dict[str, Any]:
    obstacle, remedy = barrier
    level, matched = obstacle.level, obstacle.statement
    return {
        "what": obstacle.what,
        "layer": None if level is None else level.layer,
        "of": asked.resource if level is None else level.title,
        "text": _headline(obstacle, asked),
        "statement": None if matched is None else _statement(matched),
        "change": None if remedy is None else remedy.text,
    }


def _statement(matched: Matched) -> dict[str, Any]:
    return {
        "policy": matched.policy,
        "statement": matched.number,
        "source": list(places(matched.statement.origin)),
    }


def unsure(asked: Asked) -> tuple[str, str]:
    """Return what an answer hangs on that is not at hand, and how to give it."""
    unknowns, request = asked.unknowns, asked.situation.request
    if unknowns.policies:
        names = " and ".join(f"`{name}`" for name in unknowns.policies)
        first = unknowns.policies[0]
        return f"the answer hangs on {names}, which is not at hand", _how_to_give(first)
    if unknowns.caller:
        message = f"what allows `{request.principal}` in its own account is not known here"
        return message, "give its policies: `--identity FILE`"
    if unknowns.resource:
        message = f"the project has no policy of `{request.resource}`, and it has to allow this"
        return message, "declare it, or give it: `--resource-policy FILE`"
    message = f"how long a session of `{request.resource}` may last is not known here"
    return message, "a role that says nothing gives `1h`"


def _how_to_give(name: str) -> str:
    if name.startswith("arn:") and "organizations" not in name:
        return f"give its document: `--identity {name}=FILE`"
    return "declare it in the project, or leave it out"


def _steps(answer: Answer) -> list[str]:
    """Return what allows, layer by layer; where AWS's own policy lets all through, nothing is said."""
    lines: list[str] = []
    for step in answer.steps:
        layer = step.level.layer
        if any(_is_full(matched) for matched in step.allows):
            continue
        organization = layer in _LAYERS
        of = f"{_LAYERS[layer]} of {quoted(step.level.title)}" if organization else _ALLOWING[layer]
        for matched in step.allows:
            lines += [f"{of}: {_policy(matched)}{_where(matched)}", *_shown(matched)]
    if answer.outcome == "allowed" and not lines:
        lines.append(answer.decision.reason)
    return ["", *lines] if lines else []


def _is_full(matched: Matched) -> bool:
    return matched.policy in {FULL_ACCESS.name, RCP_FULL_ACCESS.name}


def _policy(matched: Matched) -> str:
    return matched.policy if _is_full(matched) else quoted(matched.policy)


def _shown(matched: Matched | None) -> list[str]:
    return [] if matched is None else [f"     {statement_text(matched.statement)}"]


def _where(matched: Matched) -> str:
    found = places(matched.statement.origin)
    return f" ({', '.join(found)})" if found else ""


def _closing(answer: Answer) -> list[str]:
    lines = []
    if answer.barriers:
        number = len(answer.barriers)
        changes = "this change" if number == 1 else f"these {number} changes together"
        said = (
            f"with {changes} it is allowed"
            if answer.together
            else "no change is known that lets it through"
        )
        lines += ["", said]
    tested = {
        entry.key.lower()
        for barrier in answer.barriers
        if (matched := barrier.obstacle.statement) is not None
        for entry in matched.statement.condition
    }
    missing = [f"`{key}`" for key in answer.decision.missing_keys if key.lower() not in tested]
    if missing:
        lines += ["", f"not sent, and asked for by policies: {', '.join(missing)}"]
    return lines


def _headline(obstacle: Obstacle, asked: Asked) -> str:
    """Return what stands in the way, in a sentence without its end."""
    request = asked.situation.request
    level, matched = obstacle.level, obstacle.statement
    if level is None:
        return _too_long(asked.situation.session, asked)
    also = (
        ""
        if obstacle.action == request.action
        else f" `{obstacle.action}`, which the call needs as well"
    )
    it = also or " it"
    if obstacle.what == "deny" and matched is not None:
        return f"{_policy(matched)} denies{it}{_where(matched)}"
    if matched is not None and obstacle.entry is not None:
        has = request.context.get(obstacle.entry.key.lower(), ())
        says = f"has {' and '.join(f'`{v}`' for v in has)}" if has else "has none"
        only = f"only when `{entry_text(obstacle.entry)}`, and the request {says}"
        return f"{_policy(matched)} allows{it} {only}{_where(matched)}"
    return _silence(obstacle, asked, it)


def _silence(obstacle: Obstacle, asked: Asked, it: str) -> str:
    """Return that nothing of a layer allows, in the words of the layer."""
    level = obstacle.level
    assert level is not None  # noqa: S101  # only a session is of none
    caller = quoted(asked.caller)
    match level.layer:
        case "identity":
            return f"no policy of {caller} allows{it}"
        case "session":
            return f"no session policy allows{it}"
        case "scp" | "rcp":
            return f"no {_LAYERS[level.layer]} of {quoted(level.title)} allows{it}"
        case "trust" if not level.policies:
            return f"the trust policy of {asked.resource} is not at hand"
        case "trust" if obstacle.what == "no allow" and _is_root(asked):
            return "a root user cannot assume roles"
        case "trust":
            does = "name" if obstacle.what == "not named" else "let"
            more = "" if obstacle.what == "not named" else f" do{it}"
            return f"the {quoted(level.title)} does not {does} {caller}{more}"
        case "resource" if not level.policies:
            return f"{asked.resource} has no policy that allows{it} to {caller}"
        case "resource":
            return f"{quoted(level.title)} does not allow{it} to {caller}"
        case _:
            return f"{quoted(level.title)} does not allow{it}"


def _is_root(asked: Asked) -> bool:
    request = asked.situation.request
    return request.principal.endswith(":root") and request.action.lower() == "sts:assumerole"


def _too_long(session: Session | None, asked: Asked) -> str:
    assert session is not None  # noqa: S101  # it is the obstacle
    length = f"a session of `{duration(session.asked)}`"
    if session.chained and session.asked > LONGEST_CHAINED:
        most = duration(LONGEST_CHAINED)
        return f"{length} is longer than `{most}`, the most when a role assumes a role"
    if session.longest is not None and session.asked > session.longest:
        role = asked.situation.target
        own = role is not None and role.max_session is not None
        by = "its `max_session`" if own else "that of a role without `max_session`"
        return f"{length} is longer than `{duration(session.longest)}`, {by}"
    return f"{length} is shorter than any that STS gives"
