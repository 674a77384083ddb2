"""Whose tokens of an OpenID Connect provider a trust lets in, read off its statements.

A provider signs tokens for all it serves, and a shared one (`aws/oidc.py`) for the whole world:
what a statement does not test, anyone has. Each block of an `or` is a statement of its own, so
each is looked at. The compiler asks this of what it has compiled, the review of documents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from iamdsl.aws.oidc import fits_any_tenant, issuer_of, shared_provider
from iamdsl.iam import NEGATED, PLACEHOLDER_OPEN, split_operator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.aws.oidc import SharedProvider
    from iamdsl.iam import Entry, Statement

_ASSUMING = "sts:assumerolewithwebidentity"
_SAYS_NOTHING = re.compile(r"(?:[*?]|\$\{[^}]*\})*")


_CLUSTER = re.compile(r"oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/id/.+", re.IGNORECASE)
"""An issuer of EKS, which signs tokens for the service accounts of one cluster."""
_ANY_POD = re.compile(r"system:serviceaccount:[*?]+(?::[*?]+)?")
_AUDIENCE = frozenset({"sts.amazonaws.com", "sts.amazonaws.com.cn"})
"""What EKS asks a token for, whoever's it is (EKS user guide, "iam-roles-for-service-accounts")."""


class OpenClaim(NamedTuple):
    """What a statement leaves open about the tokens of one provider.

    Attributes:
        what: `refused` where IAM insists on a claim that is not tested (AWS
            "id_roles_providers_oidc_secure-by-default"); `any token`, where none is tested;
            `any tenant`, where the subject fits more than one customer (Access Analyzer's
            MISSING_GITHUB_REPO_CONDITION_KEY and MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL).
        principal: the provider as the statement names it.
        value: of `any tenant`, the subject; of `any token`, a subject that all pods have.
        named: of `refused`, whether the claim is tested, in a way that says nothing; of
            `any token`, whether claims are tested that all pods of a cluster have.
    """

    what: Literal["refused", "any token", "any tenant"]
    principal: str
    issuer: str
    provider: SharedProvider | None = None
    value: str = ""
    named: bool = False

    @property
    def why(self) -> str:
        """What of `any token` leaves it open, in a few words."""
        if self.value:
            return f"`{self.value}` is each service account"
        return "each pod has one for STS" if self.named else "no claim of it is tested"


def open_claims(statement: Statement) -> Iterator[OpenClaim]:
    """Yield what a statement of a trust leaves open about the tokens of its providers."""
    verbs = {verb.lower() for verb in statement.actions.values}
    if statement.principals is None or _ASSUMING not in verbs:
        return
    for kind, texts in statement.principals.by_type:
        for text in texts if kind == "Federated" else ():
            issuer = issuer_of(text)
            if issuer and PLACEHOLDER_OPEN not in issuer:
                found = _open(text, issuer, statement)
                if found is not None:
                    yield found


def _open(principal: str, issuer: str, statement: Statement) -> OpenClaim | None:
    provider = shared_provider(issuer)
    narrowing = tuple(entry for entry in statement.condition if _narrows(entry))
    if provider is None:
        tested = [entry for entry in narrowing if _claim(entry, issuer)]
        if any(not _fits_any_pod(entry, issuer) for entry in tested):
            return None
        subjects = (v for e in tested if _claim(e, issuer) == "sub" for v in e.values)
        value = next(filter(_ANY_POD.fullmatch, subjects), "")
        return OpenClaim("any token", principal, issuer, value=value, named=bool(tested))
    key = provider.key(issuer).lower()
    required = [e for e in narrowing if e.key.lower() == key and _is_text(e)]
    if not required:
        named = any(entry.key.lower() == key for entry in statement.condition)
        return OpenClaim("refused", principal, issuer, provider, named=named)
    if {_claim(entry, issuer) for entry in narrowing} & provider.tenant_claims:
        return None  # another claim says whose tokens are meant
    found = [_open_value(provider, entry) for entry in required]
    if not all(found):
        return None
    return OpenClaim("any tenant", principal, issuer, provider, found[0])


def _narrows(entry: Entry) -> bool:
    """Tell whether an entry holds for some values of its key only, and never without the key."""
    prefix, base, if_exists = split_operator(entry.operator)
    if if_exists or prefix == "ForAllValues" or base == "Null" or base in NEGATED:
        return False
    return not any(_SAYS_NOTHING.fullmatch(value) for value in entry.values)


def _fits_any_pod(entry: Entry, issuer: str) -> bool:
    """Tell whether the token of each service account of a cluster meets a test of a claim."""
    if _CLUSTER.fullmatch(issuer) is None:
        return False
    claim, base = _claim(entry, issuer), split_operator(entry.operator)[1]
    if claim == "aud":
        return bool(_AUDIENCE.intersection(entry.values))
    return claim == "sub" and base == "StringLike" and any(map(_ANY_POD.fullmatch, entry.values))


def _is_text(entry: Entry) -> bool:
    return split_operator(entry.operator)[1].startswith("String")


def _claim(entry: Entry, issuer: str) -> str:
    """Return the claim that an entry tests, lower case, "" if it is none of the issuer's."""
    start = f"{issuer.lower()}:"
    key = entry.key.lower()
    return key.removeprefix(start) if key.startswith(start) else ""


def _open_value(provider: SharedProvider, entry: Entry) -> str:
    """Return the first value of an entry that leaves the customer open, "" if there is none."""
    if split_operator(entry.operator)[1] != "StringLike":
        return ""
    return next((v for v in entry.values if fits_any_tenant(provider, v)), "")
