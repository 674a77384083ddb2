"""Numbers of JSON and TOML, kept as they are written: a float would not hold them exactly."""

from __future__ import annotations


class Number(str):
    """A number as it stands in the file."""

    __slots__ = ()


def shortest(number: Number) -> str:
    """Return a number as the language writes it: without an exponent.

    What is no number of ordinary size stays as it is, and is then refused as a value.
    """
    if not set("eE") & set(number):
        return str(number)
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415  # hardly ever needed

    try:
        exact = Decimal(number)
    except InvalidOperation:
        return str(number)
    if not exact.is_finite() or abs(exact.adjusted()) > 20:
        return str(number)
    plain = f"{exact:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
