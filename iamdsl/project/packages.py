"""Modules of installed packages, found by the entry point group `iamdsl.modules`.

A package says `acme = "acme_platform.modules"`: the modules `acme.…` are the `.iam` files of that
folder (Python Packaging User Guide, "Entry points specification").

**Invariant:** no code of a package runs; where its top package lies is asked of Python's finders,
which answer for a name without dots without importing anything.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.project.problem import Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.metadata import EntryPoint

_GROUP = "iamdsl.modules"


class Package(NamedTuple):
    """An installed package: its name in messages, and the folder of its modules."""

    name: str
    folder: str


def find(name: str) -> Package | Problem | None:
    """Return the package whose entry point is `name`; None when no package has it."""
    from importlib.metadata import entry_points  # noqa: PLC0415 (19 ms, only for such imports)

    points = sorted(entry_points(group=_GROUP, name=name), key=_distribution)
    if not points:
        return None
    if len(points) > 1:
        claiming = " and ".join(f"`{_distribution(point)}`" for point in points)
        message = f"the installed packages {claiming} both have modules called `{name}`"
        return _bad(message, "uninstall one of them")
    (point,) = points
    folder = _folder(point.value)
    if folder is not None:
        return Package(_distribution(point), folder)
    message = f"the package `{_distribution(point)}` says that `{name}` is `{point.value}`"
    return _bad(f"{message}, and there is no such folder in it", "install a version that has it")


def no_module(package: Package, dotted: str, parts: Sequence[str]) -> Problem:
    """Return the problem of a module that a package does not have."""
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    beside = os.path.join(package.folder, *parts[:-1])
    try:
        names = sorted(n[:-4] for n in os.listdir(beside) if n.endswith(".iam"))
    except OSError:
        names = []
    hint = nearest(parts[-1], names) if parts else ""
    if not hint and names:
        hint = "it has " + ", ".join(f"`{name}`" for name in names[:10])
    message = f"the package `{package.name}` has no module `{dotted}`"
    return Problem(codes.IMPORT_NOT_FOUND, message, hint)


def _distribution(point: EntryPoint) -> str:
    """Return the name of the package, as pip knows it, that an entry point is of."""
    return point.dist.name if point.dist is not None else point.value


def _folder(value: str) -> str | None:
    """Return the folder that the value of an entry point names, without importing it."""
    from importlib.util import find_spec  # noqa: PLC0415

    top, *rest = value.partition(":")[0].strip().split(".")
    if not all(part.isidentifier() for part in (top, *rest)):
        return None
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        place = os.path.join(folder, *rest)
        if os.path.isdir(place):
            return place
    return None


def _bad(message: str, hint: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    return Problem(codes.BAD_PACKAGE, message, hint)
