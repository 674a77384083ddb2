"""The catalogue's file, `IAMCAT 1`: written here whole, read by `catalogue.py` piece by piece.

It is text, so that version control keeps it small and a review can read it:

    IAMCAT 1 <bytes of meta> <bytes of index>     padded with blanks to 32 bytes
    meta      a line of JSON: version, sources, counts, the places of the sections, sha256
    index     a line a service, sorted: prefix TAB offset TAB length TAB offset and length of its
              descriptions TAB name TAB " GetObjectB PutObjectD ..." (each name and its level)
    body      a block a service: a line of JSON for the service, then one for each action;
              a block of descriptions, a line each; then the sections

The section `named` is left out when it is empty, as in files made before there was one.
Offsets count from the end of the index. A level is the character `chr(64 + mask)`.

Invariant: the same content gives the same bytes, and `encode(decode(read))` the bytes read.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, TypedDict

from iamdsl.aws.catalogue import HEAD_BYTES, Catalogue, CatalogueError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class ActionContent(TypedDict):
    """An action: level mask, (type, required, keys) of its resources, keys, dependents."""

    mask: int
    resources: list[tuple[str, bool, list[str]]]
    keys: list[str]
    dependents: list[str]
    permission_only: bool
    description: str


class TypeContent(TypedDict):
    """A resource type: its ARN formats and condition keys."""

    arns: list[str]
    keys: list[str]


class ServiceContent(TypedDict):
    """All that is known of one service; `keys` are type and description by name."""

    name: str
    rcp: bool
    keys: dict[str, tuple[str, str]]
    types: dict[str, TypeContent]
    actions: dict[str, ActionContent]


class SourceContent(TypedDict):
    """Where data came from: what it is, the day it stood so, and its licence."""

    what: str
    asof: str
    licence: str


class GlobalKey(TypedDict):
    """A global condition key's type and what else the table knows of it."""

    type: str
    always: bool
    exact_only: bool


class Content(TypedDict):
    """A whole catalogue as plain data, which the converters make and `diff` compares."""

    version: str
    sources: list[SourceContent]
    services: dict[str, ServiceContent]
    global_keys: dict[str, GlobalKey]
    retired: dict[str, str]
    managed_policies: list[str]
    named: list[str]


def encode(content: Content) -> bytes:
    """Return the bytes of the file that holds `content`."""
    body = _Body()
    index: list[str] = []
    for prefix, service in sorted(content["services"].items()):
        at, length = body.add(_service_lines(service))
        docs_at, docs_length = body.add(_description_lines(service))
        names = "".join(
            f" {name}{chr(64 + action['mask'])}"
            for name, action in sorted(service["actions"].items(), key=_by_name)
        )
        index.append(
            f"{prefix}\t{at}\t{length}\t{docs_at}\t{docs_length}\t{service['name']}\t{names}\n"
        )
    sections = {
        "global_keys": body.add([_json(dict(sorted(content["global_keys"].items())))]),
        "foreign_keys": body.add([_json(_foreign_keys(content))]),
        "retired": body.add([_json(dict(sorted(content["retired"].items())))]),
        "managed_policies": body.add(sorted(content["managed_policies"], key=str.lower)),
    }
    if content["named"]:
        sections["named"] = body.add([_json(sorted(content["named"], key=_by_lower))])
    index_bytes = "".join(index).encode()
    rest = index_bytes + body.bytes()
    meta = {
        "schema": 1,
        "version": content["version"],
        "sources": content["sources"],
        "counts": counts(content),
        "sections": sections,
        "sha256": _sha256(rest),
    }
    meta_bytes = (_json(meta) + "\n").encode()
    head = f"IAMCAT 1 {len(meta_bytes)} {len(index_bytes)}".ljust(HEAD_BYTES - 1) + "\n"
    return head.encode() + meta_bytes + rest


def counts(content: Content) -> dict[str, int]:
    """Return how many services, actions, resource types and so on there are."""
    services = content["services"].values()
    actions = [a for s in services for a in s["actions"].values()]
    found = {
        "services": len(content["services"]),
        "actions": len(actions),
        "resource_types": sum(len(s["types"]) for s in services),
        "condition_keys": sum(len(s["keys"]) for s in services),
        "global_keys": len(content["global_keys"]),
        "with_dependents": sum(1 for a in actions if a["dependents"]),
        "permission_only": sum(1 for a in actions if a["permission_only"]),
        "retired": len(content["retired"]),
        "managed_policies": len(content["managed_policies"]),
    }
    if content["named"]:
        found["named_only_by_policies"] = len(content["named"])
    return found


def decode(read: Callable[[int, int], bytes]) -> Content:
    """Return everything that a catalogue file holds, as `encode` took it."""
    catalogue = Catalogue(read)
    return {
        "version": catalogue.version,
        "sources": [
            {"what": s["what"], "asof": s["asof"], "licence": s["licence"]}
            for s in catalogue.sources
        ],
        "services": {p: _decode_service(catalogue, p) for p in catalogue.services()},
        "global_keys": {
            name: {"type": k["type"], "always": k["always"], "exact_only": k["exact_only"]}
            for name, k in catalogue.section("global_keys").items()
        },
        "retired": catalogue.section("retired"),
        "managed_policies": list(catalogue.managed_policies()),
        "named": list(catalogue.section("named")) if "named" in catalogue.meta["sections"] else [],
    }


def verify(read: Callable[[int, int], bytes], size: int) -> None:
    """Raise `CatalogueError` unless the file of `size` bytes has the sha256 that it states."""
    catalogue = Catalogue(read)
    head = read(0, HEAD_BYTES).split()
    start = HEAD_BYTES + int(head[2])
    if _sha256(read(start, size - start)) != catalogue.sha256:
        raise CatalogueError("the file is damaged: its content has not the sha256 it states")


class _Body:
    """Blocks of lines one after the other, each known by its place."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._at = 0

    def add(self, lines: Iterable[str]) -> tuple[int, int]:
        """Append a block and return its offset and length in bytes, the last newline left out."""
        block = "\n".join(lines).encode()
        place = (self._at, len(block))
        self._blocks.append(block + b"\n")
        self._at += len(block) + 1
        return place

    def bytes(self) -> bytes:
        return b"".join(self._blocks)


def _service_lines(service: ServiceContent) -> Iterable[str]:
    """Yield the service's line and those of its actions, keys and types written as numbers."""
    keys = sorted(service["keys"], key=_by_lower)
    key_at = {key.lower(): number for number, key in enumerate(keys)}
    types = sorted(service["types"], key=_by_lower)
    type_at = {name: number for number, name in enumerate(types)}
    yield _json(
        {
            "rcp": int(service["rcp"]),
            "keys": [[key, service["keys"][key][0]] for key in keys],
            "types": [
                [
                    name,
                    service["types"][name]["arns"],
                    sorted(key_at[k.lower()] for k in service["types"][name]["keys"]),
                ]
                for name in types
            ],
        }
    )
    for name, action in sorted(service["actions"].items(), key=_by_name):
        resources = [
            [
                type_at[kind],
                int(required),
                *([sorted(key_at[k.lower()] for k in own)] if own else []),
            ]
            for kind, required, own in sorted(action["resources"])
        ]
        line: list[object] = [name, resources, sorted(key_at[k.lower()] for k in action["keys"])]
        if action["dependents"] or action["permission_only"]:
            line.append(sorted(action["dependents"]))
        if action["permission_only"]:
            line.append(1)
        yield _json(line)


def _description_lines(service: ServiceContent) -> Iterable[str]:
    """Yield a line `name TAB description` for each action and key that has a description."""
    for name, action in sorted(service["actions"].items(), key=_by_name):
        if action["description"]:
            yield f"{name}\t{_one_line(action['description'])}"
    for key, (_, description) in sorted(service["keys"].items(), key=_by_name):
        if description:
            yield f"{key}\t{_one_line(description)}"


def _foreign_keys(content: Content) -> dict[str, list[str]]:
    """Return, by lower-case prefix, the services that list keys of a prefix not their own.

    `ec2:SourceInstanceARN` is listed by `ssm`, `saml:aud` by `sts`. Keys that their own service
    or the global table lists too are found there and need no entry.
    """
    known = {key.lower() for key in content["global_keys"]}
    own = {
        key.lower()
        for prefix, service in content["services"].items()
        for key in service["keys"]
        if key.lower().startswith(prefix + ":")
    }
    found: dict[str, set[str]] = {}
    for prefix, service in content["services"].items():
        for key in service["keys"]:
            if key.lower() not in known and key.lower() not in own:
                found.setdefault(key.lower().partition(":")[0], set()).add(prefix)
    return {prefix: sorted(services) for prefix, services in sorted(found.items())}


def _decode_service(catalogue: Catalogue, prefix: str) -> ServiceContent:
    texts = catalogue.descriptions(prefix)
    actions: dict[str, ActionContent] = {}
    for action in catalogue.actions(prefix):
        name = action.name.partition(":")[2]
        actions[name] = {
            "mask": catalogue.mask(action.name),
            "resources": [(r.type, r.required, list(r.condition_keys)) for r in action.resources],
            "keys": list(action.own_condition_keys),
            "dependents": list(action.dependents),
            "permission_only": action.permission_only,
            "description": texts.get(name, ""),
        }
    return {
        "name": catalogue.service_name(prefix),
        "rcp": catalogue.supports_rcp(prefix),
        "keys": {name: (kind, texts.get(name, "")) for name, kind in catalogue.keys_of(prefix)},
        "types": {
            t.name: {"arns": [f.text for f in t.formats], "keys": list(t.condition_keys)}
            for t in catalogue.resource_types(prefix)
        },
        "actions": actions,
    }


def _by_lower(text: str) -> tuple[str, str]:
    return text.lower(), text


def _by_name(item: tuple[str, object]) -> tuple[str, str]:
    return _by_lower(item[0])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
