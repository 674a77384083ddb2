"""What people read is formatted: sources of ours, and the `iam` blocks of every page.

A block with an error of syntax stays as it is, and one below `<!-- fmt: as it is -->` shows a
layout on purpose. With IAMDSL_ACCEPT=1 all are rewritten; accept what stands below them then.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import formatting
import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path
    for folder in ("stdlib", "examples", "iamdsl/cli/starters")
    for path in (ROOT / folder).rglob("*.iam")
    if "build" not in path.parts
)
PAGES = sorted(
    path
    for pattern in ("*.md", "grammar/**/*.md", "examples/**/*.md", "iamdsl/**/*.md")
    for path in ROOT.glob(pattern)
    if "```iam" in path.read_text(encoding="utf-8")
    and path.parent.name != "stdlib"  # which is made of the sources, see `test_stdlib.py`
)
BLOCK = re.compile(
    r"(?P<skip><!-- fmt: as it is -->\n)?(?P<open>^```iam\b[^\n]*\n)(?P<text>.*?)(?P<close>^```$)",
    re.MULTILINE | re.DOTALL,
)
ACCEPT = bool(os.environ.get("IAMDSL_ACCEPT"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_source(path: Path) -> None:
    """A source that people are to learn from looks as `iamdsl fmt` would leave theirs."""
    text = path.read_bytes().decode("utf-8")
    got = formatting.formatted(text)
    if ACCEPT and got is not None:
        path.write_bytes(got.encode())
    else:
        assert got == text


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_page(path: Path) -> None:
    """What is pasted from a page is formatted already."""
    text = path.read_text(encoding="utf-8")
    got = BLOCK.sub(canonical, text)
    if ACCEPT:
        path.write_text(got, encoding="utf-8")
    else:
        assert got == text


def canonical(block: re.Match[str]) -> str:
    """Return a block as it should be."""
    if block["skip"]:
        return block[0]
    got = formatting.formatted(block["text"])
    return block[0] if got is None else block["open"] + got + block["close"]


def test_there_is_much_to_look_at() -> None:
    """The tests above are about something."""
    assert len(SOURCES) > 15
    assert len(PAGES) > 60
    assert not re.search("```iam", BLOCK.sub("", "".join(p.read_text() for p in PAGES)))
