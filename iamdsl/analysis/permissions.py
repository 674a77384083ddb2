"""What a subject may do, as the intersection of unions that proofs are about.

The layers: what grants (identity policies, and resource policies of the same account that name
the caller), the boundary, each level of SCPs, and a gate for resources whose own policy has to
agree: keys of KMS, roles to be assumed, and resources of other accounts of the build. Which grant
of a resource policy passes by which limit is AWS "reference_policies_evaluation-logic_policy-eval-basics".

Where a policy cannot be said in this form, the result allows more, never less; `governed.narrowed`
and `_about` name the cases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import attrs

from iamdsl.analysis.governed import governed, narrowed
from iamdsl.analysis.subjects import FULL_ACCESS, rcps_of, subjects
from iamdsl.iam import Elements, Entry, Statement, action_covers
from iamdsl.prove import Permissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from iamdsl.analysis.subjects import Subject
    from iamdsl.iam import Build, Condition, Document
    from iamdsl.simulate import Named

Way: TypeAlias = Literal["user", "role", "session", "anyone", "account"]
"""How a principal element names a caller; it decides which limits the grant passes by."""

_PAST_BOUNDARY = frozenset[Way]({"user", "session", "anyone"})
_EQUAL = ("StringEquals", "StringLike", "StringEqualsIgnoreCase")
"""Operators that say the same of a text without wildcards and letters."""
_ACCOUNT = "aws:ResourceAccount"
_ANYTHING = Elements(("*",))


class _Grant(NamedTuple):
    """A statement of a resource policy that is about a subject, without its principals."""

    way: Way
    statement: Statement


class _Gate(NamedTuple):
    """Resources whose own policy has to allow: the actions' service, their patterns, what it says."""

    service: str
    patterns: tuple[str, ...]
    grants: tuple[Statement, ...]


def permissions(subject: Subject, build: Build, pseudo: Mapping[str, str]) -> Permissions:
    """Return what a subject may do, over every request.

    What is not at hand (`Subject.unknown`) is not in it. A policy by itself has its statements
    and the SCPs of its place, and no resource policies: nobody in particular holds it.
    """
    own = _statements(subject.identity)
    if subject.kind in {"managed", "boundary", "scp", "rcp", "session", "resource"}:
        return Permissions((own, *map(_statements, subject.scps)))
    grants, gates = _resource_side(subject, build, pseudo)
    said = tuple(dict.fromkeys(g.statement for g in grants))
    layers = [(*own, *said, *_rcp_denies(build, pseudo))]
    if subject.boundaries:
        past = (g.statement for g in grants if g.way in _PAST_BOUNDARY)
        allows = dict.fromkeys(s for s in past if s.effect == "Allow")
        layers.append((*_statements(subject.boundaries), *allows))
    layers += (_statements(level) for level in subject.scps if level != (FULL_ACCESS,))
    gate = _gate(gates, layers[0])
    return Permissions((*layers, gate) if gate else tuple(layers))


def _statements(policies: Iterable[Named]) -> tuple[Statement, ...]:
    return tuple(statement for named in policies for statement in named.policy.statements)


def _resource_side(
    subject: Subject, build: Build, pseudo: Mapping[str, str]
) -> tuple[list[_Grant], list[_Gate]]:
    """Return what resource policies say of a subject, and the gates of resources."""
    grants: list[_Grant] = []
    gates: list[_Gate] = []
    for account, inner in build.each():
        there = pseudo.get("account") if account is None else account.id
        place = "" if account is None else account.name
        for document in inner.documents:
            patterns = governed(document)
            if not patterns:
                continue
            home = _account_of(document.target or "") or there
            known = home is not None and subject.place.account is not None
            same = home == subject.place.account if known else place == subject.place.name
            about = list(_about(subject, document))
            grants += _by_itself(about, same=same)
            if known and _gates(document, same=same):
                allows = (g.statement for g in about if g.statement.effect == "Allow")
                gates.append(_Gate(document.service or "", patterns, tuple(allows)))
    more, trusts = _trusts(subject, build, pseudo)
    return grants + more, gates + trusts


def _by_itself(about: list[_Grant], *, same: bool) -> list[_Grant]:
    """Return what counts without a word of the caller's own policies: denies do everywhere."""
    return [g for g in about if g.statement.effect == "Deny" or (same and g.way != "account")]


def _gates(document: Document, *, same: bool) -> bool:
    """Tell whether nothing reaches a resource but what its own policy allows.

    A key whose id is not known is one of many, of which the others have policies of their own.
    """
    target = document.target or ""
    return (document.service == "kms" or not same) and not {"*", "?"} & set(target)


def _trusts(
    subject: Subject, build: Build, pseudo: Mapping[str, str]
) -> tuple[list[_Grant], list[_Gate]]:
    """Return what trust policies grant a subject, and that nobody is let in without one."""
    grants: list[_Grant] = []
    gates: list[_Gate] = []
    for role in subjects(build, pseudo):
        if role.trust is None or role.arn is None or subject.place.account is None:
            continue
        here = Elements((role.arn,))
        about = [
            _Grant(way, attrs.evolve(statement, principals=None, resources=here))
            for statement in role.trust.policy.statements
            for way, statement in _named_in(subject, statement)
        ]
        same = role.place.account == subject.place.account
        grants += _by_itself(about, same=same)
        allows = tuple(g.statement for g in about if g.statement.effect == "Allow")
        gates.append(_Gate("sts", (role.arn,), allows))
    return grants, gates


def _about(subject: Subject, document: Document) -> Iterator[_Grant]:
    """Yield what a resource policy says of a subject, about the resources that it governs."""
    for statement in document.policy.statements:
        for way, named in _named_in(subject, statement):
            about = narrowed(document, named)
            if about is not None:
                yield _Grant(way, attrs.evolve(about, principals=None))


def _named_in(subject: Subject, statement: Statement) -> Iterator[tuple[Way, Statement]]:
    """Yield the ways in which a statement names a subject; a session is named by a condition.

    `NotPrincipal`, which only denies, is about whoever it does not name; who has a boundary is
    denied by it whatever it names (AWS "reference_policies_elements_notprincipal").
    """
    principals = statement.principals
    if principals is None:
        return
    ways: list[tuple[Way, Statement]] = []
    for kind, values in principals.by_type:
        if kind not in {"AWS", "*"}:
            continue
        for value in values:
            way = _way(subject, value)
            if way == "session":
                limited = _with(statement, "aws:userid", (f"*:{value.rpartition('/')[2]}",), _LIKE)
                ways += [(way, limited)] if limited is not None else []
            elif way == "account" and subject.kind == "role" and _is_for_arns(statement):
                ways.append(("role", statement))
            elif way is not None:
                ways.append((way, statement))
    if principals.negated:
        if not ways or (subject.boundaries and statement.effect == "Deny"):
            yield "anyone", statement
        return
    seen: set[Way] = set()
    for way, named in ways:
        if way == "session" or way not in seen:
            seen.add(way)
            yield way, named


_LIKE = ("StringLike",)
_FOR_ARNS = frozenset({"ArnEquals", "ArnLike", "StringEquals", "StringLike"})


def _is_for_arns(statement: Statement) -> bool:
    """Tell whether a statement is for listed callers by its condition: it counts as naming them."""
    return any(
        e.key.lower() == "aws:principalarn" and e.operator in _FOR_ARNS for e in statement.condition
    )


def _way(subject: Subject, value: str) -> Way | None:
    """Return how one value of a principal element names a subject, None when it does not."""
    account, partition = subject.place.account, subject.place.partition
    if value == "*":
        return "anyone"
    if account is None:
        return None
    if value in {account, f"arn:{partition}:iam::{account}:root"}:
        return "account"
    if subject.arn is not None and value == subject.arn:
        return "role" if subject.kind == "role" else "user" if subject.kind == "user" else None
    session = f"arn:{partition}:sts::{account}:assumed-role/{subject.name}/"
    return "session" if subject.kind == "role" and value.startswith(session) else None


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


def _gate(gates: list[_Gate], granting: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Return the layer that lets through what is not gated, and what the gates' policies allow.

    Services that nothing grants in the first layer are left out: their gates decide nothing.
    """
    services = [s for s in dict.fromkeys(g.service for g in gates) if _grants(granting, s)]
    if not services:
        return ()
    within = tuple(f"{service}:*" for service in services)
    layer = [Statement("Allow", Elements(within, negated=True), _ANYTHING)]
    for service in services:
        of_it = [gate for gate in gates if gate.service == service]
        closed = tuple(dict.fromkeys(p for gate in of_it for p in gate.patterns))
        layer.append(
            Statement("Allow", Elements((f"{service}:*",)), Elements(closed, negated=True))
        )
        layer += dict.fromkeys(s for gate in of_it for s in gate.grants)
    return tuple(layer)


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
