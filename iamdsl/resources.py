"""The way to the data that ships with the package: grammar, standard library, catalogue, essays.

In a wheel they lie in `iamdsl/_data`, in a checkout beside the package; a stone of the house,
because everything stands on it and it may read files (ours only, never the user's).
"""

from __future__ import annotations

import os

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_SHIPPED = os.path.join(_PACKAGE, "_data")
_ROOT = _SHIPPED if os.path.isdir(_SHIPPED) else os.path.dirname(_PACKAGE)


def path(*parts: str) -> str:
    """Return the path of a data file, e.g. `path("grammar", "iamdsl.lark")`."""
    return os.path.join(_ROOT, *parts)


def package_path(*parts: str) -> str:
    """Return the path of a file inside the package, e.g. `package_path("aws", "limits.json")`."""
    return os.path.join(_PACKAGE, *parts)


def read_text(file: str) -> str:
    """Return the text of one of our own files."""
    with open(file, encoding="utf-8", newline="") as stream:
        return stream.read()
