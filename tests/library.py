"""What tests of the standard library share: its modules, their tests, and their pages."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from iamdsl.project import Config, Options, Project, load_project
from iamdsl.project.documenting import Documented, document
from iamdsl.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.doc import Page

STDLIB = Path(__file__).parent.parent / "stdlib"
MODULES = tuple(sorted(path.stem for path in STDLIB.glob("*.iam")))
ACCOUNT = "111122223333"
PLACES: Mapping[str, Mapping[str, str]] = {
    "aws": {"partition": "aws", "account": ACCOUNT, "region": "eu-west-1"},
    "aws-cn": {"partition": "aws-cn", "account": ACCOUNT, "region": "cn-north-1"},
    "aws-us-gov": {"partition": "aws-us-gov", "account": ACCOUNT, "region": "us-gov-west-1"},
}


def module(name: str) -> Source:
    """Return the source of a module."""
    return Source(f"std/{name}.iam", (STDLIB / f"{name}.iam").read_text(encoding="utf-8"))


def source_of_tests(name: str) -> str:
    """Return the source that tests a module."""
    return (STDLIB / "tests" / f"{name}.iam").read_text(encoding="utf-8")


def project(name: str, *params: tuple[str, str]) -> Project:
    """Return a module with its tests as a project, as somebody who works on it would check it."""
    files = [str(STDLIB / f"{name}.iam"), str(STDLIB / "tests" / f"{name}.iam")]
    return load_project(files, Options(params=params, lock="unread"))


@cache
def documented(dotted: str) -> Documented:
    """Return what `iamdsl doc` shows of a library or module."""
    here = os.fspath(STDLIB.parent)
    return document((dotted,), Project(Config(here), here, here, ()))


def page(name: str) -> Page:
    """Return the page of a module of ours."""
    (found,) = documented(f"std.{name}").pages
    return found
