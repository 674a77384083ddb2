"""What `[fit]` asks for, in whole builds: proved, the same everywhere, nothing written on failure."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import attrs
from click.testing import CliRunner

from iamdsl.cli import main
from iamdsl.fit import shrink as shrinking
from iamdsl.iam import Elements

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

CONFIG = """\
edition = "2026"

[fit]
wildcards = "max"
cross-service = true
share = true
"""
SOURCE = """\
let d = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
let line = "a-prefix-that-is-as-long-as-they-are-where-there-are-many-teams-with-much-data"
for name in ["web", "job", "api"] {
  role "{name}" {
    trust service lambda
    for x in d {
      allow s3:[GetObject, PutObject, DeleteObject, AbortMultipartUpload]
        on arn:aws:s3:::data-{d}/{line}/{line}/{x}/* when aws:PrincipalTag/team == "team-{x}"
    }
    allow sqs:[SendMessage, ReceiveMessage, DeleteMessage]
      on arn:aws:sqs:eu-west-1:111122223333:orders
    allow dynamodb:[GetItem, PutItem] on arn:aws:dynamodb:eu-west-1:111122223333:table/orders
  }
}
"""


def project(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "iamdsl.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "main.iam").write_text(SOURCE, encoding="utf-8")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Return what a build left, the sources included."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_the_hash_seed_changes_no_byte(tmp_path: Path) -> None:
    """Two people who build the same commit write the same files, the lock file among them."""
    made = []
    for seed in ("1", "2"):
        folder = project(tmp_path / seed)
        command = [sys.executable, "-m", "iamdsl", "build", "--no-cache"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        made.append(files(folder))
    assert made[0] == made[1]
    assert b"[[placed]]" in made[0]["iamdsl.lock"]
    assert b"[[wildcards]]" in made[0]["iamdsl.lock"]


def test_a_pattern_that_grants_more_is_a_bug_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof is what stands between a mistake in choosing patterns and a hole."""
    monkeypatch.chdir(project(tmp_path))
    before = files(tmp_path)
    real = shrinking.shrink

    def wrong(*given: object, **more: object) -> shrinking.Shrunk:
        made = real(*given, **more)  # type: ignore[arg-type]
        first, *others = made.policy.statements
        wide = attrs.evolve(first, actions=Elements((*first.actions.values, "s3:Get*")))
        return made._replace(policy=attrs.evolve(made.policy, statements=(wide, *others)))

    monkeypatch.setattr(shrinking, "shrink", wrong)
    result = CliRunner().invoke(main, ["build", "--no-cache"])
    assert result.exit_code == 2
    assert "error[IAM901]" in result.stderr
    assert files(tmp_path) == before


def test_a_build_that_fails_leaves_the_lock_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is placed by a build that does not come to files would be said to be deployed."""
    monkeypatch.chdir(project(tmp_path))
    assert CliRunner().invoke(main, ["build"]).exit_code == 0
    (tmp_path / "main.iam").write_text(SOURCE.replace('"9"]', '"9", "10"]'), encoding="utf-8")
    large = f"session large {{ allow s3:GetObject on arn:aws:s3:::{{d}}/{'{line}' * 9}/* }}\n"
    (tmp_path / "more.iam").write_text(SOURCE[: SOURCE.index("for name")] + large, encoding="utf-8")
    before = files(tmp_path)
    result = CliRunner().invoke(main, ["build"])
    assert result.exit_code == 1
    assert "error[IAM301]" in result.stderr
    assert files(tmp_path) == before
