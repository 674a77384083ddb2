"""The policies of resources: how they are asked for and set, by the operations of their services.

Each resource that is desired has the rows of `iamdsl.aws.policy_operations` that it may need.
"""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Any

from iamdsl.deploy._calling import call, code
from iamdsl.deploy._documents import data

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.deploy._terms import Client, Data

_HOLE = re.compile(r"\{(\w+)\}")
_MISSING = re.compile("NotFound|NoSuch|DoesNotExist|NonExistent|NotExist")
_ID = "iamdsl:"
"""What the `Id` of a policy of ours begins with; the project's name is behind it."""


def read_resource(
    client: Client, wanted: Data, region: str, sleep: Callable[[float], None]
) -> Data:
    """Return the policy that a resource has, and whose it is.

    Args:
        region: of the deployment; a resource may be in another one.
    """
    made: Data = {"document": None, "owner": "", "missing": False, "found": ""}
    row = row_of(wanted)
    if row is None:
        return {**made, "missing": True}
    service = service_of(row, wanted, region)
    try:
        if row["lookup"]:
            asked = members(row, row["lookup"]["members"], wanted)
            answer = call(client, service, row["lookup"]["operation"], asked, sleep)
            made["found"] = _at(row["lookup"]["answer"], answer)
        asked = members(row, row["asked"], wanted, made["found"])
        answer = call(client, service, row["get"], asked, sleep)
    except Exception as error:
        name = code(error)
        if name in row["absent"]:
            return made
        if _MISSING.search(name):
            return {**made, "missing": True}
        raise
    ((_, where),) = _answered(row, [["", row["answer"]]], wanted, made["found"])
    found = _at(str(where), answer)
    if found:
        made["document"] = data(found)
        mark = str(made["document"].get("Id", ""))
        made["owner"] = mark.removeprefix(_ID) if mark.startswith(_ID) else ""
    return made


def row_of(wanted: Data) -> Data | None:
    """Return the operations for a resource: the first row that its ARN is one of."""
    resource = str(wanted["target"]).split(":", 5)[-1]
    for row in wanted["rows"]:
        match = re.match(row["resource"], resource)
        named = "".join(filter(None, match.groups()[:1])) if match else ""
        if match and not set("*?") & set(named or resource):
            found: Data = row
            return found
    return None


def service_of(row: Data, wanted: Data, region: str) -> str:
    """Return the service to ask, `sqs`, or `sqs@eu-west-1` where it is that of another region."""
    fields = str(wanted["target"]).split(":")
    elsewhere = fields[3] if len(fields) > 5 and fields[3] != region else ""
    return f"{row['client']}@{elsewhere}" if elsewhere else str(row["client"])


def putting(row: Data, wanted: Data, found: str, text: str) -> Data:
    """Return the request that sets a policy."""
    pairs = [*row["target"], *row["more"]]
    return _nested([*_answered(row, pairs, wanted, found), (row["document"], text)])


def members(row: Data, pairs: list[list[Any]], wanted: Data, found: str = "") -> Data:
    """Return a request of members as the SDK takes it."""
    return _nested(_answered(row, pairs, wanted, found))


def _answered(row: Data, pairs: list[list[Any]], wanted: Data, found: str) -> list[tuple[str, Any]]:
    fields = str(wanted["target"]).split(":", 5)
    match = re.match(row["resource"], fields[-1])
    texts = {
        "arn": wanted["target"],
        "account": fields[4] if len(fields) > 4 else "",
        "policy": wanted["name"],
        "found": found,
    }
    groups = match.groups() if match else ()
    texts |= {str(n): text or "" for n, text in enumerate(groups, 1)}
    return [
        (path, _HOLE.sub(lambda hole: texts[hole[1]], value) if isinstance(value, str) else value)
        for path, value in pairs
    ]


def _nested(pairs: list[tuple[str, Any]]) -> Data:
    tree: Data = {}
    for path, value in pairs:
        *outer, last = path.split(".")
        inner = tree
        for step in outer:
            inner = inner.setdefault(step, {})
        inner[last] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(value: Any) -> Any:
    """Turn what has numbers for names into lists."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(member) for name, member in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _at(where: str, answer: Data) -> Any:
    """Return what stands at a place of an answer, in JMESPath, which the SDK brings along."""
    return importlib.import_module("jmespath").search(where, answer)
