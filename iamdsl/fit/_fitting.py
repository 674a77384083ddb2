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
    from iamdsl.fit.settings import Settings
    from iamdsl.fit.ways_out import Refused
    from iamdsl.iam import Statement
    from iamdsl.source import Span

_LONGEST_NAME = 128


@attrs.frozen(repr=False)
class Fitting:
    """One place that is being fitted.

    Attributes:
        where: an end for the names of things in messages, " in account `prod`".
        account: a beginning for the names of things in files, `prod/`.
        build: the place as it was.
        names: of managed policies that are taken, in lower case.
        pieces: the names of the pieces of each document that was split.
        savings: of all places so far.
    """

    settings: Settings
    report: Report
    where: str = ""
    account: str = ""
    build: Build = attrs.field(factory=Build)
    names: set[str] = attrs.field(factory=set)
    pieces: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    savings: list[Saving] = attrs.field(factory=list)

    @property
    def lengths(self) -> Mapping[str, int]:
        """Return the greatest lengths of placeholders."""
        return self.settings.lengths

    def limit(self, kind: str, service: str | None = None) -> int | None:
        """Return the size of a kind of policy, None where AWS publishes none."""
        found = self.settings.limits.policy_size(kind, service or "")
        return found.value if found else None

    def small(self, policy: Policy, what: str, of: str) -> Policy:
        """Return the policy in the fewest characters; `of` is its name among the savings."""
        settings = self.settings
        small = minimize(policy, sids=settings.sids, lengths=settings.lengths)
        self.verify(policy.statements, small.statements, what)
        written = document_size(
            (statement_size(s, self.lengths) for s in policy.statements), policy.id, self.lengths
        )
        minimized = size(small, self.lengths)
        self.savings.append(Saving(self.account + of, written, minimized, minimized))
        return small

    def verify(self, before: Iterable[Statement], after: Iterable[Statement], what: str) -> None:
        """Prove that what goes out means what came in."""
        settings = self.settings
        if settings.catalogue is not None and settings.proves:
            verify(before, after, settings.catalogue, what)

    def within(self, policy: Policy, limit: int) -> Policy:
        """Return the policy; a piece over its limit would be a bug of ours."""
        characters = size(policy, self.lengths)
        if characters > limit:
            raise AssertionError(f"a piece of {characters} characters was packed for {limit}")
        return policy

    def free_name(self, name: str, number: int) -> str:
        """Return `name-number`, or with the next number that is free, within 128 characters."""
        while True:
            suffix = f"-{number}"
            candidate = name[: _LONGEST_NAME - len(suffix)] + suffix
            if candidate.lower() not in self.names:
                self.names.add(candidate.lower())
                return candidate
            number += 1

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
