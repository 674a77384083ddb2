"""Templates to estates: what real-looking ones come to, and what is said of the rest."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from estates import described, said, spelled, template
from hypothesis import given, settings
from hypothesis import strategies as st

from iamdsl import iam
from iamdsl.diagnostics import codes
from iamdsl.lift import cloudformation
from iamdsl.lift.cloudformation.documents import HELD

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from iamdsl.diagnostics import Report
    from iamdsl.lift.estate import Estate

FOLDER = Path(__file__).parents[2] / "lift" / "cloudformation"
TEMPLATES = sorted(path.name for path in FOLDER.iterdir())


def of(resources: dict[str, Any], **sections: Any) -> tuple[Estate | None, Report]:
    """Read a template of these resources."""
    return template(json.dumps({**sections, "Resources": resources}), "template.json")


def role(**properties: Any) -> dict[str, Any]:
    """Return a role that EC2 may have, with these properties."""
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": trust, **properties},
    }


def policy(resource: Any, **more: Any) -> dict[str, Any]:
    """Return a managed policy about one resource."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource, **more}
    document = {"Version": "2012-10-17", "Statement": statement}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}


def resources_of(resource: Any, **sections: Any) -> tuple[str, ...]:
    """Return what a resource in a statement comes to, next to some other resources."""
    others = sections.pop("others", {})
    estate, report = of({"P": policy(resource), **others}, **sections)
    assert not report.failed, said(report)
    assert estate is not None
    found = estate.build.documents[0].policy.statements[0].resources
    assert found is not None
    return tuple(map(spelled, found.values))


def errors(report: Report) -> list[tuple[str, str]]:
    """Return code and underlined text of each error."""
    return [
        (d.code.number, d.span.text if d.span else "")
        for d in report.diagnostics
        if d.severity.value == "error"
    ]


# -- whole templates


@pytest.fixture(autouse=True)
def without_sam(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide aws-sam-translator, where it is installed: `test_cloudformation_sam` is about it."""
    monkeypatch.setitem(sys.modules, "samtranslator.policy_template_processor.processor", None)


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_comes_to(name: str, snapshot: SnapshotAssertion) -> None:
    """What a template says about IAM comes through, and what does not is told by its place."""
    estate, report = template((FOLDER / name).read_text(encoding="utf-8"), name)
    assert "\n".join([*said(report), "", described(estate)]) == snapshot


@pytest.mark.skipif(importlib.util.find_spec("cfnlint") is None, reason="needs cfn-lint")
def test_the_templates_are_valid() -> None:
    """What the reader is tried on is what CloudFormation takes: cfn-lint finds no error."""
    files = [str(FOLDER / name) for name in TEMPLATES]
    command = [
        sys.executable,
        "-c",
        "from cfnlint.runner import main; main()",
        "--non-zero-exit-code",
        "error",
        *files,
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", TEMPLATES)
def test_json_and_yaml_say_the_same(name: str) -> None:
    """A template in YAML and the JSON with the same values come to the same estate."""
    yaml = pytest.importorskip("yaml")
    del yaml
    text = (FOLDER / name).read_text(encoding="utf-8")
    if name.endswith(".json"):
        as_yaml, _ = template(text, "as.yaml")  # JSON is YAML
        assert described(as_yaml) == described(template(text, name)[0])
        return
    from iamdsl.diagnostics import Report
    from iamdsl.lift.yaml_text import read_yaml
    from iamdsl.source import Source

    tree = read_yaml(Source(name, text), Report())
    assert tree is not None
    other, _ = template(json.dumps(tree.value), "as.json")
    assert described(other) == described(template(text, name)[0])


# -- what a template is


def test_recognises_templates() -> None:
    """A template is told from a policy and from answers of the AWS CLI by its resources."""
    assert cloudformation.recognises({"Resources": {"A": {"Type": "AWS::S3::Bucket"}}})
    assert cloudformation.recognises({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}})
    others: list[object] = [
        {"Statement": []}, {"Resources": {"a": 1}}, {"Resources": []}, [], "x", None
    ]  # fmt: skip
    for other in others:
        assert not cloudformation.recognises(other)


def test_a_template_without_iam_is_reported() -> None:
    """A template of buckets alone holds nothing to import, and that is said."""
    estate, report = of({"B": {"Type": "AWS::S3::Bucket"}})
    assert estate is None
    assert [d.code for d in report.diagnostics] == [codes.NOTHING_TO_IMPORT]


def test_malformed_resources_are_reported() -> None:
    """A resource without a type, or with a list for properties, is an error at its place."""
    _, report = of({"A": {}, "B": {"Type": "AWS::IAM::Role", "Properties": []}, "C": role()})
    assert [code for code, _ in errors(report)] == ["IAM614", "IAM614"]


# -- references


def test_arns_of_identities_are_entities() -> None:
    """References to roles and policies of the template follow them, whatever they are called."""
    others = {
        "App": role(RoleName="app", Path="/x/"),
        "Q": policy("*"),
        "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "App"}]}},
    }
    wanted = [
        {"Fn::GetAtt": ["App", "Arn"]},
        {"Ref": "Q"},
        {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/x/${App}"},
        {"Fn::GetAtt": "Profile.Arn"},
    ]
    assert resources_of(wanted, others=others) == (
        "<entity app>",
        "<entity Q>",
        "arn:aws:iam::<aws.account>:role/x/app",
        "arn:<aws.partition>:iam::<aws.account>:instance-profile/Profile",
    )


def test_a_bucket_is_one_thing_however_it_is_written() -> None:
    """Its ARN and its name are the same extern; a name that the template gives needs none."""
    others = {
        "LakeBucket": {"Type": "AWS::S3::Bucket"},
        "Named": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "acme"}},
        "Computed": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": {"Fn::Sub": "acme-${AWS::Region}"}},
        },
    }
    wanted = [
        {"Fn::Sub": "${LakeBucket.Arn}/*"},
        {"Fn::Join": ["", ["arn:aws:s3:::", {"Ref": "LakeBucket"}]]},
        {"Fn::GetAtt": ["Named", "Arn"]},
        {"Fn::GetAtt": ["Computed", "Arn"]},
    ]
    assert resources_of(wanted, others=others) == (
        "arn:<aws.partition>:s3:::<lake_bucket>/*",
        "arn:aws:s3:::<lake_bucket>",
        "arn:<aws.partition>:s3:::acme",
        "arn:<aws.partition>:s3:::acme-<aws.region>",
    )


def test_names_that_refer_to_each_other_end() -> None:
    """Two names made of each other are no valid template, and no endless one either."""
    others = {
        "A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "${B}-a"}}},
        "B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "${A}-b"}}},
    }
    assert resources_of({"Fn::GetAtt": ["A", "Arn"]}, others=others) == (
        "arn:<aws.partition>:s3:::<a>-b-a",
    )


@pytest.mark.parametrize(
    ("reference", "known"),
    [({"Ref": "Nobody"}, ""), ({"Fn::GetAtt": ["Nobody", "Arn"]}, ""), ({"Ref": "AWS::No"}, "")],
)
def test_a_reference_to_nothing_is_an_error(reference: dict[str, Any], known: str) -> None:
    """A name that the template does not hold is told, and nothing is made up for it."""
    del known
    estate, report = of({"P": policy(reference), "R": role()})
    assert [code for code, _ in errors(report)] == ["IAM614"]
    assert estate is not None
    assert not estate.build.documents


def test_a_variable_of_iam_in_sub_is_an_error_with_its_form() -> None:
    """`Fn::Sub` would take a policy variable for a resource; the message has the right form."""
    _, report = of({"P": policy({"Fn::Sub": "arn:aws:s3:::b/${aws:username}"})})
    assert "`${!aws:username}`" in report.diagnostics[0].message
    assert resources_of({"Fn::Sub": "arn:aws:s3:::b/${!aws:username}"}) == (
        "arn:aws:s3:::b/${aws:username}",
    )
    assert resources_of("arn:aws:s3:::b/${aws:username}") == ("arn:aws:s3:::b/${aws:username}",)


def test_old_documents_have_no_variables() -> None:
    """In a document of version 2008-10-17 `${` is text, with and without `Fn::Sub`."""
    made = policy({"Fn::Sub": "arn:aws:s3:::b/${!aws:username}"})
    made["Properties"]["PolicyDocument"]["Version"] = "2008-10-17"
    estate, _ = of({"P": made})
    assert estate is not None
    found = estate.build.documents[0].policy.statements[0].resources
    assert found == iam.Elements(("arn:aws:s3:::b/${$}{aws:username}",))


# -- parameters


PARAMETERS = [
    ("Account", {"AllowedPattern": "^\\d{12}$"}, "AccountId", None),
    ("Target", {"AllowedPattern": "[0-9]{12}"}, "AccountId", None),
    ("TrustedAccountId", {}, "AccountId", None),
    ("TrustedAccountId", {"Default": "*"}, "Pattern", 128),
    ("HomeRegion", {"Default": "eu-west-1"}, "Region", None),
    ("HomeRegion", {"Default": "global"}, "String", 128),
    ("TopicArn", {}, "Arn", 256),
    ("TopicArn", {"Default": "arn:aws:sns:*:*:x"}, "Pattern", 128),
    ("Stage", {"AllowedValues": ["dev", "prod"]}, "String", 4),
    ("Stage", {"MaxLength": "20", "Default": "dev"}, "String", 20),
    ("Prefix", {"Default": "raw/*"}, "Pattern", 128),
    ("Vpc", {"Type": "AWS::EC2::VPC::Id"}, "String", 21),
]


@pytest.mark.parametrize(("name", "parameter", "kind", "most"), PARAMETERS)
def test_a_parameter_has_the_type_it_shows(
    name: str, parameter: dict[str, Any], kind: str, most: int | None
) -> None:
    """Pattern, default, allowed values and name tell an extern's type; never a wider one."""
    made = policy({"Fn::Sub": f"arn:aws:s3:::b/${{{name}}}"})
    estate, report = of({"P": made}, Parameters={name: {"Type": "String", **parameter}})
    assert not report.diagnostics
    assert estate is not None
    (extern,) = estate.externs
    assert (extern.type, extern.max) == (kind, most)


def test_a_default_that_is_a_pattern_needs_pattern() -> None:
    """A parameter whose default holds `*` may stand where a pattern stands; no other may."""
    estate, _ = of(
        {"P": policy({"Ref": "Where"})}, Parameters={"Where": {"Type": "String", "Default": "*"}}
    )
    assert estate is not None
    assert [e.type for e in estate.externs] == ["Pattern"]


def test_a_parameter_at_the_head_of_a_resource_is_an_arn() -> None:
    """What a resource begins with is an ARN, or the document would not be a policy's."""
    estate, _ = of({"P": policy({"Fn::Sub": "${Queue}"})}, Parameters={"Queue": {"Type": "String"}})
    assert estate is not None
    assert [e.type for e in estate.externs] == ["Arn"]


def test_externs_that_nothing_speaks_of_are_left_out() -> None:
    """A parameter of other resources is none of IAM's business."""
    estate, _ = of({"P": policy("*")}, Parameters={"Unused": {"Type": "String"}})
    assert estate is not None
    assert estate.externs == ()


def test_externs_have_names_of_their_own() -> None:
    """Two things that come to one name, and reserved words, get names that the language has."""
    estate, _ = of(
        {"P": policy([{"Ref": n} for n in ("my-name", "MyName", "On", "UrlSuffix")])},
        Parameters={n: {"Type": "String"} for n in ("my-name", "MyName", "On", "UrlSuffix")},
    )
    assert estate is not None
    names = [e.name for e in estate.externs]
    assert names == ["my_name", "my_name_2", "value_on", "url_suffix_2"]


# -- service principals


def test_the_domain_of_a_partition_goes_from_service_principals() -> None:
    """`ec2.${AWS::URLSuffix}` is the service in every partition; elsewhere the suffix is open."""
    made = policy("*", Condition={"StringEquals": {
        "iam:PassedToService": {"Fn::Sub": "ec2.${AWS::URLSuffix}"},
        "kms:ViaService": {"Fn::Sub": "s3.${AWS::Region}.${AWS::URLSuffix}"},
    }})  # fmt: skip
    estate, _ = of({"P": made})
    assert estate is not None
    entries = estate.build.documents[0].policy.statements[0].condition
    assert [(e.key, spelled(e.values[0])) for e in entries] == [
        ("iam:PassedToService", "ec2.amazonaws.com"),
        ("kms:ViaService", "s3.<aws.region>.<url_suffix>"),
    ]
    assert [e.name for e in estate.externs] == ["url_suffix"]


# -- what cannot be said


UNDECIDED: list[Any] = [
    {"Fn::If": ["C", "arn:aws:s3:::a", "arn:aws:s3:::b"]},
    {"Fn::If": ["C", "arn:aws:s3:::a", {"Ref": "AWS::NoValue"}]},
    [{"Fn::If": ["C", "arn:aws:s3:::a", {"Ref": "AWS::NoValue"}]}, "arn:aws:s3:::c"],
    {"Ref": "Many"},
    {"Fn::Split": [",", {"Ref": "One"}]},
    {"Fn::Join": [",", {"Ref": "Many"}]},
    {"Fn::Select": [{"Ref": "One"}, ["a", "b"]]},
    {"Fn::Base64": {"Ref": "One"}},
    {"Fn::GetAZs": ""},
    {"Fn::Cidr": ["10.0.0.0/16", 2, 8]},
    {"Fn::Transform": {"Name": "AWS::Include"}},
    {"Fn::ForEach::X": ["A", ["b"], {"${A}": 1}]},
    {"Ref": "AWS::NotificationARNs"},
]


@pytest.mark.parametrize("value", UNDECIDED, ids=json.dumps)
def test_what_a_deployment_decides_is_an_error(value: Any) -> None:
    """One error with the path, and no policy that says less or more than the template."""
    parameters = {"Many": {"Type": "CommaDelimitedList"}, "One": {"Type": "String"}}
    estate, report = of({"P": policy(value), "R": role()}, Parameters=parameters)
    found = [d for d in report.diagnostics if d.severity.value == "error"]
    assert [d.code for d in found] == [codes.INEXACT_INTRINSIC]
    assert "Resources.P.Properties.PolicyDocument.Statement.Resource" in found[0].label
    assert estate is not None
    assert not estate.build.documents


def test_a_condition_whose_sides_agree_decides_nothing() -> None:
    """`Fn::If` with one value on both sides is that value."""
    both = {"Fn::Sub": "arn:aws:s3:::${AWS::AccountId}"}
    assert resources_of({"Fn::If": ["C", both, both]}) == ("arn:aws:s3:::<aws.account>",)


def test_no_value_removes() -> None:
    """`AWS::NoValue` is a member or item that is not there."""
    made = policy([{"Ref": "AWS::NoValue"}, "a", "b"], Condition={"Ref": "AWS::NoValue"})
    estate, report = of({"P": made})
    assert not report.diagnostics
    assert estate is not None
    statement = estate.build.documents[0].policy.statements[0]
    assert statement.resources == iam.Elements(("a", "b"))
    assert statement.condition == ()


def test_places_after_a_removed_item_are_right() -> None:
    """A statement behind one that `AWS::NoValue` removed is shown where it stands."""
    text = """
Resources:
  P:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - !Ref AWS::NoValue
          - {Effect: Allow, Action: "s3:*", Resource: "*"}
          - {Effect: Maybe, Action: "s3:*", Resource: "*"}
"""
    _, report = template(text)
    assert said(report)[0].startswith("template.yaml:11:22 IAM601 ")


# -- identities


def test_an_inline_policy_goes_to_all_that_it_names() -> None:
    """`AWS::IAM::Policy` is inline in each of its roles; a foreign role is told."""
    inline = policy("*")
    inline["Type"] = "AWS::IAM::Policy"
    inline["Properties"] |= {"PolicyName": "p", "Roles": [{"Ref": "A"}, "b", "elsewhere"]}
    estate, report = of({"A": role(), "B": role(RoleName="b"), "P": inline})
    assert estate is not None
    assert [[n for n, _ in i.inline] for i in estate.build.identities] == [["p"], ["p"]]
    assert [d.code for d in report.diagnostics] == [codes.LEFT_OUT]
    assert [(d.kind, d.name) for d in estate.build.documents] == [("managed", "p")]


def test_a_policy_that_only_bounds_is_a_boundary() -> None:
    """One that is attached as well stays a policy."""
    resources = {
        "A": role(PermissionsBoundary={"Ref": "P"}),
        "B": role(PermissionsBoundary={"Ref": "Q"}, ManagedPolicyArns=[{"Ref": "Q"}]),
        "P": policy("*"),
        "Q": policy("*"),
    }
    estate, _ = of(resources)
    assert estate is not None
    assert [(d.name, d.kind) for d in estate.build.documents] == [
        ("P", "boundary"),
        ("Q", "managed"),
    ]


def test_two_inline_policies_of_one_name_are_an_error() -> None:
    """The second would replace the first at AWS, silently."""
    document = policy("*")["Properties"]["PolicyDocument"]
    twice = [{"PolicyName": "p", "PolicyDocument": document}] * 2
    _, report = of({"A": role(Policies=twice)})
    assert [code for code, _ in errors(report)] == ["IAM614"]


def test_names_are_kept_apart() -> None:
    """The second policy of a name gets its logical id, with a warning; names ignore case."""
    first, second = policy("*"), policy("*")
    first["Properties"]["ManagedPolicyName"] = "app"
    second["Properties"]["ManagedPolicyName"] = "APP"
    estate, report = of({"Q": first, "P": second, "A": role(RoleName="app")})
    assert estate is not None
    assert [d.name for d in estate.build.documents] == ["app", "P"]
    assert [i.name for i in estate.build.identities] == ["app"]
    assert [d.code for d in report.diagnostics] == [codes.NAME_NOT_KEPT]
    assert estate.docs == {"P": "in the template its name is `APP`"}


def test_a_name_that_two_kinds_have_says_no_arn() -> None:
    """A role and a policy may have one name; what speaks of one of them has its ARN then."""
    named = policy([{"Fn::GetAtt": ["A", "Arn"]}, {"Ref": "P"}])
    named["Properties"]["ManagedPolicyName"] = "app"
    resources = {
        "P": named,
        "A": role(RoleName="app", Path="/x/", ManagedPolicyArns=[{"Ref": "P"}]),
    }
    estate, report = of(resources)
    assert not report.diagnostics
    assert estate is not None
    found = estate.build.documents[0].policy.statements[0].resources
    assert found is not None
    assert [spelled(v) for v in found.values] == [
        "arn:<aws.partition>:iam::<aws.account>:role/x/app",
        "arn:<aws.partition>:iam::<aws.account>:policy/app",
    ]
    assert [(a.policy, a.ours) for a in estate.build.identities[0].managed] == [("app", True)]


@pytest.mark.parametrize(("text", "seconds"), [("PT8H", 28800), ("PT90M", 5400), ("PT1H30M", 5400)])
def test_a_session_is_counted_in_seconds(text: str, seconds: int) -> None:
    """ISO 8601 durations of permission sets."""
    estate, _ = of({"S": {"Type": "AWS::SSO::PermissionSet", "Properties": {
        "Name": "s", "SessionDuration": text}}})  # fmt: skip
    assert estate is not None
    assert estate.build.identities[0].max_session == seconds


@pytest.mark.parametrize("text", ["PT", "8H", "P1D", "28800"])
def test_what_is_no_duration_is_an_error(text: str) -> None:
    """Seconds without a unit, days, and nothing at all."""
    _, report = of({"S": {"Type": "AWS::SSO::PermissionSet", "Properties": {
        "Name": "s", "SessionDuration": text}}})  # fmt: skip
    assert [code for code, _ in errors(report)] == ["IAM614"]


def test_properties_of_iam_without_a_place_are_told() -> None:
    """A property that the reader does not know is never dropped silently."""
    _, report = of({"A": role(SomethingNew=1)})
    assert [d.code for d in report.diagnostics] == [codes.LEFT_OUT]
    assert "`SomethingNew`" in report.diagnostics[0].message


def test_policy_documents_in_unknown_places_are_told() -> None:
    """A document in a property that is none of the known is warned of by its path."""
    document = policy("*")["Properties"]["PolicyDocument"]
    odd = {"Type": "AWS::New::Thing", "Properties": {"Deep": [{"AccessPolicy": document}]}}
    _, report = of({"T": odd, "A": role()})
    assert [d.code for d in report.diagnostics] == [codes.LEFT_OUT]
    assert "Resources.T.Properties.Deep[0].AccessPolicy" in report.diagnostics[0].label


@pytest.mark.parametrize("kind", sorted(HELD))
def test_every_document_of_the_table_is_read(kind: str) -> None:
    """A policy in each property of the table becomes a document of its service."""
    for held in HELD[kind]:
        statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
        if not held.service:
            del statement["Principal"]
        value: Any = {"Version": "2012-10-17", "Statement": [statement]}
        for part in reversed(held.property):
            value = {part: value}
        target = {held.target: "arn:aws:x:eu-west-1:111122223333:y/z"} if held.target else {}
        estate, report = of({"T": {"Type": kind, "Properties": value | target}})
        assert not report.diagnostics, said(report)
        assert estate is not None
        (document,) = estate.build.documents
        assert document.service == (held.service or None)
        assert (document.target is None) == (not held.service)


# -- permissions of functions


def permission(**properties: Any) -> tuple[iam.Document | None, Report]:
    """Read a permission of the function `F`."""
    function = {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "f"}}
    properties = {"FunctionName": {"Ref": "F"}, "Action": "lambda:InvokeFunction", **properties}
    made = {"Type": "AWS::Lambda::Permission", "Properties": properties}
    estate, report = of({"F": function, "P": made})
    return (estate.build.documents[0] if estate else None), report


PRINCIPALS = [
    ("sns.amazonaws.com", {"Service": "sns.amazonaws.com"}),
    ("*", "*"),
    ("111122223333", {"AWS": "arn:<aws.partition>:iam::111122223333:root"}),
    ({"Ref": "AWS::AccountId"}, {"AWS": "arn:<aws.partition>:iam::<aws.account>:root"}),
    ("arn:aws:iam::111122223333:role/r", {"AWS": "arn:aws:iam::111122223333:role/r"}),
    ({"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"}, {"Service": "logs.<aws.region>.amazonaws.com"}),
]  # fmt: skip


@pytest.mark.parametrize(("principal", "meant"), PRINCIPALS)
def test_a_permission_is_the_statement_that_lambda_makes(principal: Any, meant: Any) -> None:
    """Services, accounts and ARNs become the principals that AWS shows for a permission."""
    document, report = permission(
        Principal=principal, SourceAccount={"Ref": "AWS::AccountId"}, SourceArn="arn:aws:sns:*:*:t"
    )
    assert not report.diagnostics
    assert document is not None
    found = json.loads(spelled(json.dumps(iam.to_json(document.policy), ensure_ascii=False)))
    assert found["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": meant,
            "Action": "lambda:InvokeFunction",
            "Resource": "arn:<aws.partition>:lambda:<aws.region>:<aws.account>:function:f",
            "Condition": {
                "ArnLike": {"AWS:SourceArn": "arn:aws:sns:*:*:t"},
                "StringEquals": {"AWS:SourceAccount": "<aws.account>"},
            },
        }
    ]


@pytest.mark.parametrize("odd", [{"Principal": "somebody"}, {"New": "x", "Principal": "*"}])
def test_a_permission_that_is_not_understood_is_left_out(odd: dict[str, Any]) -> None:
    """A principal of no known form, or a property of tomorrow: a warning, and no statement."""
    document, report = permission(**odd)
    assert document is None
    assert codes.LEFT_OUT in [d.code for d in report.diagnostics]


# -- any template at all


_TEXTS = st.sampled_from(["*", "Allow", "s3:GetObject", "2012-10-17", "A", "P", "AWS::IAM::Role"])
_NAMES = st.sampled_from(
    "Ref Fn::Sub Fn::GetAtt Fn::Join Fn::If Fn::Select Fn::Split Fn::FindInMap Fn::ImportValue"
    " Properties Type Statement Effect Action Resource Principal AssumeRolePolicyDocument Policies"
    " PolicyDocument Path Tags Roles Bucket Queues Condition AWS::NoValue".split()
)
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 3), _TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_NAMES, inner, max_size=4)
    ),
    max_leaves=12,
)
_TYPES = st.sampled_from(
    [
        *sorted(HELD)[::7], "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy",
        "AWS::IAM::User", "AWS::IAM::InstanceProfile", "AWS::SSO::PermissionSet",
        "AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::Lambda::Permission",
        "AWS::Events::EventBusPolicy", "AWS::Organizations::Policy",
    ]
)  # fmt: skip
_PROPERTIES = st.dictionaries(
    st.sampled_from(
        "RoleName AssumeRolePolicyDocument Policies ManagedPolicyArns PermissionsBoundary Path"
        " MaxSessionDuration Tags Roles PolicyDocument PolicyName Content Type Name Statement"
        " InlinePolicy CustomerManagedPolicyReferences Events EventInvokeConfig DeadLetterQueue"
        " Tracing FunctionName Principal Action Queues Bucket TargetIds Groups".split()
    ),
    _VALUES,
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from("ABP"), st.tuples(_TYPES, _PROPERTIES), max_size=3), _VALUES)
def test_any_template_gives_an_estate_or_a_message(
    resources: dict[str, tuple[str, dict[str, Any]]], section: Any
) -> None:
    """No values whatever raise; where nothing comes out, something is said."""
    made = {n: {"Type": kind, "Properties": p} for n, (kind, p) in resources.items()}
    sections: dict[str, Any] = dict.fromkeys(
        ("Parameters", "Mappings", "Globals", "Transform"), section
    )
    sections["Transform"] = "AWS::Serverless-2016-10-31"
    estate, report = of(made, **sections)
    assert estate is not None or report.diagnostics
    for diagnostic in report.diagnostics:
        assert diagnostic.span is not None


# -- what could not be read whole

OPEN = {"Fn::If": ["C", "arn:aws:s3:::a", {"Ref": "AWS::NoValue"}]}


def inline_of(*roles: Any, resource: Any = OPEN) -> dict[str, Any]:
    """Return an inline policy of some roles."""
    made = policy(resource)
    made["Type"] = "AWS::IAM::Policy"
    made["Properties"] |= {"PolicyName": "p", "Roles": list(roles)}
    return made


PARTS: list[tuple[dict[str, Any], set[str]]] = [
    ({"A": role(PermissionsBoundary=OPEN)}, {"A"}),
    ({"A": role(ManagedPolicyArns=[OPEN])}, {"A"}),
    ({"A": role(), "P": inline_of({"Ref": "A"})}, {"A"}),
    ({"A": role(), "C": role(), "P": inline_of({"Ref": "Many"}, resource="*")}, {"A", "B", "C"}),
    ({"A": role(ManagedPolicyArns=[{"Ref": "P"}]), "P": policy(OPEN)}, {"A", "P"}),
    ({"A": role(PermissionsBoundary={"Ref": "P"}), "P": policy(OPEN)}, {"A", "P"}),
    ({"A": role(Path=OPEN), "P": policy({"Fn::GetAtt": ["A", "Arn"]})}, {"A", "P"}),
    ({"A": role(Path=OPEN), "P": policy("*")}, {"A"}),
]


@pytest.mark.parametrize(("resources", "refused"), PARTS)
def test_nothing_is_read_in_part(resources: dict[str, Any], refused: set[str]) -> None:
    """A role is refused with what it lacks, and what rests on something refused is, too."""
    estate, report = of(
        {**resources, "B": role(), "Q": policy("*")}, Parameters={"Many": {"Type": "List<String>"}}
    )
    assert {d.code for d in report.diagnostics} == {codes.INEXACT_INTRINSIC}
    assert estate is not None
    assert set(estate.refused) == refused
    made = {d.name for d in estate.build.documents} | {i.name for i in estate.build.identities}
    entities = {k for k, v in resources.items() if v["Type"] != "AWS::IAM::Policy"} | {"B", "Q"}
    assert made == entities - refused


def test_a_permission_that_is_not_read_takes_its_policy_with_it() -> None:
    """Which function a statement is of may be what could not be read: none is half imported."""
    _, report = permission(Principal="*", SourceArn=OPEN)
    assert [d.code for d in report.diagnostics] == [codes.INEXACT_INTRINSIC]
