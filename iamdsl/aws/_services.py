"""A service of the catalogue, as much of it as was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iamdsl.aws._facts import ResourceType


class Service:
    """What is read of one service: names from the index, lines of detail on first need."""

    __slots__ = (
        "canonical",
        "details",
        "docs",
        "keys",
        "levels",
        "lines",
        "name",
        "places",
        "types",
    )

    def __init__(self, line: str) -> None:
        _, at, length, docs_at, docs_length, self.name, names = line.split("\t")
        self.places = (int(at), int(length), int(docs_at), int(docs_length))
        words = names.split()
        lowered = [word[:-1].lower() for word in words]
        self.canonical = dict(zip(lowered, [word[:-1] for word in words], strict=True))
        self.levels = dict(zip(lowered, [ord(word[-1]) - 64 for word in words], strict=True))
        self.lines = ""
        self.details: dict[str, Any] | None = None
        self.keys: tuple[str, ...] = ()
        self.types: dict[str, ResourceType] | None = None
        self.docs: str | None = None
