"""`iamdsl.lock`: a class of actions stays what it was when it was first built."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from iamdsl.fit.steady import Piece, Placed
from iamdsl.iam import Elements, Entry, Principals, Statement
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
    assert isinstance(found, lock.Locked), found
    return dict(found.actions)


def hold(root: Path, **expansions: tuple[str, ...]) -> None:
    """Write a lock file by which `lambda:@tagging` is something else than today."""
    (root / lock.FILE).write_text(
        lock.text(lock.Locked({TAGGING: ("lambda:TagResource",)} | expansions))
    )


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
        "version = 1\n[placed]\n",
        "version = 1\n[[placed]]\n",
        'version = 1\n[[placed]]\nof = "r"\nwhen = 3\n',
        'version = 1\n[[placed]]\nof = "r"\norder = ["a b"]\n',
        'version = 1\n[[placed]]\nof = "r"\ndocuments = [3]\n',
        'version = 1\n[[placed]]\nof = "r"\n[[placed.documents]]\nname = "../x"\n',
        'version = 1\n[[placed]]\nof = "r"\n[[placed.documents]]\nname = ""\n',
        'version = 1\n[[placed]]\nof = "r"\n[[placed.documents]]\nstatements = 3\n',
        'version = 1\n[[placed]]\nof = "r"\n[[placed.documents]]\nstatements = [3]\n',
        'version = 1\n[[placed]]\nof = "r"\n[[placed.documents]]\nstatements = ["{"]\n',
        'version = 1\n[[placed]]\nof = "r"\n[[placed.documents]]\nstatements = ["[]"]\n',
        'version = 1\n[[placed]]\nof = "r"\n[[placed.documents]]\nstatements = [""]\n',
        'version = 1\n[[wildcards]]\npattern = "s3:Get*"\nare = []\n',
        'version = 1\n[[wildcards]]\npattern = "x y"\nare = []\ncatalogue = "1"\n',
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


def test_the_marks_of_a_merge_are_named(root: Path) -> None:
    """People read in which line git left them, not what a parser makes of them."""
    (root / lock.FILE).write_text("version = 1\n\n<<<<<<< HEAD\n=======\n>>>>>>> other\n")
    (diagnostic,) = run().diagnostics
    assert "line 3" in diagnostic.message
    assert "both sides" in diagnostic.hint


STATEMENTS = (
    Statement("Allow", Elements(("s3:GetObject", "s3:List*")), Elements(("*",)), sid="Read"),
    Statement(
        "Deny",
        Elements(("iam:*",), negated=True),
        Elements(('arn:aws:iam::\ue000aws.account\ue001:role/it\'s \\ "é"',), negated=True),
        Principals((("AWS", ("1", "2")),), negated=True),
        (
            Entry("StringLike", "a:Key", ("${aws:username}/*", "ü\x7f")),
            Entry("StringLike", "B:Key", ("x",)),
        ),
    ),
    Statement("Allow", Elements(("sqs:*",))),
)
PLACED = {
    ("role web", "env=prod"): Placed(
        (Piece("", STATEMENTS[:1]), Piece("web-2", STATEMENTS[1:])), ("web-2", "")
    ),
    ("role web", ""): Placed((Piece("web-2", STATEMENTS),)),
    ("prod/policy p\U0001f600", ""): Placed((Piece("p", ()),)),
}
WILDCARDS = {("s3:Get*", ""): lock.Wildcard(("s3:GetAcl", "s3:GetObject"), "2026.10.27")}


def parsed(text: str) -> lock.Locked:
    found = lock.parse(File(lock.FILE, "", text.encode("ascii")))
    assert isinstance(found, lock.Locked), found
    return found


def test_what_is_placed_comes_back_as_it_went() -> None:
    """Statements are compared with those of the next build; a difference would move them."""
    locked = lock.Locked({TAGGING: ("a:B",)}, PLACED, WILDCARDS)
    text = lock.text(locked)
    assert parsed(text) == locked
    backwards = lock.Locked(locked.actions, dict(reversed(PLACED.items())), WILDCARDS)
    assert lock.text(backwards) == text
    assert sum("s3:List*" in line for line in text.splitlines()) == 2


def test_a_placed_statement_is_a_line() -> None:
    """So that branches merge, and people can read what moved."""
    piece = Piece("p-2", STATEMENTS[:1] + STATEMENTS[2:])
    text = lock.text(lock.Locked(placed={("policy p", "env=dev"): Placed((piece,), ("p-2", "p"))}))
    assert text.partition("\n\n")[2] == (
        "[[placed]]\n"
        'of = "policy p"\n'
        'when = "env=dev"\n'
        'order = ["p-2", "p"]\n'
        "[[placed.documents]]\n"
        'name = "p-2"\n'
        "statements = [\n"
        """  '{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject","s3:List*"],"Resource":"*"}',\n"""
        """  '{"Effect":"Allow","Action":"sqs:*"}',\n"""
        "]\n"
    )


def test_what_is_remembered_is_a_line_or_a_number() -> None:
    """So that a change of a statement shows as that, and not as a document twice."""
    one, two, three = STATEMENTS
    placed = Placed(
        (Piece("p", (one, three), (two,)), Piece("p-3", (two,))),
        (),
        (Piece("p-2", (), (three,)),),
        (Piece("p", (one, two, three)), Piece("p-2", (three,)), Piece("p-3", ())),
    )
    text = lock.text(lock.Locked(placed={("policy p", ""): placed}))
    assert parsed(text).placed["policy p", ""] == placed
    quoted = """  '{"Effect":"Allow","Action":"sqs:*"}',\n"""
    assert text.endswith(
        "[[placed.gone]]\n"
        'name = "p-2"\n'
        f"lost = [\n{quoted}]\n"
        "[[placed.was]]\n"
        'name = "p"\n'
        f"statements = [\n  1,\n{next(r for r in text.splitlines(True) if 'NotAction' in r)}  2,\n]\n"
        "[[placed.was]]\n"
        'name = "p-2"\n'
        f"statements = [\n{quoted}]\n"
        "[[placed.was]]\n"
        'name = "p-3"\n'
        "statements = [\n]\n"
    )
    merged = text.replace("  1,\n", "  1, 7,\n")
    assert parsed(merged).placed["policy p", ""] == placed._replace(was=())
    both = text + text.partition("\n\n")[2]
    assert parsed(both).placed["policy p", ""] == Placed(placed.pieces * 2, gone=placed.gone * 2)


@pytest.mark.parametrize(
    "damage",
    [
        "lost = 1",
        "lost = [1]",
        "lost = ['{}']",
        "[[placed.gone]]\nname = 'a b'",
        "[[placed.gone]]\nlost = ['x']",
        "[placed.gone]",
        "[[placed.was]]\nname = 1",
        "[[placed.was]]\nstatements = 1",
        "[[placed.was]]\nstatements = [true]",
        "[[placed.was]]\nstatements = ['{}']",
        "[placed.was]",
    ],
)
def test_damage_of_what_is_remembered_is_a_problem(damage: str) -> None:
    """A file that nobody wrote so is not read half."""
    text = lock.text(lock.Locked(placed={("role web", ""): Placed((Piece("a", STATEMENTS),))}))
    found = lock.parse(File(lock.FILE, "", f"{text}{damage}\n".encode("ascii")))
    assert not isinstance(found, lock.Locked)
    assert lock.FILE in found.message


def test_what_is_only_remembered_is_no_difference() -> None:
    """`build --locked` fails for what would be deployed."""
    one = Placed((Piece("a", STATEMENTS),))
    two = Placed((Piece("a", STATEMENTS, STATEMENTS),), (), one.pieces, one.pieces)
    of = ("role web", "")
    assert lock.differing(lock.Locked(placed={of: one}), lock.Locked(placed={of: two})) == ()
    three = Placed((Piece("a", STATEMENTS[1:], STATEMENTS),))
    assert lock.differing(lock.Locked(placed={of: one}), lock.Locked(placed={of: three}))


def test_lines_of_two_branches_are_joined() -> None:
    """Git keeps the lines of both where they do not touch; no build may fail for that."""
    one = lock.text(lock.Locked(placed={("role web", ""): Placed((Piece("a", STATEMENTS[:1]),))}))
    two = lock.text(lock.Locked(placed={("role web", ""): Placed((Piece("a", STATEMENTS),))}))
    both = one + two.partition("\n\n")[2]
    assert parsed(both).placed["role web", ""] == Placed(
        (Piece("a", STATEMENTS[:1]), Piece("a", STATEMENTS))
    )
    wider = {
        ("s3:Get*", ""): lock.Wildcard(("s3:GetAcl", "s3:GetIt", "s3:GetObject"), "2026.12.01")
    }
    patterns = [lock.text(lock.Locked(wildcards=w)) for w in (wider, WILDCARDS)]
    assert parsed(patterns[0] + patterns[1].partition("\n\n")[2]).wildcards == WILDCARDS


def test_a_build_keeps_what_others_placed(root: Path) -> None:
    """Entries of another stage, and of what is not asked for, are no litter."""
    theirs = {("s3:Get*", "env=prod"): WILDCARDS["s3:Get*", ""]}
    (root / lock.FILE).write_text(lock.text(lock.Locked({}, PLACED, {**theirs, **WILDCARDS})))
    run()
    found = parsed((root / lock.FILE).read_text())
    assert (found.placed, found.wildcards) == (PLACED, theirs)
    assert list(found.actions) == [TAGGING]
