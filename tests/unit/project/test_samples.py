"""`[samples]`: what tests and questions take for what only a deployment knows."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from iamdsl.cli import main
from iamdsl.project import config

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
extern lake: s3:bucket max 63
role r { trust service lambda allow s3:GetObject on "{lake}/*" }
test "reads" of r { allows s3:GetObject on "{lake}/x" denies s3:GetObject on "{lake}-2/x" }
"""
GIT = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
SETTINGS = 'edition = "2026"\ntargets = ["cdk"]\n'
SAMPLES = '[samples]\nlake = "arn:aws:s3:::sample"\naws.account = "111122223333"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "main.iam").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "iamdsl.toml").write_text(SETTINGS + SAMPLES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.stderr + result.stdout


@pytest.mark.usefixtures("folder")
def test_tests_and_questions_take_them() -> None:
    """Protects tests of a project whose values only a deployment knows."""
    assert run("test") == (0, "2 passed in 1 test\n")
    code, said = run("why", "r", "s3:GetObject", "arn:aws:s3:::sample/x")
    assert (code, said.splitlines()[0]) == (
        0,
        "allowed: role `r` may `s3:GetObject` on arn:aws:s3:::sample/x",
    )


def test_without_them_a_test_says_what_it_needs(folder: Path) -> None:
    """Protects from a test that passes since nothing was asked."""
    (folder / "iamdsl.toml").write_text(SETTINGS, encoding="utf-8")
    code, said = run("test")
    assert code == 1
    assert "`lake` is not known, and a check needs every value" in said
    assert run("test", "--set", "lake=arn:aws:s3:::a", "--set", "aws.account=111122223333")[0] == 0


def test_a_question_says_where_a_value_can_stand(folder: Path) -> None:
    """Protects who asks: the target leaves values open, so that it is not the target to change."""
    text = SOURCE.partition("test ")[0]
    (folder / "main.iam").write_text(text, encoding="utf-8")
    (folder / "iamdsl.toml").write_text(SETTINGS, encoding="utf-8")
    code, said = run("why", "r", "s3:GetObject", "arn:aws:s3:::sample/x")
    assert code == 2
    assert "`lake` is known only at deployment, and questions cannot leave it open" in said
    assert "or `lake = …` under `[samples]`" in said


def test_comparisons_take_them(folder: Path) -> None:
    """Protects differences: a request that is named is one, and what stays open has its name."""
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *GIT, *command], check=True)
    text = SOURCE.partition("test ")[0].replace("allow ", "allow s3:PutObject, ")
    (folder / "main.iam").write_text(text, encoding="utf-8")
    said = run("diff", "--against", "HEAD")[1]
    assert "+ s3:PutObject on arn:aws:s3:::sample/*\n" in said
    (folder / "iamdsl.toml").write_text(SETTINGS, encoding="utf-8")
    said = run("diff", "--against", "HEAD")[1]
    assert "+ s3:PutObject on {lake}/*\n" in said


def test_a_guard_is_proved_without(folder: Path) -> None:
    """Protects guards: a build that leaves values open proves them, or does not build."""
    guard = 'guard g "of the lake" { never s3:GetObject on "{lake}/*" }\n'
    (folder / "main.iam").write_text(SOURCE + guard, encoding="utf-8")
    code, said = run("check")
    assert code == 1
    assert "IAM" in said


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("samples = 1", "`samples` must be a table of values by name"),
        ("[samples]\nlake = [1]", "`samples.lake` must be a string, a number or a boolean"),
        ('[samples.aws]\naccount = "1"', "`samples` must be a string of 12 digits"),
        ('[samples.aws]\ncolour = "1"', "`samples` must be a table of externs and of"),
        ('[samples]\naws = "x"', "`samples.aws` must be a table with"),
        ('targets = ["cdk", "cdk"]', "`targets` must be a list of targets, each once"),
        ('name = "0"', "`name` must be a name of at most 64 letters"),
    ],
)
def test_mistakes(written: str, problem: str) -> None:
    """Protects that a wrong value is told, and not taken for none."""
    _, problems = config.parse(written.encode(), "/", "/iamdsl.toml")
    assert next(p.message for p in problems).startswith(problem)


def test_a_given_value_comes_first() -> None:
    """Protects what `--set` and `[aws]` say: a sample is for what they leave open."""
    settings, problems = config.parse(
        b'account = 1\n[aws]\naccount = "111122223333"\n[params]\na = "x"\n'
        b'[samples]\na = "y"\nb = "z"\naws.account = "222222222222"\naws.region = "eu-west-1"\n',
        "/",
        "/iamdsl.toml",
    )
    assert len(problems) == 1  # `account` is no setting
    made = config.sampled(settings)
    assert made.params == (("a", "x"), ("b", "z"))
    assert (made.account, made.region, made.partition) == ("111122223333", "eu-west-1", None)
