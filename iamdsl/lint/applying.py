"""Which actions of a statement can be about its resources, and which resources about its actions.

AWS's Service Authorization Reference lists for each action the types of resources that it can be
limited to. It has gaps: types that are missing, actions that can be limited and are not said to.
So a document is told (parliament's RESOURCE_MISMATCH, cfn-lint's I3510) where both are known well;
of sources the compiler has said it. Resources that no action is about are told of both.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.analysis.resource_types import lacking, meant_resource, types_of_text, wanted
from iamdsl.diagnostics import Label, codes
from iamdsl.diagnostics.nearest import distance
from iamdsl.lint.arns import problem
from iamdsl.lint.blanks import is_open
from iamdsl.lint.placing import place
from iamdsl.lint.replacing import replacing_each

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import World

_MANY = 40
"""Patterns that match more actions than this are about nearly everything of their service."""

_ON_ALL = frozenset(
    """
    acm autoscaling cloudwatch ec2 ecr elasticloadbalancing kms lambda sts xray
    """.split()
)
"""Services of which what reads without a resource type is asked on `*`, never on an ARN."""

_BY_NAME = frozenset({"cloudformation", "dynamodb", "s3", "secretsmanager", "sns"})
"""Services of which such actions may be asked on an ARN of a whole type, never on a named one."""

_VAGUE = frozenset({"apigateway", "codeconnections", "codestar-connections"})
"""Services whose actions and resources the reference does not bring together, or that have two
names."""

_WRITE_ON_ALL = frozenset(
    {
        "cloudwatch:putmetricdata",
        "kms:createkey",
        "xray:puttelemetryrecords",
        "xray:puttracesegments",
    }
)
_NODES = frozenset({("ssm", "eks")})
"""Services of which actions are asked on ARNs of another, which the reference does not say: clusters
that EKS registers as nodes of Systems Manager (AWS's own AmazonEKSConnectorServiceRolePolicy)."""
_ARN = re.compile(r"arn:[^:]*:[a-z0-9-]+:[^:]*:[^:]*:.+", re.DOTALL)
_HEAD = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)([:/])")
_TAGGING = re.compile(r"(?:un)?tag|tagsfor|listtags|resourcepolicy", re.IGNORECASE)
"""Names of actions for whatever can be tagged or shared, of which the reference names a part."""
_SHOWN = 3


def check(world: World, report: Report) -> None:
    """Report actions that apply to no resource of their statement, and the other way round."""
    types = _Types(world.catalogue)
    mismatch, idle = world.on(codes.RESOURCE_MISMATCH), world.on(codes.IDLE_RESOURCE)
    for item in world.items:
        for statement in item.policy.statements:
            resources = _resources(statement)
            if not resources or any(problem(r, world.catalogue) for r in resources):
                continue  # an ARN that no resource has is told as such
            dead = _dead(statement, resources, types)
            odd = [r for r in resources if types.meant(r)]
            if mismatch and not item.written:
                _say_dead(statement, dead, resources, types, report)
                _say_odd(statement, odd, types, report)
            if idle and len(dead) < len(statement.actions.values):
                _say_idle(statement, resources, types, report)


def _resources(statement: Statement) -> tuple[str, ...]:
    """Return the ARNs of a statement; () where it can be about any resource, or is not known yet."""
    found = statement.resources
    if found is None or found.negated or statement.actions.negated or "*" in found.values:
        return ()
    if not all(map(_ARN.fullmatch, found.values)) or any(map(is_open, found.values)):
        return ()
    return found.values


class _Types:
    """The catalogue's answers, each asked once."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.wanted = lru_cache(maxsize=None)(self._wanted)
        self.of = lru_cache(maxsize=None)(self._of)
        self.of_any = lru_cache(maxsize=None)(self._of_any)
        self.known = lru_cache(maxsize=None)(self._known)
        self.meant = lru_cache(maxsize=None)(self._meant)

    def _wanted(self, action: str) -> frozenset[str] | None:
        """Return the types that an action applies to; None for what nobody knows, or is wide."""
        if len(self.catalogue.match(action)) > _MANY:
            return None
        return wanted(action, self.catalogue)

    def _of(self, arn: str, service: str) -> frozenset[str]:
        found = types_of_text(arn, service, self.catalogue)
        if "::" in arn and ":s3:::" not in arn:
            return frozenset(n for n in found if not lacking(arn, service, (n,), self.catalogue))
        return frozenset(found)

    def is_gap(self, action: str, arn: str) -> bool:
        """Tell whether the reference may lack that an action is for an ARN of its service.

        No call is behind the action, whose types are then not those of a call; or the ARN is of one
        of its types but for an empty field, of which `arns` judges.
        """
        found = self.catalogue.action(action)
        if found is not None and found.permission_only:
            return True
        service = action.partition(":")[0].lower()
        return bool(
            (self.wanted(action) or frozenset()).intersection(
                types_of_text(arn, service, self.catalogue)
            )
        )

    def _of_any(self, arns: tuple[str, ...], service: str) -> frozenset[str]:
        """Return the types of a service that one of some ARNs can be of."""
        return frozenset().union(*(self.of(arn, service) for arn in arns))

    def _known(self, arn: str, service: str) -> bool:
        """Tell whether it is known what an ARN is, or that it is nothing of the service's.

        Of a service and its branches, as `redshift` and `redshift-serverless`, actions of one are
        asked on resources of the other more often than the reference says.
        """
        own = arn.split(":", 3)[2]
        if types_of_text(arn, service, self.catalogue):
            return True
        if own.startswith(f"{service}-") or (service, own) in _NODES:
            return False
        formats = (f for k in self.catalogue.resource_types(service) for f in k.formats)
        return own != service and all(f.fields[2] != own for f in formats)

    def _meant(self, arn: str) -> str:
        """Return the ARN of a known type that one of no type was meant to be; "" for none.

        Only where separator, capitals or hyphens of the type's word differ, or one letter does.
        """
        fields = arn.split(":", 5)
        service, last = fields[2], fields[5]
        if self.of(arn, service) or (found := _HEAD.match(last)) is None:
            return ""
        for kind in self.catalogue.resource_types(service):
            for form in kind.formats:
                head = _HEAD.match(form.fields[5])
                if head is None or head.group() == found.group() or not _near(head[1], found[1]):
                    continue
                meant = ":".join((*fields[:5], head.group() + last[found.end() :]))
                if self.of(meant, service):
                    return meant
        return ""


def _near(one: str, other: str) -> bool:
    a, b = (re.sub(r"[_-]", "", word).lower() for word in (one, other))
    return a == b or (len(a) > 5 and distance(a, b, 1) <= 1)


def _dead(statement: Statement, resources: tuple[str, ...], types: _Types) -> list[str]:
    """Return the actions of a statement that apply to none of its resources."""
    whole = {r.split(":", 3)[2] for r in resources if r.split(":", 5)[5].startswith("*")}
    return [
        action
        for action in statement.actions.values
        if ":" in action
        and action.partition(":")[0].lower() not in whole
        and not _is_alive(action, resources, types)
    ]


def _is_alive(action: str, resources: tuple[str, ...], types: _Types) -> bool:
    """Tell whether an action applies to one of the resources, or may for all that is known."""
    names = types.wanted(action)
    service = action.partition(":")[0].lower()
    if names is None or not names.isdisjoint(types.of_any(resources, service)):
        return True
    own = [r for r in resources if r.split(":", 3)[2] == service]
    if not names:
        return not _needs_all(action, service, own, types.catalogue)
    if own and _TAGGING.search(action):
        return True  # the reference seldom lists all that can be tagged
    if any(types.is_gap(action, r) for r in own):
        return True
    return any(not types.known(r, service) or _is_named(action, r) for r in resources)


def _needs_all(action: str, service: str, own: list[str], catalogue: Catalogue) -> bool:
    """Tell whether it is sure that an action without resource types needs `*`."""
    if action.lower() in _WRITE_ON_ALL:
        return True
    if not all(catalogue.level(one) in {"list", "read"} for one in catalogue.match(action)):
        return False
    return service in _ON_ALL or (service in _BY_NAME and all(map(_has_name, own)))


def _has_name(arn: str) -> bool:
    """Tell whether an ARN says more than a type: `role/a*` does, `role/*` does not."""
    last = arn.split(":", 5)[5]
    head = re.match(r"[^:/]*[:/]", last)
    rest = last[head.end() :] if head is not None else last
    return bool(rest) and rest[0] not in "*?:$"


def _is_named(action: str, arn: str) -> bool:
    """Tell whether an action is named for the type of an ARN: what creates it may be limited to it."""
    found = re.match(r"/?([A-Za-z][A-Za-z0-9_-]*)[:/]", arn.split(":", 5)[5])
    if found is None or arn.split(":", 3)[2] == "s3":  # there it is the name of a bucket
        return False
    return action.lower().endswith(re.sub(r"[_-]", "", found[1]).lower())


def _say_dead(
    statement: Statement,
    dead: list[str],
    resources: tuple[str, ...],
    types: _Types,
    report: Report,
) -> None:
    if not dead:
        return
    several = len(dead) > 1
    service = dead[0].partition(":")[0].lower()
    names = dict.fromkeys(t for a in dead for t in sorted(types.wanted(a) or ()))
    hint = meant = ""
    if len(resources) == 1:
        hint, meant = meant_resource(resources[0], names, types.catalogue)
    if not names:
        hint = f"{'they' if several else 'it'} cannot be limited to resources: a statement on `*`"
        hint += (
            f" has to allow {'them' if several else 'it'}" if statement.effect == "Allow" else ""
        )
    elif not hint:
        shown = ", ".join(f"`{service}:{t.replace(' ', '-')}`" for t in list(names)[:4])
        hint = f"{'they apply' if several else 'it applies'} to resources of the types {shown}"
        hint += " …" if len(names) > 4 else ""
    spans = [place(statement, "Action", text) for text in dead[: _SHOWN + 1]]
    where = place(statement, "Resource", resources[0])
    fixed = meant and len(dead) == len(statement.actions.values)
    report.add(
        codes.RESOURCE_MISMATCH,
        spans[0],
        f"{_listed(dead)} {'apply' if several else 'applies'} to none of these resources",
        label=f"this {'denies' if statement.effect == 'Deny' else 'grants'} nothing",
        notes=[Label(s, "nor this") for s in spans[1:] if s is not None and s != spans[0]],
        hint=hint,
        fix=replacing_each([(where, resources[0], meant)]) if fixed else None,
    )


def _say_odd(statement: Statement, odd: list[str], types: _Types, report: Report) -> None:
    if not odd:
        return
    spans = [place(statement, "Resource", arn) for arn in odd[: _SHOWN + 1]]
    service = odd[0].split(":", 3)[2]
    report.add(
        codes.RESOURCE_MISMATCH,
        spans[0],
        f"{_listed(odd)} {'is' if len(odd) == 1 else 'are'} of no type of resources of {service}",
        label="it matches nothing",
        notes=[Label(s, "nor this") for s in spans[1:] if s is not None and s != spans[0]],
        hint=f"did you mean `{types.meant(odd[0])}`?",
        fix=replacing_each(
            (place(statement, "Resource", arn), arn, types.meant(arn)) for arn in odd
        ),
    )


def _say_idle(
    statement: Statement, resources: tuple[str, ...], types: _Types, report: Report
) -> None:
    """Report the resources that no action of a statement applies to."""
    asked: dict[str, _Asked] = {}
    for action in statement.actions.values:
        names = types.wanted(action)
        if names is None:
            return
        of_service = asked.setdefault(action.partition(":")[0].lower(), _Asked([], set()))
        of_service.actions.append(action)
        of_service.types.update(names)
    if not any(one.types for one in asked.values()):
        return
    idle = [arn for arn in resources if _is_idle(arn, asked, types)]
    if not idle:
        return
    spans = [place(statement, "Resource", arn) for arn in idle[: _SHOWN + 1]]
    report.add(
        codes.IDLE_RESOURCE,
        spans[0],
        f"no action of this statement applies to {_listed(idle)}",
        label=f"nothing is {'allowed' if statement.effect == 'Allow' else 'denied'} on it",
        notes=[Label(s, "nor to this") for s in spans[1:] if s is not None and s != spans[0]],
        hint=f"remove {'it' if len(idle) == 1 else 'them'}, or name an action for that",
    )


class _Asked(NamedTuple):
    """The actions of a statement that are of one service, and the types that they apply to."""

    actions: list[str]
    types: set[str]


def _is_idle(arn: str, asked: dict[str, _Asked], types: _Types) -> bool:
    """Tell whether no action applies to a resource."""
    own = arn.split(":", 3)[2]
    if own in _VAGUE or arn.split(":", 5)[5].startswith("*") or not types.of(arn, own):
        return False
    if any(
        not types.of(arn, service).isdisjoint(one.types) or not types.known(arn, service)
        for service, one in asked.items()
    ):
        return False
    # The reference may only not say that these can be limited to the resource
    return not any(
        (types.wanted(action) and _TAGGING.search(action))
        or (
            service == own
            and (not types.wanted(action) or types.is_gap(action, arn) or _is_named(action, arn))
        )
        for service, one in asked.items()
        for action in one.actions
    )


def _listed(texts: list[str]) -> str:
    shown = ", ".join(f"`{text}`" for text in texts[:_SHOWN])
    return f"{shown} …" if len(texts) > _SHOWN else shown
