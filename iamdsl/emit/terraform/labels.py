"""What things are called in Terraform: labels of blocks, made of names in AWS.

A label is an address that a state remembers, and what gets another one is destroyed and made
anew. So it hangs on the names of the thing alone, never on what else there is: two things have
two labels by how these are made, and not because the second steps aside.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Key: TypeAlias = tuple[str, ...]
"""What a block is of: its kind, and the names of what it belongs to."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
_REST = re.compile(r"[^A-Za-z0-9]+")


def label(name: str) -> str:
    """Return a name with underscores for its hyphens: `lake-reader` is `lake_reader`.

    A name that has other characters has underscores for these too, and eight digits that hang on
    the name, so that `lake_reader` and `lake.reader` are different from it, and from each other.
    """
    if _PLAIN.fullmatch(name):
        return name.replace("-", "_")
    word = _REST.sub("_", name).strip("_")
    made = f"{word}_{digest(name)}".lstrip("_")
    return f"_{made}" if made[0].isdigit() else made


def joined(*names: str) -> str:
    """Return the label of what is between several things; none has two underscores in its own."""
    return "__".join(map(label, names))


def digest(*names: str) -> str:
    """Return eight digits for names."""
    return sha256("\n".join(names).encode("utf-8", "replace")).hexdigest()[:8]


def labels(wishes: Mapping[Key, str]) -> dict[Key, str]:
    """Return for each key the label that it wishes for, where two wish for one with digits.

    That happens only to data sources, which no state remembers, and to names made for it.
    """
    alike: dict[str, list[Key]] = {}
    for key in sorted(wishes):
        alike.setdefault(wishes[key], []).append(key)
    made: dict[Key, str] = {}
    for wish, (first, *others) in alike.items():
        made[first] = wish
        made |= {key: f"{wish}_{digest(*key)}" for key in others}
    return made
