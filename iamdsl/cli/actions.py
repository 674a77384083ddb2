"""`iamdsl actions`: search the catalogue of AWS's actions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from iamdsl.aws import LEVELS
from iamdsl.cli import console
from iamdsl.cli import exit as exits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.aws import Action, Catalogue

_LISTED_KEYS = ("aws:requesttag/", "aws:resourcetag/", "aws:tagkeys")
"""The global keys that AWS lists for each action; the others come with any request."""


@click.command("actions")
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...")
@click.option(
    "--level",
    "levels",
    multiple=True,
    type=click.Choice(sorted(LEVELS)),
    help="Only actions of this access level; may be given several times.",
)
@click.option("--resource", metavar="TYPE", help="Only actions on this type, e.g. s3:bucket.")
@click.option("--key", metavar="CONDITIONKEY", help="Only actions with this condition key.")
@click.option("--details", is_flag=True, help="Description, types, condition keys, dependents.")
@click.option(
    "--output-format",
    type=click.Choice(("full", "concise", "json")),
    default="full",
    envvar="IAMDSL_OUTPUT_FORMAT",
    show_envvar=True,
    help="A table, names alone, or JSON.",
)
@click.option("--catalogue", "file", metavar="FILE", help="Another catalogue than the shipped one.")
def actions(
    patterns: tuple[str, ...],
    levels: tuple[str, ...],
    resource: str | None,
    key: str | None,
    details: bool,
    output_format: str,
    file: str | None,
) -> None:
    """List the actions that a PATTERN matches: `s3:Get*`, `dynamodb`, `*:*Tag*`.

    A word without a colon is a service, or the name of an action in any service.
    """
    from iamdsl.cli.catalogue import open_file  # noqa: PLC0415 (only this command needs it)

    catalogue = open_file(file)[0]
    names = _matched(catalogue, patterns)
    if names and levels:
        names = [name for name in names if catalogue.level(name) in levels]
        _say_if_none(names, f"no action there has level {_or(levels, 'or')}")
    if names and resource is not None:
        names = _on_type(catalogue, names, resource)
    if names and key is not None:
        names = _with_key(catalogue, names, key)
    if not names:
        raise click.exceptions.Exit(exits.NO)
    console.out(_shown(catalogue, names, output_format, details=details))


def _say_if_none(names: list[str], why: str) -> None:
    if not names:
        console.err(f"{why}\n")


def _matched(catalogue: Catalogue, patterns: tuple[str, ...]) -> list[str]:
    """Return the matching actions without doubles, and say what matches nothing."""
    found: dict[str, None] = {}
    for pattern in patterns or ("*",):
        names = _match(catalogue, pattern)
        found.update(dict.fromkeys(names))
        if not names:
            console.err(_nothing(catalogue, pattern))
    return list(found)


def _match(catalogue: Catalogue, pattern: str) -> tuple[str, ...]:
    if ":" in pattern or pattern == "*":
        return catalogue.match(pattern)
    return catalogue.match(f"{pattern}:*") or catalogue.match(f"*:{pattern}")


def _nothing(catalogue: Catalogue, pattern: str) -> str:
    """Return what to say about a pattern that matches nothing."""
    said = f"`{pattern}` matches no action"
    service = pattern.partition(":")[0]
    if ":" not in pattern:
        day = catalogue.retired_service(pattern)
        near = catalogue.suggest_service(pattern) or catalogue.suggest_action(pattern)
    else:
        if pattern.partition(":")[2].lower() in catalogue.named(service):
            return f"{said} of AWS's reference; AWS's managed policies name it\n"
        day = catalogue.retired(pattern) or catalogue.retired_service(service)
        operation = catalogue.operation_hint(pattern)
        if operation:
            return f"{said}; the API operation is allowed by {_or(operation, 'and')}\n"
        near = catalogue.suggest_action(pattern)
        if not near and not catalogue.has_service(service):
            near = tuple(f"{prefix}:*" for prefix in catalogue.suggest_service(service))
    if day:
        return f"{said}; AWS removed it, last listed {day}\n"
    meant = f"; did you mean {_or(near, 'or')}?" if near else ""
    return f"{said} of catalogue {catalogue.version}{meant}\n"


def _on_type(catalogue: Catalogue, names: list[str], resource: str) -> list[str]:
    """Return the actions that can be limited to a resource type, `bucket` or `s3:bucket`."""
    service, colon, word = resource.partition(":")
    if not colon:
        service, word = "", resource
    elif catalogue.resource_type(service, word) is None:
        near = catalogue.suggest_resource_type(service, word)
        meant = f"; did you mean {_or([f'{service}:{n}' for n in near], 'or')}?" if near else ""
        console.err(f"`{resource}` is no resource type{meant}\n")
        return []
    wanted = word.lower().replace(" ", "-")
    found = []
    for name in names:
        if service and not name.startswith(service.lower() + ":"):
            continue
        action = catalogue.action(name)
        if action and any(r.type.lower().replace(" ", "-") == wanted for r in action.resources):
            found.append(name)
    _say_if_none(found, f"no action there can be limited to `{resource}`")
    return found


def _with_key(catalogue: Catalogue, names: list[str], name: str) -> list[str]:
    """Return the actions whose requests can carry a condition key."""
    key = catalogue.condition_key(name)
    if key is None:
        near = catalogue.suggest_key(name)
        meant = f"; did you mean {_or(near, 'or')}?" if near else ""
        console.err(f"`{name}` is no condition key{meant}\n")
        return []
    if key.is_global and not key.template.lower().startswith(_LISTED_KEYS):
        console.err(f"`{key.name}` is a global key: it is not listed action by action\n")
        return names
    listed = key.template.lower()
    every = (catalogue.action(n) for n in names)
    found = [a.name for a in every if a and listed in (k.lower() for k in a.condition_keys)]
    _say_if_none(found, f"no action there lists `{key.name}`")
    return found


def _shown(catalogue: Catalogue, names: list[str], output_format: str, *, details: bool) -> str:
    if output_format == "json":
        document = {
            "version": 1,
            "catalogue": catalogue.version,
            "actions": [_as_json(catalogue, name, details=details) for name in names],
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if output_format == "concise":
        return "".join(f"{name}\n" for name in names)
    if details:
        return "\n".join(_as_text(catalogue, name) for name in names)
    width = max(len(name) for name in names)
    return "".join(f"{name:<{width}}  {catalogue.level(name)}\n" for name in names)


def _as_json(catalogue: Catalogue, name: str, *, details: bool) -> dict[str, Any]:
    short: dict[str, Any] = {"name": name, "level": catalogue.level(name)}
    action = catalogue.action(name)
    if not details or action is None:
        return short
    return {
        **short,
        "levels": list(action.levels),
        "description": catalogue.description(name),
        "resources": [
            {
                "type": resource.type,
                "required": resource.required,
                "arns": _arns(catalogue, name, resource.type),
                "condition_keys": list(resource.condition_keys),
            }
            for resource in action.resources
        ],
        "condition_keys": [{"name": k, "type": t} for k, t in _key_types(catalogue, action)],
        "dependents": list(action.dependents),
        "permission_only": action.permission_only,
    }


def _as_text(catalogue: Catalogue, name: str) -> str:
    action = catalogue.action(name)
    if action is None:
        return f"{name}\n"
    note = "  (permission only: no API operation has this name)" if action.permission_only else ""
    lines = [f"{name}  {', '.join(action.levels)}{note}"]
    description = catalogue.description(name)
    if description:
        lines.append(f"  {description}")
    lines.append("  resource types:" if action.resources else '  resource types: none, only "*"')
    for resource in action.resources:
        arns = " or ".join(_arns(catalogue, name, resource.type))
        lines.append(f"    {resource.type}{'*' if resource.required else ''}  {arns}")
    if action.condition_keys:
        lines.append("  condition keys:")
        lines += [f"    {key}  {kind}" for key, kind in _key_types(catalogue, action)]
    if action.dependents:
        lines.append(f"  dependent actions: {', '.join(action.dependents)}")
    return "".join(f"{line}\n" for line in lines)


def _arns(catalogue: Catalogue, name: str, kind: str) -> list[str]:
    found = catalogue.resource_type(name.partition(":")[0], kind)
    return [arn.text for arn in found.formats] if found else []


def _key_types(catalogue: Catalogue, action: Action) -> Iterable[tuple[str, str]]:
    for name in action.condition_keys:
        key = catalogue.condition_key(name)
        yield name, key.type if key else ""


def _or(names: Iterable[str], word: str) -> str:
    quoted = [f"`{name}`" for name in names]
    return f" {word} ".join([", ".join(quoted[:-1]), quoted[-1]] if quoted[1:] else quoted)
