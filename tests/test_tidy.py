"""The house rules that no other tool holds: small files, small functions, no leftovers."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "iamdsl").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
IDS = [path.relative_to(ROOT).as_posix() for path in MODULES]
MAX_LINES = 600
MAX_FUNCTION_LINES = 60
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "stuff"}
# Written in two parts, so that this file passes its own test.
LEFTOVERS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
ELSEWHERE = re.compile(
    r"/wo" r"rk/|\bsha" r"red/(?:design|facts|data/|corpus)|/tm" r"p/(?:v|bugs)\b|/ro" r"ot/"
)


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_files_are_short(path: Path) -> None:
    """A file of more than 600 lines holds more than one thing."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_functions_are_short(path: Path) -> None:
    """A function of more than 60 lines is read by nobody; its docstring does not count."""
    long = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            text = ast.get_docstring(node, clean=False)
            words = (first.end_lineno or 0) - first.lineno + 1 if text is not None else 0
            lines = (node.end_lineno or 0) - node.lineno + 1 - words
            if lines > MAX_FUNCTION_LINES:
                long.append(f"{node.name}: {lines} lines")
    assert not long


@pytest.mark.parametrize("path", MODULES, ids=IDS)
def test_modules_say_what_they_are(path: Path) -> None:
    """Every module begins with what it is for, and is named for what it holds."""
    assert path.stem not in VAGUE
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_no_folder_is_vague() -> None:
    """Rooms and folders are named for what they hold, too."""
    assert not VAGUE & {path.parent.name for path in MODULES + TESTS}
    assert not VAGUE & {path.stem for path in TESTS}


def test_nothing_is_left_for_later() -> None:
    """What is to be done stands in an issue, not in the code."""
    texts = written()
    assert len(texts) > len(MODULES)
    assert not [name for name, text in texts.items() if LEFTOVERS.search(text)]


def test_nothing_points_outside_the_repository() -> None:
    """A clone is complete: no file speaks of folders that only one machine has."""
    assert not [name for name, text in written().items() if ELSEWHERE.search(text)]


def test_tests_have_names_of_their_own() -> None:
    """Pytest and mypy tell test modules by their name alone."""
    names = [path.name for path in TESTS if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


def written() -> dict[str, str]:
    """Return the texts that people write: code, documentation, configuration, by name."""
    found = {}
    for folder in ("iamdsl", "tests", "grammar", "stdlib", "examples", ".ci", "."):
        paths = (ROOT / folder).glob("*") if folder == "." else (ROOT / folder).rglob("*")
        for path in sorted(paths):
            hidden = {"__pycache__", "build", "__snapshots__", "overlay", ".hypothesis"} & {
                *path.parts
            }
            if path.is_file() and not hidden and path.suffix in _TEXTS:
                found[path.relative_to(ROOT).as_posix()] = path.read_bytes().decode(
                    "utf-8", "replace"
                )
    return found


_TEXTS = {".py", ".md", ".toml", ".lark", ".iam", ".txt", ""}
