"""Roles by which others become administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def check(world: World, report: Report) -> None:
    """Warn of identities that can become a role that may do everything, in one step or several."""
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
            notes=[note for note in _notes(steps) if note.span != span],
            hint=f"leave out of the trust of {first.role.name} who is not to have its permissions",
        )


def _allowed(step: Step) -> str:
    if step.service:
        return f"{step.holder.name} passes {step.role.name} to `{step.service}`"
    return f"{step.holder.name} may assume {step.role.name}"


def _notes(steps: tuple[Step, ...]) -> Iterator[Label]:
    for number, step in enumerate(steps):
        span = granted_at(step.granted, step.action)
        if number and span is not None:
            yield Label(span, _allowed(step))
        trust = place(step.trust, "Principal") if step.trust is not None else None
        if trust is not None:
            who = f"`{step.service}`" if step.service else "whoever may assume it"
            yield Label(trust, f"{step.role.name} trusts {who}")
