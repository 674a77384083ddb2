"""What no part of a source may hold; looked for before anything is parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.source import Span

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.source import Source

MAX_CHARACTERS = 4_000_000
MAX_DEPTH = 64

# Controls, bidirectional marks (CVE-2021-42574), and the two characters that mark places in
# texts whose value is known only at deployment.
FORBIDDEN = frozenset(
    "".join(map(chr, (*range(9), 0x0B, *range(0x0E, 0x20), 0x7F)))
    + "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ue000\ue001"
)
_CHAIN = r"(?:\bnot\s+){65}|(?:\.[A-Za-z_][\w-]*){65}|(?:\)\s*\(){65}"
_BRACKETS = r'"(?:\\.|[^"\\\n])*"|#[^\n]*|[\[({]|[\])}]'


def refuse(source: Source, report: Report) -> bool:
    """Report what no part of a source may hold; True when there is no use in parsing."""
    text = source.text
    if len(text) > MAX_CHARACTERS:
        report.add(
            codes.FILE_TOO_LARGE,
            None,
            f"`{source.name}` has {len(text):,} characters; a source may have {MAX_CHARACTERS:,}",
            hint="split it into modules, or bring the data in by `import` of a JSON file",
        )
        return True
    if bad := FORBIDDEN.intersection(text):
        at = min(map(text.index, bad))
        mark = ord(text[at])
        report.add(
            codes.FORBIDDEN_CHARACTER,
            Span(source, at, at + 1),
            f"the character U+{mark:04X} may not stand in a source",
            hint="remove it: what a reader cannot see has no place in a policy",
        )
        return True
    many = any(text.count(mark) > MAX_DEPTH for mark in ("not", ".", ")"))
    if many and (found := re.search(_CHAIN, text)):
        report.add(
            codes.NESTED_TOO_DEEP,
            Span(source, found.start(), min(found.start() + 20, found.end())),
            f"more than {MAX_DEPTH} `not`s, `else if`s or fields in a row",
            hint="give inner parts names with `let`",
        )
        return True
    if sum(map(text.count, "[({")) > MAX_DEPTH and (at := _too_deep(text)) >= 0:
        report.add(
            codes.NESTED_TOO_DEEP,
            Span(source, at, at + 1),
            f"brackets are nested more than {MAX_DEPTH} deep here",
            hint="give inner parts names with `let`, or make a `template` of them",
        )
        return True
    return False


def _too_deep(text: str) -> int:
    depth = 0
    for found in re.finditer(_BRACKETS, text):
        mark = found.group()
        if mark in "[({":
            depth += 1
            if depth > MAX_DEPTH:
                return found.start()
        elif mark in "])}":
            depth = max(0, depth - 1)
    return -1
