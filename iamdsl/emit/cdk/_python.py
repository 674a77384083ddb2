"""A construct of CDK in Python, as ruff and black leave it."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from iamdsl.emit._marks import Mark, parts
from iamdsl.emit._marks import words as one_line
from iamdsl.emit._templates import rendered
from iamdsl.emit.cdk._code import Call, Create, Make, Member, New, Struct, Tag, uses
from iamdsl.emit.cdk._layout import Block, Item, Sheet
from iamdsl.emit.cdk._words import camel, pascal, snake, unique, words

if TYPE_CHECKING:
    from iamdsl.emit._targets import Data
    from iamdsl.emit.cdk._code import Construct, Do, Expr, Options
    from iamdsl.emit.cdk._layout import Layout
    from iamdsl.iam import Extern

_SHEET = Sheet(88, 4)
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_OURS = {"self", "scope", "construct_id", "stack", "re", "cdk", "iam"}


def file_stem(construct: Construct) -> str:
    """Return the name of the file, without what it ends with."""
    name = "_".join(construct.words)
    return f"_{name}" if name[:1].isdigit() else name


def program(construct: Construct) -> str:
    """Return the text of the file."""
    return _Program(construct).text()


def literal(text: str) -> str:
    """Return a text without marks between quotes, those that need fewer escapes."""
    quote = _quote(text)
    return f"{quote}{_escaped(text, quote)}{quote}"


def comment(text: str) -> str:
    """Return a text as it can stand in a comment or between three quotes, on one line."""
    shown = "".join(c if c.isprintable() else "?" for c in one_line(text))
    return shown.replace("\\", "/").replace('"""', "'''").rstrip('"')


class _Program:
    """One file."""

    def __init__(self, construct: Construct) -> None:
        self._construct = construct
        self._used = uses(construct.steps)
        taken = {*_OURS, *map(module, self._used.modules), *dir(builtins), *keyword.kwlist}
        self._props = {}
        for extern in construct.props:
            name = snake(camel(words(extern.name))) or "value"
            name = f"{name}_" if name in taken else name
            self._props[extern.name] = unique(name, taken)

    def text(self) -> str:
        construct, name, used = self._construct, pascal(self._construct.words), self._used
        stack = used.stack or construct.account is not None
        return rendered(
            "cdk-python.py.j2",
            {"comment": comment, "literal": literal, "module": module, "snake": snake},
            construct=construct,
            name=name,
            core=stack or bool(construct.props) or "cdk" in used.modules,
            stack=stack,
            modules=sorted(used.modules - {"cdk"}),
            functions=used.functions,
            props=[self._prop(extern) for extern in construct.props],
            made=[(step, _typed(step.new.type)) for step in self._made()],
            typing=self._typing(),
            refusal=self._refusal(name),
            checks=[self._check(extern) for extern in construct.props],
            body=[self._step(step) for step in construct.steps],
        )

    def _typing(self) -> list[str]:
        any_ = ["Any"] * bool(self._used.functions & {"policyDocument", "setDocument", "setTrust"})
        return any_ + ["Literal"] * any(extern.options for extern in self._construct.props)

    def _made(self) -> list[Make]:
        return [step for step in self._construct.steps if isinstance(step, Make)]

    def _refusal(self, name: str) -> str:
        """Return what is raised in a stack of another account."""
        if self._construct.account is None:
            return ""
        title, number = self._construct.account
        account = f"{title} ({number})" if title else number
        said = f"{name} is for the account {account}, not for "
        quote = _quote(said)
        text = _escaped(said, quote).replace("{", "{{").replace("}", "}}")
        error = Item("", f"f{quote}{text}{{stack.account}}{quote}")
        return _SHEET.written(Block("raise ValueError(", (error,), ")"), 12, 12)

    def _check(self, extern: Extern) -> str:
        name = self._props[extern.name]
        values = [literal(name), name, str(extern.longest), literal(extern.pattern)]
        items = tuple(Item("", value) for value in values)
        return _SHEET.written(Block("_check(", items, ")"), 8, 8)

    def _prop(self, extern: Extern) -> Data:
        name = self._props[extern.name]
        kind: Layout = "str"
        if extern.options:
            items = tuple(Item("", literal(option)) for option in extern.options)
            kind = Block("Literal[", items, "]")
        written = _SHEET.written(kind, 8, len(f"        {name}: "), 1)
        doc = extern.doc or f"A value of type {extern.type}."
        return {"name": name, "type": written, "doc": doc}

    def _step(self, step: Make | Do) -> str:
        """Return a statement, indented as in the body of the constructor."""
        if isinstance(step, Make):
            head = f"self.{snake(step.member.name)} = "
            return f"\n        {head}{_SHEET.written(self._layout(step.new), 8, 8 + len(head))}"
        return f"        {_SHEET.written(self._layout(step.what), 8, 8)}"

    def _layout(self, value: Expr | Tag) -> Layout:
        match value:
            case str():
                return self._text(value)
            case int():
                return str(value)
            case Member():
                return f"self.{snake(value.name)}" if value.name else "self"
            case Create():
                return f"{_typed(value.type)}()"
            case Tag():
                head = f"cdk.Tags.of(self.{snake(value.of.name)}).add("
                return Block(head, self._items(value.key, value.value), ")")
            case Call():
                then = f").{snake(value.then)}()" if value.then else ")"
                return Block(f"{_called(value.function)}(", self._items(*value.arguments), then)
            case New():
                items = [*self._items(value.scope), Item("", literal(value.id))]
                items += self._named(value.options)
                broken = len(value.options) > 1
                return Block(f"{_typed(value.type)}(", tuple(items), ")", broken=broken)
            case Struct():
                return Block(f"{_typed(value.type)}(", self._named(value.options), ")")
            case Mapping():
                members = [Item(f"{self._text(k)}: ", self._layout(v)) for k, v in value.items()]
                return Block("{", tuple(members), "}", broken=len(members) > 1)
            case Sequence():
                return Block("[", self._items(*value), "]")

    def _items(self, *values: Expr) -> tuple[Item, ...]:
        return tuple(Item("", self._layout(value)) for value in values)

    def _named(self, options: Options) -> tuple[Item, ...]:
        return tuple(Item(f"{snake(name)}=", self._layout(value)) for name, value in options)

    def _text(self, text: str) -> str:
        found = parts(text)
        if len(found) == 1 and isinstance(found[0], Mark):
            return self._open(found[0])
        if not any(isinstance(part, Mark) for part in found):
            return literal(text)
        quote = _quote("".join(part for part in found if isinstance(part, str)))
        inner = "".join(
            f"{{{self._open(part)}}}"
            if isinstance(part, Mark)
            else _escaped(part, quote).replace("{", "{{").replace("}", "}}")
            for part in found
        )
        return f"f{quote}{inner}{quote}"

    def _open(self, mark: Mark) -> str:
        return OPEN.get(mark.name) or self._props[mark.name]


OPEN = {
    "aws.account": "stack.account",
    "aws.partition": "stack.partition",
    "aws.region": "stack.region",
    "aws.url_suffix": "stack.url_suffix",
}
"""What stands for what AWS knows."""


def module(name: str) -> str:
    """Return what a module is called in the file: `lambda_` for `lambda`."""
    return f"{name}_" if keyword.iskeyword(name) else name


def _called(function: str) -> str:
    """Return the name of a function: of classes it is left, what else there is in snake case."""
    if "." not in function:
        return f"_{snake(function)}"
    first, *rest = function.split(".")
    return ".".join([module(first), *(n if n[0].isupper() else snake(n) for n in rest)])


def _typed(name: str) -> str:
    first, _, rest = name.partition(".")
    return f"{module(first)}.{rest}"


def _quote(text: str) -> str:
    return "'" if text.count('"') > text.count("'") else '"'


def _escaped(text: str, quote: str) -> str:
    written = []
    for character in text:
        if character in _ESCAPES:
            written.append(_ESCAPES[character])
        elif character == quote:
            written.append(f"\\{quote}")
        elif character.isprintable():
            written.append(character)
        elif ord(character) < 0x100:
            written.append(f"\\x{ord(character):02x}")
        elif ord(character) < 0x10000:
            written.append(f"\\u{ord(character):04x}")
        else:
            written.append(f"\\U{ord(character):08x}")
    return "".join(written)
