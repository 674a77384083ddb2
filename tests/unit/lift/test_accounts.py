"""Answers of the AWS CLI: what they hold comes through, what is left out is named."""

from __future__ import annotations

import copy
import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_values import JSON

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.diagnostics.render import render
from iamdsl.lift import accounts
from iamdsl.lift.reading import read_json
from iamdsl.source import Source

if TYPE_CHECKING:
    from iamdsl.iam import Document, Identity
    from iamdsl.lift import Estate

ANSWERS = Path(__file__).parents[2] / "lift" / "accounts"
DETAILS: dict[str, Any] = json.loads((ANSWERS / "authorization-details.json").read_text("utf-8"))
ACCOUNT = "111122223333"


def policy(**members: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **members}
    return {"Version": "2012-10-17", "Statement": [statement]}


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def role(name: str = "web", **members: Any) -> dict[str, Any]:
    return {
        "Path": "/",
        "RoleName": name,
        "RoleId": "AROAEXAMPLE",
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "CreateDate": "2024-05-01T10:00:00+00:00",
        "AssumeRolePolicyDocument": TRUST,
        **members,
    }


def read(answer: Any, **options: Any) -> tuple[Estate | None, Report]:
    """Return what an answer holds, and what was said."""
    report = Report()
    tree = read_json(Source("a.json", json.dumps(answer, indent=4)), report)
    assert tree is not None
    assert accounts.recognises(tree.value)
    return accounts.read(tree, "given", report, **options), report


def estate_of(answer: Any, **options: Any) -> Estate:
    """Return what an answer holds, of which nothing is said."""
    estate, report = read(answer, **options)
    assert not report.diagnostics, render("full", report.diagnostics)
    assert estate is not None
    return estate


def document_of(answer: Any, **options: Any) -> Document:
    (made,) = estate_of(answer, **options).build.documents
    return made


def identity_of(answer: Any) -> Identity:
    (made,) = estate_of(answer).build.identities
    return made


def said(answer: Any, **options: Any) -> tuple[str, str, str, str]:
    """Return code, message, underlined text and hint of the one thing that is said."""
    _, report = read(answer, **options)
    (found,) = report.diagnostics
    assert found.hint
    return found.code.name, found.message, found.span.text if found.span else "", found.hint


def actions(of: iam.Policy | None) -> list[tuple[str, ...]]:
    assert of is not None
    return [s.actions.values for s in of.statements]


# A whole account


def test_a_whole_account_comes_through() -> None:
    """Users, groups, roles and managed policies, with all that IAM keeps of them."""
    estate, report = read(DETAILS)
    assert estate is not None
    assert [d.code.name for d in report.diagnostics] == ["made-by-aws"]
    assert estate.pseudo == {"partition": "aws", "account": ACCOUNT}
    alice, developers, function = estate.build.identities
    assert (alice.kind, alice.name, alice.path) == ("user", "alice", "/staff/")
    assert (alice.groups, alice.tags) == (("developers",), (("team", "orders"),))
    assert [(name, actions(p)) for name, p in alice.inline] == [("own-bucket", [("s3:*",)])]
    assert (developers.kind, developers.name, developers.trust) == ("group", "developers", None)
    assert [(a.policy, a.ours) for a in developers.managed] == [
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", False),
        ("photos", True),
    ]
    assert (function.kind, function.name, function.path) == ("role", "orders-function", "/service/")
    assert actions(function.trust) == [("sts:AssumeRole",)]
    assert [name for name, _ in function.inline] == ["write", "list"]
    assert function.own is None
    assert [(a.policy, a.ours) for a in function.managed] == [("photos", True)]
    assert function.boundary is not None
    assert (function.boundary.policy, function.boundary.ours) == ("team-boundary", True)
    assert function.tags == (("team", "orders"), ("cost center", "42"))
    assert function.instance_profile == "web"


def test_managed_policies_come_with_their_default_version() -> None:
    """Old versions are history, AWS's own policies are AWS's, a boundary is one by its use."""
    estate, _ = read(DETAILS)
    assert estate is not None
    photos, boundary = estate.build.documents
    assert (photos.kind, photos.name, photos.path) == ("managed", "photos", "/media/")
    assert photos.description == "Read the photos"
    assert actions(photos.policy) == [("s3:GetObject",)]
    assert (boundary.kind, boundary.name) == ("boundary", "team-boundary")


def test_a_boundary_that_is_attached_too_is_a_policy() -> None:
    """Both uses are of one customer managed policy."""
    answer = copy.deepcopy(DETAILS)
    arn = answer["RoleDetailList"][0]["PermissionsBoundary"]["PermissionsBoundaryArn"]
    answer["GroupDetailList"][0]["AttachedManagedPolicies"].append(
        {"PolicyName": "team-boundary", "PolicyArn": arn}
    )
    estate, _ = read(answer)
    assert estate is not None
    assert [d.kind for d in estate.build.documents] == ["managed", "managed"]


def test_policies_that_are_not_in_the_answer_are_attached_by_arn() -> None:
    """With `--filter Role` no policy is told of: a name would be nobody's."""
    estate, _ = read({"RoleDetailList": DETAILS["RoleDetailList"]})
    assert estate is not None
    (function,) = estate.build.identities
    assert [(a.policy, a.ours) for a in function.managed] == [
        (f"arn:aws:iam::{ACCOUNT}:policy/media/photos", False)
    ]
    assert function.boundary is not None
    assert not function.boundary.ours


def test_roles_of_aws_are_left_out_with_one_warning() -> None:
    """Nobody can make them: one message names all."""
    code, message, _, hint = said(DETAILS)
    assert code == "made-by-aws"
    assert message == (
        "2 roles that only AWS can make are left out: `AWSServiceRoleForSupport`, "
        "`AWSReservedSSO_Admin_0123456789abcdef`"
    )
    assert "nothing is to be done" in hint


def test_if_nothing_else_is_there_that_is_an_error() -> None:
    """A source of nothing is no import."""
    _, report = read({"Role": role(Path="/aws-service-role/x.amazonaws.com/")})
    assert [d.code.name for d in report.diagnostics] == ["nothing-to-import", "made-by-aws"]
    assert said({"RoleDetailList": [], "Policies": []})[0] == "nothing-to-import"


def test_documents_as_texts_are_read() -> None:
    """Older tools give them encoded for URLs, as the API does."""
    answer = {"RoleDetailList": [role(
        AssumeRolePolicyDocument=quote(json.dumps(TRUST)),
        RolePolicyList=[{"PolicyName": "p", "PolicyDocument": json.dumps(policy())}],
    )]}  # fmt: skip
    made = identity_of(answer)
    assert actions(made.trust) == [("sts:AssumeRole",)]
    assert actions(made.inline[0][1]) == [("s3:GetObject",)]


# Parts of an account


def test_a_role_comes_from_get_role() -> None:
    """With description, boundary and the longest session; an hour is what nobody has set."""
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/b"
    answer = {"Role": role(
        Description="Orders", MaxSessionDuration=7200, Tags=[{"Key": "a", "Value": ""}],
        PermissionsBoundary={"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary},
    )}  # fmt: skip
    made = identity_of(answer)
    assert (made.description, made.max_session, made.tags) == ("Orders", 7200, (("a", ""),))
    assert made.boundary is not None
    assert (made.boundary.policy, made.boundary.ours) == (boundary, False)
    assert identity_of({"Role": role(MaxSessionDuration=3600)}).max_session is None
    assert estate_of(answer).docs == {"web": "From an answer that does not tell of its policies."}


def test_lists_and_pages_are_read_together() -> None:
    """Answers in one list, as `jq -s` makes it, are of one account."""
    pages = [{"Roles": [role("a"), role("b")]}, {"Role": role("c")}, {"User": {"UserName": "u"}}]
    assert [i.name for i in estate_of(pages).build.identities] == ["a", "b", "c", "u"]
    group = {"Group": {"GroupName": "g"}, "Users": [{"UserName": "u"}]}
    made, user = estate_of(group).build.identities
    assert (made.name, user.name, user.groups) == ("g", "u", ("g",))


def test_an_inline_policy_goes_to_its_identity() -> None:
    """`get-role-policy` names the role; one that is not told of cannot be made without a trust."""
    answer = {"RoleName": "web", "PolicyName": "p", "PolicyDocument": policy()}
    estate = estate_of(answer)
    assert [(d.kind, d.name) for d in estate.build.documents] == [("managed", "p")]
    assert estate.docs == {"p": "The inline policy `p` of the role `web`."}
    made = identity_of([answer, {"Role": role()}])
    assert [(name, actions(p)) for name, p in made.inline] == [("p", [("s3:GetObject",)])]
    others = [answer, {**answer, "RoleName": "other"}]
    assert [d.name for d in estate_of(others).build.documents] == ["p", "other-p"]
    for word in ("User", "Group"):
        given_as = {f"{word}Name": "x", "PolicyName": "p", "PolicyDocument": policy()}
        lone = identity_of(given_as)
        assert (lone.kind, lone.name, lone.inline[0][0]) == (word.lower(), "x", "p")


def test_an_inline_policy_that_comes_twice_is_refused() -> None:
    """One of the two would be lost."""
    one = {"UserName": "u", "PolicyName": "p", "PolicyDocument": policy()}
    code, message, shown, _ = said([one, one])
    assert (code, shown) == ("found-twice", '"p"')
    assert "two inline policies `p`" in message


@pytest.mark.parametrize(
    ("names", "problem"),
    [(("a", "a"), "the role `a` is told of twice"), (("a", "A"), "differ only in case")],
)
def test_a_name_that_comes_twice_is_refused(names: tuple[str, str], problem: str) -> None:
    """IAM has no two of a kind whose names differ in case alone."""
    code, message, _, _ = said({"Roles": [role(name) for name in names]})
    assert code == "found-twice"
    assert problem in message


def test_two_accounts_are_refused() -> None:
    """Names are an account's own, and so is `aws.account`."""
    other = role("b", Arn="arn:aws:iam::444455556666:role/b")
    code, _, shown, _ = said({"Roles": [role("a"), other]})
    assert (code, shown) == ("several-accounts", '"arn:aws:iam::444455556666:role/b"')


# What does not come through


def test_what_is_unknown_is_warned_of() -> None:
    """A member that AWS adds one day is not dropped in silence; mere information is."""
    code, message, shown, _ = said({"Role": role(RoleLastUsed={"Region": "eu-west-1"}, Power=11)})
    assert (code, shown) == ("left-out", '"Power"')
    assert "`Power` of a role is not known" in message


@pytest.mark.parametrize(
    ("profiles", "member", "name"),
    [
        ([{"InstanceProfileName": "a", "Path": "/x/"}], "Path", "a"),
        ([{"InstanceProfileName": "a", "Tags": [{"Key": "k", "Value": "v"}]}], "Tags", "a"),
        ([{"InstanceProfileName": n} for n in "ab"], "InstanceProfileList", "a"),
    ],
)
def test_what_the_language_has_no_place_for_is_warned_of(
    profiles: list[Any], member: str, name: str
) -> None:
    """An instance profile has a name, and a role one profile."""
    estate, report = read({"RoleDetailList": [role(InstanceProfileList=profiles)]})
    assert estate is not None
    assert estate.build.identities[0].instance_profile == name
    (found,) = report.diagnostics
    assert (found.code.name, found.span and found.span.text) == ("left-out", f'"{member}"')


def test_a_page_of_several_is_warned_of() -> None:
    """What is on the other pages is missing from the source."""
    for member in ({"IsTruncated": True}, {"NextToken": "x"}, {"Marker": "x"}):
        estate, report = read({"Roles": [role()], **member})
        assert estate is not None
        assert [d.code.name for d in report.diagnostics] == ["one-page"]
    whole = {"Roles": [role()], "IsTruncated": False, "Marker": None}
    assert len(estate_of(whole).build.identities) == 1


@pytest.mark.parametrize(
    ("answer", "problem", "shown"),
    [
        ({"Role": {"RoleName": "r"}}, "a role without `AssumeRolePolicyDocument`", "{"),
        ({"Role": role(RoleName=3)}, "`RoleName` of a role is not a text", "3"),
        ({"Role": role(RoleName="")}, "a role without `RoleName`", "{"),
        ({"Role": role(MaxSessionDuration="1h")}, "is not a whole number", '"1h"'),
        ({"Role": role(MaxSessionDuration=True)}, "is not a whole number", "true"),
        ({"Role": role(Tags={"a": "b"})}, "`Tags` of a role is not a list", "{"),
        ({"Role": role(Tags=["a"])}, "an item of `Tags` of a role is not an object", '"a"'),
        ({"Role": role(Tags=[{"Value": "b"}])}, "a tag without `Key`", "{"),
        ({"Users": ["u"]}, "an item of `Users` of the answer is not an object", '"u"'),
        ({"Policies": [{"PolicyName": "p", "PolicyVersionList": []}]}, "is the default one", "{"),
    ],
)
def test_answers_that_aws_does_not_give_are_refused(answer: Any, problem: str, shown: str) -> None:
    """`--query` and hand-made files have other forms: nothing is made up for what is missing."""
    code, message, place, _ = said(answer)
    assert code == "bad-answer"
    assert problem in message
    assert place == shown


def test_a_part_that_is_no_policy_is_refused_alone() -> None:
    """The rest of an account is read, and the build of it fails for that part."""
    answer = copy.deepcopy(DETAILS)
    answer["RoleDetailList"][0]["RolePolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] = 3
    estate, report = read(answer)
    assert estate is not None
    assert report.failed
    (wrong,) = (d for d in report.diagnostics if d.code.name == "not-a-policy")
    assert wrong.span is not None
    assert wrong.span.text == "3"


@pytest.mark.parametrize(
    ("answer", "way"),
    [
        ({"Policy": {"PolicyName": "p", "Arn": "a", "DefaultVersionId": "v1"}}, "get-policy-version"),
        ({"Policies": [{"PolicyName": "p", "Arn": "a"}]}, "get-account-authorization-details"),
        ({"Policy": {"PolicySummary": {"Name": "t", "Type": "TAG_POLICY"}, "Content": "{}"}}, "SCPs"),
        ({"Policy": {"PolicySummary": {"Name": "FullAWSAccess", "AwsManaged": True,
          "Type": "SERVICE_CONTROL_POLICY"}, "Content": json.dumps(policy())}}, "by itself"),
        ({"InlinePolicy": ""}, "nothing to import"),
        ({"Attributes": {"QueueArn": "arn:aws:sqs:eu-west-1:1:q"}}, "nothing to import"),
        ({"VpcEndpoints": [{"VpcEndpointId": "vpce-1"}]}, "authorization-details"),
    ],
)  # fmt: skip
def test_answers_without_a_document_say_where_it_is(answer: Any, way: str) -> None:
    """Asking AWS the wrong question is answered with the right one."""
    code, _, _, hint = said(answer)
    assert code == "nothing-to-import"
    assert way in hint


# One document

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"


def resource_policy(on: Any = "*", action: str = "a:B") -> str:
    return json.dumps(policy(Principal={"AWS": ACCOUNT}, Action=action, Resource=on))


def no_resource() -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "ecr:BatchGetImage"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


HERE = "arn:{0}aws.partition{1}:ecr:{0}aws.region{1}:"
OPEN, CLOSE = iam.PLACEHOLDER_OPEN, iam.PLACEHOLDER_CLOSE
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"  # noqa: S105  # an ARN
VAULT = "arn:aws:backup:eu-west-1:111122223333:backup-vault:v"


@pytest.mark.parametrize(
    ("answer", "service", "target"),
    [
        ({"Policy": resource_policy("arn:aws:s3:::logs/*")}, "s3", "arn:aws:s3:::logs"),
        ({"Policy": resource_policy(QUEUE), "RevisionId": "1"}, "sqs", QUEUE),
        ({"Attributes": {"QueueArn": QUEUE, "Policy": resource_policy()}}, "sqs", QUEUE),
        ({"Attributes": {"TopicArn": QUEUE.replace("sqs", "sns"), "Policy": resource_policy()}},
         "sns", QUEUE.replace("sqs", "sns")),
        ({"Policy": resource_policy(action="kms:*"), "PolicyName": "default"},
         "kms", "arn:*:kms:*:*:key/*"),
        ({"ARN": SECRET, "Name": "db", "ResourcePolicy": resource_policy()},
         "secretsmanager", SECRET),
        ({"BackupVaultName": "v", "BackupVaultArn": VAULT, "Policy": resource_policy()},
         "backup", VAULT),
        ({"registryId": ACCOUNT, "repositoryName": "team/app", "policyText": no_resource()},
         "ecr", f"{HERE.format(OPEN, CLOSE)}{ACCOUNT}:repository/team/app"),
    ],
)  # fmt: skip
def test_a_resource_policy_comes_with_its_resource(answer: Any, service: str, target: str) -> None:
    """The answer names it, or else the policy does."""
    made = document_of(answer)
    assert (made.kind, made.name, made.service, made.target) == (
        "resource",
        "given",
        service,
        target,
    )


def test_the_options_hold_for_a_document_in_an_answer() -> None:
    """A bucket whose policy does not name it can be named."""
    made = document_of({"Policy": resource_policy()}, target="arn:aws:s3:::logs")
    assert made.target == "arn:aws:s3:::logs"
    version = {"PolicyVersion": {"Document": policy(), "VersionId": "v1", "IsDefaultVersion": True}}
    assert document_of(version, kind="boundary").kind == "boundary"
    assert document_of(version).kind == "managed"
    answers: list[Any] = [{"Role": role()}, {"InlinePolicy": json.dumps(policy())}, {"VpcEndpoints": []}]
    for answer in answers:
        assert said(answer, kind="trust")[0] == "wrong-kind"
        assert said(answer, target=QUEUE)[0] == "wrong-kind"


def test_organization_policies_have_their_kind_and_name() -> None:
    """`describe-policy` of Organizations says what a document alone cannot."""
    summary = {"Id": "p-1", "Arn": "a", "Name": "eu only", "Description": "Europe",
               "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": False}  # fmt: skip
    answer = {"Policy": {"PolicySummary": summary, "Content": json.dumps(policy())}}
    made = document_of(answer)
    assert (made.kind, made.name, made.description) == ("scp", "eu only", "Europe")
    assert said(answer, kind="rcp")[0] == "wrong-kind"
    summary["Type"] = "RESOURCE_CONTROL_POLICY"
    denial = json.dumps(policy(Effect="Deny", Principal="*", Action="sqs:*"))
    assert document_of({"Policy": {"PolicySummary": summary, "Content": denial}}).kind == "rcp"


def test_a_permission_set_has_the_statements_of_its_inline_policy() -> None:
    """IAM Identity Center gives that policy no name."""
    made = identity_of({"InlinePolicy": json.dumps(policy())})
    assert (made.kind, made.name, made.inline) == ("permission_set", "given", ())
    assert actions(made.own) == [("s3:GetObject",)]


def test_each_endpoint_has_its_policy() -> None:
    """`describe-vpc-endpoints` tells of all; gateways and some interfaces have policies."""
    whole = json.dumps(policy(Principal="*", Action="*"))
    answer = {"VpcEndpoints": [
        {"VpcEndpointId": "vpce-01", "OwnerId": ACCOUNT, "PolicyDocument": whole},
        {"VpcEndpointId": "vpce-02", "OwnerId": ACCOUNT},
        {"VpcEndpointId": "vpce-03", "PolicyDocument": whole},
    ]}  # fmt: skip
    made = estate_of(answer).build.documents
    assert [(d.name, d.service, d.target) for d in made] == [
        ("vpce-01", "ec2", f"arn:*:ec2:*:{ACCOUNT}:vpc-endpoint/vpce-01"),
        ("vpce-03", "ec2", "arn:*:ec2:*:*:vpc-endpoint/vpce-03"),
    ]


# Any answer at all


@pytest.mark.parametrize(
    "value", [[], {}, policy(), [policy()], {"Resources": {}}, 3, None, {"Policy": 3}, {"Role": 1}]
)
def test_other_values_are_no_answers(value: Any) -> None:
    """Other readers take them, or nobody does."""
    assert not accounts.recognises(value)


MEMBERS = st.sampled_from([
    "UserDetailList", "RoleDetailList", "Policies", "Roles", "Users", "Role", "User", "Group",
    "RoleName", "PolicyName", "PolicyDocument", "PolicyVersion", "Document", "Policy", "Attributes",
    "PolicySummary", "Content", "VpcEndpoints", "InlinePolicy", "Tags", "Key", "Arn", "Path",
    "policyText", "ResourcePolicy", "PolicyVersionList", "IsDefaultVersion", "Type", "QueueArn",
    "InstanceProfileList", "AssumeRolePolicyDocument", "PermissionsBoundary", "UserName",
])  # fmt: skip
ANSWER = st.dictionaries(MEMBERS, st.recursive(
    JSON | st.just(TRUST) | st.just(json.dumps(policy())) | st.just("SERVICE_CONTROL_POLICY"),
    lambda inner: st.dictionaries(MEMBERS, inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=10,
), max_size=4)  # fmt: skip


@given(ANSWER | st.lists(ANSWER, max_size=3))
@settings(max_examples=400)
def test_any_answer_is_read_or_refused(answer: Any) -> None:
    """No value raises where AWS would give another, and nothing comes to nothing in silence."""
    report = Report()
    tree = read_json(Source("a.json", json.dumps(answer)), report)
    assert tree is not None
    if accounts.recognises(tree.value):
        estate = accounts.read(tree, "given", report)
        assert estate is not None or report.failed
    render("full", report.diagnostics)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    return [path, *(p for k, v in inner for p in places(v, (*path, k)))]


@given(st.sampled_from(places(DETAILS)[1:]), JSON)
@settings(max_examples=200, deadline=None)
def test_an_account_changed_anywhere_is_read_or_refused(
    path: tuple[str | int, ...], value: Any
) -> None:
    """One wrong value in a dump of thousands does not end the import with a traceback."""
    answer = copy.deepcopy(DETAILS)
    around: Any = answer
    for part in path[:-1]:
        around = around[part]
    around[path[-1]] = value
    estate, report = read(answer)
    assert estate is not None or report.failed
    render("full", report.diagnostics)


# What another implementation of IAM answers


def test_an_account_of_moto_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was put into IAM by its API is what is read from its answer."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    boto3: Any = import_module("boto3")
    moto: Any = import_module("moto")
    with moto.mock_aws():
        client = boto3.client("iam")
        arns = {
            name: client.create_policy(
                PolicyName=name, Path="/p/", Description=name, PolicyDocument=json.dumps(policy())
            )["Policy"]["Arn"]
            for name in ("first", "second")
        }
        client.create_policy_version(
            PolicyArn=arns["first"],
            PolicyDocument=json.dumps(policy(Action="s3:PutObject")),
            SetAsDefault=True,
        )
        client.create_group(GroupName="staff", Path="/g/")
        client.put_group_policy(
            GroupName="staff", PolicyName="inline", PolicyDocument=json.dumps(policy())
        )
        client.create_user(UserName="alice", Tags=[{"Key": "team", "Value": "x"}])
        client.add_user_to_group(GroupName="staff", UserName="alice")
        client.attach_user_policy(UserName="alice", PolicyArn=arns["first"])
        client.create_role(
            RoleName="function",
            Path="/r/",
            AssumeRolePolicyDocument=json.dumps(TRUST),
            PermissionsBoundary=arns["second"],
            MaxSessionDuration=7200,
        )
        client.put_role_policy(
            RoleName="function", PolicyName="own", PolicyDocument=json.dumps(policy())
        )
        client.create_instance_profile(InstanceProfileName="profile")
        client.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="function")
        client.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
        wanted = ["User", "Group", "Role", "LocalManagedPolicy"]
        whole = client.get_account_authorization_details(Filter=wanted)
        one = client.get_role(RoleName="function")
    estate, report = read(json.loads(json.dumps(whole, default=str)))
    assert estate is not None
    assert [d.code.name for d in report.diagnostics] == ["made-by-aws"]
    found = {(i.kind, i.name): i for i in estate.build.identities}
    alice, staff = found["user", "alice"], found["group", "staff"]
    function = found["role", "function"]
    assert len(found) == 3
    assert (alice.groups, alice.tags) == (("staff",), (("team", "x"),))
    assert [(a.policy, a.ours) for a in alice.managed] == [("first", True)]
    assert (staff.path, [name for name, _ in staff.inline]) == ("/g/", ["inline"])
    assert (function.path, function.instance_profile) == ("/r/", "profile")
    assert function.trust == iam.from_json(TRUST)
    assert function.inline == (("own", iam.from_json(policy())),)
    assert function.boundary is not None
    assert function.boundary.policy == "second"
    documents = {d.name: d for d in estate.build.documents}
    assert {(n, d.kind, d.path) for n, d in documents.items()} == {
        ("first", "managed", "/p/"),
        ("second", "boundary", "/p/"),
    }
    assert actions(documents["first"].policy) == [("s3:PutObject",)]
    single, report = read(json.loads(json.dumps(one, default=str)))
    assert single is not None
    assert single.build.identities[0].max_session == 7200
    assert not report.diagnostics
