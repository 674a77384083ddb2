"""`data "aws_iam_policy_document"`: its blocks to a policy's JSON, merged as the provider merges.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from iamdsl.lift.terraform.evaluate import as_text, evaluate, unsayable
from iamdsl.lift.terraform.values import Encoded, Open, Value

if TYPE_CHECKING:
    from iamdsl.lift.terraform.blocks import Block
    from iamdsl.lift.terraform.evaluate import Names
    from iamdsl.source import Span

_SETTINGS = {
    "policy_id",
    "version",
    "source_policy_documents",
    "override_policy_documents",
    "source_json",
    "override_json",
    "count",
    "for_each",
    "provider",
    "depends_on",
}
_LISTS = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}


def document(block: Block, names: Names) -> Value:
    """Return the document that a block says; what has no exact form is open in it."""
    strange = _strange(block, _SETTINGS, {"statement"})
    if strange is not None:
        return strange
    own = [_statement(inner, names) for inner in block.all("statement")]
    layers: list[Value] = []
    for name in ("source_json", "source_policy_documents"):
        layers += _documents(block, name, names)
    merged = _Merged()
    for layer in layers:
        merged.add(layer)
    for statement in own:
        merged.put(statement)
    for name in ("override_policy_documents", "override_json"):
        for layer in _documents(block, name, names):
            merged.add(layer)
    for name, member in (("policy_id", "Id"), ("version", "Version")):
        node = block.attributes.get(name)
        if node is not None:
            merged.members[member] = evaluate(node, names, one_text=True)
    version = Value("2012-10-17", block.span)
    found = {"Version": version} | merged.members
    found["Statement"] = Value(merged.statements, block.span)
    return Value({n: v for n, v in found.items() if v.value is not None}, block.span)


class _Merged:
    """Documents on top of each other: a statement replaces the one before it that has its Sid."""

    def __init__(self) -> None:
        self.statements: list[Value] = []
        self.members: dict[str, Value] = {}

    def add(self, layer: Value) -> None:
        if not isinstance(layer.value, dict):
            self.statements.append(layer)
            return
        for name, value in layer.value.items():
            if name == "Statement":
                for statement in value.value if isinstance(value.value, list) else [value]:
                    self.put(statement)
            elif value.value:
                self.members[name] = value

    def put(self, statement: Value) -> None:
        sid = _sid(statement)
        for number, other in enumerate(self.statements):
            if sid and _sid(other) == sid:
                self.statements[number] = statement
                return
        self.statements.append(statement)


def _sid(statement: Value) -> Any:
    found = statement.value.get("Sid") if isinstance(statement.value, dict) else None
    return found.value if found is not None else None


def _documents(block: Block, name: str, names: Names) -> list[Value]:
    """Return the documents that an argument holds, one text or a list of them."""
    node = block.attributes.get(name)
    if node is None:
        return []
    given = evaluate(node, names, one_text=not name.endswith("_json"))
    items = given.value if isinstance(given.value, list) else [given]
    return [made for item in items if (made := _read(item)) is not None]


def _read(item: Value) -> Value | None:
    match item.value:
        case Encoded():
            return item.value.values
        case None | "":
            return None
        case str(text):
            try:
                return _placed(json.loads(text), item.span)
            except (ValueError, RecursionError):
                return unsayable("a text that is no JSON", item.span)
        case Open():
            return item
        case _:
            return unsayable("what is no document", item.span)


def _placed(value: Any, span: Span) -> Value:
    """Return plain values as standing all at one place."""
    match value:
        case list():
            return Value([_placed(item, span) for item in value], span)
        case dict():
            return Value({name: _placed(item, span) for name, item in value.items()}, span)
        case _:
            return Value(value, span)


def _strange(block: Block, attributes: set[str], blocks: set[str]) -> Value | None:
    """Return an open value for the first thing in a block that is not known to stand there."""
    for name, node in block.attributes.items():
        if name not in attributes:
            return unsayable(f"the argument `{name}`", node.span)
    for inner in block.blocks:
        if inner.kind == "dynamic":
            return unsayable("a `dynamic` block", inner.span)
        if inner.kind not in blocks:
            return unsayable(f"the block `{inner.kind}`", inner.span)
    return None


def _statement(block: Block, names: Names) -> Value:
    blocks = {"principals", "not_principals", "condition"}
    strange = _strange(block, {"sid", "effect", *_LISTS}, blocks)
    if strange is not None:
        return strange
    made: dict[str, Value] = {}
    for name, member in (("sid", "Sid"), ("effect", "Effect")):
        if name in block.attributes:
            value = evaluate(block.attributes[name], names, one_text=True)
            if value.value not in (None, ""):
                made[member] = value
    made.setdefault("Effect", Value("Allow", block.span))
    for kind, member in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if block.all(kind):
            made[member] = _principals(block.all(kind), names)
    for name, member in _LISTS.items():
        if name in block.attributes:
            values = _texts(block.attributes[name], names)
            if values.value:
                made[member] = values
    if block.all("condition"):
        made["Condition"] = _conditions(block.all("condition"), names)
    return Value(made, block.span)


def _texts(node: Any, names: Names) -> Value:
    """Return a list of texts; `&{` in them is IAM's `${`, as the provider has it."""
    given = evaluate(node, names, one_text=True)
    if not isinstance(given.value, list):
        if isinstance(given.value, Open) or given.value is None:
            return given
        return unsayable("what is no list", given.span)
    made = []
    for item in given.value:
        if item.value is None:
            continue
        text = as_text(item)
        if isinstance(text, Value):
            made.append(text)
        else:
            made.append(Value(text.replace("&{", "${"), item.span))
    return Value(made, given.span)


def _principals(blocks: list[Block], names: Names) -> Value:
    made: dict[str, Value] = {}
    for block in blocks:
        strange = _strange(block, {"type", "identifiers"}, set())
        if strange is not None:
            return strange
        if len(block.attributes) < 2:
            return unsayable("a principal without `type` or `identifiers`", block.span)
        kind = evaluate(block.attributes["type"], names, one_text=True)
        listed = _texts(block.attributes["identifiers"], names)
        if not isinstance(kind.value, str):
            return kind
        if not isinstance(listed.value, list):
            return listed
        if kind.value == "*" and len(blocks) == 1 and [v.value for v in listed.value] == ["*"]:
            return Value("*", block.span)
        before = made[kind.value].value if kind.value in made else []
        made[kind.value] = Value(before + listed.value, block.span)
    return Value(made, blocks[0].span)


def _conditions(blocks: list[Block], names: Names) -> Value:
    made: dict[str, dict[str, Value]] = {}
    for block in blocks:
        strange = _strange(block, {"test", "variable", "values"}, set())
        if strange is not None:
            return strange
        if len(block.attributes) < 3:
            return unsayable("a condition without `test`, `variable` or `values`", block.span)
        words = [
            as_text(evaluate(block.attributes[name], names, one_text=True))
            for name in ("test", "variable")
        ]
        found = next((word for word in words if isinstance(word, Value)), None)
        if found is not None:
            return found
        values = _texts(block.attributes["values"], names)
        if not isinstance(values.value, list):
            return values
        keys = made.setdefault(str(words[0]), {})
        before = keys[str(words[1])].value if str(words[1]) in keys else []
        keys[str(words[1])] = Value(before + values.value, block.span)
    place = blocks[0].span
    return Value({test: Value(keys, place) for test, keys in made.items()}, place)
