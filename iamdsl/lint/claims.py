"""Trusts of providers of OpenID Connect and SAML that leave open whose tokens they take.

Of OpenID Connect the compiler says the same of sources; the judgement of both is `analysis/claims`.
Of SAML, AWS's page "id_roles_create_for-idp_saml" asks for a test of `saml:aud`. Access
Analyzer's MISSING_GITHUB_REPO_CONDITION_KEY, MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL and
SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from iamdsl.diagnostics import Diagnostic, Severity, codes
from iamdsl.iam import NEGATED, split_operator
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from iamdsl.analysis.claims import OpenClaim
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Entry, Statement
    from iamdsl.lint.items import Item, World


def check(world: World, report: Report) -> None:
    """Report trust policies that take the tokens of strangers."""
    for item in world.items:
        if item.kind != "trust":
            continue
        for statement in item.policy.statements:
            _look_at_assertions(item, statement, world, report)
        if item.written:
            continue
        from iamdsl.analysis.claims import open_claims  # noqa: PLC0415  # few documents trust

        for statement in item.policy.statements:
            for found in open_claims(statement) if statement.effect == "Allow" else ():
                _report(statement, found, report)


def _look_at_assertions(item: Item, statement: Statement, world: World, report: Report) -> None:
    """Say that a role does not ask for assertions that a SAML provider makes for AWS.

    Only a note: an assertion has to name the role as well, which few for others do.
    """
    verbs = {verb.lower() for verb in statement.actions.values}
    if statement.effect != "Allow" or statement.principals is None or _BY_SAML not in verbs:
        return
    groups = () if statement.principals.negated else statement.principals.by_type
    providers = [v for kind, vs in groups if kind == "Federated" for v in vs if _SAML in v]
    if not providers or any(map(_is_for_aws, statement.condition)):
        return
    partition = providers[0].split(":", 2)[1]
    partition = partition if "*" not in partition else world.pseudo.get("partition", "aws")
    endpoint = f"https://{_SIGN_IN.get(partition, _SIGN_IN['aws'])}/saml"
    name = providers[0].partition(_SAML)[2]
    report.extend(
        [
            Diagnostic(
                codes.OPEN_PROVIDER,
                Severity.NOTE,
                f"the trust of `{name}` does not ask for assertions that are made for AWS",
                place(statement, "Principal", providers[0]),
                "`saml:aud` is not tested",
                (),
                f'add `when saml:aud == "{endpoint}"`'
                if item.written
                else f'test it: `"StringEquals": {{"SAML:aud": "{endpoint}"}}`',
            )
        ]
    )


def _is_for_aws(entry: Entry) -> bool:
    """Tell whether an entry says for whom an assertion is made: each one says it."""
    return entry.key.lower() == "saml:aud" and (
        split_operator(entry.operator)[1] not in NEGATED | {"Null"}
        and not any(value.strip("*") == "" for value in entry.values)
    )


_BY_SAML: Final = "sts:assumerolewithsaml"
_SAML: Final = ":saml-provider/"
_SIGN_IN: Final = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
}
"""Where assertions for AWS are sent, by partition (AWS's page "id_roles_create_for-idp_saml")."""


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
