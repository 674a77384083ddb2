"""Modules of Terraform: names of blocks, quoting, references, and what cannot be said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import nasty
import pytest
from clouds import compiled

from iamdsl import iam
from iamdsl.diagnostics import Report
from iamdsl.emit import Facts, emit
from iamdsl.emit.terraform import hcl
from iamdsl.emit.terraform.labels import Key, label, labels
from iamdsl.emit.terraform.resource_policies import SETTERS, setter
from iamdsl.emit.terraform.texts import may_be_equal
from iamdsl.emit.terraform.tree import Raw, Text, literal
from iamdsl.fit.steady import Piece, Placed
from iamdsl.iam import Extern, placeholder

if TYPE_CHECKING:
    from pathlib import Path

ROOT = "arn:aws:s3:::lake"


def report_of(build: iam.Build, facts: Facts, form: str = "terraform") -> list[str]:
    """Return the codes that a build comes to, with what they say."""
    report = Report()
    emit((form,), build, facts, report)
    return [f"{d.code.number} {d.message}" for d in report.diagnostics]


def written(build: iam.Build, facts: Facts, form: str = "terraform") -> dict[str, str]:
    """Return the files of a build that has nothing to complain of."""
    report = Report()
    files = emit((form,), build, facts, report).files
    assert not report.diagnostics, [d.message for d in report.diagnostics]
    return {name: data.decode() for name, data in files.items()}


def allow(resource: str = "*", *entries: iam.Entry) -> iam.Policy:
    statement = iam.Statement(
        "Allow", iam.Elements(("s3:GetObject",)), iam.Elements((resource,)), condition=entries
    )
    return iam.Policy((statement,))


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("orders-function", "orders_function"),
        ("OrdersFunction", "OrdersFunction"),
        ("2fa", "_2fa_46897518"),
        ("a.b@c", "a_b_c_94554770"),
        ("+", "a318c242"),
    ],
)
def test_labels_are_names_with_underscores(name: str, made: str) -> None:
    """Whatever a thing is called in AWS, its block has a name that Terraform takes."""
    assert label(name) == made


def test_what_is_added_moves_no_address() -> None:
    """A state knows things by their labels: one that moves is destroyed, and made anew."""

    def addresses(names: tuple[str, ...], roles: tuple[tuple[str, str], ...]) -> set[str]:
        held = [*names, *(policy for _, policy in roles if not policy.startswith("arn:"))]
        build = iam.Build(
            tuple(iam.Document("managed", name, allow()) for name in dict.fromkeys(held)),
            tuple(
                iam.Identity(
                    "role",
                    name,
                    trust=nasty.TRUST,
                    managed=(iam.Attachment(policy, ours=not policy.startswith("arn:")),),
                )
                for name, policy in roles
            ),
        )
        text = written(build, KNOWN)["main.tf"]
        return set(re.findall(r'^resource "(\w+" "\w+)" {', text, re.MULTILINE))

    more = (
        "LakeReader",
        "Lake-reader",
        "lake-reader",
        "lake.reader",
        "lake_reader",
        "lake--reader",
    )
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    pairs = (("app", "web-logs"), ("app-web", "logs"), ("app-x", arn), ("app-aws", "x"))
    everything = addresses(more, pairs)
    assert len(everything) == len(more) + 3 + 2 * len(pairs)
    for name in more:
        assert addresses((name,), ()) < everything
    for pair in pairs:
        assert addresses((), (pair,)) < everything


def resource(name: str, target: str, service: str) -> iam.Document:
    return iam.Document("resource", name, allow(), target=target, service=service)


def test_the_policy_of_a_resource_stays_where_it_is_under_another_name() -> None:
    """Terraform would set it anew, and then take it from the queue by its old address."""
    queue = "arn:aws:sqs:eu-west-1:111122223333:jobs"
    one, two = (
        written(iam.Build((resource(name, queue, "sqs"),)), KNOWN)["main.tf"]
        for name in ("one", "two")
    )
    assert '"aws_sqs_queue_policy" "SqsJobs' in one
    assert one.replace("`one`", "`two`") == two


def test_a_profile_passes_from_role_to_role() -> None:
    """It has the address that its own name makes, and changes in place."""

    def profile(role: str) -> str:
        held = iam.Identity("role", role, trust=nasty.TRUST, instance_profile="machines")
        return written(iam.Build(identities=(held,)), KNOWN)["main.tf"]

    assert 'resource "aws_iam_instance_profile" "machines" {' in profile("old")
    assert 'resource "aws_iam_instance_profile" "machines" {' in profile("new")


def test_no_resource_of_the_same_name_elsewhere_gets_a_policy() -> None:
    """A queue is found by its name, in the region that the provider has: a plan elsewhere stops."""
    queue = "arn:aws:sqs:us-east-1:111122223333:jobs"
    text = written(iam.Build((resource("p", queue, "sqs"),)), KNOWN)["main.tf"]
    assert 'condition     = local.region == "us-east-1"' in text
    assert "local.account_id ==" not in text  # the module stops in another account
    assert "region = data.aws_region.current.id" in text
    topic = "arn:aws:sns:us-east-1:111122223333:jobs"
    text = written(iam.Build((resource("p", topic, "sns"),)), KNOWN)["main.tf"]
    assert "precondition" not in text


def test_a_secret_is_looked_up_where_the_end_of_its_arn_is_not_known() -> None:
    """`-??????` stands for what AWS made up, and is no ARN that it takes."""
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-??????"
    text = written(iam.Build((resource("p", arn, "secretsmanager"),)), KNOWN)["main.tf"]
    assert 'name = "db"' in text
    assert re.search(r"secret_arn = data\.aws_secretsmanager_secret\.\w+\.arn", text)


def test_a_policy_for_every_resource_is_told() -> None:
    """No one resource is meant by a pattern, and Terraform would fail when it is applied."""
    report = Report()
    key = resource("p", "arn:aws:kms:*:*:key/*", "kms")
    emit(("terraform",), iam.Build((key,)), KNOWN, report)
    assert [d.code.number for d in report.diagnostics] == ["IAM703"]


def test_parts_of_an_organization_of_one_name_have_addresses_of_their_own() -> None:
    """Two ous are called `dev`, and a third one moves none of them."""

    def addresses(*paths: tuple[str, ...]) -> set[str]:
        attached = (iam.Attachment("s", ours=True),)
        targets = tuple(
            iam.Target("ou", path[-1], f"ou-ab12-0000000{n}", path, attached)
            for n, path in enumerate(paths)
        )
        build = iam.Build((iam.Document("scp", "s", allow()),), targets=targets)
        text = written(build, KNOWN)["main.tf"]
        return set(re.findall(r'^resource "(\w+" "\w+)" {', text, re.MULTILINE))

    one, two = ("acme", "a", "dev"), ("acme", "b", "dev")
    assert len(addresses(one, two)) == 3
    assert addresses(two) < addresses(one, two)


def test_wishes_that_are_one_are_told_apart() -> None:
    """Data sources may wish for one label, and no two blocks can have it."""
    wishes: dict[Key, str] = {("x", "a"): "a", ("y", "a"): "a"}
    assert labels(wishes) == {("x", "a"): "a", ("y", "a"): "a_" + labels(wishes)["y", "a"][2:]}
    assert len(set(labels(wishes).values())) == 2


def test_a_dollar_before_a_reference_does_not_escape_it() -> None:
    """`$` and then a value is no `$${`, which would be a text."""
    text = Text(("cost $", Raw("var.x"), ' ${y} %{z} "q"\n'))
    assert hcl.quoted(text) == r'"cost ${"$"}${var.x} $${y} %%{z} \"q\"\n"'


def test_keys_are_quoted_where_they_mean_something_else() -> None:
    """A tag that is called `for` or `null` begins no expression."""
    document = iam.Document(
        "managed", "p", allow(), tags=(("for", "1"), ("null", "2"), ("ok", "3"), ("a b", "4"))
    )
    text = written(iam.Build((document,)), Facts())["main.tf"]
    assert '    "for"  = "1"\n    "null" = "2"\n    ok     = "3"\n    "a b"  = "4"\n' in text


def test_text_that_terraform_would_compose_stays_json() -> None:
    """Terraform composes accents: a document escapes them itself, a tag is refused."""
    odd = "e\u0301"
    document = iam.Document("managed", "p", allow(f"arn:aws:s3:::{odd}"))
    text = written(iam.Build((document,)), Facts())["main.tf"]
    assert r"arn:aws:s3:::e\\u0301" in text
    tagged = iam.Document("managed", "p", allow(), tags=(("a", odd),))
    (said,) = report_of(iam.Build((tagged,)), Facts())
    assert said.startswith("IAM701 Terraform would change a tag")


def test_what_grows_beyond_its_limit_is_written_as_it_is() -> None:
    """`jsonencode` makes six characters of `&`, which a policy at its limit has no room for."""
    values = tuple(f"{number:04}&&&&&&&&&&&&&&&&&&&&" for number in range(220))
    full = allow("*", iam.Entry("StringEquals", "aws:SourceVpc", values))
    document = iam.Document("managed", "p", full)
    assert "jsonencode" not in written(iam.Build((document,)), Facts())["main.tf"]


def test_keys_that_a_deployment_could_make_one_are_refused() -> None:
    """Terraform keeps the last of two equal keys: a condition would be gone."""
    keys = (f"aws:RequestTag/{placeholder('a')}", "aws:RequestTag/team")
    entries = [iam.Entry("StringEquals", key, ("x",)) for key in keys]
    externs = (Extern("a", "String", 9, "^[a-z]+$"),)
    document = iam.Document("managed", "p", allow("*", *entries))
    (said,) = report_of(iam.Build((document,)), Facts(externs=externs))
    assert said.startswith("IAM701 two keys of one `StringEquals`")


def test_keys_that_stay_apart_are_written() -> None:
    """A key with a mark is a key, where no other can become the same."""
    key = f"aws:RequestTag/{placeholder('a')}"
    entries = [
        iam.Entry("StringEquals", key, ("x",)),
        iam.Entry("StringEquals", "aws:CalledVia", ("y",)),
    ]
    externs = (Extern("a", "String", 9, "^[a-z]+$"),)
    document = iam.Document("managed", "p", allow("*", *entries))
    text = written(iam.Build((document,)), Facts(externs=externs))["main.tf"]
    assert '"aws:RequestTag/${var.a}" = "x"' in text


def test_when_texts_may_be_equal() -> None:
    """A mark can stand for anything between what is known at both ends."""
    mark = placeholder("x")
    assert may_be_equal(f"a{mark}", "ab")
    assert may_be_equal(f"a{mark}", f"{mark}b")
    assert not may_be_equal(f"a{mark}", "ba")
    assert not may_be_equal(f"a{mark}c", f"a{mark}d")


def trusting(name: str, *names: str) -> iam.Identity:
    who = tuple(f"arn:aws:iam::111122223333:role/{other}" for other in names)
    statement = iam.Statement(
        "Allow",
        iam.Elements(("sts:AssumeRole",)),
        None,
        principals=iam.Principals((("AWS", who),)),
    )
    return iam.Identity("role", name, trust=iam.Policy((statement,)))


KNOWN = Facts(pseudo=(("account", "111122223333"), ("partition", "aws")))


def test_roles_that_trust_each_other_cannot_be_said() -> None:
    """Terraform makes a role in one step, and each would wait for the other."""
    for roles in ((trusting("a", "b"), trusting("b", "a")), (trusting("a", "a"),)):
        (said,) = report_of(iam.Build(identities=roles), KNOWN)
        assert said.startswith("IAM701 Terraform cannot create `a`")


def test_a_role_that_is_trusted_is_made_first() -> None:
    """A reference instead of the ARN makes Terraform wait for the role."""
    build = iam.Build(identities=(trusting("a", "b"), trusting("b", "elsewhere")))
    text = written(build, KNOWN)["main.tf"]
    assert "Principal = { AWS = aws_iam_role.b.arn }" in text
    assert 'AWS = "arn:aws:iam::111122223333:role/elsewhere"' in text


def test_the_account_is_checked_where_it_is_known() -> None:
    """A plan in another account stops before anything is made."""
    text = written(iam.Build((iam.Document("managed", "p", allow()),)), KNOWN)["main.tf"]
    assert 'condition     = self.account_id == "111122223333"' in text


def test_a_policy_that_terraform_cannot_set_is_told() -> None:
    """Terraform adds statements to a function's policy, and takes no document; the rest is there."""
    function = iam.Document(
        "resource",
        "f",
        allow(),
        target="arn:aws:lambda:eu-west-1:111122223333:function:f",
        service="lambda",
    )
    build = iam.Build((function, iam.Document("managed", "p", allow())))
    report = Report()
    files = emit(("terraform",), build, KNOWN, report).files
    assert [d.code.number for d in report.diagnostics] == ["IAM703"]
    assert b'resource "aws_iam_policy" "p"' in files["main.tf"]


@pytest.mark.parametrize(
    ("service", "rest", "kind"),
    [
        ("s3", "::lake", "aws_s3_bucket_policy"),
        ("s3", "eu-west-1:111122223333:accesspoint/a", "aws_s3control_access_point_policy"),
        ("kms", "eu-west-1:111122223333:key/1", "aws_kms_key_policy"),
        ("glue", "eu-west-1:111122223333:catalog", "aws_glue_resource_policy"),
        ("logs", "eu-west-1:111122223333:log-group:*", "aws_cloudwatch_log_resource_policy"),
        ("logs", "eu-west-1:111122223333:log-group:/a:*", None),
        ("s3tables", "eu-west-1:111122223333:bucket/a/table/b", None),
        ("lambda", "eu-west-1:111122223333:function:f", None),
    ],
)
def test_which_resource_sets_a_policy(service: str, rest: str, kind: str | None) -> None:
    """The ARN tells; what is not in the table is not guessed."""
    target = f"arn:aws:{service}:{rest}"
    found = setter(iam.Document("resource", "x", allow(), target=target, service=service))
    assert (found.type if found is not None else None) == kind


def test_permission_sets_and_organizations(tmp_path: Path) -> None:
    """They are set through the instance of Identity Center, and the organization's root."""
    source = """
organization acme "o-a1b2c3d4e5" { attach fence }
scp fence { deny organizations:LeaveOrganization on * }
permission_set engineer {
  description "Engineers"
  max_session 8h
  attach aws_managed("ReadOnlyAccess")
  allow s3:GetObject on arn:aws:s3:::lake/*
}
"""
    build, facts = compiled(tmp_path, source)
    text = written(build, facts)["main.tf"]
    assert "target_id = data.aws_organizations_organization.current.roots[0].id" in text
    assert 'condition     = self.id == "o-a1b2c3d4e5"' in text
    assert 'session_duration = "PT8H"' in text
    assert "inline_policy = jsonencode({" in text
    assert "tolist(data.aws_ssoadmin_instances.current.arns)[0]" in text


def test_an_order_never_closes_a_circle() -> None:
    """Two owners may want two shared documents in opposite orders: Terraform takes no circle."""
    documents = tuple(iam.Document("managed", name, allow()) for name in ("p", "q"))
    both = tuple(iam.Attachment(name, ours=True) for name in ("p", "q"))
    roles = tuple(
        iam.Identity("role", name, trust=nasty.TRUST, managed=both) for name in ("one", "two")
    )
    pieces = (Piece("p", ()), Piece("q", ()))
    placed = {
        "role one": Placed(pieces, order=("p", "q")),
        "role two": Placed(pieces, order=("q", "p")),
    }
    report = Report()
    build = iam.Build(documents, roles)
    text = emit(("terraform",), build, Facts(placed=placed), report).files["main.tf"].decode()
    assert "depends_on = [aws_iam_role_policy_attachment.one__p]" in text
    assert "depends_on = [aws_iam_role_policy_attachment.two__q]" not in text
    assert [(d.code.number, d.message) for d in report.diagnostics] == [
        ("IAM703", "Terraform cannot change `p` in the order that role two needs")
    ]


def test_the_table_is_of_resources_that_take_a_document() -> None:
    """Each row names a type of the AWS provider and the argument that holds the document."""
    for rows in SETTERS.values():
        for row in rows:
            assert row.type.startswith("aws_")
            assert row.policy
    assert literal("") == Text(())
