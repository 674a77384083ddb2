"""Make, Ninja, Bazel's rule and a workflow of GitHub's: the example is built by each, for real."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import run
from pages import blocks

pytestmark = pytest.mark.e2e
EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "build-systems"
PAGE = EXAMPLE.parent.parent / "grammar" / "targets" / "build-systems.md"
OF_RULES_PYTHON = "py_console_script_binary"
PROGRAMS = Path(sys.executable).parent
ODD = "a b#c$d:e(f)[g]~é.json"
"""A name that Make and Ninja would read as something else, were it not escaped."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a copy of the example."""
    copy = tmp_path / "project"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("build", ".ninja*"))
    monkeypatch.chdir(copy)
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    return copy


def done_by(tool: str, *, fails: bool = False) -> bool:
    """Run a build system and tell whether it found something to do."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    done = subprocess.run([tool], check=False, capture_output=True, text=True, timeout=60)
    said = done.stdout + done.stderr
    assert (done.returncode != 0) == fails, said
    idle = "Nothing to be done" in said or "no work to do" in said
    assert idle or "iamdsl build" in said, said
    return not idle


def touch(name: str) -> None:
    """Make a file younger than all that was built."""
    time.sleep(0.02)
    Path(name).touch()


@pytest.mark.parametrize("tool", ["make", "ninja"])
def test_builds_what_has_changed(tool: str, folder: Path) -> None:
    """A second run does nothing; what was imported is noticed, by whatever name; so is what went.

    A build that failed is tried again, and a change that changes no document is built once.
    """
    (folder / "data" / ODD).write_text('["letters"]\n', encoding="utf-8")
    (folder / "more.iam").write_text(
        f'import "./data/{ODD}" as more: List[String]\n'
        "policy more { allow sqs:SendMessage on [sqs:queue(q) for q in more] }\n",
        encoding="utf-8",
    )
    assert done_by(tool)
    assert not done_by(tool)
    for name in ("data/services.json", f"data/{ODD}"):
        touch(name)
        assert done_by(tool)
        assert not done_by(tool)
    touch("main.iam")
    whole = Path("main.iam").read_text(encoding="utf-8")
    Path("main.iam").write_text("policy", encoding="utf-8")
    assert done_by(tool, fails=True)
    assert done_by(tool, fails=True)
    Path("main.iam").write_text(whole, encoding="utf-8")
    for name in ("more.iam", f"data/{ODD}"):
        Path(name).unlink()
    assert done_by(tool)
    assert not done_by(tool)
    assert not Path("build/policies/more.json").exists()
    if tool == "make":  # what no build has read yet is in no depfile: the wildcard finds it
        time.sleep(0.02)
        (folder / "new.iam").write_text("policy new { allow s3:ListBucket on arn:aws:s3:::a }\n")
        assert done_by(tool)
        assert Path("build/policies/new.json").exists()


# Bazel, which is not here: its rule is read as Python, and its command run by bash


def genrule(text: str) -> dict[str, Any]:
    """Return the arguments of the rule, but for its sources."""
    calls = {
        node.func.id: node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert {"genrule", "glob"} <= set(calls) <= {"genrule", "glob", "load", OF_RULES_PYTHON}
    return {
        word.arg: ast.literal_eval(word.value)
        for word in calls["genrule"].keywords
        if word.arg and word.arg != "srcs"
    }


def test_bazel(folder: Path, tmp_path: Path) -> None:
    """In a sandbox of links, the rule's command makes the documents that a build makes."""
    rule = genrule((EXAMPLE / "BUILD.bazel").read_text(encoding="utf-8"))
    sandbox = tmp_path / "sandbox"
    sources = ["iamdsl.toml", "main.iam", "data/services.json"]
    names = [f"infra/iam/{name}" for name in sources]
    for source, name in zip(sources, names, strict=True):
        (sandbox / name).parent.mkdir(parents=True, exist_ok=True)
        (sandbox / name).symlink_to(folder / source)
    words = {
        "$(SRCS)": " ".join(names),
        "$(execpath :iamdsl)": str(PROGRAMS / "iamdsl"),
        "$(execpath iamdsl.toml)": names[0],
        "$@": rule["outs"][0],
        "$$": "$",
    }
    command = re.sub(r"\$\([^)]*\)|\$.", lambda found: words[found[0]], rule["cmd"])
    # As Bazel does: nothing of the user's environment, and no home.
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", command],
        cwd=sandbox,
        env={"PATH": "/bin:/usr/bin:/usr/local/bin", "TMPDIR": str(tmp_path), "HOME": os.devnull},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert rule["tools"] == [":iamdsl"]
    made = (sandbox / rule["outs"][0]).read_text(encoding="utf-8")
    assert json.loads(made) == json.loads(run("iamdsl build --print").stdout)
    assert {path.name for path in tmp_path.iterdir()} == {"project", "sandbox"}


def test_page_shows_the_rule_that_is_run() -> None:
    """What the page shows of Bazel is what the example has."""
    shown = next(b for b in blocks(PAGE.read_text(encoding="utf-8")) if b.kind == "starlark")

    assert genrule(shown.text) == genrule((EXAMPLE / "BUILD.bazel").read_text(encoding="utf-8"))


# The workflow


def jobs() -> dict[str, Any]:
    """Return the jobs of the workflow."""
    text = (EXAMPLE / "workflow.yml").read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert set(workflow) == {"name", True, "permissions", "jobs"}  # YAML 1.1 takes `on` for true
    assert set(workflow[True]) == {"pull_request"}  # never pull_request_target: it has secrets
    assert workflow["permissions"] == {}
    found: dict[str, Any] = workflow["jobs"]
    return found


def steps() -> list[dict[str, Any]]:
    """Return the steps of all jobs."""
    return [step for job in jobs().values() for step in job["steps"]]


def test_workflow_has_the_rights_that_it_needs() -> None:
    """The token reads the repository; only the job that comments may write, and comments alone."""
    rights = [job["permissions"] for job in jobs().values()]

    assert rights == [{"contents": "read"}, {"contents": "read", "pull-requests": "write"}]
    for step in steps():
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_workflow_takes_no_text_for_a_script() -> None:
    """A title or a branch's name in a script would be run; and actions keep to a major version."""
    for step in steps():
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        for value in step.get("env", {}).values():
            assert value in {
                "${{ github.token }}",
                "${{ github.repository }}",
                "${{ github.event.pull_request.number }}",
            }


def test_workflow_runs(folder: Path) -> None:
    """Each command of ours does what the workflow wants of it, in a merged branch of two parents."""
    run("git init -q -b main")
    run("git add main.iam iamdsl.toml data")
    run("git commit -q -m base")
    run("git checkout -q -b branch")
    services = folder / "data" / "services.json"
    services.write_text(services.read_text(encoding="utf-8").replace("letters", "post"))
    run("git commit -q -a -m change")
    run("git checkout -q main")
    run("git merge -q --no-ff -m merge branch")
    for step in steps():
        for line in step.get("run", "").splitlines():
            if line.startswith("iamdsl "):
                assert run(line).code == 0, line

    comment = (folder / "difference.md").read_text(encoding="utf-8")
    assert "mail-service" in comment
    assert "queue" in comment or "sqs" in comment
    posted = next(step["run"] for step in steps() if "gh " in step.get("run", ""))
    assert "--body-file difference.md" in posted
