"""Roles and users by which others become administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.analysis.holders import holders, joined
from iamdsl.analysis.takeover import takeovers
from iamdsl.diagnostics import Label, codes
from iamdsl.lint.granting import granted_at, spot
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.analysis.takeover import Step
    from iamdsl.diagnostics import Report
    from iamdsl.lint.items import World
    from iamdsl.source import Span


def check(world: World, report: Report) -> None:
    """Warn of identities that can become one that may do everything, in one step or several."""
    if not world.whole:
        return
    alike: dict[tuple[object, ...], list[tuple[Step, ...]]] = {}
    for steps in takeovers(holders(world.build, world.pseudo), world.catalogue):
        key = (spot(steps[0].granted), *(step.role for step in steps))
        alike.setdefault(key, []).append(steps)
    for several in alike.values():
        steps = several[0]
        who = joined([one[0].holder.title for one in several])
        chain = " -> ".join([steps[0].holder.name, *(step.role.name for step in steps)])
        first = steps[0]
        span = granted_at(first.granted, first.action)
        report.add(
            codes.WAY_TO_ADMINISTRATOR,
            span,
            f"{who} can become an administrator: {chain}",
            label=_allowed(first),
            notes=[*_notes(steps, {span})],
            hint=_hint(first),
        )


_GAINS: Final = {
    "iam:UpdateAssumeRolePolicy": "rewrites the trust of",
    "iam:CreateAccessKey": "makes access keys of",
    "iam:CreateLoginProfile": "gives a password to",
    "iam:UpdateLoginProfile": "changes the password of",
}
"""What one does to another identity so as to become it, by action."""


def _allowed(step: Step) -> str:
    if step.action in _GAINS:
        return f"{step.holder.name} {_GAINS[step.action]} {step.role.name}"
    if step.service:
        return f"{step.holder.name} passes {step.role.name} to `{step.service}`"
    return f"{step.holder.name} may assume {step.role.name}"


def _hint(step: Step) -> str:
    if step.action in _GAINS:
        return f"leave {step.role.name} out of what `{step.action}` is allowed on"
    if step.service:
        return f"leave {step.role.name} out of the roles that {step.holder.name} may pass"
    return f"leave {step.holder.name} out of the trust of {step.role.name}"


def _notes(steps: tuple[Step, ...], seen: set[Span | None]) -> Iterator[Label]:
    for step in steps:
        trust = place(step.trust, "Principal") if step.trust is not None else None
        said = ((granted_at(step.granted, step.action), _allowed(step)), (trust, _lets_in(step)))
        for span, text in said:
            if span is not None and span not in seen:
                seen.add(span)
                yield Label(span, text)


def _lets_in(step: Step) -> str:
    who = f"`{step.service}`" if step.service else step.holder.name
    return f"{step.role.name} lets in {who}"
