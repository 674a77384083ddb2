"""Which resources an action applies to: grants that can never be used.

AWS's Service Authorization Reference lists for each action the resource types that it can be
limited to; a statement whose resources are of none of them grants (or denies) nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.compiler import actions
from iamdsl.diagnostics import Label, codes
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
    dead: list[Value] = []
    types: dict[str, None] = {}
    for value in grant.actions:
        text = str(value.data)
        service, _, name = text.partition(":")
        if text == "*" or name.startswith("@") or value.verbatim:
            continue
        wanted = _wanted(text, catalogue)
        if wanted is not None and not any(
            _can_be(resource, service.lower(), wanted, catalogue) for resource in resources
        ):
            dead.append(value)
            types.update(dict.fromkeys(f"{service.lower()}:{t}" for t in sorted(wanted)))
    if dead:
        _report(dead, list(types), grant, report)


def _can_be(resource: Value, service: str, wanted: set[str], catalogue: Catalogue) -> bool:
    """Tell whether a resource can be of one of the types; what a builder made is of its own."""
    if resource.type.name == "Resource":
        of, _, name = resource.type.options[0].partition(":")
        if of == service and name in wanted:
            return True
    return actions.is_of_type(str(resource.data), service, wanted, catalogue)


def _is_open(resource: Value) -> bool:
    """Tell whether a resource can be of any type: `*`, or known only at deployment."""
    text = str(resource.data)
    return text == "*" or text.startswith(PLACEHOLDER_OPEN)


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


def _report(dead: list[Value], types: list[str], grant: Grant, report: Report) -> None:
    """Warn once for a statement, at the first of its actions that apply to nothing in it."""
    first = dead[0].span or grant.span
    names = ", ".join(f"`{d.data}`" for d in dead[:3]) + (" …" if len(dead) > 3 else "")
    if types:
        shown = ", ".join(f"`{t.replace(' ', '-')}(…)`" for t in types[:4])
        hint = f"{'they apply' if len(dead) > 1 else 'it applies'} to {shown}"
        hint += " …" if len(types) > 4 else ""
    else:
        hint = f"{'they' if len(dead) > 1 else 'it'} cannot be limited to resources: write `on *`"
    report.add(
        codes.RESOURCE_MISMATCH,
        first,
        f"{names} {'apply' if len(dead) > 1 else 'applies'} to none of these resources",
        label=f"this {'denies' if grant.verb == 'deny' else 'grants'} nothing",
        notes=[Label(d.span, "nor this") for d in dead[1:4] if d.span is not None],
        hint=hint,
    )
