"""Runs the commands that transcripts and pages show: what a user types, and what comes back."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from iamdsl.cli import main


class Got(NamedTuple):
    """What a command gave back."""

    stdout: str = ""
    stderr: str = ""
    code: int = 0


def run(line: str, *, real: bool = False) -> Got:
    """Run a command of a transcript in the current folder.

    `< FILE` is stdin, `> FILE` takes stdout, and `NAME=value` before it is its environment.
    """
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


def run_here(
    arguments: list[str], stdin: bytes = b"", environment: dict[str, str] | None = None
) -> Got:
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
