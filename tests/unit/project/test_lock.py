"""`iamdsl.lock`: a class of actions stays what it was when it was first built."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from iamdsl.project import Options, Outcome, build, check, load_project, lock
from iamdsl.project.config import Config
from iamdsl.project.loading import File
from iamdsl.project.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "policy p {{ allow {} on * }}\n"
TAGGING = "lambda:@tagging on *"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a small project with a class of actions, which is the current one."""
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "iamdsl.toml").write_text('edition = "2026"\n')
    (folder / "main.iam").write_text(SOURCE.format("lambda:@tagging"))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def run(mode: str = "keep") -> Outcome:
    return build(load_project((), Options(lock=mode)))


def codes(outcome: Outcome) -> list[str]:
    return [d.code.number for d in outcome.diagnostics]


def actions(root: Path) -> list[str]:
    """Return the actions of the one policy."""
    document = json.loads((root / "build" / "policies" / "p.json").read_text())
    found = document["Statement"][0]["Action"]
    return found if isinstance(found, list) else [found]


def kept(root: Path) -> dict[str, tuple[str, ...]]:
    """Return what the lock file holds."""
    found = lock.parse(File(lock.FILE, "", (root / lock.FILE).read_bytes()))
    assert isinstance(found, dict), found
    return found


def hold(root: Path, **expansions: tuple[str, ...]) -> None:
    """Write a lock file by which `lambda:@tagging` is something else than today."""
    (root / lock.FILE).write_text(lock.text({TAGGING: ("lambda:TagResource",)} | expansions))


def test_the_first_build_writes_what_classes_came_to(root: Path) -> None:
    """A class of actions is pinned without anyone asking, and the next build finds it so."""
    assert run().pinned == 1
    assert kept(root) == {TAGGING: ("lambda:TagResource", "lambda:UntagResource")}
    again = run()
    assert (again.up_to_date, again.pinned) == (True, 0)


def test_what_is_pinned_is_built(root: Path) -> None:
    """A catalogue that knows more grants nothing more, and the difference is told."""
    hold(root)
    outcome = run()
    assert actions(root) == ["lambda:TagResource"]
    assert codes(outcome) == ["IAM229"]
    assert "1 more" in outcome.diagnostics[0].message
    assert codes(check(load_project())) == ["IAM229"]


def test_upgrade_takes_what_the_catalogue_says_today(root: Path) -> None:
    """It is the way to new actions, and forgets what nothing asks for any more."""
    hold(root, **{"s3:@list on *": ("s3:ListBucket",)})
    assert codes(run("upgrade")) == []
    assert actions(root) == ["lambda:TagResource", "lambda:UntagResource"]
    assert list(kept(root)) == [TAGGING]


def test_what_a_build_does_not_ask_for_stays(root: Path) -> None:
    """Another stage of the project may ask for it; two builds in turn change nothing."""
    hold(root, **{"s3:@list on *": ("s3:ListBucket",)})
    before = (root / lock.FILE).read_bytes()
    run()
    assert (root / lock.FILE).read_bytes() == before


def test_a_frozen_lock_is_not_added_to(root: Path) -> None:
    """In CI a build that would pin something new fails, and writes nothing."""
    outcome = run("frozen")
    assert codes(outcome) == ["IAM507"]
    assert not (root / lock.FILE).exists()
    assert not (root / "build").exists()
    run()
    assert not run("frozen").failed


def test_a_changed_lock_is_another_build(root: Path) -> None:
    """What another branch pinned counts, though no source has changed."""
    run()
    hold(root)
    outcome = run()
    assert not outcome.up_to_date
    assert actions(root) == ["lambda:TagResource"]


def test_an_except_in_an_allow_is_pinned(root: Path) -> None:
    """It is a list of today's actions as well; what needs no list is not."""
    (root / "main.iam").write_text(
        SOURCE.format("lambda:Tag*, lambda:Untag*, s3:Get* except lambda:TagResource")
    )
    run()
    what = "lambda:Tag*, lambda:Untag*, s3:Get* except lambda:TagResource"
    assert list(kept(root)) == [what]
    (root / "main.iam").write_text(SOURCE.format("* except lambda:TagResource"))
    run("upgrade")
    assert kept(root) == {}


def test_sources_without_a_project_have_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare file that is built somewhere leaves nothing behind but its output."""
    (tmp_path / "main.iam").write_text(SOURCE.format("lambda:@tagging"))
    monkeypatch.chdir(tmp_path)
    assert not build(load_project(("main.iam",))).failed
    assert not (tmp_path / lock.FILE).exists()


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<< ours\n",
        "version = 2\n",
        "actions = 3\nversion = 1\n",
        'version = 1\n[[actions]]\nof = "x"\n',
        'version = 1\n[[actions]]\nof = "x"\nare = [3]\n',
        'version = 1\n[[actions]]\nof = "x"\nare = ["a b"]\n',
        'version = 1\n[[actions]]\nof = "x"\nare = []\n[[actions]]\nof = "x"\nare = []\n',
        "\udcff",
    ],
)
def test_a_damaged_lock_is_refused(root: Path, text: str) -> None:
    """Nothing is guessed from a file that nobody wrote so."""
    (root / lock.FILE).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert codes(run()) == ["IAM507"]
    assert not (root / "build").exists()


def test_a_lock_that_cannot_be_written_fails_the_build(root: Path) -> None:
    """What was built could not be built again."""
    missing = Config(str(root / "gone"), str(root / "gone" / "iamdsl.toml"))
    assert isinstance(lock.write(missing, b""), Problem)
    assert lock.write(Config(str(root), "iamdsl.toml"), b"version = 1\n") is None
    assert [p.name for p in root.glob("*part")] == []


def test_a_lock_that_leaves_the_project_is_not_read(root: Path) -> None:
    """A link could show what the machine holds in a message."""
    (root.parent / "outside").write_text("secret")
    (root / lock.FILE).symlink_to(root.parent / "outside")
    outcome = run()
    assert outcome.failed
    assert "secret" not in str(outcome.diagnostics)
