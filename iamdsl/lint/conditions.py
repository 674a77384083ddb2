"""What the rules about conditions share: a finding about one entry, and where it is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Diagnostic, Edit, Fix
from iamdsl.iam import NEGATED, split_operator
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from iamdsl.diagnostics import Code, Report, Severity
    from iamdsl.iam import Entry, Statement
    from iamdsl.lint.items import Item, World
    from iamdsl.source import Span


TO_FILL_IN = re.compile(r"[<>{}\[\]\ue000]")
"""What marks a text that a person, or a deployment, is to fill in: nothing is said of it."""


class Found(NamedTuple):
    """Something to say about an entry of a condition.

    Attributes:
        value: the value that it is about, "" for the key.
        severity: other than the code's, where AWS takes what a source could not say.
        instead: what to write in place of `value` or the key, "" where that is not certain.
        safe: whether that keeps what was surely meant.
    """

    code: Code
    message: str
    label: str = ""
    hint: str = ""
    value: str = ""
    severity: Severity | None = None
    instead: str = ""
    safe: bool = False


def conditioned(world: World, *, documents: bool = False) -> Iterator[tuple[Item, Statement]]:
    """Yield the statements that have a condition, each with its policy.

    Args:
        documents: whether those that the compiler has checked are left out.
    """
    for item in world.items:
        if documents and item.written:
            continue
        for statement in item.policy.statements:
            if statement.condition:
                yield item, statement


def about_entries(
    world: World,
    report: Report,
    look: Callable[[Entry, str], Iterable[Found]],
    *,
    documents: bool = False,
) -> None:
    """Report what `look` finds in entries that it is given with the effect of their statement.

    Each entry is looked at once, however often it stands in the policies.
    """
    seen: dict[tuple[str, str, str, tuple[str, ...]], tuple[Found, ...]] = {}
    for item, statement in conditioned(world, documents=documents):
        effect = statement.effect
        for entry in statement.condition:
            known = (effect, entry.operator, entry.key, entry.values)
            found = seen.get(known)
            if found is None:
                found = seen[known] = tuple(look(entry, effect))
            for one in found:
                say(item, statement, entry, one, report)


def say(item: Item, statement: Statement, entry: Entry, found: Found, report: Report) -> None:
    """Report a finding at its value, or at the key of the entry."""
    span = spot(item, statement, entry, found.value)
    report.extend(
        [
            Diagnostic(
                found.code,
                found.severity or found.code.severity,
                found.message,
                span,
                found.label,
                (),
                found.hint,
                _fix(found, entry, span),
            )
        ]
    )


def spot(item: Item, statement: Statement, entry: Entry, value: str = "") -> Span | None:
    """Return where an entry, or one of its values, stands.

    In a document the operator leads to the right one of two tests of a key; a source has none.
    """
    parts = [entry.key, value] if value else [entry.key]
    if not item.written:
        parts.insert(0, entry.operator)
    return place(statement, "Condition", *parts)


def _fix(found: Found, entry: Entry, span: Span | None) -> Fix | None:
    """Return the fix, where just what it replaces stands at the place."""
    if not found.instead or span is None:
        return None
    old = found.value or entry.key
    text = span.text
    if text.strip('"').lower() != old.lower():
        return None
    quote = '"' if text.startswith('"') else ""
    edit = Edit(span, f"{quote}{found.instead}{quote}")
    return Fix(f"write `{found.instead}`", (edit,), found.safe)


def shown(entry: Entry) -> str:
    """Return an entry as messages show it: operator, key, and its first values."""
    listed = ", ".join(f"`{value}`" for value in entry.values[:2])
    more = " …" if len(entry.values) > 2 else ""
    return f"`{entry.operator}` of `{entry.key}` with {listed}{more}"


def holds_without_key(entry: Entry) -> bool:
    """Tell whether an entry holds for requests that lack its key."""
    prefix, base, optional = split_operator(entry.operator)
    if base == "Null":
        return "true" in map(str.lower, entry.values)
    if prefix:
        return prefix == "ForAllValues" or optional
    return optional or base in NEGATED
