"""Expressions and types to documents, a function a node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl.fmt import leaves
from iamdsl.fmt.comments import Cursor, leading, made
from iamdsl.fmt.doc import (
    BROKEN,
    SOFT,
    SPACE,
    Concat,
    Doc,
    Fill,
    Group,
    IfBroken,
    Nest,
    concat,
    join,
    render,
)
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_BRACKETED = (tree.ListOf, tree.Comprehension, tree.Record, tree.ActionSet)
"""What has brackets of its own, so that others need not break around it."""


class Cell(NamedTuple):
    """An item of a list.

    Attributes:
        lead: the comments before it.
        body: itself, with its comma.
        behind: comments that stood before the comma.
    """

    lead: Doc | None
    body: Doc
    behind: tuple[Doc, ...]

    @property
    def doc(self) -> Doc:
        """Return the three as one."""
        parts = (self.body, *self.behind)
        return concat(*parts) if self.lead is None else concat(self.lead, *parts)


def cells(items: Sequence[Any], cursor: Cursor, show: Callable[[Any, Cursor], Doc]) -> list[Cell]:
    """Return the items of a list with commas between them."""
    found = []
    for index, item in enumerate(items):
        documented = isinstance(item, tree.Parameter)
        before = made(item.doc) if documented and cursor.made else cursor.take()
        lead = leading(before, documented=documented)
        body = show(item, cursor)
        behind: tuple[Doc, ...] = ()
        if index + 1 < len(items):
            comma, over = cursor.over(",")
            body, behind = concat(body, comma), tuple(comment.doc() for comment in over)
        found.append(Cell(lead, body, behind))
    return found


def rows(opening: Doc, inside: list[Cell], end: list[Doc], closing: Doc, edge: Doc = SOFT) -> Doc:
    """Return a bracketed list: on one line, or an item a line with a comma behind the last."""
    if not inside:
        return Group(concat(opening, Nest(Concat(tuple(end))), *([SOFT] if end else []), closing))
    lines = join(SPACE, [cell.doc for cell in inside])
    return Group(concat(opening, Nest(concat(edge, lines, IfBroken(","), *end)), edge, closing))


def _packed(opening: Doc, inside: list[Cell], end: list[Doc], closing: Doc) -> Doc:
    """Return a bracketed list whose items go on one line of their own before they get one each."""
    if not inside:
        return rows(opening, inside, end, closing)
    lines = concat(join(SPACE, [cell.doc for cell in inside]), IfBroken(","), *end)
    return Group(concat(opening, Nest(concat(SOFT, Group(lines))), SOFT, closing))


def _filled(opening: Doc, inside: list[Cell], end: list[Doc], closing: Doc) -> Doc:
    """Return a bracketed list with as many items on a line as fit."""
    if not inside:
        return rows(opening, inside, end, closing)
    return Group(concat(opening, Nest(concat(SOFT, fill(inside), *end)), SOFT, closing))


def fill(inside: list[Cell]) -> Doc:
    """Return items with as many on a line as fit."""
    items: list[tuple[Doc | None, Doc]] = []
    behind: tuple[Doc, ...] = ()
    for cell in inside:
        before = (*behind, *(() if cell.lead is None else (cell.lead,)))
        items.append((concat(*before) if before else None, cell.body))
        behind = cell.behind
    return Fill(tuple(items))


def operands(items: Sequence[tree.Expression], cursor: Cursor, *, filled: bool = False) -> Doc:
    """Return items without brackets: on one line, or below each other."""
    inside = cells(items, cursor, expression)
    if len(inside) == 1:
        return inside[0].doc
    if filled:
        return Nest(Group(fill(inside)), None)
    return Nest(Group(join(SPACE, [cell.doc for cell in inside])), None)


def closed(cursor: Cursor, closing: str) -> tuple[list[Doc], Doc]:
    """Return the comments before the end of a list, a comma left out, and its closing bracket."""
    end: list[Doc] = [comment.doc() for comment in cursor.optional(",")]
    return end, cursor.token(closing)


# Expressions


def expression(node: tree.Expression, cursor: Cursor) -> Doc:
    """Return an expression as a document."""
    return _SHOW[type(node)](node, cursor)


def flat(node: tree.Expression) -> str:
    """Return an expression that was made as one line, for a hole in a text."""
    return render(expression(node, Cursor()), columns=BROKEN).removesuffix("\n")


def name(node: tree.Name, cursor: Cursor) -> Doc:
    """Return a name."""
    return cursor.token(node.text)


def text(node: tree.Text, cursor: Cursor) -> Doc:
    """Return a text as it stands in the source."""
    if cursor.made:
        return leaves.text(node, flat)
    return cursor.token(node.span.text)


def _literal(node: tree.Literal, cursor: Cursor) -> Doc:
    return cursor.token(node.text)


def _broken(node: tree.Broken, cursor: Cursor) -> Doc:
    return cursor.token(node.span.text)


def _list(node: tree.ListOf, cursor: Cursor) -> Doc:
    opening = cursor.token("[")
    inside = cells(node.items, cursor, expression)
    end, closing = closed(cursor, "]")
    style = _filled if all(map(_is_action, node.items)) else rows
    return style(opening, inside, end, closing)


def _is_action(node: tree.Expression) -> bool:
    """Tell whether an item is of the short kind that fills lines."""
    kind = node.kind if isinstance(node, (tree.Text, tree.Literal)) else ""
    return isinstance(node, tree.ActionSet) or kind in {"qualified", "star"}


def _comprehension(node: tree.Comprehension, cursor: Cursor) -> Doc:
    opening = cursor.token("[")
    item = _part(node.item, cursor)
    parts = [item, SPACE, *_lead(cursor), cursor.token("for"), " ", name(node.name, cursor), " "]
    parts += [cursor.token("in"), " ", expression(node.source, cursor)]
    if node.condition is not None:
        parts += [SPACE, *_lead(cursor), cursor.token("if"), " "]
        parts.append(expression(node.condition, cursor))
    end = _lead(cursor)
    closing = cursor.token("]")
    inner = Group(Concat((*parts, *end)))
    return Group(concat(opening, Nest(concat(SOFT, inner)), SOFT, closing))


def _part(node: tree.Expression, cursor: Cursor) -> Doc:
    """Return a part of an expression with the comments before it."""
    return concat(*_lead(cursor), expression(node, cursor))


def _lead(cursor: Cursor) -> list[Doc]:
    return [comment.doc() for comment in cursor.take()]


def record(node: tree.Record, cursor: Cursor) -> Doc:
    """Return a record."""
    opening = cursor.token("{")
    inside = cells(node.entries, cursor, _entry)
    end, closing = closed(cursor, "}")
    return rows(opening, inside, end, closing, SPACE)


def _entry(entry: tuple[tree.Name | tree.Text, tree.Expression], cursor: Cursor) -> Doc:
    key, value = entry
    return concat(expression(key, cursor), " ", cursor.token("="), " ", expression(value, cursor))


def _field(node: tree.Field, cursor: Cursor) -> Doc:
    base = expression(node.base, cursor)
    space = " " if isinstance(node.base, tree.Text) else ""  # a dot could be one of its own
    return concat(base, space, cursor.token("."), name(node.name, cursor))


def _call(node: tree.Call, cursor: Cursor) -> Doc:
    function = expression(node.function, cursor)
    opening = cursor.token("(")
    inside = cells(node.arguments, cursor, _argument)
    end, closing = closed(cursor, ")")
    alone = len(inside) == 1 and inside[0].lead is None and not end
    if alone and isinstance(node.arguments[0][1], _BRACKETED):
        return concat(function, opening, inside[0].doc, closing)
    return concat(function, _packed(opening, inside, end, closing))


def _argument(argument: tuple[tree.Name | None, tree.Expression], cursor: Cursor) -> Doc:
    word, value = argument
    if word is None:
        return expression(value, cursor)
    return concat(name(word, cursor), " ", cursor.token("="), " ", expression(value, cursor))


def _action_set(node: tree.ActionSet, cursor: Cursor) -> Doc:
    service = cursor.token(f"{node.service.text}:")
    only = node.items[0] if len(node.items) == 1 else None
    if isinstance(only, tree.Literal) and only.kind == "level":
        if cursor.made:
            return concat(service, only.text)
        if not cursor.comments_in(node.span.start, node.span.end):
            cursor.at = node.span.end  # brackets around it say nothing
            return concat(service, only.text)
    opening = cursor.token("[")
    inside = cells(node.items, cursor, expression)
    end, closing = closed(cursor, "]")
    return _filled(concat(service, opening), inside, end, closing)


def _principal(node: tree.Principal, cursor: Cursor) -> Doc:
    kind = cursor.token(node.kind)
    if node.value is None:
        return kind
    if node.kind == "service" and isinstance(node.value, tree.Text):
        return concat(kind, " ", _service(node.value, cursor))
    return concat(kind, " ", expression(node.value, cursor))


def _service(node: tree.Text, cursor: Cursor) -> Doc:
    """Return a service's name, with quotes where it has them or needs them."""
    if cursor.made:
        plain = node.plain
        return plain if plain and leaves.is_dotted(plain) else text(node, cursor)
    if node.span.text.startswith('"'):
        return text(node, cursor)
    return dotted((node.plain or "").split("."), cursor)


def dotted(words: Sequence[str], cursor: Cursor) -> Doc:
    """Return names with dots between them."""
    parts = [cursor.token(words[0])]
    for word in words[1:]:
        parts += (cursor.token("."), cursor.token(word))
    return concat(*parts)


def _optional(node: tree.Optional, cursor: Cursor) -> Doc:
    return concat(expression(node.base, cursor), cursor.token("?"))


def _compare(node: tree.Compare, cursor: Cursor) -> Doc:
    parts: list[Doc] = []
    if node.quantifier:
        parts += (cursor.token(node.quantifier), " ")
    parts.append(expression(node.left, cursor))
    for word in node.operator.split(" "):
        parts += (" ", cursor.token(word))
    if node.right is not None:
        parts += (" ", expression(node.right, cursor))
    if node.ignoring_case:
        parts += (" ", cursor.token("ignoring"), " ", cursor.token("case"))
    return Concat(tuple(parts))


def _fold(node: tree.Fold, cursor: Cursor) -> Doc:
    return concat(cursor.token(node.kind), _parenthesized(node.base, cursor))


def _group(node: tree.Group, cursor: Cursor) -> Doc:
    return _parenthesized(node.base, cursor)


def _parenthesized(node: tree.Expression, cursor: Cursor) -> Doc:
    opening = cursor.token("(")
    lead = _lead(cursor)
    logic = isinstance(node, tree.Logic)
    inner = _chain(node, cursor) if isinstance(node, tree.Logic) else expression(node, cursor)
    end = _lead(cursor)
    closing = cursor.token(")")
    if not logic and not lead and not end and isinstance(node, _BRACKETED):
        return concat(opening, inner, closing)
    return Group(concat(opening, Nest(concat(SOFT, *lead, inner, *end)), SOFT, closing))


def _logic(node: tree.Logic, cursor: Cursor) -> Doc:
    return Group(Nest(_chain(node, cursor)))


def _chain(node: tree.Logic, cursor: Cursor) -> Doc:
    """Return what `and` or `or` joins, each part on a line of its own if the group breaks."""
    parts = [expression(node.parts[0], cursor)]
    for part in node.parts[1:]:
        parts += (SPACE, *_lead(cursor), cursor.token(node.operator), " ")
        parts.append(expression(part, cursor))
    return Concat(tuple(parts))


def _not(node: tree.Not, cursor: Cursor) -> Doc:
    return concat(cursor.token("not"), " ", expression(node.base, cursor))


_SHOW: dict[type, Callable[[Any, Cursor], Doc]] = {
    tree.Name: name,
    tree.Text: text,
    tree.Literal: _literal,
    tree.ListOf: _list,
    tree.Comprehension: _comprehension,
    tree.Record: record,
    tree.Field: _field,
    tree.Call: _call,
    tree.ActionSet: _action_set,
    tree.Principal: _principal,
    tree.Optional: _optional,
    tree.Compare: _compare,
    tree.Fold: _fold,
    tree.Logic: _logic,
    tree.Not: _not,
    tree.Group: _group,
    tree.Broken: _broken,
}


# Types


def type_(node: tree.Type, cursor: Cursor) -> Doc:
    """Return a type as a document."""
    match node:
        case tree.TypeName(kind="text") if cursor.made:
            return leaves.string(node.text)
        case tree.TypeName():
            return cursor.token(node.text if node.kind != "text" else node.span.text)
        case tree.TypeList():
            opening = concat(cursor.token(node.name), cursor.token("["))
            return concat(opening, type_(node.item, cursor), cursor.token("]"))
        case tree.TypeRecord():
            opening = cursor.token("{")
            inside = cells(node.fields, cursor, parameter)
            end, closing = closed(cursor, "}")
            return rows(opening, inside, end, closing, SPACE)
        case tree.TypeUnion():
            parts = [type_(node.options[0], cursor)]
            for option in node.options[1:]:
                parts += (SPACE, *_lead(cursor), cursor.token("|"), " ", type_(option, cursor))
            return Group(Nest(Concat(tuple(parts))))


def parameter(node: tree.Parameter, cursor: Cursor) -> Doc:
    """Return a parameter: of a template, of a build, or a field of a record type."""
    parts = [name(node.name, cursor), cursor.token(":"), " ", type_(node.type, cursor)]
    if node.default is not None:
        parts += (" ", cursor.token("="), " ", expression(node.default, cursor))
    return Concat(tuple(parts))
