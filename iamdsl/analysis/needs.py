"""What a request would have to carry for a condition to hold, or for a deny to pass it by.

Every value that is proposed is tried by the evaluation itself before it is given back.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from iamdsl import simulate
from iamdsl.iam import split_operator
from iamdsl.simulate import instant, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iamdsl.iam import Condition, Entry, Statement
    from iamdsl.simulate import Request

_VARIABLE = re.compile(r"\$\{([^},]+)(?:, '([^']*)')?\}")
_PLAIN = frozenset({"*", "?", "$"})
_ELSEWHERE = ("192.0.2.1", "2001:db8::1")
"""Addresses for examples (RFC 5737, RFC 3849)."""
_SAMPLE = "x"

GIVEN = frozenset(
    """
    aws:principalarn aws:principalaccount aws:principalorgid aws:principalorgpaths
    aws:principaltype aws:principalisawsservice aws:principalservicename
    aws:principalservicenameslist aws:userid aws:username aws:resourceaccount aws:resourceorgid
    aws:resourceorgpaths aws:federatedprovider
    """.split()
)
"""Keys that follow from who asks for what: a caller cannot send others."""


def is_given(key: str, request: Request) -> bool:
    """Tell whether a key follows from the rest of a request: the Region from an ARN that has one."""
    lowered = key.lower()
    region = lowered == "aws:requestedregion" and request.resource.startswith("arn:")
    return lowered in GIVEN or (region and bool(request.resource.split(":")[3]))


class Need(NamedTuple):
    """A key and the values to send: none is to send no such key.

    Attributes:
        key: as the policy writes it.
        any: whether any other value would do as well.
    """

    key: str
    values: tuple[str, ...]
    any: bool = False


def failing(statement: Statement, request: Request) -> tuple[Entry, ...]:
    """Return the entries of a condition that do not hold."""
    return tuple(e for e in statement.condition if not simulate.holds(e, request.context))


def to_hold(entry: Entry, condition: Condition, request: Request) -> Need | None:
    """Return what makes an entry hold without breaking others of its key; None if nothing does."""
    key = entry.key.lower()
    if is_given(key, request):
        return None
    holding = [
        e for e in condition
        if e.key.lower() == key and (e == entry or simulate.holds(e, request.context))
    ]  # fmt: skip
    for values in _proposals(entry, request):
        context = {**request.context, key: values}
        if all(simulate.holds(e, context) for e in holding):
            return Need(entry.key, values, _is_null(entry))
    return None


def to_pass(statement: Statement, request: Request) -> Iterator[Need]:
    """Yield what a request could carry instead, each of which keeps a statement from applying."""
    for entry in statement.condition:
        key = entry.key.lower()
        if is_given(key, request):
            continue
        for values in _proposals(entry, request):
            context: Mapping[str, tuple[str, ...]] = {**request.context, key: values}
            if not simulate.holds(entry, context):
                yield Need(entry.key, values, _is_null(entry))
                break


def with_need(request: Request, need: Need) -> Request:
    """Return a request that carries what is needed."""
    return request._replace(context={**request.context, need.key.lower(): need.values})


def _is_null(entry: Entry) -> bool:
    return split_operator(entry.operator)[1] == "Null"


def _proposals(entry: Entry, request: Request) -> Iterator[tuple[str, ...]]:
    """Yield values to try for a key, the likeliest first; nothing at all comes last."""
    for value in entry.values:
        filled = _filled(value, request.context)
        if filled is not None:
            with suppress(ValueError, OverflowError):  # what is no number or date fits nothing
                yield from ((proposed,) for proposed in _near(entry, filled))
    if request.context.get(entry.key.lower()):
        yield ()


def _near(entry: Entry, value: str) -> Iterator[str]:
    base = split_operator(entry.operator)[1]
    if base == "Null":
        yield _SAMPLE
    elif base == "Bool":
        yield from ("true", "false")
    elif base.startswith("Numeric"):
        yield value
        near = number(value)
        yield from (f"{near + step:f}" for step in (-1, 1))
    elif base.startswith("Date"):
        yield value
        moment = instant(value)
        day = timedelta(days=1)
        yield from (f"{moment + step:%Y-%m-%dT%H:%M:%SZ}" for step in (-day, day))
    elif base.endswith("IpAddress"):
        from ipaddress import ip_network  # noqa: PLC0415  # few policies hold addresses

        yield str(ip_network(value, strict=False).network_address)
        yield from _ELSEWHERE
    else:
        yield re.sub(r"\$\{([*?$])\}", r"\1", re.sub(r"(?<!\{)[*?]", _SAMPLE, value))


def _filled(value: str, context: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return a pattern with its variables filled in, None where a request has not one for each."""
    missing = False

    def text(found: re.Match[str]) -> str:
        nonlocal missing
        if found[1] in _PLAIN:
            return found[0]
        known = context.get(found[1].strip().lower(), ())
        if len(known) == 1:
            return re.sub(r"[*?$]", lambda c: f"${{{c[0]}}}", known[0])
        missing = missing or found[2] is None
        return found[2] or ""

    filled = _VARIABLE.sub(text, value)
    return None if missing else filled
