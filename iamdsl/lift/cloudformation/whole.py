"""What of a template could be read whole: the rest is refused by name, never imported in part.

A role without one of its policies, or without its boundary, would be another role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl import iam

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.lift.cloudformation.drafts import Draft, Drafts

_STATEMENTS = {"AWS::Lambda::Permission": "lambda", "AWS::Events::EventBusPolicy": "events"}
"""Resources that are statements in the policy of another one, and the service of that."""


class Whole(NamedTuple):
    """What could be read whole, and the names of what could not."""

    documents: tuple[iam.Document, ...]
    identities: tuple[iam.Identity, ...]
    refused: tuple[str, ...]


def whole(drafts: Drafts, documents: list[iam.Document]) -> Whole:
    """Return what was read whole.

    Args:
        documents: those of the drafts, in their last form.
    """
    names = _broken(drafts)
    sources = dict(zip(documents, drafts.documents, strict=True))
    kept = [d for d in documents if not _is_broken(drafts, drafts.made_by[sources[d]], d)]
    identities = {k: draft for k, draft in drafts.identities.items() if k not in names}
    unread = {e.name for k, e in drafts.template.entities.items() if k in names}
    while True:
        gone = unread | {d.name for d in documents if d not in kept}
        gone |= {draft.name for k, draft in drafts.identities.items() if k not in identities}
        left = [d for d in kept if not _speaks_of(iter((d.policy,)), gone)]
        whole_ones = {k: i for k, i in identities.items() if not _rests_on(i, gone)}
        if len(left) == len(kept) and len(whole_ones) == len(identities):
            break
        kept, identities = left, whole_ones
    refused = dict.fromkeys(d.name for d in documents if d not in kept)
    refused |= dict.fromkeys(i.name for k, i in drafts.identities.items() if k not in identities)
    refused |= dict.fromkeys(sorted(unread))
    finished = tuple(draft.finished() for draft in identities.values())
    return Whole(tuple(kept), finished, tuple(refused))


def _broken(drafts: Drafts) -> set[str]:
    """Return the logical ids of identities and policies that could not be read whole."""
    template = drafts.template
    found = set(template.broken) & template.entities.keys()
    if "" in template.broken:
        return set(template.entities)
    unsure = drafts.unknown_holders
    found |= {k for k, draft in drafts.identities.items() if draft.kind in unsure}
    return found


def _is_broken(drafts: Drafts, logical: str, document: iam.Document) -> bool:
    template = drafts.template
    if "" in template.broken or logical in template.broken:
        return True
    kinds = {template.resources[b]["Type"] for b in template.broken & template.resources.keys()}
    return any(_STATEMENTS.get(kind) == document.service for kind in kinds if kind in _STATEMENTS)


def _rests_on(draft: Draft, gone: set[str]) -> bool:
    """Tell whether an identity needs something that is gone."""
    bounds = () if draft.boundary is None else (draft.boundary,)
    if any(a.ours and a.policy in gone for a in (*draft.managed, *bounds)):
        return True
    trust = () if draft.trust is None else (draft.trust,)
    return _speaks_of(iter((*trust, *(policy for _, policy in draft.inline))), gone)


def _speaks_of(policies: Iterator[iam.Policy], gone: set[str]) -> bool:
    """Tell whether policies hold the mark of the ARN of something that is gone."""
    texts = (iam.minified(iam.to_json(policy)) for policy in policies)
    marks = {f"\\ue000entity {name}\\ue001" for name in gone}
    return any(mark in text for text in texts for mark in marks)
