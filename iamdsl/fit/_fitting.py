"""What every step of a fit knows: the settings, the report, the names in use, what was noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from iamdsl.fit.minimize import minimize
from iamdsl.fit.settings import Saving
from iamdsl.fit.verify import verify
from iamdsl.iam import Build, Policy, document_size, size, statement_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.fit._candidates import Reach
    from iamdsl.fit.settings import Settings
    from iamdsl.fit.shrink import Wildcard
    from iamdsl.fit.spread import Owner, Spread
    from iamdsl.fit.steady import Placed
    from iamdsl.fit.ways_out import Refused
    from iamdsl.iam import Statement
    from iamdsl.source import Span


@attrs.frozen(repr=False)
class Fitting:
    """One place that is being fitted.

    Attributes:
        where: an end for the names of things in messages, " in account `prod`".
        account: a beginning for the names of things in files, `prod/`.
        build: the place as it was.
        known: actions that the sources name and the catalogue does not.
        names: of managed policies that are taken, in lower case.
        pieces: the names of the pieces of each document that was split.
        reserved: by the names, in lower case, that documents had in an earlier build, whose.
        savings, placed, wildcards, anew: of all places so far, see `Fitted`.
        spread: by owner, as in `placed`, what was said of statements that went over several
            documents.
    """

    settings: Settings
    report: Report
    where: str = ""
    account: str = ""
    build: Build = attrs.field(factory=Build)
    known: frozenset[str] = frozenset()
    names: set[str] = attrs.field(factory=set)
    pieces: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    reserved: Mapping[str, str] = attrs.field(factory=dict)
    savings: list[Saving] = attrs.field(factory=list)
    placed: dict[str, Placed] = attrs.field(factory=dict)
    wildcards: list[tuple[str, Wildcard]] = attrs.field(factory=list)
    anew: dict[str, int] = attrs.field(factory=dict)
    spread: dict[str, tuple[Owner, Spread]] = attrs.field(factory=dict)

    @property
    def lengths(self) -> Mapping[str, int]:
        """Return the greatest lengths of placeholders."""
        return self.settings.lengths

    def limit(self, kind: str, service: str | None = None) -> int | None:
        """Return the size of a kind of policy, None where AWS publishes none."""
        found = self.settings.limits.policy_size(kind, service or "")
        return found.value if found else None

    def small(self, policy: Policy, what: str, of: str, *, kind: str = "") -> Policy:
        """Return the policy in the fewest characters that the settings allow.

        Args:
            what: what messages call it.
            of: its name among the savings.
            kind: of policy, as `limit` takes it, where wildcards may be written.
        """
        settings = self.settings
        meeting = None
        if settings.cross_service and settings.catalogue is not None:
            from iamdsl.fit._crossing import Meeting  # noqa: PLC0415  # only where asked for

            meeting = Meeting(settings.catalogue)
        small = minimize(policy, sids=settings.sids, lengths=settings.lengths, meeting=meeting)
        narrowed = None
        if meeting is not None:
            from iamdsl.fit._crossing import possible  # noqa: PLC0415  # likewise

            narrowed = possible(small.statements, meeting)
        self.verify(policy.statements, small.statements, what, narrowed)
        written = document_size(
            (statement_size(s, self.lengths) for s in policy.statements), policy.id, self.lengths
        )
        minimized = size(small, self.lengths)
        self.savings.append(Saving(self.account + of, written, minimized, minimized))
        match settings.wildcards:
            case "words" | "max" as reach:
                return self._shrunk(small, what, kind, reach, None)
            case _:
                return small

    def tight(self, policy: Policy, what: str, kind: str, target: int) -> Policy:
        """Return a policy that was refused with as many wildcards as `target` characters need.

        It is the last one that `small` returned, and comes back itself where that is not asked
        for; a smaller one may still be too large.
        """
        if self.settings.wildcards != "tight" or size(policy, self.lengths) <= target:
            return policy
        return self._shrunk(policy, what, kind, "max", target)

    def _shrunk(
        self, policy: Policy, what: str, kind: str, reach: Reach, target: int | None
    ) -> Policy:
        made = self.settings.shrunk(policy, kind, reach, target, self.known)
        catalogue = self.settings.catalogue
        if made is None or catalogue is None or not made.wildcards:
            return policy
        from iamdsl.fit.today import today  # noqa: PLC0415  # only where asked for

        narrowed = today(made.policy.statements, catalogue, self.known)
        self.verify(policy.statements, made.policy.statements, what, narrowed)
        last = self.savings.pop()
        self.savings.append(last._replace(shrunk=size(made.policy, self.lengths)))
        self.wildcards.extend((last.of, wildcard) for wildcard in made.wildcards)
        return made.policy

    def verify(
        self,
        before: Iterable[Statement],
        after: Iterable[Statement],
        what: str,
        narrowed: Iterable[Statement] | None = None,
    ) -> None:
        """Prove that what goes out means what came in; for `narrowed` see `verify.verify`."""
        settings = self.settings
        if settings.catalogue is not None and settings.proves:
            verify(before, after, settings.catalogue, what, narrowed=narrowed)

    def within(self, policy: Policy, limit: int) -> Policy:
        """Return the policy; a piece over its limit would be a bug of ours."""
        characters = size(policy, self.lengths)
        if characters > limit:
            raise AssertionError(f"a piece of {characters} characters was packed for {limit}")
        return policy

    def refuse(
        self,
        what: str,
        sizes: tuple[int, int],
        refused: Refused,
        place: Sequence[Span],
        hint: str = "",
    ) -> None:
        """Report a document that is over its limit; `sizes` are (characters, limit)."""
        from iamdsl.fit._refusals import too_large  # noqa: PLC0415  # most builds fit

        refused = refused._replace(known=self.known)
        too_large(self.report, what, sizes, refused, self.settings, place=place, hint=hint)

    def refuse_statements(
        self, what: str, policy: Policy, limit: int, place: tuple[Span, ...]
    ) -> None:
        """Report the statements that alone are larger than a whole policy may be."""
        from iamdsl.fit.pack import uncuttable  # noqa: PLC0415  # most builds fit
        from iamdsl.fit.ways_out import Refused  # noqa: PLC0415  # likewise

        for statement in uncuttable(policy.statements, limit, self.lengths):
            self.refuse(
                f"a statement of {what} that cannot be split",
                (size(Policy((statement,)), self.lengths), limit),
                Refused("managed", (Policy((statement,)),)),
                statement.origin or place,
                "write it without `except` or a negated condition: such lists must stay whole",
            )
