"""`check --fix`, `--diff` and `--add-allow`: what is changed on the disk, and what never is."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from iamdsl import fmt
from iamdsl.cli import main
from iamdsl.diagnostics import Edit, Fix, Label, Report, codes
from iamdsl.project import Outcome, fixing
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from click.testing import Result

    from iamdsl.diagnostics import Code, Diagnostic

WRONG = "policy p { allow s3:ListObjects on arn:aws:s3:::photos }\n"
RIGHT = "policy p { allow s3:ListBucket on arn:aws:s3:::photos }\n"
UNSAFE = "policy p { allow s3:GetObject on arn:aws:s3:::photos }\n"
SURE = "policy p { allow s3:GetObject on arn:aws:s3:::photos/* }\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a project without a review, so that only what the compiler says is mended."""
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "iamdsl.toml", '[lint]\npreset = "off"\n')
    return tmp_path


def put(folder: Path, name: str, text: str) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode())
    return folder / name


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["check", *words])


class TestSources:
    """Fixes in sources."""

    def test_what_is_sure_is_mended(self, here: Path) -> None:
        """The file has the right text, and the summary says so."""
        file = put(here, "main.iam", WRONG)
        result = run("--fix")
        assert file.read_text(encoding="utf-8") == RIGHT
        assert (result.exit_code, result.output) == (0, "1 fixed, 0 left\n")
        assert run("--fix").output == "0 fixed, 0 left\n"

    def test_guesses_are_asked_for(self, here: Path) -> None:
        """A fix that changes what is meant is made by `--unsafe-fixes` alone."""
        file = put(here, "main.iam", UNSAFE)
        assert run("--fix").output.endswith("\n1 warning\n0 fixed, 1 left\n")
        assert file.read_text(encoding="utf-8") == UNSAFE
        assert run("--fix", "--unsafe-fixes").output == "1 fixed, 0 left\n"
        assert file.read_text(encoding="utf-8") == SURE

    def test_the_difference_is_shown(self, here: Path) -> None:
        """`--diff` writes nothing, and its exit code is what a build step asks for."""
        put(here, "team/main.iam", WRONG)
        result = run("team", "--diff")
        assert result.exit_code == 1
        assert result.stdout == (
            f"--- team/main.iam\n+++ team/main.iam\n@@ -1 +1 @@\n-{WRONG}+{RIGHT}"
        )
        assert result.stderr == "1 would be fixed, 0 left\n"
        assert (here / "team" / "main.iam").read_text(encoding="utf-8") == WRONG
        put(here, "team/main.iam", RIGHT)
        assert (run("team", "--diff").exit_code, run("team", "--diff").stdout) == (0, "")

    def test_only_what_was_named(self, here: Path) -> None:
        """A module that a source imports is not the one that was to be mended."""
        put(here, "inner.iam", "template t() { allow s3:ListObjects on arn:aws:s3:::x }\n")
        put(here, "main.iam", f'import "./inner.iam"\npolicy q {{ use inner.t() }}\n{WRONG}')
        before = (here / "inner.iam").read_bytes()
        result = run("main.iam", "--fix")
        assert "1 fixed, 1 left" in result.output
        assert (here / "inner.iam").read_bytes() == before
        assert run("--fix").output == "1 fixed, 0 left\n"

    def test_data_is_not_touched(self, here: Path) -> None:
        """What is borrowed from a data file is somebody else's."""
        put(here, "names.json", '["s3:ListObjects"]')
        put(
            here,
            "main.iam",
            'import "./names.json" as names: List[Action]\n'
            "policy p { allow names on arn:aws:s3:::x/* }\n",
        )
        before = {p.name: p.read_bytes() for p in here.iterdir() if p.is_file()}
        assert run("--fix", "--unsafe-fixes").exit_code == 1
        assert before == {p.name: p.read_bytes() for p in here.iterdir() if p.is_file()}

    @pytest.mark.skipif(os.name == "nt", reason="POSIX modes and links")
    def test_the_file_stays_what_it_is(self, here: Path) -> None:
        """Mode, link, byte order mark and line ends are not ours to change."""
        real = put(here, "real.txt", "\ufeff" + WRONG.replace("{ ", "{\r\n").replace("\n", "\r\n"))
        real.write_bytes(real.read_bytes().replace(b"\r\r", b"\r"))
        real.chmod(0o640)
        (here / "main.iam").symlink_to("real.txt")
        before = real.read_bytes()
        run("--fix")
        assert real.read_bytes() == before.replace(b"ListObjects", b"ListBucket")
        assert real.stat().st_mode & 0o777 == 0o640
        assert (here / "main.iam").is_symlink()

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
    def test_what_cannot_be_written(self, here: Path) -> None:
        """All files or none."""
        one, two = (
            put(here, "a.iam", WRONG),
            put(here, "b.iam", WRONG.replace("policy p", "policy q")),
        )
        two.chmod(0o400)
        assert run("--fix").exit_code == 2
        assert one.read_text(encoding="utf-8") == WRONG

    def test_a_full_disk(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What cannot be written beside its place leaves every file as it was, and says so."""
        files = [put(here, f"{n}.iam", WRONG.replace("policy p", f"policy {n}")) for n in "ab"]
        before = [file.read_bytes() for file in files]

        def full(_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(fixing, "stage", full)
        result = run("--fix")
        assert result.exit_code == 2
        assert "error[IAM504]: `a.iam` cannot be written: no space left on device" in result.output
        assert [file.read_bytes() for file in files] == before

    def test_what_is_passed_over_stays(self, here: Path) -> None:
        """A finding that a comment allows is not mended."""
        text = UNSAFE.replace(" }", " }  # allow: resource-mismatch -- why")
        file = put(here, "main.iam", text)
        assert run("--fix", "--unsafe-fixes").output == "0 fixed, 0 left\n"
        assert file.read_text(encoding="utf-8") == text

    def test_needless_comments_go(self, here: Path) -> None:
        """What passes nothing over is taken out with its line."""
        put(here, "iamdsl.toml", '[lint]\npreset = "off"\nneedless-suppression = "warn"\n')
        comment = "# allow: resource-mismatch -- why\n"
        file = put(here, "main.iam", f"user bob {{}}\n{comment}{comment}{RIGHT}")
        assert run("--fix").output == "2 fixed, 0 left\n"
        assert file.read_text(encoding="utf-8") == f"user bob {{}}\n{RIGHT}"


class TestDocuments:
    """Fixes in JSON."""

    TEXT = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:ListObjects", "Resource": "*"}],
        },
        indent=4,
    )

    def test_a_document_is_mended(self, here: Path) -> None:
        """Its layout stays, but for what was wrong."""
        put(here, "iamdsl.toml", "")
        file = put(here, "docs/a.json", self.TEXT)
        other = put(here, "docs/b.json", '{"a": 1}')
        result = run("docs", "--fix")
        assert file.read_text(encoding="utf-8") == self.TEXT.replace("ListObjects", "ListBucket")
        assert other.read_text(encoding="utf-8") == '{"a": 1}'
        assert result.output.endswith("1 fixed, 0 left\n")

    def test_other_texts_are_left(self, here: Path) -> None:
        """Fixes are written for JSON: what is YAML is told, and stays."""
        text = "Version: '2012-10-17'\nStatement:\n- Effect: Allow\n  Action: s3:ListObjects\n  Resource: '*'\n"
        file = put(here, "a.yaml", text)
        run("a.yaml", "--fix", "--unsafe-fixes")
        assert file.read_text(encoding="utf-8") == text

    @pytest.mark.skipif(os.name == "nt", reason="POSIX links")
    def test_links_out_of_a_folder_are_left(self, here: Path) -> None:
        """A folder that was named does not name what its links lead to; a file does."""
        file = put(here, "elsewhere/a.json", self.TEXT)
        (here / "docs").mkdir()
        (here / "docs" / "a.json").symlink_to("../elsewhere/a.json")
        run("docs", "--fix")
        assert file.read_text(encoding="utf-8") == self.TEXT
        run("docs/a.json", "--fix")
        assert file.read_text(encoding="utf-8") != self.TEXT

    def test_stdin_is_left(self, here: Path) -> None:
        """What came by a pipe has no file to write to, and none is made."""
        result = CliRunner().invoke(main, ["check", "-", "--kind=policy", "--fix"], self.TEXT)
        assert result.output.endswith("\n0 fixed, 1 left\n")
        assert [p.name for p in here.iterdir()] == ["iamdsl.toml"]

    def test_comments_are_for_sources(self, here: Path) -> None:
        """JSON has no comments: whoever asks for them is shown the baseline."""
        put(here, "a.json", self.TEXT)
        result = run("a.json", "--add-allow", "old")
        assert result.exit_code == 2
        assert "Documents hold no comments: write a baseline" in result.output


class Mending:
    """A checker of made-up mistakes: each word is one, with the text that mends it."""

    def __init__(self, words: Mapping[str, str], errors: Mapping[str, Code] | None = None) -> None:
        self.words, self.errors, self.runs = words, errors or {}, 0

    def check(self, text: str) -> Outcome:
        """Return what is wrong with a text."""
        self.runs += 1
        report, source = Report(), Source("a.json", text)
        for word, new in self.words.items():
            for found in re.finditer(re.escape(word), text):
                span = Span(source, *found.span())
                report.add(codes.UNUSED_NAME, span, f"`{word}`", fix=Fix.writing(new, span))
        for word, code in self.errors.items():
            if word in text:
                report.add(code, None, word)
        return Outcome(report.diagnostics, failed=report.failed)

    def mended(self, text: str) -> tuple[str, fixing.Mended]:
        """Return a text with its fixes made, and what mending came to."""
        files = {"a.json": fixing.Editable("a.json", text.encode(), text)}
        subject = fixing.Subject(files, lambda texts: self.check(texts.get("a.json", text)))
        found = fixing.mend(subject)
        return found.changes[0].after if found.changes else text, found


class TestRounds:
    """Fixes that meet, lead to others, or break what was right."""

    def test_fixes_that_meet_take_turns(self) -> None:
        """Of two for one place the first is made, and the other is asked for again."""
        text, found = Mending({'"ab"': '"xb"', '"x': '"y'}).mended('["ab", "ab"]')
        assert text == '["yb", "yb"]'
        assert (found.fixed, len(found.outcome.diagnostics)) == (4, 0)

    def test_fixes_without_end_have_one(self) -> None:
        """Two fixes that undo each other stop, and say what is left."""
        mending = Mending({'"a"': '"b"', '"b"': '"a"'})
        _, found = mending.mended('["a"]')
        assert mending.runs < fixing.ROUNDS + 2
        assert len(found.outcome.diagnostics) == 1
        grown, found = Mending({'"a': '"aa'}).mended('["a"]')
        assert grown == f'["{"a" * (fixing.ROUNDS + 1)}"]'
        assert found.fixed == fixing.ROUNDS

    def test_what_breaks_is_taken_back(self) -> None:
        """A fix that makes an error is not made, others are, and it is named."""
        mending = Mending({'"a"': '"bad"', '"c"': '"d"'}, {"bad": codes.UNKNOWN_NAME})
        text, found = mending.mended('["a", "c"]')
        assert text == '["a", "d"]'
        assert [d.message for d in found.taken_back] == ['`"a"`']
        assert found.fixed == 1
        text, found = Mending({'"a"': '"a'}).mended('["a"]')
        assert (text, len(found.taken_back)) == ('["a"]', 1)

    def test_an_error_may_lead_to_another(self) -> None:
        """Where there were errors already, the next one is progress."""
        words = {'"a"': '"b"'}
        errors = {"a": codes.UNKNOWN_NAME, "b": codes.WRONG_TYPE}
        text, found = Mending(words, errors).mended('["a"]')
        assert (text, found.fixed, found.taken_back) == ('["b"]', 1, ())

    def test_two_that_say_the_same_do_not_both_go(self) -> None:
        """What is taken out because of something else waits for it."""

        def check(text: str) -> Outcome:
            report, source = Report(), Source("a.json", text)
            spans = [Span(source, *m.span()) for m in re.finditer("1,", text)]
            for span, other in zip(spans, spans[1:] + spans[:1], strict=True):
                if len(spans) > 1:
                    fix = Fix("remove it", (Edit(span, ""),))
                    notes = [Label(other, "here")]
                    report.add(codes.REDUNDANT_VALUE, span, "again", notes=notes, fix=fix)
            return Outcome(report.diagnostics)

        text = "[1,1,1,2]"
        files = {"a.json": fixing.Editable("a.json", text.encode(), text)}
        subject = fixing.Subject(files, lambda texts: check(texts.get("a.json", text)))
        found = fixing.mend(subject)
        assert found.changes[0].after == "[1,2]"
        assert found.fixed == 2

    def test_what_was_changed_meanwhile_stays(self, here: Path) -> None:
        """An editor that saves while we check does not lose its text."""
        file = put(here, "a.json", '["b"]')
        change = fixing.Change("a.json", fixing.Editable(str(file), b'["a"]', '["a"]'), '["c"]')
        (problem,) = fixing.write([change])
        assert problem.message == "`a.json` cannot be written: it was changed meanwhile"
        assert file.read_text(encoding="utf-8") == '["b"]'


class TestAllowing:
    """`--add-allow`."""

    SETTINGS = '[lint]\npreset = "off"\nfull-access = "warn"\nneedless-suppression = "warn"\n'

    def allow(self, here: Path, text: str, reason: str = "old") -> str:
        """Return a source with its comments; it has no findings then, and gets no more."""
        put(here, "iamdsl.toml", self.SETTINGS)
        file = put(here, "main.iam", text)
        assert run("--add-allow", reason).exit_code == 0
        after = file.read_text(encoding="utf-8")
        assert run().output.startswith("ok: ")
        run("--add-allow", reason)
        assert file.read_text(encoding="utf-8") == after
        return after

    def test_above_the_statement(self, here: Path) -> None:
        """The comment stands above, with the statement's indent and all its codes."""
        text = (
            'let unused = "x"\n\npolicy p {\n  ## Why it is so.\n  allow * on *\n'
            "  allow s3:GetObject on arn:aws:s3:::photos\n}\n"
        )
        assert self.allow(here, text) == (
            "# allow: unused-name -- old\n"
            'let unused = "x"\n\npolicy p {\n  # allow: full-access -- old\n'
            "  ## Why it is so.\n  allow * on *\n"
            "  # allow: resource-mismatch -- old\n"
            "  allow s3:GetObject on arn:aws:s3:::photos\n}\n"
        )

    def test_a_block_of_one_line(self, here: Path) -> None:
        """What has no line of its own gets the comment behind it, and formatting changes nothing."""
        after = self.allow(here, "policy p { allow * on * }\n", "it is old")
        assert after == "policy p { allow * on * }  # allow: full-access -- it is old\n"
        assert fmt.format(Source("a.iam", after), Report()) == after

    def test_formatted_sources_stay_so(self, here: Path) -> None:
        """The comments are laid out as `iamdsl fmt` does; other sources keep their layout."""
        after = self.allow(here, "user bob {}\npolicy p {\n  allow *\n  on *\n}\n")
        assert "  # allow: full-access -- old\n  allow *\n  on *\n" in after
        formatted = "policy p {\n  # first\n  allow * on *\n  deny s3:* on *\n}\n"
        assert fmt.format(Source("a.iam", formatted), Report()) == formatted
        after = self.allow(here, formatted)
        assert fmt.format(Source("a.iam", after), Report()) == after

    def test_windows_lines(self, here: Path) -> None:
        """Lines that end as those of Windows go on doing so."""
        put(here, "iamdsl.toml", self.SETTINGS)
        file = put(here, "main.iam", "policy p {\r\n    allow * on *\r\n}\r\n")
        run("--add-allow", "old")
        assert b"\r\n    # allow: full-access -- old\r\n    allow * on *\r\n" in file.read_bytes()

    def test_errors_are_left(self, here: Path) -> None:
        """What cannot be passed over gets no comment, and is told."""
        file = put(here, "main.iam", "policy p { deny * on nothing }\n")
        result = run("--add-allow", "old")
        assert result.exit_code == 1
        assert result.output.endswith("1 error\n0 findings allowed in 0 files\n")
        assert file.read_text(encoding="utf-8") == "policy p { deny * on nothing }\n"

    @pytest.mark.parametrize("reason", ["", "  ", "two\nlines"])
    def test_a_reason_is_a_line(self, here: Path, reason: str) -> None:
        """A reason is asked for, and cannot end the comment."""
        file = put(here, "main.iam", UNSAFE)
        assert run("--add-allow", reason).exit_code == 2
        assert file.read_text(encoding="utf-8") == UNSAFE


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--unsafe-fixes"], "--unsafe-fixes is for --fix and --diff."),
        (["--fix", "--add-allow", "x"], "--fix and --add-allow are not for one run."),
        (["--add-allow", "x", "--write-baseline"], "are not for one run."),
    ],
)
def test_options_that_do_not_go_together(here: Path, words: list[str], said: str) -> None:
    """What says two things, or nothing, is refused before anything is read."""
    put(here, "main.iam", RIGHT)
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output


def test_fix_and_diff_is_diff(here: Path) -> None:
    """As elsewhere, `--diff` beside `--fix` writes nothing."""
    file = put(here, "main.iam", WRONG)
    assert run("--fix", "--diff").exit_code == 1
    assert file.read_text(encoding="utf-8") == WRONG


def test_first_of(here: Path) -> None:
    """Diagnostics without a fix, and those of other texts, change nothing."""
    del here
    report, source = Report(), Source("a.json", "[1]")
    span = Span(Source("a.json", "[2]"), 1, 2)
    report.add(codes.UNUSED_NAME, Span(source, 1, 2), "none")
    report.add(codes.UNUSED_NAME, span, "other", fix=Fix.writing("3", span))
    found: tuple[Diagnostic, ...] = report.diagnostics
    files = {"a.json": fixing.Editable("a.json", b"[1]", "[1]")}
    assert fixing.mend(fixing.Subject(files, lambda _: Outcome(found))).changes == ()
