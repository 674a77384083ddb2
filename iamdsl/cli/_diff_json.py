"""A difference as JSON for programs: nothing is cut, and nothing put into words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iamdsl.cli._diff_words import tally

if TYPE_CHECKING:
    from iamdsl.analysis.changes import Aspect, Group
    from iamdsl.analysis.difference import Changed, Difference
    from iamdsl.aws import Catalogue
    from iamdsl.simulate import Request

VERSION = 1
"""Of the document; raised when a member changes its meaning or goes away."""


def text(difference: Difference, catalogue: Catalogue) -> str:
    """Return a difference as a JSON document."""
    total = tally(difference)
    document = {
        "version": VERSION,
        "catalogue": catalogue.version,
        "summary": {**total._asdict(), "text": total.headline},
        "subjects": [subject(changed) for changed in difference.subjects],
    }
    return json.dumps(document, indent=2) + "\n"


def subject(changed: Changed) -> dict[str, Any]:
    """Return how one subject differs."""
    return {
        "account": changed.key.account or None,
        "kind": changed.key.kind,
        "name": changed.key.name,
        "title": changed.title,
        "state": changed.state,
        "in_meaning": changed.in_meaning,
        "gains": changed.gains,
        "loses": changed.loses,
        "changes": [_aspect(aspect) for aspect in changed.aspects],
        "settings": [setting._asdict() for setting in changed.settings],
        "form_only": [reshaped._asdict() for reshaped in changed.reshaped],
        "not_at_hand": list(changed.beside),
    }


def _aspect(aspect: Aspect) -> dict[str, Any]:
    return {
        "topic": aspect.topic,
        "has_effect": aspect.has_effect,
        "gained": [_group(group) for group in aspect.gained],
        "lost": [_group(group) for group in aspect.lost],
        "not_decided": list(aspect.unknown),
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "principals": [{kind: value} for kind, value in group.who],
        "actions": list(group.actions),
        "new_actions": list(group.new_actions),
        "resources": list(group.resources),
        "except_resources": list(group.except_resources),
        "conditions": [_condition(text) for text in group.when],
        "witness": _request(group.witness),
    }


def _condition(block: str) -> Any:
    """Return a condition block as JSON values, or as it is where it is in words."""
    try:
        return json.loads(block)
    except ValueError:
        return block


def _request(request: Request) -> dict[str, Any]:
    """Return a request as a line of `simulate --batch` has it."""
    return {
        "principal": request.principal,
        "action": request.action,
        "resource": request.resource,
        "resource_account": request.resource_account,
        "context": {key: list(values) for key, values in sorted(request.context.items())},
    }
