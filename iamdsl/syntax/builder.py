"""Makes the tree while Lark parses: one method for each rule of the grammar.

Each method gets the rule's tokens and nodes in order; a node spans from its first to its last.
What the grammar cannot say (a clause twice, `and` beside `or`, bad literals) is reported here.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, TypeAlias

from lark.exceptions import UnexpectedInput
from lark.lexer import Token

from iamdsl.diagnostics import Edit, Fix, Label, Report, codes
from iamdsl.source import Source, Span
from iamdsl.syntax import text, tree
from iamdsl.syntax.refusal import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.syntax.parser import Engine

_Item: TypeAlias = Any
"""A Lark token or a node of the tree: what the children of a rule are."""


class Builder:
    """The callbacks of the grammar's rules, for one source at a time."""

    source: Source
    report: Report

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.comments: list[Token] = []

    def begin(self, source: Source, report: Report) -> None:
        """Turn to a source."""
        self.source, self.report, self.comments = source, report, []

    def finish(self) -> Iterator[tree.Comment]:
        """Yield the comments of the source, each once, in order."""
        last = -1
        for token in sorted(self.comments, key=lambda t: t.start_pos or 0):
            if (token.start_pos or 0) > last:
                last = token.start_pos or 0
                yield tree.Comment(token.value, span=self.span(token, token))

    def span(self, first: Any, last: Any) -> Span:
        """Return the span from the first to the last of a rule's children."""
        start = (first.start_pos or 0) if isinstance(first, Token) else first.span.start
        end = (last.end_pos or 0) if isinstance(last, Token) else last.span.end
        return Span(self.source, start, end)

    def nested(self, place: Span) -> tree.Expression:
        """Parse the expression in a hole `{…}` of a token."""
        from iamdsl.syntax import mistakes  # noqa: PLC0415  # few holes are more than a name

        try:
            found: tree.Expression = self._engine.parse(
                "expression", place.start + 1, place.end - 1
            )
        except UnexpectedInput as error:
            mistakes.explain(error, self.source, self.report, place)
            return tree.Broken(span=place)
        return found

    def _name(self, token: Token) -> tree.Name:
        return tree.Name(str(token), span=self.span(token, token))

    def _text(self, token: Token) -> tree.Text:
        return text.read(self, token)

    def _name_or_text(self, token: Token) -> tree.Name | tree.Text:
        return self._name(token) if token.type == "NAME" else self._text(token)

    def _doc(self, span: Span) -> str:
        """Return the `##` lines that end right above `span`."""
        comments = self.comments
        index = bisect_left(comments, span.start, key=lambda t: t.start_pos or 0) - 1
        lines: list[str] = []
        below = span.start
        while index >= 0:
            token = comments[index]
            between = self.source.text[token.end_pos : below]
            if not token.startswith("##") or between.strip() or between.count("\n") > 1:
                break
            lines.append(str(token)[2:].removeprefix(" ").rstrip())
            below = token.start_pos or 0
            index -= 1
        return "\n".join(reversed(lines))

    # Members

    def file(self, c: list[_Item]) -> tuple[tree.Member, ...]:
        return tuple(c)

    def import_(self, c: list[_Item]) -> tree.Import:
        target = c[1]
        path = str(self._text(target).plain or "") if isinstance(target, Token) else target.items
        alias = next((self._name(t) for t in c[2:] if _is(t, "NAME")), None)
        kind = c[-1] if _is(c[-2], "COLON") else None
        place = self.span(target, target)
        return tree.Import(path, alias, kind, place, span=self.span(c[0], c[-1]))

    def param(self, c: list[_Item]) -> tree.Param:
        span = self.span(c[0], c[-1])
        return tree.Param(c[1], self._doc(span), span=span)

    def extern(self, c: list[_Item]) -> tree.Extern:
        span = self.span(c[0], c[-1])
        most = self.literal([c[5]]) if len(c) > 4 else None
        most = most if isinstance(most, tree.Literal) else None
        return tree.Extern(self._name(c[1]), c[3], most, self._doc(span), span=span)

    def let(self, c: list[_Item]) -> tree.Let:
        span = self.span(c[0], c[-1])
        kind = c[3] if _is(c[2], "COLON") else None
        return tree.Let(self._name(c[1]), kind, c[-1], self._doc(span), span=span)

    def template(self, c: list[_Item]) -> tree.Template:
        span = self.span(c[0], c[-1])
        return tree.Template(self._name(c[1]), c[3], c[5].items, self._doc(span), span=span)

    def parameters(self, c: list[_Item]) -> tuple[tree.Parameter, ...]:
        return tuple(p for p in c if not isinstance(p, Token))

    def parameter(self, c: list[_Item]) -> tree.Parameter:
        default = c[4] if len(c) > 3 else None
        span = self.span(c[0], c[-1])
        return tree.Parameter(self._name(c[0]), c[2], default, self._doc(span), span=span)

    def declaration(self, c: list[_Item]) -> tree.Declaration:
        head, body = c[0], c[-1]
        span = self.span(head, body)
        kind = str(head)
        name, header, exceptions = c[1], None, ()
        if kind == "guard":
            header = next((self._text(t) for t in c[2:-1] if _is(t, "STRING")), None)
            exceptions = next((t for t in c[2:-1] if isinstance(t, tuple)), ())
        elif len(c) > 3:
            header = c[-2]
        if isinstance(name, Token):
            name = self._text(name)
        return tree.Declaration(
            kind, name, header, exceptions, body.items, self._doc(span), span=span
        )

    def kind(self, c: list[_Item]) -> _Item:
        return c[0]

    def declared(self, c: list[_Item]) -> tree.Name | tree.Text:
        return self._name_or_text(c[0])

    def block(self, c: list[_Item]) -> _Sequence:
        return _Sequence(tuple(c[1:-1]), self.span(c[0], c[-1]))

    def statement(self, c: list[_Item]) -> tree.Statement:
        verb, selection = c[0], c[1]
        clauses: list[tuple[str, Any]] = []
        seen: dict[str, Span] = {}
        for keyword, node in c[2:]:
            word = str(keyword)
            place = self.span(keyword, node)
            if word in seen:
                self.report.add(
                    codes.REPEATED_CLAUSE,
                    place,
                    f"a second `{word}` in one statement",
                    notes=[Label(seen[word], "the first is here")],
                    hint=_once(word),
                )
                continue
            seen[word] = place
            clauses.append((word, node))
        span = self.span(verb, c[-1][1] if len(c) > 2 else selection)
        return tree.Statement(str(verb), selection, tuple(clauses), self._doc(span), span=span)

    def verb(self, c: list[_Item]) -> _Item:
        return c[0]

    def clause(self, c: list[_Item]) -> tuple[Token, Any]:
        node = c[1]
        return c[0], self._name_or_text(node) if isinstance(node, Token) else node

    def selection(self, c: list[_Item]) -> tree.Selection:
        items, exceptions = c[0], c[2] if len(c) > 2 else ()
        return tree.Selection(
            items, exceptions, span=self.span(items[0], (exceptions or items)[-1])
        )

    def operands(self, c: list[_Item]) -> tuple[tree.Expression, ...]:
        return tuple(c)

    def attach(self, c: list[_Item]) -> tree.Attach:
        return tree.Attach(c[1], span=self.span(c[0], c[1][-1]))

    def setting(self, c: list[_Item]) -> tree.Setting:
        values = c[1] if isinstance(c[1], tuple) else (c[1],)
        return tree.Setting(str(c[0]), values, span=self.span(c[0], values[-1]))

    def setting_name(self, c: list[_Item]) -> _Item:
        return c[0]

    def use(self, c: list[_Item]) -> tree.Use:
        return tree.Use(c[1], span=self.span(c[0], c[1]))

    def for_(self, c: list[_Item]) -> tree.For:
        condition = c[5] if len(c) > 5 else None
        span = self.span(c[0], c[-1])
        return tree.For(self._name(c[1]), c[3], condition, c[-1].items, span=span)

    def if_(self, c: list[_Item]) -> tree.If:
        otherwise: tuple[tree.Member, ...] = ()
        last = c[2]
        if len(c) > 3:
            otherwise = (c[4],) if isinstance(c[4], tree.If) else c[4].items
            self._check_chain(c[4], self.span(c[0], c[1]))
            last = c[4]
        return tree.If(c[1], c[2].items, otherwise, span=self.span(c[0], last))

    def _check_chain(self, last: object, place: Span) -> None:
        """Report an `else if` after too many: later passes go down one level for each."""
        depth = 0
        while isinstance(last, tree.If) and last.otherwise:
            depth, last = depth + 1, last.otherwise[0]
        if depth == MAX_DEPTH:
            self.report.add(
                codes.NESTED_TOO_DEEP,
                place,
                f"more than {MAX_DEPTH} `else if`s in a row",
                hint="loop over a list of records with `for` instead",
            )

    # Types

    def type_(self, c: list[_Item]) -> tree.Type:
        options = tuple(t for t in c if not isinstance(t, Token))
        if len(options) == 1:
            only: tree.Type = options[0]
            return only
        return tree.TypeUnion(options, span=self.span(c[0], c[-1]))

    def named_type(self, c: list[_Item]) -> tree.TypeName:
        kind = {"NAME": "name", "QUALIFIED": "resource", "STRING": "text"}[c[0].type]
        value = self._text(c[0]).plain if kind == "text" else str(c[0])
        return tree.TypeName(kind, value or "", span=self.span(c[0], c[0]))

    def list_type(self, c: list[_Item]) -> tree.TypeList:
        return tree.TypeList(str(c[0]), c[2], span=self.span(c[0], c[-1]))

    def record_type(self, c: list[_Item]) -> tree.TypeRecord:
        return tree.TypeRecord(c[1], span=self.span(c[0], c[-1]))

    # Expressions

    def or_many(self, c: list[_Item]) -> tree.Logic:
        for part in c:
            if isinstance(part, tree.Logic):
                at = part.span.before
                end = part.span.after
                self.report.add(
                    codes.MIXED_AND_OR,
                    self.span(c[0], c[-1]),
                    "`and` beside `or` without parentheses",
                    label="which belongs together?",
                    hint="put parentheses around what belongs together: `(a and b) or c`",
                    fix=Fix(
                        "parentheses as the usual precedence has them",
                        (Edit(at, "("), Edit(end, ")")),
                        safe=False,
                    ),
                )
                break
        return tree.Logic("or", tuple(c), span=self.span(c[0], c[-1]))

    def and_many(self, c: list[_Item]) -> tree.Logic:
        return tree.Logic("and", tuple(c), span=self.span(c[0], c[-1]))

    def negation(self, c: list[_Item]) -> tree.Not:
        return tree.Not(c[1], span=self.span(c[0], c[1]))

    def compared(self, c: list[_Item]) -> tree.Compare:
        operator, right, ignoring, last = c[1]
        return tree.Compare(
            operator, c[0], right, ignoring_case=ignoring, span=self.span(c[0], last)
        )

    def quantified(self, c: list[_Item]) -> tree.Compare:
        operator, right, ignoring, last = c[2]
        span = self.span(c[0], last)
        return tree.Compare(operator, c[1], right, str(c[0]), ignoring, span=span)

    def tail(self, c: list[_Item]) -> tuple[str, Any, bool, _Item]:
        if len(c) == 1:
            return str(c[0]), None, False, c[0]
        return c[0], c[1], len(c) > 2, c[-1]

    def operator(self, c: list[_Item]) -> str:
        return " ".join(c)

    def optional(self, c: list[_Item]) -> tree.Optional:
        return tree.Optional(c[0], span=self.span(c[0], c[1]))

    def name(self, c: list[_Item]) -> tree.Name:
        return self._name(c[0])

    def qualified(self, c: list[_Item]) -> tree.Text:
        return self._text(c[0])

    def field(self, c: list[_Item]) -> tree.Field:
        return tree.Field(c[0], self._name(c[2]), span=self.span(c[0], c[2]))

    def call(self, c: list[_Item]) -> tree.Call:
        return tree.Call(c[0], c[2], span=self.span(c[0], c[3]))

    def arguments(self, c: list[_Item]) -> tuple[tuple[tree.Name | None, Any], ...]:
        return tuple(a for a in c if not isinstance(a, Token))

    def argument(self, c: list[_Item]) -> tuple[tree.Name | None, Any]:
        return (c[0], c[2]) if len(c) > 1 else (None, c[0])

    def argument_name(self, c: list[_Item]) -> tree.Name:
        return self._name(c[0])

    def fold(self, c: list[_Item]) -> tree.Fold:
        return tree.Fold(str(c[0]), c[2], span=self.span(c[0], c[3]))

    def group(self, c: list[_Item]) -> tree.Group:
        return tree.Group(c[1], span=self.span(c[0], c[2]))

    def list_(self, c: list[_Item]) -> tree.ListOf:
        items = tuple(x for x in c[1:-1] if not isinstance(x, Token))
        return tree.ListOf(items, span=self.span(c[0], c[-1]))

    def comprehension(self, c: list[_Item]) -> tree.Comprehension:
        condition = c[7] if len(c) > 7 else None
        return tree.Comprehension(
            c[1], self._name(c[3]), c[5], condition, span=self.span(c[0], c[-1])
        )

    def record(self, c: list[_Item]) -> tree.Record:
        entries = tuple(e for e in c if isinstance(e, tuple))
        return tree.Record(entries, span=self.span(c[0], c[-1]))

    def entry(self, c: list[_Item]) -> tuple[tree.Name | tree.Text, Any]:
        return self._name_or_text(c[0]), c[2]

    def action_set(self, c: list[_Item]) -> tree.ActionSet:
        service = tree.Literal("service", str(c[0])[:-1], span=self.span(c[0], c[0]))
        if _is(c[1], "LEVEL"):
            items = [self.action([c[1]])]
        else:
            items = [x for x in c[2:-1] if not isinstance(x, Token)]
        return tree.ActionSet(service, tuple(items), span=self.span(c[0], c[-1]))

    def action(self, c: list[_Item]) -> tree.Literal | tree.Text:
        token = c[0]
        if token.type == "STRING":
            return self._text(token)
        kind = "level" if token.type == "LEVEL" else "action"
        return tree.Literal(kind, str(token), span=self.span(token, token))

    def principal(self, c: list[_Item]) -> tree.Principal:
        value = c[1] if len(c) > 1 else None
        if isinstance(value, _Sequence):
            value = tree.Text("string", (".".join(value.items),), span=value.span)
        elif isinstance(value, Token):
            value = self._text(value)
        return tree.Principal(str(c[0]), value, span=self.span(c[0], c[-1]))

    def dotted(self, c: list[_Item]) -> _Sequence:
        return _Sequence(tuple(str(t) for t in c[::2]), self.span(c[0], c[-1]))

    def text(self, c: list[_Item]) -> tree.Text:
        return self._text(c[0])

    def literal(self, c: list[_Item]) -> tree.Literal | tree.Broken:
        return text.literal(self, c[0])


class _Sequence:
    """The items of a block or a dotted name, and its span, on the way to the next rule."""

    __slots__ = ("items", "span")

    def __init__(self, items: tuple[Any, ...], span: Span) -> None:
        self.items, self.span = items, span


def _is(item: _Item, kind: str) -> bool:
    return isinstance(item, Token) and item.type == kind


def _once(word: str) -> str:
    if word in {"when", "unless"}:
        return "join the conditions with `and`"
    return f"write one `{word}` with a list: `{word} a, b`"
