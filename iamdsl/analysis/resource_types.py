"""Which types of resources an ARN can be of, and whether an action can be about one.

AWS's Service Authorization Reference ("reference_policies_actions-resources-contextkeys") lists
for each action the resource types that it can be limited to, and for each type its ARNs. The
compiler asks of grants, the review of statements; neither knows more than these lists.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from iamdsl.analysis import overlap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from iamdsl.aws import Catalogue

_PLACEHOLDER = r"\$\{\w+\}"
REGION, ACCOUNT = 3, 4
"""Which fields of an ARN these are."""


def types_of_text(text: str, service: str, catalogue: Catalogue) -> list[str]:
    """Return the resource types that some resource matching an ARN pattern can be of."""
    kinds = catalogue.resource_types(service.lower())
    return [k.name for k in kinds if is_of_type(text, service, (k.name,), catalogue)]


def is_of_type(text: str, service: str, names: Iterable[str], catalogue: Catalogue) -> bool:
    """Tell whether some resource that matches an ARN pattern can be of one of the types."""
    fields = text.split(":", 5)
    if len(fields) < 6:
        return False
    tokens = overlap.tokens(fields[5])
    return any(
        form.fields[2] == "${Vendor}"  # recovery points: an ARN of whatever was backed up
        or (form.fields[2] == fields[2] and overlap.meet(tokens, _format_tokens(form.fields[5])))
        for name in names
        if (kind := catalogue.resource_type(service, name)) is not None
        for form in kind.formats
    )


@cache
def _format_tokens(text: str) -> tuple[str, ...]:
    """Return the last field of a catalogue format as tokens; bucket names hold no slash."""
    made: list[str] = []
    at = 0
    for found in re.finditer(_PLACEHOLDER, text):
        made += (c + c if c == "/" else c for c in text[at : found.start()])
        made.append(overlap.RUN if "BucketName" in found.group() else overlap.STAR)
        at = found.end()
    made += (c + c if c == "/" else c for c in text[at:])
    return tuple(made)


def lacking(text: str, service: str, names: Iterable[str], catalogue: Catalogue) -> tuple[int, ...]:
    """Return which of region (3) and account (4) an ARN leaves empty and each of the types has.

    Only for texts that are of one of the types otherwise: AWS "reference-arns" has an empty
    field where the service has none, and it matches no other.
    """
    fields = text.split(":", 5)
    forms = [
        form.fields
        for name in names
        if is_of_type(text, service, (name,), catalogue)
        and (kind := catalogue.resource_type(service, name)) is not None
        for form in kind.formats
    ]
    empty = tuple(i for i in (REGION, ACCOUNT) if len(fields) == 6 and not fields[i])
    return tuple(i for i in empty if forms and all(form[i] for form in forms))


def can_be(text: str, service: str, names: Iterable[str], catalogue: Catalogue) -> bool:
    """Tell whether an ARN pattern can match a resource of one of the types."""
    kinds = tuple(names)
    return is_of_type(text, service, kinds, catalogue) and not lacking(
        text, service, kinds, catalogue
    )


def wanted(pattern: str, catalogue: Catalogue) -> frozenset[str] | None:
    """Return the resource types of all actions that a pattern matches, None when none is known."""
    matched = catalogue.match(pattern)
    if not matched:
        return None
    found = (catalogue.action(one) for one in matched)
    return frozenset(r.type for action in found if action is not None for r in action.resources)


def meant_resource(text: str, names: Collection[str], catalogue: Catalogue) -> tuple[str, str]:
    """Return what an ARN of another type was meant to be: a hint, and the right ARN if it is sure.

    Objects for a bucket and the other way round, and a region or account that was left out.

    Args:
        names: the types that the actions apply to.
    """
    service = text.split(":", 3)[2] if text.count(":") > 3 else ""
    if {"object", "bucket"} & set(names) and (found := re.fullmatch(_BUCKET, text)):
        arn, key = found.groups()
        meant = f"{arn}/*" if "object" in names and not key else arn if key == "/*" else ""
        hint = f"{'its objects are' if not key else 'the bucket itself is'} `{meant}`"
        return (hint, meant) if meant else ("", "")
    if service and (empty := lacking(text, service, names, catalogue)):
        lacks = " and ".join({REGION: "region", ACCOUNT: "account"}[i] for i in empty)
        fields = text.split(":", 5)
        for i in empty:
            fields[i] = "*" if i == REGION else "111122223333"
        return f"the ARN lacks its {lacks}: such as `{':'.join(fields)}`", ""
    return "", ""


_BUCKET = r"(arn:[a-z-]+:s3:::[^/*?]+)(/\*)?"
