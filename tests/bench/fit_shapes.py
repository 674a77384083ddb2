"""Roles of two thousand statements, of several shapes, for the tables of `fit.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Json: TypeAlias = "dict[str, Any]"

_SETS = (
    ["s3:GetObject", "s3:PutObject"],
    ["s3:GetObject"],
    ["s3:GetObject", "s3:DeleteObject", "s3:PutObject"],
    ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
    ["s3:GetObjectTagging", "s3:PutObjectTagging", "s3:GetObject"],
)
_TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders-{:04}"


def _buckets(number: int, actions: Sequence[str]) -> list[Json]:
    """A bucket each, with one of five lists of actions."""
    del actions
    return [
        _allow(_SETS[i % len(_SETS)], f"arn:aws:s3:::data-of-team-{i:04}/*") for i in range(number)
    ]


def _conditional(number: int, actions: Sequence[str]) -> list[Json]:
    """A table each, for those whose tag names it."""
    del actions
    return [
        _allow(
            ["dynamodb:GetItem", "dynamodb:Query"][: 1 + i % 2],
            _TABLE.format(i),
            {"StringEquals": {"aws:PrincipalTag/table": f"orders-{i:04}"}},
        )
        for i in range(number)
    ]


def _one_with_all(number: int, actions: Sequence[str]) -> list[Json]:
    """One statement with all the buckets."""
    del actions
    return [_allow(_SETS[0], [f"arn:aws:s3:::data-of-team-{i:04}/*" for i in range(number)])]


def _many_services(number: int, actions: Sequence[str]) -> list[Json]:
    """Actions of all services, a hundred resources."""
    step = max(1, len(actions) // number)
    some = actions[::step][:number]
    return [
        _allow([a], f"arn:aws:{a.partition(':')[0]}:*:*:thing-{i % 100}")
        for i, a in enumerate(some)
    ]


def _repeated(number: int, actions: Sequence[str]) -> list[Json]:
    """A hundred tables, again and again with other actions and regions: most of it overlaps."""
    del actions
    verbs = ["GetItem", "Query", "PutItem", "UpdateItem", "Scan", "DeleteItem", "BatchGetItem"]
    return [
        _allow(
            [f"dynamodb:{verbs[i % 7]}", f"dynamodb:{verbs[i % 5]}"],
            _TABLE.format(i % 100),
            {"StringEquals": {"aws:RequestedRegion": f"eu-west-{i % 3}"}} if i % 4 else None,
        )
        for i in range(number)
    ]


def _allow(actions: list[str], resource: str | list[str], condition: Any = None) -> Json:
    made: Json = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return made if condition is None else made | {"Condition": condition}


SHAPES: dict[str, Callable[[int, Sequence[str]], list[Json]]] = {
    "a bucket each, five lists of actions": _buckets,
    "a table each, under a condition of its own": _conditional,
    "one statement with all buckets": _one_with_all,
    "actions of all services": _many_services,
    "a hundred tables, again and again": _repeated,
}
"""From a number of statements and the names of all actions to the statements, by what they are."""
