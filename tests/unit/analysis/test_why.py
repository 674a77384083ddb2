"""Why somebody can, or cannot, do something: what is in the way, and changes that work."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from builds import build_of

from iamdsl import iam, simulate
from iamdsl.analysis.asking import Question, Refusal, ask
from iamdsl.analysis.remedies import is_too_long
from iamdsl.analysis.why import why
from iamdsl.simulate import Named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.analysis.why import Answer
    from iamdsl.iam import Build

    World = tuple[Build, Mapping[str, str]]

WORLD = """
boundary limits { allow s3:*, sts:* on * }
role app {
  trust service lambda   boundary limits   tags { team = "orders" }
  allow sts:AssumeRole on partner, arn:aws:iam::999999999999:role/away
  allow s3:GetObject on s3:object("photos") when aws:ResourceTag/team == aws:PrincipalTag/team
  allow s3:PutObject on s3:object("photos") when aws:CurrentTime > 2030-01-01
  allow dynamodb:GetItem on dynamodb:table("orders")
  deny s3:DeleteObject on *
}
role partner {
  trust app, account 222233334444 when sts:ExternalId == "unique"
  trust green.far when aws:MultiFactorAuthPresent and aws:MultiFactorAuthAge < 1h
  trust arn:aws:iam::333344445555:role/other when aws:PrincipalOrgID == "o-abc1234567"
  max_session 2h
}
role careful { trust alice when aws:MultiFactorAuthPresent and aws:MultiFactorAuthAge < 1h }
role unsigned { trust oidc "token.actions.githubusercontent.com" when
  token.actions.githubusercontent.com:sub == "repo:acme/x:ref:refs/heads/main" and
  token.actions.githubusercontent.com:aud == "sts.amazonaws.com" }
role lone { trust account aws.account }
role managed { trust service ec2   attach aws_managed("ReadOnlyAccess") }
user alice { allow sts:AssumeRole on partner, lone, unsigned   allow s3:* on * }
group staff { allow s3:* on * }

policy lake for s3:bucket("lake") {
  deny s3:* to anyone on self, "{self}/*" unless aws:SecureTransport
  allow s3:GetObject to green.far on "{self}/*"
}
organization acme "o-abc1234567" {
  scp europe { deny * except iam:*, sts:* on * unless aws:RequestedRegion in ["eu-west-1", "eu-central-1"] }
  scp some { allow s3:*, sts:* on * }
  rcp tls { deny s3:* on * when aws:SecureTransport == false }
  attach europe, tls
  ou work "ou-ab12-11111111" {
    attach some
    account green 222233334444 {
      role far { trust service lambda   allow s3:*, sqs:*, sts:AssumeRole on * }
      role near { trust far }
    }
  }
}
"""
PARTNER, PHOTO = "arn:aws:iam::111122223333:role/partner", "arn:aws:s3:::photos/1"
OTHER = "arn:aws:iam::333344445555:role/other"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
ALL = Named(
    "all.json", iam.from_text('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')
)
MFA = {"aws:MultiFactorAuthPresent": ("true",)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build_of(tmp_path_factory.mktemp("world"), WORLD)


def answered(world: World, principal: str, action: str, resource: str, **more: object) -> Answer:
    question = Question(principal, action, resource)._replace(**more)  # type: ignore[arg-type]
    asked = ask(question, *world)
    return why(asked.situation, asked.unknowns)


def changes(answer: Answer) -> list[str]:
    return [b.remedy.text if b.remedy else "" for b in answer.barriers]


def test_a_caller_that_is_not_trusted(world: World) -> None:
    """Protects the first cause: the trust policy names others, and the change names the caller."""
    answer = answered(world, "alice", "sts:AssumeRole", "partner")
    assert (answer.outcome, answer.together) == ("denied", True)
    (barrier,) = answer.barriers
    assert barrier.obstacle.what == "not named"
    assert barrier.obstacle.level is not None
    assert barrier.obstacle.level.layer == "trust"
    assert changes(answer) == ["add to role `partner`: `trust alice`"]


def test_a_caller_that_lacks_the_action(world: World) -> None:
    """Protects the second: who is trusted by the account must be allowed to assume as well."""
    answer = answered(world, "app", "sts:AssumeRole", "lone")
    assert [b.obstacle.what for b in answer.barriers] == ["no allow"]
    lone = "arn:aws:iam::111122223333:role/lone"
    assert changes(answer) == [f"add to role `app`: `allow sts:AssumeRole on {lone}`"]


@pytest.mark.parametrize("sent", [{}, {"sts:ExternalId": ("wrong",)}])
def test_an_external_id_that_does_not_match(world: World, sent: dict[str, tuple[str, ...]]) -> None:
    """Protects the third: the id that is asked for is told, whether one was sent or not."""
    answer = answered(world, "app", "sts:AssumeRole", "partner", context=sent)
    (barrier,) = answer.barriers
    assert barrier.obstacle.entry is not None
    assert barrier.obstacle.entry.key == "sts:ExternalId"
    assert changes(answer) == ["send `sts:ExternalId` = `unique`"]


def test_a_duration_over_the_maximum(world: World) -> None:
    """Protects the fourth: the role's own maximum, that of a role without one, and role chaining."""
    sent = {"sts:ExternalId": ("unique",)}
    chained = answered(world, "app", "sts:AssumeRole", "partner", context=sent, duration=7200)
    assert changes(chained) == ["ask for at most `1h`"]
    fits = answered(world, "app", "sts:AssumeRole", "partner", context=sent, duration=3600)
    assert fits.outcome == "allowed"
    user = answered(world, "alice", "sts:AssumeRole", "lone", duration=14400)
    assert changes(user) == ["ask for at most `1h`, or write `max_session 4h` in role `lone`"]
    short = answered(world, "alice", "sts:AssumeRole", "lone", duration=60)
    assert changes(short) == ["ask for at least `15m`"]
    assert answered(world, "alice", "sts:AssumeRole", "lone", duration=900).outcome == "allowed"


def test_missing_mfa(world: World) -> None:
    """Protects the fifth: MFA that is missing, and MFA that is too long ago."""
    never = answered(world, "alice", "sts:AssumeRole", "careful")
    assert changes(never) == [
        "sign in with MFA (`aws:MultiFactorAuthPresent` = `true`)",
        "sign in with MFA, no longer ago than it asks for (`aws:MultiFactorAuthAge` = `3599`)",
    ]
    late = {**MFA, "aws:MultiFactorAuthAge": ("7200",)}
    assert changes(answered(world, "alice", "sts:AssumeRole", "careful", context=late)) == [
        "sign in with MFA, no longer ago than it asks for (`aws:MultiFactorAuthAge` = `3599`)"
    ]
    fresh = {**MFA, "aws:MultiFactorAuthAge": ("60",)}
    answer = answered(world, "alice", "sts:AssumeRole", "careful", context=fresh)
    assert answer.outcome == "allowed"


def test_an_organization_that_is_another(world: World) -> None:
    """Protects the sixth: nobody can send another organization, so the caller is named itself."""
    answer = answered(world, OTHER, "sts:AssumeRole", "partner", identity=(ALL,))
    (barrier,) = answer.barriers
    assert barrier.obstacle.entry is not None
    assert barrier.obstacle.entry.key == "aws:PrincipalOrgID"
    assert changes(answer) == [f"add to role `partner`: `trust {OTHER}`"]


def test_several_obstacles_have_changes_that_work_together(world: World) -> None:
    """Protects people from mending one thing after the other: all that is in the way is told."""
    answer = answered(world, "app", "s3:DeleteObject", "arn:aws:s3:::lake/1")
    assert [b.obstacle.what for b in answer.barriers] == ["deny", "deny", "no allow"]
    assert changes(answer) == [
        "ask over TLS (`aws:SecureTransport` = `true`)",
        "take `s3:DeleteObject` on `arn:aws:s3:::lake/1` out of it",
        "add to role `app`: `allow s3:DeleteObject on arn:aws:s3:::lake/1`",
    ]
    assert answer.together


@pytest.mark.parametrize(
    ("principal", "action", "resource", "texts"),
    [
        ("app", "s3:GetObject", PHOTO, [
            "tag the resource with `team` = `orders` (`aws:ResourceTag/team` = `orders`)"]),
        ("app", "s3:PutObject", PHOTO, [
            "ask at a time such as `2030-01-02T00:00:00Z` (`aws:CurrentTime` = `2030-01-02T00:00:00Z`)"]),
        ("app", "dynamodb:GetItem", TABLE, [
            f"add to boundary `limits`: `allow dynamodb:GetItem on {TABLE}`"]),
        ("green.far", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:222233334444:q", [
            "add to scp `some`: `allow sqs:SendMessage on arn:aws:sqs:eu-west-1:222233334444:q`"]),
        ("green.far", "s3:ListBucket", "arn:aws:s3:us-east-1:222233334444:accesspoint/a", [
            "exempt the caller from it: `unless aws:PrincipalArn like arn:aws:iam::222233334444:role/far`"
        ]),
        ("green.near", "s3:GetObject", "arn:aws:s3:::lake/1", [
            "ask over TLS (`aws:SecureTransport` = `true`)",
            "add to policy `lake`: `allow s3:GetObject to green.near on arn:aws:s3:::lake/1`",
            "add to role `green.near`: `allow s3:GetObject on arn:aws:s3:::lake/1`"]),
        ("service:firehose", "s3:PutObject", "arn:aws:s3:::lake/1", [
            "ask over TLS (`aws:SecureTransport` = `true`)",
            "add to policy `lake`: `allow s3:PutObject to service firehose on arn:aws:s3:::lake/1`"]),
        ("anonymous", "s3:GetObject", "arn:aws:s3:::lake/1", [
            "ask over TLS (`aws:SecureTransport` = `true`)",
            "add to policy `lake`: `allow s3:GetObject to anyone on arn:aws:s3:::lake/1`"]),
        ("service:ec2", "sts:AssumeRole", "app", ["add to role `app`: `trust service ec2`"]),
        ("alice", "sts:TagSession", "lone", [
            "add to role `lone`: `trust sts:TagSession to alice`"]),
        ("anonymous", "sts:AssumeRole", "app", [""]),
    ],
)  # fmt: skip
def test_the_smallest_change(
    world: World, principal: str, action: str, resource: str, texts: list[str]
) -> None:
    """Protects what people will do: change the request first, then allow just what was asked."""
    answer = answered(world, principal, action, resource)
    assert changes(answer) == texts
    assert answer.together == ("" not in texts)


def test_a_federated_caller(world: World) -> None:
    """Protects roles for workloads: the claims that are missing are told one by one."""
    provider = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
    answer = answered(world, provider, "sts:AssumeRoleWithWebIdentity", "unsigned")
    host = "token.actions.githubusercontent.com"
    assert changes(answer) == [
        f"send `{host}:aud` = `sts.amazonaws.com`",
        f"send `{host}:sub` = `repo:acme/x:ref:refs/heads/main`",
    ]


def test_a_call_that_needs_more_actions(world: World) -> None:
    """Protects session tags: the trust policy that lets in but takes no tags is told as such."""
    sent = {"sts:ExternalId": ("unique",), "aws:RequestTag/team": ("a",)}
    answer = answered(world, "app", "sts:AssumeRole", "partner", context=sent)
    assert answer.barriers[0].obstacle.action == "sts:TagSession"
    assert answer.together


def test_why_it_can(world: World) -> None:
    """Protects the other answer: every layer is there, with the statements that allow."""
    sent = {"aws:ResourceTag/team": ("orders",)}
    answer = answered(world, "app", "s3:GetObject", PHOTO, context=sent)
    assert answer.outcome == "allowed"
    assert [(s.level.layer, s.level.title) for s in answer.steps] == [
        ("identity", "role app"), ("boundary", "boundary limits"),
    ]  # fmt: skip
    assert answer.barriers == ()


def test_what_is_not_at_hand_makes_unsure(world: World) -> None:
    """Protects from answers that hang on a policy of AWS's, and not from those that do not."""
    read = answered(world, "managed", "s3:GetObject", PHOTO)
    assert (read.outcome, read.decision.verdict) == ("unsure", "implicitDeny")
    more = answered(world, "managed", "s3:GetObject", PHOTO, identity=(ALL,))
    assert (more.outcome, more.decision.verdict) == ("unsure", "allowed")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    given = answered(
        world, "managed", "s3:GetObject", PHOTO, identity=(ALL,), known=frozenset([arn])
    )
    assert given.outcome == "allowed"
    plain = {"aws:SecureTransport": ("false",)}
    denied = answered(world, "managed", "s3:GetObject", "arn:aws:s3:::lake/1", context=plain)
    assert denied.outcome == "denied"


@pytest.mark.parametrize(
    ("principal", "action", "resource", "outcome"),
    [
        (OTHER, "sts:AssumeRole", "partner", "denied"),
        (
            "arn:aws:iam::222233334444:role/stranger",
            "s3:GetObject",
            "arn:aws:s3:::lake/1",
            "denied",
        ),
        ("app", "sts:AssumeRole", "arn:aws:iam::999999999999:role/away", "unsure"),
        ("app", "sts:AssumeRole", "arn:aws:iam::999999999999:role/else", "denied"),
        ("alice", "kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/1", "unsure"),
        ("alice", "s3:GetObject", PHOTO, "allowed"),
    ],
)
def test_strangers_and_resources_of_others(
    world: World, principal: str, action: str, resource: str, outcome: str
) -> None:
    """Protects certainty: a denial is sure where nothing unknown could lift it, and only there."""
    assert answered(world, principal, action, resource).outcome == outcome


@pytest.mark.parametrize(
    ("principal", "resource", "code", "said"),
    [
        ("apq", PHOTO, "IAM443", "no role or user is named `apq`"),
        ("staff", PHOTO, "IAM443", "`staff` is a group, which asks for nothing itself"),
        ("app", "photos", "IAM443", "nothing that has an ARN is named `photos`"),
        ("app", "arn:aws:s3", "IAM443", "`arn:aws:s3` is no ARN"),
        ("arn:aws:iam", PHOTO, "IAM443", "`arn:aws:iam` is no ARN"),
    ],
)
def test_questions_without_an_answer(
    world: World, principal: str, resource: str, code: str, said: str
) -> None:
    """Protects from answers about a slip of the pen."""
    with pytest.raises(Refusal) as refused:
        ask(Question(principal, "s3:GetObject", resource), *world)
    assert (refused.value.code.number, refused.value.message) == (code, said)


def test_a_federated_user_needs_a_session_policy(world: World) -> None:
    """Protects callers that have no permissions but those that are passed with their session."""
    caller = "arn:aws:sts::111122223333:federated-user/somebody"
    answer = answered(world, caller, "s3:GetObject", PHOTO, identity=(ALL,))
    assert changes(answer) == [f"pass `allow s3:GetObject on {PHOTO}` with the session"]
    assert answer.together


def test_a_duration_is_of_a_session(world: World) -> None:
    """Protects from a length that means nothing for the action."""
    with pytest.raises(Refusal, match="makes no session"):
        ask(Question("app", "s3:GetObject", PHOTO, duration=60), *world)


def test_changes_work_for_everybody_and_everything(world: World) -> None:
    """Protects the promise that the changes let the request through, over all callers of a build."""
    principals = ["app", "partner", "alice", "green.far", "green.near", "service:lambda", OTHER]
    actions = ["s3:GetObject", "s3:DeleteObject", "sqs:SendMessage", "iam:CreateUser"]
    resources = [PHOTO, "arn:aws:s3:::lake/1", "arn:aws:sqs:us-east-1:222233334444:q", "*"]
    asks = [*product(principals, actions, resources)]
    asks += [*product(principals, ["sts:AssumeRole"], ["partner", "lone", "app", "green.near"])]
    for principal, action, resource in asks:
        asked = ask(Question(principal, action, resource), *world)
        answer = why(asked.situation, asked.unknowns)
        decision = simulate.decide(asked.situation.request, asked.situation.policies)
        assert bool(answer.barriers) == (decision.verdict != "allowed")
        if not answer.barriers:
            continue
        assert answer.together, (principal, action, resource)
        last = answer.barriers[-1].remedy
        assert last is not None
        after = simulate.decide(last.after.request, last.after.policies)
        assert after.verdict == "allowed"
        assert not is_too_long(last.after)
