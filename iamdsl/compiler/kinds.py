"""What the kinds of policy take: AWS's table of elements, where a body cannot say it.

Which statement and setting stands in which kind is in `bodies`; here is what depends on what a
statement says: an SCP takes all of IAM's language since September 2025 (AWS Security Blog "AWS
Organizations service control policy now supports full IAM language"), an RCP does not (AWS
"orgs_manage_policies_rcps_syntax").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import Label, codes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.aws import Catalogue
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Identity
    from iamdsl.model import Entity


def check_kind(entity: Entity, environment: Environment, report: Report) -> None:
    """Report what a resource control policy does not take."""
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
