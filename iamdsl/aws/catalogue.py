"""The catalogue of actions, resource types and condition keys, read piece by piece.

Opening it reads the index, which names every action with its access level: enough to know what
exists and what a pattern matches. The rest of a service is read when it is first asked for.

Names are matched without case, as IAM does, and come out in AWS's own spelling.

Invariant: what it answers follows from the file alone. It opens nothing itself: it is given a
function that reads `length` bytes at `offset`, which may end short at the end of the file.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iamdsl.aws._facts import (
    Action,
    ActionResource,
    ArnFormat,
    Key,
    ResourceType,
    levels_of,
)
from iamdsl.aws._patterns import matcher
from iamdsl.aws._services import Service
from iamdsl.aws.keys import fill, provider_claim, service_variable, split_template

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

HEAD_BYTES = 32
"""The length of the file's first line, which says how long meta and index are."""

_DECODER = json.JSONDecoder()
_COMMON_PLACEHOLDERS = ("Partition", "Region", "Account")


class CatalogueError(ValueError):
    """A file is no catalogue, or one of a format that this version cannot read."""


class Catalogue:
    """AWS's actions, resource types, condition keys and managed policies.

    Args:
        read: returns up to `length` bytes of the file from `offset`.

    Raises `CatalogueError` when what is read is no catalogue.
    """

    def __init__(self, read: Callable[[int, int], bytes]) -> None:
        head = read(0, HEAD_BYTES).split()
        if len(head) != 4 or head[:2] != [b"IAMCAT", b"1"]:
            raise CatalogueError("not a catalogue file of format 1")
        try:
            meta_length, index_length = int(head[2]), int(head[3])
            text = read(HEAD_BYTES, meta_length + index_length)
            index = text[meta_length:].decode()
        except ValueError:
            raise CatalogueError("the head of the catalogue file is damaged") from None
        if len(text) < meta_length + index_length:
            raise CatalogueError("the catalogue file is cut short")
        self._read = read
        self._body = HEAD_BYTES + meta_length + index_length
        self._meta_bytes = text[:meta_length]
        self._meta: dict[str, Any] = {}
        self._lines = {line[: line.find("\t")]: line for line in index.split("\n") if line}
        self._services: dict[str, Service] = {}
        self._sections: dict[str, Any] = {}
        self._actions: dict[str, Action] = {}
        self._keys: dict[str, Key | None] = {}
        self._matches: dict[str, tuple[str, ...]] = {}

    # -- about the file

    @property
    def meta(self) -> Mapping[str, Any]:
        """Return what the file says of itself: version, sources, counts, sections, sha256."""
        if not self._meta:
            try:
                self._meta = json.loads(self._meta_bytes)
            except ValueError:
                raise CatalogueError("the head of the catalogue file is damaged") from None
        return self._meta

    @property
    def version(self) -> str:
        """Return the day of the data, `2026.10.27`."""
        return str(self.meta["version"])

    @property
    def sha256(self) -> str:
        """Return the digest that the file states of its index, body and sections."""
        return str(self.meta["sha256"])

    @property
    def sources(self) -> tuple[Mapping[str, str], ...]:
        """Return where the data came from: `what`, `asof` and `licence` of each source."""
        return tuple(self.meta["sources"])

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many services, actions, resource types and so on the file holds."""
        counts: Mapping[str, int] = self.meta["counts"]
        return counts

    def section(self, name: str) -> Any:
        """Return a section of the file that is JSON, e.g. `retired`."""
        if name not in self._sections:
            self._sections[name] = json.loads(self._section_text(name))
        return self._sections[name]

    # -- services

    def services(self) -> tuple[str, ...]:
        """Return all service prefixes, sorted."""
        return tuple(self._lines)

    def has_service(self, prefix: str) -> bool:
        """Tell whether there is a service of that prefix."""
        return prefix.lower() in self._lines

    def service_name(self, prefix: str) -> str:
        """Return the service's full name, `Amazon S3`; "" for an unknown prefix."""
        service = self._service(prefix)
        return service.name if service else ""

    def supports_rcp(self, prefix: str) -> bool:
        """Tell whether resource control policies apply to the service."""
        return bool(self._detail(prefix).get("rcp"))

    # -- actions

    def names(self, prefix: str) -> Mapping[str, str]:
        """Return the service's action names, lower-case name to AWS's spelling; do not change it."""
        service = self._service(prefix)
        return service.canonical if service else {}

    def has_action(self, action: str) -> bool:
        """Tell whether `service:Name` is an action; wildcards are ordinary characters here."""
        prefix, _, name = action.partition(":")
        return name.lower() in self.names(prefix)

    def canonical(self, action: str) -> str | None:
        """Return `service:Name` in AWS's spelling, or None if there is no such action."""
        prefix, _, name = action.partition(":")
        spelt = self.names(prefix).get(name.lower())
        return f"{prefix.lower()}:{spelt}" if spelt else None

    def mask(self, action: str) -> int:
        """Return the access levels of an action as a bit mask (see `_facts`), 0 if unknown."""
        prefix, _, name = action.partition(":")
        service = self._service(prefix)
        return service.levels.get(name.lower(), 0) if service else 0

    def level(self, action: str) -> str | None:
        """Return list, read, write, tagging or permissions; None for an unknown action.

        Of several levels the first of permissions, tagging, write, list, read decides.
        """
        mask = self.mask(action)
        return levels_of(mask)[0] if mask else None

    def action(self, action: str) -> Action | None:
        """Return all that is known of `service:Name`, or None if there is no such action."""
        found = self._actions.get(action)
        if found is None and (name := self.canonical(action)) is not None:
            found = self._actions.get(name)
            if found is None:
                found = self._actions[name] = self._make_action(name, self._action_line(name))
        return found

    def actions(self, prefix: str) -> tuple[Action, ...]:
        """Return all actions of a service, sorted by name."""
        self._detail(prefix)
        service = self._service(prefix)
        lines = service.lines.split("\n")[1:] if service else ()
        found = (json.loads(line) for line in lines)
        return tuple(self._make_action(f"{prefix.lower()}:{line[0]}", line) for line in found)

    def description(self, action: str) -> str:
        """Return AWS's sentence about an action, "" where there is none."""
        name = self.canonical(action)
        return self._description(*name.split(":", 1)) if name else ""

    def descriptions(self, prefix: str) -> Mapping[str, str]:
        """Return AWS's sentences about the actions and condition keys of a service, by name."""
        lines = self._docs(prefix).splitlines()
        return {name: text for name, _, text in (line.partition("\t") for line in lines)}

    def match(self, pattern: str) -> tuple[str, ...]:
        """Return the actions that an action pattern matches, sorted by service and name.

        `*` alone is every action. `*` and `?` may stand anywhere; case is ignored.
        """
        lowered = pattern.lower()
        found = self._matches.get(lowered)
        if found is None:
            found = self._matches[lowered] = self._match(lowered)
        return found

    def matches_any(self, pattern: str) -> bool:
        """Tell whether an action pattern matches an action of the catalogue."""
        if pattern == "*":
            return True
        if "*" not in pattern and "?" not in pattern:
            return self.has_action(pattern)
        return bool(self.match(pattern))

    def at_level(
        self, prefix: str, level: str, types: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Return the service's actions of an access level, sorted.

        With `types` (names of resource types of the service) only those that can be limited to
        one of them.
        """
        service = self._service(prefix)
        if service is None:
            return ()
        found = [
            f"{prefix.lower()}:{service.canonical[name]}"
            for name, mask in service.levels.items()
            if levels_of(mask)[0] == level
        ]
        if types is None:
            return tuple(found)
        wanted = {_type_word(name) for name in types}
        return tuple(name for name in found if not wanted.isdisjoint(self._types_of_action(name)))

    def retired(self, action: str) -> str | None:
        """Return the day AWS last listed an action that is gone, or None.

        For a pattern, the last such day of those it matches, if it matches no action of today.
        """
        retired = self._retired()
        lowered = action.lower()
        if "*" not in lowered and "?" not in lowered:
            return None if self.has_action(lowered) else retired.get(lowered)
        if self.matches_any(lowered):
            return None
        fits = matcher(lowered)
        return max((day for name, day in retired.items() if fits(name)), default=None)

    def retired_service(self, prefix: str) -> str | None:
        """Return the day AWS last listed a service that is gone, or None."""
        start = prefix.lower() + ":"
        if self.has_service(prefix):
            return None
        days = (day for name, day in self._retired().items() if name.startswith(start))
        return max(days, default=None)

    def retired_names(self, prefix: str) -> Mapping[str, str]:
        """Return the names of a service's retired actions, lower case to AWS's last spelling."""
        return self._by_service("retired").get(prefix.lower(), {})

    def named(self, prefix: str) -> Mapping[str, str]:
        """Return the actions of a service that only AWS's managed policies name.

        The reference neither lists them nor has retired them. Lower-case name to the spelling of
        the policies, as `names`; do not change it. A file made before they were kept has none.
        """
        return self._by_service("named").get(prefix.lower(), {})

    # -- resource types

    def resource_type(self, service: str, name: str) -> ResourceType | None:
        """Return a service's resource type, or None; a hyphen stands for a blank in its name."""
        return self._types(service).get(_type_word(name))

    def resource_types(self, service: str) -> tuple[ResourceType, ...]:
        """Return all resource types of a service, sorted by name."""
        return tuple(self._types(service).values())

    # -- condition keys

    def condition_key(self, name: str) -> Key | None:
        """Return a condition key by its name, the chosen part of a templated one filled in.

        Knows the global keys, those of every service, and the claims of identity providers:
        `aud`, `sub`, `amr`, `email` and `oaud` of any host, and what AWS lists for some hosts;
        also the variables of AWS IoT and Transfer Family that no table of AWS's has.
        """
        if name not in self._keys:
            self._keys[name] = self._find_key(name)
        return self._keys[name]

    def keys_of(self, prefix: str) -> tuple[tuple[str, str], ...]:
        """Return name and type of the condition keys that AWS lists for a service."""
        return tuple((name, kind) for name, kind in self._detail(prefix).get("keys", ()))

    def key_description(self, name: str) -> str:
        """Return AWS's sentence about a condition key of a service, "" where there is none."""
        key = self.condition_key(name)
        if key is None:
            return ""
        for prefix in self._services_of_key(key.name):
            text = self._description(prefix, key.template)
            if text:
                return text
        return ""

    def global_keys(self) -> tuple[str, ...]:
        """Return the names of the global condition keys, templates as AWS writes them."""
        return tuple(self.section("global_keys"))

    # -- managed policies

    def managed_policies(self) -> tuple[str, ...]:
        """Return path and name of every AWS managed policy, sorted by name."""
        return tuple(self._managed().values())

    def managed_policy(self, name: str) -> str | None:
        """Return what follows `policy/` in the ARN of an AWS managed policy, or None.

        `name` may have the path or not: `AWSLambdaBasicExecutionRole` gives
        `service-role/AWSLambdaBasicExecutionRole`. A wrong path is no match.
        """
        wanted = name.strip("/").lower()
        found = self._managed().get(wanted.rpartition("/")[2])
        return found if found and ("/" not in wanted or found.lower() == wanted) else None

    # -- what an unknown name was meant to be

    def suggest_action(self, text: str, limit: int = 3) -> tuple[str, ...]:
        """Return actions that `text` may mean; see `nearest.suggest_action`."""
        from iamdsl.aws import nearest  # noqa: PLC0415  # only messages need it

        return nearest.suggest_action(self, text, limit)

    def suggest_service(self, text: str, limit: int = 3) -> tuple[str, ...]:
        """Return service prefixes that `text` may mean."""
        from iamdsl.aws import nearest  # noqa: PLC0415  # only messages need it

        return nearest.suggest_service(self, text, limit)

    def suggest_key(self, text: str, limit: int = 3) -> tuple[str, ...]:
        """Return condition keys that `text` may mean."""
        from iamdsl.aws import nearest  # noqa: PLC0415  # only messages need it

        return nearest.suggest_key(self, text, limit)

    def suggest_resource_type(self, service: str, text: str, limit: int = 3) -> tuple[str, ...]:
        """Return resource types of `service` that `text` may mean."""
        from iamdsl.aws import nearest  # noqa: PLC0415  # only messages need it

        return nearest.suggest_resource_type(self, service, text, limit)

    def suggest_managed_policy(self, text: str, limit: int = 3) -> tuple[str, ...]:
        """Return AWS managed policies that `text` may mean."""
        from iamdsl.aws import nearest  # noqa: PLC0415  # only messages need it

        return nearest.suggest_managed_policy(self, text, limit)

    def operation_hint(self, action: str) -> tuple[str, ...]:
        """Return the actions that allow the API operation `service:Operation`, () if none is known.

        Empty for what is an action itself.
        """
        if self.has_action(action):
            return ()
        from iamdsl.aws.operations import operation_hint  # noqa: PLC0415  # only messages need it

        return tuple(a for a in operation_hint(action) if self.has_action(a))

    # -- private: reading

    def _service(self, prefix: str) -> Service | None:
        service = self._services.get(prefix)
        if service is None:
            lowered = prefix.lower()
            line = self._lines.get(lowered)
            if line is None:
                return None
            service = self._services.get(lowered)
            if service is None:
                service = self._services[lowered] = Service(line)
            self._services[prefix] = service
        return service

    def _bytes(self, at: int, length: int) -> str:
        data = self._read(self._body + at, length)
        if len(data) < length:
            raise CatalogueError("the catalogue file is cut short")
        return data.decode()

    def _section_text(self, name: str) -> str:
        at, length = self.meta["sections"][name]
        return self._bytes(at, length)

    def _detail(self, prefix: str) -> dict[str, Any]:
        """Return the service's line: its keys and types; {} for an unknown service."""
        service = self._service(prefix)
        if service is None:
            return {}
        if service.details is None:
            service.lines = self._bytes(*service.places[:2])
            service.details = json.loads(service.lines.partition("\n")[0])
            service.keys = tuple(key for key, _ in service.details.get("keys", ()))
        details: dict[str, Any] = service.details
        return details

    def _docs(self, prefix: str) -> str:
        service = self._service(prefix)
        if service is None:
            return ""
        if service.docs is None:
            service.docs = self._bytes(*service.places[2:])
        return service.docs

    def _description(self, prefix: str, name: str) -> str:
        text = "\n" + self._docs(prefix)
        at = text.find(f"\n{name}\t")
        return text[at + len(name) + 2 :].partition("\n")[0] if at >= 0 else ""

    def _retired(self) -> Mapping[str, str]:
        if "retired by name" not in self._sections:
            self._sections["retired by name"] = {
                name.lower(): day for name, day in self.section("retired").items()
            }
        found: Mapping[str, str] = self._sections["retired by name"]
        return found

    def _by_service(self, section: str) -> Mapping[str, Mapping[str, str]]:
        """Return the names of a section of actions by service, {} if the file has no such section."""
        place = f"{section} by service"
        if place not in self._sections:
            table: dict[str, dict[str, str]] = {}
            for action in self.section(section) if section in self.meta["sections"] else ():
                prefix, _, name = action.partition(":")
                table.setdefault(prefix.lower(), {})[name.lower()] = name
            self._sections[place] = table
        found: Mapping[str, Mapping[str, str]] = self._sections[place]
        return found

    def _managed(self) -> Mapping[str, str]:
        if "managed by name" not in self._sections:
            lines = self._section_text("managed_policies").splitlines()
            self._sections["managed by name"] = {
                line.rpartition("/")[2].lower(): line for line in lines
            }
        found: Mapping[str, str] = self._sections["managed by name"]
        return found

    # -- private: actions and types

    def _action_line(self, name: str) -> list[Any]:
        """Return the line of an action that there is, its name in AWS's spelling."""
        prefix, _, short = name.partition(":")
        self._detail(prefix)
        service = self._services[prefix]
        at = service.lines.find(f'\n["{short}",') + 1
        line: list[Any] = _DECODER.raw_decode(service.lines, at)[0]
        return line

    def _make_action(self, name: str, line: list[Any]) -> Action:
        prefix = name.partition(":")[0]
        types = self._detail(prefix)["types"]
        keys = self._services[prefix].keys
        _, resources, own, dependents, permission_only = (*line, [], 0)[:5]
        numbers = set(own)
        found: list[ActionResource] = []
        for kind, required, *pair in resources:
            of_pair = pair[0] if pair else []
            word, _, of_type = types[kind]
            numbers.update(of_pair, of_type)
            found.append(ActionResource(word, bool(required), tuple(keys[n] for n in of_pair)))
        return Action(
            name=name,
            levels=levels_of(self.mask(name)),
            resources=tuple(found),
            own_condition_keys=tuple(keys[n] for n in own),
            condition_keys=tuple(keys[n] for n in sorted(numbers)),
            dependents=tuple(dependents),
            permission_only=bool(permission_only),
        )

    def _types_of_action(self, name: str) -> Iterable[str]:
        types = self._detail(name.partition(":")[0])["types"]
        return (_type_word(types[kind][0]) for kind, *_ in self._action_line(name)[1])

    def _types(self, prefix: str) -> Mapping[str, ResourceType]:
        service = self._service(prefix)
        if service is None:
            return {}
        if service.types is None:
            types = self._detail(prefix).get("types", ())
            service.types = {
                _type_word(name): ResourceType(
                    prefix.lower(),
                    name,
                    tuple(_arn_format(arn) for arn in arns),
                    tuple(service.keys[n] for n in numbers),
                )
                for name, arns, numbers in types
            }
        return service.types

    def _match(self, pattern: str) -> tuple[str, ...]:
        if "*" not in pattern and "?" not in pattern:
            name = self.canonical(pattern)
            return (name,) if name is not None else ()
        if pattern == "*":
            pattern = "*:*"
        prefix, colon, rest = pattern.partition(":")
        if not colon:
            return ()
        if "*" in prefix or "?" in prefix:
            fits = matcher(prefix)
            prefixes = [p for p in self._lines if fits(p)]
        else:
            prefixes = [prefix]
        fits = matcher(rest)
        return tuple(
            f"{prefix}:{spelt}"
            for prefix in prefixes
            for lowered, spelt in self.names(prefix).items()
            if fits(lowered)
        )

    # -- private: condition keys

    def _find_key(self, name: str) -> Key | None:
        template = self._global_template(name)
        if template is not None:
            facts = self.section("global_keys")[template]
            spelt = fill(template, name) or name
            return Key(spelt, facts["type"], template, True, facts["always"], facts["exact_only"])
        for prefix in self._services_of_key(name):
            key = self._key_of_service(prefix, name)
            if key is not None:
                return key
        claim = provider_claim(name) or service_variable(name)
        return Key(claim[0], claim[1], claim[0]) if claim else None

    def _global_template(self, name: str) -> str | None:
        """Return the global key, as AWS lists it, that `name` is or fills in."""
        if "global by name" not in self._sections:
            self._sections["global by name"] = {k.lower(): k for k in self.section("global_keys")}
        plain: str | None = self._sections["global by name"].get(name.lower())
        if plain is not None:
            return plain
        templates = (k for k in self.section("global_keys") if len(split_template(k)) > 1)
        return next((k for k in templates if fill(k, name) is not None), None)

    def _key_of_service(self, prefix: str, name: str) -> Key | None:
        lowered = name.lower()
        templates = []
        for template, kind in self._detail(prefix).get("keys", ()):
            if template.lower() == lowered:
                return Key(template, kind, template)
            if len(split_template(template)) > 1:
                templates.append((template, kind))
        for template, kind in templates:
            spelt = fill(template, name)
            if spelt is not None:
                return Key(spelt, kind, template)
        return None

    def _services_of_key(self, name: str) -> Iterable[str]:
        """Yield the services that could list the key: its own, then those that list its prefix."""
        prefix = name.lower().partition(":")[0]
        if prefix in self._lines:
            yield prefix
        for foreign, services in self.section("foreign_keys").items():
            if fill(foreign, prefix) is not None:
                yield from services


def _type_word(name: str) -> str:
    return name.lower().replace(" ", "-")


def _arn_format(text: str) -> ArnFormat:
    names = [part.partition("}")[0] for part in text.split("${")[1:]]
    return ArnFormat(text, tuple(name for name in names if name not in _COMMON_PLACEHOLDERS))
