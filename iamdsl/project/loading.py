"""Reading sources, and finding what they import.

**Invariant:** nothing outside the project's roots is opened for an import, through `..` or
through a link; nothing larger than 4 MB is read; no code of an installed package runs.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from iamdsl import resources
from iamdsl.project.problem import Problem, nearest, reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.source import Source

MAX_BYTES = 4 * 1024 * 1024
STDIN = "<stdin>"


class File(NamedTuple):
    """A file that was read: its name in messages, its path and its bytes."""

    name: str
    path: str
    data: bytes


def read(path: str, name: str, most: int = MAX_BYTES) -> File | Problem:
    """Return the bytes of a regular file of at most `most`."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        return _unreadable(name, reason(error) if isinstance(error, OSError) else str(error))
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > most:
        os.close(descriptor)
        if stat.S_ISREG(status.st_mode):
            return _too_large(name, status.st_size, most)
        return _unreadable(name, "it is not a regular file")
    try:
        with open(descriptor, "rb") as stream:
            data = stream.read(status.st_size + 1)  # asking for `most` reserves as much
            if len(data) > status.st_size:  # it has grown, or it is of no size, as in /proc
                data += stream.read(most + 1 - len(data))
    except OSError as error:
        return _unreadable(name, reason(error))
    return _bounded(File(name, path, data), most)


def piped(data: bytes, most: int = MAX_BYTES) -> File | Problem:
    """Return the source that came by stdin; what was cut at the bound is refused, never read."""
    return _bounded(File(STDIN, "", data), most)


def _bounded(file: File, most: int) -> File | Problem:
    size = len(file.data)
    return _too_large(file.name, size, most) if size > most else file


def decode(file: File) -> Source | Problem:
    """Return the text of a file, strictly UTF-8; a byte order mark is dropped."""
    from iamdsl.source import Source  # noqa: PLC0415 (attrs, only when there is work to do)

    data = file.data
    mark = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    try:
        return Source(file.name, data[mark:].decode("utf-8"))
    except UnicodeDecodeError as error:
        from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

        at = error.start + mark
        line = data.count(b"\n", 0, at) + 1
        message = (
            f"`{file.name}` is not UTF-8 text: byte {at:,} (line {line:,}) is 0x{data[at]:02x}"
        )
        utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        return Problem(codes.NOT_TEXT, message, "save it as UTF-8" if utf16 else "")


def no_standard_module(dotted: str) -> Problem:
    """Return the problem of a module that the standard library does not have."""
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    names = os.listdir(resources.path("stdlib"))
    known = sorted(f"std.{name.removesuffix('.iam')}" for name in names if name.endswith(".iam"))
    hint = nearest(dotted, known) or "`iamdsl doc std` lists the modules that there are"
    return Problem(codes.IMPORT_NOT_FOUND, f"there is no module `{dotted}`", hint)


class _Home(NamedTuple):
    """Where a source lies, which folder its imports may not leave, and how names begin there."""

    path: str
    root: str
    prefix: str


class Loader:
    """Finds and reads what sources import; asked by the compiler.

    Attributes:
        files: every file that was read for an import, for the record of what a build depends on.
    """

    def __init__(self, root: str, entries: Sequence[tuple[File, Source]]) -> None:
        self.files: list[File] = []
        self._root = root
        self._known: dict[str, Source | Problem] = {}
        self._homes: dict[str, _Home] = {}
        for file, source in entries:
            folder, prefix = root, ""
            if not _within(file.path, root) and file.path:  # named by hand, outside the project
                folder, prefix = os.path.dirname(file.path), os.path.dirname(file.name) + "/"
            self._homes[source.name] = _Home(file.path or os.path.join(root, "-"), folder, prefix)
            if file.path:
                self._known[os.path.realpath(file.path)] = source

    def module(self, importer: str, dotted: Sequence[str]) -> Source | Problem | None:
        """Return a module of ours (`std.…`) or of an installed package; None if there is none."""
        del importer  # modules are found the same way from everywhere
        if not dotted or not all(_is_plain(part) for part in dotted):
            return None
        first, *rest = dotted
        if first == "std":
            folder, prefix = resources.path("stdlib"), "std/"
            path = _module_path(folder, dotted)
            if not os.path.isfile(path):
                return no_standard_module(".".join(dotted))
            return self._load(path, folder, prefix)
        from iamdsl.project import packages  # noqa: PLC0415 (few projects have any)

        package = packages.find(first)
        if not isinstance(package, packages.Package):
            return package
        path = _module_path(package.folder, dotted)
        if not os.path.isfile(path):
            return packages.no_module(package, ".".join(dotted), rest)
        if leaves(path, package.folder):
            return _outside(".".join(dotted), f"@{first}/")
        return self._load(path, package.folder, f"@{first}/")

    def file(self, importer: str, path: str) -> Source | Problem:
        """Return the file that a source names by a path relative to itself."""
        here = os.path.join(self._root, "-")
        home, root, prefix = self._homes.get(importer, _Home(here, self._root, ""))
        if "\0" in path or not path.strip():
            return _not_found(path, "name a file relative to this one")
        if os.path.isabs(path) or os.path.splitdrive(path)[0]:
            return _outside(path, prefix, "name it relative to the file that imports it")
        wanted = os.path.normpath(os.path.join(os.path.dirname(home), path))
        if not _within(wanted, root):
            return _outside(path, prefix, "move the file into the project")
        if leaves(wanted, root):
            return _outside(path, prefix, "replace the link by the file")
        if not os.path.exists(wanted):
            return _not_found(path, _similar(wanted, path))
        return self._load(wanted, root, prefix)

    def _load(self, path: str, root: str, prefix: str) -> Source | Problem:
        real = os.path.realpath(path)
        if real not in self._known:
            beneath = os.path.relpath(path, root)
            name = prefix + beneath.replace(os.sep, "/") if prefix else project_name(beneath)
            file = read(path, name)
            if isinstance(file, Problem):
                self._known[real] = file
            else:
                self.files.append(file)
                self._known[real] = decode(file)
                self._homes[name] = _Home(path, root, prefix)
        return self._known[real]


def project_name(relative: str) -> str:
    """Return the name of a project's file; one in a folder `std` must not pass for one of ours."""
    name = relative.replace(os.sep, "/")
    return f"./{name}" if name.startswith(("std/", "@", "<")) else name


def leaves(path: str, root: str) -> bool:
    """Tell whether a path, its links followed, leads out of a folder."""
    return not _within(os.path.realpath(path), os.path.realpath(root))


def leaving_link(name: str) -> Problem:
    """Return the problem of a source that is a link to something outside the project."""
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    message = f"`{name}` is a link that leaves the project"
    return Problem(codes.IMPORT_OUTSIDE, message, "replace the link by the file")


def _is_plain(part: str) -> bool:
    return bool(part) and all(c.isalnum() or c in "_-" for c in part)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _module_path(folder: str, dotted: Sequence[str]) -> str:
    """Return the path of a module: `acme.sub.x` is `sub/x.iam`, and `acme` alone `acme.iam`."""
    first, *rest = dotted
    return os.path.join(folder, *(rest or [first])) + ".iam"


def _similar(wanted: str, written: str) -> str:
    """Return a hint with the file that may have been meant."""
    if os.path.isfile(wanted + ".iam"):
        return f'write `"{written}.iam"`'
    try:
        names = os.listdir(os.path.dirname(wanted))
    except OSError:
        return ""
    return nearest(os.path.basename(wanted), sorted(names))


def _unreadable(name: str, why: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    return Problem(codes.UNREADABLE_FILE, f"`{name}` cannot be read: {why}")


def _too_large(name: str, size: int, most: int) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    if most > MAX_BYTES:
        message = f"`{name}` has {size:,} bytes, more than the {most:,} that are imported"
        return Problem(codes.FILE_TOO_LARGE, message, "split it, and import the parts")
    message = f"`{name}` has {size:,} bytes, more than the {most:,} of a source"
    return Problem(codes.FILE_TOO_LARGE, message, "split it, or import what it needs as data")


def _outside(path: str, prefix: str, hint: str = "") -> Problem:
    """Return the problem of an import that leaves the folder of who imports; see `_Home`."""
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    if prefix.startswith("@"):
        where = f"the package `{prefix[1:-1]}`"
        hint = "a module of a package imports what lies in the package's own folder"
    else:
        where = "the project"
    return Problem(codes.IMPORT_OUTSIDE, f"`{path}` is outside {where}", hint)


def _not_found(path: str, hint: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    return Problem(codes.IMPORT_NOT_FOUND, f"there is no file `{path}`", hint)
