"""Is there anything to do? A record of the last build, kept in the user's cache folder.

A build is up to date when all it depended on has the same bytes and all it wrote is still there.
The record is checked by whoever reads it, so that a stale, damaged or foreign one costs a build
and no more. A build that failed leaves none; the warnings of one that did not are shown again.
"""

from __future__ import annotations

import json
import os
import sys
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl import __version__, resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iamdsl.project.loading import File

_FORMAT = 2


class Record(NamedTuple):
    """What a build depended on, and what it made.

    Attributes:
        key: which build it is, of all that there are on the machine.
        fingerprint: of all that is known before anything is compiled; see `fingerprint`.
        imports: path → digest of each file that was imported.
        names: name in messages → path of the same files.
        outputs: path relative to the output folder → digest of each file written.
        summary: a line for each artifact.
        counts: pairs of a kind of artifact and how many there are.
        diagnostics: warnings and notes as plain data; see `recall.py`.
    """

    key: str
    fingerprint: str
    imports: Mapping[str, str]
    names: Mapping[str, str]
    outputs: Mapping[str, str]
    summary: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    diagnostics: Sequence[Any]


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return sha256(data).hexdigest()


def fingerprint(settings: object, files: Iterable[File], catalogue: str) -> str:
    """Return the digest of tool, environment, settings, sources and catalogue file.

    Args:
        settings: anything whose `repr` says all of it.
        catalogue: the path of the catalogue file: its size and time are taken, it is large.
    """
    packages = (sys.prefix, os.environ.get("PYTHONPATH"))  # where installed modules come from
    known = f"{_FORMAT} {__version__} {_tool()} {packages} {settings!r} {_stat(catalogue)}"
    state = sha256(known.encode("utf-8", "surrogateescape"))
    for file in files:
        state.update(f"\n{file.name}\0{digest(file.data)}".encode("utf-8", "surrogateescape"))
    return state.hexdigest()


def unchanged(key: str, wanted: str, out: str) -> Record | None:
    """Return the record of the build that `key` names if nothing is to be done, else None."""
    record = _parse(resources.read_cached(_slot(key)))
    if record is None or record.key != key or record.fingerprint != wanted:
        return None
    for path, known in record.imports.items():
        if _digest_of(path) != known:
            return None
    for name, known in record.outputs.items():
        if _digest_of(os.path.join(out, *name.split("/"))) != known:
            return None
    return record


def keep(record: Record) -> None:
    """Write a record; a cache folder that cannot be written is no mistake."""
    data = json.dumps({"format": _FORMAT, **record._asdict()})
    resources.write_cached(_slot(record.key), data.encode())


def _slot(key: str) -> str:
    """Return the name of the file for a record: one of 256, so that they do not pile up."""
    return f"build-{digest(key.encode('utf-8', 'surrogateescape'))[:2]}.json"


def _parse(data: bytes | None) -> Record | None:
    try:
        fields: Any = json.loads(data or b"")
        if fields.pop("format") != _FORMAT:
            return None
        record = Record(**fields)
        maps: list[Any] = [record.imports, record.names, record.outputs]
        if not all(isinstance(v, str) for m in maps for pair in m.items() for v in pair):
            return None
        counts = tuple((str(kind), int(number)) for kind, number in record.counts)
        return record._replace(summary=tuple(map(str, record.summary)), counts=counts)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _digest_of(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            return digest(stream.read())
    except (OSError, ValueError):
        return ""


def _stat(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _tool() -> str:
    """Return what tells this compiler from another one of its version.

    An installed one is told by its version. In a checkout the times of all its files count,
    so that whoever works on the compiler never sees what yesterday's made.
    """
    if os.path.basename(resources.path()) == "_data" or os.path.isdir(
        resources.package_path("_data")
    ):
        return ""
    newest, count = 0, 0
    waiting = [resources.package_path(), resources.path("grammar"), resources.path("stdlib")]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    waiting.append(entry.path)
            else:
                newest = max(newest, entry.stat().st_mtime_ns)
                count += 1
    return f"{newest} {count}"
