"""What two builds have different in meaning: who may do more, who may do less, and what is as it was.

```
 two Sides ──pair by name──▶ pairs of Subjects ──prove──▶ Difference
```

An identity is compared by what it comes to, so that it does not matter which of its documents a
statement stands in, in which order, or in how many pieces. A policy that no identity of the build
has is compared by itself, denies included: they count where it is attached beside others.

Invariant: nothing is called the same unless it is proved; what could not be decided is `unknown`.
What a subject comes to is what `permissions` says, which allows more where it cannot be exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from iamdsl import prove
from iamdsl.analysis import settings
from iamdsl.analysis.changes import Aspect, changes
from iamdsl.analysis.permissions import permissions
from iamdsl.analysis.subjects import Subject, documents, subjects
from iamdsl.iam import Elements, Statement, minified, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from iamdsl.analysis.changes import Group, Topic
    from iamdsl.analysis.settings import Setting
    from iamdsl.aws import Catalogue
    from iamdsl.iam import Build, Document, Identity
    from iamdsl.prove import Permissions
    from iamdsl.simulate import Named

State: TypeAlias = Literal["added", "removed", "kept"]

_ALL = Elements(("*",))
_EVERYTHING = Statement("Allow", _ALL, _ALL)
_NOTHING = prove.Permissions(((),))
_CUSTOMER_MANAGED = frozenset({"managed", "boundary"})
"""Kinds of documents that are one kind of policy to AWS, and share their names."""


class Side(NamedTuple):
    """One of the two things that are compared.

    Attributes:
        build: after `fit`.
        pseudo: `partition`, `account`, `region` of the nameless place, as far as they are known.
        has_kinds: whether the kinds of its documents are known: a document in a file does not say
            whether it is a managed policy or an SCP.
    """

    build: Build
    pseudo: Mapping[str, str]
    has_kinds: bool = True


class Key(NamedTuple):
    """What a subject is found by on the other side.

    Attributes:
        account: the name of its account in the source, "" for the nameless place.
        kind: `policy` for managed policies and boundaries, else as `Subject.kind`.
    """

    account: str
    kind: str
    name: str


class Reshaped(NamedTuple):
    """A document that is another one, though the subject means the same."""

    name: str
    state: State


class Changed(NamedTuple):
    """How one subject differs.

    Attributes:
        title: what messages call it: `role orders-function`, `role prod.deployer`.
        aspects: those in which something changed or is unknown.
        reshaped: documents that changed in form only; none where the meaning changed too.
        beside: what is in effect on both sides and not at hand.
    """

    key: Key
    title: str
    state: State
    aspects: tuple[Aspect, ...] = ()
    settings: tuple[Setting, ...] = ()
    reshaped: tuple[Reshaped, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def gains(self) -> bool:
        """Tell whether anybody may do more, or might where that is not known."""
        proved = any(a.gained for a in self.aspects if a.has_effect)
        return proved or any(s.may_gain for s in self.settings)

    @property
    def loses(self) -> bool:
        """Tell whether anybody may do less, or might where that is not known."""
        proved = any(a.lost for a in self.aspects if a.has_effect)
        return proved or any(s.may_lose for s in self.settings)

    @property
    def is_open(self) -> bool:
        """Tell whether a part of the comparison could not be decided."""
        return any(a.unknown for a in self.aspects)

    @property
    def in_meaning(self) -> bool:
        """Tell whether more than the form of its documents changed, or may have."""
        return bool(self.aspects or self.settings) or self.state != "kept"

    @property
    def is_certain(self) -> bool:
        """Tell whether something is known to have changed in meaning."""
        shown = any(a.gained or a.lost for a in self.aspects)
        return shown or bool(self.settings) or self.state != "kept"


class Unlike(NamedTuple):
    """Two documents that are policies of different kinds, as a bucket's and a user's.

    Attributes:
        old_has_principals: whether it is OLD's that says whom it is about.
    """

    old: str
    new: str
    old_has_principals: bool


class Difference(NamedTuple):
    """What changed from one side to the other.

    Attributes:
        subjects: those that differ, in meaning or in form, by account, kind and name.
        same: how many are on both sides without any difference.
        have_common: whether any subject is on both sides, or one of them has none at all.
        unlike: documents that would have been compared, by their names on both sides, of which
            one says whom it is about and the other does not: each is a subject by itself.
    """

    subjects: tuple[Changed, ...]
    same: int
    have_common: bool
    unlike: tuple[Unlike, ...] = ()


def difference(before: Side, after: Side, catalogue: Catalogue) -> Difference:
    """Return what changed in meaning from one side to the other."""
    tags = settings.asked_tags(before.build) | settings.asked_tags(after.build)
    changed, same = [], 0
    sides: set[State] = set()
    unlike: list[Unlike] = []
    for key, old, new in _pairs(before, after, unlike):
        sides.add("kept" if old and new else "added" if new else "removed")
        found = _compared(key, old, new, _Facts(catalogue, tags))
        if found.in_meaning or found.reshaped:
            changed.append(found)
        else:
            same += 1
    for target in settings.of_targets(before.build, after.build):
        key = Key("", target.kind, target.name)
        changed.append(Changed(key, target.title, target.state, settings=target.settings))
    apart = sides == {"added", "removed"}
    ordered = tuple(sorted(changed, key=lambda c: c.key))
    return Difference(ordered, same, not apart, tuple(unlike))


class _Facts(NamedTuple):
    """What a comparison of two subjects asks of the world around them."""

    catalogue: Catalogue
    tags: frozenset[str]


class _Entry(NamedTuple):
    """A subject with what it was made of: an identity, or the pieces of a policy."""

    side: Side
    subject: Subject
    identity: Identity | None
    pieces: tuple[Document, ...]


# -- which are the same subject


def _pairs(
    before: Side, after: Side, unlike: list[Unlike]
) -> Iterator[tuple[Key, _Entry | None, _Entry | None]]:
    """Yield the subjects of both sides, in their order; None where a side does not have it.

    Args:
        unlike: grows by the documents that are no pair for what they are.
    """
    old, new = _identities(before), _identities(after)
    for key in dict.fromkeys((*new, *old)):
        yield key, old.get(key), new.get(key)
    held_before, held_after = _held(before.build), _held(after.build)
    kept, made = _documents(before), _documents(after)
    lone = len(kept) == len(made) == 1 and not (old or new)
    if not (before.has_kinds and after.has_kinds):
        _rename(kept, made, unlike, lone=lone)
    for key in dict.fromkeys((*made, *kept)):
        stands = (key in kept and key not in held_before) or (key in made and key not in held_after)
        if stands:
            yield key, kept.get(key), made.get(key)


def _identities(side: Side) -> dict[Key, _Entry]:
    own: dict[tuple[str, str, str], Identity] = {
        ("" if account is None else account.name, i.kind, i.name.lower()): i
        for account, build in side.build.each()
        for i in build.identities
    }
    return {
        _key(s): _Entry(side, s, own[s.place.name, s.kind, s.name.lower()], ())
        for s in subjects(side.build, side.pseudo)
    }


def _documents(side: Side) -> dict[Key, _Entry]:
    pieces: dict[tuple[str, str, str], list[Document]] = {}
    for account, build in side.build.each():
        for document in build.documents:
            name = document.split_from or document.name
            place = "" if account is None else account.name
            pieces.setdefault((place, document.kind, name), []).append(document)
    return {
        _key(s): _Entry(side, s, None, tuple(pieces[s.place.name, s.kind, s.name]))
        for s in documents(side.build, side.pseudo)
    }


def _key(subject: Subject) -> Key:
    kind = "policy" if subject.kind in _CUSTOMER_MANAGED else subject.kind
    return Key(subject.place.name, kind, subject.name)


def _held(build: Build) -> set[Key]:
    """Return the managed policies that identities of a build have, as policies or boundaries."""
    held = set()
    for account, inner in build.each():
        place = "" if account is None else account.name
        whole = {d.name: d.split_from or d.name for d in inner.documents if d.is_managed}
        for identity in inner.identities:
            bounds = (identity.boundary,) if identity.boundary is not None else ()
            for attachment in (*identity.managed, *bounds):
                if attachment.ours and attachment.policy in whole:
                    held.add(Key(place, "policy", whole[attachment.policy]))
    return held


def _rename(
    old: dict[Key, _Entry], new: dict[Key, _Entry], unlike: list[Unlike], *, lone: bool
) -> None:
    """Give documents the keys of those on the other side that they are to be compared with.

    A document whose kind is not known is compared with the one of its name, and two that are
    alone on their sides with each other.
    """
    waiting = {key: entry for key, entry in old.items() if key not in new}
    free = [key for key in new if key not in old]
    for key, entry in waiting.items():
        found = free if lone else [k for k in free if k.name == key.name]
        others = [k for k in waiting if lone or k.name == key.name]
        if not len(found) == len(others) == 1:
            continue
        names_callers = [_names_callers(one) for one in (entry, new[found[0]])]
        if names_callers[0] != names_callers[1]:
            unlike.append(Unlike(key.name, found[0].name, names_callers[0]))
            continue
        old[found[0]] = entry
        del old[key]


def _names_callers(entry: _Entry) -> bool:
    """Tell whether a document says whom it is about, as policies of resources and RCPs do."""
    return any(s.principals is not None for s in _statements(entry.subject.identity))


# -- how two of them differ


def _compared(key: Key, old: _Entry | None, new: _Entry | None, facts: _Facts) -> Changed:
    entry = new or old
    assert entry is not None  # noqa: S101  # a pair has at least one
    title = entry.subject.title
    state: State = "kept" if old and new else "added" if new else "removed"
    aspects = tuple(_aspects(old, new, facts.catalogue))
    said = settings.compared(
        _settings_of(old), _settings_of(new), tags=facts.tags, is_kept=state == "kept"
    )
    reshaped: tuple[Reshaped, ...] = ()
    if state == "kept" and not aspects and not said:
        reshaped = tuple(_reshaped(*_documents_of(old, new)))
    beside: tuple[str, ...] = ()
    if old and new:
        beside = tuple(name for name in new.subject.unknown if name in old.subject.unknown)
    return Changed(key, title, state, aspects, said, reshaped, beside)


def _settings_of(entry: _Entry | None) -> settings.Owner | None:
    if entry is None:
        return None
    return settings.Owner(entry.identity, entry.pieces, entry.subject.unknown)


def _aspects(old: _Entry | None, new: _Entry | None, catalogue: Catalogue) -> Iterator[Aspect]:
    identity = old.identity if old else new.identity if new else None
    before, after = _effective(old), _effective(new)
    access = changes("access", before, after, catalogue)
    if access is not None:
        yield access
    trust = changes("trust", _trust(old), _trust(new), catalogue)
    if trust is not None:
        yield trust
    if identity is None or (old is not None and new is not None):
        rest = _beyond(_denies(old, new, catalogue), access)
        if rest is not None:
            yield rest
    if identity is not None and old is not None and new is not None and access is None:
        yield from _without_effect(old.subject, new.subject, catalogue)


def _without_effect(old: Subject, new: Subject, catalogue: Catalogue) -> Iterator[Aspect]:
    """Yield what changed in an identity's policies, and does not show in what they come to."""
    pairs: tuple[tuple[Topic, tuple[Named, ...], tuple[Named, ...]], ...] = (
        ("policies", old.identity, new.identity),
        ("boundary", old.boundaries, new.boundaries),
    )
    for topic, before, after in pairs:
        # That a boundary was set or taken away is a setting.
        if topic == "policies" or (before and after):
            found = changes(topic, _alone(before), _alone(after), catalogue)
            if found is not None:
                yield found


def _effective(entry: _Entry | None) -> Permissions:
    if entry is None:
        return _NOTHING
    if entry.identity is None:
        return _alone(entry.subject.identity)
    return permissions(entry.subject, entry.side.build, entry.side.pseudo)


def _trust(entry: _Entry | None) -> Permissions:
    trust = entry.subject.trust if entry is not None else None
    return _alone((trust,) if trust is not None else ())


def _alone(policies: Iterable[Named]) -> Permissions:
    return prove.Permissions((_statements(policies),))


def _statements(policies: Iterable[Named]) -> tuple[Statement, ...]:
    return tuple(s for named in policies for s in named.policy.statements)


def _denies(old: _Entry | None, new: _Entry | None, catalogue: Catalogue) -> Aspect | None:
    """Return what a subject's own policies deny less or more, where it is denied no other way.

    What moves from a role to an SCP above it, or back, is in effect all the same.
    """
    before, after = _own_denies(old), _own_denies(new)
    found = changes("denies", _beside(before), _beside(after), catalogue)
    above = [_denies_above(entry) for entry in (old, new)]
    if found is None or not any(above):
        return found
    before, after = (*before, *above[0]), (*after, *above[1])
    return changes("denies", _beside(before), _beside(after), catalogue)


def _own_denies(entry: _Entry | None) -> tuple[Statement, ...]:
    own = entry.subject if entry is not None else None
    policies = (*own.identity, *own.boundaries) if own is not None else ()
    return tuple(s for s in _statements(policies) if s.effect == "Deny")


def _denies_above(entry: _Entry | None) -> tuple[Statement, ...]:
    """Return what SCPs deny to an identity; a policy has them only where it is attached."""
    if entry is None or entry.identity is None:
        return ()
    levels = (s for level in entry.subject.scps for s in _statements(level))
    return tuple(s for s in levels if s.effect == "Deny")


def _beside(denies: tuple[Statement, ...]) -> Permissions:
    """Return what denies leave of everything."""
    return prove.Permissions(((_EVERYTHING, *denies),))


def _beyond(denies: Aspect | None, access: Aspect | None) -> Aspect | None:
    """Return what the denies changed besides what shows in the access already."""
    if denies is None or access is None:
        return denies
    gained = {_group(c) for c in access.gained}
    lost = {_group(c) for c in access.lost}
    rest = Aspect(
        "denies",
        tuple(c for c in denies.gained if _group(c) not in gained),
        tuple(c for c in denies.lost if _group(c) not in lost),
        tuple(reason for reason in denies.unknown if reason not in access.unknown),
    )
    return rest if rest.gained or rest.lost or rest.unknown else None


def _group(group: Group) -> object:
    return group[1:-1]


# -- what changed in form


def _texts(entry: _Entry | None) -> dict[str, str]:
    """Return the documents of a subject, as JSON by their names."""
    if entry is None:
        return {}
    own = entry.subject
    trust = (own.trust,) if own.trust is not None else ()
    return {
        named.name: minified(to_json(named.policy))
        for named in (*trust, *own.identity, *own.boundaries)
    }


def _documents_of(
    old: _Entry | None, new: _Entry | None
) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the documents of both sides; two that were paired as the only ones have one name."""
    before, after = _texts(old), _texts(new)
    if old is not None and old.identity is None and len(before) == len(after) == 1:
        return dict(zip(after, before.values(), strict=True)), after
    return before, after


def _reshaped(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Reshaped]:
    for name in dict.fromkeys((*new, *old)):
        if name not in old:
            yield Reshaped(name, "added")
        elif name not in new:
            yield Reshaped(name, "removed")
        elif old[name] != new[name]:
            yield Reshaped(name, "kept")
