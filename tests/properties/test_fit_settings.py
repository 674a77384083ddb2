"""Whole builds under any settings, one after the other: meaning, limits, order of deployment."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import attrs
from comparator import catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_meaning import Request, applies

from iamdsl.aws.limits import LIMITS, Limits
from iamdsl.diagnostics import Report
from iamdsl.fit import Settings, fit
from iamdsl.iam import (
    Account,
    Attachment,
    Build,
    Document,
    Elements,
    Entry,
    Identity,
    Policy,
    Statement,
    minified,
    size,
    to_json,
)
from iamdsl.project import loading, lock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.fit.settings import Fitted
    from iamdsl.fit.steady import Placed
    from iamdsl.iam import Place

quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

_SERVICES = ("sqs", "sns", "dynamodb", "execute-api")
_UNKNOWN = ("sqs:SendAll", "sns:GetAll", "newsvc:Get")
_RESOURCES = (
    "*",
    "arn:aws:sqs:eu-west-1:111122223333:orders",
    "arn:aws:sqs:*:111122223333:*",
    "arn:aws:sns:eu-west-1:111122223333:orders",
    "arn:aws:dynamodb:eu-west-1:111122223333:table/orders",
    "arn:aws:dynamodb:eu-west-1:111122223333:table/o*",
    "arn:aws:execute-api:eu-west-1:111122223333:a1/prod/GET/*",
)
_ASKED = (
    "*",
    "arn:aws:sqs:eu-west-1:111122223333:orders",
    "arn:aws:sqs:eu-west-1:111122223333:other",
    "arn:aws:sns:eu-west-1:111122223333:orders",
    "arn:aws:dynamodb:eu-west-1:111122223333:table/orders",
    "arn:aws:dynamodb:eu-west-1:111122223333:table/x",
    "arn:aws:execute-api:eu-west-1:111122223333:a1/prod/GET/x",
)
_CONTEXTS: tuple[Mapping[str, str], ...] = (
    {},
    {"k:one": "1"},
    {"k:one": "2", "k:two": "1"},
    {"k:two": "2"},
)
_ANY = Elements(("*",))
_PLACES = tuple(product(_ASKED, range(len(_CONTEXTS))))

Meaning: TypeAlias = "tuple[tuple[frozenset[str], frozenset[str]], ...]"


@cache
def _actions() -> tuple[str, ...]:
    return tuple(a for s in _SERVICES for a in catalogue().match(f"{s}:*")) + _UNKNOWN


@cache
def _matched(pattern: str) -> frozenset[str]:
    text = re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE)
    return frozenset(a for a in _actions() if text.fullmatch(a))


def _listed(statement: Statement) -> frozenset[str]:
    found = frozenset[str]().union(*map(_matched, statement.actions.values))
    return frozenset(_actions()) - found if statement.actions.negated else found


def _meaning(statements: list[Statement]) -> Meaning:
    """Return for each resource and context which actions are allowed, and which denied."""
    rows = [(s.effect, attrs.evolve(s, actions=_ANY), _listed(s)) for s in statements]
    found = []
    for resource, context in _PLACES:
        sides: dict[str, set[str]] = {"Allow": set(), "Deny": set()}
        request = Request("any", resource, ("AWS", "1"), _CONTEXTS[context])
        for effect, anything, actions in rows:
            if applies(anything, request):
                sides[effect] |= actions
        found.append((frozenset(sides["Allow"]), frozenset(sides["Deny"])))
    return tuple(found)


@cache
def _asked_for(resource: str) -> frozenset[str]:
    """Return the actions that are asked for on a resource; what is not known may be."""
    return frozenset(a for a in _actions() if _can_ask(a, resource))


def _can_ask(action: str, resource: str) -> bool:
    known = catalogue().action(action)
    if known is None or resource == "*":
        return True
    service = action.partition(":")[0]
    types = [catalogue().resource_type(service, r.type) for r in known.resources]
    texts = [f.text for t in types if t is not None for f in t.formats]
    return any(re.fullmatch(re.sub(r"\\\$\\{.*?\\}", ".*", re.escape(t)), resource) for t in texts)


def _in_question(statements: list[Statement], build: Build, crossing: bool) -> Meaning:
    """Return what counts of a meaning: not what nobody could know, or can ask for."""
    named = {v for s in _every(build) for v in s.actions.values}
    hidden = frozenset(a for a in _UNKNOWN if a not in named)
    found = []
    for (resource, _), (allowed, denied) in zip(_PLACES, _meaning(statements), strict=True):
        asked = _asked_for(resource) if crossing else frozenset(_actions())
        found.append((allowed & asked - hidden, denied - hidden))
    return tuple(found)


def _every(build: Build) -> list[Statement]:
    """Return the statements of a place before it is made to fit."""
    found = [s for d in build.documents for s in d.policy.statements]
    return found + [s for i in build.identities if i.own is not None for s in i.own.statements]


# Builds ----------------------------------------------------------------------------------------


@st.composite
def _statements(draw: st.DrawFn) -> Statement:
    of_service = catalogue().match(f"{draw(st.sampled_from(_SERVICES))}:*")
    start, step = draw(st.integers(0, len(of_service) - 1)), draw(st.integers(1, 3))
    actions = list(of_service[start : start + draw(st.integers(1, 30)) : step])
    actions += draw(st.lists(st.sampled_from((*_UNKNOWN, "sqs:Get*")), max_size=1))
    resources = draw(st.lists(st.sampled_from(_RESOURCES), min_size=1, max_size=2, unique=True))
    entry = st.builds(
        Entry,
        st.sampled_from(("StringEquals", "StringNotEquals", "StringLike")),
        st.sampled_from(("k:one", "k:two")),
        st.sampled_from((("1",), ("1", "2"), ("3",))),
    )
    return Statement(
        draw(st.sampled_from(("Allow", "Allow", "Allow", "Deny"))),
        Elements(tuple(dict.fromkeys(actions))),
        Elements(tuple(sorted(resources))),
        condition=draw(st.one_of(st.just(()), entry.map(lambda e: (e,)))),
        sid=draw(st.sampled_from((None, None, None, None, "Named"))),
    )


def _policy(some: list[Statement]) -> Policy:
    """Return a policy in which no name stands twice."""
    named = (attrs.evolve(s, sid=s.sid and f"{s.sid}{'abcdefghi'[i]}") for i, s in enumerate(some))
    return Policy(tuple(named))


@st.composite
def _builds(draw: st.DrawFn) -> tuple[Build, Build]:
    """Return a build and an edit of it: roles of which some say the same, and a policy."""
    pool = draw(st.lists(_statements(), min_size=2, max_size=5))
    big = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=4, unique_by=id))
    place: Place = draw(st.sampled_from(("auto", "managed")))
    sides = []
    for _ in range(2):
        identities = []
        for name in draw(st.permutations(("api", "web", "job")))[: draw(st.integers(1, 3))]:
            own = pool if draw(st.booleans()) else pool[draw(st.integers(0, len(pool) - 1)) :]
            attached = (Attachment("big", True),) if draw(st.booleans()) else ()
            identities.append(
                Identity("role", name, own=_policy(own), place=place, managed=attached)
            )
        documents = [Document("managed", "big", _policy(big), whole=draw(st.integers(0, 5)) == 0)]
        if draw(st.integers(0, 3)) == 0:
            declared = draw(st.sampled_from(("big-2", "web-1", "API-2")))
            documents.append(Document("managed", declared, _policy(pool[:1])))
        sides.append(Build(tuple(documents), tuple(identities)))
        big = big[draw(st.integers(0, 1)) :] + draw(st.lists(_statements(), max_size=1)) or big
        pool = pool[: draw(st.integers(1, len(pool)))] + draw(st.lists(_statements(), max_size=1))
    if draw(st.integers(0, 3)):
        return sides[0], sides[1]
    first, last = (Build(accounts=(Account("prod", "1" * 12, s),)) for s in sides)
    return first, last


class _Asked(NamedTuple):
    """Settings besides those of all builds, and the sizes that hold."""

    more: dict[str, Any]
    limits: Limits


@st.composite
def _asked(draw: st.DrawFn) -> _Asked:
    managed = draw(st.integers(600, 1500))
    values = {
        "managed-policy-size": managed,
        "role-inline-size": draw(st.integers(200, 1500)),
        "managed-policies-per-role": draw(st.sampled_from((3, 20))),
    }
    table = {n: LIMITS[n] for n in LIMITS.names()}
    for name, value in values.items():
        table[name] = table[name]._replace(value=value)
    more = {
        "wildcards": draw(st.sampled_from(("never", "tight", "words", "max"))),
        "cross_service": draw(st.booleans()),
        "share": draw(st.booleans()),
        "sids": draw(st.sampled_from(("keep", "drop"))),
    }
    return _Asked(more, Limits(table))


def _fitted(build: Build, asked: _Asked, **more: Any) -> tuple[Fitted, Report]:
    report = Report()
    given_ = Settings(asked.limits, catalogue=catalogue(), **asked.more, **more)
    return fit(build, given_, report), report


def _place(build: Build) -> Build:
    return build.accounts[0].build if build.accounts else build


def _documents(build: Build, identity: Identity) -> dict[str, tuple[Statement, ...]]:
    """Return what an identity has, by name; there has to be each document that is attached."""
    known = {d.name: d.policy.statements for d in build.documents}
    found = {a.policy: known[a.policy] for a in identity.managed}
    assert len(found) == len(identity.managed)
    return found | {"": tuple(s for _, p in identity.inline for s in p.statements)}


def _all(documents: dict[str, tuple[Statement, ...]]) -> list[Statement]:
    return list(dict.fromkeys(s for some in documents.values() for s in some))


def _check(build: Build, fitted: Fitted, report: Report, asked: _Asked) -> None:
    """Every role can do what it could, in documents that AWS takes."""
    before, after = _place(build), _place(fitted.build)
    crossing = asked.more["cross_service"]
    policies = {d.name: d.policy.statements for d in before.documents}
    names = [d.name.lower() for d in after.documents]
    assert len(set(names)) == len(names)
    for was, identity in zip(before.identities, after.identities, strict=True):
        said = [s for a in was.managed for s in policies[a.policy]]
        said += was.own.statements if was.own is not None else ()
        there = _all(_documents(after, identity))
        was_, is_ = (_in_question(some, before, crossing) for some in (said, there))
        assert was_ == is_
        if not report.failed:
            limit = asked.limits.value
            assert len(identity.managed) <= limit("managed-policies-per-role")
            assert sum(size(p) for _, p in identity.inline) <= limit("role-inline-size")
    if not report.failed:
        most = asked.limits.value("managed-policy-size")
        assert all(size(d.policy) <= most for d in after.documents)
    for d in before.documents:
        pieces = [x for x in after.documents if d.name in {x.name, x.split_from} and x.whole]
        if d.whole and not any(x.split_from for x in pieces):
            assert [x.name for x in pieces] == [d.name]


def _written(fitted: Fitted) -> object:
    """Return all that a build writes."""
    place = _place(fitted.build)
    documents = [(d.name, d.split_from, minified(to_json(d.policy))) for d in place.documents]
    identities = [
        ([a.policy for a in i.managed], [minified(to_json(p)) for _, p in i.inline])
        for i in place.identities
    ]
    return documents, identities, _file(fitted), fitted.wildcards


def _file(fitted: Fitted) -> str:
    return lock.text(lock.Locked(placed={(of, ""): p for of, p in fitted.placed.items()}))


def _through_file(fitted: Fitted) -> Mapping[str, Placed]:
    """Return the places as the next build reads them from the lock file."""
    text = _file(fitted)
    read = lock.parse(loading.File(lock.FILE, lock.FILE, text.encode("ascii")))
    assert isinstance(read, lock.Locked)
    assert lock.text(read) == text
    return {of: p for (of, _), p in read.placed.items()}


@quick
@given(_builds(), _asked(), st.booleans())
def test_builds_mean_what_they_say_whatever_is_asked_of_fit(
    both: tuple[Build, Build], asked: _Asked, repack: bool
) -> None:
    """Each setting is proved by itself; together, and from build to build, they may not interfere."""
    first, second = both
    one, report = _fitted(first, asked)
    _check(first, one, report, asked)
    if report.failed:
        return
    placed = _through_file(one)
    again, report = _fitted(first, asked, placed=placed)
    assert _written(again) == _written(one)
    assert not report.diagnostics
    two, report = _fitted(second, asked, placed=placed, repack=repack)
    _check(second, two, report, asked)
    if report.failed:
        return
    third, late = _fitted(second, asked, placed=_through_file(two))
    assert _written(third) == _written(two)
    assert not late.diagnostics
    if not any(d.code.number == "IAM315" for d in report.diagnostics):
        for of in one.placed.keys() & two.placed.keys():
            _deploy(one.placed[of], two.placed[of])


def _deploy(before: Placed, after: Placed) -> None:
    """Go through the steps of an owner; nothing that it may do on both sides is missing."""
    old = {p.name: p.statements for p in before.pieces}
    new = {p.name: p.statements for p in after.pieces}
    changed = {n for n in old.keys() | new.keys() if old.get(n) != new.get(n)}
    if len(changed) < 2:
        assert after.order == (() if changed else before.order)
        return
    assert sorted(after.order) == sorted(changed)
    now, sides = dict(old), [_meaning(_all(d)) for d in (old, new)]
    for step in after.order:
        now[step] = new.get(step, ())
        for i, (allowed, denied) in enumerate(_meaning(_all(now))):
            (had, hid), (has, hides) = sides[0][i], sides[1][i]
            assert (had - hid) & (has - hides) <= allowed - denied
            assert hid & hides <= denied
