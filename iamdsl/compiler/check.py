"""Last pass: what may only be said when everything is known; it only complains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import Edit, Fix, Label, codes
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.iam import PLACEHOLDER_OPEN, placeholders, variables
from iamdsl.model import And, Not, Or, Program, Test
from iamdsl.model.program import with_article
from iamdsl.model.types import PRINCIPAL_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.compiler.environment import Environment
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Build, Document, Policy
    from iamdsl.model import Entity, Formula, Grant
    from iamdsl.source import Span

_PSEUDO = ("aws.account", "aws.region", "aws.partition")


def check_params(program: Program, environment: Environment, report: Report) -> None:
    """Report values that are set for params that nobody declares."""
    known = {
        b.name
        for m in program.modules
        for b in m.names.values()
        if b.kind in {"param", "extern"} and not m.library
    }
    for name in environment.params:
        if name not in known | environment.shared_params:
            near = nearest(name, known, 1)
            report.add(
                codes.UNKNOWN_PARAM,
                None,
                f"no source declares a param `{name}`, for which a value is set",
                hint=did_you_mean(near, "remove it, or declare the param"),
            )


def check_grants(entities: tuple[Entity, ...], environment: Environment, report: Report) -> None:
    """Check what conditions take for granted: that a key is there, and of which type it is."""
    for entity in entities:
        for grant in entity.grants:
            if grant.verb != "deny":
                _missing_keys(grant, environment, report)
            _guessed_types(grant, environment, report)


_TYPE_NAMES = {"IpAddress": "Network"}
_SHOWN = 60


def _guessed_types(grant: Grant, environment: Environment, report: Report) -> None:
    """Report typed comparisons of keys whose type nothing says, or the catalogue says otherwise.

    On a value of another type a comparison and its opposite are both false (AWS
    "reference_policies_elements_condition_operators"): in a Deny the opposite would let such a
    request through, which is an error; elsewhere it refuses too much, which is a warning.
    """
    for test, negated in _tests(grant.condition, False):
        place = test.guessed
        known = environment.catalogue.condition_key(test.key)
        lost = grant.verb == "deny" and negated != test.negated
        if place is None or (known is not None and not lost):
            continue  # of a type that differs from the catalogue's a warning has been given
        name = _TYPE_NAMES.get(test.family, test.family)
        said = f"{name}({place.text})" if place != test.span else f"{place.text} == Bool(true)"
        duration = name == "Numeric" and place.text[-1:].isalpha()
        if duration:
            said = f"Numeric({test.values[0]})"
        report.add(
            codes.INEXPRESSIBLE_CONDITION if lost else codes.GUESSED_TYPE,
            place,
            f"the catalogue does not know the type of `{test.key}`"
            if known is None
            else f"`{test.key}` is of type {known.type}, and this `deny` needs it to be {name}",
            label=f"a value that is no {name} would escape this `deny`"
            if lost
            else f"taken to be {name}",
            hint="say the type if you are sure of it"
            + (f": `{said}`" if len(said) < _SHOWN else f" by `{name}(…)`"),
            fix=None if duration else Fix.writing(said, place, safe=False),
        )


def _missing_keys(grant: Grant, environment: Environment, report: Report) -> None:
    asked = {t.key.lower() for t, _ in _tests(grant.condition, False) if t.relation == "exists"}
    for test, negated in _tests(grant.condition, False):
        if test.relation == "exists" or test.optional or test.key.lower() in asked:
            continue
        met = (
            test.negated != negated
            if test.quantifier is None
            else ((test.quantifier == "all") != negated)
        )
        if test.family == "Bool" and test.quantifier is None:
            met = negated != test.negated
        known = environment.catalogue.condition_key(test.key)
        if not met or (known is not None and known.always):
            continue
        said = negated or test.quantifier == "all"
        if not said:
            continue  # `!=` says so itself; `unless` and `all` hide it
        place = test.span
        report.add(
            codes.MISSING_KEY_DECIDES,
            place,
            f"a request without `{test.key}` meets this condition",
            label="and is allowed",
            hint=f"add `and {test.key} exists` where such a request is not meant"
            if test.quantifier
            else f"add `when {test.key} exists`, or `{test.key} missing` to say that it is meant",
            fix=_exists_fix(test) if test.quantifier and not negated else None,
        )


def warn_of_widening(formula: Formula, widening: list[tuple[str, str]], report: Report) -> None:
    """Warn of comparisons in an `allow` that hold since a variable in them has no value.

    Args:
        widening: case-folded, the key that is compared and the key whose variable it is
            compared with.
    """
    for test, negated in _tests(formula, False):
        for key, name in widening:
            named = (n for v in test.values for n in variables(v) if n.casefold() == name)
            written = next(named, None)
            if written is None or test.key.casefold() != key or test.span is None:
                continue
            so, then = ("or", "missing") if negated else ("and", "exists")
            said = f"{test.span.text} {so} {written} {then}"
            report.add(
                codes.VALUELESS_VARIABLE,
                test.span,
                f"a `${{{written}}}` without a value differs from everything",
                label="a request without that key is allowed",
                hint=f"add `{so} {written} {then}` where such a request is not meant",
                fix=Fix.writing(said if test is formula else f"({said})", test.span, safe=False),
            )


def _exists_fix(test: Test) -> Fix | None:
    if test.span is None:
        return None
    return Fix("ask for the key", (Edit(test.span.after, f" and {test.key} exists"),), safe=False)


def _tests(formula: Formula, negated: bool) -> Iterator[tuple[Test, bool]]:
    match formula:
        case Test():
            yield formula, negated
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from _tests(part, negated)
        case Not(part=part):
            yield from _tests(part, not negated)


def check_resolved(build: Build, environment: Environment, report: Report) -> None:
    """Report names of nothing; and what only a deployment knows, where a target cannot wait."""
    seen: dict[str, Span | None] = {}
    for text, span in (found for _, part in build.each() for found in _texts(part)):
        if PLACEHOLDER_OPEN in text:
            for name in placeholders(text):
                # What follows from the partition is given by giving that.
                seen.setdefault("aws.partition" if name == "aws.url_suffix" else name, span)
    for name, span in seen.items():
        if name.startswith(("entity ", "principal ")):
            _not_in_the_build(name, span, build, report)
        elif name not in _PSEUDO and not environment.defers:
            report.add(
                codes.UNRESOLVED_VALUE,
                span,
                f"`{name}` is known only at deployment, and {_what(environment)} leave it open",
                hint=f"give it by `--set {name}=…`, or `{name} = …` under `[samples]`"
                if environment.sampled
                else f"build with `--set {name}=…`, or a target that asks when it is deployed",
            )
    places = [name for name in _PSEUDO if name in seen]
    if places and not environment.defers:
        span = next(s for n, s in seen.items() if n in places)
        _unknown_place(places, span, environment, report)


def _what(environment: Environment) -> str:
    return "questions cannot" if environment.sampled else "JSON cannot"


def _unknown_place(
    names: list[str], span: Span | None, environment: Environment, report: Report
) -> None:
    """Report, once for a build, what is not known of the place that it is for."""
    shown = " and ".join(", ".join(f"`{n}`" for n in names).rsplit(", ", 1))
    lines = ", ".join(f'`{n.removeprefix("aws.")} = "…"`' for n in names)
    options = " ".join(f"--set {n}=…" for n in names)
    are, them = ("are", "them") if len(names) > 1 else ("is", "it")
    report.add(
        codes.UNRESOLVED_VALUE,
        span,
        f"{shown} {are} known only at deployment, and {_what(environment)} leave {them} open",
        hint=f"give {them} by `{options}`, or {lines} under `[aws]` in `iamdsl.toml`"
        if environment.sampled
        else f"build with `{options}`, or write {lines} under `[aws]` in `iamdsl.toml`",
    )


def _not_in_the_build(mark: str, span: Span | None, build: Build, report: Report) -> None:
    what, _, name = mark.partition(" ")
    hint = "its declaration is in a template that is not used, or an `if` that is not so"
    homes = [a.name for a in build.accounts if name in _names(a.build)]
    if homes:
        hint = f"it is in the account `{homes[0]}`: write `{homes[0]}.{name}`"
    shown = name.replace("/", ".")
    kinds = [kind for _, part in build.each() for kind in _kinds_of(name, part)]
    if what == "principal":
        kinds = [kind for kind in kinds if kind in PRINCIPAL_KINDS]
    if len(kinds) > 1:
        message = f"`{shown}` is {' and '.join(map(with_article, kinds))}, and its ARN is asked for"
        hint = f'write the ARN of the one that is meant: `iam:{kinds[0]}("{shown}")`'
        report.add(codes.AMBIGUOUS_NAME, span, message, hint=hint)
        return
    report.add(codes.UNKNOWN_NAME, span, f"nothing is named `{shown}` in this build", hint=hint)


def _kinds_of(name: str, build: Build) -> list[str]:
    """Return the kinds of what has a name and an ARN of IAM's in a place."""
    policies = ("policy" for d in build.documents if d.is_managed and d.name.lower() == name)
    return [*policies, *(i.kind for i in build.identities if i.name.lower() == name)]


def _names(build: Build) -> set[str]:
    return {d.name.lower() for d in build.documents} | {i.name.lower() for i in build.identities}


def _texts(build: Build) -> Iterator[tuple[str, Span | None]]:
    for document in build.documents:
        place = document.origin[0] if document.origin else None
        yield from _policy_texts(document.policy, place)
        yield document.target or "", place
        yield document.description or "", place
        for _, value in document.tags:
            yield value, place
        for attachment in document.attached:
            yield attachment.policy, (*attachment.origin, place)[0]
    for identity in build.identities:
        place = identity.origin[0] if identity.origin else None
        for policy in (identity.trust, identity.own):
            if policy is not None:
                yield from _policy_texts(policy, place)
        if identity.boundary is not None:
            yield identity.boundary.policy, (*identity.boundary.origin, place)[0]
        for attachment in identity.managed:
            yield attachment.policy, (*attachment.origin, place)[0]
        for _, value in identity.tags:
            yield value, place
        yield identity.description or "", place


def _policy_texts(policy: Policy, place: Span | None) -> Iterator[tuple[str, Span | None]]:
    for statement in policy.statements:
        span = (*statement.origin, place)[0]
        for elements in (statement.actions, statement.resources):
            for text in elements.values if elements is not None else ():
                yield text, span
        for _, values in statement.principals.by_type if statement.principals else ():
            for text in values:
                yield text, span
        for entry in statement.condition:
            for text in (entry.key, *entry.values):
                yield text, span


def check_references(build: Build, report: Report) -> None:
    """Report a policy that was split although something speaks of it as one."""
    for _, part in build.each():
        _check_pieces(part, report)


def _check_pieces(build: Build, report: Report) -> None:
    pieces: dict[str, list[Document]] = {}
    for document in build.documents:
        if document.split_from is not None:
            pieces.setdefault(document.split_from, []).append(document)
    texts = list(_texts(build)) if pieces else []
    for name, documents in pieces.items():
        first = documents[0]
        if len(documents) < 2 or first.name != name:
            continue
        ending = f":policy{first.path}{name}"
        place = next((p for text, p in texts if text.endswith(ending)), None)
        if first.whole or place is not None:
            origin = (*first.origin, None)[0]
            report.add(
                codes.TOO_LARGE,
                origin,
                f"the policy `{name}` has to be split into {len(documents)}, and is spoken of as one",
                label="as a boundary, or by its ARN",
                notes=[Label(place, "such as here")] if place is not None else (),
                hint="make it smaller, or attach it by name only",
            )
