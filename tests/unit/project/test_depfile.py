"""The file that tells Make and Ninja what a build depends on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from commands import run_here

from iamdsl.aws.container import encode
from iamdsl.project.catalogue import shipped
from iamdsl.project.depfile import rules
from iamdsl.project.problem import Problem

SOURCES = {
    "main.iam": """\
import "./data/names.json" as names: List[String]
import std.lambda as functions

policy reader { for name in names { allow s3:ListBucket on s3:bucket(name) } }
role worker {
  trust service lambda
  use functions.basic_execution(function = "worker")
}
""",
    "data/names.json": '["photos"]\n',
    "iamdsl.toml": '[aws]\npartition = "aws"\naccount = "111122223333"\nregion = "eu-west-1"\n',
}
DEPFILE = Path("build/manifest.d")
MANIFEST = Path("build/manifest.json")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project that imports data and a module."""
    for name, text in SOURCES.items():
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def build(*options: str, depfile: str = str(DEPFILE)) -> tuple[int, str]:
    """Return the exit code and the messages of a build that writes a depfile."""
    got = run_here(["build", "--depfile", depfile, *options])
    return got.code, got.stderr


def names(depfile: Path = DEPFILE) -> list[str]:
    """Return what a depfile says that the build depends on."""
    first, _, _ = depfile.read_text(encoding="utf-8").partition("\n\n")
    return first.split(" \\\n  ")[1:]


# What is in it


def test_everything_that_was_read() -> None:
    """Sources, settings, data, modules of the standard library and the catalogue."""
    assert build()[0] == 0
    library = next(name for name in names() if name.endswith("stdlib/lambda.iam"))
    catalogue = Path(shipped()).as_posix()
    assert Path(library).is_absolute()
    assert names() == sorted(["data/names.json", "iamdsl.toml", "main.iam", library, catalogue])


def test_text() -> None:
    """A target, its prerequisites, and a rule for each so that it may go away."""
    assert rules("build/manifest.json", ["b.iam", "a.iam"]) == (
        "build/manifest.json: \\\n  a.iam \\\n  b.iam\n\na.iam:\nb.iam:\n"
    )


def test_what_is_known_by_the_cache_alone() -> None:
    """A build that has nothing to do writes the same file as the one before it."""
    assert build()[0] == 0
    before = DEPFILE.read_bytes()
    DEPFILE.unlink()

    assert "unchanged" in build()[1]
    assert DEPFILE.read_bytes() == before


def test_lock_file_that_the_build_itself_has_made(project: Path) -> None:
    """What classes of actions came to is read by the next build."""
    with (project / "main.iam").open("a", encoding="utf-8") as stream:
        stream.write("policy lister { allow s3:@list on * }\n")

    assert build()[0] == 0
    assert "iamdsl.lock" in names()


def test_catalogue_of_the_project(project: Path, small: object) -> None:
    """A catalogue of one's own is read in place of the one that is shipped."""
    (project / "own.iamcat").write_bytes(encode(small))  # type: ignore[arg-type]
    (project / "main.iam").write_text('policy p { allow box:OpenBox on "*" }\n', encoding="utf-8")
    with (project / "iamdsl.toml").open("r+", encoding="utf-8") as stream:
        text = stream.read()
        stream.seek(0)
        stream.write('catalogue = "./own.iamcat"\n' + text)

    assert build()[0] == 0, build()[1]
    assert names() == ["iamdsl.toml", "main.iam", "own.iamcat"]


def test_module_of_a_package(project: Path, installed: Path) -> None:
    """What an installed package brings is named by where it is installed."""
    (project / "main.iam").write_text(
        'import acme.platform as platform\npolicy p { allow s3:ListBucket on s3:bucket("a") }\n',
        encoding="utf-8",
    )

    assert build()[0] == 0
    assert any(name.startswith(installed.as_posix()) for name in names())


def test_names_are_relative_to_the_current_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make and Ninja take a name of the depfile to begin where they run."""
    monkeypatch.chdir(project / "data")
    assert build(depfile="x.d")[0] == 0
    text = (project / "data" / "x.d").read_text(encoding="utf-8")

    assert text.startswith("../build/manifest.json: \\\n  ../iamdsl.toml \\\n  ../main.iam \\\n")
    assert "\nnames.json:\n" in text


def test_target_is_spelt_as_the_output_was(project: Path) -> None:
    """Ninja refuses a depfile whose target is not spelt as the output of its rule."""
    assert build("--out", "../elsewhere")[0] == 0
    assert DEPFILE.read_text(encoding="utf-8").startswith("../elsewhere/manifest.json: ")
    assert build("--out", str(project / "gen"))[0] == 0
    assert DEPFILE.read_text(encoding="utf-8").startswith(f"{project}/gen/manifest.json: ")


# Names that mean something to Make or Ninja


def test_escapes() -> None:
    """What both read as something else is written as both read it."""
    text = rules("build/manifest.json", ["a b#c$d:e.json", "x"])
    assert text == (
        "build/manifest.json: \\\n  a\\ b\\#c$$d\\:e.json \\\n  x\n\na\\ b\\#c$$d\\:e.json:\nx:\n"
    )


def test_names_without_a_rule_of_their_own() -> None:
    """`a=b:` would be a variable and `%:` a pattern; a comparison may not come first either."""
    text = rules("m", ["env=dev/a.json", "50%.json", "main.iam"])
    assert text == "m: \\\n  50%.json \\\n  main.iam \\\n  env=dev/a.json\n\nmain.iam:\n"


@pytest.mark.parametrize("name", ["a;b", "a|b", "a\tb", "a\nb", "a*b", "a\\b", "a<b", "a`b", "a^b"])
def test_names_that_cannot_be_said(name: str) -> None:
    """There is no way to write them that both read: a build that nobody repeats would be worse."""
    assert isinstance(rules("m", ["main.iam", name]), Problem)
    assert isinstance(rules(name, ["main.iam"]), Problem)


def test_targets_that_cannot_be_said() -> None:
    """A target with `%` is a pattern for Make, one with `=` a variable."""
    assert isinstance(rules("100%/m", ["main.iam"]), Problem)
    assert isinstance(rules("a=b/m", ["main.iam"]), Problem)
    assert isinstance(rules("m", ["a=b"]), Problem)


def test_name_that_cannot_be_said_in_a_project(project: Path) -> None:
    """The build ends with 2 and does not pass for up to date."""
    (project / "a;b.iam").write_text("", encoding="utf-8")
    code, said = build()

    assert code == 2
    assert "`a;b.iam` cannot be said in a depfile" in said
    assert not DEPFILE.exists()
    assert MANIFEST.stat().st_mtime == 0


# When it is written


def test_not_when_the_build_fails(project: Path) -> None:
    """Of a failed build nothing is known: the file stays as it was, and so does the manifest."""
    assert build()[0] == 0
    before = DEPFILE.read_bytes(), MANIFEST.stat().st_mtime_ns
    (project / "main.iam").write_text("policy", encoding="utf-8")

    assert build()[0] == 1
    assert (DEPFILE.read_bytes(), MANIFEST.stat().st_mtime_ns) == before


def test_not_when_warnings_fail_it(project: Path) -> None:
    """What ends with 1 is built again, until the warning is gone; its documents are there."""
    with (project / "main.iam").open("a", encoding="utf-8") as stream:
        stream.write("let unused = 1\n")

    for _ in range(2):  # by the compiler, and by the cache
        assert build("--error-on-warning")[0] == 1
        assert not DEPFILE.exists()
        assert MANIFEST.stat().st_mtime == 0
    assert build()[0] == 0
    assert MANIFEST.stat().st_mtime > 0


def test_only_when_it_changes() -> None:
    """A file that is right is not touched; the manifest is, for it stands for the build."""
    assert build()[0] == 0
    for file in (DEPFILE, MANIFEST):
        os.utime(file, (1, 1))

    assert build()[0] == 0
    assert DEPFILE.stat().st_mtime == 1
    assert MANIFEST.stat().st_mtime > 1


def test_manifest_is_younger_than_all_that_it_depends_on(project: Path) -> None:
    """The lock file is written after the manifest, and does not make it old."""
    with (project / "main.iam").open("a", encoding="utf-8") as stream:
        stream.write("policy lister { allow s3:@list on * }\n")
    assert build()[0] == 0

    newest = max(Path(name).stat().st_mtime_ns for name in names())
    assert MANIFEST.stat().st_mtime_ns >= newest


def test_what_others_wrote_stays(project: Path) -> None:
    """A slip in the name must not cost a source."""
    code, said = build(depfile="main.iam")

    assert code == 2
    assert "`main.iam` is there and is no depfile of iamdsl" in said
    assert (project / "main.iam").read_text(encoding="utf-8") == SOURCES["main.iam"]


def test_empty_file_may_be_replaced(project: Path) -> None:
    """Whoever touches the file first, for the sake of `include`, may."""
    (project / "x.d").touch()

    assert build(depfile="x.d")[0] == 0
    assert names(project / "x.d")


def test_folder_that_is_in_the_way(project: Path) -> None:
    """What cannot be written is said, and the build does not pass for up to date."""
    (project / "x.d").mkdir()
    code, said = build(depfile="x.d")

    assert code == 2
    assert "`x.d` cannot be written: is a directory" in said
    assert MANIFEST.stat().st_mtime == 0


def test_nothing_of_what_is_printed() -> None:
    """`--print` writes no file that could depend on anything."""
    assert build("--print")[0] == 2
    assert build("-")[0] == 2
