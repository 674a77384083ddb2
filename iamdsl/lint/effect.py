"""Allows without an effect: a deny, the boundary or a level of SCPs takes all of them away.

In a document its own denies count; for an identity all that is in effect for it. A sentence, or a
statement of a policy, is reported when it is so for every identity that has it. What is not known
of an identity can take more away and give nothing back to a statement that has no effect.

Few requests of each statement are tried first (`simulate`): one that is allowed by all limits
ends the matter. Only what none of them gets through is for a proof.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import islice, product
from typing import TYPE_CHECKING, Final, NamedTuple

from iamdsl import prove
from iamdsl.analysis.subjects import FULL_ACCESS, subjects
from iamdsl.analysis.writing import quoted
from iamdsl.diagnostics import Label, codes
from iamdsl.iam import action_covers, resource_covers
from iamdsl.lint.comparing import CHANCE, Said, is_about_all, sampled, useful
from iamdsl.lint.sentences import Unit, called, shown, unit_of
from iamdsl.simulate import Request, applies, effect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from iamdsl.analysis.subjects import Subject
    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.iam import Policy, Statement
    from iamdsl.lint.items import Item, World
    from iamdsl.simulate import Named

_SHOWN: Final = 3
_MANY_ATOMS: Final = 400
_TRIED: Final = 400
"""Requests of a statement that are tried before a proof."""


class Taken(NamedTuple):
    """What takes a statement away.

    Attributes:
        by: denies, of which each takes a part; none for a limit that does not allow it.
        limit: what does not allow it: "boundary `x`", "SCP `x`"; "" for denies.
        allows: what the limit allows instead.
        whose: the identity that it is so for, in messages; "" for a document by itself.
    """

    by: tuple[Statement, ...] = ()
    limit: str = ""
    allows: tuple[Statement, ...] = ()
    whose: str = ""


class Limit(NamedTuple):
    """A layer that has to allow as well: the boundary, or a level of SCPs."""

    title: str
    statements: tuple[Statement, ...]


class _Member(NamedTuple):
    """A statement of a unit, and what takes it away in each place that it has: None for nothing."""

    statement: Statement
    written: bool
    taken: list[Taken | None]


def check(world: World, report: Report) -> None:
    """Report statements that allow nothing in the end."""
    units: dict[Unit, list[_Member]] = defaultdict(list)
    by_policy: dict[int, list[_Member]] = {}
    for item in world.items:
        members = list(_members(item, world.catalogue, units))
        if item.kind == "policy":
            by_policy[id(item.policy)] = members
    _in_effect(world, by_policy)
    for members in units.values():
        # Within a document it is so wherever that is attached; else, wherever it was looked at.
        if all(m.taken and None not in m.taken for m in members):
            _say(members[0], report)


def _members(
    item: Item, catalogue: Catalogue, units: dict[Unit, list[_Member]]
) -> Iterator[_Member]:
    statements = item.policy.statements
    denies = [Said(s) for s in statements if s.effect == "Deny"]
    for number, statement in enumerate(statements):
        unit = unit_of(statement, item, number)
        if statement.effect != "Allow" or item.kind == "rcp" or unit is None:
            continue
        taken = _by_denies(Said(statement), denies, catalogue) if denies else None
        member = _Member(statement, item.written, [] if taken is None else [taken])
        units[unit].append(member)
        yield member


# What is in effect for identities


def _in_effect(world: World, by_policy: dict[int, list[_Member]]) -> None:
    """Add to what is known of statements, for each identity that has them."""
    if not any(build.identities for _, build in world.build.each()):
        return
    alone = {n: [bool(m.taken) for m in members] for n, members in by_policy.items()}
    known: dict[tuple[object, ...], Taken | None] = {}
    for subject in subjects(world.build, world.pseudo):
        for named in subject.boundaries:  # what is no grant there has an effect all the same
            for member in by_policy.get(id(named.policy), []):
                member.taken.append(None)
        if subject.kind == "group":  # its members are who asks
            continue
        limits = list(_limits(subject))
        everything = [named.policy for named in (*subject.identity, *subject.boundaries)]
        everything += [named.policy for level in subject.scps for named in level]
        denies = [s for policy in everything for s in policy.statements if s.effect == "Deny"]
        mark = (*map(id, denies), *(id(s) for limit in limits for s in limit.statements))
        for named in subject.identity:
            members = by_policy.get(id(named.policy), [])
            for member, settled in zip(members, alone.get(id(named.policy), []), strict=True):
                if settled:
                    continue
                key = (id(member.statement), mark)
                if key not in known:
                    known[key] = taken_away(member.statement, denies, limits, world.catalogue)
                found = known[key]
                member.taken.append(found._replace(whose=quoted(subject.title)) if found else None)


def _limits(subject: Subject) -> Iterator[Limit]:
    for named in subject.boundaries:
        yield Limit(_titled(named), _allows(named.policy))
    for level in subject.scps:
        if FULL_ACCESS not in level:
            title = " and ".join(map(_titled, level))
            yield Limit(title, tuple(s for named in level for s in _allows(named.policy)))


def _titled(named: Named) -> str:
    title = quoted(named.name)
    return f"SCP{title[3:]}" if title.startswith("scp ") else title


def _allows(policy: Policy) -> tuple[Statement, ...]:
    return tuple(s for s in policy.statements if s.effect == "Allow")


# What takes a statement away


def taken_away(
    statement: Statement,
    denies: Sequence[Statement],
    limits: Sequence[Limit],
    catalogue: Catalogue,
) -> Taken | None:
    """Return what takes all of an Allow away; None where nothing does, or it is not proved."""
    if not denies and not limits:
        return None
    if _gets_through(statement, denies, limits):
        return None
    said = Said(statement)
    if denies and (found := _by_denies(said, [Said(s) for s in denies], catalogue)) is not None:
        return found
    for limit in limits:
        if _is_apart(statement, limit.statements, catalogue):
            return Taken(limit=limit.title, allows=limit.statements)
    return _together(statement, denies, limits, catalogue)


def _together(
    statement: Statement,
    denies: Sequence[Statement],
    limits: Sequence[Limit],
    catalogue: Catalogue,
) -> Taken | None:
    """Return all limits, where it takes more than one of them to take a statement away."""
    denying = tuple(s for s in denies if _may_share(s, statement))
    near = [tuple(s for s in limit.statements if _may_share(s, statement)) for limit in limits]
    atoms = sum(len(s.actions.values) for layer in (denying, *near) for s in layer)
    if len(limits) + bool(denying) < 2 or atoms > _MANY_ATOMS or _is_idle(statement, catalogue):
        return None
    layers = ((statement, *denying), *near)
    if not prove.never(prove.Permissions(layers), (statement,), catalogue):
        return None
    names = [limit.title for limit in limits] + (["`deny` statements"] if denying else [])
    return Taken(limit=" and ".join(names), allows=limits[0].statements)


def _by_denies(one: Said, denies: Sequence[Said], catalogue: Catalogue) -> Taken | None:
    """Return the denies that take all of an Allow away."""
    single = next((d for d in denies if is_about_all(d, one)), None)
    if single is not None:
        return None if _is_idle(one.statement, catalogue) else Taken((single.statement,))
    near = [d.statement for d in useful(one, denies)]
    if len(near) < 2 or _is_idle(one.statement, catalogue):
        return None
    layer = (one.statement, *near)
    if not prove.never(prove.Permissions((layer,)), (one.statement,), catalogue):
        return None
    return Taken(tuple(near))


def _is_idle(statement: Statement, catalogue: Catalogue) -> bool:
    """Tell whether an Allow is about no request whatever else is there: another rule says that."""
    return bool(prove.never(prove.Permissions(((statement,),)), (statement,), catalogue))


def _is_apart(statement: Statement, allows: tuple[Statement, ...], catalogue: Catalogue) -> bool:
    """Tell whether nothing of what a statement allows is allowed by others."""
    near = tuple(s for s in allows if _may_share(s, statement))
    if sum(len(s.actions.values) for s in (statement, *near)) > _MANY_ATOMS:
        return False
    if _is_idle(statement, catalogue):
        return False
    return bool(prove.never(prove.Permissions((near,)), (statement,), catalogue))


def _may_share(one: Statement, other: Statement) -> bool:
    """Tell whether two statements may be about an action of one service; a no is a no."""
    mine, theirs = Said(one).services, Said(other).services
    return mine is None or theirs is None or not mine.isdisjoint(theirs)


# Requests that are tried


def _gets_through(
    statement: Statement, denies: Sequence[Statement], limits: Sequence[Limit]
) -> bool:
    """Tell whether some request of a statement is allowed by all limits and denied by none."""
    layers = [tuple(limit.statements) for limit in limits]
    near = [s for layer in layers for s in layer if _may_share(s, statement)]
    return any(
        applies(statement, request)
        and effect(denies, request) is None
        and all(effect(layer, request) == "Allow" for layer in layers)
        for request in islice(_requests(statement, near), _TRIED)
    )


def _requests(statement: Statement, near: Sequence[Statement]) -> Iterator[Request]:
    """Yield requests that a statement may be about, made of its own texts and of those of others."""
    own = statement.actions.values if not statement.actions.negated else ()
    theirs = [s.actions.values for s in near if not s.actions.negated]
    actions = [*_literal(own), *_within(own, theirs, action_covers)]
    where = statement.resources
    wanted = where.values if where is not None and not where.negated else ("*",)
    others = [s.resources.values for s in near if s.resources is not None]
    resources = [*_literal(wanted), *_within(wanted, others, resource_covers)]
    contexts = list(sampled(statement.condition)) or [{}]
    for other in near:
        contexts += [{**more, **contexts[0]} for more in islice(sampled(other.condition), 1)]
    for action, resource, context in product(
        dict.fromkeys(actions[:20]), dict.fromkeys(resources[:10]), contexts[:10]
    ):
        yield Request("arn:aws:iam::111122223333:role/x", action, resource, context)


def _literal(patterns: Iterable[str]) -> Iterator[str]:
    """Yield a text for each pattern that it matches."""
    for pattern in patterns:
        text = "arn:aws:zq7:::zq7" if pattern == "*" else pattern
        yield text.replace("*", CHANCE).replace("?", "z")


def _within(
    own: Sequence[str], others: Iterable[Sequence[str]], covers: Callable[[str, str], bool]
) -> Iterator[str]:
    """Yield texts that the patterns of others match within the own ones."""
    wild = [pattern for pattern in own if "*" in pattern or "?" in pattern] or ["*"]
    for values in others:
        for value in values:
            if any(covers(pattern, value) for pattern in wild):
                yield from _literal((value,))


# What is said


def _say(member: _Member, report: Report) -> None:
    statement = member.statement
    name, span = called(statement, written=member.written)
    why = member.taken[0]
    if why is None:
        return
    of = f" of {why.whose}" if why.limit.startswith("boundary") and " and " not in why.limit else ""
    if why.limit:
        let = "let" if " and " in why.limit else "lets"
        message = f"{name} allows nothing: {why.limit}{of} {let} none of it through"
        hint = "remove it, or let the limit allow it"
        notes = [(s, "this is let through") for s in why.allows[:1]]
    else:
        several = len(why.by) > 1
        whole = "`deny` statements together take" if several else "a `deny` takes"
        message = f"{name} allows nothing: {whole} all of it back"
        hint = "remove it, or limit the `deny`"
        notes = [(s, "a part is denied here" if several else "denied here") for s in why.by]
    report.add(
        codes.INEFFECTIVE_STATEMENT,
        span,
        message,
        label="without an effect",
        notes=[Label(at, text) for s, text in notes[:_SHOWN] if (at := shown(s)) is not None],
        hint=hint,
    )
