"""Tests of names against a pattern of IAM's, made once for many names."""

from __future__ import annotations

import re
from operator import methodcaller
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a test of lower-case names against a lower-case pattern, quick for plain ends."""
    if "?" not in pattern:
        stars = pattern.count("*")
        if stars == 0:
            return pattern.__eq__
        if stars == 1:
            head, _, tail = pattern.partition("*")
            least = len(pattern) - 1
            if not tail:
                return methodcaller("startswith", head)
            return lambda name: len(name) >= least and name.startswith(head) and name.endswith(tail)
    test = re.compile(_expression(pattern), re.DOTALL).fullmatch
    return lambda name: test(name) is not None


def _expression(pattern: str) -> str:
    """Return a regular expression for a pattern, of which no text takes long to try.

    What stands between two asterisks is taken where it comes first: if the rest does not follow
    there, it follows nowhere.
    """
    first, *others = ("".join("." if c == "?" else re.escape(c) for c in part)
                      for part in pattern.split("*"))  # fmt: skip
    if not others:
        return first
    *middle, last = others
    return f"{first}{''.join(f'(?>.*?{part})' for part in middle if part)}.*{last}"
