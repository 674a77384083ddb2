"""Policy documents of others that a question is given as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.project import loading
from iamdsl.project.problem import Problem

if TYPE_CHECKING:
    from iamdsl.iam import Policy


def read_policy(path: str) -> Policy | Problem:
    """Return the policy that a JSON file holds, as AWS takes it."""
    file = loading.read(path, path)
    if isinstance(file, Problem):
        return file
    source = loading.decode(file)
    if isinstance(source, Problem):
        return source
    try:
        return iam.from_text(source.text)
    except RecursionError:
        return Problem(codes.NOT_A_POLICY, f"`{path}` is no policy: it is nested too deeply")
    except ValueError as error:
        return Problem(codes.NOT_A_POLICY, f"`{path}` is no policy: {error}")
