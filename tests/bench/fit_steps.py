"""The third table of `fit.py`: how many policies of a role an edit of one line changes."""

from __future__ import annotations

import json
import statistics
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import fit_edits
import fit_ours
import fit_packing
from fit_fetch import CDK, NotFetchedError
from fit_packing import INLINE, MANAGED, text
from fit_tables import Bench, inexact, not_fetched, table
from fit_unions import unions

from iamdsl.iam import from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fit_tables import Json


ROLES = 4
A_ROLE = 60
"""Policies of which an edited role has the statements."""
UNDONE = 5
"""Each fifth edit is taken back, and made again."""
COMPARED = 20
"""Each twentieth of our builds is written out to all actions, and compared."""


class Step(NamedTuple):
    """The policies of a role after an edit: something that tells them apart, by name."""

    policies: dict[str, Any]
    over: int


class Plan(NamedTuple):
    """Edits of a role; `kinds` tells for each whether it is an `edit`, its `undo` or a `redo`."""

    statements: list[Json]
    edits: list[fit_edits.Edit]
    kinds: list[str]


def planned(statements: list[Json], pool: Sequence[Json], number: int, seed: int) -> Plan:
    """Return so many edits, some of them taken back and made again."""
    now, edits, kinds = list(statements), [], []
    for i, edit in enumerate(fit_edits.edits(statements, pool, number, seed)):
        back = fit_edits.apply(now, edit)
        edits.append(edit)
        kinds.append("edit")
        if i % UNDONE == 0:
            edits += [back, edit]
            kinds += ["undo", "redo"]
    return Plan(statements, edits, kinds)


def naive_steps(plan: Plan) -> list[Step]:
    """Pack anew each time."""
    now = list(plan.statements)
    steps = []
    for edit in (None, *plan.edits):
        if edit is not None:
            fit_edits.apply(now, edit)
        texts = [text(d) for d in fit_packing.first_fit(now)]
        over = sum(1 for t in texts if len(t) > MANAGED)
        steps.append(Step({f"policy-{i}": t for i, t in enumerate(texts)}, over))
    return steps


def cdk_steps(bench: Bench, plan: Plan) -> tuple[list[Step], float]:
    """Let the CDK split the role each time."""
    edits = [[e.at, e.gone, e.come] for e in plan.edits]
    answer = bench.fetched.cdk("edits", {"statements": plan.statements, "edits": edits})
    steps = [
        Step(
            inline | managed,
            sum(1 for size, _ in managed.values() if size > MANAGED)
            + (sum(size for size, _ in inline.values()) > INLINE),
        )
        for inline, managed in answer["steps"]
    ]
    return steps, answer["seconds"]


def our_steps(plan: Plan) -> list[Step]:
    """Fit the role each time, with what the build before kept."""
    now, kept = list(plan.statements), None
    steps = []
    for edit in (None, *plan.edits):
        if edit is not None:
            fit_edits.apply(now, edit)
        statements = from_json(fit_packing.document(now)).statements
        found = fit_ours.role(statements, kept, proves=False)
        kept = found.kept
        over = sum(1 for t in found.managed.values() if len(t) > MANAGED)
        steps.append(
            Step(
                found.inline | found.managed, over + (sum(map(len, found.inline.values())) > INLINE)
            )
        )
    return steps


def faults(bench: Bench, plan: Plan, steps: Sequence[Step]) -> list[str]:
    """Return what is wrong with some of our steps, and what was not as before."""
    now, found = list(plan.statements), []
    for i, (edit, kind) in enumerate(zip(plan.edits, plan.kinds, strict=True)):
        fit_edits.apply(now, edit)
        if i % COMPARED == 0:
            made = [json.loads(policy) for policy in steps[i + 1].policies.values()]
            if said := inexact(bench, fit_packing.document(now), made):
                found.append(f"edit {i}: {said}")
        if kind == "undo" and steps[i - 1].policies != steps[i + 1].policies:
            found.append(f"edit {i}, {edit.kind}: not as before")
    return found


def edit_row(
    what: str, plans: Sequence[Plan], steps: Sequence[list[Step]], seconds: float
) -> list[str]:
    """Return a row: how many policies an edit changes."""
    changed, undone, same = [], 0, 0
    for plan, made in zip(plans, steps, strict=True):
        for i, kind in enumerate(plan.kinds):
            before, after = made[i].policies, made[i + 1].policies
            if kind == "edit":
                changed.append(sum(before.get(n) != after.get(n) for n in {*before, *after}))
            elif kind == "undo":
                undone += 1
                same += made[i - 1].policies == after
    changed.sort()
    builds = sum(map(len, steps))
    return [
        what,
        f"{len(changed):,}",
        f"{statistics.median(changed):g}",
        str(changed[len(changed) * 9 // 10]),
        str(changed[-1]),
        f"{statistics.mean(changed):.2f}",
        f"{sum(1 for c in changed if c <= 1) / len(changed):.0%}",
        f"{same} of {undone}",
        str(sum(s.over for some in steps for s in some)),
        f"{seconds / builds * 1e3:,.0f}",
    ]


def edits(bench: Bench, number: int) -> None:
    """Print the third table."""
    roles = unions(bench, ROLES, A_ROLE)
    pool = [s for name in sorted(roles) for s in roles[name]["Statement"]]
    plans = [
        planned(list(d["Statement"]), pool, number // ROLES, seed)
        for seed, d in enumerate(roles.values())
    ]
    began = time.process_time()
    steps = [naive_steps(plan) for plan in plans]
    rows = [edit_row("as they are, first fit", plans, steps, time.process_time() - began)]
    if bench.peers:
        try:
            found = [cdk_steps(bench, plan) for plan in plans]
            seconds = sum(took for _, took in found)
            rows.append(edit_row(f"{CDK}, Role", plans, [some for some, _ in found], seconds))
        except NotFetchedError as why:
            rows.append(not_fetched(CDK, why))
    began = time.process_time()
    steps = [our_steps(plan) for plan in plans]
    rows.append(edit_row("**iamdsl, role**", plans, steps, time.process_time() - began))
    wrong = [w for plan, made in zip(plans, steps, strict=True) for w in faults(bench, plan, made)]
    head = "policies changed by an edit of one line | edits | median | p90 | max | mean | at most 1 | taken back: as before | over a limit | CPU ms a build"
    table(f"3  edits of {ROLES} roles, each of {A_ROLE} policies' statements", head, rows)
    for line in wrong:
        print(f"! {line}")
