"""Which files are sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from iamdsl.project import discovery


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with sources in all sorts of places."""
    for name in (
        "b.iam",
        "a.iam",
        "note.txt",
        ".hidden/x.iam",
        "build/out.iam",
        "lib/one.iam",
        "lib/deep/two.iam",
        "vendor/v.iam",
        "vendor/keep.iam",
        "tmp/t.iam",
        "lib/tmp/u.iam",
        "lib/x_gen.iam",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    return tmp_path


def found(root: Path, *entries: str) -> list[str]:
    paths, _ = discovery.find(str(root), entries, str(root / "build"))
    return [Path(path).relative_to(root).as_posix() for path in paths]


def test_default(root: Path) -> None:
    """All sources count, in one order, but for hidden folders and the output's."""
    assert found(root) == [
        "a.iam",
        "b.iam",
        "lib/deep/two.iam",
        "lib/one.iam",
        "lib/tmp/u.iam",
        "lib/x_gen.iam",
        "tmp/t.iam",
        "vendor/keep.iam",
        "vendor/v.iam",
    ]


def test_gitignore(root: Path) -> None:
    """What git does not keep is not built: patterns, folders, anchors, exceptions, nested files."""
    (root / ".gitignore").write_text("# made\n*_gen.iam\n/tmp/\nvendor/*\n!vendor/keep.iam\n\n")
    (root / "lib/.gitignore").write_text("deep\n")

    assert found(root) == ["a.iam", "b.iam", "lib/one.iam", "lib/tmp/u.iam", "vendor/keep.iam"]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (["lib"], ["lib/deep/two.iam", "lib/one.iam", "lib/tmp/u.iam", "lib/x_gen.iam"]),
        (["a.iam", "lib/one.iam"], ["a.iam", "lib/one.iam"]),
        (["*.iam"], ["a.iam", "b.iam"]),
        (["**/t*.iam"], ["lib/deep/two.iam", "tmp/t.iam"]),
        (["lib/**/[ou]*.iam"], ["lib/one.iam", "lib/tmp/u.iam"]),
        (["./a.iam", "a.iam"], ["a.iam"]),
        (["build"], ["build/out.iam"]),
    ],
)
def test_entries(root: Path, entries: list[str], expected: list[str]) -> None:
    """Files, folders and patterns are understood as a shell's are; none counts twice."""
    assert found(root, *entries) == expected


def test_entry_without_a_source(root: Path) -> None:
    """A pattern that matches nothing is a mistake, not an empty build."""
    _, problems = discovery.find(str(root), ["src/*.iam"], "")

    assert [(p.code.number, p.message) for p in problems] == [
        ("IAM502", "no source matches `src/*.iam`")
    ]


def test_projects_inside(root: Path) -> None:
    """A folder with a configuration of its own is another project."""
    (root / "lib/iamdsl.toml").touch()

    assert found(root) == ["a.iam", "b.iam", "tmp/t.iam", "vendor/keep.iam", "vendor/v.iam"]
    assert len(found(root, "lib")) == 4


def test_links_are_not_entered(root: Path) -> None:
    """A link to a folder above does not make the search endless."""
    (root / "lib/loop").symlink_to(root)

    assert all("loop" not in path for path in found(root))


def test_given(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named files count whatever they are called; what is not there is said."""
    monkeypatch.chdir(root)

    paths, problems = discovery.given(["note.txt", "vendor", "nope", "a\0"], "")

    assert [Path(p).name for p in paths] == ["note.txt", "keep.iam", "v.iam"]
    assert [p.code.number for p in problems] == ["IAM503", "IAM503"]
