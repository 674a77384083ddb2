"""Principals: who is meant, as IAM writes it (AWS "reference_policies_elements_principal")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.aws.principals import (
    ACCOUNT,
    CANONICAL,
    FEDERATED,
    HOST,
    NO_PRINCIPALS,
    PERSON,
    SERVICE,
    service_principal,
    suggest_service_principal,
)
from iamdsl.compiler import builders
from iamdsl.diagnostics import Fix, codes
from iamdsl.diagnostics.nearest import did_you_mean
from iamdsl.iam import PLACEHOLDER_OPEN, placeholder
from iamdsl.model import Value, types
from iamdsl.model.program import with_article
from iamdsl.model.values import leaves
from iamdsl.source import moved

if TYPE_CHECKING:
    from iamdsl.compiler.evaluate import Evaluator, Frame
    from iamdsl.diagnostics import Report
    from iamdsl.source import Span
    from iamdsl.syntax import tree

_NAMED = r"arn:[^:]*:iam::[^:]*:(?:role|user)/(?:.*/)?([^/\ue000]+)"


def evaluate(evaluator: Evaluator, node: tree.Principal, frame: Frame) -> Value | None:
    """Return the principal that a prefix form (`service lambda`) says, or a list of them."""
    if node.value is None:
        return Value(types.PRINCIPAL, ("*", "*"), span=node.span)
    found = evaluator.value(node.value, frame)
    if found is None:
        return None
    made = [_one(evaluator, node.kind, v, node.value.span, node.span) for v in leaves(found)]
    good = tuple(m for m in made if m is not None)
    if found.type.name == "List":
        return Value(types.list_of(types.PRINCIPAL), good, span=node.span)
    return good[0] if good else None


def _one(evaluator: Evaluator, kind: str, value: Value, span: Span, whole: Span) -> Value | None:
    environment, report = evaluator.environment, evaluator.report
    span, whole = moved(span, value.span), moved(whole, value.span)
    if builders.widens(value, report, span):
        return None
    text = str(value.data)
    mark = PLACEHOLDER_OPEN in text
    pair = ("AWS", text)
    problem, hint = "", ""
    fix: Fix | None = None
    if kind == "service":
        _check_service(text, span, evaluator)

        partition = environment.pseudo.get("partition", "aws")
        if re.fullmatch(SERVICE, text):
            pair = (
                "Service",
                service_principal(text, partition, environment.pseudo.get("region", "")),
            )
        elif mark and _is_whole(text):
            pair = ("Service", text)
        else:
            problem, hint = "no service principal", "write `service lambda`"
    elif kind == "account":
        if value.type.name == "Entity" and "account" in value.type.options:
            pair = ("AWS", placeholder(f"id {text.lower()}"))
        elif value.type.name != "*" and not (mark or re.fullmatch(ACCOUNT, text)):
            problem, hint = "no account id", "an account id is 12 digits, without hyphens"
            if re.fullmatch(ACCOUNT, digits := text.replace("-", "")) and span.text == f'"{text}"':
                fix = Fix.writing(digits, span)
    elif kind == "oidc":
        from iamdsl.aws.oidc import BUILT_IN  # noqa: PLC0415  # providers only

        if text in BUILT_IN:
            pair = ("Federated", text)
        elif mark or re.fullmatch(HOST, text):
            partition = builders.pseudo("partition", environment)
            account = builders.pseudo("account", environment)
            pair = ("Federated", f"arn:{partition}:iam::{account}:oidc-provider/{text}")
        else:
            problem = "no host of an OIDC provider"
            hint = "write the issuer's URL without `https://`"
    elif kind == "canonical":
        pair = ("CanonicalUser", text)
        if not mark and not re.fullmatch(CANONICAL, text):
            problem, hint = "no canonical user id", "it has 64 hexadecimal digits"
    if problem:
        report.add(codes.BAD_PRINCIPAL, span, f"`{text}` is {problem}", hint=hint, fix=fix)
        return None
    return Value(types.PRINCIPAL, pair, span=whole)


def _is_whole(text: str) -> bool:
    """Tell whether a service's principal with an open Region has the partition's ending."""
    region, ending = placeholder("aws.region"), placeholder("aws.url_suffix")
    filled = text.replace(region, "region").replace(ending, "amazonaws.com")
    return re.fullmatch(SERVICE, filled) is not None and filled.endswith(".amazonaws.com")


def _check_service(text: str, span: Span, evaluator: Evaluator) -> None:
    """Warn of a service that nobody knows, when its name is nearly that of one that all know."""
    near = suggest_service_principal(text, 1)
    if not near or evaluator.environment.catalogue.has_service(text.split(".", maxsplit=1)[0]):
        return
    evaluator.report.add(
        codes.UNKNOWN_SERVICE_PRINCIPAL,
        span,
        f"`{text}` is no well-known service principal",
        label="AWS refuses a principal that does not exist",
        hint=did_you_mean(near),
        fix=Fix.writing(near[0], span, safe=False),
    )


def of_value(value: Value, report: Report, span: Span) -> tuple[str, str] | None:
    """Return any value that may stand as a principal as the pair of type and text."""
    if value.type.name == "Principal":
        pair: tuple[str, str] = value.data
        return pair
    if value.type.name == "Entity" and types.PRINCIPAL_KINDS.intersection(value.type.options):
        return ("AWS", builders.entity_mark(str(value.data), "principal"))
    text = str(value.data)
    if value.type.name == "Entity":
        report.add(
            codes.BAD_PRINCIPAL,
            value.span or span,
            f"`{text}` is {with_article(value.type.options[0])}, which is no principal",
            hint="a principal is a role, a user, an account, a service or a federated provider",
        )
        return None
    if builders.widens(value, report, value.span or span):
        return None
    if value.type.name == "AccountId" or re.fullmatch(ACCOUNT, text):
        return ("AWS", text)
    federated = re.fullmatch(FEDERATED, text) is not None
    entity = f"{PLACEHOLDER_OPEN}entity "
    if federated or text.startswith(entity) or re.fullmatch(PERSON, text):
        if "*" not in text and "?" not in text:
            return ("Federated" if federated else "AWS", text)
        report.add(
            codes.BAD_PRINCIPAL,
            value.span or span,
            "a principal's ARN takes no wildcard",
            label="AWS refuses this",
            hint="name the provider whole"
            if federated
            else "name the account, and test `aws:PrincipalArn like …` in `when`",
        )
        return None
    hint, fix = _meant(text, value.span or span)
    report.add(
        codes.BAD_PRINCIPAL,
        value.span or span,
        f"`{text}` is no principal",
        hint=hint,
        fix=fix,
    )
    return None


def apart(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether no request can come from both principals; a no may be a "not known".

    An account is everyone in it, a role all its sessions (AWS
    "reference_policies_elements_principal"); of two ARNs the names decide, in one account.
    """
    kinds = {one[0], other[0]}
    if kinds == {"Service"}:
        return one[1].partition(".")[0] != other[1].partition(".")[0]
    if "Service" in kinds:
        return "*" not in kinds
    if kinds != {"AWS"} or "*" in {one[1], other[1]}:
        return False
    accounts = {_account(text) for _, text in (one, other)}
    if len(accounts) == 2 and all(re.fullmatch(ACCOUNT, account) for account in accounts):
        return True
    names = [re.fullmatch(_NAMED, text) for _, text in (one, other)]
    return all(names) and len({n[1].lower() for n in names if n}) == 2


def _account(text: str) -> str:
    return text.split(":")[4] if text.startswith("arn:") else text


def _meant(text: str, span: Span) -> tuple[str, Fix | None]:
    service = text.removesuffix(".amazonaws.com")
    literal = span.text == f'"{text}"'
    if service != text:
        written = f"service {service}"
        return f"write `{written}`", Fix.writing(written, span) if literal else None
    for form, hint in NO_PRINCIPALS.items():
        if re.fullmatch(form, text):
            return hint, None
    if text == "*":
        hint = "write `anyone`, or `account *` for every principal of every account"
        return hint, Fix.writing("anyone", span, safe=False) if literal else None
    return "a principal is a role, a user, an account, a service or a federated provider", None
