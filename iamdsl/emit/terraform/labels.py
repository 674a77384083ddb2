"""What things are called in Terraform: labels of blocks, made of names in AWS.

A label is an address that a state remembers, so it hangs on the name of the thing alone, but
where two names would come to one label.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Key: TypeAlias = tuple[str, ...]
"""What a block is of: its kind, and the names of what it belongs to."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_REST = re.compile(r"[^a-z0-9]+")


def snake_case(name: str) -> str:
    """Return a name in small letters, with underscores for all that is no letter or digit."""
    word = _REST.sub("_", _HUMP.sub("_", name).lower()).strip("_") or "_"
    return f"_{word}" if word[0].isdigit() else word


def labels(wishes: Mapping[Key, str]) -> dict[Key, str]:
    """Return a label for each key, made of the name that it wishes for; all of them different.

    Of names that come to one label, that which is the label itself has it, or else the first in
    order; the others have a few digits more, which hang on their key alone.
    """
    alike: dict[str, list[Key]] = {}
    for key in sorted(wishes):
        alike.setdefault(snake_case(wishes[key]), []).append(key)
    made: dict[Key, str] = {}
    for label, some in alike.items():
        first = next((key for key in some if wishes[key] == label), some[0])
        for key in some:
            made[key] = label if key == first else f"{label}_{_digest(key)}"
    return made


def _digest(key: Key) -> str:
    return sha256("\n".join(key).encode("utf-8", "replace")).hexdigest()[:8]
