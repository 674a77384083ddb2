"""Terraform's configuration: the `.tf` files of one folder, read together."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import attrs

from iamdsl.diagnostics import Label, codes
from iamdsl.iam import placeholder
from iamdsl.lift.terraform import holders
from iamdsl.lift.terraform.blocks import Block, Expression, Items, Reference, Template, parse
from iamdsl.lift.terraform.evaluate import COMPUTED, Names, evaluate, unsayable
from iamdsl.lift.terraform.gather import gather
from iamdsl.lift.terraform.module import Instance, Module, constant
from iamdsl.lift.terraform.names import CATEGORIES
from iamdsl.lift.terraform.resources import Resource
from iamdsl.lift.terraform.values import Value, tree_of
from iamdsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from iamdsl.diagnostics import Report
    from iamdsl.lift.estate import Estate
    from iamdsl.source import Source

_META = {"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"}


def read(sources: Sequence[Source], report: Report) -> Estate | None:
    """Return what the files of one module say; None when something is wrong (and was reported).

    A module that they call is not read, only named in a warning: its files are elsewhere.
    """
    if find_spec("hcl2") is None:
        report.add(
            codes.NEEDS_EXTRA,
            Span(sources[0], 0, 0) if sources else None,
            "files of Terraform's are read by python-hcl2, which is not installed",
            hint="run `pip install 'iamdsl[import]'`",
        )
        return None
    files = [block for source in sources if (block := parse(source, report)) is not None]
    if report.failed:
        return None
    module = Module(files)
    resources = [
        r for block in module.resources.values() for r in _instances(block, module, report)
    ]
    _complain_of_calls(module, report)
    _complain_of_accounts(module, report)
    lone = list(_lone(module))
    if not resources and not lone and not report.failed:
        names = " and ".join(f"`{source.name}`" for source in sources[:3])
        report.add(
            codes.NOTHING_TO_IMPORT,
            None,
            f"{names} {'have' if len(sources) > 1 else 'has'} no resource of IAM's and no policy",
            hint="import the folder with the `aws_iam_…` resources",
        )
        return None
    return gather(resources, lone, module.names, module.externs, _pseudo(module), report)


def _complain_of_calls(module: Module, report: Report) -> None:
    for call in module.calls:
        report.add(
            codes.LEFT_OUT,
            call.span,
            f"the module `{call.labels[0]}` is not read: what it holds is in other files",
            hint="import the JSON of the state, which has it all: `terraform show -json`",
        )


def _complain_of_accounts(module: Module, report: Report) -> None:
    """Report identities of several accounts: they would be built into one.

    Providers that differ in their region alone are of one account, one that the module is given
    by whoever calls it may be of any.
    """
    first: Block | None = None
    for block in module.resources.values():
        if not block.labels[0].startswith("aws_iam_"):
            continue
        first = first or block
        if _account(block, module) != _account(first, module):
            report.add(
                codes.SEVERAL_ACCOUNTS,
                block.attributes["provider"].span if "provider" in block.attributes else block.span,
                f"`{'.'.join(block.labels)}` may be of another account than"
                f" `{'.'.join(first.labels)}`: their providers differ",
                notes=[Label(first.span, "the first is here")],
                hint="import the files of each account apart",
            )
            return


def _account(block: Block, module: Module) -> object:
    """Return what tells in which account a resource is: how its provider comes by its rights."""
    alias: str | None = None
    match block.attributes.get("provider"):
        case Reference(("aws", str(name))):
            alias = name
        case _:
            pass
    for provider in module.providers:
        if provider.labels == ("aws",) and constant(provider.attributes.get("alias")) == alias:
            roles = [
                a.span.text for b in provider.all("assume_role") for a in b.attributes.values()
            ]
            told = ("profile", "access_key", "allowed_account_ids", "shared_credentials_files")
            return (
                *roles,
                *(provider.attributes[n].span.text for n in told if n in provider.attributes),
            )
    return () if alias is None else alias


def _pseudo(module: Module) -> dict[str, str]:
    """Return the region, where one provider says it."""
    regions = [
        constant(block.attributes.get("region"))
        for block in module.providers
        if block.labels == ("aws",)
    ]
    region = regions[0] if len(regions) == 1 else None
    return {"region": region} if region else {}


def _lone(module: Module) -> Iterator[Resource]:
    """Yield the policy documents that nothing uses, not even one of themselves."""
    values = []
    for (kind, name), block in module.data.items():
        if kind == "aws_iam_policy_document" and name not in module.used:
            values.append((name, block, module.document(name, block.span)))
            module.used.discard(name)
    used = module.used.copy()
    for name, block, _ in values:
        module.document(name, block.span)
        used |= module.used - {name}
        module.used.clear()
    for name, block, value in values:
        if name not in used:
            whole = Value({"json": value}, block.span)
            address = f"data.aws_iam_policy_document.{name}"
            yield Resource(address, "data", name, tree_of(whole), block.span)


def _instances(block: Block, module: Module, report: Report) -> Iterator[Resource]:
    """Yield the instances of a resource that says something of IAM."""
    kind, label = block.labels
    known = kind in holders.KNOWN or kind in CATEGORIES or kind.startswith("aws_iam_")
    holder = holders.HOLDERS.get(kind)
    if not (known or any(map(_may_hold, block.attributes.items()))) or (
        holder is not None and holder.own and holder.policy not in block.attributes
    ):
        return
    address = f"{kind}.{label}"
    many = block.attributes.get("count") or block.attributes.get("for_each")
    if many is None or kind in holders.PERMISSIONS:
        yield _resource(block, address, label, module, module, known=known)
        return
    keys = module.keys(block)
    if keys is None:
        word = "count" if "count" in block.attributes else "for_each"
        message = f"`{address}`: how many there are (`{word}`) is not known"
        report.add(codes.COMPUTED_EXPRESSION, many.span, message, hint=COMPUTED)
        return
    for key in keys:
        shown = f'"{key}"' if isinstance(key, str) else key
        names = Instance(module, block, key)
        whole = f"{address}[{shown}]"
        yield _resource(block, whole, f"{label}-{key}", names, module, known=known)


def _may_hold(attribute: tuple[str, Expression]) -> bool:
    return holders.is_policy_attribute(attribute[0])


def _resource(
    block: Block, address: str, label: str, names: Names, module: Module, *, known: bool
) -> Resource:
    """Return a resource with its values; of one that is not known, only what may be a policy."""
    kept = {
        name: node
        for name, node in block.attributes.items()
        if name not in _META and (known or holders.is_policy_attribute(name))
    }
    values = _body(attrs.evolve(block, attributes=kept), names, module)
    resource = Resource(address, block.labels[0], label, tree_of(values), block.span)
    return attrs.evolve(resource, owners=_owners(block, module))


_TEXTS = {
    "group", "group_name", "managed_policy_arn", "name", "path", "permission_set_arn",
    "permissions_boundary", "policy_arn", "role", "role_name", "user", "user_name",
}  # fmt: skip
"""Arguments that are one text, whatever gives it."""


def _body(block: Block, names: Names, module: Module) -> Value:
    """Return the values of a block: its arguments, and its blocks as lists by kind.

    The items of lists and some arguments can be nothing but texts; a variable that may be null
    or empty stays one that leaves its argument out, or not.
    """
    holder = holders.HOLDERS.get(block.labels[0]) if block.labels else None
    texts = _TEXTS | ({holder.owner} if holder is not None else set())
    made = {}
    for name, node in block.attributes.items():
        one_text = isinstance(node, Items) or (name in texts and not module.may_be_nothing(node))
        made[name] = evaluate(node, names, one_text=one_text)
    listed: dict[str, list[Value]] = {}
    for inner in block.blocks:
        if inner.kind in _META:
            continue
        if inner.kind == "dynamic":
            open_ = unsayable("a `dynamic` block", inner.span)
            listed.setdefault(inner.labels[0] if inner.labels else "", []).append(open_)
        else:
            listed.setdefault(inner.kind, []).append(_body(inner, names, module))
    blocks = {kind: Value(values, block.span) for kind, values in listed.items()}
    return Value(made | blocks, block.span)


def _owners(block: Block, module: Module) -> dict[str, str]:
    """Return the ARN of the resource that a policy is of, where it is one of the module's."""
    kind, label = block.labels
    holder = holders.HOLDERS.get(kind)
    if holder is None:
        return {}
    if holder.own:
        return _arn_of(kind, label, holder.owner, block, module)
    match _inside(block.attributes.get(holder.owner)):
        case Reference((str(other), str(name), *_)) if (other, name) in module.resources:
            return _arn_of(other, name, holder.owner, block, module)
        case Reference(("data", str(other), str(name), *_)) if other == holder.type:
            return _arn_looked_up(holder, name, module)
        case _:
            return {}


def _arn_looked_up(holder: holders.Holder, label: str, module: Module) -> dict[str, str]:
    """Return the ARN of a resource that is looked up by its name, in the account and region."""
    block = module.data.get((holder.type, label))
    if block is None or {"count", "for_each", "provider"} & block.attributes.keys():
        return {}
    node = block.attributes.get("name")
    name = evaluate(node, module, one_text=True).value if node is not None else None
    if not isinstance(name, str):
        return {}
    made = holder.arn.replace("{}", name)
    for letter, pseudo in (("p", "partition"), ("r", "region"), ("a", "account")):
        made = made.replace(f"{{{letter}}}", placeholder(f"aws.{pseudo}"))
    return {holder.owner: made} if "{" not in made else {}


def _arn_of(kind: str, label: str, name: str, block: Block, module: Module) -> dict[str, str]:
    if {"count", "for_each"} & module.resources[kind, label].attributes.keys():
        return {}
    found = module.refer(Reference((kind, label, "arn"), block.span), one_text=True)
    return {name: found.value} if isinstance(found.value, str) else {}


def _inside(node: Expression | None) -> Expression | None:
    """Return the expression in `"${x}"`."""
    match node:
        case Template((part,)) if not isinstance(part, str):
            return part
        case _:
            return node
