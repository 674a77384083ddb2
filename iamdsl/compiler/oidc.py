"""Whose tokens of an OpenID Connect provider a trust lets in, read off its compiled statements.

A provider signs tokens for all it serves, and a shared one (`aws/oidc.py`) for the whole world:
what a statement does not test, anyone has. Each block of an `or` is a statement of its own, so
each is looked at.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.aws.oidc import BUILT_IN, fits_any_tenant, issuer_of, shared_provider
from iamdsl.diagnostics import Edit, Fix, codes
from iamdsl.iam import NEGATED, PLACEHOLDER_OPEN, split_operator

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.aws.oidc import SharedProvider
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Entry, Statement
    from iamdsl.model import Grant

_ASSUMING = "sts:assumerolewithwebidentity"
_SAYS_NOTHING = re.compile(r"(?:[*?]|\$\{[^}]*\})*")


def check_claims(grant: Grant, statements: Sequence[Statement], report: Report) -> None:
    """Report what the statements of one `trust` leave open about the tokens of its providers.

    A required claim of a shared provider that is not tested is an error (IAM refuses the policy,
    AWS "id_roles_providers_oidc_secure-by-default"); tokens of every customer, or of everyone
    that a provider knows, are a warning (Access Analyzer's MISSING_GITHUB_REPO_CONDITION_KEY and
    MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL).
    """
    for statement in statements:
        verbs = {verb.lower() for verb in statement.actions.values}
        if statement.principals is None or _ASSUMING not in verbs:
            continue
        for kind, texts in statement.principals.by_type:
            for text in texts if kind == "Federated" else ():
                issuer = issuer_of(text)
                if issuer and PLACEHOLDER_OPEN not in issuer:
                    _check(grant, issuer, statement, report)


def _check(grant: Grant, issuer: str, statement: Statement, report: Report) -> None:
    provider = shared_provider(issuer)
    narrowing = tuple(entry for entry in statement.condition if _narrows(entry))
    if provider is None:
        if not any(_claim(entry, issuer) for entry in narrowing):
            _warn_of_any_token(grant, issuer, report)
        return
    key = provider.key(issuer)
    required = [e for e in narrowing if e.key.lower() == key.lower() and _is_text(e)]
    if not required:
        _refuse(grant, issuer, provider, statement, report)
        return
    claims = {_claim(entry, issuer) for entry in narrowing}
    if not claims & provider.tenant_claims:
        _warn_of_any_tenant(grant, provider, required, report)


def _narrows(entry: Entry) -> bool:
    """Tell whether an entry holds for some values of its key only, and never without the key."""
    prefix, base, if_exists = split_operator(entry.operator)
    if if_exists or prefix == "ForAllValues" or base == "Null" or base in NEGATED:
        return False
    return not any(_SAYS_NOTHING.fullmatch(value) for value in entry.values)


def _is_text(entry: Entry) -> bool:
    return split_operator(entry.operator)[1].startswith("String")


def _claim(entry: Entry, issuer: str) -> str:
    """Return the claim that an entry tests, lower case, "" if it is none of the issuer's."""
    start = f"{issuer.lower()}:"
    key = entry.key.lower()
    return key.removeprefix(start) if key.startswith(start) else ""


def _refuse(
    grant: Grant, issuer: str, provider: SharedProvider, statement: Statement, report: Report
) -> None:
    key = provider.key(issuer)
    test = f"{key} {provider.example}"
    has_when = re.search(r"\bwhen\b", grant.span.text) is not None
    label = f"{provider.name} signs tokens for all its customers"
    hint = f"add `{'and' if has_when else 'when'} {test}`"
    if any(entry.key.lower() == key.lower() for entry in statement.condition):
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


def _warn_of_any_token(grant: Grant, issuer: str, report: Report) -> None:
    report.add(
        codes.OPEN_PROVIDER,
        grant.span,
        f"whoever has a token of `{issuer}` may assume this role",
        label="no claim of it is tested",
        hint=f'test one, such as `{issuer}:{BUILT_IN.get(issuer, "sub")} == "…"`',
    )


def _warn_of_any_tenant(
    grant: Grant, provider: SharedProvider, required: Iterable[Entry], report: Report
) -> None:
    """Warn of subjects that leave the customer open, unless another entry says who it is."""
    found = [_open_value(provider, entry) for entry in required]
    if not all(found):
        return
    report.add(
        codes.OPEN_PROVIDER,
        grant.span,
        f"`{found[0]}` is the subject of more than one customer of {provider.name}",
        label="whose tokens are meant?",
        hint=f"write the name out, up to what ends it: `{provider.example}`",
    )


def _open_value(provider: SharedProvider, entry: Entry) -> str:
    """Return the first value of an entry that leaves the customer open, "" if there is none."""
    if split_operator(entry.operator)[1] != "StringLike":
        return ""
    return next((v for v in entry.values if fits_any_tenant(provider, v)), "")
