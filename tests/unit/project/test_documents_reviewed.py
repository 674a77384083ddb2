"""`check` of documents of many kinds: what users have in their folders, right or damaged."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from iamdsl.cli import main

if TYPE_CHECKING:
    from pathlib import Path

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
NEEDS_YAML = pytest.mark.skipif(find_spec("yaml") is None, reason="YAML is of the extra `import`")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(*words: str, stdin: str | None = None) -> tuple[int, str]:
    """Return the exit code of a check with every rule on, and what it says in short."""
    options = ("--preset", "strict", "--output-format", "concise")
    result = CliRunner().invoke(main, ["check", *words, *options], input=stdin)
    return result.exit_code, result.output


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def stack(statement: Any, **role: Any) -> dict[str, Any]:
    """Return a template with a managed policy and a role."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
             "Action": "sts:AssumeRole"}  # fmt: skip
    properties = {"AssumeRolePolicyDocument": document(trust), **role}
    return {
        "Resources": {
            "P": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {"PolicyDocument": document(statement)},
            },
            "R": {"Type": "AWS::IAM::Role", "Properties": properties},
        }
    }


def put(folder: Path, name: str, value: Any) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_misspelt_version_that_is_wrong(here: Path) -> None:
    """What is wrong with the value of a misspelt member is shown where it stands."""
    put(here, "p.json", {"version": "2012", "Statement": [ALLOW]})
    code, said = check("p.json")
    assert code == 1
    assert said == (
        "p.json:1:2: error[IAM601]: a policy has no element `version`\n"
        "p.json:1:13: error[IAM601]: `2012` is no version of the policy language\n"
        "2 errors\n"
    )


def test_a_resource_that_has_no_end(here: Path) -> None:
    """A text that is far too long is told of by its beginning."""
    put(here, "p.json", document({**ALLOW, "Resource": "a" * 3000}))
    code, said = check("p.json")
    assert code == 1
    assert f"error[IAM214]: `{'a' * 100}…` has 3,000 characters\n" in said


def test_marks_of_a_template_count_for_nothing(here: Path) -> None:
    """A policy with parameters in it is measured without them."""
    many = [
        {"Fn::Sub": f"arn:aws:s3:::${{Bucket}}-with-a-long-name-{n}-${{AWS::AccountId}}/*"}
        for n in range(200)
    ]
    template = stack({**ALLOW, "Resource": many}, ManagedPolicyArns=[{"Ref": "P"}])
    put(here, "t.json", {"Parameters": {"Bucket": {"Type": "String"}}, **template})
    code, said = check("t.json")
    assert code == 0
    assert "warning[IAM301]: policy `P` has 7,9" in said


def test_stacks_are_reviewed_apart(here: Path) -> None:
    """Names of one template are nothing to another, whatever they are checked with."""
    put(here, "a.json", stack(ALLOW, ManagedPolicyArns=[{"Ref": "P"}]))
    put(here, "b.json", stack({"Effect": "Allow", "Action": "*", "Resource": "*"}))
    alone = check("a.json")[1].splitlines()[:-1] + check("b.json")[1].splitlines()[:-1]
    together = check("a.json", "b.json")[1].splitlines()[:-1]
    assert together == alone
    assert [line.partition("[")[2][:6] for line in together] == ["IAM848", "IAM824"]


def test_what_a_stack_hands_out_may_be_attached_elsewhere(here: Path) -> None:
    """A policy that is an output, and one whose role is elsewhere, are not called unattached."""
    put(here, "t.json", {**stack(ALLOW), "Outputs": {"P": {"Value": {"Ref": "P"}}}})
    assert check("t.json") == (0, "ok: 2 documents\n")
    template = stack(ALLOW)
    template["Resources"]["P"]["Properties"]["Roles"] = ["elsewhere"]
    put(here, "t.json", template)
    assert check("t.json") == (0, "ok: 2 documents\n")


def test_an_answer_about_one_policy_tells_of_no_attachments(here: Path) -> None:
    """Only what is a whole account can say that nobody has a policy."""
    put(here, "p.json", {"PolicyVersion": {"Document": document(ALLOW), "VersionId": "v1",
                                           "IsDefaultVersion": True}})  # fmt: skip
    assert check("p.json") == (0, "ok: 1 document\n")


def test_what_a_deployment_decides_is_no_mistake(here: Path) -> None:
    """A part of a template that cannot be known is a note, and the rest is reviewed."""
    conditional = {"Fn::If": ["IsProd", {"Ref": "P"}, {"Ref": "AWS::NoValue"}]}
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    template = stack(everything, ManagedPolicyArns=[conditional])
    put(here, "t.json", {"Conditions": {"IsProd": True}, **template})
    code, said = check("t.json")
    assert code == 0
    assert ": note[IAM610]: `R` is not reviewed\n" in said
    assert "IAM824" in said
    assert "IAM848" not in said
    code = CliRunner().invoke(main, ["check", "t.json", "--error-on-warning"]).exit_code
    assert code == 1  # for the administrator's policy


def test_nothing_is_said_of_a_source_that_nobody_makes(here: Path) -> None:
    """What import leaves out of its sources, or calls by another name, is no finding."""
    template = stack(ALLOW, RoleName={"Fn::Sub": "${AWS::StackName}-r"},
                     ManagedPolicyArns=[{"Ref": "P"}])  # fmt: skip
    template["Resources"]["O"] = {"Type": "AWS::IAM::OIDCProvider", "Properties": {}}
    template["Resources"]["R"]["Condition"] = "IsProd"
    put(here, "t.json", {"Conditions": {"IsProd": True}, **template})
    assert check("t.json") == (0, "ok: 2 documents\n")


@NEEDS_YAML
@pytest.mark.skipif(find_spec("samtranslator") is None, reason="it knows SAM's templates")
def test_policy_templates_of_sam_are_not_for_people_to_mend(here: Path) -> None:
    """Actions and versions that SAM brings along stand in nobody's file."""
    put(
        here,
        "t.yaml",
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  W:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties:\n"
        "      Handler: app.handler\n"
        "      Policies: [SQSPollerPolicy: {QueueName: jobs}]\n",
    )
    assert check("t.yaml") == (0, "ok: 2 documents\n")


def test_a_key_twice_and_a_mistake_after_it(here: Path) -> None:
    """A text that is no JSON behind a repeated key is told of by what is no JSON."""
    put(here, "p.json", '{"Statement": [{"Effect": "Allow", "Effect": "Deny"}, x]}')
    assert check("p.json") == (
        1,
        "p.json:1:55: error[IAM605]: `p.json` is no JSON: a value is expected\n1 error\n",
    )


def test_stdin_is_what_it_looks_like() -> None:
    """A document that is piped in needs no `--kind`, and a source is one as before."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    said = "warning[IAM824]: policy `imported` allows everything on everything\n1 warning\n"
    piped = f"\ufeff\n{json.dumps(document(everything))}"
    assert check("-", stdin=piped) == (0, f"<stdin>:2:71: {said}")
    said = "warning[IAM824]: policy `p` allows everything on everything\n"
    assert f"<stdin>:1:18: {said}" in check("-", stdin="policy p { allow * on * }")[1]


def test_a_document_in_a_text(here: Path) -> None:
    """What `--query Policy` has the AWS CLI print is a document between quotes."""
    wrong = document({**ALLOW, "Action": "s3:GetObjet"})
    put(here, "p.json", json.dumps(json.dumps(wrong, indent=1)))
    code, said = check("p.json")
    assert code == 1
    assert said.endswith("error[IAM201]: `s3:GetObjet` is not an IAM action\n1 error\n")


def test_names_in_the_current_folder(here: Path) -> None:
    """Files of `.` are named as CI looks for them, and once where they are named as well."""
    put(here, "p.json", document({"Effect": "Allow", "Action": "*", "Resource": "*"}))
    said = "p.json:1:71: warning[IAM824]: policy `p` allows everything on everything\n1 warning\n"
    assert check("p.json", ".") == check(".") == (0, said)


def test_a_stack_with_outputs_is_whole_all_the_same(here: Path) -> None:
    """What others may attach changes nothing of what its own roles may do."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
             "Action": "sts:AssumeRole"}  # fmt: skip
    rewrite = {"Effect": "Allow", "Action": "iam:UpdateAssumeRolePolicy",
               "Resource": "arn:aws:iam::*:role/boss"}  # fmt: skip
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    resources = {
        name: {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": name,
                "AssumeRolePolicyDocument": document(trust),
                "Policies": [{"PolicyName": "own", "PolicyDocument": document(statement)}],
            },
        }
        for name, statement in (("boss", everything), ("clerk", rewrite))
    }
    put(here, "t.json", {"Resources": resources, "Outputs": {"B": {"Value": "x"}}})
    assert (
        "[IAM834]: role `clerk` can become an administrator"
        in check("t.json", "--set", "aws.account=111122223333")[1]
    )


MODULE = """
variable "policy" { type = string }
locals {
  trust = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole"
  }] })
  all = jsonencode({ Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = "*", Resource = "*"
  }] })
}
resource "aws_iam_role" "known" {
  name               = "known"
  assume_role_policy = local.trust
}
resource "aws_iam_role_policy" "known" {
  name   = "own"
  role   = aws_iam_role.known.id
  policy = local.all
}
resource "aws_iam_role" "open" {
  name               = "open"
  assume_role_policy = local.trust
}
resource "aws_iam_role_policy" "one" {
  name   = "one"
  role   = aws_iam_role.open.id
  policy = local.all
}
resource "aws_iam_role_policy" "other" {
  name   = "other"
  role   = aws_iam_role.open.id
  policy = file("other.json")
}
resource "aws_iam_role" "closed" {
  name               = "closed"
  assume_role_policy = file("trust.json")
}
"""


@pytest.mark.skipif(find_spec("hcl2") is None, reason="Terraform's files are of the extra `import`")
def test_what_terraform_alone_knows_is_no_mistake(here: Path) -> None:
    """A role of which a part is open is left out whole, and told of; the others are reviewed."""
    put(here, "main.tf", MODULE)
    code, said = check("main.tf")
    assert code == 0
    assert said == (
        "main.tf:7:59: warning[IAM824]: role `known` allows everything on everything\n"
        "main.tf:32:12: note[IAM620]: `aws_iam_role_policy.other.policy` and"
        " `aws_iam_role.closed.assume_role_policy` are not reviewed\n"
        "1 warning, 1 note\n"
    )
