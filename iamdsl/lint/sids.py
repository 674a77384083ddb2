"""Names of statements: which characters AWS takes in them, and that no two are the same.

The compiler checks those of sources. AWS "reference_policies_elements_sid"; Access Analyzer's
UNSUPPORTED_SID, UNIQUE_SIDS_REQUIRED, and UNIQUE_SIDS_RECOMMENDED for policies of resources, whose
services mostly take what IAM refuses.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from iamdsl.aws.names import name_problem
from iamdsl.aws.resource_policies import of_service
from iamdsl.diagnostics import Diagnostic, Fix, Label, Severity, codes
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import Item, World


def check(world: World, report: Report) -> None:
    """Report Sids that AWS refuses, and those that stand twice in one policy."""
    for item in world.items:
        if item.written:
            continue
        rule = _rule(item)
        first: dict[str, Statement] = {}
        for statement in item.policy.statements:
            sid = statement.sid
            if sid is None:
                continue
            if first.setdefault(sid, statement) is not statement:
                _twice(statement, first[sid], sid, item, report)
            elif rule and (problem := name_problem(rule, sid)):
                _refused(statement, sid, problem, rule, item, report)


def _rule(item: Item) -> str:
    """Return the rule of `aws.names` for the Sids of a policy, "" where none is known."""
    if item.kind != "resource":
        return "sid"
    found = of_service(item.service or "")
    rule = found.sid if found is not None else ""
    return "" if rule == "sid-resource" else rule  # what such services refuse, no page says


def _refused(
    statement: Statement, sid: str, problem: str, rule: str, item: Item, report: Report
) -> None:
    span = place(statement, "Sid", sid)
    better = re.sub(r"[^A-Za-z0-9]", "", sid)
    used = [s.sid for s in item.policy.statements]
    free = better and better not in used and used.count(sid) == 1
    literal = span is not None and span.text == json.dumps(sid)
    report.add(
        codes.BAD_SID,
        span,
        f"the Sid `{sid}` {problem}",
        hint="use letters and digits only" if rule == "sid" else "shorten or respell it",
        fix=Fix.writing(json.dumps(better), span) if span and literal and free else None,
    )


def _twice(statement: Statement, first: Statement, sid: str, item: Item, report: Report) -> None:
    severity = Severity.WARNING if item.kind == "resource" else Severity.ERROR
    notes = [Label(at, "first used here")] if (at := place(first, "Sid", sid)) else []
    found = Diagnostic(
        codes.BAD_SID,
        severity,
        f"the Sid `{sid}` is used twice in `{item.name}`",
        place(statement, "Sid", sid),
        "",
        tuple(notes),
        "give one of them another name",
    )
    report.extend([found])
