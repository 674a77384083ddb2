"""Cases: small sources with what they compile to, kept beside them and compared to the letter.

A case is a folder `tests/cases/<area>/<name>` with `input.iam`, whatever that imports, and an
`iamdsl.toml` where settings matter. `expected/` holds what comes of it and nothing else:
`diagnostics.txt` as `iamdsl check` prints them, `built.json` with every document built, and
`settings.json` with what of a policy stands in the manifest only (its path, its target, …).
Accept new outputs with `pytest tests/test_cases.py --snapshot-update`, then read the difference.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from iamdsl.diagnostics.render import render
from iamdsl.project import Problem, Project, build, config, discovery, loading

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

CASES = Path(__file__).parent / "cases"
NAMES = sorted(p.parent.relative_to(CASES).as_posix() for p in CASES.rglob("input.iam"))
SETTINGS = ["path", "description", "tags", "target", "managed", "attached_to", "split_from"]
EXAMPLE = "statements/allow-names-actions-and-resources"


def compile_case(folder: Path) -> dict[str, str]:
    """Return what comes of a case, by the name of the output."""
    settings = config.Config(str(folder), account="111122223333", region="eu-west-1")
    settings = settings._replace(partition="aws")
    problems: list[Problem] = []
    if (folder / "iamdsl.toml").exists():
        settings, problems = config.load(str(folder))
    paths = [str(folder / "input.iam")]
    if settings.sources:
        paths, more = discovery.find(settings.root, settings.sources, settings.out)
        problems += more
    files = []
    for path in paths:
        file = loading.read(path, Path(path).relative_to(folder).as_posix())
        assert isinstance(file, loading.File)
        files.append(file)
    project = Project(settings, str(folder / "build"), "build", tuple(files), tuple(problems))
    outcome = build(project, print_only=True)
    outputs = {}
    if outcome.diagnostics:
        outputs["diagnostics.txt"] = render("full", outcome.diagnostics)
    documents = {name: json.loads(text) for name, text in outcome.texts}
    manifest = documents.pop("manifest.json", {"artifacts": []})
    if documents:
        outputs["built.json"] = json.dumps(documents, indent=2) + "\n"
    if settings_of := {a["file"]: s for a in manifest["artifacts"] if (s := _settings(a))}:
        outputs["settings.json"] = json.dumps(settings_of, indent=2) + "\n"
    return outputs


def _settings(artifact: dict[str, Any]) -> dict[str, Any]:
    """Return what the manifest says of an artifact that its document does not, nothing trivial."""
    kept = {name: artifact.get(name) for name in SETTINGS}
    return {name: value for name, value in kept.items() if value and value != "/"}


@pytest.mark.parametrize("case", NAMES)
def test_case(case: str, expected: SnapshotAssertion, request: pytest.FixtureRequest) -> None:
    """Protects what every construct of the language compiles to, and every message's wording."""
    outputs = compile_case(CASES / case)
    for name, text in outputs.items():
        assert text == expected(name=name)
    if not request.config.getoption("--snapshot-update"):
        assert {p.name for p in (CASES / case / "expected").iterdir()} == set(outputs)


@pytest.mark.parametrize("case", NAMES)
def test_case_says_why_it_exists(case: str) -> None:
    """Protects the reader of a case: its first line is a comment with its reason."""
    first = (CASES / case / "input.iam").read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("# ")
    assert len(first) > 15


def _change(folder: Path) -> None:
    (folder / "expected" / "built.json").write_text("{}\n", encoding="utf-8")


def _lose(folder: Path) -> None:
    (folder / "expected" / "built.json").unlink()


def _add_orphan(folder: Path) -> None:
    (folder / "expected" / "diagnostics.txt").write_text("old\n", encoding="utf-8")


def _add_case(folder: Path) -> None:
    fresh = folder.parent / "fresh"
    fresh.mkdir()
    shutil.copy(folder / "input.iam", fresh)


def test_expected_outputs_are_binding(tmp_path: Path) -> None:
    """Protects the cases themselves: outputs changed, missing, left over or new fail the run."""
    assert _run(tmp_path / "untouched") == 0
    for spoil in (_change, _lose, _add_orphan, _add_case):
        assert _run(tmp_path / spoil.__name__, spoil) == 1, spoil.__name__


def _run(folder: Path, spoil: Callable[[Path], None] = lambda _: None) -> int:
    """Return how pytest ends on one case, and nothing but that, when something was done to it."""
    case = folder / "cases" / EXAMPLE
    shutil.copytree(CASES / EXAMPLE, case)
    for name in ("conftest.py", "test_cases.py"):
        shutil.copy(Path(__file__).with_name(name), folder)
    spoil(case)
    command = [sys.executable, "-m", "pytest", "-q"]
    for plugin in ("cacheprovider", "randomly", "xdist", "hypothesispytest"):
        command += ["-p", f"no:{plugin}"]
    command += ["-W", r"ignore:\s*Can not relate snapshot", "-k", "not binding", "test_cases.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)
    assert (case / "input.iam").exists()
    return done.returncode
