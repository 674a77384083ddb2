"""What a build depends on, in a file that Make and Ninja read; `gcc -MMD -MP` writes such ones.

Like `build/manifest.json: main.iam people.json`, a line for each name; then `main.iam:` and
`people.json:`, by which Make builds again when a file has gone away, rather than missing it.

The manifest stands for the build: its time is set to that of the build even where its bytes stay,
so that what is older than it is known to be in it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from iamdsl.project import catalogue, lock, manifest, writer
from iamdsl.project.problem import Problem, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.project import Project

_ESCAPED = re.compile(r"[ #:]")
_MISREAD = re.compile(r"[^\x80-\U0010ffff\w \-#:$+?\"'&,/.~(){}@\[\]!%=]", re.ASCII)
"""Not plain for Ninja, or something else for Make, and no way to write it that both know."""


def keep(project: Project, imports: Iterable[str], *, fails: bool = False) -> Problem | None:
    """Write the file that the options ask for, and set the time of the manifest.

    Args:
        imports: the paths of all that the sources import.
        fails: whether the command ends as one that failed; no file is written then, and the
            manifest is older than everything, so that it does not pass for up to date.
    """
    path, stands_for = project.options.depfile, os.path.join(project.out, manifest.FILE)
    # Ninja compares the name with that of its own file, which is of the form that --out has.
    out = project.options.out or os.path.relpath(project.out)
    text = rules(_slashed(os.path.join(out, manifest.FILE)), _names(project, imports))
    problem = text if isinstance(text, Problem) else None
    if problem is None and not fails:
        problem = _written(path, str(text))
    try:
        os.utime(stands_for, (0, 0) if fails or problem is not None else None)
    except OSError as error:
        return problem or _unwritable(stands_for, error)
    return problem


def rules(target: str, names: Sequence[str]) -> str | Problem:
    """Return the text of the file: what the target depends on, and an empty rule for each name.

    A name with `%` or `=` has no rule, since it would be one of another kind.
    """
    ordered = sorted(names, key=lambda name: ("=" in name, name))
    odd = next((name for name in (target, *ordered) if _MISREAD.search(name)), None)
    if "=" in target or "%" in target:
        odd = odd or target
    if odd is not None or "=" in ordered[0]:
        return _nameless(odd or ordered[0])
    written = [_escaped(name) for name in ordered]
    alone = [f"{name}:\n" for name in written if "=" not in name and "%" not in name]
    return " \\\n  ".join([f"{_escaped(target)}:", *written]) + "\n\n" + "".join(alone)


def _escaped(name: str) -> str:
    drive, rest = os.path.splitdrive(name)
    return drive + _ESCAPED.sub(r"\\\g<0>", rest).replace("$", "$$")


def _names(project: Project, imports: Iterable[str]) -> list[str]:
    """Return what a build depends on: relative to the current folder where it is of the project."""
    config = project.config
    paths = {file.path for file in project.files if file.path} | {*imports}
    paths |= {path for path in (config.file, lock.path_of(config)) if os.path.exists(path)}
    paths.add(catalogue.path_of(config.catalogue, config.root))
    return [_shown(path, config.root) for path in sorted(paths)]


def _shown(path: str, root: str) -> str:
    relative = os.path.relpath(path)
    beneath = not relative.startswith(os.pardir) or not os.path.relpath(path, root).startswith(
        os.pardir
    )
    return _slashed(relative if beneath else path)


def _slashed(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")


def _written(path: str, text: str) -> Problem | None:
    """Put the text into its place, whole; nothing happens where it is there already."""
    data = text.encode("utf-8", "surrogateescape")
    try:
        if os.path.lexists(path):
            with open(path, "rb") as stream:
                first = stream.readline()
                if first.strip() and not first.endswith(b"manifest.json: \\\n"):
                    return _unowned(path)
                if first + stream.read() == data:
                    return None
        staged = writer.stage([(os.path.abspath(path), data)])
        for temporary, target in staged.files:
            os.replace(temporary, target)
    except OSError as error:
        return _unwritable(path, error)
    return None


def _nameless(name: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    message = f"`{name}` cannot be said in a depfile: Make or Ninja would read something else"
    return Problem(codes.UNWRITABLE_OUTPUT, message, "call it otherwise")


def _unwritable(path: str, error: OSError) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    hint = "choose another file with `--depfile`"
    return Problem(codes.UNWRITABLE_OUTPUT, f"`{path}` cannot be written: {reason(error)}", hint)


def _unowned(path: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    message = f"`{path}` is there and is no depfile of iamdsl"
    hint = "remove it, or choose another file with `--depfile`"
    return Problem(codes.UNOWNED_OUTPUT, message, hint)
