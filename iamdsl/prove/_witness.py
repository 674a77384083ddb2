"""From the classes of a counterexample to a request that shows it, which `simulate` confirms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl.iam import PLACEHOLDER, PLACEHOLDER_OPEN, Elements, Entry
from iamdsl.prove._terms import PRINCIPAL, Opaque, needed_keys
from iamdsl.simulate import Request, effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iamdsl.iam import Statement
    from iamdsl.prove._answer import Effect, Permissions
    from iamdsl.prove._decide import Assignment
    from iamdsl.prove._question import Question
    from iamdsl.prove._terms import Atoms

CALLER = "arn:aws:iam::999999999999:role/caller"
_FRESH = "zq9"
_PARTS = re.compile(r"\$\{([^}]*)\}|(\*)|(\?)|([^$*?]+|\$)")


class Sides(NamedTuple):
    """The statements of a question, to replay requests on."""

    question: Question
    first: Permissions
    second: Permissions

    def effects(self, request: Request) -> tuple[Effect, Effect]:
        """Return what both sides decide about a request."""
        return decided(self.first, request), decided(self.second, request)

    def is_broken(self, request: Request) -> bool:
        """Tell whether a request is a counterexample."""
        return self.question.is_broken(*self.effects(request))


def decided(side: Permissions, request: Request) -> Effect:
    """Return what permissions come to: a deny of any layer wins, else all layers must allow."""
    effects = [effect(statements, request) for statements in side.layers]
    if "Deny" in effects:
        return "Deny"
    return "Allow" if effects and None not in effects else None


def witnesses(
    chosen: Assignment, atoms: Atoms, sides: Sides, action: str, resource: str
) -> list[Request]:
    """Return a request for what was chosen for each dimension, if one is found that replays."""
    principal = chosen.get(PRINCIPAL, (CALLER,))[0]
    keys = {
        key: values
        for key, values in chosen.items()
        if isinstance(key, str) and key != PRINCIPAL and values
    }
    opaque = [
        (atom, chosen[number] == ("true",))
        for number in chosen
        if isinstance(number, int) and isinstance(atom := atoms.atoms[number], Opaque)
    ]
    for context, where in _contexts(keys, opaque, resource):
        request = Request(principal, action, where, context)
        if sides.is_broken(request):
            return [_readable(request, sides)]
    return []


_WITHOUT_REGION = frozenset(
    "s3 iam sts cloudfront route53 organizations globalaccelerator waf shield".split()
)
_WITHOUT_ACCOUNT = frozenset(["s3"])


def _readable(request: Request, sides: Sides) -> Request:
    """Return a request with a usual resource in place of a shortest one, where that shows it too."""
    fields = request.resource.split(":", 5)
    if len(fields) < 6:
        return request
    usual = {1: "aws", 2: "other", 5: fields[5] + "x" if fields[5][-1:] in ("", "/", ":") else ""}
    if fields[2] not in _WITHOUT_REGION:
        usual[3] = "eu-west-1"
    if fields[2] not in _WITHOUT_ACCOUNT:
        usual[4] = "111122223333"
    for at, text in usual.items():
        if text and (at == 5 or fields[at] in ("", "x")):
            changed = [*fields[:at], text, *fields[at + 1 :]]
            other = request._replace(resource=":".join(changed))
            if sides.is_broken(other):
                request, fields = other, changed
    return request


def _contexts(
    keys: Mapping[str, tuple[str, ...]], opaque: list[tuple[Opaque, bool]], resource: str
) -> Iterator[tuple[dict[str, tuple[str, ...]], str]]:
    """Yield contexts, with the resource, in which open texts may be what they were chosen to be."""
    if not opaque:
        yield dict(keys), resource
        return
    texts = [t for a, _ in opaque for t in ((a.text,) if a.entry is None else a.entry.values)]
    named = {key for text in texts for key in needed_keys(text)}
    yield _read_off(dict(keys), opaque, resource), resource
    filled = {**{k: (_FRESH,) for k in named if not keys.get(k)}, **keys}
    fresh = {**keys, **dict.fromkeys(named, (_FRESH,))}
    for stars in ("", "x"):
        yield _written_in(filled, opaque, resource, stars)
        yield _written_in(_read_off(dict(keys), opaque, resource), opaque, resource, stars)
        yield (
            _read_off({k: v for k, v in keys.items() if k not in named}, opaque, resource),
            resource,
        )
        yield _written_in(fresh, opaque, resource, stars)
        # By its default a text is what a variable without a value leaves.
        unset = {k: v for k, v in keys.items() if k not in named}
        yield _written_in(unset, opaque, resource, stars)
    yield filled, resource
    yield dict(keys), resource


def _read_off(
    context: dict[str, tuple[str, ...]], opaque: list[tuple[Opaque, bool]], resource: str
) -> dict[str, tuple[str, ...]]:
    """Give variables the values that a text has where they stand."""
    for atom, truth in opaque:
        if not truth or not atom.text:
            continue
        value = resource if not atom.key else (context.get(atom.key) or ("",))[0]
        found = _regex(atom.text).fullmatch(value)
        for number, key in enumerate(_variables(atom.text)):
            read = found[f"v{number}"] if found is not None else _FRESH
            if not context.get(key):
                context[key] = (read or _FRESH,)
    return context


def _written_in(
    context: dict[str, tuple[str, ...]],
    opaque: list[tuple[Opaque, bool]],
    resource: str,
    stars: str,
) -> tuple[dict[str, tuple[str, ...]], str]:
    """Give keys, and the resource, the texts that they must be, with variables filled in.

    Args:
        stars: what stands for each `*`.
    """
    made = dict(context)
    wanted: dict[str, list[str]] = {}
    for atom, truth in opaque:
        if truth and atom.text and not atom.key:
            resource = _filled(atom.text, made, stars)
        elif truth and atom.text:
            wanted.setdefault(atom.key, []).append(_filled(atom.text, made, stars))
    # Of an entry, either all values of the key are among its own, or one of them is not.
    asked = [(a, a.entry, t) for a, t in opaque if a.entry is not None]
    among = [(a, e) for a, e, t in asked if t == e.operator.startswith("ForAllValues")]
    for atom, entry in among:
        if made.get(atom.key) or not atom.missing:
            wanted.setdefault(atom.key, [_filled(entry.values[0], made, stars)])
    kept = {atom.key for atom, _ in among}
    for atom, entry, _ in asked:
        if (atom, entry) not in among and not (atom.key in kept and wanted.get(atom.key)):
            wanted.setdefault(atom.key, []).append(f"{_FRESH}-other")
    return {
        **made,
        **{key: tuple(dict.fromkeys(values)) for key, values in wanted.items()},
    }, resource


def _variables(text: str) -> list[str]:
    return [
        m[1].partition(",")[0].strip().lower()
        for m in _PARTS.finditer(text)
        if m[1] and m[1] not in "*?$"
    ]


def _regex(text: str) -> re.Pattern[str]:
    made, number = "", 0
    for found in _PARTS.finditer(_named(text)):
        variable, star, one, plain = found.groups()
        if variable is not None and variable not in "*?$":
            made += f"(?P<v{number}>.*)"
            number += 1
        elif star:
            made = made.removesuffix(".*") + ".*"  # many in a row are one, and slow to try
        else:
            made += "." if one else re.escape(variable or plain)
    return re.compile(made, re.DOTALL)


def _filled(text: str, context: Mapping[str, tuple[str, ...]], stars: str) -> str:
    made = ""
    for found in _PARTS.finditer(_named(text)):
        variable, star, one, plain = found.groups()
        if variable is not None and variable not in "*?$":
            key, comma, default = variable.partition(",")
            values = context.get(key.strip().lower(), ())
            made += values[0] if values else default.strip().strip("'") if comma else ""
        else:
            made += stars if star else "x" if one else variable or plain
    return made


def deployed(side: Permissions) -> Permissions:
    """Return permissions with some text for each that only a deployment knows."""
    return side._replace(layers=tuple(tuple(map(_deployed, layer)) for layer in side.layers))


def _deployed(statement: Statement) -> Statement:
    where = statement.resources
    texts = [v for e in statement.condition for v in e.values]
    if not any(PLACEHOLDER_OPEN in text for text in (*texts, *(where.values if where else ()))):
        return statement
    return attrs.evolve(
        statement,
        resources=where and Elements(tuple(map(_named, where.values)), where.negated),
        condition=tuple(
            Entry(e.operator, e.key, tuple(map(_named, e.values))) for e in statement.condition
        ),
    )


def _named(text: str) -> str:
    """Return a text with the name of each placeholder in its place."""
    return PLACEHOLDER.sub(lambda m: re.sub(r"\W", "-", m[1]), text)
