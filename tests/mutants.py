"""Policy documents with one thing weakened or strengthened, to see that comparisons notice it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from decisions import listed

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping


class Mutant(NamedTuple):
    """A document in which one thing is another.

    Attributes:
        change: what was done, in words that find it again.
    """

    change: str
    document: dict[str, Any]


def mutants(document: Mapping[str, Any], choice: random.Random) -> list[Mutant]:
    """Return mutants of a document, one of each kind of change that some statement of it can have.

    Which statement, entry and value is chosen by `choice`.
    """
    made = []
    text = json.dumps(document)
    for name, change in CHANGES.items():
        changed: dict[str, Any] = json.loads(text)
        found = changed["Statement"]
        every = [found] if isinstance(found, dict) else found
        changed["Statement"] = every
        numbers = list(range(len(every)))
        choice.shuffle(numbers)
        for number in numbers:
            before = json.loads(json.dumps(every))
            what = change(every, number, choice)
            if what is not None and every != before and every:
                made.append(Mutant(f"{name}: {what} [{number}]", changed))
                break
    return made


_Statements = list[dict[str, Any]]


def _one_less(member: str) -> Callable[[_Statements, int, random.Random], str | None]:
    def change(every: _Statements, number: int, choice: random.Random) -> str | None:
        values = listed(every[number].get(member, []))
        if len(values) < 2:
            return None
        dropped = values.pop(choice.randrange(len(values)))
        every[number][member] = values
        return dropped

    return change


def _changed(
    member: str, other: Callable[[str], str]
) -> Callable[[_Statements, int, random.Random], str | None]:
    def change(every: _Statements, number: int, choice: random.Random) -> str | None:
        values = listed(every[number].get(member, []))
        if not values:
            return None
        at = choice.randrange(len(values))
        was = values[at]
        values[at] = other(was)
        every[number][member] = values
        return None if values[at] == was or was == "*" else f"{was} -> {values[at]}"

    return change


def _negated(member: str) -> Callable[[_Statements, int, random.Random], str | None]:
    def change(every: _Statements, number: int, choice: random.Random) -> str | None:
        del choice
        for name in (member, "Not" + member):
            if name in every[number]:
                other = "Not" + member if name == member else member
                every[number][other] = every[number].pop(name)
                return other
        return None

    return change


def _effect(every: _Statements, number: int, choice: random.Random) -> str:
    del choice
    now = "Deny" if every[number]["Effect"] == "Allow" else "Allow"
    every[number]["Effect"] = now
    return now


def _lost(every: _Statements, number: int, choice: random.Random) -> str | None:
    del choice
    if len(every) < 2:
        return None
    del every[number]
    return "statement"


def _joined(every: _Statements, number: int, choice: random.Random) -> str | None:
    """Join two statements into one of all actions on all resources, under the first's condition."""
    first = every[number]
    others = [
        s
        for s in every
        if s is not first
        and s["Effect"] == first["Effect"]
        and {"Action", "Resource"} <= set(s) & set(first)
        and (s["Action"] != first["Action"] or s.get("Condition") != first.get("Condition"))
        and set(listed(s["Resource"])) != set(listed(first["Resource"]))
    ]
    if not others:
        return None
    other = choice.choice(others)
    for member in ("Action", "Resource"):
        first[member] = sorted({*listed(first[member]), *listed(other[member])})
    every.remove(other)
    return "with another"


def _in_entry(
    change: Callable[[str, str, list[str], random.Random], tuple[str, str, list[str]] | None],
) -> Callable[[_Statements, int, random.Random], str | None]:
    """Return a change of one entry: of operator, key and values to others, or to nothing."""

    def apply(every: _Statements, number: int, choice: random.Random) -> str | None:
        block = every[number].get("Condition") or {}
        places = [(o, k) for o, keys in block.items() for k in keys]
        choice.shuffle(places)
        for operator, key in places:
            made = change(operator, key, listed(block[operator][key]), choice)
            if made is None or (made[:2] != (operator, key) and made[1] in block.get(made[0], {})):
                continue
            del block[operator][key]
            if made[2]:
                block.setdefault(made[0], {})[made[1]] = made[2]
            every[number]["Condition"] = {o: keys for o, keys in block.items() if keys}
            return f"{operator} {key}"
        return None

    return apply


def _split(operator: str) -> tuple[str, str, str]:
    prefix, colon, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    return prefix + colon, base, rest[len(base) :]


def _drop_value(o: str, k: str, values: list[str], choice: random.Random) -> Any:
    if len(values) < 2:
        return None
    values.pop(choice.randrange(len(values)))
    return o, k, values


def _drop_entry(o: str, k: str, values: list[str], choice: random.Random) -> Any:
    del values, choice
    return o, k, []


def _other_value(o: str, k: str, values: list[str], choice: random.Random) -> Any:
    at = choice.randrange(len(values))
    _, base, _ = _split(o)
    if base in ("Bool", "Null"):
        values[at] = "false" if values[at].lower() == "true" else "true"
    elif base.startswith(("String", "Arn")):
        values[at] += "q"
    elif base.startswith("Numeric"):
        values[at] = "77" + values[at].lstrip("-")
    else:
        return None
    return o, k, values


def _wider_value(o: str, k: str, values: list[str], choice: random.Random) -> Any:
    at = choice.randrange(len(values))
    if "Like" not in o or values[at].endswith("*"):
        return None
    values[at] += "*"
    return o, k, values


_OPPOSITES = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "NumericEquals": "NumericNotEquals",
    "NumericLessThan": "NumericGreaterThanEquals",
    "NumericLessThanEquals": "NumericGreaterThan",
    "DateEquals": "DateNotEquals",
    "DateLessThan": "DateGreaterThanEquals",
    "DateLessThanEquals": "DateGreaterThan",
    "IpAddress": "NotIpAddress",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
}
_OPPOSITES |= {b: a for a, b in _OPPOSITES.items()}


def _opposite(o: str, k: str, values: list[str], choice: random.Random) -> Any:
    del choice
    prefix, base, suffix = _split(o)
    return (prefix + _OPPOSITES[base] + suffix, k, values) if base in _OPPOSITES else None


def _if_exists(o: str, k: str, values: list[str], choice: random.Random) -> Any:
    """Add or take away `IfExists`, where it says something."""
    del choice
    prefix, base, suffix = _split(o)
    if base == "Null" or "Not" in base or prefix:
        return None
    return (o.removesuffix("IfExists") if suffix else o + "IfExists"), k, values


def _other_set(o: str, k: str, values: list[str], choice: random.Random) -> Any:
    del choice
    if o.startswith("ForAllValues:"):
        return "ForAnyValue:" + o.partition(":")[2], k, values
    return (
        ("ForAllValues:" + o.partition(":")[2], k, values) if o.startswith("ForAnyValue:") else None
    )


def _other_family(o: str, k: str, values: list[str], choice: random.Random) -> Any:
    """Take wildcards as text, or text as wildcards; colons as borders, or not; case for nothing."""
    del choice
    prefix, base, suffix = _split(o)
    wild = any("*" in v for v in values)
    if wild and base in ("StringLike", "StringNotLike"):
        return prefix + base.replace("Like", "Equals") + suffix, k, values
    if base in ("StringEquals", "StringNotEquals") and any(
        c.isalpha() for v in values if "${" not in v for c in v
    ):
        return prefix + base + "IgnoreCase" + suffix, k, values
    if wild and base.startswith("Arn"):
        return prefix + base.replace("Arn", "String").replace("Equals", "Like") + suffix, k, values
    return None


def _other_key(o: str, k: str, values: list[str], choice: random.Random) -> Any:
    del choice
    return o, k + "x", values


def _principal(every: _Statements, number: int, choice: random.Random) -> str | None:
    member = next((m for m in ("Principal", "NotPrincipal") if m in every[number]), None)
    if member is None:
        return None
    value = every[number][member]
    if value == "*":
        every[number][member] = {"AWS": "*"}
        return "* -> AWS *"
    kind = choice.choice(sorted(value))
    texts = listed(value[kind])
    at = choice.randrange(len(texts))
    was = texts[at]
    if kind == "AWS" and was != "*":
        fields = was.split(":")
        texts[at] = fields[4] if len(fields) > 5 and fields[5] != "root" else "*"
    else:
        texts[at] += "x"
    value[kind] = texts
    return f"{was} -> {texts[at]}"


def _except_last(text: str) -> str:
    return text[:-1] if not text.endswith(("*", ":")) else text


CHANGES: Mapping[str, Callable[[_Statements, int, random.Random], str | None]] = {
    "effect": _effect,
    "lost": _lost,
    "joined": _joined,
    "action less": _one_less("Action"),
    "action wider": _changed("Action", lambda a: a if a.endswith("*") else a + "*"),
    "action other": _changed("Action", _except_last),
    "action not": _negated("Action"),
    "not-action less": _one_less("NotAction"),
    "resource less": _one_less("Resource"),
    "resource wider": _changed("Resource", lambda r: r if r.endswith("*") else r + "*"),
    "resource other": _changed("Resource", _except_last),
    "resource not": _negated("Resource"),
    "not-resource less": _one_less("NotResource"),
    "principal": _principal,
    "principal not": _negated("Principal"),
    "value less": _in_entry(_drop_value),
    "value other": _in_entry(_other_value),
    "value wider": _in_entry(_wider_value),
    "entry less": _in_entry(_drop_entry),
    "operator opposite": _in_entry(_opposite),
    "operator IfExists": _in_entry(_if_exists),
    "operator set": _in_entry(_other_set),
    "operator family": _in_entry(_other_family),
    "key other": _in_entry(_other_key),
}


def equivalents(document: Mapping[str, Any], choice: random.Random) -> Iterator[Mutant]:
    """Yield spellings of the same meaning: no comparison may find a difference."""
    every = listed_statements(document)
    shuffled = json.loads(json.dumps(every))
    choice.shuffle(shuffled)
    yield Mutant("other order", {**document, "Statement": shuffled})
    apart = [
        {**s, "Action": action}
        for s in every
        for action in (listed(s["Action"]) if "Action" in s else [None])
        if action is not None
    ] + [s for s in every if "Action" not in s]
    yield Mutant("a statement for each action", {**document, "Statement": apart})
    loud = [
        {**s, "Action": [a.swapcase() for a in listed(s["Action"])]} if "Action" in s else s
        for s in every
    ]
    yield Mutant("actions in other case", {**document, "Statement": loud})
    yield Mutant("spelt otherwise", {**document, "Statement": list(map(_spelt_otherwise, every))})


def listed_statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a document, also where there is but one."""
    found = document["Statement"]
    return [found] if isinstance(found, dict) else list(found)


def _spelt_otherwise(statement: dict[str, Any]) -> dict[str, Any]:
    """Write keys in other case, and each positive operator as its `IfExists` and `Null` false."""
    made: dict[str, dict[str, Any]] = {}
    for operator, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            prefix, base, suffix = _split(operator)
            plain = not prefix and not suffix and "Not" not in base and base != "Null"
            made.setdefault(operator + "IfExists" if plain else operator, {})[key.upper()] = value
            if plain:
                made.setdefault("Null", {})[key.upper()] = "false"
    return {**statement, "Condition": made} if made else statement
