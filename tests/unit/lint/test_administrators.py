"""IAM834: roles by which others become administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviews import allow, review_document, review_source

from iamdsl.diagnostics import Severity, codes

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Diagnostic

ADMIN = "role admin {{ trust {} allow * on * }}\n"
RUNNER = "role runner { trust service lambda allow * on * }\n"
DEV = "user dev {{ {} }}\n"
RUN = "allow lambda:CreateFunction, lambda:InvokeFunction on * "


def found(tmp_path: Path, text: str) -> list[Diagnostic]:
    """Return what IAM834 says of a source that compiles."""
    diagnostics = review_source(tmp_path, text)
    assert not [d for d in diagnostics if d.severity is Severity.ERROR], diagnostics
    return [d for d in diagnostics if d.code is codes.WAY_TO_ADMINISTRATOR]


def test_in_several_steps(tmp_path: Path) -> None:
    """The whole way is said, with the lines of each step."""
    text = (
        ADMIN.format("deployer")
        + "role deployer { trust account aws.account allow s3:ListBucket on * }\n"
        + DEV.format("allow sts:AssumeRole on deployer")
    )
    by_name = {d.message.partition(" can ")[0]: d for d in found(tmp_path, text)}
    assert list(by_name) == ["role `deployer`", "user `dev`"]
    finding = by_name["user `dev`"]
    assert finding.message == (
        "user `dev` can become an administrator: `dev` -> `deployer` -> `admin`"
    )
    assert finding.span is not None
    assert finding.span.text == "sts:AssumeRole"
    assert [(note.span.text, note.text) for note in finding.notes] == [
        ("trust account aws.account", "`deployer` lets in `dev`"),
        ("trust deployer", "`deployer` may assume `admin`"),
    ]
    assert finding.hint == "leave `dev` out of the trust of `deployer`"


def test_both_sides_have_to_agree(tmp_path: Path) -> None:
    """Without the trust, or without the permission where the account is trusted, there is no way."""
    assume = DEV.format("allow sts:AssumeRole on admin")
    nothing = DEV.format("allow s3:ListBucket on *")
    assert found(tmp_path, ADMIN.format("account aws.account") + assume)
    assert found(tmp_path, ADMIN.format("dev") + nothing)
    assert not found(tmp_path, ADMIN.format("account aws.account") + nothing)
    assert not found(tmp_path, ADMIN.format("service ec2") + assume)
    denied = DEV.format("allow sts:AssumeRole on admin deny sts:AssumeRole on admin")
    assert not found(tmp_path, ADMIN.format("account aws.account") + denied)


def test_who_asks_is_known(tmp_path: Path) -> None:
    """A trust for those with a tag is no way for those without it."""
    text = ADMIN.format('account aws.account when aws:PrincipalTag/team == "ops"')
    assume = "allow sts:AssumeRole on admin"
    assert not found(tmp_path, text + DEV.format(assume))
    assert found(tmp_path, text + DEV.format(assume + ' tags { team = "ops" }'))


def test_by_a_service(tmp_path: Path) -> None:
    """A role that may be passed to a service it trusts, with what runs code there, is a step."""
    to_lambda = 'allow iam:PassRole on runner when iam:PassedToService == "lambda.amazonaws.com"'
    (finding,) = found(tmp_path, RUNNER + DEV.format(RUN + to_lambda))
    assert finding.message == "user `dev` can become an administrator: `dev` -> `runner`"
    assert finding.label == "`dev` passes `runner` to `lambda.amazonaws.com`"
    assert finding.hint == "leave `runner` out of the roles that `dev` may pass"
    assert not found(tmp_path, RUNNER + DEV.format(to_lambda))
    elsewhere = to_lambda.replace("lambda.", "ec2.")
    assert not found(tmp_path, RUNNER + DEV.format(RUN + elsewhere))


def test_who_can_give_itself_everything_counts(tmp_path: Path) -> None:
    """A role that writes policies is as good as an administrator."""
    writer = "role writer { trust dev allow iam:PutRolePolicy on * }\n"
    nothing = DEV.format("allow s3:ListBucket on *")
    assert found(tmp_path, writer + nothing)
    bounded = writer.replace("on *", "on * boundary limit")
    limit = "boundary limit { allow s3:* on * }\n"
    assert not found(tmp_path, limit + bounded + nothing)


def test_administrators_are_not_told(tmp_path: Path) -> None:
    """Who may do everything gains nothing; AWS's AdministratorAccess is everything."""
    text = ADMIN.format("dev") + DEV.format("allow * on *")
    assert not found(tmp_path, text)
    attached = 'role admin { trust dev attach aws_managed("AdministratorAccess") }\n'
    assert found(tmp_path, attached + DEV.format("allow s3:ListBucket on *"))


def test_documents_alone_are_not_all() -> None:
    """Of a document nobody knows who else is there."""
    diagnostics = review_document(allow("sts:AssumeRole"))
    assert not [d for d in diagnostics if d.code is codes.WAY_TO_ADMINISTRATOR]


def test_by_credentials_of_a_user(tmp_path: Path) -> None:
    """Who makes keys or a password of an administrator is one; a condition on others is none."""
    boss = "user boss { allow * on * }\n"
    (finding,) = found(tmp_path, boss + DEV.format("allow iam:CreateAccessKey on boss"))
    assert finding.message == "user `dev` can become an administrator: `dev` -> `boss`"
    assert finding.label == "`dev` makes access keys of `boss`"
    assert finding.hint == "leave `boss` out of what `iam:CreateAccessKey` is allowed on"
    for action in ("iam:CreateLoginProfile", "iam:UpdateLoginProfile"):
        assert found(tmp_path, boss + DEV.format(f"allow {action} on boss")), action
    own = DEV.format('allow iam:CreateAccessKey on "arn:aws:iam::*:user/${{aws:username}}"')
    assert not found(tmp_path, boss + own.replace("{{", "{").replace("}}", "}"))
    denied = DEV.format("allow iam:CreateAccessKey on * deny iam:CreateAccessKey on boss")
    assert not found(tmp_path, boss + denied)
    tagged = 'user boss { allow * on * tags { team = "ops" } }\n'
    by_tag = 'allow iam:CreateAccessKey on * when aws:ResourceTag/team == "%s"'
    assert found(tmp_path, tagged + DEV.format(by_tag % "ops"))
    assert not found(tmp_path, tagged + DEV.format(by_tag % "web"))


def test_by_a_trust_that_is_rewritten(tmp_path: Path) -> None:
    """Who rewrites the trust of a role is let in, unless something else denies it."""
    admin = ADMIN.format("service ec2")
    rewrite = "allow iam:UpdateAssumeRolePolicy on admin"
    (finding,) = found(tmp_path, admin + DEV.format(rewrite))
    assert finding.message == "user `dev` can become an administrator: `dev` -> `admin`"
    assert finding.label == "`dev` rewrites the trust of `admin`"
    assert not found(tmp_path, admin + DEV.format(rewrite + " deny sts:AssumeRole on *"))
    limit = "boundary limit { allow iam:* on * }\n"
    assert not found(tmp_path, limit + admin + DEV.format(rewrite + " boundary limit"))
    other = "role web { trust service ec2 allow s3:ListBucket on * }\n"
    on_web = DEV.format("allow iam:UpdateAssumeRolePolicy on web")
    assert not found(tmp_path, admin + other + on_web)


def test_through_a_user(tmp_path: Path) -> None:
    """A user who may assume the role is a step as good as another."""
    text = (
        ADMIN.format("boss")
        + "user boss { allow s3:ListBucket on * }\n"
        + DEV.format("allow iam:CreateAccessKey on boss")
    )
    assert [d.message for d in found(tmp_path, text)] == [
        "user `boss` can become an administrator: `boss` -> `admin`",
        "user `dev` can become an administrator: `dev` -> `boss` -> `admin`",
    ]
