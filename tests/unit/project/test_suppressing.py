"""Passing over findings: comments in sources, and `[[lint.ignore]]` by code and path."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from iamdsl import api
from iamdsl.project import Options, build, check, config, load_project
from iamdsl.project.reviewing import DocumentOptions, review_documents

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Diagnostic
    from iamdsl.project import Outcome

ALL = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
)
LEVELS = '[lint]\npreset = "off"\nfull-access = "warn"\n{}'
OWN = 'needless-suppression = "warn"\nunexplained-suppression = "warn"\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in an empty project, in which no review but that of full access is on."""
    monkeypatch.chdir(tmp_path)
    settings(tmp_path)
    return tmp_path


def settings(folder: Path, more: str = "") -> None:
    (folder / "iamdsl.toml").write_text(LEVELS.format(OWN + more), encoding="utf-8")


def put(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.iam").write_text(text, encoding="utf-8")


def said(outcome: Outcome) -> list[tuple[str, str]]:
    """Return the code of each diagnostic, and what is underlined."""
    return [(d.code.number, d.span.text if d.span else "") for d in outcome.diagnostics]


def checked(folder: Path, text: str) -> list[tuple[str, str]]:
    put(folder, main=text)
    return said(check(load_project()))


def messages(outcome: Outcome) -> list[tuple[str, str]]:
    return [(d.message, d.hint) for d in outcome.diagnostics]


class TestWhere:
    """What a comment is for."""

    @pytest.mark.parametrize(
        "text",
        [
            "policy p {\n  allow * on *  # allow: full-access -- why\n}\n",
            "policy p {\n  # allow: IAM824 -- why\n  allow * on *\n}\n",
            "policy p {\n  # allow: full-access -- why\n\n  # more words\n  allow *\n    on *\n}\n",
            "# allow: full-access -- why\n## What p is.\npolicy p {\n  allow * on *\n}\n",
            "policy p { allow * on * }  # allow: full-access -- why\n",
            "policy p {\n  allow * on *\n}  # allow: full-access -- why\n",
            "policy p {\n  allow *\n    on *  # allow: full-access -- why\n}\n",
            "policy p {\n  allow\n    # allow: full-access -- why\n    * on *\n}\n",
            "policy p {\r\n  # allow: full-access -- why\r\n  allow * on *\r\n}\r\n",
            "# allow: iam824 , unused-name,-- why\npolicy p { allow * on * }\n",
        ],
    )
    def test_it_is_for(self, here: Path, text: str) -> None:
        """The line, the statement, the declaration: however the layout has them."""
        found = checked(here, text)
        assert ("IAM824", "*") not in found
        assert [code for code, _ in found] in ([], ["IAM880"])
        assert not found or "unused-name" in text

    @pytest.mark.parametrize(
        "text",
        [
            "policy p {  # allow: full-access -- why\n  allow * on *\n}\n",
            "policy p {\n  allow * on *\n  # allow: full-access -- why\n}\n",
            "policy q {  # allow: full-access -- why\n  deny * on *\n}\npolicy p { allow * on * }\n",
            "# allow: full-access -- why\nimport std.lambda\npolicy p { allow * on * }\n",
            "## allow: full-access -- why\npolicy p { allow * on * }\n",
            "# not allow: full-access -- why\npolicy p { allow * on * }\n",
            'policy p { allow * on "*" }\nlet x = "# allow: full-access -- why"\n',
        ],
    )
    def test_it_is_not_for(self, here: Path, text: str) -> None:
        """Another line or block, and words that are no comment of ours."""
        assert "IAM824" in [code for code, _ in checked(here, text)]

    def test_data_is_passed_over_at_its_use(self, here: Path) -> None:
        """What is said of a value in a data file cannot have a comment there."""
        (here / "who.json").write_text('["arn:aws:s3:::photos"]', encoding="utf-8")
        text = (
            'import "./who.json" as who: List[String]\n'
            "policy p {\n  for w in who {\n    allow s3:GetObject on w%s\n  }\n}\n"
        )
        assert {code for code, _ in checked(here, text % "")} <= {"IAM213"}
        assert checked(here, text % "  # allow: resource-mismatch -- why") == []

    def test_comments_of_modules_count(self, here: Path) -> None:
        """What a module asks for holds for who imports it, and is never in vain there."""
        inner = "template t() {\n  allow * on *  # allow: full-access -- why\n}\n"
        more = "let x = 1  # allow: full-access -- not here\n"
        put(here, inner=inner + more, main='import "./inner.iam"\npolicy p { use inner.t() }\n')
        assert said(check(load_project(["main.iam"]))) == []


class TestRemarks:
    """What is said of comments themselves."""

    def test_needless(self, here: Path) -> None:
        """What passes nothing over is told, with the fix that removes it."""
        put(here, main="user u {}\n# allow: full-access -- why\npolicy p { deny * on * }\n")
        (one, *_) = [d for d in check(load_project()).diagnostics if d.code.number == "IAM880"]
        assert one.message == "there is no `full-access` here to pass over"
        assert one.fix is not None
        assert one.fix.safe
        assert fixed(one) == "user u {}\npolicy p { deny * on * }\n"

    def test_needless_in_part(self, here: Path) -> None:
        """Of several codes the one in vain is taken out, and the reason stays."""
        text = "policy p {\n  allow * on *  # allow: IAM110, full-access, IAM213 -- so it is\n}\n"
        put(here, main=text)
        (one,) = check(load_project()).diagnostics
        assert one.message == "there is no `IAM110` or `IAM213` here to pass over"
        assert fixed(one) == "policy p {\n  allow * on *  # allow: full-access -- so it is\n}\n"

    def test_at_the_end_of_a_line(self, here: Path) -> None:
        """The line stays when its comment goes."""
        put(here, main="policy p {\n  deny * on *  # allow: full-access -- no\n}\n")
        (one,) = check(load_project()).diagnostics
        assert fixed(one) == "policy p {\n  deny * on *\n}\n"

    def test_not_looked_for(self, here: Path) -> None:
        """A run that would not find it says nothing: a code that is off, a build, an `if`."""
        text = "# allow: full-access -- why\npolicy p { deny * on * }\n"
        (here / "iamdsl.toml").write_text(LEVELS.format("").replace("warn", "off"), "utf-8")
        assert checked(here, text) == []
        settings(here)
        assert said(build(load_project())) == []
        assert [code for code, _ in checked(here, text)] == ["IAM880"]
        branch = "policy p {\n  deny * on *\n  if e == 1 {\n    deny s3:* on *  # allow: full-access -- w\n  }\n}\n"
        assert checked(here, f"param e: Int = 2\n{branch}") == []

    def test_not_after_an_error(self, here: Path) -> None:
        """What stopped early has not found all that there is."""
        text = "# allow: full-access -- why\npolicy p { deny * on nothing }\n"
        assert [code for code, _ in checked(here, text)] == ["IAM101"]

    def test_it_can_be_needless_on_purpose(self, here: Path) -> None:
        """What only some builds find can have its comment in all of them."""
        text = "policy p { deny * on * }  # allow: full-access, needless-suppression -- why\n"
        assert checked(here, text) == []

    def test_off(self, here: Path) -> None:
        """Who wants no review is not told of comments either; a slip in one stays an error."""
        (here / "iamdsl.toml").write_text('[lint]\npreset = "off"\n', encoding="utf-8")
        text = "# allow: IAM213\npolicy p { deny * on * }  # allow: IAM213 -- why\n"
        assert checked(here, text) == []
        assert checked(here, text.replace("213\n", "999\n")) == [("IAM882", "IAM999")]

    def test_no_reason(self, here: Path) -> None:
        """Nobody can judge what has no reason; it is passed over all the same."""
        put(here, main="policy p { allow * on * }  # allow: full-access\n")
        assert messages(check(load_project())) == [
            (
                "nobody said why `full-access` is passed over",
                "write the reason behind it: `# allow: full-access -- …`",
            )
        ]

    @pytest.mark.parametrize(
        ("comment", "message", "hint"),
        [
            (
                "# allow: full-acess -- why",
                "there is no code `full-acess`",
                "did you mean `full-access`?",
            ),
            (
                "# allow: full-access the admin",
                "there is no code `full-access the admin`",
                "write the reason behind ` -- `, and codes with commas between: `full-access -- …`",
            ),
            (
                "# allow: xyzzy -- why",
                "there is no code `xyzzy`",
                "`iamdsl explain` lists the codes",
            ),
            (
                "# allow: unknown-name -- why",
                "`unknown-name` is an error, and stays one",
                "mend what it is about: only warnings and notes can be passed over",
            ),
            (
                "# allow: -- why",
                "`# allow:` names nothing to pass over",
                "name a code behind it: `# allow: full-access -- …`",
            ),
        ],
    )
    def test_bad(self, here: Path, comment: str, message: str, hint: str) -> None:
        """A slip, or what cannot be, fails the check and the build, and says the way out."""
        put(here, main=f"{comment}\npolicy p {{ deny * on * }}\n")
        outcome = check(load_project())
        assert (message, hint) in messages(outcome)
        assert outcome.failed
        assert build(load_project()).failed


class TestBuilds:
    """Comments about what the compiler says hold in every build, and in its record."""

    def test_a_build_passes_over(self, here: Path) -> None:
        """A warning of the compiler's is passed over by a build, and by one with nothing to do."""
        put(here, main="policy p { allow s3:GetObject on arn:aws:s3:::x }\n")
        assert [c for c, _ in said(build(load_project()))] == ["IAM213"]
        comment = "# allow: resource-mismatch -- why\n"
        put(here, main=f"{comment}policy p {{ allow s3:GetObject on arn:aws:s3:::x }}\n")
        for done in (False, True):
            outcome = build(load_project())
            assert (said(outcome), outcome.up_to_date) == ([], done)

    def test_a_record_keeps_remarks(self, here: Path) -> None:
        """What a build says of comments is said again by one with nothing to do."""
        put(here, main="policy p { deny s3:GetObject on * }  # allow: IAM213 -- why\n")
        for done in (False, True):
            outcome = build(load_project())
            assert [c for c, _ in said(outcome)] == ["IAM880"]
            assert outcome.up_to_date is done

    def test_settings_are_part_of_the_record(self, here: Path) -> None:
        """An entry that is taken out makes the build anew, which then tells."""
        put(here, main="policy p { allow s3:GetObject on arn:aws:s3:::x }\n")
        settings(here, ignoring("IAM213", "*.iam"))
        assert said(build(load_project())) == []
        settings(here)
        assert [c for c, _ in said(build(load_project()))] == ["IAM213"]


def test_a_build_without_comments_pays_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks for nothing does not even import what would look for it."""
    put(here, main="policy p { allow s3:GetObject on arn:aws:s3:::x }\n")
    monkeypatch.delattr("iamdsl.project.suppressing")
    monkeypatch.setitem(sys.modules, "iamdsl.project.suppressing", None)
    assert [c for c, _ in said(build(load_project()))] == ["IAM213"]
    put(here, main="policy p { deny * on * }  # allow: IAM213 -- why\n")
    with pytest.raises(ImportError):
        build(load_project())


def test_in_python() -> None:
    """`iamdsl.compile` heeds comments as the command does, of modules that are given too."""
    text = 'import "./m.iam"\npolicy p {\n  use m.t()\n}\n%spolicy q { deny * on * }\n'
    module = "template t() { allow s3:GetObject on arn:aws:s3:::x }  # allow: IAM213 -- why\n"
    result = api.compile(text % "", files={"m.iam": module})
    assert (result.ok, result.diagnostics) == (True, ())
    result = api.compile(text % "# allow: IAM213 -- w\n", files={"m.iam": module})
    assert (result.ok, [d.code.number for d in result.diagnostics]) == (True, ["IAM880"])
    result = api.compile(text % "# allow: x\n", files={"m.iam": module})
    assert (result.ok, result.files, len(result.diagnostics)) == (False, {}, 1)


def test_what_a_target_leaves_out_is_passed_over_by_the_api() -> None:
    """What a target says is found after the sources are compiled, and a comment is about it too."""
    function = 'policy f for lambda:function("f") { allow lambda:InvokeFunction to service events }'
    place: Any = {"account": "111122223333", "region": "eu-west-1", "partition": "aws"}
    said = api.compile(function, target="terraform", **place)
    assert "IAM703" in [d.code.number for d in said.diagnostics]
    allowed = f"# allow: not-deployed -- the stack of the function has it\n{function}"
    for target in ("terraform", "json"):
        made = api.compile(allowed, target=target, **place)
        assert made.ok
        assert not {"IAM703", "IAM880"} & {d.code.number for d in made.diagnostics}


def test_the_library_explains_itself_to_the_api() -> None:
    """A comment in a module of the standard library counts from Python as from the command."""
    source = 'import std.sam\npolicy p { use sam.StepFunctionsCallbackPolicy("orders") }'
    made = api.compile(source, account="111122223333", region="eu-west-1", partition="aws")
    assert (made.ok, made.diagnostics) == (True, ())


class TestIgnoring:
    """`[[lint.ignore]]`."""

    @pytest.mark.parametrize(
        ("paths", "left"),
        [
            (["**"], []),
            (["legacy"], ["new/b.json"]),
            (["legacy/**"], ["new/b.json"]),
            (["**/b.json"], ["legacy/a.json"]),
            (["legacy/a.json", "./new"], []),
        ],
    )
    def test_paths(self, here: Path, paths: list[str], left: list[str]) -> None:
        """Files, folders and patterns, from the configuration's folder."""
        documents(here)
        settings(here, ignoring("full-access", *paths))
        assert found(["legacy", "new"]) == left

    def test_from_another_folder(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Paths are the configuration's, wherever the check is run."""
        documents(here)
        settings(here, ignoring("IAM824", "legacy/**"))
        monkeypatch.chdir(here / "legacy")
        assert found(["a.json"]) == []
        assert found(["../new/b.json"]) == ["../new/b.json"]

    def test_errors_of_documents_only(self, here: Path) -> None:
        """Our catalogue can be behind AWS's; a source says so by quotes, a document cannot."""
        bad = ALL.replace('"Allow"', '"Permit"')
        (here / "a.json").write_text(bad, encoding="utf-8")
        put(here, main="policy p { allow s3:GetObjec on * }\n")
        outcome = review_documents(["a.json"], DocumentOptions())
        numbers = {d.code.number for d in outcome.diagnostics}
        settings(here, ignoring(*sorted({"IAM201", *numbers}), paths=["**"]))
        assert {c for c, _ in said(check(load_project()))} == {"IAM201"}

    def test_needless(self, here: Path) -> None:
        """An entry that passes nothing over is told at its place, once all its files were seen."""
        documents(here)
        settings(here, ignoring("full-access", "new/**") + ignoring("IAM213", "legacy/*", "new/*"))
        outcome = review_documents(["new"], DocumentOptions())
        assert said(outcome) == []
        outcome = review_documents(["new", "legacy/a.json"], DocumentOptions())
        assert [d.message for d in outcome.diagnostics if d.code.number == "IAM880"] == [
            "there is no `resource-mismatch` in these files to pass over"
        ]
        (one,) = [d for d in outcome.diagnostics if d.code.number == "IAM880"]
        assert one.span is not None
        assert one.span.text == "[[lint.ignore]]"
        assert one.span.source.position(one.span.start)[0] == 10

    def test_needless_by_project(self, here: Path) -> None:
        """A check of the project judges entries of its sources, and of no file, not of documents."""
        documents(here)
        put(here, main="policy p { deny * on * }\n")
        entries = [ignoring("IAM824", p) for p in ("main.iam", "legacy/*", "gone.iam")]
        settings(here, "".join(entries))
        assert messages(check(load_project())) == [
            ("there is no `full-access` in these files to pass over", "remove the entry"),
            ("there is no file `gone.iam`", "mend `paths`, or remove the entry"),
        ]
        assert [d.message for d in check(load_project(["main.iam"])).diagnostics] == [
            "there is no `full-access` in these files to pass over"
        ]

    @pytest.mark.parametrize(
        ("entry", "message"),
        [
            ('codes = ["IAM824"]\npaths = ["a"]', "must be a table with a `reason`"),
            ('codes = ["IAM824"]\npaths = ["a"]\nreason = " "', "must be a table with a `reason`"),
            ('codes = []\npaths = ["a"]\nreason = "x"', "whose `codes` is a list of strings"),
            ('codes = ["IAM824"]\nreason = "x"', "whose `paths` is a list of strings"),
            ('codes = ["nothing"]\npaths = ["a"]\nreason = "x"', "and `nothing` is none"),
            ('codes = ["IAM824"]\npaths = ["../a"]\nreason = "x"', "paths beneath"),
            (
                'code = ["IAM824"]\npaths = ["a"]\nreason = "x"',
                "made of `codes`, `paths`, `reason`",
            ),
        ],
    )
    def test_entries_are_checked(self, here: Path, entry: str, message: str) -> None:
        """A slip in an entry would pass over too much or nothing: it is told at the entry."""
        right = 'codes = ["IAM824"]\npaths = ["b"]\nreason = "x"'
        text = f"[[lint.ignore]]\n{right}\n[[lint.ignore]]\n{entry}\n"
        _, (problem,) = config.parse(text.encode(), str(here), str(here / "iamdsl.toml"))
        assert problem.message.startswith("`lint.ignore[2]` must be ")
        assert message in problem.message
        assert problem.span is not None
        assert problem.span.source.position(problem.span.start)[0] == 5

    def test_in_pyproject(self, here: Path) -> None:
        """An entry in `pyproject.toml` is found at its place there."""
        (here / "iamdsl.toml").unlink()
        put(here, main="policy p { deny * on * }\n")
        text = "[tool.iamdsl]\n" + ignoring("IAM213", "main.iam").replace(
            "lint", "tool.iamdsl.lint"
        )
        (here / "pyproject.toml").write_text(text, encoding="utf-8")
        (one,) = check(load_project(options=Options())).diagnostics
        assert one.span is not None
        assert (one.span.source.name, one.span.text) == (
            "pyproject.toml",
            "[[tool.iamdsl.lint.ignore]]",
        )


def ignoring(*codes: str, paths: list[str] | None = None) -> str:
    """Return an entry; without `paths` those are the last of the words, the code the first."""
    named, where = (codes, paths) if paths is not None else (codes[:1], list(codes[1:]))
    return (
        f"[[lint.ignore]]\ncodes = {json.dumps(list(named))}\n"
        f'paths = {json.dumps(where)}\nreason = "it is so"\n'
    )


def documents(folder: Path) -> None:
    for name in ("legacy/a.json", "new/b.json"):
        (folder / name).parent.mkdir()
        (folder / name).write_text(ALL, encoding="utf-8")


def found(paths: list[str]) -> list[str]:
    """Return the files of what is said of documents."""
    outcome = review_documents(paths, DocumentOptions())
    return [d.span.source.name if d.span else "" for d in outcome.diagnostics]


def fixed(diagnostic: Diagnostic) -> str:
    """Return the text of a source with a fix made in it."""
    assert diagnostic.fix is not None
    (edit,) = diagnostic.fix.edits
    text = edit.span.source.text
    return text[: edit.span.start] + edit.text + text[edit.span.end :]
