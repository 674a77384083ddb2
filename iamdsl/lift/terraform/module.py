"""A folder of `.tf` files as one module: what its references stand for.

Named values: https://developer.hashicorp.com/terraform/language/expressions/references
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from iamdsl import iam
from iamdsl.iam import placeholder
from iamdsl.lift.estate import Extern
from iamdsl.lift.terraform import externs
from iamdsl.lift.terraform.blocks import Block, Expression, Literal, Reference, Template
from iamdsl.lift.terraform.documents import document
from iamdsl.lift.terraform.evaluate import as_text, evaluate, unsayable
from iamdsl.lift.terraform.names import CATEGORIES, Wish, arn, give, shared
from iamdsl.lift.terraform.values import Encoded, Open, Value, is_static

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iamdsl.source import Span

_PSEUDO = {
    ("aws_caller_identity", "account_id"): "aws.account",
    ("aws_caller_identity", "id"): "aws.account",
    ("aws_partition", "partition"): "aws.partition",
    ("aws_partition", "id"): "aws.partition",
    ("aws_region", "name"): "aws.region",
    ("aws_region", "region"): "aws.region",
    ("aws_region", "id"): "aws.region",
}
_NAMED_BY_ID = {"aws_iam_role", "aws_iam_user", "aws_iam_group"}
"""Entities whose `id` is their name; of others it is their ARN, or means nothing elsewhere."""

_OIDC = "aws_iam_openid_connect_provider"

_IN_IAM = _NAMED_BY_ID | {"aws_iam_policy"}

_ONE = re.compile(r"(?:^|_)(?:arn|id|name|url|bucket|account_id|key|issuer|prefix)$")
"""Attributes that are one text in every resource."""

_GENERIC = {"this", "main", "default", "current", "self", "the", "primary"}
"""Labels that do not say what a thing is."""


class Module:
    """The blocks of a module, and what was found out about them.

    Attributes:
        used: labels of the policy documents that something took.
    """

    def __init__(self, files: Iterable[Block]) -> None:
        self.variables: dict[str, Block] = {}
        self.locals: dict[str, Expression] = {}
        self.data: dict[tuple[str, str], Block] = {}
        self.resources: dict[tuple[str, str], Block] = {}
        self.calls: list[Block] = []
        self.providers: list[Block] = []
        self.used: set[str] = set()
        self._externs: dict[str, tuple[str, Extern]] = {}
        self._open: set[object] = set()
        self._names: dict[str, str] | None = None
        self._shared: set[str] = set()
        for file in files:
            for block in file.blocks:
                self._add(block)

    def _add(self, block: Block) -> None:
        match block.kind, block.labels:
            case "variable", (name,):
                self.variables[name] = block
            case "locals", ():
                self.locals |= block.attributes
            case "data", (kind, name):
                self.data[kind, name] = block
            case "resource", (kind, name):
                self.resources[kind, name] = block
            case "module", (_,):
                self.calls.append(block)
            case "provider", (_,):
                self.providers.append(block)
            case _:
                pass

    @property
    def externs(self) -> dict[str, Extern]:
        """Return what marks may stand for, by name."""
        return {name: extern for name, (_, extern) in self._externs.items()}

    def refer(self, node: Reference, *, one_text: bool) -> Value:
        """Return the value of a reference; see `evaluate.Names`."""
        match node.parts:
            case ("var", str(name), *rest):
                return self._variable(name, rest, node.span, one_text=one_text)
            case ("local", str(name), *rest):
                return self._local(name, rest, node.span, one_text=one_text)
            case ("data", str(kind), str(name), *rest):
                return self._data(kind, name, rest, node.span, one_text=one_text)
            case ("module", str(name), *rest):
                return self._other("module", name, rest, node.span, one_text=one_text)
            case ("terraform", "workspace"):
                return self._extern("terraform.workspace", "workspace", "String", node.span, 90)
            case (str(kind), str(name), *rest) if "_" in kind:
                return self._resource(kind, name, rest, node.span, one_text=one_text)
            case _:
                return unsayable(f"`{node.span.text}`", node.span)

    def stand_in(self, name: str, span: Span) -> Value:
        """Return a mark for an expression that is one text."""
        return self._extern(re.sub(r"\s+", "", span.text), name, "String", span, 256)

    # What is given from outside

    def _variable(self, name: str, rest: list[Any], span: Span, *, one_text: bool) -> Value:
        block = self.variables.get(name)
        kind = externs.type_of(block)
        if rest:
            if one_text and all(isinstance(part, (str, int)) for part in rest):
                return self._other("var", name, rest, span, one_text=True)
            return unsayable("a part of a variable", span)
        if kind == "list" or (kind != "text" and not one_text):
            return unsayable(f"the variable `{name}`, which is no text,", span)
        if not one_text and externs.may_be_nothing(block):
            return unsayable(f"the variable `{name}`, which may be null or empty,", span)
        extern = externs.of_variable(name, block, span)
        return self._register(f"var.{name}", extern, span)

    def may_be_nothing(self, node: Expression) -> bool:
        """Tell whether an expression is a variable whose default is null or empty."""
        match node:
            case Reference(("var", str(name))):
                return externs.may_be_nothing(self.variables.get(name))
            case _:
                return False

    def _local(self, name: str, rest: list[Any], span: Span, *, one_text: bool) -> Value:
        node = self.locals.get(name)
        if node is None:
            return unsayable(f"`local.{name}`, which no file here has,", span)
        with_guard = ("local", name)
        if with_guard in self._open:
            return unsayable(f"`local.{name}`, which needs itself,", span)
        self._open.add(with_guard)
        try:
            value = evaluate(node, self, one_text=one_text)
        finally:
            self._open.discard(with_guard)
        return self.walk(value, rest, span)

    def walk(self, value: Value, rest: list[Any], span: Span) -> Value:
        """Return the part of a value that a path leads to, at the place of its use."""
        for part in rest:
            key = part if isinstance(part, (str, int)) else plain_key(evaluate(part, self))
            match value.value, key:
                case dict(items), str() if key in items:
                    value = items[key]
                case list(items), int() if key < len(items):
                    value = items[key]
                case Open(), _:
                    return value
                case _:
                    return unsayable(f"`{span.text}`", span)
        return value if isinstance(value.value, Open) else value._replace(span=span)

    def _other(self, kind: str, name: str, rest: list[Any], span: Span, *, one_text: bool) -> Value:
        """Return a mark for what lies elsewhere, if it is one text."""
        names = [part for part in rest if isinstance(part, str)]
        if not names or not all(isinstance(part, (str, int)) for part in rest):
            if not (one_text and rest):
                return unsayable(f"`{span.text}`", span)
            names = names or [str(rest[-1])]
        last = names[-1]
        if not one_text and (len(rest) > 1 or not _ONE.search(last)):
            return unsayable(f"`{span.text}`, which may be no text,", span)
        short = kind.removeprefix("data.").removeprefix("aws_")
        short = "" if kind in {"module", "var"} else short
        label = short if short and name in _GENERIC else name
        key = ".".join(map(str, (kind, name, *rest)))
        return self._extern(key, f"{label}_{last}", externs.type_named(last), span, None, short)

    def _extern(
        self, key: str, name: str, kind: str, span: Span, most: int | None, more: str = ""
    ) -> Value:
        doc = f"`{key}` in Terraform"
        longest = None if kind in {"AccountId", "Region"} else most or externs.longest(kind, more)
        return self._register(key, Extern(externs.legal(name), kind, longest, doc, (span,)), span)

    def _register(self, key: str, extern: Extern, span: Span) -> Value:
        name, number = extern.name, 1
        while name in self._externs and self._externs[name][0] != key:
            number += 1
            name = f"{extern.name}_{number}"
        if name not in self._externs:
            self._externs[name] = key, externs.renamed(extern, name)
        return Value(placeholder(name), span)

    # What the module declares

    def _data(self, kind: str, name: str, rest: list[Any], span: Span, *, one_text: bool) -> Value:
        block = self.data.get((kind, name))
        rest = self._instance(block, rest)
        attribute = rest[0] if len(rest) == 1 else None
        elsewhere = block is not None and "provider" in block.attributes
        if not elsewhere and (kind, attribute) in _PSEUDO:
            return Value(placeholder(_PSEUDO[kind, str(attribute)]), span)
        if (kind, attribute) == ("aws_partition", "dns_suffix"):
            return self._extern("dns_suffix", "dns_suffix", "String", span, 16)
        if kind == _OIDC and block is not None and attribute in {"arn", "id", "url"}:
            return self._identity_provider(block, str(attribute), span)
        if kind == "aws_iam_policy_document" and block is not None:
            if attribute not in {"json", "minified_json"}:
                return unsayable(f"`{span.text}`", span)
            return self.document(name, span)
        if block is not None and isinstance(attribute, str) and kind == "aws_iam_policy":
            value = self._argument(block, attribute)
            if value is not None:
                return value._replace(span=span)
        return self._other(f"data.{kind}", name, rest, span, one_text=one_text)

    def document(self, name: str, span: Span) -> Value:
        """Return a policy document of the module as the JSON text that Terraform makes of it."""
        self.used.add(name)
        guard = ("document", name)
        if guard in self._open:
            return unsayable(f"`{name}`, which needs itself,", span)
        block = self.data["aws_iam_policy_document", name]
        if {"count", "for_each"} & block.attributes.keys() and self.keys(block) != [0]:
            return unsayable("a policy document with `count` or `for_each`", span)
        self._open.add(guard)
        try:
            value = document(block, self)
        finally:
            self._open.discard(guard)
        return value if isinstance(value.value, Open) else Value(Encoded.of(value), span)

    def _resource(
        self, kind: str, name: str, rest: list[Any], span: Span, *, one_text: bool
    ) -> Value:
        block = self.resources.get((kind, name))
        if block is None or not rest:
            return self._other(kind, name, rest, span, one_text=one_text)
        key: str | int | None = None
        if {"count", "for_each"} & block.attributes.keys():
            if len(rest) < 2 or (keys := self.keys(block)) is None:
                return unsayable("a resource with `count` or `for_each`", span)
            part = rest[0]
            found = part if isinstance(part, (str, int)) else plain_key(evaluate(part, self))
            if found not in keys:
                return unsayable(f"`{span.text}`", span)
            key, rest = found, rest[1:]
        attribute = rest[0] if len(rest) == 1 else None
        if kind in CATEGORIES and attribute in {"arn", "id", "name"}:
            entity = self.names.get(_address(block, key)) or self._entity(block, key)
            is_name = attribute == "name" or (attribute == "id" and kind in _NAMED_BY_ID)
            if is_name:
                return Value(entity, span)
            path = self._argument(block, "path")
            if entity.lower() in self._shared and kind in _IN_IAM:
                said = path.value if path is not None and isinstance(path.value, str) else "/"
                return Value(arn(kind.removeprefix("aws_iam_"), said, entity), span)
            return Value(placeholder(f"entity {entity}"), span)
        if kind == "aws_s3_bucket" and attribute in {"arn", "id", "bucket"} and key is None:
            return self._bucket(block, attribute, span)
        if kind == _OIDC and attribute in {"arn", "id", "url"} and key is None:
            return self._identity_provider(block, str(attribute), span)
        if isinstance(attribute, str) and key is None:
            value = self._argument(block, attribute)
            if value is not None:
                return value if isinstance(value.value, Open) else value._replace(span=span)
        whole = rest if key is None else [str(key), *rest]
        return self._other(kind, name, whole, span, one_text=one_text)

    def _bucket(self, block: Block, attribute: str, span: Span) -> Value:
        """Return a bucket's name or ARN, which its name makes."""
        name = self._argument(block, "bucket")
        text = name.value if name is not None and isinstance(name.value, str) else None
        if text is None:
            label = block.labels[1]
            text = self._extern(
                f"aws_s3_bucket.{label}.bucket", f"{label}_bucket", "String", span, 63
            ).value
        if attribute == "arn":
            text = f"arn:{placeholder('aws.partition')}:s3:::{text}"
        return Value(text, span)

    def _identity_provider(self, block: Block, attribute: str, span: Span) -> Value:
        """Return the host of an identity provider, or its ARN, which the host makes.

        IAM keeps the URL without its scheme (AWS "API_GetOpenIDConnectProvider").
        """
        node, url = block.attributes.get("url"), self._argument(block, "url")
        text = as_text(url) if url is not None else None
        if node is None or not isinstance(text, str):
            return self._other(block.labels[0], block.labels[1], [attribute], span, one_text=True)
        if text.startswith(iam.PLACEHOLDER_OPEN):
            # The name and the key of what `replace(x, "https://", "")` of the same `x` is.
            written = re.sub(r"\s+", "", node.span.text.removeprefix('"${').removesuffix('}"'))
            host = self._extern(
                f'replace({written},"https://","")',
                f"{iam.placeholders(text)[0]}_host",
                "String",
                span,
                256,
            )
            text = str(host.value)
        text = text.removeprefix("https://")
        return Value(text if attribute == "url" else arn("oidc-provider", "/", text), span)

    def _argument(self, block: Block, name: str) -> Value | None:
        """Return the value of an argument that a block has, which its attribute then is."""
        node = block.attributes.get(name)
        guard = (*block.labels, name)
        if node is None or guard in self._open:
            return None
        self._open.add(guard)
        try:
            return evaluate(node, self, one_text=name in {"bucket", "name", "arn", "url"})
        finally:
            self._open.discard(guard)

    def _instance(self, block: Block | None, rest: list[Any]) -> list[Any]:
        """Return a path without the `[0]` that a data source with `count` needs."""
        counted = block is not None and {"count", "for_each"} & block.attributes.keys()
        return rest[1:] if counted and len(rest) > 1 else rest

    @property
    def names(self) -> dict[str, str]:
        """Return the names of the entities by address; none while they are looked for."""
        if self._names is None:
            self._names = {}
            wishes = [
                Wish(_address(block, key), block.labels[0], self._entity(block, key))
                for block in self.resources.values()
                if block.labels[0] in CATEGORIES
                for key in self._all_keys(block)
            ]
            self._shared = shared(wishes)
            self._names = give(wishes)
        return self._names

    def _all_keys(self, block: Block) -> list[Any]:
        many = {"count", "for_each"} & block.attributes.keys()
        return list(self.keys(block) or ()) if many else [None]

    def _entity(self, block: Block, key: str | int | None) -> str:
        """Return the name of an entity: its own if that is known, else that of its block."""
        scope = self if key is None else Instance(self, block, key)
        node = block.attributes.get("name")
        guard = (*block.labels, "name", key)
        if node is not None and guard not in self._open:
            self._open.add(guard)
            try:
                text = as_text(evaluate(node, scope, one_text=True))
            finally:
                self._open.discard(guard)
            if isinstance(text, str) and is_static(text) and text:
                return text
        return block.labels[1] if key is None else f"{block.labels[1]}-{key}"

    def keys(self, block: Block) -> list[str] | list[int] | None:
        """Return the keys of the instances of a block; None where they are not known."""
        count, each = block.attributes.get("count"), block.attributes.get("for_each")
        if count is not None:
            value = evaluate(count, self).value
            known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1000
            return list(range(value)) if known else None
        if (other := self.many(each)) is not None:
            return self.keys(other)
        value = evaluate(each, self).value if each is not None else None
        match value:
            case dict(items):
                return list(items) if all(map(is_static, items)) else None
            case list(items):
                texts = [item.value for item in items]
                if all(isinstance(text, str) and is_static(text) for text in texts):
                    return texts
            case _:
                pass
        return None

    def many(self, node: Expression | None) -> Block | None:
        """Return the block with instances that an expression is, as in `for_each = aws_x.y`."""
        match node:
            case Reference((str(kind), str(name))) if (kind, name) in self.resources:
                block = self.resources[kind, name]
                return block if "for_each" in block.attributes else None
            case _:
                return None


class Instance:
    """What references stand for inside one instance of a block with `count` or `for_each`."""

    def __init__(self, module: Module, block: Block, key: str | int) -> None:
        self._module, self._key = module, key
        self._each = block.attributes.get("for_each")

    def stand_in(self, name: str, span: Span) -> Value:
        """Return a mark for an expression that is one text."""
        return self._module.stand_in(name, span)

    def refer(self, node: Reference, *, one_text: bool) -> Value:
        """Return the value of a reference; see `evaluate.Names`."""
        module, span = self._module, node.span
        match node.parts:
            case ("each", "key") | ("count", "index"):
                return Value(self._key, span)
            case ("each", "value", *rest) if (other := module.many(self._each)) is not None:
                path = (*other.labels, self._key, *rest)
                return module.refer(Reference(path, span), one_text=one_text)
            case ("each", "value", *rest) if self._each is not None:
                items = evaluate(self._each, module).value
                value = items[self._key] if isinstance(items, dict) else Value(self._key, span)
                return module.walk(value, rest, span)
            case _:
                return module.refer(self._keyed(node), one_text=one_text)

    def _keyed(self, node: Reference) -> Reference:
        """Return a reference with the indexes in it known: `x[each.key]` is `x["a"]`."""
        parts = [
            part if isinstance(part, (str, int)) else (plain_key(evaluate(part, self)) or part)
            for part in node.parts
        ]
        return Reference(tuple(parts), node.span)


def _address(block: Block, key: str | int | None) -> str:
    """Return the address of an instance as Terraform writes it."""
    address = ".".join(block.labels)
    if key is None:
        return address
    return f'{address}["{key}"]' if isinstance(key, str) else f"{address}[{key}]"


def plain_key(value: Value) -> str | int | None:
    """Return a value that is an index; None for one that is not known."""
    key = value.value
    if isinstance(key, str):
        return key if is_static(key) else None
    return key if isinstance(key, int) and not isinstance(key, bool) else None


def constant(node: Expression | None) -> str | None:
    """Return the text that an expression is as it stands."""
    match node:
        case Template((str(text),)):
            return text
        case Literal(int(number)) if not isinstance(number, bool):
            return str(number)
        case _:
            return None
