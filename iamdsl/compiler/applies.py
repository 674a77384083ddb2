"""Which resources an action applies to: grants that can never be used.

AWS's Service Authorization Reference lists for each action the resource types that it can be
limited to; a statement whose resources are of none of them grants (or denies) nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.compiler import actions
from iamdsl.compiler.arns import AS_WRITTEN, arn_problem
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
        wanted = _wanted(text, catalogue)
        if wanted is not None and not any(
            _can_be(resource, service.lower(), wanted, catalogue) for resource in resources
        ):
            dead.append(value)
            types.update(dict.fromkeys(f"{service.lower()}:{t}" for t in sorted(wanted)))
    # What an ARN matches that is kept as written, nobody can tell: there is a message on it.
    if dead and not any(arn_problem(str(r.data))[0] in AS_WRITTEN for r in resources):
        hint, fix = _meant(types, resources, catalogue)
        _report(dead, list(types), grant, report, hint, fix)


def _can_be(resource: Value, service: str, wanted: set[str], catalogue: Catalogue) -> bool:
    """Tell whether a resource can be of one of the types; what a builder made is of its own."""
    if resource.type.name == "Resource":
        of, _, name = resource.type.options[0].partition(":")
        if of == service and name in wanted:
            return True
    text = str(resource.data)
    return actions.is_of_type(text, service, wanted, catalogue) and not _lacking(
        text, service, wanted, catalogue
    )


def _lacking(
    text: str, service: str, names: Iterable[str], catalogue: Catalogue
) -> tuple[int, ...]:
    """Return which of region (3) and account (4) an ARN leaves empty and each of the types has.

    Only for texts that are of one of the types otherwise: AWS "reference-arns" has an empty
    field where the service has none, and it matches no other.
    """
    fields = text.split(":", 5)
    forms = [
        form.fields
        for name in names
        if actions.is_of_type(text, service, (name,), catalogue)
        and (kind := catalogue.resource_type(service, name)) is not None
        for form in kind.formats
    ]
    empty = tuple(i for i in (3, 4) if len(fields) == 6 and not fields[i])
    return tuple(i for i in empty if forms and all(form[i] for form in forms))


def _meant(
    types: Iterable[str], resources: tuple[Value, ...], catalogue: Catalogue
) -> tuple[str, Fix | None]:
    """Return what the one resource was meant to be: objects for a bucket, an ARN with account."""
    if len(resources) != 1:
        return "", None
    text, span = str(resources[0].data), resources[0].span
    written = span.text if span is not None else ""
    wanted, names = "", {t.partition(":")[2] for t in types}
    service = text.split(":", 3)[2] if text.count(":") > 3 else ""
    if {"object", "bucket"} & names and (found := re.fullmatch(_BUCKET, text)):
        arn, key = found.groups()
        wanted = f"{arn}/*" if "object" in names and not key else arn if key == "/*" else ""
        hint = f"{'its objects are' if not key else 'the bucket itself is'} `{wanted}`"
        if (call := re.fullmatch(_CALL, written)) and wanted:
            new = f"s3:{'bucket' if key else 'object'}({call.group(1)})"
            return f"{hint}: write `{new}`", _fix(new, span)
    elif service and (empty := _lacking(text, service, names, catalogue)):
        lacks = " and ".join({3: "region", 4: "account"}[i] for i in empty)
        fields = text.split(":", 5)
        for i in empty:
            fields[i] = "*" if i == 3 else "111122223333"
        return f"the ARN lacks its {lacks}: such as `{':'.join(fields)}`", None
    if not wanted:
        return "", None
    if written in {text, f'"{text}"'}:
        return hint, _fix(written.replace(text, wanted), span)
    return hint, None


_BUCKET = r"(arn:[a-z-]+:s3:::[^/*?]+)(/\*)?"
_CALL = r's3:(?:bucket|object)\(("[^"]*"|[\w.-]+)\)'


def _fix(text: str, span: Span | None) -> Fix | None:
    return Fix.writing(text, span, safe=False) if span is not None else None


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
