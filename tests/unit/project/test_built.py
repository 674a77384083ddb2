"""A folder that was built, read back: what is in it, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from iamdsl.project import build, load_project
from iamdsl.project.built import read_build

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = '[aws]\npartition = "aws"\naccount = "111122223333"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.iam").write_text("role app { trust service lambda allow s3:* on * }")
    (tmp_path / "iamdsl.toml").write_text(SETTINGS)
    assert not build(load_project([str(tmp_path)])).failed
    return tmp_path / "build"


def said(folder: Path) -> str:
    found = read_build(str(folder))
    assert found.build is None
    return "; ".join(f"{d.code.number} {d.message}" for d in found.diagnostics)


def test_a_build_comes_back(folder: Path) -> None:
    """Protects questions about folders: who is in it, where, and today's catalogue."""
    found = read_build(str(folder))
    assert found.build is not None
    assert [i.name for i in found.build.identities] == ["app"]
    assert found.pseudo == {"partition": "aws", "account": "111122223333"}
    assert found.catalogue is not None
    assert found.diagnostics == ()


def test_a_folder_of_something_else_is_no_build(tmp_path: Path) -> None:
    """Protects from taking any folder for one that was built."""
    assert said(tmp_path) == f"IAM440 `{tmp_path}` holds no `manifest.json`"


def test_a_file_that_is_gone_is_told(folder: Path) -> None:
    """Protects from answers about half a build."""
    (folder / "roles" / "app" / "inline.json").unlink()
    assert said(folder) == "IAM441 `roles/app/inline.json` is missing from the build"


def test_a_manifest_leads_nowhere_else(folder: Path) -> None:
    """Protects files outside the folder: a manifest is data, and others may have written it."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["artifacts"][0]["file"] = "../main.iam"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert said(folder) == "IAM442 the manifest tells of `../main.iam`, which is outside the build"


def test_a_manifest_that_cannot_be_read_is_told(folder: Path) -> None:
    """Protects from a traceback where the manifest is a folder."""
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()
    assert said(folder).startswith("IAM503 `")
