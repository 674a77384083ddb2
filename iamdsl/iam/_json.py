"""Policies to JSON and back.

Out: members in AWS's order, one-element lists as scalars, all condition values strings.
In: strict; what is unknown, doubled or empty raises `ValueError` with the path to it.
Grammar: AWS "reference_policies_grammar".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal

from iamdsl.iam._operators import canonical_operator
from iamdsl.iam._policy import ANYONE, Condition, Elements, Entry, Policy, Principals, Statement

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION: Final = "2012-10-17"
_PRINCIPAL_TYPES = ("AWS", "CanonicalUser", "Federated", "Service")


def to_json(policy: Policy) -> dict[str, Any]:
    """Return the document as JSON values in canonical order; `Statement` is always a list."""
    document: dict[str, Any] = {"Version": VERSION}
    if policy.id is not None:
        document["Id"] = policy.id
    document["Statement"] = [statement_to_json(s) for s in policy.statements]
    return document


def statement_to_json(statement: Statement) -> dict[str, Any]:
    """Return one statement as JSON values in canonical order."""
    json_: dict[str, Any] = {}
    if statement.sid is not None:
        json_["Sid"] = statement.sid
    json_["Effect"] = statement.effect
    if (who := statement.principals) is not None:
        json_["NotPrincipal" if who.negated else "Principal"] = _principals_to_json(who)
    what = statement.actions
    json_["NotAction" if what.negated else "Action"] = _list_to_json(what.values)
    if (where := statement.resources) is not None:
        json_["NotResource" if where.negated else "Resource"] = _list_to_json(where.values)
    if statement.condition:
        json_["Condition"] = _condition_to_json(statement.condition)
    return json_


def minified(document: Mapping[str, Any]) -> str:
    """Return JSON values as ASCII text without white space between tokens."""
    return json.dumps(document, separators=(",", ":"))


def pretty(document: Mapping[str, Any]) -> str:
    """Return JSON values as ASCII text for people, indented by two, ending in a newline."""
    return json.dumps(document, indent=2) + "\n"


def from_text(text: str) -> Policy:
    """Return the policy that a JSON text says.

    Raises `ValueError` with a path such as `Statement[0].Action` for what is no policy, also
    for a member that is written twice, which `json.loads` would drop.
    """
    return from_json(json.loads(text, object_pairs_hook=_object))


def from_json(document: object) -> Policy:
    """Return the policy that JSON values say; raises `ValueError` like `from_text`.

    A document of version 2008-10-17 (or without one) is read when it has no `${`, which is
    plain text there and a variable in 2012-10-17.
    """
    members = _members(document, "document", ("Version", "Id", "Statement"), ("Statement",))
    version = members.get("Version", "2008-10-17")
    if version not in {VERSION, "2008-10-17"}:
        _refuse("Version", f"unknown version {version!r}")
    if version != VERSION and "${" in json.dumps(document):
        _refuse("Version", "`${` has another meaning before version 2012-10-17")
    listed = members["Statement"]
    statements = listed if isinstance(listed, list) else [listed]
    if not statements:
        _refuse("Statement", "empty list")
    return Policy(
        tuple(_statement(s, f"Statement[{i}]") for i, s in enumerate(statements)),
        _text(members["Id"], "Id") if "Id" in members else None,
    )


def _list_to_json(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def _principals_to_json(who: Principals) -> str | dict[str, Any]:
    if who.by_type == ANYONE.by_type:
        return "*"
    by_type = {kind: _list_to_json(values) for kind, values in who.by_type}
    if "*" in by_type or len(by_type) != len(who.by_type):
        raise ValueError(f"principals that JSON cannot hold: {who}")
    return by_type


def _condition_to_json(condition: Condition) -> dict[str, dict[str, Any]]:
    operators: dict[str, dict[str, Any]] = {}
    for entry in condition:
        keys = operators.setdefault(entry.operator, {})
        # A doubled pair would silently overwrite a condition, which would widen an Allow.
        if entry.key in keys:
            raise ValueError(f"{entry.operator} {entry.key} is in a condition twice")
        keys[entry.key] = _list_to_json(entry.values)
    return operators


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"member {double!r} is written twice")
    return members


def _refuse(path: str, why: str) -> None:
    raise ValueError(f"{path}: {why}")


def _members(
    value: object, path: str, known: tuple[str, ...], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: an object is expected")  # noqa: TRY004 - one kind of error
    for name in value:
        if name not in known:
            _refuse(path, f"unknown member {name!r}")
    for name in required:
        if name not in value:
            _refuse(path, f"member {name!r} is missing")
    return value


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{path}: a string is expected")  # noqa: TRY004 - one kind of error
    return value


def _texts(value: object, path: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not values:
        _refuse(path, "empty list")
    return tuple(_text(v, path) for v in values)


def _one_of(members: dict[str, Any], name: str, path: str) -> tuple[Any, bool] | None:
    """Return the member `name` or `Not` + `name` and whether it is negated."""
    plain, negated = name in members, "Not" + name in members
    if plain and negated:
        _refuse(path, f"both {name} and Not{name}")
    if not (plain or negated):
        return None
    return members["Not" + name if negated else name], negated


def _elements(members: dict[str, Any], name: str, path: str) -> Elements | None:
    found = _one_of(members, name, path)
    return None if found is None else Elements(_texts(found[0], f"{path}.{name}"), found[1])


def _principals(members: dict[str, Any], path: str) -> Principals | None:
    found = _one_of(members, "Principal", path)
    if found is None:
        return None
    value, negated = found
    if value == "*":
        return Principals(ANYONE.by_type, negated)
    inside = f"{path}.Principal"
    by_type = _members(value, inside, _PRINCIPAL_TYPES)
    if not by_type:
        _refuse(inside, "empty object")
    return Principals(
        tuple((t, _texts(by_type[t], f"{inside}.{t}")) for t in sorted(by_type)), negated
    )


def _condition(value: object, path: str) -> Condition:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: an object is expected")  # noqa: TRY004 - one kind of error
    entries: list[Entry] = []
    for operator, keys in value.items():
        inside = f"{path}.{operator}"
        name = canonical_operator(operator)
        if name is None:
            raise ValueError(f"{path}: unknown operator {operator!r}")
        if not isinstance(keys, dict) or not keys:
            _refuse(inside, "an object with members is expected")
        if len({k.lower() for k in keys}) != len(keys):
            _refuse(inside, "one key is written twice in different case")
        entries += [Entry(name, k, _values(v, f"{inside}.{k}")) for k, v in keys.items()]
    if len({(e.operator, e.key.lower()) for e in entries}) != len(entries):
        _refuse(path, "one operator is written twice in different case")
    return tuple(sorted(entries, key=lambda e: (e.operator, e.key)))


def _values(value: object, path: str) -> tuple[str, ...]:
    """Return condition values as strings: AWS takes bare numbers and truth values as well."""
    values = value if isinstance(value, list) else [value]
    if not values:
        _refuse(path, "empty list")
    texts = []
    for v in values:
        if isinstance(v, str):
            texts.append(v)
        elif isinstance(v, (bool, int, float)):
            texts.append(json.dumps(v))
        else:
            _refuse(path, "a string is expected")
    return tuple(texts)


def _statement(value: object, path: str) -> Statement:
    both = ("Action", "Resource", "Principal")
    known = ("Sid", "Effect", *both, *("Not" + n for n in both), "Condition")
    members = _members(value, path, known, ("Effect",))
    actions = _elements(members, "Action", path)
    if actions is None:
        raise ValueError(f"{path}: member 'Action' is missing")
    return Statement(
        _effect(members["Effect"], path),
        actions,
        _elements(members, "Resource", path),
        _principals(members, path),
        _condition(members["Condition"], f"{path}.Condition") if "Condition" in members else (),
        _text(members["Sid"], f"{path}.Sid") if "Sid" in members else None,
    )


def _effect(value: object, path: str) -> Literal["Allow", "Deny"]:
    match value:
        case "Allow":
            return "Allow"
        case "Deny":
            return "Deny"
        case _:
            raise ValueError(f"{path}.Effect: `Allow` or `Deny` is expected")
