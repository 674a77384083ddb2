"""Who holds permissions in a build: its identities, and policies that none of them has.

What somebody could do with their permissions is asked of each identity, with everything that is
in effect for it; of a policy that no identity of the build has, of whoever may come to have it.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from iamdsl.analysis.permissions import permissions
from iamdsl.analysis.subjects import documents, subjects
from iamdsl.analysis.unnamed import Unnamed, indexed, known_of, offered, passes, unnamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from iamdsl.analysis.subjects import Subject
    from iamdsl.analysis.unnamed import Facts, Index
    from iamdsl.aws import Catalogue
    from iamdsl.iam import Attachment, Build, Elements, Identity, Statement
    from iamdsl.prove import Permissions

_ADMINISTRATOR: Final = ":iam::aws:policy/AdministratorAccess"
_GRANTING: Final = frozenset({"managed", "session"})
"""Kinds of documents that give permissions to whoever has them."""


class Holder:
    """Somebody with permissions.

    Attributes:
        subject: an identity, or a policy by itself.
        build, pseudo: where it is, see `permissions`.
        own: ARNs of what it is and has: itself, its policies, the groups that it is in.
        hidden: whether its boundary is not at hand: nothing can be said for certain then.
    """

    def __init__(
        self,
        subject: Subject,
        build: Build,
        pseudo: Mapping[str, str],
        *,
        own: tuple[str, ...] = (),
        hidden: bool = False,
    ) -> None:
        self.subject, self.build, self.pseudo = subject, build, pseudo
        self.own, self.hidden = own, hidden

    @property
    def is_identity(self) -> bool:
        """Tell whether it is somebody, and not a policy that somebody may have."""
        return self.subject.kind not in _GRANTING

    @property
    def title(self) -> str:
        """Return what messages call it: ``role `web` ``, ``whoever has policy `x` ``."""
        title = f"{self.subject.title.split(maxsplit=1)[0]} {self.name}"
        if self.subject.kind == "permission_set":
            title = f"permission set {self.name}"
        return title if self.is_identity else f"whoever has {title}"

    @property
    def name(self) -> str:
        """Return its name, as messages have it."""
        place, name = self.subject.place.name, self.subject.name
        return f"`{place}.{name}`" if place else f"`{name}`"

    @cached_property
    def grants(self) -> tuple[Statement, ...]:
        """Return the statements of its own policies that allow something."""
        return tuple(
            statement
            for named in self.subject.identity
            for statement in named.policy.statements
            if statement.effect == "Allow"
        )

    @cached_property
    def offered(self) -> frozenset[str]:
        """Return the watched actions that it is allowed on anything at all, by the text."""
        return frozenset() if self.hidden else offered(self.grants)

    @cached_property
    def permissions(self) -> Permissions:
        """Return all that is in effect for it."""
        return permissions(self.subject, self.build, self.pseudo)

    @cached_property
    def _index(self) -> Index:
        return indexed(self.permissions)

    @property
    def account(self) -> str | None:
        """Return the account that it is in, None where nobody said it."""
        return self.subject.place.account

    @cached_property
    def known(self) -> Facts:
        """Return what its requests have for certain."""
        return known_of(self.subject, self.build)

    def passes(
        self, request: Unnamed, catalogue: Catalogue, more: Statement | None = None
    ) -> Statement | None:
        """Return a statement that lets a request of it through, None where it is not let.

        Args:
            more: what would be granted besides.
        """
        index = self._index
        if more is not None:
            first = {**index[0]}
            first[request.action] = [*first.get(request.action, ()), more]
            index = (first, *index[1:])
        return passes(request, index, self.known, catalogue)

    def is_administrator(self, catalogue: Catalogue) -> bool:
        """Tell whether it may do everything in the end, so that there is nothing to gain."""
        if any(name.endswith(_ADMINISTRATOR) for name in self.subject.unknown):
            return True
        if not any(map(_is_full, self.grants)):
            return False
        limits = self.permissions.layers[1:]
        if not all(any(_is_wide(s) for s in layer) for layer in limits):
            return False
        action = "iam:PutRolePolicy"
        role = unnamed(action, None, self.account, catalogue)
        return self.passes(Unnamed(action, role), catalogue) is not None


def _is_full(statement: Statement) -> bool:
    return _is_all(statement.actions) and _is_everywhere(statement)


def _is_wide(statement: Statement) -> bool:
    """Tell whether a limit begins with everything, or with everything but some services."""
    wide = _is_all(statement.actions) or statement.actions.negated
    return statement.effect == "Allow" and wide and _is_everywhere(statement)


def _is_all(elements: Elements) -> bool:
    return not elements.negated and bool({"*", "*:*"} & set(elements.values))


def _is_everywhere(statement: Statement) -> bool:
    return statement.resources is not None and _is_all(statement.resources)


def holders(build: Build, pseudo: Mapping[str, str]) -> tuple[Holder, ...]:
    """Return who holds permissions in a settled build, identities first.

    A group whose members are in the build is left out: they have what it has. Of a policy that
    an identity has, only the identity is asked.
    """
    return _holders(build, tuple(sorted(pseudo.items())))


@lru_cache(maxsize=4)  # builds are compared by identity; several rules ask of one
def _holders(build: Build, pseudo: tuple[tuple[str, str], ...]) -> tuple[Holder, ...]:
    known = dict(pseudo)
    identities: dict[tuple[str, str, str], Identity] = {}
    held: set[tuple[str, str]] = set()
    joined: set[tuple[str, str]] = set()
    for account, inner in build.each():
        place = "" if account is None else account.name
        for identity in inner.identities:
            identities[place, identity.kind, identity.name] = identity
            held |= {(place, a.policy) for a in identity.managed if a.ours}
            joined |= {(place, name.lower()) for name in identity.groups}
    made = []
    for subject in subjects(build, known):
        place = subject.place.name
        if subject.kind == "group" and (place, subject.name.lower()) in joined:
            continue
        identity = identities[place, subject.kind, subject.name]
        hidden = identity.boundary is not None and not subject.boundaries
        own = tuple(_own(subject, identity, identities, build))
        made.append(Holder(subject, build, known, own=own, hidden=hidden))
    # Pieces of a policy that was split are held together, so that the first tells for all.
    made += [
        Holder(subject, build, known)
        for subject in documents(build, known)
        if subject.kind in _GRANTING and (subject.place.name, subject.name) not in held
    ]
    return tuple(made)


def _own(
    subject: Subject,
    identity: Identity,
    identities: Mapping[tuple[str, str, str], Identity],
    build: Build,
) -> Iterator[str]:
    """Yield the ARNs of what an identity is and has; none where it has a boundary besides.

    Whatever it gave itself there would be within the boundary.
    """
    place = subject.place
    if identity.boundary is not None or place.account is None:
        return
    groups = [identities.get((place.name, "group", name)) for name in identity.groups]
    everyone = [identity, *(group for group in groups if group is not None)]
    for one in everyone:
        yield f"arn:{place.partition}:iam::{place.account}:{one.kind}{one.path}{one.name}"
        yield from _attached(one.managed, subject, build)


def _attached(attachments: Iterable[Attachment], subject: Subject, build: Build) -> Iterator[str]:
    place = subject.place
    paths = _paths(build).get(place.name, {})
    for attachment in attachments:
        if not attachment.ours:
            if f":iam::{place.account}:policy/" in attachment.policy:
                yield attachment.policy
        elif attachment.policy in paths:
            path = paths[attachment.policy]
            yield f"arn:{place.partition}:iam::{place.account}:policy{path}{attachment.policy}"


@lru_cache(maxsize=4)
def _paths(build: Build) -> Mapping[str, Mapping[str, str]]:
    """Return the paths of the policies of each place, by their names."""
    return {
        "" if account is None else account.name: {d.name: d.path for d in inner.documents}
        for account, inner in build.each()
    }


def joined(titles: Sequence[str], most: int = 3) -> str:
    """Return titles as a list for a message, the rest of many by their number."""
    if len(titles) > most:
        return f"{', '.join(titles[: most - 1])} and {len(titles) - most + 1} more"
    if len(titles) < 2:
        return "".join(titles)
    return f"{', '.join(titles[:-1])} and {titles[-1]}"
