"""Policies to JSON: members in AWS's order, one-element lists as scalars, all values strings.

Grammar: AWS "reference_policies_grammar".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from iamdsl.iam._policy import ANYONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.iam._policy import Condition, Policy, Principals, Statement

VERSION: Final = "2012-10-17"


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
