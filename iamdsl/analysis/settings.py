"""What of a build changes who may do what, and stands in no policy: attachments, tags, times.

What is attached from outside of the build is access that nobody here can know: it is named, with
the direction in which it may have changed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iamdsl.iam import Attachment, Build, Document, Identity, Target

_TAG = re.compile(r"(?:principal|resource|request)tag/([^\s},]+)", re.IGNORECASE)
_TARGETS = {"organization": "organization", "ou": "ou", "account": "account"}


class Setting(NamedTuple):
    """One thing that is another one.

    Attributes:
        name: as the language calls it, e.g. `max_session`, `boundary`, `attach`.
        before, after: as people write them; "" for none.
        may_gain, may_lose: whether more or less may be allowed now, in a way that the policies at
            hand do not show: **unknown access**.
    """

    name: str
    before: str
    after: str
    may_gain: bool = False
    may_lose: bool = False


class Owner(NamedTuple):
    """A subject's settings: of an identity, or of the pieces of a policy.

    Attributes:
        unknown: what is in effect and not at hand, see `subjects.Subject`.
    """

    identity: Identity | None
    pieces: tuple[Document, ...]
    unknown: tuple[str, ...]


class TargetChange(NamedTuple):
    """How a part of the organization differs; what is attached to it counts for all beneath."""

    kind: str
    name: str
    title: str
    state: Literal["added", "removed", "kept"]
    settings: tuple[Setting, ...]


def asked_tags(build: Build) -> frozenset[str]:
    """Return the keys of tags, in lower case, that conditions and variables of a build ask for."""
    found: set[str] = set()
    for _, inner in build.each():
        policies = [d.policy for d in inner.documents]
        for identity in inner.identities:
            own = (identity.trust, identity.own, *(policy for _, policy in identity.inline))
            policies += [policy for policy in own if policy is not None]
        for policy in policies:
            for statement in policy.statements:
                found.update(_tags_in(statement.resources.values if statement.resources else ()))
                for entry in statement.condition:
                    found.update(_tags_in((entry.key, *entry.values)))
    return frozenset(found)


def _tags_in(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for match in _TAG.finditer(text):
            yield match[1].lower()


def compared(
    old: Owner | None, new: Owner | None, *, tags: frozenset[str], is_kept: bool
) -> tuple[Setting, ...]:
    """Return the settings that differ; of what is added or removed, what is not at hand only."""
    before = old.identity if old else None
    after = new.identity if new else None
    found = [*_attachments(old, new)]
    if before is not None or after is not None:
        found += _boundary(before, after, old, new)
    if not is_kept:
        # A boundary that is not at hand limits what is shown of who is new or gone, that is all.
        return tuple(
            s._replace(may_gain=False, may_lose=False) if s.name == "boundary" else s
            for s in found
            if s.may_gain or s.may_lose
        )
    if before is not None and after is not None:
        found += _plain(before, after)
        found += _tags(before, after, tags)
    elif old is not None and new is not None:
        found += _of_documents(old.pieces, new.pieces)
    return tuple(found)


def _plain(before: Identity, after: Identity) -> Iterator[Setting]:
    pairs = (
        ("max_session", _duration(before.max_session), _duration(after.max_session)),
        ("path", before.path, after.path),
        ("groups", ", ".join(sorted(before.groups)), ", ".join(sorted(after.groups))),
        ("instance_profile", before.instance_profile or "", after.instance_profile or ""),
    )
    return (Setting(name, old, new) for name, old, new in pairs if old != new)


def _duration(seconds: int | None) -> str:
    """Return seconds as the language writes durations: `4h`, `90m`."""
    if seconds is None:
        return ""
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _tags(before: Identity, after: Identity, asked: frozenset[str]) -> Iterator[Setting]:
    """Yield the tags that changed and that conditions ask for: they decide who gets what."""
    old, new = dict(before.tags), dict(after.tags)
    for key in sorted({*old, *new}):
        if old.get(key) != new.get(key) and key.lower() in asked:
            yield Setting(f"tag {key}", old.get(key, ""), new.get(key, ""))


def _attachments(old: Owner | None, new: Owner | None) -> Iterator[Setting]:
    """Yield what was attached or taken away that is not at hand."""
    before, after = _foreign(old), _foreign(new)
    for name in after:
        if name not in before:
            yield Setting("attach", "", name, may_gain=True)
    for name in before:
        if name not in after:
            yield Setting("attach", name, "", may_lose=True)
    told = {*before, *after}
    groups = [_groups(old), _groups(new)]
    for name in sorted(groups[1] - groups[0] - told):
        yield Setting("groups", "", name, may_gain=True)
    for name in sorted(groups[0] - groups[1] - told):
        yield Setting("groups", name, "", may_lose=True)


def _foreign(owner: Owner | None) -> tuple[str, ...]:
    """Return the attached policies that are not at hand, sorted."""
    if owner is None:
        return ()
    attached: list[Attachment] = [a for d in owner.pieces for a in d.attached]
    attached += owner.identity.managed if owner.identity is not None else ()
    return tuple(sorted({a.policy for a in attached if a.policy in owner.unknown}))


def _groups(owner: Owner | None) -> set[str]:
    """Return the groups of a user that are outside of the build."""
    if owner is None or owner.identity is None:
        return set()
    names = {f"group {name}": name for name in owner.identity.groups}
    return {name for told, name in names.items() if told in owner.unknown}


def _boundary(
    before: Identity | None, after: Identity | None, old: Owner | None, new: Owner | None
) -> Iterator[Setting]:
    first = before.boundary.policy if before and before.boundary else ""
    second = after.boundary.policy if after and after.boundary else ""
    if first == second:
        return
    is_foreign = (old is not None and first in old.unknown) or (
        new is not None and second in new.unknown
    )
    # One that is not known bounds what is not known: less with it, more without.
    yield Setting(
        "boundary",
        first,
        second,
        may_gain=is_foreign and bool(first),
        may_lose=is_foreign and bool(second),
    )


def _of_documents(old: tuple[Document, ...], new: tuple[Document, ...]) -> Iterator[Setting]:
    before, after = old[0], new[0]
    if before.target and after.target and before.target != after.target:
        yield Setting("for", before.target, after.target)
    if before.is_managed and after.is_managed and before.path != after.path:
        yield Setting("path", before.path, after.path)


# -- the organization


def of_targets(before: Build, after: Build) -> Iterator[TargetChange]:
    """Yield the parts of the organization to which something else is attached than before.

    Those in the build who stand under them show what it comes to; for others it is unknown.
    """
    old = {(t.kind, t.id): t for t in before.targets}
    new = {(t.kind, t.id): t for t in after.targets}
    for key in dict.fromkeys((*new, *old)):
        found = tuple(_of_target(old.get(key), new.get(key)))
        target = new.get(key) or old[key]
        state: Literal["added", "removed", "kept"]
        state = "kept" if key in old and key in new else "added" if key in new else "removed"
        if found:
            path = "/".join(target.path)
            yield TargetChange(target.kind, path, f"{_TARGETS[target.kind]} {path}", state, found)


def _of_target(old: Target | None, new: Target | None) -> Iterator[Setting]:
    before, after = _attached(old), _attached(new)
    for name in after:
        if name not in before:
            yield Setting("attach", "", name, may_lose=True)
    for name in before:
        if name not in after:
            yield Setting("attach", name, "", may_gain=True)
    if old is not None and new is not None and old.path[:-1] != new.path[:-1]:
        above, below = "/".join(old.path[:-1]), "/".join(new.path[:-1])
        yield Setting("parent", above, below, may_gain=True, may_lose=True)


def _attached(target: Target | None) -> tuple[str, ...]:
    return tuple(a.policy for a in target.attached) if target is not None else ()
