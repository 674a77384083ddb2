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
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from commands import run

if TYPE_CHECKING:
    from commands import Got

TRANSCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))


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


def shown(got: Got) -> list[str]:
    """Return what a command gave back as lines of a transcript."""
    lines = [
        f"  {line}".rstrip() if line.startswith(("$", "!", "#", "[")) else line
        for line in got.stdout.splitlines()
    ]
    lines += [f"! {line}".rstrip() for line in got.stderr.splitlines()]
    return [*lines, f"[{got.code}]"] if got.code else lines
