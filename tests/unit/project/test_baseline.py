"""The baseline: what was there is not told again, what is new is, and the file is ours to write."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from iamdsl.cli import main
from iamdsl.project import baseline
from iamdsl.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

LEVELS = '[lint]\npreset = "off"\nfull-access = "warn"\nneedless-suppression = "warn"\n'
ADMIN = "policy admin {\n  allow * on *\n}\n"
STATEMENT = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a project of one source with one finding."""
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "iamdsl.toml", LEVELS)
    put(tmp_path, "main.iam", ADMIN)
    return tmp_path


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def document(*statements: dict[str, Any], indent: int | None = 2) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=indent)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["check", *words])


def lines(*words: str) -> list[str]:
    """Return what a check says, a line for each finding, and the summary."""
    return run(*words, "--output-format=concise").output.splitlines()


def text(folder: Path) -> str:
    return (folder / "iamdsl.baseline").read_text(encoding="utf-8")


def test_what_is_there_is_passed_over(here: Path) -> None:
    """A project begins without findings, and sees how many it has."""
    assert lines("--write-baseline") == ["1 finding written to `iamdsl.baseline`"]
    assert lines() == ["ok: 1 policy in 1 source", "1 finding passed over by `iamdsl.baseline`"]
    assert run("--error-on-warning").exit_code == 0
    assert lines("--no-baseline")[0].startswith("main.iam:2:9: warning[IAM824]")
    assert json.loads(run("--output-format=sarif").stdout)["runs"][0]["results"] == []
    assert (here / "iamdsl.baseline").is_file()


@pytest.mark.parametrize(
    "changed",
    [
        f"user bob {{}}\n\n\n{ADMIN}",
        "policy admin {\n\n    allow * on *  # of old\n}\n",
        "policy admin {\n  deny iam:* on *\n  allow * on *\n}\n",
    ],
)
def test_lines_may_move(here: Path, changed: str) -> None:
    """What is put in above, and another indent, bring nothing back."""
    run("--write-baseline")
    put(here, "main.iam", changed)
    assert lines()[-1] == "1 finding passed over by `iamdsl.baseline`"


@pytest.mark.parametrize(
    "changed",
    [
        "policy other {\n  allow * on *\n}\n",
        "policy admin {\n  allow * on * as all\n}\n",
        f"{ADMIN}policy two {{ allow * on * }}\n",
    ],
)
def test_what_is_new_is_told(here: Path, changed: str) -> None:
    """Another policy or statement is another finding, whatever was there before."""
    run("--write-baseline")
    put(here, "main.iam", changed)
    assert "warning[IAM824]" in run().output


def test_one_more_of_the_same_is_told(here: Path) -> None:
    """Two statements that look the same are two."""
    put(here, "a.json", document(STATEMENT))
    run("a.json", "--write-baseline")
    put(here, "a.json", document(STATEMENT, STATEMENT))
    said = run("a.json", "--output-format=concise").output
    assert said.count("IAM824") == 1
    assert said.endswith("1 finding passed over by `iamdsl.baseline`\n")


def test_a_document_may_be_laid_out_anew(here: Path) -> None:
    """Indented or on one line, it is the same document."""
    put(here, "a.json", document(STATEMENT))
    run("a.json", "--write-baseline")
    put(here, "a.json", document(STATEMENT, indent=None))
    assert lines("a.json") == ["ok: 1 document", "1 finding passed over by `iamdsl.baseline`"]
    put(here, "a.json", document({**STATEMENT, "Sid": "New"}))
    assert "IAM824" in run("a.json").output


def test_sources_and_documents_share_a_file(here: Path) -> None:
    """Each run renews what it looked at, and leaves the rest as it is."""
    put(here, "docs/a.json", document(STATEMENT))
    run("--write-baseline")
    first = text(here)
    run("docs", "--write-baseline")
    both = text(here)
    assert both.count("\n  {") == 2
    assert set(first.splitlines()) < set(both.splitlines())
    run("--write-baseline")
    assert text(here) == both
    put(here, "main.iam", "user bob {}\n")
    run("--write-baseline")
    assert 'file = "docs/a.json"' in text(here)
    assert 'file = "main.iam"' not in text(here)


def test_it_is_found_from_below(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is beside the configuration, and its names are relative to that."""
    put(here, "docs/a.json", document(STATEMENT))
    run("docs/a.json", "--write-baseline")
    monkeypatch.chdir(here / "docs")
    assert lines("a.json") == ["ok: 1 document", "1 finding passed over by `../iamdsl.baseline`"]


def test_what_is_gone_is_told_once(here: Path) -> None:
    """What was mended is to be taken out of the file, and is no failure."""
    put(here, "iamdsl.toml", "")
    put(here, "main.iam", f"{ADMIN}policy two {{\n  allow * on *\n}}\n")
    run("--write-baseline")
    put(here, "main.iam", "group bob {}\n")
    result = run("--error-on-warning")
    assert result.exit_code == 0
    assert re.search(
        r"note\[IAM880\]: \d findings of the baseline are there no more", result.output
    )
    put(here, "other.iam", "group eve {}\n")
    assert "IAM880" not in run("other.iam").output
    put(here, "main.iam", "policy p { deny * on nothing }\n")
    assert "IAM880" not in run().output


def test_errors_stay(here: Path) -> None:
    """What the compiler refuses is in no baseline."""
    put(here, "main.iam", f"{ADMIN}policy p {{ deny * on nothing }}\n")
    result = run("--write-baseline")
    assert result.exit_code == 1
    assert "error[IAM101]" in result.output
    assert "IAM101" not in text(here)


def test_warnings_that_are_errors_here_are_passed_over(here: Path) -> None:
    """A level is the project's wish for what is new, and does not forbid to begin."""
    put(here, "iamdsl.toml", LEVELS.replace('access = "warn"', 'access = "error"'))
    assert run().exit_code == 1
    assert run("--write-baseline").exit_code == 0
    assert run().exit_code == 0


def test_comments_come_first(here: Path) -> None:
    """What a comment passes over is not in the baseline."""
    put(here, "main.iam", ADMIN.replace("on *", "on *  # allow: full-access -- why"))
    assert lines("--write-baseline") == ["0 findings written to `iamdsl.baseline`"]


def test_the_settings_name_it(here: Path) -> None:
    """`baseline` under `[lint]` says where it is; one that is not there is a mistake."""
    put(here, "iamdsl.toml", f'{LEVELS}baseline = "known.toml"\n')
    result = run()
    assert "error[IAM883]: `known.toml` cannot be read" in result.output
    run("--write-baseline")
    assert (here / "known.toml").is_file()
    assert lines()[-1] == "1 finding passed over by `known.toml`"


@pytest.mark.parametrize("name", ["a.json", "main.iam", "docs", "new.iam"])
def test_a_path_is_no_name_of_a_baseline(here: Path, name: str) -> None:
    """`--write-baseline docs` may have meant to check `docs`: nothing is overwritten."""
    put(here, "docs/a.json", "{}")
    put(here, "a.json", document(STATEMENT))
    before = sorted((p, p.read_bytes()) for p in here.rglob("*.*") if p.is_file())
    result = run("--write-baseline", name)
    assert result.exit_code == 2
    assert "is no name for a baseline" in result.output
    assert before == sorted((p, p.read_bytes()) for p in here.rglob("*.*") if p.is_file())


def test_what_is_no_baseline_is_not_overwritten(here: Path) -> None:
    """A file of somebody else's stays."""
    put(here, "notes", "mine\n")
    result = run("--write-baseline=notes")
    assert "`notes` is there, and is no baseline" in result.output
    assert (here / "notes").read_text(encoding="utf-8") == "mine\n"
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("damaged", "why"),
    [
        ("<<<<<<< ours\nversion = 1\n", "line 1 marks a merge that is not settled"),
        ("version = 1\nfindings = [\n", "it is not TOML: "),
        ("version = 2\nfindings = []\n", "its version is not 1"),
        ("version = 1\n", "it has no list `findings`"),
        ("version = 1\nfindings = [1]\n", "entry 1 is none of a file, a code, a print and a count"),
        (
            'version = 1\nfindings = [{ code = "a", file = "b", print = "c", count = true }]\n',
            "entry 1 is none of",
        ),
    ],
)
def test_damaged(here: Path, damaged: str, why: str) -> None:
    """Nothing is hidden by what cannot be read."""
    put(here, "iamdsl.baseline", damaged)
    for result in (run(), run("--output-format=concise")):
        assert f"error[IAM883]: `iamdsl.baseline` cannot be used: {why}" in result.output
        assert "IAM824" in result.output
        assert result.exit_code == 1
    assert "IAM883" not in run("--no-baseline").output


def test_both_sides_of_a_merge_add_up() -> None:
    """Lines that two branches wrote are read, in any order, once or twice."""
    one = baseline.Known("a.iam", "IAM824", "0" * 16)
    two = baseline.Known('b "c".iam', "IAM213", "1" * 16)
    written = baseline.text(Counter({one: 2, two: 1}))
    head, foot = written.split("findings = [\n")
    merged = (
        head + "findings = [\n" + "".join(reversed(foot.splitlines(keepends=True)[:-1])) + "]\n"
    )
    for text_, times in ((written, 1), (merged, 1), (written.replace("[\n", "[\n" + foot[:-2]), 2)):
        found = baseline.parse(Source("x", text_))
        assert isinstance(found, baseline.Baseline)
        assert found.counts == Counter({one: 2 * times, two: times})


def test_what_is_written_is_the_same_for_everybody(here: Path) -> None:
    """The file does not change when it is written again, nor with the order of findings."""
    put(here, "main.iam", f"{ADMIN}policy two {{\n  allow * on *\n}}\n")
    run("--write-baseline")
    first = text(here)
    put(here, "main.iam", f"policy two {{\n  allow * on *\n}}\n{ADMIN}")
    run("--write-baseline")
    assert text(here) == first


def test_a_merge_that_is_not_settled_loses_nothing(here: Path) -> None:
    """A new baseline keeps what both sides of a merge have of files that were not looked at."""
    lines = [
        f'  {{ code = "IAM824", file = "{name}.json", print = "{name * 16}", count = 1 }},'
        for name in "abc"
    ]
    ours, theirs, old = lines
    put(
        here,
        "iamdsl.baseline",
        "\n".join(
            [baseline.text(Counter()).splitlines()[0], "version = 1", "findings = [", "<<<<<<< HEAD", ours, "||||||| base", old,
             "=======", theirs, ">>>>>>> other", "]", ""]
        ),
    )  # fmt: skip
    run("--write-baseline")
    text = (here / "iamdsl.baseline").read_text(encoding="utf-8")
    assert [line for line in lines if line in text] == [ours, theirs]


def test_a_file_whose_name_is_no_text(here: Path) -> None:
    """What cannot be written into a baseline stays told."""
    document = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    name = os.fsdecode(b"policies/\xff.json")
    try:
        put(here, name, json.dumps({"Version": "2012-10-17", "Statement": [document]}))
    except OSError:
        pytest.skip("this file system has names of text only")
    result = run("policies", "--write-baseline=b")
    assert "0 findings written to `b`" in result.output
    assert "IAM824" in result.output
