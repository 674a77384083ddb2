"""OpenID Connect providers that many customers share, and the claims that IAM insists on for them.

For the providers of `SHARED` IAM refuses a trust policy, when a role is made or its trust is
changed, that does not test the provider's required claim (MalformedPolicyDocument). The list is
the whole one of AWS's page "id_roles_providers_oidc_secure-by-default"; confidence high. What
counts as tested is said for GitHub only ("id_roles_create_for-idp_oidc"): the key is there, and
its value is not solely `*` and `?`, or null.

How a subject names the customer (`tenant`, `ends`) is each provider's own page; confidence medium.
"""

from __future__ import annotations

from typing import NamedTuple

AS_OF = "2026-10-01"
"""The day on which the list stood so."""

BUILT_IN = {
    "accounts.google.com": "aud",
    "cognito-identity.amazonaws.com": "aud",
    "cognito-identity-us-gov.amazonaws.com": "aud",
    "cognito-identity.cn-north-1.amazonaws.com.cn": "aud",
    "cognito-identity.us-gov-east-1.amazonaws.com": "aud",
    "graph.facebook.com": "app_id",
    "www.amazon.com": "app_id",
}
"""Providers that are principals by their host alone, each with the claim that says whose app it is.

An account needs no provider of its own for them. AWS "reference_policies_elements_principal";
Cognito's in GovCloud are from that partition's user guide, "Amazon Cognito" (high), the one in China
from AWS's mobile SDKs (medium).
"""


class SharedProvider(NamedTuple):
    """A provider whose tokens have the same issuer for all its customers.

    Attributes:
        name: what AWS's page calls it.
        claim: the claim that a trust policy has to test, or a key of another service.
        example: how a test of it goes on, to be filled in.
        tenant: what a subject begins with before it names the customer; "" where it has no such
            form.
        ends: the characters of which one ends the customer's name.
        tenant_claims: further claims that fix the customer.
    """

    name: str
    claim: str = "sub"
    example: str = '== "…"'
    tenant: str = ""
    ends: str = ""
    tenant_claims: frozenset[str] = frozenset()

    def key(self, issuer: str) -> str:
        """Return the condition key that has to be tested, `gitlab.com:sub`."""
        return self.claim if ":" in self.claim else f"{issuer}:{self.claim}"


def _github(name: str) -> SharedProvider:
    ids = frozenset({"enterprise_id", "repository", "repository_id", "repository_owner_id"})
    return SharedProvider(name, "sub", 'like "repo:ORG/REPO:*"', "repo:", "/@", ids)


_TURBONOMIC = SharedProvider("IBM Turbonomic SaaS")

SHARED: dict[str, SharedProvider] = {
    "cognito-identity.amazonaws.com": SharedProvider(
        "Amazon Cognito", "aud", '== "REGION:IDENTITY-POOL-ID"'
    ),
    "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d": SharedProvider(
        "Azure Sentinel", "sts:RoleSessionName"
    ),
    "agent.buildkite.com": SharedProvider(
        "Buildkite",
        "sub",
        'like "organization:ORG:pipeline:PIPELINE:*"',
        "organization:",
        ":",
        frozenset({"organization_id", "organization_slug", "cluster_id", "pipeline_id"}),
    ),
    "oidc.codefresh.io": SharedProvider("Codefresh SaaS"),
    "studio.datachain.ai/api": SharedProvider("DVC Studio"),
    "token.actions.githubusercontent.com": _github("GitHub Actions"),
    "oidc-configuration.audit-log.githubusercontent.com": SharedProvider(
        "GitHub audit log streaming", "sub", '== "https://github.com/ENTERPRISE"'
    ),
    "vstoken.actions.githubusercontent.com": _github("GitHub vstoken"),
    "gitlab.com": SharedProvider(
        "GitLab",
        "sub",
        'like "project_path:GROUP/PROJECT:*"',
        "project_path:",
        "/",
        frozenset({"namespace_id", "project_id"}),
    ),
    "rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7": _TURBONOMIC,
    "rh-oidc.s3.us-east-1.amazonaws.com/23e3sd27sju1hoou6ohfs68vbno607tr": _TURBONOMIC,
    "rh-oidc.s3.us-east-1.amazonaws.com/23ne21h005qjl3n33d8dui5dlrmv2tmg": _TURBONOMIC,
    "rh-oidc.s3.us-east-1.amazonaws.com/24jrf12m5dj7ljlfb4ta2frhrcoadm26": _TURBONOMIC,
    "oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb": _TURBONOMIC,
    "oidc.op1.openshiftapps.com/2c51blsaqa9gkjt0o9rt11mle8mmropu": _TURBONOMIC,
    "api.pulumi.com/oidc": SharedProvider("Pulumi Cloud", "aud"),
    "sandboxes.cloud": SharedProvider("sandboxes.cloud", "aud"),
    "scalr.io": SharedProvider("Scalr"),
    "tokens.cloud.shisho.dev": SharedProvider("Shisho Cloud"),
    "app.terraform.io": SharedProvider(
        "Terraform Cloud",
        "sub",
        'like "organization:ORG:project:PROJECT:workspace:WORKSPACE:run_phase:*"',
        "organization:",
        ":",
    ),
    "proidc.upbound.io": SharedProvider("Upbound"),
    "oidc.vercel.com": SharedProvider("Vercel global endpoint", "aud"),
}
"""By issuer, its URL without the scheme: those that IAM enforces a claim for, as of `AS_OF`.

Google, Facebook, Login with Amazon, CircleCI and Bitbucket are not among them. A path makes
another issuer: GitHub's per enterprise, `token.actions.githubusercontent.com/ENTERPRISE`, and
`token.actions.SUBDOMAIN.ghe.com` have one customer each.
"""

_PROVIDER = ":oidc-provider/"


def issuer_of(principal: str) -> str | None:
    """Return the issuer of a federated principal without its scheme, None if it is no OIDC one."""
    if principal in BUILT_IN:
        return principal
    _, found, issuer = principal.partition(_PROVIDER)
    return issuer if found else None


def shared_provider(issuer: str) -> SharedProvider | None:
    """Return what is known of a shared provider; hosts are compared without case."""
    return SHARED.get(issuer.lower())


def fits_any_tenant(provider: SharedProvider, pattern: str) -> bool:
    """Tell whether a pattern for the subject leaves open whose it is: `repo:*`, `repo:acme*`.

    A subject of another form than the provider's own (GitHub lets customers choose one) is not
    judged.
    """
    stars = [at for at in (pattern.find("*"), pattern.find("?")) if at >= 0]
    if not provider.tenant or not stars:
        return False
    fixed = pattern[: min(stars)]
    if not fixed.startswith(provider.tenant):
        return provider.tenant.startswith(fixed)
    name = fixed.removeprefix(provider.tenant)
    return not any(end in name for end in provider.ends)
