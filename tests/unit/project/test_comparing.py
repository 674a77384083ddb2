"""The sides of a comparison: what a path is taken for, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from iamdsl import iam
from iamdsl.project import Options
from iamdsl.project.comparing import Loaded, load

if TYPE_CHECKING:
    from pathlib import Path

POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
}
SOURCE = "policy reader { allow s3:GetObject on arn:aws:s3:::photos/* }\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(folder: Path, files: dict[str, Any]) -> None:
    for name, value in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        text = value if isinstance(value, str) else json.dumps(value)
        (folder / name).write_text(text, encoding="utf-8")


def names(loaded: Loaded) -> list[str]:
    """Return what a side holds, as kind and name."""
    assert loaded.side is not None, loaded.diagnostics
    build = loaded.side.build
    return [f"{d.kind} {d.name}" for d in build.documents] + [
        f"{i.kind} {i.name}" for i in build.identities
    ]


def codes(loaded: Loaded) -> list[str]:
    assert loaded.side is None
    return [d.code.number for d in loaded.diagnostics]


def test_documents_of_a_folder_are_called_by_the_way_to_them(tmp_path: Path) -> None:
    """Files of one name in several folders stay apart, on both sides alike."""
    write(tmp_path, {"docs/a/p.json": POLICY, "docs/b/p.json": POLICY, "docs/q.json": POLICY})
    assert names(load("docs", Options())) == ["managed q", "managed a/p", "managed b/p"]


def test_a_document_with_principals_is_a_resource_policy(tmp_path: Path) -> None:
    """Of what resource, and whether it is a trust policy, does not matter to what it means."""
    statement = {**POLICY["Statement"], "Principal": "*"}
    write(tmp_path, {"p.json": {**POLICY, "Statement": statement}})
    assert names(load("p.json", Options())) == ["resource p"]


def test_statements_that_an_identity_holds_itself_count(tmp_path: Path) -> None:
    """Whatever reader finds them: what is compared is where AWS would have it."""
    write(tmp_path, {"analyst.json": {"InlinePolicy": json.dumps(POLICY)}})
    loaded = load("analyst.json", Options())
    assert loaded.side is not None
    (made,) = loaded.side.build.identities
    assert (made.kind, made.own, [n for n, _ in made.inline]) == (
        "permission_set",
        None,
        ["analyst"],
    )


def test_a_folder_of_sources_is_a_project_with_its_own_settings(tmp_path: Path) -> None:
    """The settings' `sources` count for the folder that has them, and for it alone."""
    settings = 'sources = ["src/*.iam"]\n'
    write(tmp_path, {"p/iamdsl.toml": settings, "p/src/a.iam": SOURCE, "p/other.iam": "mistake"})
    assert names(load("p", Options())) == ["managed reader"]
    assert names(load("p/src", Options())) == ["managed reader"]
    assert codes(load("p/other.iam", Options())) == ["IAM001"]


def test_other_files_of_a_folder_are_passed_over_and_broken_ones_are_not(tmp_path: Path) -> None:
    """A policy that cannot be read is not one that is not there."""
    write(tmp_path, {"docs/p.json": POLICY, "docs/package.json": {"name": "x"}})
    assert names(load("docs", Options())) == ["managed p"]
    write(tmp_path, {"docs/q.json": '{"Version": "2012-10-17", "Statement": '})
    assert codes(load("docs", Options())) == ["IAM605"]
    write(tmp_path, {"docs/q.json": {**POLICY, "Statement": {"Effect": "Allow"}}})
    assert codes(load("docs", Options())) == ["IAM601"]


@pytest.mark.parametrize(
    ("path", "code"),
    [("nowhere", "IAM503"), ("empty", "IAM453"), ("x.json", "IAM453"), ("p/iamdsl.toml", "IAM453")],
)
def test_what_holds_nothing_is_refused(tmp_path: Path, path: str, code: str) -> None:
    """Nothing never passes for a side on which nothing is allowed."""
    write(tmp_path, {"empty/README": "x", "x.json": {"a": 1}, "p/iamdsl.toml": ""})
    assert codes(load(path, Options())) == [code]


def test_what_is_open_is_said_or_refused(tmp_path: Path) -> None:
    """Two values that nobody knows may be the same or not."""
    arn = {"Fn::Sub": "arn:${AWS::Partition}:s3:::photos/*"}
    policy = {**POLICY, "Statement": {**POLICY["Statement"], "Resource": arn}}
    properties = {"ManagedPolicyName": "p", "PolicyDocument": policy}
    resource = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
    write(tmp_path, {"t.json": {"Resources": {"P": resource}}})
    assert codes(load("t.json", Options())) == ["IAM454"]
    loaded = load("t.json", Options(params=(("aws.partition", "aws"),)))
    assert loaded.side is not None
    (document,) = loaded.side.build.documents
    assert document.policy.statements[0].resources == iam.Elements(("arn:aws:s3:::photos/*",))


def test_stdin_is_a_document_or_a_source() -> None:
    """Which of the two is told by how it begins."""
    piped = Options(stdin=f"\n {json.dumps(POLICY)}".encode())
    assert names(load("-", piped)) == ["managed imported"]
    assert names(load("-", Options(stdin=SOURCE.encode()))) == ["managed reader"]


def test_a_manifest_of_others_makes_no_build(tmp_path: Path) -> None:
    """A `manifest.json` is a build's only where iamdsl wrote it."""
    write(tmp_path, {"docs/manifest.json": {"name": "app"}, "docs/p.json": POLICY})
    assert names(load("docs", Options())) == ["managed p"]
