"""Actions: names against the catalogue, classes (`@read`), and what `except` leaves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from iamdsl.analysis import action_names, overlap
from iamdsl.analysis.resource_types import types_of_text
from iamdsl.compiler import builders
from iamdsl.diagnostics import Edit, Fix, codes
from iamdsl.diagnostics.nearest import did_you_mean
from iamdsl.iam import Elements, action_covers
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.model import Grant, Value
    from iamdsl.source import Span

_SERVICES = "see `iamdsl actions` for the services"
LEVELS = ("list", "read", "write", "tagging", "permissions")
_SHAPE = r"(?a)[A-Za-z0-9][A-Za-z0-9.-]*:[A-Za-z0-9*?_-]+"


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
    if grant.verb == "deny":
        return _denied(grant, names, excepted, environment.catalogue, report)
    left = tuple(_without(names, excepted, environment.catalogue))
    if any(_is_pattern(name) and name not in left for name in names):
        what = f"{', '.join(sorted(names))} except {', '.join(sorted(excepted))}"
        place = grant.actions_except[0].span or grant.span
        left = environment.pins.settle(what, left, place, report)
    return Elements(left)


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def _denied(
    grant: Grant, names: list[str], excepted: list[str], catalogue: Catalogue, report: Report
) -> Elements | None:
    """Return what a deny keeps of its patterns; one of which a part is taken away is reported.

    To list the rest as it is today would let tomorrow's actions through. Patterns that today's
    actions of the rest begin like are the way out, which the author has to choose.
    """
    spelled = {n.lower(): n for n in names}
    left = overlap.left_of(spelled, [e.lower() for e in excepted], action_covers)
    if not left.partly:
        return Elements(tuple(spelled[n] for n in left.kept))
    gone = [overlap.tokens(e.lower()) for e in excepted]
    rest = [spelled[n] for n in left.kept]
    for name in left.partly:
        service = name.partition(":")[0]

        def fits(pattern: str, name: str = name, service: str = service) -> bool:
            text = f"{service}:{pattern}".lower()
            walked = overlap.tokens(text)
            return action_covers(name, text) and not any(overlap.meet(walked, g) for g in gone)

        today = _without([spelled[name]], excepted, catalogue)
        cover = overlap.open_cover([a.partition(":")[2] for a in today], fits)
        rest += [f"{service}:{pattern}" for pattern in cover]
    place = grant.actions_except[0].span or grant.span
    report.add(
        codes.INEXACT_SET,
        place,
        "this `except` in a `deny` would need a list of today's actions",
        label="an action that AWS adds tomorrow would not be denied",
        hint=f"name what is to be denied, such as `{_in_sets(rest, _SHOWN)}`,"
        " or deny `*` with a longer `except`",
        fix=_rewritten(grant, rest),
    )
    return None


_SHOWN = 6


def _in_sets(patterns: list[str], most: int | None = None) -> str:
    """Return action patterns as the source has them, those of a service in one set."""
    services: dict[str, list[str]] = {}
    for pattern in patterns[:most]:
        service, _, name = pattern.partition(":")
        services.setdefault(service, []).append(name)
    sets = [f"{s}:{n[0]}" if len(n) == 1 else f"{s}:[{', '.join(n)}]" for s, n in services.items()]
    text = ", ".join(sets)
    if len(patterns) <= (most or len(patterns)):
        return text
    return f"{text[:-1]}, …]" if text.endswith("]") else f"{text}, …"


def _rewritten(grant: Grant, patterns: list[str]) -> Fix | None:
    """Return the fix that writes other actions in place of the list and its exceptions."""
    first, last = grant.actions[0].span, grant.actions_except[-1].span
    if first is None or last is None or first.source is not last.source:
        return None
    source = first.source.text
    end = last.end
    if source[first.start : end].count("[") > source[first.start : end].count("]"):
        end = source.find("]", end) + 1
    written = source[first.start : end]
    if not re.fullmatch(r"[\w:*?,\s\[\]@-]+", written) or written.count("[") != written.count("]"):
        return None  # something else stands between, or the list begins inside a set
    return _writing(patterns, _in_sets(patterns), first.part(first.start, end))


def _writing(patterns: list[str], text: str, place: Span) -> Fix | None:
    title = f"write the {len(patterns)} patterns"
    return Fix(title, (Edit(place, text),), safe=False) if patterns else None


def _without(names: list[str], excepted: list[str], catalogue: Catalogue) -> Iterable[str]:
    """Yield what is left of action patterns.

    A pattern that has no action in common with what is taken away, known or yet to come, stays
    as it is; any other becomes the list of what it matches today.
    """
    gone = [overlap.tokens(e.lower()) for e in excepted]
    seen: set[str] = set()
    for name in names:
        touched = any(overlap.meet(overlap.tokens(name.lower()), g) for g in gone)
        matched = catalogue.match(name) if touched and _is_pattern(name) else (name,)
        for action in matched:
            lowered = action.lower()
            left = not touched or not any(overlap.meet(overlap.tokens(lowered), g) for g in gone)
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
    if _is_pattern(name):
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
    fix = None
    name = text.partition(":")[2]
    operation = catalogue.operation_hint(text)
    named = catalogue.named(service).get(name.lower())
    if named is not None and not operation:
        _only_named(f"{service.lower()}:{named}", value, catalogue, report)
        return
    if not catalogue.has_service(service):
        found = action_names.of_other_service(text, catalogue).target
        if found and span is not None and span.text == text:
            fix = Fix.writing(found, span, safe=False)
        near = catalogue.suggest_service(service)
        _no_service(service, near, span, fix, catalogue, report)
        return
    newer = f'if it is newer than the catalogue, quote it: `"{text}"`'
    meant = action_names.action(text, catalogue, newer)
    target = meant.target
    if target and span is not None and span.text in {text, name}:
        inside = span.text == name  # of `service:[…]`, which holds names alone
        if not inside:
            fix = Fix.writing(target, span, safe=meant.sure)
        elif target.startswith(f"{service.lower()}:"):
            fix = Fix.writing(target.partition(":")[2], span, safe=meant.sure)
    report.add(
        codes.UNKNOWN_ACTION,
        span,
        f"`{text}` is not an IAM action",
        label=f"not in the catalogue of {catalogue.version}",
        hint=meant.hint,
        fix=fix,
    )


def _only_named(action: str, value: Value, catalogue: Catalogue, report: Report) -> None:
    """Report an action that AWS's managed policies name, and its reference does not list."""
    span, fix = value.span, None
    if span is not None and span.text in {value.data, str(value.data).partition(":")[2]}:
        whole = ":" in span.text  # else a name inside `service:[…]`
        quoted = action if whole else action.partition(":")[2]
        fix = Fix.writing(f'"{quoted}"', span, safe=False)
    report.add(
        codes.UNKNOWN_ACTION,
        span,
        f"`{value.data}` is not in AWS's reference of actions",
        label=f"not in the catalogue of {catalogue.version}",
        hint=f'managed policies of AWS name it; quotes take it as written: `"{action}"`',
        fix=fix,
    )


def unknown_service(node: tree.ActionSet, environment: Environment, report: Report) -> bool:
    """Report, once for all its names, a set of actions of a service that nobody knows."""
    service, catalogue = node.service.text, environment.catalogue
    names = [i for i in node.items if isinstance(i, tree.Literal) and i.kind == "action"]
    if catalogue.has_service(service) or catalogue.retired_service(service) or not names:
        return False
    if any(name.text.lower() in catalogue.named(service) for name in names):
        return False  # each name is told apart
    near = catalogue.suggest_service(service)
    start = node.service.span.start
    prefix = node.service.span.part(start, start + len(service))
    fix = Fix.writing(near[0], prefix, safe=False) if near else None
    _no_service(service, near, prefix, fix, catalogue, report)
    return True


def _no_service(
    service: str,
    near: Sequence[str],
    span: Span | None,
    fix: Fix | None,
    catalogue: Catalogue,
    report: Report,
) -> None:
    report.add(
        codes.UNKNOWN_SERVICE,
        span,
        f"`{service}` is no service that AWS has",
        label=f"not in the catalogue of {catalogue.version}",
        hint=did_you_mean(near, _SERVICES),
        fix=fix,
    )


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
        hint = did_you_mean(near, _SERVICES)
    elif grant.verb == "deny":
        _class_in_a_deny(value, service, level, resources, catalogue, report)
        return None
    if problem:
        report.add(codes.UNKNOWN_ACTION, value.span, problem, hint=hint)
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


def _class_in_a_deny(
    value: Value,
    service: str,
    level: str,
    resources: tuple[Value, ...],
    catalogue: Catalogue,
    report: Report,
) -> None:
    """Report a class in a deny, with patterns for its actions that match no other one today."""
    wanted = catalogue.at_level(service, level, resource_types(resources, service, catalogue))
    same = set(catalogue.at_level(service, level, None))

    def fits(pattern: str) -> bool:
        return same.issuperset(catalogue.match(f"{service}:{pattern}"))

    cover = overlap.open_cover([a.partition(":")[2] for a in wanted], fits)
    patterns = [f"{service}:{pattern}" for pattern in cover]
    fix = None
    if value.span is not None and value.span.text == f"@{level}":
        alone = value.span.source.text[value.span.start - 1] == ":" and len(cover) > 1
        text = ", ".join(cover)
        fix = _writing(patterns, f"[{text}]" if alone else text, value.span)
    hint = (
        f"write patterns that tomorrow's actions match too, such as `{_in_sets(patterns, _SHOWN)}`"
    )
    report.add(
        codes.INEXACT_SET,
        value.span,
        f"`@{level}` in a `deny` would need a list of today's actions",
        label="an action that AWS adds tomorrow would not be denied",
        hint=hint if patterns else f"no action of `{service}` is of that class",
        fix=fix,
    )


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
