"""What cannot be said in condition blocks, or not within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from iamdsl.source import Span


class Refused(NamedTuple):
    """A formula that has no exact form, or none within the bounds; never a guess instead.

    Attributes:
        reason: a headline: lower case, no full stop, the user's text in backticks.
        hint: one thing to do.
        spans: the places of the tests at fault, as far as they are known.
        kind: whether there is no form at all, or only too large a one.
    """

    reason: str
    hint: str
    spans: tuple[Span, ...] = ()
    kind: Literal["inexpressible", "too-many"] = "inexpressible"


class NoForm(Exception):  # noqa: N818 - raised and caught inside this package only
    """Carries what a `Refused` will say.

    Attributes:
        keys: case-folded; they find the tests at fault.
        final: true when solving the alternatives one by one cannot help.
    """

    def __init__(
        self,
        reason: str,
        hint: str,
        keys: frozenset[str] = frozenset(),
        kind: Literal["inexpressible", "too-many"] = "inexpressible",
        *,
        final: bool = False,
    ) -> None:
        """Keep the parts."""
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.keys = keys
        self.final = final
        self.kind: Literal["inexpressible", "too-many"] = kind
