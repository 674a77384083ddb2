"""Builds of small sources, for questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.project import compiled, load_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from iamdsl.iam import Build

SETTINGS = '[aws]\npartition = "aws"\naccount = "111122223333"\nregion = "eu-west-1"\n'


def build_of(folder: Path, text: str, settings: str = SETTINGS) -> tuple[Build, Mapping[str, str]]:
    """Return what a source is built to, and the pseudo parameters that are known."""
    (folder / "main.iam").write_text(text, encoding="utf-8")
    (folder / "iamdsl.toml").write_text(settings, encoding="utf-8")
    done = compiled(load_project([str(folder / "main.iam")]))
    assert done.build is not None, [d.message for d in done.diagnostics]
    return done.build, done.pseudo
