"""Names in a construct of CDK: members, classes, files, and ids that stay what they are.

The logical id of a resource comes from the ids of its construct: another one would be another
resource, and a policy cannot be made while one of its name is there. So an id depends on the name
of what it is for and on nothing else, and no two names have the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_KEBAB = re.compile(r"[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*")
_UPPER = re.compile(r"(?<!^)(?=[A-Z])")


def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: `ordersTable-2` has three."""
    return tuple(word.lower() for word in _WORD.findall(name))


def pascal(found: Sequence[str]) -> str:
    """Return words as `OrdersTable2`; what begins with a digit gets an underscore."""
    name = "".join(word.capitalize() for word in found)
    return f"_{name}" if name[:1].isdigit() else name


def camel(found: Sequence[str]) -> str:
    """Return words as `ordersTable2`; what begins with a digit gets an underscore."""
    name = "".join([*found[:1], *(word.capitalize() for word in found[1:])])
    return f"_{name}" if name[:1].isdigit() else name


def snake(name: str) -> str:
    """Return a name of TypeScript's as Python has it: `orders_table2` for `ordersTable2`."""
    return _UPPER.sub("_", name).lower()


def unique(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, with a number where it is, and take it."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}{number}"
    taken.add(found)
    return found


def construct_id(name: str, kind: str) -> str:
    """Return the id of a construct.

    Args:
        kind: no kind ends with another one.
    """
    if _KEBAB.fullmatch(name):
        return "".join(word.capitalize() for word in name.split("-")) + kind
    return f"{name}-{kind}"
