"""What some services count in a policy besides characters: statements, principals and so on.

Which service counts what is in `aws.resource_policies`. Joining statements may put more actions
into one than SQS takes, so they are parted again here, which changes no meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.aws.resource_policies import of_service
from iamdsl.diagnostics import Label, codes
from iamdsl.iam import Elements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.aws.limits import Limits
    from iamdsl.aws.resource_policies import Count
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Document, Policy, Statement

_NAMED = 3

_WAYS_OUT = {
    "statements": "grant with wider action patterns, or to fewer principals",
    "principals": "name accounts, or write `account * … when aws:PrincipalOrgID == …`",
    "conditions": "say the same condition for more actions or principals at once",
}


def counted(
    policy: Policy, what: str, document: Document, limits: Limits, report: Report
) -> Policy:
    """Return the policy of a document with at most as many actions in a statement as it may have.

    Reports `too-large` for more statements, principals or conditions than it takes.
    """
    rule = of_service(document.service or "")
    for kind, name in rule.counts if rule is not None else ():
        bound = limits.value(name)
        if kind == "actions":
            used = {s.sid for s in policy.statements}
            parted = tuple(p for s in policy.statements for p in _parts(s, bound, used))
            policy = attrs.evolve(policy, statements=parted)
            continue
        numbers = [_number(s, kind) for s in policy.statements]
        if sum(numbers) > bound:
            _report(attrs.evolve(document, policy=policy), numbers, kind, bound, what, report)
    return policy


def _number(statement: Statement, kind: Count) -> int:
    """Return how many statements, principals or conditions a statement counts for."""
    if kind == "principals":
        groups = statement.principals.by_type if statement.principals is not None else ()
        return sum(len(values) for _, values in groups)
    return len(statement.condition) if kind == "conditions" else 1


def _report(
    document: Document,
    numbers: Sequence[int],
    kind: Count,
    bound: int,
    what: str,
    report: Report,
) -> None:
    total, statements = sum(numbers), document.policy.statements
    service = (document.service or "").upper()
    largest = sorted(range(len(numbers)), key=lambda i: (-numbers[i], i))[:_NAMED]
    report.add(
        codes.TOO_LARGE,
        document.origin[0] if document.origin else None,
        f"{what} has {total} {kind}, {total - bound} more than the {bound} that {service} takes",
        label=f"too many {kind} after everything was joined that can be",
        notes=[
            Label(statements[i].origin[0], f"{numbers[i]} of them come from here")
            for i in largest
            if kind != "statements" and statements[i].origin
        ],
        hint=_WAYS_OUT[kind],
    )


def _parts(statement: Statement, most: int, used: set[str | None]) -> Iterator[Statement]:
    values, sid = statement.actions.values, statement.sid
    if statement.actions.negated or len(values) <= most:
        yield statement
        return
    number = 1
    for start in range(0, len(values), most):
        name = sid
        while sid is not None and start > 0 and name in used:
            number += 1
            name = f"{sid}{number}"
        used.add(name)
        yield attrs.evolve(statement, actions=Elements(values[start : start + most]), sid=name)
