"""What is said when something cannot be made to fit: by how much, because of what, what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from iamdsl.diagnostics import Label, codes
from iamdsl.fit.ways_out import Refused, attachment_ways, contributors, raised, ways_out, weigh
from iamdsl.iam import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.aws.limits import Limit
    from iamdsl.diagnostics import Report
    from iamdsl.fit._fitting import Fitting
    from iamdsl.fit.settings import Settings
    from iamdsl.iam import Attachment, Document, Identity, Policy
    from iamdsl.source import Span

# Sentences, and attached policies, that are named.
_NAMED = 3

WAYS_OUT = {
    "boundary": "grant with wider patterns, or leave what no role of it needs to no one",
    "rcp": "write it as several `rcp`s and attach each: every `deny` of every one holds",
    "resource": "grant to fewer, wider principals or resources, or move grants to the callers' policies",
    "scp": "write it as several `scp`s and attach each to the same place: a `deny` of one holds "
    "for all, but what is allowed there must be allowed by one of them",
    "session": "attach a managed policy to the session instead of writing its statements",
    "trust": "trust whole accounts with a condition on `aws:PrincipalArn`",
}
"""One act for each kind that cannot be split, for where nothing that was tried is enough."""

_OF_SERVICES = {
    "kms": "give grants of KMS to those who need the key for a while, or move grants to the "
    "callers' policies",
    "s3": "give access points policies of their own, or move grants to the callers' policies",
}


def too_large(
    report: Report,
    what: str,
    sizes: tuple[int, int],
    refused: Refused,
    settings: Settings,
    *,
    place: Sequence[Span],
    hint: str,
) -> None:
    """Report a document that is over its limit; `sizes` are (characters, limit).

    The sentences that add most are named, with what the document would have less without each.
    The hint is given where no way out is enough by itself.
    """
    characters, limit = sizes
    case = weigh(refused, characters - limit, settings)
    ways = ways_out(case)
    notes = [
        Label(span, f"{weight:,} characters come from here")
        for weight, span in contributors(case)[:_NAMED]
    ]
    known = settings.limits.policy_size(refused.kind, refused.service)
    if known is not None and not known.raisable:
        hint = f"{hint}; AWS raises this limit for no one"
    report.add(
        codes.TOO_LARGE,
        place[0] if place else None,
        f"{what} has {characters:,} characters, {characters - limit:,} more than the {limit:,} "
        "that AWS takes",
        label="too large after everything was joined that can be",
        notes=notes,
        hint="" if any(way.enough for way in ways) else hint,
        ways=ways,
    )


def hint_of(document: Document) -> str:
    """Return what can be done about a document of a kind that cannot be split."""
    return _OF_SERVICES.get(document.service or "", WAYS_OUT[document.kind])


def of_document(document: Document, state: Fitting) -> Refused:
    """Return a document that is refused."""
    service, limits = document.service or "", state.settings.limits
    attached = (0, 0)
    if document.kind == "session":
        attached = len(document.attached), limits.value("session-policy-arns")
    elif document.kind in {"scp", "rcp"}:
        from iamdsl.fit._targets import places  # noqa: PLC0415  # organizations only

        attached = places(document, state.build, limits)
    if document.kind != "resource":
        return Refused(document.kind, (document.policy,), attached=attached)

    from iamdsl.diagnostics import Report  # noqa: PLC0415  # as the next
    from iamdsl.fit._counts import counted  # noqa: PLC0415  # few builds have one

    def finish(policy: Policy) -> Policy:
        return counted(policy, "", document, limits, Report())

    return Refused("resource", (document.policy,), service, finish)


def of_inline(identity: Identity, own: Policy | None, state: Fitting) -> Refused:
    """Return all that stands inline in an identity, with its own statements before it."""
    kind = identity.kind if identity.kind == "permission_set" else f"inline-{identity.kind}"
    given = [policy for _, policy in identity.inline]
    quota = state.settings.limits.attachments(identity.kind).value
    movable = own is not None and identity.kind != "permission_set"
    return Refused(
        kind,
        (own, *given) if own is not None else tuple(given),
        attached=(len(identity.managed), quota),
        movable=movable,
    )


# Attachments -----------------------------------------------------------------------------------


class Attached(NamedTuple):
    """What is attached to something.

    Attributes:
        documents: those of the place, as they were made to fit.
        quota: how many there may be.
        kind: of the policies, for their limit.
        needed: places that policies of AWS's own take besides.
    """

    attachments: Sequence[Attachment]
    documents: Sequence[Document]
    quota: Limit
    kind: str = "managed"
    needed: int = 0

    @property
    def taken(self) -> int:
        """Return how many places are taken."""
        return len(self.attachments) + self.needed

    def ours(self) -> dict[str, tuple[Attachment, Policy]]:
        """Return those that this project has, by their names."""
        known = {
            d.name: d.policy
            for d in self.documents
            if (d.is_managed if self.kind == "managed" else d.kind == self.kind)
        }
        return {
            a.policy: (a, known[a.policy]) for a in self.attachments if a.ours and a.policy in known
        }


def too_many_of_identity(
    what: str, identity: Identity, documents: Sequence[Document], state: Fitting
) -> None:
    """Report an identity with more managed policies than its quota."""
    hint = "attach fewer policies, or write wider patterns"
    if identity.place == "managed" and any(d.split_from == identity.name for d in documents):
        hint = "let its own statements stand inline: `place auto`"
    quota = state.settings.limits.attachments(identity.kind)
    attached = Attached(identity.managed, documents, quota)
    too_many(what, attached, state, identity.origin, hint)


def too_many(
    what: str, attached: Attached, state: Fitting, place: Sequence[Span], hint: str
) -> None:
    """Report something with more attached policies than its quota.

    The emptiest of this project's own are named with how full they are. The hint is given where
    no way out is enough by itself.
    """
    ours, quota, count = attached.ours(), attached.quota, attached.taken
    limit = state.settings.limits.policy_size(attached.kind)
    assert limit is not None  # noqa: S101  # all kinds that are attached have one
    fill = {name: size(policy, state.lengths) for name, (_, policy) in ours.items()}
    notes = [
        Label(ours[name][0].origin[0], f"`{name}` has {fill[name]:,} of {limit.value:,} characters")
        for name in sorted(ours, key=lambda n: (fill[n], n))[:_NAMED]
        if ours[name][0].origin
    ]
    policies = [policy for _, policy in ours.values()]
    ways = attachment_ways(policies, (count, quota.value), limit.value, state.settings)
    ways += raised(quota, count)
    noun = "managed policies" if attached.kind == "managed" else f"{attached.kind}s"
    noun += ", AWS's own included," if attached.needed else ""
    state.report.add(
        codes.TOO_MANY_ATTACHMENTS,
        place[0] if place else None,
        f"{what} would have {count} {noun} attached, {count - quota.value} more than the "
        f"{quota.value} that AWS takes",
        label="too many attachments",
        notes=notes,
        hint="" if any(way.enough for way in ways) else hint,
        ways=ways,
    )
