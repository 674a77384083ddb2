"""Statements that a template adds to a policy one by one: of functions and of event buses.

Lambda: AWS "API_AddPermission" and "access-control-resource-based", which show what a permission
becomes. EventBridge: "AWS::Events::EventBusPolicy".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from iamdsl import iam
from iamdsl.lift.cloudformation.drafts import service
from iamdsl.lift.cloudformation.externs import ACCOUNT, PARTITION, REGION
from iamdsl.lift.cloudformation.resources import KNOWN

if TYPE_CHECKING:
    from iamdsl.datafile.places import Path
    from iamdsl.lift.cloudformation.drafts import Drafts

_FUNCTION_ARN = "arn:{p}:lambda:{r}:{a}:function:"
_FUNCTIONS = {t for t, known in KNOWN.items() if known.arn.startswith(_FUNCTION_ARN)}
_ACCOUNT = re.compile(rf"\d{{12}}|{re.escape(ACCOUNT)}", re.ASCII)
_SERVICE = re.compile(r"[^\s:/*?$]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com)")
_FUNCTION = re.compile(r"[A-Za-z0-9_-]+(?::[A-Za-z0-9$_-]+)?")

_CONDITIONS = {
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}
"""What the parts of a permission come to in its statement."""

_KNOWN = {"FunctionName", "Action", "Principal", *_CONDITIONS}


def read(drafts: Drafts) -> None:
    """Read the permissions of functions, one policy for each function, and those of buses."""
    functions: dict[str, list[iam.Statement]] = {}
    names: dict[str, str] = {}
    for logical, properties in drafts.template.of_type("AWS::Lambda::Permission"):
        path = ("Resources", logical, "Properties")
        found = _permission(drafts, logical, path, properties)
        if found is not None:
            target, statement = found
            functions.setdefault(target, []).append(statement)
            names.setdefault(target, logical)
    for target, statements in functions.items():
        _append(drafts, names[target], target, "lambda", statements)
    _buses(drafts)
    kind = "AWS::Lambda::LayerVersionPermission"
    for logical, _ in drafts.template.of_type(kind):
        hint = "write a `policy` for the layer's ARN, with the statement that AWS makes of it"
        drafts.template.left_out(("Resources", logical), f"the {kind} `{logical}`", hint)


def _append(
    drafts: Drafts, logical: str, target: str, service: str, statements: list[iam.Statement]
) -> None:
    drafts.add(
        logical,
        iam.Document(
            "resource",
            drafts.unique(logical),
            iam.Policy(tuple(statements)),
            target=target,
            service=service,
            origin=(drafts.template.span(("Resources", logical), key=True),),
        ),
    )


def _permission(
    drafts: Drafts, logical: str, path: Path, properties: dict[str, Any]
) -> tuple[str, iam.Statement] | None:
    """Return the function and the statement that a permission makes."""
    template = drafts.template
    if missing := {"FunctionName", "Action", "Principal"} - properties.keys():
        template.bad(path, f"`{logical}` has no `{min(missing)}`")
        return None
    texts = {
        name: template.text((*path, name))
        for name in properties
        if name in _KNOWN and properties[name] != {"Ref": "AWS::NoValue"}
    }
    if None in texts.values():
        return None
    said = {name: text for name, text in texts.items() if text is not None}
    function = _function(drafts, properties["FunctionName"], said["FunctionName"])
    who = _principal(drafts, said["Principal"])
    unknown = sorted(properties.keys() - _KNOWN)
    if function is None or who is None or unknown:
        what = "the function" if function is None else "the principal"
        hint = f"write a `policy` for the function: {what} cannot be told from the template"
        if unknown:
            hint = f"write a `policy` for the function: `{unknown[0]}` is not known here"
        template.left_out(("Resources", logical), f"the permission `{logical}`", hint)
        return None
    condition = tuple(
        iam.Entry(*_CONDITIONS[name], (text,)) for name, text in said.items() if name in _CONDITIONS
    )
    statement = iam.Statement(
        "Allow",
        iam.Elements((said["Action"],)),
        iam.Elements((function,)),
        who,
        tuple(sorted(condition, key=lambda e: (e.operator, e.key))),
        origin=(template.span(("Resources", logical), key=True),),
    )
    return function, statement


def _function(drafts: Drafts, raw: Any, text: str) -> str | None:
    """Return the ARN of the function that a permission names, None where that cannot be told."""
    if text.startswith("arn:"):
        return text
    named = raw.get("Ref") if isinstance(raw, dict) else None
    if isinstance(named, str):
        kind = drafts.template.resources.get(named, {}).get("Type")
        if kind in _FUNCTIONS:
            return drafts.template.arn(named)
        return text if kind in {"AWS::Lambda::Alias", "AWS::Lambda::Version"} else None
    if isinstance(raw, dict) and _alone(text):
        return text if "Fn::GetAtt" in raw else None
    prefix = _FUNCTION_ARN.format(p=PARTITION, r=REGION, a=ACCOUNT)
    return prefix + text if _FUNCTION.fullmatch(text) else None


def _alone(text: str) -> bool:
    return text.startswith(iam.PLACEHOLDER_OPEN) and text.endswith(iam.PLACEHOLDER_CLOSE)


def _principal(drafts: Drafts, text: str) -> iam.Principals | None:
    """Return what Lambda makes of a principal: an account becomes the ARN of its root."""
    if text == "*":
        return iam.ANYONE
    if _ACCOUNT.fullmatch(text):
        return iam.Principals((("AWS", (f"arn:{PARTITION}:iam::{text}:root",)),))
    if text.startswith("arn:") or text in drafts.arns():
        return iam.Principals((("AWS", (text,)),))
    text = service(text)
    return iam.Principals((("Service", (text,)),)) if _SERVICE.fullmatch(text) else None


def _buses(drafts: Drafts) -> None:
    """Read what is put into the policies of event buses, statement by statement."""
    template = drafts.template
    buses: dict[str, list[iam.Statement]] = {}
    names: dict[str, str] = {}
    for logical, properties in template.of_type("AWS::Events::EventBusPolicy"):
        path = ("Resources", logical, "Properties")
        bus = "default"
        if "EventBusName" in properties:
            bus = template.text((*path, "EventBusName")) or ""
        target = f"arn:{PARTITION}:events:{REGION}:{ACCOUNT}:event-bus/{bus}"
        if "Statement" not in properties:
            template.left_out(
                ("Resources", logical),
                f"the policy `{logical}` of an event bus",
                "write its `Statement` in the template, as AWS advises, and import it again",
            )
            continue
        sid = template.text((*path, "StatementId")) if "StatementId" in properties else None
        at = (*path, "Statement")
        template.read.add(at)
        raw = {"Version": iam.VERSION, "Statement": properties["Statement"]}
        policy = drafts.policy(path, raw)
        if policy is not None and bus:
            buses.setdefault(target, []).extend(_with_sid(s, sid) for s in policy.statements)
            names.setdefault(target, logical)
    for target, statements in buses.items():
        _append(drafts, names[target], target, "events", statements)


def _with_sid(statement: iam.Statement, sid: str | None) -> iam.Statement:
    import attrs  # noqa: PLC0415  # one use

    known = sid is not None and iam.PLACEHOLDER_OPEN not in sid
    return attrs.evolve(statement, sid=sid) if known and not statement.sid else statement
