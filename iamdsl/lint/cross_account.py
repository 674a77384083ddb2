"""Whole accounts that a role trusts: a third party's, or its own.

IAM user guide "id_roles_common-scenarios_third-party": who trusts the account of another company
asks for the external id that they agreed on, so that the company cannot be talked into using the
role for somebody else. An account of the same build or organization is no third party, and which
account a role is in has to be known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.diagnostics import codes
from iamdsl.iam import NEGATED, split_operator
from iamdsl.lint.parties import home_of, house_of, parties
from iamdsl.lint.placing import place
from iamdsl.lint.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.iam import Entry, Statement
    from iamdsl.lint.items import Item, World
    from iamdsl.lint.parties import Party

_OF_ANY_CALLER: Final = frozenset(
    {
        "aws:currenttime", "aws:epochtime", "aws:principalaccount", "aws:principalisawsservice",
        "aws:referer", "aws:requestedregion", "aws:securetransport", "aws:tokenissuetime",
        "aws:useragent", "aws:viaawsservice", "sts:durationseconds", "sts:rolesessionname",
    }
)  # fmt: skip
"""Keys that do not tell which caller of an account it is."""


def check(world: World, report: Report) -> None:
    """Warn of third parties without an external id; with the strict code, tell of the own account."""
    house = house_of(world)
    for item in world.items:
        home = home_of(item, world) if item.kind == "trust" else None
        if home is None:
            continue
        for statement in item.policy.statements:
            if statement.effect != "Allow" or any(map(_tells_callers, statement.condition)):
                continue
            whole = [party for party in parties(statement.principals) if party.whole]
            others = [p for p in whole if p.account != home and p.account not in house]
            if others:
                _third_parties(item, statement, others, report)
            if any(p.account == home for p in whole) and world.on(codes.OWN_ACCOUNT_TRUSTED):
                own = next(p for p in whole if p.account == home)
                report.add(
                    codes.OWN_ACCOUNT_TRUSTED,
                    place(statement, "Principal", own.text),
                    f"{item.title} trusts everyone in its own account",
                    label="whoever may `sts:AssumeRole`",
                    hint="name the roles or users that are to assume it",
                )


def _third_parties(
    item: Item, statement: Statement, others: Sequence[Party], report: Report
) -> None:
    accounts = listed(party.account for party in others)
    word = "account" if len(others) == 1 else "accounts"
    hint = 'add `when sts:ExternalId == "…"`, or name the roles that are to assume it'
    if not item.written:
        hint = "test `sts:ExternalId`, or name the roles that are to assume it"
    report.add(
        codes.NO_EXTERNAL_ID,
        place(statement, "Principal", others[0].text),
        f"{item.title} trusts everyone in {word} {accounts}, without an external id",
        label="whoever talks them into it",
        hint=hint,
    )


def _tells_callers(entry: Entry) -> bool:
    """Tell whether a test picks among the callers of an account, by id, name, tag, network, or MFA."""
    prefix, base, optional = split_operator(entry.operator)
    if optional or prefix == "ForAllValues" or base in NEGATED | {"Null"}:
        return False
    if base == "StringLike" and any(set(value) <= set("*?") for value in entry.values):
        return False
    return entry.key.lower() not in _OF_ANY_CALLER
