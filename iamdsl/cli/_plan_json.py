"""A plan, what came of it, or how an account has drifted, as JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iamdsl.cli._diff_json import subject
from iamdsl.cli._diff_words import tally
from iamdsl.cli._plan_text import counts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.cli._deploying import Begun
    from iamdsl.deploy._terms import Step
    from iamdsl.deploy.planning import Planned

VERSION = 1
"""Of the document; raised when a member changes its meaning or goes away."""


def text(found: Planned, on: Begun, **more: Any) -> str:
    """Return a plan as a JSON document; `more` are members that only one command has."""
    plan = found.plan
    total = tally(found.found)
    document = {
        "version": VERSION,
        "project": on.made.project,
        "account": {"id": on.session.account, "name": on.made.account or None},
        "partition": on.session.partition,
        "region": on.session.region or None,
        "summary": {**counts(plan)._asdict(), "gained": total.gained, "lost": total.lost},
        "steps": steps(plan.steps),
        "conflicts": [{**c._asdict(), "adopt": c.key} for c in plan.conflicts],
        "problems": list(plan.problems),
        "stays": [{"kind": kind, "name": name} for kind, name in plan.stays],
        "notes": [*on.made.notes, *plan.notes],
        "subjects": [subject(changed) for changed in found.found.subjects],
        "other_settings": [
            {
                "kind": kind,
                "name": name,
                "settings": [
                    {"name": s.name, "before": s.before, "after": s.after} for s in settings
                ],
            }
            for (kind, name), settings in sorted(found.aside.items())
        ],
        **more,
    }
    return json.dumps(document, indent=2) + "\n"


def steps(found: Iterable[Step]) -> list[dict[str, Any]]:
    """Return steps, each with the call that it is."""
    return [step._asdict() for step in found]
