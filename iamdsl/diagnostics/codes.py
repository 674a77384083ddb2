"""Every code there is: number, name, severity and one sentence.

First digit: 0 text and syntax, 1 names and modules, 2 types and AWS facts, 3 what IAM can hold,
4 what a project promises of itself, 5 project and machine, 6 import, 7 targets and deployments,
8 what a reviewer would say, 9 a bug of ours. Numbers and names are stable and never used again.
Each code has an essay, `explain/<number>.md`, whose examples the tests run.
"""

from __future__ import annotations

from iamdsl.diagnostics._core import Code
from iamdsl.diagnostics._deploy_codes import *  # noqa: F403
from iamdsl.diagnostics._language_codes import *  # noqa: F403
from iamdsl.diagnostics._project_codes import *  # noqa: F403
from iamdsl.diagnostics._review_codes import *  # noqa: F403

ALL: tuple[Code, ...] = tuple(
    sorted((c for c in list(globals().values()) if isinstance(c, Code)), key=lambda c: c.number)
)


def find(text: str) -> Code | None:
    """Return the code with that number or name, in any case, or None."""
    wanted = text.strip().lower()
    return next((c for c in ALL if wanted in (c.number.lower(), c.name)), None)
