"""Terraform's JSON: of a state, of a plan, and the raw file of a state.

Forms: https://developer.hashicorp.com/terraform/internals/json-format; the raw file (version 4)
is what `terraform state pull` gives.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from iamdsl.diagnostics import codes
from iamdsl.lift.terraform import holders
from iamdsl.lift.terraform.gather import gather
from iamdsl.lift.terraform.names import CATEGORIES, Wish, give
from iamdsl.lift.terraform.resources import Resource
from iamdsl.lift.terraform.values import Open, mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iamdsl.datafile.places import Path
    from iamdsl.diagnostics import Report
    from iamdsl.lift.estate import Estate
    from iamdsl.lift.reading import Tree

_RAW_VERSION = 4
_ARN = re.compile(r"arn:(aws[\w-]*):[\w-]+:([\w-]*):(\d{12})?:.*", re.DOTALL)
_UNTIL_APPLY = (
    "apply the plan and import the state; or import the `.tf` files, where it is an expression"
)


class Found(NamedTuple):
    """A resource as it stands in the file: where, and what it is."""

    path: Path
    address: str
    module: str
    mode: str
    type: str
    name: str
    key: Any
    values: Any


def recognises(value: object) -> bool:
    """Tell whether values are a state or a plan of Terraform's."""
    if not isinstance(value, dict):
        return False
    if "format_version" in value:
        parts = {"values", "planned_values", "resource_changes", "terraform_version"}
        return bool(parts & value.keys()) or len(value) == 1
    return "lineage" in value or ("terraform_version" in value and "resources" in value)


def read(tree: Tree, name: str, report: Report) -> Estate | None:
    """Return what a state or plan says; None when something is wrong (and was reported)."""
    del name
    try:
        found = list(_found(tree.value))
    except _MalformedError as error:
        report.add(
            codes.NOT_A_STATE,
            tree.place(error.path),
            f"this is no state or plan of Terraform's: {error.problem}",
            hint="`terraform show -json` and `terraform state pull` give the forms that are read",
        )
        return None
    unknown = _Unknown(tree.value, found)
    pseudo = _pseudo(found)
    names = give(_wishes(found))
    resources = [_resource(f, tree, unknown, names) for f in found if f.mode == "managed"]
    resources = [attrs.evolve(r, owners=_owners(r, f, found)) for r, f in _paired(resources, found)]
    lone = list(_lone(found, tree))
    if not any(_is_ours(r) for r in resources) and not lone:
        report.add(
            codes.NOTHING_TO_IMPORT,
            tree.place(()),
            "this state has no resource of IAM's and no policy",
            hint="import the state that has the `aws_iam_…` resources",
        )
        return None
    return gather(resources, lone, names, {}, pseudo, report)


def _paired(resources: list[Resource], found: list[Found]) -> Iterator[tuple[Resource, Found]]:
    return zip(resources, (f for f in found if f.mode == "managed"), strict=True)


def _is_ours(resource: Resource) -> bool:
    if resource.type in CATEGORIES or resource.type.startswith("aws_iam_"):
        return True
    policies = (n for n in resource.tree.value if holders.is_policy_attribute(n))
    return resource.type in holders.KNOWN or any(resource.get(n) for n in policies)


# The forms


class _MalformedError(Exception):
    """The JSON is not of the form that Terraform writes."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(problem)
        self.path, self.problem = path, problem


def _found(value: dict[str, Any]) -> Iterator[Found]:
    if "format_version" not in value:
        yield from _raw(value)
        return
    if "planned_values" in value:
        yield from _module(value, ("planned_values", "root_module"))
        before = value.get("prior_state")
        if isinstance(before, dict):
            read_before = _module(value, ("prior_state", "values", "root_module"))
            yield from (f for f in read_before if f.mode == "data")
    elif "values" in value:
        yield from _module(value, ("values", "root_module"))


def _at(value: Any, path: Path, kind: type) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else value[part]
        if value is None:
            return kind()
    if not isinstance(value, kind):
        what = "an object" if kind is dict else "a list"
        raise _MalformedError(path, f"{what} is expected")
    return value


def _module(whole: dict[str, Any], path: Path) -> Iterator[Found]:
    """Yield the resources of a module and of those in it."""
    pending = [path]
    while pending:
        path = pending.pop()
        module = _at(whole, path, dict)
        for number, _ in enumerate(_at(whole, (*path, "resources"), list)):
            here = (*path, "resources", number)
            item = _at(whole, here, dict)
            yield Found(
                (*here, "values"),
                _text(item, "address", here),
                str(module.get("address", "")),
                _text(item, "mode", here),
                _text(item, "type", here),
                _text(item, "name", here),
                item.get("index"),
                _at(whole, (*here, "values"), dict),
            )
        children = _at(whole, (*path, "child_modules"), list)
        pending += [(*path, "child_modules", n) for n in reversed(range(len(children)))]


def _text(item: dict[str, Any], name: str, path: Path) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise _MalformedError(path, f"`{name}` is missing, or no text")
    return value


def _raw(value: dict[str, Any]) -> Iterator[Found]:
    """Yield the resources of the raw file of a state."""
    if value.get("version") != _RAW_VERSION:
        raise _MalformedError(("version",), f"version {_RAW_VERSION} of a state is expected")
    for number, _ in enumerate(_at(value, ("resources",), list)):
        path: Path = ("resources", number)
        item = _at(value, path, dict)
        mode, kind, name = (_text(item, n, path) for n in ("mode", "type", "name"))
        module = str(item.get("module", ""))
        address = f"{module}." if module else ""
        address += f"{'data.' if mode == 'data' else ''}{kind}.{name}"
        for place, _ in enumerate(_at(value, (*path, "instances"), list)):
            here = (*path, "instances", place)
            instance = _at(value, here, dict)
            key = instance.get("index_key")
            whole = address if key is None else f"{address}[{json.dumps(key)}]"
            values = _at(value, (*here, "attributes"), dict)
            yield Found((*here, "attributes"), whole, module, mode, kind, name, key, values)


# What is known


def _label(found: Found) -> str:
    return found.name if found.key is None else f"{found.name}-{found.key}"


def _wishes(found: list[Found]) -> Iterator[Wish]:
    for f in found:
        if f.mode == "managed" and f.type in CATEGORIES:
            name = f.values.get("name")
            yield Wish(f.address, f.type, name if isinstance(name, str) and name else _label(f))


def _pseudo(found: list[Found]) -> dict[str, str]:
    """Return partition, account and region, each if all ARNs of resources agree on it."""
    seen: dict[str, set[str]] = {"partition": set(), "account": set(), "region": set()}
    for f in found:
        arn = f.values.get("arn") if f.mode == "managed" else None
        match = _ARN.fullmatch(arn) if isinstance(arn, str) else None
        if match is not None:
            for name, text in zip(("partition", "region", "account"), match.groups(), strict=True):
                if text:
                    seen[name].add(text)
        if f.mode == "data" and f.type == "aws_caller_identity":
            seen["account"].add(str(f.values.get("account_id")))
    return {name: next(iter(texts)) for name, texts in seen.items() if len(texts) == 1}


class _Unknown:
    """What a plan leaves open: which attributes, and what they refer to in the configuration."""

    def __init__(self, plan: dict[str, Any], found: list[Found]) -> None:
        self._open: dict[str, Any] = {}
        changes = plan.get("resource_changes")
        for change in changes if isinstance(changes, list) else []:
            match change:
                case {"address": str(address), "change": {"after_unknown": dict(unknown)}}:
                    self._open[address] = unknown
        self._configuration = plan.get("configuration")
        self._entities = [f for f in found if f.type in CATEGORIES and f.mode == "managed"]

    def of(self, found: Found) -> Mapping[str, Any]:
        """Return the attributes of a resource that are not known, wholly or in part."""
        unknown: Mapping[str, Any] = self._open.get(found.address, {})
        return unknown

    def entity(self, found: Found, attribute: str) -> tuple[Found, str] | None:
        """Return the one entity that an attribute refers to, and what it takes of it."""
        match self._expression(found, attribute):
            case {"references": [str(path), str(owner)]} if path.startswith(f"{owner}."):
                pass
            case _:
                return None
        taken = path.removeprefix(f"{owner}.")
        of_module = [f for f in self._entities if f.module == found.module]
        fitting = [f for f in of_module if owner == f.address.removeprefix(f"{f.module}.")]
        return (fitting[0], taken) if len(fitting) == 1 else None

    def _expression(self, found: Found, attribute: str) -> Any:
        module: Any = self._configuration
        module = module.get("root_module") if isinstance(module, dict) else None
        for name in re.findall(r"(?:^|\.)module\.([\w-]+)", found.module):
            calls = module.get("module_calls") if isinstance(module, dict) else None
            call = calls.get(name) if isinstance(calls, dict) else None
            module = call.get("module") if isinstance(call, dict) else None
        listed = module.get("resources") if isinstance(module, dict) else None
        for item in listed if isinstance(listed, list) else []:
            match item:
                case {"type": found.type, "name": found.name, "expressions": dict(expressions)}:
                    return expressions.get(attribute)
        return None


def _resource(found: Found, tree: Tree, unknown: _Unknown, names: Mapping[str, str]) -> Resource:
    """Return a resource; what a plan does not know is open in it, or the entity that it is."""
    values = dict(found.values)
    for name, how in unknown.of(found).items():
        if not _is_unknown(how) or _is_computed(found, name):
            continue
        taken = unknown.entity(found, name)
        if taken is not None and taken[1] in {"arn", "id", "name"}:
            entity = names[taken[0].address]
            values[name] = mark(f"entity {entity}")
        else:
            values[name] = Open(codes.UNKNOWN_UNTIL_APPLY, "unknown until apply", _UNTIL_APPLY)
    place = tree.place(found.path[:-1])
    here = tree.at(*found.path) if found.values else tree.at(*found.path[:-1])
    return Resource(found.address, found.type, _label(found), here._replace(value=values), place)


def _is_unknown(how: Any) -> bool:
    """Tell whether anything in a value is not known."""
    if isinstance(how, dict):
        return any(map(_is_unknown, how.values()))
    return any(map(_is_unknown, how)) if isinstance(how, list) else how is True


_COMPUTED = {
    "arn", "attachment_count", "create_date", "id", "name_prefix", "policy_id", "tags_all", "unique_id",
}  # fmt: skip
_COMPUTED_OF = {
    "aws_iam_role": {"inline_policy", "managed_policy_arns", "name"},
    "aws_iam_policy": {"name"},
}


def _is_computed(found: Found, name: str) -> bool:
    """Tell whether an attribute is the provider's to fill in, and says nothing more of IAM.

    The inline and attached policies of a role are such where other resources add them; a
    configuration that writes them has them known, or open in their parts.
    """
    holder = holders.HOLDERS.get(found.type)
    if holder is not None and holder.own:
        return name != holder.policy
    if holder is not None and name == holder.owner:
        return False
    return name in _COMPUTED or name in _COMPUTED_OF.get(found.type, ())


def _owners(resource: Resource, found: Found, all_: list[Found]) -> dict[str, str]:
    """Return the ARN of the resource that a policy is of, where the state has it."""
    holder = holders.HOLDERS.get(found.type)
    if holder is None or holder.own or not holder.type:
        return {}
    said = resource.get(holder.owner)
    if not isinstance(said, str):
        return {}
    for other in all_:
        if other.type == holder.type and said in {
            other.values.get(n) for n in ("id", "name", "bucket", "url", "key_id", "domain_name")
        }:
            arn = other.values.get("arn")
            return {holder.owner: arn} if isinstance(arn, str) else {}
    return {}


def _lone(found: list[Found], tree: Tree) -> Iterator[Resource]:
    """Yield the policy documents whose JSON no attribute of a resource holds."""
    documents = [f for f in found if f.mode == "data" and f.type == "aws_iam_policy_document"]
    if not documents:
        return
    used = {_canonical(text) for f in found for text in _texts(f)}
    for f in documents:
        text = f.values.get("json")
        if isinstance(text, str) and _canonical(text) not in used:
            yield Resource(f.address, "data", _label(f), tree.at(*f.path), tree.place(f.path[:-1]))


def _texts(found: Found) -> Iterator[str]:
    """Yield the texts of a resource that can hold a document, at any depth."""
    pending: list[Any] = [found.values]
    if found.mode == "data":
        given = ("source_policy_documents", "override_policy_documents")
        pending = [found.values.get(n) for n in (*given, "source_json", "override_json")]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if "Statement" in value:
                yield value
        elif isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _canonical(text: str) -> str:
    """Return a document in one spelling: providers write a lone item without its list."""
    try:
        return json.dumps(_spelled(json.loads(text)), sort_keys=True)
    except (ValueError, RecursionError):
        return text


def _spelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _spelled(item) for name, item in value.items() if item not in ("", [])}
    if isinstance(value, list):
        items = [_spelled(item) for item in value]
        if len(items) == 1:
            return items[0]
        return sorted(items, key=json.dumps) if all(isinstance(i, str) for i in items) else items
    return value
