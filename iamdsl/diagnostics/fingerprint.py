"""What tells a finding from others when the lines around it move."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iamdsl.diagnostics._core import Diagnostic

_LINES = re.compile(r":\d+(?::\d+)?\b|\bline \d+| \(and [\d,]+ more like it\)$")
"""Places in a message, which are other ones when a line is put in above; and how many it is for."""


def fingerprint(diagnostic: Diagnostic, file: str, context: str) -> str:
    """Return 16 hexadecimal digits that stay when the finding stays.

    Args:
        file: the name that its file has for everybody, not for the current folder.
        context: text that stands with it, such as its line; white space does not count.
    """
    place = diagnostic.span.text if diagnostic.span is not None else ""
    message = _LINES.sub("", diagnostic.message)
    parts = (diagnostic.code.number, file, *map(_squeezed, (place, context, message)))
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _squeezed(text: str) -> str:
    return " ".join(text.split())
