"""Writing a build's files: all of them or none, and no one else's.

**Invariants:** what is in place is whole at every moment (each file is written beside its place
and renamed onto it); a file that no earlier build wrote is neither overwritten nor removed;
a file whose bytes are right is not touched; the manifest is replaced last.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.project import manifest
from iamdsl.project.problem import Problem, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Written(NamedTuple):
    """How many files were written, left as they were, and removed."""

    written: int
    unchanged: int
    removed: int


def write(
    out: str, files: Mapping[str, bytes], shown: str, ours: frozenset[str] | None = None
) -> Written | Problem:
    """Make the folder `out` hold `files` (relative paths with slashes → bytes).

    Files of the manifest found there that are not among `files` are removed, and folders that
    they leave empty. `shown` is what messages call the folder.

    Args:
        ours: the files that we may replace and remove, where no manifest tells.
    """
    ours = manifest.owned(out) if ours is None else ours
    changed = []
    for name in files:
        state = _state(out, name, files[name])
        if isinstance(state, str):
            return _unwritable(f"{shown}/{name}", state)
        if state is _OTHER and name not in ours:
            return _unowned(shown, name)
        if state is not _SAME:
            changed.append(name)
    changed.sort(key=lambda name: (name == manifest.FILE, name))

    try:
        staged = stage((os.path.join(out, *name.split("/")), files[name]) for name in changed)
    except OSError as error:
        return _unwritable(shown, reason(error))

    gone = sorted(ours - files.keys() - {manifest.FILE})
    last = staged.files[-1:] if changed and changed[-1] == manifest.FILE else []
    removed = 0
    try:
        for temporary, target in staged.files[: len(changed) - len(last)]:
            os.replace(temporary, target)
        removed = sum(_remove(out, name) for name in gone)
        for temporary, target in last:
            os.replace(temporary, target)
    except OSError as error:
        staged.take_away()
        return _unwritable(shown, reason(error))
    return Written(len(changed), len(files) - len(changed), removed)


class Staged(NamedTuple):
    """Files beside their places: pairs of where each is and where it belongs; and new folders."""

    files: list[tuple[str, str]]
    folders: list[str]

    def take_away(self) -> None:
        """Remove what is not in its place, and the new folders that are empty."""
        _discard([temporary for temporary, _ in self.files], self.folders)


def stage(files: Iterable[tuple[str, bytes]]) -> Staged:
    """Write each file beside its place.

    Raises `OSError` where that fails, and takes away what it has written and made until then.
    """
    staged = Staged([], [])
    try:
        for target, data in files:
            folder = os.path.dirname(target)
            _make_folders(folder, staged.folders)
            number = len(staged.files)
            temporary = os.path.join(folder, f".{number}.{os.getpid()}.iamdsl-part")
            _discard([temporary], [])  # of a run that was killed
            staged.files.append((temporary, target))
            with open(temporary, "xb") as stream:
                stream.write(data)
    except BaseException:
        staged.take_away()
        raise
    return staged


_NONE, _SAME, _OTHER = object(), object(), object()


def _state(out: str, name: str, data: bytes) -> object:
    """Return what is at a place: nothing, these bytes, other ones; or why it is no place."""
    target = os.path.join(out, *name.split("/"))
    try:
        if not _leads_inside(out, os.path.dirname(target)):
            return "a link leads out of the folder"
        try:
            status = os.lstat(target)
        except (FileNotFoundError, NotADirectoryError):
            return _NONE  # if a file is in the way of a folder, making the folder says so
        if stat.S_ISDIR(status.st_mode):
            return "a folder is in the way"
        if not stat.S_ISREG(status.st_mode):
            return _OTHER
        if status.st_size != len(data):
            return _OTHER
        with open(target, "rb") as stream:
            return _SAME if stream.read() == data else _OTHER
    except OSError as error:
        return reason(error)


def _leads_inside(out: str, folder: str) -> bool:
    real = os.path.realpath(out)
    return (os.path.realpath(folder) + os.sep).startswith(real.rstrip(os.sep) + os.sep)


def _make_folders(folder: str, made: list[str]) -> None:
    """Make a folder and those above it, noting the new ones."""
    missing = []
    while folder and not os.path.isdir(folder):
        missing.append(folder)
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    for path in reversed(missing):
        if os.path.lexists(path):
            raise FileExistsError(17, "a file is in the way")
        os.mkdir(path)
        made.append(path)


def _discard(files: list[str], folders: list[str]) -> None:
    for file in files:
        try:
            os.unlink(file)
        except OSError:
            continue
    for folder in reversed(folders):
        try:
            os.rmdir(folder)
        except OSError:
            continue


def _remove(out: str, name: str) -> int:
    """Remove a file of an earlier build and the folders it leaves empty; return 1 if it was there."""
    path = os.path.join(out, *name.split("/"))
    if not _leads_inside(out, os.path.dirname(path)) or os.path.isdir(path):
        return 0
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return 0
    folder = os.path.dirname(path)
    while len(folder) > len(out):
        try:
            os.rmdir(folder)
        except OSError:
            break
        folder = os.path.dirname(folder)
    return 1


def _unwritable(shown: str, why: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    message = f"`{shown}` cannot be written: {why}"
    return Problem(codes.UNWRITABLE_OUTPUT, message, "choose another folder with `--out`")


def _unowned(shown: str, name: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    message = f"`{shown}/{name}` is there and was not written by iamdsl"
    hint = "remove it, or choose another folder with `--out`"
    return Problem(codes.UNOWNED_OUTPUT, message, hint)
