"""Runs the transcripts `tests/cli/*.txt`: what a user types, and what comes back, to the byte.

A transcript begins with a sentence on what it protects, then has commands with their output;
files that are there at the start follow, as in Go's txtar:

    # Why this transcript is here.
    $ iamdsl check a.iam
    output on stdout
    ! output on stderr
    [1]
    -- a.iam --
    the file

Besides `iamdsl` there are `cat`, `ls` (all files), `rm`, `cp`, `mkdir`, `append FILE TEXT` and, for
what makes a repository, `git` (which says nothing);
`< FILE` is stdin, `> FILE` takes stdout, and `NAME=value` before a command is its environment.
`[1]` is an exit code that is not 0. Transcripts named `real_*` run the installed program, the
others run in this process, for speed. `IAMDSL_ACCEPT=1` writes what comes back into the files.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from iamdsl.cli import main

TRANSCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


class Got(NamedTuple):
    """What a command gave back."""

    stdout: str = ""
    stderr: str = ""
    code: int = 0


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(transcript: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command line says is what the transcript says."""
    written = transcript.read_text(encoding="utf-8")
    head, files = unpack(written)
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path)

    lines = []
    for line in head.splitlines():
        if line.startswith("#"):  # an empty line is output
            lines.append(line)
        elif line.startswith("$ "):
            lines += [line, *shown(run(line[2:], real=transcript.stem.startswith("real_")))]
    got = pack("\n".join(lines) + "\n", files).replace(str(tmp_path), "<here>")

    if os.environ.get("IAMDSL_ACCEPT"):
        transcript.write_text(got, encoding="utf-8")
    assert got == written


def test_there_are_transcripts() -> None:
    """A folder moved away does not pass for one where all is well; each says why it exists."""
    assert len(TRANSCRIPTS) > 10
    assert all(path.read_text(encoding="utf-8").startswith("# ") for path in TRANSCRIPTS)


def unpack(text: str) -> tuple[str, dict[str, str]]:
    """Return the head of a transcript and its files."""
    head, *parts = re.split(r"^-- (.+) --\n", text, flags=re.MULTILINE)
    return head, dict(zip(parts[::2], parts[1::2], strict=True))


def pack(head: str, files: dict[str, str]) -> str:
    """Return the text of a transcript."""
    return head + "".join(f"-- {name} --\n{text}" for name, text in files.items())


def run(line: str, *, real: bool) -> Got:
    """Run a command of a transcript in the current folder."""
    words = shlex.split(line)
    environment: dict[str, str] = {}
    while re.match(r"[A-Z_]+=", words[0]):
        name, _, environment[name] = words.pop(0).partition("=")
    stdin, to = b"", None
    if "<" in words:
        at = words.index("<")
        stdin = Path(words[at + 1]).read_bytes()
        del words[at : at + 2]
    if ">" in words:
        at = words.index(">")
        to = Path(words[at + 1])
        del words[at : at + 2]
    if words[0] == "iamdsl":
        got = (run_real if real else run_here)(words[1:], stdin, environment)
    else:
        got = run_small(words[0], words[1:])
    if to is not None:
        to.write_text(got.stdout, encoding="utf-8")
        got = got._replace(stdout="")
    return got


def run_here(arguments: list[str], stdin: bytes, environment: dict[str, str]) -> Got:
    """Run the command line in this process."""
    result = CliRunner(env=environment).invoke(main, arguments, input=stdin)
    return Got(result.stdout, result.stderr, result.exit_code)


def run_real(arguments: list[str], stdin: bytes, environment: dict[str, str]) -> Got:
    """Run the command line as its user does."""
    done = subprocess.run(
        [sys.executable, "-m", "iamdsl", *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
        timeout=60,
    )
    return Got(done.stdout.decode(), done.stderr.decode(), done.returncode)


def run_small(name: str, arguments: list[str]) -> Got:
    """Do what the command of a shell does, the same on every system."""
    paths = [Path(argument) for argument in arguments]
    match name:
        case "cat":
            return Got("".join(path.read_text(encoding="utf-8") for path in paths))
        case "ls":
            hidden = {".cache", ".git"}
            found = [p for p in Path().rglob("*") if p.is_file() and not hidden & {*p.parts}]
            return Got("".join(f"{p.as_posix()}\n" for p in sorted(found)))
        case "rm":
            for path in paths:
                path.unlink()
        case "cp":
            shutil.copyfile(*paths)
        case "mkdir":
            paths[0].mkdir(parents=True)
        case "append":
            with paths[0].open("a", encoding="utf-8") as stream:
                stream.write(arguments[1] + "\n")
        case "git":
            who = ["-c", "user.name=me", "-c", "user.email=me@example.com"]
            subprocess.run(["git", *who, *arguments], check=True, capture_output=True, timeout=60)
        case _:
            raise ValueError(name)
    return Got()


def shown(got: Got) -> list[str]:
    """Return what a command gave back as lines of a transcript."""
    lines = [
        f"  {line}".rstrip() if line.startswith(("$", "!", "#", "[")) else line
        for line in got.stdout.splitlines()
    ]
    lines += [f"! {line}".rstrip() for line in got.stderr.splitlines()]
    return [*lines, f"[{got.code}]"] if got.code else lines
