"""The library's own templates under the preset `strict`: nothing is said but what they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reviews import review_source

if TYPE_CHECKING:
    from pathlib import Path

READ = 'allow s3:GetObject on s3:object("photos")'
REPOS = 'repos = ["acme/orders"]'
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
TRUSTS = (
    'cross_account.assumable_by(account_id = 999988887777, external_id = "12345")',
    "cross_account.assumable_with_mfa(account_id = 999988887777)",
    "cross_account.assumable_with_mfa(account_id = 111122223333)",
    'cross_account.assumable_in_org(org = "o-a1b2c3d4e5", role = "deploy/*")',
    "mfa.assumable(who = account 111122223333)",
    'oidc.subject(issuer = "app.terraform.io", subjects = ["organization:acme"], audience = ["a"])',
    f'oidc.github_branch({REPOS}, branches = ["main"])',
    f'oidc.github_tag({REPOS}, tags = ["v*"])',
    f'oidc.github_environment({REPOS}, environments = ["production"])',
    f"oidc.github_pull_request({REPOS})",
    f'oidc.github_workflow({REPOS}, workflows = ["acme/ci/.github/workflows/a.yml@refs/heads/x"])',
    'oidc.gitlab_branch(projects = ["acme/shop/orders"], branches = ["main"])',
    'oidc.gitlab_tag(projects = ["acme/shop/orders"], tags = ["v*"])',
    f'oidc.eks_service_account(issuer = "{EKS}", namespace = "shop", service_accounts = ["a-*"])',
)


def importing(*names: str) -> str:
    """Return the imports of modules of the library."""
    return "".join(f"import std.{name}\n" for name in names)


ROLES = importing("cross_account", "mfa", "oidc") + "".join(
    f"role r{n} {{ use {trust}\n  {READ} }}\n" for n, trust in enumerate(TRUSTS)
)
OTHERS = (
    importing("lambda", "mfa", "regions")
    + """
role function {
  trust service lambda
  use lambda.basic_execution(function = "orders")
  use lambda.vpc_access(function = "orders")
  use lambda.sqs_trigger(queue = "orders-inbox")
  use lambda.dynamodb_trigger(table = "orders")
  use lambda.kinesis_trigger(stream = "clicks")
}
group staff {
  use mfa.required()
  use mfa.own_devices()
  use mfa.own_credentials()
}
scp eu-only {
  use regions.only(regions = ["eu-west-1"], exempt = [arn:aws:iam::*:role/break-glass])
}
scp no-switching { use regions.no_switching() }
"""
)


@pytest.mark.parametrize("text", [ROLES, OTHERS], ids=["trusts", "others"])
def test_nothing_is_said_of_the_library(tmp_path: Path, text: str) -> None:
    """Protects users of the library from findings that they could not mend."""
    assert [(d.code.number, d.message) for d in review_source(tmp_path, text)] == []
