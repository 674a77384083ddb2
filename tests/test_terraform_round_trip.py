"""What the targets of Terraform write is read by `iamdsl import`, and built again: the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from clouds import ACCOUNT, EVERYTHING, VALUES, compiled, emitted

import iamdsl
from iamdsl.diagnostics import Report
from iamdsl.emit import emit
from iamdsl.project import Options, importing, load_project
from iamdsl.project.making import build_and_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

pytest.importorskip("hcl2")

EXAMPLES = Path(__file__).parent.parent / "examples"
FORMS = ("terraform", "terraform-documents")
PLACE = {"account": ACCOUNT, "partition": "aws", "region": "eu-west-1"}


def imported(
    files: Mapping[str, bytes], prefix: str, place: Mapping[str, str], folder: Path
) -> dict[str, Any]:
    """Return the documents that come of a module when it is imported and built."""
    texts = {n.removeprefix(prefix): d for n, d in files.items() if n.startswith(prefix)}
    for name, data in texts.items():
        if name.endswith(".tf") and "/" not in name:
            (folder / name).write_bytes(data)
    made = importing.run([str(folder)], importing.Options())
    assert not made.failed, [d.message for d in made.diagnostics]
    text = "\n".join(source.text for source in made.sources)
    params = {name: value for name, value in VALUES.items() if f"extern {name}:" in text}
    built = iamdsl.compile(
        {source.file: source.text for source in made.sources},
        params=params,
        account=place["account"],
        partition=place["partition"],
        region=place["region"],
    )
    assert built.ok, [d.message for d in built.diagnostics]
    return {name: json.loads(text) for name, text in built.files.items()}


def comparable(files: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return what has to come back.

    Policies of resources have no names there, and a managed policy is a boundary only where an
    identity of the module has it as one.
    """
    found = {}
    for name, data in files.items():
        folder, slash, rest = name.removeprefix(prefix).partition("/")
        if name.startswith(prefix) and slash and "/" not in folder and "manifest" not in name:
            said = {"boundaries": "policies"}.get(folder, folder)
            if said == "resources":
                rest = json.dumps(data, sort_keys=True)
            found[f"{said}/{rest}"] = _settings(data, prefix) if isinstance(data, dict) else data
    return found


def _settings(data: dict[str, Any], prefix: str) -> dict[str, Any]:
    text = json.dumps(data).replace(f'"{prefix}', '"').replace("boundaries/", "policies/")
    made: dict[str, Any] = json.loads(text)
    if made.get("MaxSessionDuration") == 3600:
        del made["MaxSessionDuration"]  # which is what AWS has if nothing is said
    return made


@pytest.mark.parametrize("form", FORMS)
def test_everything_comes_back(form: str, tmp_path: Path) -> None:
    """Every document, identity and setting is the same after Terraform's files were imported."""
    build, facts = compiled(tmp_path, EVERYTHING, targets=(form,))
    (tmp_path / "module").mkdir()
    back = imported(emitted(form, build, facts).files, "", PLACE, tmp_path / "module")
    want = iamdsl.compile(
        {"main.iam": EVERYTHING},
        params=VALUES,
        account=ACCOUNT,
        partition="aws",
        region="eu-west-1",
    )
    texts = {name: json.loads(text) for name, text in want.files.items()}
    assert comparable(back) == comparable(texts)


@pytest.mark.parametrize(
    ("example", "form", "account"),
    [
        ("guardrails", "terraform", ""),
        ("team", "terraform-documents", ""),
        ("github-deploy", "terraform-documents", ""),
        ("organization", "terraform-documents", "orders-test"),
        ("organization", "terraform", "log-archive"),
    ],
)
def test_examples_come_back(example: str, form: str, account: str, tmp_path: Path) -> None:
    """So do the examples, in the nameless place and in an account of an organization."""
    project = load_project([], Options(targets=("json",)), start=str(EXAMPLES / example))
    made = build_and_facts(project, Report())
    assert made is not None
    build, facts = made
    prefix = f"{account}/" if account else ""
    place = PLACE | dict(facts.pseudo)
    for found in build.accounts:
        if found.name == account:
            place["account"] = found.id
    report = Report()
    files = emit((form,), build, facts, report).files
    assert not report.diagnostics
    documents = emit(("json",), build, facts, Report()).files
    want = comparable({n: json.loads(d) for n, d in documents.items()}, prefix)
    assert comparable(imported(files, prefix, place, tmp_path)) == want
