"""The standard library's templates by what they decide: requests that have to pass, and not to.

The documents are read by `iam_documents`, which shares no code with the compiler.
"""

from __future__ import annotations

import json

import pytest
from iam_documents import Request, decision

import iamdsl

ACCOUNT = "111122223333"
GITHUB = "token.actions.githubusercontent.com"
MAIN = "repo:acme/orders:ref:refs/heads/main"
BOTH = 'repos = ["acme/orders", "acme@1/orders@2"]'
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/AB"
EKS_CALL = f'eks_service_account(issuer = "{EKS}", namespace = "shop", service_accounts = '
DEPLOY = "acme/ci/.github/workflows/deploy.yml@refs/heads/main"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"


def documents(kind: str, uses: str) -> list[dict[str, object]]:
    """Return the policies of one declaration that uses templates."""
    imports = "".join(f"import std.{name}\n" for name in ("oidc", "mfa", "regions"))
    source = f"{imports}{kind} p {{ {uses} }}"
    made = iamdsl.compile(source, partition="aws", account=ACCOUNT, region="eu-west-1")
    assert made.ok, str(made)
    found = [json.loads(t) for name, t in made.files.items() if name.endswith(".json")]
    return [document for document in found if "Statement" in document]


# Tokens


def assumes(call: str, issuer: str, claims: dict[str, str]) -> bool:
    """Tell whether a token may assume the role of one template."""
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"
    context = {f"{issuer}:{name}".lower(): value for name, value in claims.items()}
    request = Request("sts:AssumeRoleWithWebIdentity", "", ("Federated", provider), context)
    return decision(documents("role", f"use oidc.{call}"), request) == (True, False)


STS = "sts.amazonaws.com"
BRANCHES = f'github_branch({BOTH}, branches = ["main", "release/*"])'
TOKENS = [
    (BRANCHES, MAIN, True),
    (BRANCHES, "repo:acme@1/orders@2:ref:refs/heads/main", True),
    (BRANCHES, "repo:acme/orders:ref:refs/heads/release/1.2", True),
    (BRANCHES, "repo:acme/orders:ref:refs/heads/main2", False),
    (BRANCHES, "repo:acme/orders:ref:refs/heads/feature", False),
    (BRANCHES, "repo:acme/orders:ref:refs/tags/main", False),
    (BRANCHES, "repo:acme/orders:pull_request", False),
    (BRANCHES, "repo:acme/orders:environment:main", False),
    (BRANCHES, "repo:acme/orders-evil:ref:refs/heads/main", False),
    (BRANCHES, "repo:acme-evil/orders:ref:refs/heads/main", False),
    (BRANCHES, "repo:mallory/orders:ref:refs/heads/main", False),  # a fork
    (BRANCHES, "repo:acme@9/orders@2:ref:refs/heads/main", False),  # the name was taken over
    (BRANCHES, "repo:acme@1/orders@9:ref:refs/heads/main", False),
    (BRANCHES, "Repo:acme/orders:ref:refs/heads/main", False),
    (f'github_tag({BOTH}, tags = ["v*"])', "repo:acme/orders:ref:refs/tags/v1", True),
    (f'github_tag({BOTH}, tags = ["v*"])', "repo:acme@1/orders@2:ref:refs/tags/v1", True),
    (f'github_tag({BOTH}, tags = ["v*"])', "repo:acme/orders:ref:refs/heads/v1", False),
    (f'github_environment({BOTH}, environments = ["prod"])', "repo:acme/orders:environment:prod",
     True),
    (f'github_environment({BOTH}, environments = ["prod"])', "repo:acme/orders:environment:prod2",
     False),
    (f'github_environment({BOTH}, environments = ["prod"])', MAIN, False),
    (f"github_pull_request({BOTH})", "repo:acme/orders:pull_request", True),
    (f"github_pull_request({BOTH})", "repo:mallory/orders:pull_request", False),
    (f"github_pull_request({BOTH})", MAIN, False),
]  # fmt: skip


@pytest.mark.parametrize(("call", "subject", "expected"), TOKENS)
def test_github_subjects(call: str, subject: str, expected: bool) -> None:
    """A token of that repository and ref is let in; of another, a look-alike, a fork, it is not."""
    assert assumes(call, GITHUB, {"sub": subject, "aud": STS}) is expected


@pytest.mark.parametrize(
    "claims",
    [{"sub": MAIN}, {"aud": STS}, {"sub": MAIN, "aud": "https://github.com/acme"}, {}],
)
def test_tokens_without_a_claim_are_refused(claims: dict[str, str]) -> None:
    """A token without the subject or the audience, or made for another use, is not let in."""
    assert not assumes(BRANCHES, GITHUB, claims)


def test_tokens_of_another_issuer_are_refused() -> None:
    """The same claims from another provider of the account do not open the role."""
    assert not assumes(BRANCHES, "gitlab.com", {"sub": MAIN, "aud": STS})


@pytest.mark.parametrize(
    ("subject", "workflow", "expected"),
    [
        (MAIN, DEPLOY, True),
        ("repo:acme/carts:pull_request", DEPLOY, True),
        ("repo:mallory/orders:ref:refs/heads/main", DEPLOY, False),
        (MAIN, "mallory/ci/.github/workflows/deploy.yml@refs/heads/main", False),
        (MAIN, DEPLOY.replace("main", "feature"), False),
        (MAIN, None, False),
    ],
)
def test_reusable_workflow(subject: str, workflow: str | None, expected: bool) -> None:
    """Only the named workflow, called from the organization, is let in."""
    claims = {"sub": subject, "aud": STS} | ({"job_workflow_ref": workflow} if workflow else {})
    call = f'github_workflow(repos = ["acme/*"], workflows = ["{DEPLOY}"])'
    assert assumes(call, GITHUB, claims) is expected


@pytest.mark.parametrize(
    ("call", "subject", "expected"),
    [
        ("gitlab_branch", "project_path:acme/shop:ref_type:branch:ref:main", True),
        ("gitlab_branch", "project_path:acme/shop:ref_type:tag:ref:main", False),
        ("gitlab_branch", "project_path:acme/shop-evil:ref_type:branch:ref:main", False),
        ("gitlab_branch", "project_path:mallory/shop:ref_type:branch:ref:main", False),
        ("gitlab_tag", "project_path:acme/shop:ref_type:tag:ref:main", True),
        ("gitlab_tag", "project_path:acme/shop:ref_type:branch:ref:main", False),
    ],
)
def test_gitlab_subjects(call: str, subject: str, expected: bool) -> None:
    """A job of that project on that branch or tag is let in, and no other."""
    what = "branches" if call.endswith("branch") else "tags"
    claims = {"sub": subject, "aud": "https://gitlab.com"}
    use = f'{call}(projects = ["acme/shop"], {what} = ["main"])'
    assert assumes(use, "gitlab.com", claims) is expected
    assert not assumes(use, "gitlab.com", claims | {"aud": STS})


@pytest.mark.parametrize(
    ("names", "subject", "expected"),
    [
        ('["orders", "carts"]', "system:serviceaccount:shop:orders", True),
        ('["orders", "carts"]', "system:serviceaccount:shop:carts", True),
        ('["orders"]', "system:serviceaccount:shop:orders2", False),
        ('["orders"]', "system:serviceaccount:shop2:orders", False),
        ('["ord*"]', "system:serviceaccount:shop:orders", True),
        ('["ord*"]', "system:serviceaccount:other:orders", False),
    ],
)
def test_service_accounts(names: str, subject: str, expected: bool) -> None:
    """A pod of that namespace and service account is let in, of that cluster only."""
    claims = {"sub": subject, "aud": STS}
    assert assumes(f"{EKS_CALL}{names})", EKS, claims) is expected
    assert not assumes(f"{EKS_CALL}{names})", EKS.replace("AB", "CD"), claims)


# The second factor


@pytest.mark.parametrize(
    ("action", "resource", "mfa", "expected"),
    [
        ("s3:GetObject", "arn:aws:s3:::b/k", None, (False, True)),  # long-term access keys
        ("s3:GetObject", "arn:aws:s3:::b/k", "false", (False, True)),
        ("s3:GetObject", "arn:aws:s3:::b/k", "true", (False, False)),
        ("sts:GetSessionToken", "*", None, (False, False)),
        ("iam:EnableMFADevice", ALICE, None, (True, False)),
        ("iam:EnableMFADevice", f"{ALICE}2", None, (False, False)),
        ("iam:EnableMFADevice", ALICE.replace("alice", "bob"), "true", (False, False)),
        ("iam:CreateVirtualMFADevice", f"arn:aws:iam::{ACCOUNT}:mfa/phone", None, (True, False)),
        ("iam:DeactivateMFADevice", ALICE, None, (False, True)),
        ("iam:DeactivateMFADevice", ALICE, "false", (False, True)),
        ("iam:DeactivateMFADevice", ALICE, "true", (True, False)),
        ("iam:ChangePassword", ALICE, None, (False, True)),
        ("iam:ChangePassword", ALICE, "true", (True, False)),
        ("iam:CreateAccessKey", ALICE, "true", (True, False)),
        ("iam:CreateAccessKey", ALICE.replace("alice", "bob"), "true", (False, False)),
    ],
)
def test_users_need_a_second_factor(
    action: str, resource: str, mfa: str | None, expected: tuple[bool, bool]
) -> None:
    """Without MFA, or with access keys, a user can set it up and nothing else, and only his own."""
    uses = "use mfa.required() use mfa.own_devices() use mfa.own_credentials()"
    context = {"aws:username": "alice"} | ({"aws:multifactorauthpresent": mfa} if mfa else {})
    request = Request(action, resource, ("AWS", ALICE), context)
    assert decision(documents("policy", uses), request) == expected


def test_deactivating_needs_a_second_factor_by_itself() -> None:
    """`own_devices` alone, without `required`, does not let a stolen password drop the device."""
    request = Request("iam:DeactivateMFADevice", ALICE, ("AWS", ALICE), {"aws:username": "alice"})
    assert decision(documents("policy", "use mfa.own_devices()"), request) == (False, False)


@pytest.mark.parametrize(
    ("mfa", "age", "expected"),
    [
        ("true", "60", True),
        ("true", "1800", False),
        ("true", None, False),
        ("false", "60", False),
        (None, None, False),
    ],
)
def test_assuming_needs_a_fresh_second_factor(
    mfa: str | None, age: str | None, expected: bool
) -> None:
    """An old sign-in, one without MFA, and access keys are refused."""
    given = {"aws:multifactorauthpresent": mfa, "aws:multifactorauthage": age}
    context = {key: value for key, value in given.items() if value}
    request = Request("sts:AssumeRole", "", ("AWS", ALICE), context)
    uses = f"use mfa.assumable(who = account {ACCOUNT}, within = 30m)"
    assert decision(documents("role", uses), request) == (expected, False)


# Regions


@pytest.mark.parametrize(
    ("action", "region", "role", "denied"),
    [
        ("ec2:RunInstances", "us-east-1", "app", True),
        ("ec2:RunInstances", "eu-west-1", "app", False),
        ("ec2:RunInstances", "eu-west-11", "app", True),
        ("bedrock:InvokeModel", "us-east-1", "app", True),
        ("ec2:RunInstances", "us-east-1", "break-glass", False),
        ("ec2:RunInstances", "us-east-1", "break-glass-2", True),
        ("ec2:RunInstances", "us-east-1", None, True),
        ("iam:CreateRole", "us-east-1", "app", False),
        ("ec2:DescribeRegions", "us-east-1", "app", False),
        ("s3:ListAllMyBuckets", "us-east-1", "app", False),
        ("s3:GetObject", "us-east-1", "app", True),
    ],
)
def test_regions(action: str, region: str, role: str | None, denied: bool) -> None:
    """Outside the Regions only what is global, and who is exempt, goes on."""
    uses = 'use regions.only(regions = ["eu-west-1"], exempt = [arn:aws:iam::*:role/break-glass])'
    context = {"aws:requestedregion": region}
    caller = f"arn:aws:iam::{ACCOUNT}:role/{role or 'app'}"
    if role:
        context["aws:principalarn"] = caller
    request = Request(action, "*", ("AWS", caller), context)
    assert decision(documents("scp", uses), request) == (False, denied)


def test_switching_regions() -> None:
    """Nobody but who is exempt switches Regions on or off, and nothing else is denied."""
    uses = "use regions.no_switching(exempt = [arn:aws:iam::*:role/landing-zone])"
    made = documents("scp", uses)
    for role, action, denied in (
        ("app", "account:EnableRegion", True),
        ("app", "account:DisableRegion", True),
        ("app", "account:ListRegions", False),
        ("landing-zone", "account:EnableRegion", False),
    ):
        caller = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        request = Request(action, "*", ("AWS", caller), {"aws:principalarn": caller})
        assert decision(made, request) == (False, denied)
