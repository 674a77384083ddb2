"""Members and files to documents: what stands on which line.

The layout follows from the tree, the comments, and which members have an empty line between them;
other line breaks of the source count for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from iamdsl.fmt import leaves
from iamdsl.fmt.comments import Cursor, documentation, leading, made
from iamdsl.fmt.doc import (
    GAP,
    HARD,
    SPACE,
    WIDTH,
    Comment,
    Concat,
    Doc,
    Group,
    Nest,
    concat,
    width,
)
from iamdsl.fmt.expressions import (
    cells,
    closed,
    dotted,
    expression,
    name,
    operands,
    parameter,
    rows,
    type_,
)
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iamdsl.fmt.comments import Found

CLAUSES = ("to", "on", "when", "unless", "as", "given")
"""The clauses of a statement in the order in which they are written."""

_DOCUMENTED = (
    tree.Param,
    tree.Extern,
    tree.Let,
    tree.Declaration,
    tree.Template,
    tree.Statement,
)
_BLOCKS = (tree.Declaration, tree.Template, tree.For, tree.If)


def file(node: tree.File) -> Doc:
    """Return a whole file as a document."""
    cursor = Cursor(node.span.source.text, node.comments)
    entries = _entries(node.members, [], cursor)
    return Concat(tuple(_lines(_apart(entries, made=cursor.made))))


class _Entry(NamedTuple):
    """What stands in a block or file: a comment or a member.

    Attributes:
        doc: what is printed, without a line break before it.
        member: None for a comment.
        gap: whether the source has an empty line before it.
        apart: whether there has to be one.
        beside: whether it is a comment at the end of the line before.
    """

    doc: Doc
    member: tree.Member | None = None
    gap: bool = False
    apart: bool = False
    beside: bool = False

    @property
    def tall(self) -> bool:
        """Tell whether it takes several lines at the top of a file."""
        return width(self.doc) > WIDTH


def _entries(members: Sequence[tree.Member], before: list[Found], cursor: Cursor) -> list[_Entry]:
    """Return members and the comments before, between and behind them, in order."""
    entries: list[_Entry] = []
    for node in members:
        documented = isinstance(node, _DOCUMENTED)
        if cursor.made and isinstance(node, _DOCUMENTED):
            found = made(node.doc)
        else:
            found = before + cursor.take()
        gap, before = cursor.gap, []
        docs = documentation(found) if documented else 0
        entries += _comments(found, docs)
        apart = documented and not docs and bool(found) and found[-1].is_doc
        entries.append(_Entry(member(node, cursor), node, gap, apart))
    return entries + _comments(before + cursor.take(), 0)


def _comments(found: list[Found], docs: int) -> list[_Entry]:
    """Return comments as entries.

    Documentation, the last ones, has lines of its own; `##` lines before it stay away from it.
    """
    entries = []
    begin = len(found) - docs
    for index, comment in enumerate(found):
        own = comment.own or index >= begin
        apart = 0 < index == begin and found[index - 1].is_doc
        doc = Comment(comment.text, own=own)
        entries.append(_Entry(doc, gap=comment.gap, apart=apart, beside=not own))
    return entries


def _apart(entries: list[_Entry], *, made: bool) -> list[_Entry]:
    """Set what takes several lines at the top of a file apart from what is around it."""
    spaced: list[_Entry] = []
    last: _Entry | None = None
    first = 0
    for entry in entries:
        spaced.append(entry)
        if entry.member is None:
            continue
        between = [index for index in range(first, len(spaced)) if not spaced[index].beside]
        is_apart = any(spaced[index].gap or spaced[index].apart for index in between)
        if last is not None and not is_apart and _are_apart(last, entry, made=made):
            spaced[between[0]] = spaced[between[0]]._replace(apart=True)
        last, first = entry, len(spaced)
    return spaced


def _are_apart(above: _Entry, below: _Entry, *, made: bool) -> bool:
    if isinstance(above.member, tree.Import):
        return not isinstance(below.member, tree.Import)
    differ = type(above.member) is not type(below.member)
    return above.tall or below.tall or (made and differ)


def _lines(entries: list[_Entry]) -> list[Doc]:
    """Return entries with the line breaks before them."""
    docs: list[Doc] = []
    first = True
    for entry in entries:
        if not entry.beside:
            docs.append(GAP if entry.apart or (entry.gap and not first) else HARD)
            first = False
        docs.append(entry.doc)
    return docs


class _Block(NamedTuple):
    """A head with the opening brace, what is in the block, and the closing brace."""

    start: Doc
    entries: list[_Entry]
    closing: Doc

    def doc(self, *, alone: bool = True) -> Doc:
        """Return it on one line, if it is alone and so is what is in it, else broken."""
        if not self.entries:
            return concat(self.start, self.closing)
        only = self.entries[0]
        small = only.member is not None and not isinstance(only.member, _BLOCKS)
        if alone and small and len(self.entries) == 1:
            inside = concat(Nest(concat(SPACE, only.doc)), SPACE)
            return Group(concat(self.start, inside, self.closing))
        return concat(self.start, Nest(Concat(tuple(_lines(self.entries)))), HARD, self.closing)


def _block(head: Sequence[Doc], body: Sequence[tree.Member], cursor: Cursor) -> _Block:
    opening, before = cursor.over("{")
    entries = _entries(body, before, cursor)
    return _Block(Concat((*head, " ", opening)), entries, cursor.token("}"))


# Members


def member(node: tree.Member, cursor: Cursor) -> Doc:
    """Return a member as a document."""
    return _SHOW[type(node)](node, cursor)


def _import(node: tree.Import, cursor: Cursor) -> Doc:
    parts = [cursor.token("import"), " "]
    if not isinstance(node.path, str):
        parts.append(dotted(node.path, cursor))
    elif cursor.made:
        parts.append(leaves.string(node.path))
    else:
        parts.append(cursor.token(node.place.text))
    if node.alias is not None:
        parts += (" ", cursor.token("as"), " ", name(node.alias, cursor))
    if node.type is not None:
        parts += (cursor.token(":"), " ", type_(node.type, cursor))
    return Concat(tuple(parts))


def _param(node: tree.Param, cursor: Cursor) -> Doc:
    opening = cursor.token("param")
    lead = leading(cursor.take(), documented=True)
    inner = parameter(node.parameter, cursor)
    return concat(opening, " ", inner if lead is None else concat(lead, inner))


def _extern(node: tree.Extern, cursor: Cursor) -> Doc:
    parts = [cursor.token("extern"), " ", name(node.name, cursor), cursor.token(":"), " "]
    parts.append(type_(node.type, cursor))
    if node.max is not None:
        parts += (" ", cursor.token("max"), " ", expression(node.max, cursor))
    return Concat(tuple(parts))


def _let(node: tree.Let, cursor: Cursor) -> Doc:
    parts = [cursor.token("let"), " ", name(node.name, cursor)]
    if node.type is not None:
        parts += (cursor.token(":"), " ", type_(node.type, cursor))
    parts += (" ", cursor.token("="), " ", expression(node.value, cursor))
    return Concat(tuple(parts))


def _declaration(node: tree.Declaration, cursor: Cursor) -> Doc:
    head = [cursor.token(node.kind), " ", expression(node.name, cursor)]
    if node.header is not None:
        if word := _HEADERS.get(node.kind):
            head += (" ", cursor.token(word))
        head += (" ", expression(node.header, cursor))
    if node.exceptions:
        head += (" ", cursor.token("except"), " ", operands(node.exceptions, cursor))
    return _block(head, node.body, cursor).doc()


_HEADERS = {"policy": "for", "test": "of"}
"""What stands before the header of a declaration, where anything does."""


def _template(node: tree.Template, cursor: Cursor) -> Doc:
    opening = concat(cursor.token("template"), " ", name(node.name, cursor), cursor.token("("))
    inside = cells(node.parameters, cursor, parameter)
    end, closing = closed(cursor, ")")
    return _block([rows(opening, inside, end, closing)], node.body, cursor).doc()


def _statement(node: tree.Statement, cursor: Cursor) -> Doc:
    verb = cursor.token(node.verb)
    to = any(word == "to" for word, _ in node.clauses)
    actions = _selection(node.actions, cursor, filled=node.verb != "trust" or to)
    free = not cursor.comments_in(node.span.start, node.span.end)
    clauses = ordered(node) if free else node.clauses
    tail: list[Doc] = []
    for word, value in clauses:
        if free:
            cursor.at = value.span.start
            tail += (SPACE, word, " ", _clause(value, cursor))
        else:
            lead = [comment.doc() for comment in cursor.take()]
            tail += (SPACE, *lead, cursor.token(word), " ", _clause(value, cursor))
    if free:
        cursor.at = node.span.end
    behind = Concat(tuple(tail))
    (first, *more), exceptions = node.actions.items, node.actions.exceptions
    joined = not more and not exceptions and isinstance(first, (tree.ActionSet, tree.ListOf))
    sentence = concat(actions, Group(behind) if joined else behind)
    return Group(concat(verb, " ", Nest(sentence)))


def ordered(node: tree.Statement) -> tuple[tuple[str, Any], ...]:
    """Return the clauses of a statement in the order in which they are written."""
    return tuple(sorted(node.clauses, key=lambda clause: CLAUSES.index(clause[0])))


def _clause(value: Any, cursor: Cursor) -> Doc:
    if isinstance(value, tree.Selection):
        return _selection(value, cursor)
    return expression(value, cursor)


def _selection(node: tree.Selection, cursor: Cursor, *, filled: bool = False) -> Doc:
    items = operands(node.items, cursor, filled=filled)
    if not node.exceptions:
        return items
    parts = [comment.doc() for comment in cursor.take()]
    parts += (cursor.token("except"), " ", operands(node.exceptions, cursor, filled=filled))
    if len(node.items) == 1:
        return concat(items, " ", *parts)
    return Group(concat(items, Nest(concat(SPACE, *parts))))


def _attach(node: tree.Attach, cursor: Cursor) -> Doc:
    return concat(cursor.token("attach"), " ", operands(node.items, cursor))


def _setting(node: tree.Setting, cursor: Cursor) -> Doc:
    return concat(cursor.token(node.name), " ", operands(node.values, cursor))


def _use(node: tree.Use, cursor: Cursor) -> Doc:
    return concat(cursor.token("use"), " ", expression(node.template, cursor))


def _for(node: tree.For, cursor: Cursor) -> Doc:
    head = [cursor.token("for"), " ", name(node.name, cursor), " ", cursor.token("in")]
    head += (" ", expression(node.source, cursor))
    if node.condition is not None:
        head += (" ", cursor.token("if"), " ", expression(node.condition, cursor))
    return _block(head, node.body, cursor).doc()


def _if(node: tree.If, cursor: Cursor, *, chained: bool = False) -> Doc:
    head = [cursor.token("if"), " ", expression(node.condition, cursor)]
    block = _block(head, node.body, cursor)
    otherwise = _else(node, cursor)
    return concat(block.doc(alone=not otherwise and not chained), *otherwise)


def _else(node: tree.If, cursor: Cursor) -> list[Doc]:
    """Return the other branch, without braces that say nothing: `else {}`, `else { if … }`."""
    end = node.span.end
    if not node.otherwise:
        if cursor.made or not cursor.sees("else"):
            return []
        if not cursor.comments_in(cursor.at, end):
            cursor.at = end
            return []
    opening: list[Doc] = [" ", cursor.token("else")]
    inner = node.otherwise[0] if len(node.otherwise) == 1 else None
    if isinstance(inner, tree.If) and not _is_kept(inner, end, cursor):
        lead = [comment.doc() for comment in cursor.take()]
        if not cursor.made:
            cursor.at = inner.span.start
        chain = _if(inner, cursor, chained=True)
        if not cursor.made:
            cursor.at = end
        return [*opening, " ", *lead, chain]
    return [_block(opening, node.otherwise, cursor).doc(alone=False)]


def _is_kept(inner: tree.If, end: int, cursor: Cursor) -> bool:
    """Tell whether the braces around an `if` that is alone in them hold comments, too."""
    start, inside = cursor.next(), inner.span
    return cursor.comments_in(start, inside.start) or cursor.comments_in(inside.end, end)


_SHOW: dict[type, Callable[[Any, Cursor], Doc]] = {
    tree.Import: _import,
    tree.Param: _param,
    tree.Extern: _extern,
    tree.Let: _let,
    tree.Declaration: _declaration,
    tree.Template: _template,
    tree.Statement: _statement,
    tree.Attach: _attach,
    tree.Setting: _setting,
    tree.Use: _use,
    tree.For: _for,
    tree.If: _if,
    tree.Broken: expression,
}
