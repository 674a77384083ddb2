"""Where a part of a statement stands: found in the text that the statement was written as.

A statement knows the sentence, or the object of JSON or YAML, that it came from; its parts are looked for in
that text. What is not found there to the letter, such as an ARN that a builder made, is shown by
the nearest that is: its clause, or the whole statement.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias

from iamdsl.source import Borrowed, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.iam import Statement

Element: TypeAlias = Literal["Action", "Resource", "Principal", "Condition", "Sid"]

_CLAUSES = {"Resource": r"\bon\b", "Principal": r"\bto\b", "Condition": r"\b(?:when|unless)\b"}
_DECODER = json.JSONDecoder()
_NAME = r"[\w*?:/.@+=-]"
_MEMBER = re.compile(r"""["']?[A-Za-z]+["']?[ ]*:(?=\s)""")
"""How a mapping of YAML begins; a sentence begins with a word and a blank."""
_BELOW = re.compile(r":[ ]*(?:#.*)?\n(?:[ ]*(?:#.*)?\n)*[ ]*(?=[A-Za-z\"'])")
"""What stands between `Statement` and the mapping under it."""


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
    if text == "Statement" and (below := _BELOW.match(whole.source.text, whole.end)):
        return _in_yaml(Span(whole.source, below.end(), below.end()), whole, element, texts)
    if _MEMBER.match(text):
        return _in_yaml(whole, whole, element, texts)
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


@lru_cache(maxsize=256)
def end_of(text: str, start: int, otherwise: int) -> int:
    """Return where the JSON value ends that begins at an offset.

    What is no JSON, as a document that stands escaped in a text, ends as it is said otherwise.
    """
    try:
        return _DECODER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return max(start, otherwise)


def _in_yaml(first: Span, whole: Span, element: Element, texts: tuple[str, ...]) -> Span:
    """Find a part in a statement that is a mapping of YAML over several lines; else it is `whole`.

    `first` begins in the first of them. Lines as far in as the first, or further, are the statement's;
    a member's are those further in than its name, and the items of a list right below it.
    """
    text = whole.source.text
    start = text.rfind("\n", 0, first.start) + 1
    if text[start : first.start].strip(" -"):
        return whole  # within brackets, or behind a name
    found = None
    column = first.start - start
    named = re.compile(rf"""(["']?)(?:Not)?{element}\1[ ]*:(?=\s)""")
    for at, end in _lines(text, first.start, column):
        member = named.match(text, at)
        if found is None and member is not None and _column(text, at) == column:
            found = Span(whole.source, at, member.end() - 1)
            region = member.end(), end
        elif found is not None:
            if _column(text, at) == column and text[at] != "-":
                break
            region = region[0], end
    if found is None:
        return whole
    (at, end), best = region, found
    for part in texts:
        word = re.compile(
            rf"(?<![\w*?/.@+=:$-]){re.escape(part)}(?![\w*?/.@+=-]|:\S)", re.IGNORECASE
        )
        spot = next((m for m in word.finditer(text, at, end) if not _is_comment(text, m)), None)
        if spot is None:
            break
        at = spot.end()
        best = Span(whole.source, *spot.span())
    return best


def _lines(text: str, start: int, column: int) -> Iterator[tuple[int, int]]:
    """Yield where the lines of a mapping begin behind their blanks, and end; the first from `start`."""
    at = start
    while True:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if text[at:end].strip() and text[at] != "#":
            yield at, end
        at = end + 1
        while at < len(text) and text[at] == " ":
            at += 1
        if at >= len(text) or (text[at] not in "#\r\n" and _column(text, at) < column):
            return


def _column(text: str, at: int) -> int:
    return at - text.rfind("\n", 0, at) - 1


def _is_comment(text: str, found: re.Match[str]) -> bool:
    line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    return bool(re.search(r"(?:^|\s)#", line))


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
