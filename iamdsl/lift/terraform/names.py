"""What entities are called: as AWS calls them, where that is known and is one thing's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Category: TypeAlias = Literal["role", "user", "group", "permission_set", "policy", "organization"]

CATEGORIES: dict[str, Category] = {
    "aws_iam_role": "role",
    "aws_iam_user": "user",
    "aws_iam_group": "group",
    "aws_ssoadmin_permission_set": "permission_set",
    "aws_iam_policy": "policy",
    "aws_organizations_policy": "organization",
}
"""The types of resources that are entities of the language, in the order in which a name that
AWS lets several of them have is given away."""

_ENDINGS: dict[Category, str] = {
    "role": "role",
    "user": "user",
    "group": "group",
    "permission_set": "permissions",
    "policy": "policy",
    "organization": "guardrail",
}


class Wish(NamedTuple):
    """A resource and the name that it has in AWS, or that of its block."""

    address: str
    type: str
    name: str


def give(wishes: Iterable[Wish]) -> dict[str, str]:
    """Return the names of entities by address: those of several kinds with one name are told apart.

    In AWS a role and a policy can have one name; in the language all names of an account differ.
    Two things of one kind keep theirs: that they cannot both be is for their reader to say.
    """
    ordered = sorted(wishes, key=lambda w: list(CATEGORIES).index(w.type))
    taken: dict[str, Category] = {}
    given: dict[str, str] = {}
    for wish in ordered:
        category, name = CATEGORIES[wish.type], wish.name
        while taken.setdefault(name.lower(), category) != category:
            name = f"{name}-{_ENDINGS[category]}"
        given[wish.address] = name
    return given
