"""Which resources a resource policy is in effect for, and what its statements say about them.

A policy is set on one resource and speaks for what lies under it: a bucket's policy for its
objects, a table's for its indexes. What lies under what is each service's own (the pages that
`aws.resource_policies` names).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.aws.resource_policies import of_service
from iamdsl.iam import Elements, glob_covers

if TYPE_CHECKING:
    from iamdsl.iam import Document, Statement

_NO_RESOURCE_POLICIES = frozenset({"ec2", "iot"})
"""A VPC endpoint's policy is a filter of its own, and a policy of IoT hangs on certificates."""
_FIELDS = 6
_API = "execute-api"
_SHORT_API = f"{_API}:/"


def governed(document: Document) -> tuple[str, ...]:
    """Return the patterns of the resources that a resource policy is in effect for.

    Empty for documents of other kinds, and for those that are no resource policies to AWS:
    the policies of VPC endpoints and of IoT. A target that is itself a pattern, as that of a
    KMS key whose id is not known, stands for one resource of many.
    """
    target, service = document.target, document.service
    if document.kind != "resource" or target is None or service in _NO_RESOURCE_POLICIES:
        return ()
    fields = target.split(":", _FIELDS - 1)
    if len(fields) < _FIELDS:
        return (target,)
    head, part = ":".join(fields[:-1]), fields[-1]
    match service:
        case "s3":
            if part.startswith("accesspoint/"):
                return target, f"{target}/object/*"
            return (target,) if "/" in part else (target, f"{target}/*")
        case "s3-outposts":
            return target, f"{target}/object/*"
        case "s3tables":
            return (target,) if "/table/" in part else (target, f"{target}/table/*")
        case "dynamodb":
            return (target,) if "/stream/" in part else (target, f"{target}/index/*")
        case "es" | "mediastore" | "vpc-lattice":
            return target, f"{target}/*"
        case "logs":
            plain = target.removesuffix(":*")
            return plain, f"{plain}:*"
        case "apigateway" | "execute-api":
            return (f"{_api_head(target)}*",)
        case "glue" | "organizations":
            # One policy speaks for all of the account that the service has in the Region.
            return (f"{head}:*",)
        case _:
            return target, *_beside(service, head, part)


def _beside(service: str | None, head: str, part: str) -> tuple[str, ...]:
    """Return what a policy is in effect for besides its target, where that lies beside it."""
    kind, _, name = part.partition("/")
    match service, kind:
        case "codeartifact", "repository":
            return (f"{head}:package/{name}/*",)
        case "events", "event-bus" if name != "default":
            # Rules on the default bus do not name it: they are not told from those of others.
            return (f"{head}:rule/{name}/*",)
        case "sagemaker", "model-package-group":
            return (f"{head}:model-package/{name}/*",)
        case _:
            return ()


def governs(document: Document, resource: str) -> bool:
    """Tell whether a resource policy is in effect for a resource, given as its ARN."""
    return any(glob_covers(pattern, resource) for pattern in governed(document))


def in_full(target: str | None, statement: Statement) -> Statement:
    """Return a statement of the policy of a target with its short resources written as ARNs.

    API Gateway takes `execute-api:/stage/GET/orders` (AWS "apigateway-resource-policies-examples").
    """
    resources = statement.resources
    if resources is None or target is None:
        return statement
    if not any(value.startswith(_SHORT_API) for value in resources.values):
        return statement
    head = _api_head(target)
    values = tuple(
        head + v.removeprefix(_SHORT_API) if v.startswith(_SHORT_API) else v
        for v in resources.values
    )
    return attrs.evolve(statement, resources=Elements(values, resources.negated))


def narrowed(document: Document, statement: Statement) -> Statement | None:
    """Return a statement of a resource policy as it stands for the policy's resources alone.

    What it leaves implied, or says by a wider pattern, is written as the governed resources, so
    that it can stand beside statements of other policies. None when it is about none of them.

    `NotResource` has no such form: an Allow is taken for all governed resources that it does not
    wholly exempt, a Deny for those that it does not touch, which errs to allowing more.
    """
    statement = in_full(document.target, statement)
    patterns = governed(document)
    resources = statement.resources
    if resources is None or _is_own(document, resources):
        return attrs.evolve(statement, resources=Elements(patterns))
    if not resources.negated:
        found = [p for value in resources.values for g in patterns for p in _both(value, g)]
    elif statement.effect == "Allow":
        found = [g for g in patterns if not any(glob_covers(v, g) for v in resources.values)]
    else:
        found = [g for g in patterns if not any(_both(v, g) for v in resources.values)]
    if not found:
        return None
    return attrs.evolve(statement, resources=Elements(tuple(dict.fromkeys(found))))


def _is_own(document: Document, resources: Elements) -> bool:
    """Tell whether a statement names the policy's resource as its service writes it: `*`."""
    rule = of_service(document.service or "")
    return (
        rule is not None
        and rule.own == "*"
        and not resources.negated
        and "*" in resources.values
        and rule.scope == "itself or wider"
    )


def _api_head(target: str) -> str:
    """Return what ARNs of an API's methods begin with, for the ARN of the API or of methods."""
    _, partition, service, region, account, part = target.split(":", _FIELDS - 1)
    api = part.removeprefix("/restapis/") if service == "apigateway" else part
    return f"arn:{partition}:{_API}:{region}:{account or '*'}:{api.partition('/')[0]}/"


def _both(pattern: str, own: str) -> tuple[str, ...]:
    """Return patterns of what both match; `own` has at most a `*` at its end, or is a target.

    A pattern that overlaps with a target that is itself one comes out as that target: wider.
    """
    if glob_covers(pattern, own):
        return (own,)
    if glob_covers(own, pattern):
        return (pattern,)
    stem = own.removesuffix("*")
    if stem == own or "*" in stem or "?" in stem:
        return (own,) if "*" in stem and _may_meet(pattern, own) else ()
    return tuple(dict.fromkeys(stem + rest for rest in _after(pattern, stem)))


def _after(pattern: str, text: str) -> list[str]:
    """Return the patterns of what may follow `text` in what a pattern matches."""
    places = _with_skips(pattern, {0})
    for character in text:
        moved = {
            at if pattern[at] == "*" else at + 1
            for at in places
            if at < len(pattern) and pattern[at] in {"*", "?", character}
        }
        places = _with_skips(pattern, moved)
    # After a `*` both it and what follows are possible: the longer pattern says both.
    least = [
        at for at in sorted(places) if at == 0 or pattern[at - 1] != "*" or at - 1 not in places
    ]
    return [pattern[at:] for at in least]


def _with_skips(pattern: str, places: set[int]) -> set[int]:
    found = set(places)
    for at in sorted(places):
        skipped = at
        while skipped < len(pattern) and pattern[skipped] == "*":
            skipped += 1
            found.add(skipped)
    return found


def _may_meet(a: str, b: str) -> bool:
    """Tell whether two patterns may match one text, by what comes before their wildcards."""
    head = min(_literal(a), _literal(b))
    return a[:head] == b[:head]


def _literal(pattern: str) -> int:
    return min(
        (at for at in (pattern.find("*"), pattern.find("?")) if at >= 0), default=len(pattern)
    )
