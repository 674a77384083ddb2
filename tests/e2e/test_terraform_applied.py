"""Terraform itself reads what the targets `terraform…` write, and comes to what was built."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import nasty
import pytest
from clouds import ACCOUNT, EVERYTHING, VALUES, compiled, emitted
from hypothesis import given, settings
from terraforming import as_resources, as_values, blocks_of, terraform

import iamdsl
from iamdsl import iam
from iamdsl.emit import Facts
from iamdsl.emit.terraform import hcl, tf_json
from iamdsl.fit.steady import Piece, Placed

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.emit.terraform.tree import Block

pytestmark = pytest.mark.e2e

PLACE = {"account_id": ACCOUNT, "partition": "aws", "region": "eu-west-1"}
FORMS = ("terraform", "terraform-documents", "terraform-json")


def documents(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the documents among the arguments of a resource, by the argument."""
    found = {n: v for n, v in arguments.items() if n.endswith("policy") and v.startswith("{")}
    return {name: json.loads(text) for name, text in found.items()}


def test_terraform_makes_the_documents_that_json_has(tmp_path: Path) -> None:
    """With the same values, Terraform evaluates HCL and JSON to the documents of target `json`."""
    build, facts = compiled(tmp_path, EVERYTHING)
    made = blocks_of(build, facts)
    root = tmp_path / "root"
    root.mkdir()
    declared = [*as_values(made["main"], PLACE), *made["variables"]]
    (root / "main.tf").write_text(hcl.written(declared, "HCL"), encoding="utf-8")
    twin = tf_json.document(as_values(made["main"], PLACE, "twin_"), "JSON")
    (root / "twin.tf.json").write_text(json.dumps(twin), encoding="utf-8")
    values = [f"-var={name}={value}" for name, value in VALUES.items()]
    terraform(root, "apply", "-auto-approve", *values)
    told = json.loads(terraform(root, "output", "-json").stdout)
    own, other = (
        {n: a | documents(a) | {"arn": "", "id": ""} for n, a in told[f"{p}all"]["value"].items()}
        for p in ("", "twin_")
    )
    assert own == other
    want = iamdsl.compile(
        {"main.iam": EVERYTHING},
        params=VALUES,
        account=ACCOUNT,
        partition="aws",
        region="eu-west-1",
    )
    said = [
        json.dumps(json.loads(text), sort_keys=True)
        for name, text in want.files.items()
        if "/" in name and not name.endswith(("role.json", "user.json", "group.json"))
    ]
    texts = [d for a in told["all"]["value"].values() for d in documents(a).values()]
    assert sorted(json.dumps(d, sort_keys=True) for d in texts) == sorted(said)
    worker = own["aws_iam_role__worker"]
    assert worker["description"] == 'Works, for "dev"'
    assert worker["tags"] == {"stage": "dev", "a:b": "x=y + z@w"}


def test_files_are_laid_out_as_terraform_fmt_lays_them_out(tmp_path: Path) -> None:
    """`terraform fmt` has nothing to change, whatever texts stand between the quotes."""
    build, facts = compiled(tmp_path, EVERYTHING, targets=FORMS)
    root = tmp_path / "root"
    for form in FORMS:
        for name, data in emitted(form, build, facts).files.items():
            (root / form / name).parent.mkdir(parents=True, exist_ok=True)
            (root / form / name).write_bytes(data)
    for number, odd in enumerate(examples(30)):
        for form in FORMS[:2]:
            (root / f"{form}-{number}").mkdir()
            data = emitted(form, odd, Facts()).files["main.tf"]
            (root / f"{form}-{number}" / "main.tf").write_bytes(data)
    assert terraform(root, "fmt", "-check", "-diff", "-recursive", check=False).stdout == ""


def test_no_text_can_break_out_of_its_quotes(tmp_path: Path) -> None:
    """Texts that mean something to Terraform, or to JSON, arrive as they are."""
    builds = examples(40)
    for number, build in enumerate(builds):
        made = blocks_of(build, Facts())["main"]
        text = hcl.written(as_values(made, {}, f"h{number}_"), "HCL")
        (tmp_path / f"h{number}.tf").write_text(text, encoding="utf-8")
        data = tf_json.document(as_values(made, {}, f"j{number}_"), "JSON")
        (tmp_path / f"j{number}.tf.json").write_text(json.dumps(data), encoding="utf-8")
    terraform(tmp_path, "apply", "-auto-approve")
    told = json.loads(terraform(tmp_path, "output", "-json").stdout)
    for number, build in enumerate(builds):
        (document,), (role,) = build.documents, build.identities
        for form in "hj":
            found = told[f"{form}{number}_all"]["value"]
            kinds = {name.partition("__")[0]: arguments for name, arguments in found.items()}
            policy, made_role = kinds["aws_iam_policy"], kinds["aws_iam_role"]
            inline = kinds["aws_iam_role_policy"]
            attached = kinds["aws_iam_role_policy_attachment"]
            assert json.loads(policy["policy"]) == iam.to_json(document.policy)
            assert json.loads(inline["policy"]) == iam.to_json(role.inline[0][1])
            for thing, asked in ((policy, document), (made_role, role)):
                assert thing["name"] == asked.name
                assert thing["description"] == asked.description
                assert thing["path"] == asked.path
                assert thing["tags"] == dict(asked.tags)
            assert attached["policy_arn"] == policy["arn"]


HOSTILE = {
    "stage": ["", "devel", "dev\nprod", "*"],
    "lake": [
        "", "*", "arn:aws:s3:::a*", 'arn:aws:s3:::a"b', "arn:aws:s3:::${aws:username}",
        "arn:aws:s3:::a\\", "arn:aws:s3:::a/b", "arn:aws:sqs:eu-west-1:1:a", "arn:aws:s3:::a\n",
        f"arn:aws:s3:::{'a' * 60}", "arn:aws:s3:::é",
    ],
    "suffix": ["", "a*", "?", '"', "${x}", "a\nb", "a" * 21],
}  # fmt: skip


def test_values_that_could_change_a_policy_are_refused(tmp_path: Path) -> None:
    """Terraform refuses to plan with a value of an extern that is not as it was declared."""
    build, facts = compiled(tmp_path, EVERYTHING)
    root = tmp_path / "root"
    (root / "given").mkdir(parents=True)
    text = hcl.written(blocks_of(build, facts)["variables"], "variables")
    (root / "given" / "variables.tf").write_text(text, encoding="utf-8")
    asked = {"good": VALUES}
    for name, values in HOSTILE.items():
        for number, value in enumerate(values):
            asked[f"{name}_{number}"] = VALUES | {name: value}
    for label, given_ in asked.items():
        call: dict[str, Any] = {"source": "./given"}
        call |= {n: v.replace("${", "$${") for n, v in given_.items()}
        (root / f"{label}.tf.json").write_text(json.dumps({"module": {label: call}}))
    terraform(root, "init")
    lines = terraform(root, "plan", "-json", check=False).stdout.splitlines()
    told = [json.loads(line) for line in lines]
    refused = {m["diagnostic"]["range"]["filename"] for m in told if m["type"] == "diagnostic"}
    assert refused == {f"{label}.tf.json" for label in asked if label != "good"}


BEFORE = Placed((Piece("", ()), Piece("big", ()), Piece("big-2", ())))
AFTER = Placed(
    (Piece("", ()), Piece("big", ()), Piece("big-3", ())), order=("big-3", "", "big", "big-2")
)


def holding(names: list[str], actions: list[str]) -> iam.Build:
    """Return a role whose statements are in an inline policy and in managed ones."""

    def policy(action: str) -> iam.Policy:
        allow = iam.Statement("Allow", iam.Elements((action,)), iam.Elements(("*",)))
        return iam.Policy((allow,))

    documents_ = [
        iam.Document("managed", name, policy(action), split_from="big")
        for name, action in zip(names, actions[1:], strict=True)
    ]
    role = iam.Identity(
        "role",
        "big",
        trust=nasty.TRUST,
        inline=(("big", policy(actions[0])),),
        managed=tuple(iam.Attachment(name, ours=True) for name in names),
    )
    return iam.Build(tuple(documents_), (role,))


def test_nothing_goes_before_what_takes_its_place(tmp_path: Path) -> None:
    """What lost a statement changes after what got it, and what is gone is detached at the end."""
    steps = [
        (holding(["big", "big-2"], ["s3:A*", "s3:B*", "s3:C*"]), BEFORE),
        (holding(["big", "big-3"], ["s3:D*", "s3:E*", "s3:F*"]), AFTER),
    ]
    told = ""
    for build, placed in steps:
        made: list[Block] = blocks_of(build, Facts(placed={"role big": placed}))["main"]
        text = hcl.written(as_resources(made), "HCL")
        (tmp_path / "main.tf").write_text(text, encoding="utf-8")
        told = terraform(tmp_path, "apply", "-auto-approve", "-no-color").stdout
    done = re.findall(
        r"^terraform_data\.(\w+): (?:Creation|Modifications|Destruction) complete",
        told,
        re.MULTILINE,
    )
    attachment = "aws_iam_role_policy_attachment__big_"
    assert done == [
        "aws_iam_policy__big_3",
        f"{attachment}_big_3",
        "aws_iam_role_policy__big",
        "aws_iam_policy__big",
        "role__big__policies",
        f"{attachment}_big_2",
        "aws_iam_policy__big_2",
    ]


def examples(number: int) -> list[iam.Build]:
    """Return builds whose texts try to break out, the same ones each time."""
    found: list[iam.Build] = []

    @settings(max_examples=number, database=None, derandomize=True, deadline=None)
    @given(nasty.builds())
    def draw(build: iam.Build) -> None:
        found.append(build)

    draw()
    return found[:number]
