"""What the target `cloudformation` writes is read by `iamdsl import`, and built again: the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from clouds import ACCOUNT, EVERYTHING, VALUES, compiled

import iamdsl
from iamdsl.diagnostics import Report
from iamdsl.emit import emit
from iamdsl.project import importing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytest.importorskip("yaml")

NAMES = {"jobs-queue": "SqsJobsAccess", "lake-bucket": "S3LakeAccess"}
"""A template has no names for policies of resources but their ids."""


def documents(sources: Mapping[str, str]) -> dict[str, Any]:
    """Return what is built of sources with the values of the deployment, by file."""
    text = "\n".join(sources.values())
    params = {name: value for name, value in VALUES.items() if f"extern {name}:" in text}
    built = iamdsl.compile(
        dict(sources), params=params, account=ACCOUNT, partition="aws", region="eu-west-1"
    )
    assert built.ok, [d.message for d in built.diagnostics]
    return {n: json.loads(t) for n, t in built.files.items() if not n.startswith("manifest")}


@pytest.mark.parametrize("target", ["cloudformation", "cloudformation-json", "sam"])
def test_everything_comes_back(target: str, tmp_path: Path) -> None:
    """A reader that knows nothing of the writer finds every document, name and setting."""
    emission = emit((target,), *compiled(tmp_path, EVERYTHING), Report())
    (name,) = [n for n in emission.files if n != "manifest.json"]
    (tmp_path / name).write_bytes(emission.files[name])
    made = importing.run([str(tmp_path / name)], importing.Options())
    assert not made.failed, [d.message for d in made.diagnostics]
    back = documents({source.file: source.text for source in made.sources})
    for file, data in documents({"main.iam": EVERYTHING}).items():
        stem = file.rpartition("/")[2].removesuffix(".json")
        there = back[file.replace(stem, NAMES.get(stem, stem))]
        if "ManagedPolicies" in data:  # in no order of AWS's
            for settings in (data, there):
                settings["ManagedPolicies"].sort(key=str)
        assert there == data, file
    assert len(back) == len(documents({"main.iam": EVERYTHING}))
