"""RCPs that hit AWS's own services, or everyone but them.

A resource control policy holds for the service principals that work for an account as well, and
these belong to no organization; for its own people no request has the `aws:Source…` keys. Access
Analyzer: RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY, …_SERVICE_PRINCIPAL_CONDITION_KEY and
RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK; AWS Organizations "orgs_manage_policies_rcps_examples".

A test is asked whether it holds for such a caller: one that does not is the exception that was
meant, whatever it looks like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.diagnostics import codes
from iamdsl.iam import NEGATED, split_operator
from iamdsl.lint.narrowing import is_anyone
from iamdsl.lint.placing import place
from iamdsl.simulate import holds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.diagnostics import Report
    from iamdsl.iam import Entry, Statement
    from iamdsl.lint.items import Item, World

_OF_PEOPLE: Final = frozenset(
    {"aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount"}
)
_OF_NETWORKS: Final = frozenset(
    {"aws:sourcevpc", "aws:sourcevpce", "aws:vpceorgid", "aws:vpceorgpaths", "aws:vpceaccount"}
)
_OF_SERVICES: Final = frozenset({"aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"})
_CALLERS: Final = ("aws:principal", "aws:source", "aws:vpce", "aws:userid", "aws:username")
"""How keys begin of which it is known whether such a caller has them."""

_SERVICE: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:principalisawsservice": ("true",),
    "aws:principalservicename": ("logs.amazonaws.com",),
    "aws:principalservicenameslist": ("logs.amazonaws.com",),
}
"""A service that does not say for whom it works: not all of them do."""
_PERSON: Final[Mapping[str, tuple[str, ...]]] = {"aws:principalisawsservice": ("false",)}
_NOT_OF_SERVICES: Final = frozenset({"sts:assumerolewithsaml", "sts:assumerolewithwebidentity"})


def check(world: World, report: Report) -> None:
    """Warn of denials in RCPs that hold for callers whom their tests are not about."""
    for item in world.items:
        if item.kind != "rcp":
            continue
        for statement in item.policy.statements:
            if statement.effect == "Deny" and is_anyone(statement.principals):
                _look(item, statement, report)


def _look(item: Item, statement: Statement, report: Report) -> None:
    if any(_is_of_requests(entry) for entry in statement.condition):
        return
    shut = [e for e in statement.condition if split_operator(e.operator)[1] in NEGATED]
    of_services = next((e for e in shut if e.key.lower() in _OF_SERVICES), None)
    of_people = next((e for e in shut if e.key.lower() in _OF_PEOPLE | _OF_NETWORKS), None)
    if of_services is not None:
        if _hits(statement, _PERSON, "aws:principal"):
            _say(item, statement, of_services, report, _EVERYONE)
        elif _hits(statement, _SERVICE):
            _say(item, statement, of_services, report, _SILENT)
    elif of_people is not None and _hits(statement, _SERVICE) and not _is_of_sessions(statement):
        _say(item, statement, of_people, report, _SERVICES)


_EVERYONE: Final = (
    "denies callers that are no service of AWS's",
    "no request of theirs has this key",
    "aws:PrincipalIsAWSService",
    "true",
)
_SILENT: Final = (
    "denies services of AWS's that do not say for whom they work",
    "not every service sends this key",
    "aws:SourceAccount",
    "null",
)
_SERVICES: Final = (
    "denies AWS's own services as well",
    "their requests do not have this key",
    "aws:PrincipalIsAWSService",
    "false",
)


def _say(
    item: Item, statement: Statement, entry: Entry, report: Report, words: tuple[str, str, str, str]
) -> None:
    what, label, key, value = words
    if item.written:
        hint = {
            "true": f"deny services alone: `when {key} and …`",
            "false": f"let services pass: `unless … or {key}`",
            "null": f"deny only where it is sent: `when {key} exists and …`",
        }[value]
    else:
        test = {
            "true": f'"Bool": {{"{key}": "true"}}',
            "false": f'"BoolIfExists": {{"{key}": "false"}}',
            "null": f'"Null": {{"{key}": "false"}}',
        }[value]
        hint = f"add `{test}` to the condition"
    report.add(
        codes.UNGUARDED_RCP,
        place(statement, "Condition", entry.key),
        f"{item.title} {what}",
        label=label,
        hint=hint,
    )


def _hits(
    statement: Statement, caller: Mapping[str, tuple[str, ...]], unknown: str | None = None
) -> bool:
    """Tell whether nothing in a condition is false for a caller, as far as that is known.

    Args:
        unknown: how the keys begin whose values such a caller has, but nobody knows.
    """
    for entry in statement.condition:
        key = entry.key.lower()
        if not key.startswith(_CALLERS) or key in {"aws:sourceip", "aws:sourceidentity"}:
            continue
        if unknown is not None and key.startswith(unknown) and key not in caller:
            continue
        if "${" in "".join(entry.values) and key in caller:
            continue
        if not holds(entry, caller):
            return False
    return True


def _is_of_requests(entry: Entry) -> bool:
    """Tell whether a test picks requests by what they bring, of which services may send none."""
    key = entry.key.lower()
    prefix, base, _ = split_operator(entry.operator)
    return (
        (key == "aws:tagkeys" or key.startswith("aws:requesttag/"))
        and base not in NEGATED
        and prefix != "ForAllValues"
    )


def _is_of_sessions(statement: Statement) -> bool:
    """Tell whether a statement is about what only federated callers do."""
    actions = statement.actions
    return not actions.negated and {a.lower() for a in actions.values} <= _NOT_OF_SERVICES
