"""Configuration as JSON, which Terraform reads from files that end in `.tf.json`.

A text there is a template, as it is between quotes in HCL. Where HCL takes a bare name instead,
`type = string` or `depends_on`, JSON has that name as a text.
Syntax: https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iamdsl.emit.terraform.tree import (
    Argument,
    Block,
    Encoded,
    Items,
    Names,
    Raw,
    Record,
    Text,
    Value,
    template,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_BARE = {("variable", "type")}
"""Arguments of blocks that take a bare name."""


def document(blocks: Iterable[Block], header: str) -> dict[str, Any]:
    """Return blocks as JSON values."""
    made: dict[str, Any] = {"//": header}
    for block in blocks:
        *labels, last = (block.kind, *block.labels)
        place = made
        for label in labels:
            place = place.setdefault(label, {})
        # A block without a label, such as `locals`, stands once in a file.
        place[last] = _body(block)
    return made


def _body(block: Block) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for group in block.groups:
        for item in group:
            if isinstance(item, Argument):
                bare = (block.kind, item.name) in _BARE
                made[item.name] = _value(item.value, bare=bare)
            else:
                _nest(made, item)
    return made


def _nest(made: dict[str, Any], block: Block) -> None:
    """Add a block within a block: an object, and a list of objects where there are several."""
    before = made.get(block.kind)
    if before is None:
        made[block.kind] = _body(block)
    else:
        listed = before if isinstance(before, list) else [before]
        made[block.kind] = [*listed, _body(block)]


def _value(value: Value, *, bare: bool = False) -> Any:
    match value:
        case bool() | int():
            return value
        case Raw(code):
            return code if bare else f"${{{code}}}"
        case Text():
            return template(value)
        case Encoded(_, json):
            return template(json)
        case Names(names):
            return list(names)
        case Items(values):
            return [_value(item) for item in values]
        case Record(members):
            return {template(key): _value(member) for key, member in members}
