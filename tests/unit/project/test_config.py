"""The configuration file: what it may say, and what is said when it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iamdsl.project import config

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.project import Problem


def problems(text: str, name: str = "iamdsl.toml") -> list[Problem]:
    return config.parse(text.encode(), "/p", f"/p/{name}")[1]


def test_everything(tmp_path: Path) -> None:
    """Each key arrives where it belongs."""
    (tmp_path / "iamdsl.toml").write_text(
        'edition = "2026"\nsources = ["src", "x/**/*.iam"]\nout = "dist"\ntargets = ["json"]\n'
        'catalogue = "2026.10.27"\nminify = true\nsids = "drop"\n'
        '[params]\nenv = "prod"\ncount = 3\nflag = true\n'
        '[aws]\npartition = "aws-cn"\naccount = "012345678901"\nregion = "cn-north-1"\n'
        '[limits]\nmanaged-policies-per-role = 25\n[lint]\nunused-name = "off"\nIAM210 = "error"\n'
    )

    got, wrong = config.load(str(tmp_path))

    assert not wrong
    assert got == config.Config(
        root=str(tmp_path),
        file=str(tmp_path / "iamdsl.toml"),
        sources=("src", "x/**/*.iam"),
        out="dist",
        targets=("json",),
        params=(("count", "3"), ("env", "prod"), ("flag", "true")),
        partition="aws-cn",
        account="012345678901",
        region="cn-north-1",
        limits=(("managed-policies-per-role", 25),),
        levels=(("IAM110", "off"), ("IAM210", "error")),
        catalogue="2026.10.27",
        minify=True,
        sids="drop",
    )


def test_nearest_file_wins(tmp_path: Path) -> None:
    """A project inside a project is its own, and a `pyproject.toml` counts with our table only."""
    (tmp_path / "iamdsl.toml").write_text('out = "outer"')
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/pyproject.toml").write_text('[tool.iamdsl]\nout = "middle"')
    (tmp_path / "a/b/pyproject.toml").write_text('[tool.other]\nout = "inner"')

    assert config.load(str(tmp_path / "a/b"))[0].out == "middle"
    assert config.load(str(tmp_path))[0].out == "outer"


@pytest.mark.parametrize(
    ("text", "marked", "message", "hint"),
    [
        ('[aws]\nacount = "1"', "acount", "`aws.acount` is no setting", "did you mean `account`?"),
        ('x = 1\nsource = ["a"]', "x", "`x` is no setting", None),
        ("out = 3", "out", "`out` must be a string", ""),
        ("sources = 'a'", "sources", "`sources` must be a list of strings", None),
        ('sources = ["../x"]', "sources", "`sources` must be paths inside the project", None),
        ("[aws]\naccount = 123456789012", "account", "`aws.account` must be a string", None),
        ('[aws]\nregion = "*"', "region", "`aws.region` must be a region such as", ""),
        ('[aws]\npartition = "a*"', "partition", "`aws.partition` must be a partition", ""),
        ("aws = 1", "aws", "`aws` must be a table", ""),
        ('targets = ["jsn"]', "targets", "`targets` must be `json`", "did you mean `json`?"),
        ("minify = 'yes'", "minify", "`minify` must be `true` or `false`", ""),
        ('[params]\nenv = ["a"]', "env", "`params.env` must be a string", None),
        ("[lint]\nunused-nam = 'off'", "unused-nam", "`lint.unused-nam` must be", None),
        ("[lint]\nunused-name = 'no'", "unused-name", '`lint.unused-name` must be `"error"`', ""),
        ("[lint]\nbad-arn = 'off'", "bad-arn", '`lint.bad-arn` must be `"error"`', None),
        ("[limits]\nroles = 99999", "roles", "`limits.roles` must be a quota", None),
        ("edition = '2027'", "edition", "`edition` must be `2026`", "did you mean `2026`?"),
        ("[tool]\nx = 1", "tool", "`tool` is no setting", None),
    ],
)
def test_mistakes(text: str, marked: str, message: str, hint: str | None) -> None:
    """A mistake is named, found in the file, and comes with what to write instead."""
    found = problems(text)[0]

    assert found.code.number == "IAM501"
    assert found.message.startswith(message)
    assert found.span is not None
    assert found.span.text == marked
    assert hint is None or found.hint == hint


def test_all_mistakes_are_reported() -> None:
    """One look shows all that is to be mended."""
    assert len(problems("x = 1\ny = 2\nout = 3")) == 3


def test_place_in_pyproject() -> None:
    """The place is that of our table, not of another tool's key of the same name."""
    found = problems("[tool.black]\nout = 1\n\n[tool.iamdsl]\nout = 1\n", "pyproject.toml")[0]

    assert found.span is not None
    assert found.span.source.position(found.span.start) == (5, 1)


@pytest.mark.parametrize(
    ("text", "line"), [("out = \n", 1), ("a = 1\nb = [1,\n", 3), ("[a\n", 1), ("x = 1 y", 1)]
)
def test_broken_toml(text: str, line: int) -> None:
    """Text that is no TOML is underlined where the reader stopped."""
    found = problems(text)[0]

    assert found.message.startswith("`iamdsl.toml` is not TOML: ")
    assert found.span is not None
    assert found.span.source.position(found.span.start)[0] == line


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a = " + b"[" * 100_000, b"\x00", b"\xef\xbb\xbf="])
def test_junk(data: bytes) -> None:
    """Junk is a mistake of the user's, not a crash of ours."""
    assert config.parse(data, "/p", "/p/iamdsl.toml")[1][0].code.number == "IAM501"


def test_unreadable(tmp_path: Path) -> None:
    """A configuration that cannot be read is not passed over for the next one upward."""
    (tmp_path / "iamdsl.toml").mkdir()

    assert "cannot be read" in config.load(str(tmp_path))[1][0].message
