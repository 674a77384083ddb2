"""Texts as bash reads them, and JSON in which something is left open."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from iamdsl import iam
from iamdsl.emit._marks import Mark, parts

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a script finds out by itself stands in texts as marks too, whose names no source can have.
POLICIES = iam.placeholder("=policies")
ROOT = iam.placeholder("=root")
TEXT = iam.placeholder("=text")
FOUND = iam.placeholder("=found")
ARN = iam.placeholder("=resource")
ARN_ACCOUNT = iam.placeholder("=resource_account")
GROUPS = tuple(iam.placeholder(f"=part_{number}") for number in (1, 2, 3))

_PSEUDO = {
    "aws.account": "account",
    "aws.partition": "partition",
    "aws.region": "region",
    "aws.url_suffix": "url_suffix",
}


class Quoting:
    """Writes texts as words of bash.

    Args:
        variables: those of the externs, by name.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = {**_PSEUDO, **variables}
        self.used: set[str] = set()

    def word(self, text: str) -> str:
        """Return a text as one word: literal parts in single quotes, open ones in double quotes.

        Nothing but the one variable stands in double quotes, so that bash reads nothing else.
        """
        found = parts(text)
        return "".join(self._part(part) for part in found) if found else "''"

    def _part(self, part: str | Mark) -> str:
        if isinstance(part, Mark):
            own = part.name.startswith("=")
            variable = part.name[1:] if own else self._variables[part.name]
            self.used.add(variable)
            return f'"${variable}"'
        return "'" + part.replace("'", "'\\''") + "'"


_NOT_PLAIN = re.compile(f"[^\n -~{iam.PLACEHOLDER_OPEN}{iam.PLACEHOLDER_CLOSE}]")


def to_json(data: object, *, lines: bool = False) -> str:
    """Return JSON in ASCII, in which marks are left as they are.

    What fills them in later needs no escaping (`iam.Extern`).

    Args:
        lines: indented. Without line breaks and the blanks that lines begin with, it is the text
            without `lines`; a script relies on that.
    """
    indent = 2 if lines else None
    text = json.dumps(data, indent=indent, separators=(",", ":"), ensure_ascii=False)
    return _NOT_PLAIN.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def remark(text: str) -> str:
    """Return a text as a comment can hold it: in one line, what is open in angle brackets."""
    shown = "".join(f"<{p.name}>" if isinstance(p, Mark) else p for p in parts(text))
    return re.sub(r"[^ -~]", "?", shown)
