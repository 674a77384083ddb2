"""Results that are kept for a value by its identity, for as long as it lives.

Statements are frozen and compare by value, but hashing one walks through all that it holds, which
costs more than most answers about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
R = TypeVar("R")


def kept(make: Callable[[T], R]) -> Callable[[T], R]:
    """Return `make`, asked once for each value; what it returns must not hold the value."""
    known: dict[int, tuple[object, R]] = {}

    def get(value: T) -> R:
        found = known.get(id(value))
        if found is not None:
            return found[1]
        made = make(value)
        number = id(value)
        # The entry goes before the memory is free, so that no other value can find it.
        known[number] = (ref(value, lambda _: known.pop(number, None)), made)
        return made

    return get
