"""Blanks of a template in a document: what somebody, or something, fills in before AWS reads it."""

from __future__ import annotations

import re
from functools import lru_cache

from iamdsl.iam import PLACEHOLDER_OPEN

_BLANK = re.compile(
    r"\$\{[A-Za-z_][\w. -]*\}"  # no variable of IAM's: those have a colon
    r"|<[A-Za-z_][^<>]*>"
    r"|\{\{[^{}]*\}\}"
    r"|\[[A-Z][A-Z_ -]+\]"
    r"|%[A-Z_]+%"
)
_ESCAPED = "${$}{"
"""How `iam` writes the `${` of a document that knows no variables."""


@lru_cache(maxsize=8192)  # several rules ask of each text
def blank_in(text: str) -> str:
    """Return the first blank in an action or ARN, `${Account}` or `<account>`; "" for none."""
    if not set("$<{[%") & set(text):
        return ""
    found = _BLANK.search(text.replace(_ESCAPED, "${"))
    return found.group() if found is not None else ""


def is_open(text: str) -> bool:
    """Tell whether a part of a text is known later only: what a deployment or a person fills in."""
    return PLACEHOLDER_OPEN in text or bool(blank_in(text))
