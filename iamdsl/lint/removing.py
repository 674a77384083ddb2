"""What is left of a text when a part of it goes: a statement, or values of a list.

A fix is made only where the rest is certainly right as a text: lines are taken whole, lists keep
their commas, and what is not found to the letter is left to people.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from iamdsl.diagnostics import Edit, Fix
from iamdsl.source import Borrowed, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.iam import Statement

_ELEMENTS = ("Action", "Resource")
_ITEM = re.compile(r'"[^"\n]*"|[^\s,\[\]"]+')
_LISTS = {
    "Action": re.compile(
        r"(?:allow|deny)\s+(?:(?P<service>[\w-]+:)\[(?P<inner>[\w*?\s,]+)\]"
        r"|(?P<plain>[\w-]+:[\w*?]+(?:\s*,\s*[\w-]+:[\w*?]+)+))\s+(?:on|to)\b"
    ),
    "Resource": re.compile(
        r'[^"]*?\bon\s+\[(?P<inner>(?:\s*(?:"[^"{\n]*"|arn:[^\s,\])}{;#"]+)\s*,?)+)\]'
        r'|[^"]*?\bon\s+(?P<plain>arn:[^\s,\])}{;#"]+(?:\s*,\s*arn:[^\s,\])}{;#"]+)+)'
    ),
}
_STRING = re.compile(r'[\s,]*("[^"\\]*(?:\\.[^"\\]*)*")')


def removal(statement: Statement, *, safe: bool) -> Fix | None:
    """Return the fix that removes a statement that says nothing; None where people must do it.

    Only a sentence that has its lines to itself goes; what is left of a JSON list stays a list.

    Args:
        safe: whether surely nobody meant it otherwise; what a comment is about never is.
    """
    if not statement.origin:
        return None
    span = statement.origin[0]
    if isinstance(span, Borrowed):
        return _of_json(span.origins[0](), safe=safe)
    return _of_sentence(span, safe=safe)


def _of_sentence(span: Span, *, safe: bool) -> Fix | None:
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end + 1
    alone = not text[start : span.start].strip() and not text[span.end : end].strip()
    before, after = text[:start].rstrip(), text[end:].lstrip()
    # A block with nothing in it, or a comment about nothing, is no better than before.
    if not alone or (before.endswith("{") and after.startswith("}")):
        return None
    last = before.rpartition("\n")[2].lstrip()
    safe = safe and not last.startswith("#")
    return Fix("remove it", (Edit(span.part(start, end), ""),), safe)


def _of_json(span: Span, *, safe: bool) -> Fix | None:
    text = span.source.text
    if text[span.start : span.start + 1] != "{":
        return None
    try:
        end = json.JSONDecoder().raw_decode(text, span.start)[1]
    except (ValueError, RecursionError):
        return None
    edit = _item(span, span.start, end)
    return None if edit is None else Fix("remove it", (edit,), safe)


def _item(span: Span, start: int, end: int) -> Edit | None:
    """Return the edit that takes an item out of a list, with the comma before or behind it."""
    text = span.source.text
    before = len(text[:start].rstrip())
    if text[before - 1 : before] == ",":
        return Edit(span.part(before - 1, end), "")
    found = re.compile(r"\s*,\s*").match(text, end)
    if found is None or text[before - 1 : before] != "[":
        return None
    return Edit(span.part(start, found.end()), "")


def spots(statement: Statement, element: str, values: Sequence[str] | None = None) -> list[Span]:
    """Return where the values of a list stand, one by one; none where that is not certain.

    Args:
        element: `Action` or `Resource`, and so is `NotAction`; of principals their type.
        values: as the statement has them; without them sentences are not looked at.
    """
    if not statement.origin:
        return []
    span = statement.origin[0]
    if not isinstance(span, Borrowed):
        return [] if values is None else _in_sentence(span, element, values)
    span = span.origins[0]()
    text = span.source.text
    if text[span.start : span.start + 1] != "{":
        return []
    try:
        end = json.JSONDecoder().raw_decode(text, span.start)[1]
    except (ValueError, RecursionError):
        return []
    negated = "(?:Not)?" if element in _ELEMENTS else ""
    found = re.compile(rf'"{negated}{element}"\s*:\s*\[').search(text, span.start, end)
    if found is None:
        return []
    return [span.part(*at) for at in _strings(text, found.end())]


def _in_sentence(span: Span, element: str, values: Sequence[str]) -> list[Span]:
    """Return where the values stand of a sentence that lists them to the letter."""
    text = span.text
    found = _LISTS[element].match(text) if element in _LISTS else None
    if found is None:
        return []
    items = [
        span.part(span.start + m.start(), span.start + m.end())
        for m in _ITEM.finditer(text, *found.span("inner" if found["inner"] else "plain"))
    ]
    before = (found.groupdict().get("service") or "").lower()
    texts = [before + item.text.strip('"').lower() for item in items]
    return items if texts == [v.lower() for v in values] else []


def _strings(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield where the strings of a JSON list stand, from behind its bracket on."""
    while (found := _STRING.match(text, at)) is not None:
        yield found.span(1)
        at = found.end()


def without(values: Sequence[Span], gone: Sequence[int]) -> Fix | None:
    """Return the fix that takes some values out of a list, given where all of its values stand."""
    if not values or len(gone) >= len(values) or max(gone, default=0) >= len(values):
        return None
    edits = []
    left = set(range(len(values))) - set(gone)
    first = min(left)
    for n in gone:
        here = values[n]
        if n < first:
            edits.append(Edit(here.part(here.start, values[n + 1].start), ""))
        else:
            edits.append(Edit(here.part(values[n - 1].end, here.end), ""))
    word = "it" if len(gone) == 1 else "them"
    return Fix(f"remove {word}", tuple(edits))
