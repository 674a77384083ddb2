"""Providers of OpenID Connect that documents trust: IAM224 and IAM225."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reviews import review_document, review_source, said, trust

from iamdsl.diagnostics import Severity, codes

if TYPE_CHECKING:
    from pathlib import Path

HOST = "token.actions.githubusercontent.com"
GITHUB = {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{HOST}"}
OTHER = {"Federated": "arn:aws:iam::111122223333:oidc-provider/id.example.com"}
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"
WEB = "sts:AssumeRoleWithWebIdentity"


def refused(principal: dict[str, str], **condition: Any) -> list[tuple[str, str]]:
    return said(review_document(trust(principal, WEB, Condition=condition)), codes.UNTESTED_CLAIM)


def opened(principal: dict[str, str], **condition: Any) -> list[tuple[str, str]]:
    return said(review_document(trust(principal, WEB, Condition=condition)), codes.OPEN_PROVIDER)


def test_iam_insists_on_a_claim() -> None:
    """A shared provider's tokens are for the whole world, so that IAM refuses such a trust."""
    message = f"IAM refuses a trust of `{HOST}` that does not test `{HOST}:sub`"
    assert refused(GITHUB, StringEquals={f"{HOST}:aud": "sts.amazonaws.com"}) == [
        (f'"{GITHUB["Federated"]}"', message)
    ]
    assert refused(GITHUB, StringLike={f"{HOST}:sub": "*"}) == [(f'"{HOST}:sub"', message)]
    assert refused(GITHUB, StringEqualsIfExists={f"{HOST}:sub": "repo:acme/web:*"}) == [
        (f'"{HOST}:sub"', message)
    ]


def test_whose_tokens_are_meant() -> None:
    """A subject that fits more than one customer, and one that does not."""
    assert opened(GITHUB, StringLike={f"{HOST}:sub": "repo:acme*"}) == [
        ('"repo:acme*"', "`repo:acme*` is the subject of more than one customer of GitHub Actions")
    ]
    assert opened(GITHUB, StringLike={f"{HOST}:sub": "repo:acme/*"}) == []
    ids = {f"{HOST}:repository_owner_id": "1234"}
    assert opened(GITHUB, StringLike={f"{HOST}:sub": "repo:*"}, StringEquals=ids) == []


def test_a_provider_of_ones_own() -> None:
    """Whoever it knows is let in, unless some claim is tested."""
    assert opened(OTHER) == [
        (
            f'"{OTHER["Federated"]}"',
            "whoever has a token of `id.example.com` may assume this role",
        )
    ]
    assert opened(OTHER, StringEquals={"id.example.com:aud": "web"}) == []


@pytest.mark.parametrize(
    ("condition", "label"),
    [
        ({"StringEquals": {f"{EKS}:aud": "sts.amazonaws.com"}}, "each pod has one for STS"),
        (
            {"StringLike": {f"{EKS}:sub": "system:serviceaccount:*:*"}},
            "`system:serviceaccount:*:*` is each service account",
        ),
        ({"StringLike": {f"{EKS}:sub": "system:serviceaccount:web:*"}}, None),
        ({"StringEquals": {f"{EKS}:sub": "system:serviceaccount:web:app"}}, None),
        ({"StringEquals": {f"{EKS}:aud": "web"}}, None),
    ],
)
def test_every_pod_of_a_cluster(condition: dict[str, Any], label: str | None) -> None:
    """Claims that all tokens of a cluster have alike keep no pod out; a namespace does."""
    provider = {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{EKS}"}
    found = review_document(trust(provider, WEB, Condition=condition))
    assert [d.label for d in found if d.code is codes.OPEN_PROVIDER] == ([label] if label else [])


def test_every_pod_in_a_source(tmp_path: Path) -> None:
    """The compiler says it of a source too, and once."""
    source = f'role r {{ trust oidc "{EKS}" when {EKS}:sub like "system:serviceaccount:*" }}'
    assert [m for _, m in said(review_source(tmp_path, source), codes.OPEN_PROVIDER)] == [
        f"whoever has a token of `{EKS}` may assume this role"
    ]


def test_only_what_lets_somebody_in() -> None:
    """A deny keeps tokens out, whatever it leaves open."""
    made = {"Effect": "Deny", "Principal": OTHER, "Action": WEB}
    found = review_document({"Version": "2012-10-17", "Statement": made})
    assert said(found, codes.OPEN_PROVIDER) == []


def test_sources_are_not_said_again(tmp_path: Path) -> None:
    """The compiler says it of a source, in the same words."""
    source = 'role r { trust oidc "id.example.com" }'
    assert [m for _, m in said(review_source(tmp_path, source), codes.OPEN_PROVIDER)] == [
        "whoever has a token of `id.example.com` may assume this role"
    ]


SAML = {"Federated": "arn:aws:iam::111122223333:saml-provider/corp"}
BY_SAML = "sts:AssumeRoleWithSAML"


def test_assertions_for_others_than_aws(tmp_path: Path) -> None:
    """AWS asks a trust of SAML for a test of `saml:aud`; a note, in both worlds."""
    found = review_document(trust(SAML, [BY_SAML, "sts:TagSession"]))
    message = "the trust of `corp` does not ask for assertions that are made for AWS"
    assert said(found, codes.OPEN_PROVIDER) == [(f'"{SAML["Federated"]}"', message)]
    (one,) = (d for d in found if d.code is codes.OPEN_PROVIDER)
    assert (one.severity, one.label) == (Severity.NOTE, "`saml:aud` is not tested")
    assert (
        one.hint == 'test it: `"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}`'
    )
    source = f"role r {{ trust {BY_SAML} to {SAML['Federated']} }}"
    (one,) = (d for d in review_source(tmp_path, source) if d.code is codes.OPEN_PROVIDER)
    assert one.hint == 'add `when saml:aud == "https://signin.aws.amazon.com/saml"`'
    china = {"Federated": "arn:aws-cn:iam::111122223333:saml-provider/corp"}
    (one,) = (d for d in review_document(trust(china, BY_SAML)) if d.code is codes.OPEN_PROVIDER)
    assert "https://signin.amazonaws.cn/saml" in one.hint


@pytest.mark.parametrize(
    ("operator", "value", "open_"),
    [
        ("StringEquals", "https://signin.aws.amazon.com/saml", False),
        ("StringLike", "https://*.signin.aws.amazon.com/saml", False),
        ("StringLike", "*", True),
        ("StringNotEquals", "https://example.com/saml", True),
        ("Null", "false", True),
    ],
)
def test_a_test_of_the_endpoint_is_enough(operator: str, value: str, open_: bool) -> None:
    """What names an endpoint says for whom assertions are, whatever capitals the key has."""
    document = trust(SAML, BY_SAML, Condition={operator: {"saml:aud": value}})
    assert bool(said(review_document(document), codes.OPEN_PROVIDER)) is open_
    deny = {**document["Statement"][0], "Effect": "Deny"}
    assert not said(review_document({**document, "Statement": [deny]}), codes.OPEN_PROVIDER)
