"""What a request's context holds because of who asks and for what.

Source: AWS "reference_policies_condition-keys". What the context says itself wins, also that a key
is missing (an empty tuple).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from iamdsl.simulate._callers import caller_of
from iamdsl.simulate._request import Request

if TYPE_CHECKING:
    from iamdsl.simulate._callers import Caller, CallerKind

_PRINCIPAL_TYPES: dict[CallerKind, str] = {
    "anonymous": "Anonymous",
    "root": "Account",
    "user": "User",
    "role": "AssumedRole",
    "session": "AssumedRole",
    "federated user": "FederatedUser",
}
_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)


def filled(request: Request) -> Request:
    """Return a request with the facts in its context that follow from the rest of it.

    They are `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:username`,
    `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName` and `aws:ResourceAccount`, each where
    it is known. A role session tells its role's name and not the path: `aws:PrincipalArn` is
    filled in without one, so give it where a role has a path.
    """
    principal, action, resource, given, account = request
    context = _facts(principal).copy()
    if resource != "*" or account:
        holder = resource_account(request)
        if holder:
            context["aws:resourceaccount"] = (holder,)
    context.update(given)
    return Request(principal, action, resource, context, account)


def resource_account(request: Request) -> str:
    """Return the account that holds a request's resource, "" where nothing tells it.

    It is the one given, else that of the ARN, else the caller's.
    """
    return (
        request.resource_account
        or _account_of(request.resource)
        or caller_of(request.principal).account
    )


@lru_cache(maxsize=4096)
def _account_of(arn: str) -> str:
    fields = arn.split(":", 5)
    # AWS's own policies have `aws` there: they are everyone's.
    known = len(fields) > 5 and fields[0] == "arn" and _ACCOUNT_ID.fullmatch(fields[4])
    return fields[4] if known else ""


@lru_cache(maxsize=4096)
def _facts(principal: str) -> dict[str, tuple[str, ...]]:
    caller = caller_of(principal)
    facts: dict[str, str] = {}
    if caller.kind in _PRINCIPAL_TYPES:
        facts["aws:principaltype"] = _PRINCIPAL_TYPES[caller.kind]
    if caller.kind == "service":
        facts |= {"aws:principalisawsservice": "true", "aws:principalservicename": caller.text}
    if caller.account:
        facts |= {
            "aws:principalarn": _principal_arn(caller),
            "aws:principalaccount": caller.account,
            "aws:principalisawsservice": "false",
        }
    if caller.kind == "user":
        facts["aws:username"] = caller.name
    return {key: (value,) for key, value in facts.items()}


def _principal_arn(caller: Caller) -> str:
    if caller.kind != "session":
        return caller.text
    partition = caller.text.split(":", 2)[1]
    return f"arn:{partition}:iam::{caller.account}:role/{caller.role}"
