"""Names of files for names of artifacts: safe on every system, and still the same name.

IAM's names are case-preserving and unique ignoring case, and may be what a file system
refuses or understands otherwise: `..`, `con`, a trailing dot. What is not in `[A-Za-z0-9_+=,@.-]`
is percent-encoded, and so is the character that makes a name special.
"""

from __future__ import annotations

from hashlib import sha256

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,@.-")
# What Windows takes for a device, with any extension.
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(10))]
)
_LIMIT = 180  # characters; file systems hold 255 bytes, and an extension and a number are added


def file_name(name: str, taken: set[str]) -> str:
    """Return the file name, without extension, for `name`, and add it to `taken`.

    Two names that differ only in case would be one file on macOS and Windows: the second
    one gets a number, `orders~2`. `taken` holds names in lower case.
    """
    written = "".join(c if c in _PLAIN else _encoded(c) for c in name) or "%00"
    if written[0] == ".":
        written = _encoded(".") + written[1:]
    if written[-1] == ".":
        written = written[:-1] + _encoded(".")
    if written.partition(".")[0].lower() in _DEVICES:
        written = _encoded(written[0]) + written[1:]
    if len(written) > _LIMIT:
        written = f"{written[:_LIMIT]}~{sha256(name.encode('utf-8', 'replace')).hexdigest()[:12]}"
    unique, number = written, 1
    while unique.lower() in taken:
        number += 1
        unique = f"{written}~{number}"
    taken.add(unique.lower())
    return unique


def _encoded(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
