"""How names are written: those of what is declared with small letters and hyphens.

No rule of AWS's, which compares names of identities without case ("reference_iam-quotas"): a habit
that keeps names from differing by case alone, and that all examples of this project follow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from iamdsl.diagnostics import codes
from iamdsl.lint.wording import heading

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Document, Identity
    from iamdsl.lint.items import World

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")
_CALLED: Final = {"managed": "policy", "resource": "policy", "scp": "SCP", "rcp": "RCP"}


def check(world: World, report: Report) -> None:
    """Tell of names in sources that have capitals or underscores."""
    if not any(item.written for item in world.items):
        return
    for _, inner in world.build.each():
        for document in inner.documents:
            _look(document, report)
        for identity in inner.identities:
            _look(identity, report)


def _look(one: Document | Identity, report: Report) -> None:
    if not one.origin or (one.name == one.name.lower() and "_" not in one.name):
        return
    span = heading(one.origin[0])
    if f'"{one.name}"' in span.text:
        return  # in quotes: a name that is given from outside
    kind = _CALLED.get(one.kind, one.kind.replace("_", " "))
    report.add(
        codes.NAME_STYLE,
        span,
        f"{kind} `{one.name}` is not written with small letters and hyphens",
        label=f"`{_WORDS.sub('-', one.name).strip('-').lower()}`",
        hint="rename it before it is first deployed: to AWS another name is another one",
    )
