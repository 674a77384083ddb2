"""What `iamdsl init` begins with: each builds, passes its tests and reviews clean, everywhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from iamdsl.cli import main
from iamdsl.cli.init import _STARTERS

FOLDER = Path(__file__).parent.parent / "iamdsl" / "cli" / "starters"
TARGETS = ("cloudformation", "sam", "terraform", "aws-cli", "boto3", "cdk", "cdk-python")


def run(*arguments: str) -> tuple[int, str]:
    """Return exit code and all output of a command."""
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


def test_every_starter_is_offered() -> None:
    """The help has a line for each folder, and no other."""
    assert sorted(_STARTERS) == sorted(os.listdir(FOLDER))
    _, shown = run("init", "--help")
    for name, what in _STARTERS.items():
        assert re.search(rf"^  +{name} +{re.escape(what)}$", shown, re.MULTILINE)


@pytest.mark.parametrize("name", _STARTERS)
def test_a_starter_works(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer's first commands say nothing but that all is well."""
    monkeypatch.chdir(tmp_path)

    code, said = run("init", "new", "--template", name)
    assert (code, said.splitlines()[-1]) == (0, "next: cd new && iamdsl build && iamdsl test")
    monkeypatch.chdir(tmp_path / "new")
    code, said = run("build")
    assert code == 0
    assert "warning" not in said
    code, said = run("test")
    assert code == 0, said
    assert re.fullmatch(r"\d+ passed in \d+ tests?\n", said)
    code, said = run("check", "--preset", "strict")
    assert code == 0, said
    assert said.startswith("ok: ")
    code, said = run("fmt", "--check")
    assert code == 0, said
    code, said = run("build", *(f"--target={target}" for target in TARGETS), "-o", "out")
    assert code == 0, said


def test_a_starter_overwrites_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is in the way stays, and nothing else is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("mine\n", encoding="utf-8")

    code, said = run("init", "--template", "lambda-app")

    assert (code, said) == (2, ". has README.md already; nothing was written\n")
    assert os.listdir(tmp_path) == ["README.md"]
    assert run("init", "--template", "lambda-ap")[0] == 2
