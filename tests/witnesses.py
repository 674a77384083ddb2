"""Requests that the prover shows, as the evaluator in `decisions` reads and decides them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import decisions
from decisions import Decision, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl import simulate

_KINDS = {"service": "Service", "federated": "Federated", "canonical": "CanonicalUser"}


def asked_again(witness: simulate.Request) -> Request:
    """Return a request of the prover's as the other evaluator reads it."""
    prefix, _, rest = witness.principal.partition(":")
    who = (_KINDS[prefix], rest) if prefix in _KINDS else ("AWS", witness.principal)
    if witness.principal == "anonymous":
        who = decisions.ANONYMOUS
    elif ":saml-provider/" in witness.principal or ":oidc-provider/" in witness.principal:
        who = ("Federated", witness.principal)
    return Request(witness.action, witness.resource, who, witness.context)


def decided(documents: Iterable[Mapping[str, Any]], request: Request) -> Decision:
    """Return what documents come to of which each must allow; a deny of any wins."""
    effects = [decisions.decide(decisions.statements([d]), request) for d in documents]
    if "Deny" in effects:
        return "Deny"
    return "Allow" if effects and None not in effects else None
