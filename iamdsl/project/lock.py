"""`iamdsl.lock`: what classes of actions came to when a project was first built.

It stands beside the configuration and belongs into version control: with it, a newer catalogue
changes nothing by itself. One action a line and the entries in order, so that two branches merge.
Entries that a build does not ask for stay: another stage of the project may.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from iamdsl.project import loading
from iamdsl.project.problem import Problem, reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.project.config import Config

FILE = "iamdsl.lock"
VERSION = 1
_HEAD = f"""\
# What `@class` and `except` stand for, as it was when they were first built. Commit this file.
# `iamdsl build --upgrade` writes it anew by the catalogue of today.
version = {VERSION}
"""


def read(config: Config) -> loading.File | Problem | None:
    """Return the lock file of a project; None where there is none, or no project."""
    path = path_of(config)
    if not path or not os.path.lexists(path):
        return None
    if os.path.islink(path) and loading.leaves(path, config.root):
        return loading.leaving_link(FILE)
    return loading.read(path, FILE)


def path_of(config: Config) -> str:
    """Return where a project's lock file is, "" when there is no project but bare files."""
    return os.path.join(config.root, FILE) if config.file else ""


def parse(file: loading.File) -> dict[str, tuple[str, ...]] | Problem:
    """Return the actions of each expansion that a lock file holds."""
    import tomllib  # noqa: PLC0415 (5 ms, only with a lock file)

    try:
        table: Any = tomllib.loads(file.data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return _bad(str(error))
    if table.get("version") != VERSION:
        return _bad(f"its version is not {VERSION}")
    found: dict[str, tuple[str, ...]] = {}
    entries = table.get("actions", [])
    for entry in entries if isinstance(entries, list) else [None]:
        what, actions = (entry.get("of"), entry.get("are")) if isinstance(entry, dict) else (0, 0)
        if not (
            isinstance(what, str)
            and isinstance(actions, list)
            and all(isinstance(a, str) and _is_action(a) for a in actions)
        ):
            return _bad("an entry of `actions` needs `of`, a text, and `are`, a list of actions")
        if what in found:
            return _bad(f"`{what}` stands in it twice")
        found[what] = tuple(actions)
    return found


def text(expansions: Mapping[str, tuple[str, ...]]) -> str:
    """Return the text of a lock file."""
    parts = [_HEAD]
    for what in sorted(expansions):
        lines = "".join(f"  {json.dumps(action)},\n" for action in sorted(expansions[what]))
        parts.append(f"[[actions]]\nof = {json.dumps(what)}\nare = [\n{lines}]\n")
    return "\n".join(parts)


def write(config: Config, data: bytes) -> Problem | None:
    """Put a lock file into its place, whole or not at all."""
    path = path_of(config)
    temporary = f"{path}.{os.getpid()}.iamdsl-part"
    try:
        with open(temporary, "wb") as stream:
            stream.write(data)
        os.replace(temporary, path)
    except OSError as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        return _problem(f"`{FILE}` cannot be written: {reason(error)}", "make the folder writable")
    return None


def outdated(added: Mapping[str, object]) -> Problem:
    """Return the problem of a build that may not change the lock file, and would have to."""
    shown = ", ".join(f"`{what}`" for what in sorted(added)[:3]) + (" …" if len(added) > 3 else "")
    return _problem(
        f"`{FILE}` does not hold all that this build asks for: {shown}",
        "build without `--locked`, and commit the file",
    )


def _is_action(name: str) -> bool:
    return name.isascii() and all(c.isalnum() or c in ":*?.-_" for c in name)


def _bad(why: str) -> Problem:
    hint = "take it from version control again, or remove it and build with `--upgrade`"
    return _problem(f"`{FILE}` cannot be used: {why[:1].lower()}{why[1:]}", hint)


def _problem(message: str, hint: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    return Problem(codes.BAD_LOCK, message, hint)
