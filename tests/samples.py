"""Texts that match what policies list, and texts that nearly do, for `comparator.py`."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from decisions import (
    ANONYMOUS,
    LITERAL,
    VARIABLE,
    Entry,
    Statement,
    filled,
    instant,
    network_of,
    number,
    unescaped,
)

if TYPE_CHECKING:
    import random
    import re
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from decisions import Context, Value

    from iamdsl.aws import Catalogue

FILLINGS = ("", "a", "x/y", "p:q", "Zz-9.z/*")
"""What stands where a pattern has `*`."""
ODD = {
    "String": ("zz-odd",),
    "Numeric": ("424242",),
    "Date": ("1999-12-31T23:59:59Z",),
    "Bool": ("true", "false"),
    "IPAddress": ("203.0.113.77", "2001:db8:77::7"),
    "ARN": ("arn:aws:zz:eu-west-1:999999999999:odd/one",),
    "Binary": ("QUJD",),
}
"""Values that hardly a policy lists, by the type of a key."""
ANY_PRINCIPALS = (
    ("AWS", "arn:aws:iam::999999999999:role/any"),
    ("Service", "zz.amazonaws.com"),
    ANONYMOUS,
)


# Patterns


def fillings(pattern: str, choice: random.Random) -> Iterator[str]:
    """Yield texts that a pattern matches: each wildcard short, long, odd, and mixtures."""
    if "*" not in pattern and "?" not in pattern:
        yield pattern
        return
    for each in FILLINGS:
        yield pattern.replace("*", each).replace("?", "q")
    for _ in range(2):
        yield "".join(
            choice.choice(FILLINGS) if c == "*" else choice.choice("q/:") if c == "?" else c
            for c in pattern
        )


def misses(pattern: str, choice: random.Random) -> Iterator[str]:
    """Yield texts that a pattern nearly matches: a letter changed, one more, one less."""
    short = pattern.replace("*", "").replace("?", "q")
    full = pattern.replace("*", "a").replace("?", "q")
    for text in dict.fromkeys((short, full)):
        yield text + "x"
        yield "x" + text
        yield text[:-1]
        if text:
            for at in {0, len(text) - 1, choice.randrange(len(text))}:
                yield text[:at] + ("y" if text[at] != "y" else "z") + text[at + 1 :]
    yield full.swapcase()
    if "?" in pattern:
        yield pattern.replace("*", "a").replace("?", "")
        yield pattern.replace("*", "a").replace("?", "qq")


# Actions and resources


def actions(text: str, known: Catalogue, choice: random.Random, *, near: bool) -> Iterator[str]:
    """Yield actions that a text names or matches; with `near` also neighbours of them."""
    wild = "*" in text or "?" in text
    if not wild:
        yield text
        if near:
            yield text.swapcase()
            yield text + "x"
            yield text[:-1]
        return
    service, colon, _ = text.partition(":")
    if colon and "*" not in service and "?" not in service:
        found = known.match(text)
        yield from found if len(found) < 6 else choice.sample(found, 6)
        if near and known.has_service(service):
            names = list(known.names(service).values())
            for name in choice.sample(names, min(4, len(names))):
                yield f"{service}:{name}" if ":" not in name else name
    else:
        yield "zz:Anything"
        yield "s3:GetObject"
        yield "iam:CreateRole"
    for made in islice(fillings(text, choice), None if near else 2):
        if made.count(":") == 1:
            yield made
    if near:
        yield from (t for t in misses(text, choice) if t.count(":") == 1)


def resources(
    text: str, context: Context, choice: random.Random, *, near: bool, variables: bool
) -> Iterator[str]:
    """Yield resources that a pattern matches in a context; with `near` also others."""
    pattern = filled(text, context, variables)
    if pattern is None:
        pattern = VARIABLE.sub("zz-odd", text)
    if pattern == "*":
        yield from ("*", *ODD["ARN"], "arn:aws:s3:::a/b")
        return
    for made in islice(fillings(pattern, choice), None if near else 2):
        yield from _resource(made, pattern)
    if pattern.endswith("*"):
        yield from _resource(pattern.replace("*", "k") + "/deep:er", pattern)
    if near:
        for made in misses(pattern, choice):
            yield from _resource(made, pattern)


def _resource(text: str, pattern: str) -> Iterator[str]:
    """Yield a text as resource: what a pattern of ARNs is asked about are whole ARNs."""
    text = unescaped(text)
    if text.count(":") >= 5 or not pattern.startswith("arn:"):
        yield text


def principals(kind: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield principals that an entry may tell apart."""
    fields = text.split(":")
    if kind == "AWS" and (text.isdigit() or len(fields) > 5):
        partition, account = (fields[1], fields[4]) if len(fields) > 5 else ("aws", text)
        yield kind, f"arn:{partition}:iam::{account}:root"
        yield kind, f"arn:{partition}:iam::{account}:role/another"
        yield kind, f"arn:{partition}:iam::{account[:-1]}0:role/another"
        if len(fields) > 5:
            yield kind, ":".join((*fields[:4], "999999999999", *fields[5:]))
    if text != "*" and not text.isdigit():
        yield kind, text
        yield kind, text.swapcase()
        yield kind, text + "x"
    elif kind == "AWS" and text == "*":
        yield kind, "arn:aws:iam::111122223333:user/someone"
    for other in ("AWS", "Service", "Federated", "CanonicalUser"):
        if other != kind:
            yield other, text if other != "AWS" else "arn:aws:iam::999999999999:root"


# Keys


def variables_of(statement: Statement) -> list[str]:
    """Return the keys, in lower case, that a statement's texts have as variables."""
    if not statement.variables:
        return []
    texts = [t for e in statement.condition for t in e.texts]
    texts += statement.resources.texts if statement.resources else ()
    names = [m[1].partition(",")[0].strip().lower() for t in texts for m in VARIABLE.finditer(t)]
    return [name for name in dict.fromkeys(names) if name and name not in "*?$"]


def filling(name: str) -> str:
    """Return what a key holds that is a variable, unless something says more about it."""
    return "v-" + "".join(c for c in name.partition(",")[0].lower() if c.isalnum())


def values(
    key: str,
    entries: Sequence[Entry],
    known: Catalogue,
    choice: random.Random,
    *,
    as_variable: bool,
) -> list[Value]:
    """Return values of a key that some entries may tell apart; `()` stands for a missing key."""
    found = known.condition_key(key)
    kind = found.value_type if found else None
    ones: dict[str, None] = {}
    for entry in entries:
        for text in entry.texts:
            if entry.base != "Null":
                ones.update(dict.fromkeys(_around(entry.base, text, choice)))
        ones.update(dict.fromkeys(ODD[kind or _KINDS[entry.base]]))
    if as_variable:
        ones = dict.fromkeys((filling(key), *ones, "a*b?c", *ODD["ARN"]))
    written = {text for entry in entries for text in entry.texts}
    fitting = [v for v in ones if kind is None or v in written or _is_of(kind, v)]
    if key == "aws:epochtime":  # seconds, whichever operator asks
        fitting = [v for v in fitting if v.isdigit()]
    prefixed = any(e.prefix for e in entries)
    plain = any(not e.prefix and e.base != "Null" for e in entries) or as_variable
    made: list[Value] = []
    if found is None or not found.multivalued:
        made += fitting if plain or not prefixed else []
    if prefixed or (found is not None and found.multivalued):
        made += _sets(fitting, choice)
    return [*made, ()]


def _sets(ones: Sequence[str], choice: random.Random) -> Iterator[Value]:
    yield from ((one,) for one in ones)
    for one in ones:
        yield (one, choice.choice(ones))
        yield ("zz-odd", one)
    for _ in range(min(8, len(ones) ** 2)):
        yield tuple(dict.fromkeys(choice.choice(ones) for _ in range(3)))


def _is_of(kind: str, value: str) -> bool:
    if kind in ("String", "ARN", "Bool"):
        return True
    try:
        {"Numeric": number, "Date": instant, "IPAddress": network_of}[kind](value)
    except (ArithmeticError, ValueError, KeyError):
        return False
    return True


_KINDS = {
    "StringEquals": "String",
    "StringEqualsIgnoreCase": "String",
    "StringLike": "String",
    "Bool": "Bool",
    "BinaryEquals": "Binary",
    "IpAddress": "IPAddress",
    "ArnEquals": "ARN",
    "ArnLike": "ARN",
    "Null": "String",
    **{
        f"{family}{test}": family
        for family in ("Numeric", "Date")
        for test in ("Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    },
}


def _around(base: str, text: str, choice: random.Random) -> Iterator[str]:
    """Yield values that fit a listed text under an operator, and values that nearly do."""
    kind = _KINDS[base]
    try:
        yield from _AROUND[kind](text, choice)
    except (ArithmeticError, ValueError):
        yield text


def _strings(text: str, choice: random.Random) -> Iterator[str]:
    texts = [text, VARIABLE.sub(_literal, text)] if "${" in text else [text]
    for each in texts:
        yield from map(unescaped, fillings(each, choice))
        yield unescaped(each)
        yield from map(unescaped, misses(each, choice))
    yield ""


def _literal(found: re.Match[str]) -> str:
    """Return what stands for a variable in a text that is to be matched."""
    name = found[1]
    special = {"*": LITERAL["*"], "?": LITERAL["?"], "$": "$"}
    return special.get(name) or filling(name)


def _numbers(text: str, choice: random.Random) -> Iterator[str]:
    del choice
    value = number(text)
    for each in (value, value + 1, value - 1, value * 10, -value):
        yield str(each)
    yield f"{value + number('0.5')}"


def _dates(text: str, choice: random.Random) -> Iterator[str]:
    del choice
    middle = instant(text)
    for seconds in (0, 1, -1, 86400, -86400):
        moment = middle + timedelta(seconds=seconds)
        yield moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        yield str(int(moment.timestamp()))


def _addresses(text: str, choice: random.Random) -> Iterator[str]:
    network = network_of(text)
    first, last = network.network_address, network.broadcast_address
    yield str(first)
    yield str(last)
    yield str(first + choice.randrange(network.num_addresses))
    for edge, step in ((first, -1), (last, 1)):
        try:
            yield str(edge + step)
        except ValueError:
            continue


def _arns(text: str, choice: random.Random) -> Iterator[str]:
    plain = VARIABLE.sub(_literal, text)
    for made in _strings(text, choice):
        if made.count(":") >= 5:
            yield made
    fields = plain.split(":", 5)
    if len(fields) == 6:
        for at in range(6):
            # another text in one field, and one that runs over its end
            for other in ("zz", "zz:yy", ""):
                changed = [f.replace("*", "a").replace("?", "q") for f in fields]
                changed[at] = other if "*" not in fields[at] else fields[at].replace("*", other)
                yield unescaped(":".join(changed))


_AROUND: Mapping[str, Callable[[str, random.Random], Iterator[str]]] = {
    "String": _strings,
    "Numeric": _numbers,
    "Date": _dates,
    "Bool": lambda _, __: iter(("true", "false", "TRUE")),
    "IPAddress": _addresses,
    "ARN": _arns,
    "Binary": lambda text, _: iter((text, "QUJD", "QUJE")),
}
