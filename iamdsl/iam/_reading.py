"""Policies from JSON, strictly: what is unknown, doubled or empty is refused, with the path to it.

Any legal spelling is taken: scalars for lists, numbers and truth values for condition values,
operators in any case. Grammar: AWS "reference_policies_grammar".
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

from iamdsl.iam._json import VERSION
from iamdsl.iam._operators import OPERATORS, canonical_operator
from iamdsl.iam._policy import ANYONE, Condition, Elements, Entry, Policy, Principals, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable

Path: TypeAlias = "tuple[str | int, ...]"

OLD_VERSION = "2008-10-17"
_OF_A_STATEMENT = (
    *("Sid", "Effect", "Action", "Resource", "Principal"),
    *("NotAction", "NotResource", "NotPrincipal", "Condition"),
)
_PRINCIPAL_TYPES = ("AWS", "CanonicalUser", "Federated", "Service")


class PolicyError(ValueError):
    """JSON values are no policy.

    Attributes:
        path: members and indexes that lead to the mistake, e.g. `("Statement", 0, "Action")`.
        problem: what is wrong there, in a few words.
        key: whether the mistake is the member's name, not its value.
        known: what may stand there.
    """

    def __init__(
        self, path: Path, problem: str, *, key: bool = False, known: Iterable[str] = ()
    ) -> None:
        super().__init__(f"{shown(path)}: {problem}")
        self.path = path
        self.problem = problem
        self.key = key
        self.known = tuple(known)


def shown(path: Path) -> str:
    """Return a path as people write it: `Statement[0].Action`; of nothing, `document`."""
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path)
    return text.removeprefix(".") or "document"


def from_text(text: str) -> Policy:
    """Return the policy that a JSON text says.

    Raises `ValueError` for what is no JSON, also for a member that is written twice, which
    `json.loads` would drop, and `PolicyError` for what is no policy.
    """
    return from_json(json.loads(text, object_pairs_hook=_object))


def from_json(document: object) -> Policy:
    """Return the policy that JSON values say; raises `PolicyError` for what is none.

    In a document of version 2008-10-17, or without one, `${` is plain text: it is written here as
    version 2012-10-17 writes it, `${$}{` (AWS "reference_policies_variables").
    """
    members = _members(document, (), ("Version", "Id", "Statement"), ("Statement",))
    version = members.get("Version", OLD_VERSION)
    if version not in (VERSION, OLD_VERSION):  # it can be a list, which no set takes
        _refuse(("Version",), "unknown version", known=(VERSION, OLD_VERSION))
    listed = members["Statement"]
    statements = listed if isinstance(listed, list) else [listed]
    if not statements:
        _refuse(("Statement",), "empty list")
    paths: list[Path] = [
        ("Statement", i) if isinstance(listed, list) else ("Statement",)
        for i in range(len(statements))
    ]
    plain = version != VERSION
    return Policy(
        tuple(_statement(s, p, plain=plain) for s, p in zip(statements, paths, strict=True)),
        (_text(members["Id"], ("Id",)) or None) if "Id" in members else None,
        members.get("Version", ""),
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"member {double!r} is written twice")
    return members


def _refuse(path: Path, why: str, *, key: bool = False, known: Iterable[str] = ()) -> NoReturn:
    raise PolicyError(path, why, key=key, known=known)


def _members(
    value: object, path: Path, known: tuple[str, ...], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(path, "an object is expected")
    for name in value:
        if name not in known:
            _refuse((*path, name), f"unknown member `{name}`", key=True, known=known)
    for name in required:
        if name not in value:
            _refuse(path, f"member `{name}` is missing")
    return value


def _text(value: object, path: Path) -> str:
    if not isinstance(value, str):
        _refuse(path, "a string is expected")
    return value


def _items(value: object, path: Path) -> list[tuple[object, Path]]:
    """Return the items of a list, or the one value that stands for a list of it."""
    if not isinstance(value, list):
        return [(value, path)]
    if not value:
        _refuse(path, "empty list")
    return [(item, (*path, i)) for i, item in enumerate(value)]


def _texts(value: object, path: Path) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and value and set(map(type, value)) == {str}:
        return tuple(value)  # long lists are common, and hardly ever wrong
    return tuple(_text(v, p) for v, p in _items(value, path))


def _one_of(members: dict[str, Any], name: str, path: Path) -> tuple[Any, Path] | None:
    """Return the member `name` or `Not` + `name` and its path; None if there is neither."""
    negated = "Not" + name
    if name in members:
        if negated in members:
            _refuse(path, f"both `{name}` and `{negated}`")
        return members[name], (*path, name)
    return (members[negated], (*path, negated)) if negated in members else None


def _is_negated(path: Path) -> bool:
    return str(path[-1]).startswith("Not")


def _elements(members: dict[str, Any], name: str, path: Path) -> Elements | None:
    found = _one_of(members, name, path)
    return None if found is None else Elements(_texts(*found), _is_negated(found[1]))


def _principals(members: dict[str, Any], path: Path) -> Principals | None:
    found = _one_of(members, "Principal", path)
    if found is None:
        return None
    value, inside = found
    if value == "*":
        return Principals(ANYONE.by_type, _is_negated(inside))
    by_type = _members(value, inside, _PRINCIPAL_TYPES)
    if not by_type:
        _refuse(inside, "empty object")
    return Principals(
        tuple((t, _texts(by_type[t], (*inside, t))) for t in sorted(by_type)), _is_negated(inside)
    )


def _condition(value: object, path: Path, *, plain: bool) -> Condition:
    if not isinstance(value, dict):
        _refuse(path, "an object is expected")
    if not value:
        return ()
    entries: list[Entry] = []
    for operator, keys in value.items():
        inside = (*path, operator)
        name = canonical_operator(operator)
        if name is None:
            _refuse(inside, f"unknown operator `{operator}`", key=True, known=OPERATORS)
        if not isinstance(keys, dict) or not keys:
            _refuse(inside, "an object with members is expected")
        if len({k.lower() for k in keys}) != len(keys):
            _refuse(inside, "one key is written twice in different case")
        for key, values in keys.items():
            texts = tuple(_value(v, p) for v, p in _items(values, (*inside, key)))
            entries.append(Entry(name, key, tuple(map(_escaped, texts)) if plain else texts))
    if len({(e.operator, e.key.lower()) for e in entries}) != len(entries):
        _refuse(path, "one operator is written twice in different case")
    return tuple(sorted(entries, key=lambda e: (e.operator, e.key)))


def _value(value: object, path: Path) -> str:
    """Return a condition value as a string: AWS takes bare numbers and truth values as well."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) and isfinite(value):
        return repr(value)  # a reader's own kind of number says how it was written
    _refuse(path, "a string is expected")


def _escaped(text: str) -> str:
    return text.replace("${", "${$}{")


def _statement(value: object, path: Path, *, plain: bool) -> Statement:
    members = _members(value, path, _OF_A_STATEMENT, ("Effect",))
    actions = _elements(members, "Action", path)
    if actions is None:
        _refuse(path, "member `Action` is missing")
    resources = _elements(members, "Resource", path)
    if plain and resources is not None:
        resources = Elements(tuple(map(_escaped, resources.values)), resources.negated)
    condition = members.get("Condition", {})
    return Statement(
        _effect(members["Effect"], (*path, "Effect")),
        actions,
        resources,
        _principals(members, path),
        _condition(condition, (*path, "Condition"), plain=plain),
        # Terraform writes the Sid of a statement that has none as "".
        (_text(members["Sid"], (*path, "Sid")) or None) if "Sid" in members else None,
    )


def _effect(value: object, path: Path) -> Literal["Allow", "Deny"]:
    match value:
        case "Allow":
            return "Allow"
        case "Deny":
            return "Deny"
        case _:
            _refuse(path, "`Allow` or `Deny` is expected", known=("Allow", "Deny"))
