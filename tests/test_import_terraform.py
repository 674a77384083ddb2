"""Terraform's files and states in, JSON out: what is built decides as Terraform's documents.

The values of variables are put into the documents by hand here, and given to the build.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from comparator import compare
from test_import_templates import PSEUDO, arns, documents, filled, value_of

import iamdsl
from iamdsl.diagnostics import Report
from iamdsl.lift import formats
from iamdsl.project import importing
from iamdsl.source import Source

if TYPE_CHECKING:
    from iamdsl.lift import Estate

pytest.importorskip("hcl2")

FOLDER = Path(__file__).parent / "lift" / "terraform"
UNDECIDED = {"documents", "vendor", "plan.json"}
"""What is refused as a whole, or has no resource: the tests of the readers have what is said."""
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.name not in UNDECIDED)
OWNERS = {
    "data_arn": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd",
    "alarms_arn": "arn:aws:sns:eu-west-1:111122223333:alarms",
    "inbox_arn": "arn:aws:sqs:eu-west-1:111122223333:inbox",
    "s3_arn": "arn:aws:ec2:eu-west-1:111122223333:vpc-endpoint/vpce-1a2b3c4d",
    "jobs_arn": "arn:aws:sqs:eu-west-1:111122223333:jobs",
}
"""Of resources that have policies: the ARN tells the service."""


def estate_of(name: str) -> Estate:
    path = FOLDER / name
    report = Report()
    if path.is_dir():
        sources = [Source(f.name, f.read_text("utf-8")) for f in sorted(path.glob("*.tf"))]
        estate = formats.read_module(sources, report)
    else:
        found = formats.read(Source(name, path.read_text("utf-8")), "state", report)
        assert found != "other"
        estate = found
    assert estate is not None
    return estate


@pytest.mark.parametrize("name", NAMES)
def test_what_is_built_decides_as_terraform(name: str) -> None:
    """Every document is built, and decides every request that is tried alike."""
    made = importing.run([str(FOLDER / name)], importing.Options(skip=True))
    assert not made.refused
    estate = estate_of(name)
    pseudo = PSEUDO | dict(estate.pseudo)
    given = {e.name: OWNERS.get(e.name) or value_of(e) for e in estate.externs}
    text = "\n".join(source.text for source in made.sources)
    result = iamdsl.compile(
        {s.file: s.text for s in made.sources},
        params={k: v for k, v in given.items() if f"extern {k}:" in text},
        partition=pseudo["partition"],
        account=pseudo["account"],
        region=pseudo["region"],
    )
    assert result.ok, [d.message for d in result.diagnostics]
    values = given | {f"aws.{k}": v for k, v in pseudo.items()} | arns(estate)
    compared = 0
    own = [(f"{i.kind}s/{i.name}/inline.json", [i.own]) for i in estate.build.identities if i.own]
    for file, policies in (*documents(estate), *own):
        if any(part.removesuffix(".json") in made.refused for part in file.split("/")):
            continue
        before = [filled(policy, values) for policy in policies]
        assert compare(before, [json.loads(result.files[file])], rounds=50) is None, file
        compared += 1
    assert compared >= 1
