"""What templates say in which order, how things are called, and what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from clouds import compiled
from hypothesis import given, settings
from hypothesis import strategies as st
from stacks import Newer, read

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.emit import Facts
from iamdsl.emit.cloudformation import _ids as ids
from iamdsl.emit.cloudformation import emit
from iamdsl.emit.cloudformation._yaml import scalar
from iamdsl.fit.steady import Piece, Placed

if TYPE_CHECKING:
    from pathlib import Path

WHERE = iam.Elements(("*",))
NOTHING = Facts()


def allow(*actions: str) -> iam.Policy:
    """Return a policy that lets an identity."""
    return iam.Policy((iam.Statement("Allow", iam.Elements(actions), WHERE),))


def trust(*arns: str) -> iam.Policy:
    """Return a trust policy."""
    who = iam.Principals((("AWS", arns),))
    return iam.Policy(
        (iam.Statement("Allow", iam.Elements(("sts:AssumeRole",)), None, principals=who),)
    )


def role(name: str, *arns: str, path: str = "/") -> iam.Identity:
    """Return a role that lets principals in."""
    return iam.Identity("role", name, path, trust=trust(*arns or ("222233334444",)))


def arn(name: str, path: str = "/", account: str = iam.placeholder("aws.account")) -> str:
    """Return the ARN of a role of an account."""
    return f"arn:{iam.placeholder('aws.partition')}:iam::{account}:role{path}{name}"


def made(build: iam.Build, facts: Facts = NOTHING, form: str = "yaml") -> tuple[Any, list[str]]:
    """Return the one template, and the numbers of what is reported."""
    report = Report()
    (file,) = emit(build, facts, report, form)
    return read(file.text), [d.code.number for d in report.diagnostics]


def resources(build: iam.Build, facts: Facts = NOTHING) -> Any:
    """Return the resources of a build that has nothing wrong."""
    template, numbers = made(build, facts)
    assert not numbers
    return template["Resources"]


def test_a_role_waits_for_those_whom_it_trusts() -> None:
    """AWS refuses a trust policy that names a role which is not there yet."""
    build = iam.Build(identities=(role("first", arn("last", "/p/")), role("last", path="/p/")))
    found = resources(build)
    assert found["FirstRole"]["DependsOn"] == ["LastRole"]
    assert "DependsOn" not in found["LastRole"]


def test_a_session_of_a_role_is_that_role_and_another_account_s_is_none() -> None:
    """Only what the template makes can be waited for."""
    session = arn("last").replace(":iam:", ":sts:").replace("role/", "assumed-role/") + "/me"
    build = iam.Build(identities=(role("first", session), role("last")))
    assert resources(build)["FirstRole"]["DependsOn"] == ["LastRole"]
    other = iam.Build(identities=(role("first", arn("last", "/", "999988887777")), role("last")))
    assert "DependsOn" not in resources(other)["FirstRole"]


def test_the_account_of_a_place_is_its_own() -> None:
    """In an account that is known, ARNs have its number."""
    inner = iam.Build(identities=(role("first", arn("last", "/", "111122223333")), role("last")))
    build = iam.Build(accounts=(iam.Account("prod", "111122223333", inner),))
    report = Report()
    (file,) = emit(build, Facts(), report, "yaml")
    assert file.path == "prod/template.yaml"
    template = read(file.text)
    assert template["Resources"]["FirstRole"]["DependsOn"] == ["LastRole"]
    (assertion,) = template["Rules"]["Account"]["Assertions"]
    assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "AWS::AccountId"}, "111122223333"]}


@pytest.mark.parametrize("names", [("a",), ("a", "b"), ("a", "b", "c")])
def test_roles_that_wait_for_each_other_are_refused(names: tuple[str, ...]) -> None:
    """CloudFormation makes no circles, and a trust policy cannot be left for later."""
    after = [*names[1:], names[0]]
    build = iam.Build(identities=tuple(role(n, arn(o)) for n, o in zip(names, after, strict=True)))
    _, numbers = made(build)
    assert numbers == ["IAM701"]


def test_a_policy_of_a_resource_waits_for_its_principals() -> None:
    """The policy of a bucket names roles as a trust policy does."""
    policy = iam.Document(
        "resource", "lake", trust(arn("r")), target="arn:aws:s3:::lake", service="s3"
    )
    managed = iam.Document("managed", "lake-access", allow("s3:*"))
    build = iam.Build((policy, managed), (role("r"),))
    found = resources(build)
    assert found["S3LakeAccess"]["DependsOn"] == ["RRole"]
    assert "DependsOn" not in found["LakeAccessPolicy"]


def attached(kind: str, name: str, **more: Any) -> iam.Identity:
    """Return an identity with policies attached."""
    managed = tuple(iam.Attachment(p, ours=True) for p in more.pop("managed", ()))
    bound = more.pop("boundary", None)
    boundary = iam.Attachment(bound, ours=True) if bound else None
    return iam.Identity(kind, name, managed=managed, boundary=boundary, **more)  # type: ignore[arg-type]


def test_policies_change_in_the_order_of_the_build() -> None:
    """What a policy loses goes when another one has it; what went is removed at the very end."""
    pieces = tuple(iam.Document("managed", f"p-{n}", allow("s3:*")) for n in "abc")
    inline = (("r", allow("s3:*")),)
    build = iam.Build(
        pieces, (attached("role", "r", managed=("p-a", "p-b"), trust=trust("1"), inline=inline),)
    )
    placed = Placed((Piece("", ()), Piece("p-a", ()), Piece("p-b", ())), ("p-b", "gone", "", "p-a"))
    found = resources(build, Facts(placed={"role r": placed}))
    assert "DependsOn" not in found["PBPolicy"]
    assert found["RRoleInline"]["DependsOn"] == ["PBPolicy"]
    assert found["PAPolicy"]["DependsOn"] == ["RRoleInline"]
    assert found["PAPolicy"]["Properties"]["Roles"] == [{"Ref": "RRole"}]


def test_an_order_that_nobody_can_hold_is_said() -> None:
    """Two owners can ask for opposite orders: the rest is deployed, and the gap is told of."""
    pieces = tuple(iam.Document("managed", f"p-{n}", allow("s3:*")) for n in "ab")
    build = iam.Build(pieces, (role("r"),))
    orders = {"role r": Placed((), ("p-a", "p-b")), "role s": Placed((), ("p-b", "p-a"))}
    template, numbers = made(build, Facts(placed=orders))
    assert numbers == ["IAM703"]
    assert template["Resources"]["PBPolicy"]["DependsOn"] == ["PAPolicy"]


def test_a_policy_that_is_a_boundary_is_attached_by_its_identities() -> None:
    """A policy that waits for a role, which waits for the policy as its boundary, is never made."""
    documents = (
        iam.Document("boundary", "edge", allow("*")), iam.Document("managed", "p", allow("s3:*")),
    )  # fmt: skip
    build = iam.Build(
        documents,
        (
            attached("role", "r", managed=("edge", "p"), boundary="edge", trust=trust("1")),
            attached("group", "g", managed=("edge",)),
        ),
    )
    found = resources(build)
    assert "Roles" not in found["EdgeBoundary"]["Properties"]
    assert found["RRole"]["Properties"]["ManagedPolicyArns"] == [{"Ref": "EdgeBoundary"}]
    assert found["GGroup"]["Properties"]["ManagedPolicyArns"] == [{"Ref": "EdgeBoundary"}]
    assert found["PPolicy"]["Properties"]["Roles"] == [{"Ref": "RRole"}]


NAMES = st.lists(st.sampled_from(["word", "Word", *"abA12_.-"]), min_size=1, max_size=6).map(
    "".join
)


@given(NAMES, NAMES)
@settings(max_examples=100, deadline=None)
def test_no_two_names_have_one_id(one: str, other: str) -> None:
    """An id follows from the name alone, so that nothing that is added renames a resource."""
    assert ids.camel(one).isalnum()
    assert (ids.camel(one) == ids.camel(other)) == (one == other)
    for kind in ids.SUFFIXES:
        for else_ in ids.SUFFIXES:
            same = ids.of(kind, one) == ids.of(else_, other)
            assert same == (kind == else_ and one == other)


def test_ids_are_short_where_names_are_plain() -> None:
    """People write them in templates of their own."""
    assert ids.of("role", "orders-function") == "OrdersFunctionRole"
    assert ids.of_inline("role", "orders-function", "orders-function") == "OrdersFunctionRoleInline"
    assert ids.of("managed", "lake-reader-2") == "LakeReader2Policy"
    assert ids.of("managed", "ec2-s3") == "Ec2S3Policy"
    for odd in ("OrdersFunction", "lake-reader2", "ec-2", "orders--2", "2-orders", "Orders-2"):
        assert ids.camel(odd).endswith(f"X{ids.digest(odd)}")


WORDS = ("yes", "No", "on", "y", "N", "null", "~", "True", "1", "0123", "0x1F", "1e3", "12:30:45",
         "2012-10-17", ".inf", ".NaN", "=", "<<", "- a", "a: b", "a #b", "!Sub x", "&a", "*", "|",
         "", " a", "a ", "a:", "%x", "@x", "`x", "'", '"', "\\", "\n", "\t", "\u2028", "\x85", "é",
         "😀", "\ufeff", "\x7f", "a\rb", "?", "{", "[", "---", "...", "#", "s3:Get*", "NaN", "off",
         "e3", "Null", "1_000", "0o7", "0b1", "a,b", "key", "?x", "-", "-1", "+1", "a\\'b\"c")  # fmt: skip


@pytest.mark.parametrize("loader", [yaml.SafeLoader, Newer])
def test_a_text_stays_a_text(loader: type[yaml.SafeLoader]) -> None:
    """No reader of YAML, old or new, takes a name or a value for a number, a date or a truth."""
    for word in WORDS:
        lines = f"{scalar(word)}: {scalar(word)}\nlist:\n  - {scalar(word)}\n"
        assert yaml.load(lines, Loader=loader) == {word: word, "list": [word]}  # noqa: S506


def test_what_is_too_large_is_refused() -> None:
    """A template of 501 resources fails only after it was sent."""
    build = iam.Build(tuple(iam.Document("managed", f"p{n}", allow("s3:*")) for n in range(501)))
    report = Report()
    (file,) = emit(build, Facts(), report, "json")
    assert [d.code.number for d in report.diagnostics] == ["IAM702"]
    assert '"Outputs"' not in file.text  # 200 at most, and nothing needs them


def test_what_is_too_long_may_fit_without_blanks() -> None:
    """Half of a template is what makes it readable, which nobody needs in one of a megabyte."""
    actions = [f"s3:{'a' * 60}{n}" for n in range(60)]
    documents = tuple(iam.Document("managed", f"p{n}", allow(*actions)) for n in range(200))
    hints = []
    for minify in (False, True):
        report = Report()
        emit(iam.Build(documents), Facts(minify=minify), report, "json")
        hints += [d.hint for d in report.diagnostics]
    assert len(hints) == 1
    assert "--minify" in hints[0]


def test_too_many_sessions_are_refused() -> None:
    """Their documents are nowhere but in the outputs: none of them can be left out."""
    one = iam.Document("managed", "p", allow("s3:*"))
    sessions = (iam.Document("session", f"s{n}", allow("s3:*")) for n in range(201))
    _, numbers = made(iam.Build((one, *sessions)), form="json")
    assert numbers == ["IAM702"]


def test_the_organization_is_attached_by_ids() -> None:
    """A source knows the organization's id, and policies hang on the root's: a parameter."""
    scp = iam.Document("scp", "no-leaving", allow("organizations:LeaveOrganization"))
    ours, full = iam.Attachment("no-leaving", ours=True), iam.Attachment("p-FullAWSAccess")
    other = iam.Attachment("p-a1b2c3d4")
    targets = (
        iam.Target("organization", "acme", "o-a1b2c3d4e5", ("acme",), (ours, full)),
        iam.Target("ou", "dev", "ou-ab12-33333333", ("acme", "dev"), (ours, other)),
    )
    template, numbers = made(iam.Build((scp,), targets=targets))
    (found,) = template["Resources"].values()
    assert found["Properties"]["TargetIds"] == [{"Ref": "OrganizationRootId"}, "ou-ab12-33333333"]
    assert template["Parameters"]["OrganizationRootId"]["AllowedPattern"] == "^r-[0-9a-z]{4,32}$"
    assert numbers == ["IAM703"]


def test_policies_of_an_organization_follow_each_other() -> None:
    """Of several changes at once the organization takes one and refuses the others."""
    documents = (
        iam.Document("scp", "a", allow("s3:*")),
        iam.Document("rcp", "b", allow("s3:*")),
        iam.Document("scp", "c", allow("s3:*")),
    )
    found = resources(iam.Build(documents))
    assert {name: r.get("DependsOn") for name, r in found.items()} == {
        "AScp": None, "BRcp": ["AScp"], "CScp": ["BRcp"]
    }  # fmt: skip


def test_an_instance_profile_passes_from_role_to_role() -> None:
    """A profile with a new id could not be made while the old one has its name."""
    for name in ("web", "server"):
        one = iam.Identity("role", name, trust=trust("1"), instance_profile="machine")
        found = resources(iam.Build((), (one,)))
        assert found["MachineProfile"]["Properties"]["Roles"] == [{"Ref": f"{name.title()}Role"}]


def test_values_make_no_reference_together() -> None:
    """Two values can stand side by side, and CloudFormation reads what they are together."""
    externs = tuple(iam.Extern(name, "String", 40, "^[ -~]+$") for name in "ab")
    text = "".join(iam.placeholder(extern.name) for extern in externs)
    described = iam.Document("managed", "p", allow("s3:*"), description=text)
    template, numbers = made(iam.Build((described,)), Facts(externs=externs))
    assert not numbers
    rule = template["Parameters"]["A"]["AllowedPattern"]
    for refused in ("x{", "{resolve:ssm:a}}", "a{{resolve:ssm:a}}"):
        assert not re.search(rule, refused)
    assert re.search(rule, "x{y}z")


def test_a_tight_policy_of_an_organization_is_a_text_without_blanks() -> None:
    """Its size counts blanks, and nobody says how many CloudFormation puts into an object."""
    actions = [f"s3:Get{'x' * 12}{n}" for n in range(400)]
    scp = iam.Document("scp", "tight", allow(*actions))
    content = resources(iam.Build((scp,)))["TightScp"]["Properties"]["Content"]
    assert content == iam.minified(iam.to_json(scp.policy))


def test_a_place_with_sessions_alone_has_a_resource() -> None:
    """A template has to have one; the documents are its outputs."""
    session = iam.Document(
        "session", "narrow", allow("s3:*"), attached=(iam.Attachment("arn:aws:iam::aws:policy/A"),)
    )
    template, numbers = made(iam.Build((session,)))
    assert not numbers
    assert template["Outputs"]["NarrowSessionPolicy"]["Value"] == iam.minified(
        iam.to_json(session.policy)
    )
    assert template["Outputs"]["NarrowSessionPolicyArns"]["Value"] == "arn:aws:iam::aws:policy/A"
    assert [r["Type"] for r in template["Resources"].values()] == [
        "AWS::CloudFormation::WaitConditionHandle"
    ]
    assert emit(iam.Build(), Facts(), Report(), "yaml") == []


def test_a_permission_set_is_of_an_instance(tmp_path: Path) -> None:
    """Only a deployment knows the instance; policies of the accounts are named."""
    source = """
        policy extra { path "/p/" allow s3:GetObject on * }
        permission_set operators {
          max_session 90m
          boundary arn:aws:iam::aws:policy/PowerUserAccess
          attach extra, aws_managed("ReadOnlyAccess")
          allow s3:ListAllMyBuckets on *
        }
    """
    build, facts = compiled(tmp_path, source, targets=("cloudformation",))
    found = resources(build, facts)["OperatorsPermissionSet"]
    assert found["DependsOn"] == ["ExtraPolicy"]
    properties = found["Properties"]
    assert properties["InstanceArn"] == {"Ref": "IdentityCenterInstanceArn"}
    assert properties["SessionDuration"] == "PT1H30M"
    assert properties["CustomerManagedPolicyReferences"] == [{"Name": "extra", "Path": "/p/"}]
    assert properties["PermissionsBoundary"] == {
        "ManagedPolicyArn": "arn:aws:iam::aws:policy/PowerUserAccess"
    }
    assert len(properties["ManagedPolicies"]) == 1


def test_what_is_not_deployed_is_told_and_asks_for_no_value(tmp_path: Path) -> None:
    """The policy of a key belongs to the key's own template, and so does what is open in it."""
    source = """
        extern key: kms:key max 100
        policy p for key { allow kms:* to account 222233334444 on * }
        policy q { tags { a = "b" } allow s3:GetObject on * }
    """
    build, facts = compiled(tmp_path, source, targets=("cloudformation",))
    template, numbers = made(build, facts)
    assert numbers == ["IAM703", "IAM703"]
    assert "Parameters" not in template


def test_an_extern_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Parameters and resources share their names in a template."""
    source = """
        extern r-role: String max 9
        role r { trust service lambda
          allow s3:GetObject on s3:bucket("b-{r-role}") }
    """
    build, facts = compiled(tmp_path, source, targets=("cloudformation",))
    template, _ = made(build, facts)
    (name,) = template["Parameters"]
    assert name == f"RRoleX{ids.digest('r-role')}"


def test_names_that_look_like_functions_are_said_in_a_text() -> None:
    """An object with the one member `Ref` would be a reference."""
    entry = iam.Entry("StringEquals", "Ref", ("x",))
    statement = iam.Statement("Allow", iam.Elements(("s3:*",)), WHERE, condition=(entry,))
    document = iam.Document("managed", "p", iam.Policy((statement,)))
    found = resources(iam.Build((document,)))["PPolicy"]["Properties"]["PolicyDocument"]
    assert found == iam.minified(iam.to_json(document.policy))


def test_a_description_that_would_be_a_secret_is_refused() -> None:
    """CloudFormation puts a secret's value where a text has its reference, and has no escape."""
    text = "{{resolve:secretsmanager:prod/db}}"
    build = iam.Build((iam.Document("managed", "p", allow("s3:*"), description=text),))
    assert made(build)[1] == ["IAM701"]
