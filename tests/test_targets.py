"""Every block of the pages of targets is true: a page is a project, and its reader builds it.

A page `grammar/targets/*.md` is read from top to bottom in a new folder. Each block is one of

- **a file**: its first line is a comment that names it, `# main.iam`, `# iamdsl.toml`,
  `# Makefile`, `// app/main.ts`, `<!-- x.xml -->`; it is written when the reader comes to it, and
  a later block of that name replaces it. The line stays in the file, but in `json`, which has no
  comments, it does not.
- **commands**, of kind `console`: each line that begins with `$ ` is run (with the next one where
  it ends with a backslash), and what stands below it is all that it prints, messages before output
  as a terminal shows them. `iamdsl` runs in this process; `cat`, `cp`, `rm`, `mkdir`, `touch`,
  `append FILE TEXT`, `git` (which says nothing), `cd`, `ls [DIR]` (a line for each name in it),
  `find DIR` (all files below) and `echo $?` (the code with which the last command ended) are done
  by us, the same on every system; `> FILE` and `< FILE` work. A command of ours that ends with
  another code than 0 or 1, and every other one that does not end with 0, has to be followed by
  `$ echo $?`.
- **an excerpt** of a file that commands made, with `of=PATH` behind its kind: a contiguous part
  of it, to the letter.

Other tools run for real where the block says which it needs: ```` ```console needs=terraform ````,
or `needs=bash,aws`; the tools are those of `TOOLS`, and a line with one in it is given to bash as
it is (so is one with `|`, `&&` or `;`). Where a tool is not installed the block is passed over, and
so is an excerpt with the same `needs=`; the test then counts as skipped, after all the rest has
passed. With `needs=aws` an AWS on loopback is what every later command of the page asks, with
nothing in it at first; its account is 123456789012.

A line `…` of what is shown stands for any lines. The folder of the project is shown as
`~/project`. A line `<!-- new project -->` of the page begins with an empty folder again.

`IAMDSL_ACCEPT=1` writes what comes into the blocks: outputs, and excerpts whose first and last line
are still there. Read the difference.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from commands import Got, run
from pages import Block, blocks, leads_somewhere, links
from pages import commands as commands_of

if TYPE_CHECKING:
    from clouds import Cloud

TARGETS = Path(__file__).parent.parent / "grammar" / "targets"
PAGES = sorted(TARGETS.glob("*.md"))
TOOLS = frozenset(
    "aws bash cdk cfn-lint diff make ninja node npx python terraform".split(),
)
"""What may be run for real."""
OURS = frozenset(
    "append cat cd cp echo find git iamdsl ls mkdir rm touch".split(),
)
NAME = re.compile(r"(?:#|//|<!--) (\S+?)(?: -->)?\n")
FRESH = "<!-- new project -->"
ANY = "…"
FILTERS = frozenset("grep head sed sort tail wc".split())
"""What else may stand in a line that bash is given: one with `|`, `&&`, `;`."""
SECONDS = 120
"""How long a command may take."""
ACCEPT = bool(os.environ.get("IAMDSL_ACCEPT"))


class Reader:
    """Somebody who does what a page says, block by block, in the current folder.

    Attributes:
        edits: start, end and text of the blocks that came out otherwise.
        missing: the tools that were asked for and are not installed.
        code: with which the last command ended.
        unasked: the command that failed, where the page has not told so yet.
    """

    def __init__(self, root: Path, request: pytest.FixtureRequest) -> None:
        self.edits: list[tuple[int, int, str]] = []
        self.missing: set[str] = set()
        self.code = 0
        self.unasked = ""
        self._root = root
        self._folder = root
        self._request = request

    def begin(self) -> None:
        """Go to a new, empty folder."""
        self._folder = self._root / str(len(list(self._root.iterdir()))) / "project"
        self._folder.mkdir(parents=True)
        os.chdir(self._folder)

    def read(self, block: Block) -> None:
        """Do what a block says."""
        words = dict(word.split("=", 1) for word in block.words)
        needs = {tool for tool in words.get("needs", "").split(",") if tool}
        missing = {tool for tool in needs if shutil.which(tool) is None}
        self.missing |= missing
        if missing:
            return
        if "aws" in needs:
            self._request.getfixturevalue("aws_of_page")
        if block.kind == "console":
            got = "".join(self._told(line, shown, needs) for line, shown in commands_of(block))
        elif "of" in words:
            got = excerpt(block.text, (self._folder / words["of"]).read_text(encoding="utf-8"))
        else:
            self._write(block)
            return
        if ACCEPT and got != block.text:
            self.edits.append((block.start, block.end, got))
        else:
            assert got == block.text

    def _write(self, block: Block) -> None:
        name = NAME.match(block.text)
        assert name, block.text
        file = self._folder / name[1]
        file.parent.mkdir(parents=True, exist_ok=True)
        text = block.text[name.end() :] if block.kind == "json" else block.text
        file.write_text(text, encoding="utf-8")

    def _told(self, line: str, shown: str, needs: set[str]) -> str:
        """Run a command; return it with what it printed, or as it is shown where that is true."""
        got = self._run(line.replace("\\\n", " "), needs)
        printed = (got.stderr + got.stdout).replace(str(self._folder), "~/project")
        if printed and not printed.endswith("\n"):
            printed += "\n"
        return f"$ {line}\n{shown if shows(shown, printed) else printed}"

    def _run(self, line: str, needs: set[str]) -> Got:
        if line == "echo $?":
            self.unasked = ""
            return Got(f"{self.code}\n")
        assert not self.unasked, f"`{self.unasked}` ended with {self.code}"
        programs = programs_of(line)
        tools = TOOLS.intersection(programs)
        assert tools <= needs, f"`{line}` needs {tools}"
        assert tools.union(OURS, FILTERS).issuperset(programs), f"`{line}` is none that is run"
        got = _in_bash(line) if tools or len(programs) > 1 else _small(line)
        self.code = got.code
        if got.code > (1 if line.startswith("iamdsl ") else 0):
            self.unasked = line
        return got


def programs_of(line: str) -> list[str]:
    """Return the programs of a line that bash can run."""
    parts = re.split(r"&&|\|\|?|;", line)
    return [re.sub(r"^(?:\w+=\S* +)*", "", part.strip()).partition(" ")[0] for part in parts]


def _in_bash(line: str) -> Got:
    """Run a line for real; messages and output come as they do in a terminal."""
    done = subprocess.run(
        ["bash", "-c", line],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=SECONDS,
    )
    return Got(done.stdout.decode(), "", done.returncode)


def _small(line: str) -> Got:
    """Run a command that is the same on every system."""
    name, *words = line.split()
    paths = [Path(word) for word in words if word[0] != "-"]
    match name:
        case "cd":
            os.chdir(paths[0])
        case "touch":
            for path in paths:
                path.touch()
        case "ls":
            listed = sorted(path.name for path in (*paths, Path())[0].iterdir())
            return Got("".join(f"{found}\n" for found in listed if found[0] != "."))
        case "find":
            files = sorted(path.as_posix() for path in paths[0].rglob("*") if path.is_file())
            return Got("".join(f"{found}\n" for found in files))
        case _:
            return run(line)
    return Got()


def shows(shown: str, printed: str) -> bool:
    """Tell whether what is shown is what was printed, with a line `…` for any lines."""
    return _pattern(shown).fullmatch(printed) is not None


def excerpt(shown: str, whole: str) -> str:
    """Return what is shown where it is a part of a file; else the lines from its first to its last.

    Nothing where these are not in the file, which is then not as it is shown.
    """
    if re.search(rf"^{_pattern(shown).pattern}", whole, re.MULTILINE):
        return shown
    first, *_, last = shown.splitlines(keepends=True) * 2
    begin = whole.find(first)
    end = whole.find(last, begin + len(first)) if begin >= 0 else -1
    return whole[begin : end + len(last)] if end >= 0 else ""


def _pattern(shown: str) -> re.Pattern[str]:
    lines = shown.splitlines(keepends=True)
    parts = ("(?:.*\n)*?" if line.strip() == ANY else re.escape(line) for line in lines)
    return re.compile("".join(parts))


@pytest.fixture
def aws_of_page(aws: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all commands of a page ask an AWS on loopback, and nobody else."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in aws.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page(
    page: Path, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does what a page says, from top to bottom, sees what the page shows."""
    own = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{own}{os.pathsep}{os.environ['PATH']}")
    text = page.read_text(encoding="utf-8")
    reader = Reader(tmp_path, request)
    with chdir(tmp_path):
        reader.begin()
        before = 0
        for block in blocks(text):
            if FRESH in text[before : block.start].splitlines():
                reader.begin()
            before = block.end
            reader.read(block)
        assert not reader.unasked, f"`{reader.unasked}` ended with {reader.code}"
    for start, end, new in reversed(reader.edits):
        text = text[:start] + new + text[end:]
    if reader.edits:
        page.write_text(text, encoding="utf-8")
    if reader.missing:
        pytest.skip(f"{', '.join(sorted(reader.missing))} is not installed")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_is_of_a_kind_that_is_run(page: Path) -> None:
    """A block of another kind would be believed and never tested."""
    text = page.read_text(encoding="utf-8")
    found = blocks(text)

    assert text.count("```") == 2 * len(found), "a fence that is no block: indented, or of no kind"
    for block in found:
        assert block.text.strip(), "nothing is a part of every file"
        names = {word.partition("=")[0] for word in block.words}
        assert names <= {"needs", "of"}, block.words
        if block.kind == "console":
            assert "of" not in names
            assert block.text.startswith("$ ")
        elif "of" not in names:
            assert NAME.match(block.text), block.text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_of_page(page: Path) -> None:
    """A link of a page leads somewhere in the repository, to a heading that is there."""
    text = page.read_text(encoding="utf-8")

    assert not [link for link in links(text) if not leads_somewhere(link, page.parent, text)]


def test_comparison_can_fail() -> None:
    """What is shown is compared to the letter, but for the lines that are left out."""
    assert shows("a\n…\nd\n", "a\nb\nc\nd\n")
    assert shows("…\n", "")
    assert not shows("a\n…\nd\n", "a\nb\nc\n")
    assert not shows("a\n", "a\nb\n")
    assert excerpt("b\nc\n", "a\nb\nc\nd\n") == "b\nc\n"
    assert excerpt("b\nd\n", "a\nb\nc\nd\n") == "b\nc\nd\n"
    assert programs_of("A=b make x && iamdsl test | sort") == ["make", "iamdsl", "sort"]
    assert excerpt("x\n", "a\nxx\n") == ""
