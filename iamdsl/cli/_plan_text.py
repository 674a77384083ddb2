"""A plan, or how an account has drifted, as text for a terminal or a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.analysis.writing import parted, quoted
from iamdsl.cli._diff_text import body
from iamdsl.cli._diff_words import Words, form, plain, setting, state, tally
from iamdsl.cli._options import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.analysis.difference import Changed
    from iamdsl.cli._deploying import Begun
    from iamdsl.deploy._terms import Plan, Step
    from iamdsl.deploy.planning import Planned

_SIGNS = {"added": "+", "removed": "-", "kept": "~"}
_PREPOSITIONS = {
    "attach": ("attach", "to"),
    "create": ("create", "of"),
    "detach": ("detach", "from"),
    "remove": ("remove", "of"),
    "tag": ("set", "of"),
    "untag": ("remove", "of"),
}
_WITH_TARGET = frozenset({"resource policy"})
"""Kinds of which a step is always about the thing itself, and its detail says where it is."""
_PLANNED = {"added": "is new", "removed": "is removed"}
_DRIFTED = {"added": "is there, and no source has it", "removed": "is not there"}


class Counts(NamedTuple):
    """How many things a plan makes, changes and removes."""

    create: int
    change: int
    remove: int
    steps: int


def counts(plan: Plan) -> Counts:
    """Return how many things a plan makes, changes and removes."""
    things = dict.fromkeys((step.kind, step.name) for step in plan.steps)
    whole = [s for s in plan.steps if not s.detail or s.kind in _WITH_TARGET]
    made = {(s.kind, s.name) for s in whole if s.verb == "create"}
    gone = {(s.kind, s.name) for s in whole if s.verb == "remove"} - made
    return Counts(len(made), len(things) - len(made) - len(gone), len(gone), len(plan.steps))


def plan_text(found: Planned, on: Begun) -> str:
    """Return what would be done: what it means, the steps in order, and the numbers."""
    lines = [_head(on), ""]
    lines += _subjects(found, on, _PLANNED)
    if found.plan.steps:
        lines += ["", "in this order:", *(f"  {said(step)}" for step in found.plan.steps)]
    lines += ["", *_end(found, on)]
    return _joined(lines)


def drift_text(found: Planned, on: Begun) -> str:
    """Return how what is live differs from what is built, and what deploying would do about it."""
    lines = [_head(on), ""]
    lines += _subjects(found, on, _DRIFTED)
    if found.plan.steps:
        lines += ["", "`iamdsl apply` would:", *(f"  {said(step)}" for step in found.plan.steps)]
    drifted = {(s.kind, s.name) for s in found.plan.steps}
    drifted |= {(c.kind, c.name) for c in found.plan.conflicts}
    drifted |= set(found.plan.stays)
    lines += ["", *_notes(found, on)]
    if found.differs:
        lines.append(f"{plural(len(drifted), 'thing')} not as built")
    else:
        lines.append("the account is as the project is built")
    return _joined(lines)


def said(step: Step) -> str:
    """Return a step in words: `attach policy reader to role worker`."""
    thing, detail = f"{step.kind} {plain(step.name)}", plain(step.detail)
    if step.verb == "adopt":
        return f"mark {thing} as the project's"
    if not detail or step.kind in _WITH_TARGET:
        return f"{step.verb} {thing}{f': {detail}' if detail else ''}"
    if step.kind == "organization policy" and step.verb in {"attach", "detach"}:
        return f"{step.verb} {thing} {_PREPOSITIONS[step.verb][1]} {detail}"
    if step.kind == "user" and detail.startswith("group "):
        verb, to = ("add", "to") if step.verb == "attach" else ("remove", "from")
        return f"{verb} {thing} {to} {detail}"
    if step.verb not in _PREPOSITIONS:
        return f"{step.verb} {thing}: {detail}"
    verb, to = _PREPOSITIONS[step.verb]
    return f"{verb} {detail} {to} {thing}"


def _head(on: Begun) -> str:
    where = f"account {on.session.account}"
    if on.made.account:
        where = f"account {plain(on.made.account)} ({on.session.account})"
    region = f", {on.session.region}" if on.session.region else ""
    return f"project {on.made.project} in {where}{region}"


def _subjects(found: Planned, on: Begun, states: dict[str, str]) -> Iterator[str]:
    """Yield what is different, in meaning and otherwise."""
    words = Words(on.made.catalogue)
    told = set()
    for changed in found.found.subjects:
        if not changed.in_meaning and not _is_done(changed, found.plan):
            continue  # AWS wrote it another way
        key = changed.key.kind, changed.key.name
        told.add(key)
        yield from _subject(changed, words, states)
        yield from _aside(found, key)
    for (kind, name), _ in sorted(found.aside.items()):
        if (kind, name) not in told:
            title = f"{kind.replace('_', ' ')} {name}"
            yield f"~ {plain(quoted(title))}: same access"
            yield from _aside(found, (kind, name))


def _subject(changed: Changed, words: Words, states: dict[str, str]) -> Iterator[str]:
    title = plain(quoted(changed.title))
    sign = _SIGNS[changed.state]
    if not changed.in_meaning:
        yield f"{sign} {title}: {state(changed)} (form only: {plain(form(changed, quoted))})"
        return
    yield f"{sign} {title}: {states.get(changed.state) or state(changed)}"
    for line in body(changed, words):
        yield f"  {line}"


def _is_done(changed: Changed, plan: Plan) -> bool:
    """Tell whether a step is about one of the documents that changed in form."""
    documents = [parted(one.name)[1] for one in changed.reshaped]
    return any(step.name in (changed.key.name, *documents) for step in plan.steps)


def _aside(found: Planned, key: tuple[str, str]) -> Iterator[str]:
    for one in found.aside.get(key, ()):
        yield f"    ~ {setting(one)}"


def _notes(found: Planned, on: Begun) -> Iterator[str]:
    for note in (*on.made.notes, *found.plan.notes):
        yield f"note: {plain(note)}"


def _end(found: Planned, on: Begun) -> Iterator[str]:
    yield from _notes(found, on)
    if found.plan.steps:
        yield _numbers(found)
    elif not found.changes:
        yield "nothing to do"
    if found.is_blocked:
        yield "nothing is done while something is in the way"


def _numbers(found: Planned) -> str:
    create, change, remove, steps = counts(found.plan)
    numbers = f"{create:,} to create, {change:,} to change, {remove:,} to remove"
    total = tally(found.found)
    access = [
        f"{number:,} {word}"
        for number, word in ((total.gained, "with more access"), (total.lost, "with less"))
        if number
    ]
    return f"{plural(steps, 'step')}: {numbers}{'; ' if access else ''}{', '.join(access)}"


def _joined(lines: list[str]) -> str:
    """Return lines as a text, without two empty ones behind each other."""
    kept = [line for n, line in enumerate(lines) if line or (n and lines[n - 1])]
    return "".join(f"{line}\n" for line in kept)
