"""Every block of the README is true: sources compile, commands print what stands below them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from commands import run_here
from pages import blocks, commands, leads_somewhere, links

import iamdsl

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


BLOCKS = blocks(README)
SETUP = [
    line.removeprefix("$ ")
    for block in BLOCKS
    for line in block.text.splitlines()
    if line.startswith("$ python3 -m venv")
]
FILES = {
    name[1]: block.text
    for block in BLOCKS
    if (name := re.match(r"# (\S+\.(?:iam|toml))\n", block.text))
}
PROJECT = {"main.iam", "iamdsl.toml"}
_BUILT = shutil.ignore_patterns("build", "build-*")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the README's project and our examples, the current one."""
    for name, text in FILES.items():
        if name in PROJECT:
            (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=_BUILT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str) -> str:
    """Return what an `iamdsl` command prints, its messages first as a terminal shows them."""
    program, *arguments = shlex.split(command)
    assert program.removeprefix(".venv/bin/") == "iamdsl", command
    got = run_here(arguments)
    assert got.code in {0, 1}, got
    return got.stderr + got.stdout


def test_every_block_is_of_a_kind_that_is_run() -> None:
    """A block of another kind would be believed and never tested."""
    assert {block.kind for block in BLOCKS} == {
        "console", "iam", "json", "python", "toml", "yaml",
    }  # fmt: skip


def test_set_up_commands_stand_first() -> None:
    """The two commands that do all the set-up are the first that a reader meets."""
    found = [command for block in BLOCKS[:2] for command, _ in commands(block)]

    assert found == SETUP
    assert len(SETUP) == 2


def test_ci_runs_the_set_up() -> None:
    """CI takes its two set-up commands from the README, on a fresh clone: just these two."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    function = script[script.index("readme_commands() {") :].partition("\n}\n")[0] + "\n}\n"
    found = subprocess.run(
        ["bash", "-c", f"copy=$1\n{function}readme_commands", "bash", str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.splitlines() == SETUP
    for number in (0, 1):
        assert f'"${{commands[{number}]}}"' in script


def test_set_up_prints_what_follows(project: Path) -> None:
    """The first command prints the lines that the README shows below it."""
    build = SETUP[0].rpartition(" && ")[2]
    (command, shown), *_ = commands(BLOCKS[0])

    assert command == SETUP[0]
    assert run(build) == shown
    assert (project / "examples" / "one-table" / "build" / "manifest.json").exists()


@pytest.mark.usefixtures("project")
def test_source_becomes_the_json() -> None:
    """The ten lines become the JSON that stands below them."""
    block = next(block for block in BLOCKS if block.kind == "json")

    printed = json.loads(run("iamdsl build --print"))
    assert printed["roles/orders-function/inline.json"] == json.loads(block.text)
    assert set(printed) == {
        f"roles/orders-function/{name}.json" for name in ("trust", "role", "inline")
    }


@pytest.mark.usefixtures("project")
def test_commands() -> None:
    """A command prints what stands below it, to the letter."""
    for block in BLOCKS[2:]:
        for command, shown in commands(block) if block.kind == "console" else ():
            extra = [name for name in FILES if name in command and name not in PROJECT]
            for name in extra:
                Path(name).write_text(FILES[name], encoding="utf-8")
            got = run(command)
            assert got == shown, f"{command}\n{got}"
            for name in extra:
                Path(name).unlink()


@pytest.mark.usefixtures("project")
def test_build_step() -> None:
    """The lines for a build step run, and find nothing."""
    block = next(block for block in BLOCKS if block.kind == "yaml")
    commands = [line.removeprefix("- run: ") for line in block.text.splitlines()]

    assert len(commands) == 4
    assert "pip install" in commands[0]
    for command in commands[1:]:
        assert "error" not in run(command)
    assert Path("policies/roles/orders-function/inline.json").exists()


def test_python() -> None:
    """The Python example runs, its assertions included."""
    for block in BLOCKS:
        if block.kind == "python":
            assert "assert" in block.text
            exec(compile(block.text, "README.md", "exec"), {})  # noqa: S102  # our own text


@pytest.mark.parametrize("link", links(README))
def test_links(link: str) -> None:
    """A link of the README leads somewhere in the repository, to a heading that is there."""
    assert leads_somewhere(link, ROOT, README)


def test_dependencies_are_those_named() -> None:
    """The README names each package that an installation brings."""
    names = re.search(
        r"^dependencies = \[(.*)\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert names

    for name in re.findall(r'"([a-z0-9]+)', names[1]):
        assert name in README


def test_version() -> None:
    """The changelog's first entry is the version that is built."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    first = re.search(r"^## \[([\d.]+)\]", changelog, re.MULTILINE)
    assert first
    assert first[1] == iamdsl.__version__
