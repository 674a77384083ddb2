"""A folder that an earlier build wrote, read back for questions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from iamdsl.diagnostics import Report, codes
from iamdsl.emit import reading
from iamdsl.project import Compiled, loading, manifest
from iamdsl.project.catalogue import open_catalogue
from iamdsl.project.problem import Problem

if TYPE_CHECKING:
    from iamdsl.diagnostics import Diagnostic

_MOST = 256 * 1024 * 1024  # bytes of one file; a build of a large organization has a few


def read_build(folder: str) -> Compiled:
    """Return what was built into a folder; whatever is not as it was built is a diagnostic.

    The catalogue is the one that is installed, not the one of the build: what of the build is
    asked about is decided by today's actions.
    """
    files: dict[str, bytes] = {}
    report = Report()
    shown = loading.project_name(folder)
    path = os.path.join(folder, manifest.FILE)
    if not os.path.exists(path):
        hint = "name a folder that `iamdsl build` has written"
        report.add(codes.NO_BUILD, None, f"`{shown}` holds no `{manifest.FILE}`", hint=hint)
        return Compiled(diagnostics=report.diagnostics)
    first = loading.read(path, f"{shown}/{manifest.FILE}", _MOST)
    if isinstance(first, Problem):
        return Compiled(diagnostics=(first.diagnostic(),))
    files[manifest.FILE] = first.data
    names = reading.manifest_files(first.data, report)
    for name in names or ():
        problem = _add(folder, shown, name, files)
        if problem is not None:
            return Compiled(diagnostics=(problem,))
    found = reading.read(files, report) if names is not None else None
    catalogue = open_catalogue()
    if isinstance(catalogue, Problem):
        return Compiled(diagnostics=(*report.diagnostics, catalogue.diagnostic()))
    if found is None:
        return Compiled(diagnostics=report.diagnostics)
    return Compiled(found.build, found.pseudo, catalogue, report.diagnostics)


def _add(folder: str, shown: str, name: str, files: dict[str, bytes]) -> Diagnostic | None:
    """Read one file of a build; one that is not there is left to `reading.read` to tell."""
    if not manifest.is_inside(name):
        message = f"the manifest tells of `{name}`, which is outside the build"
        return Problem(codes.DAMAGED_BUILD, message, "build it again").diagnostic()
    path = os.path.join(folder, *name.split("/"))
    if not os.path.exists(path):
        return None
    file = loading.read(path, f"{shown}/{name}", _MOST)
    if isinstance(file, Problem):
        return file.diagnostic()
    files[name] = file.data
    return None
