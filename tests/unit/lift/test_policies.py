"""A document alone: what it is, whose it is, and what is asked when it does not say so."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from json_values import JSON

from iamdsl import iam
from iamdsl.datafile.json_places import JsonPlaces
from iamdsl.diagnostics import Report, codes
from iamdsl.diagnostics.render import render
from iamdsl.lift import policies
from iamdsl.lift.reading import read_json, read_policy
from iamdsl.source import Source

BUCKET = "arn:aws:s3:::logs"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"
EVERYONE = {"AWS": "111122223333"}


def statement(**members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **members}


def of(who: Any, action: Any, on: Any = None, effect: str = "Allow") -> dict[str, Any]:
    made = {"Effect": effect, "Principal": who, "Action": action}
    return made if on is None else {**made, "Resource": on}


def policy(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def read(document: Any, **options: Any) -> tuple[Any, Report]:
    """Return the one identity or document of an estate, or None, and what was said."""
    report = Report()
    tree = read_json(Source("p.json", json.dumps(document, indent=1)), report)
    assert tree is not None
    assert policies.recognises(tree.value)
    estate = policies.read(tree, "p", report, **options)
    assert (estate is None) == report.failed, render("full", report.diagnostics)
    if estate is None:
        return None, report
    found: list[Any] = [*estate.build.documents, *estate.build.identities]
    (made,) = found
    return made, report


def refused(document: Any, **options: Any) -> tuple[str, str, str, str]:
    """Return code, message, underlined text and hint of the one thing that is said."""
    made, report = read(document, **options)
    assert made is None
    (found,) = report.diagnostics
    shown = found.span.text if found.span else ""
    return found.code.name, found.message, shown, found.hint


def test_without_principals_it_is_a_managed_policy() -> None:
    """Most documents are: boundaries, SCPs and session policies cannot be told from them."""
    made, _ = read(policy(statement()))
    assert (made.kind, made.name, made.target, made.service) == ("managed", "p", None, None)
    assert made.policy.statements[0].actions.values == ("s3:GetObject",)


@pytest.mark.parametrize("kind", ["boundary", "scp", "session"])
def test_a_kind_can_be_said(kind: str) -> None:
    """What the document does not say, the command line does."""
    assert read(policy(statement()), kind=kind)[0].kind == kind


@pytest.mark.parametrize(
    "actions",
    ["sts:AssumeRole", ["sts:AssumeRoleWithWebIdentity", "STS:TagSession"], "sts:SetSourceIdentity",
     "sts:*"],
)  # fmt: skip
def test_a_trust_policy_is_the_trust_of_a_role(actions: Any) -> None:
    """It names who may assume the role, and no resource."""
    made, _ = read(policy(of({"Service": "lambda.amazonaws.com"}, actions)))
    assert (made.kind, made.name) == ("role", "p")
    assert made.own is None
    assert made.trust.statements[0].principals == iam.Principals(
        (("Service", ("lambda.amazonaws.com",)),)
    )


@pytest.mark.parametrize(
    ("resources", "target"),
    [
        (BUCKET, BUCKET),
        (f"{BUCKET}/*", BUCKET),
        ([BUCKET, f"{BUCKET}/in/*", f"{BUCKET}/${{aws:username}}/*"], BUCKET),
        ("arn:aws:s3:::${LogBucket}/*", "arn:aws:s3:::${LogBucket}"),
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/*",
         "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap"),
        (QUEUE, QUEUE),
        ([QUEUE, "*"], QUEUE),
        ("arn:aws:sns:eu-west-1:111122223333:t", "arn:aws:sns:eu-west-1:111122223333:t"),
        (["arn:aws:lambda:eu-west-1:111122223333:function:f",
          "arn:aws:lambda:eu-west-1:111122223333:function:f:*"],
         "arn:aws:lambda:eu-west-1:111122223333:function:f"),
        (["arn:aws:dynamodb:eu-west-1:111122223333:table/t",
          "arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/*"],
         "arn:aws:dynamodb:eu-west-1:111122223333:table/t"),
        ("arn:aws:es:eu-west-1:111122223333:domain/d/*",
         "arn:aws:es:eu-west-1:111122223333:domain/d"),
        ("arn:aws:events:eu-west-1:111122223333:event-bus/b",
         "arn:aws:events:eu-west-1:111122223333:event-bus/b"),
        ("arn:aws-cn:kms:cn-north-1:111122223333:key/k",
         "arn:aws-cn:kms:cn-north-1:111122223333:key/k"),
    ],
)  # fmt: skip
def test_a_resource_policy_tells_its_resource(resources: Any, target: str) -> None:
    """The resource that holds all that a policy names is the one that it belongs to."""
    made, _ = read(policy(of(EVERYONE, "a:B", resources)))
    assert (made.kind, made.target) == ("resource", target)
    assert made.service == target.split(":")[2]


def test_what_a_deny_spares_belongs_to_the_resource_too() -> None:
    """`NotResource` names what lies in it just as well."""
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "NotResource": f"{BUCKET}/in/*"}
    assert read(policy(denial))[0].target == BUCKET


def test_what_is_known_of_the_place_follows_from_the_target() -> None:
    """A queue's ARN says account and region; a bucket's says neither."""
    report = Report()
    for target, known in (
        (QUEUE, {"partition": "aws", "region": "eu-west-1", "account": "111122223333"}),
        (BUCKET, {"partition": "aws"}),
    ):
        document = json.dumps(policy(of(EVERYONE, "a:B", target)))
        tree = read_json(Source("p.json", document), report)
        assert tree is not None
        estate = policies.read(tree, "p", report)
        assert estate is not None
        assert estate.pseudo == known


def test_a_key_policy_is_known_by_its_actions() -> None:
    """It calls its key `*`."""
    root = {"AWS": "arn:aws-us-gov:iam::111122223333:root"}
    made, _ = read(policy(of(root, "kms:*", "*"), of(EVERYONE, ["kms:Decrypt"], "*")))
    assert (made.service, made.target) == ("kms", "arn:aws-us-gov:kms:*:*:key/*")
    made, _ = read(policy(of(EVERYONE, "secretsmanager:GetSecretValue", "*")))
    assert (made.service, made.target) == ("secretsmanager", "arn:*:secretsmanager:*:*:secret:*")


@pytest.mark.parametrize("action", ["s3:*", ["s3:*", "sqs:*", "kms:*"], "kms:CreateKey", "sts:*"])
def test_denials_for_everyone_everywhere_are_an_rcp(action: Any) -> None:
    """No bucket, key or role could have such a policy."""
    assert read(policy(of("*", action, "*", "Deny")))[0].kind == "rcp"


@pytest.mark.parametrize(
    ("document", "problem", "way"),
    [
        # A secret's policy, a queue's and a vault's may call their resource `*`, as an RCP does.
        (of("*", "secretsmanager:*", "*", "Deny"), "an RCP, or the policy", "--kind rcp"),
        (of("*", "sqs:*", "*", "Deny"), "an RCP, or the policy", "--kind rcp"),
        (of("*", "backup:*", "*", "Deny"), "an RCP, or the policy", "--kind rcp"),
        (of("*", "s3:*", "arn:aws:s3:::logs-*/*", "Deny"), "an RCP, or the policy", "--kind rcp"),
        # A VPC endpoint's.
        (of("*", "*", "*"), "does not name the resource", "vpce-"),
        (of({"AWS": "*"}, "s3:*", "*", "Deny"), "does not name the resource", "--for arn:"),
        (of(EVERYONE, "a:B", "arn:aws:s3:::logs-*/*"), "does not name", "--for arn:"),
        (of(EVERYONE, "a:B", "arn:aws:iam::111122223333:role/r"), "does not name", "--for arn:"),
        (of(EVERYONE, "a:B", "arn:aws:events:eu-west-1:1:rule/r"), "does not name", "--for arn:"),
        (of(EVERYONE, "a:B", [BUCKET, QUEUE]), f"`{BUCKET}` and `{QUEUE}`", "--for arn:"),
        (of(EVERYONE, "ecr:BatchGetImage"), "names no resource at all", "--kind trust"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_asked_for(document: Any, problem: str, way: str) -> None:
    """Nothing is guessed: the message names the option that says it."""
    code, message, shown, hint = refused(policy(document))
    assert (code, shown) == ("unclear-kind", '"Statement"')
    assert problem in message
    assert way in hint


def test_the_resource_can_be_said() -> None:
    """`--for` settles whose policy it is, by an ARN or a VPC endpoint's id."""
    everything = policy(of("*", "*", "*"))
    endpoint = "vpce-0123456789abcdef0"
    made, _ = read(everything, target=endpoint)
    assert (made.service, made.target) == ("ec2", f"arn:*:ec2:*:*:vpc-endpoint/{endpoint}")
    repository = "arn:aws:ecr:eu-west-1:111122223333:repository/r"
    made, _ = read(policy(of(EVERYONE, "ecr:BatchGetImage")), target=repository, kind="resource")
    assert (made.service, made.target) == ("ecr", repository)


@pytest.mark.parametrize("target", ["logs", "arn:aws:s3", "arn:aws:s3:::", "", "arn:aws:s3:::l*"])
def test_a_resource_that_is_none_is_refused(target: str) -> None:
    """A misspelt `--for` would be a policy for something else."""
    code, message, _, hint = refused(policy(of(EVERYONE, "a:B", "*")), target=target)
    assert code == "wrong-kind"
    assert f"`{target}`" in message
    assert "--for arn:aws:" in hint


def test_a_lone_policy_of_no_resource_takes_no_resource() -> None:
    """Both options at once contradict each other, unless it is a resource's."""
    code, message, _, hint = refused(policy(statement()), kind="scp", target=BUCKET)
    assert (code, hint) == ("wrong-kind", "leave `--for` out")
    assert "`scp`" in message


@pytest.mark.parametrize(
    ("document", "kind", "problem", "shown", "hint"),
    [
        (of(EVERYONE, "sts:AssumeRole"), "policy", "no `Principal`", "{", "--kind trust"),
        (of(EVERYONE, "a:B", BUCKET), "scp", "no `Principal`", "{", "--kind resource"),
        (statement(), "trust", "has a `Principal`", "{", "--kind policy"),
        (of(EVERYONE, "sts:AssumeRole", "*"), "trust", "no `Resource`", '"*"', "--kind resource"),
        (statement(), "rcp", "has a `Principal`", "{", "--kind policy"),
        (of(EVERYONE, "s3:*", "*", "Deny"), "rcp", '`"*"`', "{", "--kind resource"),
        (of("*", "s3:*", "*"), "rcp", "denies only", '"Allow"', "--kind resource"),
        ({"Effect": "Allow", "Action": "a:B"}, "auto", "has a `Resource`", "{", "grammar"),
        (statement(), "resource", "has a `Principal`", "{", "--kind policy"),
    ],
)  # fmt: skip
def test_a_document_of_another_kind_is_refused(
    document: Any, kind: str, problem: str, shown: str, hint: str
) -> None:
    """What the kind does not take is shown in the statement, with the kind that it can be."""
    code, message, place, advice = refused(policy(document), kind=kind)
    assert code == "wrong-kind"
    assert problem in message
    assert place == shown
    assert hint in advice


def test_statements_of_two_kinds_are_refused() -> None:
    """A statement without a principal, in a resource's policy, grants nothing to anyone."""
    document = policy(of(EVERYONE, "s3:GetObject", BUCKET), statement())
    code, message, shown, _ = refused(document)
    assert (code, shown) == ("not-a-policy", "{")
    assert "without `Principal`" in message


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"Version": "2012-10-17"}, "`Statement` is missing"),
        (statement(), "statements stand in a document"),
        ([statement(), statement()], "statements stand in a document"),
        ({"Statement": [statement()], "Owner": "me"}, "unknown member `Owner`"),
        ({"Statement": 3}, "an object is expected"),
        ({"Version": [], "Statement": [statement()]}, "unknown version"),
        (policy(statement(Condition={"Bool": {"a:b": None}})), "a string is expected"),
    ],
)
def test_what_is_no_policy_is_shown(document: Any, problem: str) -> None:
    """The mistake is underlined, and the way to it named."""
    code, message, _, hint = refused(document)
    assert code == "not-a-policy"
    assert problem in message
    assert hint


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"Acton": "s3:GetObject"}, "did you mean `Action`?"),
        ({"Effect": "allow"}, "did you mean `Allow`?"),
        ({"Condition": {"StringEqual": {"a:b": "c"}}}, "did you mean `StringEquals`?"),
    ],
)
def test_a_slip_is_recognised(wrong: Any, hint: str) -> None:
    """AWS's own answer to it is "syntax errors in policy"."""
    assert refused(policy(statement(**wrong)))[3] == hint


@given(JSON)
def test_any_value_is_read_or_refused(value: Any) -> None:
    """No value raises, alone or as a part of a document."""
    for document in (value, {"Statement": value}, policy(statement(Condition=value))):
        report = Report()
        tree = read_json(Source("p.json", json.dumps(document)), report)
        assert tree is not None
        policies.recognises(tree.value)
        estate = policies.read(tree, "p", report)
        assert (estate is None) == report.failed


WHOLE = policy(
    {
        "Sid": "One",
        "Effect": "Allow",
        "Principal": {"AWS": ["111122223333", QUEUE], "Service": "s3.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:Put*"],
        "Resource": [BUCKET, f"{BUCKET}/*"],
        "Condition": {"StringLike": {"aws:PrincipalTag/a": ["x", "y"]}, "Bool": {"a:b": True}},
    },
    {"Effect": "Deny", "NotPrincipal": "*", "NotAction": "s3:*", "NotResource": f"{BUCKET}/in"},
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    return [path, *(p for k, v in inner for p in paths(v, (*path, k)))]


@given(st.sampled_from(paths(WHOLE)[1:]), JSON | st.just(...))
@settings(max_examples=400)
def test_a_policy_changed_anywhere_is_read_or_the_change_is_shown(
    path: tuple[str | int, ...], value: Any
) -> None:
    """A message lies in what was changed, or at what is around it, never elsewhere."""
    document = copy.deepcopy(WHOLE)
    around: Any = document
    for part in path[:-1]:
        around = around[part]
    if value is ...:
        del around[path[-1]]
    else:
        around[path[-1]] = value
    source = Source("p.json", json.dumps(document, indent=1))
    report = Report()
    tree = read_json(source, report)
    assert tree is not None
    made = read_policy(tree, report)
    assert (made is None) == report.failed
    places = JsonPlaces(source.text)
    allowed = {
        (span.start, span.end)
        for length in range(len(path) + 1)
        for span in (
            places.span(source, path[:length]),
            places.span(source, path[:length], key=True),
        )
    }
    for found in report.diagnostics:
        assert found.code is codes.NOT_A_POLICY
        assert found.span is not None
        start = places.span(source, path).start
        end = json.JSONDecoder().raw_decode(source.text, start)[1] if value is not ... else start
        inside = start <= found.span.start < end
        assert inside or (found.span.start, found.span.end) in allowed
