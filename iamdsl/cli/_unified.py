"""The difference of two texts, as `diff -u` and `patch` have it."""

from __future__ import annotations

from difflib import unified_diff
from io import StringIO

_NO_END = "\\ No newline at end of file"
"""What every tool that reads differences expects behind a last line that is not ended."""


def difference(name: str, before: str, after: str) -> str:
    """Return how a file would change; empty where it would not."""
    lines = unified_diff(StringIO(before).readlines(), StringIO(after).readlines(), name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}\n" for line in lines)
