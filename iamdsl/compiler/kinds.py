"""What the kinds of policy take: AWS's table of elements, where a body cannot say it.

Which statement and setting stands in which kind is in `bodies`; here is what depends on what a
statement says. Sources: AWS "orgs_manage_policies_scps_syntax", "orgs_manage_policies_rcps_syntax".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import Label, codes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.aws import Catalogue
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Identity, Policy, Statement
    from iamdsl.model import Entity


def check_kind(entity: Entity, policy: Policy, environment: Environment, report: Report) -> None:
    """Report what a control policy of an organization does not take.

    Args:
        policy: the statements that the entity became.
    """
    if entity.kind == "rcp":
        for grant in entity.grants:
            texts = [str(action.data) for action in grant.actions]
            problem, hint = rcp_problem(grant.verb, texts, environment.catalogue)
            inner = next((a for a in grant.actions if inner_wildcard(str(a.data))), None)
            if problem:
                report.add(codes.ELEMENT_NOT_ALLOWED, grant.span, problem, hint=hint)
            elif inner is not None:
                report.add(
                    codes.DISPUTED_FORM,
                    inner.span or grant.span,
                    f"`{inner.data}` has a wildcard before its end",
                    label="AWS's validator refuses this in a resource control policy",
                    hint="write patterns that end in their only `*`",
                )
    if entity.kind == "scp":
        _check_allows(policy, report)


def rcp_problem(verb: str, actions: Iterable[str], catalogue: Catalogue) -> tuple[str, str]:
    """Return what an RCP does not take of a statement, and what to do; "" where it is right.

    Args:
        verb: `allow` or `deny`.
    """
    if verb == "allow":
        return (
            "a resource control policy can only deny",
            "AWS allows everything by `RCPFullAWSAccess`; write what is denied",
        )
    services = {action.partition(":")[0].lower() for action in actions}
    if "*" in services:
        return "a resource control policy names its services", "write `s3:*, sqs:*, …`"
    for service in sorted(services):
        if catalogue.has_service(service) and not catalogue.supports_rcp(service):
            problem = f"resource control policies do not reach `{service}`"
            return problem, "deny it by an `scp`, which is about who asks"
    return "", ""


def inner_wildcard(action: str) -> bool:
    """Tell whether an action has a wildcard elsewhere than at its end."""
    return bool(set("*?") & set(action[:-1])) or action.endswith("?")


def limited_allow(statement: Statement) -> bool:
    """Tell whether an `Allow` of an SCP is on some resources only.

    AWS's page of the syntax has it both ways.
    """
    resources = statement.resources
    return statement.effect == "Allow" and resources is not None and resources.values != ("*",)


def _check_allows(policy: Policy, report: Report) -> None:
    """Warn of an `allow` on some resources."""
    for statement in policy.statements:
        if limited_allow(statement):
            report.add(
                codes.DISPUTED_FORM,
                statement.origin[0],
                "an `allow` of a service control policy on some resources only",
                label="a page of AWS's says that only `*` is taken",
                hint="write `allow … on *`, and `deny` the rest: `deny … on * except …`",
            )


def check_profiles(identities: Iterable[Identity], report: Report) -> None:
    """Report an instance profile of two roles: AWS takes one, and compares without case."""
    first: dict[str, Identity] = {}
    for identity in identities:
        name = identity.instance_profile
        if name is None:
            continue
        other = first.setdefault(name.lower(), identity)
        if other is not identity:
            report.add(
                codes.DUPLICATE_NAME,
                identity.origin[0],
                f"the instance profile `{name}` is already that of the role `{other.name}`",
                notes=[Label(other.origin[0], "declared here")],
                hint="an instance profile holds one role: give this one another name",
            )
