"""Externs: values that only a deployment knows; what they are, and how long, is known now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from iamdsl.diagnostics import codes
from iamdsl.iam import PSEUDO_LENGTHS, Extern
from iamdsl.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iamdsl.aws import Catalogue
    from iamdsl.diagnostics import Report
    from iamdsl.model import Program, Type

_TEXTS = {"String", "Pattern", "Arn", "Resource", "AccountId", "Region", "Choice", "Unknown"}
_LENGTHS = {"AccountId": PSEUDO_LENGTHS["aws.account"], "Region": PSEUDO_LENGTHS["aws.region"]}
MAX_LENGTH = 6144
"""Characters of the largest managed policy: a longer text would fit nowhere."""


def check(node: tree.Extern, kind: Type, report: Report) -> None:
    """Report an extern that is no text, or of which nobody can say how long it gets."""
    if kind.name not in _TEXTS:
        report.add(
            codes.WRONG_TYPE,
            node.type.span,
            f"an extern is one text, and this is {kind}",
            label="what is no text is decided when the source is compiled",
            hint="use a `param`, or several externs",
        )
    elif node.max is not None and not 0 < _number(node.max) <= MAX_LENGTH:
        report.add(
            codes.WRONG_TYPE,
            node.max.span,
            f"`max` takes a number of characters from 1 to {MAX_LENGTH:,}",
            hint="write how long the text can get at the most: `max 63`",
        )
    elif kind.name != "Unknown" and length(node, kind) is None:
        report.add(
            codes.MISSING_CLAUSE,
            node.span,
            f"nothing says how long `{node.name.text}` can get",
            label="its length counts in the sizes of policies",
            hint="write how many characters it has at the most: `max 63`",
        )


def length(node: tree.Extern, kind: Type) -> int | None:
    """Return the most characters that an extern can have, None when nothing says so."""
    if node.max is not None:
        return _number(node.max)
    if kind.name == "Choice":
        return max(map(len, kind.options), default=0)
    return _LENGTHS.get(kind.name)


def externs(program: Program, catalogue: Catalogue) -> tuple[Extern, ...]:
    """Return the externs of a program, sorted by name, with what their values have to match."""
    found: dict[str, Extern] = {}
    for module in program.modules:
        for binding in module.names.values():
            if isinstance(binding.node, tree.Extern) and binding.type is not None:
                made = _extern(binding.node, binding.type, catalogue)
                known = found.get(made.name, made)
                longest = max(known.longest, made.longest)
                found[made.name] = attrs.evolve(known, longest=longest)
    return tuple(extern for _, extern in sorted(found.items()))


def _extern(node: tree.Extern, kind: Type, catalogue: Catalogue) -> Extern:
    longest = length(node, kind) or 0
    options = kind.options if kind.name == "Choice" else ()
    pattern = _pattern(kind, catalogue)
    return Extern(node.name.text, str(kind), longest, pattern, options, node.doc)


# Printable ASCII without quotes, backslashes and brackets: in JSON, and in a pattern of IAM's,
# it stands for itself. `$` may come, but for what begins a variable. Brackets are left out because
# no way to write them in a class is read alike everywhere.
_PLAIN = "([ !#%-)+->@-Z^-~]|[$]+[ !#%-)+->@-Z^-z|-~])"
_NO_SLASH = "([ !#%-)+-.0->@-Z^-~]|[$]+[ !#%-)+-.0->@-Z^-z|-~])"
_WITH_WILDCARDS = "[ !#-Z^-~]"
_PARTITION, _SERVICE, _WHERE = "[a-z][a-z-]*", "[a-z0-9-]+", "[a-z0-9-]*"


def _pattern(kind: Type, catalogue: Catalogue) -> str:
    """Return what a value of a type has to match; see `Extern.pattern`.

    It lets nothing through that the compiler would not take as a value of the type, and nothing
    that would act as a pattern or as a variable of IAM's, but for the type `Pattern`.
    """
    match kind.name:
        case "AccountId":
            return "^[0-9]{12}$"
        case "Region":
            return "^[a-z][a-z]+(-[a-z]+)+-[0-9]+$"
        case "Choice":
            return f"^({'|'.join(map(_literal, kind.options))})$"
        case "Pattern":
            return f"^{_WITH_WILDCARDS}+$"
        case "Arn":
            return f"^arn:{_PARTITION}:{_SERVICE}:{_WHERE}:{_WHERE}:{_PLAIN}+$"
        case "Resource":
            return f"^({'|'.join(dict.fromkeys(_forms(kind, catalogue)))})$"
        case _:
            return f"^{_PLAIN}+$"


def _forms(kind: Type, catalogue: Catalogue) -> Iterator[str]:
    """Yield a pattern for each form that ARNs of resource types have."""
    for option in kind.options:
        service, _, name = option.partition(":")
        found = catalogue.resource_type(service, name)
        for form in found.formats if found is not None else ():
            *before, last = form.fields
            service = f"{_SERVICE}" if "$" in before[2] else _literal(before[2])
            where = [_WHERE if "$" in field else _literal(field) for field in before[3:]]
            parts = re.split(r"(\$\{\w+\}|\*)", last)
            ending = "".join(_part(part) for part in parts)
            yield ":".join(("arn", _PARTITION, service, *where, ending))


def _part(text: str) -> str:
    """Return a pattern for a part of an ARN's format: a blank, a wildcard, or a fixed text."""
    if "BucketName" in text:
        return f"{_NO_SLASH}+"
    return f"{_PLAIN}+" if text.startswith("${") or text == "*" else _literal(text)


def _literal(text: str) -> str:
    """Return a pattern for a fixed text; a class of one character says the same everywhere."""
    return re.sub(r"[^\w:/@#%&=~, -]", lambda m: f"[{m[0]}]" if m[0] != "^" else r"\^", text)


def _number(literal: tree.Literal) -> int:
    return int(literal.text) if literal.text.isdecimal() and len(literal.text) < 10 else 0
