"""Shared identity providers: what their issuer, their claim and an open subject are."""

from __future__ import annotations

import pytest

from iamdsl import resources
from iamdsl.aws import Catalogue
from iamdsl.aws.oidc import BUILT_IN, SHARED, fits_any_tenant, issuer_of, shared_provider

ACCOUNT = "arn:aws:iam::111122223333"


@pytest.mark.parametrize(
    ("principal", "issuer"),
    [
        ("accounts.google.com", "accounts.google.com"),
        ("cognito-identity-us-gov.amazonaws.com", "cognito-identity-us-gov.amazonaws.com"),
        (f"{ACCOUNT}:oidc-provider/gitlab.com", "gitlab.com"),
        ("arn:aws-cn:iam::111122223333:oidc-provider/gitlab.com", "gitlab.com"),
        (f"{ACCOUNT}:oidc-provider/h.example/id/A:b", "h.example/id/A:b"),
        (f"{ACCOUNT}:saml-provider/okta", None),
        ("gitlab.com", None),
    ],
)
def test_issuer(principal: str, issuer: str | None) -> None:
    """The issuer is what follows `oidc-provider/`, or a built-in host; SAML has none."""
    assert issuer_of(principal) == issuer


@pytest.mark.parametrize(
    ("issuer", "key"),
    [
        ("token.actions.githubusercontent.com", "token.actions.githubusercontent.com:sub"),
        ("Token.Actions.GitHubUserContent.com", "Token.Actions.GitHubUserContent.com:sub"),
        ("cognito-identity.amazonaws.com", "cognito-identity.amazonaws.com:aud"),
        ("api.pulumi.com/oidc", "api.pulumi.com/oidc:aud"),
        ("sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d", "sts:RoleSessionName"),
    ],
)
def test_required_claim(issuer: str, key: str) -> None:
    """The key that IAM insists on is the provider's claim, except where it is one of STS."""
    provider = shared_provider(issuer)
    assert provider is not None
    assert provider.key(issuer) == key


@pytest.mark.parametrize(
    "issuer",
    [
        "token.actions.githubusercontent.com/acme",
        "token.actions.acme.ghe.com",
        "gitlab.example.com",
        "accounts.google.com",
        "oidc.circleci.com/org/12345",
        "oidc.eks.eu-west-1.amazonaws.com/id/AB",
        "sts.windows.net/11111111-1111-1111-1111-111111111111",
    ],
)
def test_private_providers_are_not_shared(issuer: str) -> None:
    """A path or a host of one customer's own makes an issuer that IAM has no list for."""
    assert shared_provider(issuer) is None


def test_required_claims_are_known_keys() -> None:
    """Each key that an error asks for is one that the catalogue takes without quotes."""
    catalogue = Catalogue(resources.open_catalogue())
    for issuer, provider in SHARED.items():
        assert catalogue.condition_key(provider.key(issuer)) is not None
        assert issuer == issuer.lower()
    for issuer, claim in BUILT_IN.items():
        assert catalogue.condition_key(f"{issuer}:{claim}") is not None


@pytest.mark.parametrize(
    ("issuer", "pattern", "open_"),
    [
        ("token.actions.githubusercontent.com", "repo:*", True),
        ("token.actions.githubusercontent.com", "re*", True),
        ("token.actions.githubusercontent.com", "*:ref:refs/heads/main", True),
        ("token.actions.githubusercontent.com", "repo:acme*", True),
        ("token.actions.githubusercontent.com", "repo:acm?/orders:*", True),
        ("token.actions.githubusercontent.com", "repo:acme", False),
        ("token.actions.githubusercontent.com", "repo:acme/*", False),
        ("token.actions.githubusercontent.com", "repo:acme@*", False),
        ("token.actions.githubusercontent.com", "repository_owner_id:12:*", False),
        ("gitlab.com", "project_path:acme*", True),
        ("gitlab.com", "project_path:acme/*", False),
        ("app.terraform.io", "organization:acme*", True),
        ("app.terraform.io", "organization:acme:*", False),
        ("scalr.io", "*x", False),
    ],
)
def test_open_subjects(issuer: str, pattern: str, open_: bool) -> None:
    """A subject is open until the character that ends the customer's name stands before a `*`."""
    assert fits_any_tenant(SHARED[issuer], pattern) is open_
