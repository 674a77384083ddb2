"""Running tests, what they cover, and whether they would notice damage.

A test is run against a build as it was emitted. Coverage is by sentence of the source: one is
covered when some check hangs on a statement that it became. A mutant is the build with one
statement of a tested subject damaged; it survives when every check comes out as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import attrs

from iamdsl import prove, simulate
from iamdsl.analysis.answering import answer, inexact, meets
from iamdsl.analysis.permissions import permissions
from iamdsl.analysis.subjects import documents, subjects
from iamdsl.iam import Elements, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iamdsl.analysis.answering import Decided, Finding, World
    from iamdsl.analysis.promises import Check, Reference, Test
    from iamdsl.analysis.subjects import Subject
    from iamdsl.iam import Build, Document, Identity
    from iamdsl.prove import Permissions
    from iamdsl.source import Span

MAX_MUTANTS = 2_000
_ALL = Statement("Allow", Elements(("*",)), Elements(("*",)))
_WHOLE = frozenset({"role", "user", "permission_set"})
"""Kinds of subject with all that they have; others stand beside policies of which nothing is known."""
_PARTS = frozenset({"managed", "boundary", "session", "group"})
_VERBS = frozenset({"allow", "deny", "trust"})


class Result(NamedTuple):
    """A check of a test, and what it came to."""

    test: Test
    check: Check
    subject: Subject
    finding: Finding

    @property
    def passed(self) -> bool:
        """Tell whether the check holds."""
        return self.finding.outcome == "holds"


class Coverage(NamedTuple):
    """Sentences of the source that became statements of the build.

    Attributes:
        covered, missed: their places, sorted; together all of them.
    """

    covered: tuple[Span, ...]
    missed: tuple[Span, ...]


class Mutant(NamedTuple):
    """A statement and what was done to it.

    Attributes:
        damage: what was done, for people: "without its condition `aws:SourceIp`".
        after: None where the statement was left out.
    """

    subject: Subject
    before: Statement
    after: Statement | None
    damage: str


class Mutation(NamedTuple):
    """What came of all mutants.

    Attributes:
        survivors: those that no check noticed, in the order of the policies.
        made: how many were tried; those that mean the same as before, or change nothing in effect
            because the rest of what is in effect decides, are none.
        bounded: whether there were more than are tried.
    """

    survivors: tuple[Mutant, ...]
    made: int
    bounded: bool


def run(tests: Sequence[Test], world: World) -> tuple[Result, ...]:
    """Return what every check of some tests comes to, in their order."""
    known = _known(world)
    return tuple(
        Result(test, check, known[test.subject], answer(check, known[test.subject], world))
        for test in tests
        for check in test.checks
    )


def _known(world: World) -> dict[Reference | tuple[str, str, str], Subject]:
    """Return all that a test may be of, by what `promises.Reference` calls it."""
    everything = (*subjects(world.build, world.pseudo), *documents(world.build, world.pseudo))
    return {(s.place.name, s.kind, s.name): s for s in everything}


# Coverage


def coverage(results: Iterable[Result], world: World, sentences: Sequence[Statement]) -> Coverage:
    """Return the sentences of the source that some check hangs on, and those that none does.

    Args:
        sentences: the statements before `fit`, of which one that was emitted may hold several.
    """
    written: dict[_Key, list[Statement]] = {}
    for sentence in sentences:
        for place in _sentences(sentence):
            written.setdefault(_key(place), []).append(sentence)
    decided = [
        place for r in results for d in r.finding.decided for place in _decided(d, written, world)
    ]
    every = [place for statement in statements_of(world.build) for place in _sentences(statement)]
    spans = {_key(span): span for span in (*every, *decided)}
    hit = {_key(span) for span in decided}
    ordered = sorted({_key(span) for span in every}, key=lambda k: (k[0], k[2], k[3]))
    return Coverage(
        tuple(spans[k] for k in ordered if k in hit),
        tuple(spans[k] for k in ordered if k not in hit),
    )


_Key: TypeAlias = tuple[str, int, int, int]


def _decided(
    decided: Decided, written: Mapping[_Key, Sequence[Statement]], world: World
) -> list[Span]:
    """Return the sentences of a statement that are about what it decided; all if none is."""
    if decided.asked and not meets(decided.statement, decided.asked, world.catalogue):
        return []
    places = list(_sentences(decided.statement))
    if len(places) < 2:
        return places
    found = [
        place
        for place in places
        if any(_is_about(sentence, decided, world) for sentence in written.get(_key(place), ()))
    ]
    return found or places


def _is_about(sentence: Statement, decided: Decided, world: World) -> bool:
    if decided.request is None:
        return meets(sentence, decided.asked, world.catalogue)
    return simulate.applies(sentence, decided.request)


def _key(span: Span) -> _Key:
    return span.source.name, id(span.source), span.start, span.end


def _sentences(statement: Statement) -> Iterator[Span]:
    """Yield the places of the sentences that a statement came from, not those of their `use`s."""
    for span in statement.origin:
        words = span.text.split(None, 1)
        if words and words[0] in _VERBS:
            yield span


def statements_of(build: Build) -> Iterator[Statement]:
    """Yield every statement of a build: of documents and identities, place by place."""
    for _, part in build.each():
        for document in part.documents:
            yield from document.policy.statements
        for identity in part.identities:
            for policy in (identity.trust, identity.own, *(p for _, p in identity.inline)):
                yield from policy.statements if policy is not None else ()


# Mutants


def mutate(tests: Sequence[Test], results: Sequence[Result], world: World) -> Mutation:
    """Damage the policies of what is tested, one statement at a time, and run the tests again."""
    survivors: list[Mutant] = []
    before = {id(r.check): r.finding.outcome for r in results}
    tested = {(r.test.subject, id(r.subject)): r.subject for r in results}
    tried, idle, bounded = 0, 0, False
    for (reference, _), subject in tested.items():
        own = [t for t in tests if t.subject == reference]
        others = [t for t in tests if t.subject != reference]
        for mutant in _mutants(subject, world):
            if tried == MAX_MUTANTS:
                bounded = True
                break
            tried += 1
            changed = world._replace(build=_replaced(world.build, mutant.before, mutant.after))
            if all(
                r.finding.outcome == before[id(r.check)] for r in _lazily((*own, *others), changed)
            ):
                if _is_idle(mutant, _known(changed)[reference], world, changed):
                    idle += 1
                else:
                    survivors.append(mutant)
    return Mutation(tuple(survivors), tried - idle, bounded)


def _is_idle(mutant: Mutant, after: Subject, world: World, changed: World) -> bool:
    """Tell whether it is proved that a mutant changes nothing in effect: no test could notice it.

    Where policies that are not at hand stand beside, it has to change nothing whatever they allow:
    an allow nothing where they allow nothing, a deny nothing where they allow everything.

    Args:
        after: the mutant's subject as it is in `changed`.
    """
    before = mutant.subject
    in_trust = before.trust is not None and before.trust.policy.statements
    if before.kind not in _WHOLE | _PARTS or any(s is mutant.before for s in in_trust or ()):
        return False
    mutated = [s for s in (mutant.before, mutant.after) if s is not None]
    if inexact((tuple(attrs.evolve(s, effect="Allow") for s in mutated),), world):
        return False
    one = permissions(before, world.build, world.pseudo)
    other = permissions(after, changed.build, changed.pseudo)
    beside = ((), (_ALL,)) if before.unknown or before.kind in _PARTS else ((),)
    return all(_is_same(_with(one, more), _with(other, more), world) for more in beside)


def _with(side: Permissions, more: tuple[Statement, ...]) -> Permissions:
    """Return permissions with further statements in the layer that grants."""
    first, *others = side.layers
    return prove.Permissions(((*first, *more), *others))


def _is_same(one: Permissions, other: Permissions, world: World) -> bool:
    catalogue = world.catalogue
    return bool(prove.implies(one, other, catalogue) and prove.implies(other, one, catalogue))


def _lazily(tests: Sequence[Test], world: World) -> Iterator[Result]:
    """Yield results one by one, so that whoever has seen enough can stop."""
    known = _known(world)
    for test in tests:
        for check in test.checks:
            subject = known[test.subject]
            yield Result(test, check, subject, answer(check, subject, world))


def _mutants(subject: Subject, world: World) -> Iterator[Mutant]:
    """Yield the mutants of a subject's own policies that mean something else than before."""
    policies = [named.policy for named in subject.identity]
    policies += [subject.trust.policy] if subject.trust is not None else []
    for policy in policies:
        for number, statement in enumerate(policy.statements):
            for after, damage in _damaged(statement):
                kept = () if after is None else (after,)
                statements = policy.statements
                others = (*statements[:number], *kept, *statements[number + 1 :])
                if not prove.equivalent(statements, others, world.catalogue):
                    yield Mutant(subject, statement, after, damage)


def _damaged(statement: Statement) -> Iterator[tuple[Statement | None, str]]:
    for number, entry in enumerate(statement.condition):
        rest = (*statement.condition[:number], *statement.condition[number + 1 :])
        yield attrs.evolve(statement, condition=rest), f"without its condition on `{entry.key}`"
    actions, resources = statement.actions, statement.resources
    if resources is not None and not resources.negated and "*" not in resources.values:
        yield attrs.evolve(statement, resources=Elements(("*",))), "on every resource"
    if actions.negated:
        if len(actions.values) > 1:
            fewer = Elements(actions.values[1:], negated=True)
            yield attrs.evolve(statement, actions=fewer), f"with `{actions.values[0]}` too"
    elif "*" not in actions.values:
        more = f"{actions.values[0].partition(':')[0]}:*"
        wider = Elements((*actions.values, more))
        yield attrs.evolve(statement, actions=wider), f"with `{more}` too"
    yield None, "left out"


def _replaced(build: Build, before: Statement, after: Statement | None) -> Build:
    """Return a build with another statement in the place of one, or with none there."""

    def policy(given: Policy) -> Policy:
        if not any(s is before for s in given.statements):
            return given
        kept = (after if s is before else s for s in given.statements)
        return attrs.evolve(given, statements=tuple(s for s in kept if s is not None))

    def document(given: Document) -> Document:
        return attrs.evolve(given, policy=policy(given.policy))

    def identity(given: Identity) -> Identity:
        trust = policy(given.trust) if given.trust is not None else None
        inline = tuple((name, policy(one)) for name, one in given.inline)
        return attrs.evolve(given, trust=trust, inline=inline)

    return attrs.evolve(
        build,
        documents=tuple(map(document, build.documents)),
        identities=tuple(map(identity, build.identities)),
        accounts=tuple(
            attrs.evolve(a, build=_replaced(a.build, before, after)) for a in build.accounts
        ),
    )


# The source of what was emitted


def with_sources(emitted: Build, compiled: Build) -> Build:
    """Return a build that was read from its files, with the places of the one it was made of.

    A statement is found by its document and number; the two have the same.
    """
    own = {(a.name, a.id): a for a in compiled.accounts}
    return attrs.evolve(
        emitted,
        documents=tuple(map(_document, emitted.documents, compiled.documents)),
        identities=tuple(map(_identity, emitted.identities, compiled.identities)),
        accounts=tuple(
            attrs.evolve(a, build=with_sources(a.build, of.build), origin=of.origin)
            for a in emitted.accounts
            for of in (own[a.name, a.id],)
        ),
    )


def _document(emitted: Document, compiled: Document) -> Document:
    policy = _placed(emitted.policy, compiled.policy)
    return attrs.evolve(emitted, policy=policy, origin=compiled.origin)


def _identity(emitted: Identity, compiled: Identity) -> Identity:
    trust = emitted.trust
    if trust is not None and compiled.trust is not None:
        trust = _placed(trust, compiled.trust)
    inline = tuple(
        (name, _placed(policy, of))
        for (name, policy), (_, of) in zip(emitted.inline, compiled.inline, strict=True)
    )
    return attrs.evolve(emitted, trust=trust, inline=inline, origin=compiled.origin)


def _placed(emitted: Policy, compiled: Policy) -> Policy:
    statements = (
        attrs.evolve(statement, origin=of.origin)
        for statement, of in zip(emitted.statements, compiled.statements, strict=True)
    )
    return Policy(tuple(statements), emitted.id)
