"""Which ways to more permissions are open to somebody.

    holder ──▶ paths of which it has all actions, by their text ──▶ each action on what nobody named

The paths are data (`iamdsl.aws.escalation`). An action of one is asked for in the form that is
dangerous: an administrator's policy attached without a boundary, a role of any name passed to the
service that runs code as it, another's access keys. So a grant that is confined to named resources
or a path, or that asks for a boundary, opens nothing.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl.analysis.unnamed import NAME, Unnamed, arn_fields, unnamed
from iamdsl.aws.escalation import ADMINISTRATOR, OWN, PASSING, PATHS, RESOURCE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl.analysis.holders import Holder
    from iamdsl.aws import Catalogue
    from iamdsl.aws.escalation import Path
    from iamdsl.iam import Statement

_BOUNDARY: Final = "iam:permissionsboundary"
_NO_BOUNDARY: Final = ((_BOUNDARY, ()),)
_ADMINISTRATORS: Final = (("iam:policyarn", (ADMINISTRATOR,)),)
_OTHERS_BOUNDARY: Final = ((_BOUNDARY, (f"arn:aws:iam::111122223333:policy/{NAME}",)),)
_ANY_ROLE: Final = f"arn:aws:iam::111122223333:role/{NAME}"
_STACK: Final = (
    ("cloudformation:rolearn", (_ANY_ROLE,)),
    ("cloudformation:templateurl", (f"https://{NAME}.s3.amazonaws.com/template",)),
)
_CLUSTER_ADMINISTRATOR: Final = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_SCP: Final = (("organizations:policytype", ("SERVICE_CONTROL_POLICY",)),)
_RULE: Final = (("events:managedby", ()),)
_GIVEN: Final = {
    "iam:AttachRolePolicy": (*_ADMINISTRATORS, *_NO_BOUNDARY),
    "iam:AttachUserPolicy": (*_ADMINISTRATORS, *_NO_BOUNDARY),
    "iam:AttachGroupPolicy": _ADMINISTRATORS,
    "iam:PutRolePolicy": _NO_BOUNDARY,
    "iam:PutUserPolicy": _NO_BOUNDARY,
    "iam:UpdateAssumeRolePolicy": _NO_BOUNDARY,
    "iam:DeleteRolePermissionsBoundary": _OTHERS_BOUNDARY,
    "iam:DeleteUserPermissionsBoundary": _OTHERS_BOUNDARY,
    "iam:PutRolePermissionsBoundary": ((_BOUNDARY, (ADMINISTRATOR,)),),
    "iam:PutUserPermissionsBoundary": ((_BOUNDARY, (ADMINISTRATOR,)),),
    "events:PutRule": _RULE,
    "events:PutTargets": _RULE,
    "organizations:DetachPolicy": _SCP,
    "organizations:UpdatePolicy": _SCP,
    "cloudformation:CreateStack": _STACK,
    "cloudformation:CreateStackSet": _STACK,
    "cloudformation:UpdateStackSet": _STACK,
    "cloudformation:UpdateStack": _STACK,
    "cloudformation:CreateChangeSet": _STACK,
    "eks:AssociateAccessPolicy": (
        ("eks:policyarn", (_CLUSTER_ADMINISTRATOR,)),
        ("eks:accessscope", ("cluster",)),
    ),
    "ec2:RunInstances": (
        ("ec2:instanceprofile", (f"arn:aws:iam::111122223333:instance-profile/{NAME}",)),
    ),
}
"""Keys of the dangerous request, by action; () for one that it lacks."""
_RUN_SHELL_SCRIPT: Final = ("arn", None, "ssm", None, "", "document/AWS-RunShellScript")
"""The document of AWS's that runs what one likes; it belongs to no account."""
_ON_USERS: Final = frozenset({"iam:AttachUserPolicy", "iam:PutUserPolicy"})


class Way(NamedTuple):
    """A path that is open.

    Attributes:
        gain: what one can do, after "can".
        granted: the statements that allow the actions of the path, in their order.
    """

    path: Path
    gain: str
    granted: tuple[Statement, ...]


@lru_cache(maxsize=4096)  # holders are compared by identity; two rules ask of each
def ways(holder: Holder, catalogue: Catalogue) -> tuple[Way, ...]:
    """Return the ways that are open to a holder, the best first; of those alike, the first.

    Administrators have nothing to gain, and of whom the boundary is not at hand nothing is said.
    """
    has = holder.offered
    paths = [path for path in PATHS if path.actions[-1] in has and has.issuperset(path.actions)]
    if not paths or holder.is_administrator(catalogue):
        return ()
    asked = _Asked(holder, catalogue)
    found: dict[str, Way] = {}
    for path in paths:
        if path.gain not in found and (way := asked.way(path)) is not None:
            found[path.gain] = way
    return tuple(found.values())


def passing(
    holder: Holder, role: str, services: frozenset[str], catalogue: Catalogue
) -> Way | None:
    """Return how a holder can run something as a role, by a service that the role trusts.

    Args:
        role: its ARN.
        services: principals of the services that it trusts.
    """
    asked = None
    for path in PATHS:
        fitting = tuple(service for service in path.services if service in services)
        if fitting and holder.offered.issuperset(path.actions):
            asked = asked or _Asked(holder, catalogue, role)
            way = asked.way(path._replace(services=fitting))
            if way is not None:
                return way
    return None


class _Asked:
    """The requests of one holder, each asked once; `role` is the one to pass, None for any."""

    def __init__(self, holder: Holder, catalogue: Catalogue, role: str | None = None) -> None:
        self.holder, self.catalogue = holder, catalogue
        self.role = role
        self._own: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for arn in holder.own:
            fields = arn_fields(arn)
            self._own[fields[5].partition("/")[0]].append(fields)
        self._seen: dict[Unnamed, Statement | None] = {}

    def way(self, path: Path) -> Way | None:
        """Return how a path is open; None where one of its actions is not let through."""
        granted = []
        own = False
        for action in reversed(path.actions):
            found = self._any(self._dangerous(action, path))
            if found is None and len(path.actions) == 1 and action in OWN:
                found = self._any(self._on_oneself(action))
                own = found is not None
            if found is None:
                return None
            granted.append(found)
        gain = OWN[path.actions[0]] if own else path.gain
        return Way(path, gain, tuple(reversed(granted)))

    def _any(self, requests: Iterable[tuple[Unnamed, ...]]) -> Statement | None:
        """Return what lets through all requests of one of several groups."""
        for group in requests:
            found = [self._passes(request) for request in group]
            if None not in found:
                return found[0]
        return None

    def _passes(self, request: Unnamed) -> Statement | None:
        if request not in self._seen:
            self._seen[request] = self.holder.passes(request, self.catalogue)
        return self._seen[request]

    def _dangerous(self, action: str, path: Path) -> Iterator[tuple[Unnamed, ...]]:
        """Yield groups of requests, of which one has to be let through whole."""
        kinds = RESOURCE_KINDS.get(action, (None,))
        resources = [unnamed(action, kind, self.holder.account, self.catalogue) for kind in kinds]
        if action == "ssm:SendCommand":
            resources[1] = _RUN_SHELL_SCRIPT
        given = _GIVEN.get(action, ())
        sealed = path.category == "existing"
        if action != PASSING:
            yield tuple(Unnamed(action, resource, given, sealed) for resource in resources)
            return
        role = resources[0] if self.role is None else arn_fields(self.role)
        for service in path.services:
            passed = (("iam:passedtoservice", (service,)), ("iam:associatedresourcearn", ()))
            yield (Unnamed(action, role, passed),)

    def _on_oneself(self, action: str) -> Iterator[tuple[Unnamed, ...]]:
        """Yield requests about what the holder is or has."""
        subject = self.holder.subject
        nobody = unnamed(action, None, self.holder.account, self.catalogue)
        given = _GIVEN.get(action, ())
        for fields in self._own[nobody[5].partition("/")[0] if nobody[5] else ""]:
            yield (Unnamed(action, fields, given),)
        if action in _ON_USERS and subject.kind not in {"role", "permission_set"}:
            # Whoever the policy is attached to, it may name them by the variable.
            yield (Unnamed(action, nobody, (*given, ("aws:username", (NAME,)))),)
