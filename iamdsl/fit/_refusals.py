"""What is said when something cannot be made to fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import Label, codes
from iamdsl.iam import statement_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.source import Span

# Statements that are named as the largest.
_NAMED = 3

WAYS_OUT = {
    "boundary": "grant with wider patterns, or leave what no role of it needs to no one",
    "rcp": "write it as several `rcp`s and attach each: every `deny` of every one holds",
    "resource": "grant to fewer, wider principals or resources, or move grants to the callers' policies",
    "scp": "write it as several `scp`s and attach each to the same place: a `deny` of one holds "
    "for all, but what is allowed there must be allowed by one of them",
    "session": "attach a managed policy to the session instead of writing its statements",
    "trust": "trust whole accounts with a condition on `aws:PrincipalArn`, or raise the quota "
    "`trust-policy-size`",
}
"""One act for each kind that cannot be split."""


def too_large(
    report: Report,
    what: str,
    sizes: tuple[int, int],
    statements: Sequence[Statement],
    *,
    place: Sequence[Span],
    hint: str,
    lengths: Mapping[str, int],
) -> None:
    """Report a document that is over its limit; `sizes` are (characters, limit).

    The largest statements are named with their sizes in *characters without white space*.
    """
    size, limit = sizes
    weights = sorted(
        ((statement_size(s, lengths), i) for i, s in enumerate(statements)),
        key=lambda w: (-w[0], w[1]),
    )
    notes = [
        Label(statements[i].origin[0], f"{weight:,} characters come from here")
        for weight, i in weights[:_NAMED]
        if statements[i].origin
    ]
    report.add(
        codes.TOO_LARGE,
        place[0] if place else None,
        f"{what} has {size:,} characters, {size - limit:,} more than the {limit:,} that AWS takes",
        label="too large after everything was joined that can be",
        notes=notes,
        hint=hint,
    )


def too_many(
    report: Report,
    what: str,
    counts: tuple[int, int],
    place: Sequence[Span],
    hint: str,
    policies: str = "managed policies",
) -> None:
    """Report something with more attached policies than its quota; `counts` are (had, quota)."""
    count, quota = counts
    report.add(
        codes.TOO_MANY_ATTACHMENTS,
        place[0] if place else None,
        f"{what} would have {count} {policies} attached, {count - quota} more than the {quota} "
        "that AWS takes",
        label="too many attachments",
        hint=hint,
    )
