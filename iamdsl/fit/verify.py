"""The proof after every fit: what goes out decides every request as what came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.iam import Elements, Statement
    from iamdsl.prove import Answer


class MeaningChangedError(Exception):
    """A bug of ours: the fitted statements do not mean what the given ones do, or it is not proved.

    Attributes:
        where: what was being fitted.
        answer: the prover's, with a request that shows the difference.
    """

    def __init__(self, where: str, answer: Answer) -> None:
        super().__init__(f"{where}: {_told(answer)}")
        self.where = where
        self.answer = answer


def verify(
    before: Iterable[Statement],
    after: Iterable[Statement],
    catalogue: Catalogue,
    where: str = "policy",
    *,
    narrowed: Iterable[Statement] | None = None,
) -> None:
    """Raise `MeaningChangedError` unless both lists of statements are proved to mean the same.

    Args:
        before: what came in.
        after: what goes out.
        catalogue: for the actions and keys that there are.
        where: says in the message what is being checked.
        narrowed: what of `after` can be asked for today, as the catalogue says: its wildcards as
            the actions that they match, without pairs of action and resource that never meet.
            Then nothing of `before` may be missing in `after`, tomorrow's actions included, and
            this may hold nothing that `before` does not.
    """
    given, made = tuple(before), tuple(after)
    if _said(given) == _said(made):
        return
    if narrowed is None:
        _demand(_equivalent(given, made, catalogue), where)
        return
    from iamdsl.prove import Permissions, implies  # noqa: PLC0415  # with wildcards only

    # Two unions that allow the same could still deny other things to what else is attached.
    _demand(_equivalent(_denies(given), _denies(made), catalogue), where)
    was, now, today = (Permissions((tuple(some),)) for some in (given, made, narrowed))
    _demand(implies(was, now, catalogue), where)
    _demand(implies(today, was, catalogue), where)


def _denies(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    return tuple(s for s in statements if s.effect == "Deny")


def _equivalent(
    given: Sequence[Statement], made: Sequence[Statement], catalogue: Catalogue
) -> Answer:
    from iamdsl.prove import equivalent  # noqa: PLC0415  # most small policies stay as they are

    return equivalent(given, made, catalogue)


def _demand(answer: Answer, where: str) -> None:
    if answer.verdict != "yes":
        raise MeaningChangedError(where, answer)


def _said(statements: Iterable[Statement]) -> set[object]:
    """Return statements by what they say; order, names and origins say nothing."""
    return {
        (s.effect, s.principals, s.condition, _listed(s.actions), _listed(s.resources))
        for s in statements
    }


def _listed(elements: Elements | None) -> object:
    return elements and (elements.negated, frozenset(elements.values))


def _told(answer: Answer) -> str:
    if answer.witness is None:
        return f"not proved to mean the same: {answer.reason}"
    asked = answer.witness
    context = {key: list(values) for key, values in sorted(asked.context.items())}
    return (
        f"{asked.action} on {asked.resource} by {asked.principal} with {context} was"
        f" {answer.before or 'not spoken of'} and is {answer.after or 'not spoken of'}"
    )
