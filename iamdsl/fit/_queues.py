"""What SQS counts besides characters: actions in a statement, and statements in a policy.

Source: AWS SQS "quotas-policies". Joining statements may put more actions into one than SQS
takes, so they are parted again here, which changes no meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.diagnostics import codes
from iamdsl.iam import Elements, Policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.aws.limits import Limits
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.source import Span


def as_queue_policy(
    policy: Policy, what: str, limits: Limits, report: Report, place: Sequence[Span]
) -> Policy:
    """Return the policy with at most as many actions in a statement as SQS takes.

    Reports `too-large` for more statements than SQS takes.
    """
    most = limits.value("sqs-policy-actions-per-statement")
    used = {s.sid for s in policy.statements}
    parted = tuple(p for s in policy.statements for p in _parts(s, most, used))
    bound = limits.value("sqs-policy-statements")
    if len(parted) > bound:
        report.add(
            codes.TOO_LARGE,
            place[0] if place else None,
            f"{what} has {len(parted)} statements, {len(parted) - bound} more than the {bound} "
            "that SQS takes",
            label="too many statements after everything was joined that can be",
            hint="grant with wider action patterns, or to fewer principals",
        )
    return attrs.evolve(policy, statements=parted)


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
