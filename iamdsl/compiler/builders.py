"""ARN builders: `service:type(…)`, by the formats of AWS's catalogue.

Placeholders are given in their order, those left out at the end are `*`; `region`, `account` and
`partition` are those of the place unless they are given by name.
"""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

from iamdsl.aws.partitions import URL_SUFFIXES
from iamdsl.diagnostics import Fix, codes
from iamdsl.diagnostics.nearest import did_you_mean
from iamdsl.iam import PLACEHOLDER_OPEN, placeholder
from iamdsl.model import Value, types
from iamdsl.model.values import leaves

if TYPE_CHECKING:
    from iamdsl.aws import ArnFormat, ResourceType
    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.model import Type
    from iamdsl.source import Span
    from iamdsl.syntax import tree

PLACES = ("partition", "region", "account")
_HOLE = r"\$\{(\w+)\}"
_WIDENING = r"[*?]|\$"


def entity_mark(name: str, what: str = "entity") -> str:
    """Return the mark that `lower` replaces by an entity's ARN, when its path is known.

    `what` is "principal" where of several entities of one name only a role or user can be meant.
    """
    return placeholder(f"{what} {name.lower()}")


def text_of(value: Value) -> str:
    """Return a value as it stands in text."""
    if value.type.name == "Entity":
        return entity_mark(str(value.data))
    if value.type.name == "Bool":
        return "true" if value.data else "false"
    return str(value.data)


def pseudo(name: str, environment: Environment) -> str:
    """Return what AWS knows of the place, or its mark when we do not.

    Args:
        name: `partition`, `account`, `region`, or `url_suffix`, which follows from the partition.
    """
    known = environment.pseudo.get(name)
    if name == "url_suffix":
        known = URL_SUFFIXES.get(environment.pseudo.get("partition", ""))
    return known or placeholder(f"aws.{name}")


def find_type(
    text: str, span: Span, environment: Environment, report: Report
) -> ResourceType | None:
    """Return the catalogue's resource type `service:name`; an unknown one is reported."""
    service, _, name = text.partition(":")
    catalogue = environment.catalogue
    found = catalogue.resource_type(service, name)
    if found is not None:
        return found
    if not catalogue.has_service(service):
        near = catalogue.suggest_service(service)
        report.add(
            codes.UNKNOWN_SERVICE,
            span,
            f"`{service}` is no service that AWS has",
            hint=did_you_mean(near, "write the ARN itself"),
        )
        return None
    near = tuple(_word(kind) for kind in catalogue.suggest_resource_type(service, name))
    words = [t.word for t in catalogue.resource_types(service)]
    known = ", ".join(f"`{w}`" for w in words[:20]) + (" …" if len(words) > 20 else "")
    report.add(
        codes.UNKNOWN_RESOURCE_TYPE,
        span,
        f"`{service}` has no resource type `{name}`",
        hint=did_you_mean(near, f"it has {known}"),
        fix=Fix.writing(f"{service}:{near[0]}", span, safe=False) if near else None,
    )
    return None


def _word(name: str) -> str:
    return name.replace(" ", "-")


def check(
    call: tree.Call,
    arguments: list[tuple[tree.Name | None, tree.Expression, Type]],
    environment: Environment,
    report: Report,
) -> bool:
    """Check the arguments of a builder against the formats of its type; False without a type."""
    function = call.function
    if _no_builder(function.span, environment, report):
        return False
    found = find_type(function.span.text, function.span, environment, report)
    if found is None:
        return False
    positional = 0
    most = max(len(f.placeholders) for f in found.formats)
    for name, value, kind in arguments:
        positional += name is None
        problem = ""
        if name is not None and name.text not in PLACES:
            problem = f"a builder has no argument `{name.text}`"
        elif name is None and positional == most + 1:  # said once, of the first too many
            problem = f"`{function.span.text}` takes at most {most} argument{'s' * (most != 1)}"
        elif not types.fits(types.leaf(kind), types.STRING) and kind.name != "*":
            problem = f"a builder takes text, and this is {kind}"
        elif name is not None and not any(_hole(name.text) in f.text for f in found.formats):
            problem = f"an ARN of `{function.span.text}` has no {name.text} to be given"
        if problem:
            shown = ", ".join(_lower(p) for p in found.formats[0].placeholders)
            report.add(
                codes.WRONG_ARGUMENTS,
                (name or value).span,
                problem,
                hint=f"write `{function.span.text}({shown})`" + _places_of(found),
            )
    return True


def _no_builder(span: Span, environment: Environment, report: Report) -> bool:
    """Report an operator or a condition key that is called like a function."""
    service, _, name = span.text.partition(":")
    if environment.catalogue.has_service(service) and "." not in name:
        return False
    from iamdsl.syntax.habits import foreign  # noqa: PLC0415  # most calls are of builders

    if foreign.of_iam_operator(span.text) is not None:
        hint = foreign.iam_operator_hint(span.text)
        problem = "is IAM's word for an operator"
    elif environment.catalogue.condition_key(span.text.partition(".")[0]) is not None:
        key = span.text.partition(".")[0]
        hint = f'compare it: `{key} == "value"`, `{key} like "a*"`'
        problem = "is called, and a condition key has no functions"
    else:
        return False
    report.add(codes.WRONG_TYPE, span, f"`{span.text}` {problem}", hint=hint)
    return True


def _hole(place: str) -> str:
    """Return the placeholder of a region, account or partition in a format."""
    return f"${{{place.capitalize()}}}"


def _places_of(kind: ResourceType) -> str:
    """Return what of an ARN of that type can be given by name, as a hint goes on."""
    known = [p for p in ("region", "account", "partition") if _hole(p) in kind.formats[0].text]
    shown = [f"`{place} =`" for place in known]
    return (
        f", then {', '.join(shown[:-1])}{' or ' if shown[1:] else ''}{shown[-1]}" if shown else ""
    )


def _lower(placeholder_name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", placeholder_name).lower()


def of_texts(arguments: list[Value], report: Report) -> bool:
    """Report arguments that are no text, which a list of several types lets through to here."""
    wrong = [
        leaf
        for value in arguments
        for leaf in leaves(value)
        if not (types.fits(leaf.type, types.STRING) or leaf.type.name == "*")
    ]
    for leaf in wrong:
        message = f"a builder takes text, and this is {leaf.type}"
        report.add(codes.WRONG_TYPE, leaf.span, message, hint="write it as a string")
    return not wrong


def build(
    kind: ResourceType,
    positional: list[Value],
    places: dict[str, Value],
    environment: Environment,
) -> list[tuple[str, tuple[Value, ...]]]:
    """Return the ARNs that a builder makes, each with the values that went into it.

    It is one for each format, or one for each combination of the items of its lists.
    """
    made: list[tuple[str, tuple[Value, ...]]] = []
    lists = [tuple(leaves(value)) for value in (*positional, *places.values())]
    for chosen in product(*lists):
        texts = [str(v.data) for v in chosen]
        overrides = dict(zip(places, texts[len(positional) :], strict=True))
        own = texts[: len(positional)]
        forms = _formats(kind, len(positional))
        made += [(_fill(form, own, overrides, environment), chosen) for form in forms]
    return made


def _formats(kind: ResourceType, count: int) -> tuple[ArnFormat, ...]:
    """Return the formats that so many texts can be meant for, so that none is left out.

    Stages of API Gateway are of `/apis/…` and of `/restapis/…`: a `deny` on one kind only would
    let the other through. Where some formats take exactly that many texts, they are meant.
    """
    exact = tuple(f for f in kind.formats if len(f.placeholders) == count)
    roomy = tuple(f for f in kind.formats if len(f.placeholders) >= count)
    return exact or roomy or kind.formats[-1:]


def _fill(
    form: ArnFormat, texts: list[str], overrides: dict[str, str], environment: Environment
) -> str:
    values = dict(zip(form.placeholders, texts, strict=False))

    def text_of(found: re.Match[str]) -> str:
        name = found.group(1)
        if name.lower() in PLACES:
            return overrides.get(name.lower()) or pseudo(name.lower(), environment)
        return values.get(name, "*")

    return re.sub(_HOLE, text_of, form.text)


_PLACE_FORMS = {
    "partition": (r"(?a)[a-z0-9*?-]+", "a partition such as `aws`"),
    "region": (r"(?a)[a-z0-9*?-]+", "a region such as `eu-west-1`"),
    "account": (r"(?a)\d{12}|[\d*?]*[*?][\d*?]*", "a 12-digit account id"),
}


def places_fit(places: dict[str, Value], report: Report) -> bool:
    """Report a `region`, `account` or `partition` that would shift the fields of an ARN."""
    for name, value in places.items():
        pattern, form = _PLACE_FORMS.get(name, (".*", "text"))
        for leaf in leaves(value):
            text = str(leaf.data)
            if text in {"*", ""} or PLACEHOLDER_OPEN in text or re.fullmatch(pattern, text):
                continue
            report.add(
                codes.BAD_ARN,
                leaf.span,
                f"`{text}` is not {form}",
                hint=f"write {form}, or `*`",
            )
            return False
    return True


def widens(value: Value, report: Report, span: Span | None) -> bool:
    """Report a text from outside that holds pattern characters where a pattern stands."""
    if not value.outside or not re.search(_WIDENING, str(value.data)):
        return False
    report.add(
        codes.WIDENING_DATA,
        span or value.span,
        f"`{value.outside}` comes from outside and would act as a pattern here",
        hint="declare the param or field as `Pattern` if it is to hold wildcards",
    )
    return True
