"""Texts in which something is left for the deployment to fill in.

`arn:aws:s3:::lake-` + the mark of `aws.region` is a literal text and a `Mark`. Each target writes
the literal parts by its own rules of quoting, and a mark as what stands for it there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.iam import PLACEHOLDER, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.iam import Build, Extern


class Mark(NamedTuple):
    """What is left open: `aws.account`, `aws.partition`, `aws.region`, or an extern's name."""

    name: str

    @property
    def is_pseudo(self) -> bool:
        """Tell whether AWS itself knows it."""
        return self.name.startswith("aws.")


def parts(text: str) -> tuple[str | Mark, ...]:
    """Return the literal texts (none of them empty) and marks that a text is made of, in order."""
    found = PLACEHOLDER.split(text)
    return tuple(
        Mark(part) if number % 2 else part
        for number, part in enumerate(found)
        if part or number % 2
    )


def has_marks(text: str) -> bool:
    """Tell whether something is left open in a text."""
    return PLACEHOLDER.search(text) is not None


def marks(build: Build) -> frozenset[str]:
    """Return the names of what is left open in a place, without what is in its accounts."""
    return frozenset(name for text in _texts(build) for name in PLACEHOLDER.findall(text))


def open_externs(build: Build, externs: tuple[Extern, ...]) -> tuple[Extern, ...]:
    """Return the externs that a place leaves open, in the order of their names."""
    used = marks(build)
    return tuple(extern for extern in externs if extern.name in used)


def _texts(build: Build) -> Iterator[str]:
    policies = []
    for document in build.documents:
        policies.append(document.policy)
        yield from (document.path, document.description or "", document.target or "")
        for attachment in document.attached:
            yield attachment.policy
        for pair in document.tags:
            yield from pair
    for identity in build.identities:
        policies += [policy for _, policy in identity.inline]
        if identity.trust is not None:
            policies.append(identity.trust)
        yield from (identity.path, identity.description or "")
        for attachment in (*identity.managed, *([identity.boundary] if identity.boundary else [])):
            yield attachment.policy
        for pair in identity.tags:
            yield from pair
    for policy in policies:
        yield from _strings(to_json(policy))


def _strings(value: object) -> Iterator[str]:
    """Yield every string in JSON values, names of members among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _strings(member)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


_BLANK = re.compile(r"\s+")


def words(text: str) -> str:
    """Return a doc comment as one line."""
    return _BLANK.sub(" ", text).strip()
