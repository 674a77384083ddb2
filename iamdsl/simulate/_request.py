"""What is asked, what is in effect, and what comes out."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.iam import Policy, Statement

Verdict: TypeAlias = Literal["allowed", "explicitDeny", "implicitDeny"]
Layer: TypeAlias = Literal[
    "identity", "resource", "boundary", "session", "scp", "rcp", "endpoint", "trust"
]
Context: TypeAlias = "Mapping[str, tuple[str, ...]]"
"""Condition keys in lower case with their values; an empty tuple is a missing key."""
_NOTHING: Final[Context] = MappingProxyType({})


class Request(NamedTuple):
    """One request, as AWS's enforcement code sees it.

    Attributes:
        principal: the ARN of a user, role, session, federated user, root or account; of a SAML or
            OIDC provider; `anonymous`; `service:lambda.amazonaws.com`; `federated:HOST`;
            `canonical:ID`.
        action: `service:Name`, in any case.
        resource: an ARN, or `*` for actions without a resource.
        context: see `Context`.
        resource_account: the account that holds the resource; None where it is that of the
            resource's ARN, or, when the ARN has none, the caller's.
    """

    principal: str
    action: str
    resource: str
    context: Context = _NOTHING
    resource_account: str | None = None


class Named(NamedTuple):
    """A policy, and what answers call it: a file, or `policy orders-table`."""

    name: str
    policy: Policy


class Policies(NamedTuple):
    """Every policy that is in effect for a request.

    Attributes:
        identity: of the caller: inline, attached, and those of the groups.
        resource: of the resource; for `sts:AssumeRole…` the trust policy of the role.
        boundaries: none, or the caller's permissions boundary.
        sessions: none, or what was passed when the session was made; all are one union.
        scps: levels of the caller's account, the root first; each is a union of the attached.
        rcps: likewise, of the resource's account.
        endpoint: of the VPC endpoint that the request goes through; none is allow-all.
    """

    identity: tuple[Named, ...] = ()
    resource: Named | None = None
    boundaries: tuple[Named, ...] = ()
    sessions: tuple[Named, ...] = ()
    scps: tuple[tuple[Named, ...], ...] = ()
    rcps: tuple[tuple[Named, ...], ...] = ()
    endpoint: tuple[Named, ...] = ()


class Matched(NamedTuple):
    """A statement that took part in a decision.

    Attributes:
        policy: the name that it was given by.
        number: the statement's number in its policy, from 0.
    """

    layer: Layer
    policy: str
    number: int
    statement: Statement


class Decision(NamedTuple):
    """What a request comes to.

    Attributes:
        verdict: as AWS's policy simulator calls it.
        matched: the statements that decided: of an explicit deny the denies, else the allows.
        missing_keys: condition keys (as the policies write them) that statements asked for which
            might have decided otherwise, and that the request does not have.
        reason: one sentence for people.
        layer: what stopped the request; None when it is allowed.
    """

    verdict: Verdict
    matched: tuple[Matched, ...]
    missing_keys: tuple[str, ...]
    reason: str
    layer: Layer | None = None
