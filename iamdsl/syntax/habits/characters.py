"""Characters that no token begins with: marks of other languages and of word processors."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from iamdsl.diagnostics import Edit, Fix
from iamdsl.source import Span
from iamdsl.syntax.habits.slip import Habit, double

if TYPE_CHECKING:
    from iamdsl.source import Source

_QUOTES = "“”„‟«»″"
_PLAIN = dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys(_QUOTES + "‘’‚‛", '"')  # noqa: RUF001  # meant
_JOINED = 'text is put together inside a string: `"photos-{env}"`, lists inside a list: `[a, b]`'
_ASK = "remove it, or put text between double quotes"


def of_character(span: Span) -> Habit:
    """Return what is meant by a character that cannot be read."""
    character, text = span.text, span.source.text
    if not character.isascii():
        return _beyond_ascii(span)
    following = text[span.end : span.end + 1]
    if character == "&" and following == "&":
        return double(span, "and")
    if character == "!":
        return _bang(span)
    if character in "'`":
        return _quoted(span)
    if character == ";":
        fix: Fix | None = Fix("remove `;`", (Edit(span, ""),))
        message, hint = "`;` has no meaning here", "statements need no `;`: remove it"
        return Habit(message, hint, span, fix)
    line = text.rfind("\n", 0, span.start) + 1
    if character == "-" and not text[line : span.start].strip():
        fix = Fix("remove `-`", (Edit(span, ""),))
        return Habit("`-` has no meaning here", "statements need no bullet: remove it", span, fix)
    if character in "+%":
        return Habit(f"`{character}` has no meaning here", _JOINED, span, _joined(span))
    hint = {
        "&": "write `and`",
        "-": "there is no arithmetic: write the value itself",
        "/": "there is no arithmetic: write the value itself",
        "$": "a `$` stands only in strings and ARNs, before `{key}`",
    }.get(character, _ASK)
    return Habit(f"`{character}` has no meaning here", hint, span)


def comment(source: Source, start: int, end: int) -> Habit:
    """Return what is said of a comment of C, whose text is from `start` to `end`."""
    place = Span(source, start, start + 2)
    if source.text.startswith("//", start):
        hint = "comments begin with `#`"
        return Habit("`//` has no meaning here", hint, place, Fix.writing("#", place))
    body = source.text[start + 2 : end].removesuffix("*/")
    written = "\n".join(f"# {line.strip(' *')}".rstrip() for line in body.split("\n"))
    alone = re.match(r"[ \t]*(?:\r?\n|$)", source.text[end : end + 200])
    fix = Fix("write `#`", (Edit(Span(source, start, end), written),)) if alone else None
    return Habit("`/*` has no meaning here", "comments begin with `#`, on each line", place, fix)


def _beyond_ascii(span: Span) -> Habit:
    character, source = span.text, span.source
    name = unicodedata.name(character, "without a name").lower()
    message = f"the character U+{ord(character):04X} ({name}) stands outside quotes"
    plain = _PLAIN.get(character) or unicodedata.normalize("NFKC", character)
    if character in _QUOTES:
        line_end = (source.text + "\n").find("\n", span.end)
        close = next((i for i in range(span.end, line_end) if source.text[i] in _QUOTES), -1)
        hint = 'strings stand between plain double quotes: `"…"`'
        if close < 0:
            return Habit(message, hint, span, Fix.writing('"', span))
        edits = (Edit(span, '"'), Edit(Span(source, close, close + 1), '"'))
        return Habit(message, hint, span, Fix("write plain quotes", edits))
    if unicodedata.category(character) in {"Cf", "Zs", "Zl", "Zp", "Mn"}:
        new = plain if plain.isspace() and plain.isascii() else ""
        title = "write an ordinary blank" if new else f"remove U+{ord(character):04X}"
        return Habit(message, title, span, Fix(title, (Edit(span, new),)))
    if plain.isascii() and len(plain) == 1:
        return Habit(message, f"write `{plain}`", span, Fix.writing(plain, span))
    hint = (
        "names have the letters a to z, digits, `-` and `_`; put other text between double quotes"
    )
    return Habit(f"`{character}` has no place in a name", hint, span)


def _bang(span: Span) -> Habit:
    """`!` before a condition, or before `in` and `like`."""
    after = span.source.text[span.end : span.end + 200]
    sure = re.match(r"\s*(?:\(|(?:in|like)\b|[\w:/.-]+\s*(?:and\b|or\b|&&|\|\||[)};\n#]|$))", after)
    place = span
    if blanks := re.match(r"[ \t]+", after):
        place = Span(span.source, span.start, span.end + blanks.end())
    fix = Fix("write `not`", (Edit(place, "not "),), bool(sure))
    return Habit("`!` has no meaning here", "write `not`", span, fix)


def _quoted(span: Span) -> Habit:
    """A string between single quotes or backticks."""
    character, source = span.text, span.source
    shown = "a backtick" if character == "`" else f"`{character}`"
    line_end = (source.text + "\n").find("\n", span.end)
    close = source.text.find(character, span.end, line_end)
    fix = None
    if close >= 0 and not set('"\\') & set(source.text[span.end : close]):
        edits = (Edit(span, '"'), Edit(Span(source, close, close + 1), '"'))
        fix = Fix("write double quotes", edits)
    hint = 'strings stand between double quotes: `"…"`'
    return Habit(f"{shown} has no meaning here", hint, span, fix)


def _joined(span: Span) -> Fix | None:
    """Return the one string for `"text" + name`, when that is all there is."""
    text = span.source.text
    line = text.rfind("\n", 0, span.start) + 1
    left = re.search(r'"([^"\n]*)"\s*$', text[line : span.start])
    right = re.match(r"\s*([A-Za-z_]\w*)\s*(?=[,)\]}\n])", text[span.end : span.end + 200])
    if span.text != "+" or not left or not right:
        return None
    place = Span(span.source, line + left.start(), span.end + right.end())
    return Fix.writing(f'"{left.group(1)}{{{right.group(1)}}}"', place)
