"""One managed policy for all identities of a place that were given the same one (`fit.share`).

Two roles with the same long list of statements get a managed policy each; they may as well
have one between them, since an account may hold only so many of them (AWS "reference_iam-quotas").
Only what `fit` made of the statements of identities is shared: what the source declares by
name may be spoken of by its ARN.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import attrs

from iamdsl.iam import Policy, minified, statement_to_json

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from iamdsl.iam import Attachment, Build, Document, Identity, Statement
    from iamdsl.source import Span


class Shared(NamedTuple):
    """A build after sharing.

    Attributes:
        instead: the documents that stand for others now, by the names of those and by their own.
            Those in an account have its name before: `prod/web-1`.
    """

    build: Build
    instead: Mapping[str, Document]


def shared(build: Build, prefer: Iterable[str] = ()) -> Shared:
    """Return the build with equal managed policies of several identities made one.

    Documents are equal when they say the same, in whatever order, under the same names of
    statements, path and tags, and are in one account. The one that stays is that of the first
    identity, by name, but for one whose name `prefer` has: names that were in use before, those
    in an account with its name before them. It has the places in the source of all. Attachments
    keep their order.
    """
    instead: dict[str, Document] = {}
    return Shared(_shared(build, frozenset(prefer), "", instead), instead)


def _shared(build: Build, prefer: frozenset[str], place: str, found: dict[str, Document]) -> Build:
    """Return one place and the accounts in it; `place` is `prod/`, or empty."""
    accounts = tuple(
        attrs.evolve(a, build=_shared(a.build, prefer, f"{a.name}/", found)) for a in build.accounts
    )
    groups: dict[Hashable, list[Document]] = defaultdict(list)
    for document in _made(build):
        groups[_said(document)].append(document)
    kept: dict[str, Document] = {}
    names: dict[str, str] = {}
    for same in groups.values():
        if len(same) > 1:
            chosen = min(
                same, key=lambda d: (place + d.name not in prefer, d.split_from or "", d.name)
            )
            kept[chosen.name] = _united(chosen, same)
            names |= {d.name: chosen.name for d in same}
    found |= {place + name: kept[chosen] for name, chosen in names.items()}
    return attrs.evolve(
        build,
        documents=tuple(
            kept[d.name] if d.name in kept and d.kind == "managed" else d
            for d in build.documents
            if d.kind != "managed" or names.get(d.name, d.name) == d.name
        ),
        identities=tuple(_reattached(i, names) for i in build.identities),
        accounts=accounts,
    )


def _made(build: Build) -> list[Document]:
    """Return the documents that were made of the statements of an identity.

    The pieces of a policy that has the name of an identity may be attached to it, too; they
    have their places in the source where it is declared.
    """
    owners: dict[str, list[Identity]] = defaultdict(list)
    for identity in build.identities:
        for attachment in identity.managed:
            if attachment.ours:
                owners[attachment.policy].append(identity)
    declared = {(d.name, d.origin) for d in build.documents if d.split_from == d.name}
    return [
        d
        for d in build.documents
        if d.kind == "managed"
        and not d.whole
        and d.split_from not in {None, d.name}
        and (d.split_from, d.origin) not in declared
        and any(o.name == d.split_from for o in owners[d.name])
    ]


def _said(document: Document) -> Hashable:
    """Return what two documents have in common that can be one."""
    texts = sorted(map(_text, document.policy.statements))
    tags = tuple(sorted(document.tags))
    return tuple(texts), document.policy.id, document.path, tags, document.description


def _text(statement: Statement) -> str:
    return minified(statement_to_json(statement))


def _united(chosen: Document, same: Sequence[Document]) -> Document:
    """Return the chosen document as that of the first identity, with the places of all."""
    ordered = [chosen, *sorted((d for d in same if d is not chosen), key=lambda d: d.name)]
    places: dict[str, dict[Span, None]] = defaultdict(dict)
    for document in ordered:
        for statement in document.policy.statements:
            places[_text(statement)] |= dict.fromkeys(statement.origin)
    statements = tuple(
        attrs.evolve(s, origin=tuple(places[_text(s)])) for s in chosen.policy.statements
    )
    origin = dict.fromkeys(span for d in ordered for span in d.origin)
    return attrs.evolve(
        chosen,
        policy=Policy(statements, chosen.policy.id),
        origin=tuple(origin),
        split_from=min(d.split_from or "" for d in same),
    )


def _reattached(identity: Identity, names: Mapping[str, str]) -> Identity:
    """Return the identity with what it was given under the names that were chosen."""
    if not any(a.ours and a.policy in names for a in identity.managed):
        return identity
    once: dict[Hashable, Attachment] = {}
    for attachment in identity.managed:
        if attachment.ours and attachment.policy in names:
            attachment = attrs.evolve(attachment, policy=names[attachment.policy])  # noqa: PLW2901
        once.setdefault((attachment.ours, attachment.policy), attachment)
    return attrs.evolve(identity, managed=tuple(once.values()))
