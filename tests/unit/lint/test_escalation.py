"""IAM820: permissions that give more permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import CATALOGUE, allow, review_document, review_source, said

from iamdsl import iam, lint
from iamdsl.analysis.escalation import ways
from iamdsl.analysis.holders import holders
from iamdsl.aws.escalation import PATHS, RESOURCE_KINDS, Path
from iamdsl.aws.limits import LIMITS
from iamdsl.diagnostics import Report, Severity, codes

if TYPE_CHECKING:
    from pathlib import Path as Folder

    from iamdsl.diagnostics import Diagnostic

KMS = "role deployer {\n  trust service ec2 when aws:SourceAccount == aws.account\n"


def found(document: dict[str, Any], **options: Any) -> list[str]:
    """Return what IAM820 says of a document."""
    return [text for _, text in said(review_document(document, **options), codes.ESCALATION)]


def both(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a document with the statements of several."""
    made = [statement for document in statements for statement in document["Statement"]]
    return {"Version": "2012-10-17", "Statement": made}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """Return a document with one statement that denies something."""
    document = allow(action, resource, **more)
    document["Statement"][0]["Effect"] = "Deny"
    return document


def role(tmp_path: Folder, *sentences: str) -> list[Diagnostic]:
    """Return the findings about a role of a source."""
    text = KMS + "".join(f"  {sentence}\n" for sentence in sentences) + "}\n"
    return [d for d in review_source(tmp_path, text) if d.code is codes.ESCALATION]


def open_ways(actions: tuple[str, ...]) -> set[str]:
    """Return the gains that are open to whoever may do some actions on everything."""
    statement = iam.Statement("Allow", iam.Elements(actions), iam.Elements(("*",)))
    document = iam.Document("managed", "all", iam.Policy((statement,)))
    (holder,) = holders(lint.settled(iam.Build((document,))), {})
    return {way.gain for way in ways(holder, CATALOGUE)}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.id)
def test_each_path_is_open_with_its_actions_and_closed_without_one(path: Path) -> None:
    """Protects the table: all actions are known, all are needed, and together they are enough."""
    assert all(CATALOGUE.canonical(action) == action for action in path.actions)
    assert path.gain in open_ways(path.actions)
    for left_out in path.actions if len(path.actions) > 1 else ():
        rest = tuple(action for action in path.actions if action != left_out)
        assert path.gain not in open_ways(rest), left_out


def test_the_table_is_in_order() -> None:
    """Protects the order that messages have: strongest kinds first, each id once."""
    order = ["self", "other", "pass", "federation", "existing", "limits"]
    kinds = [order.index(path.category) for path in PATHS]
    assert kinds == sorted(kinds)
    assert len({path.id for path in PATHS}) == len(PATHS)
    assert all(bool(path.services) == (path.category == "pass") for path in PATHS)
    for action, named in RESOURCE_KINDS.items():
        known = CATALOGUE.action(action)
        assert known is not None
        assert set(named) <= {resource.type for resource in known.resources}


def test_a_document_by_itself() -> None:
    """The best ways are named, the others counted, each at what grants it."""
    document = both(allow("iam:*"), allow("lambda:*"))
    (finding,) = [d for d in review_document(document) if d.code is codes.ESCALATION]
    assert finding.message == (
        "whoever has policy `document` can rewrite any managed policy (`iam:CreatePolicyVersion`), "
        "attach any policy to any role (`iam:AttachRolePolicy`), attach any policy to any user "
        "(`iam:AttachUserPolicy`), and has 18 more ways"
    )
    assert finding.span is not None
    assert (finding.span.text, finding.label) == ('"iam:*"', "everything is open from here")
    assert finding.hint == "name the policies, or a path that they have in common"


def test_a_source(tmp_path: Folder) -> None:
    """An identity is named, and the actions are underlined."""
    (finding,) = role(
        tmp_path,
        "allow lambda:CreateFunction, lambda:InvokeFunction on *",
        'allow iam:PassRole on * when iam:PassedToService == "lambda.amazonaws.com"',
    )
    assert finding.message == (
        "role `deployer` can run code in a new Lambda function as any role "
        "(`iam:PassRole`, `lambda:CreateFunction`, `lambda:InvokeFunction`)"
    )
    assert finding.span is not None
    assert finding.span.text == "iam:PassRole"
    assert finding.hint == "name the roles that may be passed (`iam:PassRole`)"
    assert [note.span.text for note in finding.notes] == [
        "lambda:CreateFunction",
        "lambda:InvokeFunction",
    ]


@pytest.mark.parametrize(
    ("statement", "silent"),
    [
        (allow("iam:AttachRolePolicy"), False),
        (allow("iam:AttachRolePolicy", "arn:aws:iam::111122223333:role/*"), False),
        (allow("iam:AttachRolePolicy", "arn:aws:iam::*:role/team/*"), True),
        (allow("iam:AttachRolePolicy", "arn:aws:iam::111122223333:role/web"), True),
        (
            allow(
                "iam:AttachRolePolicy",
                Condition={
                    "ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
                },
            ),
            True,
        ),
        (
            allow(
                "iam:PutRolePolicy",
                Condition={
                    "StringEquals": {
                        "iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/b"
                    }
                },
            ),
            True,
        ),
        (
            allow("iam:PutRolePolicy", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
            False,
        ),
        (allow("iam:CreateAccessKey"), False),
        (allow("iam:CreateAccessKey", "arn:aws:iam::*:user/${aws:username}"), True),
        (allow("iam:AttachUserPolicy", "arn:aws:iam::*:user/${aws:username}"), False),
        (allow("iam:AddUserToGroup", "arn:aws:iam::*:group/team/*"), True),
        (allow("lambda:UpdateFunctionCode"), False),
        (allow("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:*:function:*"), False),
        (allow("lambda:UpdateFunctionCode", "arn:aws:lambda:*:*:function:orders-*"), True),
        (
            allow(
                "ssm:StartSession", Condition={"StringEquals": {"ssm:resourceTag/team": "orders"}}
            ),
            True,
        ),
        (
            allow(
                "ecs:ExecuteCommand",
                Condition={
                    "ArnEquals": {"ecs:cluster": "arn:aws:ecs:eu-west-1:111122223333:cluster/a"}
                },
            ),
            True,
        ),
        (both(allow("iam:CreatePolicyVersion"), deny("iam:*")), True),
        (both(allow("iam:CreatePolicyVersion"), deny("iam:*", "arn:aws:iam::*:policy/x")), False),
        (
            both(
                allow("iam:PutUserPolicy"),
                deny(
                    "iam:*",
                    Condition={
                        "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}
                    },
                ),
            ),
            True,
        ),
        (allow("*"), True),
        (allow("*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), True),
        (allow("s3:*"), True),
    ],
)
def test_what_decides(statement: dict[str, Any], silent: bool) -> None:
    """A grant on what nobody named is a way, unless it is denied, bounded or of something else."""
    assert (not found(statement)) is silent


def test_the_service_that_is_asked_for_decides() -> None:
    """A role that may be passed to EC2 alone opens nothing by Lambda."""
    functions = allow(["lambda:CreateFunction", "lambda:InvokeFunction"])
    to_ec2 = allow(
        "iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    )
    assert not found(both(functions, to_ec2))
    named = allow("iam:PassRole", "arn:aws:iam::111122223333:role/orders")
    assert not found(both(functions, named))


@pytest.mark.parametrize("kind", ["boundary", "scp", "trust"])
def test_limits_give_nothing(kind: str) -> None:
    """Boundaries and organization policies allow nothing by themselves."""
    assert not found(allow("iam:*"), kind=kind)


def test_what_is_effective_decides(tmp_path: Folder) -> None:
    """A boundary and a deny in another policy close what a policy opens."""
    grant = "allow iam:PutRolePolicy on *"
    assert role(tmp_path, grant)
    assert not role(tmp_path, grant, "deny iam:PutRolePolicy on *")
    bound = "boundary limit { allow s3:* on * }\n"
    text = bound + KMS + f"  {grant}\n  boundary limit\n" + "}\n"
    diagnostics = review_source(tmp_path, text)
    assert not [d for d in diagnostics if d.severity is Severity.ERROR]
    assert not said(diagnostics, codes.ESCALATION)


def test_an_scp_closes(tmp_path: Folder) -> None:
    """What the organization denies above the account is no way."""
    text = (
        'organization acme "o-abc1234567" {\n  deny policies\n'
        '  account prod "111122223333" {\n    role deployer {\n      trust service ec2\n'
        "      allow iam:PutRolePolicy on *\n    }\n  }\n}\n"
    )
    open_text = text.replace("  deny policies\n", "")
    settings = '[aws]\npartition = "aws"\nregion = "eu-west-1"\n[lint]\npreset = "strict"\n'
    assert said(review_source(tmp_path, open_text, settings), codes.ESCALATION)
    closed = text.replace("deny policies", "attach no_policies")
    closed = "scp no_policies { deny iam:PutRolePolicy on * }\n" + closed
    diagnostics = review_source(tmp_path, closed, settings)
    assert not [d for d in diagnostics if d.severity is Severity.ERROR]
    assert not said(diagnostics, codes.ESCALATION)


def test_oneself_by_name(tmp_path: Folder) -> None:
    """Who may write policies into itself has no limit, however narrow the grant looks."""
    (finding,) = role(tmp_path, 'allow iam:PutRolePolicy on iam:role("deployer")')
    assert finding.message == (
        "role `deployer` can write a policy into itself (`iam:PutRolePolicy`)"
    )
    assert not role(tmp_path, 'allow iam:PutRolePolicy on iam:role("web")')


def test_those_alike_are_told_together(tmp_path: Folder) -> None:
    """One policy of several identities is one finding, and not one of its own besides."""
    text = (
        "policy run { allow ssm:SendCommand on * }\n"
        "group ops { attach run }\n"
        "user anna { groups ops }\n"
        "user ben { groups ops }\n"
    )
    assert said(review_source(tmp_path, text), codes.ESCALATION) == [
        (
            "ssm:SendCommand",
            "user `anna` and user `ben` can run commands on any managed instance (`ssm:SendCommand`)",
        )
    ]


@pytest.mark.parametrize(
    ("name", "whole", "silent"),
    [
        ("AutoScalingServiceRolePolicy.json", False, True),
        ("AutoScalingServiceRolePolicy", True, False),
        ("AmazonEC2FullAccess.json", False, False),
    ],
)
def test_aws_policies_for_services_alone(name: str, whole: bool, silent: bool) -> None:
    """Nobody but the service can have the policy of a service-linked role, if AWS wrote it."""
    everything = iam.Elements(("*",))
    statement = iam.Statement("Allow", iam.Elements(("ssm:SendCommand",)), everything)
    document = iam.Document("managed", name, iam.Policy((statement,)))
    build = lint.settled(iam.Build((document,)))
    items = lint.items_of(build, written=False)
    report = Report()
    lint.review(
        lint.World(items, build, CATALOGUE, LIMITS, {}, codes.ESCALATION.__eq__, whole), report
    )
    assert (not report.diagnostics) is silent
