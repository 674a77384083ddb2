"""What IAM's JSON documents decide, written from AWS's pages and apart from the compiler.

Naive on purpose: statements are read from plain dicts, and each element is asked in turn. Sources,
all of the IAM user guide: reference_policies_grammar, reference_policies_elements_resource,
reference_policies_elements_principal, reference_policies_elements_condition_operators,
reference_policies_condition-single-vs-multi-valued-context-keys, reference_policies_variables.

Where those pages leave something open, one reading is taken, the same for every document:
`ForAnyValue:…IfExists` holds on a missing key (the page's text); an operator without a set prefix
on several values holds for any of them, negated for all; a text that is not of the operator's
kind is equal to itself alone, and neither less nor greater than anything; `{"AWS": "*"}` speaks of
anonymous callers too, as most services read it; a short ARN as resource goes on with `*` (as in
identity policies).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Value: TypeAlias = "str | tuple[str, ...]"
Context: TypeAlias = "Mapping[str, Value]"
_Values: TypeAlias = "tuple[tuple[str, ...], ...]"
Decision: TypeAlias = 'Literal["Allow", "Deny"] | None'

ANONYMOUS = ("*", "anonymous")
LITERAL = {"*": "\x01", "?": "\x02"}
"""What stands for a `*` or `?` that is no wildcard, while a text is matched."""


class Request(NamedTuple):
    """One request.

    Attributes:
        principal: pair of type and text (`("AWS", an ARN)`, `("Service", …)`, `ANONYMOUS`).
        context: condition keys in lower case; a text, or a tuple where there can be several
            (an empty tuple is a missing key).
    """

    action: str
    resource: str
    principal: tuple[str, str]
    context: Context


@attrs.frozen(cache_hash=True)
class Elements:
    """Actions or resources of a statement, and whether they are those of `Not…`."""

    texts: tuple[str, ...]
    negated: bool
    open: bool
    """Whether what they match depends on variables."""
    reads: tuple[str, ...] = attrs.field(init=False, eq=False, order=False, repr=False)
    """The keys of those variables."""

    @reads.default
    def _of_texts(self) -> tuple[str, ...]:
        return _keys_in(self.texts)


@attrs.frozen(cache_hash=True, order=True)
class Entry:
    """One key under one operator; `key` in lower case, `base` without `Not`."""

    prefix: str
    base: str
    negated: bool
    optional: bool
    key: str
    texts: tuple[str, ...]
    open: bool
    """Whether what they match depends on variables."""
    reads: tuple[str, ...] = attrs.field(init=False, eq=False, order=False, repr=False)
    """The keys of those variables."""

    @reads.default
    def _of_texts(self) -> tuple[str, ...]:
        return _keys_in(self.texts)


@attrs.frozen(cache_hash=True)
class Statement:
    """A statement in one spelling: equal ones decide alike, whatever they were called.

    Attributes:
        variables: whether `${…}` means something: not in documents before version 2012-10-17.
    """

    effect: str
    actions: Elements
    resources: Elements | None
    principals: tuple[frozenset[tuple[str, str]], bool] | None
    condition: tuple[Entry, ...]
    variables: bool


# Reading


def statements(documents: Iterable[Mapping[str, Any]]) -> list[Statement]:
    """Return the statements of documents; raises `ValueError` for what is no policy."""
    return [
        _statement(s, document.get("Version") == "2012-10-17")
        for document in documents
        for s in (
            [document["Statement"]]
            if isinstance(document["Statement"], dict)
            else document["Statement"]
        )
    ]


def listed(value: Any) -> list[str]:
    """Return a value or a list of values as texts: numbers and truth values may be bare."""
    values = value if isinstance(value, list) else [value]
    return [v if isinstance(v, str) else json.dumps(v) for v in values]


def _statement(written: Mapping[str, Any], variables: bool) -> Statement:
    actions = _elements(written, "Action", str.lower)
    if actions is None:
        raise ValueError("a statement without actions")
    condition = written.get("Condition") or {}
    entries = [
        _entry(operator, key, listed(values))
        for operator, keys in condition.items()
        for key, values in keys.items()
    ]
    resources = _elements(written, "Resource", _in_six_fields)
    is_open = any(e.open for e in entries) or (resources is not None and resources.open)
    return Statement(
        written["Effect"],
        actions,
        resources,
        _principals(written),
        tuple(sorted(entries)),
        variables or not is_open,
    )


def _elements(
    written: Mapping[str, Any], name: str, spelt: Callable[[str], str]
) -> Elements | None:
    found = next((n for n in (name, "Not" + name) if n in written), None)
    if found is None:
        return None
    texts = tuple(sorted(set(map(spelt, listed(written[found])))))
    return Elements(texts, found != name, _is_open(texts))


def _is_open(texts: Iterable[str]) -> bool:
    return any("${" in text for text in texts)


def _in_six_fields(arn: str) -> str:
    missing = 5 - _outside_variables(arn).count(":")
    return arn + ":*" * missing if arn.startswith("arn:") and missing > 0 else arn


def _outside_variables(text: str) -> str:
    return VARIABLE.sub("", text)


def _principals(
    written: Mapping[str, Any],
) -> tuple[frozenset[tuple[str, str]], bool] | None:
    found = next((n for n in ("Principal", "NotPrincipal") if n in written), None)
    if found is None:
        return None
    value = written[found]
    by_type = {"*": "*"} if value == "*" else value
    pairs = {(t, account_or_arn(t, v)) for t, values in by_type.items() for v in listed(values)}
    return frozenset(pairs), found != "Principal"


def account_or_arn(kind: str, text: str) -> str:
    """Return an account as its id, whichever way it is written, and anything else as it is."""
    account = re.fullmatch(r"arn:[^:]*:iam::(\d{12}):root", text) if kind == "AWS" else None
    return account[1] if account else text


_BASES = {
    f"{family}{test}".lower(): f"{family}{test}"
    for family, tests in {
        "String": ("Equals", "EqualsIgnoreCase", "Like"),
        "Numeric": "Equals LessThan LessThanEquals GreaterThan GreaterThanEquals".split(),
        "Date": "Equals LessThan LessThanEquals GreaterThan GreaterThanEquals".split(),
        "Arn": ("Equals", "Like"),
        "": ("Bool", "BinaryEquals", "IpAddress", "Null"),
    }.items()
    for test in tests
}
_NEGATED = {
    "stringnotequals": "StringEquals",
    "stringnotequalsignorecase": "StringEqualsIgnoreCase",
    "stringnotlike": "StringLike",
    "numericnotequals": "NumericEquals",
    "datenotequals": "DateEquals",
    "notipaddress": "IpAddress",
    "arnnotequals": "ArnEquals",
    "arnnotlike": "ArnLike",
}
_PREFIXES = {"": "", "forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}


def _entry(operator: str, key: str, texts: list[str]) -> Entry:
    prefix, _, rest = operator.lower().rpartition(":")
    name = rest.removesuffix("ifexists")
    base = _BASES.get(name) or _NEGATED.get(name)
    if base is None or prefix not in _PREFIXES:
        raise ValueError(f"no operator {operator}")
    values = tuple(sorted(set(texts)))
    return Entry(
        _PREFIXES[prefix],
        base,
        name in _NEGATED,
        name != rest,
        key.lower(),
        values,
        _is_open(values),
    )


# Deciding


def decide(among: Iterable[Statement], request: Request) -> Decision:
    """Return what statements decide: `Deny` wins, nothing said is None."""
    effects = {s.effect for s in among if applies(s, request)}
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else None


def applies(statement: Statement, request: Request) -> bool:
    """Tell whether a statement speaks of a request."""
    return is_action(statement, request.action) and applies_but_for_action(statement, request)


def applies_but_for_action(statement: Statement, request: Request) -> bool:
    """Tell whether all else of a statement fits a request."""
    return (
        is_resource(statement, request.resource, request.context)
        and is_principal(statement, request.principal)
        and all(holds(e, request.context, statement.variables) for e in statement.condition)
    )


def is_action(statement: Statement, action: str) -> bool:
    """Tell whether an action is one of a statement's: case does not count."""
    names, patterns = names_and_patterns(statement.actions)
    lowered = action.lower()
    found = lowered in names or (patterns is not None and patterns.fullmatch(lowered) is not None)
    return found != statement.actions.negated


@lru_cache(maxsize=4096)
def names_and_patterns(actions: Elements) -> tuple[frozenset[str], re.Pattern[str] | None]:
    """Return the texts that are whole names, and one expression for all others, if there are."""
    patterns = [t for t in actions.texts if "*" in t or "?" in t]
    any_of_them = "|".join(glob_regex(p).pattern for p in patterns)
    whole = frozenset(actions.texts).difference(patterns)
    return whole, re.compile(any_of_them, re.DOTALL) if patterns else None


def is_resource(statement: Statement, resource: str, context: Context) -> bool:
    """Tell whether a resource is one of a statement's; `*` matches across `/` and `:`."""
    elements = statement.resources
    if elements is None:
        return True
    if not elements.open:
        return _among(elements, resource)
    read = tuple([values_of(key, context) for key in elements.reads])
    return _among_filled(elements, resource, read, statement.variables)


@lru_cache(maxsize=1 << 18)
def _among(elements: Elements, resource: str) -> bool:
    return any(glob(text, resource) for text in elements.texts) != elements.negated


@lru_cache(maxsize=1 << 16)
def _among_filled(elements: Elements, resource: str, read: _Values, variables: bool) -> bool:
    context = dict(zip(elements.reads, read, strict=True))
    found = any(
        (pattern := filled(text, context, variables)) is not None and glob(pattern, resource)
        for text in elements.texts
    )
    return found != elements.negated


def is_principal(statement: Statement, principal: tuple[str, str]) -> bool:
    """Tell whether a principal is one of a statement's; without principals it is about all."""
    if statement.principals is None:
        return True
    pairs, negated = statement.principals
    return any(_is(principal, kind, text) for kind, text in pairs) != negated


def _is(principal: tuple[str, str], kind: str, text: str) -> bool:
    its_kind, who = principal
    if kind == "*":
        return True
    if kind != its_kind:
        return (kind, text) == ("AWS", "*") and principal == ANONYMOUS
    if kind != "AWS":
        return text == who
    if text == "*" or text == account_or_arn(kind, who):
        return True
    fields = who.split(":")
    return len(fields) > 5 and fields[0] == "arn" and bool(fields[4]) and text == fields[4]


def values_of(key: str, context: Context) -> tuple[str, ...]:
    """Return the values of a key, given in lower case; none when it is missing."""
    value = context.get(key, ())
    return (value,) if isinstance(value, str) else value


def holds(entry: Entry, context: Context, variables: bool) -> bool:
    """Tell whether an entry of a condition holds for a request's context."""
    values = values_of(entry.key, context)
    if not entry.open:
        return _holds_everywhere(entry, values)
    read = tuple([values_of(key, context) for key in entry.reads])
    return _holds_filled(entry, values, read, variables)


@lru_cache(maxsize=1 << 16)
def _holds_filled(entry: Entry, values: tuple[str, ...], read: _Values, variables: bool) -> bool:
    return _holds(entry, values, dict(zip(entry.reads, read, strict=True)), variables)


@lru_cache(maxsize=1 << 18)
def _holds_everywhere(entry: Entry, values: tuple[str, ...]) -> bool:
    return _holds(entry, values, {}, variables=False)


def _holds(entry: Entry, values: tuple[str, ...], context: Context, variables: bool) -> bool:
    if entry.base == "Null":
        return any((text.lower() == "true") == (not values) for text in entry.texts)

    def fits(value: str) -> bool:
        among = any(_fits(entry.base, t, value, context, variables) for t in entry.texts)
        return among != entry.negated

    if entry.prefix == "ForAllValues":
        return all(map(fits, values))
    if not values:
        return entry.optional or (entry.negated and not entry.prefix)
    every = entry.negated and not entry.prefix
    return all(map(fits, values)) if every else any(map(fits, values))


def _fits(base: str, text: str, value: str, context: Context, variables: bool) -> bool:
    """Tell whether a request's value fits one listed text under a positive operator."""
    if base.startswith(("String", "Arn")):
        pattern = filled(text, context, variables)
        return pattern is not None and _TEXT_TESTS[base](pattern, value)
    try:
        return _TYPED_TESTS[base](text, value)
    except (ValueError, InvalidOperation, OverflowError):
        return text == value and "Than" not in base  # of another kind


def _is_text(pattern: str, value: str) -> bool:
    return unescaped(pattern) == value


def _is_text_ignoring_case(pattern: str, value: str) -> bool:
    return unescaped(pattern).lower() == value.lower()


def _is_arn(pattern: str, value: str) -> bool:
    """Tell whether an ARN matches field by field; what has not six fields is matched as text."""
    patterns, parts = pattern.split(":", 5), value.split(":", 5)
    if len(patterns) < 6:
        return glob(pattern, value)
    return len(parts) == 6 and all(map(glob, patterns, parts))


def _is_bytes(text: str, value: str) -> bool:
    try:
        return base64.b64decode(text, validate=True) == base64.b64decode(value, validate=True)
    except binascii.Error:
        return text == value


def _is_address(text: str, value: str) -> bool:
    address, network = ip_address(value), network_of(text)
    return address.version == network.version and address in network


@cache
def glob_regex(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern whose literal wildcards are `LITERAL`."""
    special = {"*": ".*", "?": ".", LITERAL["*"]: r"\*", LITERAL["?"]: r"\?"}
    return re.compile("".join(special.get(c) or re.escape(c) for c in pattern), re.DOTALL)


def glob(pattern: str, text: str) -> bool:
    """Tell whether a text matches a pattern."""
    if pattern == "*":
        return True
    if "*" not in pattern and "?" not in pattern:
        return unescaped(pattern) == text
    return glob_regex(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def network_of(text: str) -> IPv4Network | IPv6Network:
    """Return the network of a text; bits beyond the prefix do not count."""
    return ip_network(text, strict=False)


@lru_cache(maxsize=4096)
def number(text: str) -> Decimal:
    """Return the number that a text says; raises `InvalidOperation` for none."""
    return Decimal(text)


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime:
    """Return the instant of an ISO 8601 text or of seconds since 1970; raises `ValueError`."""
    if re.fullmatch(r"\d{4}(-\d\d)?", text):
        text += "-01-01" if len(text) == 4 else "-01"
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(text))
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": _is_text,
    "StringEqualsIgnoreCase": _is_text_ignoring_case,
    "StringLike": glob,
    "ArnEquals": _is_arn,
    "ArnLike": _is_arn,
}
_TYPED_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Bool": lambda text, value: text.lower() == value.lower(),
    "BinaryEquals": _is_bytes,
    "IpAddress": _is_address,
    "NumericEquals": lambda text, value: number(value) == number(text),
    "NumericLessThan": lambda text, value: number(value) < number(text),
    "NumericLessThanEquals": lambda text, value: number(value) <= number(text),
    "NumericGreaterThan": lambda text, value: number(value) > number(text),
    "NumericGreaterThanEquals": lambda text, value: number(value) >= number(text),
    "DateEquals": lambda text, value: instant(value) == instant(text),
    "DateLessThan": lambda text, value: instant(value) < instant(text),
    "DateLessThanEquals": lambda text, value: instant(value) <= instant(text),
    "DateGreaterThan": lambda text, value: instant(value) > instant(text),
    "DateGreaterThanEquals": lambda text, value: instant(value) >= instant(text),
}

# Variables

VARIABLE = re.compile(r"\$\{([^}]*)\}")


def filled(text: str, context: Context, variables: bool) -> str | None:
    """Return a text with its variables filled in; None when one has neither value nor default.

    What they hold, and `${*}` and `${?}`, are no wildcards: these are written as in `LITERAL`.
    """
    if "${" not in text or not variables:
        return text
    made, at = "", 0
    for found in VARIABLE.finditer(text):
        value = _value(found[1], context)
        if value is None:
            return None
        made += text[at : found.start()] + _escaped(value)
        at = found.end()
    return made + text[at:]


def _value(name: str, context: Context) -> str | None:
    if name in ("*", "?", "$"):
        return name
    key, comma, default = _key(name), "," in name, name.partition(",")[2]
    values = values_of(key, context)
    if len(values) == 1:
        return values[0]
    return default.strip().strip("'") if comma else None


def _key(name: str) -> str:
    """Return the key of a variable, in lower case, without its default."""
    return name.partition(",")[0].strip().lower()


def _keys_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of all variables of some texts, each once."""
    return tuple(dict.fromkeys(_key(found[1]) for t in texts for found in VARIABLE.finditer(t)))


def _escaped(text: str) -> str:
    return text.replace("*", LITERAL["*"]).replace("?", LITERAL["?"])


def unescaped(text: str) -> str:
    """Return a text that was filled in as it is read where there are no wildcards."""
    return text.replace(LITERAL["*"], "*").replace(LITERAL["?"], "?")
