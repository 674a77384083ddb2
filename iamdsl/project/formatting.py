"""Formatting a project's sources: which would change, and writing those that do.

**Invariants:** a file is written beside its place and renamed onto it, with its mode; a link stays
a link, what it leads to is replaced; a file that is as it should be is not touched.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from iamdsl import fmt
from iamdsl.diagnostics import Report
from iamdsl.project import loading
from iamdsl.project.problem import Problem, reason

if TYPE_CHECKING:
    from iamdsl.diagnostics import Diagnostic
    from iamdsl.project import Project


class Formatted(NamedTuple):
    """A source before and after; the same text where nothing changes.

    Attributes:
        same: whether its bytes are right already.
    """

    file: loading.File
    before: str
    after: str
    same: bool


class Formatting(NamedTuple):
    """What formatting came to.

    Attributes:
        sources: those without errors, in the order of their names.
        diagnostics: sorted; of the sources that were left alone, and of settings.
    """

    sources: tuple[Formatted, ...]
    diagnostics: tuple[Diagnostic, ...]


def format_sources(project: Project, *, write: bool) -> Formatting:
    """Format the sources of a project, each by itself, and write those that change.

    One with an error is reported and left alone; `<stdin>` is never written.
    """
    report = Report()
    report.extend(problem.diagnostic() for problem in project.problems)
    sources = []
    for file in project.files:
        found = _format(file, report)
        if found is None:
            continue
        if write and not found.same and file.path:
            problem = replace(file, found.after.encode())
            if problem is not None:
                report.extend([problem.diagnostic()])
                continue
        sources.append(found)
    return Formatting(tuple(sources), report.diagnostics)


def _format(file: loading.File, report: Report) -> Formatted | None:
    source = loading.decode(file)
    if isinstance(source, Problem):
        report.extend([source.diagnostic()])
        return None
    heard = Report()
    text = fmt.format(source, heard)
    if text is None:
        report.extend(heard.diagnostics)
        return None
    return Formatted(file, source.text, text, text.encode() == file.data)


def replace(file: loading.File, data: bytes) -> Problem | None:
    """Put bytes in the place of a file, whole or not at all; return what went wrong."""
    target = os.path.realpath(file.path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.iamdsl-part")
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode)
        if not os.access(target, os.W_OK):
            return _unwritable(file.name, "permission denied")
        _remove(temporary)  # of a run that was killed
        try:
            with open(temporary, "xb") as stream:
                stream.write(data)
            os.chmod(temporary, mode)
            os.replace(temporary, target)
        except BaseException:
            _remove(temporary)
            raise
    except OSError as error:
        return _unwritable(file.name, reason(error))
    return None


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _unwritable(name: str, why: str) -> Problem:
    from iamdsl.diagnostics import codes  # noqa: PLC0415 (only on mistakes)

    message = f"`{name}` cannot be written: {why}"
    return Problem(codes.UNWRITABLE_OUTPUT, message, "see who may write to it and to its folder")
