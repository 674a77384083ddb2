"""What policies mean, told as plainly as can be: the oracle of the properties of fit.

It shares no code with the compiler: regular expressions, one request at a time.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import attrs
from hypothesis import strategies as st

from iamdsl.iam import ANYONE, Elements, Entry, Policy, Principals, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Request(NamedTuple):
    """One request; keys of `context` are lower case, and may be missing."""

    action: str
    resource: str
    principal: tuple[str, str]
    context: Mapping[str, str | tuple[str, ...]]


@cache
def _regex(pattern: str, ignoring_case: bool) -> re.Pattern[str]:
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignoring_case else 0))


def _filled(pattern: str, context: Mapping[str, str | tuple[str, ...]]) -> str | None:
    """Return the pattern with its variables filled in; None when one has no value."""
    for name in re.findall(r"\$\{([^}]*)\}", pattern):
        value = context.get(name.lower())
        if not isinstance(value, str):
            return None
        pattern = pattern.replace("${" + name + "}", value)
    return pattern


def _matches(pattern: str, text: str, request: Request, ignoring_case: bool = False) -> bool:
    filled = _filled(pattern, request.context) if "${" in pattern else pattern
    return filled is not None and _regex(filled, ignoring_case).fullmatch(text) is not None


def _in_elements(elements: Elements, text: str, request: Request, ignoring_case: bool) -> bool:
    found = _in_constant(elements.values, text, ignoring_case)
    if found is None:
        found = any(_matches(v, text, request, ignoring_case) for v in elements.values)
    return found != elements.negated


@lru_cache(maxsize=1 << 14)
def _in_constant(values: tuple[str, ...], text: str, ignoring_case: bool) -> bool | None:
    """Tell whether a text matches one of some patterns; None where that depends on a request."""
    if any("${" in value for value in values):
        return None
    return any(_regex(value, ignoring_case).fullmatch(text) is not None for value in values)


def _in_principals(principals: Principals, request: Request) -> bool:
    found = any(
        t == "*" or (t == request.principal[0] and v in {"*", request.principal[1]})
        for t, values in principals.by_type
        for v in values
    )
    return found != principals.negated


def _one(base: str, values: Sequence[str], value: str, request: Request) -> bool:
    match base:
        case "StringEquals" | "Bool":
            return value in values
        case "StringNotEquals":
            return value not in values
        case "StringLike":
            return any(_matches(v, value, request) for v in values)
        case "StringNotLike":
            return not any(_matches(v, value, request) for v in values)
        case "NumericLessThan":
            return any(int(value) < int(v) for v in values)
        case _:
            raise NotImplementedError(base)


def _holds(entry: Entry, request: Request) -> bool:
    value = request.context.get(entry.key.lower())
    prefix, _, rest = entry.operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    if base == "Null":
        return any((v == "true") == (value is None) for v in entry.values)
    if value is None and base != rest:
        return True
    if prefix:
        many = () if value is None else (value,) if isinstance(value, str) else value
        answers = [_one(base, entry.values, v, request) for v in many]
        return all(answers) if prefix == "ForAllValues" else any(answers)
    if value is None:
        return "Not" in base
    return isinstance(value, str) and _one(base, entry.values, value, request)


def applies(statement: Statement, request: Request) -> bool:
    """Tell whether a statement speaks of a request."""
    where, who = statement.resources, statement.principals
    return (
        _in_elements(statement.actions, request.action, request, True)
        and (where is None or _in_elements(where, request.resource, request, False))
        and (who is None or _in_principals(who, request))
        and all(_holds(e, request) for e in statement.condition)
    )


def decision(statements: Iterable[Statement], request: Request) -> tuple[bool, bool]:
    """Return whether some statement allows, and whether some denies."""
    effects = {s.effect for s in statements if applies(s, request)}
    return "Allow" in effects, "Deny" in effects


def difference(first: Sequence[Statement], second: Sequence[Statement]) -> Request | None:
    """Return a request of the small world that the two decide differently, or None."""
    changed = [s for s in first if s not in second], [s for s in second if s not in first]
    if not changed[0] and not changed[1]:
        return None
    return next((r for r in WORLD if decision(first, r) != decision(second, r)), None)


def decided_otherwise(first: Sequence[Statement], second: Sequence[Statement]) -> Request | None:
    """Return a request that comes to another decision, or None: a deny wins over any allow."""

    def decided(among: Sequence[Statement], request: Request) -> str:
        allowed, denied = decision(among, request)
        return "denied" if denied else "allowed" if allowed else "not spoken of"

    return next((r for r in WORLD if decided(first, r) != decided(second, r)), None)


CONTEXTS: tuple[Mapping[str, str | tuple[str, ...]], ...] = (
    {},
    {"aws:username": "x", "k:one": "1", "k:many": ("1", "2")},
    {"aws:username": "a", "k:one": "2", "k:two": "5"},
    {"k:one": "12", "k:two": "1", "k:many": ("2",)},
    {"k:one": "3", "k:two": "12", "k:many": ()},
)
ACTIONS = ("s3:Get", "s3:GetObject", "s3:PutObject", "s3:XetObject", "sqs:Send")
RESOURCES = (
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/x",
    "arn:aws:s3:::a/y/x",
    "arn:aws:s3:::b",
    "arn:aws:s3:::b/a",
    "arn:aws:sqs:eu:1:q",
    "arn:aws:sqs:us:1:qq",
)
PRINCIPALS = (("AWS", "1"), ("AWS", "2"), ("Service", "ec2"))
WORLD = tuple(Request(*r) for r in product(ACTIONS, RESOURCES, PRINCIPALS, CONTEXTS))
"""Every request that the policies below can tell apart, nearly."""

_ACTION_PATTERNS = (
    *ACTIONS,
    "S3:getobject",
    "s3:Get*",
    "s3:*Object",
    "s3:?etObject",
    "s3:*",
    "*",
    "s3:*?*",
)
_RESOURCE_PATTERNS = (
    *RESOURCES,
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a/*x",
    "arn:aws:s3:::?",
    "arn:aws:s3:::a/${aws:username}",
    "arn:aws:s3:::b/${aws:username}",
    "arn:aws:sqs:*:1:q*",
    "arn:aws:sqs:*:1:q",
    "arn:*:sqs:eu:1:*",
)
_OPERATORS = (
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIfExists",
    "StringNotEqualsIfExists",
    "NumericLessThan",
    "ForAllValues:StringEquals",
    "ForAnyValue:StringEquals",
    "ForAnyValue:StringNotEquals",
    "ForAllValues:StringNotEquals",
)


def _lists(patterns: Sequence[str], longest: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(patterns), min_size=1, max_size=longest).map(tuple)


def _entries() -> st.SearchStrategy[Entry]:
    values = _lists(("1", "2", "5", "12"), 3)
    plain = st.builds(
        Entry, st.sampled_from(_OPERATORS), st.sampled_from(("k:one", "k:two", "K:One")), values
    )
    many = st.builds(Entry, st.sampled_from(_OPERATORS[-4:]), st.just("k:many"), values)
    null = st.builds(
        Entry, st.just("Null"), st.just("k:one"), st.sampled_from((("true",), ("false",)))
    )
    return st.one_of(plain, plain, many, null)


def _condition(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    once = {(e.operator, e.key.lower()): e for e in entries}
    return tuple(once[pair] for pair in sorted(once))


def _principal_elements() -> st.SearchStrategy[Principals | None]:
    some = st.sampled_from(
        (
            ANYONE,
            Principals((("AWS", ("*",)),)),
            Principals((("AWS", ("1",)),)),
            Principals((("AWS", ("1", "2")),)),
            Principals((("AWS", ("2",)), ("Service", ("ec2",)))),
            Principals((("Service", ("ec2",)),)),
            Principals((("AWS", ("1",)),), negated=True),
        )
    )
    return st.one_of(st.none(), some)


def statements(with_principals: bool = False) -> st.SearchStrategy[Statement]:
    """Return statements over few actions, resources and keys, so that they overlap."""
    few = st.sampled_from((False, False, False, True))
    return st.builds(
        Statement,
        effect=st.sampled_from(("Allow", "Allow", "Deny")),
        actions=st.builds(Elements, _lists(_ACTION_PATTERNS, 4), few),
        resources=st.builds(Elements, _lists(_RESOURCE_PATTERNS, 4), few),
        principals=_principal_elements() if with_principals else st.none(),
        condition=st.one_of(st.just(()), st.lists(_entries(), max_size=3).map(_condition)),
    )


def _sibling(draw: st.DrawFn, first: Statement) -> Statement:
    """Return a statement that differs from another in the values of one entry, or in one list."""
    change, wide = draw(st.integers(0, 1)), draw(st.integers(0, 1))
    if first.condition and change:
        at = draw(st.integers(0, len(first.condition) - 1))
        entry = first.condition[at]
        if entry.operator != "Null":
            values = draw(_lists(("1", "2", "5", "12"), 2))
            other = Entry(entry.operator, entry.key, values)
            condition = (*first.condition[:at], other, *first.condition[at + 1 :])
            return attrs.evolve(first, condition=condition)
    if wide:
        return attrs.evolve(first, actions=Elements(draw(_lists(_ACTION_PATTERNS, 3))))
    return attrs.evolve(first, condition=first.condition[:1])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Return policies of a few statements, some with Sids; many resemble the first one.

    Repeated parts, as people and templates write them, are what there is to join.
    """
    made = draw(st.lists(statements(draw(st.integers(0, 1)) == 1), min_size=1, max_size=4))
    made += [_sibling(draw, made[0]) for _ in range(draw(st.integers(0, 3)))]
    order = draw(st.permutations(range(len(made))))
    named = [draw(st.integers(0, 7)) == 0 for _ in made]
    return Policy(
        tuple(
            attrs.evolve(made[i], sid=f"S{i}" if named else None)
            for i, named in zip(order, named, strict=True)
        )
    )


LONG = tuple(f"{i:060}" for i in range(6))
"""Condition values that no request has, long enough to be what a statement is cut along."""


def long_statements() -> st.SearchStrategy[Statement]:
    """Return statements that are too large for the value list of one condition entry."""
    values = st.permutations((*LONG, "1", "2", "5", "12")).map(tuple)
    operators = st.sampled_from([o for o in _OPERATORS if o != "NumericLessThan"])
    keys = st.sampled_from(("k:one", "k:many"))
    return st.builds(
        Statement,
        st.sampled_from(("Allow", "Deny")),
        st.just(Elements(("s3:*",))),
        st.just(Elements(("*",))),
        condition=st.builds(Entry, operators, keys, values).map(lambda e: (e,)),
    )
