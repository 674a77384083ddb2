"""From AWS's service reference, JSON of v1.3 or v1.4, to the content of a catalogue.

AWS publishes a document a service (reference: "service-reference" in the Service Authorization
Reference). It lacks descriptions, the mark of required types, the keys of a pair of action and
type, and dependent actions: they are carried forward from the catalogue before. The operations
of v1.4 say which further actions a call checks, which are dependents too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iamdsl.aws._facts import mask_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.aws.container import ActionContent, Content, ServiceContent, SourceContent

_FLAGS = {
    "IsList": "list",
    "IsWrite": "write",
    "IsPermissionManagement": "permissions",
    "IsTaggingOnly": "tagging",
}

_WHAT = "AWS service reference"


def from_service_reference(
    documents: Mapping[str, Any], previous: Content, version: str
) -> Content:
    """Return the content that AWS's documents make, with what they lack from `previous`.

    Args:
        documents: each service's document by any name; its `Name` is the prefix.
        previous: the catalogue that lacking facts are taken from.
        version: the day of the documents, `2026.11.20`.

    A service that has no document stays as it was: a folder may hold only what changed.
    Raises `ValueError` when a document is not of the form AWS describes.
    """
    services: dict[str, ServiceContent] = dict(previous["services"])
    for name in sorted(documents):
        document = documents[name]
        try:
            prefix = str(document["Name"]).lower()
            services[prefix] = _service(document, previous["services"].get(prefix))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"`{name}` is no document of the service reference: {error}") from None
    source: SourceContent = {
        "what": f"{_WHAT}, {len(documents)} services",
        "asof": version.replace(".", "-"),
        "licence": "AWS",
    }
    kept = [s for s in previous["sources"] if not s["what"].startswith(_WHAT)]
    return {
        **previous,
        "version": version,
        "sources": [source, *kept],
        "services": dict(sorted(services.items())),
    }


def _service(document: dict[str, Any], before: ServiceContent | None) -> ServiceContent:
    old_keys = before["keys"] if before else {}
    keys: dict[str, tuple[str, str]] = {}
    for key in document.get("ConditionKeys") or ():
        name = str(key["Name"])
        old = old_keys.get(name)
        types = key.get("Types") or [old[0] if old else "String"]
        keys[name] = (str(types[0]), old[1] if old else "")
    types_by_name = {
        str(kind["Name"]): kind.get("ConditionKeys") or []
        for kind in document.get("Resources") or ()
    }
    operations = _authorized(document)
    service: ServiceContent = {
        "name": before["name"] if before else str(document["Name"]),
        "rcp": before["rcp"] if before else False,
        "keys": keys,
        "types": {
            str(kind["Name"]): {
                "arns": [str(arn) for arn in kind["ARNFormats"]],
                "keys": _sorted(types_by_name[str(kind["Name"])]),
            }
            for kind in document.get("Resources") or ()
        },
        "actions": {
            str(action["Name"]): _action(
                action,
                before["actions"].get(str(action["Name"])) if before else None,
                operations.get(str(action["Name"]), set()),
            )
            for action in document["Actions"]
        },
    }
    _define_all(service)
    return service


def _action(
    action: dict[str, Any], before: ActionContent | None, authorized: set[str]
) -> ActionContent:
    flags = action.get("Annotations", {}).get("Properties", {})
    levels = tuple(level for flag, level in _FLAGS.items() if flags.get(flag)) or ("read",)
    known = {
        kind: (required, own) for kind, required, own in (before["resources"] if before else ())
    }
    names = sorted({str(resource["Name"]) for resource in action.get("Resources") or ()})
    return {
        "mask": mask_of(levels),
        "resources": [(name, *known.get(name, (False, []))) for name in names],
        "keys": _sorted(action.get("ActionConditionKeys") or ()),
        "dependents": sorted({*(before["dependents"] if before else ()), *authorized}),
        "permission_only": before["permission_only"] if before else False,
        "description": before["description"] if before else "",
    }


def _authorized(document: dict[str, Any]) -> dict[str, set[str]]:
    """Return, by the action an operation is named for, what else the operation checks.

    An operation named otherwise than any action (`ListObjectsV2`) has no action to hang on.
    """
    prefix = str(document["Name"]).lower()
    names = {str(action["Name"]) for action in document["Actions"]}
    found: dict[str, set[str]] = {}
    for operation in document.get("Operations") or ():
        name = str(operation["Name"])
        if name not in names:
            continue
        checked = {
            f"{str(other.get('Service') or prefix).lower()}:{other['Name']}"
            for other in operation.get("AuthorizedActions") or ()
        }
        found[name] = checked - {f"{prefix}:{name}"}
    return found


def _define_all(service: ServiceContent) -> None:
    """Define the keys that actions and types name and no table defines."""
    used = [key for kind in service["types"].values() for key in kind["keys"]]
    for action in service["actions"].values():
        used += [*action["keys"], *(key for _, _, own in action["resources"] for key in own)]
    known = {key.lower() for key in service["keys"]}
    for key in used:
        if key.lower() not in known:
            known.add(key.lower())
            service["keys"][key] = ("String", "")


def _sorted(keys: Any) -> list[str]:
    return sorted({str(key) for key in keys}, key=lambda key: (key.lower(), key))
