"""Documents that trust a provider of OpenID Connect, and leave open whose tokens they take.

The compiler says the same of sources; the judgement of both is `analysis/claims`. Access
Analyzer's MISSING_GITHUB_REPO_CONDITION_KEY, MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL and
SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from iamdsl.analysis.claims import OpenClaim
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import World


def check(world: World, report: Report) -> None:
    """Report trust policies that take the tokens of strangers."""
    for item in world.items:
        if item.written or item.kind != "trust":
            continue
        from iamdsl.analysis.claims import open_claims  # noqa: PLC0415  # few documents trust

        for statement in item.policy.statements:
            for found in open_claims(statement) if statement.effect == "Allow" else ():
                _report(statement, found, report)


def _report(statement: Statement, found: OpenClaim, report: Report) -> None:
    provider, issuer = found.provider, found.issuer
    at = place(statement, "Principal", found.principal)
    if provider is None:
        from iamdsl.aws.oidc import BUILT_IN  # noqa: PLC0415  # providers only

        if found.value:
            at = place(statement, "Condition", f"{issuer}:sub", found.value)
        report.add(
            codes.OPEN_PROVIDER,
            at,
            f"whoever has a token of `{issuer}` may assume this role",
            label=found.why,
            hint=f"test one, such as `{issuer}:{BUILT_IN.get(issuer, 'sub')}`, by `StringEquals`",
        )
        return
    key = provider.key(issuer)
    if found.what == "refused":
        report.add(
            codes.UNTESTED_CLAIM,
            place(statement, "Condition", key) if found.named else at,
            f"IAM refuses a trust of `{issuer}` that does not test `{key}`",
            label="with a value that is more than a wildcard, and not `…IfExists`"
            if found.named
            else f"{provider.name} signs tokens for all its customers",
            hint=f"test it: `{_test(key, provider.example)}`",
        )
        return
    report.add(
        codes.OPEN_PROVIDER,
        place(statement, "Condition", key, found.value),
        f"`{found.value}` is the subject of more than one customer of {provider.name}",
        label="whose tokens are meant?",
        hint=f"write the name out, up to what ends it: `{_test(key, provider.example)}`",
    )


def _test(key: str, example: str) -> str:
    """Return a test of the language as IAM's JSON has it."""
    word, _, value = example.partition(" ")
    operator = "StringLike" if word == "like" else "StringEquals"
    return f'"{operator}": {{"{key}": {value}}}'
