"""Actions of documents against AWS's reference: names that are not in it, and gone ones.

What Access Analyzer calls INVALID_ACTION, INVALID_SERVICE_IN_ACTION and WILDCARD_IN_SERVICE_NAME,
and parliament UNKNOWN_ACTION and UNKNOWN_PREFIX. Actions of sources have been through the compiler,
which says the same of them. What AWS's own managed policies name counts as known.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from iamdsl.analysis import action_names
from iamdsl.diagnostics import Label, codes
from iamdsl.iam import PLACEHOLDER_OPEN, glob_covers
from iamdsl.lint.blanks import blank_in
from iamdsl.lint.placing import place
from iamdsl.lint.removing import spots, without
from iamdsl.lint.replacing import replacing_each

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Code, Fix, Report
    from iamdsl.iam import Statement
    from iamdsl.lint.items import Item, World

Wrong: TypeAlias = Literal[
    "", "blank", "form", "service pattern", "retired", "service", "empty", "name"
]
"""What is the matter with an action; "" is nothing."""

_SHAPE = re.compile(r"(?a)[A-Za-z0-9*?][A-Za-z0-9.*?-]*:[A-Za-z0-9*?_-]+")
_WILD = frozenset("*?")
_SHOWN = 3
_FORMER = {"zocalo": "workdocs"}
"""Prefixes that AWS had given services before today's; of its own policies only they are left."""


def check(world: World, report: Report) -> None:
    """Report actions of documents that AWS's reference does not have."""
    known: dict[str, Wrong] = {}
    for item in world.items:
        if item.written:
            continue
        told = False
        for statement in item.policy.statements:
            wrong: dict[Wrong, list[str]] = {}
            for text in statement.actions.values:
                if (kind := known.get(text)) is None:
                    kind = known[text] = _judged(text, world.catalogue)
                if kind and (kind != "name" or _is_said(text, statement)):
                    wrong.setdefault(kind, []).append(text)
            if wrong:
                _say(wrong, statement, world.catalogue, report)
            if "blank" in wrong and not told:
                _of_blank(wrong["blank"][0], item, statement, report)
                told = True


def _is_said(text: str, statement: Statement) -> bool:
    """Tell whether an action stands in the file: those of SAM's policy templates do not."""
    span = place(statement)
    if span is None or "\\u" in span.source.text:
        return True
    return text.partition(":")[2].lower() in span.source.text.lower()


def _judged(text: str, catalogue: Catalogue) -> Wrong:
    """Return what is the matter with an action or pattern."""
    if catalogue.has_action(text):
        return ""
    if text in {"*", "*:*"} or PLACEHOLDER_OPEN in text:
        return ""
    if not _SHAPE.fullmatch(text):
        return "blank" if blank_in(text) else "form"
    prefix, _, name = text.partition(":")
    if _WILD & set(prefix):
        return "service pattern"
    if catalogue.matches_any(text) or _is_named(prefix, name.lower(), catalogue):
        return ""
    return _of_unknown(text, prefix, name, catalogue)


def _of_unknown(text: str, prefix: str, name: str, catalogue: Catalogue) -> Wrong:
    if not catalogue.has_service(prefix):
        gone = prefix.lower() in _FORMER or catalogue.retired_service(prefix) is not None
        return "retired" if gone else "service"
    if catalogue.retired(text) is not None:
        return "retired"
    return "empty" if _WILD & set(name) else "name"


def _is_named(prefix: str, name: str, catalogue: Catalogue) -> bool:
    """Tell whether managed policies of AWS's name an action that its reference does not list."""
    named = catalogue.named(prefix)
    return name in named or (bool(_WILD & set(name)) and any(glob_covers(name, n) for n in named))


class _Finding(NamedTuple):
    """What is said of the actions of a statement that have the same mistake."""

    code: Code
    message: str
    label: str
    hint: str
    fix: Fix | None = None


def _say(
    wrong: dict[Wrong, list[str]], statement: Statement, catalogue: Catalogue, report: Report
) -> None:
    """Report what is wrong with the actions of a statement, once for each kind of mistake."""
    makers: dict[Wrong, Callable[[list[str], Statement], _Finding]] = {
        "form": _of_form,
        "service pattern": _of_service_pattern,
        "retired": partial(_of_retired, catalogue=catalogue),
        "empty": partial(_of_empty, catalogue=catalogue),
        "name": partial(_of_name, catalogue=catalogue),
    }
    for kind, make in makers.items():
        if kind in wrong:
            _add(make(wrong[kind], statement), wrong[kind], statement, report)
    services: dict[str, list[str]] = {}
    for text in wrong.get("service", ()):
        services.setdefault(text.partition(":")[0].lower(), []).append(text)
    for texts in services.values():
        _add(_of_service(texts, statement, catalogue), texts, statement, report)


def _add(finding: _Finding, texts: list[str], statement: Statement, report: Report) -> None:
    spans = [place(statement, "Action", text) for text in texts[: _SHOWN + 1]]
    report.add(
        finding.code,
        spans[0],
        finding.message,
        label=finding.label,
        notes=[Label(s, "and this") for s in spans[1:] if s is not None and s != spans[0]],
        hint=finding.hint,
        fix=finding.fix,
    )


def _of_blank(blank: str, item: Item, statement: Statement, report: Report) -> None:
    """Report an action that a template leaves open, once for a document."""
    report.add(
        codes.UNKNOWN_ACTION,
        place(statement, "Action", blank),
        f"{item.title} has a blank for an action: `{blank}`",
        label="nobody has filled this in",
        hint="write `service:Action` in its place",
    )


def _of_form(texts: list[str], _: Statement) -> _Finding:
    variable = "${" in texts[0]
    return _Finding(
        codes.UNKNOWN_ACTION,
        f"{_listed(texts)} {_have(texts)} not the form of an action",
        "AWS refuses this",
        "no variable can stand in an action: name the actions"
        if variable
        else "write `service:Action`, with `*` and `?` only in the action's name",
    )


def _of_service_pattern(texts: list[str], _: Statement) -> _Finding:
    return _Finding(
        codes.SERVICE_PATTERN,
        f"{_listed(texts)} {'has' if len(texts) == 1 else 'have'} a wildcard in the service",
        "it matches services that nobody thought of, and tomorrow's",
        "name the services, a pattern for each",
    )


def _of_retired(texts: list[str], statement: Statement, catalogue: Catalogue) -> _Finding:
    first = texts[0]
    prefix = first.partition(":")[0].lower()
    day = catalogue.retired(first) or catalogue.retired_service(prefix)
    if all(_WILD & set(text) for text in texts):
        message = f"AWS has removed what {_listed(texts)} {_match(texts)}"
    else:
        message = f"AWS has removed the action{'s' if texts[1:] else ''} {_listed(texts)}"
    hint = f"remove {'them' if texts[1:] else 'it'}; a request can no longer ask for "
    hint += "them" if texts[1:] else "it"
    if prefix in _FORMER:
        hint = f"the actions of this service begin with `{_FORMER[prefix]}:` today"
    label = f"last seen {day}" if day is not None else "a former name"
    return _Finding(codes.RETIRED_ACTION, message, label, hint, _removal(texts, statement))


def _removal(texts: list[str], statement: Statement) -> Fix | None:
    values = spots(statement, "Action")
    gone = {f'"{text}"' for text in texts}
    return without(values, [n for n, span in enumerate(values) if span.text in gone])


def _of_empty(texts: list[str], statement: Statement, catalogue: Catalogue) -> _Finding:
    services = list(dict.fromkeys(text.partition(":")[0].lower() for text in texts))
    return _Finding(
        codes.EMPTY_WILDCARD,
        f"{_listed(texts)} {_match(texts)} no action of {' and '.join(services[:2])}",
        _consequence(statement, catalogue),
        f"see `iamdsl actions {services[0]}`",
    )


def _of_name(texts: list[str], statement: Statement, catalogue: Catalogue) -> _Finding:
    meant = {text: action_names.action(text, catalogue) for text in texts}
    there = {value.lower() for value in statement.actions.values}
    # A guess that the statement has already was not meant once more.
    vain = {t for t, one in meant.items() if not one.sure and one.target.lower() in there}
    near = [(t, one.target) for t, one in meant.items() if one.target and t not in vain]
    hint = "" if texts[0] in vain else meant[texts[0]].hint
    if len(texts) > 1:
        hint = ", ".join(f"`{target}` for `{text}`" for text, target in near[:_SHOWN])
        hint = f"write {hint}" if hint else ""
    message = "is not an IAM action" if len(texts) == 1 else "are not IAM actions"
    return _Finding(
        codes.UNKNOWN_ACTION,
        f"{_listed(texts)} {message}",
        _consequence(statement, catalogue),
        hint or f"see `iamdsl actions {texts[0].partition(':')[0].lower()}`",
        _written(near, statement, safe=all(o.sure and len(o.targets) == 1 for o in meant.values())),
    )


def _of_service(texts: list[str], statement: Statement, catalogue: Catalogue) -> _Finding:
    service = texts[0].partition(":")[0]
    meant = {text: action_names.of_other_service(text, catalogue) for text in texts}
    near = [(text, one.target) for text, one in meant.items() if one.target]
    return _Finding(
        codes.UNKNOWN_SERVICE,
        f"`{service}` is no service that AWS has",
        _consequence(statement, catalogue),
        meant[texts[0]].hint or "see `iamdsl actions` for the services",
        _written(near, statement),
    )


def _written(
    near: Sequence[tuple[str, str]], statement: Statement, *, safe: bool = False
) -> Fix | None:
    """Return the fix that writes the actions that were meant."""
    places = ((place(statement, "Action", text), text, new) for text, new in near)
    return replacing_each(places, safe=safe)


def _consequence(statement: Statement, catalogue: Catalogue) -> str:
    """Return what comes of a name that nothing has, in a few words."""
    if not statement.actions.negated:
        return f"not in the catalogue of {catalogue.version}"
    if statement.effect == "Allow":
        return "so this leaves nothing out: what was meant is allowed"
    return "so this leaves nothing out: what was meant is denied"


def _listed(texts: Sequence[str]) -> str:
    shown = [f"`{text}`" for text in texts[:_SHOWN]]
    if len(texts) > _SHOWN:
        return f"{', '.join(shown)} …"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def _have(texts: Sequence[str]) -> str:
    return "has" if len(texts) == 1 else "have"


def _match(texts: Sequence[str]) -> str:
    return "matches" if len(texts) == 1 else "match"
