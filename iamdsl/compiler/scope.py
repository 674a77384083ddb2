"""The names visible at one place of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iamdsl.diagnostics import Label, codes
from iamdsl.model import Binding, types
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

    def bind(self, name: tree.Name, kind: Type, node: object) -> Binding:
        """Add a local name."""
        made = Binding("local", name.text, node, self.module, name.span, kind)
        self.locals[name.text] = made
        return made

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


_BUILT_IN = {
    **dict.fromkeys(types.NAMED, "a type"),
    **dict.fromkeys(types.CONVERSIONS, "a function"),
    **dict.fromkeys(("key", "aws_managed"), "a function"),
    **dict.fromkeys(("aws", "self"), "a value"),
}
"""Names that mean something everywhere: a reader would take a value of that name for them."""


def check_shadow(name: tree.Name, hidden: Binding | None, report: Report) -> None:
    """Warn of a name that hides one that is visible from outside: `hidden`, or one of ours."""
    if hidden is None and name.text not in _BUILT_IN:
        return
    if hidden is None:
        message = f"`{name.text}` has the name of {_BUILT_IN[name.text]} of the language"
    else:
        message = f"`{name.text}` hides another `{name.text}`"
    report.add(
        codes.SHADOWED_NAME,
        name.span,
        message,
        notes=[Label(hidden.span, "which is declared here")] if hidden is not None else (),
        hint="choose another name",
    )
