"""Principals of documents: IAM216, 218, 219, 227, and keys that services do not carry (IAM802)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import allow, review_document, review_source, said, trust

from iamdsl.diagnostics import codes

if TYPE_CHECKING:
    from pathlib import Path

    from iamdsl.diagnostics import Diagnostic

ACCOUNT = "111122223333"
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/web"
BUCKET = "arn:aws:s3:::photos"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"
WEB = "sts:AssumeRoleWithWebIdentity"


def bad(made: dict[str, Any], **options: Any) -> list[tuple[str, str]]:
    return said(review_document(made, **options), codes.BAD_PRINCIPAL)


def one(made: dict[str, Any], **options: Any) -> Diagnostic:
    (found,) = [d for d in review_document(made, **options) if d.code is codes.BAD_PRINCIPAL]
    return found


@pytest.mark.parametrize(
    ("principal", "message", "hint"),
    [
        ({"AWS": "somebody"}, "`somebody` is no principal", "a principal is a role, a user, "),
        (
            {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"},
            "a principal's ARN takes no wildcard",
            "name the account, and test `aws:PrincipalArn`",
        ),
        (
            {"AWS": f"arn:aws:iam::{ACCOUNT}:group/all"},
            f"`arn:aws:iam::{ACCOUNT}:group/all` is no principal",
            "a group is no principal",
        ),
        (
            {"AWS": "lambda.amazonaws.com"},
            "`lambda.amazonaws.com` is no principal",
            "a service stands under `Service`",
        ),
        ({"AWS": SAML}, f"`{SAML}` is no principal", "a provider stands under `Federated`"),
        ({"AWS": "${aws:username}"}, "a principal takes no variables", "write it out"),
        ({"Service": "*"}, "a `Service` principal takes no wildcard", "name it whole"),
        (
            {"Federated": "id.example.com"},
            "`id.example.com` is no federated provider",
            "write the provider's ARN",
        ),
        (
            {"CanonicalUser": "ab" * 32},
            "a canonical user is no principal of a trust policy",
            "name a role",
        ),
    ],
)
def test_what_no_trust_policy_takes(principal: dict[str, str], message: str, hint: str) -> None:
    """AWS refuses what is no principal when the policy is saved; each is shown where it stands."""
    found = one(trust(principal), kind="trust")
    assert found.message == message
    assert found.hint.startswith(hint)
    assert found.severity.value == "error"
    assert found.span is not None
    assert found.span.text == f'"{next(iter(principal.values()))}"'


@pytest.mark.parametrize(
    "principal",
    [
        ROOT,
        {"AWS": [ACCOUNT, ROLE, f"arn:aws:sts::{ACCOUNT}:assumed-role/web/session"]},
        {"AWS": f"arn:aws-us-gov:iam::{ACCOUNT}:user/a/b"},
        {"Service": ["ec2.amazonaws.com", "ops.apigateway.amazonaws.com", "spot.amazonaws.com"]},
        {"Service": ["logs.eu-west-1.amazonaws.com", "logs.cn-north-1.amazonaws.com.cn"]},
        {"AWS": ["arn:aws:iam::${AWS::AccountId}:root", "arn:aws:iam::ACCOUNT-ID:role/web"]},
    ],
)
def test_what_a_trust_policy_takes(principal: dict[str, Any]) -> None:
    """All forms of AWS's page, and blanks that somebody fills in."""
    found = review_document(trust(principal), kind="trust")
    assert said(found, codes.BAD_PRINCIPAL) == []
    assert said(found, codes.UNKNOWN_SERVICE_PRINCIPAL) == []


def test_what_was_surely_meant_is_a_fix() -> None:
    """An account id with hyphens, and a service without its ending."""
    found = one(trust({"AWS": "1111-2222-3333"}), kind="trust")
    assert found.fix is not None
    assert [edit.text for edit in found.fix.edits] == [f'"{ACCOUNT}"']
    found = one(trust({"Service": "lambda"}), kind="trust")
    assert found.fix is not None
    assert [edit.text for edit in found.fix.edits] == ['"lambda.amazonaws.com"']


def test_ids_are_of_what_is_gone() -> None:
    """AWS shows a role by its id once it is deleted, and still takes the policy: a warning."""
    found = one(trust({"AWS": "AROAEXAMPLEEXAMPLEEX1"}), kind="trust")
    assert found.message == "`AROAEXAMPLEEXAMPLEEX1` is the id of a role"
    assert found.severity.value == "warning"


def test_a_slip_in_the_name_of_a_service() -> None:
    """Only names that are nearly those of well-known services are doubted."""
    found = review_document(trust({"Service": "lamdba.amazonaws.com"}))
    assert said(found, codes.UNKNOWN_SERVICE_PRINCIPAL) == [
        ('"lamdba.amazonaws.com"', "`lamdba.amazonaws.com` is no well-known service principal")
    ]
    found = review_document(trust({"Service": "some-new-thing.amazonaws.com"}))
    assert said(found, codes.UNKNOWN_SERVICE_PRINCIPAL) == []


@pytest.mark.parametrize(
    "condition",
    [
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"StringEquals": {"aws:PrincipalTag/team": "web"}},
        {"StringNotEquals": {"aws:PrincipalAccount": "999988887777"}},
        {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}},
    ],
)
def test_conditions_that_strangers_meet(condition: dict[str, Any]) -> None:
    """What everyone can bring, or is met without its key, keeps nobody out of a role."""
    found = review_document(trust({"AWS": "*"}, Condition=condition))
    assert said(found, codes.OPEN_TRUST) == [('"*"', "everyone in AWS may assume this role")]


@pytest.mark.parametrize(
    "condition",
    [
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}},
        {"StringEqualsIfExists": {"aws:PrincipalAccount": "111122223333"}},
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"StringEquals": {"aws:FederatedProvider": "arn:aws:iam::111122223333:oidc-provider/x"}},
    ],
)
def test_conditions_that_name_somebody(condition: dict[str, Any]) -> None:
    """An account, a network, or what is not known to be open to everyone is no open trust."""
    document = trust({"AWS": "*"}, Condition=condition)
    assert said(review_document(document), codes.OPEN_TRUST) == []


def test_an_external_id_is_no_secret(tmp_path: Path) -> None:
    """It is for a third party's mistakes, and AWS does not keep it from anybody."""
    message = "everyone in AWS who knows the external id may assume this role"
    found = review_document(
        trust({"AWS": "*"}, Condition={"StringEquals": {"sts:ExternalId": "x"}})
    )
    assert said(found, codes.OPEN_TRUST) == [('"*"', message)]
    source = 'role r { trust account * when sts:ExternalId == "x" }'
    assert said(review_source(tmp_path, source), codes.OPEN_TRUST) == [("*", message)]


def test_everyone_may_assume_a_role() -> None:
    """Without a condition that is open trust; `*` itself AWS's validator refuses."""
    found = review_document(trust({"AWS": "*"}))
    assert said(found, codes.OPEN_TRUST) == [('"*"', "everyone in AWS may assume this role")]
    org = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    assert said(review_document(trust({"AWS": "*"}, Condition=org)), codes.OPEN_TRUST) == []
    assert bad(trust("*")) == [('"*"', "a role cannot trust `*`")]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
    assert bad({"Version": "2012-10-17", "Statement": deny}) == []


@pytest.mark.parametrize(
    ("principal", "action", "message"),
    [
        (
            {"Federated": OIDC},
            "sts:AssumeRole",
            f"`{OIDC}` does not assume a role by these actions",
        ),
        (
            ROOT,
            ["sts:AssumeRole", WEB],
            f"`{WEB}` is asked by an OpenID Connect provider, and none is trusted here",
        ),
        (
            {"Service": "rolesanywhere.amazonaws.com"},
            "sts:AssumeRole",
            "`rolesanywhere.amazonaws.com` needs `sts:SetSourceIdentity` too",
        ),
    ],
)
def test_actions_fit_who_is_trusted(principal: Any, action: Any, message: str) -> None:
    """Each kind of principal assumes a role by an action of its own."""
    assert [m for _, m in bad(trust(principal, action))] == [message]
    assert bad(trust({"Federated": SAML}, "sts:AssumeRoleWithSAML")) == []
    assert bad(trust(ROOT, ["sts:AssumeRole", "sts:TagSession"])) == []
    assert bad(trust(ROOT, "sts:TagSession")) == []


def test_principals_of_resources() -> None:
    """Providers are for roles; canonical users and access identities for buckets."""
    read = "s3:GetObject"
    objects = f"{BUCKET}/*"
    assert bad(allow(read, objects, Principal={"Federated": OIDC}), target=BUCKET) == [
        (f'"{OIDC}"', "a federated provider is no principal of a policy of s3")
    ]
    identity = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1EXAMPLE"
    for who in ({"CanonicalUser": "ab" * 32}, {"AWS": identity}, "*", {"AWS": "*"}):
        assert bad(allow(read, objects, Principal=who), target=BUCKET) == []
    queue = "arn:aws:sqs:eu-west-1:111122223333:jobs"
    made = allow("sqs:SendMessage", queue, Principal={"AWS": identity})
    assert [m for _, m in bad(made)] == [
        "an origin access identity of CloudFront is no principal of a policy of sqs"
    ]


def test_exceptions_from_everyone() -> None:
    """`NotPrincipal` denies those with a boundary, and whose account is not excepted."""

    def found(*people: str) -> list[str]:
        deny = {"Effect": "Deny", "NotPrincipal": {"AWS": list(people)}, "Action": "s3:*"}
        made = {"Version": "2012-10-17", "Statement": {**deny, "Resource": BUCKET}}
        return [m for _, m in said(review_document(made), codes.NOT_PRINCIPAL)]

    assert found(ROLE) == [f"`{ROLE}` is excepted, but not its account `{ACCOUNT}`"]
    assert found(ROLE, ACCOUNT) == [
        "these exceptions do not hold for those with a permissions boundary"
    ]


def test_services_are_in_no_organization() -> None:
    """A grant to services alone that asks for `aws:PrincipalOrgID` is for nobody."""
    service = {"Service": "cloudtrail.amazonaws.com"}
    org = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}

    def found(**more: Any) -> list[tuple[str, str]]:
        made = allow("s3:PutObject", f"{BUCKET}/*", **more)
        wanted = "requests of a service"
        return [
            s for s in said(review_document(made), codes.UNSUPPORTED_KEY) if s[1].startswith(wanted)
        ]

    assert found(Principal=service, Condition=org) == [
        ('"aws:PrincipalOrgID"', "requests of a service do not carry `aws:PrincipalOrgID`")
    ]
    assert found(Principal={**service, **ROOT}, Condition=org) == []
    loose = {"StringEqualsIfExists": org["StringEquals"]}
    assert found(Principal=service, Condition=loose) == []


def test_sources_are_not_said_again(tmp_path: Path) -> None:
    """The compiler says of a source what is said here of a document, once."""
    source = 'role r { trust account * } role s { trust service "lamdba" }'
    found = review_source(tmp_path, source)
    assert len(said(found, codes.OPEN_TRUST)) == 1
    assert len(said(found, codes.UNKNOWN_SERVICE_PRINCIPAL)) == 1
