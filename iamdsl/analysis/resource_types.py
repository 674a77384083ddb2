"""Which types of resources an ARN can be of, and whether an action can be about one.

AWS's Service Authorization Reference ("reference_policies_actions-resources-contextkeys") lists
for each action the resource types that it can be limited to, and for each type its ARNs. The
compiler asks of grants, the review of statements; neither knows more than these lists.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from iamdsl.analysis import overlap

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from iamdsl.aws import Catalogue

_WILD = re.compile(r"[*?\ue000\ue001]|\$\{")
_VENDOR = "${Vendor}"
_PLACEHOLDER = r"\$\{\w+\}"
REGION, ACCOUNT = 3, 4
"""Which fields of an ARN these are."""

_SHARED = frozenset({"resource-explorer-2", "ssm"})
"""Services with resources of AWS's own whose ARNs leave the account empty, which the formats of
their types do not say: `arn:aws:ssm:eu-west-1::document/AWS-RunShellScript`."""


@lru_cache(maxsize=8192)
def types_of_text(text: str, service: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the resource types that some resource matching an ARN pattern can be of."""
    fields = text.split(":", 5)
    if len(fields) < 6:
        return ()
    last = fields[5]
    fixed = _WILD.split(last)
    head, tail = fixed[0], fixed[-1].rpartition("}")[2]
    found = (
        form.type
        for form in _formats(service, fields[2], catalogue)
        if form.any
        or (
            (head.startswith(form.start) or form.start.startswith(head))
            and (tail.endswith(form.end) or form.end.endswith(tail))
            and _meets(last, form.last)
        )
    )
    return tuple(dict.fromkeys(found))


class _Format(NamedTuple):
    """An ARN format of a resource type.

    Attributes:
        last: its last field, which begins and ends with the fixed texts `start` and `end`.
        any: whether it is an ARN of whatever was backed up, as those of recovery points.
    """

    type: str
    last: str
    start: str
    end: str
    any: bool


@lru_cache(maxsize=2048)
def _formats(service: str, of: str, catalogue: Catalogue) -> tuple[_Format, ...]:
    """Return the formats of a service's types that can be ARNs of a service: seldom another."""
    made = []
    for kind in catalogue.resource_types(service):
        for form in kind.formats:
            own, last = form.fields[2], form.fields[5]
            if own in {of, _VENDOR}:
                fixed = _fixed(last)
                made.append(_Format(kind.name, last, fixed[0], fixed[-1], own == _VENDOR))
    return tuple(made)


def is_of_type(text: str, service: str, names: Iterable[str], catalogue: Catalogue) -> bool:
    """Tell whether some resource that matches an ARN pattern can be of one of the types."""
    kinds = (catalogue.resource_type(service, name) for name in names)
    found = types_of_text(text, service, catalogue)
    return any(kind.name in found for kind in kinds if kind is not None)


@lru_cache(maxsize=4096)
def _meets(pattern: str, ending: str) -> bool:
    """Tell whether the last field of some ARN of a format matches a pattern.

    Only for those that begin and end alike as far as they are fixed: then two patterns with a
    wildcard in each always meet, by the fixed parts of both one behind the other.
    """
    fixed = _fixed(ending)
    if "BucketName" not in ending and "?" not in pattern:
        if _WILD.search(pattern) is None:
            return _is_filled(fixed, pattern)
        if len(fixed) > 1:
            return True
    return overlap.meet(overlap.tokens(pattern), _format_tokens(ending))


@cache
def _fixed(text: str) -> tuple[str, ...]:
    return tuple(re.split(rf"{_PLACEHOLDER}|\*", text))


def _is_filled(parts: tuple[str, ...], text: str) -> bool:
    """Tell whether a text is the fixed parts of a format in their order, with anything between."""
    if len(parts) == 1:
        return text == parts[0]
    end = len(text) - len(parts[-1])
    if not (text.startswith(parts[0]) and text.endswith(parts[-1])):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        at = text.find(part, at, end) + len(part)
        if at < len(part):
            return False
    return at <= end


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
    empty = tuple(i for i in (REGION, ACCOUNT) if len(fields) == 6 and not fields[i])
    if not empty or (empty == (ACCOUNT,) and fields[2] in _SHARED):
        return ()
    kinds = (catalogue.resource_type(service, name) for name in names)
    found = types_of_text(text, service, catalogue)
    fitting = (kind for kind in kinds if kind is not None and kind.name in found)
    forms = [form.fields for kind in fitting for form in kind.formats]
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
