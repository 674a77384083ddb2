"""Opening the catalogue of AWS's actions: the shipped one, or the one a project pins."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from iamdsl import resources
from iamdsl.project.problem import Problem, reason

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue

SUFFIX = ".iamcat"


def shipped() -> str:
    """Return the path of the catalogue that comes with the package."""
    return resources.package_path("aws", "catalogue.iamcat")


def path_of(pin: str, root: str) -> str:
    """Return the path of the catalogue file that a project's setting `catalogue` asks for."""
    if pin.endswith(SUFFIX) or "/" in pin or os.sep in pin:
        return os.path.normpath(os.path.join(root, pin))
    made = resources.data_path(f"catalogue-{pin}{SUFFIX}") if pin else ""
    return made if made and os.path.isfile(made) else shipped()


def open_catalogue(pin: str = "", root: str = "") -> Catalogue | Problem:
    """Return the catalogue that `pin` (a path, a version or nothing) asks for."""
    from iamdsl.aws import CatalogueError  # noqa: PLC0415 (a build may need none)
    from iamdsl.diagnostics import codes  # noqa: PLC0415

    path = path_of(pin, root)
    shown = pin or path

    try:
        status = os.stat(path)
        catalogue = _opened(path, status.st_mtime_ns, status.st_size)
        version = catalogue.version
    except OSError as error:
        why = reason(error)
        hint = "check `catalogue` in the configuration"
        return Problem(codes.BAD_CATALOGUE, f"the catalogue `{shown}` cannot be read: {why}", hint)
    except CatalogueError as error:
        hint = "make it anew: `iamdsl catalogue update`"
        return Problem(codes.BAD_CATALOGUE, f"`{shown}` is no catalogue: {error}", hint)
    if pin and path == shipped() and pin != version:
        message = f"the project asks for catalogue `{pin}`, and this is `{version}`"
        hint = (
            f"make it by `iamdsl catalogue update --to {pin}`, or set `catalogue` to this version"  # noqa: S608  # no SQL
        )
        return Problem(codes.BAD_CATALOGUE, message, hint)
    return catalogue


@lru_cache(maxsize=2)  # what was read of it serves whatever else is checked in this process
def _opened(path: str, changed: int, size: int) -> Catalogue:
    """Return the catalogue in a file, anew when that has changed."""
    from iamdsl.aws import Catalogue  # noqa: PLC0415 (a build may need none)

    del changed, size
    return Catalogue(resources.open_catalogue(path))
