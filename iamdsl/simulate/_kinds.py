"""Values that are no texts: numbers, dates, truth values, addresses, bytes.

Source: AWS "reference_policies_elements_condition_operators". A text that is not of the operator's
kind is equal to itself alone, and neither less nor greater than anything.
"""

from __future__ import annotations

import binascii
import operator
import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iamdsl.simulate._texts import Test

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_EPOCH_SECONDS = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)([T ].*)?)?)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4096)
def number(text: str) -> Decimal:
    """Return the number that a text says; raises `ValueError` for none."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"no number: {text}")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"no number: {text}") from None


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime:
    """Return the instant of an ISO 8601 text (UTC without a zone) or of seconds since 1970.

    Four digits are a year. Raises `ValueError` for what is neither, and for years that no
    calendar here goes to.
    """
    if found := _DAY.fullmatch(text):
        year, month, day, rest = found.groups()
        moment = datetime.fromisoformat(f"{year}-{month or '01'}-{day or '01'}{rest or ''}")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not _EPOCH_SECONDS.fullmatch(text):
        raise ValueError(f"no date: {text}")
    try:
        return _EPOCH + timedelta(seconds=float(text))
    except OverflowError:
        raise ValueError(f"no date: {text}") from None


class _Network(NamedTuple):
    version: int
    address: int
    mask: int


@lru_cache(maxsize=4096)
def _network(text: str) -> _Network:
    """Return a network; bits beyond its prefix do not count. Raises `ValueError` for none."""
    from ipaddress import ip_network  # noqa: PLC0415  # few policies hold addresses

    found = ip_network(text, strict=False)
    return _Network(found.version, int(found.network_address), int(found.netmask))


@lru_cache(maxsize=4096)
def _address(text: str) -> tuple[int, int]:
    from ipaddress import ip_address  # noqa: PLC0415  # few policies hold addresses

    found = ip_address(text)
    return found.version, int(found)


@lru_cache(maxsize=4096)
def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError(f"no base64: {text}") from None


def _is_inside(address: tuple[int, int], network: _Network) -> bool:
    version, bits = address
    return version == network.version and bits & network.mask == network.address


def _read(of_kind: Callable[[str], Any], text: str) -> Any:
    """Return the value that a text says, or None."""
    try:
        return of_kind(text)
    except (ValueError, OverflowError):
        return None


def _compared(
    texts: Sequence[str],
    of_policy: Callable[[str], Any],
    of_request: Callable[[str], Any],
    fits: Callable[[Any, Any], bool],
    *,
    ordering: bool = False,
) -> Test:
    """Return the test whether a request's text fits some text of a policy."""
    listed = [value for text in texts if (value := _read(of_policy, text)) is not None]
    itself = frozenset(() if ordering else texts)

    def test(text: str) -> bool:
        value = _read(of_request, text)
        return text in itself or (value is not None and any(fits(value, v) for v in listed))

    return test


def _truths(texts: Sequence[str]) -> Test:
    wanted = frozenset(text.lower() for text in texts)
    return lambda text: text.lower() in wanted


_ORDERINGS = {
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}

_Make: TypeAlias = "Callable[[Sequence[str]], Test]"


def _tests() -> dict[str, _Make]:
    made: dict[str, _Make] = {
        "Bool": _truths,
        "BinaryEquals": partial(_compared, of_policy=_bytes, of_request=_bytes, fits=operator.eq),
        "IpAddress": partial(_compared, of_policy=_network, of_request=_address, fits=_is_inside),
    }
    for family, read in (("Numeric", number), ("Date", instant)):
        for name, fits in (("Equals", operator.eq), *_ORDERINGS.items()):
            made[family + name] = partial(
                _compared, of_policy=read, of_request=read, fits=fits, ordering=name != "Equals"
            )
    return made


KIND_TESTS: Final = _tests()
"""By positive operator, the test whether a value of a request fits one of the listed texts."""
