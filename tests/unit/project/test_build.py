"""Builds from end to end: what is written, and when nothing is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iamdsl import project, resources
from iamdsl.diagnostics import Diagnostic, Edit, Fix, Label, Severity, Way
from iamdsl.diagnostics import codes as known
from iamdsl.diagnostics.render import FORMATS, render
from iamdsl.project import Options, Outcome, build, cache, load_project, loading, making, recall
from iamdsl.source import Source, Span

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = 'import "./names.json" as names: {{ bucket: String }}\npolicy {} {{ allow s3:ListBucket on arn:aws:s3:::{{names.bucket}} }}\n'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a small project with an import, which is the current one."""
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "iamdsl.toml").write_text("[params]\n")
    (folder / "main.iam").write_text(POLICY.format("photos"))
    (folder / "names.json").write_text('{"bucket": "photos"}')
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    return folder


def run(*paths: str, **options: object) -> Outcome:
    outcome = build(load_project(paths, Options(**options)))  # type: ignore[arg-type]
    assert not outcome.failed, outcome.diagnostics
    return outcome


def codes(outcome: Outcome) -> list[str]:
    assert outcome.failed
    return [d.code.number for d in outcome.diagnostics]


class TestUpToDate:
    """A project is left alone when, and only when, nothing it depends on has changed."""

    def test_nothing_changed(self, root: Path) -> None:
        """The second build tells the same and does not compile."""
        first, second = run(), run()

        assert (first.up_to_date, second.up_to_date) == (False, True)
        assert second.summary == first.summary
        assert second.counts == first.counts
        assert second.unchanged == first.written == 2
        assert (root / "build/policies/photos.json").exists()

    @pytest.mark.parametrize(
        "change",
        [
            lambda p: (p / "main.iam").write_text(POLICY.format("other")),
            lambda p: (p / "names.json").write_text('{"bucket": "other"}'),
            lambda p: (p / "more.iam").write_text("# nothing in it"),
            lambda p: (p / "main.iam").rename(p / "renamed.iam"),
            lambda p: (p / "iamdsl.toml").write_text("minify = true"),
            lambda p: (p / "build/policies/photos.json").unlink(),
            lambda p: (p / "build/policies/photos.json").write_text("{}"),
            lambda p: (p / "build/manifest.json").unlink(),
            lambda p: (p / "build").rename(p / "moved"),
        ],
        ids=[
            "a source",
            "imported data",
            "a new source",
            "a source's name",
            "the configuration",
            "an output gone",
            "an output changed",
            "the manifest gone",
            "the folder moved",
        ],
    )
    def test_something_changed(self, root: Path, change: Callable[[Path], object]) -> None:
        """Any change of an input or an output makes a build."""
        run()
        change(root)

        assert not run().up_to_date
        assert run().up_to_date

    @pytest.mark.parametrize(
        "options", [{"minify": True}, {"out": "o"}, {"sids": "drop"}, {"use_cache": False}]
    )
    def test_other_options(self, root: Path, options: dict[str, object]) -> None:
        """Another command line is another build."""
        del root
        run()

        assert not run(**options).up_to_date

    def test_another_compiler(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever works on the compiler sees what it makes now."""
        del root
        run()
        monkeypatch.setattr(cache, "_tool", lambda: "changed")

        assert not run().up_to_date

    @pytest.mark.parametrize("junk", [b"", b"{}", b"[]", b"\xff", b'{"format": 1}', b"[" * 99_999])
    def test_damaged_record(self, root: Path, tmp_path: Path, junk: bytes) -> None:
        """A damaged record costs a build and no more."""
        del root
        run()
        (record,) = (tmp_path / "cache/iamdsl").glob("build-*")
        record.write_bytes(junk)

        assert not run().up_to_date
        assert run().up_to_date

    def test_no_cache_folder(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a folder to keep records in, builds work all the same."""
        (root / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(root / "file"))

        assert not run().up_to_date
        assert not run().up_to_date

    def test_warnings_about_data_are_said_again(self, root: Path) -> None:
        """A warning whose place is in a data file comes back with that place, in every format."""
        (root / "main.iam").write_text(
            'import "./names.json" as names: { bucket: String }\n'
            "policy p { allow s3:ListBucket on arn:aws:s3:::photos"
            " when aws:PrincipalTag/t == names.bucket }\n"
        )
        (root / "names.json").write_text('{\n  "bucket": "photo*"\n}')

        first, second = run(), run()

        assert second.up_to_date
        (found,) = second.diagnostics
        assert found.span is not None
        assert (repr(found.span), found.span.text) == ("names.json:2:13", '"photo*"')
        for form in FORMATS:
            assert render(form, first.diagnostics) == render(form, second.diagnostics)

    def test_warnings_are_said_again(self, root: Path) -> None:
        """A warning does not go quiet because nothing has changed since."""
        with (root / "main.iam").open("a") as stream:
            stream.write('let unused = "x"\n')

        first, second = run(), run()

        assert [d.code.number for d in first.diagnostics] == ["IAM110"]
        assert second.up_to_date
        assert render("json", second.diagnostics) == render("json", first.diagnostics)

    def test_recalled_to_the_letter(self, root: Path) -> None:
        """Notes, fixes and places, in imports too, come back as they were."""
        (root / "lib.iam").write_text("let é = 1")
        own = loading.read(str(root / "main.iam"), "main.iam")
        assert isinstance(own, loading.File)
        source, library = loading.decode(own), Source("lib.iam", "let é = 1")
        assert isinstance(source, Source)
        found = Diagnostic(
            known.UNUSED_NAME,
            Severity.NOTE,
            "message",
            Span(source, 0, 6),
            "label",
            (Label(Span(library, 4, 5), "note"),),
            "hint",
            Fix("title", (Edit(Span(source, 1, 2), "text"),), safe=False),
            (Way("shorter", enough=True, saves=3),),
        )
        data = json.loads(json.dumps(recall.as_data([found])))
        imports = {"lib.iam": str(root / "lib.iam")}

        again = recall.from_data(data, [own], imports)
        assert again is not None
        assert render("json", again) == render("json", [found])
        assert again[0].code is found.code
        assert recall.from_data(data, [], imports) is None
        assert recall.from_data([{**data[0], "span": ["main.iam", 0, 10**9]}], [own], {}) is None
        assert recall.from_data([1], [own], {}) is None

    def test_a_failed_build_is_not_kept(self, root: Path) -> None:
        """An error is found again, and what was built before stays as it was."""
        run()
        before = (root / "build/manifest.json").read_bytes()
        (root / "main.iam").write_text("policy a { allow s3:ListBucket on nothing }")

        for _ in range(2):
            assert codes(build(load_project())) == ["IAM101"]
        assert (root / "build/manifest.json").read_bytes() == before

    def test_imports_neither_compiler_nor_attrs(self, root: Path) -> None:
        """Start-up is a feature: an unchanged project costs no lark, attrs or diagnostics."""
        del root
        run()
        script = (
            "import sys; from iamdsl.cli import main\n"
            "try: main(['build'])\n"
            "except SystemExit as e: assert not e.code\n"
            "print(*sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )

        loaded = set(done.stdout.split())
        assert "iamdsl.project" in loaded
        assert not loaded & {"lark", "attr", "attrs", "iamdsl.compiler", "iamdsl.diagnostics"}
        assert not loaded & {"jinja2", "importlib.metadata", "logging", "dataclasses", "pathlib"}


def test_start_up_of_a_build(root: Path) -> None:
    """A build that compiles loads nothing that it does not need."""
    del root
    script = (
        "import sys; from iamdsl.cli import main\n"
        "try: main(['build', '--no-cache'])\n"
        "except SystemExit as e: assert not e.code\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "iamdsl.compiler" in loaded
    assert not loaded & {"jinja2", "importlib.metadata", "rich", "iamdsl.diagnostics.render"}


def test_deterministic(root: Path, tmp_path: Path) -> None:
    """The bytes depend neither on the hash seed nor on where the project lies."""
    trees = []
    for seed in ("1", "2"):
        copy = tmp_path / f"copy{seed}"
        copy.mkdir()
        for name in ("main.iam", "names.json", "iamdsl.toml"):
            (copy / name).write_bytes((root / name).read_bytes())
        subprocess.run(
            [sys.executable, "-m", "iamdsl", "build"],
            cwd=copy,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
        trees.append({p.name: p.read_bytes() for p in (copy / "build").rglob("*.json")})

    assert trees[0] == trees[1]
    assert len(trees[0]) == 2


def test_from_a_subfolder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From anywhere inside, the project is the same; messages lead to its files from here."""
    (root / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(root / "deep/er")
    loaded = load_project()

    assert [file.name for file in loaded.files] == ["main.iam"]
    assert loaded.prefix == "../../"
    assert loaded.out == str(root / "build")


def test_source_that_is_a_link_out(root: Path, tmp_path: Path) -> None:
    """A link among the sources does not bring in text from outside."""
    (tmp_path / "secret.iam").write_text("policy x {}")
    (root / "link.iam").symlink_to(tmp_path / "secret.iam")

    assert codes(build(load_project())) == ["IAM105"]


def test_all_that_is_wrong_with_files(root: Path) -> None:
    """Files that cannot be taken are reported together."""
    (root / "a.iam").write_bytes(b"\xff")
    (root / "b.iam").write_bytes(b"\xfe")

    assert codes(build(load_project())) == ["IAM012", "IAM012"]

    (root / "c.iam").touch()
    os.truncate(root / "c.iam", 50_000_000)
    assert codes(build(load_project())) == ["IAM013"]


def test_named_outside_the_project(root: Path, tmp_path: Path) -> None:
    """A file named by hand may lie anywhere; its imports stay in its own folder."""
    del root
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.iam").write_text(
        'import "./b.json" as b: { n: String }\npolicy a { allow s3:ListBucket on arn:aws:s3:::{b.n} }'
    )
    (other / "b.json").write_text('{"n": "x"}')

    assert run("../other/a.iam", out="o").written == 2

    (other / "a.iam").write_text('import "../p/names.json" as b: { bucket: String }')
    assert "IAM105" in codes(build(load_project(["../other/a.iam"])))


def test_catalogue_pin(root: Path) -> None:
    """A pinned catalogue of another day, or a file that is none, stops the build."""
    (root / "iamdsl.toml").write_text('catalogue = "2001.01.01"')
    assert codes(build(load_project())) == ["IAM505"]

    (root / "iamdsl.toml").write_text('catalogue = "./mine.iamcat"')
    assert codes(build(load_project())) == ["IAM505"]

    (root / "mine.iamcat").write_bytes(b"junk")
    assert codes(build(load_project())) == ["IAM505"]

    (root / "mine.iamcat").write_bytes(
        Path(resources.package_path("aws", "catalogue.iamcat")).read_bytes()
    )
    assert not run().up_to_date
    assert run().up_to_date


def test_manifest_names_the_params(root: Path) -> None:
    """What was built with which values can be read afterwards."""
    with (root / "main.iam").open("a") as stream:
        stream.write(
            'param env: String = "dev"\npolicy b { allow s3:ListBucket on "arn:aws:s3:::{env}" }'
        )
    run(params=(("env", "prod"), ("aws.account", "111122223333")))
    manifest = json.loads((root / "build/manifest.json").read_text())

    assert manifest["params"] == {"env": "prod"}
    assert manifest["aws"] == {"account": "111122223333"}


def test_a_bug_is_not_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the compiler crashes, nothing is written and nothing is remembered."""

    def crash(*_: object) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(making, "compile", crash)
    with pytest.raises(KeyError):
        project.build(load_project())
    assert not (root / "build").exists()


def test_the_current_folder_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started in a folder that was removed, the tool says so."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    assert codes(build(load_project())) == ["IAM503"]
    monkeypatch.chdir(tmp_path)


def test_file_name_that_is_no_text(root: Path) -> None:
    """A file whose name is not UTF-8 builds, and can be named in every format."""
    (root / os.fsdecode(b"caf\xe9.iam")).write_text("policy a { allow s3:ListBucket on nothing }")
    outcome = build(load_project())

    for output_format in FORMATS:
        render(output_format, outcome.diagnostics).encode("utf-8", "backslashreplace")


@pytest.mark.usefixtures("root")
def test_stdin_that_was_cut_is_refused() -> None:
    """What is read of stdin ends at a bound: a `deny` behind it would be lost in silence."""
    head = b"policy a { allow s3:GetObject on * }\n#"
    marks = "é".encode() * (loading.MAX_BYTES // 2)  # few characters, so the parser takes it
    piped = (head + marks)[: loading.MAX_BYTES + 1]
    piped = piped.decode(errors="ignore").encode().ljust(loading.MAX_BYTES + 1, b"x")
    outcome = build(load_project(("-",), Options(stdin=piped)), print_only=True)
    assert codes(outcome) == ["IAM013"]
