"""The action and the hooks: what build services read of them, and what their steps run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from iamdsl.cli import main

ROOT = Path(__file__).parents[3]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
STUB = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["SAID"], "a") as stream:
    stream.write(json.dumps(sys.argv[1:]) + "\\n")
print("said")
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """Return a folder in which `python` writes down what it was asked, and nothing else."""
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(STUB, encoding="utf-8")
    python.chmod(0o755)
    return tmp_path


def run(folder: Path, step: dict[str, Any], code: int = 0, **inputs: str) -> tuple[int, list[Any]]:
    """Run a step as GitHub does; return its exit code, and what `python` was asked."""
    known = {name: entry["default"] for name, entry in ACTION["inputs"].items()} | {
        name.replace("_", "-"): value for name, value in inputs.items()
    }
    said = folder / "said"
    said.unlink(missing_ok=True)
    environment = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_ACTION_PATH": "/a folder/iamdsl",
        "GITHUB_OUTPUT": str(folder / "output"),
        "SAID": str(said),
        "CODE": str(code),
    }
    for name, value in step.get("env", {}).items():
        expression = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value)
        assert expression is not None
        environment[name] = known[expression[1]]
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        timeout=30,
    )
    lines = said.read_text(encoding="utf-8").splitlines() if said.exists() else []
    return done.returncode, [json.loads(line) for line in lines]


def step(name: str) -> dict[str, Any]:
    return next(step for step in STEPS if step.get("name") == name)


def test_no_input_is_run() -> None:
    """An input in a script's text would be run by the shell; it comes by the environment alone."""
    assert ACTION["runs"]["using"] == "composite"
    for one in STEPS:
        assert "${{" not in one.get("run", "")
        assert ("run" in one) == (one.get("shell") == "bash")


def test_the_action_installs_itself(stub: Path) -> None:
    """What is run is the version that the workflow names, not another one from an index."""
    code, said = run(stub, step("Install iamdsl"))
    assert code == 0
    assert said[0][-1] == "/a folder/iamdsl"
    assert said[0][:3] == ["-m", "pip", "install"]


def test_inputs_are_words(stub: Path) -> None:
    """Spaces, quotes, substitutions and dashes stay what they are, one line one word."""
    paths = "my policies\n$(touch no)\n-x\n`touch no`; touch no\r\n"
    code, said = run(
        stub, step("Check"), paths=paths, preset="strict", args="--set=a=b c\n\n--no-baseline",
        error_on_warning="true",
    )  # fmt: skip
    assert code == 0
    assert said == [
        ["-m", "iamdsl", "check", "--output-format=github", "--preset=strict", "--error-on-warning",
         "--set=a=b c", "--no-baseline", "--", "my policies", "$(touch no)", "-x",
         "`touch no`; touch no"],
    ]  # fmt: skip
    assert not (stub / "no").exists()


def test_the_exit_code_is_that_of_the_check(stub: Path) -> None:
    """A check that fails fails the job, with SARIF too, whose file is there all the same."""
    assert run(stub, step("Check"), code=1)[0] == 1
    code, said = run(stub, step("Check"), code=1, output_format="sarif")
    assert (code, said) == (1, [["-m", "iamdsl", "check", "--output-format=sarif", "--"]])
    assert (stub / "iamdsl.sarif").read_text(encoding="utf-8") == "said\n"
    assert (stub / "output").read_text(encoding="utf-8") == "sarif-file=./iamdsl.sarif\n"


def test_what_steps_say_is_understood(tmp_path: Path) -> None:
    """The options that the action writes are options of the command."""
    file = tmp_path / "a.json"
    file.write_text('{"Version": "2012-10-17", "Statement": []}', encoding="utf-8")
    words = ["check", "--output-format=sarif", "--preset=off", "--error-on-warning", "--"]
    assert CliRunner().invoke(main, [*words, str(file)]).exit_code in {0, 1}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_hooks_are_whole(hook: dict[str, Any]) -> None:
    """Each hook has what pre-commit asks for, and begins a command that there is."""
    assert {"id", "name", "entry", "language", "files", "pass_filenames"} <= hook.keys()
    assert hook["language"] == "python"
    program, command = hook["entry"].split()
    assert program == "iamdsl"
    assert command in main.list_commands(None)  # type: ignore[arg-type]
    re.compile(hook["files"])


def test_hooks_get_the_files_that_they_can_take() -> None:
    """A project is checked whole; documents and layouts are checked file by file."""
    passed = {hook["id"]: hook["pass_filenames"] for hook in HOOKS}
    assert passed == {"iamdsl-check": False, "iamdsl-check-documents": True, "iamdsl-fmt": True}
    check = next(hook["files"] for hook in HOOKS if hook["id"] == "iamdsl-check")
    for name in ("a.iam", "team/b.iam", "iamdsl.toml", "x/iamdsl.lock", "iamdsl.baseline"):
        assert re.search(check, name)
    assert not re.search(check, "a.json")
