"""The types of the language, and which may stand for which."""

from __future__ import annotations

from typing import Any

import attrs


@attrs.frozen(repr=False)
class Type:
    """A type: a name, and what belongs to it.

    Attributes:
        name: `String`, `List`, `Record`, `Choice`, `Resource`, `Entity`, `Module` …
        item: of a `List`.
        fields: of a `Record`: name, type, and the default's expression or None.
        options: the strings of a `Choice`; `service:type` of a `Resource`; the kind of an
            `Entity`, or several where accounts have different things under one name.
    """

    name: str
    item: Type | None = None
    fields: tuple[tuple[str, Type, Any], ...] = ()
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.name == "List":
            return f"List[{self.item}]"
        if self.name == "Record":
            return "{ " + ", ".join(f"{n}: {t}" for n, t, _ in self.fields) + " }"
        if self.name == "Choice":
            return " | ".join(f'"{o}"' for o in self.options)
        if self.name in {"Resource", "Entity"}:
            return " or ".join(self.options)
        if self.name == "Converted":
            return f"{self.options[0]}(…)"
        return self.name


UNKNOWN = Type("Unknown")
"""The type of what was complained about already: it fits everywhere."""
ANY = Type("Any")
"""The type of a list's items when they differ: looked at one by one when the value is known."""
STRING, PATTERN = Type("String"), Type("Pattern")
INT, DECIMAL, BOOL = Type("Int"), Type("Decimal"), Type("Bool")
DURATION, DATE, NETWORK = Type("Duration"), Type("Date"), Type("Network")
ARN, ACCOUNT, REGION = Type("Arn"), Type("AccountId"), Type("Region")
ACTION, PRINCIPAL, KEY, CONDITION = (
    Type("Action"),
    Type("Principal"),
    Type("Key"),
    Type("Condition"),
)
QUALIFIED = Type("action or key")
"""`s3:prefix`: an action or a key, as its place wants it."""
STAR = Type("*")
MODULE, TEMPLATE, GUARD = Type("Module"), Type("Template"), Type("Guard")
RECORD = Type("Record")
"""The type of a record's value: which fields it has, the value itself says."""

NAMED = {
    t.name: t
    for t in (
        STRING, PATTERN, INT, DECIMAL, BOOL, DURATION, DATE, NETWORK,
        ARN, ACCOUNT, REGION, ACTION, PRINCIPAL, KEY, CONDITION,
    )
}  # fmt: skip
CONVERSIONS = {"String", "Arn", "Numeric", "Date", "Bool", "Network", "Binary"}
"""Names that convert when called: `Arn("*")` chooses the operator family."""

_FITS: dict[str, set[str]] = {
    "String": {"AccountId", "Region", "Choice", "Pattern"},
    "Pattern": {"String", "AccountId", "Region", "Choice", "Arn"},
    "Decimal": {"Int"},
    "Arn": {"Resource", "Entity"},
    "Region": {"String", "Choice"},
    "AccountId": {"String", "Choice"},
    "Action": {"action or key", "*"},
    "Key": {"action or key"},
    "Principal": {"Arn", "Entity", "AccountId", "Resource", "String", "Choice"},
    "Condition": {"Bool", "action or key", "Key"},
}


PRINCIPAL_KINDS = frozenset({"role", "user", "account"})
"""Kinds of declaration that can ask for something."""
WITH_ARN = frozenset({"policy", "boundary", "role", "user", "group", "account"})
"""Kinds of declaration that have an ARN to be spoken of by."""


def list_of(item: Type) -> Type:
    """Return the type of lists of `item`."""
    return Type("List", item=item)


def fits(actual: Type, expected: Type) -> bool:
    """Tell whether a value of type `actual` may stand where `expected` is asked for."""
    if actual == expected or {"Unknown", "Any"} & {actual.name, expected.name}:
        return True
    if expected.name == "List":
        wanted = expected.item or ANY
        return actual.name == "List" and fits(actual.item or ANY, wanted)
    if expected.name == "Record":
        return actual.name == "Record" and _record_fits(actual, expected)
    if expected.name == "Choice":
        if actual.name == "Choice":
            return set(actual.options) <= set(expected.options)
        return actual.name == "String"
    if actual.name == "Entity" and not WITH_ARN.intersection(actual.options):
        return False
    if actual.name == "Converted":
        return actual.options == ("Arn",) and fits(ARN, expected)
    if expected.name == "Resource":
        return actual.name in {"Arn", "Entity"}
    return actual.name in _FITS.get(expected.name, set())


def _record_fits(actual: Type, expected: Type) -> bool:
    given = {name: kind for name, kind, _ in actual.fields}
    known = {name for name, _, _ in expected.fields}
    return set(given) <= known and all(
        fits(given[name], kind) if name in given else default is not None
        for name, kind, default in expected.fields
    )


def join(left: Type, right: Type) -> Type:
    """Return the type of a list that holds both, `ANY` when they have nothing in common."""
    if fits(left, right):
        return right if left.name != "Any" else ANY
    return left if fits(right, left) else ANY


def has_defaults(kind: Type) -> bool:
    """Tell whether some field in a type has a default."""
    inner = [(of, default) for _, of, default in kind.fields]
    if kind.item is not None:
        inner.append((kind.item, None))
    return any(default is not None or has_defaults(of) for of, default in inner)


def leaf(kind: Type) -> Type:
    """Return the type of the items of a list, through lists of lists; any other type itself."""
    while kind.name == "List":
        kind = kind.item or ANY
    return kind
