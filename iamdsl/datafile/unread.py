"""What is wrong with a data file that its parser refuses, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.diagnostics import Label, codes
from iamdsl.source import Span

if TYPE_CHECKING:
    from iamdsl.datafile.places import Index
    from iamdsl.diagnostics import Report
    from iamdsl.source import Source

_TOML_PLACE = r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)"
_TOML_TWICE = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate inline table key")
_LEADING_ZERO = re.compile(r"-?0\d+")
_TRAILING_COMMA = re.compile(r",\s*(?:[\]}])")


def complain(error: Exception, source: Source, index: Index, report: Report, *notes: Label) -> None:
    """Report that a data file cannot be read: at the mistake, with `notes` of who asked for it."""
    form = "TOML" if source.name.endswith(".toml") else "JSON"
    hint = f"correct the file; it must be valid {form}"
    if isinstance(error, RecursionError):
        span, said = Span(source, 0, 0), "it is nested too deeply"
    elif form == "TOML":
        span, said = _toml(str(error), source)
        twice = [pair for pair in index.repeated if pair[0].start <= span.start]
        if twice and str(error).startswith(_TOML_TWICE):
            _twice(source, twice[-1], notes, report)
            return
    elif hasattr(error, "pos"):
        span, said, hint = json_mistake(str(error), error.pos, source, hint)
    else:
        for pair in index.repeated:
            _twice(source, pair, notes, report)
        if index.repeated:
            return
        text = str(error)
        span, said = Span(source, 0, 0), text[:1].lower() + text[1:]
    report.add(
        codes.BAD_DATA, span, f"`{source.name}` is no {form}: {said}", notes=notes, hint=hint
    )


def _twice(
    source: Source,
    pair: tuple[tuple[int, int], tuple[int, int]],
    notes: tuple[Label, ...],
    report: Report,
) -> None:
    second, first = (Span(source, *place) for place in pair)
    report.add(
        codes.BAD_DATA,
        second,
        f"the key `{second.text.strip()}` stands twice in one object",
        notes=[Label(first, "the first is here"), *notes],
        hint="keep one of them",
    )


def json_mistake(text: str, at: int, source: Source, hint: str) -> tuple[Span, str, str]:
    """Return place, mistake and hint of what Python's JSON reader refuses.

    Args:
        text: what the reader says, and `at` where.
        hint: what to advise where there is nothing better.
    """
    said = text.partition(":")[0].lower().removesuffix(" at").removesuffix(" starting")
    comma = source.text.rfind(",", 0, at + 1)
    if comma >= 0 and (found := _TRAILING_COMMA.match(source.text, comma)) and found.end() > at:
        return Span(source, comma, comma + 1), "a comma after the last item", "remove the comma"
    start = at
    while start > 0 and source.text[start - 1].isdigit():
        start -= 1
    if found := _LEADING_ZERO.match(source.text, start - (source.text[start - 1 : start] == "-")):
        place = Span(source, *found.span())
        hint = f'an account id is text: `"{found.group()}"`; other numbers begin with no zero'
        return place, "a number begins with `0`", hint
    if source.text.startswith(("//", "/*", "#"), at):
        hint = "remove the comment, or use TOML, which has them"
        return _word(source, at), "JSON has no comments", hint
    if source.text.startswith("'", at):
        return _word(source, at), said, "write texts in double quotes"
    return _word(source, at), said, hint


def _toml(text: str, source: Source) -> tuple[Span, str]:
    """Return place and mistake of what Python's TOML reader refuses."""
    found = re.fullmatch(_TOML_PLACE, text, re.DOTALL)
    said = found.group(1) if found else text
    said = said[:1].lower() + said[1:]
    if found is None or found.group(2) is None:
        return _word(source, len(source.text)), said
    line, column = int(found.group(2)), int(found.group(3))
    starts = source.line_starts
    start = starts[min(line, len(starts)) - 1] + column - 1
    return _word(source, min(start, len(source.text))), said


def _word(source: Source, at: int) -> Span:
    """Return the span of the characters at an offset that belong together."""
    found = re.compile(r"[A-Za-z0-9_.+-]+|\S").match(source.text, at)
    if found is not None:
        return Span(source, *found.span())
    end = len(source.text.rstrip())
    return Span(source, at, at) if at < end else Span(source, end, end)
