"""What each kind of policy takes: elements and actions that AWS refuses in it, or may refuse.

Sources of the language cannot say most of it, so that only documents are looked at. AWS
"reference_policies_grammar", "orgs_manage_policies_scps_syntax",
"orgs_manage_policies_rcps_syntax"; for SCPs, which take all of IAM's language since September 2025,
AWS's blog "AWS Organizations service control policy now supports full IAM language"; Access Analyzer's MISSING_PRINCIPAL, MISSING_RESOURCE,
UNSUPPORTED_PRINCIPAL, UNSUPPORTED_ACTION_IN_POLICY, UNSUPPORTED_RESOURCE_ARN_IN_POLICY and the
SYNTAX_ERRORs of trust policies, SCPs and RCPs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from iamdsl import iam
from iamdsl.aws.resource_policies import UNLISTED, of_service
from iamdsl.diagnostics import codes
from iamdsl.lint.items import IDENTITY
from iamdsl.lint.placing import place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.aws.resource_policies import ResourcePolicy
    from iamdsl.diagnostics import Code, Report
    from iamdsl.iam import Policy, Statement
    from iamdsl.lint.items import Item, World
    from iamdsl.lint.placing import Element

_NAMES: Final = {
    "policy": "a policy of identities",
    "boundary": "a permissions boundary",
    "scp": "a service control policy",
    "rcp": "a resource control policy",
    "session": "a session policy",
    "trust": "a trust policy",
    "resource": "a policy of a resource",
}
_REFUSED: Final = "AWS refuses this"

_FILE_SYSTEM: Final = "elasticfilesystem"
"""Its pages show policies with `Resource` and without."""

_ONLY_OWN: Final = {
    "s3": ("s3", "s3-object-lambda"),
    "sqs": ("sqs",),
    "sns": ("sns",),
    "ecr": ("ecr",),
    "dynamodb": ("dynamodb",),
    "secretsmanager": ("secretsmanager",),
}
"""Services that refuse actions of others in the policies of their resources; high."""

_COLONS: Final = ":::::"
"""As many as an ARN has; what has fewer is none, which is told by itself."""

_BLANK: Final = re.compile(r"[$<>{}%]")
"""What a document has where something is to be filled in, and no ARN has."""


def check(world: World, report: Report) -> None:
    """Report elements that the kind of a policy has no place for, and those that it lacks."""
    for item in world.items:
        if item.written:
            continue
        for statement in item.policy.statements:
            if item.kind in IDENTITY:
                _of_identity(item, statement, report)
            elif item.kind == "trust":
                _of_trust(item, statement, report)
            elif item.kind == "rcp":
                _of_rcp(item, statement, world, report)
            else:
                _of_resource(item, statement, report)
        if item.kind == "resource" and item.target is not None:
            _about_resource(item.target, item.policy, world, report)


def _say(
    statement: Statement,
    report: Report,
    message: str,
    hint: str,
    *,
    at: Element | None = None,
    texts: Iterable[str] = (),
    label: str = _REFUSED,
    code: Code = codes.ELEMENT_NOT_ALLOWED,
) -> None:
    report.add(code, place(statement, at, *texts), message, label=label, hint=hint)


def _lacks(item: Item, statement: Statement, element: str, hint: str, report: Report) -> None:
    message = f"a statement of {_NAMES[item.kind]} has no `{element}`"
    _say(statement, report, message, hint)


def _principal_element(statement: Statement) -> str:
    negated = statement.principals is not None and statement.principals.negated
    return "NotPrincipal" if negated else "Principal"


def _of_identity(item: Item, statement: Statement, report: Report) -> None:
    name = _NAMES[item.kind]
    if statement.principals is not None:
        message = f"{name} takes no `{_principal_element(statement)}`"
        hint = "remove it: the policy speaks for whoever it is attached to"
        _say(statement, report, message, hint, at="Principal")
    if statement.resources is None:
        hint = 'add the ARNs that are meant, or `"Resource": "*"`'
        _lacks(item, statement, "Resource", hint, report)


def _of_trust(item: Item, statement: Statement, report: Report) -> None:
    if statement.resources is not None:
        element = "NotResource" if statement.resources.negated else "Resource"
        hint = "remove it: the role itself is what is trusted with"
        _say(statement, report, f"a trust policy takes no `{element}`", hint, at="Resource")
    if statement.principals is None:
        _lacks(item, statement, "Principal", "say who may assume the role", report)
    elif statement.principals.negated:
        hint = "name who is trusted"
        _say(statement, report, "a trust policy takes no `NotPrincipal`", hint, at="Principal")
    foreign = [a for a in statement.actions.values if not a.lower().startswith("sts:")]
    if foreign and not statement.actions.negated:
        _say(
            statement,
            report,
            f"`{foreign[0]}` has no place in a trust policy",
            "write `sts:AssumeRole`; what the role may do is said by its own policies",
            at="Action",
            texts=foreign[:1],
        )


def _of_rcp(item: Item, statement: Statement, world: World, report: Report) -> None:
    from iamdsl.compiler.kinds import inner_wildcard, rcp_problem  # noqa: PLC0415  # few are RCPs

    if statement.principals != iam.ANYONE:
        hint = 'write `"Principal": "*"`, and say who is meant by `Condition`'
        message = 'the `Principal` of a resource control policy is `"*"`'
        _say(statement, report, message, hint, at="Principal")
    if statement.resources is None:
        _lacks(item, statement, "Resource", 'add `"Resource": "*"`', report)
    if statement.actions.negated:
        hint = "name the actions"
        message = "a resource control policy takes no `NotAction`"
        _say(statement, report, message, hint, at="Action")
        return
    actions = statement.actions.values
    problem, hint = rcp_problem(statement.effect.lower(), actions, world.catalogue)
    inner = next(filter(inner_wildcard, actions), None)
    if problem:
        reached = (a for a in actions if a == "*" or f"`{a.partition(':')[0].lower()}`" in problem)
        _say(statement, report, problem, hint, at="Action", texts=tuple(reached)[:1])
    elif inner is not None:
        _say(
            statement,
            report,
            f"`{inner}` has a wildcard before its end",
            "write patterns that end in their only `*`",
            at="Action",
            texts=(inner,),
            label="AWS's validator refuses this in a resource control policy",
            code=codes.DISPUTED_FORM,
        )


def _of_resource(item: Item, statement: Statement, report: Report) -> None:
    service = (item.service or "").lower()
    rule = of_service(service) or UNLISTED
    principals, resources = statement.principals, statement.resources
    if "Principal" in rule.refused:
        if principals is not None:
            message = f"a policy of {service} takes no `{_principal_element(statement)}`"
            hint = "remove it: the policy speaks for whoever it is attached to"
            _say(statement, report, message, hint, at="Principal")
    elif principals is None:
        _lacks(item, statement, "Principal", "say who is meant", report)
    if resources is not None and rule.own == "none":
        element = "NotResource" if resources.negated else "Resource"
        hint = "remove it: the policy is about the one that has it"
        _say(statement, report, f"a policy of {service} takes no `{element}`", hint, at="Resource")
    if resources is None:
        # An endpoint's policy says `Resource` too: here it is enough whose actions are named.
        likely = service or _service(item.policy)
        known = of_service(likely) or UNLISTED
        if _names_itself(likely, known):
            own = "its ARN" if known.own in {"arn", "said"} else f"`{known.own}`"
            _lacks(item, statement, "Resource", f"write {own}", report)
    _refused(statement, service, rule, report)


def _names_itself(service: str, rule: ResourcePolicy) -> bool:
    """Tell whether a policy of a service's resources has to say `Resource`, as far as is known."""
    return rule is not UNLISTED and rule.own != "none" and service != _FILE_SYSTEM


def _refused(statement: Statement, service: str, rule: ResourcePolicy, report: Report) -> None:
    principals, resources = statement.principals, statement.resources
    if principals is not None and principals.negated and "NotPrincipal" in rule.refused:
        hint = 'write `"Principal": "*"`, and a condition on `aws:PrincipalArn`'
        message = f"a policy of {service} takes no `NotPrincipal`"
        if "Principal" not in rule.refused:
            _say(statement, report, message, hint, at="Principal")
    if statement.actions.negated and "NotAction" in rule.refused:
        message = f"a policy of {service} takes no `NotAction`"
        _say(statement, report, message, "name the actions", at="Action")
    negated = resources is not None and resources.negated and rule.own != "none"
    if negated and "NotResource" in rule.refused:
        message = f"a policy of {service} takes no `NotResource`"
        _say(statement, report, message, "name the resource itself", at="Resource")
    own = _ONLY_OWN.get(service, ())
    foreign = [
        action
        for action in statement.actions.values
        if own and ":" in action and action.partition(":")[0].lower() not in own
    ]
    plain = [a for a in foreign if not set("*?") & set(a.partition(":")[0])]
    if plain and not statement.actions.negated:
        message = f"`{plain[0]}` has no place in a policy of {service}"
        hint = f"name actions of `{service}`"
        _say(statement, report, message, hint, at="Action", texts=plain[:1])


def _service(policy: Policy) -> str:
    """Return the one service that the actions of a policy are of, "" where there are several."""
    actions = {a for s in policy.statements for a in s.actions.values}
    found = {action.partition(":")[0].lower() for action in actions}
    return found.pop() if len(found) == 1 and "*" not in found else ""


def _about_resource(arn: str, policy: Policy, world: World, report: Report) -> None:
    """Report resources that the policy of one resource cannot be about."""
    from iamdsl.compiler.resource_policies import Target  # noqa: PLC0415  # most name no target

    if _BLANK.search(arn):
        return
    target = Target(None, arn, world.catalogue)
    if target.rule.own == "none":
        return  # said already: it takes no `Resource` at all
    for statement in policy.statements:
        named = statement.resources
        if named is None or named.negated:
            continue
        sound = (t for t in named.values if t == "*" or t.count(":") >= len(_COLONS))
        refusal = target.refusal(tuple(t for t in sound if not _BLANK.search(t)), ())
        if refusal is not None:
            hint = f"name the {target.kind} itself"
            _say(statement, report, refusal.problem, hint, at="Resource", texts=(refusal.text,),
                 label=refusal.label or _REFUSED)  # fmt: skip
