"""Where a part of a statement stands: found in the text that the statement was written as.

A statement knows the sentence, or the JSON object, that it came from; its parts are looked for in
that text. What is not found there to the letter, such as an ARN that a builder made, is shown by
the nearest that is: its clause, or the whole statement.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from iamdsl.source import Borrowed, Span

if TYPE_CHECKING:
    from iamdsl.iam import Statement

Element: TypeAlias = Literal["Action", "Resource", "Principal", "Condition", "Sid"]

_CLAUSES = {"Resource": r"\bon\b", "Principal": r"\bto\b", "Condition": r"\b(?:when|unless)\b"}
_NAME = r"[\w*?:/.@+=-]"


def place(statement: Statement, element: Element | None = None, *texts: str) -> Span | None:
    """Return where a part of a statement stands; None where nothing is known of the statement.

    Args:
        element: the element that the part is of; `Action` is `NotAction` as well.
        texts: the part as IAM has it: an action, a resource, a principal; of a condition the key,
            or key and value.
    """
    if not statement.origin:
        return None
    whole = statement.origin[0]
    if isinstance(whole, Borrowed):
        whole = whole.origins[0]()
    if element is None:
        return whole
    text = whole.text
    if text.startswith("{"):
        return _in_json(whole, element, texts)
    return _in_sentence(whole, text, element, texts)


def _in_json(whole: Span, element: Element, texts: tuple[str, ...]) -> Span:
    """Find a part in the JSON of a statement, in the value of its element.

    Of a statement over several lines `whole` is the bracket that it opens with.
    """
    text = whole.source.text
    found = re.compile(rf'"(?:Not)?{element}"\s*:\s*').search(
        text, whole.start, end_of(text, whole.start, whole.end)
    )
    if found is None:
        return whole
    at, end = found.end(), end_of(text, found.end(), found.end())
    best = Span(whole.source, found.start(), text.index('"', found.start() + 1) + 1)
    for part in texts:
        quoted = json.dumps(part, ensure_ascii=False)
        start = text.find(quoted, at, end)
        if start < 0 and (other := re.compile(re.escape(quoted), re.IGNORECASE).search(text, at)):
            start = other.start() if other.end() <= end else -1
        if start < 0:
            break
        at = start + len(quoted)
        best = Span(whole.source, start, at)
    return best


def end_of(text: str, start: int, otherwise: int) -> int:
    """Return where the JSON value ends that begins at an offset.

    What is no JSON, as a document that stands escaped in a text, ends as it is said otherwise.
    """
    try:
        return json.JSONDecoder().raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return max(start, otherwise)


def _in_sentence(whole: Span, text: str, element: Element, texts: tuple[str, ...]) -> Span:
    """Find a part in a sentence of the language, in its clause where it has one of its own."""
    at, best = 0, whole
    clause = _CLAUSES.get(element)
    if clause is not None and (found := re.search(clause, text)):
        at = found.end()
    for part in texts:
        named = [part] if element != "Action" else [part, part.partition(":")[2]]
        spots = (_find(word, text, at) for word in named if word)
        spot = next((s for s in spots if s is not None), None)
        if spot is None:
            break
        at = spot[1]
        best = Span(whole.source, whole.start + spot[0], whole.start + spot[1])
    return best


def _find(word: str, text: str, at: int) -> tuple[int, int] | None:
    """Return where a name stands by itself in a text, from an offset on."""
    pattern = re.compile(rf"(?<!{_NAME}){re.escape(word)}(?!{_NAME})", re.IGNORECASE)
    found = pattern.search(text, at)
    return (found.start(), found.end()) if found is not None else None
