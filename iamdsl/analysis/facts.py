"""What is known of a request before anybody says it: keys that follow from who, what and where.

AWS "reference_policies_condition-keys". What a request only may have (its time, its address, the
tags of a session) is not here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from iamdsl import simulate
from iamdsl.iam import Elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl.analysis.subjects import Place, Subject
    from iamdsl.iam import Build, Statement, Target

    Facts = dict[str, tuple[str, ...]]

_FIELDS = 6
_VARIABLE = re.compile(r"\$\{([^},]+)(?:, '[^']*')?\}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_PLAIN = frozenset({"*", "?", "$"})
_PATTERN = frozenset("*?$")


def of_caller(principal: str, caller: Subject | None, build: Build) -> Facts:
    """Return the keys that follow from who asks, whatever it asks for; tags are not among them.

    Args:
        principal: as `simulate.Request` has it.
        caller: who it is, when the build has it.
    """
    service = principal.removeprefix("service:")
    if service != principal:
        return {"aws:principalservicename": (service,), "aws:principalisawsservice": ("true",)}
    if principal == "*":
        return {}
    if principal == "anonymous":
        return {"aws:principalisawsservice": ("false",)}
    provider = principal.removeprefix("federated:")
    if provider != principal or re.match(r"arn:[^:]*:iam::[^:]*:(?:saml|oidc)-provider/", provider):
        return {"aws:federatedprovider": (provider,)}
    account = account_of(principal)
    made: Facts = {"aws:principalarn": (principal,), "aws:principalisawsservice": ("false",)}
    if account is None:
        return {"aws:principalisawsservice": ("false",)}
    made["aws:principalaccount"] = (account,)
    made |= _organization(build, account, "aws:principalorgid", "aws:principalorgpaths")
    if caller is not None and caller.kind == "user":
        made |= {"aws:username": (caller.name,), "aws:principaltype": ("User",)}
    elif caller is not None and caller.kind == "role":
        made["aws:principaltype"] = ("AssumedRole",)
    return made


def of_tags(caller: Subject | None) -> Facts:
    """Return the tags of the caller as a request has them; a session can bring others."""
    tags = caller.tags if caller is not None else ()
    return {f"aws:principaltag/{key.lower()}": (value,) for key, value in tags}


def of_resource(resource: str, owner: str | None, place: Place, build: Build) -> Facts:
    """Return the keys that follow from what is asked for, and where.

    Args:
        resource: an ARN, or a pattern of ARNs, of which what it says is taken.
        owner: the account that holds it, where its ARN does not say it: what nobody tells of is
            the caller's.
        place: of the subject: its Region is that of requests which no ARN gives one.
    """
    fields = resource.split(":", _FIELDS - 1)
    region = fields[3] if len(fields) == _FIELDS else ""
    account = account_of(resource) or owner
    made: Facts = {}
    if not region or _PATTERN & set(region):
        region = place.region or ""
    if region:
        made["aws:requestedregion"] = (region,)
    if account:
        made["aws:resourceaccount"] = (account,)
        made |= _organization(build, account, "aws:resourceorgid", "aws:resourceorgpaths")
    return made


def _organization(build: Build, account: str, name: str, paths: str) -> Facts:
    """Return the organization of an account of the build, and the account's path in it."""
    own = next((t for t in build.targets if t.kind == "account" and t.id == account), None)
    if own is None:
        return {}
    by_path = {t.path: t for t in build.targets}
    chain = [t for n in range(1, len(own.path)) if (t := by_path.get(own.path[:n])) is not None]
    if not chain or chain[0].kind != "organization":
        return {}
    made: Facts = {name: (chain[0].id,)}
    path = _path(chain)
    return made | {paths: (path,)} if path else made


def _path(chain: list[Target]) -> str:
    """Return `o-…/r-…/ou-…/`; "" where no ou tells the id of the root (`ou-ab12-…`, `r-ab12`)."""
    ous = [target.id for target in chain[1:] if target.id.startswith("ou-")]
    if not ous or len(ous) < len(chain) - 1:
        return ""
    return "/".join((chain[0].id, f"r-{ous[0].split('-')[1]}", *ous, ""))


def account_of(arn: str) -> str | None:
    """Return the account in an ARN; None when it has none, a pattern, or `aws`, which is all's."""
    fields = arn.split(":", _FIELDS - 1)
    known = len(fields) == _FIELDS and _ACCOUNT.fullmatch(fields[4])
    return fields[4] if known else None


# Statements of which a part is known


def knowing(
    statements: Iterable[Statement], facts: Mapping[str, tuple[str, ...]]
) -> tuple[Statement, ...]:
    """Return statements for requests that have some keys for certain.

    Tests of these keys are decided and gone, with the statements that cannot apply; variables of
    them are filled in, escaped. Everything else stays as it is.
    """
    made = (_knowing(statement, facts) for statement in statements)
    return tuple(statement for statement in made if statement is not None)


def _knowing(statement: Statement, facts: Mapping[str, tuple[str, ...]]) -> Statement | None:
    left = []
    for entry in statement.condition:
        known = attrs.evolve(entry, values=tuple(_filled(v, facts) for v in entry.values))
        if entry.key.lower() not in facts or any(_is_open(v) for v in known.values):
            left.append(known)
        elif not simulate.holds(known, facts):
            return None
    resources = statement.resources
    if resources is not None and any("${" in v for v in resources.values):
        values = tuple(_filled(v, facts) for v in resources.values)
        resources = Elements(values, resources.negated)
    return attrs.evolve(statement, condition=tuple(left), resources=resources)


def _is_open(text: str) -> bool:
    return any(found.group(1) not in _PLAIN for found in _VARIABLE.finditer(text))


def _filled(text: str, facts: Mapping[str, tuple[str, ...]]) -> str:
    if "${" not in text:
        return text

    def value(found: re.Match[str]) -> str:
        known = facts.get(found.group(1).strip().lower(), ())
        if len(known) != 1 or found.group(1) in _PLAIN:
            return found.group()
        return re.sub(r"[*?$]", lambda c: f"${{{c.group()}}}", known[0])

    return _VARIABLE.sub(value, text)
