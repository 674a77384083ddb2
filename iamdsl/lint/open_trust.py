"""Roles that everyone in AWS may assume, for all that the conditions say.

Without a condition, the compiler says it of sources and `principals` of documents. Here there is
one, and strangers meet it: it tests what they bring themselves, such as a second factor, tags or
the name of a session, or it is met without its key. AWS "id_roles_common-scenarios_third-party":
an external id is no secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.diagnostics import codes
from iamdsl.iam import NEGATED, split_operator
from iamdsl.lint.granting import spot
from iamdsl.lint.narrowing import is_about_callers, is_open
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Entry, Statement
    from iamdsl.lint.items import World

_EXTERNAL_ID: Final = "sts:externalid"
_OF_ANYONE: Final = frozenset(
    """
    aws:currenttime aws:epochtime aws:multifactorauthage aws:multifactorauthpresent
    aws:principaltype aws:referer aws:requestedregion aws:securetransport aws:tagkeys
    aws:tokenissuetime aws:useragent aws:viaawsservice sts:durationseconds sts:externalid
    sts:rolesessionname sts:sourceidentity sts:transitivetagkeys
    """.split()
)
"""Keys that strangers can have any value of."""
_TAGS: Final = ("aws:principaltag/", "aws:requesttag/")
"""How keys begin of tags that a stranger writes in an account of theirs."""
_ALWAYS_THERE: Final = frozenset({"aws:principalaccount", "aws:principalarn", "aws:userid"})


def check(world: World, report: Report) -> None:
    """Warn of trusts of everyone whose condition names nobody."""
    for item in world.items:
        if item.kind != "trust":
            continue
        done = set()
        for statement in item.policy.statements:
            if statement.effect == "Allow" and _is_open(statement) and spot(statement) not in done:
                done.add(spot(statement))
                _say(statement, report, written=item.written)


def _is_open(statement: Statement) -> bool:
    principals = statement.principals
    if principals is None or principals.negated or not statement.condition:
        return False
    everyone = any(kind == "AWS" and "*" in values for kind, values in principals.by_type)
    return everyone and all(map(_strangers_meet, statement.condition))


def _strangers_meet(entry: Entry) -> bool:
    """Tell whether it is sure that principals of any account can meet a test."""
    prefix, base, optional = split_operator(entry.operator)
    key = entry.key.lower()
    if base == "Null":
        return entry.values == ("false",) and key != "aws:principalisawsservice"
    if key in _OF_ANYONE or key.startswith(_TAGS):
        return True
    if base in NEGATED or ((optional or prefix == "ForAllValues") and key not in _ALWAYS_THERE):
        return is_about_callers(entry)
    return is_about_callers(entry) and any(is_open(entry, value) for value in entry.values)


def _say(statement: Statement, report: Report, *, written: bool) -> None:
    secret = any(entry.key.lower() == _EXTERNAL_ID for entry in statement.condition)
    test = 'add `when aws:PrincipalOrgID == "o-…"`' if written else "test `aws:PrincipalOrgID`"
    report.add(
        codes.OPEN_TRUST,
        place(statement, "Principal", "*"),
        "everyone in AWS who knows the external id may assume this role"
        if secret
        else "everyone in AWS may assume this role",
        label="an external id is no secret" if secret else "the condition names nobody",
        hint=f"{test}, or name the account",
    )
