"""The questions, each with its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.prove._answer import Answer, Permissions
from iamdsl.prove._regroup import allows_no_more, regroups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iamdsl.aws import Catalogue
    from iamdsl.iam import Statement
    from iamdsl.prove._question import Relation


def equivalent(
    first: Sequence[Statement], second: Sequence[Statement], catalogue: Catalogue
) -> Answer:
    """Tell whether two sets of statements decide every request alike.

    Deny, allow and saying nothing are told apart, so that one can stand for the other whatever it
    is attached beside. Actions that the catalogue does not know are asked for as well.
    """
    if regroups(first, second):
        return Answer("yes")
    return _answer("equivalent", _union(first), _union(second), catalogue)


def implies(first: Permissions, second: Permissions, catalogue: Catalogue) -> Answer:
    """Tell whether whatever the first permissions allow, the second ones do."""
    if len(first.layers) == len(second.layers) == 1 and allows_no_more(
        first.layers[0], second.layers[0]
    ):
        return Answer("yes")
    return _answer("implies", first, second, catalogue)


def disjoint(first: Permissions, second: Permissions, catalogue: Catalogue) -> Answer:
    """Tell whether no request is allowed by both."""
    return _answer("disjoint", first, second, catalogue)


def never(permissions: Permissions, box: Sequence[Statement], catalogue: Catalogue) -> Answer:
    """Tell whether no request that one of `box` (statements of effect Allow) is about is allowed."""
    return _answer("disjoint", permissions, _union(box), catalogue)


def always(permissions: Permissions, box: Sequence[Statement], catalogue: Catalogue) -> Answer:
    """Tell whether every request that one of `box` (statements of effect Allow) is about is allowed."""
    return _answer("implies", _union(box), permissions, catalogue)


def _union(statements: Sequence[Statement]) -> Permissions:
    return Permissions((tuple(statements),))


def _answer(
    relation: Relation, first: Permissions, second: Permissions, catalogue: Catalogue
) -> Answer:
    # Many builds need no more of this room than `regroups`.
    from iamdsl.prove._decide import Undecided  # noqa: PLC0415
    from iamdsl.prove._engine import Search  # noqa: PLC0415

    search = Search(relation, first, second, catalogue)
    try:
        found = next(search.usual(), None) or next(iter(search), None)
    except Undecided as undecided:
        return Answer("unknown", reason=str(undecided))
    if found is not None:
        return Answer("no", found.request, *search.sides.effects(found.request))
    if search.doubts:
        return Answer("unknown", reason=search.doubts[0])
    return Answer("yes")
