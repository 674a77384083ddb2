"""YAML as CloudFormation reads it, of values: a text means the same to readers of 1.1 and of 1.2.

A text stands plain only where no reader can take it for anything else; else it is quoted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from iamdsl.emit.cloudformation._values import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.emit.cloudformation._values import Value

# It begins with a letter and has nothing that begins, ends or separates something else.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.:/@+*=,-]*(?<!:)")
_WORDS = frozenset("y n yes no on off true false null nan inf".split())
"""What some reader takes for no text, in any case."""

_WIDTH = 80  # characters of a function's arguments on one line

_QUOTED = re.compile(r"[\x20-\x7e]*")


def to_yaml(value: dict[str, Value]) -> str:
    """Return a document of YAML."""
    return "\n".join(_members(value, "")) + "\n"


def _members(data: dict[str, Value], indent: str) -> Iterator[str]:
    for name, member in data.items():
        first, rest = _node(member, f"{indent}  ")
        yield f"{indent}{scalar(name)}:{f' {first}' if first else ''}"
        yield from rest


def _items(data: list[Value], indent: str) -> Iterator[str]:
    for item in data:
        if isinstance(item, dict) and item:
            lines = list(_members(item, f"{indent}  "))
            yield f"{indent}- {lines[0].lstrip(' ')}"
            yield from lines[1:]
        else:
            first, rest = _node(item, f"{indent}  ")
            yield f"{indent}-{f' {first}' if first else ''}"
            yield from rest


def _node(value: Value, indent: str) -> tuple[str, list[str]]:
    """Return what stands on the line of a name or a dash, and the lines below it."""
    if isinstance(value, Call):
        line = _in_line(value)
        if isinstance(value.argument, str) or len(line) <= _WIDTH:
            return line, []
        first, rest = _node(cast("Value", value.argument), indent)
        return f"!{value.name}{f' {first}' if first else ''}", rest
    if isinstance(value, dict):
        return ("", list(_members(value, indent))) if value else ("{}", [])
    if isinstance(value, list):
        return ("", list(_items(value, indent))) if value else ("[]", [])
    return (scalar(value) if isinstance(value, str) else str(value)), []


def _in_line(value: Value) -> str:
    """Return a function, or an argument of one, on one line."""
    if isinstance(value, Call):
        if value.name == "GetAtt":
            return f"!GetAtt {'.'.join(value.argument)}"
        if value.name == "Ref":
            return f"!Ref {value.argument}"
        return f"!{value.name} {_in_line(value.argument)}"
    if isinstance(value, list):
        return f"[{', '.join(map(_in_line, value))}]"
    return _quoted(value) if isinstance(value, str) else str(value)


def scalar(text: str) -> str:
    """Return a text, plain or quoted."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    if _QUOTED.fullmatch(text) and ('"' in text or "\\" in text):
        return "'" + text.replace("'", "''") + "'"
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    code = ord(character)
    if character in '"\\':
        return f"\\{character}"
    if 0x20 <= code < 0x7F:  # printable ASCII
        return character
    if code > 0xFFFF:  # JSON would have two escapes, of which YAML makes no one
        return f"\\U{code:08x}"
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(code, f"\\u{code:04x}")
