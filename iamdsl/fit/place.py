"""The fit of a whole build: documents minimized and split, statements of identities placed.

From a `Build` whose identities have statements of their `own` to one where they are in
`inline` and `managed`, every document within its size, every identity within its quotas, or
with the reasons in the report. What is refused stays in the build, minimized, over its limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.diagnostics import codes
from iamdsl.fit._fitting import Fitting
from iamdsl.fit.settings import Fitted
from iamdsl.iam import Attachment, Build, Document, Policy, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.fit.settings import Settings
    from iamdsl.iam import Identity

# An ARN of a managed policy without its path and name, in the partition of the longest name.
_ARN = len("arn:aws-us-gov:iam::123456789012:policy")


def fit(build: Build, settings: Settings, report: Report) -> Fitted:
    """Return the build made to fit; the meaning of each document and identity is kept.

    Args:
        build: what the compiler made.
        settings: limits, and what was asked for.
        report: gets `too-large` and `too-many-attachments`.

    Raises `MeaningChangedError` when a bug of ours would have changed the meaning.
    """
    state = Fitting(settings, report)
    return Fitted(_fit_place(build, "", state), tuple(state.savings))


def _fit_place(build: Build, account: str, state: Fitting) -> Build:
    """Return one place, and the accounts in it; `account` is its name, "" in the nameless one."""
    names = {d.name.lower() for d in build.documents if d.is_managed}
    if account:
        state = attrs.evolve(state, where=f" in account `{account}`", account=f"{account}/")
    state = attrs.evolve(state, build=build, names=names, pieces={})
    documents: list[Document] = []
    for document in build.documents:
        fitted = _fit_document(document, state)
        documents += fitted
        if len(fitted) > 1:
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


# Documents ---------------------------------------------------------------------------------


def _fit_document(document: Document, state: Fitting) -> list[Document]:
    what = _called(document, state)
    small = state.small(document.policy, what, _short(document))
    if document.kind == "resource":
        small = _counted(document, small, what, state)
    done = attrs.evolve(document, policy=small)
    limit = state.limit(document.kind, document.service)
    characters = size(small, state.lengths)
    if limit is None:
        _note_size(what, characters, document, state)
    if limit is None or characters <= limit:
        return [done]
    from iamdsl.fit._refusals import hint_of, of_document  # noqa: PLC0415  # most builds fit
    from iamdsl.fit.pack import pack  # noqa: PLC0415

    if document.kind != "managed":
        sizes, hint = (characters, limit), hint_of(document)
        state.refuse(what, sizes, of_document(document, state), document.origin, hint)
        return [done]
    packing = pack(small.statements, limit, None, state.lengths)
    if packing is None:
        state.refuse_statements(what, small, limit, document.origin)
        return [done]
    state.verify(document.policy.statements, (s for d in packing.others for s in d), what)
    pieces = []
    for i, statements in enumerate(packing.others):
        name = document.name if i == 0 else state.free_name(document.name, i + 1)
        pieces.append(
            attrs.evolve(
                done,
                name=name,
                policy=state.within(Policy(statements, small.id), limit),
                split_from=document.name,
                fewest=packing.fewest,
            )
        )
    return pieces


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
    small = state.small(own, what, f"{identity.kind} {identity.name}")
    characters = size(small, state.lengths)
    movable = identity.kind != "permission_set" and identity.place != "inline"
    fits = quota is None or used + characters <= quota
    if not movable or (identity.place == "auto" and fits):
        if quota is not None and not fits:
            sizes = used + characters, quota
            _refuse_inline(identity, own, sizes, what, state)
        return _with_inline(identity, small), []
    limit = state.settings.limits.value("managed-policy-size")
    left = quota - used if quota is not None and identity.place == "auto" else None
    from iamdsl.fit.pack import pack  # noqa: PLC0415  # most builds fit

    packing = pack(small.statements, limit, left, state.lengths)
    if packing is None:
        state.refuse_statements(what, small, limit, identity.origin)
        return _with_inline(identity, small), []
    state.verify(own.statements, (*packing.first, *(s for d in packing.others for s in d)), what)
    made = [
        Document(
            "managed",
            state.free_name(identity.name, i + 1),
            state.within(Policy(statements), limit),
            path=identity.path,
            tags=identity.tags,
            split_from=identity.name,
            fewest=packing.fewest,
            origin=identity.origin,
        )
        for i, statements in enumerate(packing.others)
    ]
    managed = (*identity.managed, *(Attachment(d.name, True, identity.origin) for d in made))
    identity = attrs.evolve(identity, managed=managed)
    if packing.first and left is not None:
        identity = _with_inline(identity, state.within(Policy(packing.first), left))
    return identity, made


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
