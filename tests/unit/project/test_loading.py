"""Reading sources, and the walls around imports."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from iamdsl import resources
from iamdsl.project import Problem, loading
from iamdsl.source import Source

if TYPE_CHECKING:
    from pathlib import Path


def problem(got: object) -> tuple[str, str]:
    assert isinstance(got, Problem)
    return got.code.number, got.message


class TestRead:
    """What may be read at all."""

    def test_too_large(self, tmp_path: Path) -> None:
        """A file of 50 MB is refused by its size, unread."""
        file = tmp_path / "big.iam"
        file.touch()
        os.truncate(file, 50_000_000)

        code, message = problem(loading.read(str(file), "big.iam"))

        assert code == "IAM013"
        assert message == "`big.iam` has 50,000,000 bytes, more than the 4,194,304 of a source"

    def test_largest(self, tmp_path: Path) -> None:
        """A file of just the greatest size is read."""
        file = tmp_path / "big.iam"
        file.write_bytes(b"#" * loading.MAX_BYTES)

        assert isinstance(loading.read(str(file), "big.iam"), loading.File)

    @pytest.mark.parametrize("path", ["/dev/zero", "/nope", ".", "a\0b"])
    def test_unreadable(self, path: str) -> None:
        """What is no regular file is refused, and never waited for."""
        assert problem(loading.read(path, "x"))[0] == "IAM503"

    def test_pipe(self, tmp_path: Path) -> None:
        """A named pipe without a writer does not hang the build."""
        os.mkfifo(tmp_path / "pipe.iam")

        code, message = problem(loading.read(str(tmp_path / "pipe.iam"), "pipe.iam"))

        assert (code, message) == (
            "IAM503",
            "`pipe.iam` cannot be read: it is not a regular file",
        )


class TestDecode:
    """UTF-8, strictly."""

    def test_not_text(self) -> None:
        """The first wrong byte is named with its line."""
        got = loading.decode(loading.File("a.iam", "", b"ok\n\xe9t\xe9"))

        assert problem(got) == ("IAM012", "`a.iam` is not UTF-8 text: byte 3 (line 2) is 0xe9")

    def test_utf16(self) -> None:
        """UTF-16 of a Windows editor gets the way out."""
        got = loading.decode(loading.File("a.iam", "", "x".encode("utf-16")))

        assert isinstance(got, Problem)
        assert got.hint == "save it as UTF-8"

    @pytest.mark.parametrize(
        ("data", "text"),
        [(b"\xef\xbb\xbfallow", "allow"), (b"a\r\nb", "a\r\nb"), (b"", ""), (b"\0", "\0")],
    )
    def test_text(self, data: bytes, text: str) -> None:
        """A byte order mark goes, everything else stays as it is."""
        got = loading.decode(loading.File("a.iam", "", data))

        assert isinstance(got, Source)
        assert got.text == text


class TestImports:
    """Imports stay inside the project."""

    @pytest.fixture
    def loader(self, tmp_path: Path) -> loading.Loader:
        """Return the loader of a project `p` with things lying around it."""
        root = tmp_path / "p"
        for name in ("p/main.iam", "p/lib/a.iam", "p/data.json", "secret.json", "pp/x.iam"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(name)
        (root / "out.json").symlink_to(tmp_path / "secret.json")
        (root / "up").symlink_to(tmp_path)
        (root / "in.json").symlink_to(root / "data.json")
        file = loading.read(str(root / "main.iam"), "main.iam")
        assert isinstance(file, loading.File)
        source = loading.decode(file)
        assert isinstance(source, Source)
        return loading.Loader(str(root), [(file, source)])

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("./data.json", "data.json"),
            ("data.json", "data.json"),
            ("lib/../data.json", "data.json"),
            ("in.json", "in.json"),
            ("lib/a.iam", "lib/a.iam"),
        ],
    )
    def test_inside(self, loader: loading.Loader, path: str, name: str) -> None:
        """Relative paths are found, named from the root, and remembered as inputs."""
        got = loader.file("main.iam", path)

        assert isinstance(got, Source)
        assert got.name == name
        assert [file.name for file in loader.files] == [name]

    @pytest.mark.parametrize(
        "path",
        ["../secret.json", "out.json", "up/secret.json", "/etc/passwd", "../pp/x.iam", "lib/../.."],
    )
    def test_outside(self, loader: loading.Loader, path: str) -> None:
        """Neither dots nor links nor roots lead out, and nothing is read there."""
        got = loader.file("main.iam", path)

        assert problem(got) == ("IAM105", f"`{path}` is outside the project")
        assert not loader.files

    def test_relative_to_the_importer(self, loader: loading.Loader) -> None:
        """A path means the same wherever the tool was started."""
        loader.file("main.iam", "lib/a.iam")

        got = loader.file("lib/a.iam", "../data.json")

        assert isinstance(got, Source)
        assert got.name == "data.json"

    def test_same_file_same_source(self, loader: loading.Loader) -> None:
        """A file that two sources import, or an import and the command line, is one source."""
        assert loader.file("main.iam", "main.iam") is loader.file("main.iam", "./lib/../main.iam")
        assert loader.file("main.iam", "in.json") is loader.file("main.iam", "data.json")

    @pytest.mark.parametrize(
        ("path", "hint"),
        [("lib/a", 'write `"lib/a.iam"`'), ("date.json", "did you mean `data.json`?")],
    )
    def test_not_found(self, loader: loading.Loader, path: str, hint: str) -> None:
        """A slip of the pen gets the right name."""
        got = loader.file("main.iam", path)

        assert isinstance(got, Problem)
        assert (got.code.number, got.hint) == ("IAM103", hint)

    @pytest.mark.parametrize("path", ["", " ", "a\0b", "."])
    def test_odd(self, loader: loading.Loader, path: str) -> None:
        """Odd paths are problems, not crashes."""
        assert problem(loader.file("main.iam", path))[0] in {"IAM103", "IAM503"}

    def test_standard_module(
        self, loader: loading.Loader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`std.x` comes with the tool, and may import beside itself but no further."""
        (tmp_path / "std").mkdir()
        (tmp_path / "std/lambda.iam").write_text("ours")
        (tmp_path / "std/more.iam").write_text("more")
        monkeypatch.setattr(resources, "path", lambda *_: str(tmp_path / "std"))

        got = loader.module("main.iam", ("std", "lambda"))
        beside = loader.file("std/lambda.iam", "./more.iam")

        assert isinstance(got, Source)
        assert got.name == "std/lambda.iam"
        assert isinstance(beside, Source)
        assert beside.name == "std/more.iam"
        assert problem(loader.file("std/lambda.iam", "../secret.json"))[0] == "IAM105"
        assert problem(loader.module("main.iam", ("std", "nope")))[0] == "IAM103"
        assert loader.module("main.iam", ("std", "..", "secret")) is None

    def test_installed_package(
        self, loader: loading.Loader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A package's modules are found through its entry point, and none of its code runs."""
        site = tmp_path / "site"
        (site / "acme_iam/more").mkdir(parents=True)
        (site / "acme_iam/__init__.py").write_text("raise SystemExit('run')")
        (site / "acme_iam/more/__init__.py").write_text("raise SystemExit('run')")
        (site / "acme_iam/platform.iam").write_text("theirs")
        (site / "acme-1.0.dist-info").mkdir()
        (site / "acme-1.0.dist-info/METADATA").write_text("Name: acme\nVersion: 1.0\n")
        (site / "acme-1.0.dist-info/entry_points.txt").write_text(
            "[iamdsl.modules]\nacme = acme_iam\n"
        )
        monkeypatch.syspath_prepend(str(site))

        got = loader.module("main.iam", ("acme", "platform"))

        assert isinstance(got, Source)
        assert (got.name, got.text) == ("@acme/platform.iam", "theirs")
        assert "acme_iam" not in sys.modules
        assert loader.module("main.iam", ("nobody", "x")) is None

    def test_own_folder_called_std(self) -> None:
        """A project's own folder `std` does not pass for the standard library."""
        assert loading.project_name("std/x.iam") == "./std/x.iam"
