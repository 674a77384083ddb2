"""What changed between two catalogues: the news AWS does not write."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from iamdsl.aws._facts import levels_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iamdsl.aws.container import ActionContent, Content, ServiceContent, TypeContent


class Difference(TypedDict):
    """Names added and removed, and for the changed ones what changed, in words."""

    added: list[str]
    removed: list[str]
    changed: dict[str, list[str]]


class Differences(TypedDict):
    """The differences of services, actions, resource types and condition keys."""

    services: Difference
    actions: Difference
    resource_types: Difference
    condition_keys: Difference


def difference(old: Content, new: Content) -> Differences:
    """Return what `new` has otherwise than `old`, names as `service:Name`, sorted."""
    return {
        "services": _compare(_services(old), _services(new)),
        "actions": _compare(_actions(old), _actions(new)),
        "resource_types": _compare(_types(old), _types(new)),
        "condition_keys": _compare(_keys(old), _keys(new)),
    }


def lines(differences: Differences, old: str, new: str) -> list[str]:
    """Return the differences for people: a count for each kind, then a line for each name."""
    found = [f"catalogue {old} -> {new}"]
    kinds = (
        ("services", differences["services"]),
        ("actions", differences["actions"]),
        ("resource types", differences["resource_types"]),
        ("condition keys", differences["condition_keys"]),
    )
    for kind, d in kinds:
        found.append(
            f"{kind}: {len(d['added']):,} added, {len(d['removed']):,} removed, "
            f"{len(d['changed']):,} changed"
        )
        found += [f"  + {name}" for name in d["added"]]
        found += [f"  - {name}" for name in d["removed"]]
        found += [f"  ~ {name}: {'; '.join(what)}" for name, what in d["changed"].items()]
    return found


def summary(differences: Differences, old: str, new: str) -> list[str]:
    """Return the counts alone, the first lines of each kind in `lines`."""
    return [line for line in lines(differences, old, new) if not line.startswith("  ")]


def _compare(
    old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]
) -> Difference:
    changed = {
        name: [
            f"{what}: {old[name].get(what, '') or 'none'} -> {new[name].get(what, '') or 'none'}"
            for what in sorted({*old[name], *new[name]})
            if old[name].get(what, "") != new[name].get(what, "")
        ]
        for name in sorted(old.keys() & new.keys())
    }
    return {
        "added": sorted(new.keys() - old.keys()),
        "removed": sorted(old.keys() - new.keys()),
        "changed": {name: what for name, what in changed.items() if what},
    }


def _services(content: Content) -> dict[str, dict[str, str]]:
    return {
        prefix: {"name": service["name"], "resource control policies": _yes(service["rcp"])}
        for prefix, service in content["services"].items()
    }


def _actions(content: Content) -> dict[str, dict[str, str]]:
    return {
        f"{prefix}:{name}": _action(action)
        for prefix, service in content["services"].items()
        for name, action in service["actions"].items()
    }


def _action(action: ActionContent) -> dict[str, str]:
    resources = [
        kind + ("*" if required else "") + (f" ({_list(own)})" if own else "")
        for kind, required, own in action["resources"]
    ]
    return {
        "level": _list(levels_of(action["mask"])),
        "resource types": _list(resources),
        "condition keys": _list(action["keys"]),
        "dependents": _list(action["dependents"]),
        "permission only": _yes(action["permission_only"]),
    }


def _types(content: Content) -> dict[str, dict[str, str]]:
    return {
        f"{prefix}:{name}": _type(kind)
        for prefix, service in content["services"].items()
        for name, kind in service["types"].items()
    }


def _type(kind: TypeContent) -> dict[str, str]:
    return {"ARN": _list(kind["arns"]), "condition keys": _list(kind["keys"])}


def _keys(content: Content) -> dict[str, dict[str, str]]:
    """Return all keys; one that several services list is named with each of them."""
    found = {
        f"{key} in {prefix}" if _is_foreign(key, prefix) else key: {"type": kind}
        for prefix, service in content["services"].items()
        for key, kind in _own_keys(service)
    }
    found.update({key: {"type": facts["type"]} for key, facts in content["global_keys"].items()})
    return found


def _own_keys(service: ServiceContent) -> list[tuple[str, str]]:
    return [(key, kind) for key, (kind, _) in service["keys"].items()]


def _is_foreign(key: str, prefix: str) -> bool:
    return key.partition(":")[0].lower() != prefix


def _list(words: object) -> str:
    return ", ".join(sorted(str(word) for word in words)) if isinstance(words, list | tuple) else ""


def _yes(value: bool) -> str:
    return "yes" if value else "no"
