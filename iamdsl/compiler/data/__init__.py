"""Data from JSON and TOML: plain values, checked against the type that the import declares.

```
 text ──read──▶ Data (plain) ──convert──▶ Value, each with the way to its place in the file
```

Texts from data are marked as coming from outside, so that they cannot widen a pattern. Places in
the file are looked for when a message needs one, and not before (`places`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import attrs

from iamdsl.compiler import outside
from iamdsl.compiler.data.numbers import Number, shortest
from iamdsl.diagnostics import Label, codes
from iamdsl.diagnostics.nearest import did_you_mean, nearest
from iamdsl.model import Value, types
from iamdsl.model.values import forbidden
from iamdsl.source import Borrowed, Span
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.aws import Catalogue
    from iamdsl.datafile.places import Index, Path
    from iamdsl.diagnostics import Report
    from iamdsl.model import Type
    from iamdsl.source import Source

_SHOWN = 60
"""The most characters of a wrong value that a message shows."""


@attrs.define(eq=False, repr=False)
class Data:
    """What a data file holds, as its parser gives it.

    Attributes:
        node: the import.
        plain: dicts, lists, strings, `Number`s …
    """

    source: Source
    node: tree.Import
    plain: Any
    _index: Index | None = attrs.field(default=None, init=False)

    def place(self, path: Path, *, key: bool = False) -> Span:
        """Return where a value (or its key) stands in the file."""
        if self._index is None:
            self._index = _index(self.source)
        return self._index.span(self.source, path, key=key)

    def lent(self, path: Path) -> Borrowed:
        """Return the span of a value that is used: its place is found when it is asked for."""
        where = self.node.place
        origin = partial(self.place, path)
        return Borrowed(where.source, where.start, where.end, (origin,), word="imported here")


def _index(source: Source) -> Index:
    from iamdsl.datafile import places  # noqa: PLC0415  # only when there is a message

    return (places.of_toml if source.name.endswith(".toml") else places.of_json)(source.text)


def read(source: Source, node: tree.Import, report: Report) -> Data | None:
    """Return the data of a JSON or TOML source, None when it is neither (and was reported)."""
    try:
        if source.name.endswith(".toml"):
            import tomllib  # noqa: PLC0415  # only projects with TOML data pay for it

            return Data(source, node, tomllib.loads(source.text, parse_float=Number))
        import json  # noqa: PLC0415

        plain = json.loads(
            source.text,
            object_pairs_hook=_object,
            parse_int=Number,
            parse_float=Number,
            parse_constant=Number,
        )
        return Data(source, node, plain)
    except (ValueError, RecursionError) as error:
        from iamdsl.datafile.unread import complain  # noqa: PLC0415  # only on mistakes

        complain(error, source, _index(source), report, Label(node.place, "imported here"))
        return None


class TwiceError(ValueError):
    """A key stands twice in one object; which, the index of the text tells."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise TwiceError
    return made


def refused(node: tree.Type | None, report: Report) -> bool:
    """Report the types in an import's type that no data has."""
    wrong = [
        n
        for n in tree.walk(node)
        if isinstance(n, tree.TypeName) and n.kind == "name" and n.text in outside.NOT_AS_TEXT
    ]
    for found in wrong:
        report.add(
            codes.WRONG_TYPE,
            found.span,
            f"data cannot hold a {found.text}",
            label="it is a part of sentences, and written in a source only",
            hint=_INSTEAD[found.text],
        )
    return bool(wrong)


_INSTEAD = {
    "Principal": "import an `AccountId` or an `Arn`, and write `to account x.id` or `to x.arn`",
    "Key": "import a `String`, and write `key(x.name)`",
    "Condition": "import the values, and write the comparison here",
}


@attrs.frozen(repr=False, eq=False)
class Conversion:
    """What the conversion of one file needs to know.

    Attributes:
        default: evaluates the default of a field, in the module of the import.
    """

    data: Data
    name: str
    default: Callable[[tree.Expression, tree.Type | None], Value | None]
    catalogue: Catalogue
    report: Report

    def value(self, kind: Type) -> Value | None:
        """Return all of the data as a value of its declared type; mismatches are reported."""
        return self._convert(self.data.plain, kind, ())

    def _convert(self, plain: Any, kind: Type, path: Path) -> Value | None:
        if kind.name == "Unknown":
            return None  # of a type that was complained about
        if kind.name == "List" and isinstance(plain, list):
            item = kind.item or types.ANY
            items = [self._convert(x, item, (*path, i)) for i, x in enumerate(plain)]
            found = tuple(x for x in items if x is not None)
            return Value(kind, found, span=self.data.lent(path))
        if kind.name == "Record" and isinstance(plain, dict):
            return self._record(plain, kind, path)
        text, expected, hint = _scalar(plain, kind, self.catalogue)
        if text is not None:
            return outside.value(text, kind, self.data.lent(path))
        self._wrong(
            path, f"`{self._shown(path)}` is {_described(plain)}, expected {expected}", hint
        )
        return None

    def _record(self, plain: dict[str, Any], kind: Type, path: Path) -> Value:
        fields = {name: (of, default) for name, of, default in kind.fields}
        for key in plain:
            if key not in fields:
                near = nearest(key, [f for f in fields if f not in plain], 1)
                self._wrong(
                    (*path, key),
                    f"`{self._shown(path)}` has a field `{_printable(key)}`"
                    " that its type does not declare",
                    did_you_mean(near, "add it to the type, or remove it from the data"),
                    key=True,
                )
        made: dict[str, Value | None] = {}
        for name, (of, default) in fields.items():
            if name in plain:
                made[name] = self._convert(plain[name], of, (*path, name))
            elif default is not None:
                made[name] = self.default(default, _type_at(self.data.node.type, (*path, name)))
            elif not any(nearest(key, [name], 1) for key in plain if key not in fields):
                self._wrong(
                    path,
                    f"`{self._shown(path)}` has no field `{name}`",
                    f"add it to the data, or give it a default: `{name}: {of} = …`",
                )
        return Value(kind, made, span=self.data.lent(path))

    def _wrong(self, path: Path, message: str, hint: str, *, key: bool = False) -> None:
        written = _type_at(self.data.node.type, path)
        notes = [Label(written.span, "the type is declared here")] if written is not None else []
        place = self.data.place(path, key=key)
        self.report.add(codes.BAD_DATA, place, message, notes=notes, hint=hint)

    def _shown(self, path: Path) -> str:
        """Return a path as messages write it: `accounts[3].id`."""
        shown = self.name
        for step in path:
            if isinstance(step, int):
                shown += f"[{step}]"
            else:
                shown += f".{step}" if step.isidentifier() else f'["{_printable(step)}"]'
        return shown


def _type_at(node: tree.Type | None, path: Path) -> tree.Type | None:
    """Return the type that is written for a part, or that of the nearest part around it."""
    for step in path:
        if isinstance(node, tree.TypeList) and isinstance(step, int):
            node = node.item
        elif isinstance(node, tree.TypeRecord):
            field = next((f for f in node.fields if f.name.text == step), None)
            if field is None:
                break
            node = field.type
    return node


def _scalar(plain: Any, kind: Type, catalogue: Catalogue) -> tuple[str | None, str, str]:
    """Return a plain value as text, or None with what it ought to be and what to do."""
    hint = "correct the data, or the type of the import"
    if kind.name in {"List", "Record"}:
        return None, f"a list, {kind}" if kind.name == "List" else f"a record, {kind}", hint
    written, found = _written(plain)
    wanted = _WRITTEN.get(kind.name, "text")
    if found == wanted or (found == "date" and kind.name == "Date"):
        expected = outside.problem(written, kind, catalogue)
        return (None, expected, hint) if expected else (written, "", "")
    expected = outside.problem("", kind, catalogue) or str(kind)
    if found == "number" and kind.name == "AccountId":
        hint = "put the 12 digits between quotes: a number loses its leading zeros"
    elif found == "text" and wanted != "text" and not outside.problem(written, kind, catalogue):
        hint = f"write it without quotes: `{written}`"
    elif found in {"number", "boolean"} and not outside.problem(written, kind, catalogue):
        hint = f'put it between quotes: `"{written}"`'
    return None, expected, hint


_WRITTEN = {"Int": "number", "Decimal": "number", "Bool": "boolean"}
"""How the values of a type are written in JSON and TOML, where that is not as text."""


def _written(plain: Any) -> tuple[str, str]:
    """Return a plain value as the language writes it, and what it is in the file."""
    match plain:
        case bool():
            return ("true" if plain else "false"), "boolean"
        case Number():
            return shortest(plain), "number"
        case int():
            return str(plain), "number"
        case str():
            return plain, "text"
        case _:
            pass
    if hasattr(plain, "isoformat") and hasattr(plain, "year"):  # a date of TOML
        text = plain.isoformat()
        return (text[:-6] + "Z" if text.endswith("+00:00") else text), "date"
    return "", "other"


def _described(plain: Any) -> str:
    """Return a plain value as messages show it."""
    match plain:
        case dict():
            return "an object"
        case list():
            return "a list"
        case None:
            return "null"
        case Number() | bool() | int():
            return f"`{_printable(str(plain).lower() if isinstance(plain, bool) else str(plain))}`"
        case str():
            return f'`"{_printable(plain)}"`'
        case _:
            return f"`{plain}`"


def _printable(text: str) -> str:
    """Return a text short enough to be read, and without what no message may hold."""
    if forbidden(text):
        text = "".join("\N{REPLACEMENT CHARACTER}" if forbidden(c) else c for c in text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
