"""Templates in, JSON out: with the same values, what is built decides as the template would.

The values are put into the template's documents by hand here, where an `extern` stands for them,
and given to the build with `--set`'s means.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from comparator import compare

import iamdsl
from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.lift import formats
from iamdsl.project import importing
from iamdsl.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.lift import Estate
    from iamdsl.lift.estate import Extern

pytest.importorskip("yaml")

FOLDER = Path(__file__).parent / "lift" / "cloudformation"
REFUSED: dict[str, tuple[str, ...]] = {
    # a policy of the account for all its log groups, which are no one resource
    "resources.yaml": ("Logs",),
}
"""What has no form in the language yet, by the template."""
UNDECIDED = {"undecided.yaml", "sam_templates.yaml"}
"""Templates that are refused as a whole: `test_cloudformation` has what is said of them."""
TEMPLATES = sorted(path.name for path in FOLDER.iterdir() if path.name not in UNDECIDED)

PSEUDO = {"partition": "aws", "account": "111122223333", "region": "eu-west-1"}
OF_TYPE = {
    "AccountId": "222233334444",
    "Region": "eu-central-1",
    "Pattern": "p/*",
    "Arn": "arn:aws:iam::222233334444:policy/given",
}


def value_of(extern: Extern) -> str:
    """Return a value for an extern: of its type, no longer than it says, and its own."""
    if extern.name.startswith("secret"):  # the target of a policy tells the service
        return "arn:aws:secretsmanager:eu-west-1:111122223333:secret:given-AbCdEf"
    return OF_TYPE.get(extern.type, f"{extern.name[: (extern.max or 9) - 1].replace('_', '-')}1")


def imported(name: str) -> importing.Imported:
    return importing.run([str(FOLDER / name)], importing.Options(skip=True))


def estate_of(name: str) -> Estate:
    source = Source(name, (FOLDER / name).read_text(encoding="utf-8"))
    estate = formats.read(source, "template", Report())
    assert estate is not None
    assert estate != "other"
    return estate


def documents(estate: Estate) -> Iterator[tuple[str, list[iam.Policy]]]:
    """Yield the documents of an estate by the folder or file that they are built to."""
    for document in estate.build.documents:
        folder = {"resource": "resources", "scp": "scps", "rcp": "rcps", "session": "sessions",
                  "boundary": "boundaries"}.get(document.kind, "policies")  # fmt: skip
        yield f"{folder}/{document.name}.json", [document.policy]
    for identity in estate.build.identities:
        folder = f"{identity.kind}s/{identity.name}"
        if identity.trust is not None:
            yield f"{folder}/trust.json", [identity.trust]
        if identity.inline:
            yield f"{folder}/inline.json", [policy for _, policy in identity.inline]


def arns(estate: Estate) -> dict[str, str]:
    """Return the ARNs that the marks of identities and policies stand for."""
    start = f"arn:aws:iam::{PSEUDO['account']}"
    found = {
        f"entity {i.name}": f"{start}:{i.kind}{i.path}{i.name}" for i in estate.build.identities
    }
    return found | {
        f"entity {d.name}": f"{start}:policy{d.path}{d.name}"
        for d in estate.build.documents
        if d.is_managed
    }


def filled(policy: iam.Policy, values: dict[str, str]) -> dict[str, Any]:
    """Return a document with the values that its marks stand for."""
    mark = f"{iam.PLACEHOLDER_OPEN}([^{iam.PLACEHOLDER_CLOSE}]*){iam.PLACEHOLDER_CLOSE}"
    text = json.dumps(iam.to_json(policy), ensure_ascii=False)
    document: dict[str, Any] = json.loads(re.sub(mark, lambda found: values[found[1]], text))
    return document


@pytest.fixture(autouse=True)
def without_sam(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide aws-sam-translator, where it is installed."""
    monkeypatch.setitem(sys.modules, "samtranslator.policy_template_processor.processor", None)


@pytest.mark.parametrize("name", TEMPLATES)
def test_what_is_built_decides_as_the_template(name: str) -> None:
    """Every document of a template is built, and decides every request that is tried alike."""
    made = imported(name)
    assert sorted(made.refused) == sorted(REFUSED.get(name, ()))
    estate = estate_of(name)
    given = {extern.name: value_of(extern) for extern in estate.externs}
    text = "\n".join(source.text for source in made.sources)
    params = {k: v for k, v in given.items() if f"extern {k}:" in text}
    result = iamdsl.compile(
        {s.file: s.text for s in made.sources},
        params=params,
        partition=PSEUDO["partition"],
        account=PSEUDO["account"],
        region=PSEUDO["region"],
    )
    assert result.ok, [d.message for d in result.diagnostics]
    values = given | {f"aws.{k}": v for k, v in PSEUDO.items()} | arns(estate)
    compared = 0
    for file, policies in documents(estate):
        if any(part.removesuffix(".json") in made.refused for part in file.split("/")):
            continue
        before = [filled(policy, values) for policy in policies]
        after = [json.loads(result.files[file])]
        assert compare(before, after, rounds=50) is None, file
        compared += 1
    assert compared >= 1


def test_a_difference_would_be_seen() -> None:
    """The comparison is none of nothing: another value in one place is noticed."""
    estate = estate_of("pipeline.yaml")
    values = {e.name: value_of(e) for e in estate.externs}
    values |= {f"aws.{k}": v for k, v in PSEUDO.items()} | arns(estate)
    found = dict(documents(estate))["roles/PipelineRole/inline.json"]
    before = [filled(policy, values) for policy in found]
    after = [filled(policy, values | {"dev_account": "999999999999"}) for policy in found]
    assert compare(before, after, rounds=50) is not None


def test_other_yaml_in_a_folder_is_left_aside(tmp_path: Path) -> None:
    """A folder may hold manifests of other tools; a template that cannot be read is told."""
    (tmp_path / "app.yaml").write_text((FOLDER / "github.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "pods.yaml").write_text("a: 1\n---\nb: !other 2\n", encoding="utf-8")
    made = importing.run([str(tmp_path)], importing.Options())
    assert not made.failed
    assert len(made.ignored) == 1
    (tmp_path / "pods.yaml").write_text("Type: AWS::IAM::Role\nType: x\n", encoding="utf-8")
    assert importing.run([str(tmp_path)], importing.Options()).failed


def test_skipping_imports_the_rest(tmp_path: Path) -> None:
    """With `--skip` what a deployment decides is left out by name, and the rest is imported."""
    choice = "!If [C, 'arn:aws:s3:::a', '*']"
    policy = "Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Version: 2012-10-17, "
    policy += "Statement: {Effect: Allow, Action: 's3:GetObject', Resource: %s}}}"
    file = tmp_path / "t.yaml"
    file.write_text(
        f"Resources: {{A: {{{policy % choice}}}, B: {{{policy % repr('*')}}}}}\n", encoding="utf-8"
    )
    assert importing.run([str(file)], importing.Options()).failed
    made = importing.run([str(file)], importing.Options(skip=True))
    assert made.refused == ("A",)
    assert [s.text for s in made.sources] == ["policy B { allow s3:GetObject on * }\n"]
