"""Values of a condition that another value of the same list covers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.iam import NEGATED, Entry, split_operator
from iamdsl.iam.implication import implies
from iamdsl.lint.conditions import Found, about_entries, conditioned
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import World

_POSITIVE = {name: name.replace("Not", "") for name in NEGATED}
_WILD = re.compile(r"[*?]")
_EXACT = frozenset({"StringEquals", "StringEqualsIgnoreCase", "BinaryEquals", "Bool", "Null"})
_LISTED = re.compile(r"\blike\s+\[([^\]]*)\]")
_QUOTED = re.compile(r'"([^"\\{$]*)"')
_MOST = 400
"""Values up to which each is compared with those that could cover it."""


def check(world: World, report: Report) -> None:
    """Report values that say nothing beside another one (REDUNDANT_CONDITION_VALUE_NUM).

    Of a negated operator that is a value whose exclusion another one brings along.
    """
    about_entries(world, report, lambda entry, _: _redundant(entry), documents=True)
    for item, statement in conditioned(world):
        if item.written:
            _of_sentence(statement, report)


def _of_sentence(statement: Statement, report: Report) -> None:
    """Report values in the lists of a sentence: its condition has only those that say something."""
    whole = place(statement)
    if whole is None:
        return
    for found in _LISTED.finditer(whole.text):
        texts = list(_QUOTED.finditer(found.group(1)))
        values = tuple(text.group(1) for text in texts)
        for said in _redundant(Entry("StringLike", "", values)):
            at = found.start(1) + next(t for t in texts if t.group(1) == said.value).start()
            span = whole.part(whole.start + at, whole.start + at + len(said.value) + 2)
            report.add(said.code, span, said.message, label=said.label, hint=said.hint)


def _redundant(entry: Entry) -> Iterator[Found]:
    values = entry.values
    if not 1 < len(values) <= _MOST:
        return
    base = split_operator(entry.operator)[1]
    positive = _POSITIVE.get(base, base)
    wide = _covering(positive, values)
    if not wide and len(set(values)) == len(values):
        return
    seen: set[str] = set()
    for value in values:
        if value in seen:
            yield _found(value, f"`{value}` stands twice in the list")
            continue
        seen.add(value)
        cover = next((w for w in wide if w != value and _covers(positive, w, value)), None)
        if cover is not None and not _is_later_twin(positive, value, cover, values):
            yield _found(value, f"`{cover}` covers `{value}` already")


def _covering(positive: str, values: tuple[str, ...]) -> list[str]:
    """Return the values that could cover others: patterns, networks, and all bounds."""
    if positive in _EXACT:
        return []
    if positive.startswith(("StringLike", "Arn")):
        return [value for value in values if _WILD.search(value)]
    return list(values)


def _covers(positive: str, wide: str, narrow: str) -> bool:
    return implies(Entry(positive, "k", (narrow,)), Entry(positive, "k", (wide,)))


def _is_later_twin(positive: str, value: str, cover: str, values: tuple[str, ...]) -> bool:
    """Tell whether two values mean the same, and this one is the first, which stays."""
    return _covers(positive, value, cover) and values.index(value) < values.index(cover)


def _found(value: str, message: str) -> Found:
    return Found(codes.REDUNDANT_VALUE, message, "says nothing more", "leave it out", value)
