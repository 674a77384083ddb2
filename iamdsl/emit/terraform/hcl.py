"""Configuration as HCL, laid out to the character as `terraform fmt` does.

`terraform fmt` aligns the `=` of neighbouring lines that hold a whole argument; one that goes on
over several lines is aligned with none, and neither is what stands on its two sides with each
other. It takes the lines as they are, so which lists are broken is up to us.
Syntax: https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

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
    from collections.abc import Iterable, Iterator

_WIDTH = 100
"""Columns that a list may take before it is broken."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset("else endfor endif false for if in null true".split())
"""Names that stand for something else where a key begins."""

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_HIDDEN = frozenset(["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"])
"""Categories of characters that a reader would not see."""

_NARROW = re.compile(r"[ -~¡-ɏΆ-ϿЀ-ҁ一-鿿ぁ-ゖァ-ヺ가-힣]")
"""Characters that surely take one column each, whatever stands beside them."""


def written(blocks: Iterable[Block], header: str) -> str:
    """Return a file: a comment at its head, and blocks with a blank line before each."""
    lines = [f"# {header}"]
    for block in blocks:
        lines += ["", *_block(block, "")]
    return "".join(f"{line}\n" for line in lines)


def quoted(text: Text, *, key: bool = False) -> str:
    """Return a text in quotes; nothing in it can end it or begin something else.

    Args:
        key: whether its columns are counted, to align what stands behind it.
    """
    return f'"{template(text, lambda part: _escaped(part, key=key))}"'


def _escaped(text: str, *, key: bool) -> str:
    return "".join(_character(c, key=key) for c in text)


def _character(character: str, *, key: bool) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    narrow = _NARROW.fullmatch(character) is not None
    if narrow or not (key or unicodedata.category(character) in _HIDDEN):
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _block(block: Block, margin: str) -> Iterator[str]:
    if block.comment:
        yield f"{margin}# {block.comment}"
    labels = "".join(f' "{label}"' for label in block.labels)
    if not block.groups:
        yield f"{margin}{block.kind}{labels} {{}}"
        return
    yield f"{margin}{block.kind}{labels} {{"
    inner = f"{margin}  "
    for number, group in enumerate(block.groups):
        if number:
            yield ""
        arguments = [item for item in group if isinstance(item, Argument)]
        yield from _members([(item.name, item.value) for item in arguments], inner)
        for count, item in enumerate(item for item in group if isinstance(item, Block)):
            if count or arguments:
                yield ""
            yield from _block(item, inner)
    yield f"{margin}}}"


def _members(members: Iterable[tuple[str, Value]], margin: str) -> Iterator[str]:
    """Yield the lines of arguments, or of the members of an object."""
    neighbours: list[tuple[str, str]] = []
    for name, value in members:
        first, *rest = _value(value, margin, len(name) + 3)
        if rest:
            yield from _aligned(neighbours, margin)
            neighbours = []
            yield f"{margin}{name} = {first}"
            yield from rest
        else:
            neighbours.append((name, first))
    yield from _aligned(neighbours, margin)


def _aligned(members: list[tuple[str, str]], margin: str) -> Iterator[str]:
    width = max((len(name) for name, _ in members), default=0)
    for name, value in members:
        yield f"{margin}{name:{width}} = {value}"


def _value(value: Value, margin: str, taken: int = 0) -> list[str]:
    """Return the lines of an expression; all but the first are indented.

    Args:
        taken: columns before the expression, besides the margin.
    """
    match value:
        case bool():
            return [str(value).lower()]
        case int():
            return [str(value)]
        case Raw(code) | Text((Raw(code),)):
            return [code]
        case Text():
            return [quoted(value)]
        case Encoded(None, json):
            return [quoted(json)]
        case Encoded(inner, _):
            assert inner is not None  # noqa: S101  # the case before
            first, *rest = _value(inner, margin)
            rest[-1] += ")"
            return [f"jsonencode({first}", *rest]
        case Names(names):
            return _list([[name] for name in names], margin, taken)
        case Items(values):
            return _list([_value(item, f"{margin}  ") for item in values], margin, taken)
        case Record(()):
            return ["{}"]
        case Record(members):
            named = [(_key(key), member) for key, member in members]
            if (line := _short(named, margin, taken)) is not None:
                return [line]
            return ["{", *_members(named, f"{margin}  "), f"{margin}}}"]


def _list(items: list[list[str]], margin: str, taken: int) -> list[str]:
    if all(len(item) == 1 for item in items):
        line = f"[{', '.join(item[0] for item in items)}]"
        if len(items) < 2 or len(margin) + taken + len(line) <= _WIDTH:
            return [line]
    lines = ["["]
    for first, *rest in items:
        lines += [f"{margin}  {first}", *rest]
        lines[-1] += ","
    return [*lines, f"{margin}]"]


def _short(members: list[tuple[str, Value]], margin: str, taken: int) -> str | None:
    """Return an object of one plain member in one line: `{ Service = "ec2.amazonaws.com" }`."""
    (name, value), *others = members
    if others or isinstance(value, Record):
        return None
    first, *rest = _value(value, margin)
    line = f"{{ {name} = {first} }}"
    return line if not rest and len(margin) + taken + len(line) <= _WIDTH else None


def _key(key: Text) -> str:
    match key.parts:
        case (str(name),) if _IDENTIFIER.fullmatch(name) and name not in _WORDS:
            return name
        case (Raw(code),):
            return f"({code})"
        case _:
            return quoted(key, key=True)
