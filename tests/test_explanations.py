"""Essays: each code has one, and what it shows is what happens.

An essay is `iamdsl/diagnostics/explain/<number>.md`. In the section *Example* the first `iam`
block is a source `example.iam` that raises the code and no other error; the `text` block is what
is said of it, to the letter. The `iam` block of *Use instead* raises nothing at all. Other files
stand in blocks with their names, as in "```json accounts.json"; those of *Example* are there for
*Use instead* as well, unless it has its own. Where a code is about the machine, both sections have
a `console` block instead: commands after `$`, run in an empty folder, each with its output.

Run with IAMDSL_ACCEPT=1 to rewrite the `text` and `console` blocks, then read the difference.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from iamdsl.cli import main
from iamdsl.diagnostics import Code, codes
from iamdsl.diagnostics.render import render
from iamdsl.project import Outcome, check, load_project
from iamdsl.resources import package_path

EXPLAIN = Path(package_path("diagnostics", "explain"))
SECTIONS = ["What it means", "Why it matters", "Example", "Use instead", "References"]
WITHOUT_EXAMPLE = {"IAM901", *(f"IAM{number}" for number in (712, 713, 714, 717, 718, 719))}
"""A bug of ours cannot be shown in a source: one that could would be mended instead. Nor can what
only a live account says; `tests/e2e/test_deploying.py` has that, against a server on loopback."""

SETTINGS = '[aws]\npartition = "aws"\naccount = "111122223333"\nregion = "eu-west-1"\n'
ACCEPT = bool(os.environ.get("IAMDSL_ACCEPT"))
WITH_EXAMPLE = [c for c in codes.ALL if c.number not in WITHOUT_EXAMPLE]

_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, the name of its file, its text, and where that stands."""

    language: str
    file: str
    text: str
    start: int


def _path(code: Code) -> Path:
    return EXPLAIN / f"{code.number}.md"


def _sections(essay: str) -> dict[str, tuple[int, str]]:
    """Return the sections of an essay: by name, where the text begins, and the text."""
    marks = list(re.finditer(r"^## (.*)\n", essay, re.MULTILINE))
    ends = [m.start() for m in marks[1:]] + [len(essay)]
    return {m[1]: (m.end(), essay[m.end() : e]) for m, e in zip(marks, ends, strict=True)}


def _blocks(essay: str, section: str) -> list[Block]:
    start, text = _sections(essay)[section]
    return [Block(m[1], m[2] or "", m[3], start + m.start(3)) for m in _BLOCK.finditer(text)]


def _first(blocks: list[Block], language: str) -> Block | None:
    return next((b for b in blocks if b.language == language and not b.file), None)


def _check_block(code: Code, section: str, got: str, block: Block) -> None:
    """Compare a block with what came of it, or write that into the essay."""
    if ACCEPT and got != block.text:
        essay = _path(code).read_text(encoding="utf-8")
        end = block.start + len(block.text)
        _path(code).write_text(essay[: block.start] + got + essay[end:], encoding="utf-8")
        return
    assert got == block.text, f"{code.number}, {section}"


def _check_example(
    code: Code, blocks: list[Block], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Outcome, str]:
    """Return what checking the `iam` block of a section came to, and what is said of it."""
    source = _first(blocks, "iam")
    assert source is not None
    wanted = f'[lint]\n{code.name} = "info"\n' if code.strict else ""
    files = {"iamdsl.toml": SETTINGS + wanted} | {b.file: b.text for b in blocks if b.file}
    for name, text in (files | {"example.iam": source.text}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    modules = any(name.endswith(".iam") for name in files)
    outcome = check(load_project(["example.iam"] if modules else []))
    return outcome, render("full", outcome.diagnostics)


def _run_console(block: Block, folder: Path) -> str:
    """Return a transcript with the outputs that its commands have now."""
    places = [str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {**os.environ, "PATH": os.pathsep.join(places), "LC_ALL": "C.UTF-8"}
    transcript = ""
    for command in re.findall(r"^\$ (.*)$", block.text, re.MULTILINE):
        done = subprocess.run(
            ["bash", "-c", f"{command} 2>&1"],
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        transcript += f"$ {command}\n{done.stdout}"
    return transcript


def _codes_in(console: str) -> list[str]:
    return re.findall(r"^(?:error|warning|note)\[(\w+)\]", console, re.MULTILINE)


def test_every_code_has_an_essay_and_every_essay_a_code() -> None:
    """Protects `iamdsl explain` from codes without a story, and from stories of no code."""
    essays = sorted(p.name for p in EXPLAIN.glob("*.md"))
    assert essays == sorted(f"{c.number}.md" for c in codes.ALL)


@pytest.mark.parametrize("code", codes.ALL, ids=lambda c: c.number)
def test_essay_has_its_sections(code: Code) -> None:
    """Protects the common shape of essays: title, five sections, one sentence per line."""
    essay = _path(code).read_text(encoding="utf-8")
    assert essay.startswith(f"# {code.number} {code.name}\n\n## What it means\n")
    assert list(_sections(essay)) == SECTIONS
    for line in _BLOCK.sub("", essay).splitlines():
        if line and not line.startswith(("#", "- ")):
            assert line[-1] in ".:!?", line
            assert not re.search(r"[a-z`]\. [A-Z]", line), line
    if code not in WITH_EXAMPLE:
        assert not _BLOCK.search(essay)


@pytest.mark.parametrize("code", WITH_EXAMPLE, ids=lambda c: c.number)
def test_example_raises_its_code(
    code: Code, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects examples: each raises its code, no other error, and says so in these words."""
    blocks = _blocks(_path(code).read_text(encoding="utf-8"), "Example")
    console = _first(blocks, "console")
    if console is not None:
        got = _run_console(console, tmp_path)
        assert set(_codes_in(got)) == {code.number}
        _check_block(code, "Example", got, console)
        return
    outcome, said = _check_example(code, blocks, tmp_path, monkeypatch)
    raised = {d.code.number for d in outcome.diagnostics}
    errors = {d.code.number for d in outcome.diagnostics if d.severity.value == "error"}
    assert code.number in raised, said
    assert errors <= {code.number}, said
    shown = _first(blocks, "text")
    assert shown is not None
    _check_block(code, "Example", said, shown)


@pytest.mark.parametrize("code", WITH_EXAMPLE, ids=lambda c: c.number)
def test_what_to_use_instead_raises_nothing(
    code: Code, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Protects the way out that an essay shows: it compiles without as much as a warning."""
    essay = _path(code).read_text(encoding="utf-8")
    blocks = _blocks(essay, "Use instead")
    console = _first(blocks, "console")
    if console is not None:
        got = _run_console(console, tmp_path)
        assert not _codes_in(got), got
        _check_block(code, "Use instead", got, console)
        return
    files = {b.file for b in blocks}
    blocks += [b for b in _blocks(essay, "Example") if b.file and b.file not in files]
    outcome, said = _check_example(code, blocks, tmp_path, monkeypatch)
    assert said == ""
    assert not outcome.failed


@pytest.mark.parametrize("code", codes.ALL, ids=lambda c: c.number)
def test_explain_prints_the_essay(code: Code) -> None:
    """Protects `iamdsl explain`, which takes the number or the name, in any case."""
    essay = _path(code).read_text(encoding="utf-8")
    for word in (code.number, code.name, code.number.lower()):
        result = CliRunner().invoke(main, ["explain", word])
        assert (result.exit_code, result.output) == (0, essay)
