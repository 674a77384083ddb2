"""`iamdsl fmt` and files: whole or not at all, links, modes, bytes, and what cannot be written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from iamdsl import fmt
from iamdsl.project import Options, load_project
from iamdsl.project.formatting import Formatting, format_sources

if TYPE_CHECKING:
    from pathlib import Path

LONG = "user  alice  {}\n"
SHORT = "user alice {}\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*paths: str, write: bool = True) -> Formatting:
    return format_sources(load_project(paths, Options()), write=write)


def codes(outcome: Formatting) -> list[str]:
    return [diagnostic.code.number for diagnostic in outcome.diagnostics]


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_modes_are_kept(tmp_path: Path) -> None:
    """A file that is replaced has the mode that it had."""
    file = tmp_path / "a.iam"
    file.write_text(LONG, encoding="utf-8")
    file.chmod(0o640)
    assert not codes(run())
    assert file.read_text(encoding="utf-8") == SHORT
    assert file.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a.iam"]


@pytest.mark.skipif(os.name == "nt", reason="symbolic links")
def test_links_stay_links(tmp_path: Path) -> None:
    """What a link leads to is formatted, the link is left."""
    (tmp_path / "real.txt").write_text(LONG, encoding="utf-8")
    (tmp_path / "a.iam").symlink_to("real.txt")
    run()
    assert (tmp_path / "a.iam").is_symlink()
    assert (tmp_path / "real.txt").read_text(encoding="utf-8") == SHORT


def test_unchanged_files_are_not_touched(tmp_path: Path) -> None:
    """Build tools go by the times of files."""
    file = tmp_path / "a.iam"
    file.write_text(SHORT, encoding="utf-8")
    os.utime(file, (1, 1))
    (found,) = run().sources
    assert found.same
    assert file.stat().st_mtime == 1


def test_checking_writes_nothing(tmp_path: Path) -> None:
    """What would be changed is told, and stays."""
    file = tmp_path / "a.iam"
    file.write_text(LONG, encoding="utf-8")
    (found,) = run(write=False).sources
    assert (found.same, found.after) == (False, SHORT)
    assert file.read_text(encoding="utf-8") == LONG


@pytest.mark.parametrize(
    "data", [b"\xef\xbb\xbfuser alice {}\n", b"user alice {}\r\n", b"user alice {}"]
)
def test_bytes(tmp_path: Path, data: bytes) -> None:
    """No byte order mark, ends of lines as everywhere, and one at the end."""
    file = tmp_path / "a.iam"
    file.write_bytes(data)
    run()
    assert file.read_bytes() == SHORT.encode()


def test_what_is_no_text_is_left_alone(tmp_path: Path) -> None:
    """A file that is not UTF-8 is reported, the others are formatted."""
    (tmp_path / "a.iam").write_bytes(b"\xff\xfeu")
    (tmp_path / "b.iam").write_text(LONG, encoding="utf-8")
    outcome = run()
    assert codes(outcome) == ["IAM012"]
    assert (tmp_path / "a.iam").read_bytes() == b"\xff\xfeu"
    assert (tmp_path / "b.iam").read_text(encoding="utf-8") == SHORT


def test_what_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full leaves the file as it was, nothing beside it, and the others formatted."""
    for name in ("a.iam", "b.iam"):
        (tmp_path / name).write_text(LONG, encoding="utf-8")
    replace = os.replace

    def refuse(source: str, target: str) -> None:
        if target.endswith("a.iam"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    outcome = run()
    assert codes(outcome) == ["IAM504"]
    assert "`a.iam` cannot be written: no space left on device" in outcome.diagnostics[0].message
    assert [source.file.name for source in outcome.sources] == ["b.iam"]
    assert (tmp_path / "a.iam").read_text(encoding="utf-8") == LONG
    assert (tmp_path / "b.iam").read_text(encoding="utf-8") == SHORT
    assert sorted(os.listdir(tmp_path)) == ["a.iam", "b.iam"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anything"
)
def test_read_only_files_are_kept(tmp_path: Path) -> None:
    """A file that its owner has made read-only is not replaced behind their back."""
    file = tmp_path / "a.iam"
    file.write_text(LONG, encoding="utf-8")
    file.chmod(0o444)
    assert codes(run()) == ["IAM504"]
    assert file.read_text(encoding="utf-8") == LONG


def test_a_bug_of_ours_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What formatting would change in meaning is left alone, and said to be our mistake."""
    file = tmp_path / "a.iam"
    file.write_text(LONG, encoding="utf-8")
    monkeypatch.setattr(fmt, "show", lambda _: "user bob {}\n")
    outcome = run()
    assert codes(outcome) == ["IAM901"]
    assert not outcome.sources
    assert file.read_text(encoding="utf-8") == LONG


def test_a_damaged_lock_file_is_of_no_concern(tmp_path: Path) -> None:
    """The command formats whatever the state of the build is; see `cli/fmt.py`."""
    (tmp_path / "iamdsl.toml").write_text('edition = "2026"\n', encoding="utf-8")
    (tmp_path / "iamdsl.lock").write_text("junk", encoding="utf-8")
    (tmp_path / "a.iam").write_text(LONG, encoding="utf-8")
    project = load_project((), Options(lock="upgrade"))
    assert not codes(format_sources(project, write=True))
