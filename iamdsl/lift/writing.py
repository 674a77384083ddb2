"""What the writers of sentences share: the facts that they ask, and the way to refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report


class NotSayableError(Exception):
    """Something of a statement has no form in the language that surely means the same.

    Attributes:
        what: the text at fault, as it stands in the document.
        problem: why it cannot be said, after `what` in backticks.
        hint: one thing to do.
    """

    def __init__(self, what: str, problem: str, hint: str) -> None:
        super().__init__(f"`{what}` {problem}")
        self.what = what
        self.problem = problem
        self.hint = hint


@attrs.frozen(repr=False, eq=False)
class Facts:
    """What is known while sentences are written.

    Attributes:
        pseudo: what the project will say of its place (`account`, `partition`, `region`), so that
            builders and `aws.account` give the same texts again.
        own: ARNs of the estate's entities, by the ARN: their names.
        arns: names of the externs that are ARNs, which need no conversion.
    """

    catalogue: Catalogue
    report: Report
    pseudo: Mapping[str, str] = attrs.field(factory=dict)
    own: Mapping[str, str] = attrs.field(factory=dict)
    arns: frozenset[str] = frozenset()
    _kept: set[str] = attrs.field(factory=set)

    def kept(self, text: str) -> None:
        """Note a name that the catalogue does not know, and that is kept as it is written."""
        self._kept.add(text)

    def taken(self) -> tuple[str, ...]:
        """Return the noted names, and forget them."""
        found = tuple(sorted(self._kept))
        self._kept.clear()
        return found
