"""What stands around the resources of a module: versions, and what is looked up in AWS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.emit.terraform.hcl import quoted
from iamdsl.emit.terraform.texts import PSEUDO
from iamdsl.emit.terraform.tree import Argument, Block, Raw, Record, block, literal, raws

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.emit._places import Place

_SOURCES = {
    "aws.partition": ("aws_partition", "partition"),
    "aws.account": ("aws_caller_identity", "account_id"),
    # `name` is deprecated by version 6 of the provider, and `region` unknown before.
    "aws.region": ("aws_region", "id"),
    "aws.url_suffix": ("aws_partition", "dns_suffix"),
}
ROOT = "data.aws_organizations_organization.current.roots[0].id"
"""The root of the organization that the caller's account is in."""

INSTANCE = "local.sso_instance_arn"
"""The instance of IAM Identity Center in the region."""

_INSTANCES = "aws_ssoadmin_instances"


def versions() -> Block:
    """Return which Terraform and which provider have all that is written here.

    `strcontains` came with Terraform 1.5, RCPs with version 5.76 of the provider.
    """
    provider = Record(
        (
            (literal("source"), literal("hashicorp/aws")),
            (literal("version"), literal(">= 5.76")),
        )
    )
    return block(
        "terraform",
        (),
        [Argument("required_version", literal(">= 1.5"))],
        [block("required_providers", (), [Argument("aws", provider)])],
    )


def lookups(place: Place, blocks: Iterable[Block]) -> list[Block]:
    """Return the data sources and locals that the blocks of a module need."""
    used = {code for one in blocks for code in raws(one)}
    names = {name for code in used for name in re.findall(r"\blocal\.(\w+)", code)}
    made: list[Block] = []
    known: list[Argument | Block] = []
    for pseudo, (kind, attribute) in _SOURCES.items():
        account = place.pseudo.get("account") if pseudo == "aws.account" else None
        found = _data(kind, _right_account(account, place))
        if (PSEUDO[pseudo] in names or account is not None) and found not in made:
            made.append(found)
        if PSEUDO[pseudo] in names:
            known.append(Argument(PSEUDO[pseudo], Raw(f"data.{kind}.current.{attribute}")))
    if ROOT in used:
        made.append(_data("aws_organizations_organization", _right_organization(place)))
    if INSTANCE in used:
        made.append(_data(_INSTANCES, []))
        known.append(
            Argument("sso_instance_arn", Raw(f"tolist(data.{_INSTANCES}.current.arns)[0]"))
        )
    return [*made, *([block("locals", (), known)] if known else [])]


def _data(kind: str, checks: list[Argument | Block]) -> Block:
    return block("data", (kind, "current"), [block("lifecycle", (), checks)] if checks else [])


def _right_account(account: str | None, place: Place) -> list[Argument | Block]:
    if account is None:
        return []
    whose = f"{place.account.name} ({account})" if place.account is not None else account
    return [_postcondition("account_id", account, f"This module is for the account {whose}.")]


def _right_organization(place: Place) -> list[Argument | Block]:
    found = next((t for t in place.build.targets if t.kind == "organization"), None)
    if found is None:
        return []
    said = f"This module is for the organization {found.name} ({found.id})."
    return [_postcondition("id", found.id, said)]


def _postcondition(attribute: str, value: str, message: str) -> Block:
    return block(
        "postcondition",
        (),
        [
            Argument("condition", Raw(f"self.{attribute} == {quoted(literal(value))}")),
            Argument("error_message", literal(message)),
        ],
    )
