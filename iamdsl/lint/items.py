"""What is reviewed: each policy of a build with its kind, and the world that it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from iamdsl.aws import Catalogue
    from iamdsl.aws.limits import Limits
    from iamdsl.diagnostics import Code
    from iamdsl.iam import Build, Document, Identity, Policy
    from iamdsl.source import Span

Kind: TypeAlias = Literal["policy", "boundary", "scp", "rcp", "session", "trust", "resource"]

IDENTITY: Final = frozenset({"policy", "boundary", "scp", "session"})
"""Kinds without principals: they say what somebody may do."""

_WORDS: Final = {"scp": "SCP", "rcp": "RCP", "session": "session policy"}


class Item(NamedTuple):
    """A policy under review.

    Attributes:
        kind: `policy` is a managed or inline policy of identities.
        title: what messages call it: "policy `orders`", "trust policy of role `web`".
        owner: the kind of the identity whose own or trust policy it is, "" for a document.
        name: of the document or identity.
        account: the name of the place in the source, "" for the nameless one.
        service, target: of a resource policy, see `iam.Document`.
        written: whether it was written in the language, so that the compiler has checked its
            names, types and forms already.
        origin: the place of its declaration, or of the document.
    """

    kind: Kind
    title: str
    policy: Policy
    owner: str = ""
    name: str = ""
    account: str = ""
    service: str | None = None
    target: str | None = None
    written: bool = True
    origin: Span | None = None


class World(NamedTuple):
    """All that a review may know.

    Attributes:
        items: the policies of `build`, in its order.
        build: before `fit`, statement by sentence, and `settled`; one of documents alone holds
            just these.
        pseudo: the `partition`, `account` and `region` that are known.
        on: whether a code is wanted: rules that cost ask before they begin.
        whole: whether the build is all that there is, as a project's or an account's: then what
            is attached to nothing is a finding, and a document alone is not.
    """

    items: tuple[Item, ...]
    build: Build
    catalogue: Catalogue
    limits: Limits
    pseudo: Mapping[str, str]
    on: Callable[[Code], bool]
    whole: bool = True


def settled(build: Build) -> Build:
    """Return a build with the statements of identities in their inline policies, as after `fit`."""
    return attrs.evolve(
        build,
        identities=tuple(map(_settled, build.identities)),
        accounts=tuple(attrs.evolve(a, build=settled(a.build)) for a in build.accounts),
    )


def _settled(identity: Identity) -> Identity:
    if identity.own is None:
        return identity
    inline = ((identity.name, identity.own),) if identity.own.statements else ()
    return attrs.evolve(identity, own=None, inline=(*identity.inline, *inline))


def items_of(build: Build, *, written: bool) -> tuple[Item, ...]:
    """Return the policies of a settled build, place by place."""
    return tuple(
        item
        for account, inner in build.each()
        for item in _items(inner, "" if account is None else account.name, written=written)
    )


def _items(build: Build, account: str, *, written: bool) -> Iterator[Item]:
    for document in build.documents:
        yield _of_document(document, account, written=written)
    for identity in build.identities:
        yield from _of_identity(identity, account, written=written)


def _of_document(document: Document, account: str, *, written: bool) -> Item:
    kind: Kind = "policy" if document.kind == "managed" else document.kind
    word = _WORDS.get(kind, "policy" if kind == "resource" else kind)
    return Item(
        kind,
        f"{word} `{document.name}`",
        document.policy,
        name=document.name,
        account=account,
        service=document.service,
        target=document.target,
        written=written,
        origin=(*document.origin, None)[0],
    )


def _of_identity(identity: Identity, account: str, *, written: bool) -> Iterator[Item]:
    word = f"{identity.kind.replace('_', ' ')} `{identity.name}`"
    origin = (*identity.origin, None)[0]
    for name, policy in identity.inline:
        several = len(identity.inline) > 1
        title = f"inline policy `{name}` of {word}" if several else word
        yield Item(
            "policy", title, policy, identity.kind, identity.name, account, written=written,
            origin=origin,
        )  # fmt: skip
    if identity.trust is not None:
        yield Item(
            "trust", f"trust policy of {word}", identity.trust, identity.kind, identity.name,
            account, written=written, origin=origin,
        )  # fmt: skip
