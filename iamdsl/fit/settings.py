"""What a fit depends on besides the build, and what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iamdsl.aws import Catalogue
    from iamdsl.aws.limits import Limits
    from iamdsl.fit._candidates import Reach
    from iamdsl.fit.minimize import Sids
    from iamdsl.fit.shrink import Shrunk, Wildcard
    from iamdsl.fit.steady import Placed
    from iamdsl.iam import Build, Policy

Wildcards: TypeAlias = Literal["never", "tight", "words", "max"]
"""How far `shrink` may go: not at all; no further than what would be refused otherwise needs;
patterns cut between words (`Get*`, `*Tags`), everywhere; patterns cut anywhere, everywhere."""

WILD_KINDS = frozenset(
    (
        "boundary",
        "inline-group",
        "inline-role",
        "inline-user",
        "managed",
        "permission_set",
        "scp",
        "session",
    )
)
"""Kinds of policies in which patterns may be written: those that IAM and Organizations evaluate
themselves. Services have rules of their own for the policies of their resources."""


@attrs.frozen(repr=False, eq=False)
class Settings:
    """What holds for a fit.

    Attributes:
        limits: sizes and quotas in force; a kind of policy without a published one has none.
        sids: whether statements that the author named are kept apart under their names.
        lengths: the greatest length of each placeholder, by name.
        wildcards: how far actions may be written as patterns that match, by the catalogue, no
            other action than those that were granted.
        cross_service: whether statements may be joined although their resources differ, where
            by the catalogue no action of one applies to a resource of the other.
        share: whether one managed policy serves all identities that got the same.
        catalogue: needed for a proof, for wildcards, and across services.
        proves: whether it is proved that the meaning is kept; not without a catalogue.
        placed: where an earlier build put what does not fit into one document, by its owner:
            `policy lake-reader`, `prod/role web`.
        repack: whether statements may leave the documents that they were in.
    """

    limits: Limits
    sids: Sids = "keep"
    lengths: Mapping[str, int] = attrs.field(factory=dict)
    wildcards: Wildcards = "never"
    cross_service: bool = False
    share: bool = False
    catalogue: Catalogue | None = None
    proves: bool = True
    placed: Mapping[str, Placed] = attrs.field(factory=dict)
    repack: bool = False

    def shrunk(
        self, policy: Policy, kind: str, reach: Reach, target: int | None, known: Iterable[str]
    ) -> Shrunk | None:
        """Return a policy with wildcards; None for a kind that gets none, or without a catalogue.

        Args:
            kind: of policy, as `Limits.policy_size` takes it.
            target, known: see `shrink.shrink`.
        """
        if self.catalogue is None or kind not in WILD_KINDS:
            return None
        from iamdsl.fit.shrink import shrink  # noqa: PLC0415  # only where asked for

        return shrink(
            policy,
            self.catalogue,
            reach,
            lengths=self.lengths,
            target=target,
            known=known,
            trailing=kind == "scp",
        )


class Saving(NamedTuple):
    """What the steps saved for one document, or for all statements of an identity.

    All sizes are *characters of minified text*.

    Attributes:
        of: what they belong to: `policy orders-table`, `trust of role web`, `prod/role web`.
        written: each sentence of the source as a statement by itself.
        minimized: after what is lossless.
        shrunk: after wildcards; the same where none were asked for.
    """

    of: str
    written: int
    minimized: int
    shrunk: int


class Fitted(NamedTuple):
    """What a fit came to.

    Attributes:
        savings: in the order of the build.
        placed: where the statements of those went that do not fit into one document, or nearly
            do not, by owner.
        wildcards: the patterns that were written, each with whose they are.
        anew: by owner, the managed policies that would do if all were placed anew.
        lengths: the greatest length of each placeholder in the build, by name.
    """

    build: Build
    savings: tuple[Saving, ...] = ()
    placed: Mapping[str, Placed] = {}
    wildcards: tuple[tuple[str, Wildcard], ...] = ()
    anew: Mapping[str, int] = {}
    lengths: Mapping[str, int] = {}
