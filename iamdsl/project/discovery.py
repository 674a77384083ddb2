"""Which files are the project's sources.

Without a setting: every `*.iam` beneath the root, in the order of their names, but not in hidden
folders, in the output folder, in a folder that is a project of its own (it has an `iamdsl.toml`),
or where a `.gitignore` says so. A `.gitignore` is read in every
folder on the way, with comments, `!`, anchors, `*`, `?`, `[…]` and `**`; git's other places for
patterns are not read. Folders that are links are not entered.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.project.config import FILE
from iamdsl.project.problem import Problem, reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUFFIX = ".iam"
_MAX_FILES = 100_000


class _Rule(NamedTuple):
    """One line of a `.gitignore`, for paths beneath `base`."""

    base: str
    pattern: tuple[str, ...]
    anchored: bool
    folders_only: bool
    keeps: bool


def find(root: str, entries: Sequence[str], out: str) -> tuple[list[str], list[Problem]]:
    """Return the absolute paths of the sources beneath `root`, sorted, and what was not found.

    An entry is a file, a folder or a pattern (`**` for any depth), relative to `root`.
    """
    if not entries:
        return sorted(_walk(root, out)), []
    found: set[str] = set()
    problems: list[Problem] = []
    everything: list[str] | None = None
    for entry in entries:
        path = os.path.normpath(os.path.join(root, entry))
        if os.path.isfile(path):
            found.add(path)
        elif os.path.isdir(path):
            found.update(_walk(path, out))
        else:
            if everything is None:
                everything = list(_walk(root, out))
            pattern = tuple(p for p in entry.replace("\\", "/").split("/") if p not in ("", "."))
            hits = [p for p in everything if matches(pattern, _parts(root, p))]
            found.update(hits)
            if not hits:
                problems.append(_nothing(f"no source matches `{entry}`", "mend `sources`"))
    return sorted(found), problems


def given(paths: Sequence[str], out: str) -> tuple[list[str], list[Problem]]:
    """Return the absolute paths of the sources that a command names: files and folders."""
    found: dict[str, None] = {}
    problems: list[Problem] = []
    for path in paths:
        absolute = os.path.abspath(path)
        try:
            if not os.path.isdir(absolute):
                os.stat(absolute)
                found[absolute] = None
                continue
        except (OSError, ValueError) as error:
            problems.append(_unreadable(path, error))
            continue
        inside = sorted(_walk(absolute, out))
        if not inside:
            problems.append(_nothing(f"no `*{SUFFIX}` file in `{path}`", "name a file"))
        found.update(dict.fromkeys(inside))
    return sorted(found), problems


def matches(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    """Tell whether a path matches a pattern, both cut at slashes; `**` is any number of folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(matches(pattern[1:], parts[i:]) for i in range(len(parts) + 1))
    return bool(parts) and _part(pattern[0], parts[0]) and matches(pattern[1:], parts[1:])


def _part(pattern: str, text: str) -> bool:
    if pattern[:1] == "*" and not any(c in "*?[\\" for c in pattern[1:]):
        return text.endswith(pattern[1:])
    return pattern == text or (any(c in "*?[" for c in pattern) and fnmatchcase(text, pattern))


def _parts(root: str, path: str) -> list[str]:
    return os.path.relpath(path, root).split(os.sep)


def _walk(folder: str, out: str) -> Iterator[str]:
    """Yield the sources beneath a folder, in no order."""
    waiting: list[tuple[str, tuple[_Rule, ...]]] = [(folder, ())]
    count = 0
    while waiting:
        here, rules = waiting.pop()
        try:
            entries = list(os.scandir(here))
        except OSError:
            continue
        names = {entry.name for entry in entries}
        if here != folder and FILE in names:
            continue
        if ".gitignore" in names:
            rules += _read_rules(here)
        for entry in entries:
            name = entry.name
            if name[0] == "." or entry.path == out:
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not name.endswith(SUFFIX):
                continue
            if rules and _ignored(entry.path, is_folder, rules):
                continue
            if is_folder:
                waiting.append((entry.path, rules))
            elif entry.is_file() or entry.is_symlink():
                yield entry.path
                count += 1
                if count > _MAX_FILES:
                    return


def _read_rules(folder: str) -> tuple[_Rule, ...]:
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as stream:
            lines = stream.read(1_000_000).splitlines()
    except OSError:
        return ()
    rules = []
    for line in lines:
        text = line.strip()
        if not text or text[0] == "#":
            continue
        keeps = text[0] == "!"
        text = text[1:] if keeps else text.removeprefix("\\")
        parts = tuple(p for p in text.split("/") if p)
        if parts:
            anchored = "/" in text.rstrip("/")
            rules.append(_Rule(folder, parts, anchored, text.endswith("/"), keeps))
    return tuple(rules)


def _ignored(path: str, is_folder: bool, rules: Sequence[_Rule]) -> bool:
    for rule in reversed(rules):  # the last rule that speaks of a path decides
        if rule.folders_only and not is_folder:
            continue
        if rule.anchored:
            hit = matches(rule.pattern, path[len(rule.base) :].strip(os.sep).split(os.sep))
        else:
            hit = _part(rule.pattern[0], os.path.basename(path))
        if hit:
            return not rule.keeps
    return False


def _nothing(message: str, hint: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    return Problem(codes.NO_SOURCES, message, hint)


def _unreadable(path: str, error: OSError | ValueError) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    why = reason(error) if isinstance(error, OSError) else str(error)
    return Problem(codes.UNREADABLE_FILE, f"`{path}` cannot be read: {why}")
