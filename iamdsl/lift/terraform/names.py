"""What entities are called: as AWS calls them, where that is known and is one thing's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from iamdsl.iam import placeholder

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

IN_IAM = frozenset[Category]({"role", "user", "group", "policy"})
"""Kinds that may share a name; where one of their ARNs is asked for, it has to be written."""


class Wish(NamedTuple):
    """A resource and the name that it has in AWS, or that of its block."""

    address: str
    type: str
    name: str


def give(wishes: Iterable[Wish]) -> dict[str, str]:
    """Return the names of entities by address: those of several kinds with one name are told apart.

    Two things of one kind keep theirs: that they cannot both be is for their reader to say.
    """
    ordered = sorted(wishes, key=lambda w: list(CATEGORIES).index(w.type))
    taken: dict[str, Category] = {}
    given: dict[str, str] = {}
    for wish in ordered:
        category, name = CATEGORIES[wish.type], wish.name
        while not _may_share(taken.setdefault(name.lower(), category), category):
            name = f"{name}-{_ENDINGS[category]}"
        given[wish.address] = name
    return given


def _may_share(one: Category, other: Category) -> bool:
    return one == other or {one, other} <= IN_IAM


def shared(wishes: Iterable[Wish]) -> set[str]:
    """Return the names, in lower case, that are those of several kinds."""
    kinds: dict[str, set[Category]] = {}
    for wish in wishes:
        kinds.setdefault(wish.name.lower(), set()).add(CATEGORIES[wish.type])
    return {name for name, found in kinds.items() if len(found) > 1}


def arn(kind: str, path: str, name: str) -> str:
    """Return the ARN of something of IAM's, with marks for the place."""
    return (
        f"arn:{placeholder('aws.partition')}:iam::{placeholder('aws.account')}:{kind}{path}{name}"
    )
