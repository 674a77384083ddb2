"""Terraform's JSON: of a state, of a plan, and the raw file of a state.

Forms: https://developer.hashicorp.com/terraform/internals/json-format; the raw file (version 4)
is what `terraform state pull` gives.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from iamdsl.diagnostics import Label, codes
from iamdsl.iam import placeholder
from iamdsl.lift.estate import Extern
from iamdsl.lift.reading import Tree
from iamdsl.lift.terraform import externs, holders
from iamdsl.lift.terraform.gather import gather
from iamdsl.lift.terraform.names import CATEGORIES, Wish, give
from iamdsl.lift.terraform.resources import Resource
from iamdsl.lift.terraform.values import Open

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from iamdsl.datafile.places import Path
    from iamdsl.diagnostics import Report
    from iamdsl.lift.estate import Estate
    from iamdsl.source import Span

_RAW_VERSION = 4
_ARN = re.compile(r"arn:(aws[\w-]*):[\w-]+:([\w-]*):(\d{12})?:.*", re.DOTALL)
_UNTIL_APPLY = (
    "apply the plan and import the state; or import the `.tf` files, where it is an expression"
)


class Found(NamedTuple):
    """A resource as it stands in the file: its values' and its name's place, and what it is."""

    path: Path
    place: Path
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
    if _several_accounts(found, tree, report):
        return None
    unknown = _Unknown(tree.value, found)
    pseudo = _pseudo(found)
    names = give(_wishes(found))
    owners = _Owners(found, unknown, pseudo.get("partition"))
    resources = []
    for item in found:
        if item.mode == "managed":
            resource = _resource(item, tree, unknown, names)
            resources.append(attrs.evolve(resource, owners=owners.of(resource, item)))
    lone = list(_lone(found, tree))
    if not any(_is_ours(r) for r in resources) and not lone:
        report.add(
            codes.NOTHING_TO_IMPORT,
            tree.place(()),
            "this state has no resource of IAM's and no policy",
            hint="import the state that has the `aws_iam_…` resources",
        )
        return None
    return gather(resources, lone, names, owners.externs, pseudo, report)


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
    """Return what stands at a path, of a kind; an empty one where there is nothing."""
    for depth, part in enumerate(path):
        if isinstance(part, str) and not isinstance(value, dict):
            raise _MalformedError(path[:depth], "an object is expected")
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
                (*here, "address"),
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
            said = (*path, "name")
            yield Found((*here, "attributes"), said, whole, module, mode, kind, name, key, values)


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


def _several_accounts(found: list[Found], tree: Tree, report: Report) -> bool:
    """Tell whether identities are of several accounts: they would be built into one."""
    first: tuple[Found, str] | None = None
    for f in found:
        arn = f.values.get("arn") if f.mode == "managed" and f.type in CATEGORIES else None
        match = _ARN.fullmatch(arn) if isinstance(arn, str) and ":iam:" in arn else None
        if match is None or not match[3]:
            continue
        first = first or (f, match[3])
        if match[3] != first[1]:
            report.add(
                codes.SEVERAL_ACCOUNTS,
                tree.place(f.place),
                f"`{f.address}` is of the account `{match[3]}`, `{first[0].address}` of `{first[1]}`",
                notes=[Label(tree.place(first[0].place), "the first is here")],
                hint="import the states of each account apart",
            )
            return True
    return False


class _Unknown:
    """What a plan leaves open: which attributes, and what they refer to in the configuration."""

    def __init__(self, plan: dict[str, Any], found: list[Found]) -> None:
        self._open: dict[str, Any] = {}
        changes = plan.get("resource_changes")
        for change in changes if isinstance(changes, list) else []:
            match change:
                case {"address": str(address), "change": {"after_unknown": dict(unknown)}}:
                    self._open[address] = unknown
                case _:
                    pass
        self._configuration = plan.get("configuration")
        self._managed = [f for f in found if f.mode == "managed"]
        self._locals: dict[str, dict[str, Found]] = {}
        self._written: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}

    def of(self, found: Found) -> Mapping[str, Any]:
        """Return the attributes of a resource that are not known, wholly or in part."""
        unknown: Mapping[str, Any] = self._open.get(found.address, {})
        return unknown

    def is_written(self, found: Found, attribute: str) -> bool:
        """Tell whether the configuration says an attribute; others are the provider's to fill in."""
        return (
            not isinstance(self._configuration, dict)
            or self._expression(found, attribute) is not None
        )

    def owner(self, found: Found, attribute: str) -> tuple[Found, str] | None:
        """Return the one resource that an attribute refers to, and what it takes of it.

        The configuration lists what an expression refers to, longest first: one attribute of one
        resource, and that resource, is what `aws_iam_role.x["a"].name` comes to. A variable is
        what the call of the module gives for it.
        """
        module, expression = found.module, self._expression(found, attribute)
        while True:
            match expression:
                case {"references": [str(variable)]} if variable.startswith("var.") and module:
                    *above, call = _steps(module)
                    module = ".".join(above)
                    given = self._calls(module).get(call.partition("[")[0])
                    given = given.get("expressions") if isinstance(given, dict) else None
                    name = variable.removeprefix("var.")
                    expression = given.get(name) if isinstance(given, dict) else None
                case {"references": [str(path), str(owner), *more]}:
                    taken = path.removeprefix(f"{owner}.")
                    if taken == path or not all(owner.startswith(f"{o}[") for o in more):
                        return None
                    local = self._local(module)
                    return (local[owner], taken) if owner in local else None
                case _:
                    return None

    def _local(self, module: str) -> dict[str, Found]:
        if module in self._locals:
            return self._locals[module]
        of_module = (f for f in self._managed if f.module == module)
        local = {f.address.removeprefix(f"{module}."): f for f in of_module}
        self._locals[module] = local
        return local

    def _module(self, address: str) -> Any:
        """Return the configuration of a module."""
        module: Any = self._configuration
        module = module.get("root_module") if isinstance(module, dict) else None
        for step in _steps(address):
            calls = module.get("module_calls") if isinstance(module, dict) else None
            name = step.removeprefix("module.").partition("[")[0]
            call = calls.get(name) if isinstance(calls, dict) else None
            module = call.get("module") if isinstance(call, dict) else None
        return module

    def _calls(self, address: str) -> dict[str, Any]:
        """Return the calls in a module, by `module.` and their names."""
        module = self._module(address)
        calls = module.get("module_calls") if isinstance(module, dict) else None
        return {f"module.{n}": c for n, c in calls.items()} if isinstance(calls, dict) else {}

    def _expression(self, found: Found, attribute: str) -> Any:
        if found.module not in self._written:
            module = self._module(found.module)
            listed = module.get("resources") if isinstance(module, dict) else None
            written: dict[tuple[str, str], dict[str, Any]] = {}
            for item in listed if isinstance(listed, list) else []:
                match item:
                    case {"type": str(kind), "name": str(name), "expressions": dict(expressions)}:
                        written.setdefault((kind, name), expressions)
                    case _:
                        pass
            self._written[found.module] = written
        return self._written[found.module].get((found.type, found.name), {}).get(attribute)


def _steps(module: str) -> list[str]:
    """Return the parts of a module's address: `module.a["x.y"]`, `module.b`."""
    return re.findall(r"module\.[\w-]+(?:\[(?:\"[^\"]*\"|\d+)\])?", module)


def _resource(found: Found, tree: Tree, unknown: _Unknown, names: Mapping[str, str]) -> Resource:
    """Return a resource; what a plan does not know is open in it, or the entity that it is."""
    values = dict(found.values)
    for name, how in unknown.of(found).items():
        if not _is_unknown(how) or not unknown.is_written(found, name):
            continue
        owner = unknown.owner(found, name)
        if owner is not None and owner[0].address in names and owner[1] in {"arn", "id", "name"}:
            values[name] = placeholder(f"entity {names[owner[0].address]}")
        else:
            values[name] = Open(codes.UNKNOWN_UNTIL_APPLY, "unknown until apply", _UNTIL_APPLY)

    def place(path: Path, *, key: bool = False) -> Span:
        if path and path[0] in found.values:
            return tree.place((*found.path, *path), key=key)
        return tree.place(found.place)

    here = Tree(tree.source, values, place)
    return Resource(found.address, found.type, _label(found), here, tree.origin(*found.place))


def _is_unknown(how: Any) -> bool:
    """Tell whether anything in a value is not known."""
    if isinstance(how, dict):
        return any(map(_is_unknown, how.values()))
    return any(map(_is_unknown, how)) if isinstance(how, list) else how is True


class _Owners:
    """Finds the resources that policies are of; one whose ARN is not known yet is an extern."""

    def __init__(self, found: list[Found], unknown: _Unknown, partition: str | None) -> None:
        self.externs: dict[str, Extern] = {}
        self._unknown = unknown
        self._by_id: dict[tuple[str, str], Found] = {}
        for f in found:
            for said in _ids(f) if f.mode == "managed" else ():
                self._by_id.setdefault((f.type, said), f)
        self._partition = partition or placeholder("aws.partition")

    def of(self, resource: Resource, found: Found) -> dict[str, str]:
        """Return the ARN of what a policy is of, by the attribute that says it."""
        holder = holders.HOLDERS.get(found.type)
        if holder is None or not holder.owner:
            return {}
        said = resource.get(holder.owner)
        if holder.own:
            return {} if isinstance(said, str) else {holder.owner: self._arn(found)}
        if isinstance(said, Open):
            owner = self._unknown.owner(found, holder.owner)
            return {} if owner is None else {holder.owner: self._arn(owner[0])}
        other = self._by_id.get((holder.type, said)) if isinstance(said, str) else None
        return {} if other is None else {holder.owner: self._arn(other)}

    def _arn(self, found: Found) -> str:
        arn, bucket = found.values.get("arn"), found.values.get("bucket")
        if isinstance(arn, str):
            return arn
        if found.type == "aws_s3_bucket" and isinstance(bucket, str):
            return f"arn:{self._partition}:s3:::{bucket}"
        name = externs.legal(f"{_label(found)}_arn")
        doc = f"`{found.address}.arn` in Terraform"
        while name in self.externs and self.externs[name].doc != doc:
            name += "_2"
        longest = externs.longest("Arn", found.type.removeprefix("aws_"))
        self.externs[name] = Extern(name, "Arn", longest, doc)
        return placeholder(name)


def _ids(found: Found) -> list[str]:
    names = ("id", "name", "bucket", "url", "key_id", "domain_name")
    values = (found.values.get(name) for name in names)
    return [value for value in values if isinstance(value, str) and value]


def _lone(found: list[Found], tree: Tree) -> Iterator[Resource]:
    """Yield the policy documents whose JSON no attribute of a resource holds."""
    documents = [f for f in found if f.mode == "data" and f.type == "aws_iam_policy_document"]
    if not documents:
        return
    used = {_canonical(text) for f in found for text in _texts(f)}
    for f in documents:
        text = f.values.get("json")
        if isinstance(text, str) and _canonical(text) not in used:
            yield Resource(f.address, "data", _label(f), tree.at(*f.path), tree.origin(*f.place))


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
