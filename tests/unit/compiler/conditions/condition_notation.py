"""The notation of rows.txt: formulas, condition blocks and requests from short texts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from iamdsl.iam import Condition, Entry
from iamdsl.model.formula import ALWAYS, NEVER, And, Family, Formula, Not, Or, Relation, Test

if TYPE_CHECKING:
    from iamdsl.model.formula import Quantifier

FAMILIES: dict[str, Family] = {
    **dict.fromkeys("rqstuvwk", "String"),
    **dict.fromkeys("nm", "Numeric"),
    "d": "Date",
    **dict.fromkeys("bc", "Bool"),
    "p": "IpAddress",
    "a": "Arn",
    "y": "Binary",
}
_TOKEN = re.compile(
    r'\s*("(?:[^"]*)"|[()\[\],]|==|!=|<=|>=|<|>|[A-Za-z]\?|[0-9][0-9a-f:./-]*[0-9a-f:/]?|[a-z0-9:./]+|[A-Z])'
)
_RELATIONS: dict[str, Relation] = {
    "==": "equals",
    "!=": "equals",
    "in": "equals",
    "like": "like",
    "<": "less",
    "<=": "less-equals",
    ">": "greater",
    ">=": "greater-equals",
}


def rows(kinds: str) -> list[list[str]]:
    """Return the rows of rows.txt whose ids begin with one of the letters `kinds`."""
    lines = Path(__file__).with_name("rows.txt").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line[:1] in kinds]


def key_name(letter: str) -> str:
    """Return the key of a letter; a capital needs another name, as keys have no case."""
    return f"set:{letter}" if letter.isupper() else letter


def formula(text: str) -> Formula:
    """Read a formula; `and` binds tighter than `or`."""
    tokens = _TOKEN.findall(text)
    assert "".join(tokens).replace(" ", "") == text.replace(" ", ""), (tokens, text)
    reader = _Reader(tokens)
    found = reader.alternatives()
    assert not reader.tokens, reader.tokens
    return found


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def take(self, *wanted: str) -> str | None:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else None

    def alternatives(self) -> Formula:
        parts = [self.conjuncts()]
        while self.take("or"):
            parts.append(self.conjuncts())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def conjuncts(self) -> Formula:
        parts = [self.unary()]
        while self.take("and"):
            parts.append(self.unary())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def unary(self) -> Formula:
        if self.take("not"):
            return Not(self.unary())
        if self.take("("):
            found = self.alternatives()
            assert self.take(")")
            return found
        constant = self.take("true", "false")
        if constant:
            return ALWAYS if constant == "true" else NEVER
        return self.test()

    def test(self) -> Test:
        quantifier: Quantifier | None = None
        if self.tokens[0] in ("any", "all"):
            quantifier = "any" if self.tokens.pop(0) == "any" else "all"
        letter = self.tokens.pop(0)
        optional = letter.endswith("?")
        letter = letter.rstrip("?")
        family = FAMILIES[letter.lower()]
        key = key_name(letter)
        if word := self.take("exists", "missing"):
            return Test(key, "String", "exists", negated=word == "missing")
        negated = self.take("not") is not None
        operator = self.take(*_RELATIONS)
        if operator is None:
            assert family == "Bool"
            return Test(key, family, "equals", ("true",), optional=optional, quantifier=quantifier)
        ignoring = False
        values = self.values(family)
        if self.take("ignoring"):
            assert self.take("case")
            ignoring = True
        return Test(
            key,
            family,
            _RELATIONS[operator],
            values,
            negated or operator == "!=",
            optional,
            quantifier,
            ignoring,
        )

    def values(self, family: Family) -> tuple[str, ...]:
        if not self.take("["):
            return (_value(family, self.tokens.pop(0)),)
        found = []
        while not self.take("]"):
            found.append(_value(family, self.tokens.pop(0)))
            self.take(",")
        return tuple(found)


def _value(family: Family, token: str) -> str:
    text = token.strip('"')
    if family == "IpAddress" and "/" not in text:
        return text + ("/128" if ":" in text else "/32")
    if family == "Date" and "T" not in text:
        return text + "T00:00:00Z"
    return text


def blocks(text: str) -> tuple[Condition, ...]:
    """Read condition blocks; entries and blocks come out sorted."""
    if text in ("never", "always"):
        return () if text == "never" else ((),)
    found = (
        tuple(sorted((_entry(e) for e in block.split(" & ")), key=lambda e: (e.operator, e.key)))
        for block in text.split(" ‖ ")
    )
    return tuple(sorted(found, key=repr))


def _entry(text: str) -> Entry:
    match = re.fullmatch(r"([A-Za-z:]+)\(([A-Za-z]): (.*)\)", text)
    assert match, text
    operator, letter, values = match.groups()
    if values.startswith('"'):
        return Entry(operator, key_name(letter), (values.strip('"'),))
    return Entry(operator, key_name(letter), tuple(values.split(", ")))


def request(text: str) -> dict[str, str | tuple[str, ...]]:
    """Read a request such as `s=a; S={y,z}`."""
    found: dict[str, str | tuple[str, ...]] = {}
    for part in filter(None, text.split("; ")):
        letter, _, value = part.partition("=")
        value = value.replace("\\n", "\n")
        if letter.isupper():
            found[key_name(letter).lower()] = tuple(v for v in value.strip("{}").split(",") if v)
        else:
            found[letter] = value
    return found


def unordered(found: tuple[Condition, ...]) -> set[frozenset[tuple[str, str, frozenset[str]]]]:
    """Return blocks without the order of blocks, entries and values."""
    return {frozenset((e.operator, e.key, frozenset(e.values)) for e in block) for block in found}
