"""CloudFormation: templates through cfn-lint, AWS's SAM translator and moto's CloudFormation.

What moto's CloudFormation does not know (5.2) is compared in the templates, filled in as AWS says:
groups, what is attached to a role by ARN, tags and boundaries of users, new versions of managed
policies, and policies of buckets and queues.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from clouds import ACCOUNT, EVERYTHING, VALUES, compiled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nasty import PIECES, builds
from stacks import PSEUDO, document, filled, read

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.emit import Facts, emit
from iamdsl.emit.cloudformation._values import Values
from iamdsl.emit.cloudformation._yaml import to_yaml
from iamdsl.project import Options, load_project
from iamdsl.project.making import build_and_facts

if TYPE_CHECKING:
    from clouds import Cloud

pytestmark = [
    pytest.mark.e2e,
    # moto's server says so for what it does not know, in its own thread.
    pytest.mark.filterwarnings("ignore:Tried to parse:UserWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]

PARAMETERS = {"Stage": VALUES["stage"], "Lake": VALUES["lake"], "Suffix": VALUES["suffix"]}

KNOWN_TO_MOTO = re.sub(r"(?ms)^group developers \{.*?^\}\n|^  groups developers\n", "", EVERYTHING)
"""Without groups, which moto's CloudFormation does not know."""

FOLDER = Path(__file__).parent.parent.parent / "examples"
EXAMPLES = ("guardrails", "organization", "oversize")


OTHERS = """
extern q: sqs:queue max 200
extern lake: s3:bucket max 63
extern bus: events:event-bus max 200
policy extra { path "/extra/" allow s3:GetObject on * }
session narrow { attach extra allow s3:GetObject on "{lake}/*" }
permission_set operators {
  description "Operates"
  max_session 8h
  tags { a = "b" }
  attach extra, aws_managed("ReadOnlyAccess")
  allow s3:ListAllMyBuckets on *
}
role r { trust service lambda allow s3:GetObject on * }
policy c for q {
  allow sqs:SendMessage to service events when aws:SourceAccount == aws.account
}
policy b for lake { deny s3:* to anyone on self, "{self}/*" unless aws:SecureTransport }
policy d for secretsmanager:Secret("prod/db-??????") {
  allow secretsmanager:GetSecretValue to r on *
}
policy f for lambda:function("foo") {
  allow lambda:InvokeFunction to service events when aws:SourceAccount == aws.account
}
policy g for events:event-bus("default") {
  allow events:PutEvents to account 222233334444
  allow events:PutEvents to r when aws:SecureTransport
}
policy g2 for bus { allow events:PutEvents to account 222233334444 }
policy k for kinesis:stream("s") { allow kinesis:PutRecord to r }
policy t for sns:topic("t") { allow sns:Publish to r }
policy l for logs:log-group("x/y") {
  allow logs:PutLogEvents to service delivery.logs on "{self}:*"
    when aws:SourceAccount == aws.account
}
policy v for vpc-lattice:Service("svc-0123456789abcdef0") {
  allow vpc-lattice-svcs:Invoke to r on *
}
"""
"""What else there is in an account: policies of many services, a permission set, a session."""


def template(folder: Path, source: str, target: str = "cloudformation", **known: str) -> str:
    """Return the template of a source, which says nothing but that policies get no tags."""
    build, facts = compiled(folder, source, targets=(target,), **known)
    return made(build, facts, target)


def made(build: iam.Build, facts: Facts, target: str = "cloudformation") -> str:
    """Return the one template of a build."""
    report = Report()
    files = emit((target,), build, facts, report).files
    assert {d.code.number for d in report.diagnostics} <= {"IAM703"}
    (name,) = [name for name in files if name != "manifest.json"]
    return files[name].decode("utf-8")


@cache
def linter() -> Any:
    """Return cfn-lint's rules, which take a second to load."""
    from cfnlint.core import get_rules

    return get_rules([], [], [])


def complaints(text: str) -> list[str]:
    """Return what cfn-lint has to say of a template: errors and warnings."""
    from cfnlint.api import lint

    return [f"{m.rule.id} {m.message}" for m in lint(text, linter(), ["eu-west-1"])]


def resources(text: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the resources of a template, filled in."""
    found = read(text)["Resources"]
    names = {name: name for name in found}
    return {
        name: filled(resource.get("Properties", {}), PARAMETERS | names)
        for name, resource in found.items()
    }


def meant(policy: iam.Policy) -> Any:
    """Return a document with the values of the deployment in it."""
    text = (
        iam.minified(iam.to_json(policy)).replace("\\ue000", "\ue000").replace("\\ue001", "\ue001")
    )
    known = VALUES | {
        "aws.account": ACCOUNT, "aws.region": "eu-west-1", "aws.partition": "aws"
    }  # fmt: skip
    return json.loads(iam.PLACEHOLDER.sub(lambda m: known[m[1]], text))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[iam.Build, Facts]:
    """Return the build that has all there is in an account."""
    return compiled(tmp_path_factory.mktemp("everything"), EVERYTHING)


def test_cfn_lint_has_nothing_to_say(everything: tuple[iam.Build, Facts], tmp_path: Path) -> None:
    """A template that the linter refuses is refused by AWS, or is not what people keep."""
    build, facts = everything
    assert complaints(made(build, facts, "sam")) == []
    assert complaints(template(tmp_path, OTHERS, account=ACCOUNT)) == []


def test_cfn_lint_has_nothing_to_say_of_the_examples() -> None:
    """Organizations, accounts, splits and boundaries as people write them are clean as well."""
    seen = 0
    most = 4  # of the accounts of one example: they are alike
    for name in EXAMPLES:
        project = load_project([str(FOLDER / name)], Options(targets=("cloudformation",)))
        report = Report()
        found = build_and_facts(project, report)
        assert found is not None, [d.message for d in report.diagnostics]
        emission = emit(("cloudformation",), *found, report)
        for path, data in [*emission.files.items()][:most]:
            if path != "manifest.json":
                seen += 1
                assert complaints(data.decode("utf-8")) == [], (name, path)
    assert seen > len(EXAMPLES)


def test_everything_is_in_the_template(everything: tuple[iam.Build, Facts]) -> None:
    """Filled in, a template holds every document, name, path, tag and attachment of the build."""
    build, facts = everything
    found = resources(made(build, facts))
    for name, called in (("ReaderPolicy", "reader"), ("EdgeBoundary", "edge")):
        source = next(d for d in build.documents if d.name == called)
        assert document(found[name]["PolicyDocument"]) == meant(source.policy)
    assert found["ReaderPolicy"]["Path"] == "/data/"
    assert found["ReaderPolicy"]["Roles"] == ["WorkerRole"]
    assert found["HomePolicy"]["Users"] == ["AnnUser"]
    assert found["HomePolicy"]["Groups"] == ["DevelopersGroup"]
    worker = found["WorkerRole"]
    assert worker["Description"] == 'Works, for "dev"'
    assert worker["PermissionsBoundary"] == "EdgeBoundary"
    assert worker["MaxSessionDuration"] == 7200
    assert worker["ManagedPolicyArns"] == [
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    ]
    assert {t["Key"]: t["Value"] for t in worker["Tags"]} == {"stage": "dev", "a:b": "x=y + z@w"}
    for identity in build.identities:
        name = f"{identity.name.capitalize()}{identity.kind.capitalize()}"
        if identity.trust is not None:
            assert document(found[name]["AssumeRolePolicyDocument"]) == meant(identity.trust)
        for inline, policy in identity.inline:
            assert found[f"{name}Inline"]["PolicyName"] == inline
            assert document(found[f"{name}Inline"]["PolicyDocument"]) == meant(policy)
            assert [name] in found[f"{name}Inline"].values()
    assert found["AnnUser"]["Groups"] == ["DevelopersGroup"]
    assert found["AnnUser"]["PermissionsBoundary"] == "EdgeBoundary"
    assert found["MachineProfile"]["Roles"] == ["MachineRole"]
    assert found["S3LakeAccess"]["Bucket"] == "lake"
    assert found["SqsJobsAccess"]["Queues"] == [
        f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/jobs"
    ]
    for name, called in (("S3LakeAccess", "lake-bucket"), ("SqsJobsAccess", "jobs-queue")):
        source = next(d for d in build.documents if d.name == called)
        assert document(found[name]["PolicyDocument"]) == meant(source.policy)


def test_the_forms_hold_the_same(everything: tuple[iam.Build, Facts]) -> None:
    """YAML, JSON and SAM are one template in three ways to write it."""
    build, facts = everything
    yaml = read(made(build, facts))
    assert yaml == json.loads(made(build, facts, "cloudformation-json"))
    sam = read(made(build, facts, "sam"))
    assert sam.pop("Transform") == "AWS::Serverless-2016-10-31"
    assert sam == yaml


def deployed(aws: Cloud, text: str, *, update: bool = False) -> None:
    """Make a stack, or change it."""
    client = aws.client("cloudformation")
    call = client.update_stack if update else client.create_stack
    call(
        StackName="iam",
        TemplateBody=text,
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in PARAMETERS.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )


def told(aws: Cloud) -> dict[str, Any]:
    """Return what IAM tells of an account, by names."""
    details = aws.authorization_details()
    managed = {p["Arn"].rpartition("/")[2]: p for p in details["Policies"]}
    roles = {r["RoleName"]: r for r in details["RoleDetailList"]}
    users = {u["UserName"]: u for u in details["UserDetailList"]}
    return {"policies": managed, "roles": roles, "users": users}


def test_a_stack_is_what_the_source_says(aws: Cloud, tmp_path: Path) -> None:
    """Deployed with values for its parameters, all reads back equal."""
    build, facts = compiled(tmp_path, KNOWN_TO_MOTO)
    deployed(aws, made(build, facts))
    found = told(aws)
    for source in build.documents:
        if source.is_managed:
            policy = found["policies"][source.name]
            assert policy["Path"] == source.path
            assert policy["Description"] == (source.description or "")
            (version,) = policy["PolicyVersionList"]
            assert version["Document"] == meant(source.policy)
    for identity in build.identities:
        there = found[f"{identity.kind}s"][identity.name]
        assert there["Path"] == identity.path
        inline = there["RolePolicyList" if identity.kind == "role" else "UserPolicyList"]
        assert {p["PolicyName"]: p["PolicyDocument"] for p in inline} == {
            name: meant(policy) for name, policy in identity.inline
        }
        assert [p["PolicyName"] for p in there["AttachedManagedPolicies"]] == [
            a.policy for a in identity.managed if a.ours
        ]
        if identity.trust is not None:
            assert there["AssumeRolePolicyDocument"] == meant(identity.trust)
    worker = found["roles"]["worker"]
    assert {t["Key"]: t["Value"] for t in worker["Tags"]} == {"stage": "dev", "a:b": "x=y + z@w"}
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/edge"
    assert worker["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    role = aws.client("iam").get_role(RoleName="worker")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ('Works, for "dev"', 7200)
    (profile,) = found["roles"]["machine"]["InstanceProfileList"]
    assert profile["InstanceProfileName"] == "machine"
    (stack,) = aws.client("cloudformation").describe_stacks(StackName="iam")["Stacks"]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    assert outputs["WorkerRoleArn"] == worker["Arn"]
    assert outputs["ReaderPolicyArn"] == found["policies"]["reader"]["Arn"]


def test_a_change_is_deployed(aws: Cloud, tmp_path: Path) -> None:
    """A stack converges to what the changed source says."""
    deployed(aws, template(tmp_path, KNOWN_TO_MOTO))
    changed = KNOWN_TO_MOTO.replace("allow sqs:SendMessage on", "allow sqs:ReceiveMessage on")
    deployed(aws, template(tmp_path, changed), update=True)
    (policy,) = told(aws)["roles"]["worker"]["RolePolicyList"]
    assert "sqs:ReceiveMessage" in json.dumps(policy)
    assert "sqs:SendMessage" not in json.dumps(policy)


def test_a_fragment_goes_into_a_sam_application(
    everything: tuple[iam.Build, Facts], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function's role and policies can be those of the fragment, by their short ids."""
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    sam = read(made(*everything, "sam"))
    sam["Resources"]["Works"] = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Handler": "app.handler", "Runtime": "python3.13", "CodeUri": "s3://code/app.zip",
            "Role": {"Fn::GetAtt": ["WorkerRole", "Arn"]},
        },
    }  # fmt: skip
    sam["Resources"]["Reads"] = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Handler": "app.handler", "Runtime": "python3.13", "CodeUri": "s3://code/app.zip",
            "Policies": [{"Ref": "ReaderPolicy"}],
        },
    }  # fmt: skip
    before = json.loads(json.dumps(sam["Resources"]))
    done = Translator({}, Parser()).translate(sam, {})["Resources"]
    for name in before.keys() - {"Works", "Reads"}:
        assert done[name] == before[name]
    assert done["Works"]["Properties"]["Role"] == {"Fn::GetAtt": ["WorkerRole", "Arn"]}
    assert {"Ref": "ReaderPolicy"} in done["ReadsRole"]["Properties"]["ManagedPolicyArns"]


@given(builds())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_gets_out_of_its_quotes(build: iam.Build) -> None:
    """Odd names, texts and values come out of both readers of YAML as they went in."""
    text = made(build, Facts())
    found = read(text)
    assert found == json.loads(made(build, Facts(), "cloudformation-json"))
    (policy,), (role,) = build.documents, build.identities
    by_type = {r["Type"]: filled(r["Properties"], {n: n for n in found["Resources"]})
               for n, r in found["Resources"].items()}  # fmt: skip
    managed, there = by_type["AWS::IAM::ManagedPolicy"], by_type["AWS::IAM::Role"]
    inline = by_type["AWS::IAM::Policy"]
    assert document(managed["PolicyDocument"]) == iam.to_json(policy.policy)
    assert document(inline["PolicyDocument"]) == iam.to_json(role.inline[0][1])
    assert (managed["ManagedPolicyName"], managed["Description"]) == (
        policy.name, policy.description
    )  # fmt: skip
    assert managed.get("Path", "/") == policy.path
    assert (there["RoleName"], there["Path"]) == (role.name, role.path)
    assert (there["Description"], inline["PolicyName"]) == (role.description, role.inline[0][0])
    assert [(t["Key"], t["Value"]) for t in there["Tags"]] == list(role.tags)


OPEN = ("a", "aws.region", "aws.account")


@given(
    st.lists(
        st.sampled_from([*PIECES, "{{resolve:ssm:a}}", *map(iam.placeholder, OPEN)]), max_size=7
    )
)
@settings(max_examples=100, deadline=None)
def test_what_is_open_is_filled_in_between_odd_texts(pieces: list[str]) -> None:
    """Neither variables of IAM nor dollars and braces are taken for what a template fills in."""
    text = "".join(pieces)
    entry = iam.Entry("StringEquals", "aws:PrincipalTag/a", (text, "b"))
    statement = iam.Statement(
        "Allow", iam.Elements(("s3:*",)), iam.Elements(("*",)), condition=(entry,)
    )
    report = Report()
    values = Values({"a": "A"}, report)
    found = read(to_yaml({"D": values.document(iam.Policy((statement,)))}))["D"]
    known = {"a": "value", "aws.region": PSEUDO["AWS::Region"], "aws.account": ACCOUNT}
    want = iam.PLACEHOLDER.sub(lambda m: known[m[1]], text)
    done = filled(found, {"A": "value"})
    assert "{{resolve:" not in json.dumps(found)
    assert document(done)["Statement"][0]["Condition"]["StringEquals"]["aws:PrincipalTag/a"] == [
        want, "b"
    ]  # fmt: skip
    assert not report.diagnostics


@pytest.mark.parametrize(
    "value",
    ["", "a\nb", 'a"b', "${aws:username}", "*", "arn:aws:s3:::x*", "{{resolve:ssm:x}}", "é"],
)
def test_hostile_values_are_refused(everything: tuple[iam.Build, Facts], value: str) -> None:
    """What a parameter takes can break out of nothing, and is no pattern and no reference."""
    found = read(made(*everything))["Parameters"]
    for name in ("Lake", "Suffix"):
        rule = found[name]
        assert not re.fullmatch(rule["AllowedPattern"], value) or not value
        assert re.fullmatch(rule["AllowedPattern"], PARAMETERS[name])
        assert rule["MinLength"] == 1
    assert found["Stage"]["AllowedValues"] == ["dev", "prod"]


def test_a_key_with_an_extern_in_it_is_said_in_a_text(tmp_path: Path) -> None:
    """No object of a template has a name that only the deployment knows, but a text can have it."""
    build, facts = compiled(tmp_path, KNOWN_TO_MOTO)
    (role, *_) = [i for i in build.identities if i.name == "auditor"]
    assert role.trust is not None
    entry = iam.Entry(
        "StringEquals", f"{iam.placeholder('suffix')}:aud", ("sts", "${aws:username}")
    )
    statement = attrs.evolve(role.trust.statements[0], condition=(entry,))
    trust = iam.Policy((statement,))
    others = tuple(
        attrs.evolve(i, trust=trust) if i.name == "auditor" else i for i in build.identities
    )
    text = made(attrs.evolve(build, identities=others), facts)
    found = resources(text)["AuditorRole"]["AssumeRolePolicyDocument"]
    assert isinstance(found, str)
    assert document(found) == meant(trust)
    assert complaints(text) == []
