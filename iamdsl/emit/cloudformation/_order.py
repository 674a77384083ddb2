"""What waits for what: principals for those whom policies name, and a policy for what it loses to.

CloudFormation changes what depends on something after it, and removes what went at the very end.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.emit._marks import Mark, parts
from iamdsl.emit.cloudformation import _ids as ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iamdsl import iam
    from iamdsl.emit.cloudformation._stack import Stack


def add_principals(stack: Stack) -> None:
    """Let roles and policies of resources wait for the roles and users that they let in.

    AWS refuses a policy whose principal is not there.
    """
    build = stack.place.build
    known = dict(_principals(stack))
    for identity in build.identities:
        if identity.trust is not None:
            _wait(ids.of(identity.kind, identity.name), identity.trust, known, stack)
    for document in build.documents:
        if document.kind == "resource":
            for name in stack.setting.get(document.name, ()):
                _wait(name, document.policy, known, stack)
    for identity in build.identities:
        name = ids.of(identity.kind, identity.name)
        if any(stack.reaches(other, name) for other in stack.waits_for(name)):
            message = (
                f"`{identity.name}` lets somebody in who has to be there first, and waits for it:"
                " CloudFormation makes no circles"
            )
            hint = (
                "trust the account, with a condition on `aws:PrincipalArn`;"
                " or deploy with the target `aws-cli`"
            )
            stack.complain(codes.TARGET_CANNOT_SAY, identity.origin, message, hint)
            stack.resources[name].after.clear()


def _wait(
    name: str, policy: iam.Policy, known: Mapping[tuple[str, str], str], stack: Stack
) -> None:
    for statement in policy.statements:
        for kind, values in statement.principals.by_type if statement.principals else ():
            if kind == "AWS":
                found = {known[key] for value in values if (key := _key(value)) in known}
                stack.resources[name].after.update(found)


def _principals(stack: Stack) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the roles and users of a place by what `_key` makes of their ARNs."""
    account = stack.place.pseudo.get("account")
    for identity in stack.place.build.identities:
        if identity.kind in {"role", "user"}:
            name = ids.of(identity.kind, identity.name)
            own = f"{identity.kind}{identity.path}{identity.name}"
            for number in ("aws.account", account):
                if number is not None:
                    yield (number, own), name
                    if identity.kind == "role":
                        yield (number, f"assumed-role/{identity.name}"), name


def _key(arn: str) -> tuple[str, str]:
    """Return the account and the end of an IAM ARN, that of a session without the session."""
    fields = arn.split(":", 5)
    if len(fields) < 6:  # an account, or `*`
        return "", ""
    account, end = fields[4:]
    if end.startswith("assumed-role/"):
        end = end.rpartition("/")[0]
    found = parts(account)
    mark = found[0] if len(found) == 1 else None
    return (mark.name if isinstance(mark, Mark) else account), end


def add_order(stack: Stack) -> None:
    """Let documents of one owner follow each other as the change to them asks for."""
    account = stack.place.account.name if stack.place.account is not None else ""
    for owner, placed in sorted(stack.facts.placed.items()):
        place, _, name = owner.rpartition("/")
        if place != account:
            continue
        steps = [found for step in placed.order if (found := _step(name, step, stack))]
        for before, after in pairwise(steps):
            _follow(name, before, after, stack)


def _step(owner: str, name: str, stack: Stack) -> str | None:
    """Return the resource of a document, None for one that goes: that is done at the end."""
    kind, _, identity = owner.partition(" ")
    if name:
        kinds: Sequence[str] = ("managed", "boundary", "scp", "rcp", "resource")
        return next((i for k in kinds if (i := ids.of(k, name)) in stack.resources), None)
    found = next(
        (i for i in stack.place.build.identities if (i.kind, i.name) == (kind, identity)), None
    )
    if found is None or not found.inline:
        return None
    if found.kind == "permission_set":
        return ids.of(found.kind, found.name)
    return ids.of_inline(found.kind, found.name, found.inline[-1][0])


def _follow(owner: str, before: str, after: str, stack: Stack) -> None:
    if not stack.reaches(before, after):
        stack.resources[after].after.add(before)
        return
    spans: tuple[()] = ()
    message = (
        f"CloudFormation cannot change `{before}` before `{after}`: while {owner} is deployed,"
        " some of its statements may be missing"
    )
    hint = "deploy this change with the target `aws-cli`"
    stack.complain(codes.NOT_DEPLOYED, spans, message, hint)
