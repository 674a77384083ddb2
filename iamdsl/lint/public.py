"""Who is let in from outside: everyone, or another account.

AWS's meaning of "public" (S3 user guide "access-control-block-public-access", IAM user guide
"access-analyzer-concepts"): an `allow` to everyone that no test narrows to somebody in particular.
Whether a `deny` of the same policy takes it back again is asked of `prove`, for a stranger whose
account, organization, network and address nobody named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.analysis.facts import account_of
from iamdsl.aws.resource_policies import of_service
from iamdsl.diagnostics import codes
from iamdsl.iam import Entry, Principals, Statement
from iamdsl.lint.narrowing import is_about_callers, is_anyone, is_narrowed, is_open, narrows
from iamdsl.lint.parties import home_of, house_of, parties
from iamdsl.lint.placing import place
from iamdsl.lint.wording import actions_of, listed
from iamdsl.prove import Permissions, never

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.diagnostics import Report
    from iamdsl.lint.items import Item, World

_OPEN_BY_DESIGN: Final = frozenset({"apigateway", "ec2", "execute-api", "iot", "vpc-lattice"})
"""Services whose policies let everyone in before anything else is asked: an endpoint's is a filter,
an API and a lattice have authorizers of their own, and IoT's policies name nobody."""
_STRANGER: Final = Principals((("AWS", ("arn:aws:iam::999999999990:root",)),))
_ABSENT: Final = (
    "aws:PrincipalOrgPaths aws:PrincipalServiceName aws:SourceAccount aws:SourceArn"
    " aws:SourceOrgID aws:SourceOrgPaths aws:SourceOwner aws:SourceVpc aws:SourceVpcArn"
    " aws:SourceVpce aws:VpcSourceIp aws:VpceAccount aws:VpceOrgID aws:VpceOrgPaths"
).split()
_OF_STRANGERS: Final = {
    key.lower(): Entry("Null", key, ("true",)) for key in _ABSENT
} | {
    "aws:principalorgid": Entry("StringEquals", "aws:PrincipalOrgID", ("o-anybody0else",)),
    "aws:sourceip": Entry("IpAddress", "aws:SourceIp", ("101.102.103.104/32",)),
    "aws:userid": Entry("StringEquals", "aws:userid", ("AIDAANYBODYELSE000000",)),
    "aws:viaawsservice": Entry("Bool", "aws:ViaAWSService", ("false",)),
}  # fmt: skip
"""What keys about callers hold in a request of a stranger's, by key."""
_ACCOUNTS: Final = frozenset(
    {"aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "kms:calleraccount"}
)
_ARNS: Final = frozenset({"aws:principalarn", "aws:sourcearn"})


def check(world: World, report: Report) -> None:
    """Warn of resource policies that are public; with the strict code, tell of other accounts."""
    for item in world.items:
        if item.kind not in {"resource", "trust"}:
            continue
        for statement in item.policy.statements:
            if statement.effect != "Allow":
                continue
            if item.kind == "resource" and world.on(codes.PUBLIC_ACCESS):
                _public(item, statement, world, report)
            if world.on(codes.OTHER_ACCOUNT_ACCESS) and item.service != "ec2":
                _other_accounts(item, statement, world, report)


# Everyone


def _public(item: Item, statement: Statement, world: World, report: Report) -> None:
    if (
        not is_anyone(statement.principals)
        or is_narrowed(statement)
        or not _is_about_a_resource(item, statement)
        or _is_taken_back(item, statement, world)
    ):
        return
    wide = next(
        (
            (entry, value)
            for entry in statement.condition
            if is_about_callers(entry) and not narrows(entry)
            for value in entry.values
            if is_open(entry, value)
        ),
        None,
    )
    span = place(statement, "Principal", "anyone" if item.written else "*")
    label = "all of the world"
    hint = 'add `when aws:PrincipalOrgID == "o-…"`, or name who is meant'
    if not item.written:
        hint = "name who is meant, or test `aws:PrincipalOrgID`"
    if wide is not None:
        entry, value = wide
        span = place(statement, "Condition", entry.key, value) or span
        label = "this is everybody"
        hint = f"name in `{entry.key}` who is meant"
    report.add(
        codes.PUBLIC_ACCESS,
        span,
        f"{item.title} lets anyone do {actions_of(statement.actions)}",
        label=label,
        hint=hint,
    )


def _is_about_a_resource(item: Item, statement: Statement) -> bool:
    """Tell whether a policy can be a resource's, and not that of an endpoint or organization.

    Of a document alone nobody says whose it is; on everything, everyone is let in by the policies
    of VPC endpoints too, which give nothing by that.
    """
    if not item.written and any(map(_is_of_everything, item.policy.statements)):
        return False
    if item.service is not None:
        return item.service not in _OPEN_BY_DESIGN
    named = {value.partition(":")[0].lower() for value in statement.actions.values}
    if named & _OPEN_BY_DESIGN:
        return False
    resources = statement.resources
    if resources is not None and not resources.negated and "*" not in resources.values:
        return any(value.startswith("arn:") for value in resources.values)
    if statement.actions.negated or any(set("*?") & set(service) for service in named):
        return False
    own = {rule.own if (rule := of_service(service)) else "" for service in named}
    return own <= {"none"} if resources is None else own <= {"*"}


def _is_of_everything(statement: Statement) -> bool:
    """Tell whether a statement allows any service's actions, which no resource's policy does."""
    return (
        statement.effect == "Allow"
        and not statement.actions.negated
        and "*" in statement.actions.values
        and statement.resources is not None
        and "*" in statement.resources.values
    )


def _is_taken_back(item: Item, statement: Statement, world: World) -> bool:
    """Tell whether denials of the policy leave nothing of an `allow` to strangers.

    Where that is not decided nothing is said.
    """
    denials = [
        s
        for s in item.policy.statements
        if s.effect == "Deny"
        and (s.principals is None or s.principals.negated or is_anyone(s.principals))
    ]
    if not denials:
        return False
    keys = {entry.key.lower() for denial in denials for entry in denial.condition}
    about = sorted(
        (_OF_STRANGERS[key] for key in keys if key in _OF_STRANGERS),
        key=lambda entry: (entry.operator, entry.key),
    )
    box = Statement(
        "Allow", statement.actions, statement.resources, _STRANGER, condition=tuple(about)
    )
    answer = never(Permissions(((statement, *denials),)), (box,), world.catalogue)
    return answer.verdict != "no"


# Other accounts


def _other_accounts(item: Item, statement: Statement, world: World, report: Report) -> None:
    home = home_of(item, world)
    if home is None:
        return
    by_principal = {p.account: p.text for p in parties(statement.principals) if p.account != home}
    by_test: dict[str, tuple[str, str]] = {}
    for entry in statement.condition:
        if narrows(entry):
            for value in entry.values:
                account = _account_in(entry, value)
                if account is not None and account != home:
                    by_test.setdefault(account, (entry.key, value))
    if is_anyone(statement.principals) and by_test:
        first = next(iter(by_test.values()))
        span = place(statement, "Condition", *first)
        accounts = list(by_test)
    elif by_principal:
        span = place(statement, "Principal", next(iter(by_principal.values())))
        accounts = list(by_principal)
    else:
        return
    word = "account" if len(accounts) == 1 else "accounts"
    report.add(
        codes.OTHER_ACCOUNT_ACCESS,
        span,
        f"{item.title} lets in {word} {listed(accounts)}",
        label=_known(accounts, house_of(world)) or f"not of account `{home}`",
    )


def _account_in(entry: Entry, value: str) -> str | None:
    key = entry.key.lower()
    if key in _ACCOUNTS:
        return value if len(value) == 12 and value.isdigit() else None
    return account_of(value) if key in _ARNS else None


def _known(accounts: list[str], house: Mapping[str, str]) -> str:
    names = [house[account] for account in accounts if account in house]
    if len(names) < len(accounts):
        return ""
    return f"{listed(names)} of this project"
