"""Which catalogue a project's pin asks for."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from iamdsl.aws import Catalogue
from iamdsl.project import catalogue
from iamdsl.project.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_version_made_by_update_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `catalogue update` writes is what `catalogue = "VERSION"` reads."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    made = tmp_path / "iamdsl" / "catalogue-2026.10.28.iamcat"
    made.parent.mkdir()
    shutil.copy(catalogue.shipped(), made)

    assert catalogue.path_of("2026.10.28", "") == str(made)
    assert isinstance(catalogue.open_catalogue("2026.10.28"), Catalogue)


def test_a_version_that_nobody_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build never takes another catalogue than the one it is pinned to."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    found = catalogue.open_catalogue("2020.01.01")

    assert isinstance(found, Problem)
    assert "2020.01.01" in found.message
