"""The fit of a whole build: documents minimized and split, statements of identities placed.

From a `Build` whose identities have statements of their `own` to one where they are in
`inline` and `managed`, every document within its size, every identity within its quotas, or
with the reasons in the report. What is refused stays in the build, minimized, over its limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.diagnostics import codes
from iamdsl.fit.minimize import minimize
from iamdsl.fit.verify import verify
from iamdsl.iam import Attachment, Build, Document, Policy, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.aws.limits import Limits
    from iamdsl.diagnostics import Report
    from iamdsl.fit.minimize import Sids
    from iamdsl.iam import Identity, Statement
    from iamdsl.source import Span

_LONGEST_NAME = 128
_NO_LENGTHS: Mapping[str, int] = {}
# An ARN of a managed policy without its path and name, in the partition of the longest name.
_ARN = len("arn:aws-us-gov:iam::123456789012:policy")


@attrs.frozen(repr=False)
class _Fitting:
    """What every step needs to know, and the names of managed policies that are taken.

    Attributes:
        where: an end for the names of things in messages, " in account `prod`".
        catalogue: None where nothing is to be proved.
    """

    limits: Limits
    report: Report
    sids: Sids
    lengths: Mapping[str, int]
    names: set[str] = attrs.field(factory=set)
    where: str = ""
    pieces: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    catalogue: Catalogue | None = None

    def verify(self, before: Iterable[Statement], after: Iterable[Statement], what: str) -> None:
        """Prove that what goes out means what came in."""
        if self.catalogue is not None:
            verify(before, after, self.catalogue, what)

    def refuse(
        self,
        what: str,
        sizes: tuple[int, int],
        statements: Sequence[Statement],
        place: Sequence[Span],
        hint: str,
    ) -> None:
        """Report a document that is over its limit; `sizes` are (characters, limit)."""
        from iamdsl.fit._refusals import too_large  # noqa: PLC0415  # most builds fit

        too_large(
            self.report, what, sizes, statements, place=place, hint=hint, lengths=self.lengths
        )


def fit(
    build: Build,
    limits: Limits,
    report: Report,
    *,
    sids: Sids = "keep",
    lengths: Mapping[str, int] = _NO_LENGTHS,
    catalogue: Catalogue | None = None,
) -> Build:
    """Return the build made to fit; the meaning of each document and identity is kept.

    Args:
        build: what the compiler made.
        limits: sizes and quotas in force; a kind of policy without a published one has none.
        report: gets `too-large` and `too-many-attachments`.
        sids: whether statements that the author named are kept apart under their names.
        lengths: the greatest length of each placeholder, by name.
        catalogue: for the proof that the meaning is kept; without it none is made.

    Raises `MeaningChangedError` when a bug of ours would have changed the meaning.
    """
    return _fit_place(build, "", _Fitting(limits, report, sids, lengths, catalogue=catalogue))


def _fit_place(build: Build, where: str, state: _Fitting) -> Build:
    """Return one place, and the accounts in it; `where` tells them apart in messages."""
    names = {d.name.lower() for d in build.documents if d.is_managed}
    state = attrs.evolve(state, where=where, names=names, pieces={})
    documents: list[Document] = []
    for document in build.documents:
        fitted = _fit_document(document, state)
        documents += fitted
        if len(fitted) > 1:
            state.pieces[document.name] = tuple(d.name for d in fitted)
    identities: list[Identity] = []
    for identity in build.identities:
        placed, made = _fit_identity(identity, state)
        identities.append(placed)
        documents += made
    documents = [attrs.evolve(d, attached=_all_pieces(d.attached, state)) for d in documents]
    if any(d.attached for d in documents):
        _check_sessions(documents, state)
    if build.targets:
        from iamdsl.fit._targets import check_targets  # noqa: PLC0415  # organizations only

        check_targets(build, state.limits, state.report)
    accounts = (
        attrs.evolve(a, build=_fit_place(a.build, f" in account `{a.name}`", state))
        for a in build.accounts
    )
    return Build(tuple(documents), tuple(identities), tuple(accounts), build.targets)


# Documents ---------------------------------------------------------------------------------


def _minimized(policy: Policy, what: str, state: _Fitting) -> Policy:
    small = minimize(policy, sids=state.sids, lengths=state.lengths)
    state.verify(policy.statements, small.statements, what)
    return small


def _fit_document(document: Document, state: _Fitting) -> list[Document]:
    what = _called(document, state)
    small = _minimized(document.policy, what, state)
    if document.kind == "resource":
        small = _counted(document, small, what, state)
    done = attrs.evolve(document, policy=small)
    limit = _limit(state, document.kind, document.service)
    characters = size(small, state.lengths)
    if limit is None:
        _note_size(what, characters, document, state)
    if limit is None or characters <= limit:
        return [done]
    from iamdsl.fit._refusals import WAYS_OUT  # noqa: PLC0415  # most builds fit
    from iamdsl.fit.pack import pack  # noqa: PLC0415

    if document.kind != "managed":
        sizes, hint = (characters, limit), WAYS_OUT[document.kind]
        state.refuse(what, sizes, small.statements, document.origin, hint)
        return [done]
    packing = pack(small.statements, limit, None, state.lengths)
    if packing is None:
        _refuse_statements(what, small, limit, document.origin, state)
        return [done]
    state.verify(document.policy.statements, (s for d in packing.others for s in d), what)
    pieces = []
    for i, statements in enumerate(packing.others):
        name = document.name if i == 0 else _free_name(document.name, i + 1, state)
        pieces.append(
            attrs.evolve(
                done,
                name=name,
                policy=_within(Policy(statements, small.id), limit, state),
                split_from=document.name,
                fewest=packing.fewest,
            )
        )
    return pieces


def _counted(document: Document, small: Policy, what: str, state: _Fitting) -> Policy:
    """Return a resource's policy as its service counts it."""
    from iamdsl.fit._counts import counted  # noqa: PLC0415  # few builds have one

    small = counted(small, what, document, state.limits, state.report)
    state.verify(document.policy.statements, small.statements, what)
    return small


def _note_size(what: str, characters: int, document: Document, state: _Fitting) -> None:
    """Note a policy that may be too large, where AWS publishes no limit."""
    bound = state.limits.value("unpublished-policy-size")
    if characters > bound:
        state.report.add(
            codes.UNPUBLISHED_LIMIT,
            document.origin[0] if document.origin else None,
            f"{what} has {characters:,} characters, and no limit is published",
            label=f"services take {bound:,} or more",
            hint="if AWS takes it, raise `unpublished-policy-size` under `[limits]`",
        )


def _limit(state: _Fitting, kind: str, service: str | None = None) -> int | None:
    found = state.limits.policy_size(kind, service or "")
    return found.value if found else None


def _called(document: Document, state: _Fitting) -> str:
    kind: str = document.kind
    of = ""
    if kind in {"managed", "resource"}:
        of = f" of `{document.target or document.service}`" if kind == "resource" else ""
        kind = "policy"
    return f"{kind} `{document.name}`{of}{state.where}"


def _within(policy: Policy, limit: int, state: _Fitting) -> Policy:
    """Return the policy; a piece over its limit would be a bug of ours."""
    characters = size(policy, state.lengths)
    if characters > limit:
        raise AssertionError(f"a piece of {characters} characters was packed for {limit}")
    return policy


def _free_name(name: str, number: int, state: _Fitting) -> str:
    """Return `name-number`, or with the next number that is free, within AWS's 128 characters."""
    while True:
        suffix = f"-{number}"
        candidate = name[: _LONGEST_NAME - len(suffix)] + suffix
        if candidate.lower() not in state.names:
            state.names.add(candidate.lower())
            return candidate
        number += 1


def _refuse_statements(
    what: str, policy: Policy, limit: int, place: tuple[Span, ...], state: _Fitting
) -> None:
    """Report the statements that alone are larger than a whole policy may be."""
    from iamdsl.fit.pack import uncuttable  # noqa: PLC0415  # most builds fit

    for statement in uncuttable(policy.statements, limit, state.lengths):
        alone = size(Policy((statement,)), state.lengths)
        state.refuse(
            f"a statement of {what} that cannot be split",
            (alone, limit),
            (statement,),
            statement.origin or place,
            "write it without `except` or a negated condition: such lists must stay whole",
        )


# Identities --------------------------------------------------------------------------------


def _fit_identity(identity: Identity, state: _Fitting) -> tuple[Identity, list[Document]]:
    what = f"{identity.kind.replace('_', ' ')} `{identity.name}`{state.where}"
    if identity.trust is not None:
        trust = _minimized(identity.trust, f"trust of {what}", state)
        limit, characters = _limit(state, "trust"), size(trust, state.lengths)
        if limit is not None and characters > limit:
            from iamdsl.fit._refusals import WAYS_OUT  # noqa: PLC0415  # most builds fit

            of_trust, sizes = f"trust policy of {what}", (characters, limit)
            state.refuse(of_trust, sizes, trust.statements, identity.origin, WAYS_OUT["trust"])
        identity = attrs.evolve(identity, trust=trust)
    inline = tuple((n, _minimized(p, f"{n} of {what}", state)) for n, p in identity.inline)
    managed = _all_pieces(identity.managed, state)
    identity = attrs.evolve(identity, inline=inline, managed=managed)
    own = identity.own
    identity, made = _placed(attrs.evolve(identity, own=None), own, what, state)
    quota = state.limits.attachments(identity.kind).value
    if len(identity.managed) > quota:
        from iamdsl.fit._refusals import too_many  # noqa: PLC0415  # most builds fit

        hint = "attach fewer policies, or write wider patterns"
        if made and identity.place == "managed":
            hint = "let its own statements stand inline: `place auto`"
        too_many(state.report, what, (len(identity.managed), quota), identity.origin, hint)
    return identity, made


def _placed(
    identity: Identity, own: Policy | None, what: str, state: _Fitting
) -> tuple[Identity, list[Document]]:
    """Put the identity's own statements inline, into managed policies, or both."""
    kind = identity.kind if identity.kind == "permission_set" else f"inline-{identity.kind}"
    quota = _limit(state, kind)
    used = sum(size(p, state.lengths) for _, p in identity.inline)
    if own is None or not own.statements:
        if quota is not None and used > quota:
            _refuse_inline(identity, (), (used, quota), what, state)
        return identity, []
    small = _minimized(own, what, state)
    characters = size(small, state.lengths)
    movable = identity.kind != "permission_set" and identity.place != "inline"
    fits = quota is None or used + characters <= quota
    if not movable or (identity.place == "auto" and fits):
        if quota is not None and not fits:
            sizes = used + characters, quota
            _refuse_inline(identity, small.statements, sizes, what, state)
        return _with_inline(identity, small), []
    limit = state.limits.value("managed-policy-size")
    left = quota - used if quota is not None and identity.place == "auto" else None
    from iamdsl.fit.pack import pack  # noqa: PLC0415  # most builds fit

    packing = pack(small.statements, limit, left, state.lengths)
    if packing is None:
        _refuse_statements(what, small, limit, identity.origin, state)
        return _with_inline(identity, small), []
    state.verify(own.statements, (*packing.first, *(s for d in packing.others for s in d)), what)
    made = [
        Document(
            "managed",
            _free_name(identity.name, i + 1, state),
            _within(Policy(statements), limit, state),
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
        identity = _with_inline(identity, _within(Policy(packing.first), left, state))
    return identity, made


def _with_inline(identity: Identity, policy: Policy) -> Identity:
    taken = {name for name, _ in identity.inline}
    name, number = identity.name, 2
    while name in taken:
        name, number = f"{identity.name}-{number}", number + 1
    return attrs.evolve(identity, inline=(*identity.inline, (name, policy)))


def _refuse_inline(
    identity: Identity,
    own: tuple[Statement, ...],
    sizes: tuple[int, int],
    what: str,
    state: _Fitting,
) -> None:
    hint = "let it overflow into managed policies: `place auto`"
    if identity.kind == "permission_set" or not own:
        hint = "move statements to a `policy` and attach it"
    statements = [*own, *(s for _, p in identity.inline for s in p.statements)]
    state.refuse(f"all that stands inline in {what}", sizes, statements, identity.origin, hint)


def _all_pieces(attached: tuple[Attachment, ...], state: _Fitting) -> tuple[Attachment, ...]:
    """Return the attachments with one for each piece of a policy that was split."""
    return tuple(
        attrs.evolve(a, policy=piece)
        for a in attached
        for piece in (state.pieces.get(a.policy, (a.policy,)) if a.ours else (a.policy,))
    )


def _check_sessions(documents: list[Document], state: _Fitting) -> None:
    """Report sessions whose text and policy ARNs together, or whose ARNs, are too many.

    AWS counts "the plaintext of both your inline and managed session policies" (AssumeRole).
    """
    from iamdsl.fit._refusals import too_many  # noqa: PLC0415  # most builds fit

    paths = {d.name: d.path for d in documents}
    limit = state.limits.value("session-policy-size")
    quota = state.limits.value("session-policy-arns")
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
                session.policy.statements,
                session.origin,
                "attach fewer policies to it",
            )
        if len(session.attached) > quota:
            counts = len(session.attached), quota
            too_many(
                state.report,
                _called(session, state),
                counts,
                session.origin,
                "attach fewer policies to it",
            )
