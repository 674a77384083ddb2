"""Requests about what nobody named, and whether permissions let them through.

A policy that is confined to what it names (by ARN, path, prefix, tag, or by a variable for oneself)
says nothing of a resource of another name; one that is not lets it through. So a request is made
about a resource of a name that nobody has, without tags, and for a caller of whom nothing is known
but what the build says:

    request ──▶ statements about its action and resource ──▶ tests of what is known are decided
                                                           ──▶ what is left open is proved
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import attrs

from iamdsl import prove, simulate
from iamdsl.analysis import facts
from iamdsl.aws.exposure import WATCHED as WATCHED_ACTIONS
from iamdsl.iam import Elements, Statement, glob_covers
from iamdsl.iam.covering import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iamdsl.analysis.subjects import Subject
    from iamdsl.aws import Catalogue
    from iamdsl.iam import Build, Entry
    from iamdsl.prove import Permissions

NAME: Final = "named-by-nobody"
"""The name of what requests are about; no pattern is for it but those for all names."""
SOMEBODY: Final = "somebody-else"
"""The name of a user who is not the one that a request is about."""
_ACCOUNT: Final = "111122223333"
_IDS: Final = {"InstanceId": "i-0f1e2d3c4b5a69788", "PolicyType": "service_control_policy"}
"""Placeholders of ARNs whose values always begin alike, or are the ones that are meant."""
_ANYTHING: Final = Elements(("*",))
_OPEN_PARTS: Final = {1: "aws", 3: "eu-west-1", 4: _ACCOUNT}
"""Fields of an ARN that may be open: partition, Region, account; and what a text has instead."""
_TAGS: Final = re.compile(r"(?:[a-z0-9-]+:resourcetag|aws:principaltag)/", re.IGNORECASE)
_NAMES: Final = frozenset({"String", "ARN"})
"""Types of keys that can hold a name."""
_PLACEHOLDERS: Final = re.compile(r"\$\{(\w+)\}")
_DIRECT: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:viaawsservice": ("false",),
    "aws:principalisawsservice": ("false",),
    "aws:calledvia": (),
    "aws:calledviafirst": (),
    "aws:calledvialast": (),
    "aws:sourcearn": (),
    "aws:sourceaccount": (),
    "aws:userid": (NAME,),
}
"""What requests have that somebody makes by themselves, and no service for them."""

WATCHED: Final = WATCHED_ACTIONS
"""The actions that requests can be made of."""
_LOWERED: Final = {name.lower(): name for name in WATCHED}
_BY_SERVICE: Final[Mapping[str, list[tuple[str, str]]]] = {
    service: [(low, name) for low, name in _LOWERED.items() if low.partition(":")[0] == service]
    for service in {low.partition(":")[0] for low in _LOWERED}
}

Facts = dict[str, tuple[str, ...]]


class Unnamed(NamedTuple):
    """A request about what nobody named.

    Attributes:
        action: one of `WATCHED`.
        resource: an ARN by its fields, None where any value will do; () for what is asked of no
            resource.
        given: keys in lower case with their values, () for those that the request lacks.
        sealed: whether keys of services are about what nobody named as well.
    """

    action: str
    resource: tuple[str | None, ...]
    given: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sealed: bool = False


@lru_cache(maxsize=4096)
def unnamed(
    action: str, kind: str | None, account: str | None, catalogue: Catalogue
) -> tuple[str | None, ...]:
    """Return the resource of an action that nobody named, as fields; see `Unnamed.resource`.

    Args:
        kind: of the resource types of the action; None for the first that a call must have.
        account: that it is in; None where nobody said it.
    """
    template = _template(action, kind, catalogue)
    if template is None:
        return ()
    known = {"Partition": None, "Region": None, "Account": account}

    def filled(field: str) -> str | None:
        whole = _PLACEHOLDERS.fullmatch(field)
        if whole is not None and whole[1] in known:
            return known[whole[1]]
        return _PLACEHOLDERS.sub(lambda m: known.get(m[1]) or _IDS.get(m[1], NAME), field)

    return tuple(filled(field) for field in template)


def _template(action: str, kind: str | None, catalogue: Catalogue) -> tuple[str, ...] | None:
    """Return the fields of the ARN format of what an action is asked for; None for nothing."""
    found = catalogue.action(action)
    types = found.resources if found is not None else ()
    wanted = [t.type for t in types if (t.required if kind is None else t.type == kind)]
    if not wanted:
        return None
    resource = catalogue.resource_type(action.partition(":")[0], wanted[0])
    return resource.formats[0].fields if resource is not None and resource.formats else None


def offered(statements: Iterable[Statement]) -> frozenset[str]:
    """Return those of `WATCHED` that statements allow on anything at all, by their text."""
    return frozenset().union(*(named(s.actions) for s in statements if s.effect == "Allow"))


@lru_cache(maxsize=16384)
def named(actions: Elements) -> frozenset[str]:
    """Return those of `WATCHED` that an `Action` or `NotAction` is about."""
    plain, wild = names(actions.values)
    said = {_LOWERED[name] for name in _LOWERED.keys() & plain}
    for pattern in wild:
        said.update(_matched(pattern))
    return WATCHED - said if actions.negated else frozenset(said)


@lru_cache(maxsize=16384)
def _matched(pattern: str) -> tuple[str, ...]:
    """Return those of `WATCHED` that a pattern, in lower case, matches."""
    service = pattern.partition(":")[0]
    wide = "*" in service or "?" in service
    among = _LOWERED.items() if wide else _BY_SERVICE.get(service, ())
    return tuple(name for lowered, name in among if glob_covers(pattern, lowered))


def arn_fields(arn: str) -> tuple[str, ...]:
    """Return an ARN as `Unnamed.resource` has it."""
    return tuple(arn.split(":", 5))


# Who asks


def known_of(subject: Subject, build: Build) -> Facts:
    """Return what a request of a subject has for certain, made by themselves.

    Of who holds a policy that is attached to nobody at hand, nothing is known: no test of who asks
    is for them.
    """
    place = subject.place
    account = place.account or _ACCOUNT
    if subject.arn is not None and subject.kind in {"role", "user"}:
        made = facts.of_caller(subject.arn, subject, build) | facts.of_tags(subject)
    else:
        somebody = f"arn:{place.partition}:iam::{account}:role/{NAME}"
        made = facts.of_caller(somebody, None, build)
        if place.account is None:
            del made["aws:principalaccount"]
    # A role has no user name; of who is not known it is that of somebody else.
    lacking = () if subject.kind == "role" else (SOMEBODY,)
    return {"aws:username": lacking, **dict(_DIRECT), **made}


# Whether it is let through


Index = tuple[dict[str, list[Statement]], ...]
"""The statements of each layer by the watched actions that they are about."""


def indexed(permissions: Permissions) -> Index:
    """Return what permissions say, for requests to be held against it."""
    made: list[dict[str, list[Statement]]] = []
    for layer in permissions.layers:
        by_action: dict[str, list[Statement]] = {}
        for statement in layer:
            for action in named(statement.actions):
                by_action.setdefault(action, []).append(statement)
        made.append(by_action)
    return tuple(made)


def passes(request: Unnamed, index: Index, known: Facts, catalogue: Catalogue) -> Statement | None:
    """Return a statement of the first layer that lets a request through; None where none does.

    It is let through where every layer allows it and none denies it, for some values of the keys
    of which nothing is known (an address, a second factor, a time), which the caller may choose.
    """
    given = {**known, **dict(request.given)}
    layers: list[list[tuple[Statement, Statement]]] = []
    for by_action in index:
        about = list(_about(by_action.get(request.action, ()), request, given, catalogue))
        if not any(s.effect == "Allow" for s, _ in about):
            return None
        layers.append(about)
    denies = [narrowed for layer in layers for s, narrowed in layer if s.effect == "Deny"]
    if any(not d.condition for d in denies):
        return None
    chosen = _plain(layers)
    if chosen is not None and not denies:
        return chosen
    told = tuple(tuple(dict.fromkeys(narrowed for _, narrowed in layer)) for layer in layers)
    if not _is_open(told, request.action, catalogue):
        return None
    allowing = (pair for pair in layers[0] if pair[0].effect == "Allow")
    return min(allowing, key=lambda pair: len(pair[1].condition))[0]


def _plain(layers: Sequence[Sequence[tuple[Statement, Statement]]]) -> Statement | None:
    """Return the allow of the first layer that asks nothing, if each layer has such a one."""
    found = [
        next((s for s, n in layer if s.effect == "Allow" and not n.condition), None)
        for layer in layers
    ]
    return found[0] if found and None not in found else None


@lru_cache(maxsize=4096)
def _is_open(layers: tuple[tuple[Statement, ...], ...], action: str, catalogue: Catalogue) -> bool:
    """Tell whether conditions leave some request through; what is not proved is not told."""
    box = (Statement("Allow", Elements((action,)), _ANYTHING),)
    return prove.never(prove.Permissions(layers), box, catalogue).verdict == "no"


def _about(
    statements: Iterable[Statement], request: Unnamed, given: Facts, catalogue: Catalogue
) -> Iterator[tuple[Statement, Statement]]:
    """Yield those of the statements about an action that are about a request, with what they ask."""
    for statement in statements:
        narrowed = _narrowed(statement, request, given, catalogue)
        if narrowed is not None:
            yield statement, narrowed


def _narrowed(
    statement: Statement, request: Unnamed, given: Facts, catalogue: Catalogue
) -> Statement | None:
    """Return what a statement about an action asks of a request, None if it is not about it."""
    seen = given
    if statement.condition:
        seen = given | _lacking(statement.condition, given, request, catalogue)
    about = statement
    if seen and (statement.condition or _has_variables(statement.resources)):
        try:
            made = facts.knowing((statement,), seen)
        except (KeyError, ValueError):  # an operator or a value that AWS does not have
            return None
        if not made:
            return None
        about = made[0]
    if not _reaches(about.resources, request.resource):
        return None
    left = []
    for entry in about.condition:
        if seen.get(entry.key.lower()) == ():
            # A key that is missing decides, whatever the value would have come to.
            if not simulate.holds(attrs.evolve(entry, values=(NAME,)), {}):
                return None
        else:
            left.append(entry)
    actions = Elements((request.action,))
    return Statement(statement.effect, actions, _ANYTHING, condition=tuple(left))


def _has_variables(resources: Elements | None) -> bool:
    return resources is not None and any("${" in v for v in resources.values)


def _lacking(
    condition: Sequence[Entry], given: Facts, request: Unnamed, catalogue: Catalogue
) -> Facts:
    """Return keys that a request about what nobody named lacks, or has by nobody's name."""
    made: Facts = {}
    for entry in condition:
        key = entry.key.lower()
        if key in given:
            continue
        if _TAGS.match(key):
            made[key] = ()
        elif request.sealed and not key.startswith(("aws:", "sts:")):
            listed = catalogue.condition_key(key)
            if listed is None or listed.value_type in _NAMES:
                made[key] = (NAME,)
    return made


def _reaches(resources: Elements | None, wanted: tuple[str | None, ...]) -> bool:
    if resources is None:
        return False
    return any(_matches(pattern, wanted) for pattern in resources.values) != resources.negated


@lru_cache(maxsize=65536)
def _matches(pattern: str, wanted: tuple[str | None, ...]) -> bool:
    """Tell whether a pattern is for a resource, whose open fields may have any value.

    What only a deployment knows, and variables, are for nothing but themselves.
    """
    if pattern == "*" or not wanted:
        return pattern == "*"
    fields = pattern.split(":", len(wanted) - 1)
    if len(fields) == len(wanted) and all(
        want is None or glob_covers(field, want) for field, want in zip(fields, wanted, strict=True)
    ):
        return True
    text = ":".join(
        _OPEN_PARTS.get(n, "") if want is None else want for n, want in enumerate(wanted)
    )
    return glob_covers(pattern, text)
