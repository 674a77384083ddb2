"""Who asks, and which `Principal` elements speak of them.

Source: AWS "reference_policies_elements_principal".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from iamdsl.iam import Principals

CallerKind: TypeAlias = Literal[
    "anonymous",
    "service",
    "federated",
    "canonical",
    "root",
    "user",
    "role",
    "session",
    "federated user",
    "other",
]

_PREFIXES: tuple[tuple[str, CallerKind], ...] = (
    ("service:", "service"),
    ("federated:", "federated"),
    ("canonical:", "canonical"),
)
_ENTITY = re.compile(
    r"arn:[^:]*:(?:iam|sts)::[^:]*:"
    r"(root|user|role|assumed-role|federated-user|saml-provider|oidc-provider)(?:/(.*))?",
    re.DOTALL,
)
_KINDS: dict[str, CallerKind] = {
    "root": "root",
    "user": "user",
    "role": "role",
    "assumed-role": "session",
    "federated-user": "federated user",
    "saml-provider": "federated",
    "oidc-provider": "federated",
}
_ACCOUNT = re.compile(r"arn:([^:]*):iam::(\d{12}):root", re.ASCII)
_ROLE = re.compile(r"arn:[^:]*:iam::(\d{12}):role/(?:.*/)?([^/]+)", re.ASCII | re.DOTALL)


class Caller(NamedTuple):
    """A principal, taken apart.

    Attributes:
        text: the ARN; of a service, a provider's host or a canonical user what is after its prefix.
        account: the account that the caller is of; "" for none.
        role: of a role session, the name of the role.
        name: of a user the name, without its path.
    """

    kind: CallerKind
    text: str
    account: str = ""
    role: str = ""
    name: str = ""


@lru_cache(maxsize=4096)
def caller_of(principal: str) -> Caller:
    """Return who a request's principal is; see `Request.principal` for the forms."""
    if principal == "anonymous":
        return Caller("anonymous", principal)
    for prefix, kind in _PREFIXES:
        if principal.startswith(prefix):
            return Caller(kind, principal.removeprefix(prefix))
    if re.fullmatch(r"\d{12}", principal, re.ASCII):
        return Caller("root", f"arn:aws:iam::{principal}:root", principal)
    fields = principal.split(":", 5)
    account = fields[4] if len(fields) > 5 and fields[0] == "arn" else ""
    found = _ENTITY.fullmatch(principal)
    if found is None:
        return Caller("other", principal, account)
    rest = found[2] or ""
    match kind := _KINDS[found[1]]:
        case "session":
            return Caller(kind, principal, account, role=rest.partition("/")[0])
        case "user":
            return Caller(kind, principal, account, name=rest.rpartition("/")[2])
        case "federated":
            return Caller(kind, principal)
        case _:
            return Caller(kind, principal, account)


class Naming(NamedTuple):
    """How an element that lists principals speaks of a caller: any number of ways."""

    everyone: bool
    account: bool
    role: bool
    itself: bool


class Listed(NamedTuple):
    """What a `Principal` or `NotPrincipal` element lists.

    Attributes:
        everyone: whether it has the bare `*`.
        aws: whether it has `{"AWS": "*"}`: callers of any account, and those of none (AWS calls
            the two equivalent), but neither services nor federated identities.
        roles: accounts with names of roles. A session's ARN has the role's name without its path,
            so a role that is listed matches the sessions of that name whatever its path.
    """

    negated: bool
    everyone: bool
    aws: bool
    accounts: frozenset[str]
    arns: frozenset[str]
    roles: frozenset[tuple[str, str]]
    others: frozenset[tuple[str, str]]

    def naming(self, caller: Caller) -> Naming:
        """Return in which ways the list speaks of a caller."""
        match caller.kind:
            case "anonymous":
                return Naming(self.everyone or self.aws, account=False, role=False, itself=False)
            case "service" | "federated" | "canonical":
                itself = (caller.kind, caller.text) in self.others
                return Naming(self.everyone, account=False, role=False, itself=itself)
            case _:
                return Naming(
                    self.everyone or self.aws,
                    account=caller.account in self.accounts,
                    role=(caller.account, caller.role) in self.roles,
                    itself=caller.text in self.arns,
                )

    def speaks_of(self, caller: Caller) -> bool:
        """Tell whether the element matches a caller."""
        return any(self.naming(caller)) != self.negated


_OTHERS = {"Service": "service", "Federated": "federated", "CanonicalUser": "canonical"}


def listed(principals: Principals) -> Listed:
    """Return what an element lists, for quick answers."""
    aws = [v for kind, values in principals.by_type if kind == "AWS" for v in values]
    accounts = {m[2] for v in aws if (m := _ACCOUNT.fullmatch(v))}
    accounts |= {v for v in aws if ":" not in v and v != "*"}
    return Listed(
        principals.negated,
        everyone=any(kind == "*" for kind, _ in principals.by_type),
        aws="*" in aws,
        accounts=frozenset(accounts),
        arns=frozenset(aws),
        roles=frozenset((m[1], m[2]) for v in aws if (m := _ROLE.fullmatch(v))),
        others=frozenset(
            (_OTHERS[kind], v)
            for kind, values in principals.by_type
            if kind in _OTHERS
            for v in values
        ),
    )
