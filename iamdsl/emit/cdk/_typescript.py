"""A construct of CDK in TypeScript, as Prettier leaves it with single quotes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from iamdsl.emit._marks import Mark, has_marks, parts
from iamdsl.emit._marks import words as one_line
from iamdsl.emit._templates import rendered
from iamdsl.emit.cdk._code import Call, Create, Make, Member, New, Struct, Tag, uses
from iamdsl.emit.cdk._layout import Block, Item, Sheet
from iamdsl.emit.cdk._words import camel, pascal, unique, words

if TYPE_CHECKING:
    from iamdsl.emit._targets import Data
    from iamdsl.emit.cdk._code import Construct, Do, Expr, Options
    from iamdsl.emit.cdk._layout import Layout
    from iamdsl.iam import Extern

_SHEET = Sheet(100, 2, lowers=True)
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def file_stem(construct: Construct) -> str:
    """Return the name of the file, without what it ends with."""
    return "-".join(construct.words)


def program(construct: Construct) -> str:
    """Return the text of the file."""
    return _Program(construct).text()


def literal(text: str) -> str:
    """Return a text without marks between quotes, those that need fewer escapes."""
    quote = '"' if text.count("'") > text.count('"') else "'"
    return f"{quote}{_escaped(text, quote)}{quote}"


def comment(text: str) -> str:
    """Return a text as it can stand in a comment, on one line."""
    shown = "".join(c if c.isprintable() else "?" for c in one_line(text))
    return shown.replace("*/", "* /")


def pattern(text: str) -> str:
    """Return a regular expression between slashes."""
    escaped = text.replace("/", "\\/")
    return f"/{escaped}/"


class _Program:
    """One file."""

    def __init__(self, construct: Construct) -> None:
        self._construct = construct
        taken: set[str] = set()
        self._props = {
            extern.name: unique(camel(words(extern.name)) or "value", taken)
            for extern in construct.props
        }

    def text(self) -> str:
        construct, name = self._construct, pascal(self._construct.words)
        used = uses(construct.steps)
        stack = used.stack or construct.account is not None
        core = stack or bool(
            construct.props or used.modules & {"cdk"} or "setText" in used.functions
        )
        iam = used.functions - {"after", "setText"}
        return rendered(
            "cdk-typescript.ts.j2",
            {"comment": comment, "literal": literal},
            construct=construct,
            name=name,
            core=core,
            stack=stack,
            modules=sorted((used.modules - {"cdk"}) | ({"iam"} if iam else set())),
            functions=used.functions,
            props=[self._prop(extern) for extern in construct.props],
            made=[step for step in construct.steps if isinstance(step, Make)],
            head=self._head(name),
            refusal=self._refusal(name),
            checks=[self._check(extern) for extern in construct.props],
            body=[self._step(step) for step in construct.steps],
        )

    def _head(self, name: str) -> str:
        """Return the beginning of the constructor."""
        takes = ["scope: Construct", "id: string"]
        takes += [f"props: {name}Props"] * bool(self._props)
        items = tuple(Item("", text) for text in takes)
        return _SHEET.written(Block("constructor(", items, ")"), 2, 2, 2)

    def _refusal(self, name: str) -> str:
        """Return what is thrown in a stack of another account."""
        if self._construct.account is None:
            return ""
        title, number = self._construct.account
        account = f"{title} ({number})" if title else number
        said = f"{name} is for the account {account}, not for "
        error = Item("", f"`{_escaped(said, '`')}${{stack.account}}`")
        return _SHEET.written(Block("throw new Error(", (error,), ")"), 6, 6, 1)

    def _check(self, extern: Extern) -> str:
        name = self._props[extern.name]
        values = [literal(name), f"props.{name}", str(extern.longest), pattern(extern.pattern)]
        items = tuple(Item("", value) for value in values)
        return _SHEET.written(Block("check(", items, ")"), 4, 4, 1)

    def _prop(self, extern: Extern) -> Data:
        name = self._props[extern.name]
        options = [literal(option) for option in extern.options]
        kind = " | ".join(options) or "string"
        if options and len(f"  readonly {name}: {kind};") > _SHEET.width:
            kind = "".join(f"\n    | {option}" for option in options)
        kind = kind if kind.startswith("\n") else f" {kind}"
        return {"name": name, "type": kind, "doc": extern.doc or f"A value of type {extern.type}."}

    def _step(self, step: Make | Do) -> str:
        """Return a statement, indented as in the body of the constructor."""
        indent = 4
        if isinstance(step, Make):
            head = f"this.{step.member.name} = "
            written = _SHEET.written(self._layout(step.new), indent, indent + len(head), 1)
            return f"\n{' ' * indent}{head}{written};"
        return f"{' ' * indent}{_SHEET.written(self._layout(step.what), indent, indent, 1)};"

    def _layout(self, value: Expr | Tag) -> Layout:
        match value:
            case str():
                return self._text(value)
            case int():
                return str(value)
            case Member():
                return f"this.{value.name}" if value.name else "this"
            case Create():
                return f"new {value.type}()"
            case Tag():
                head = f"cdk.Tags.of(this.{value.of.name}).add("
                return Block(head, self._items(value.key, value.value), ")")
            case Call():
                then = f").{value.then}()" if value.then else ")"
                return Block(f"{value.function}(", self._items(*value.arguments), then, hugs=True)
            case New():
                items = [*self._items(value.scope), Item("", literal(value.id))]
                if value.options:
                    items.append(Item("", self._object(value.options, broken=True)))
                return Block(f"new {value.type}(", tuple(items), ")", hugs=True)
            case Struct():
                return self._object(value.options, broken=False)
            case Mapping():
                members = [Item(f"{self._key(k)}: ", self._layout(v)) for k, v in value.items()]
                return Block("{", tuple(members), "}", spaced=True, broken=len(members) > 1)
            case Sequence():
                several = len(value) > 1 and all(isinstance(v, (dict, Struct)) for v in value)
                return Block("[", self._items(*value), "]", broken=several)

    def _items(self, *values: Expr) -> tuple[Item, ...]:
        return tuple(Item("", self._layout(value)) for value in values)

    def _object(self, options: Options, *, broken: bool) -> Block:
        items = tuple(Item(f"{name}: ", self._layout(value)) for name, value in options)
        return Block("{", items, "}", spaced=True, broken=broken)

    def _key(self, name: str) -> str:
        # As a computed name `__proto__` is a name like any other.
        if has_marks(name) or name == "__proto__":
            return f"[{self._text(name)}]"
        return name if _NAME.fullmatch(name) else literal(name)

    def _text(self, text: str) -> str:
        found = parts(text)
        if not any(isinstance(part, Mark) for part in found):
            return literal(text)
        if len(found) == 1 and isinstance(found[0], Mark):
            return self._open(found[0])
        inner = "".join(
            f"${{{self._open(part)}}}" if isinstance(part, Mark) else _escaped(part, "`")
            for part in found
        )
        return f"`{inner}`"

    def _open(self, mark: Mark) -> str:
        return OPEN.get(mark.name) or f"props.{self._props[mark.name]}"


OPEN = {
    "aws.account": "stack.account",
    "aws.partition": "stack.partition",
    "aws.region": "stack.region",
    "aws.url_suffix": "stack.urlSuffix",
}
"""What stands for what AWS knows."""


def _escaped(text: str, quote: str) -> str:
    """Return a text as it stands between quotes; in a template, `$` before `{` is one of ours."""
    written = []
    for position, character in enumerate(text):
        if character in _ESCAPES:
            written.append(_ESCAPES[character])
        elif character == quote:
            written.append(f"\\{quote}")
        elif quote == "`" and character == "$" and text[position + 1 : position + 2] in {"{", ""}:
            written.append("\\$")
        elif character.isprintable():
            written.append(character)
        elif ord(character) < 0x10000:
            written.append(f"\\u{ord(character):04x}")
        else:
            written.append(f"\\u{{{ord(character):x}}}")
    return "".join(written)
