"""Which resources an action applies to: grants that can never be used.

AWS's Service Authorization Reference lists for each action the resource types that it can be
limited to; a statement whose resources are of none of them grants (or denies) nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.compiler import actions
from iamdsl.diagnostics import codes
from iamdsl.iam import PLACEHOLDER_OPEN

if TYPE_CHECKING:
    from iamdsl.aws import Catalogue
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.model import Grant, Value


def check(
    grant: Grant, resources: tuple[Value, ...], environment: Environment, report: Report
) -> None:
    """Warn of each action of a grant that applies to none of its resources.

    Args:
        resources: with references filled in; those with a mark of a later value count as any.
    """
    catalogue = environment.catalogue
    if not resources or any(_is_open(r) for r in resources):
        return
    for value in grant.actions:
        text = str(value.data)
        service, _, name = text.partition(":")
        if text == "*" or name.startswith("@") or value.verbatim:
            continue
        kinds = set(actions.resource_types(resources, service, catalogue) or ())
        wanted = _wanted(text, catalogue)
        if wanted is None or kinds & wanted:
            continue
        _report(value, text, service, wanted, grant, report, catalogue)


def _is_open(resource: Value) -> bool:
    """Tell whether a resource can be of any type: `*`, or known only at deployment."""
    text = str(resource.data)
    return text == "*" or (resource.type.name != "Resource" and text.startswith(PLACEHOLDER_OPEN))


def _wanted(text: str, catalogue: Catalogue) -> set[str] | None:
    """Return the resource types of all actions that a pattern matches, None when none is known."""
    matched = catalogue.match(text)
    if not matched:
        return None
    wanted: set[str] = set()
    for one in matched:
        action = catalogue.action(one)
        wanted |= {r.type for r in action.resources} if action is not None else set()
    return wanted


def _report(
    value: Value,
    text: str,
    service: str,
    wanted: set[str],
    grant: Grant,
    report: Report,
    catalogue: Catalogue,
) -> None:
    if wanted:
        known = [catalogue.resource_type(service, name) for name in sorted(wanted)]
        builders = [f"`{service}:{k.word}(…)`" for k in known if k is not None]
        shown = ", ".join(builders[:4]) + (" …" if len(builders) > 4 else "")
        hint = f"it applies to {shown}"
    else:
        hint = f"it cannot be limited to resources: write `{grant.verb} {text} on *`"
    report.add(
        codes.RESOURCE_MISMATCH,
        value.span or grant.span,
        f"`{text}` applies to none of these resources",
        label=f"this {'grants' if grant.verb == 'allow' else 'denies'} nothing",
        hint=hint,
    )
