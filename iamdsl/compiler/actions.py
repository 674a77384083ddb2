"""Actions: names against the catalogue, classes (`@read`), and what `except` leaves."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from iamdsl.compiler import builders
from iamdsl.diagnostics import Fix, codes
from iamdsl.diagnostics.nearest import did_you_mean
from iamdsl.iam import Elements
from iamdsl.source import Span
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.aws import Catalogue
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.model import Grant, Value

_SERVICES = "see `iamdsl actions` for the services"
LEVELS = ("list", "read", "write", "tagging", "permissions")
_SHAPE = r"(?a)[A-Za-z0-9][A-Za-z0-9.-]*:[A-Za-z0-9*?_-]+"
_PLACEHOLDER = r"\$\{\w+\}"
_VARIABLE = r"\$\{[^}]*\}|\ue000[^\ue001]*\ue001"


def of_grant(
    grant: Grant, resources: tuple[Value, ...], environment: Environment, report: Report
) -> Elements | None:
    """Return the `Action` or `NotAction` of a grant, None when there is none that is exact."""
    names = _patterns(grant, grant.actions, resources, environment, report)
    excepted = _patterns(grant, grant.actions_except, resources, environment, report)
    if names is None or excepted is None:
        return None
    if not excepted:
        return Elements(tuple(names))
    if "*" in excepted:
        return Elements(())
    if "*" in names:
        return Elements(tuple(excepted), negated=True)
    place = grant.actions_except[0].span or grant.span
    if grant.verb == "deny":
        report.add(
            codes.INEXACT_SET,
            place,
            "this `except` in a `deny` would need a list of today's actions",
            label="an action that AWS adds tomorrow would not be denied",
            hint="deny `*` with a longer `except`, or name the actions that are to be denied",
        )
        return None
    left = tuple(_without(names, excepted, environment.catalogue))
    if any(_is_pattern(name) and name not in left for name in names):
        what = f"{', '.join(sorted(names))} except {', '.join(sorted(excepted))}"
        left = environment.pins.settle(what, left, place, report)
    return Elements(left)


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def _without(names: list[str], excepted: list[str], catalogue: Catalogue) -> Iterable[str]:
    """Yield what is left of action patterns.

    A pattern that has no action in common with what is taken away, known or yet to come, stays
    as it is; any other becomes the list of what it matches today.
    """
    gone = [_tokens(e.lower()) for e in excepted]
    seen: set[str] = set()
    for name in names:
        touched = any(_meet(_tokens(name.lower()), g) for g in gone)
        matched = catalogue.match(name) if touched and ("*" in name or "?" in name) else (name,)
        for action in matched:
            lowered = action.lower()
            left = not touched or not any(_meet(_tokens(lowered), g) for g in gone)
            if left and lowered not in seen:
                seen.add(lowered)
                yield action


def _patterns(
    grant: Grant,
    values: tuple[Value, ...],
    resources: tuple[Value, ...],
    environment: Environment,
    report: Report,
) -> list[str] | None:
    """Return the action patterns of a list, each once, in order; None after a mistake."""
    made: dict[str, str] = {}
    good = True
    for value in values:
        text = str(value.data)
        service, _, name = text.partition(":")
        if builders.widens(value, report, value.span):
            good = False
            continue
        if name.startswith("@"):
            found = _level(grant, value, service, name[1:], resources, environment, report)
        else:
            found = check_name(value, environment, report)
        good &= found is not None
        for pattern in found or ():
            made.setdefault(pattern.lower(), pattern)
    return list(made.values()) if good else None


def check_name(value: Value, environment: Environment, report: Report) -> tuple[str, ...] | None:
    """Return an action pattern as AWS spells it; an unknown one is reported."""
    text = str(value.data)
    if text == "*":
        return ("*",)
    span, catalogue = value.span, environment.catalogue
    if not re.fullmatch(_SHAPE, text):
        report.add(
            codes.UNKNOWN_ACTION,
            span,
            f"`{text}` has not the form of an action",
            hint="write `service:Action`, with `*` and `?` only in the action's name",
        )
        return None
    service, _, name = text.partition(":")
    if "*" in name or "?" in name:
        return _checked_pattern(value, service, text, environment, report)
    canonical = catalogue.canonical(text)
    if canonical is not None:
        return (canonical,)
    if value.verbatim:
        return (text,)
    if (date := catalogue.retired(text)) is not None:
        report.add(
            codes.RETIRED_ACTION,
            span,
            f"AWS has removed the action `{text}`",
            label=f"last seen {date}",
            hint="remove it; a request can no longer ask for it",
        )
        return (text,)
    _unknown(value, service, text, environment, report)
    return None


def _checked_pattern(
    value: Value, service: str, text: str, environment: Environment, report: Report
) -> tuple[str, ...] | None:
    catalogue = environment.catalogue
    if catalogue.matches_any(text) or value.verbatim:
        return (f"{service.lower()}:{text.partition(':')[2]}",)
    if catalogue.retired_service(service) is not None or catalogue.retired(text) is not None:
        report.add(
            codes.RETIRED_ACTION,
            value.span,
            f"AWS has removed what `{text}` matches",
            hint="remove it; a request can no longer ask for it",
        )
        return (text,)
    if not catalogue.has_service(service):
        _unknown(value, service, text, environment, report)
        return None
    report.add(
        codes.EMPTY_WILDCARD,
        value.span,
        f"`{text}` matches no action of {service}",
        label=f"not in the catalogue of {catalogue.version}",
        hint=f'see `iamdsl actions {service}`; a pattern for actions yet to come is quoted: `"{text}"`',
    )
    return None


def _unknown(
    value: Value, service: str, text: str, environment: Environment, report: Report
) -> None:
    catalogue, span = environment.catalogue, value.span
    label = f"not in the catalogue of {catalogue.version}"
    fix = None
    name = text.partition(":")[2]
    if not catalogue.has_service(service):
        near = catalogue.suggest_service(service)
        found = catalogue.canonical(f"{near[0]}:{name}") if near else None
        if found is None and near and ("*" in name or "?" in name):
            found = f"{near[0]}:{name}"
        if found is not None and span is not None and span.text == text:
            fix = Fix.writing(found, span, safe=False)
        hint = did_you_mean(near, _SERVICES)
        report.add(
            codes.UNKNOWN_SERVICE, span, f"`{service}` is no service that AWS has", label=label,
            hint=hint, fix=fix,
        )  # fmt: skip
        return
    operation = catalogue.operation_hint(text)
    near = catalogue.suggest_action(text)
    if operation:
        names = " and ".join(f"`{o}`" for o in operation)
        hint = f"the API operation `{name}` is allowed by {names}"
    else:
        hint = did_you_mean(near, f'if it is newer than the catalogue, quote it: `"{text}"`')
    target = operation[0] if operation else near[0] if near else ""
    if target and span is not None and span.text in {text, name}:
        inside = span.text == name  # of `service:[…]`, which holds names alone
        if not inside:
            fix = Fix.writing(target, span, safe=bool(operation))
        elif target.startswith(f"{service.lower()}:"):
            fix = Fix.writing(target.partition(":")[2], span, safe=bool(operation))
    report.add(
        codes.UNKNOWN_ACTION, span, f"`{text}` is not an IAM action", label=label, hint=hint,
        fix=fix,
    )  # fmt: skip


def unknown_service(node: tree.ActionSet, environment: Environment, report: Report) -> bool:
    """Report, once for all its names, a set of actions of a service that nobody knows."""
    service, catalogue = node.service.text, environment.catalogue
    names = [i for i in node.items if isinstance(i, tree.Literal) and i.kind == "action"]
    if catalogue.has_service(service) or catalogue.retired_service(service) or not names:
        return False
    near = catalogue.suggest_service(service)
    place = node.service.span
    prefix = Span(place.source, place.start, place.start + len(service))
    report.add(
        codes.UNKNOWN_SERVICE,
        prefix,
        f"`{service}` is no service that AWS has",
        label=f"not in the catalogue of {catalogue.version}",
        hint=did_you_mean(near, _SERVICES),
        fix=Fix.writing(near[0], prefix, safe=False) if near else None,
    )
    return True


def _level(
    grant: Grant,
    value: Value,
    service: str,
    level: str,
    resources: tuple[Value, ...],
    environment: Environment,
    report: Report,
) -> tuple[str, ...] | None:
    """Return the actions of a class that apply to the resources of the grant."""
    catalogue = environment.catalogue
    problem, hint = "", ""
    if level not in LEVELS:
        problem = f"there is no class `@{level}`"
        hint = "the classes are " + ", ".join(f"`@{one}`" for one in LEVELS)
    elif not catalogue.has_service(service):
        near = catalogue.suggest_service(service)
        problem = f"`{service}` is no service that AWS has"
        hint = did_you_mean(near, "see `iamdsl actions` for the services")
    elif grant.verb == "deny":
        problem = f"`@{level}` in a `deny` would need a list of today's actions"
        hint = f"write patterns that tomorrow's actions match too, such as `{service}:Get*`"
    if problem:
        code = codes.INEXACT_SET if grant.verb == "deny" else codes.UNKNOWN_ACTION
        report.add(code, value.span, problem, hint=hint)
        return None
    kinds = resource_types(resources, service, catalogue)
    found = catalogue.at_level(service, level, kinds)
    if not found:
        report.add(
            codes.EMPTY_WILDCARD,
            value.span,
            f"`{service}:@{level}` holds no action for these resources",
            hint=f"see `iamdsl actions {service} --level {level} --details`",
        )
        return None
    what = f"{service.lower()}:@{level} on {'*' if kinds is None else ', '.join(sorted(kinds))}"
    return environment.pins.settle(what, found, value.span, report)


def resource_types(
    resources: tuple[Value, ...], service: str, catalogue: Catalogue
) -> tuple[str, ...] | None:
    """Return the service's resource types that some of the resources can be; None is all."""
    kinds: dict[str, None] = {}
    for value in resources:
        text = str(value.data)
        if text == "*":
            return None
        if value.type.name == "Resource" and value.type.options:
            of, _, name = value.type.options[0].partition(":")
            known = catalogue.resource_type(of, name)
            if known is not None and of.lower() == service.lower():
                kinds[known.name] = None
            continue
        kinds.update(dict.fromkeys(types_of_text(text, service, catalogue)))
    return tuple(kinds)


def types_of_text(text: str, service: str, catalogue: Catalogue) -> list[str]:
    """Return the resource types that some resource matching an ARN pattern can be of."""
    kinds = catalogue.resource_types(service.lower())
    return [k.name for k in kinds if is_of_type(text, service, (k.name,), catalogue)]


def is_of_type(text: str, service: str, names: Iterable[str], catalogue: Catalogue) -> bool:
    """Tell whether some resource that matches an ARN pattern can be of one of the types."""
    fields = text.split(":", 5)
    if len(fields) < 6:
        return False
    tokens = _tokens(fields[5])
    return any(
        form.fields[2] == "${Vendor}"  # recovery points: an ARN of whatever was backed up
        or (form.fields[2] == fields[2] and _meet(tokens, _format_tokens(form.fields[5])))
        for name in names
        if (kind := catalogue.resource_type(service, name)) is not None
        for form in kind.formats
    )


_STAR, _ANY, _RUN = "*", "?", "/*"
"""Tokens besides single characters: any text, any character, any text without a slash."""


def _tokens(pattern: str) -> tuple[str, ...]:
    """Return a resource pattern as tokens; what a variable holds can be anything."""
    parts = re.sub(_VARIABLE, "*", pattern)
    return tuple(c + c if c == "/" else c for c in parts)


@cache
def _format_tokens(text: str) -> tuple[str, ...]:
    """Return the last field of a catalogue format as tokens; bucket names hold no slash."""
    made: list[str] = []
    at = 0
    for found in re.finditer(_PLACEHOLDER, text):
        made += (c + c if c == "/" else c for c in text[at : found.start()])
        made.append(_RUN if "BucketName" in found.group() else _STAR)
        at = found.end()
    made += (c + c if c == "/" else c for c in text[at:])
    return tuple(made)


def _meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Tell whether some text matches both, by walking the two side by side."""
    seen: set[tuple[int, int]] = set()
    pending = [(0, 0)]
    while pending:
        state = i, j = pending.pop()
        if state in seen:
            continue
        seen.add(state)
        if i == len(left) and j == len(right):
            return True
        a = left[i] if i < len(left) else ""
        b = right[j] if j < len(right) else ""
        if a in _LOOPS:
            pending.append((i + 1, j))
        if b in _LOOPS:
            pending.append((i, j + 1))
        if a and b and _share(a, b):
            pending.append((i + (a not in _LOOPS), j + (b not in _LOOPS)))
    return False


_LOOPS = frozenset({_STAR, _RUN})


def _share(a: str, b: str) -> bool:
    """Tell whether two tokens have a character in common."""
    if _RUN in (a, b):
        return "//" not in (a, b)
    return a == b or bool({a, b} & {_STAR, _ANY})
