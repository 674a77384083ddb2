"""Policy documents of others that a question is given as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.diagnostics import Report
from iamdsl.lift import reading
from iamdsl.project import loading
from iamdsl.project.problem import Problem
from iamdsl.source import Borrowed

if TYPE_CHECKING:
    from iamdsl.diagnostics import Diagnostic
    from iamdsl.iam import Policy
    from iamdsl.source import Span


def read_policy(path: str) -> Policy | tuple[Diagnostic, ...]:
    """Return the policy that a JSON file holds, as AWS takes it, or what is wrong with it.

    Each statement's origin is where it stands in the file.
    """
    file = loading.read(path, path)
    if isinstance(file, Problem):
        return (file.diagnostic(),)
    source = loading.decode(file)
    if isinstance(source, Problem):
        return (source.diagnostic(),)
    report = Report()
    tree = reading.read_json(source, report)
    policy = None if tree is None else reading.read_policy(tree, report)
    if policy is None:
        return report.diagnostics
    return attrs.evolve(
        policy,
        statements=tuple(
            attrs.evolve(s, origin=tuple(map(_settled, s.origin))) for s in policy.statements
        ),
    )


def _settled(span: Span) -> Span:
    """Return where something stands: it will be shown."""
    return span.origins[0]() if isinstance(span, Borrowed) else span
