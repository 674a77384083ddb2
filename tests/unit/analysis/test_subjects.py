"""Who is in a build, and which policies are in effect for a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builds import build_of

from iamdsl.analysis.governed import governed, governs, narrowed
from iamdsl.analysis.subjects import (
    Ambiguous,
    documents,
    find,
    located,
    policies_for,
    resource_policy,
    subjects,
    unknown_for,
)
from iamdsl.iam import ANYONE, Document, Elements, Policy, Statement
from iamdsl.simulate import Request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from iamdsl.analysis.subjects import Subject
    from iamdsl.iam import Build

    World = tuple[Build, Mapping[str, str]]

FOREIGN_SCP = "arn:aws:organizations::999999999999:policy/o-abc1234567/service_control_policy/p-1"
WORLD = f"""
boundary narrow {{ allow s3:* on * }}
policy shared {{ path "/x/"   allow s3:GetObject on * }}
role app {{
  path "/service/"   trust service lambda   boundary narrow   max_session 2h   tags {{ team = "a" }}
  attach shared, aws_managed("ReadOnlyAccess"), arn:aws:iam::111122223333:policy/x/shared
  allow sqs:SendMessage on *
}}
group staff {{ attach shared   allow sqs:* on * }}
user alice {{ groups staff, "elsewhere"   allow s3:* on * }}
permission_set analyst {{ attach "local"   allow s3:* on * }}
session brief {{ attach shared   allow s3:* on * }}
policy app for s3:bucket("app") {{ allow s3:GetObject to app on "{{self}}/*" }}
policy key-one for kms:key() {{ allow kms:* to account aws.account }}
policy gate for ec2:vpc-endpoint("vpce-1") {{ allow s3:* to anyone on * }}

organization acme "o-abc1234567" {{
  scp no-lists {{ deny s3:ListBucket on * }}
  scp only-some {{ allow s3:*, sts:* on * }}
  rcp perimeter {{ deny s3:* on * unless aws:PrincipalOrgID == "o-abc1234567" }}
  attach no-lists
  ou work "ou-ab12-11111111" {{
    attach only-some, perimeter
    account blue 222233334444 {{
      attach {FOREIGN_SCP}
      role app {{ trust app   allow s3:* on * }}
      policy mine for s3:bucket("mine") {{ allow s3:* to account aws.account on self }}
    }}
  }}
}}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return build_of(tmp_path, WORLD)


def one(world: World, name: str) -> Subject:
    (found,) = find(*world, name)
    return found


def test_an_identity_has_all_that_is_in_effect(world: World) -> None:
    """Protects every question: inline, attached, boundary, trust, settings, and what is unknown."""
    app = one(world, "arn:aws:iam::111122223333:role/service/app")
    assert [n.name for n in app.identity] == ["inline policy of role app", "policy shared"]
    assert [n.name for n in app.boundaries] == ["boundary narrow"]
    assert app.trust is not None
    assert app.trust.name == "trust policy of role app"
    assert (app.max_session, app.tags, app.scps, app.rcps) == (7200, (("team", "a"),), (), ())
    assert app.unknown == ("arn:aws:iam::aws:policy/ReadOnlyAccess",)
    assert app.origin[0].text.startswith("role app {")


def test_a_user_has_the_policies_of_its_groups(world: World) -> None:
    """Protects users: what they may do is mostly their groups'; a group of others is unknown."""
    alice = one(world, "alice")
    names = [n.name for n in alice.identity]
    assert names == ["inline policy of user alice", "inline policy of group staff", "policy shared"]
    assert alice.unknown == ("group elsewhere",)
    assert one(world, "analyst").unknown == ("local",)
    assert one(world, "analyst").arn is None


def test_levels_have_what_aws_attaches_by_itself(world: World) -> None:
    """Protects SCP levels: `FullAWSAccess` unless one that is attached allows, RCPs always."""
    app = one(world, "blue.app")
    assert [[n.name for n in level] for level in app.scps] == [
        ["scp no-lists", "FullAWSAccess"], ["scp only-some"], ["FullAWSAccess"],
    ]  # fmt: skip
    assert [[n.name for n in level] for level in app.rcps] == [
        ["RCPFullAWSAccess"], ["rcp perimeter", "RCPFullAWSAccess"], ["RCPFullAWSAccess"],
    ]  # fmt: skip
    assert app.unknown == (FOREIGN_SCP,)
    assert [t.name for t in app.place.chain] == ["acme", "work", "blue"]


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("app", ["role", "role", "resource"]),
        ("APP", ["role", "role", "resource"]),
        ("blue/app", ["role"]),
        ("blue.app", ["role"]),
        ("shared", ["managed"]),
        ("no-lists", ["scp"]),
        ("brief", ["session"]),
        ("arn:aws:iam::111122223333:policy/x/shared", ["managed"]),
        ("arn:aws:s3:::mine", ["resource"]),
        ("arn:aws:sts::222233334444:assumed-role/app/session", ["role"]),
        ("arn:aws:sts::222233334444:assumed-role/other/session", []),
        ("nobody", []),
        ("green.app", []),
    ],
)
def test_names_are_found(world: World, name: str, kinds: list[str]) -> None:
    """Protects questions by name: an account's things, ARNs, sessions, and case."""
    assert [s.kind for s in find(*world, name)] == kinds


def test_a_split_policy_is_one_subject(tmp_path: Path) -> None:
    """Protects tests of policies that did not fit into one document."""
    buckets = ", ".join(f'"bucket-{n:04}-with-quite-a-long-name"' for n in range(300))
    text = f"""
    policy many {{ for b in [{buckets}] {{ allow s3:GetObject on s3:object(b) when aws:ResourceTag/a == b }} }}
    role many {{ trust service ec2 place managed
      for b in [{buckets}] {{ allow s3:PutObject on s3:object(b) when aws:ResourceTag/a == b }} }}
    """
    build, pseudo = build_of(tmp_path, text)
    assert len(build.documents) > 6
    (policy,) = documents(build, pseudo)
    (role,) = subjects(build, pseudo)
    own = {n.name for n in policy.identity}
    assert len(own) + len(role.identity) == len(build.documents)
    assert not own & {n.name for n in role.identity}
    assert [s.kind for s in find(build, pseudo, "many")] == ["role", "managed"]


def test_everything_in_effect_for_a_request(world: World) -> None:
    """Protects decisions: the resource's account tells RCPs, its bucket the policy."""
    app = one(world, "arn:aws:iam::111122223333:role/service/app")
    request = located(*world, Request(app.arn or "", "s3:GetObject", "arn:aws:s3:::mine/x"))
    assert request.resource_account == "222233334444"
    found = policies_for(app, request, *world)
    assert found.resource is not None
    assert found.resource.name == "policy blue.mine"
    assert [n.name for n in found.rcps[1]] == ["rcp perimeter", "RCPFullAWSAccess"]
    assert (found.scps, found.endpoint) == ((), ())
    through = request._replace(context={"aws:sourcevpce": ("vpce-1",)})
    assert [n.name for n in policies_for(app, through, *world).endpoint] == ["policy gate"]


def test_a_trust_policy_is_for_calls_of_sts(world: World) -> None:
    """Protects requests about roles: reading a role is not assuming it."""
    arn = "arn:aws:iam::222233334444:role/app"
    caller = "arn:aws:iam::111122223333:role/service/app"
    for action, expected in (
        ("sts:AssumeRole", "trust policy of role blue.app"),
        ("iam:GetRole", None),
    ):
        found = policies_for(None, Request(caller, action, arn), *world).resource
        assert (found.name if found else None) == expected


def test_a_stranger_in_an_account_of_ours_is_under_its_scps(world: World) -> None:
    """Protects callers that the build does not have: their account's SCPs hold all the same."""
    request = Request("arn:aws:iam::222233334444:role/x", "s3:GetObject", "arn:aws:s3:::app/x")
    assert len(policies_for(None, request, *world).scps) == 3
    anonymous = request._replace(principal="anonymous")
    assert policies_for(None, anonymous, *world).scps == ()


def test_keys_that_nobody_can_tell_apart_are_ambiguous(tmp_path: Path) -> None:
    """Protects from taking the policy of one KMS key for that of another."""
    key = "arn:aws:kms:eu-west-1:111122223333:key/1"
    text = "policy one for kms:key() { allow kms:* to account aws.account }"
    first, more = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    more.mkdir()
    build, pseudo = build_of(first, text)
    found = resource_policy(build, pseudo, key, None)
    assert found is not None
    assert found.name == "policy one"
    two = build_of(more, text + text.replace("one", "two"))
    with pytest.raises(Ambiguous, match="one, two"):
        resource_policy(*two, key, None)


def test_unknown_rcps_of_the_resource_are_told(tmp_path: Path) -> None:
    """Protects from certainty about resources in an account whose RCPs are not at hand."""
    arn = "arn:aws:organizations::999999999999:policy/o-abc1234567/resource_control_policy/p-1"
    world = build_of(
        tmp_path,
        f'organization acme "o-abc1234567" {{ account blue 222233334444 {{ attach {arn} }} }}',
    )
    queue = "arn:aws:sqs:eu-west-1:222233334444:q"
    assert unknown_for(Request("anonymous", "sqs:SendMessage", queue), *world) == (arn,)


def document(target: str, service: str) -> Document:
    return Document("resource", "p", Policy(()), target=target, service=service)


S3, DB = "arn:aws:s3:::b", "arn:aws:dynamodb:eu-west-1:111122223333:table/t"
LOGS, R = "arn:aws:logs:eu-west-1:111122223333:log-group:/g", "eu-west-1:111122223333"
API = "arn:aws:apigateway:eu-west-1::/restapis/abc"


@pytest.mark.parametrize(
    ("service", "target", "inside", "outside"),
    [
        ("s3", S3, [S3, f"{S3}/x/y"], [f"{S3}b", f"{S3}-2/x", "arn:aws:s3:::c"]),
        (
            "s3",
            f"arn:aws:s3:{R}:accesspoint/a",
            [f"arn:aws:s3:{R}:accesspoint/a/object/x"],
            [f"arn:aws:s3:{R}:accesspoint/ab", f"arn:aws:s3:{R}:accesspoint/a/x"],
        ),
        ("dynamodb", DB, [DB, f"{DB}/index/i"], [f"{DB}/stream/s", f"{DB}2"]),
        ("sqs", f"arn:aws:sqs:{R}:q", [f"arn:aws:sqs:{R}:q"], [f"arn:aws:sqs:{R}:q/x"]),
        ("logs", f"{LOGS}:*", [LOGS, f"{LOGS}:*", f"{LOGS}:log-stream:s"], [f"{LOGS}2"]),
        ("kms", f"arn:aws:kms:{R}:key/*", [f"arn:aws:kms:{R}:key/1"], [f"arn:aws:kms:{R}:alias/a"]),
        (
            "events",
            f"arn:aws:events:{R}:event-bus/b",
            [f"arn:aws:events:{R}:event-bus/b", f"arn:aws:events:{R}:rule/b/r"],
            [f"arn:aws:events:{R}:rule/r", f"arn:aws:events:{R}:rule/c/r"],
        ),
        (
            "events",
            f"arn:aws:events:{R}:event-bus/default",
            [f"arn:aws:events:{R}:event-bus/default"],
            [f"arn:aws:events:{R}:rule/r"],
        ),
        ("es", f"arn:aws:es:{R}:domain/d", [f"arn:aws:es:{R}:domain/d/i"], [f"arn:aws:es:{R}:domain/e"]),
        ("glue", f"arn:aws:glue:{R}:catalog", [f"arn:aws:glue:{R}:table/d/t"], ["arn:aws:glue:x:1:catalog"]),
        (
            "codeartifact",
            f"arn:aws:codeartifact:{R}:repository/d/r",
            [f"arn:aws:codeartifact:{R}:package/d/r/npm//x"],
            [f"arn:aws:codeartifact:{R}:package/d/other/npm//x"],
        ),
        (
            "sagemaker",
            f"arn:aws:sagemaker:{R}:model-package-group/g",
            [f"arn:aws:sagemaker:{R}:model-package/g/1"],
            [f"arn:aws:sagemaker:{R}:model-package/h/1"],
        ),
        (
            "s3tables",
            f"arn:aws:s3tables:{R}:bucket/b",
            [f"arn:aws:s3tables:{R}:bucket/b/table/t"],
            [f"arn:aws:s3tables:{R}:bucket/c"],
        ),
        (
            "s3-outposts",
            f"arn:aws:s3-outposts:{R}:outpost/o/bucket/b",
            [f"arn:aws:s3-outposts:{R}:outpost/o/bucket/b/object/x"],
            [f"arn:aws:s3-outposts:{R}:outpost/o/bucket/bc"],
        ),
        ("apigateway", API, [f"arn:aws:execute-api:{R}:abc/s/GET/x"], [f"arn:aws:execute-api:{R}:abd/s"]),
        ("ec2", f"arn:aws:ec2:{R}:vpc-endpoint/v", [], [f"arn:aws:ec2:{R}:vpc-endpoint/v"]),
        ("iot", f"arn:aws:iot:{R}:policy/p", [], [f"arn:aws:iot:{R}:policy/p"]),
    ],
)  # fmt: skip
def test_what_a_resource_policy_governs(
    service: str, target: str, inside: list[str], outside: list[str]
) -> None:
    """Protects each service's own idea of what lies under a resource, and of what only seems to."""
    policy = document(target, service)
    assert [r for r in inside if not governs(policy, r)] == []
    assert [r for r in outside if governs(policy, r)] == []


@pytest.mark.parametrize(
    ("service", "target", "written", "meant"),
    [
        ("kms", f"arn:aws:kms:{R}:key/1", ("*",), (f"arn:aws:kms:{R}:key/1",)),
        ("ecr", f"arn:aws:ecr:{R}:repository/r", None, (f"arn:aws:ecr:{R}:repository/r",)),
        ("sqs", f"arn:aws:sqs:{R}:q", ("arn:aws:sqs:*:*:*",), (f"arn:aws:sqs:{R}:q",)),
        ("sqs", f"arn:aws:sqs:{R}:q", (f"arn:aws:sqs:{R}:other",), None),
        ("s3", S3, (f"{S3}/in/*",), (f"{S3}/in/*",)),
        ("s3", S3, ("arn:aws:s3:::*",), (S3, f"{S3}/*")),
        ("s3", S3, ("arn:aws:s3:::*/in/*",), (f"{S3}/*/in/*", f"{S3}/in/*")),
        ("s3", S3, ("arn:aws:s3:::c/*",), None),
        ("apigateway", API, ("execute-api:/s/GET/x",), ("arn:aws:execute-api:eu-west-1:*:abc/s/GET/x",)),
    ],
)  # fmt: skip
def test_statements_are_narrowed_to_what_they_govern(
    service: str, target: str, written: tuple[str, ...] | None, meant: tuple[str, ...] | None
) -> None:
    """Protects proofs: a resource policy that says `*` allows nothing anywhere else."""
    resources = None if written is None else Elements(written)
    statement = Statement("Allow", Elements(("*",)), resources, ANYONE)
    found = narrowed(document(target, service), statement)
    assert (None if found is None or found.resources is None else found.resources.values) == meant


@pytest.mark.parametrize(
    ("effect", "written", "meant"),
    [
        ("Allow", f"{S3}/public/*", (S3, f"{S3}/*")),
        ("Allow", f"{S3}/*", (S3,)),
        ("Deny", f"{S3}/public/*", (S3,)),
        ("Deny", "arn:aws:s3:::c/*", (S3, f"{S3}/*")),
    ],
)
def test_exceptions_err_to_allowing_more(effect: str, written: str, meant: tuple[str, ...]) -> None:
    """Protects guards: what has no exact form is taken for more access, never for less."""
    statement = Statement(
        "Allow" if effect == "Allow" else "Deny",
        Elements(("*",)),
        Elements((written,), negated=True),
        ANYONE,
    )
    found = narrowed(document(S3, "s3"), statement)
    assert found is not None
    assert found.resources == Elements(meant)


def test_only_resource_policies_govern() -> None:
    """Protects from taking an SCP for the policy of a resource."""
    assert governed(Document("scp", "p", Policy(()))) == ()
