"""Which resources an action applies to: grants that can never be used.

AWS's Service Authorization Reference lists for each action the resource types that it can be
limited to; a statement whose resources are of none of them grants (or denies) nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.analysis.arns import AS_WRITTEN, arn_problem
from iamdsl.analysis.resource_types import can_be, meant_resource, wanted
from iamdsl.diagnostics import Fix, Label, codes
from iamdsl.iam import PLACEHOLDER_OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.aws import Catalogue
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.model import Grant, Value
    from iamdsl.source import Span


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
        kinds = wanted(text, catalogue)
        if kinds is not None and not any(
            _can_be(resource, service.lower(), kinds, catalogue) for resource in resources
        ):
            dead.append(value)
            types.update(dict.fromkeys(f"{service.lower()}:{t}" for t in sorted(kinds)))
    # What an ARN matches that is kept as written, nobody can tell: there is a message on it.
    if dead and not any(arn_problem(str(r.data))[0] in AS_WRITTEN for r in resources):
        hint, fix = _meant(types, resources, catalogue)
        _report(dead, list(types), grant, report, hint, fix)


def _can_be(resource: Value, service: str, kinds: frozenset[str], catalogue: Catalogue) -> bool:
    """Tell whether a resource can be of one of the types; what a builder made is of its own."""
    if resource.type.name == "Resource":
        of, _, name = resource.type.options[0].partition(":")
        if of == service and name in kinds:
            return True
    return can_be(str(resource.data), service, kinds, catalogue)


def _meant(
    types: Iterable[str], resources: tuple[Value, ...], catalogue: Catalogue
) -> tuple[str, Fix | None]:
    """Return what the one resource was meant to be: objects for a bucket, an ARN with account."""
    if len(resources) != 1:
        return "", None
    text, span = str(resources[0].data), resources[0].span
    written = span.text if span is not None else ""
    hint, meant = meant_resource(text, {t.partition(":")[2] for t in types}, catalogue)
    if not meant:
        return hint, None
    if call := re.fullmatch(_CALL, written):
        new = f"s3:{'bucket' if text.endswith('/*') else 'object'}({call.group(1)})"
        return f"{hint}: write `{new}`", _fix(new, span)
    if written in {text, f'"{text}"'}:
        return hint, _fix(written.replace(text, meant), span)
    return hint, None


_CALL = r's3:(?:bucket|object)\(("[^"]*"|[\w.-]+)\)'


def _fix(text: str, span: Span | None) -> Fix | None:
    return Fix.writing(text, span, safe=False) if span is not None else None


def _is_open(resource: Value) -> bool:
    """Tell whether a resource can be of any type: `*`, or known only at deployment."""
    text = str(resource.data)
    return text == "*" or text.startswith(PLACEHOLDER_OPEN)


def _report(
    dead: list[Value], types: list[str], grant: Grant, report: Report, hint: str, fix: Fix | None
) -> None:
    """Warn once for a statement, at the first of its actions that apply to nothing in it."""
    first = dead[0].span or grant.span
    names = ", ".join(f"`{d.data}`" for d in dead[:3]) + (" …" if len(dead) > 3 else "")
    if not hint and types:
        shown = ", ".join(f"`{t.replace(' ', '-')}(…)`" for t in types[:4])
        hint = f"{'they apply' if len(dead) > 1 else 'it applies'} to {shown}"
        hint += " …" if len(types) > 4 else ""
    elif not hint:
        hint = f"{'they' if len(dead) > 1 else 'it'} cannot be limited to resources: write `on *`"
    report.add(
        codes.RESOURCE_MISMATCH,
        first,
        f"{names} {'apply' if len(dead) > 1 else 'applies'} to none of these resources",
        label=f"this {'denies' if grant.verb == 'deny' else 'grants'} nothing",
        notes=[Label(d.span, "nor this") for d in dead[1:4] if d.span is not None],
        hint=hint,
        fix=fix,
    )
