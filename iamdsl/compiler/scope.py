"""The names visible at one place of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import codes
from iamdsl.model import Binding
from iamdsl.syntax.words import IN_EXPRESSIONS

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.model import Module, Type
    from iamdsl.syntax import tree


class Scope:
    """The names visible at one place: locals, then the module's."""

    __slots__ = ("locals", "module", "outer")

    def __init__(self, module: Module, outer: Scope | None = None) -> None:
        self.module, self.outer = module, outer
        self.locals: dict[str, Binding] = {}

    def inner(self) -> Scope:
        """Return a scope inside this one."""
        return Scope(self.module, self)

    def bind(self, name: tree.Name, kind: Type, node: object) -> None:
        """Add a local name."""
        self.locals[name.text] = Binding("local", name.text, node, self.module, name.span, kind)

    def find(self, name: str) -> Binding | None:
        """Return what a name stands for here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.locals:
                return scope.locals[name]
            scope = scope.outer
        return self.module.names.get(name)

    def names(self) -> set[str]:
        """Return every name visible here."""
        found = set(self.module.names)
        scope: Scope | None = self
        while scope is not None:
            found |= set(scope.locals)
            scope = scope.outer
        return found


def check_word(name: tree.Name, report: Report) -> None:
    """Report a name that could be given to a value, and never be said."""
    if name.text in IN_EXPRESSIONS:
        report.add(
            codes.SYNTAX_ERROR,
            name.span,
            f"`{name.text}` is a word of the language",
            label="where a value is expected, it means something else",
            hint=f"choose another name, such as `{name.text}_id`"
            if name.text == "account"
            else "choose another name",
        )
