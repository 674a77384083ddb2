"""Writing outputs: all or nothing, and never what is another's."""

from __future__ import annotations

import json
import os
import resource
import signal
from typing import TYPE_CHECKING

import pytest

from iamdsl.project import Problem, manifest, writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def files(**contents: str) -> dict[str, bytes]:
    """Return files `policies/NAME.json` with the manifest that lists them."""
    made = {f"policies/{name}.json": text.encode() for name, text in contents.items()}
    entries = [{"file": name} for name in made]
    made["manifest.json"] = json.dumps({"iamdsl": "0", "artifacts": entries}).encode()
    return made


def tree(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*") if p.is_file()
    }


def written(out: Path, contents: dict[str, bytes]) -> tuple[int, int, int]:
    got = writer.write(str(out), contents, "build")
    assert isinstance(got, writer.Written), got
    return got.written, got.unchanged, got.removed


def refused(out: Path, contents: dict[str, bytes]) -> tuple[str, str]:
    got = writer.write(str(out), contents, "build")
    assert isinstance(got, Problem)
    return got.code.number, got.message


def test_only_changes_are_written(tmp_path: Path) -> None:
    """A file whose bytes are right keeps its time, so that what watches it is not woken."""
    assert written(tmp_path / "o", files(a="1", b="2")) == (3, 0, 0)
    os.utime(tmp_path / "o/policies/a.json", (1, 1))

    assert written(tmp_path / "o", files(a="1", b="3")) == (1, 2, 0)
    assert (tmp_path / "o/policies/a.json").stat().st_mtime == 1
    assert (tmp_path / "o/policies/b.json").read_text() == "3"


def test_what_went_away_is_removed(tmp_path: Path) -> None:
    """Files of the last build that are no longer made go, with empty folders; others stay."""
    written(tmp_path, files(a="1", b="2") | {"roles/r/trust.json": b"t"})
    listed = json.loads((tmp_path / "manifest.json").read_text())
    listed["artifacts"].append({"file": "roles/r/trust.json"})
    (tmp_path / "manifest.json").write_text(json.dumps(listed))
    (tmp_path / "policies/mine.txt").write_text("mine")

    assert written(tmp_path, files(a="1")) == (1, 1, 2)
    assert sorted(tree(tmp_path)) == ["manifest.json", "policies/a.json", "policies/mine.txt"]
    assert not (tmp_path / "roles").exists()


def test_others_files_are_not_overwritten(tmp_path: Path) -> None:
    """A file that no build of ours wrote stops the build before anything is written."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/b.json").write_text("by hand")

    assert refused(tmp_path, files(a="1", b="2")) == (
        "IAM506",
        "`build/policies/b.json` is there and was not written by iamdsl",
    )
    assert tree(tmp_path) == {"policies/b.json": "by hand"}


def test_same_bytes_are_no_quarrel(tmp_path: Path) -> None:
    """A file that already says the right thing may have been written by anyone."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/a.json").write_text("1")

    assert written(tmp_path, files(a="1")) == (1, 1, 0)


@pytest.mark.parametrize(
    "junk",
    ["", "[]", "{", '{"iamdsl": 1}', '{"iamdsl":"0","artifacts":[{"file":1}]}', "[" * 50_000],
)
def test_damaged_manifest(tmp_path: Path, junk: str) -> None:
    """A manifest that is none owns nothing, itself included, and crashes nothing."""
    (tmp_path / "manifest.json").write_text(junk)

    assert manifest.owned(str(tmp_path)) == frozenset()
    assert refused(tmp_path, files(a="1"))[0] == "IAM506"


@pytest.mark.parametrize(
    "path", ["../victim", "/etc/x", "a/../../victim", "", "a//b", "./x", "a\\..\\b"]
)
def test_manifest_cannot_reach_out(tmp_path: Path, path: str) -> None:
    """A manifest made by another cannot have files removed outside its folder."""
    (tmp_path / "victim").write_text("precious")
    out = tmp_path / "out"
    out.mkdir()
    listed = {"iamdsl": "0", "artifacts": [{"file": path}]}
    (out / "manifest.json").write_text(json.dumps(listed))

    assert written(out, files())[2] == 0
    assert (tmp_path / "victim").read_text() == "precious"


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    """A folder of the output that is a link to elsewhere is not written through."""
    (tmp_path / "elsewhere").mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "policies").symlink_to(tmp_path / "elsewhere")

    assert refused(out, files(a="1")) == (
        "IAM504",
        "`build/policies/a.json` cannot be written: a link leads out of the folder",
    )


@pytest.mark.parametrize("way", ["o", "o/policies"])
def test_file_in_the_way_of_a_folder(tmp_path: Path, way: str) -> None:
    """A file where a folder must be is left alone, and nothing else is written."""
    (tmp_path / way).parent.mkdir(exist_ok=True)
    (tmp_path / way).write_text("x")

    assert refused(tmp_path / "o", files(a="1"))[0] == "IAM504"
    assert tree(tmp_path) == {way: "x"}


def test_folder_in_the_way_of_a_file(tmp_path: Path) -> None:
    """A folder where a file must be is left alone."""
    (tmp_path / "policies/a.json").mkdir(parents=True)

    assert refused(tmp_path, files(a="1")) == (
        "IAM504",
        "`build/policies/a.json` cannot be written: a folder is in the way",
    )


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Let no file grow beyond 1,000 bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.usefixtures("small_disk")
def test_full_disk(tmp_path: Path) -> None:
    """When the disk fills up half-way, the folder is as it was before."""
    out = tmp_path / "o"
    written(out, files(a="1"))
    before = tree(tmp_path)

    code, message = refused(out, files(a="2", b="x" * 5000) | {"new/folder/c.json": b"1"})

    assert (code, message) == ("IAM504", "`build` cannot be written: file too large")
    assert tree(tmp_path) == before
    assert not (out / "new").exists()


def test_failure_while_renaming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a rename fail, no temporary file stays, and the manifest still is the old one."""
    written(tmp_path, files(a="1"))
    before = (tmp_path / "manifest.json").read_text()

    def fail(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", fail)

    assert refused(tmp_path, files(a="2", b="3"))[0] == "IAM504"
    assert tree(tmp_path) == {"policies/a.json": "1", "manifest.json": before}


def test_interrupted_while_writing(tmp_path: Path) -> None:
    """Control-C in the middle leaves the folder as it was."""
    written(tmp_path, files(a="1"))
    before = tree(tmp_path)
    contents = files(a="2", b="3")

    class Interrupting(dict[str, bytes]):
        def __getitem__(self, name: str) -> bytes:
            if name == "policies/b.json" and list(tmp_path.rglob("*.iamdsl-part")):
                raise KeyboardInterrupt
            return super().__getitem__(name)

    with pytest.raises(KeyboardInterrupt):
        writer.write(str(tmp_path), Interrupting(contents), "build")
    assert tree(tmp_path) == before


def test_remains_of_a_killed_build(tmp_path: Path) -> None:
    """A temporary file that a killed build left does not stop the next one."""
    (tmp_path / "policies").mkdir()
    (tmp_path / f"policies/.0.{os.getpid()}.iamdsl-part").write_text("half")

    assert written(tmp_path, files(a="1")) == (2, 0, 0)
    assert sorted(tree(tmp_path)) == ["manifest.json", "policies/a.json"]
