"""What AWS holds besides the documents: policies with names, identities, attachments.

A `Build` is what the compiler makes and what `fit` returns: before fit the statements of an
identity are its `own`; after fit `own` is None and they are in `inline` and in `managed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.iam._policy import Policy
    from iamdsl.source import Span

DocumentKind: TypeAlias = Literal["managed", "boundary", "scp", "rcp", "session", "resource"]
IdentityKind: TypeAlias = Literal["role", "user", "group", "permission_set"]
TargetKind: TypeAlias = Literal["organization", "ou", "account"]
Place: TypeAlias = Literal["auto", "inline", "managed"]
Tags: TypeAlias = tuple[tuple[str, str], ...]


@attrs.frozen(repr=False, eq=False)
class Attachment:
    """A managed policy attached to an identity (or passed with a session policy).

    Attributes:
        policy: the name of a document of this build if `ours`, else an ARN (or, in a
            permission set, the name of a customer managed policy of the account).
        ours: whether `policy` names a document of this build; when that document is split,
            fit puts one attachment for each piece here.
    """

    policy: str
    ours: bool = False
    origin: tuple[Span, ...] = attrs.field(default=())


@attrs.frozen(repr=False, eq=False)
class Document:
    """A policy document with a life of its own.

    Attributes:
        kind: managed and boundary are both customer managed policies and share their names.
        target: for a resource policy, the resource it belongs to, as ARN or name.
        service: for a resource policy, the prefix that decides limits and elements, e.g. "s3".
        attached: for a session policy, the managed policies passed with it.
        split_from: the name before fit, when fit split it (all pieces have it), or the name of
            the identity whose statements it holds.
        fewest: a number of pieces below which the statements cannot be held, when split.
        whole: whether something speaks of it as one, a boundary or its ARN: no pieces then.
        origin: the place of its declaration; the statements have their own.
    """

    kind: DocumentKind
    name: str
    policy: Policy
    path: str = "/"
    description: str | None = None
    tags: Tags = ()
    target: str | None = None
    service: str | None = None
    attached: tuple[Attachment, ...] = ()
    split_from: str | None = None
    fewest: int = 1
    whole: bool = False
    origin: tuple[Span, ...] = attrs.field(default=())

    @property
    def is_managed(self) -> bool:
        """Tell whether it is a customer managed policy, with a path and an ARN of its own."""
        return self.kind in {"managed", "boundary"}


@attrs.frozen(repr=False, eq=False)
class Identity:
    """A role, user, group or permission set with all that belongs to it.

    Attributes:
        trust: the trust policy; roles only.
        own: its own statements before fit has placed them; None after.
        place: where `own` is to go; `auto` is inline, and managed for what does not fit there.
        inline: pairs of policy name and policy.
        managed: attached managed policies, in order.
        boundary: like `Attachment`: ours by name, or a foreign ARN.
        max_session: seconds.
        groups: of a user.
        instance_profile: name of the role's instance profile.
    """

    kind: IdentityKind
    name: str
    path: str = "/"
    description: str | None = None
    trust: Policy | None = None
    own: Policy | None = None
    place: Place = "auto"
    inline: tuple[tuple[str, Policy], ...] = ()
    managed: tuple[Attachment, ...] = ()
    boundary: Attachment | None = None
    max_session: int | None = None
    tags: Tags = ()
    groups: tuple[str, ...] = ()
    instance_profile: str | None = None
    origin: tuple[Span, ...] = attrs.field(default=())


@attrs.frozen(repr=False, eq=False)
class Target:
    """A part of an organization, and the organization policies that are attached to it.

    Attributes:
        kind: policies attached to the `organization` are attached to its root.
        id: `o-…`, `ou-…` or an account id.
        path: the names of what it stands in, from the outside in, and its own.
    """

    kind: TargetKind
    name: str
    id: str
    path: tuple[str, ...]
    attached: tuple[Attachment, ...] = ()
    origin: tuple[Span, ...] = attrs.field(default=())


@attrs.frozen
class Extern:
    """A text that only a deployment knows: it stands as `placeholder(name)` in the texts of a build.

    Attributes:
        type: as it is written in a source, e.g. `s3:bucket`.
        longest: the most characters that sizes count for it.
        pattern: a regular expression that a value has to match as a whole. It begins with `^`,
            ends with `$`, and is written in what POSIX EREs, RE2, Java, ECMAScript and Python
            read alike. A value that matches is printable ASCII without quotes and backslashes,
            and means the same in JSON as it stands; it is never empty.
        options: the only values there are, empty where there can be others.
        doc: the doc comment of its declaration.
    """

    name: str
    type: str
    longest: int
    pattern: str
    options: tuple[str, ...] = ()
    doc: str = ""


@attrs.frozen(repr=False, eq=False)
class Account:
    """An account by its name in the source, and all that is to be in it."""

    name: str
    id: str
    build: Build
    origin: tuple[Span, ...] = attrs.field(default=())


@attrs.frozen(repr=False, eq=False)
class Build:
    """All that is to be in one place; in the nameless one, the accounts and the organization too.

    Attributes:
        documents: organization policies are in the nameless place, wherever they are declared.
    """

    documents: tuple[Document, ...] = ()
    identities: tuple[Identity, ...] = ()
    accounts: tuple[Account, ...] = ()
    targets: tuple[Target, ...] = ()

    def each(self) -> Iterator[tuple[Account | None, Build]]:
        """Yield the nameless place, as None, and each account, with what is in it."""
        yield None, self
        for account in self.accounts:
            yield account, account.build
