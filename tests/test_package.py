"""What is shipped: grammar and standard library in the wheel, found in a checkout as well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import iamdsl
from iamdsl import resources

ROOT = Path(__file__).parent.parent

DATA = {".iam", ".json", ".lark", ".md", ".toml"}


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    """Return the project's settings."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_wheel_takes_what_is_named_only(settings: dict[str, Any]) -> None:
    """`only-include` with `sources`: ignored files stay out, and nothing is forced in."""
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert sorted(wheel["only-include"]) == ["grammar", "iamdsl", "stdlib"]
    assert wheel["sources"] == {
        "grammar": "iamdsl/_data/grammar",
        "stdlib": "iamdsl/_data/stdlib",
    }
    assert wheel["exclude"] == ["stdlib/tests", "stdlib/iamdsl.toml", "grammar/stdlib"]
    assert "force-include" not in wheel


def test_few_dependencies(settings: dict[str, Any]) -> None:
    """A build step installs four packages of others; each more needs a decision on the map."""
    names = {line.partition(">")[0] for line in settings["project"]["dependencies"]}
    assert names == {"attrs", "click", "jinja2", "lark"}
    assert settings["project"]["requires-python"] == ">=3.11"
    assert settings["project"]["license"] == "Apache-2.0"


def test_the_version_is_one(settings: dict[str, Any]) -> None:
    """The version is a constant of the package: nobody reads metadata to tell it."""
    assert settings["project"]["dynamic"] == ["version"]
    run = subprocess.run(
        [sys.executable, "-m", "iamdsl", "--version"], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == f"iamdsl {iamdsl.__version__}"


def test_data_is_found_in_a_checkout() -> None:
    """An editable install reads grammar and library where they are edited."""
    assert Path(resources.path("grammar", "iamdsl.lark")) == ROOT / "grammar" / "iamdsl.lark"
    assert (Path(resources.path("stdlib")) / "lambda.iam").is_file()
    assert not (ROOT / "iamdsl" / "_data").exists()


def test_nothing_private_is_in_the_shipped_folders() -> None:
    """What git does not track, or would ignore, lies in no folder that the wheel takes."""
    if not (ROOT / ".git").exists():
        found = [p for name in ("grammar", "stdlib") for p in (ROOT / name).rglob("*")]
        assert {p.suffix for p in found if p.is_file()} <= DATA
        return
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "--others", "--"]
    run = subprocess.run(
        [*command, "grammar", "stdlib"], capture_output=True, text=True, check=True
    )
    assert {Path(line).suffix for line in run.stdout.splitlines()} <= DATA


def test_a_wheel_works_alone(tmp_path: Path) -> None:
    """The files of the wheel, unpacked anywhere, compile a source that imports `std`."""
    hatchling = pytest.importorskip("hatchling.builders.wheel", reason="hatchling builds the wheel")
    builder = hatchling.WheelBuilder(str(ROOT))
    (made,) = builder.build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(made) as wheel:
        names = wheel.namelist()
        wheel.extractall(tmp_path / "site")
    for part in (
        "iamdsl/_data/grammar/iamdsl.lark",
        "iamdsl/_data/grammar/iam.tmLanguage.json",
        "iamdsl/_data/stdlib/lambda.iam",
        "iamdsl/aws/catalogue.iamcat",
        "iamdsl/diagnostics/explain/IAM201.md",
        "iamdsl/py.typed",
    ):
        assert part in names
    assert not [
        name
        for name in names
        if "_data/grammar/stdlib" in name
        or (name.endswith(".toml") and "/cli/starters/" not in name)
    ]
    stray = {"tests", "examples", ".ci", "build", "__pycache__", ".venv", ".git"}
    assert not [name for name in names if stray & set(name.split("/"))]
    source = tmp_path / "main.iam"
    source.write_text(
        'import std.lambda\nrole r { trust service lambda use lambda.basic_execution(function = "f") }',
        encoding="utf-8",
    )
    run = subprocess.run(
        [sys.executable, "-P", "-m", "iamdsl", "build", "--print", "--output-format", "json",
         "--set", "aws.account=111122223333", "--set", "aws.region=eu-west-1",
         "--set", "aws.partition=aws", str(source)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "roles/r/trust.json" in json.loads(run.stdout)
