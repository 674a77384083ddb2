"""Data from JSON and TOML: plain values, checked against the type that the import declares.

Texts from data are marked as coming from outside, so that they cannot widen a pattern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iamdsl.diagnostics import codes
from iamdsl.model import Value, types
from iamdsl.model.values import forbidden, from_outside

if TYPE_CHECKING:
    from iamdsl.diagnostics import Report
    from iamdsl.model import Type
    from iamdsl.source import Source, Span


class Broken:
    """Stands for data that could not be read, and was complained about."""


def read(source: Source, place: Span, report: Report) -> Any:
    """Return the plain data of a JSON or TOML source, `Broken` when it is neither."""
    try:
        if source.name.endswith(".toml"):
            import tomllib  # noqa: PLC0415  # only projects with TOML data pay for it

            return tomllib.loads(source.text)
        import json  # noqa: PLC0415

        return json.loads(source.text, object_pairs_hook=_object, parse_float=str)
    except (ValueError, RecursionError) as error:
        report.add(
            codes.BAD_DATA,
            place,
            f"`{source.name}` cannot be read: {_told(error)}",
            hint="correct the file; it must be valid " + source.name[-4:].upper(),
        )
        return Broken


def _told(error: Exception) -> str:
    """Return what a JSON or TOML parser found, in our voice."""
    if hasattr(error, "lineno"):
        return f"line {error.lineno}, column {error.colno}: {error.msg.lower()}"  # type: ignore[attr-defined]
    text = str(error)
    return text[:1].lower() + text[1:]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise ValueError(f"the key `{key}` stands twice in one object")
        made[key] = value
    return made


def convert(plain: Any, kind: Type, path: str, place: Span, report: Report) -> Value | None:
    """Return plain data as a value of type `kind`; a mismatch is reported with its path.

    Args:
        plain: what `json.loads` or `tomllib.loads` gives.
        path: how messages call the place in the data, e.g. `accounts[3].id`.
        place: the import that declares the type.
    """
    if kind.name == "List" and isinstance(plain, list):
        item = kind.item or types.ANY
        items = [convert(x, item, f"{path}[{i}]", place, report) for i, x in enumerate(plain)]
        return Value(kind, tuple(x for x in items if x is not None), span=place)
    if kind.name == "Record" and isinstance(plain, dict):
        return _record(plain, kind, path, place, report)
    value = _scalar(plain, kind)
    if value is None:
        report.add(
            codes.BAD_DATA,
            place,
            f"`{path}` is {_shown(plain)}, expected {_form(kind)}",
            label="the type is declared here",
            hint="correct the data, or the type of the import",
        )
        return None
    return from_outside(kind, value, place)


def _record(
    plain: dict[str, Any], kind: Type, path: str, place: Span, report: Report
) -> Value | None:
    known = {name: (t, default) for name, t, default in kind.fields}
    for key in plain:
        if key not in known:
            report.add(
                codes.BAD_DATA,
                place,
                f"`{path}` has a field `{key}` that its type does not declare",
                hint=f"add `{key}` to the type, or remove it from the data",
            )
    made: dict[str, Value | Any] = {}
    for name, (field, default) in known.items():
        if name in plain:
            made[name] = convert(plain[name], field, f"{path}.{name}", place, report)
        elif default is not None:
            made[name] = default
        else:
            report.add(
                codes.BAD_DATA,
                place,
                f"`{path}` has no field `{name}`",
                hint=f"add it to the data, or give it a default: `{name}: {field} = …`",
            )
    return Value(kind, made, span=place)


def _scalar(plain: Any, kind: Type) -> Any:
    if isinstance(plain, bool):
        return plain if kind.name in {"Bool", "Any"} else None
    if isinstance(plain, int):
        return str(plain) if kind.name in {"Int", "Decimal", "Any"} else None
    if not isinstance(plain, str) or forbidden(plain):
        return None
    if kind.name == "Choice":
        return plain if plain in kind.options else None
    if kind.name == "AccountId":
        return plain if len(plain) == 12 and plain.isdecimal() and plain.isascii() else None
    if kind.name == "Arn":
        return plain if plain.startswith("arn:") else None
    return plain if kind.name in {"String", "Pattern", "Region", "Any"} else None


def _form(kind: Type) -> str:
    forms = {"AccountId": "an AccountId (12 digits)", "Arn": "an Arn (`arn:…`)"}
    return forms.get(kind.name, str(kind))


def _shown(plain: Any) -> str:
    if isinstance(plain, dict):
        return "an object"
    if isinstance(plain, list):
        return "a list"
    if isinstance(plain, bool):
        return "`true`" if plain else "`false`"
    return "null" if plain is None else f'`"{plain}"`' if isinstance(plain, str) else f"`{plain}`"
