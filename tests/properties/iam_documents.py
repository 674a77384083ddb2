"""What emitted JSON decides, read as AWS describes it: no code of the compiler takes part.

Conditions are decided by `condition_meaning`, the rest here, on the text of the documents.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from condition_meaning import blocks_hold_undisputed

from iamdsl.iam import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ANONYMOUS = ("*", "anonymous")


class Request(NamedTuple):
    """One request; keys of `context` are lower case; `principal` is a pair of type and text."""

    action: str
    resource: str
    principal: tuple[str, str]
    context: Mapping[str, str | tuple[str, ...]]


def documents_of(files: Mapping[str, str], kind: str, name: str) -> list[dict[str, Any]]:
    """Return all documents that together are an entity's: pieces, inline and attached ones."""
    manifest = json.loads(files["manifest.json"])
    if kind in ("role", "user", "group", "permission_set"):
        settings = json.loads(files[f"{kind}s/{name}/{kind}.json"])
        used = [p["File"] for p in settings["InlinePolicies"]]
        used += [p["File"] for p in settings["ManagedPolicies"] if "File" in p]
        return [json.loads(files[file]) for file in used]
    return [
        json.loads(files[a["file"]])
        for a in manifest["artifacts"]
        if a["kind"] == kind and name in (a["name"], a.get("split_from"))
    ]


def decision(documents: Iterable[Mapping[str, Any]], request: Request) -> tuple[bool, bool]:
    """Return whether some statement allows a request, and whether some denies it."""
    effects = {s["Effect"] for d in documents for s in d["Statement"] if _applies(s, request)}
    return "Allow" in effects, "Deny" in effects


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    return (
        _element(statement, "Action", lambda p: glob(p, request.action, ignoring_case=True))
        and _element(statement, "Resource", lambda p: resource_fits(p, request))
        and _who(statement, request.principal)
        and blocks_hold_undisputed([_entries(statement.get("Condition", {}))], request.context)
    )


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def _element(statement: Mapping[str, Any], name: str, fits: Any) -> bool:
    if name in statement:
        return any(map(fits, _listed(statement[name])))
    if "Not" + name in statement:
        return not any(map(fits, _listed(statement["Not" + name])))
    return True


def _entries(condition: Mapping[str, Mapping[str, Any]]) -> tuple[Entry, ...]:
    return tuple(
        Entry(operator, key, tuple(_listed(values)))
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _who(statement: Mapping[str, Any], principal: tuple[str, str]) -> bool:
    if "Principal" in statement:
        return _among(statement["Principal"], principal)
    if "NotPrincipal" in statement:
        return not _among(statement["NotPrincipal"], principal)
    return True


def _among(element: Any, principal: tuple[str, str]) -> bool:
    if element == "*":
        return True
    kind, who = principal
    return any(is_principal(kind, who, text) for text in _listed(element.get(kind, [])))


def is_principal(kind: str, who: str, text: str) -> bool:
    """Tell whether a principal's text, below its type, speaks of a principal of that type."""
    if kind == "AWS":
        account = who.split(":")[4]
        return text in ("*", who, account, f"arn:aws:iam::{account}:root")
    return text == who


# Patterns


_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def resource_fits(pattern: str, request: Request) -> bool:
    """Tell whether a resource pattern, its variables filled in, matches the request's resource.

    What a variable holds is matched literally; one without a value matches nothing.
    """
    regex, at = "", 0
    for found in _VARIABLE.finditer(pattern):
        regex += _translated(pattern[at : found.start()])
        at = found.end()
        value = _value(found[1], request.context)
        if value is None:
            return False
        regex += re.escape(value)
    regex += _translated(pattern[at:])
    return _compiled(regex).fullmatch(request.resource) is not None


def glob(pattern: str, text: str, *, ignoring_case: bool = False) -> bool:
    """Tell whether a pattern of `*` and `?` matches a text."""
    if ignoring_case:
        pattern, text = pattern.lower(), text.lower()
    return _compiled(_translated(pattern)).fullmatch(text) is not None


@lru_cache(maxsize=65536)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex, re.DOTALL)


@lru_cache(maxsize=65536)
def _translated(pattern: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(c) or re.escape(c) for c in pattern)


def _value(name: str, context: Mapping[str, str | tuple[str, ...]]) -> str | None:
    if name in ("*", "?", "$"):
        return name
    key, _, default = name.partition(",")
    value = context.get(key.strip().lower())
    if isinstance(value, str):
        return value
    return default.strip().strip("'") if default else None
