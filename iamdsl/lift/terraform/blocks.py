"""HCL as blocks, attributes and expressions with their places, by python-hcl2's parser.

python-hcl2's own dicts have expressions as text and drop the order of blocks; its parse tree has
both. What templates hold in heredocs it leaves as text, and that is read here.
Syntax: https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from iamdsl.diagnostics import codes
from iamdsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from iamdsl.diagnostics import Report
    from iamdsl.source import Source


@attrs.frozen(repr=False, eq=False)
class Literal:
    """A number, a truth value or null."""

    value: float | bool | None
    span: Span


@attrs.frozen(repr=False, eq=False)
class Template:
    """A text: pieces of it, and expressions whose values come between them."""

    parts: tuple[str | Expression, ...]
    span: Span


@attrs.frozen(repr=False, eq=False)
class Items:
    """A list: `[a, b]`."""

    items: tuple[Expression, ...]
    span: Span


@attrs.frozen(repr=False, eq=False)
class Record:
    """An object: `{ a = b }`; a key that is a bare name is a text."""

    items: tuple[tuple[Expression, Expression], ...]
    span: Span


@attrs.frozen(repr=False, eq=False)
class Reference:
    """A name and what is taken of it: `aws_iam_role.x["a"].arn`; a computed index is one part."""

    parts: tuple[str | int | Expression, ...]
    span: Span


@attrs.frozen(repr=False, eq=False)
class Call:
    """A function and what it is given; `spread` if the last is `xs...`."""

    name: str
    arguments: tuple[Expression, ...]
    spread: bool
    span: Span


@attrs.frozen(repr=False, eq=False)
class Other:
    """An expression of a kind that is never evaluated here, by its name: "a conditional"."""

    what: str
    span: Span


Expression: TypeAlias = "Literal | Template | Items | Record | Reference | Call | Other"


@attrs.frozen(repr=False, eq=False)
class Block:
    """A block: `resource "aws_iam_role" "x" { … }`; `span` is its header."""

    kind: str
    labels: tuple[str, ...]
    attributes: dict[str, Expression]
    blocks: tuple[Block, ...]
    span: Span

    def all(self, kind: str) -> list[Block]:
        """Return the blocks of a kind in it."""
        return [block for block in self.blocks if block.kind == kind]


_OTHERS = {
    "conditional": "a conditional",
    "binary_op": "an operator",
    "unary_op": "an operator",
    "for_tuple_expr": "a `for` expression",
    "for_object_expr": "a `for` expression",
    "attr_splat_expr_term": "a splat",
    "full_splat_expr_term": "a splat",
}


_PRIVATE = re.compile("[\ue000\ue001\uf8f0\uf8f1]")
"""The marks of what is open, and what stands for them while JSON is read."""


def parse(source: Source, report: Report) -> Block | None:
    """Return a file as one block without a header; None if it is no HCL (and was reported)."""
    import hcl2  # noqa: PLC0415  # an extra: the caller has made sure that it is there

    if (found := _PRIVATE.search(source.text)) is not None:
        at = Span(source, *found.span())
        report.add(
            codes.NOT_HCL,
            at,
            f"`{source.name}` holds a character that is private to iamdsl",
            hint="remove it: no policy of AWS's can hold it",
        )
        return None
    try:
        tree = hcl2.parses_to_tree(source.text)
        return _Reader(source, 0, hcl2.parses_to_tree).block(tree.children[0], "", ())
    except RecursionError:
        span, said = Span(source, 0, 0), "it is nested too deeply"
    except Exception as error:
        # The parser's errors are classes of lark's, which this room does not import.
        position = _position(error, source)
        if position is None:
            raise
        span, said = position
    report.add(
        codes.NOT_HCL,
        span,
        f"`{source.name}` is no HCL: {said}",
        hint="`terraform validate` says what is wrong; correct it, and import again",
    )
    return None


def _position(error: Exception, source: Source) -> tuple[Span, str] | None:
    at = getattr(error, "pos_in_stream", None)
    if not isinstance(at, int):
        return None
    end = len(source.text.rstrip())
    if at >= end:
        return Span(source, end, end), "it ends too early"
    found = re.compile(r"[\w.-]+|\S").search(source.text, at)
    span = Span(source, *found.span()) if found else Span(source, at, at)
    return span, f"unexpected `{span.text}`"


class _Reader:
    """Reads parse trees; `offset` is where their text begins in the source."""

    def __init__(self, source: Source, offset: int, parses: Callable[[str], Any]) -> None:
        self.source, self.offset, self.parses = source, offset, parses

    def span(self, node: Any) -> Span:
        """Return the place of a node; of one over several lines, the first of them."""
        place = getattr(node, "meta", node)
        start = getattr(place, "start_pos", None)
        if start is None:
            return Span(self.source, self.offset, self.offset)
        start, end = start + self.offset, place.end_pos + self.offset
        line = self.source.text.find("\n", start, end)
        return Span(self.source, start, end if line < 0 else line)

    def block(
        self, body: Any, kind: str, labels: tuple[str, ...], span: Span | None = None
    ) -> Block:
        attributes: dict[str, Expression] = {}
        blocks = []
        for node in body.children:
            if node.data == "attribute":
                parts = _inner(node)
                attributes[self.word(parts[0])] = self.expression(parts[-1])
            elif node.data == "block":
                *names, inner = _inner(node)
                words = [self.word(name) for name in names]
                header = self.span(names[0]).to(self.span(names[-1]))
                blocks.append(self.block(inner, words[0], tuple(words[1:]), header))
        return Block(kind, labels, attributes, tuple(blocks), span or Span(self.source, 0, 0))

    def word(self, node: Any) -> str:
        """Return the text of a name or of a label."""
        if node.data == "string":
            return "".join(str(part.children[0]) for part in node.children if _is_tree(part))
        return str(node.children[0])

    def expression(self, node: Any) -> Expression:
        span = self.span(node)
        match node.data:
            case "expr_term":
                return self.expression(_inner(node)[0])
            case "string":
                return Template(tuple(self.parts(node)), span)
            case "int_lit":
                return Literal(int(node.children[0]), span)
            case "float_lit":
                return Literal(float(node.children[0]), span)
            case "literal_value":
                return Literal({"true": True, "false": False}.get(str(node.children[0])), span)
            case "heredoc_template" | "heredoc_template_trim":
                return self.heredoc(node.children[0], span)
            case "identifier":
                return Reference((str(node.children[0]),), span)
            case "tuple":
                return Items(tuple(map(self.expression, _inner(node))), span)
            case "object":
                return Record(tuple(self.element(n) for n in _inner(node)), span)
            case "function_call":
                return self.call(node, span)
            case "get_attr_expr_term" | "index_expr_term":
                return self.path(node, span)
            case other:
                return Other(_OTHERS.get(other, "an expression"), span)

    def element(self, node: Any) -> tuple[Expression, Expression]:
        key, value = _inner(node)
        name = self.expression(key.children[0])
        if isinstance(name, Reference) and name.parts and "(" not in name.span.text:
            name = Template((".".join(map(str, name.parts)),), name.span)
        return name, self.expression(value)

    def call(self, node: Any, span: Span) -> Call:
        inner = _inner(node)
        names = [n for n in inner if n.data == "identifier"]
        given = next((n for n in inner if n.data == "arguments"), None)
        arguments = [] if given is None else _inner(given)
        spread = given is not None and any(str(t) == "..." for t in given.children)
        name = "::".join(str(n.children[0]) for n in names)
        return Call(name, tuple(map(self.expression, arguments)), spread, span)

    def path(self, node: Any, span: Span) -> Expression:
        base, step = _inner(node)
        root = self.expression(base)
        if not isinstance(root, Reference):
            return Other("a part of an expression", span)
        match step.data:
            case "get_attr":
                part: str | int | Expression = str(_inner(step)[0].children[0])
            case "short_index":
                part = int(step.children[-1])
            case _:
                part = self.index(self.expression(_inner(step)[0]))
        return Reference((*root.parts, part), span)

    @staticmethod
    def index(key: Expression) -> str | int | Expression:
        match key:
            case Literal(int(number)):
                return number
            case Template((str(text),)):
                return text
            case _:
                return key

    def parts(self, node: Any) -> Iterator[str | Expression]:
        """Yield the pieces of a quoted text, its escapes read."""
        for part in node.children:
            if not _is_tree(part):
                continue
            (inner,) = part.children
            if not _is_tree(inner):
                yield _unescaped(_single(str(inner)))
            elif inner.data == "interpolation":
                yield self.expression(_inner(inner)[0])
            else:
                yield Other("a template directive", self.span(inner))

    def heredoc(self, token: Any, span: Span) -> Template:
        """Return the template in a heredoc, which has no escapes but `$${` and `%%{`."""
        text = str(token)
        start = text.index("\n") + 1
        body = text[start : text.rstrip().rindex("\n") + 1]
        offset = self.offset + token.start_pos + start
        indent = 0
        if text.startswith("<<-"):
            lines = [line for line in body.splitlines() if line.strip()]
            indent = min((len(line) - len(line.lstrip()) for line in lines), default=0)
        parts = tuple(self.template(body, offset))
        return Template(tuple(_dedented(parts, indent)), span)

    def template(self, body: str, offset: int) -> Iterator[str | Expression]:
        at = 0
        while (found := _OPENING.search(body, at)) is not None:
            if found.group() in {"$${", "%%{"}:
                yield body[at : found.start()] + found.group()[1:]
                at = found.end()
                continue
            if found.start() > at:
                yield body[at : found.start()]
            end = _closing(body, found.end())
            place = Span(self.source, offset + found.start(), offset + end)
            if found.group() == "%{":
                yield Other("a template directive", place)
            else:
                inside = body[found.end() : end - 1].strip("~")
                yield self.inside(inside, offset + found.end())
            at = end
        yield body[at:]

    def inside(self, text: str, offset: int) -> Expression:
        """Return the expression of an interpolation, which is read as one of a file is."""
        prefix = "_ = ("
        reader = _Reader(self.source, offset - len(prefix), self.parses)
        body = self.parses(f"{prefix}{text})").children[0]
        return reader.block(body, "", ()).attributes["_"]


_OPENING = re.compile(r"\$?\$\{|%?%\{")
_BRACKET = re.compile(r'[{}]|"(?:[^"\\$]|\\.|\$(?!\{))*"|"')


def _closing(text: str, at: int) -> int:
    """Return the offset after the brace that closes what is open at `at`."""
    depth = 1
    for found in _BRACKET.finditer(text, at):
        depth += {"{": 1, "}": -1}.get(found.group(), 0)
        if depth == 0:
            return found.end()
    return len(text)


def _dedented(parts: tuple[str | Expression, ...], indent: int) -> Iterator[str | Expression]:
    """Yield the parts of a template without the indentation that all of its lines have."""
    margin = re.compile(rf"^[ \t]{{1,{indent}}}", re.MULTILINE) if indent else None
    fresh = True
    for part in parts:
        if isinstance(part, str) and margin is not None:
            cut = margin.sub("", part if fresh else f"\0{part}").removeprefix("\0")
            fresh = part.endswith("\n")
            yield cut
        else:
            fresh = False
            yield part


def _single(text: str) -> str:
    return text[1:] if text.startswith(("$${", "%%{")) else text


_ESCAPE = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))')


def _unescaped(text: str) -> str:
    def read(found: re.Match[str]) -> str:
        short, four, eight = found.groups()
        if short:
            return {"n": "\n", "r": "\r", "t": "\t"}.get(short, short)
        number = int(four or eight, 16)
        return chr(number) if number <= 0x10FFFF else found.group()

    return _ESCAPE.sub(read, text) if "\\" in text else text


def _is_tree(node: Any) -> bool:
    return hasattr(node, "children")


def _inner(node: Any) -> list[Any]:
    """Return the parts of a node that say something: no brackets, commas, lines and comments."""
    return [n for n in node.children if _is_tree(n) and n.data != "new_line_or_comment"]
