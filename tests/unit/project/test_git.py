"""Files of a commit: read as they were, without running anything, and nothing from outside."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from iamdsl.project import Problem, git

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "policy reader { allow s3:GetObject on arn:aws:s3:::photos/* }\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a folder that is an empty repository."""
    folder = tmp_path / "clone"
    folder.mkdir()
    run(folder, "init", "-q")
    return folder


def run(folder: Path, *arguments: str) -> None:
    who = [
        "-c",
        "user.name=me",
        "-c",
        "user.email=me@example.com",
        "-c",
        "protocol.file.allow=always",
    ]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, files: dict[str, str]) -> None:
    """Commit files with their texts."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    run(folder, "add", "-A")
    run(folder, "commit", "-qm", "x")


def taken(folder: Path, to: Path, ref: str = "HEAD") -> dict[str, str]:
    """Return what is taken out of a commit, by path."""
    found = git.commit(ref, str(folder))
    assert isinstance(found, git.Commit), found
    to.mkdir()
    problem = git.extract(found, str(to))
    assert problem is None, problem.message
    return {
        path.relative_to(to).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(to.rglob("*"))
        if path.is_file()
    }


def test_what_a_compilation_reads_is_taken(clone: Path, tmp_path: Path) -> None:
    """Sources, settings and data come along; other files of a large repository do not."""
    files = {
        "main.iam": SOURCE,
        "iamdsl.toml": "",
        "iamdsl.lock": "",
        "data/accounts.json": "{}",
        "data/*odd [name].toml": "",
        ".gitignore": "x\n",
    }
    commit(clone, {**files, "photo.jpg": "x", "code.py": "x"})
    assert taken(clone, tmp_path / "to") == files


def test_a_folder_of_the_repository_is_taken_alone(clone: Path, tmp_path: Path) -> None:
    """Paths are relative to the folder, which may have any name."""
    commit(clone, {"a/*/main.iam": SOURCE, "a/b/main.iam": "b", "main.iam": "top"})
    assert taken(clone / "a" / "*", tmp_path / "to") == {"main.iam": SOURCE}


def test_the_bytes_are_those_of_the_commit(clone: Path, tmp_path: Path) -> None:
    """Neither the working tree, nor filters, line ends or attributes of an archive change them."""
    ran = tmp_path / "ran"
    run(clone, "config", "filter.evil.smudge", f"touch {ran}; cat")
    run(clone, "config", "filter.evil.clean", "cat")
    run(clone, "config", "core.autocrlf", "true")
    commit(clone, {"main.iam": SOURCE + "# $Format:%H$\n"})
    attributes = "*.iam filter=evil export-ignore export-subst ident\n"
    commit(clone, {".gitattributes": attributes, "other.iam": "x"})
    (clone / "main.iam").write_text("changed", encoding="utf-8")
    found = taken(clone, tmp_path / "to")
    assert found["main.iam"] == SOURCE + "# $Format:%H$\n"
    assert not ran.exists()


def test_no_hook_and_no_monitor_runs(clone: Path, tmp_path: Path) -> None:
    """Comparing somebody's branch must not run what their repository is set to run."""
    commit(clone, {"main.iam": SOURCE})
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n", encoding="utf-8")
    script.chmod(0o755)
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        (clone / ".git" / "hooks").mkdir(exist_ok=True)
        (clone / ".git" / "hooks" / hook).symlink_to(script)
    run(clone, "config", "core.fsmonitor", str(script))
    run(clone, "config", "core.pager", str(script))
    ran.unlink(missing_ok=True)
    before = sorted(path.as_posix() for path in clone.rglob("*"))
    assert taken(clone, tmp_path / "to") == {"main.iam": SOURCE}
    assert sorted(path.as_posix() for path in clone.rglob("*")) == before
    assert not ran.exists()


def test_links_are_kept_inside(clone: Path, tmp_path: Path) -> None:
    """A link to a file of the project works as it did; one that leads out is not there."""
    secret = tmp_path / "secret.json"
    secret.write_text("{}", encoding="utf-8")
    (clone / "sub").mkdir()
    links = {
        "inside.iam": "main.iam",
        "absolute.json": str(secret),
        "up.json": "../secret.json",
        "self": ".",
        "sub/around.json": "../self/../secret.json",
        "gone.iam": "nothing.iam",
    }
    for name, target in links.items():
        os.symlink(target, clone / name)
    commit(clone, {"main.iam": SOURCE})
    found = taken(clone, tmp_path / "to")
    assert {name for name in found if "json" in name} == set()
    assert found["inside.iam"] == SOURCE


def test_submodules_are_left_out(clone: Path, tmp_path: Path) -> None:
    """What is in another repository is not of this commit, and nothing is fetched."""
    other = tmp_path / "other"
    other.mkdir()
    run(other, "init", "-q")
    commit(other, {"other.iam": SOURCE})
    run(clone, "submodule", "add", "-q", str(other), "sub")
    commit(clone, {"main.iam": SOURCE})
    assert taken(clone, tmp_path / "to") == {"main.iam": SOURCE}


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "-x",
        "--output=x",
        "nothing",
        "HEAD:main.iam",
        "HEAD~1",
        "HEAD..HEAD",
        "a\nb",
        "HEAD^{tree}",
    ],
)
def test_what_is_no_commit_is_refused(clone: Path, ref: str) -> None:
    """No name is taken for an option of git, or for something else than one commit."""
    commit(clone, {"main.iam": SOURCE})
    found = git.commit(ref, str(clone))
    assert isinstance(found, Problem)
    assert found.code.number == "IAM450"


def test_without_git_there_is_a_message(
    clone: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A machine without git, and a folder without a repository, are told apart."""
    outside = git.commit("HEAD", str(tmp_path))
    assert isinstance(outside, Problem)
    assert "is in no git repository" in outside.message
    monkeypatch.setenv("PATH", str(tmp_path))
    found = git.commit("HEAD", str(clone))
    assert isinstance(found, Problem)
    assert found.message == "there is no `git` to read a commit with"


def test_what_a_hook_sets_does_not_lead_elsewhere(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git sets `GIT_DIR` for hooks, relative to a folder that is not ours."""
    (clone / "sub").mkdir()
    commit(clone, {"sub/main.iam": SOURCE})
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert taken(clone / "sub", tmp_path / "to") == {"main.iam": SOURCE}


def test_a_clone_that_lacks_files_is_told(clone: Path, tmp_path: Path) -> None:
    """A partial clone is not completed behind anybody's back, and nothing is left out."""
    commit(clone, {"main.iam": SOURCE})
    blob = subprocess.run(
        ["git", "rev-parse", "HEAD:main.iam"], cwd=clone, check=True, capture_output=True, text=True
    ).stdout.strip()
    (clone / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    found = git.commit("HEAD", str(clone))
    assert isinstance(found, git.Commit)
    problem = git.extract(found, str(tmp_path))
    assert problem is not None
    assert problem.code.number == "IAM451"
