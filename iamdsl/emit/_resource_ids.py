"""Ids in templates of what sets the policy of a resource: they follow from the resource alone.

CloudFormation makes what has a new id, and then removes what has an old one. Where both set the
policy of one queue, the queue has none in the end. So the id stays when the policy has another
name in the sources, and when an account or a Region that was left open is said.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from iamdsl.diagnostics import Label, codes
from iamdsl.emit._marks import parts
from iamdsl.emit._places import places
from iamdsl.iam import placeholder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl.diagnostics import Report
    from iamdsl.iam import Build, Document

_ODD = re.compile(r"[^A-Za-z0-9]+")
_WORDS = re.compile(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*")
_NAMED = frozenset({"s3", "sns", "sqs"})
"""Services whose ARNs end with nothing but a name, as people call the resource."""
_SEVERAL = frozenset({"logs", "ssm"})
"""Services whose resources have several policies, each by its own name."""
_MOST = 80  # characters of a name in an id; CloudFormation has 255 for the whole


def policy_id(document: Document, known: Mapping[str, str]) -> str:
    """Return the id of what sets the policy of a resource: `SqsJobs` for the queue `jobs`.

    One that is not in the place itself, or is not called by plain words, has a hash in its id.

    Args:
        document: of the kind `resource`.
        known: what is known of its place, `Place.pseudo`.
    """
    service, (region, account, name) = document.service or "", _of(document, known)
    if service in _SEVERAL:
        name = f"{name}:{document.name}"
    readable = "".join(p if isinstance(p, str) else f"-{p.name}-" for p in parts(name))
    words = "".join(w[:1].upper() + w[1:] for w in _ODD.split(f"{service}-{readable}"))
    here = not region and not account
    if here and service in _NAMED and _WORDS.fullmatch(name) and len(words) <= _MOST:
        return words
    return f"{words[:_MOST]}X{_digest(f'{service}:{region}:{account}:{name}')}"


def refuse_doubles(build: Build, pseudo: Iterable[tuple[str, str]], report: Report) -> bool:
    """Report policies of one resource: AWS has one of each, and the last would be in effect.

    Returns:
        Whether there are any.
    """
    before = len(report.diagnostics)
    for place in places(build, pseudo):
        found: dict[str, Document] = {}
        for document in place.build.documents:
            if document.kind != "resource" or document.service in _SEVERAL:
                continue
            first = found.setdefault(policy_id(document, place.pseudo), document)
            if first is document:
                continue
            report.add(
                codes.TARGET_CANNOT_SAY,
                document.origin[0] if document.origin else None,
                f"`{first.name}` is a policy of the same resource as `{document.name}`, and AWS"
                " keeps one of each resource: the last that is deployed would be in effect",
                notes=[Label(span, f"`{first.name}`") for span in first.origin[:1]],
                hint="write one policy with the statements of both",
            )
    return len(report.diagnostics) > before


def _of(document: Document, known: Mapping[str, str]) -> tuple[str, str, str]:
    """Return Region and account of a resource, empty for those of its place, and what it is."""
    target = document.target or ""
    if document.service == "secretsmanager":
        # Six characters of a secret's ARN are made up by AWS; without them it is found as well.
        target = target.removesuffix("-??????")
    fields = target.split(":", 5)
    if len(fields) < 6:
        return "", "", f":{target}"  # an ARN that is open as a whole, and no name
    region = "" if fields[3] in _own("region", known) else fields[3]
    account = "" if fields[4] in _own("account", known) else fields[4]
    return region, account, fields[5]


def _own(name: str, known: Mapping[str, str]) -> set[str]:
    return {placeholder(f"aws.{name}"), known.get(name, "")}


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
