"""Terraform's configuration as data: blocks, arguments and expressions, in no syntax yet.

`hcl` writes it as people write it, `tf_json` as JSON. Both know only what stands here, so that
the two say the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Raw(NamedTuple):
    """An expression of Terraform's as it stands: `aws_iam_role.worker.arn`."""

    code: str


class Text(NamedTuple):
    """A text: literal parts, and expressions whose values come between them."""

    parts: tuple[str | Raw, ...]


class Items(NamedTuple):
    """A list."""

    values: tuple[Value, ...]


class Record(NamedTuple):
    """An object; of the names of its members no two are the same."""

    members: tuple[tuple[Text, Value], ...]


class Encoded(NamedTuple):
    """A policy document as the JSON text that a resource takes.

    Attributes:
        value: what `jsonencode` makes that text of; None where it would not be the same text.
        json: the text itself, in ASCII and minified.
    """

    value: Value | None
    json: Text


class Names(NamedTuple):
    """Addresses of resources, as `depends_on` takes them."""

    names: tuple[str, ...]


Value: TypeAlias = "Raw | Text | Items | Record | Encoded | Names | bool | int"


class Argument(NamedTuple):
    """`name = value`."""

    name: str
    value: Value


class Block(NamedTuple):
    """A block: `resource "aws_iam_role" "worker" { … }`.

    Attributes:
        groups: what is in it; a blank line stands between two groups.
        comment: what a reader should know before the block; one line, or none.
    """

    kind: str
    labels: tuple[str, ...]
    groups: tuple[tuple[Argument | Block, ...], ...]
    comment: str = ""

    @property
    def address(self) -> str:
        """Return what other blocks call a resource."""
        return ".".join(self.labels)


def block(
    kind: str, labels: tuple[str, ...], *groups: list[Argument | Block], comment: str = ""
) -> Block:
    """Return a block of those groups that have something in them."""
    return Block(kind, labels, tuple(tuple(g) for g in groups if g), comment)


def literal(text: str) -> Text:
    """Return a text that is known."""
    return Text((text,) if text else ())


_OPENING = re.compile(r"[$%]\{")


def template(text: Text, escaped: Callable[[str], str] = str) -> str:
    """Return a text as a template of Terraform's, in which no literal part opens anything.

    Args:
        escaped: what the quotes around it want of its literal parts.
    """
    made = []
    for number, part in enumerate(text.parts):
        if isinstance(part, Raw):
            made.append(f"${{{part.code}}}")
            continue
        # A `$` before what opens an expression would take its meaning away.
        following = text.parts[number + 1 : number + 2]
        guarded = part.endswith("$") and any(isinstance(p, Raw) for p in following)
        plain = part[:-1] if guarded else part
        made.append(escaped(_OPENING.sub(lambda m: f"{m[0][0]}{m[0]}", plain)))
        made += ['${"$"}'] if guarded else []
    return "".join(made)


def raws(item: Block | Argument | Value) -> Iterator[str]:
    """Yield the code of every expression in a block, in no certain order."""
    match item:
        case Raw(code):
            yield code
        case Block(groups=groups):
            for group in groups:
                for inner in group:
                    yield from raws(inner)
        case Argument(_, value):
            yield from raws(value)
        case Text(parts):
            yield from (part.code for part in parts if isinstance(part, Raw))
        case Items(values):
            for value in values:
                yield from raws(value)
        case Record(members):
            for key, value in members:
                yield from raws(key)
                yield from raws(value)
        case Encoded(_, json):
            yield from raws(json)
        case _:
            pass
