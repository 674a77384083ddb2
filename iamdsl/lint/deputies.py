"""Services that are let in for whomever they work: the confused deputy.

IAM user guide "confused-deputy"; Access Analyzer's RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL and
RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL. Said only of services that send the keys there, by
their own pages (`aws.deputies`): a condition on keys that do not come locks the service out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from iamdsl.aws.deputies import deputy, source_arn
from iamdsl.diagnostics import Diagnostic, Edit, Fix, Severity, codes
from iamdsl.iam import NEGATED, split_operator
from iamdsl.lint.narrowing import is_about_callers, is_anyone, is_open
from iamdsl.lint.parties import home_of
from iamdsl.lint.placing import place
from iamdsl.lint.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.iam import Entry, Principals, Statement
    from iamdsl.lint.items import Item, World
    from iamdsl.source import Span

_SOURCES: Final = frozenset(
    {"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"}
)
_ALWAYS: Final = frozenset({"aws:sourcearn", "aws:sourceaccount"})
"""What the services in question always send: `…IfExists` is as good. The keys of an organization are
not there for accounts of none (IAM user guide, "reference_policies_condition-keys")."""
_OF_ANY_SERVICE: Final = frozenset(
    {"aws:principalisawsservice", "aws:principalservicename", "aws:principalservicenameslist"}
)
_IN_LISTS = frozenset("\n{")


def check(world: World, report: Report) -> None:
    """Warn of services in an `allow` that no test ties to an account or resource."""
    for item in world.items:
        if item.kind not in {"resource", "trust"}:
            continue
        if any(_is_guard(s) for s in item.policy.statements):
            continue
        for statement in item.policy.statements:
            if statement.effect != "Allow":
                continue
            ties = [entry for entry in statement.condition if _ties(entry)]
            if not ties:
                _look(item, statement, world, report)
            elif all(map(_names_buckets, ties)):
                _look_at_owner(item, statement, ties[0], report)


def _look(item: Item, statement: Statement, world: World, report: Report) -> None:
    named = list(_services(statement.principals))
    resource = None if item.kind == "trust" else _service_of(item, statement)
    if resource == "":
        return
    found = [(name, known) for name in named if (known := deputy(name, resource=resource))]
    if not found:
        return
    name, first = found[0]
    services = [name for name, _ in found]
    text = name.partition(".amazonaws.")[0] if item.written else name
    loose = _loose(statement)
    if loose is not None:
        report.add(
            codes.CONFUSED_DEPUTY,
            place(statement, "Condition", loose.key) or place(statement, "Principal", text),
            f"{item.title} lets {listed(services)} in for accounts of no organization",
            label="a request for one has no such key",
            hint="leave the `?` out"
            if item.written
            else f"write `{loose.operator.removesuffix('IfExists')}`",
        )
        return
    wide = _widest(statement)
    account, partition = home_of(item, world) or "", world.pseudo.get("partition", "aws")
    arn = source_arn(first, account, partition) if len(found) == 1 else ""
    report.add(
        codes.CONFUSED_DEPUTY,
        wide or place(statement, "Principal", text),
        f"{item.title} lets {listed(services)} in, whoever they work for"
        if len(services) > 1
        else f"{item.title} lets {listed(services)} in, whoever it works for",
        label="this is any account" if wide else "for whatever account it is asked to",
        hint=_hint(item, arn),
        fix=_fix(item, statement, complete=len(found) == len(named)),
    )


def _loose(statement: Statement) -> Entry | None:
    """Return a test of an organization that accounts of none meet, of which no other is one."""
    tests = [e for e in statement.condition if e.key.lower() in _SOURCES]
    if len(tests) != 1 or tests[0].key.lower() in _ALWAYS:
        return None
    _, base, optional = split_operator(tests[0].operator)
    narrow = base not in NEGATED and not any(is_open(tests[0], v) for v in tests[0].values)
    return tests[0] if optional and narrow else None


def _widest(statement: Statement) -> Span | None:
    """Return the place of a value that is the source of anybody."""
    return next(
        (
            place(statement, "Condition", entry.key, value)
            for entry in statement.condition
            if entry.key.lower() in _SOURCES
            for value in entry.values
            if is_open(entry, value)
        ),
        None,
    )


def _look_at_owner(item: Item, statement: Statement, entry: Entry, report: Report) -> None:
    """Say that a bucket alone ties S3, which another account may have one day.

    "If the aws:SourceArn value does not contain the account ID, such as an Amazon S3 bucket ARN, you
    must use both" keys (AWS's pages "cross-service-confused-deputy-prevention"): a bucket may be
    deleted, and be made by others under its name (Lambda "API_AddPermission").
    """
    resource = None if item.kind == "trust" else _service_of(item, statement)
    if resource == "":
        return
    for name in _services(statement.principals):
        known = deputy(name, resource=resource)
        if known is None or known.arn != "s3":
            continue
        found = Diagnostic(
            codes.CONFUSED_DEPUTY,
            Severity.NOTE,
            f"{item.title} lets `{name}` in for a bucket, whoever has it",
            place(statement, "Condition", entry.key, entry.values[0]),
            "names no account",
            (),
            _hint(item, "").replace("add `when", "add `and") + ("" if item.written else " as well"),
        )
        report.extend([found])
        return


def _names_buckets(entry: Entry) -> bool:
    """Tell whether a test of `aws:SourceArn` names buckets alone, whose ARNs have no account."""
    return entry.key.lower() == "aws:sourcearn" and all(
        re.fullmatch(r"arn:[^:]*:s3:::[^:/]+", value) for value in entry.values
    )


def _services(principals: Principals | None) -> Iterator[str]:
    if principals is not None and not principals.negated:
        for kind, values in principals.by_type:
            if kind == "Service":
                yield from values


def _service_of(item: Item, statement: Statement) -> str:
    """Return the service of the resource that a policy belongs to, "" where nobody says it."""
    if item.service is not None:
        return item.service
    named = {value.partition(":")[0].lower() for value in statement.actions.values}
    return named.pop() if len(named) == 1 and not statement.actions.negated else ""


def _ties(entry: Entry) -> bool:
    """Tell whether a test names for whom a service may work, and holds for no request without it."""
    key = entry.key.lower()
    if key in _OF_ANY_SERVICE or (key not in _SOURCES and not is_about_callers(entry)):
        return False
    prefix, base, optional = split_operator(entry.operator)
    if (optional or prefix == "ForAllValues") and key not in _ALWAYS:
        return False
    return base not in NEGATED | {"Null"} and not any(is_open(entry, v) for v in entry.values)


def _is_guard(statement: Statement) -> bool:
    """Tell whether a `deny` keeps out services that work for others."""
    return (
        statement.effect == "Deny"
        and (is_anyone(statement.principals) or any(_services(statement.principals)))
        and any(
            entry.key.lower() in _SOURCES and split_operator(entry.operator)[1] in NEGATED
            for entry in statement.condition
        )
    )


def _hint(item: Item, arn: str) -> str:
    if item.written:
        test = f"; closer is `aws:SourceArn like {arn}`" if arn else ""
        return f"add `when aws:SourceAccount == aws.account`{test}"
    test = f", or `aws:SourceArn` against `{arn}`" if arn else ""
    return f"test `aws:SourceAccount`{test}"


def _fix(item: Item, statement: Statement, *, complete: bool) -> Fix | None:
    """Return the fix that adds a test to a sentence with none, if it is about such services alone."""
    whole = place(statement)
    principals = statement.principals
    if (
        not (item.written and complete)
        or whole is None
        or statement.condition
        or statement.sid
        or principals is None
        or any(kind != "Service" for kind, _ in principals.by_type)
        or _IN_LISTS & set(whole.text)
    ):
        return None
    test = " when aws:SourceAccount == aws.account"
    return Fix(f"add `{test.strip()}`", (Edit(_end(whole), test),), safe=False)


def _end(whole: Span) -> Span:
    return type(whole)(whole.source, whole.end, whole.end)
