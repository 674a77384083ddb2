"""The steps of a plan, done one after another; what is left after a failure, a plan of then has."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from iamdsl.deploy._calling import call, code
from iamdsl.deploy._terms import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iamdsl.deploy._terms import Client, Plan, Step

_LATER = re.compile("\ue002([^\ue003]*)\ue003")
_MADE = {
    ("organizations", "create_policy"): ("Policy", "PolicySummary", "Id"),
    ("sso-admin", "create_permission_set"): ("PermissionSet", "PermissionSetArn"),
}
"""Where the id is that AWS made up, in its answer."""

_GONE = frozenset(
    "NoSuchEntity ResourceNotFoundException PolicyNotFoundException PolicyNotAttachedException"
    " TargetNotFoundException".split()
)
_DONE = {
    "detach": _GONE,
    "remove": _GONE,
    "untag": _GONE,
    "attach": frozenset({"DuplicatePolicyAttachmentException"}),
}
"""What AWS says where a step was done before."""


def perform(
    client: Client,
    step: Step,
    known: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    *,
    patient: bool = True,
) -> str:
    """Do a step; return the id that AWS made up, if it did. Raises what AWS says at last.

    Args:
        known: ids that earlier steps were answered, by `kind/name`.
        patient: whether things that the step is about may have been made a moment ago.
    """
    request = _with_ids(step.request, known or {})
    try:
        answer: Any = call(client, step.service, step.operation, request, sleep, patient=patient)
    except Exception as error:
        if code(error) in _DONE.get(step.verb, ()):
            return ""
        raise
    for member in _MADE.get((step.service, step.operation), ()):
        answer = answer[member]
    return answer if isinstance(answer, str) else ""


def run(
    client: Client,
    plan: Plan,
    tell: Callable[[Step], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Do the steps of a plan until one fails; nothing where something stands in the way.

    What was done stays; run again, with a plan of what is live then, the rest is done.

    Args:
        tell: called with each step once it is done.
    """
    if plan.conflicts or plan.problems:
        raise ValueError("a plan with conflicts or problems is not carried out")
    done: list[Step] = []
    known: dict[str, str] = {}
    for step in plan.steps:
        fresh = any(s.verb in {"create", "adopt", "update"} for s in done)
        try:
            made = perform(client, step, known, sleep, patient=fresh)
        except Exception as error:  # noqa: BLE001  # whatever it is, what was done has to be told
            return Outcome(tuple(done), step, f"{type(error).__name__}: {error}")
        if made:
            known[f"{step.kind}/{step.name}"] = made
        done.append(step)
        if tell is not None:
            tell(step)
    return Outcome(tuple(done))


def _with_ids(request: Any, known: Mapping[str, str]) -> Any:
    if isinstance(request, str):
        return _LATER.sub(lambda mark: known[mark[1]], request)
    if isinstance(request, dict):
        return {name: _with_ids(value, known) for name, value in request.items()}
    if isinstance(request, list):
        return [_with_ids(value, known) for value in request]
    return request
