"""The tree as written: what stands in a source, spans and comments included.

Nothing here is resolved: a `Name` is letters, a `Statement` is what was typed. Every node has a
`span`. Nodes are compared by `show`, which leaves spans out (generated methods cost start-up time). A part that could not be read is `Broken`, and later
passes pass over it in silence, because the parser has already said why.

Invariant: this module imports nothing but `source`; nodes are frozen and hold only nodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from iamdsl.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator


# Expressions


@attrs.frozen(repr=False, eq=False)
class Name:
    """A single name: a value, an entity, an action of an imported module."""

    text: str
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Text:
    """Text with holes: `parts` alternate freely between text and expressions.

    Attributes:
        kind: "string" (quoted), "arn" (bare) or "qualified" (`s3:GetObject`, `aws:SourceIp`).
        parts: text as meant (escapes undone, `{{` is `{`), IAM's `${…}` left as it stands.
    """

    kind: str
    parts: tuple[str | Expression, ...]
    span: Span = attrs.field(kw_only=True)

    @property
    def plain(self) -> str | None:
        """Return the text when it has no holes, else None."""
        if len(self.parts) == 1 and isinstance(self.parts[0], str):
            return self.parts[0]
        return None if self.parts else ""


@attrs.frozen(repr=False, eq=False)
class Literal:
    """A literal of one token; `kind` is int, decimal, account, duration, date, network or bool.

    Also "star" (a bare `*`), "action" and "level" (the items of an action set).
    """

    kind: str
    text: str
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class ListOf:
    """`[a, b]`."""

    items: tuple[Expression, ...]
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Comprehension:
    """`[item for name in source if condition]`."""

    item: Expression
    name: Name
    source: Expression
    condition: Expression | None
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Record:
    """`{ team = "orders" }`; a key is a `Name` or a `Text`."""

    entries: tuple[tuple[Name | Text, Expression], ...]
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Field:
    """`record.name` or `module.name`."""

    base: Expression
    name: Name
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Call:
    """`function(arguments)`: a builder, a conversion, a template."""

    function: Expression
    arguments: tuple[tuple[Name | None, Expression], ...]
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class ActionSet:
    """`service:[A, B*, @list]` or `service:@list`."""

    service: Literal
    items: tuple[Literal | Text, ...]
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Principal:
    """`service lambda`, `account x`, `oidc "host"`, `canonical "id"`, `anyone`."""

    kind: str
    value: Expression | None
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Optional:
    """`key?`: before an operator, true also when the key is missing."""

    base: Expression
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Compare:
    """`left operator right`; `exists` and `missing` have no right side."""

    operator: str
    left: Expression
    right: Expression | None
    quantifier: str | None = None
    ignoring_case: bool = False
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Fold:
    """`all([…])` or `any([…])`."""

    kind: str
    base: Expression
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Logic:
    """`a and b and c`, or the same with `or`."""

    operator: str
    parts: tuple[Expression, ...]
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Not:
    """`not a`."""

    base: Expression
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Group:
    """`( a )`; kept because the layout is the author's."""

    base: Expression
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Broken:
    """What could not be read, and was complained about."""

    span: Span = attrs.field(kw_only=True)


Expression: TypeAlias = (
    Name
    | Text
    | Literal
    | ListOf
    | Comprehension
    | Record
    | Field
    | Call
    | ActionSet
    | Principal
    | Optional
    | Compare
    | Fold
    | Logic
    | Not
    | Group
    | Broken
)


# Types


@attrs.frozen(repr=False, eq=False)
class TypeName:
    """`String`, `s3:bucket` or the literal `"dev"`: `kind` is name, resource or text."""

    kind: str
    text: str
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class TypeList:
    """`List[T]`; `name` is what was written before the bracket."""

    name: str
    item: Type
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class TypeRecord:
    """`{ id: AccountId, name: String = "x" }`."""

    fields: tuple[Parameter, ...]
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class TypeUnion:
    """`"dev" | "prod"`."""

    options: tuple[Type, ...]
    span: Span = attrs.field(kw_only=True)


Type: TypeAlias = TypeName | TypeList | TypeRecord | TypeUnion


@attrs.frozen(repr=False, eq=False)
class Parameter:
    """`name: type = default`: of a template, of a record type, and of the build (`param`)."""

    name: Name
    type: Type
    default: Expression | None
    doc: str = ""
    span: Span = attrs.field(kw_only=True)


# Members


@attrs.frozen(repr=False, eq=False)
class Import:
    """`import std.lambda`, `import "./x.json" as x: T`; `path` is dotted names or a file."""

    path: tuple[str, ...] | str
    alias: Name | None
    type: Type | None
    place: Span
    span: Span = attrs.field(kw_only=True)

    @property
    def name(self) -> Name:
        """Return the name that what is imported has here: the alias, or the path's last part."""
        if self.alias is not None:
            return self.alias
        last = self.path.rsplit("/", 1)[-1] if isinstance(self.path, str) else self.path[-1]
        return Name(last.split(".", 1)[0], span=self.place)


@attrs.frozen(repr=False, eq=False)
class Param:
    """`param env: "dev" | "prod" = "dev"`."""

    parameter: Parameter
    doc: str = ""
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Extern:
    """`extern lake: s3:bucket max 63`."""

    name: Name
    type: Type
    max: Literal | None
    doc: str = ""
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Let:
    """`let name = value`."""

    name: Name
    type: Type | None
    value: Expression
    doc: str = ""
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Declaration:
    """A policy, role, account … with a body.

    Attributes:
        kind: the keyword, e.g. "policy".
        name: a `Name`, or a `Text` when quoted or computed.
        header: what the kind takes besides: `for` of a policy, `of` of a test, the id of a
            place, the description of a guard.
        exceptions: `except` of a guard.
    """

    kind: str
    name: Name | Text
    header: Expression | None
    exceptions: tuple[Expression, ...]
    body: tuple[Member, ...]
    doc: str = ""
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Template:
    """`template name(parameters) { … }`."""

    name: Name
    parameters: tuple[Parameter, ...]
    body: tuple[Member, ...]
    doc: str = ""
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Selection:
    """A list and what `except` takes away from it."""

    items: tuple[Expression, ...]
    exceptions: tuple[Expression, ...] = ()
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Statement:
    """A sentence: `allow deny trust` grant, `allows denies never always` check.

    Attributes:
        actions: what stands after the verb; in `trust` without `to`, the principals.
        clauses: pairs of keyword and node, as written: `to on` a `Selection`, `when unless` an
            expression, `as` a `Name` or `Text`, `given` a `Record`.
    """

    verb: str
    actions: Selection
    clauses: tuple[tuple[str, Selection | Expression], ...]
    doc: str = ""
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Attach:
    """`attach a, b`."""

    items: tuple[Expression, ...]
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Setting:
    """`path "/x/"`, `boundary b`, `tags { … }`."""

    name: str
    values: tuple[Expression, ...]
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class Use:
    """`use template(arguments)`."""

    template: Expression
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class For:
    """`for name in source if condition { … }`."""

    name: Name
    source: Expression
    condition: Expression | None
    body: tuple[Member, ...]
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class If:
    """`if condition { … } else { … }`."""

    condition: Expression
    body: tuple[Member, ...]
    otherwise: tuple[Member, ...]
    span: Span = attrs.field(kw_only=True)


Member: TypeAlias = (
    Import
    | Param
    | Extern
    | Let
    | Declaration
    | Template
    | Statement
    | Attach
    | Setting
    | Use
    | For
    | If
    | Broken
)


@attrs.frozen(repr=False, eq=False)
class Comment:
    """A comment with its `#`; `##` ones are documentation."""

    text: str
    span: Span = attrs.field(kw_only=True)


@attrs.frozen(repr=False, eq=False)
class File:
    """A whole source; `comments` are all of them, in order."""

    members: tuple[Member, ...]
    comments: tuple[Comment, ...] = ()
    span: Span = attrs.field(kw_only=True)


def children(node: object) -> Iterator[Any]:
    """Yield the nodes directly below `node`, in order of writing."""
    for name in getattr(node, "__slots__", ()):
        if name not in {"span", "place", "__weakref__"}:
            yield from _nodes(getattr(node, name))


def _nodes(value: object) -> Iterator[Any]:
    if isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
    elif hasattr(value, "span") and not isinstance(value, Span):
        yield value


def walk(node: object) -> Iterator[Any]:
    """Yield `node` and everything below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def show(node: object, depth: int = 0) -> str:
    """Return the tree as indented text, for snapshots and bug reports; spans left out."""
    pad = "  " * depth
    if isinstance(node, tuple):
        return "".join(show(item, depth) for item in node) or f"{pad}()\n"
    if not hasattr(node, "span"):
        return f"{pad}{node!r}\n"
    lines = [f"{pad}{type(node).__name__}\n"]
    for name in getattr(node, "__slots__", ()):
        value = getattr(node, name)
        if name in {"span", "place", "__weakref__"} or value in (None, "", (), False):
            continue
        if isinstance(value, str):
            lines.append(f"{pad}  {name}: {value!r}\n")
        else:
            lines.append(f"{pad}  {name}:\n{show(value, depth + 2)}")
    return "".join(lines)
