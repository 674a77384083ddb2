"""What would make a policy fit that does not, each way measured by taking it.

    what is refused ──weigh──▶ Case ──a function for each way──▶ Way (text, enough, saves)

Nothing here is applied: most of these ways change what a policy means, and that is for its
author to decide. Each is tried on the policy as it was made to fit so far, and what it saves is
the difference of two sizes, in *characters of minified text*.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl.diagnostics import Way
from iamdsl.fit.minimize import minimize
from iamdsl.fit.pack import pack
from iamdsl.iam import Policy, action_covers, size, value_size

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from iamdsl.aws.limits import Limit
    from iamdsl.fit._candidates import Reach
    from iamdsl.fit.settings import Settings
    from iamdsl.iam import Statement
    from iamdsl.source import Span

# Ways that are told, and patterns that are named in one.
_TOLD = 5
_PATTERNS = 3
# The part of what has to go that a way saves at the least.
_PART = 20
# Sentences that are left out one by one, and statements up to which that is cheap.
_TRIED = 8
_MANY = 400
# Characters up to which it is cheap to try everything.
_LARGE = 80_000
# Statements that are alike but for their conditions from which on that is worth telling.
_ALIKE = 3


class Refused(NamedTuple):
    """What does not fit.

    Attributes:
        kind: as `Limits.policy_size` takes it; `managed` for one statement that cannot be cut.
        given: its policies as the sources say them; the sum of their sizes is what is limited.
        service: of a resource policy.
        finish: what is done to a policy after it was minimized.
        attached: managed policies (or, for an SCP, policies of its kind) that are attached
            where most are, and how many may be; (0, 0) where that does not matter.
        movable: whether `place auto` would let the first policy overflow.
        known: actions that the sources name and the catalogue does not.
    """

    kind: str
    given: tuple[Policy, ...]
    service: str = ""
    finish: Callable[[Policy], Policy] = lambda policy: policy
    attached: tuple[int, int] = (0, 0)
    movable: bool = False
    known: frozenset[str] = frozenset()


@attrs.frozen(repr=False, eq=False)
class Case:
    """What is refused, weighed.

    Attributes:
        over: characters that have to go.
        small: the policies as they were made to fit.
        base: the sum of their sizes.
    """

    refused: Refused
    settings: Settings
    over: int
    small: tuple[Policy, ...]
    base: int

    def saves(self, policies: Iterable[Policy], settings: Settings | None = None) -> int:
        """Return how many characters fewer other policies in the place of these have."""
        made = (_smallest(p, self.refused, settings or self.settings) for p in policies)
        return self.base - self.weight(made)

    def weight(self, policies: Iterable[Policy]) -> int:
        """Return the sum of the sizes of policies as they are."""
        return sum(size(p, self.settings.lengths) for p in policies)

    @property
    def is_small(self) -> bool:
        """Tell whether it takes little time to try all that can be tried."""
        return sum(len(p.statements) for p in self.small) <= _MANY and self.base <= _LARGE

    def way(self, text: str, saves: int) -> Way:
        """Return a way that saves so much."""
        return Way(text, saves >= self.over, saves)


def weigh(refused: Refused, over: int, settings: Settings) -> Case:
    """Return what is refused with what it weighs; `over` is in *characters*."""
    small = tuple(_smallest(p, refused, settings) for p in refused.given)
    return Case(refused, settings, over, small, sum(size(p, settings.lengths) for p in small))


def _smallest(policy: Policy, refused: Refused, settings: Settings) -> Policy:
    """Return a policy as `fit` makes it under these settings."""
    meeting = None
    if settings.cross_service and settings.catalogue is not None:
        from iamdsl.fit._crossing import Meeting  # noqa: PLC0415  # only where asked for

        meeting = Meeting(settings.catalogue)
    small = minimize(policy, sids=settings.sids, lengths=settings.lengths, meeting=meeting)
    if settings.wildcards != "never":
        # What is refused although wildcards are to be as tight as they can has all of them.
        reach: Reach = "words" if settings.wildcards == "words" else "max"
        small = _with_wildcards(small, refused, settings, reach)
    return refused.finish(small)


def ways_out(case: Case) -> tuple[Way, ...]:
    """Return what would help: what is enough by itself first, then by what it saves."""
    from iamdsl.fit import _widening  # noqa: PLC0415  # most builds fit

    found = [*_elsewhere(case), *_sids(case)]
    if case.is_small:
        found += [*_services(case), *_wildcards(case), *_alike(case)]
        for ways in _widening.WAYS:
            found += ways(case)
    least = max(1, case.over // _PART)
    found = [way for way in found if way.saves is None or way.saves >= least]
    found.sort(key=lambda w: (not w.enough, w.saves is not None, -(w.saves or 0), w.text))
    limit = case.settings.limits.policy_size(case.refused.kind, case.refused.service)
    higher = raised(limit, limit.value + case.over) if limit is not None else ()
    return (*found[: _TOLD - len(higher)], *higher)


def raised(limit: Limit, needed: int) -> tuple[Way, ...]:
    """Return the way that AWS raises a quota, or nothing where it raises it no further."""
    if not limit.raisable:
        return ()
    code = f" (Service Quotas {limit.quota})" if limit.quota else ""
    most = f"AWS grants up to {limit.maximum:,}" if limit.maximum else "no upper bound is published"
    text = f"ask for a higher quota{code}: {most}; then say it as `{limit.name}` under `[limits]`"
    return (Way(text, limit.maximum is None or needed <= limit.maximum),)


# Contributors --------------------------------------------------------------------------------


def contributors(case: Case) -> list[tuple[int, Span]]:
    """Return the sentences with what each adds, measured by leaving it out; largest first.

    The sentences that are largest by themselves are tried; in a policy of many statements the
    size of each sentence by itself stands for what it adds.
    """
    sentences: dict[Span, list[Statement]] = defaultdict(list)
    for policy in case.refused.given:
        for statement in policy.statements:
            if statement.origin:
                sentences[statement.origin[0]].append(statement)
    lengths = case.settings.lengths
    frame = size(Policy(()), lengths)
    alone = {
        span: size(minimize(Policy(tuple(some)), lengths=lengths), lengths) - frame
        for span, some in sentences.items()
    }
    tried = sorted(sentences, key=lambda s: (-alone[s], s.source.name, s.start))[:_TRIED]
    few = sum(len(p.statements) for p in case.refused.given) <= _MANY
    added = [(_added(case, span) if few else alone[span], span) for span in tried]
    return sorted(
        (a for a in added if a[0] > 0), key=lambda a: (-a[0], a[1].source.name, a[1].start)
    )


def _added(case: Case, span: Span) -> int:
    return case.saves(
        attrs.evolve(p, statements=tuple(s for s in p.statements if span not in s.origin[:1]))
        for p in case.refused.given
    )


# Ways that keep the meaning --------------------------------------------------------------------


def _sids(case: Case) -> Iterable[Way]:
    """Without names: statements are not kept apart then."""
    if case.settings.sids == "drop":
        return
    saves = case.saves(case.refused.given, attrs.evolve(case.settings, sids="drop"))
    text = f"`--sids drop` would save {saves:,} characters: names keep statements apart"
    yield case.way(text, saves)


def _services(case: Case) -> Iterable[Way]:
    """Joined although resources differ, where actions and resources never meet."""
    if case.settings.catalogue is None or case.settings.cross_service:
        return
    saves = case.saves(case.refused.given, attrs.evolve(case.settings, cross_service=True))
    text = f"`fit.cross-service = true` would save {saves:,} characters"
    yield case.way(text, saves)


def _wildcards(case: Case) -> Iterable[Way]:
    """Patterns that match by the catalogue no other action than those that are granted."""
    settings, refused = case.settings, case.refused
    if settings.catalogue is None or settings.wildcards in {"tight", "max"}:
        return
    setting, saves = "tight", 0
    shrunk: list[Policy] = []
    if settings.wildcards == "never":
        first = case.weight(case.small[:1]) - case.over
        shrunk = [
            _with_wildcards(p, refused, settings, "max", first if i == 0 else None)
            for i, p in enumerate(case.small)
        ]
        saves = case.base - case.weight(map(refused.finish, shrunk))
    if saves < case.over:
        setting = "max"
        shrunk = [_with_wildcards(p, refused, settings, "max") for p in case.small]
        saves = case.base - case.weight(map(refused.finish, shrunk))
    named = _patterns(case.small, shrunk, settings.lengths)
    yield case.way(f'`fit.wildcards = "{setting}"` would save {saves:,} characters{named}', saves)


def _with_wildcards(
    policy: Policy, refused: Refused, settings: Settings, reach: Reach, target: int | None = None
) -> Policy:
    """Return the policy with patterns for actions, as few as `target` characters need.

    As it is where `fit` writes none.
    """
    made = settings.shrunk(policy, refused.kind, reach, target, refused.known)
    return policy if made is None else made.policy


def _patterns(before: Sequence[Policy], after: Sequence[Policy], lengths: Mapping[str, int]) -> str:
    """Return the patterns that save most, with how many actions each stands for."""
    old = {a for p in before for s in p.statements for a in s.actions.values}
    new = {a for p in after for s in p.statements for a in s.actions.values} - old
    weights = {}
    for pattern in new:
        held = [a for a in old if action_covers(pattern, a)]
        weight = sum(value_size(a, lengths) + 1 for a in held) - value_size(pattern, lengths)
        weights[pattern] = weight, len(held)
    best = sorted(weights, key=lambda p: (-weights[p][0], p))[:_PATTERNS]
    shown = ", ".join(f"`{p}` for {weights[p][1]} actions" for p in best if weights[p][1] > 1)
    return f": {shown}" if shown else ""


def _elsewhere(case: Case) -> Iterable[Way]:
    """Another place for what does not fit here, that means the same."""
    refused, limits = case.refused, case.settings.limits
    kind = refused.kind
    if kind in {"scp", "rcp"}:
        yield from _parted(case, kind)
    elif kind in {"session", "permission_set"} or kind.startswith("inline-"):
        limit, movable = limits.value("managed-policy-size"), refused.movable
        others = sum(size(p, case.settings.lengths) for p in case.small[1:])
        known = limits.policy_size(kind)
        left = known.value - others if movable and known is not None else None
        statements = [s for p in case.small[: 1 if movable else None] for s in p.statements]
        packing = pack(statements, limit, left, case.settings.lengths)
        if packing is None:
            return
        made = len(packing.others)
        attached, most = refused.attached
        policies = f"{made:,} managed {'policy' if made == 1 else 'policies'}"
        how = f"`place auto` would put the rest into {policies}"
        if not movable:
            how = f"as a `policy` that is attached all of it would be {policies}"
        text = f"{how}, {attached + made} of {most} attached then"
        yield Way(text, attached + made <= most)


def _parted(case: Case, kind: str) -> Iterable[Way]:
    """Organization policies attached to one target hold together, so they can be parted."""
    limit = case.settings.limits.policy_size(kind)
    statements = [s for p in case.small for s in p.statements]
    packing = pack(statements, limit.value, None, case.settings.lengths) if limit else None
    if packing is None:
        return
    made = len(packing.others)
    attached, most = case.refused.attached
    after = attached - 1 + made
    text = f"written as {made} `{kind}`s that are attached to the same targets"
    if most:
        text += f": {after} of {most} places there then"
    yield Way(text, after <= most or not most)


# Ways that change it ---------------------------------------------------------------------------


def _alike(case: Case) -> Iterable[Way]:
    """Statements that say the same under several conditions, as if one of those were enough."""
    alike: dict[Hashable, list[Statement]] = defaultdict(list)
    for policy in case.small:
        for s in policy.statements:
            alike[s.effect, s.principals, s.actions, s.resources, id(policy)].append(s)
    groups = [some for some in alike.values() if len(some) >= _ALIKE]
    if not groups:
        return
    lengths = case.settings.lengths
    chosen: set[Statement] = set()
    for some in groups:
        kept = min(some, key=lambda s: (size(Policy((s,)), lengths), repr(s.condition)))
        chosen.update(s for s in some if s is not kept)
    saves = case.saves(
        attrs.evolve(p, statements=tuple(s for s in p.statements if s not in chosen))
        for p in case.small
    )
    first = max(groups, key=len)
    text = (
        f"{len(first)} statements on `{shown(first[0].actions.values[0])}` differ in their conditions "
        f"only: one condition for all would save {saves:,} characters"
    )
    yield case.way(text, saves)


def shown(text: str, most: int = 96) -> str:
    """Return a text of a policy for a message: placeholders by name, the end of what is long."""
    text = text.replace("\ue000", "{").replace("\ue001", "}")
    return text if len(text) <= most else "…" + text[1 - most :]


# Attachments -----------------------------------------------------------------------------------


def attachment_ways(
    policies: Sequence[Policy],
    counts: tuple[int, int],
    limit: int,
    settings: Settings,
) -> tuple[Way, ...]:
    """Return what would need fewer attachments.

    Args:
        policies: those attached policies that are this project's own.
        counts: how many are attached in all, and how many may be.
        limit: the size of one of them.
    """
    count, most = counts
    found: list[Way] = []
    statements = tuple(s for p in policies for s in p.statements)
    joined = minimize(Policy(statements), sids=settings.sids, lengths=settings.lengths)
    versions = [("joining", joined)]
    if settings.catalogue is not None and settings.wildcards == "never":
        shrunk = _with_wildcards(joined, Refused("managed", ()), settings, "max")
        versions.append(('`fit.wildcards = "max"` and joining', shrunk))
    made = len(policies)
    for how, version in versions:
        packing = pack(version.statements, limit, None, settings.lengths)
        if packing is None or len(packing.others) >= made:
            continue
        made = len(packing.others)
        characters = size(version, settings.lengths)
        text = f"{how} the {len(policies)} that are written here would leave {made}: "
        text += f"they have {characters:,} characters together"
        found.append(Way(text, count - len(policies) + made <= most))
    return tuple(found)
