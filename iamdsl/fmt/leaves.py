"""Values as text: leaves of trees that were made, as `syntax.text` reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.syntax.words import IN_EXPRESSIONS, RESERVED

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.syntax import tree

_VARIABLE = re.compile(r"\$\{[^{}]*\}")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\u{D}"}
_BRACES = {"{": "{{", "}": "}}"}
_DOTTED = re.compile(r"(?a)[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*")


def text(node: tree.Text, hole: Callable[[tree.Expression], str]) -> str:
    """Return a text as it is written; `hole` writes the expressions in it."""
    quoted = node.kind == "string"
    parts = [
        written(part, quoted=quoted) if isinstance(part, str) else f"{{{hole(part)}}}"
        for part in node.parts
    ]
    return f'"{"".join(parts)}"' if quoted else "".join(parts)


def written(plain: str, *, quoted: bool = True) -> str:
    """Return text as it stands between quotes, or bare: escaped, but for IAM's `${…}`."""
    table = str.maketrans(_ESCAPES | _BRACES if quoted else _BRACES)
    parts: list[str] = []
    at = 0
    for variable in _VARIABLE.finditer(plain):
        parts += (plain[at : variable.start()].translate(table), variable.group())
        at = variable.end()
    return "".join((*parts, plain[at:].translate(table)))


def string(plain: str) -> str:
    """Return text as a string of the language."""
    return f'"{written(plain)}"'


def is_dotted(words: str) -> bool:
    """Tell whether words can stand without quotes where a dotted name is expected."""
    parts = words.split(".")
    return bool(_DOTTED.fullmatch(words)) and not RESERVED.union(IN_EXPRESSIONS).intersection(parts)
