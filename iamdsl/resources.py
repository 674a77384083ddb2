"""The way to the data that ships with the package: grammar, standard library, catalogue, essays.

In a wheel they lie in `iamdsl/_data`, in a checkout beside the package; a stone of the house,
because everything stands on it and it may read files (ours only, never the user's).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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


def data_path(name: str) -> str:
    """Return the path of a file in our folder of the user's data, e.g. a catalogue made there."""
    base = os.environ.get("XDG_DATA_HOME") or os.path.join(
        os.path.expanduser("~"), ".local", "share"
    )
    return os.path.join(base, "iamdsl", name)


def _cache_folder() -> str | None:
    """Return our folder in the user's cache, made if need be, or None where there is none to trust.

    A folder that another user owns or may write to could hold tables made to mislead us.
    """
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(base, "iamdsl")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        status = os.stat(folder)
    except OSError:
        return None
    if hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & 0o022):
        return None
    return folder


def read_cached(name: str) -> bytes | None:
    """Return a file of the user's cache, or None when there is none that we may trust."""
    folder = _cache_folder()
    if folder is None:
        return None
    try:
        with open(os.path.join(folder, name), "rb") as stream:
            status = os.fstat(stream.fileno())
            if hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & 0o022):
                return None
            return stream.read()
    except OSError:
        return None


def write_cached(name: str, data: bytes) -> None:
    """Put a file into the user's cache, whole or not at all; a cache that fails is no error."""
    folder = _cache_folder()
    if folder is None:
        return
    temporary = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(temporary, os.path.join(folder, name))
    except OSError:
        try:
            os.unlink(temporary)
        except OSError:
            return


def open_catalogue(file: str = "") -> Callable[[int, int], bytes]:
    """Return what reads `length` bytes at `offset` of a catalogue: the one that ships with us.

    The file is opened anew for each of the few reads, so that no handle stays behind.

    Args:
        file: the path of another one, that a project pins.
    """
    file = file or package_path("aws", "catalogue.iamcat")

    def read(offset: int, length: int) -> bytes:
        with open(file, "rb", buffering=0) as stream:
            stream.seek(offset)
            return stream.read(length)

    return read
