"""Values of a list that another value of it covers: actions, resources, principals.

These are Access Analyzer's REDUNDANT_ACTION, REDUNDANT_RESOURCE and
REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY (AWS "access-analyzer-reference-policy-checks"). Of a
sentence only what it says to the letter counts: what a loop or a function made is not its list.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl.diagnostics import Label, codes
from iamdsl.iam.covering import action_atom_covers, normal, resource_atom_covers
from iamdsl.lint.comparing import each_covered
from iamdsl.lint.placing import place
from iamdsl.lint.removing import spots, without
from iamdsl.source import Borrowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.iam import Elements, Principals, Statement
    from iamdsl.lint.items import World
    from iamdsl.lint.placing import Element
    from iamdsl.source import Span

_SHOWN: Final = 3
_SESSION = re.compile(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/.+")
_ROLE = re.compile(r"arn:([^:]+):iam::(\d{12}):role/(?:.+/)?([^/]+)")
_ACCOUNT = re.compile(r"\d{12}")
_WORDS: Final[dict[str, str]] = {
    "Action": "actions",
    "Resource": "resources",
    "Principal": "principals",
}


class _List(NamedTuple):
    """A list with values that say nothing.

    Attributes:
        name: of the element, or of the type of principals.
        pairs: numbers of a value and of the one that covers it.
    """

    element: Element
    name: str
    values: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]


def check(world: World, report: Report) -> None:
    """Report lists that say a thing twice, each once."""
    sentences: dict[object, tuple[Statement, list[set[_List]]]] = defaultdict()
    for item in world.items:
        for statement in item.policy.statements:
            if not statement.origin:
                continue
            found = _lists(statement, trust=item.kind == "trust")
            if not item.written:
                for one in found:
                    _say(statement, one, report)
                continue
            span = statement.origin[0]
            key = id(span.source), span.start, span.end
            sentences.setdefault(key, (statement, []))[1].append(set(found))
    for statement, made in sentences.values():
        # What only one of several expansions says twice is nothing that the sentence says.
        for one in set.intersection(*made):
            if _is_literal(statement, one):
                _say(statement, one, report)


def _lists(statement: Statement, *, trust: bool) -> Iterator[_List]:
    yield from _of_elements("Action", statement.actions)
    yield from _of_elements("Resource", statement.resources)
    yield from _of_principals(statement.principals, trust=trust)


def _of_elements(element: Element, elements: Elements | None) -> Iterator[_List]:
    if elements is None or len(elements.values) < 2:
        return
    values = elements.values
    actions = element == "Action"
    text = "\n".join(values)
    plain = "*" not in text and "?" not in text
    if plain and len({v.lower() if actions else v for v in values}) == len(values):
        return
    forms = [normal(v.lower() if actions else v) for v in values]
    pairs = each_covered(forms, action_atom_covers if actions else resource_atom_covers)
    if pairs:
        yield _List(element, element, values, tuple(pairs))


def _of_principals(principals: Principals | None, *, trust: bool) -> Iterator[_List]:
    if principals is None:
        return
    for kind, values in principals.by_type:
        pairs = list(_principal_pairs(kind, values, trust=trust)) if len(values) > 1 else []
        if pairs and not (principals.negated and "*" in values):
            yield _List("Principal", kind, values, tuple(pairs))


def _principal_pairs(
    kind: str, values: tuple[str, ...], *, trust: bool
) -> Iterator[tuple[int, int]]:
    """Yield principals that are there twice, are among `*`, or are sessions of a role beside them."""
    first: dict[str, int] = {}
    roles = {m.groups(): n for n, v in enumerate(values) if (m := _ROLE.fullmatch(v))}
    anyone = values.index("*") if kind == "AWS" and "*" in values else None
    for n, value in enumerate(values):
        root = f"arn:aws:iam::{value}:root"
        form = root if kind == "AWS" and _ACCOUNT.fullmatch(value) else value
        session = _SESSION.fullmatch(value) if trust else None
        if first.setdefault(form, n) != n:
            yield n, first[form]
        elif anyone is not None and value != "*":
            yield n, anyone
        elif session is not None and session.groups() in roles:
            yield n, roles[session.groups()]


def _is_literal(statement: Statement, one: _List) -> bool:
    """Tell whether a sentence names all values that the finding is about as they are."""
    text = statement.origin[0].text
    return all(_stands(statement, one, one.values[n]) and text for pair in one.pairs for n in pair)


def _stands(statement: Statement, one: _List, value: str) -> bool:
    span = place(statement, one.element, value)
    found = span.text.strip('"').lower() if span is not None else ""
    return found in {value.lower(), value.partition(":")[2].lower()}


def _say(statement: Statement, one: _List, report: Report) -> None:
    places = spots(statement, one.name, one.values)
    gone = [n for n, _ in one.pairs]
    n, by = one.pairs[0]
    word = _WORDS[one.element]
    if len(gone) == 1:
        wide = f"is part of `{one.values[by]}` in the same list"
        if one.values[n].lower() == one.values[by].lower():
            wide = "is listed twice"
        elif one.element == "Principal" and _SESSION.fullmatch(one.values[n]):
            wide = f"is a session of `{one.values[by]}` in the same list"
        message = f"`{one.values[n]}` {wide}"
    else:
        named = ", ".join(f"`{one.values[n]}`" for n in gone[:_SHOWN])
        more = " …" if len(gone) > _SHOWN else ""
        message = f"{len(gone)} {word} are part of others in the same list: {named}{more}"
    report.add(
        codes.REDUNDANT_VALUE,
        _shown(statement, one, n, places),
        message,
        label="says nothing new",
        notes=list(_notes(statement, one, places)),
        hint=f"remove {'it' if len(gone) == 1 else 'them'}",
        fix=without(places, gone) if len(places) == len(one.values) else None,
    )


def _notes(statement: Statement, one: _List, places: list[Span]) -> Iterator[Label]:
    for by in dict.fromkeys(by for _, by in one.pairs[:_SHOWN]):
        span = _shown(statement, one, by, places)
        covered = _listed(one.values[n] for n, other in one.pairs[:_SHOWN] if other == by)
        if span is not None:
            yield Label(span, f"covers {covered}")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in dict.fromkeys(values))


def _shown(statement: Statement, one: _List, n: int, places: list[Span]) -> Span | None:
    if len(places) == len(one.values):
        return places[n]
    span = place(statement, one.element, one.values[n])
    return span.origins[0]() if isinstance(span, Borrowed) else span
