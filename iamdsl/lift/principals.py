"""Principals as a person writes them: services by their short names, accounts by their ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.aws.oidc import BUILT_IN
from iamdsl.aws.principals import service_principal
from iamdsl.iam import placeholder
from iamdsl.lift import nodes
from iamdsl.lift.writing import NotSayableError
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from iamdsl.iam import Principals
    from iamdsl.lift.writing import Facts

_ACCOUNT = re.compile(r"(?a)\d{12}")
_ROOT = re.compile(r"arn:([^:]+):iam::([^:]+):root")
_PROVIDER = re.compile(r"arn:([^:]+):iam::([^:]+):oidc-provider/(.+)")
_UNIQUE_ID = re.compile(r"(?a)A(?:ROA|IDA|GPA|NPA|IPA)[A-Z0-9]{12,}")
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*")


def selection(principals: Principals, facts: Facts) -> tree.Selection:
    """Return the principals of a statement; `NotPrincipal` is `anyone except …`."""
    items = [
        expression(kind, value, facts)
        for kind, values in principals.by_type
        for value in dict.fromkeys(values)
    ]
    if principals.negated:
        return nodes.selection([_principal("anyone")], items)
    return nodes.selection(items)


def expression(kind: str, value: str, facts: Facts) -> tree.Expression:
    """Return one principal. Raises `NotSayableError` for what no principal looks like."""
    match kind:
        case "*":
            return _principal("anyone")
        case "Service":
            return _service(value, facts)
        case "CanonicalUser":
            return _principal("canonical", nodes.text(value))
        case "Federated":
            return _federated(value, facts)
        case _:
            return _aws(value, facts)


def _principal(kind: str, value: tree.Expression | None = None) -> tree.Principal:
    return tree.Principal(kind, value, span=nodes.NOWHERE)


def _service(value: str, facts: Facts) -> tree.Expression:
    short = service(value, facts)
    if short is not None:
        return short
    if nodes.has_mark(value):
        raise NotSayableError(value, "is a service that only the deployment knows", "name it")
    return _principal("service", nodes.string(value))


def service(value: str, facts: Facts) -> tree.Principal | None:
    """Return a service by its short name, None for what no short name gives in this place."""
    partition = facts.pseudo.get("partition", "aws")
    for ending in (".amazonaws.com", ".amazonaws.com.cn"):
        short = value.removesuffix(ending)
        made = service_principal(short, partition, facts.pseudo.get("region", ""))
        if short != value and _DOTTED.fullmatch(short) and made == value:
            return _principal("service", nodes.string(short))
    return None


def _federated(value: str, facts: Facts) -> tree.Expression:
    if value in BUILT_IN:
        return _principal("oidc", nodes.string(value))
    if found := _PROVIDER.fullmatch(value):
        own = [facts.pseudo.get(p, placeholder(f"aws.{p}")) for p in ("partition", "account")]
        if [found[1], found[2]] == own and not nodes.has_mark(found[3]):
            return _principal("oidc", nodes.text(found[3]))
    return nodes.arn(value)


def _aws(value: str, facts: Facts) -> tree.Expression:
    if value == "*":
        return _principal("account", nodes.literal("star", "*"))
    root = _ROOT.fullmatch(value)
    account = root[2] if root else value
    if _ACCOUNT.fullmatch(account):
        own = facts.pseudo.get("account") == account
        return _principal(
            "account", nodes.reference("aws.account") if own else nodes.literal("account", account)
        )
    if nodes.only_mark(account) and placeholder("entity ")[:8] not in account:
        return _principal("account", nodes.text(account))
    if _UNIQUE_ID.fullmatch(value):
        raise NotSayableError(
            value,
            "is the unique id of a role or user that is gone, and says nothing any more",
            "take it out of the policy, or write the ARN of who is meant",
        )
    if value in facts.own:
        return nodes.name_or_text(facts.own[value])
    return nodes.arn(value)
