"""What a subject may do, as the intersection of unions that proofs are about.

The layers: what grants (identity policies, and resource policies of the same account that name
the caller), the boundary, each level of SCPs, and a gate for resources whose own policy has to
agree: keys of KMS, roles to be assumed, and resources of other accounts of the build. Which grant
of a resource policy passes by which limit is AWS "reference_policies_evaluation-logic_policy-eval-basics".

Where a policy cannot be said in this form, the result allows more, never less; `governed.narrowed`
and `_about` name the cases.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import attrs

from iamdsl.analysis.governed import governed, narrowed
from iamdsl.analysis.subjects import FULL_ACCESS, rcps_of, subjects
from iamdsl.iam import Elements, Entry, Statement, action_covers
from iamdsl.prove import Permissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iamdsl.analysis.subjects import Subject
    from iamdsl.iam import Build, Condition, Document, Principals
    from iamdsl.simulate import Named

Way: TypeAlias = Literal["user", "role", "session", "anyone", "account"]
"""How a principal element names a caller; it decides which limits the grant passes by."""

_PAST_BOUNDARY = frozenset[Way]({"user", "session", "anyone"})
_BY_ITSELF = frozenset({"managed", "boundary", "scp", "rcp", "session", "resource"})
_ALWAYS_ASKED = frozenset({"kms", "sts"})
"""Services whose resources' own policies have to allow, within one account too."""
_EQUAL = ("StringEquals", "StringLike", "StringEqualsIgnoreCase")
"""Operators that say the same of a text without wildcards and letters."""
_LIKE = ("StringLike",)
_FOR_ARNS = frozenset({"ArnEquals", "ArnLike", "StringEquals", "StringLike"})
_ACCOUNT = "aws:ResourceAccount"
_ANYTHING = Elements(("*",))
_SESSION = re.compile(r"(?a)arn:[^:]*:sts::(\d{12}):assumed-role/([^/]+)/(.+)")


class _Said(NamedTuple):
    """What a resource policy says in one statement, about what it governs alone.

    Attributes:
        statement: without its principals.
        home: the account of the resource, where it is known; `place` is its name in the source.
        gated: the service, where nothing reaches the resource but what its own policy allows, if
            that is asked at all; "" for one of many keys, whose id is not known.
        listed: of `NotPrincipal`, whom it leaves out.
    """

    statement: Statement
    home: str | None
    place: str
    gated: str
    listed: frozenset[str] = frozenset()


class _Index(NamedTuple):
    """What all resource and trust policies of a build say, by whom they name.

    Attributes:
        named: by a value of a principal element; sessions by `session ACCOUNT ROLE`.
        unnamed: with `NotPrincipal`.
        gates: pairs of service and account, and the patterns of what is gated there.
        rcp_denies: each within the accounts whose resources it is in effect for.
    """

    named: Mapping[str, Sequence[_Said]]
    unnamed: Sequence[_Said]
    gates: Mapping[tuple[str, str], Sequence[str]]
    rcp_denies: tuple[Statement, ...]


def permissions(subject: Subject, build: Build, pseudo: Mapping[str, str]) -> Permissions:
    """Return what a subject may do, over every request.

    What is not at hand (`Subject.unknown`) is not in it. A policy by itself has its statements
    and the SCPs of its place, and no resource policies: nobody in particular holds it.
    """
    own = _statements(subject.identity)
    levels = [_statements(level) for level in subject.scps if level != (FULL_ACCESS,)]
    if subject.kind in _BY_ITSELF:
        return Permissions((own, *map(_statements, subject.scps)))
    index = _index(build, tuple(sorted(pseudo.items())))
    about = list(_about(subject, index))
    grants = [
        (way, said.statement)
        for way, said in about
        if said.statement.effect == "Deny" or (way != "account" and _is_near(subject, said))
    ]
    layers = [(*own, *dict.fromkeys(s for _, s in grants), *index.rcp_denies)]
    if subject.boundaries:
        past = (s for way, s in grants if way in _PAST_BOUNDARY and s.effect == "Allow")
        layers.append((*_statements(subject.boundaries), *dict.fromkeys(past)))
    layers += levels
    gate = _gate(subject, index, [said for _, said in about], layers[0])
    return Permissions((*layers, gate) if gate else tuple(layers))


def _statements(policies: Iterable[Named]) -> tuple[Statement, ...]:
    return tuple(statement for named in policies for statement in named.policy.statements)


# Whom resource policies are about


def _about(subject: Subject, index: _Index) -> Iterator[tuple[Way, _Said]]:
    """Yield what is said of a subject, and in which way it is named.

    `NotPrincipal`, which only denies, is about whoever it does not name; who has a boundary is
    denied by it whatever it names (AWS "reference_policies_elements_notprincipal").
    """
    keys = list(_keys(subject))
    for way, key in keys:
        for said in index.named.get(key, ()):
            counts = way == "account" and subject.kind == "role" and _is_for_arns(said.statement)
            yield ("role" if counts else way), said
    own = {key for _, key in keys}
    for said in index.unnamed:
        bound = bool(subject.boundaries) and said.statement.effect == "Deny"
        if bound or not own & said.listed:
            yield "anyone", said


def _keys(subject: Subject) -> Iterator[tuple[Way, str]]:
    """Yield what names a subject in `_Index.named`."""
    account, partition = subject.place.account, subject.place.partition
    yield "anyone", "*"
    if account is None:
        return
    yield "account", account
    yield "account", f"arn:{partition}:iam::{account}:root"
    if subject.arn is None:
        return
    if subject.kind == "role":
        yield "role", subject.arn
        yield "session", f"session {account} {subject.name}"
    elif subject.kind == "user":
        yield "user", subject.arn


def _is_near(subject: Subject, said: _Said) -> bool:
    """Tell whether a resource is in the subject's account."""
    if said.home is None or subject.place.account is None:
        return said.place == subject.place.name
    return said.home == subject.place.account


def _is_for_arns(statement: Statement) -> bool:
    """Tell whether a statement is for listed callers by its condition: it counts as naming them."""
    return any(
        e.key.lower() == "aws:principalarn" and e.operator in _FOR_ARNS for e in statement.condition
    )


# What resource policies say


@lru_cache(maxsize=4)  # builds are compared by identity; guards ask for each identity of one
def _index(build: Build, pseudo: tuple[tuple[str, str], ...]) -> _Index:
    known = dict(pseudo)
    named: dict[str, list[_Said]] = {}
    unnamed: list[_Said] = []
    gates: dict[tuple[str, str], list[str]] = {}
    for said, principals in chain(_of_documents(build, known), _of_trusts(build, known)):
        if principals.negated:
            listed = frozenset(key for key, _ in _named_by(said.statement, principals))
            unnamed.append(said._replace(listed=listed))
        else:
            for key, statement in _named_by(said.statement, principals):
                named.setdefault(key, []).append(said._replace(statement=statement))
    for service, home, patterns in chain(_document_gates(build, known), _role_gates(build, known)):
        gates.setdefault((service, home), []).extend(patterns)
    return _Index(named, unnamed, gates, tuple(_rcp_denies(build, known)))


def _named_by(statement: Statement, principals: Principals) -> Iterator[tuple[str, Statement]]:
    """Yield by which key of the index a statement is found; a session is told by a condition."""
    for kind, values in principals.by_type:
        if kind not in {"AWS", "*"}:
            continue
        for value in values:
            session = _SESSION.fullmatch(value)
            if session is None:
                yield value, statement
            elif (
                limited := _with(statement, "aws:userid", (f"*:{session[3]}",), _LIKE)
            ) is not None:
                yield f"session {session[1]} {session[2]}", limited


def _of_documents(build: Build, pseudo: Mapping[str, str]) -> Iterator[tuple[_Said, Principals]]:
    """Yield what resource policies say, each of what it governs."""
    for document, home, place in _resource_documents(build, pseudo):
        gated = (document.service or "") if _is_one(document) else ""
        for statement in document.policy.statements:
            principals = statement.principals
            about = narrowed(document, statement) if principals is not None else None
            if about is not None and principals is not None:
                bare = attrs.evolve(about, principals=None)
                yield _Said(bare, home, place, gated), principals


def _of_trusts(build: Build, pseudo: Mapping[str, str]) -> Iterator[tuple[_Said, Principals]]:
    """Yield what trust policies say, each of its role."""
    for role in subjects(build, pseudo):
        if role.trust is None or role.arn is None:
            continue
        here, place = Elements((role.arn,)), role.place
        for statement in role.trust.policy.statements:
            if statement.principals is not None:
                bare = attrs.evolve(statement, principals=None, resources=here)
                yield _Said(bare, place.account, place.name, "sts"), statement.principals


def _document_gates(
    build: Build, pseudo: Mapping[str, str]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield service, account and patterns of the resources whose policies are known."""
    for document, home, _ in _resource_documents(build, pseudo):
        if home is not None and _is_one(document):
            yield document.service or "", home, governed(document)


def _role_gates(
    build: Build, pseudo: Mapping[str, str]
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for role in subjects(build, pseudo):
        if role.trust is not None and role.arn is not None and role.place.account is not None:
            yield "sts", role.place.account, (role.arn,)


def _resource_documents(
    build: Build, pseudo: Mapping[str, str]
) -> Iterator[tuple[Document, str | None, str]]:
    """Yield resource policies with the account of the resource, and the name of their place."""
    for account, inner in build.each():
        there = pseudo.get("account") if account is None else account.id
        for document in inner.documents:
            if governed(document):
                home = _account_of(document.target or "") or there
                yield document, home, "" if account is None else account.name


def _is_one(document: Document) -> bool:
    """Tell whether a policy's resource is known: else it is one of many with policies of their own."""
    return not {"*", "?"} & set(document.target or "")


def _rcp_denies(build: Build, pseudo: Mapping[str, str]) -> Iterator[Statement]:
    """Yield what RCPs deny, each within the accounts whose resources it is in effect for."""
    statements: dict[int, tuple[Statement, list[str]]] = {}
    for place, levels in rcps_of(build, pseudo):
        if place.account is None:
            continue
        for statement in _statements(named for level in levels for named in level):
            if statement.effect == "Deny":
                statements.setdefault(id(statement), (statement, []))[1].append(place.account)
    for statement, within in statements.values():
        bare = attrs.evolve(statement, principals=None)
        limited = _with(bare, _ACCOUNT, tuple(dict.fromkeys(within)), _EQUAL)
        if limited is not None:
            yield limited


def _with(
    statement: Statement, key: str, values: tuple[str, ...], operators: tuple[str, ...]
) -> Statement | None:
    """Return a statement that holds for some values of a key only.

    One operator takes a key once: the first that is free is used. None when none is, which only
    a statement has that tests the key by all of them.
    """
    taken = {e.operator for e in statement.condition if e.key.lower() == key.lower()}
    operator = next((o for o in operators if o not in taken), None)
    if operator is None:
        return None
    condition: Condition = (*statement.condition, Entry(operator, key, values))
    return attrs.evolve(
        statement, condition=tuple(sorted(condition, key=lambda e: (e.operator, e.key)))
    )


def _gate(
    subject: Subject, index: _Index, about: list[_Said], granting: tuple[Statement, ...]
) -> tuple[Statement, ...]:
    """Return the layer that lets through what is not gated, and what the gates' policies allow.

    Services that nothing grants in the first layer are left out: their gates decide nothing. Of
    whom the account is not known, nobody can tell what is in it.
    """
    account = subject.place.account
    if account is None:
        return ()
    closed: dict[str, list[str]] = {}
    for (service, home), patterns in index.gates.items():
        if service in _ALWAYS_ASKED or home != account:
            closed.setdefault(service, []).extend(patterns)
    services = [service for service in closed if _grants(granting, service)]
    if not services:
        return ()
    every = tuple(f"{service}:*" for service in services)
    layer = [Statement("Allow", Elements(every, negated=True), _ANYTHING)]
    for service, own in zip(services, every, strict=True):
        outside = Elements(tuple(dict.fromkeys(closed[service])), negated=True)
        layer.append(Statement("Allow", Elements((own,)), outside))
    allows = (
        said.statement
        for said in about
        if said.statement.effect == "Allow"
        and said.gated in services
        and (said.gated in _ALWAYS_ASKED or said.home != account)
    )
    return (*layer, *dict.fromkeys(allows))


def _grants(statements: Iterable[Statement], service: str) -> bool:
    """Tell whether some Allow may be about actions of a service."""
    return any(
        s.effect == "Allow"
        and (
            s.actions.negated
            or any(
                a == "*" or action_covers(a.partition(":")[0], service) for a in s.actions.values
            )
        )
        for s in statements
    )


def _account_of(arn: str) -> str | None:
    fields = arn.split(":", 5)
    return (fields[4] or None) if len(fields) > 5 and fields[0] == "arn" else None
