"""What a deployment would do to an account, and what that means: read, planned, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.analysis.difference import Side, difference
from iamdsl.analysis.settings import Setting
from iamdsl.deploy import converge
from iamdsl.deploy.live import Sides, attached_from_outside, documents, ours, sides
from iamdsl.emit._desired import desired
from iamdsl.emit._places import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.analysis.difference import Difference
    from iamdsl.deploy._terms import Plan, Step
    from iamdsl.deploy.compiling import Compiled
    from iamdsl.deploy.session import Session
    from iamdsl.iam import Build, Document, Identity

_GOING = frozenset({"untag"})


class Planned(NamedTuple):
    """What is to be done in an account.

    Attributes:
        plan: the steps, and what is in their way.
        found: what is different in meaning; from what is live to what is built, or the other way
            round.
        aside: what else is different of what is on both sides, by kind and name.
        same: how many identities and policies are as they are to be.
    """

    plan: Plan
    found: Difference
    aside: dict[tuple[str, str], tuple[Setting, ...]]

    @property
    def changes(self) -> bool:
        """Tell whether there is anything to do, or anything in the way of it."""
        return bool(self.plan.steps) or self.is_blocked

    @property
    def differs(self) -> bool:
        """Tell whether the account is another than the sources say, if only by what stays in it."""
        return self.changes or bool(self.plan.stays)

    @property
    def is_blocked(self) -> bool:
        """Tell whether something is in the way, so that nothing at all is done."""
        return bool(self.plan.conflicts or self.plan.problems)


def planned(
    made: Compiled, session: Session, adopt: Sequence[str] = (), *, drift: bool = False
) -> Planned:
    """Return what is to be done; raises what the SDK does.

    Args:
        adopt: what is to be taken over, as `role/worker`.
        drift: whether it is told how what is live differs from what is built, and not what
            deploying would change.
    """
    place = Place(None, "", made.build, dict(made.facts.pseudo))
    wanted = desired(place, made.facts)
    live = converge.read(session.client, wanted)
    plan = converge.planned(wanted, live, adopt)
    live = ours(live, wanted)
    foreign = documents(session.client, attached_from_outside(made.build, live))
    both = sides(made.build, live, _untagged(plan.steps), foreign, () if drift else plan.stays)
    if drift:
        both = Sides(both.built, both.live)
    pseudo = dict(made.facts.pseudo)
    found = difference(Side(both.live, pseudo), Side(both.built, pseudo), made.catalogue)
    return Planned(plan, found, _aside(both, found))


def _untagged(steps: Sequence[Step]) -> dict[tuple[str, str], frozenset[str]]:
    """Return the keys of tags that steps take away, by kind and name."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for step in steps:
        if step.verb in _GOING:
            keys = frozenset(step.request.get("TagKeys", ()))
            found[step.kind, step.name] = found.get((step.kind, step.name), frozenset()) | keys
    return found


def _aside(both: Sides, found: Difference) -> dict[tuple[str, str], tuple[Setting, ...]]:
    """Return what differs and decides nothing: descriptions, and tags that nothing asks for."""
    told = {
        (changed.key.kind, changed.key.name, setting.name)
        for changed in found.subjects
        for setting in changed.settings
    }
    before, after = _owners(both.live), _owners(both.built)
    made = {}
    for key in after:
        if key in before:
            new = tuple(s for s in _plain(before[key], after[key]) if (*key, s.name) not in told)
            if new:
                made[key] = new
    return made


def _owners(build: Build) -> dict[tuple[str, str], Identity | Document]:
    owners: dict[tuple[str, str], Identity | Document] = {
        ("policy" if d.is_managed else d.kind, d.name): d for d in build.documents
    }
    return owners | {(i.kind, i.name): i for i in build.identities}


def _plain(before: Identity | Document, after: Identity | Document) -> Iterator[Setting]:
    if before.path != after.path:
        yield Setting("path", before.path, after.path)
    if before.kind != "managed" and (before.description or "") != (after.description or ""):
        # That of a managed policy cannot be changed.
        yield Setting("description", before.description or "", after.description or "")
    old, new = dict(before.tags), dict(after.tags)
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key):
            yield Setting(f"tag {key}", old.get(key, ""), new.get(key, ""))
