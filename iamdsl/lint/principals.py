"""Who is meant in documents: principals that AWS refuses, and those that are more than they seem.

The compiler says the same of sources, by the same forms (`aws/principals.py`). AWS
"reference_policies_elements_principal", "reference_policies_elements_notprincipal"; Access
Analyzer's findings on principals, parliament's UNKNOWN_PRINCIPAL and UNKNOWN_FEDERATION_SOURCE.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl.diagnostics import Diagnostic, Fix, Severity, codes
from iamdsl.diagnostics.nearest import distance
from iamdsl.iam import NEGATED, split_operator
from iamdsl.lint.conditions import spot
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Principals, Statement
    from iamdsl.lint.items import Item, World

_REFUSED: Final = "AWS refuses this"
_FORM: Final = "a principal is a role, a user, an account, a service or a federated provider"

_BLANK: Final = re.compile(r"\$\{(?![a-z]+:)|\{\{|[<>%\[\]\ue000]|::(?!cloudfront:)[A-Za-z_-]+:")
"""What a document has where something is to be filled in before AWS sees it."""

_SLIPS: Final = 2
"""Letters by which the name of a service differs from a well-known one, to be a slip of it."""

_VARIABLE: Final = re.compile(r"\$\{[a-z]+:")
_REGION: Final = re.compile(r"\.[a-z]{2,}(?:-[a-z]+)+-\d(?=\.|$)")
_MEMBERS_ONLY: Final = frozenset({"aws:principalorgid", "aws:principalorgpaths"})
"""Keys of requests that come from a member account of an organization, which no service is."""


class _Problem(NamedTuple):
    """What is wrong with a principal.

    Attributes:
        write: the text that is surely meant.
    """

    message: str
    hint: str
    label: str = _REFUSED
    write: str = ""
    severity: Severity = Severity.ERROR


def check(world: World, report: Report) -> None:
    """Report principals of trust policies and of resources' policies."""
    for item in world.items:
        if item.kind not in {"trust", "resource"}:
            continue
        for statement in item.policy.statements:
            if statement.principals is None:
                continue
            if item.written:  # the rest is said by the compiler
                _members_only(item, statement, statement.principals, report)
            else:
                _check(item, statement, statement.principals, world, report)


def _check(
    item: Item, statement: Statement, principals: Principals, world: World, report: Report
) -> None:
    before = report.count(codes.BAD_PRINCIPAL)
    for kind, texts in principals.by_type:
        for text in texts:
            if _BLANK.search(text):
                continue
            found = _problem(kind, text, item, statement.effect)
            if found is not None:
                _say(statement, text, found, report)
            elif kind == "Service":
                _unknown_service(statement, text, world.catalogue, report)
    if report.count(codes.BAD_PRINCIPAL) > before:
        return
    if item.kind == "trust" and statement.effect == "Allow":
        _trusted(statement, principals, report)
    if item.kind == "resource" and principals.negated and statement.effect == "Deny":
        _exceptions(item, statement, principals, report)
    _members_only(item, statement, principals, report)


def _say(statement: Statement, text: str, found: _Problem, report: Report) -> None:
    span = place(statement, "Principal", text)
    literal = found.write and span is not None and span.text == json.dumps(text)
    fix = Fix.writing(found.write, span, safe=False) if literal and span is not None else None
    message, hint, label = found.message, found.hint, found.label
    report.extend(
        [Diagnostic(codes.BAD_PRINCIPAL, found.severity, message, span, label, (), hint, fix)]
    )


# One principal


def _problem(kind: str, text: str, item: Item, effect: str) -> _Problem | None:
    """Return what is wrong with a principal, None where nothing is."""
    from iamdsl.aws import principals as forms  # noqa: PLC0415  # few documents name any
    from iamdsl.aws.resource_policies import of_service  # noqa: PLC0415

    trust = item.kind == "trust"
    if kind == "*":
        if not trust or effect != "Allow":
            return None
        hint = 'write `{"AWS": "*"}`, with a condition such as one on `aws:PrincipalOrgID`'
        return _Problem("a role cannot trust `*`", hint, write='{"AWS": "*"}')
    if _VARIABLE.search(text):
        return _Problem("a principal takes no variables", "write it out, or test it by `Condition`")
    if set("*?") & set(text) and (kind, text) != ("AWS", "*"):
        return _wildcard(kind)
    found = {
        "AWS": _of_aws,
        "Service": _of_service,
        "Federated": _of_federated,
        "CanonicalUser": _of_canonical,
    }[kind](text)
    if found is not None:
        return found
    rule = of_service(item.service or "")
    s3 = not trust and (rule is None or rule.canonical)
    what = forms.only_elsewhere(kind, text, s3=s3, trust=trust)
    where = "a trust policy" if trust else f"a policy of {item.service or 'a resource'}"
    hint = "name a role, a user, an account or a service"
    return _Problem(f"{what} is no principal of {where}", hint) if what else None


def _wildcard(kind: str) -> _Problem:
    if kind == "AWS":
        hint = "name the account, and test `aws:PrincipalArn` by `ArnLike`"
        return _Problem("a principal's ARN takes no wildcard", hint)
    return _Problem(f"a `{kind}` principal takes no wildcard", "name it whole")


def _of_aws(text: str) -> _Problem | None:
    from iamdsl.aws import principals as forms  # noqa: PLC0415

    if text == "*" or re.fullmatch(forms.ACCOUNT, text) or re.fullmatch(forms.PERSON, text):
        return None
    if re.fullmatch(forms.UNIQUE_ID, text):
        kind = {"AROA": "a role", "AIDA": "a user"}.get(text[:4], "an identity")
        hint = "write the ARN of who is meant, or remove it"
        return _Problem(
            f"`{text}` is the id of {kind}", hint, "AWS shows it once that is gone",
            severity=Severity.WARNING,
        )  # fmt: skip
    message = f"`{text}` is no principal"
    if re.fullmatch(forms.ACCOUNT, digits := text.replace("-", "")):
        return _Problem(message, "an account id has no hyphens", write=json.dumps(digits))
    if text.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return _Problem(message, f'a service stands under `Service`: `{{"Service": "{text}"}}`')
    if re.fullmatch(forms.FEDERATED, text):
        return _Problem(
            message, f'a provider stands under `Federated`: `{{"Federated": "{text}"}}`'
        )
    hints = (hint for form, hint in forms.NO_PRINCIPALS.items() if re.fullmatch(form, text))
    return _Problem(message, next(hints, _FORM))


def _of_service(text: str) -> _Problem | None:
    from iamdsl.aws import principals as forms  # noqa: PLC0415

    if "." in text and re.fullmatch(forms.SERVICE, text, re.IGNORECASE):
        return None
    whole = f"{text}.amazonaws.com"
    if re.fullmatch(forms.SERVICE, text):
        return _Problem(f"`{text}` is no service principal", f"write `{whole}`", write=f'"{whole}"')
    return _Problem(f"`{text}` is no service principal", "write `NAME.amazonaws.com`")


def _of_federated(text: str) -> _Problem | None:
    from iamdsl.aws import principals as forms  # noqa: PLC0415
    from iamdsl.aws.oidc import BUILT_IN  # noqa: PLC0415

    if text in BUILT_IN or re.fullmatch(forms.FEDERATED, text):
        return None
    hint = "write the provider's ARN: `arn:aws:iam::ACCOUNT:oidc-provider/HOST`"
    return _Problem(f"`{text}` is no federated provider", hint)


def _of_canonical(text: str) -> _Problem | None:
    from iamdsl.aws import principals as forms  # noqa: PLC0415

    if re.fullmatch(forms.CANONICAL, text):
        return None
    return _Problem(f"`{text}` is no canonical user id", "it has 64 hexadecimal digits")


def _unknown_service(statement: Statement, text: str, catalogue: Catalogue, report: Report) -> None:
    """Warn of a service that nobody knows, when its name is nearly that of one that all know."""
    from iamdsl.aws.principals import KNOWN, suggest_service_principal  # noqa: PLC0415

    name = _REGION.sub("", text.lower().removesuffix(".cn").removesuffix(".amazonaws.com"))
    if f"{name}.amazonaws.com" != text.lower() or name in KNOWN:
        return
    near = suggest_service_principal(text, 1)
    extends = bool(near) and (near[0].startswith(name) or name.startswith(near[0]))
    if not near or extends or distance(name, near[0], _SLIPS) > _SLIPS:
        return  # a service of its own, rather than a slip
    if any(map(catalogue.has_service, name.split("."))):
        return
    span = place(statement, "Principal", text)
    whole = json.dumps(f"{near[0]}.amazonaws.com")
    literal = span is not None and span.text == json.dumps(text)
    report.add(
        codes.UNKNOWN_SERVICE_PRINCIPAL,
        span,
        f"`{text}` is no well-known service principal",
        label="AWS refuses a principal that does not exist",
        hint=f"did you mean `{near[0]}.amazonaws.com`?",
        fix=Fix.writing(whole, span, safe=False) if literal and span is not None else None,
    )


# A statement's principals together


def _trusted(statement: Statement, principals: Principals, report: Report) -> None:
    """Report a trust of everyone, and actions that do not fit who is trusted."""
    from iamdsl.aws.principals import trust_mismatch  # noqa: PLC0415

    pairs = [(kind, text) for kind, texts in principals.by_type for text in texts]
    if ("AWS", "*") in pairs and not statement.condition:
        report.add(
            codes.OPEN_TRUST,
            place(statement, "Principal", "*"),
            "everyone in AWS may assume this role",
            label="no condition says who",
            hint="test `aws:PrincipalOrgID`, or name the account",
        )
    if statement.actions.negated or principals.negated:
        return
    problem = trust_mismatch(statement.actions.values, pairs)
    if problem:
        report.add(
            codes.BAD_PRINCIPAL,
            place(statement, "Action", statement.actions.values[0]),
            problem,
            label="AWS's validator refuses this",
            hint="a provider of OpenID Connect is trusted by `sts:AssumeRoleWithWebIdentity`, of"
            " SAML by `sts:AssumeRoleWithSAML`, all others by `sts:AssumeRole`"
            if "needs" not in problem
            else "add it to `Action`",
        )


def _exceptions(item: Item, statement: Statement, principals: Principals, report: Report) -> None:
    """Warn of what `NotPrincipal` denies besides."""
    from iamdsl.aws.resource_policies import of_service  # noqa: PLC0415
    from iamdsl.compiler.not_principal import lacking  # noqa: PLC0415  # rare

    rule = of_service(item.service or "")
    if rule is not None and "NotPrincipal" in rule.refused:
        return  # said already: the service does not take it
    pairs = [(kind, text) for kind, texts in principals.by_type for text in texts]
    chain = lacking(pairs)
    message = "these exceptions do not hold for those with a permissions boundary"
    hint = 'write `"Principal": "*"`, and exceptions by a condition on `aws:PrincipalArn`'
    if chain is not None:
        message = f"`{chain[0]}` is excepted, but not {chain[1]}"
        hint += f"; or except {chain[1]} too"
    report.add(
        codes.NOT_PRINCIPAL,
        place(statement, "Principal", *([chain[0]] if chain else [])),
        message,
        label="AWS may deny it all the same" if chain else "",
        hint=hint,
    )


def _members_only(item: Item, statement: Statement, principals: Principals, report: Report) -> None:
    """Warn of tests that no request of a service passes, as all of its principals are services."""
    services = {kind for kind, _ in principals.by_type} == {"Service"}
    if statement.effect != "Allow" or not services or principals.negated:
        return
    for entry in statement.condition:
        prefix, base, if_exists = split_operator(entry.operator)
        if (
            entry.key.lower() not in _MEMBERS_ONLY
            or if_exists
            or prefix == "ForAllValues"
            or base == "Null"
            or base in NEGATED
        ):
            continue
        report.add(
            codes.UNSUPPORTED_KEY,
            spot(item, statement, entry),
            f"requests of a service do not carry `{entry.key}`",
            label="so that nothing is allowed here",
            hint="test `aws:SourceOrgID`, which says for whom the service asks",
        )
