"""Several targets at once: a folder each, one manifest over all, and questions to what was built."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from commands import run

from iamdsl.diagnostics import Report
from iamdsl.emit import Facts, _targets, emit
from iamdsl.iam import Build
from iamdsl.project import config

SOURCE = """\
policy reader { allow s3:GetObject on arn:aws:s3:::photos/* }
role worker {
  trust service lambda
  attach reader
  allow sqs:SendMessage on sqs:queue("jobs")
}
account blue 222233334444 {
  role visitor { trust service ec2   allow s3:ListBucket on arn:aws:s3:::photos }
}
test "photos" of worker { allows s3:GetObject on arn:aws:s3:::photos/1.jpg }
"""
PLACE = '[aws]\npartition = "aws"\naccount = "111122223333"\nregion = "eu-west-1"\n'
ASK = "iamdsl simulate --build build --as worker"
OPEN = """\
extern lake: s3:bucket max 63
policy reader { allow s3:GetObject on "{lake}/*" }
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a project whose settings ask for no target."""
    monkeypatch.chdir(tmp_path)
    Path("main.iam").write_text(SOURCE, encoding="utf-8")
    settings()


def settings(*targets: str) -> None:
    """Write the settings of a project with targets, or without."""
    line = f"targets = {json.dumps(targets)}\n" if targets else ""
    Path("iamdsl.toml").write_text(line + PLACE, encoding="utf-8")


def built(command: str = "iamdsl build") -> set[str]:
    """Build, and return all files that are there, relative to the output folder."""
    got = run(command)
    assert got.code == 0, got.stderr
    return {p.relative_to("build").as_posix() for p in Path("build").rglob("*") if p.is_file()}


def manifest() -> Any:
    """Return the manifest of the build."""
    return json.loads(Path("build/manifest.json").read_text(encoding="utf-8"))


# What there is


def test_settings_and_emit_know_the_same_targets() -> None:
    """The settings are read without loading targets, so their list is written twice."""
    assert [*config.TARGETS] == ["json", *_targets.TARGETS]


@pytest.mark.parametrize("target", _targets.TARGETS)
def test_every_target_is_there(target: str) -> None:
    """What the settings take is a module that can be asked."""
    name, _ = _targets.TARGETS[target]
    assert callable(import_module(f"iamdsl.emit.{name}").emit)


@pytest.mark.parametrize("target", config.TARGETS)
def test_nothing_comes_of_nothing(target: str) -> None:
    """Where there is nothing to deploy, only the manifest is written."""
    report = Report()
    emission = emit((target,), Build(), Facts(), report)

    assert list(emission.files) == ["manifest.json"]
    assert not report.diagnostics


def test_targets_that_nobody_knows_are_a_bug() -> None:
    """The settings have refused them already."""
    with pytest.raises(ValueError, match="no target 'yaml'"):
        emit(("yaml",), Build(), Facts(), Report())


# Where files go


def test_one_target_is_written_at_the_top() -> None:
    """Whoever wants one way of deployment needs no folder for it."""
    assert built("iamdsl build --target cloudformation") == {
        "manifest.json", "template.yaml", "blue/template.yaml",
    }  # fmt: skip


def test_several_have_a_folder_each() -> None:
    """The files of one are where they are without the others, below its name."""
    alone = built("iamdsl build")
    both = built("iamdsl build --target json --target cloudformation-json")

    documents = {file for file in both if file.startswith("json/")}
    assert documents == {f"json/{file}" for file in alone if file != "manifest.json"}
    assert both - documents == {
        "manifest.json", "cloudformation-json/template.json",
        "cloudformation-json/blue/template.json",
    }  # fmt: skip


def test_documents_are_the_same_whatever_else_is_built() -> None:
    """A target does not change what another one writes."""
    built("iamdsl build")
    alone = Path("build/roles/worker/inline.json").read_bytes()
    built("iamdsl build --target cloudformation --target json")

    assert Path("build/json/roles/worker/inline.json").read_bytes() == alone


def test_settings_and_options_ask_for_the_same() -> None:
    """`--target` stands over `targets` in the settings; twice is once."""
    settings("json", "cloudformation")
    by_settings = built()
    settings("terraform")
    by_option = built("iamdsl build --target json --target cloudformation --target json")

    assert by_settings == by_option


def test_what_is_asked_for_no_more_goes_away() -> None:
    """A target that is taken out of the settings leaves nothing behind, nor do its folders."""
    settings("json", "cloudformation")
    built()
    Path("build/cloudformation/mine.txt").write_text("", encoding="utf-8")
    settings("json", "cloudformation-json")
    left = built()

    assert "cloudformation/mine.txt" in left
    assert not [file for file in left if file.startswith("cloudformation/") and "mine" not in file]
    assert not Path("build/cloudformation/blue").exists()
    settings("json")
    assert not [file for file in built() if file.startswith(("json/", "cloudformation-json/"))]


# The manifest


def test_manifest_is_over_all_files() -> None:
    """Every file of every target is in it once, with the digest that the file has."""
    files = built("iamdsl build --target json --target cloudformation --target sam")
    entries = manifest()["artifacts"]

    assert manifest()["targets"] == ["json", "cloudformation", "sam"]
    assert {entry["file"] for entry in entries} == files - {"manifest.json"}
    assert len(entries) == len(files) - 1
    for entry in entries:
        data = Path("build", entry["file"]).read_bytes()
        assert entry["sha256"] == sha256(data).hexdigest(), entry["file"]


def test_manifest_says_what_a_template_holds() -> None:
    """A file that deploys a place tells of what is in it, of whose it is, and of its sources."""
    built("iamdsl build --target cloudformation --target json")
    first, second = (e for e in manifest()["artifacts"] if e["kind"] == "template")

    assert [d["name"] for d in first["documents"]] == ["reader"]
    assert [i["name"] for i in first["identities"]] == ["worker"]
    assert "account" not in first
    assert second["account"] == {"name": "blue", "id": "222233334444"}
    assert all(place.startswith("main.iam:") for place in first["source"] + second["source"])


def test_paths_within_the_manifest_are_in_the_folder_of_the_target() -> None:
    """What an entry says of other files leads to files that are there."""
    built("iamdsl build --target cloudformation --target json")

    for entry in manifest()["artifacts"]:
        if "of" in entry:
            assert Path("build", entry["of"]).exists(), entry


# Printed


def test_one_file_is_printed_as_it_is() -> None:
    """What goes into a pipe is the template itself, whatever its language."""
    Path("main.iam").write_text(SOURCE[: SOURCE.index("account")], encoding="utf-8")
    built("iamdsl build --target cloudformation")
    printed = run("iamdsl build --target cloudformation --print").stdout

    assert printed == Path("build/template.yaml").read_text(encoding="utf-8")


def test_several_files_are_printed_as_one_object() -> None:
    """JSON is an object there, and what is none is text."""
    files = built("iamdsl build --target json --target cloudformation")
    for option in ("", " --minify"):
        command = f"iamdsl build --target json --target cloudformation --print{option}"
        printed = json.loads(run(command).stdout)

        assert set(printed) == files - {"manifest.json"}
        for name, text in printed.items():
            there = Path("build", name).read_text(encoding="utf-8")
            assert (json.loads(there) if name.endswith(".json") else there) == text


# Reading a build back


def test_questions_to_a_build_of_several_targets() -> None:
    """`diff` and `simulate` take what JSON there is, in its folder."""
    built("iamdsl build --target cloudformation --target json")
    simulated = run(f"{ASK} --action s3:GetObject --resource arn:aws:s3:::photos/1.jpg")
    compared = run("iamdsl diff build .")

    assert simulated.code == 0, simulated.stderr
    assert simulated.stdout.startswith("allowed"), simulated.stdout
    assert compared.code == 0, compared.stderr
    assert compared.stdout == "no difference\n"


def test_questions_to_a_build_without_json() -> None:
    """What nobody can read back is said to be so, with what to do."""
    built("iamdsl build --target cloudformation --target sam")
    for command in ("iamdsl diff build .", f"{ASK} --action iam:GetUser --resource *"):
        got = run(command)
        assert got.code != 0
        assert "the build holds `cloudformation`, `sam`, and no JSON" in got.stderr
        assert "build the target `json` as well" in got.stderr


def test_tests_need_no_json() -> None:
    """`iamdsl test` asks what the documents say, whatever the project is deployed by."""
    settings("cloudformation")
    got = run("iamdsl test")

    assert got.code == 0, got.stdout + got.stderr
    assert "1 passed" in got.stdout


# What a deployment knows


def test_externs_are_open_where_every_target_has_a_way_to_ask() -> None:
    """A template asks for the value when it is deployed."""
    Path("main.iam").write_text(OPEN, encoding="utf-8")
    built("iamdsl build --target cloudformation --target sam")
    (template, _) = manifest()["artifacts"]

    assert template["externs"] == ["lake"]
    assert "Parameters:" in Path("build/cloudformation/template.yaml").read_text(encoding="utf-8")


def test_externs_have_values_where_json_is_built_as_well() -> None:
    """JSON has no way to ask: a value is needed, which then is the same everywhere."""
    Path("main.iam").write_text(OPEN, encoding="utf-8")
    both = "iamdsl build --target cloudformation --target json --output-format concise"
    refused = run(both)
    given = run(f"{both} --set lake=arn:aws:s3:::acme-lake")

    assert refused.code == 1
    assert "IAM308" in refused.stderr
    assert given.code == 0, given.stderr
    assert manifest()["artifacts"][0]["externs"] == []
    for file in ("cloudformation/template.yaml", "json/policies/reader.json"):
        assert "arn:aws:s3:::acme-lake/*" in Path("build", file).read_text(encoding="utf-8")


# What a target cannot hold

KEY = """\
policy main-key for kms:key("1234abcd-12ab-34cd-56ef-1234567890ab") {
  allow kms:* to account 111122223333 on *
}
"""
CIRCLE = "role red { trust blue }\nrole blue { trust red }\n"


def test_what_is_left_out_is_a_warning_like_any_other() -> None:
    """A comment, a level and an entry of `[[lint.ignore]]` pass over it, each with a build."""
    build = "iamdsl build --target cloudformation --output-format concise"
    Path("main.iam").write_text(KEY, encoding="utf-8")
    assert "warning[IAM703]" in run(build).stderr
    assert run(f"{build} --error-on-warning").code == 1

    Path("main.iam").write_text(f"# allow: not-deployed -- it is elsewhere\n{KEY}")
    assert "IAM703" not in run(build).stderr
    Path("main.iam").write_text(KEY, encoding="utf-8")
    for setting in (
        '[lint]\nnot-deployed = "off"\n',
        '[[lint.ignore]]\ncodes = ["IAM703"]\npaths = ["main.iam"]\nreason = "elsewhere"\n',
    ):
        Path("iamdsl.toml").write_text(PLACE + setting, encoding="utf-8")
        assert "IAM703" not in run(build).stderr


def test_check_says_what_would_be_left_out() -> None:
    """The review looks at what the project is deployed by; what one target needs is not needless."""
    Path("main.iam").write_text(f"# allow: not-deployed -- it is elsewhere\n{KEY}")
    assert run("iamdsl check").stdout.startswith("ok: ")
    settings("cloudformation")
    assert run("iamdsl check").stdout.startswith("ok: ")
    Path("main.iam").write_text(KEY, encoding="utf-8")
    assert "IAM703" in run("iamdsl check").stdout


def test_nothing_is_written_where_one_target_cannot_say_it() -> None:
    """A build is whole: JSON does not change where the template beside it could not be made."""
    before = built("iamdsl build --target json --target cloudformation")
    Path("main.iam").write_text(CIRCLE, encoding="utf-8")
    got = run("iamdsl build --target json --target cloudformation --output-format concise")

    assert got.code == 1
    assert "error[IAM701]" in got.stderr
    there = {p.relative_to("build").as_posix() for p in Path("build").rglob("*") if p.is_file()}
    assert there == before
    Path("iamdsl.toml").write_text('[lint]\ntarget-cannot-say = "warn"\n', encoding="utf-8")
    assert run("iamdsl build --target cloudformation").code == 2  # an error stays one


# Settings


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('targets = ["json", "cloudfromation"]', "did you mean `cloudformation`?"),
        ('targets = ["json", "json"]', "`targets` must be a list of targets, each once"),
        ("targets = []", "`targets` must be a list of targets, each once"),
        ('targets = "json"', "`targets` must be"),
        ("[targets]\njson = true", "`targets` must be"),
    ],
)
def test_settings_that_ask_for_no_target(line: str, said: str) -> None:
    """A slip in the settings must not leave out a deployment."""
    Path("iamdsl.toml").write_text(f"{line}\n", encoding="utf-8")
    got = run("iamdsl build")

    assert got.code == 2
    assert said in got.stderr


def test_option_that_asks_for_no_target() -> None:
    """The command line knows the same ones."""
    got = run("iamdsl build --target cloudfront")

    assert got.code == 2
    assert "'cloudfront' is not one of 'json', 'cloudformation'" in got.stderr
