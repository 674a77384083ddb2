"""Documents in the policy language of 2008, by their `Version` or for want of one.

There `${…}` is plain text (AWS "reference_policies_variables"); Access Analyzer's MISSING_VERSION
and VARIABLE_UNSUPPORTED_IN_VERSION, parliament's NO_VERSION and OLD_VERSION.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from iamdsl.diagnostics import Edit, Fix, Label, codes
from iamdsl.iam import VERSION
from iamdsl.lint.placing import end_of, place
from iamdsl.source import Borrowed, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import Item, World

_ESCAPED: Final = "${$}{"
"""How a `${` of the old language reads in the new one: see `iam.from_json`."""

_OLD: Final = re.compile(r'"Version"\s*:\s*"2008-10-17"|[\'"]?2008-10-17[\'"]?')
_VARIABLE: Final = re.compile(r"\$\{[A-Za-z][\w-]*:[^}]*\}")


def check(world: World, report: Report) -> None:
    """Warn of documents that are not of the language that everything else is about."""
    for item in world.items:
        if item.policy.version != VERSION and not item.written:
            _warn(item, report)


def _warn(item: Item, report: Report) -> None:
    missing = not item.policy.version
    variable = next((v for s in item.policy.statements for v in _variables(s)), None)
    span, fix = _place(item, missing=missing, safe=variable is None)
    message = (
        f"{item.title} does not say its `Version`, which is then 2008-10-17"
        if missing
        else f"{item.title} is of the version 2008-10-17"
    )
    notes = []
    hint = f'write `"Version": "{VERSION}"`'
    if variable is not None:
        text, where = variable
        why = "which does not say its `Version`" if missing else "of the version 2008-10-17"
        message = f"`{text}` is plain text in {item.title}, {why}"
        notes = [Label(where, "no variable, before the version 2012-10-17")] if where else []
        hint += ", if a variable is meant"
    report.add(
        codes.OLD_LANGUAGE,
        span,
        message,
        label="the language before variables" if variable is None else "",
        notes=notes,
        hint=hint,
        fix=fix,
    )


def _variables(statement: Statement) -> Iterator[tuple[str, Span | None]]:
    """Yield what looks like a variable in the texts of a statement, with its place."""
    for text in statement.resources.values if statement.resources is not None else ():
        yield from _in_text(text, place(statement, "Resource", _written(text)))
    for entry in statement.condition:
        for text in entry.values:
            yield from _in_text(text, place(statement, "Condition", entry.key, _written(text)))


def _in_text(text: str, where: Span | None) -> Iterator[tuple[str, Span | None]]:
    for found in _VARIABLE.finditer(_written(text)) if _ESCAPED in text else ():
        yield found.group(), where


def _written(text: str) -> str:
    return text.replace(_ESCAPED, "${")


def _place(item: Item, *, missing: bool, safe: bool) -> tuple[Span | None, Fix | None]:
    """Return where the version stands, or the document, and what to write there."""
    origin = item.origin
    span = origin.origins[0]() if isinstance(origin, Borrowed) else origin
    if span is None or not span.text.startswith("{"):
        return span, None
    text, start = span.source.text, span.start
    end = end_of(text, start, span.end)
    if not missing:
        found = _OLD.search(text, start, end)
        if found is None:
            return span, None
        old = Span(span.source, found.end() - len('"2008-10-17"'), found.end())
        return old, Fix.writing(f'"{VERSION}"', old, safe=safe)
    if not re.search(r'"Statement"\s*:', text[start:end]):
        return span, None
    blank = re.compile(r"\s*").match(text, start + 1)
    indent = blank.group() if blank is not None else ""
    edit = Edit(Span(span.source, start + 1, start + 1), f'{indent}"Version": "{VERSION}",')
    opening = span.part(start, start + 1)
    return opening, Fix(f"say the version {VERSION}", (edit,), safe=safe)
