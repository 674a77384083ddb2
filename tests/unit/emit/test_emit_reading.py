"""What was built, read again from its files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from iamdsl import emit, iam
from iamdsl.diagnostics import Report
from iamdsl.emit import reading
from iamdsl.project import Compiled, Project, compiled, config, discovery, load_project, loading

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/iamdsl.toml"))
CASES = sorted(path.parent.parent for path in (ROOT / "tests" / "cases").rglob("built.json"))
SOURCE = """
boundary limits { allow s3:* on * }
policy reader {
  path "/x/"
  description "reads"
  tags { team = "a" }
  allow s3:GetObject on s3:object("photos")
}
role app {
  trust service lambda
  trust account 222233334444 when sts:ExternalId == "x"
  boundary limits
  max_session 2h
  attach reader, aws_managed("ReadOnlyAccess")
  allow s3:PutObject on s3:object("photos")
}
permission_set analyst { max_session 90m   attach "local-policy" }
group g { attach reader }
user alice { groups g, "elsewhere" }
session narrow { attach reader   allow s3:GetObject on * }
organization acme "o-abc1234567" {
  scp eu { deny * except iam:*, sts:* on * unless aws:RequestedRegion == "eu-west-1" }
  attach eu, arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess
  ou work "ou-ab12-11111111" {
    account blue 222233334444 {
      role there { trust service ec2   instance_profile "there"   allow s3:GetObject on * }
      policy mine for s3:bucket("mine") {
        allow s3:GetObject to account 111122223333 on "{self}/*"
      }
    }
    account empty 333344445555 {}
  }
}
"""
FACTS = emit.Facts("1", "2", (("env", "dev"),), (("account", "111122223333"), ("partition", "aws")))


def built(folder: Path, text: str) -> iam.Build:
    (folder / "main.iam").write_text(text, encoding="utf-8")
    (folder / "iamdsl.toml").write_text(
        '[aws]\npartition = "aws"\naccount = "111122223333"\n', encoding="utf-8"
    )
    done = compiled(load_project([str(folder)]))
    assert done.build is not None, [d.message for d in done.diagnostics]
    return done.build


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    return dict(emit.emit(("json",), built(tmp_path, SOURCE), FACTS, Report()).files)


def refused(files: dict[str, bytes]) -> str:
    report = Report()
    assert reading.read(files, report) is None
    return "; ".join(f"{d.code.number} {d.message}" for d in report.diagnostics)


def of_case(folder: Path) -> Compiled:
    settings = config.Config(str(folder), account="111122223333", region="eu-west-1")
    settings = settings._replace(partition="aws")
    if (folder / "iamdsl.toml").exists():
        settings, _ = config.load(str(folder))
    paths = [str(folder / "input.iam")]
    if settings.sources:
        paths, _ = discovery.find(settings.root, settings.sources, settings.out)
    found = (loading.read(path, Path(path).relative_to(folder).as_posix()) for path in paths)
    project = Project(
        settings, "", "", tuple(file for file in found if isinstance(file, loading.File))
    )
    return compiled(project)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
@pytest.mark.usefixtures("installed")
def test_examples_come_back(example: Path) -> None:
    """Protects every example: what is read from its build is written as the same bytes again."""
    done = compiled(load_project([str(example)]))
    assert done.build is not None
    comes_back(done.build)


def test_cases_come_back() -> None:
    """Protects all that the language can say: what is read is written as the same bytes again."""
    assert len(CASES) > 100
    for done in map(of_case, CASES):
        assert done.build is not None
        comes_back(done.build)


def comes_back(build: iam.Build) -> None:
    emission = emit.emit(("json",), build, FACTS, Report())
    report = Report()
    read = reading.read(emission.files, report)
    assert read is not None, [d.message for d in report.diagnostics]
    assert emit.emit(("json",), read.build, FACTS, Report()).files == emission.files
    for (_, one), (_, other) in zip(build.each(), read.build.each(), strict=False):
        assert [d.policy for d in one.documents] == [d.policy for d in other.documents]
        assert [i.inline for i in one.identities] == [i.inline for i in other.identities]
        assert [i.trust for i in one.identities] == [i.trust for i in other.identities]


def test_all_of_a_build_comes_back(files: dict[str, bytes]) -> None:
    """Protects what a build is made of besides its documents: settings, places, attachments."""
    read = reading.read(files, Report())
    assert read is not None
    assert read.pseudo == {"account": "111122223333", "partition": "aws"}
    assert (read.params, read.catalogue) == ((("env", "dev"),), ("1", "2"))
    build = read.build
    app, analyst, _, alice = build.identities
    assert (app.max_session, analyst.max_session) == (7200, 5400)
    assert [(a.policy, a.ours) for a in app.managed] == [
        ("reader", True), ("arn:aws:iam::aws:policy/ReadOnlyAccess", False),
    ]  # fmt: skip
    assert app.boundary is not None
    assert (app.boundary.policy, app.boundary.ours) == ("limits", True)
    assert analyst.managed[0].policy == "local-policy"
    assert alice.groups == ("g", "elsewhere")
    assert [(a.name, a.id) for a in build.accounts] == [
        ("blue", "222233334444"), ("empty", "333344445555"),
    ]  # fmt: skip
    assert [t.path for t in build.targets][-1] == ("acme", "work", "empty")
    assert build.accounts[0].build.documents[0].target == "arn:aws:s3:::mine"
    assert build.accounts[0].build.identities[0].instance_profile == "there"


def test_places_come_back(files: dict[str, bytes]) -> None:
    """Protects source lines in answers about a build: each statement knows where it came from."""
    read = reading.read(files, Report())
    assert read is not None
    reader = next(d for d in read.build.documents if d.name == "reader")
    assert [repr(span).rpartition("/")[2] for span in reader.origin] == ["main.iam:3:1"]
    app = read.build.identities[0]
    assert app.trust is not None
    spots = [repr(s).rpartition("/")[2] for s in app.trust.statements[0].origin]
    assert spots == ["main.iam:10:3", "main.iam:11:3"]


def test_a_changed_file_is_refused(files: dict[str, bytes]) -> None:
    """Protects from answers about a build that somebody edited by hand."""
    files["roles/app/trust.json"] += b" "
    assert refused(files) == "IAM441 `roles/app/trust.json` was changed after it was built"


def test_a_missing_file_is_refused(files: dict[str, bytes]) -> None:
    """Protects from answers about half a build."""
    del files["policies/reader.json"]
    assert refused(files) == "IAM441 `policies/reader.json` is missing from the build"


def test_files_of_others_are_passed_over(files: dict[str, bytes]) -> None:
    """Protects what stands beside a build: it is none of its files."""
    files["notes.txt"] = b"\xff"
    assert reading.read(files, Report()) is not None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.update(version=2), "IAM440 `manifest.json` is of version 2, and not 1"),
        (lambda m: m.update(iamdsl=None), "IAM440 `manifest.json` was not written by iamdsl"),
        (lambda m: m.update(artifacts={}), "IAM442 the member `artifacts` is no list of objects"),
        (lambda m: m.update(aws=[]), "IAM442 the member `aws` is no object"),
        (
            lambda m: m["artifacts"][0].update(kind="other"),
            "IAM442 an artifact of the unknown kind `other`",
        ),
        (lambda m: m["artifacts"].append(m["artifacts"][0]), "IAM442 two artifacts have one file"),
        (
            lambda m: m["artifacts"][0].update(source=["main.iam:1"]),
            "IAM442 `main.iam:1` is no place of a source",
        ),
        (
            lambda m: m["artifacts"][0].update(source=["a:999999999:1-999999999:2"]),
            "IAM442 a place in `a` lies beyond what a source may hold",
        ),
        (lambda m: m["artifacts"][0].pop("name"), "IAM442 a member `name` is missing"),
    ],
)  # fmt: skip
def test_a_damaged_manifest_is_refused(
    files: dict[str, bytes], change: Callable[[object], None], said: str
) -> None:
    """Protects from guessing what a manifest that no build wrote could mean."""
    manifest = json.loads(files["manifest.json"])
    change(manifest)
    files["manifest.json"] = json.dumps(manifest).encode()
    assert refused(files) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "IAM442 `manifest.json` cannot be read: Expecting value: line 1 column 1 (char 0)"),
        (b"[]", "IAM442 `manifest.json` holds no object"),
        (b'{"a": 1, "a": 2}', "IAM442 `manifest.json` cannot be read: a member is written twice"),
        (b"[" * 100_000, "IAM442 a file of the build is nested too deeply"),
    ],
)
def test_no_manifest_at_all_is_refused(text: bytes, said: str) -> None:
    """Protects from any bytes that may lie in a folder under the manifest's name."""
    assert refused({"manifest.json": text}) == said


def test_a_folder_without_a_manifest_is_no_build() -> None:
    """Protects from reading whatever JSON lies about as a build."""
    assert refused({}) == "IAM440 there is no `manifest.json`"
