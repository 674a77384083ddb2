"""Principals: who is meant, as IAM writes it (AWS "reference_policies_elements_principal")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.compiler import builders
from iamdsl.diagnostics import codes
from iamdsl.iam import PLACEHOLDER_OPEN
from iamdsl.model import Value, types
from iamdsl.model.values import leaves

if TYPE_CHECKING:
    from iamdsl.compiler.evaluate import Evaluator, Frame
    from iamdsl.diagnostics import Report
    from iamdsl.source import Span
    from iamdsl.syntax import tree

_BUILT_IN_OIDC = {
    "cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com",
    "accounts.google.com",
}  # fmt: skip
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._/-]+)?", re.ASCII)
_CANONICAL = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FEDERATED = re.compile(r"arn:[^:]*:iam::[^:]*:(?:saml|oidc)-provider/.+")
_PERSON = re.compile(
    r"arn:[^:]*:(?:iam::[^:]*:(?:root|(?:role|user)/.+)|sts::[^:]*:(?:assumed-role|federated-user)/.+)"
)


def evaluate(evaluator: Evaluator, node: tree.Principal, frame: Frame) -> Value | None:
    """Return the principal that a prefix form (`service lambda`) says, or a list of them."""
    if node.value is None:
        return Value(types.PRINCIPAL, ("*", "*"), span=node.span)
    found = evaluator.value(node.value, frame)
    if found is None:
        return None
    made = [_one(evaluator, node.kind, v, node.value.span) for v in leaves(found)]
    good = tuple(m for m in made if m is not None)
    if found.type.name == "List":
        return Value(types.list_of(types.PRINCIPAL), good, span=node.span)
    return good[0] if good else None


def _one(evaluator: Evaluator, kind: str, value: Value, span: Span) -> Value | None:
    environment, report = evaluator.environment, evaluator.report
    if builders.widens(value, report, span):
        return None
    text = str(value.data)
    mark = PLACEHOLDER_OPEN in text
    pair = ("AWS", text)
    problem, hint = "", ""
    if kind == "service":
        from iamdsl.aws.principals import service_principal  # noqa: PLC0415

        partition = environment.pseudo.get("partition", "aws")
        if _SERVICE.fullmatch(text):
            pair = (
                "Service",
                service_principal(text, partition, environment.pseudo.get("region", "")),
            )
        else:
            problem, hint = "no service principal", "write `service lambda`"
    elif kind == "account":
        if value.type.name == "Entity":
            pair = ("AWS", builders.placeholder(f"entity {text.lower()}"))
        elif value.type.name != "*" and not (mark or _ACCOUNT.fullmatch(text)):
            problem, hint = "no account id", "an account id has 12 digits; quote none of them"
    elif kind == "oidc":
        if text in _BUILT_IN_OIDC:
            pair = ("Federated", text)
        elif _HOST.fullmatch(text):
            partition = builders.pseudo("partition", environment)
            account = builders.pseudo("account", environment)
            pair = ("Federated", f"arn:{partition}:iam::{account}:oidc-provider/{text}")
        else:
            problem = "no host of an OIDC provider"
            hint = "write the issuer's URL without `https://`"
    elif kind == "canonical":
        pair = ("CanonicalUser", text)
        if not mark and not _CANONICAL.fullmatch(text):
            problem, hint = "no canonical user id", "it has 64 hexadecimal digits"
    if problem:
        report.add(codes.BAD_PRINCIPAL, span, f"`{text}` is {problem}", hint=hint)
        return None
    return Value(types.PRINCIPAL, pair, span=span)


def of_value(value: Value, report: Report, span: Span) -> tuple[str, str] | None:
    """Return any value that may stand as a principal as the pair of type and text."""
    if value.type.name == "Principal":
        pair: tuple[str, str] = value.data
        return pair
    if value.type.name == "Entity":
        return ("AWS", builders.placeholder(f"entity {str(value.data).lower()}"))
    text = str(value.data)
    if builders.widens(value, report, value.span or span):
        return None
    if value.type.name == "AccountId" or _ACCOUNT.fullmatch(text):
        return ("AWS", text)
    if _FEDERATED.fullmatch(text):
        return ("Federated", text)
    entity = f"{PLACEHOLDER_OPEN}entity "
    if text.startswith(entity) or _PERSON.fullmatch(text):
        if "*" not in text and "?" not in text:
            return ("AWS", text)
        report.add(
            codes.BAD_PRINCIPAL,
            value.span or span,
            "a principal's ARN takes no wildcard",
            label="AWS refuses this",
            hint="name the account, and test `aws:PrincipalArn like …` in `when`",
        )
        return None
    report.add(
        codes.BAD_PRINCIPAL,
        value.span or span,
        f"`{text}` is no principal",
        hint=_hint(text),
    )
    return None


def _hint(text: str) -> str:
    service = text.removesuffix(".amazonaws.com")
    if service != text:
        return f"write `service {service}`"
    if text == "*":
        return "write `anyone`, or `account *` for every principal of every account"
    return "a principal is a role, a user, an account, a service or a federated provider"


def trust_actions(kind: str, text: str) -> tuple[str, ...]:
    """Return the sts actions that trusting a principal implies (AWS "id_roles_terms-and-concepts").

    EKS Pod Identity tags its sessions, and IAM Roles Anywhere refuses a trust without all three.
    """
    if kind == "Federated":
        saml = ":saml-provider/" in text
        return ("sts:AssumeRoleWithSAML",) if saml else ("sts:AssumeRoleWithWebIdentity",)
    if kind == "Service" and text.startswith("pods.eks."):
        return ("sts:AssumeRole", "sts:TagSession")
    if kind == "Service" and text.startswith("rolesanywhere."):
        return ("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession")
    return ("sts:AssumeRole",)
