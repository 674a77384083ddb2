"""What is to be said of a `trust` that leaves open whose tokens it takes: see `analysis/claims`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.analysis.claims import open_claims
from iamdsl.aws.oidc import BUILT_IN
from iamdsl.diagnostics import Edit, Fix, codes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.analysis.claims import OpenClaim
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.model import Grant


def check_claims(grant: Grant, statements: Sequence[Statement], report: Report) -> None:
    """Report what the statements of one `trust` leave open about the tokens of its providers.

    A required claim of a shared provider that is not tested is an error, since IAM refuses the
    policy; tokens of every customer, or of everyone that a provider knows, are a warning.
    """
    for statement in statements:
        for found in open_claims(statement):
            if found.what == "refused":
                _refuse(grant, found, report)
            elif found.what == "any token":
                _warn_of_any_token(grant, found, report)
            elif found.provider is not None:
                report.add(
                    codes.OPEN_PROVIDER,
                    grant.span,
                    f"`{found.value}` is the subject of more than one customer of"
                    f" {found.provider.name}",
                    label="whose tokens are meant?",
                    hint=f"write the name out, up to what ends it: `{found.provider.example}`",
                )


def _refuse(grant: Grant, found: OpenClaim, report: Report) -> None:
    issuer, provider = found.issuer, found.provider
    assert provider is not None  # noqa: S101  # IAM insists on claims of providers that it knows
    key = provider.key(issuer)
    test = f"{key} {provider.example}"
    has_when = re.search(r"\bwhen\b", grant.span.text) is not None
    label = f"{provider.name} signs tokens for all its customers"
    hint = f"add `{'and' if has_when else 'when'} {test}`"
    if found.named:
        label = "by `==`, `in` or `like`, with more than a wildcard, and not `…?`"
        hint = f"write `{test}`"
    elif len(grant.principals or ()) > 1:
        hint = f"give it a `trust` of its own, `when {test}`"
    elif re.search(r"\bor\b", grant.span.text):
        hint += " to each side of the `or`"
    fix = Fix("test the claim", (Edit(grant.span.after, f" when {test}"),), safe=False)
    report.add(
        codes.UNTESTED_CLAIM,
        grant.span,
        f"IAM refuses a trust of `{issuer}` that does not test `{key}`",
        label=label,
        hint=hint,
        fix=fix if hint.startswith("add `when ") else None,
    )


def _warn_of_any_token(grant: Grant, found: OpenClaim, report: Report) -> None:
    issuer = found.issuer
    report.add(
        codes.OPEN_PROVIDER,
        grant.span,
        f"whoever has a token of `{issuer}` may assume this role",
        label=found.why,
        hint=f'test one, such as `{issuer}:{BUILT_IN.get(issuer, "sub")} == "…"`',
    )
