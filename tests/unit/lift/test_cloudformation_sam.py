"""Roles that SAM makes: what the reader says of them is what SAM's own package makes."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from estates import described, said, template

from iamdsl.diagnostics import codes
from iamdsl.lift.cloudformation.externs import PARTITION

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.lift.estate import Estate

LIFT = Path(__file__).parents[2] / "lift"
GOLDEN = json.loads((LIFT / "sam" / "roles.json").read_text(encoding="utf-8"))
POLICY_TEMPLATES = json.loads((LIFT / "sam" / "policy_templates.json").read_text(encoding="utf-8"))
PROCESSOR = "samtranslator.policy_template_processor.processor"
HAS_SAM = importlib.util.find_spec("samtranslator") is not None


class _Processor:
    """Stands for the class of that name in aws-sam-translator."""

    @staticmethod
    def get_default_policy_templates_json() -> Any:
        return POLICY_TEMPLATES


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the policy templates known, as where aws-sam-translator is installed."""
    module = ModuleType(PROCESSOR)
    vars(module)["PolicyTemplatesProcessor"] = _Processor
    for name in ("samtranslator", "samtranslator.policy_template_processor"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, PROCESSOR, module)


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the policy templates unknown, as where aws-sam-translator is not installed."""
    monkeypatch.setitem(sys.modules, PROCESSOR, None)


def values(name: str) -> dict[str, Any]:
    """Return the values of one of the templates, intrinsics in their long form."""
    from iamdsl.diagnostics import Report
    from iamdsl.lift.yaml_text import read_yaml
    from iamdsl.source import Source

    text = (LIFT / "cloudformation" / name).read_text(encoding="utf-8")
    tree = read_yaml(Source(name, text), Report())
    assert tree is not None
    found: dict[str, Any] = tree.value
    return found


def read(made: dict[str, Any]) -> tuple[Estate | None, Report]:
    return template(json.dumps(made), "template.json")


def function(**properties: Any) -> dict[str, Any]:
    """Return a template with one function."""
    resource = {"Type": "AWS::Serverless::Function", "Properties": properties}
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": resource}}


def comparable(estate: Estate | None) -> list[str]:
    """Return the roles of an estate, the partition as SAM writes it, policies in no order."""
    assert estate is not None
    build = attrs.evolve(estate.build, documents=())
    text = described(attrs.evolve(estate, build=build, docs={}, externs=()))
    partition = PARTITION.replace("\ue000", "<").replace("\ue001", ">")
    blocks = text.replace(f"arn:{partition}:iam::aws:", "arn:aws:iam::aws:").split("\nrole ")
    return sorted(block.removeprefix("role ").strip() for block in blocks)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_roles_are_those_that_sam_makes(name: str) -> None:
    """A function's role is the one that aws-sam-translator wrote out for the same template."""
    made = values(name)
    written = {**made, "Transform": None, "Resources": dict(made["Resources"])}
    for logical, resource in made["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            written["Resources"][logical] = {"Type": "AWS::Lambda::Function"}
        elif resource["Type"] == "AWS::Serverless::StateMachine":
            written["Resources"][logical] = {"Type": "AWS::StepFunctions::StateMachine"}
    for logical, properties in GOLDEN[name].items():
        written["Resources"][logical] = {"Type": "AWS::IAM::Role", "Properties": properties}
    ours, report = read(made)
    assert not report.failed, said(report)
    theirs, report = read(written)
    assert not report.failed, said(report)
    assert len(GOLDEN[name]) >= 2
    assert comparable(ours) == comparable(theirs)


@pytest.mark.skipif(not HAS_SAM, reason="needs aws-sam-translator")
@pytest.mark.parametrize("name", sorted(POLICY_TEMPLATES["Templates"]))
def test_policy_templates_are_those_of_sam(name: str) -> None:
    """The part of SAM's policy templates that the tests have is as its package has it."""
    from iamdsl.lift.cloudformation.sam import policy_templates

    known = policy_templates()
    assert known is not None
    assert known[name] == POLICY_TEMPLATES["Templates"][name]


@pytest.mark.usefixtures("missing")
def test_a_policy_template_needs_its_package() -> None:
    """Without aws-sam-translator nothing is guessed: the message names template and package."""
    _, report = read(function(Policies=[{"SQSPollerPolicy": {"QueueName": "q"}}]))
    (found,) = report.diagnostics
    assert found.code is codes.SAM_TEMPLATE
    assert "`SQSPollerPolicy`" in found.message
    assert "Resources.F.Properties.Policies[0]" in found.label
    assert "pip install aws-sam-translator" in found.hint


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("entry", "said_of_it"),
    [
        ({"NoSuchPolicy": {}}, "SAM has no policy template `NoSuchPolicy`"),
        ({"SQSPollerPolicy": {}}, "takes `QueueName`"),
        ({"SQSPollerPolicy": {"QueueName": {"Ref": "Q"}}}, "is named `Q`"),
    ],
)
def test_a_policy_template_used_wrongly_is_an_error(entry: dict[str, Any], said_of_it: str) -> None:
    """An unknown template, a parameter left out, a parameter that refers to nothing."""
    _, report = read(function(Policies=entry))
    (found,) = report.diagnostics
    assert said_of_it in found.message


@pytest.mark.usefixtures("missing")
def test_a_function_with_a_role_gets_none() -> None:
    """A role that the function is given is used, and the policies beside it do nothing."""
    made = function(
        Role="arn:aws:iam::111122223333:role/r",
        Policies=[{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}],
    )
    estate, report = read(made)
    assert estate is None
    assert {d.code for d in report.diagnostics} == {codes.LEFT_OUT, codes.NOTHING_TO_IMPORT}


@pytest.mark.parametrize("event", ["MQ", "SelfManagedKafka", "DocumentDB"])
def test_events_that_add_more_are_errors(event: str) -> None:
    """SAM writes statements for these that the reader does not know: it says so."""
    _, report = read(function(Events={"E": {"Type": event, "Properties": {}}}))
    assert [d.code for d in report.diagnostics] == [codes.INEXACT_INTRINSIC]


@pytest.mark.parametrize(
    "properties",
    [
        {"Role": {"Fn::If": ["C", "a", {"Ref": "AWS::NoValue"}]}},
        {"Tracing": {"Ref": "P"}},
        {"Policies": {"Fn::If": ["C", "ReadOnlyAccess", {"Ref": "AWS::NoValue"}]}},
        {"PermissionsBoundary": {"Fn::If": ["C", "a", "b"]}},
    ],
    ids=lambda properties: next(iter(properties)),
)
def test_what_a_deployment_decides_of_a_role_is_an_error(properties: dict[str, Any]) -> None:
    """Whether there is a role, and what is attached to it, is not decided here."""
    made = {**function(**properties), "Parameters": {"P": {"Type": "String"}}}
    _, report = read(made)
    assert [d.code for d in report.diagnostics] == [codes.INEXACT_INTRINSIC]


def test_an_unknown_managed_policy_is_an_error() -> None:
    """A bare name is one of AWS's; what it is called in full, the catalogue knows."""
    _, report = read(function(Policies=["NoSuchPolicyOfAws"]))
    assert [d.code for d in report.diagnostics] == [codes.BAD_TEMPLATE]
    estate, report = read(function(Policies="AWSLambdaVPCAccessExecutionRole"))
    assert not report.diagnostics
    assert estate is not None
    arn = estate.build.identities[0].managed[1].policy
    assert arn.endswith(":policy/service-role/AWSLambdaVPCAccessExecutionRole")


def test_globals_are_joined_as_sam_joins_them() -> None:
    """Mappings are joined member by member, the function's own first; `NoValue` removes."""
    made = function(Tags={"b": "2"}, Tracing={"Ref": "AWS::NoValue"})
    made["Globals"] = {"Function": {"Tags": {"a": "1", "b": "1"}, "Tracing": "Active"}}
    estate, report = read(made)
    assert not report.diagnostics
    assert estate is not None
    (role,) = estate.build.identities
    assert role.tags == (("lambda:createdBy", "SAM"), ("a", "1"), ("b", "2"))
    assert len(role.managed) == 1


def test_without_the_transform_there_is_no_role() -> None:
    """SAM's types mean nothing to CloudFormation unless the template asks for the transform."""
    made = function()
    del made["Transform"]
    estate, _ = read(made)
    assert estate is None
