"""The fit of a whole build: documents minimized and split, statements of identities placed.

From a `Build` whose identities have statements of their `own` to one where they are in
`inline` and `managed`, every document within its size, every identity within its quotas, or
with the reasons in the report. What is refused stays in the build, minimized, over its limit.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import attrs

from iamdsl.diagnostics import codes
from iamdsl.fit._fitting import Fitting
from iamdsl.fit.settings import Fitted
from iamdsl.iam import Attachment, Build, Document, Policy, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.fit.settings import Settings
    from iamdsl.fit.spread import Owner, Spread
    from iamdsl.iam import Identity, Statement

# An ARN of a managed policy without its path and name, in the partition of the longest name.
_ARN = len("arn:aws-us-gov:iam::123456789012:policy")
# To what percentages the documents of an identity may be filled, until its statements fit.
_FILLED = (98, 95, 90, 80, 60, 0)


def fit(build: Build, settings: Settings, report: Report) -> Fitted:
    """Return the build made to fit; the meaning of each document and identity is kept.

    Args:
        build: what the compiler made.
        settings: limits, and what was asked for.
        report: gets `too-large` and `too-many-attachments`.

    Raises `MeaningChangedError` when a bug of ours would have changed the meaning.
    """
    state = Fitting(settings, report, known=_unknown(build, settings))
    fitted = _fit_place(build, "", state)
    instead: Mapping[str, Document] = {}
    if settings.share:
        from iamdsl.fit.share import shared  # noqa: PLC0415  # only where asked for

        before = {
            of[: of.rfind("/") + 1] + piece.name
            for of, placed in settings.placed.items()
            for piece in placed.pieces
        }
        fitted, instead = shared(fitted, before)
    if state.placed:
        from iamdsl.fit.spread import ordered  # noqa: PLC0415  # most builds fit

        ordered(state, instead)
    told = (tuple(state.savings), state.placed, tuple(state.wildcards), state.anew)
    return Fitted(fitted, *told, state.lengths)


def _unknown(build: Build, settings: Settings) -> frozenset[str]:
    """Return the actions of a build that the catalogue does not know, where patterns are written.

    They exist, since somebody names them: no pattern of ours may come to match one.
    """
    catalogue = settings.catalogue
    if settings.wildcards == "never" or catalogue is None:
        return frozenset()
    statements = (s for _, place in build.each() for s in _statements(place))
    named = {value for s in statements for value in s.actions.values}
    return frozenset(n for n in named if not set("*?") & set(n) and not catalogue.has_action(n))


def _statements(place: Build) -> Iterator[Statement]:
    for document in place.documents:
        yield from document.policy.statements
    for identity in place.identities:
        for policy in (identity.trust, identity.own, *(p for _, p in identity.inline)):
            yield from policy.statements if policy is not None else ()


def _fit_place(build: Build, account: str, state: Fitting) -> Build:
    """Return one place, and the accounts in it; `account` is its name, "" in the nameless one."""
    names = {d.name.lower() for d in build.documents if d.is_managed}
    if account:
        state = attrs.evolve(state, where=f" in account `{account}`", account=f"{account}/")
    state = attrs.evolve(state, build=build, names=names, pieces={})
    state = attrs.evolve(state, reserved=_reserved(state))
    documents: list[Document] = []
    for document in build.documents:
        fitted = _fit_document(document, state)
        documents += fitted
        if [d.name for d in fitted] != [document.name]:
            state.pieces[document.name] = tuple(d.name for d in fitted)
    identities: list[Identity] = []
    for identity in build.identities:
        placed, made = _fit_identity(identity, documents, state)
        identities.append(placed)
        documents += made
    documents = [attrs.evolve(d, attached=_all_pieces(d.attached, state)) for d in documents]
    if any(d.attached for d in documents):
        _check_sessions(documents, state)
    if build.targets:
        from iamdsl.fit._targets import check_targets  # noqa: PLC0415  # organizations only

        check_targets(build, documents, state)
    accounts = (attrs.evolve(a, build=_fit_place(a.build, a.name, state)) for a in build.accounts)
    return Build(tuple(documents), tuple(identities), tuple(accounts), build.targets)


def _reserved(state: Fitting) -> dict[str, str]:
    """Return whose the names are that managed policies of this place had in an earlier build.

    One that several identities shared is that of the identity after which it is named, or else
    of the first one that is there still.
    """
    there = {f"{i.kind} {i.name}" for i in state.build.identities}
    there |= {_short(d) for d in state.build.documents if d.is_managed}
    owners: dict[str, list[tuple[bool, bool, str]]] = defaultdict(list)
    for of, placed in state.settings.placed.items():
        place, _, short = of.rpartition("/")
        if place == state.account.rstrip("/"):
            _, _, name = short.partition(" ")
            for piece in placed.pieces:
                other = piece.name != name and piece.name.rpartition("-")[0] != name
                owners[piece.name.lower()].append((short not in there, other, of))
    return {name: min(some)[-1] for name, some in owners.items()}


# Documents ---------------------------------------------------------------------------------


def _fit_document(document: Document, state: Fitting) -> list[Document]:
    what, short = _called(document, state), _short(document)
    small = state.small(document.policy, what, short, kind=document.kind)
    if document.kind == "resource":
        small = _counted(document, small, what, state)
    limit = state.limit(document.kind, document.service)
    if limit is None:
        _note_size(what, size(small, state.lengths), document, state)
        return [attrs.evolve(document, policy=small)]
    splits = document.kind == "managed"
    of = f"policy {document.name}"
    if splits and not _is_alone(small, of, document.name, limit, state, whole=document.whole):
        return _split(document, small, what, limit, state)
    small = state.tight(small, what, document.kind, limit)
    characters = size(small, state.lengths)
    if characters > limit:
        from iamdsl.fit._refusals import hint_of, of_document  # noqa: PLC0415  # most builds fit

        sizes, hint = (characters, limit), hint_of(document)
        state.refuse(what, sizes, of_document(document, state), document.origin, hint)
    return [attrs.evolve(document, policy=small)]


def _split(
    document: Document, small: Policy, what: str, limit: int, state: Fitting
) -> list[Document]:
    """Return the pieces of a managed policy that is, or was, too large to be one."""
    from iamdsl.fit.spread import Owner, settle, spread  # noqa: PLC0415  # most builds fit
    from iamdsl.fit.steady import Room  # noqa: PLC0415  # likewise

    room = Room(limit)
    owner = Owner(
        _short(document), what, document.name, True, room, document.origin, document.policy.id
    )
    found = spread(small.statements, owner, state)
    if found is None:
        small = state.tight(small, what, "managed", 0)
        found = spread(small.statements, owner, state)
    if found is None:
        state.refuse_statements(what, small, limit, document.origin)
        return [attrs.evolve(document, policy=small)]
    settle(found, owner, state)
    state.verify(small.statements, (s for p in found.pieces for s in p.statements), what)
    pieces = [
        attrs.evolve(
            document,
            name=piece.name,
            policy=state.within(Policy(piece.statements, small.id), limit),
            split_from=document.name,
            fewest=found.fewest,
        )
        for piece in found.pieces
    ]
    if len(pieces) == 1:
        return [attrs.evolve(pieces[0], split_from=None, fewest=1)]
    return pieces


def _is_alone(
    policy: Policy, of: str, name: str, limit: int, state: Fitting, *, whole: bool = False
) -> bool:
    """Tell whether one document holds a policy, and nothing of it was elsewhere before.

    One that is more than half full is noted, so that what comes to it later moves nothing. What
    is spoken of as `whole` leaves other documents as soon as it fits into one.
    """
    of = state.account + of
    before = state.settings.placed.get(of)
    characters = size(policy, state.lengths)
    stays = before is None or [p.name for p in before.pieces] == [name]
    if characters > limit or not (stays or whole or state.settings.repack):
        return False
    if before is not None or 2 * characters > limit:
        from iamdsl.fit.steady import Piece, Placed  # noqa: PLC0415  # most are small

        placed = Placed((Piece(name, policy.statements),))
        if before is not None and stays and not state.settings.repack:
            # It may be what is left of several, of which something is remembered.
            pieces = (p._replace(statements=policy.statements) for p in before.pieces)
            placed = before._replace(pieces=tuple(pieces))
        state.placed[of] = placed
    return True


def _counted(document: Document, small: Policy, what: str, state: Fitting) -> Policy:
    """Return a resource's policy as its service counts it."""
    from iamdsl.fit._counts import counted  # noqa: PLC0415  # few builds have one

    small = counted(small, what, document, state.settings.limits, state.report)
    state.verify(document.policy.statements, small.statements, what)
    return small


def _note_size(what: str, characters: int, document: Document, state: Fitting) -> None:
    """Note a policy that may be too large, where AWS publishes no limit."""
    bound = state.settings.limits.value("unpublished-policy-size")
    if characters > bound:
        state.report.add(
            codes.UNPUBLISHED_LIMIT,
            document.origin[0] if document.origin else None,
            f"{what} has {characters:,} characters, and no limit is published",
            label=f"services take {bound:,} or more",
            hint="if AWS takes it, raise `unpublished-policy-size` under `[limits]`",
        )


def _called(document: Document, state: Fitting) -> str:
    kind: str = document.kind
    of = ""
    if kind in {"managed", "resource"}:
        of = f" of `{document.target or document.service}`" if kind == "resource" else ""
        kind = "policy"
    return f"{kind} `{document.name}`{of}{state.where}"


def _short(document: Document) -> str:
    """Return how a document is called in tables and files: `policy orders-table`."""
    kind = "policy" if document.kind in {"managed", "resource"} else document.kind
    return f"{kind} {document.name}"


# Identities --------------------------------------------------------------------------------


def _fit_identity(
    identity: Identity, documents: Sequence[Document], state: Fitting
) -> tuple[Identity, list[Document]]:
    what = f"{identity.kind.replace('_', ' ')} `{identity.name}`{state.where}"
    short = f"{identity.kind} {identity.name}"
    if identity.trust is not None:
        trust = state.small(identity.trust, f"trust of {what}", f"trust of {short}")
        limit, characters = state.limit("trust"), size(trust, state.lengths)
        if limit is not None and characters > limit:
            from iamdsl.fit._refusals import WAYS_OUT  # noqa: PLC0415  # most builds fit
            from iamdsl.fit.ways_out import Refused  # noqa: PLC0415  # likewise

            refused = Refused("trust", (identity.trust,))
            of_trust, sizes = f"trust policy of {what}", (characters, limit)
            state.refuse(of_trust, sizes, refused, identity.origin, WAYS_OUT["trust"])
        identity = attrs.evolve(identity, trust=trust)
    inline = tuple(
        (n, state.small(p, f"{n} of {what}", f"{n} of {short}")) for n, p in identity.inline
    )
    managed = _all_pieces(identity.managed, state)
    identity = attrs.evolve(identity, inline=inline, managed=managed)
    own = identity.own
    identity, made = _placed(attrs.evolve(identity, own=None), own, what, state)
    if len(identity.managed) > state.settings.limits.attachments(identity.kind).value:
        from iamdsl.fit._refusals import too_many_of_identity  # noqa: PLC0415  # most builds fit

        too_many_of_identity(what, identity, (*documents, *made), state)
    return identity, made


def _placed(
    identity: Identity, own: Policy | None, what: str, state: Fitting
) -> tuple[Identity, list[Document]]:
    """Put the identity's own statements inline, into managed policies, or both."""
    kind = identity.kind if identity.kind == "permission_set" else f"inline-{identity.kind}"
    quota = state.limit(kind)
    used = sum(size(p, state.lengths) for _, p in identity.inline)
    if own is None or not own.statements:
        if quota is not None and used > quota:
            _refuse_inline(identity, None, (used, quota), what, state)
        return identity, []
    of = f"{identity.kind} {identity.name}"
    small = state.small(own, what, of, kind=kind)
    left = None if quota is None else quota - used
    if identity.kind == "permission_set" or identity.place == "inline":
        if left is not None:
            small = state.tight(small, what, kind, left)
        characters = size(small, state.lengths)
        if quota is not None and used + characters > quota:
            _refuse_inline(identity, own, (used + characters, quota), what, state)
        return _with_inline(identity, small), []
    inline = left if identity.place == "auto" else None
    if identity.place == "auto" and (left is None or _is_alone(small, of, "", left, state)):
        return _with_inline(identity, small), []
    return _overflowed(identity, small, inline, what, state)


def _overflowed(
    identity: Identity, small: Policy, inline: int | None, what: str, state: Fitting
) -> tuple[Identity, list[Document]]:
    """Put statements into managed policies of the identity's name, and `inline` characters inline."""
    from iamdsl.fit.spread import Owner, settle, spread  # noqa: PLC0415  # most builds fit
    from iamdsl.fit.steady import Room  # noqa: PLC0415  # likewise

    limits = state.settings.limits
    limit = limits.value("managed-policy-size")
    most = max(0, limits.attachments(identity.kind).value - len(identity.managed))
    room = Room(limit, inline, most)
    of = f"{identity.kind} {identity.name}"
    owner = Owner(of, what, identity.name, False, room, identity.origin)
    found = spread(small.statements, owner, state)
    if found is None or found.managed > most:
        small, found = _tightened(small, found, owner, what, state)
    if found is None:
        state.refuse_statements(what, small, limit, identity.origin)
        return _with_inline(identity, small), []
    settle(found, owner, state)
    state.verify(small.statements, (s for p in found.pieces for s in p.statements), what)
    made = []
    for piece in found.pieces:
        if not piece.name:
            policy = state.within(Policy(piece.statements), inline or 0)
            identity = _with_inline(identity, policy)
            continue
        made.append(
            Document(
                "managed",
                piece.name,
                state.within(Policy(piece.statements), limit),
                path=identity.path,
                tags=identity.tags,
                split_from=identity.name,
                fewest=found.fewest,
                origin=identity.origin,
            )
        )
    managed = (*identity.managed, *(Attachment(d.name, True, identity.origin) for d in made))
    return attrs.evolve(identity, managed=managed), made


def _tightened(
    policy: Policy, found: Spread | None, owner: Owner, what: str, state: Fitting
) -> tuple[Policy, Spread | None]:
    """Return statements that need too many documents with as many wildcards as make them fit."""
    from iamdsl.fit.spread import spread  # noqa: PLC0415  # most builds fit

    most = owner.room.most or 0
    room = (owner.room.first or 0) + most * owner.room.limit
    small, noted = policy, len(state.wildcards)
    for percent in _FILLED:
        del state.wildcards[noted:]
        tight = state.tight(policy, what, "managed", room * percent // 100)
        if tight is policy:
            continue
        small, found = tight, spread(tight.statements, owner, state)
        if found is not None and found.managed <= most:
            break
    return small, found


def _with_inline(identity: Identity, policy: Policy) -> Identity:
    taken = {name for name, _ in identity.inline}
    name, number = identity.name, 2
    while name in taken:
        name, number = f"{identity.name}-{number}", number + 1
    return attrs.evolve(identity, inline=(*identity.inline, (name, policy)))


def _refuse_inline(
    identity: Identity,
    own: Policy | None,
    sizes: tuple[int, int],
    what: str,
    state: Fitting,
) -> None:
    from iamdsl.fit._refusals import of_inline  # noqa: PLC0415  # most builds fit

    hint = "let it overflow into managed policies: `place auto`"
    if identity.kind == "permission_set" or own is None:
        hint = "move statements to a `policy` and attach it"
    refused = of_inline(identity, own, state)
    state.refuse(f"all that stands inline in {what}", sizes, refused, identity.origin, hint)


def _all_pieces(attached: tuple[Attachment, ...], state: Fitting) -> tuple[Attachment, ...]:
    """Return the attachments with one for each piece of a policy that was split."""
    return tuple(
        attrs.evolve(a, policy=piece)
        for a in attached
        for piece in (state.pieces.get(a.policy, (a.policy,)) if a.ours else (a.policy,))
    )


def _check_sessions(documents: list[Document], state: Fitting) -> None:
    """Report sessions whose text and policy ARNs together, or whose ARNs, are too many.

    AWS counts "the plaintext of both your inline and managed session policies" (AssumeRole).
    """
    from iamdsl.fit._refusals import Attached, too_many  # noqa: PLC0415  # most builds fit
    from iamdsl.fit.ways_out import Refused  # noqa: PLC0415  # likewise

    paths = {d.name: d.path for d in documents}
    limit = state.settings.limits.value("session-policy-size")
    quota = state.settings.limits["session-policy-arns"]
    for session in documents:
        if session.kind != "session" or not session.attached:
            continue
        arns = sum(
            _ARN + len(paths.get(a.policy, "/")) + len(a.policy) if a.ours else len(a.policy)
            for a in session.attached
        )
        text = size(session.policy, state.lengths)
        if text <= limit < text + arns:
            state.refuse(
                f"{_called(session, state)} with the ARNs attached to it",
                (text + arns, limit),
                Refused("session", (session.policy,)),
                session.origin,
                "attach fewer policies to it",
            )
        if len(session.attached) > quota.value:
            what, hint = _called(session, state), "attach fewer policies to it"
            attached = Attached(session.attached, documents, quota)
            too_many(what, attached, state, session.origin, hint)
