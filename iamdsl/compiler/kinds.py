"""What the kinds of policy take: AWS's table of elements, where a body cannot say it.

Which statement and setting stands in which kind is in `bodies`; here is what depends on what a
statement says. Sources: AWS "orgs_manage_policies_scps_syntax", "orgs_manage_policies_rcps_syntax".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import Label, codes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Identity, Policy
    from iamdsl.model import Entity, Grant
    from iamdsl.source import Span


def check_kind(entity: Entity, policy: Policy, environment: Environment, report: Report) -> None:
    """Report what a control policy of an organization does not take.

    Args:
        policy: the statements that the entity became.
    """
    if entity.kind == "rcp":
        for grant in entity.grants:
            problem, hint = _rcp_problem(grant, environment)
            if problem:
                report.add(codes.ELEMENT_NOT_ALLOWED, grant.span, problem, hint=hint)
            elif (pattern := _inner_wildcard(grant)) is not None:
                report.add(
                    codes.DISPUTED_FORM,
                    pattern[1] or grant.span,
                    f"`{pattern[0]}` has a wildcard before its end",
                    label="AWS's validator refuses this in a resource control policy",
                    hint="write patterns that end in their only `*`",
                )
    if entity.kind == "scp":
        _check_allows(policy, report)


def _rcp_problem(grant: Grant, environment: Environment) -> tuple[str, str]:
    if grant.verb == "allow":
        return (
            "a resource control policy can only deny",
            "AWS allows everything by `RCPFullAWSAccess`; write what is denied",
        )
    if any(str(a.data) == "*" for a in grant.actions):
        return "a resource control policy names its services", "write `s3:*, sqs:*, …`"
    catalogue = environment.catalogue
    services = {str(a.data).partition(":")[0].lower() for a in grant.actions}
    for service in sorted(services):
        if catalogue.has_service(service) and not catalogue.supports_rcp(service):
            problem = f"resource control policies do not reach `{service}`"
            return problem, "deny it by an `scp`, which is about who asks"
    return "", ""


def _inner_wildcard(grant: Grant) -> tuple[str, Span | None] | None:
    """Return the first action of a grant with a wildcard elsewhere than at its end."""
    for value in grant.actions:
        text = str(value.data)
        if set("*?") & set(text[:-1]) or text.endswith("?"):
            return text, value.span
    return None


def _check_allows(policy: Policy, report: Report) -> None:
    """Warn of an `allow` on some resources: AWS's page of the syntax has it both ways."""
    for statement in policy.statements:
        resources = statement.resources
        if statement.effect == "Allow" and resources is not None and resources.values != ("*",):
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
